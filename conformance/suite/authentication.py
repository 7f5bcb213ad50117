"""Turns the authentication of a case into a signer and a tampering step."""

from __future__ import annotations

import dataclasses
import hashlib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from urllib.parse import quote

import requests
from requests.auth import AuthBase

from conformance.cases.case import Authentication
from conformance.contract.loader import load_contract
from conformance.suite import tampering
from conformance.suite.tampering import Tamper
from conformance.wire.addressing import Target
from conformance.wire.credentials import Credentials
from conformance.wire.session import RUN_HEADER
from conformance.wire.signing import Anonymous, HeaderSignature, UrlSignature

# How far from the limit of the clock skew a date is: clocks and networks have a share in it.
_MARGIN = timedelta(minutes=1)
_UNKNOWN_KEY_ID = "conformanceUnknownKeyId0"
_STRAY_TOKEN = "conformance-stray-token"  # noqa: S105 - invented
_NO_DATE = "conformance"
_NO_SUCH_MONTH = "20261317T013347Z"
_OTHER_HOST = "conformance.example.net"
_OTHER_TYPE = "application/json; changed=after-signing"


@dataclass(frozen=True, slots=True)
class Signing:
    """How one request is signed: ``None`` as auth means the run's own signature."""

    auth: AuthBase | None = None
    tamper: Tamper | None = None


@dataclass(frozen=True, slots=True)
class Signers:
    """Makes the signers for one request; ``now`` is the target's clock."""

    target: Target
    credentials: Credentials
    bucket: str | None
    now: Callable[[], datetime]

    @property
    def just_inside(self) -> timedelta:
        """A distance from the target's clock that the skew allows."""
        return load_contract().clock_skew - _MARGIN

    @property
    def just_outside(self) -> timedelta:
        """A distance from the target's clock that the skew does not allow."""
        return load_contract().clock_skew + _MARGIN

    @property
    def longest_life(self) -> int:
        """Seconds that a signed URL may live at most."""
        return int(load_contract().signing_limit("OssV4Query", "expires").total_seconds())

    def header(self, **changes: object) -> HeaderSignature:
        """A signature in the header that differs from the run's own in some options."""
        target = self.target
        signer = HeaderSignature(
            self.credentials, target.region, target.account_id, self.bucket, now=self.now
        )
        return dataclasses.replace(signer, **changes)  # type: ignore[arg-type]

    def url(self, **changes: object) -> UrlSignature:
        """A signature in the URL with some options."""
        target = self.target
        signer = UrlSignature(self.credentials, target.region, target.account_id, self.bucket, now=self.now)
        return dataclasses.replace(signer, **changes)  # type: ignore[arg-type]

    @property
    def wrong_secret(self) -> Credentials:
        """The run's key with a secret that is not its own."""
        secret = self.credentials.access_key_secret[::-1] + "x"
        return dataclasses.replace(self.credentials, access_key_secret=secret)

    @property
    def unknown_key(self) -> Credentials:
        """A key that nobody has."""
        return dataclasses.replace(self.credentials, access_key_id=_UNKNOWN_KEY_ID, security_token=None)

    def with_token(self, token: str | None) -> Credentials:
        """The run's key with another security token, or with none."""
        return dataclasses.replace(self.credentials, security_token=token)

    @property
    def other_region(self) -> str:
        """A region that the target is not in."""
        return "cn-shanghai" if self.target.region != "cn-shanghai" else "cn-beijing"

    @property
    def region_abroad(self) -> str:
        """A region in a country that the target is not in."""
        return "ap-southeast-1" if not self.target.region.startswith("ap-") else "cn-hangzhou"

    @property
    def day_before(self) -> str:
        """Yesterday, as a scope writes it."""
        return f"{self.now() - timedelta(days=1):%Y%m%d}"

    @property
    def day_to_come(self) -> str:
        """The day after tomorrow: midnight may pass before the request is signed."""
        return f"{self.now() + timedelta(days=2):%Y%m%d}"


@dataclass(frozen=True)
class _OtherHostSigned(AuthBase):
    """Signs the request as if it went to another host: only the Host header tells the two apart."""

    signer: AuthBase

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        host = r.headers["Host"]
        r.headers["Host"] = _OTHER_HOST
        r = self.signer(r)
        r.headers["Host"] = host
        return r


@dataclass(frozen=True)
class _WithHeader(AuthBase):
    """Signs the request with one more header."""

    signer: AuthBase
    name: str
    value: str

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        r.headers[self.name] = self.value
        return self.signer(r)


@dataclass(frozen=True)
class _BodyHashed(AuthBase):
    """Says the hash of the body in x-oss-content-sha256, as other vendors' clients do."""

    signer: HeaderSignature

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        body = r.body if isinstance(r.body, bytes) else b""
        return dataclasses.replace(self.signer, content_sha256=hashlib.sha256(body).hexdigest())(r)


@dataclass(frozen=True)
class _Both(AuthBase):
    """Signs in the URL first and then, over that URL, in the header: each signature is right by itself."""

    first: UrlSignature
    second: HeaderSignature

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        return self.second(self.first(r))


def signing_for(
    authentication: Authentication,
    target: Target,
    credentials: Credentials | None,
    bucket: str | None,
    now: Callable[[], datetime],
) -> Signing:
    """The signer for a case; everything but the run's own signature is made here."""
    if authentication is Authentication.RUN:
        return Signing()
    if authentication is Authentication.UNSIGNED or credentials is None:
        return Signing(Anonymous())
    return _MAKERS[authentication](Signers(target, credentials, bucket, now))


_MD5 = "Content-MD5"
#: MD5 of "tampered"; the body of no request.
_OTHER_MD5 = "B7IYuSQSDUmnJcNrBlVgAA=="

_HEADER: Mapping[Authentication, Callable[[Signers], Signing]] = {
    Authentication.UNKNOWN_KEY: lambda s: Signing(s.header(credentials=s.unknown_key)),
    Authentication.WRONG_SECRET: lambda s: Signing(s.header(credentials=s.wrong_secret)),
    Authentication.WRONG_REGION: lambda s: Signing(s.header(scope_region=s.other_region)),
    Authentication.OTHER_REGION: lambda s: Signing(s.header(region=s.other_region)),
    Authentication.REGION_ABROAD: lambda s: Signing(s.header(region=s.region_abroad)),
    Authentication.WRONG_PRODUCT: lambda s: Signing(s.header(product="ossvector")),
    Authentication.PRODUCT_IN_SCOPE: lambda s: Signing(s.header(product="ossvector", right_key=True)),
    Authentication.OTHER_PRODUCT_IN_SCOPE: lambda s: Signing(s.header(product="ecs", right_key=True)),
    Authentication.WRONG_SCOPE_DATE: lambda s: Signing(s.header(scope_date=s.day_before)),
    Authentication.DAY_BEFORE_IN_SCOPE: lambda s: Signing(s.header(scope_date=s.day_before, right_key=True)),
    Authentication.DAY_TO_COME_IN_SCOPE: lambda s: Signing(
        s.header(scope_date=s.day_to_come, right_key=True)
    ),
    Authentication.OTHER_BUCKET: lambda s: Signing(s.header(bucket=f"{s.bucket}x")),
    Authentication.NO_BUCKET: lambda s: Signing(s.header(bucket=None)),
    Authentication.LAST_DIGIT: lambda s: _rewritten(s, tampering.other_last_digit),
    Authentication.PAST_INSIDE: lambda s: Signing(s.header(clock_offset=-s.just_inside)),
    Authentication.PAST_OUTSIDE: lambda s: Signing(s.header(clock_offset=-s.just_outside)),
    Authentication.FUTURE_INSIDE: lambda s: Signing(s.header(clock_offset=s.just_inside)),
    Authentication.FUTURE_OUTSIDE: lambda s: Signing(s.header(clock_offset=s.just_outside)),
    Authentication.MALFORMED_DATE: lambda s: Signing(s.header(timestamp=_NO_DATE)),
    Authentication.IMPOSSIBLE_DATE: lambda s: Signing(
        s.header(timestamp=_NO_SUCH_MONTH, scope_date=_NO_SUCH_MONTH[:8])
    ),
    Authentication.REMOVED_DATE: lambda s: Signing(s.header(), tampering.without("x-oss-date")),
    Authentication.NO_DATE: lambda s: Signing(s.header(date_header=False)),
    Authentication.BLANKS: lambda s: Signing(s.header(separator=", ")),
    Authentication.ADDITIONAL_HOST: lambda s: Signing(s.header(additional_headers=("host",))),
    Authentication.ADDITIONAL_TWO: lambda s: Signing(s.header(additional_headers=("host", RUN_HEADER))),
    Authentication.CONTENT_MD5: lambda s: Signing(s.header(content_md5=True)),
    Authentication.UNSIGNED_CHANGED: lambda s: Signing(
        s.header(), tampering.header(RUN_HEADER, "changed-after-signing")
    ),
    Authentication.OTHER_DATE_HEADER: lambda s: Signing(s.header(), tampering.other_date),
    Authentication.TAMPERED_HEADER: lambda s: Signing(
        s.header(), tampering.header("Content-Type", _OTHER_TYPE)
    ),
    Authentication.TAMPERED_QUERY: lambda s: Signing(s.header(), tampering.parameter("conformance=added")),
    # From one documented operation to another (GetBucketPolicy to DeleteBucketPolicy), so that
    # routing has nothing to object to.
    Authentication.TAMPERED_METHOD: lambda s: Signing(s.header(), tampering.method("DELETE")),
    Authentication.TAMPERED_DATE: lambda s: Signing(s.header(), tampering.date_header),
    Authentication.TAMPERED_OSS_HEADER: lambda s: Signing(
        _WithHeader(s.header(), tampering.OSS_HEADER, "signed"),
        tampering.header(tampering.OSS_HEADER, "changed"),
    ),
    Authentication.ADDED_OSS_HEADER: lambda s: Signing(
        s.header(), tampering.header(tampering.OSS_HEADER, "added")
    ),
    Authentication.TAMPERED_HOST: lambda s: Signing(_OtherHostSigned(s.header(additional_headers=("host",)))),
    Authentication.TAMPERED_ADDITIONAL: lambda s: Signing(
        s.header(additional_headers=(RUN_HEADER,)), tampering.header(RUN_HEADER, "changed-after-signing")
    ),
    Authentication.REMOVED_MD5: lambda s: Signing(s.header(content_md5=True), tampering.without(_MD5)),
    Authentication.ADDED_MD5: lambda s: Signing(s.header(), tampering.content_md5),
    Authentication.TAMPERED_MD5: lambda s: Signing(
        s.header(content_md5=True), tampering.header(_MD5, _OTHER_MD5)
    ),
    Authentication.TAMPERED_SHA256: lambda s: Signing(
        s.header(), tampering.header("x-oss-content-sha256", "0" * 64)
    ),
    Authentication.BODY_SHA256: lambda s: Signing(_BodyHashed(s.header())),
    Authentication.NO_SHA256: lambda s: Signing(s.header(content_sha256=None)),
    Authentication.ADDITIONAL_ABSENT: lambda s: Signing(
        s.header(listed_headers=("host", "x-conformance-absent"))
    ),
    Authentication.ADDITIONAL_UNSORTED: lambda s: Signing(s.header(listed_headers=(RUN_HEADER, "host"))),
    Authentication.ADDITIONAL_UPPER: lambda s: Signing(s.header(listed_headers=("Host",))),
    Authentication.UNREADABLE: lambda s: _rewritten(s, tampering.without_signature),
    Authentication.EMPTY_AUTHORIZATION: lambda s: _rewritten(s, lambda _: " "),
    Authentication.OTHER_ALGORITHM: lambda s: _rewritten(s, tampering.other_algorithm),
    Authentication.VERSION_1: lambda s: _rewritten(
        s, lambda _: f"OSS {s.credentials.access_key_id}:Y29uZm9ybWFuY2U="
    ),
    Authentication.EMPTY_CREDENTIAL: lambda s: _rewritten(s, tampering.empty_credential),
    Authentication.EMPTY_SIGNATURE: lambda s: _rewritten(s, tampering.no_digits),
    Authentication.SHORT_SIGNATURE: lambda s: _rewritten(s, lambda text: text[:-1]),
    Authentication.UPPER_SIGNATURE: lambda s: _rewritten(s, tampering.upper_signature),
    Authentication.BOTH_FORMS: lambda s: Signing(_Both(s.url(), s.header())),
}

_URL: Mapping[Authentication, Callable[[Signers], Signing]] = {
    Authentication.URL: lambda s: Signing(s.url()),
    Authentication.URL_EXPIRED: lambda s: Signing(s.url(clock_offset=timedelta(hours=-1), expires=60)),
    Authentication.URL_OLD: lambda s: Signing(s.url(clock_offset=timedelta(minutes=-30), expires=3600)),
    Authentication.URL_LONGEST: lambda s: Signing(s.url(expires=s.longest_life)),
    Authentication.URL_TOO_LONG: lambda s: Signing(s.url(expires=s.longest_life + 1)),
    Authentication.URL_EXPIRES_ZERO: lambda s: Signing(s.url(expires=0)),
    Authentication.URL_EXPIRES_NEGATIVE: lambda s: Signing(s.url(expires=-900)),
    Authentication.URL_EXPIRES_TEXT: lambda s: Signing(s.url(expires="soon")),
    Authentication.URL_NO_EXPIRES: lambda s: Signing(s.url(expires=None)),
    Authentication.URL_FUTURE_INSIDE: lambda s: Signing(s.url(clock_offset=s.just_inside)),
    Authentication.URL_FUTURE_OUTSIDE: lambda s: Signing(s.url(clock_offset=s.just_outside)),
    Authentication.URL_ADDITIONAL_HOST: lambda s: Signing(s.url(additional_headers=("host",))),
    Authentication.URL_UNSIGNED_CHANGED: lambda s: Signing(
        s.url(), tampering.header(RUN_HEADER, "changed-after-signing")
    ),
    Authentication.URL_UNKNOWN_KEY: lambda s: Signing(s.url(credentials=s.unknown_key)),
    Authentication.URL_WRONG_SECRET: lambda s: Signing(s.url(credentials=s.wrong_secret)),
    Authentication.URL_WRONG_REGION: lambda s: Signing(s.url(scope_region=s.other_region)),
    Authentication.URL_WRONG_PRODUCT: lambda s: Signing(s.url(product="ossvector")),
    Authentication.URL_WRONG_SCOPE_DATE: lambda s: Signing(s.url(scope_date=s.day_before)),
    Authentication.URL_OTHER_BUCKET: lambda s: Signing(s.url(bucket=f"{s.bucket}x")),
    Authentication.TAMPERED_URL: lambda s: Signing(s.url(), tampering.parameter("conformance=added")),
    Authentication.URL_TAMPERED_EXPIRES: lambda s: Signing(s.url(), tampering.expires_parameter),
    Authentication.URL_TAMPERED_DATE: lambda s: Signing(s.url(), tampering.date_parameter),
    Authentication.URL_TAMPERED_METHOD: lambda s: Signing(s.url(), tampering.method("DELETE")),
    Authentication.URL_TAMPERED_HEADER: lambda s: Signing(
        s.url(), tampering.header("Content-Type", _OTHER_TYPE)
    ),
    Authentication.URL_LONGER_PATH: lambda s: Signing(s.url(), tampering.longer_path),
}

_TOKENS: Mapping[Authentication, Callable[[Signers], Signing]] = {
    Authentication.STRAY_TOKEN: lambda s: Signing(s.header(credentials=s.with_token(_STRAY_TOKEN))),
    Authentication.STRAY_TOKEN_URL: lambda s: Signing(s.url(credentials=s.with_token(_STRAY_TOKEN))),
    Authentication.TOKEN: lambda s: Signing(s.header()),
    Authentication.TOKEN_URL: lambda s: Signing(s.url()),
    Authentication.NO_TOKEN: lambda s: Signing(s.header(credentials=s.with_token(None))),
    Authentication.NO_TOKEN_URL: lambda s: Signing(s.url(credentials=s.with_token(None))),
    Authentication.WRONG_TOKEN: lambda s: Signing(s.header(credentials=s.with_token(_STRAY_TOKEN))),
    Authentication.WRONG_TOKEN_URL: lambda s: Signing(s.url(credentials=s.with_token(_STRAY_TOKEN))),
    Authentication.UNSIGNED_TOKEN: lambda s: Signing(
        s.header(credentials=s.with_token(None)),
        tampering.header("x-oss-security-token", s.credentials.security_token or ""),
    ),
    Authentication.UNSIGNED_TOKEN_URL: lambda s: Signing(
        s.url(credentials=s.with_token(None)),
        tampering.parameter(f"x-oss-security-token={quote(s.credentials.security_token or '', safe='')}"),
    ),
}

_MAKERS = {**_HEADER, **_URL, **_TOKENS}


def _rewritten(signers: Signers, change: Callable[[str], str]) -> Signing:
    return Signing(signers.header(), tampering.authorization(change))
