"""The requests adapter that puts exactly the given bytes on the wire, within a deadline.

Three things the stock adapter does not do, each through an extension point of
urllib3 (connection class, pool class):

- urllib3 normalises the request target (``%2f`` becomes ``%2F``), which would
  send other bytes than were signed and recorded;
- its read timeout starts anew with every byte, so a server that trickles its
  answer can hold a run for ever;
- it does not tell whether a failure happened on a connection that had idled.
"""

from __future__ import annotations

import http.client
import io
import re
import socket
import ssl
import time
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from requests.adapters import HTTPAdapter
from urllib3 import HTTPConnectionPool, HTTPSConnectionPool
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.exceptions import (
    ConnectTimeoutError,
    HTTPError,
    LocationValueError,
    NameResolutionError,
    NewConnectionError,
    ReadTimeoutError,
    SSLError,
)

from conformance.wire.exchange import FailureKind

# Buckets have a host each in virtual-host addressing, and every host its pool.
POOLED_HOSTS = 128
POOLED_CONNECTIONS = 32

_OBJECT = re.compile(r"^_?\w*(?:Pool|Connection)\(.*?\): ")

# What the libraries raise when no complete answer arrives.
TRANSPORT_ERRORS = (HTTPError, http.client.HTTPException, OSError)


@dataclass(slots=True)
class Ticket:
    """What one attempt tells its connection, and learns from it."""

    target: str
    read_timeout: float
    deadline: float
    fresh: bool = False
    closing: bool = False
    reused: bool = field(default=False, init=False)
    answered: bool = field(default=False, init=False)
    ended: bool = field(default=False, init=False)

    def patience(self) -> float:
        """How long the next read may take; raises ``TimeoutError`` past the deadline."""
        remaining = self.deadline - time.monotonic()
        if remaining <= 0:
            raise TimeoutError("the whole answer took too long")
        return min(self.read_timeout, remaining)


class TicketHeaders(dict[str, str]):
    """Request headers that carry the ticket through urllib3 to the connection."""

    def __init__(self, headers: Any, ticket: Ticket) -> None:
        super().__init__(headers)
        self.ticket = ticket

    def copy(self) -> TicketHeaders:
        """A copy with the same ticket; urllib3 sends a copy of what it was given."""
        return TicketHeaders(self, self.ticket)


class _TimedReader(io.RawIOBase):
    """The receiving half of a socket, with the patience of a ticket."""

    def __init__(self, sock: socket.socket, ticket: Ticket) -> None:
        self._sock = sock
        self._ticket = ticket
        self._raw = sock.makefile("rb", buffering=0)

    def readable(self) -> bool:
        return not self.closed

    def readinto(self, buffer: Any) -> int | None:
        self._sock.settimeout(self._ticket.patience())
        count = self._raw.readinto(buffer)
        if count:
            self._ticket.answered = True
        else:
            self._ticket.ended = True
        return count

    def close(self) -> None:
        if self._ticket.closing and not self.closed:
            # Before the pool gets the connection back, and may give it to another thread.
            with suppress(OSError):
                self._sock.shutdown(socket.SHUT_RDWR)
        self._raw.close()
        super().close()


class _AnswerReader(io.BufferedReader):
    """Hands out the lines of an answer without the blanks before their ends.

    Blanks after the value of a header are no part of it (RFC 9110, section
    5.5); ``http.client`` would keep them, and not know ``chunked`` with one
    after it.  Bodies are not read by lines.
    """

    def readline(self, size: int | None = -1, /) -> bytes:
        line = super().readline(size)
        if not line.endswith((b" \r\n", b"\t\r\n")) or not line.strip():
            return line
        return line.rstrip(b" \t\r\n") + b"\r\n"


class _TimedSocket:
    """The one method of a socket that ``http.client.HTTPResponse`` uses."""

    def __init__(self, sock: socket.socket, ticket: Ticket) -> None:
        self._sock = sock
        self._ticket = ticket

    def makefile(self, _mode: str) -> io.BufferedReader:
        """A buffered reader over the socket."""
        return _AnswerReader(_TimedReader(self._sock, self._ticket))


def _timed_response(sock: socket.socket, ticket: Ticket, **options: Any) -> http.client.HTTPResponse:
    return http.client.HTTPResponse(_TimedSocket(sock, ticket), **options)  # type: ignore[arg-type]


class _TicketConnection(HTTPConnection):
    """Sends the exact target of a ticket, and reads with its patience."""

    _sent = 0
    _ticket: Ticket | None = None
    _outbox: list[bytes] | None = None

    def connect(self) -> None:
        super().connect()
        self._sent = 0
        if self._ticket is not None:
            # The timeout of connecting is too short for sending a large body.
            self.sock.settimeout(self._ticket.patience())

    def send(self, data: Any) -> None:
        """Send bytes; head and body of a request leave together, since each packet wakes the target anew."""
        if self._outbox is None:
            super().send(data)
        else:
            self._outbox.append(data.encode("latin-1") if isinstance(data, str) else bytes(data))

    def request(self, method: str, url: str, *args: Any, **options: Any) -> None:
        headers = options.get("headers")
        del url  # normalised by the pool; the ticket has the original
        if not isinstance(headers, TicketHeaders):
            raise TypeError("A ticket connection needs TicketHeaders.")
        self._ticket = ticket = headers.ticket
        try:
            if ticket.fresh and self._sent:
                self.close()
            ticket.reused = self.sock is not None and self._sent > 0
            if self.sock is not None:
                self.timeout = ticket.patience()
            # http.client calls this with the socket and names it a class; any factory will do.
            self.response_class = partial(_timed_response, ticket=ticket)  # type: ignore[assignment]
            self._outbox = []
            super().request(method, ticket.target, *args, **options)
            whole, self._outbox = b"".join(self._outbox), None
            self.send(whole)
        finally:
            self._outbox = None
            # After, because connecting sets it to zero.
            self._sent += 1
            self._ticket = None


class _TicketTLSConnection(_TicketConnection, HTTPSConnection):
    """The same over TLS."""


class _TicketPool(HTTPConnectionPool):
    ConnectionCls = _TicketConnection


class _TicketTLSPool(HTTPSConnectionPool):
    ConnectionCls = _TicketTLSConnection


class TicketAdapter(HTTPAdapter):
    """Pools connections that understand tickets."""

    def __init__(self) -> None:
        super().__init__(POOLED_HOSTS, POOLED_CONNECTIONS, max_retries=0)

    def init_poolmanager(self, *args: Any, **options: Any) -> None:
        """Build the pool manager as usual, then have it make ticket pools."""
        super().init_poolmanager(*args, **options)
        self.poolmanager.pool_classes_by_scheme = {"http": _TicketPool, "https": _TicketTLSPool}


def is_stale_connection(error: BaseException, ticket: Ticket) -> bool:
    """True when a kept-alive connection turned out closed before any byte of the answer."""
    if ticket.answered or not ticket.reused:
        return False
    closed = (ConnectionError, ssl.SSLEOFError, ssl.SSLZeroReturnError)
    return any(isinstance(cause, closed) for cause in _causes(error))


def explain(error: BaseException) -> tuple[FailureKind, str]:
    """The kind of a transport failure and its root cause in words (not yet redacted)."""
    causes = list(_causes(error))
    for kind, types in _KINDS:
        for cause in causes:
            if isinstance(cause, types):
                return kind, _words(cause)
    return FailureKind.PROTOCOL, _words(causes[-1])


# In the order of precedence: a resolver's failure is also a failed connection,
# and a missing answer (RemoteDisconnected) is also a malformed one.
_KINDS: tuple[tuple[FailureKind, tuple[type[BaseException], ...]], ...] = (
    (FailureKind.TLS, (SSLError, ssl.SSLError)),
    (FailureKind.RESOLVE, (socket.gaierror, NameResolutionError, LocationValueError)),
    (FailureKind.REFUSED, (ConnectionRefusedError,)),
    (FailureKind.TIMEOUT, (TimeoutError, ConnectTimeoutError, ReadTimeoutError)),
    (FailureKind.RESET, (ConnectionError,)),
    (FailureKind.REFUSED, (NewConnectionError,)),
)


def _causes(error: BaseException) -> Iterator[BaseException]:
    """``error`` and everything it wraps, outermost first."""
    seen: set[int] = set()
    queue: list[object] = [error]
    while queue:
        cause = queue.pop(0)
        if not isinstance(cause, BaseException) or id(cause) in seen:
            continue
        seen.add(id(cause))
        yield cause
        queue += [*cause.args, getattr(cause, "reason", None), cause.__cause__]


def _words(cause: BaseException) -> str:
    if isinstance(cause, OSError) and cause.strerror:
        return cause.strerror
    if isinstance(cause, http.client.IncompleteRead):
        return "the connection was closed before the whole answer had arrived"
    text = str(cause.args[-1]) if cause.args else ""
    if isinstance(cause, HTTPError):
        # urllib3 puts the pool or connection before what happened, in words for debugging.
        text = _OBJECT.sub("", text)
    return text or type(cause).__name__
