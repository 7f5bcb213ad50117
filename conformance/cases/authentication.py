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


_A = Authentication

#: Clause, label and signature of every case that one request to the probed operation decides.
_CASES: tuple[tuple[str, str, Authentication], ...] = (
    # Which error refuses a wrong signature, only the clients show; that one is refused, the page says.
    ("verified", "wrong-secret", _A.WRONG_SECRET),
    ("InvalidAccessKeyId", "unknown-key", _A.UNKNOWN_KEY),
    ("SignatureDoesNotMatch.secret", "wrong-secret", _A.WRONG_SECRET),
    ("SignatureDoesNotMatch.header", "changed-content-type", _A.TAMPERED_HEADER),
    ("SignatureDoesNotMatch.query", "added-parameter", _A.TAMPERED_QUERY),
    ("SignatureDoesNotMatch.bucket", "other-bucket", _A.OTHER_BUCKET),
    ("SignatureDoesNotMatch.bucket", "no-bucket", _A.NO_BUCKET),
    ("SignatureDoesNotMatch.digits", "last-digit", _A.LAST_DIGIT),
    ("SignatureDoesNotMatch.date", "a-second-off", _A.TAMPERED_DATE),
    ("SignatureDoesNotMatch.oss-header", "changed", _A.TAMPERED_OSS_HEADER),
    ("SignatureDoesNotMatch.oss-header", "added", _A.ADDED_OSS_HEADER),
    ("SignatureDoesNotMatch.additional-header", "other-host", _A.TAMPERED_HOST),
    ("SignatureDoesNotMatch.additional-header", "changed", _A.TAMPERED_ADDITIONAL),
    ("SignatureDoesNotMatch.content-md5", "removed", _A.REMOVED_MD5),
    ("SignatureDoesNotMatch.content-md5", "added", _A.ADDED_MD5),
    ("content-md5.tampered", "changed", _A.TAMPERED_MD5),
    ("content-sha256.tampered", "changed", _A.TAMPERED_SHA256),
    ("region.wrong", "other-region", _A.WRONG_REGION),
    ("region.wrong", "other-region-throughout", _A.OTHER_REGION),
    ("region.wrong", "region-abroad-throughout", _A.REGION_ABROAD),
    ("product.wrong", "ossvector", _A.WRONG_PRODUCT),
    ("product.wrong", "ossvector-in-scope-alone", _A.PRODUCT_IN_SCOPE),
    ("product.wrong", "ecs-in-scope-alone", _A.OTHER_PRODUCT_IN_SCOPE),
    ("scope-date.wrong", "other-day", _A.WRONG_SCOPE_DATE),
    ("scope-date.wrong", "day-before-in-scope-alone", _A.DAY_BEFORE_IN_SCOPE),
    ("scope-date.wrong", "day-to-come-in-scope-alone", _A.DAY_TO_COME_IN_SCOPE),
    ("date.malformed", "no-date", _A.MALFORMED_DATE),
    ("date.malformed", "no-such-month", _A.IMPOSSIBLE_DATE),
    ("date.removed", "after-signing", _A.REMOVED_DATE),
    ("skew.past.accepted", "just-inside", _A.PAST_INSIDE),
    ("skew.past.rejected", "just-outside", _A.PAST_OUTSIDE),
    ("skew.future.accepted", "just-inside", _A.FUTURE_INSIDE),
    ("skew.future.rejected", "just-outside", _A.FUTURE_OUTSIDE),
    ("header.blanks", "after-commas", _A.BLANKS),
    ("header.additional-headers", "host", _A.ADDITIONAL_HOST),
    ("header.additional-headers", "two", _A.ADDITIONAL_TWO),
    ("header.content-md5", "of-the-body", _A.CONTENT_MD5),
    ("header.unsigned-changed", "own-header", _A.UNSIGNED_CHANGED),
    ("header.unsigned-changed", "date-header", _A.OTHER_DATE_HEADER),
    ("url.accepted", "valid", _A.URL),
    ("url.expired", "an-hour-ago", _A.URL_EXPIRED),
    ("url.life", "half-an-hour-of-an-hour", _A.URL_OLD),
    ("url.expires.maximum.accepted", "longest", _A.URL_LONGEST),
    ("url.expires.maximum.rejected", "a-second-longer", _A.URL_TOO_LONG),
    ("url.expires.zero", "0", _A.URL_EXPIRES_ZERO),
    ("url.expires.negative", "minus-900", _A.URL_EXPIRES_NEGATIVE),
    ("url.expires.not-a-number", "text", _A.URL_EXPIRES_TEXT),
    ("url.future.accepted", "just-inside", _A.URL_FUTURE_INSIDE),
    ("url.future.rejected", "just-outside", _A.URL_FUTURE_OUTSIDE),
    ("url.additional-headers", "host", _A.URL_ADDITIONAL_HOST),
    ("url.unsigned-changed", "own-header", _A.URL_UNSIGNED_CHANGED),
    ("url.InvalidAccessKeyId", "unknown-key", _A.URL_UNKNOWN_KEY),
    ("url.scope.wrong", "other-region", _A.URL_WRONG_REGION),
    ("url.scope.wrong", "ossvector", _A.URL_WRONG_PRODUCT),
    ("url.scope.wrong", "other-day", _A.URL_WRONG_SCOPE_DATE),
    ("url.tampered", "added-parameter", _A.TAMPERED_URL),
    ("url.tampered.secret", "wrong-secret", _A.URL_WRONG_SECRET),
    ("url.tampered.bucket", "other-bucket", _A.URL_OTHER_BUCKET),
    ("url.tampered.expires", "an-hour-longer", _A.URL_TAMPERED_EXPIRES),
    ("url.tampered.date", "a-second-off", _A.URL_TAMPERED_DATE),
    ("url.tampered.header", "changed-content-type", _A.URL_TAMPERED_HEADER),
    ("security-token.wrong", "permanent-key", _A.STRAY_TOKEN),
    ("security-token.wrong", "permanent-key-in-url", _A.STRAY_TOKEN_URL),
    ("security-token.header", "right-token", _A.TOKEN),
    ("security-token.url", "right-token", _A.TOKEN_URL),
    ("security-token.missing", "header", _A.NO_TOKEN),
    ("security-token.missing", "url", _A.NO_TOKEN_URL),
    ("security-token.other", "header", _A.WRONG_TOKEN),
    ("security-token.other", "url", _A.WRONG_TOKEN_URL),
    ("security-token.unsigned", "header", _A.UNSIGNED_TOKEN),
    ("security-token.unsigned", "url", _A.UNSIGNED_TOKEN_URL),
    # What the documents leave open.
    ("date.absent", "date-only", _A.NO_DATE),
    ("content-sha256.other", "hash-of-the-body", _A.BODY_SHA256),
    ("content-sha256.absent", "no-header", _A.NO_SHA256),
    ("additional-headers.absent", "listed-not-sent", _A.ADDITIONAL_ABSENT),
    ("additional-headers.order", "unsorted", _A.ADDITIONAL_UNSORTED),
    ("additional-headers.case", "upper-case", _A.ADDITIONAL_UPPER),
    ("authorization.unreadable", "no-signature-member", _A.UNREADABLE),
    ("authorization.empty", "blank", _A.EMPTY_AUTHORIZATION),
    ("authorization.algorithm", "unknown", _A.OTHER_ALGORITHM),
    ("authorization.version-1", "header", _A.VERSION_1),
    ("authorization.credential", "empty", _A.EMPTY_CREDENTIAL),
    ("authorization.signature-length", "63-digits", _A.SHORT_SIGNATURE),
    ("authorization.signature-length", "no-digit", _A.EMPTY_SIGNATURE),
    ("authorization.signature-case", "upper-case", _A.UPPER_SIGNATURE),
    ("both-forms", "url-and-header", _A.BOTH_FORMS),
    ("url.expires.absent", "no-parameter", _A.URL_NO_EXPIRES),
    ("url.path", "longer", _A.URL_LONGER_PATH),
)


def authentication_cases(contract: Contract) -> Iterator[Case]:
    """Every documented failure, every legal form of a signature, and what the documents leave open."""
    for clause, label, authentication in _CASES:
        yield Case(f"Signing.{clause}", _PROBED, label, body=baseline(_PROBED), authentication=authentication)
    for clause, authentication in (
        ("SignatureDoesNotMatch.method", _A.TAMPERED_METHOD),
        ("url.tampered.method", _A.URL_TAMPERED_METHOD),
    ):
        yield Case(
            f"Signing.{clause}", "GetBucketPolicy", "get-sent-as-delete", authentication=authentication
        )
    for operation in contract.operations.values():
        if operation.name != _PROBED:
            # Each operation may have a door of its own.
            yield Case(
                "Signing.SignatureDoesNotMatch.secret",
                operation.name,
                f"wrong-secret-{operation.name}",
                body=body_of(operation.name),
                place=Place.BUCKET if operation.on_bucket else Place.SERVICE,
                authentication=_A.WRONG_SECRET,
            )
    for name, place in (("GetVectorBucket", Place.BUCKET), ("ListVectorBuckets", Place.SERVICE)):
        # The official clients send the digest of nothing with every request that has no body.
        yield Case(
            "Signing.header.content-md5",
            name,
            f"of-no-body-{name}",
            place=place,
            authentication=_A.CONTENT_MD5,
        )
    yield from _query_cases()
    yield Case(
        "ListVectorBuckets.InvalidAccessKeyId",
        "ListVectorBuckets",
        "unknown-key",
        place=Place.SERVICE,
        authentication=_A.UNKNOWN_KEY,
    )


def _query_cases() -> Iterator[Case]:
    """Spellings of a query: of a sub-resource, of its order, of a blank."""
    for name, sub_resource in ((_PROBED, "listVectorIndexes="), ("GetVectorBucket", "bucketInfo=")):
        yield Case(
            "Signing.url.key-with-equals",
            name,
            f"{sub_resource.removesuffix('=')}-with-equals",
            body=body_of(name),
            sub_resource=sub_resource,
            authentication=_A.URL,
        )
    listing = "ListVectorBuckets"
    yield Case(
        "Signing.url.accepted", listing, "on-the-service-host", place=Place.SERVICE, authentication=_A.URL
    )
    for authentication, label in ((_A.RUN, "header"), (_A.URL, "url")):
        yield Case(
            "Signing.query.order",
            listing,
            label,
            place=Place.SERVICE,
            query="prefix=conformance-none&max-keys=10",
            authentication=authentication,
        )
    yield Case("Signing.query.plus", listing, "for-a-blank", place=Place.SERVICE, query="prefix=a+b")
