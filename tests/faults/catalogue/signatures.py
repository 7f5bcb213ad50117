"""Faults of authentication: parts of a signature left unchecked, and legal signatures refused."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from oss_vectors_emulator.auth import Authenticator, Claim
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Request, Response
from oss_vectors_emulator.pipeline import Pipeline
from tests.faults import changes as c
from tests.faults.catalogue.signatures_parts import (
    authentication,
    computed,
    query_prefixes,
    signing_fault,
    with_header,
    without_header,
)
from tests.faults.model import Change, Fault

_A = Authenticator


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _unchecked()
    yield from _times()
    yield from _refused()
    yield from _codes()


def _unchecked() -> Iterator[Fault]:
    wrong = "SignatureDoesNotMatch"
    everything = ("Signing.verified", f"Signing.{wrong}.*", "Signing.url.tampered", "Signing.*.wrong")
    yield signing_fault(
        "product-unchecked",
        "product.wrong",
        "any product in the scope",
        authentication(
            check_scope=lambda s, cl: _A.check_scope(s, replace(cl, product="oss")),
            check_signature=_own_product,
        ),
    )
    yield signing_fault(
        "signature-unchecked",
        "verified",
        "signatures are not looked at",
        authentication(check_signature=lambda *_a: None),
        *everything,
    )
    yield signing_fault(
        "secret-unchecked",
        f"{wrong}.secret",
        "a wrong secret is served when the key is known",
        authentication(check_signature=_known_to_be_foreign),
        *everything,
    )
    yield signing_fault(
        "signature-beginning",
        f"{wrong}.secret",
        "any 64 hex digits are taken for a header signature",
        authentication(
            check_signature=lambda s, r, a, cl, cr: (
                None if cl.expires is None else _A.check_signature(s, r, a, cl, cr)
            )
        ),
        *everything,
    )
    yield signing_fault(
        "url-unchecked",
        "url.tampered",
        "signatures in the query are not verified",
        authentication(
            check_signature=lambda s, r, a, cl, cr: (
                None if cl.expires is not None else _A.check_signature(s, r, a, cl, cr)
            )
        ),
    )
    types = ("application/json", "application/octet-stream", "application/xml")
    yield signing_fault(
        "content-type-unsigned",
        f"{wrong}.header",
        "Content-Type is not part of the signature",
        computed(
            lambda _s, r, a, cl, cr: (
                [(with_header(r, "content-type", t), a, cl, cr) for t in types]
                + [(without_header(r, "content-type"), a, cl, cr)]
            )
        ),
    )
    yield signing_fault(
        "query-unsigned",
        f"{wrong}.query",
        "parameters added after signing go unnoticed",
        computed(
            lambda _s, r, a, cl, cr: [(x, a, cl, cr) for x in query_prefixes(r)] if cl.expires is None else []
        ),
    )
    yield signing_fault(
        "url-query-unsigned",
        "url.tampered",
        "parameters added to a signed URL go unnoticed",
        computed(
            lambda _s, r, a, cl, cr: (
                [(x, a, cl, cr) for x in query_prefixes(r)] if cl.expires is not None else []
            )
        ),
    )
    yield signing_fault(
        "method-unsigned",
        f"{wrong}.method",
        "the method is not part of the signature",
        computed(
            lambda _s, r, a, cl, cr: [
                (replace(r, method=m), a, cl, cr) for m in ("GET", "PUT", "POST", "DELETE", "HEAD")
            ]
        ),
    )
    yield signing_fault(
        "bucket-unsigned",
        f"{wrong}.bucket",
        "the bucket is not part of the signature",
        computed(
            lambda _s, r, a, cl, cr: [
                (r, replace(a, bucket=b), cl, cr) for b in ((a.bucket or "") + "x", (a.bucket or "x")[:-1])
            ]
        ),
    )
    yield signing_fault(
        "region-unchecked",
        "region.wrong",
        "any region in the scope",
        authentication(
            check_scope=lambda s, cl: _A.check_scope(s, replace(cl, region=s.region)),
            check_signature=_own_region,
        ),
    )
    yield signing_fault(
        "region-abroad-unchecked",
        "region.wrong",
        "regions of other countries are taken for one's own",
        authentication(check_scope=_any_region_abroad),
    )
    yield signing_fault(
        "scope-day-unchecked",
        "scope-date.wrong",
        "any day in the scope",
        authentication(
            check_scope=lambda s, cl: _A.check_scope(s, replace(cl, day=cl.date[:8])),
            check_signature=_own_day,
        ),
    )
    for part, clause, told in (
        ("product", "product.wrong", lambda cl: replace(cl, product="oss")),
        ("day", "scope-date.wrong", lambda cl: replace(cl, day=cl.date[:8])),
    ):
        yield signing_fault(
            f"scope-{part}-unread",
            clause,
            f"the key is always of the right {part}, and that of the scope is not looked at",
            authentication(check_scope=lambda s, cl, told=told: _A.check_scope(s, told(cl))),
        )
    yield signing_fault(
        "token-unchecked",
        "security-token.wrong",
        "a security token that does not belong is ignored",
        authentication(check_token=lambda _s, _cl, _cr: None),
    )
    yield signing_fault(
        "unknown-key-served",
        "InvalidAccessKeyId",
        "an unknown access key is served",
        _any_key(),
        "ListVectorBuckets.InvalidAccessKeyId",
        "Signing.before-bucket",
    )
    yield signing_fault(
        "additional-unsigned",
        "header.additional-headers",
        "additional headers are left out of the signature",
        authentication(
            expected_signature=lambda s, r, a, cl, cr: _A.expected_signature(
                s, r, a, replace(cl, additional=()), cr
            )
        ),
    )


def _known_to_be_foreign(self: Any, request: Request, address: Any, claim: Claim, credential: Any) -> None:
    """A signature is accepted when it was made with some secret that resembles the right one."""
    other = replace(credential, access_key_secret=credential.access_key_secret[::-1] + "x")
    if _A.expected_signature(self, request, address, claim, other) != claim.provided:
        _A.check_signature(self, request, address, claim, credential)


def _any_region_abroad(self: Any, claim: Claim) -> None:
    """Only the region of a claim from the own country is looked at."""
    country = self.region.partition("-")[0]
    at_home = claim.region.startswith(f"{country}-")
    _A.check_scope(self, claim if at_home else replace(claim, region=self.region))


def _own_region(self: Any, request: Request, address: Any, claim: Claim, credential: Any) -> None:
    """The signature is computed with the region the client claims, in scope and ARN alike."""
    if claim.region == self.region:
        _A.check_signature(self, request, address, claim, credential)


def _own_product(self: Any, request: Request, address: Any, claim: Claim, credential: Any) -> None:
    if claim.product == "oss":
        _A.check_signature(self, request, address, claim, credential)


def _own_day(self: Any, request: Request, address: Any, claim: Claim, credential: Any) -> None:
    if claim.day == claim.date[:8]:
        _A.check_signature(self, request, address, claim, credential)


def _any_key() -> Change:
    def look_up(self: Any, claim: Claim) -> Any:
        return self.credentials.get(claim.access_key_id) or next(iter(self.credentials.values()))

    def check_signature(self: Any, request: Request, address: Any, claim: Claim, credential: Any) -> None:
        if claim.access_key_id in self.credentials:
            _A.check_signature(self, request, address, claim, credential)

    return authentication(look_up=look_up, check_signature=check_signature)


def _times() -> Iterator[Fault]:
    yield signing_fault(
        "skew-unchecked",
        "skew.past.rejected",
        "any date is accepted",
        authentication(check_time=_expiry_only),
        "Signing.skew.future.rejected",
    )
    yield signing_fault(
        "skew-future-unchecked",
        "skew.future.rejected",
        "dates ahead of the clock are accepted",
        authentication(check_time=_past_only),
    )
    yield signing_fault(
        "skew-past-unchecked",
        "skew.past.rejected",
        "dates behind the clock are accepted",
        authentication(check_time=_future_only),
    )
    yield signing_fault(
        "skew-an-hour",
        "skew.past.rejected",
        "an hour of skew is accepted",
        _skew(3600),
        "Signing.skew.future.rejected",
    )
    yield signing_fault(
        "skew-a-day",
        "skew.past.rejected",
        "a day of skew is accepted",
        _skew(86400),
        "Signing.skew.future.rejected",
    )
    yield signing_fault(
        "skew-five-minutes",
        "skew.past.accepted",
        "five minutes of skew are the most",
        _skew(300),
        "Signing.skew.future.accepted",
    )
    yield signing_fault(
        "skew-ten-minutes",
        "skew.past.accepted",
        "ten minutes of skew are the most",
        _skew(600),
        "Signing.skew.future.accepted",
    )
    yield signing_fault(
        "skew-none-ahead",
        "skew.future.accepted",
        "a date ahead of the clock is refused",
        authentication(check_time=_nothing_ahead),
    )
    yield signing_fault(
        "skew-400",
        "skew.past.rejected",
        "too much skew is refused with 400",
        c.error_of("RequestTimeTooSkewed", status=400),
        "Signing.skew.future.rejected",
        "Errors.code-status",
    )
    yield signing_fault(
        "skew-other-code",
        "skew.past.rejected",
        "too much skew is SignatureDoesNotMatch",
        c.error_of("RequestTimeTooSkewed", to="SignatureDoesNotMatch"),
        "Signing.skew.future.rejected",
    )
    yield signing_fault(
        "url-never-expires",
        "url.expired",
        "signed URLs never expire",
        authentication(check_time=_header_only),
    )
    yield signing_fault(
        "url-of-fifteen-minutes",
        "url.expired",
        "signed URLs live for two hours at least",
        authentication(
            check_time=lambda s, cl: _A.check_time(
                s, replace(cl, expires=max(7200, cl.expires)) if cl.expires is not None else cl
            )
        ),
    )


def _skew(seconds: int) -> Change:
    return lambda behaviour: c.part(
        "authenticator", limits=replace(behaviour.settings.limits, clock_skew_seconds=seconds)
    )(behaviour)


def _refusal_of(self: Any, claim: Claim) -> ServiceError | None:
    try:
        _A.check_time(self, claim)
    except ServiceError as error:
        return error
    return None


def _ahead(self: Any, claim: Claim) -> bool:
    return bool(claim.date > self.clock.now().strftime("%Y%m%dT%H%M%SZ"))


def _expiry_only(self: Any, claim: Claim) -> None:
    error = _refusal_of(self, claim)
    if error is not None and error.code != "RequestTimeTooSkewed":
        raise error


def _header_only(self: Any, claim: Claim) -> None:
    error = _refusal_of(self, claim)
    if error is not None and claim.expires is None:
        raise error


def _past_only(self: Any, claim: Claim) -> None:
    error = _refusal_of(self, claim)
    if error is not None and not _ahead(self, claim):
        raise error


def _future_only(self: Any, claim: Claim) -> None:
    error = _refusal_of(self, claim)
    if error is not None and (claim.expires is not None or _ahead(self, claim)):
        raise error


def _nothing_ahead(self: Any, claim: Claim) -> None:
    _A.check_time(self, claim)
    seconds = int(claim.date[9:11]) * 3600 + int(claim.date[11:13]) * 60 + int(claim.date[13:15])
    now = self.clock.now()
    if 60 < (seconds - (now.hour * 3600 + now.minute * 60 + now.second)) % 86400 < 43200:
        raise ServiceError("RequestTimeTooSkewed")


def _refused() -> Iterator[Fault]:
    yield signing_fault(
        "blanks-refused",
        "header.blanks",
        "blanks in the Authorization header are refused",
        authentication(read_header=_no_blanks),
    )
    yield signing_fault(
        "blanks-kept",
        "header.blanks",
        "blanks behind commas count as part of the names",
        authentication(read_header=_kept_blanks),
    )
    yield signing_fault(
        "additional-refused",
        "header.additional-headers",
        "AdditionalHeaders is not understood",
        authentication(check_scope=_nothing_additional),
    )
    yield signing_fault(
        "md5-unsigned",
        "header.content-md5",
        "Content-MD5 is left out of the signature",
        authentication(
            expected_signature=lambda s, r, a, cl, cr: _A.expected_signature(
                s, without_header(r, "content-md5"), a, cl, cr
            )
        ),
    )
    yield signing_fault(
        "md5-hex",
        "header.content-md5",
        "Content-MD5 is expected in hexadecimal",
        c.pipeline(check_digest=lambda _s, r: _refuse(r.header("content-md5") is not None, "InvalidDigest")),
    )
    yield signing_fault(
        "url-refused",
        "url.accepted",
        "signatures in the query are not understood",
        authentication(read_claim=_headers_only),
        "Signing.url.*",
    )
    yield signing_fault(
        "url-needs-date-header",
        "url.accepted",
        "a signed URL needs a header x-oss-date too",
        authentication(read_url=_with_date_header),
        "Signing.url.*",
    )
    yield signing_fault(
        "bucket-before-authentication",
        "before-bucket",
        "a missing bucket is noticed before a wrong key",
        _bucket_first(),
        "Signing.InvalidAccessKeyId",
    )


def _refuse(when: bool, code: str) -> None:
    if when:
        raise ServiceError(code)


def _nothing_additional(self: Any, claim: Claim) -> None:
    _refuse(bool(claim.additional), "SignatureDoesNotMatch")
    _A.check_scope(self, claim)


def _with_date_header(self: Any, request: Request) -> Claim:
    _refuse(request.header("x-oss-date") is None, "AccessDenied")
    return _A.read_url(self, request)


def _no_blanks(self: Any, request: Request) -> Claim:
    _refuse(", " in (request.header("authorization") or ""), "InvalidArgument")
    return _A.read_header(self, request)


def _kept_blanks(self: Any, request: Request) -> Claim:
    fields = (request.header("authorization") or "").partition(" ")[2].split(",")
    _refuse(any(field.startswith(" ") for field in fields[1:]), "AccessDenied")
    return _A.read_header(self, request)


def _headers_only(self: Any, request: Request) -> Claim:
    _refuse(not request.header("authorization"), "AccessDenied")
    return _A.read_header(self, request)


def _bucket_first() -> Change:
    def serve(self: Any, request: Request) -> Response:
        parts = self.behaviour
        address = parts.addressing.resolve(request.host, request.raw_path)
        account = parts.settings.account_id
        if address.bucket and request.method != "PUT" and parts.store.bucket(account, address.bucket) is None:
            raise ServiceError("NoSuchBucket")
        return Pipeline.serve(self, request)

    return c.pipeline(serve=serve)


def _codes() -> Iterator[Fault]:
    wrong = "SignatureDoesNotMatch"
    yield signing_fault(
        "unknown-key-other-code",
        "InvalidAccessKeyId",
        "an unknown key is AccessDenied",
        c.error_of("InvalidAccessKeyId", to="AccessDenied"),
        "ListVectorBuckets.InvalidAccessKeyId",
        "Signing.before-bucket",
    )
    yield signing_fault(
        "unknown-key-401",
        "InvalidAccessKeyId",
        "an unknown key is refused with 401",
        c.error_of("InvalidAccessKeyId", status=401),
        "ListVectorBuckets.InvalidAccessKeyId",
        "Signing.before-bucket",
        "Errors.code-status",
    )
    yield signing_fault(
        "unknown-key-404",
        "InvalidAccessKeyId",
        "an unknown key is refused with 404",
        c.error_of("InvalidAccessKeyId", status=404),
        "ListVectorBuckets.InvalidAccessKeyId",
        "Signing.before-bucket",
        "Errors.code-status",
    )
    yield signing_fault(
        "mismatch-other-code",
        f"{wrong}.secret",
        "a wrong signature is AccessDenied",
        c.error_of(wrong, to="AccessDenied"),
        f"Signing.{wrong}.*",
        "Signing.url.tampered",
    )
    yield signing_fault(
        "mismatch-401",
        f"{wrong}.secret",
        "a wrong signature is refused with 401",
        c.error_of(wrong, status=401),
        f"Signing.{wrong}.*",
        "Signing.url.tampered",
        "Errors.code-status",
    )
    yield signing_fault(
        "mismatch-aws-code",
        f"{wrong}.secret",
        "a wrong signature is InvalidSignature",
        c.error_of(wrong, to="InvalidSignature"),
        f"Signing.{wrong}.*",
        "Signing.url.tampered",
    )
    yield signing_fault(
        "region-500",
        "region.wrong",
        "another region gives 500",
        authentication(check_scope=_crash_on_region),
    )


def _crash_on_region(self: Any, claim: Claim) -> None:
    if claim.region != self.region:
        raise RuntimeError("crash")
    _A.check_scope(self, claim)
