"""One request as data, and what came of sending it.

The oracle judges an :class:`Exchange` from the bytes that were sent, never from
what a generator meant to send.
"""

from __future__ import annotations

import enum
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

import requests
from requests.auth import AuthBase

Headers = tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Request:
    """A request before addressing and signing.

    ``query`` is the raw, already percent-encoded query string without ``?``.
    ``bucket`` is ``None`` for the service host.  ``auth`` replaces the run's
    own signature (to test authentication); ``tamper`` edits the prepared
    request after it was signed.  ``closing`` closes the connection after the
    answer; no header announces it.
    """

    operation: str
    method: str
    query: str = ""
    bucket: str | None = None
    headers: Headers = ()
    body: bytes | None = None
    chunked: bool = False
    auth: AuthBase | None = None
    tamper: Callable[[requests.PreparedRequest], None] | None = None
    closing: bool = False


@dataclass(frozen=True, slots=True)
class Response:
    """A complete HTTP answer; header names keep the case they were sent in."""

    status: int
    reason: str
    headers: Headers
    body: bytes

    def header(self, name: str) -> str | None:
        """Value of the first header called ``name`` (case-insensitive), or ``None``."""
        wanted = name.lower()
        for key, value in self.headers:
            if key.lower() == wanted:
                return value
        return None


class FailureKind(enum.StrEnum):
    """Why no complete HTTP answer arrived."""

    REFUSED = "refused"
    RESET = "reset"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"
    TLS = "tls"
    RESOLVE = "resolve"
    TOO_LARGE = "too large"


@dataclass(frozen=True, slots=True)
class TransportFailure:
    """What went wrong below HTTP, in one sentence without secrets."""

    kind: FailureKind
    message: str


@dataclass(frozen=True, slots=True)
class Exchange:
    """One request that was sent and its answer, or why there is none.

    ``target`` is the request target on the wire (``/?putVectorIndex``),
    ``host`` the value of the Host header, ``url`` what was connected to.
    ``request_headers`` are redacted; ``signed`` says whether the run's own
    valid signature was used.
    """

    id: str
    operation: str
    bucket: str | None
    method: str
    url: str
    target: str
    host: str
    request_headers: Headers
    request_body: bytes
    signed: bool
    started: datetime
    elapsed: float
    response: Response | None
    failure: TransportFailure | None
    attempt: int = 1
