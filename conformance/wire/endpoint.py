"""The endpoint under test, parsed once and strictly.

Strict because a wrong guess sends signed requests to the wrong machine: there
is no default scheme, and nothing but scheme, host and port is accepted.
"""

from __future__ import annotations

import ipaddress
import re
from dataclasses import dataclass

DEFAULT_PORTS = {"http": 80, "https": 443}
REAL_SERVICE = "oss-vectors.aliyuncs.com"
HIGHEST_PORT = 65535

# Letters of a DNS label as resolvers accept them, plus the underscore of
# container networks (http://my_service:8080).
_LABEL = re.compile(r"[A-Za-z0-9_]([A-Za-z0-9_-]{0,61}[A-Za-z0-9_])?")


class EndpointError(ValueError):
    """The text is not an endpoint; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class Endpoint:
    """Scheme, host and port of a service, with ``text`` as its normal form.

    ``host`` is lower-case, without the brackets of an IPv6 address and without
    a final dot, so that comparisons cannot be tricked by spelling.
    """

    scheme: str
    host: str
    port: int
    text: str

    @property
    def netloc(self) -> str:
        """Host and, unless it is the scheme's default, port, as in a Host header."""
        host = f"[{self.host}]" if ":" in self.host else self.host
        return host if self.port == DEFAULT_PORTS[self.scheme] else f"{host}:{self.port}"

    @property
    def is_ip(self) -> bool:
        """True when the host is an IP address, which no bucket label can be prefixed to."""
        return _address(self.host) is not None

    @property
    def is_loopback(self) -> bool:
        """True for loopback addresses, ``localhost`` and names below it (RFC 6761, section 6.3)."""
        address = _address(self.host)
        if address is None:
            return self.host == "localhost" or self.host.endswith(".localhost")
        mapped = getattr(address, "ipv4_mapped", None)
        return (mapped or address).is_loopback

    @property
    def is_real_service(self) -> bool:
        """True for hosts of the real service, where requests cost money and touch real data."""
        return self.host == REAL_SERVICE or self.host.endswith("." + REAL_SERVICE)


def parse_endpoint(text: str) -> Endpoint:
    """Parse ``http[s]://host[:port]``; a final slash is allowed and dropped.

    Raises :class:`EndpointError` for anything else.  What might be a password
    is never repeated in the message.
    """
    text = text.strip()
    if not text:
        raise EndpointError("The endpoint is empty; give a URL such as http://127.0.0.1:8080.")
    if "@" in text:
        raise EndpointError(
            "The endpoint must not contain user information (the part before '@'); "
            "set the access key in environment variables instead."
        )
    scheme, separator, rest = text.partition("://")
    scheme = scheme.lower()
    if not separator:
        raise EndpointError(f"The endpoint {text!r} has no scheme; did you mean 'http://{text}'?")
    if scheme not in DEFAULT_PORTS:
        raise EndpointError(f"The endpoint {text!r} must start with http:// or https://, not {scheme}://.")
    extra = re.search(r"[/?#\\]", rest)
    if extra and rest[extra.start() :] != "/":
        raise EndpointError(
            f"The endpoint {text!r} must not have a path or query; "
            f"give only {scheme}://{rest[: extra.start()]}."
        )
    authority = rest.removesuffix("/")
    host = _host(text, authority)
    port = _port(text, authority, DEFAULT_PORTS[scheme])
    return _endpoint(scheme, host, port)


def _endpoint(scheme: str, host: str, port: int) -> Endpoint:
    bare = Endpoint(scheme, host, port, "")
    return Endpoint(scheme, host, port, f"{scheme}://{bare.netloc}")


def _host(text: str, authority: str) -> str:
    # Not urlsplit: it silently drops line breaks and tabs.
    if authority.startswith("["):
        host, bracket, rest = authority[1:].partition("]")
        address = None if "%" in host else _address(host)
        if not bracket or rest[:1] not in {"", ":"} or not isinstance(address, ipaddress.IPv6Address):
            raise EndpointError(f"The endpoint {text!r} has a malformed IPv6 address.")
        return str(address)
    host = authority.partition(":")[0].lower()
    host = host.removesuffix(".")
    if not host:
        raise EndpointError(f"The endpoint {text!r} has no host.")
    if _address(host) is not None:
        return host
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels):
        raise EndpointError(f"The endpoint {text!r} has an invalid host name.")
    if labels[-1].isdigit():
        # Resolvers read 127.1 or 2130706433 as addresses; the safety rules do not.
        raise EndpointError(f"The endpoint {text!r} looks like an IP address but is not one.")
    return host


def _port(text: str, authority: str, default: int) -> int:
    _, colon, port = authority.rpartition("]")[2].partition(":")
    if not colon:
        return default
    if not re.fullmatch(r"[0-9]{1,5}", port) or not 1 <= int(port) <= HIGHEST_PORT:
        raise EndpointError(f"The endpoint {text!r} has a bad port; it must be 1 to {HIGHEST_PORT}.")
    return int(port)


def _address(host: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(host)
    except ValueError:
        return None
