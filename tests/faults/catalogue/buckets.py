"""Faults of the four bucket operations."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.clock import iso_millis
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Request, Response
from oss_vectors_emulator.paging import Paging
from oss_vectors_emulator.pipeline import Pipeline
from oss_vectors_emulator.presenter import Presenter
from oss_vectors_emulator.routing import Route
from oss_vectors_emulator.store import Bucket, Store
from tests.faults import changes as c
from tests.faults.model import Change, Fault

_FORMS = "ListVectorBuckets.bucket-fields"


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _creating()
    yield from _names()
    yield from _describing()
    yield from _listing()
    yield from _paging()
    yield from _deleting()


def _creating() -> Iterator[Fault]:
    put = "PutVectorBucket"
    yield Fault(
        f"{put}.no-location",
        f"{put}.success.location",
        "no Location header",
        c.respond(put, lambda r: Response(200)),
    )
    yield Fault(
        f"{put}.location-bare-name",
        f"{put}.success.location",
        "Location without the slash",
        _location(lambda call: call.bucket_name),
    )
    yield Fault(
        f"{put}.location-with-account",
        f"{put}.success.location",
        "Location has the account id behind the name",
        _location(lambda call: f"/{call.bucket_name}-{call.account}"),
    )
    yield Fault(
        f"{put}.location-url",
        f"{put}.success.location",
        "Location is a whole URL",
        _location(lambda call: f"http://{call.request.host}/"),
    )
    yield Fault(
        f"{put}.creates-nothing",
        f"{put}.creates",
        "success is answered, but no bucket is made",
        c.instead(
            put, lambda parts, _h, call: parts.presenter.empty((("location", f"/{call.bucket_name}"),))
        ),
        also=("*.NoSuchBucket",),
    )
    yield Fault(
        f"{put}.not-listed",
        f"{put}.creates",
        "a new bucket can be used but is missing from the list",
        c.part("store", buckets=lambda self, account: Store.buckets(self, account)[:0]),
        also=("ListVectorBuckets.lists-created",),
    )
    yield Fault(
        f"{put}.rejected-bucket-made",
        f"{put}.rejected.no-trace",
        "a bucket with a bad name is refused, but made all the same",
        _bad_name_made(),
    )


def _location(text: Any) -> Change:
    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        handler(call)
        return Response(200, (("location", text(call)),))

    return c.instead("PutVectorBucket", handle)


def _bad_name_made() -> Change:
    def find_bucket(self: Any, address: Any, caller: Any, route: Route) -> Bucket | None:
        parts = self.behaviour
        if route.operation == "PutVectorBucket":
            try:
                parts.rules.bucket_name(address.bucket)
            except ServiceError:
                parts.store.add_bucket(Bucket(address.bucket, caller.account_id, parts.clock.now()))
                raise
        elif address.bucket is not None:
            found = parts.store.bucket(caller.account_id, address.bucket)
            if found is not None:
                return found  # type: ignore[no-any-return]

        return Pipeline.find_bucket(self, address, caller, route)

    return c.pipeline(find_bucket=find_bucket)


def _names() -> Iterator[Fault]:
    put = "PutVectorBucket.name"

    def characters(pattern: str) -> Change:
        compiled = re.compile(pattern)
        return c.rules(bucket_name_characters=lambda _self, name: compiled.fullmatch(name) is not None)

    rows = (
        ("min-2", "min-length.rejected", c.limits(bucket_name_min=2), "2 characters are enough"),
        ("min-4", "min-length.accepted", c.limits(bucket_name_min=4), "4 characters are needed"),
        ("max-33", "max-length.rejected", c.limits(bucket_name_max=33), "33 characters are accepted"),
        (
            "max-63",
            "max-length.rejected",
            c.limits(bucket_name_max=63),
            "63 characters, as for object buckets",
        ),
        ("max-31", "max-length.accepted", c.limits(bucket_name_max=31), "32 characters are refused"),
        (
            "upper-case",
            "alphabet.rejected",
            characters(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"),
            "upper case is accepted",
        ),
        (
            "underscore",
            "alphabet.rejected",
            characters(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?"),
            "underscores are accepted",
        ),
        ("dots", "alphabet.rejected", characters(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?"), "dots are accepted"),
        ("no-digits", "alphabet.accepted", characters(r"[a-z]([a-z-]*[a-z])?"), "digits are refused"),
        (
            "letter-first",
            "alphabet.accepted",
            characters(r"[a-z]([a-z0-9-]*[a-z0-9])?"),
            "a digit at the beginning is refused",
        ),
        (
            "letter-last",
            "alphabet.accepted",
            characters(r"[a-z0-9]([a-z0-9-]*[a-z])?"),
            "a digit at the end is refused",
        ),
        (
            "no-double-hyphen",
            "alphabet.accepted",
            characters(r"[a-z0-9]+(-[a-z0-9]+)*"),
            "two hyphens in a row are refused",
        ),
        ("no-hyphen", "alphabet.accepted", characters(r"[a-z0-9]+"), "hyphens are refused"),
        (
            "leading-hyphen",
            "leading-hyphen.rejected",
            characters(r"[a-z0-9-]*[a-z0-9]"),
            "a leading hyphen is accepted",
        ),
        (
            "trailing-hyphen",
            "trailing-hyphen.rejected",
            characters(r"[a-z0-9][a-z0-9-]*"),
            "a trailing hyphen is accepted",
        ),
    )
    for name, clause, change, summary in rows:
        also = ("PutVectorBucket.success.status",) if clause.endswith("accepted") else ()
        yield Fault(
            f"PutVectorBucket.name-{name}", f"{put}.{clause}", summary, change, (f"{put}.{clause}", *also)
        )
    yield Fault(
        "PutVectorBucket.name-other-code",
        f"{put}.alphabet.rejected",
        "a bad name is InvalidBucketName, as for object buckets",
        c.error_of("InvalidVectorBucketName", "PutVectorBucket", to="InvalidBucketName"),
        (f"{put}.*.rejected",),
    )
    yield Fault(
        "PutVectorBucket.name-403",
        f"{put}.alphabet.rejected",
        "a bad name is refused with 403",
        c.error_of("InvalidVectorBucketName", "PutVectorBucket", status=403),
        (f"{put}.*.rejected", "Errors.code-status"),
    )
    yield Fault(
        "DeleteVectorBucket.name-other-code",
        "DeleteVectorBucket.name.rejected",
        "a bad name is InvalidArgument",
        c.error_of("InvalidVectorBucketName", "DeleteVectorBucket", to="InvalidArgument"),
    )
    yield Fault(
        "DeleteVectorBucket.name-unchecked",
        "DeleteVectorBucket.name.rejected",
        "deleting a bucket with a bad name answers 204",
        _delete_bad_name(),
    )


def _delete_bad_name() -> Change:

    def serve(self: Any, request: Request) -> Response:
        try:
            return Pipeline.serve(self, request)
        except ServiceError as error:
            if (
                error.code == "InvalidVectorBucketName"
                and c.operation_of(self, request) == "DeleteVectorBucket"
            ):
                return Response(204)
            raise

    return c.pipeline(serve=serve)


def _entry(**members: Any) -> Change:
    """Replace members of every bucket entry; None leaves a member out."""

    def bucket(self: Any, given: Bucket) -> c.Json:
        entry = Presenter.bucket(self, given)
        for name, value in members.items():
            entry[name] = value(self, given) if callable(value) else value
            if entry[name] is None:
                del entry[name]
        return entry

    return c.part("presenter", bucket=bucket)


def _describing() -> Iterator[Fault]:
    get, listed = "GetVectorBucket", "ListVectorBuckets"

    def one(name: str, clause: str, summary: str, also: tuple[str, ...] = (_FORMS,), **members: Any) -> Fault:
        return Fault(f"{get}.{name}", f"{get}.{clause}", summary, _entry(**members), also)

    names = (f"{listed}.Name.arn",)
    yield one("name-bare", "Name.arn", "Name is the bare name", names, Name=lambda _s, b: b.name)
    yield one(
        "arn-without-account",
        "Name.arn",
        "the ARN has no account",
        names,
        Name=lambda s, b: f"acs:ossvector:{s.region}::{b.name}",
    )
    yield one(
        "arn-oss",
        "Name.arn",
        "the ARN is that of object storage",
        names,
        Name=lambda s, b: f"acs:oss:{s.region}:{b.account}:{b.name}",
    )
    yield one(
        "arn-oss-region",
        "Name.arn",
        "the ARN's region has the prefix oss-",
        names,
        Name=lambda s, b: f"acs:ossvector:oss-{s.region}:{b.account}:{b.name}",
    )
    yield one(
        "date-local",
        "CreationDate.format",
        "CreationDate has no time zone",
        CreationDate=lambda _s, b: iso_millis(b.created)[:-1],
    )
    yield one(
        "date-offset",
        "CreationDate.format",
        "CreationDate ends with +08:00",
        CreationDate=lambda _s, b: iso_millis(b.created + timedelta(hours=8))[:-1] + "+08:00",
    )
    yield one(
        "date-epoch",
        "CreationDate.format",
        "CreationDate is a number",
        (f"{get}.success.body", _FORMS),
        CreationDate=lambda _s, b: int(b.created.timestamp()),
    )
    yield one(
        "date-zone-slip",
        "CreationDate.plausible",
        "local time of Hangzhou printed as UTC",
        CreationDate=lambda _s, b: iso_millis(b.created + timedelta(hours=8)),
    )
    yield one(
        "location-plain", "Location.form", "Location lacks the prefix oss-", Location=lambda s, _b: s.region
    )
    yield one(
        "region-prefixed", "Region.form", "Region has the prefix oss-", Region=lambda s, _b: f"oss-{s.region}"
    )
    yield one(
        "extranet-oss",
        "ExtranetEndpoint.form",
        "the endpoint is that of object storage",
        ExtranetEndpoint=lambda s, _b: f"oss-{s.region}.aliyuncs.com",
    )
    yield one(
        "extranet-with-bucket",
        "ExtranetEndpoint.form",
        "the endpoint has the bucket in it",
        ExtranetEndpoint=lambda s, b: f"{b.name}.{s.region}.oss-vectors.aliyuncs.com",
    )
    yield one(
        "extranet-url",
        "ExtranetEndpoint.form",
        "the endpoint has a scheme",
        ExtranetEndpoint=lambda s, b: f"https://{s.region}.oss-vectors.aliyuncs.com",
    )
    yield one(
        "intranet-public",
        "IntranetEndpoint.form",
        "the internal endpoint is the public one",
        IntranetEndpoint=lambda s, _b: f"{s.region}.oss-vectors.aliyuncs.com",
    )
    yield one(
        "no-intranet",
        "success.body",
        "IntranetEndpoint is missing",
        (f"{get}.IntranetEndpoint.form", _FORMS),
        IntranetEndpoint=lambda _s, _b: None,
    )
    yield one(
        "no-region",
        "success.body",
        "Region is missing",
        (f"{get}.Region.form", _FORMS),
        Region=lambda _s, _b: None,
    )
    yield Fault(
        f"{get}.bare-body",
        f"{get}.success.body",
        "the members stand at the root, without BucketInfo",
        c.answer(get, lambda v: v["BucketInfo"]),
        (f"{get}.success.single-root",),
    )
    yield Fault(
        f"{get}.nested-bucket",
        f"{get}.success.body",
        "BucketInfo has a child Bucket, as for object buckets",
        c.answer(get, lambda v: {"BucketInfo": {"Bucket": v["BucketInfo"]}}),
    )
    yield Fault(
        f"{get}.second-root",
        f"{get}.success.single-root",
        "RequestId stands beside BucketInfo",
        c.answer(get, lambda v: v.update(RequestId="X")),
    )
    yield Fault(
        f"{get}.lower-camel",
        f"{get}.success.body",
        "members start with a lower-case letter",
        c.answer(get, lambda v: {"bucketInfo": v["BucketInfo"]}),
        (f"{get}.success.single-root",),
    )
    yield Fault(
        f"{get}.other-bucket",
        f"{get}.Name.arn",
        "the bucket that was created last is described, whichever is asked for",
        c.instead(get, _last_bucket),
        ("GetVectorBucket.CreationDate.plausible",),
    )


def _last_bucket(parts: Behaviour, _handler: Handler, call: Call) -> Response:
    latest = max(parts.store.buckets(call.account), key=lambda bucket: bucket.created)
    return parts.presenter.json({"BucketInfo": parts.presenter.bucket(latest)})


def _names_after(find: Any) -> Change:
    return c.only("ListVectorBuckets", c.part("paging", names_after=find))


def _listing() -> Iterator[Fault]:
    name = "ListVectorBuckets"

    def find(select: Any) -> Change:
        return _names_after(lambda _self, names, marker, prefix: select(names, marker, prefix))

    yield Fault(
        f"{name}.prefix-ignored",
        f"{name}.prefix.filters",
        "prefix is ignored",
        find(lambda n, m, _p: sorted(x for x in n if x > m)),
    )
    yield Fault(
        f"{name}.prefix-contains",
        f"{name}.prefix.filters",
        "prefix may stand anywhere in the name",
        find(lambda n, m, p: sorted(x for x in n if p in x and x > m)),
    )
    yield Fault(
        f"{name}.prefix-on-arn",
        f"{name}.prefix.filters",
        "prefix is compared with the ARN",
        find(
            lambda n, m, p: sorted(x for x in n if ("acs:ossvector:cn-hangzhou:" + x).startswith(p) and x > m)
        ),
        (f"{name}.lists-created",),
    )
    yield Fault(
        f"{name}.prefix-case",
        f"{name}.prefix.filters",
        "prefix ignores case",
        find(lambda n, m, p: sorted(x for x in n if x.startswith(p.lower()) and x > m)),
    )
    yield Fault(
        f"{name}.marker-ignored",
        f"{name}.marker.after",
        "marker is ignored",
        find(lambda n, _m, p: sorted(x for x in n if x.startswith(p))),
        (f"{name}.paging.complete",),
    )
    yield Fault(
        f"{name}.marker-inclusive",
        f"{name}.marker.after",
        "the listing starts with the marker",
        find(lambda n, m, p: sorted(x for x in n if x.startswith(p) and x >= m)),
        (f"{name}.paging.complete",),
    )
    yield Fault(
        f"{name}.marker-must-exist",
        f"{name}.marker.after",
        "a marker that is no bucket is ignored",
        find(lambda n, m, p: sorted(x for x in n if x.startswith(p) and (m not in n or x > m))),
    )
    yield Fault(
        f"{name}.unordered",
        f"{name}.order",
        "buckets come in the order of their creation",
        find(
            lambda n, m, p: (
                [x for x in n if x.startswith(p) and x > m][::-1] if len(list(n)) > 1 else sorted(n)
            )
        ),
        (f"{name}.paging.complete",),
    )
    yield Fault(
        f"{name}.reversed",
        f"{name}.order",
        "the last name comes first",
        find(lambda n, m, p: sorted((x for x in n if x.startswith(p) and x > m), reverse=True)),
        (f"{name}.paging.complete",),
    )
    yield Fault(f"{name}.short-entries", _FORMS, "entries have a Name only", c.answer(name, _only_names))
    yield Fault(
        f"{name}.no-location",
        _FORMS,
        "entries lack Location",
        c.answer(
            name, lambda v: [b.pop("Location") for b in v["ListAllMyBucketsResult"]["Buckets"]] and None
        ),
    )
    yield Fault(
        f"{name}.names-bare",
        f"{name}.Name.arn",
        "listed names are bare",
        c.answer(
            name,
            lambda v: (
                [b.update(Name=b["Name"].rpartition(":")[2]) for b in v["ListAllMyBucketsResult"]["Buckets"]]
                and None
            ),
        ),
    )
    yield Fault(
        f"{name}.buckets-wrapped",
        f"{name}.success.body",
        "Buckets is an object with Bucket in it, as in XML",
        c.answer(
            name,
            lambda v: v["ListAllMyBucketsResult"].update(
                Buckets={"Bucket": v["ListAllMyBucketsResult"]["Buckets"]}
            ),
        ),
    )
    yield Fault(
        f"{name}.root-missing",
        f"{name}.success.body",
        "Buckets stands at the root",
        c.answer(name, lambda v: v["ListAllMyBucketsResult"]),
        (f"{name}.success.single-root",),
    )
    yield Fault(
        f"{name}.second-root",
        f"{name}.success.single-root",
        "Owner stands beside ListAllMyBucketsResult",
        c.answer(name, lambda v: v.update(Owner={})),
    )
    yield Fault(
        f"{name}.one-short",
        f"{name}.lists-created",
        "the last bucket is never listed",
        c.answer(
            name,
            lambda v: v["ListAllMyBucketsResult"].update(Buckets=v["ListAllMyBucketsResult"]["Buckets"][:-1]),
        ),
        (f"{name}.paging.*",),
    )
    yield Fault(
        f"{name}.vector-flag-refused",
        f"{name}.vector-flag",
        "the query parameter vector is refused",
        c.refuse(name, lambda call: "vector" in call.request.query, "InvalidArgument"),
    )
    yield Fault(
        f"{name}.unknown-key-other-code",
        f"{name}.InvalidAccessKeyId",
        "an unknown access key is AccessDenied",
        c.error_of("InvalidAccessKeyId", name, to="AccessDenied"),
    )
    yield Fault(
        f"{name}.shows-deleted",
        "DeleteVectorBucket.deletes",
        "deleted buckets stay in the list",
        _keep_deleted_listed(),
        (f"{name}.*",),
    )


def _only_names(value: Any) -> None:
    for bucket in value["ListAllMyBucketsResult"]["Buckets"]:
        for member in list(bucket):
            if member != "Name":
                del bucket[member]


def _keep_deleted_listed() -> Change:
    gone: list[Bucket] = []

    def remove(self: Any, bucket: Bucket) -> None:
        gone.append(bucket)
        Store.remove_bucket(self, bucket)

    def buckets(self: Any, account: str) -> list[Bucket]:
        known = {bucket.name: bucket for bucket in (*gone, *Store.buckets(self, account))}
        return sorted(known.values(), key=lambda bucket: bucket.name)

    return c.part("store", remove_bucket=remove, buckets=buckets)


def _page(alter: Any) -> Change:
    return c.answer("ListVectorBuckets", lambda v: alter(v["ListAllMyBucketsResult"]))


def _paging() -> Iterator[Fault]:
    name = "ListVectorBuckets"

    def cut(function: Any) -> Change:
        return c.only(name, c.part("paging", cut=function))

    complete = f"{name}.paging.complete"
    yield Fault(
        f"{name}.max-keys-ignored",
        f"{name}.max-keys.limits-page",
        "max-keys is ignored",
        cut(lambda _s, items, _n: (list(items), False)),
    )
    yield Fault(
        f"{name}.page-one-more",
        f"{name}.max-keys.limits-page",
        "a page holds one bucket more than max-keys",
        cut(lambda s, items, n: Paging.cut(s, items, n + 1)),
    )
    yield Fault(f"{name}.page-skips", complete, "the bucket behind a page is skipped", _page(_skip_next))
    yield Fault(
        f"{name}.page-repeats",
        complete,
        "the last bucket of a page comes again on the next",
        _page(_repeat_last),
        (f"{name}.marker.after",),
    )
    yield Fault(
        f"{name}.never-truncated",
        f"{name}.paging.truncated-members",
        "IsTruncated is false also when there is more",
        _page(lambda p: p.update(IsTruncated=False) if "NextMarker" in p else None),
        (complete,),
    )
    yield Fault(
        f"{name}.no-next-marker",
        f"{name}.paging.truncated-members",
        "a truncated page gives no NextMarker",
        _page(lambda p: p.pop("NextMarker", None) and None),
        (complete,),
    )
    yield Fault(
        f"{name}.truncated-text",
        f"{name}.paging.truncated-members",
        "IsTruncated is the text true",
        _page(lambda p: p.update(IsTruncated="true") if p.get("IsTruncated") else None),
        (f"{name}.success.body",),
    )
    yield Fault(
        f"{name}.last-page-marked",
        f"{name}.paging.last-page",
        "a last page that is exactly full says there is more",
        cut(lambda s, items, n: _full_is_more(s, items, n)),
        (f"{name}.paging.no-empty-page",),
    )
    yield Fault(
        f"{name}.prefix-after-cut",
        f"{name}.paging.no-empty-page",
        "pages are cut before the prefix is applied",
        _prefix_after_cut(),
        (complete, f"{name}.prefix.filters"),
    )
    yield Fault(
        f"{name}.empty-page-after-full",
        f"{name}.paging.no-empty-page",
        "an empty page follows a last page that is exactly full",
        cut(lambda s, items, n: _full_is_more(s, items, n)),
        (f"{name}.paging.last-page",),
    )
    yield Fault(
        f"{name}.last-page-next-marker",
        f"{name}.paging.last-page",
        "every page has IsTruncated true",
        _always_truncated(),
    )
    yield Fault(
        f"{name}.max-keys-999",
        f"{name}.max-keys.maximum.accepted",
        "max-keys may be at most 999",
        c.limits(list_buckets_max=999),
    )
    yield Fault(
        f"{name}.max-keys-100",
        f"{name}.max-keys.maximum.accepted",
        "max-keys may be at most 100",
        c.limits(list_buckets_max=100),
    )
    yield Fault(
        f"{name}.max-keys-min-2",
        f"{name}.max-keys.minimum.accepted",
        "max-keys must be at least 2",
        c.refuse(name, lambda call: call.request.query.get("max-keys") == "1", "InvalidArgument"),
        ("ListVectorBuckets.success.status",),
    )


def _prefix_after_cut() -> Change:
    def bucket_page(self: Any, buckets: Any, prefix: str, marker: str, most: int, truncated: bool) -> c.Json:
        page = Presenter.bucket_page(self, buckets, prefix, marker, most, truncated)
        inner = page["ListAllMyBucketsResult"]
        inner["Buckets"] = [b for b in inner["Buckets"] if b["Name"].rpartition(":")[2].startswith(prefix)]
        return page

    return c.both(
        _names_after(lambda s, names, marker, _prefix: Paging.names_after(s, names, marker, "")),
        c.part("presenter", bucket_page=bucket_page),
    )


def _full_is_more(paging: Any, items: Iterable[str], size: int) -> tuple[list[str], bool]:
    page, more = Paging.cut(paging, items, size)
    return page, more or len(page) == size


def _skip_next(page: c.Json) -> None:
    if page.get("NextMarker"):
        page["NextMarker"] += "~"
        page["Buckets"] = page["Buckets"][:-1] if len(page["Buckets"]) > 1 else page["Buckets"]


def _repeat_last(page: c.Json) -> None:
    if page.get("NextMarker") and len(page["Buckets"]) > 1:
        page["NextMarker"] = page["NextMarker"][:-1]


def _always_truncated() -> Change:
    def bucket_page(self: Any, buckets: Any, prefix: str, marker: str, most: int, _truncated: bool) -> c.Json:
        return Presenter.bucket_page(self, buckets, prefix, marker, most, bool(buckets))

    return c.part("presenter", bucket_page=bucket_page)


def _deleting() -> Iterator[Fault]:
    name = "DeleteVectorBucket"
    yield Fault(
        f"{name}.deletes-nothing",
        f"{name}.deletes",
        "204, but the bucket stays",
        c.instead(name, _delete_nothing),
        ("*.NoSuchBucket",),
    )
    yield Fault(
        f"{name}.full-bucket-deleted",
        f"{name}.VectorBucketNotEmpty",
        "a bucket with indexes is deleted",
        c.instead(name, _delete_anyway),
    )
    yield Fault(
        f"{name}.empty-index-ignored",
        f"{name}.VectorBucketNotEmpty",
        "a bucket counts as empty when its indexes hold no vectors",
        c.instead(name, _delete_without_vectors),
    )
    yield Fault(
        f"{name}.not-empty-other-code",
        f"{name}.VectorBucketNotEmpty",
        "the code is BucketNotEmpty",
        c.error_of("VectorBucketNotEmpty", to="BucketNotEmpty"),
    )
    yield Fault(
        f"{name}.not-empty-400",
        f"{name}.VectorBucketNotEmpty",
        "the status is 400",
        c.error_of("VectorBucketNotEmpty", status=400),
        ("Errors.code-status",),
    )
    yield Fault(
        f"{name}.refused-but-emptied",
        f"{name}.VectorBucketNotEmpty.no-trace",
        "a refused delete has deleted the indexes",
        c.instead(name, _empty_and_refuse),
        ("PutVectorIndex.creates", "*.NoSuchVectorIndex"),
    )
    yield Fault(
        f"{name}.never-empty-again",
        f"{name}.after-index-deleted",
        "a bucket that ever had an index can never be deleted",
        _never_empty(),
        (f"{name}.VectorBucketNotEmpty", f"{name}.success.status"),
    )
    yield Fault(
        f"{name}.still-described",
        f"{name}.deletes",
        "GetVectorBucket still describes a deleted bucket",
        _describe_deleted(),
        ("GetVectorBucket.NoSuchBucket",),
    )
    yield Fault(
        f"{name}.repeat-204",
        f"{name}.NoSuchBucket",
        "deleting a bucket again answers 204",
        _repeat_served(),
        (f"{name}.deletes",),
    )


def _delete_nothing(parts: Behaviour, _handler: Handler, call: Call) -> Response:
    if call.bucket.indexes:
        raise ServiceError("VectorBucketNotEmpty")
    return parts.presenter.no_content()


def _delete_anyway(parts: Behaviour, _handler: Handler, call: Call) -> Response:
    parts.store.remove_bucket(call.bucket)
    return parts.presenter.no_content()


def _delete_without_vectors(parts: Behaviour, handler: Handler, call: Call) -> Response:
    if any(len(index.table) for index in call.bucket.indexes.values()):
        return handler(call)
    return _delete_anyway(parts, handler, call)


def _empty_and_refuse(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    try:
        return handler(call)
    except ServiceError:
        call.bucket.indexes.clear()
        raise


def _never_empty() -> Change:
    used: set[str] = set()

    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        used.update([call.bucket.name] if call.bucket.indexes else [])
        if call.bucket.name in used:
            raise ServiceError("VectorBucketNotEmpty")
        return handler(call)

    def note(_parts: Behaviour, call: Call) -> None:
        used.add(call.bucket.name)

    return c.both(c.instead("DeleteVectorBucket", handle), c.after("PutVectorIndex", note))


def _describe_deleted() -> Change:

    gone: dict[str, Bucket] = {}

    def remove(self: Any, bucket: Bucket) -> None:
        gone[bucket.name] = bucket
        Store.remove_bucket(self, bucket)

    def find_bucket(self: Any, address: Any, caller: Any, route: Route) -> Bucket | None:
        if route.operation == "GetVectorBucket" and address.bucket in gone:
            return gone[address.bucket]
        return Pipeline.find_bucket(self, address, caller, route)

    return c.both(c.part("store", remove_bucket=remove), c.pipeline(find_bucket=find_bucket))


def _repeat_served() -> Change:

    gone: set[str] = set()

    def remove(self: Any, bucket: Bucket) -> None:
        gone.add(bucket.name)
        Store.remove_bucket(self, bucket)

    def serve(self: Any, request: Request) -> Response:
        try:
            return Pipeline.serve(self, request)
        except ServiceError as error:
            deleted = self.behaviour.addressing.resolve(request.host, request.raw_path).bucket in gone
            if (
                deleted
                and error.code == "NoSuchBucket"
                and c.operation_of(self, request) == "DeleteVectorBucket"
            ):
                return Response(204)
            raise

    return c.both(c.part("store", remove_bucket=remove), c.pipeline(serve=serve))
