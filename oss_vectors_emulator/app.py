"""The ASGI edge: bytes in, bytes out.

A plain ASGI callable without routing or middleware layers, because a test suite sends thousands of tiny
requests and the framework would cost more than the work.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any

from oss_vectors_emulator.behaviour import Behaviour, build_behaviour
from oss_vectors_emulator.config import Settings
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import HeaderList, Request, Response

Message = MutableMapping[str, Any]
Scope = MutableMapping[str, Any]
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
_MILLISECONDS = 1000.0


class EmulatorApp:
    """The emulator as an ASGI application."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.pipeline = behaviour.pipeline(behaviour)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Serve one connection scope."""
        if scope["type"] == "http":
            await self.serve(scope, receive, send)
        elif scope["type"] == "lifespan":
            await _lifespan(receive, send)

    async def serve(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Read the request, answer it, forget it."""
        parts = self.behaviour
        body = await self.read_body(receive)
        if body is None:
            return
        request = _request(scope, body, parts.headers.new_request_id())
        started = parts.clock.monotonic()
        response = self.answer(request)
        try:
            if parts.settings.latency_ms:
                await asyncio.sleep(parts.settings.latency_ms / _MILLISECONDS)
            elapsed = int((parts.clock.monotonic() - started) * _MILLISECONDS)
            await self.respond(send, request, response, elapsed)
        finally:
            parts.rates.release(request.request_id)

    def answer(self, request: Request) -> Response:
        """The pipeline's answer, unless the body went over the memory guard."""
        if len(request.body) > self.behaviour.settings.limits.request_bytes:
            error = ServiceError("InvalidArgument", "The request body is too large for this emulator.")
            return self.behaviour.errors.render(error, request)
        return self.pipeline.handle(request)

    async def read_body(self, receive: Receive) -> bytes | None:
        """The whole body, or None when the client left; what exceeds the memory guard is dropped."""
        most = self.behaviour.settings.limits.request_bytes
        chunks: list[bytes] = []
        size = 0
        while True:
            message = await receive()
            if message["type"] == "http.disconnect":
                return None
            chunk = message.get("body", b"")
            if size <= most:
                chunks.append(chunk)
                size += len(chunk)
            if not message.get("more_body", False):
                return b"".join(chunks)

    def refuse_unreadable(self, reason: str, headers: HeaderList) -> tuple[Response, HeaderList]:
        """The answer to a head the HTTP parser gave up on, with the headers it had read so far.

        No page describes it; general OSS calls a request it cannot understand InvalidArgument.
        """
        parts = self.behaviour
        closing = (*headers, ("connection", "close"))
        request = Request("", "", "", closing, b"", parts.headers.new_request_id())
        response = parts.errors.render(ServiceError("InvalidArgument", reason), request)
        return response, (*parts.headers.complete(request, response, 0), ("connection", "close"))

    async def respond(self, send: Send, request: Request, response: Response, elapsed_ms: int) -> None:
        """Send head and body."""
        headers = self.behaviour.headers.complete(request, response, elapsed_ms)
        encoded = [(name.encode("latin-1"), value.encode("latin-1", "replace")) for name, value in headers]
        await send({"type": "http.response.start", "status": response.status, "headers": encoded})
        await send({"type": "http.response.body", "body": response.body})


def create_app(settings: Settings | None = None, behaviour: Behaviour | None = None) -> EmulatorApp:
    """An ASGI application for some settings, or around a behaviour prepared by the caller."""
    return EmulatorApp(behaviour or build_behaviour(settings or Settings()))


def _request(scope: Scope, body: bytes, request_id: str) -> Request:
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    raw_path: bytes = scope.get("raw_path") or scope["path"].encode()
    return Request(
        scope["method"],
        raw_path.decode("latin-1"),
        scope["query_string"].decode("latin-1"),
        headers,
        body,
        request_id,
    )


async def _lifespan(receive: Receive, send: Send) -> None:
    """There is nothing to start or stop; servers only want the acknowledgement."""
    await receive()
    await send({"type": "lifespan.startup.complete"})
    await receive()
    await send({"type": "lifespan.shutdown.complete"})
