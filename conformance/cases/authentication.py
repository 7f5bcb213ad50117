"""Cases about signatures: requests that must not be served, and legal forms that must.

Sources: Signature version 4 page; error codes observed by the official SDKs'
integration tests.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.cases.baselines import BASELINES, baseline
from conformance.cases.case import NO_BODY, Authentication, Case, Place
from conformance.cases.documents import LOGGING, policy
from conformance.contract.loader import Contract
from conformance.contract.model import Operation

# The operation that signing is tested with: it changes nothing and costs no quota.
_PROBED = "ListVectorIndexes"


def body_of(operation: str) -> Any:
    """A valid body for an operation, or none."""
    if operation in BASELINES:
        return baseline(operation)
    return {"PutBucketPolicy": policy(), "PutBucketLogging": LOGGING}.get(operation, NO_BODY)


def unsigned_cases(operation: Operation) -> Iterator[Case]:
    """The operation without any authentication information."""
    place = Place.BUCKET if operation.on_bucket else Place.SERVICE
    yield Case(
        f"{operation.name}.AccessDenied.unsigned",
        operation.name,
        "unsigned",
        body=body_of(operation.name),
        place=place,
        authentication=Authentication.UNSIGNED,
    )


_CASES: tuple[tuple[str, str, Authentication], ...] = (
    ("InvalidAccessKeyId", "unknown-key", Authentication.UNKNOWN_KEY),
    ("SignatureDoesNotMatch.secret", "wrong-secret", Authentication.WRONG_SECRET),
    ("SignatureDoesNotMatch.header", "changed-content-type", Authentication.TAMPERED_HEADER),
    ("SignatureDoesNotMatch.query", "added-parameter", Authentication.TAMPERED_QUERY),
    ("SignatureDoesNotMatch.bucket", "other-bucket", Authentication.OTHER_BUCKET),
    ("region.wrong", "other-region", Authentication.WRONG_REGION),
    ("region.wrong", "other-region-throughout", Authentication.OTHER_REGION),
    ("product.wrong", "ossvector", Authentication.WRONG_PRODUCT),
    ("scope-date.wrong", "other-day", Authentication.WRONG_SCOPE_DATE),
    ("skew.past.accepted", "14-minutes", Authentication.PAST_INSIDE),
    ("skew.past.rejected", "16-minutes", Authentication.PAST_OUTSIDE),
    ("skew.future.accepted", "14-minutes", Authentication.FUTURE_INSIDE),
    ("skew.future.rejected", "16-minutes", Authentication.FUTURE_OUTSIDE),
    ("header.blanks", "after-commas", Authentication.BLANKS),
    ("header.additional-headers", "host", Authentication.ADDITIONAL_HOST),
    ("header.content-md5", "of-the-body", Authentication.CONTENT_MD5),
    ("url.accepted", "valid", Authentication.URL),
    ("url.expired", "an-hour-ago", Authentication.URL_EXPIRED),
    ("url.tampered", "added-parameter", Authentication.TAMPERED_URL),
    ("security-token.wrong", "permanent-key", Authentication.STRAY_TOKEN),
    ("authorization.unreadable", "no-signature-member", Authentication.UNREADABLE),
)


def authentication_cases(contract: Contract) -> Iterator[Case]:
    """Every documented failure and every legal form of a signature."""
    for clause, label, authentication in _CASES:
        requirement = f"Signing.{clause}"
        if requirement in contract.requirements:
            yield Case(requirement, _PROBED, label, body=baseline(_PROBED), authentication=authentication)
    yield Case(
        "Signing.SignatureDoesNotMatch.method",
        "GetBucketPolicy",
        "get-sent-as-delete",
        authentication=Authentication.TAMPERED_METHOD,
    )
    yield Case(
        "Signing.before-bucket",
        "GetVectorBucket",
        "unknown-key-missing-bucket",
        place=Place.MISSING_BUCKET,
        authentication=Authentication.UNKNOWN_KEY,
    )
    yield Case(
        "ListVectorBuckets.InvalidAccessKeyId",
        "ListVectorBuckets",
        "unknown-key",
        place=Place.SERVICE,
        authentication=Authentication.UNKNOWN_KEY,
    )
