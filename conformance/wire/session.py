"""Sends requests as data and reports what came of it, one exchange each.

Nothing is done behind the caller's back: no redirects, no retries, no cookies,
no proxies or certificates from the environment, no decompression.  The single
exception, a stale kept-alive connection, is explained at :meth:`WireSession.send`.
"""

from __future__ import annotations

import http.client
import itertools
import re
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from types import TracebackType
from typing import Any, ClassVar, Self, cast

import requests
from requests.structures import CaseInsensitiveDict
from urllib3 import BaseHTTPResponse, HTTPConnectionPool
from urllib3.util import SKIP_HEADER, Timeout

from conformance import __version__
from conformance.wire.addressing import Location, Target, locate
from conformance.wire.chain import KeyChain
from conformance.wire.credentials import Credentials
from conformance.wire.exchange import Exchange, FailureKind, Headers, Request, Response, TransportFailure
from conformance.wire.recorder import Recorder
from conformance.wire.redaction import MASK, Redactor
from conformance.wire.signing import HeaderSignature, utc_now
from conformance.wire.transport import (
    TRANSPORT_ERRORS,
    Ticket,
    TicketAdapter,
    TicketHeaders,
    explain,
    is_stale_connection,
)

RUN_HEADER = "x-conformance-run"
USER_AGENT = f"oss-vectors-conformance/{__version__}"
DEFAULT_TIMEOUT = (5.0, 30.0)
MAX_RESPONSE_BYTES = 64 * 1024 * 1024
READ_SIZE = 64 * 1024

_WITH_BODY = frozenset({"POST", "PUT"})
# urllib3 adds these on its own unless it is told not to.
_ADDED_BY_URLLIB3 = ("Host", "Accept-Encoding", "User-Agent")
_SIGNATURE = re.compile(r"Signature=([0-9A-Za-z]{16,})|x-oss-signature=([0-9A-Za-z]{16,})")
# How a signature looks where nothing names it.
_DIGEST = re.compile(rb"[0-9A-Fa-f]{64}")
_VISIBLE = re.compile(r"/[!-~]*")


class UnsendableRequestError(ValueError):
    """The request cannot be put on the wire at all: a mistake of whoever made it."""


@dataclass(frozen=True, slots=True)
class _Attempt:
    """What one sending of a prepared request led to."""

    response: Response | None
    failure: TransportFailure | None
    stale: bool = False


@dataclass(frozen=True, slots=True)
class _Timing:
    """When an exchange started, how long it took and how often it was sent."""

    started: datetime
    elapsed: float
    attempts: int


class WireSession:
    """A pooled HTTP session towards one target, with the run's credentials.

    ``timeout`` is (connect, read) in seconds; ``total_timeout`` bounds a whole
    exchange, by default both plus another read.  ``credentials`` ``None`` sends
    everything unsigned; a :class:`KeyChain` renews them.  ``ca_file`` names the certificates to trust for a
    target with a private authority.  Threads may share a session.
    """

    # Of all sessions of this process: an endpoint may repeat what an earlier one sent.
    _signatures: ClassVar[set[bytes]] = set()

    def __init__(
        self,
        target: Target,
        credentials: Credentials | KeyChain | None,
        *,
        run_id: str,
        timeout: tuple[float, float] = DEFAULT_TIMEOUT,
        total_timeout: float | None = None,
        max_response_bytes: int = MAX_RESPONSE_BYTES,
        worker: str = "main",
        recorder: Recorder | None = None,
        clock: Callable[[], datetime] = utc_now,
        ca_file: str | None = None,
    ) -> None:
        self.target = target
        self._chain = credentials if isinstance(credentials, KeyChain) else None
        self._credentials = credentials.current() if isinstance(credentials, KeyChain) else credentials
        self.run_id = run_id
        self.redactor = Redactor(self._credentials)
        self._connect_timeout, self._read_timeout = timeout
        self._total_timeout = total_timeout or sum(timeout) + self._read_timeout
        self._max_response_bytes = max_response_bytes
        self._worker = worker
        self._recorder = recorder
        self._clock = clock
        self._verify: bool | str = ca_file or True
        self._numbers = itertools.count(1)
        self._pools: dict[str, HTTPConnectionPool] = {}
        self._signers: dict[tuple[Credentials, str | None], HeaderSignature] = {}
        self._session = requests.Session()
        self._session.trust_env = False
        self._adapter = TicketAdapter()
        self._session.mount("http://", self._adapter)
        self._session.mount("https://", self._adapter)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    @property
    def credentials(self) -> Credentials | None:
        """The key that a request is signed with now; another than before where it was renewed."""
        if self._chain is not None:
            current = self._chain.current()
            if self._credentials is not None and current != self._credentials:
                self.redactor.learn(current)
                self._credentials = current
        return self._credentials

    @property
    def key_problem(self) -> str | None:
        """Why the key could not be renewed; ``None`` while nothing is known against it."""
        return self._chain.problem if self._chain is not None else None

    def close(self) -> None:
        """Close all connections; the recorder belongs to the caller."""
        self._session.close()

    def send(self, request: Request) -> Exchange:
        """Sign and send ``request``; transport problems are part of the result, not raised.

        One case is sent twice: when a *reused* connection turns out to be closed
        before any byte of the answer.  Servers close idle connections (uvicorn
        after 5 seconds), and a request that crosses that close on the wire was
        never read; reporting it would blame the target for the client's pooling.
        The second attempt uses a new connection, and ``Exchange.attempt`` says so.

        In the answer, nothing is changed but the run's own secrets, should the
        endpoint echo them.
        """
        location = locate(self.target, request.bucket, request.query)
        prepared = self._prepare(request, location)
        started = self._clock()
        clock = time.perf_counter()
        attempts = 1
        attempt = self._attempt(prepared, fresh=False, closing=request.closing)
        if attempt.stale:
            attempts = 2
            attempt = self._attempt(prepared, fresh=True, closing=request.closing)
        timing = _Timing(started, time.perf_counter() - clock, attempts)
        exchange = self._exchange(request, prepared, location, attempt, timing)
        if self._recorder is not None:
            self._recorder.record(exchange)
        return exchange

    def _prepare(self, request: Request, location: Location) -> requests.PreparedRequest:
        prepared = requests.PreparedRequest()
        prepared.method = request.method
        prepared.url = location.url
        prepared.body = request.body
        prepared.headers = self._headers(request, location.host)
        auth = request.auth or self._signer(request.bucket)
        if auth is not None:
            prepared = auth(prepared)
        if request.tamper is not None:
            request.tamper(prepared)
        return prepared

    def _headers(self, request: Request, host: str) -> CaseInsensitiveDict[str]:
        headers: CaseInsensitiveDict[str] = CaseInsensitiveDict()
        headers["Host"] = host
        headers["User-Agent"] = USER_AGENT
        # Anything else would invite compression, and the oracle judges bytes.
        headers["Accept-Encoding"] = "identity"
        headers[RUN_HEADER] = self.run_id
        if request.body is not None:
            if request.method in _WITH_BODY:
                headers["Content-Type"] = "application/json"
            if request.chunked:
                headers["Transfer-Encoding"] = "chunked"
            else:
                headers["Content-Length"] = str(len(request.body))
        elif request.chunked:
            headers["Transfer-Encoding"] = "chunked"
        elif request.method in _WITH_BODY:
            headers["Content-Length"] = "0"
        own: dict[str, str] = {}
        for name, value in request.headers:
            lower = name.lower()
            if not value:
                headers.pop(name, None)
                continue
            # A repeated header is sent combined, which means the same (RFC 9110, section 5.3).
            own[lower] = f"{own[lower]}, {value}" if lower in own else value
            headers[name] = own[lower]
        return headers

    def _signer(self, bucket: str | None) -> HeaderSignature | None:
        credentials = self.credentials
        if credentials is None:
            return None
        # By key as well: a thread that still signs with an old one must not hand it to the others.
        signer = self._signers.get((credentials, bucket))
        if signer is None:
            target = self.target
            signer = HeaderSignature(credentials, target.region, target.account_id, bucket, now=self._clock)
            self._signers[credentials, bucket] = signer
        return signer

    def _attempt(self, prepared: requests.PreparedRequest, *, fresh: bool, closing: bool) -> _Attempt:
        ticket = Ticket(
            _request_target(prepared.url or ""),
            self._read_timeout,
            time.monotonic() + self._total_timeout,
            fresh,
            closing,
        )
        try:
            raw = self._open(prepared, ticket)
        except TRANSPORT_ERRORS as error:
            return _Attempt(None, self._failure(error), is_stale_connection(error, ticket))
        except ValueError as error:
            # http.client refuses line breaks in headers, among others.
            raise UnsendableRequestError(f"The request cannot be sent: {error}.") from error
        try:
            if ticket.ended:
                # http.client takes a head that breaks off for a complete one.
                raise http.client.HTTPException("the connection was closed in the head of the answer")
            return self._read(raw, prepared)
        except TRANSPORT_ERRORS as error:
            return _Attempt(None, self._failure(error))
        finally:
            # A body that was not read to its end would be taken for the next answer.
            if not raw.closed:
                raw.close()
            raw.release_conn()

    def _open(self, prepared: requests.PreparedRequest, ticket: Ticket) -> BaseHTTPResponse:
        """Send the request and read the head of the answer."""
        headers = TicketHeaders(prepared.headers.items(), ticket)
        for name in _ADDED_BY_URLLIB3:
            if name not in prepared.headers:
                headers[name] = SKIP_HEADER
        return self._pool(prepared, ticket.target).urlopen(
            prepared.method or "",
            "/",
            body=cast("Any", prepared.body),
            headers=headers,
            retries=False,
            redirect=False,
            assert_same_host=False,
            timeout=Timeout(connect=self._connect_timeout, read=self._read_timeout),
            chunked="Transfer-Encoding" in prepared.headers,
            preload_content=False,
            decode_content=False,
        )

    def _pool(self, prepared: requests.PreparedRequest, request_target: str) -> HTTPConnectionPool:
        """The connections to the machine a request goes to; requests takes long to look that up."""
        machine = (prepared.url or "").removesuffix(request_target)
        pool = self._pools.get(machine)
        # The pool manager closes the pool of a host that was not used for long.
        if pool is None or pool.pool is None:
            found = self._adapter.get_connection_with_tls_context(prepared, self._verify)
            pool = self._pools[machine] = cast("HTTPConnectionPool", found)
        return pool

    def _read(self, raw: BaseHTTPResponse, prepared: requests.PreparedRequest) -> _Attempt:
        """Read the body of the answer, up to the limit."""
        limit = self._max_response_bytes
        chunks: list[bytes] = []
        size = 0
        while not raw.closed and (chunk := raw.read1(READ_SIZE)):
            size += len(chunk)
            if size > limit:
                message = f"The answer is longer than {limit} bytes."
                return _Attempt(None, TransportFailure(FailureKind.TOO_LARGE, message))
            chunks.append(chunk)
        sent = self._note_signatures(prepared)
        reason = self._masked((raw.reason or "").encode("latin-1", "replace"), sent).decode("latin-1")
        headers = self._masked_headers(tuple(raw.headers.items()), sent)
        return _Attempt(Response(raw.status, reason, headers, self._masked(b"".join(chunks), sent)), None)

    def _note_signatures(self, prepared: requests.PreparedRequest) -> tuple[str, ...]:
        """The signatures of a request; they are kept, since a later answer may repeat them too."""
        text = f"{prepared.headers.get('Authorization') or ''} {prepared.url or ''}"
        sent = tuple(found[1] or found[2] for found in _SIGNATURE.finditer(text))
        self._signatures.update(signature.lower().encode() for signature in sent)
        return sent

    def _masked(self, data: bytes, sent: tuple[str, ...]) -> bytes:
        """Part of an answer without the run's secrets and the signatures of this and earlier requests."""
        return _DIGEST.sub(self._masked_digest, self.redactor.known(data, *sent))

    def _masked_digest(self, found: re.Match[bytes]) -> bytes:
        return MASK.encode() if found[0].lower() in self._signatures else found[0]

    def _masked_headers(self, headers: Headers, sent: tuple[str, ...]) -> Headers:
        plain = "\n".join(f"{name}\n{value}" for name, value in headers).encode("latin-1", "replace")
        # Nearly always clean, and one search is cheaper than one per header.
        if self._masked(plain, sent) == plain:
            return headers

        def masked(text: str) -> str:
            return self._masked(text.encode("latin-1", "replace"), sent).decode("latin-1")

        return tuple((masked(name), masked(value)) for name, value in headers)

    def _failure(self, error: BaseException) -> TransportFailure:
        kind, words = explain(error)
        text = " ".join(self.redactor.text(words)[:_WORDS_LIMIT].split()).rstrip(".")
        return TransportFailure(kind, f"{_SENTENCES[kind]}: {text}.")

    def _exchange(
        self,
        request: Request,
        prepared: requests.PreparedRequest,
        location: Location,
        attempt: _Attempt,
        timing: _Timing,
    ) -> Exchange:
        url, target = location.url, location.request_target
        if prepared.url != url:
            url = self.redactor.url(prepared.url or "")
            target = _request_target(url)
        own = self._credentials is not None and request.auth is None and request.tamper is None
        body = prepared.body
        return Exchange(
            id=f"{self._worker}-{next(self._numbers):06d}",
            operation=request.operation,
            bucket=request.bucket,
            method=prepared.method or "",
            url=url,
            target=target,
            host=prepared.headers.get("Host", ""),
            request_headers=self.redactor.headers(tuple(prepared.headers.items())),
            request_body=body if isinstance(body, bytes) else (body or "").encode(),
            signed=own,
            started=timing.started,
            elapsed=timing.elapsed,
            response=attempt.response,
            failure=attempt.failure,
            attempt=timing.attempts,
        )


_WORDS_LIMIT = 200
_SENTENCES = {
    FailureKind.REFUSED: "The connection was refused",
    FailureKind.RESET: "The connection was closed before the answer was complete",
    FailureKind.TIMEOUT: "The answer did not arrive in time",
    FailureKind.PROTOCOL: "The answer is not HTTP, or not complete",
    FailureKind.TLS: "The TLS handshake or connection failed",
    FailureKind.RESOLVE: "The host name could not be resolved",
}


def _request_target(url: str) -> str:
    """Everything after the authority, byte for byte (``urlsplit`` would drop some characters)."""
    start = url.find("/", url.find("://") + 3)
    target = url[start:] if start >= 0 else "/"
    if not _VISIBLE.fullmatch(target):
        raise UnsendableRequestError("The request target has a blank, control or non-ASCII character.")
    return target
