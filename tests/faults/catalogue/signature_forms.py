"""Faults of single forms of a signature: signed headers, signed URLs, security tokens."""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from oss_vectors_emulator.auth import Authenticator, Claim
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Request
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
_MISMATCH = "SignatureDoesNotMatch"
_OWN = "x-conformance-run"
_DATE = "%Y%m%dT%H%M%SZ"
_TYPES = ("application/json", "application/octet-stream", "application/xml")


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _signed_headers()
    yield from _dates()
    yield from _legal_forms()
    yield from _lives()
    yield from _changed_urls()
    yield from _tokens()


def _refuse(when: object, code: str) -> None:
    if when:
        raise ServiceError(code)


def _in_url(claim: Claim) -> bool:
    return claim.expires is not None


def _signed_headers() -> Iterator[Fault]:
    yield signing_fault(
        "oss-header-addable",
        f"{_MISMATCH}.oss-header",
        "an x-oss header added after signing goes unnoticed",
        computed(lambda _s, r, a, cl, cr: [(without_header(r, "x-oss-conformance"), a, cl, cr)]),
    )
    yield signing_fault(
        "oss-header-value-unsigned",
        f"{_MISMATCH}.oss-header",
        "of an x-oss header only the name is signed",
        computed(lambda _s, r, a, cl, cr: [(with_header(r, "x-oss-conformance", "signed"), a, cl, cr)]),
    )
    yield signing_fault(
        "additional-unverified",
        f"{_MISMATCH}.additional-header",
        "a signature with additional headers is not verified",
        authentication(
            check_signature=lambda s, r, a, cl, cr: (
                None if cl.additional else _A.check_signature(s, r, a, cl, cr)
            )
        ),
        "Signing.url.tampered.*",
    )
    yield signing_fault(
        "additional-host-unverified",
        f"{_MISMATCH}.additional-header",
        "the host may be another one than was signed",
        computed(lambda _s, r, a, cl, cr: [(with_header(r, "host", "conformance.example.net"), a, cl, cr)]),
    )
    yield signing_fault(
        "md5-removable",
        f"{_MISMATCH}.content-md5",
        "a signed Content-MD5 may be taken away",
        computed(lambda _s, r, a, cl, cr: [(with_header(r, "content-md5", _md5(r)), a, cl, cr)]),
        "Signing.content-md5.tampered",
    )
    yield signing_fault(
        "md5-addable",
        f"{_MISMATCH}.content-md5",
        "a right Content-MD5 may be added after signing",
        computed(lambda _s, r, a, cl, cr: [(without_header(r, "content-md5"), a, cl, cr)]),
    )
    yield signing_fault(
        "md5-changeable",
        "content-md5.tampered",
        "any Content-MD5 is taken for the signed one",
        c.both(
            computed(lambda _s, r, a, cl, cr: [(with_header(r, "content-md5", _md5(r)), a, cl, cr)]),
            c.pipeline(check_digest=lambda _s, _r: None),
        ),
        f"Signing.{_MISMATCH}.content-md5",
    )
    yield signing_fault(
        "payload-hash-changeable",
        "content-sha256.tampered",
        "x-oss-content-sha256 is neither read nor signed",
        c.both(
            computed(
                lambda _s, r, a, cl, cr: [
                    (with_header(r, "x-oss-content-sha256", "UNSIGNED-PAYLOAD"), a, cl, cr)
                ]
            ),
            authentication(check_payload_hash=lambda _s, _r: None),
        ),
    )


def _md5(request: Request) -> str:
    return base64.b64encode(hashlib.md5(request.body, usedforsecurity=False).digest()).decode()


def _dates() -> Iterator[Fault]:
    yield signing_fault(
        "date-unsigned",
        f"{_MISMATCH}.date",
        "a date a second off goes unnoticed",
        computed(
            lambda _s, r, a, cl, cr: [
                (with_header(r, "x-oss-date", date), a, replace(cl, date=date), cr)
                for date in _neighbours(cl)
                if not _in_url(cl)
            ]
        ),
    )
    yield signing_fault(
        "date-unread",
        "date.malformed",
        "an x-oss-date that is no date switches verification off",
        _unverified(lambda r: re.fullmatch(r"[^0-9]+", r.header("x-oss-date") or "")),
    )
    yield signing_fault(
        "date-optional",
        "date.removed",
        "without x-oss-date nothing is verified",
        _unverified(lambda r: r.header("x-oss-date") is None and r.header("authorization")),
    )


def _neighbours(claim: Claim) -> list[str]:
    """The dates a second before and after the claimed one."""
    moment = datetime.strptime(claim.date, _DATE).replace(tzinfo=UTC)
    return [f"{moment + timedelta(seconds=step):{_DATE}}" for step in (-1, 1)]


def _unverified(when: Callable[[Request], object]) -> Change:
    def authenticate(self: Any, request: Request, address: Any) -> Any:
        if when(request):
            return next(iter(self.credentials.values()))
        return _A.authenticate(self, request, address)

    return authentication(authenticate=authenticate)


def _refusing(when: Callable[[Request, Claim], object], code: str = _MISMATCH) -> Change:
    """Refuse signatures that are right."""

    def check_signature(self: Any, request: Request, address: Any, claim: Claim, credential: Any) -> None:
        _refuse(when(request, claim), code)
        _A.check_signature(self, request, address, claim, credential)

    return authentication(check_signature=check_signature)


def _changed(request: Request) -> bool:
    """Whether the suite's own header has a value that no run id has."""
    return "-" in (request.header(_OWN) or "")


def _read_header_with_date(self: Any, request: Request) -> Claim:
    claim = _A.read_header(self, request)
    date = request.header("date")
    return replace(claim, date=f"{parsedate_to_datetime(date):{_DATE}}") if date else claim


def _legal_forms() -> Iterator[Fault]:
    yield signing_fault(
        "unsigned-header-verified",
        "header.unsigned-changed",
        "an unexpected value of a header nobody signed is taken for tampering",
        _refusing(lambda r, cl: not _in_url(cl) and _changed(r)),
    )
    yield signing_fault(
        "date-header-counts",
        "header.unsigned-changed",
        "the time in the string to sign is taken from Date where both headers are sent",
        authentication(read_header=_read_header_with_date),
    )
    yield signing_fault(
        "query-unsorted",
        "query.order",
        "the query is signed in the order of the wire",
        _refusing(lambda r, cl: not _in_url(cl) and r.query_pairs != tuple(sorted(r.query_pairs))),
    )
    yield signing_fault(
        "url-unsigned-header-verified",
        "url.unsigned-changed",
        "a signed URL allows no header of an unexpected value",
        _refusing(lambda r, cl: _in_url(cl) and _changed(r)),
    )
    yield signing_fault(
        "url-additional-unread",
        "url.additional-headers",
        "x-oss-additional-headers is not understood",
        _refusing(lambda _r, cl: _in_url(cl) and cl.additional),
    )
    yield signing_fault(
        "url-keeps-equals",
        "url.key-with-equals",
        "in a signed URL a bare name signs with its equals sign",
        _refusing(lambda r, cl: _in_url(cl) and re.search(r"(^|&)[a-zA-Z]+=(&|$)", r.raw_query)),
    )


def _lives() -> Iterator[Fault]:
    yield signing_fault(
        "url-skew-as-header",
        "url.life",
        "a signed URL is too old after 15 minutes whatever its life",
        authentication(check_time=lambda s, cl: _A.check_time(s, replace(cl, expires=None))),
        "Signing.url.expired",
    )
    yield signing_fault(
        "url-of-a-day",
        "url.expires.maximum.accepted",
        "a day is the longest life of a signed URL",
        _longest(86_400),
    )
    yield signing_fault(
        "url-of-any-life",
        "url.expires.maximum.rejected",
        "a signed URL may live for years",
        _longest(10**9),
    )
    yield signing_fault(
        "url-zero-is-default",
        "url.expires.zero",
        "x-oss-expires 0 means the default life",
        _read_expires(lambda text: "900" if text == "0" else text),
    )
    yield signing_fault(
        "url-negative-is-positive",
        "url.expires.negative",
        "the sign of x-oss-expires is dropped",
        _read_expires(lambda text: text.removeprefix("-")),
    )
    yield signing_fault(
        "url-text-is-default",
        "url.expires.not-a-number",
        "an x-oss-expires that is no number means the default life",
        _read_expires(lambda text: text if re.fullmatch("-?[0-9]+", text) else "900"),
    )
    yield signing_fault(
        "url-not-ahead",
        "url.future.accepted",
        "a signed URL must not be dated ahead",
        authentication(check_time=_never_ahead),
    )
    yield signing_fault(
        "url-any-time-ahead",
        "url.future.rejected",
        "a signed URL may be dated ahead as far as one likes",
        authentication(check_time=_any_time_ahead),
    )


def _longest(seconds: int) -> Change:
    return lambda behaviour: c.part(
        "authenticator", limits=replace(behaviour.settings.limits, url_expires_max=seconds)
    )(behaviour)


def _read_expires(read: Callable[[str], str]) -> Change:
    return authentication(expires=lambda s, text: _A.expires(s, read(text)))


def _ahead(self: Any, claim: Claim, seconds: int) -> bool:
    limit = self.clock.now() + timedelta(seconds=seconds)
    return _in_url(claim) and claim.date > f"{limit:{_DATE}}"


def _never_ahead(self: Any, claim: Claim) -> None:
    _refuse(_ahead(self, claim, 60), "AccessDenied")
    _A.check_time(self, claim)


def _any_time_ahead(self: Any, claim: Claim) -> None:
    if not _ahead(self, claim, 0):
        _A.check_time(self, claim)


def _url_computed(others: Callable[[Request, Any, Claim], Any]) -> Change:
    """What no longer differs is unchecked, in signed URLs only."""
    return computed(
        lambda _s, r, a, cl, cr: [(*other, cr) for other in others(r, a, cl)] if _in_url(cl) else []
    )


def _spelt(request: Request, pattern: str, value: str) -> Request:
    return replace(request, raw_query=re.sub(pattern, value, request.raw_query))


def _changed_urls() -> Iterator[Fault]:
    yield signing_fault(
        "url-key-unknown-served",
        "url.InvalidAccessKeyId",
        "a signed URL of an unknown key is AccessDenied",
        authentication(look_up=_unknown_is_denied),
    )
    yield signing_fault(
        "url-scope-unchecked",
        "url.scope.wrong",
        "a signed URL is not verified when its scope is another one",
        authentication(
            check_scope=lambda s, cl: None if _in_url(cl) else _A.check_scope(s, cl),
            check_signature=lambda s, r, a, cl, cr: (
                None if _in_url(cl) and not _own_scope(s, cl) else _A.check_signature(s, r, a, cl, cr)
            ),
        ),
    )
    yield signing_fault(
        "url-secret-unchecked",
        "url.tampered.secret",
        "a signed URL made with a secret that resembles the right one is served",
        computed(
            lambda _s, r, a, cl, cr: (
                [(r, a, cl, replace(cr, access_key_secret=cr.access_key_secret[::-1] + "x"))]
                if _in_url(cl)
                else []
            )
        ),
    )
    yield signing_fault(
        "url-bucket-unsigned",
        "url.tampered.bucket",
        "a signed URL fits every bucket",
        _url_computed(lambda r, a, cl: [(r, replace(a, bucket=f"{a.bucket}x"), cl)]),
    )
    yield signing_fault(
        "url-expires-unsigned",
        "url.tampered.expires",
        "the life of a signed URL may be prolonged",
        _url_computed(
            lambda r, a, cl: [
                (_spelt(r, "(?<=x-oss-expires=)[0-9]+", str((cl.expires or 0) - seconds)), a, cl)
                for seconds in (1, 60, 3600)
            ]
        ),
    )
    yield signing_fault(
        "url-date-unsigned",
        "url.tampered.date",
        "the date of a signed URL may be moved by a second",
        _url_computed(
            lambda r, a, cl: [
                (_spelt(r, "(?<=x-oss-date=)[0-9TZ]+", date), a, replace(cl, date=date))
                for date in _neighbours(cl)
            ]
        ),
    )
    yield signing_fault(
        "url-method-unsigned",
        "url.tampered.method",
        "a signed URL may be used with every method",
        _url_computed(
            lambda r, a, cl: [(replace(r, method=m), a, cl) for m in ("GET", "PUT", "POST", "DELETE")]
        ),
    )
    yield signing_fault(
        "url-content-type-unsigned",
        "url.tampered.header",
        "with a signed URL any Content-Type goes",
        _url_computed(
            lambda r, a, cl: [
                *((with_header(r, "content-type", value), a, cl) for value in _TYPES),
                (without_header(r, "content-type"), a, cl),
            ]
        ),
    )


def _unknown_is_denied(self: Any, claim: Claim) -> Any:
    _refuse(_in_url(claim) and claim.access_key_id not in self.credentials, "AccessDenied")
    return _A.look_up(self, claim)


def _own_scope(self: Any, claim: Claim) -> bool:
    return (claim.region, claim.product, claim.day) == (self.region, "oss", claim.date[:8])


def _tokens() -> Iterator[Fault]:
    def fault(name: str, clause: str, summary: str, change: Change) -> Fault:
        return signing_fault(
            name,
            f"security-token.{clause}",
            summary,
            change,
            "Signing.security-token.*",
            temporary_key=True,
        )

    # Refused everywhere, a token would keep the suite from starting.
    yield fault(
        "token-refused-by-listing",
        "header",
        "a listing of indexes is refused to temporary keys",
        _refusing(
            lambda r, cl: cl.token and not _in_url(cl) and "listVectorIndexes" in r.query, "AccessDenied"
        ),
    )
    yield fault(
        "url-token-unread",
        "url",
        "the security token of a signed URL is not read",
        authentication(
            check_token=lambda s, cl, cr: _A.check_token(
                s, replace(cl, token=None) if _in_url(cl) else cl, cr
            )
        ),
    )
    yield fault(
        "token-optional",
        "missing",
        "a temporary key needs no security token",
        authentication(check_token=lambda s, cl, cr: _A.check_token(s, cl, cr) if cl.token else None),
    )
    yield fault(
        "token-of-anybody",
        "other",
        "any security token will do",
        authentication(check_token=lambda _s, cl, _cr: _refuse(not cl.token, "AccessDenied")),
    )
    yield fault(
        "token-unsigned",
        "unsigned",
        "the security token is not part of the signature",
        computed(
            lambda _s, r, a, cl, cr: [
                (other, a, cl, cr)
                for other in (without_header(r, "x-oss-security-token"), *query_prefixes(r))
            ]
        ),
    )
