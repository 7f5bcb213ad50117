"""Cases about which of two faults of one request is reported: generated for every operation alike.

Tests of the official SDKs against the service show authentication before the
bucket, and the bucket before the parameters of PutVectorIndex and PutVectors
(whose clauses are ``NoSuchBucket.before-parameters``).  What follows from that
for other operations is asked of each; where nothing follows, it is only recorded.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

from conformance.cases.authentication import body_of
from conformance.cases.baselines import baseline, with_value
from conformance.cases.case import NO_BODY, Authentication, Case, Place, Slot
from conformance.contract.loader import Contract

_NOT_JSON = b'{"indexName": '
_UNKNOWN_KEY = Authentication.UNKNOWN_KEY
_ORDER = "Order"


def check_order_cases(contract: Contract) -> Iterator[Case]:
    """Cases for every clause of the catalogue about the order of checks."""
    made = (case for name in contract.operations for case in _cases_of(name, contract))
    yield from (case for case in made if case.requirement in contract.requirements)
    for clause, name, authentication in (
        ("signature-before-bucket", "GetVectorBucket", Authentication.WRONG_SECRET),
        ("signature-before-bucket", "ListVectorIndexes", Authentication.WRONG_SECRET),
        # Plain OSS may look for a bucket that everybody can read.
        ("anonymous-and-bucket", "ListVectorIndexes", Authentication.UNSIGNED),
    ):
        yield Case(
            f"{_ORDER}.{clause}",
            name,
            f"{name}-on-a-missing-bucket",
            body=body_of(name),
            place=Place.MISSING_BUCKET,
            authentication=authentication,
        )
    yield Case(
        "Signing.before-bucket",
        "GetVectorBucket",
        "unknown-key-missing-bucket",
        place=Place.MISSING_BUCKET,
        authentication=_UNKNOWN_KEY,
    )


def _cases_of(name: str, contract: Contract) -> Iterator[Case]:
    """All combinations of two faults in a request of one operation."""
    before_bucket = f"{_ORDER}.authentication-before-bucket.{name}"
    yield Case(
        before_bucket,
        name,
        "unknown-key",
        body=body_of(name),
        place=Place.MISSING_BUCKET,
        authentication=_UNKNOWN_KEY,
    )
    if name == "ListVectorBuckets":
        yield Case(
            f"{_ORDER}.authentication-before-parameters.{name}",
            name,
            "max-keys",
            place=Place.SERVICE,
            query="max-keys=none",
            authentication=_UNKNOWN_KEY,
        )
    if name in ("PutBucketPolicy", "PutBucketLogging"):
        yield Case(
            f"{_ORDER}.bucket-and-parameters.{name}",
            name,
            "not-json",
            raw=_NOT_JSON,
            place=Place.MISSING_BUCKET,
        )
    bad = _bad(contract).get(name)
    if bad is not None:
        yield from _body_cases(name, *bad)


def _bad(contract: Contract) -> Mapping[str, tuple[str, Any]]:
    """One member of a valid body and a value that it must not have, per operation."""
    return {
        "PutVectorIndex": ("dimension", 0),
        "GetVectorIndex": ("indexName", ""),
        "ListVectorIndexes": ("maxResults", contract.limit("ListVectorIndexes", "maxResults/maximum") + 1),
        "DeleteVectorIndex": ("indexName", ""),
        "PutVectors": ("vectors", []),
        "GetVectors": ("keys", []),
        "ListVectors": ("maxResults", contract.limit("ListVectors", "maxResults/maximum") + 1),
        "DeleteVectors": ("keys", []),
        "QueryVectors": ("topK", 0),
    }


def _body_cases(name: str, member: str, value: Any) -> Iterator[Case]:
    """Combinations with a body that is bad, and with an index that does not exist."""
    broken = with_value(baseline(name), member, value)
    ways: tuple[tuple[str, Any, bytes | None], ...] = (
        (member, broken, None),
        ("not-json", NO_BODY, _NOT_JSON),
    )
    for label, body, raw in ways:
        case = Case("", name, label, body=body, raw=raw)
        yield replace(
            case,
            requirement=f"{_ORDER}.authentication-before-parameters.{name}",
            authentication=_UNKNOWN_KEY,
        )
        yield replace(case, requirement=f"{_ORDER}.bucket-and-parameters.{name}", place=Place.MISSING_BUCKET)
    if "indexName" not in baseline(name) or name == "PutVectorIndex":
        return
    missing = {**baseline(name), "indexName": Slot.MISSING_INDEX}
    yield Case(
        f"{_ORDER}.authentication-before-index.{name}",
        name,
        "unknown-key",
        body=missing,
        authentication=_UNKNOWN_KEY,
    )
    if member != "indexName":
        yield Case(
            f"{_ORDER}.index-and-parameters.{name}",
            name,
            member,
            body={**missing, member: value},
        )
