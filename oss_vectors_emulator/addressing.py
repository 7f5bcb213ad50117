"""Which bucket a request is about: virtual-host style, path style or the service itself.

Hosts are ``{bucket}-{accountId}.{region}.oss-vectors.aliyuncs.com`` for buckets and
``{region}.oss-vectors.aliyuncs.com`` for ListVectorBuckets (operation pages, Request syntax). Path style
(``/{bucket}/?op``) is what the official Go client sends to an IP address; the documents do not have it.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass
from urllib.parse import unquote

_BUCKET_LABEL = re.compile(r"(?P<bucket>.+)-(?P<account>[0-9]+)", re.ASCII)


@dataclass(frozen=True, slots=True)
class Address:
    """The target of a request; ``bucket`` is None at service level, ``account`` None if not in the host."""

    bucket: str | None
    account: str | None
    object_key: str = ""


class Addressing:
    """Resolves host and path to an :class:`Address`."""

    def __init__(self, region: str) -> None:
        self.region = region

    def resolve(self, host: str, raw_path: str) -> Address:
        """Bucket and account from the host, else the bucket from the path, else the service."""
        path = unquote(raw_path, errors="replace")
        found = self.from_host(host)
        if found is not None:
            bucket, account = found
            return Address(bucket, account, path.removeprefix("/"))
        bucket, _, object_key = path.removeprefix("/").partition("/")
        return Address(bucket or None, None, object_key)

    def from_host(self, host: str) -> tuple[str, str] | None:
        """Bucket and account of a virtual host, or None when the host names none.

        The account is what follows the last hyphen of the label, since bucket names hold hyphens too. A
        service host is recognised first: its first label is a region, and regions like ``us-west-1`` look
        like a bucket with an account.
        """
        name = self.without_port(host)
        labels = name.split(".")
        if len(labels) == 1 or self.is_ip(name) or self.is_service(labels):
            return None
        for position, label in enumerate(labels[:-1]):
            match = _BUCKET_LABEL.fullmatch(label)
            if match is not None and not self.is_service(labels[position:]):
                return ".".join([*labels[:position], match["bucket"]]), match["account"]
            if label == self.region:
                break
        return None

    def is_service(self, labels: list[str]) -> bool:
        """Whether the labels start with a region, alone or in its ``-internal`` (VPC) form."""
        return labels[0] in (self.region, f"{self.region}-internal") or labels[1:2] == ["oss-vectors"]

    @staticmethod
    def without_port(host: str) -> str:
        """The host name of a Host header value."""
        if host.startswith("["):
            return host.partition("]")[0].removeprefix("[")
        return host.partition(":")[0]

    @staticmethod
    def is_ip(name: str) -> bool:
        """Whether the name is a literal IPv4 or IPv6 address."""
        if not (name[-1:].isdigit() or ":" in name):
            return False
        try:
            ipaddress.ip_address(name)
        except ValueError:
            return False
        return True
