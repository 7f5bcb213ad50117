"""From a bucket to a URL: which machine to connect to and which Host to name.

The public host of a bucket is ``{bucket}-{accountId}.{region}.oss-vectors.aliyuncs.com``
(PutVectorIndex page, sample request).  Path style, ``/{bucket}/?op`` on the bare
endpoint, is what the Go SDK uses towards IP addresses; no page documents it for
the service.  Neither host nor path is part of the signature, so both forms carry
the same one.
"""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, replace
from functools import lru_cache
from urllib.parse import quote

from conformance.wire.endpoint import REAL_SERVICE, Endpoint

# What RFC 3986 (section 3.2.2) allows in a host name besides letters and digits.
_HOST_SAFE = "-._~!$&'()*+,;="
_DNS_LABEL = r"[A-Za-z0-9]([A-Za-z0-9-]{0,61}[A-Za-z0-9])?"
_DNS_LABELS = re.compile(rf"{_DNS_LABEL}(\.{_DNS_LABEL})*")


class Addressing(enum.StrEnum):
    """How a request names its bucket."""

    VIRTUAL_HOST = "virtual-host"
    PATH = "path"


@dataclass(frozen=True, slots=True)
class Target:
    """What a run is pointed at.

    ``virtual_host`` is the service name in the Host header.  Left ``None`` it is
    the endpoint's own name, or the public name of the region where the endpoint
    is an address that a bucket label cannot be prefixed to.  When it is given,
    requests still go to the endpoint: a Host header never chooses the machine.
    """

    endpoint: Endpoint
    region: str
    account_id: str
    addressing: Addressing = Addressing.VIRTUAL_HOST
    virtual_host: str | None = None

    @property
    def service_host(self) -> str:
        """The Host of requests that name no bucket in virtual-host addressing."""
        if self.virtual_host is not None:
            return self.virtual_host
        if self.endpoint.is_ip or self.endpoint.is_loopback:
            return f"{self.region}.{REAL_SERVICE}"
        return self.endpoint.netloc

    @property
    def other_way(self) -> Target:
        """The same target with buckets named in the other way."""
        virtual = self.addressing is Addressing.VIRTUAL_HOST
        return replace(self, addressing=Addressing.PATH if virtual else Addressing.VIRTUAL_HOST)


@dataclass(frozen=True, slots=True)
class Location:
    """Where one request goes: URL to connect to, Host header, request target."""

    url: str
    host: str
    request_target: str


def locate(target: Target, bucket: str | None, query: str = "") -> Location:
    """Address a bucket (``None``: the service itself) with a raw query string.

    Bucket names are taken as they are, valid or not, since refusing the invalid
    ones is the server's job; only what a URL cannot hold is percent-encoded.
    """
    base, host, path = _place(target, bucket)
    request_target = f"{path}?{query}" if query else path
    return Location(base + request_target, host, request_target)


@lru_cache(maxsize=1024)
def _place(target: Target, bucket: str | None) -> tuple[str, str, str]:
    endpoint = target.endpoint
    if target.addressing is Addressing.PATH:
        path = "/" if bucket is None else f"/{quote(bucket, safe='')}/"
        return endpoint.text, target.virtual_host or endpoint.netloc, path
    service = target.service_host
    if bucket is None:
        return endpoint.text, service, "/"
    label = f"{bucket}-{target.account_id}"
    host = f"{quote(label, safe=_HOST_SAFE)}.{service}"
    by_name = target.virtual_host is None and not (endpoint.is_ip or endpoint.is_loopback)
    if by_name and _DNS_LABELS.fullmatch(label):
        return f"{endpoint.scheme}://{host}", host, "/"
    # Also a name that DNS cannot hold (too long, wrong characters) goes to the
    # endpoint itself, so that the server and not the resolver refuses it.
    return endpoint.text, host, "/"
