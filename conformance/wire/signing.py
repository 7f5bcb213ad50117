"""OSS signature version 4 for vector buckets.

Written from the help page on signature version 4 and from what the vector
signers of the official SDKs put on the wire.  The one difference from plain OSS
is the canonical URI, which is the resource name of the bucket instead of the
request path; therefore addressing never changes a signature.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from functools import lru_cache
from urllib.parse import quote

import requests
from requests.auth import AuthBase

from conformance.wire.credentials import Credentials

ALGORITHM = "OSS4-HMAC-SHA256"
REQUEST_TYPE = "aliyun_v4_request"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
# All three SDKs sign vectors with the product of plain OSS.
PRODUCT = "oss"
DEFAULT_EXPIRES = 900

_ALWAYS_SIGNED = frozenset({"content-type", "content-md5"})
# Query parameters a URL signature writes itself; old ones are replaced.
_URL_PARAMETERS = frozenset(
    {
        "x-oss-signature-version",
        "x-oss-credential",
        "x-oss-date",
        "x-oss-expires",
        "x-oss-security-token",
        "x-oss-additional-headers",
        "x-oss-signature",
    }
)


def utc_now() -> datetime:
    """The current time with its zone; the default clock of every signer."""
    return datetime.now(UTC)


@lru_cache(maxsize=1024)
def canonical_uri(region: str, account_id: str, bucket: str | None) -> str:
    """The encoded resource name of a bucket, or of the service, which has no account in it."""
    owner = ":" if bucket is None else f"{account_id}:{bucket}"
    return quote(f"/acs:ossvector:{region}:{owner}/", safe="/")


def canonical_query(raw_query: str) -> str:
    """The pairs as they are on the wire, sorted by key, a bare key where the value is empty.

    ``+`` counts as ``%20``, as in the Go SDK.
    """
    if not raw_query:
        return ""
    pairs = sorted(pair.partition("=")[::2] for pair in raw_query.replace("+", "%20").split("&"))
    return "&".join(f"{key}={value}" if value else key for key, value in pairs)


def additional_header_names(headers: Mapping[str, str], wanted: Iterable[str]) -> tuple[str, ...]:
    """The optional headers that are signed: asked for, present, and not signed anyway."""
    names = {name.lower() for name in wanted}
    return tuple(
        sorted(
            name
            for name in names
            if not name.startswith("x-oss-") and name not in _ALWAYS_SIGNED and headers.get(name)
        )
    )


def canonical_headers(headers: Mapping[str, str], additional: Iterable[str] = ()) -> str:
    """One ``name:value`` line per signed header, sorted by lower-case name."""
    extra = frozenset(name.lower() for name in additional)
    signed = []
    for name, value in headers.items():
        lower = name.lower()
        if lower.startswith("x-oss-") or lower in _ALWAYS_SIGNED or lower in extra:
            signed.append(f"{lower}:{value.strip()}\n")
    signed.sort(key=lambda line: line.partition(":")[0])
    return "".join(signed)


def canonical_request(
    method: str,
    uri: str,
    query: str,
    headers: Mapping[str, str],
    *,
    additional: tuple[str, ...] = (),
    payload: str = UNSIGNED_PAYLOAD,
) -> str:
    """The six parts that are hashed, from an encoded URI and a raw query."""
    return "\n".join(
        (
            method,
            uri,
            canonical_query(query),
            canonical_headers(headers, additional),
            ";".join(additional),
            payload,
        )
    )


def credential_scope(date: str, region: str, product: str = PRODUCT) -> str:
    """What the signing key is limited to: day, region and product."""
    return f"{date}/{region}/{product}/{REQUEST_TYPE}"


def string_to_sign(timestamp: str, scope: str, canonical: str) -> str:
    """The text whose HMAC is the signature."""
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    return f"{ALGORITHM}\n{timestamp}\n{scope}\n{digest}"


@lru_cache(maxsize=64)
def signing_key(secret: str, date: str, region: str, product: str = PRODUCT) -> bytes:
    """The key derived for one day and region; cached, as a run signs thousands of requests with it."""
    key = f"aliyun_v4{secret}".encode()
    for part in (date, region, product, REQUEST_TYPE):
        key = hmac.digest(key, part.encode(), "sha256")
    return key


def sign(key: bytes, text: str) -> str:
    """The signature: 64 lower-case hexadecimal digits."""
    return hmac.digest(key, text.encode(), "sha256").hex()


@dataclass(frozen=True, kw_only=True)
class _Options:
    """What both signers share; every deviation from the defaults exists to test a server.

    ``timestamp`` is written as x-oss-date in place of the time, for texts that
    are no date.  ``listed_headers`` are named as additional headers exactly as
    they stand, in whatever order and case, and whether or not they are sent.
    With ``right_key`` the signing key is that of the right scope, whatever the
    scope says.
    """

    now: Callable[[], datetime] = utc_now
    clock_offset: timedelta = timedelta(0)
    timestamp: str | None = None
    additional_headers: tuple[str, ...] = ()
    listed_headers: tuple[str, ...] | None = None
    scope_region: str | None = None
    scope_date: str | None = None
    product: str = PRODUCT
    right_key: bool = False


@dataclass(frozen=True)
class _Signer(_Options, AuthBase):
    """A signer for one bucket (``None``: the service host)."""

    credentials: Credentials
    region: str
    account_id: str
    bucket: str | None

    def _time(self) -> datetime:
        return self.now().astimezone(UTC) + self.clock_offset

    def _timestamp(self, time: datetime) -> str:
        return self.timestamp if self.timestamp is not None else f"{time:%Y%m%dT%H%M%SZ}"

    def _additional(self, headers: Mapping[str, str]) -> tuple[str, ...]:
        if self.listed_headers is not None:
            return self.listed_headers
        return additional_header_names(headers, self.additional_headers)

    def _scope_parts(self, timestamp: str) -> tuple[str, str, str]:
        # A timestamp that is no date names no day; the scope then has that of the clock.
        day = timestamp[:8] if self.timestamp is None else f"{self._time():%Y%m%d}"
        return self.scope_date or day, self.scope_region or self.region, self.product

    def _signature(
        self, request: requests.PreparedRequest, query: str, timestamp: str, additional: tuple[str, ...]
    ) -> str:
        canonical = canonical_request(
            request.method or "",
            canonical_uri(self.region, self.account_id, self.bucket),
            query,
            request.headers,
            additional=additional,
            payload=request.headers.get("x-oss-content-sha256", UNSIGNED_PAYLOAD),
        )
        parts = self._scope_parts(timestamp)
        limits = (timestamp[:8], self.region, PRODUCT) if self.right_key else parts
        key = signing_key(self.credentials.access_key_secret, *limits)
        return sign(key, string_to_sign(timestamp, credential_scope(*parts), canonical))


@dataclass(frozen=True, kw_only=True)
class HeaderSignature(_Signer):
    """Signs in the Authorization header, the way the SDKs do by default.

    ``separator`` joins the fields of that header: the SDKs write a bare comma,
    the help page a comma and a blank.  ``content_md5`` adds the Content-MD5 that
    the SDKs send with every request.  Without ``date_header`` only Date says when
    the request was signed, as in the samples of the pages; without
    ``content_sha256`` no header says what is hashed.
    """

    separator: str = ","
    content_md5: bool = False
    content_sha256: str | None = UNSIGNED_PAYLOAD
    date_header: bool = True

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        time = self._time()
        timestamp = self._timestamp(time)
        headers = r.headers
        if self.date_header:
            headers["x-oss-date"] = timestamp
        headers["Date"] = format_datetime(time, usegmt=True)
        if self.content_sha256 is not None:
            headers["x-oss-content-sha256"] = self.content_sha256
        if self.credentials.security_token:
            headers["x-oss-security-token"] = self.credentials.security_token
        if self.content_md5:
            headers["Content-MD5"] = _content_md5(r.body)
        additional = self._additional(headers)
        signature = self._signature(r, raw_query(r.url or ""), timestamp, additional)
        scope = credential_scope(*self._scope_parts(timestamp))
        fields = [f"Credential={self.credentials.access_key_id}/{scope}"]
        if additional:
            fields.append(f"AdditionalHeaders={';'.join(additional)}")
        fields.append(f"Signature={signature}")
        headers["Authorization"] = f"{ALGORITHM} {self.separator.join(fields)}"
        return r


@dataclass(frozen=True, kw_only=True)
class UrlSignature(_Signer):
    """Signs in the query string.

    The SDKs' vector signers implement it; no page shows it for vectors.
    ``expires`` is text as well as number, to send values that are no number;
    ``None`` leaves the parameter out.
    """

    expires: int | str | None = DEFAULT_EXPIRES

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        timestamp = self._timestamp(self._time())
        scope = credential_scope(*self._scope_parts(timestamp))
        additional = self._additional(r.headers)
        base, _, query = (r.url or "").partition("?")
        pairs = [pair for pair in query.split("&") if pair and pair.partition("=")[0] not in _URL_PARAMETERS]
        credential = quote(f"{self.credentials.access_key_id}/{scope}", safe="")
        pairs += [
            f"x-oss-signature-version={ALGORITHM}",
            f"x-oss-date={quote(timestamp, safe='')}",
            f"x-oss-credential={credential}",
        ]
        if self.expires is not None:
            pairs.append(f"x-oss-expires={quote(str(self.expires), safe='')}")
        if self.credentials.security_token:
            pairs.append(f"x-oss-security-token={quote(self.credentials.security_token, safe='')}")
        if additional:
            pairs.append(f"x-oss-additional-headers={quote(';'.join(additional), safe='')}")
        query = "&".join(pairs)
        r.url = f"{base}?{query}&x-oss-signature={self._signature(r, query, timestamp, additional)}"
        return r


class Anonymous(AuthBase):
    """Sends the request unsigned, without so much as a date header."""

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        return r


def raw_query(url: str) -> str:
    """The query of a URL exactly as it will be sent."""
    return url.partition("?")[2]


def _content_md5(body: object) -> str:
    data = body if isinstance(body, bytes) else b""
    return base64.b64encode(hashlib.md5(data, usedforsecurity=False).digest()).decode()
