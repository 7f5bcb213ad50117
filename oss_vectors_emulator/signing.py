"""Signature version 4 as the vector clients compute it: pure functions from a request to 64 hex digits.

Sources: Signature version 4 page (algorithm, scope, key derivation) and the vector signers of the official
SDKs (the canonical URI is the bucket's ARN, not the path of the request).
"""

from __future__ import annotations

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from functools import lru_cache
from urllib.parse import quote

ALGORITHM = "OSS4-HMAC-SHA256"
TERMINATOR = "aliyun_v4_request"
PRODUCT = "oss"
UNSIGNED_PAYLOAD = "UNSIGNED-PAYLOAD"
SIGNATURE_PARAMETER = "x-oss-signature"
_ALWAYS_SIGNED = frozenset({"content-type", "content-md5"})


@lru_cache(maxsize=1024)
def canonical_uri(region: str, account: str, bucket: str | None, object_key: str = "") -> str:
    """The ARN path, percent-encoded except for slashes; at service level it has no account either."""
    path = f"/acs:ossvector:{region}::/" if bucket is None else f"/acs:ossvector:{region}:{account}:{bucket}/"
    return quote(path + object_key, safe="/")


def canonical_query(pairs: Iterable[tuple[str, str]]) -> str:
    """Encoded pairs sorted by name; an empty value leaves the bare name, whatever the wire had."""
    signed = ((name, value) for name, value in pairs if name != SIGNATURE_PARAMETER)
    kept = sorted((name.replace("+", "%20"), value.replace("+", "%20")) for name, value in signed)
    return "&".join(f"{name}={value}" if value else name for name, value in kept)


def canonical_headers(headers: Mapping[str, str], additional: Iterable[str]) -> str:
    """All ``x-oss-`` headers, content-type, content-md5 and the additional ones, one per line."""
    extra = frozenset(additional)
    lines = [
        f"{name}:{value.strip()}\n"
        for name, value in sorted(headers.items())
        if name.startswith("x-oss-") or name in _ALWAYS_SIGNED or name in extra
    ]
    return "".join(lines)


def canonical_request(
    method: str, uri: str, query: str, headers: str, additional: str, payload: str = UNSIGNED_PAYLOAD
) -> str:
    """The six parts joined by newlines."""
    return f"{method}\n{uri}\n{query}\n{headers}\n{additional}\n{payload}"


def string_to_sign(date: str, scope: str, canonical: str) -> str:
    """Algorithm, x-oss-date, scope and the hash of the canonical request."""
    return f"{ALGORITHM}\n{date}\n{scope}\n{hashlib.sha256(canonical.encode()).hexdigest()}"


@lru_cache(maxsize=64)
def signing_key(secret: str, day: str, region: str) -> bytes:
    """The key chain date, region, product, terminator; cached because it changes once a day."""
    key = f"aliyun_v4{secret}".encode()
    for part in (day, region, PRODUCT, TERMINATOR):
        key = _hmac(key, part)
    return key


def signature(secret: str, region: str, date: str, scope: str, canonical: str) -> str:
    """64 lower-case hex digits."""
    return _hmac(signing_key(secret, date[:8], region), string_to_sign(date, scope, canonical)).hex()


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.digest(key, text.encode(), "sha256")
