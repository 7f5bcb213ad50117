"""Answers of the bucket operations: descriptions, listings, policy and logging.

Sources: GetVectorBucket and ListVectorBuckets pages (Response elements),
GetBucketPolicy and GetBucketLogging pages.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from typing import Any

from conformance.oracle.answer import Checks
from conformance.oracle.body import read_json
from conformance.oracle.envelope import excerpt
from conformance.oracle.model import BucketState, IndexState
from conformance.oracle.semantics import query_parameters
from conformance.wire.exchange import Exchange

_SECOND = timedelta(seconds=1)


def parse_time(text: Any) -> datetime | None:
    """An RFC 3339 time in UTC written with ``Z``, or ``None``."""
    if not isinstance(text, str) or not text.endswith("Z") or "T" not in text:
        return None
    head, _, fraction = text[:-1].partition(".")
    if fraction and not fraction.isdigit():
        return None
    try:
        return datetime.strptime(head, "%Y-%m-%dT%H:%M:%S").replace(tzinfo=UTC)
    except ValueError:
        return None


def plausible_time(checks: Checks, text: Any, created: Exchange) -> bool:
    """Whether a creation time fits the moment at which this run created the thing."""
    moment = parse_time(text)
    return moment is not None and abs(moment - created.started) <= checks.answer.contract.clock_skew


def same_time(shown: str | None, text: Any) -> bool:
    """Whether two answers tell the same creation time; lists may have whole seconds where descriptions have more."""
    first, second = parse_time(shown), parse_time(text)
    return first is None or second is None or abs(first - second) <= _SECOND


def check_stable(checks: Checks, requirement: str, state: BucketState | IndexState, told: str) -> None:
    """Check that a description tells the creation time that the first one told."""
    before = state.shown_time = state.shown_time or told
    checks.check(requirement, told == before, f"{before}, as in the answer before", told)


def bucket_arn(checks: Checks, name: str) -> str:
    """ARN of a bucket of the account under test."""
    settings = checks.answer.settings
    return f"acs:ossvector:{settings.region}:{settings.account_id}:{name}"


def _put_vector_bucket(checks: Checks) -> None:
    answer = checks.answer
    location = answer.response.header("Location")
    checks.check(
        "PutVectorBucket.success.location",
        location == f"/{answer.exchange.bucket}",
        f"Location: /{answer.exchange.bucket}",
        f"Location: {location}" if location is not None else "no Location header",
    )


def _forms(region: str) -> Mapping[str, str]:
    return {
        "Location": f"oss-{region}",
        "Region": region,
        "ExtranetEndpoint": f"{region}.oss-vectors.aliyuncs.com",
        "IntranetEndpoint": f"{region}-internal.oss-vectors.aliyuncs.com",
    }


def _get_vector_bucket(checks: Checks) -> None:
    answer = checks.answer
    info = answer.value["BucketInfo"]
    checks.check(
        "GetVectorBucket.success.single-root",
        len(answer.value) == 1,
        "BucketInfo only",
        ", ".join(answer.value),
    )
    arn = bucket_arn(checks, answer.exchange.bucket or "")
    checks.check("GetVectorBucket.Name.arn", info["Name"] == arn, f"Name {arn}", f"Name {info['Name']}")
    for field, value in _forms(answer.settings.region).items():
        checks.check(f"GetVectorBucket.{field}.form", info[field] == value, f"{field} {value}", info[field])
    date = info["CreationDate"]
    if checks.check(
        "GetVectorBucket.CreationDate.format",
        parse_time(date) is not None,
        "a time like 2013-07-31T10:56:21.000Z",
        date,
    ):
        bucket = answer.bucket
        if bucket is not None and not bucket.is_borrowed:
            checks.check(
                "GetVectorBucket.CreationDate.plausible",
                plausible_time(checks, date, bucket.created),
                f"about {bucket.created.started:%Y-%m-%dT%H:%M:%SZ}, when the run created the bucket",
                date,
            )
            checks.check("PutVectorBucket.creates", True)
        if bucket is not None:
            check_stable(checks, "GetVectorBucket.CreationDate.stable", bucket, date)


def bare_name(value: Any) -> str:
    """Bucket name at the end of an ARN (or the name itself, where an answer gives no ARN)."""
    return value.rsplit(":", 1)[-1] if isinstance(value, str) else ""


def _list_vector_buckets(checks: Checks) -> None:
    answer = checks.answer
    page = answer.value["ListAllMyBucketsResult"]
    parameters = dict(query_parameters(answer.exchange.target))
    names = [bare_name(bucket.get("Name")) for bucket in page["Buckets"]]
    checks.check(
        "ListVectorBuckets.success.single-root",
        len(answer.value) == 1,
        "ListAllMyBucketsResult only",
        ", ".join(answer.value),
    )
    _list_entries(checks, page["Buckets"])
    checks.check(
        "ListVectorBuckets.order", names == sorted(names), "names in alphabetical order", ", ".join(names)
    )
    prefix = parameters.get("prefix", "")
    if prefix:
        others = [name for name in names if not name.startswith(prefix)]
        checks.check(
            "ListVectorBuckets.prefix.filters", not others, f"names that start with {prefix}", others
        )
    marker = parameters.get("marker", "")
    # A marker that an earlier page gave may have any form; one that the run made is a name.
    known_marker = bool(marker) and (marker not in answer.model.tokens or marker in answer.model.buckets)
    if known_marker:
        early = [name for name in names if name <= bare_name(marker)]
        checks.check("ListVectorBuckets.marker.after", not early, f"names after {bare_name(marker)}", early)
    asked = parameters.get("max-keys", "")
    is_number = asked.isascii() and asked.isdigit()
    most = int(asked) if is_number and int(asked) else _max_keys(checks, "default")
    checks.check(
        "ListVectorBuckets.max-keys.limits-page", len(names) <= most, f"at most {most} buckets", len(names)
    )
    truncated = page.get("IsTruncated") is True
    following = page.get("NextMarker")
    if truncated:
        checks.check("ListVectorBuckets.paging.truncated-members", bool(following), "a NextMarker", following)
        asked_for: dict[str, Any] = {"Prefix": prefix} | ({"Marker": marker} if marker else {})
        if not asked or (is_number and 1 <= int(asked) <= _max_keys(checks, "maximum")):
            # What a service makes of a number outside the limits is not documented.
            asked_for["MaxKeys"] = most
        given = {"Prefix": prefix, "Marker": marker, "MaxKeys": asked}
        # What the request left to its default may be left out of the answer too.
        echoed = {name: page.get(name) for name in asked_for if name in page or given[name]}
        told = echoed.get("Marker")
        if isinstance(told, str) and (bare_name(told) == bare_name(marker) or not known_marker):
            # Samples print a bare name, and entries are named by their ARN; no page says which form it has.
            echoed["Marker"] = marker
        checks.check(
            "ListVectorBuckets.paging.echo",
            all(asked_for[name] == value for name, value in echoed.items()),
            asked_for,
            echoed,
        )
        checks.check("ListVectorBuckets.paging.no-empty-page", bool(names), "at least one bucket", "none")
        return
    checks.check("ListVectorBuckets.paging.last-page", not following, "no NextMarker", following)
    if (not marker or known_marker) and not answer.open:
        after = bare_name(marker) if marker else ""
        _list_complete(checks, names, prefix, after)


def _max_keys(checks: Checks, keyword: str) -> int:
    return int(checks.answer.contract.parameter("ListVectorBuckets", "max-keys")[keyword])


def _list_entries(checks: Checks, entries: list[dict[str, Any]]) -> None:
    model = checks.answer.model
    for entry in entries:
        name = bare_name(entry.get("Name"))
        bucket = model.buckets.get(name)
        if bucket is None:
            continue
        arn = bucket_arn(checks, name)
        checks.check("ListVectorBuckets.Name.arn", entry["Name"] == arn, arn, entry["Name"])
        wrong = [
            f"{field} {entry.get(field)!r}"
            for field, value in _forms(checks.answer.settings.region).items()
            if entry.get(field) != value
        ]
        date = entry.get("CreationDate")
        unlikely = not bucket.is_borrowed and not plausible_time(checks, date, bucket.created)
        if unlikely or not same_time(bucket.shown_time, date):
            wrong.append(f"CreationDate {date!r}")
        checks.check(
            "ListVectorBuckets.bucket-fields", not wrong, "the fields of GetVectorBucket", ", ".join(wrong)
        )


def _list_complete(checks: Checks, names: list[str], prefix: str, after: str) -> None:
    """A listing that was not cut must have every bucket of the run and none that must be absent."""
    model = checks.answer.model
    listed = set(names)
    wanted = {name for name in model.buckets if name.startswith(prefix) and name > after}
    if wanted:
        missing = sorted(wanted - listed)
        checks.check(
            "ListVectorBuckets.prefix.filters"
            if prefix and prefix not in wanted
            else "ListVectorBuckets.lists-created",
            not missing,
            "every bucket of this run",
            f"without {missing}",
        )
    for name, absence in model.absent.items():
        if name.startswith(prefix) and name not in model.uncertain:
            checks.check(
                absence.requirement,
                name not in listed,
                f"no bucket {name}",
                "it is listed",
                absence.cause,
            )


def _get_bucket_policy(checks: Checks) -> None:
    answer = checks.answer
    bucket = answer.bucket
    if bucket is None or bucket.policy is None or not bucket.policy_known:
        return
    body = answer.response.body
    if bucket.policy_before is not None and bucket.policy_before != bucket.policy:
        checks.check(
            "PutBucketPolicy.replaces",
            body != bucket.policy_before,
            "the policy that was set last",
            "the one before",
        )
    try:
        same = read_json(body) == read_json(bucket.policy)
    except ValueError:
        same = False
    if checks.check("GetBucketPolicy.agrees", same, excerpt(bucket.policy), excerpt(body)):
        checks.check(
            "GetBucketPolicy.identical", body == bucket.policy, excerpt(bucket.policy), excerpt(body)
        )


def _get_bucket_logging(checks: Checks) -> None:
    bucket = checks.answer.bucket
    if bucket is None or not bucket.logging_known:
        return
    enabled = checks.answer.value["BucketLoggingStatus"].get("LoggingEnabled") or {}
    if bucket.logging is None:
        absence = bucket.logging_absence
        off = not enabled.get("TargetBucket")
        checks.check(
            "GetBucketLogging.off", off, "no TargetBucket", enabled, absence.cause if absence else None
        )
        if absence is not None:
            checks.check(absence.requirement, off, "no TargetBucket", enabled, absence.cause)
        return
    wrong = {name: enabled.get(name) for name, value in bucket.logging.items() if enabled.get(name) != value}
    before = bucket.logging_before or {}
    if "TargetPrefix" not in bucket.logging and enabled.get("TargetPrefix") == before.get("TargetPrefix", ""):
        # Setting the logging replaces it: what is left out is not kept from the settings before.
        wrong.update({"TargetPrefix": enabled["TargetPrefix"]} if enabled.get("TargetPrefix") else {})
    checks.check("GetBucketLogging.agrees", not wrong, bucket.logging, enabled)


HANDLERS: Mapping[str, Callable[[Checks], None]] = {
    "GetVectorBucket": _get_vector_bucket,
    "ListVectorBuckets": _list_vector_buckets,
    "GetBucketPolicy": _get_bucket_policy,
    "GetBucketLogging": _get_bucket_logging,
}

#: Checks of answers that have no body to read.
HEADER_HANDLERS: Mapping[str, Callable[[Checks], None]] = {"PutVectorBucket": _put_vector_bucket}
