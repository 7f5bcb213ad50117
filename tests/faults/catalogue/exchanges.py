"""Faults of bodies, connections and requests at the same time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from typing import Any

import orjson

from oss_vectors_emulator.app import EmulatorApp
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Request, Response
from oss_vectors_emulator.pipeline import Pipeline
from tests.faults import changes as c
from tests.faults.catalogue.envelopes_parts import complete
from tests.faults.model import Fault, unchanged


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _requests()
    yield from _connections()


class _NoChunks(EmulatorApp):
    """Reads the body by Content-Length only, so that a chunked one is empty."""

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """Drop the body of a request that has no length."""
        if any(name == b"transfer-encoding" for name, _value in scope["headers"]):
            await self.read_body(receive)
            receive = _nothing
        await super().serve(scope, receive, send)


async def _nothing() -> dict[str, Any]:
    return {"type": "http.request", "body": b"", "more_body": False}


class _FirstChunk(EmulatorApp):
    """Reads the first piece of a body only."""

    async def read_body(self, receive: Any) -> bytes | None:
        """The first piece."""
        message = await receive()
        first: bytes = message.get("body", b"")
        while message.get("more_body"):
            message = await receive()
        return first


def _requests() -> Iterator[Fault]:
    yield Fault(
        "Http.chunked-ignored", "Http.body.chunked", "chunked bodies are not read", unchanged, app=_NoChunks
    )
    yield Fault(
        "Http.chunked-refused",
        "Http.body.chunked",
        "chunked bodies are refused",
        c.pipeline(read_body=_refuse_chunked),
        ("Http.body.chunked-empty",),
    )
    yield Fault(
        "Http.chunked-empty-refused",
        "Http.body.chunked-empty",
        "an empty chunked body is MalformedJson",
        c.pipeline(read_body=_refuse_empty_chunked),
    )
    yield Fault(
        "Http.first-piece-only",
        "PutVectors.vectors.max-items.accepted",
        "of a body that comes in pieces only the first is read",
        unchanged,
        ("PutVectors.*", "Http.body.chunked"),
        app=_FirstChunk,
    )
    yield Fault(
        "Http.key-with-equals-unknown",
        "Http.query.key-with-equals",
        "a sub-resource with = is unknown",
        c.pipeline(serve=_refuse_equals),
    )
    yield Fault(
        "Http.key-with-equals-unsigned",
        "Http.query.key-with-equals",
        "a sub-resource with = is signed with the =",
        c.pipeline(serve=_refuse_equals_signature),
        ("Signing.*",),
    )


def is_chunked(request: Request) -> bool:
    """Whether the body came in chunks."""
    return "chunked" in (request.header("transfer-encoding") or "")


def _refuse_chunked(self: Any, request: Request, route: Any) -> Any:
    if is_chunked(request):
        raise ServiceError("InvalidArgument")
    return Pipeline.read_body(self, request, route)


def _refuse_empty_chunked(self: Any, request: Request, route: Any) -> Any:
    if is_chunked(request) and not request.body:
        raise ServiceError("MalformedJson")
    return Pipeline.read_body(self, request, route)


def has_equals(request: Request) -> bool:
    """Whether a sub-resource is written with ``=``."""
    return any(
        piece.endswith("=") and not piece.startswith("x-oss") for piece in request.raw_query.split("&")
    )


def _refuse_equals(self: Any, request: Request) -> Response:
    if has_equals(request):
        raise ServiceError("InvalidArgument")
    return Pipeline.serve(self, request)


def _refuse_equals_signature(self: Any, request: Request) -> Response:
    if has_equals(request):
        raise ServiceError("SignatureDoesNotMatch")
    return Pipeline.serve(self, request)


class _Rephrased:
    """A transport that puts another reason phrase into the status line."""

    def __init__(self, transport: Any) -> None:
        self._transport = transport

    def write(self, data: bytes) -> None:
        """Write, the phrases of 200 and 204 replaced."""
        for phrase in (b" 200 OK\r\n", b" 204 No Content\r\n"):
            if data.startswith(b"HTTP/1.1" + phrase):
                data = data.replace(phrase, phrase[:5] + b"Success\r\n", 1)
        self._transport.write(data)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._transport, name)


class _OtherPhrases(EmulatorApp):
    """Has reason phrases of its own."""

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """The plain answer through another transport."""
        cycle = send.__self__
        if not isinstance(cycle.transport, _Rephrased):
            cycle.transport = _Rephrased(cycle.transport)
        await super().serve(scope, receive, send)


class _LostUpdate(EmulatorApp):
    """Lets other requests in between reading an index and writing it back."""

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """A write puts back the whole index as it was read, with its own vectors added."""
        if b"putVectors" not in scope["query_string"]:
            await super().serve(scope, receive, send)
            return
        body = await self.read_body(receive)
        state = _snapshot(self, body)
        await asyncio.sleep(0.02)
        _restore(self, state)
        await super().serve(scope, _of(body or b""), send)


def _of(body: bytes) -> Any:
    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    return receive


def _snapshot(app: EmulatorApp, body: bytes | None) -> Any:
    try:
        name = orjson.loads(body or b"").get("indexName")
    except (orjson.JSONDecodeError, AttributeError):
        return None
    store = app.behaviour.store
    buckets = store.buckets(app.behaviour.settings.account_id)
    found = [b.indexes[name] for b in buckets if isinstance(name, str) and name in b.indexes]
    return [(index, set(index.table.keys)) for index in found]


def _restore(_app: EmulatorApp, state: Any) -> None:
    for index, keys in state or ():
        index.table.delete([key for key in index.table.keys if key not in keys])


class _TwoCreators(EmulatorApp):
    """Lets other requests in between looking for an index and making it."""

    async def serve(self, scope: Any, receive: Any, send: Any) -> None:
        """A create that found the name free replaces what was made since."""
        if b"putVectorIndex" not in scope["query_string"]:
            await super().serve(scope, receive, send)
            return
        body = await self.read_body(receive)
        free = not _snapshot(self, body)
        await asyncio.sleep(0.02)
        if free:
            _remove_namesakes(self, body)
        await super().serve(scope, _of(body or b""), send)


def _remove_namesakes(app: EmulatorApp, body: bytes | None) -> None:
    found = [index for index, _keys in _snapshot(app, body) or ()]
    for bucket in app.behaviour.store.buckets(app.behaviour.settings.account_id):
        for name in [name for name, index in bucket.indexes.items() if index in found]:
            del bucket.indexes[name]


class _CrossedAnswers(EmulatorApp):
    """Sends the answer to the previous request of the connection on every tenth one."""

    def __init__(self, behaviour: Any) -> None:
        super().__init__(behaviour)
        self.count = 0
        self.last: Response | None = None

    def answer(self, request: Request) -> Response:
        """The previous answer, now and then."""
        response = super().answer(request)
        self.count += 1
        previous, self.last = self.last, response
        return previous if previous is not None and self.count % 10 == 0 else response


class _StickyBody(EmulatorApp):
    """An empty body is taken to be that of the request before."""

    def __init__(self, behaviour: Any) -> None:
        super().__init__(behaviour)
        self.last = b""

    async def read_body(self, receive: Any) -> bytes | None:
        """The last body there was."""
        body = await super().read_body(receive)
        if body:
            self.last = body
        return body or self.last


def _connections() -> Iterator[Fault]:
    yield Fault(
        "Http.other-phrases",
        "Http.reason",
        "the phrase of a success is Success",
        unchanged,
        app=_OtherPhrases,
    )
    yield Fault(
        "Http.lost-update",
        "PutVectors.concurrent.none-lost",
        "of two writes at the same time one is lost",
        unchanged,
        ("PutVectors.*", "GetVectors.*", "ListVectors.*"),
        app=_LostUpdate,
    )
    yield Fault(
        "Http.two-creators",
        "PutVectorIndex.concurrent.one-wins",
        "of two creates of one name at the same time both succeed",
        unchanged,
        ("PutVectorIndex.VectorBucketIndexAlreadyExist*",),
        app=_TwoCreators,
    )
    yield Fault(
        "Http.crossed-answers",
        "Http.keep-alive.own-answer",
        "now and then a request gets the answer of the one before",
        unchanged,
        ("*.*",),
        app=_CrossedAnswers,
    )
    yield Fault(
        "Http.sticky-body",
        "ListVectorIndexes.body.absent",
        "a request without a body gets the body of the one before",
        unchanged,
        ("*.*",),
        app=_StickyBody,
    )
    yield Fault(
        "Http.rejected-closes-badly",
        "Errors.body.json",
        "errors are cut short",
        complete(_short_length),
        ("Errors.*", "*.*"),
    )


def _short_length(headers: list[tuple[str, str]], response: Response) -> list[tuple[str, str]]:
    if response.status < 400:
        return headers
    return [(n, str(max(0, int(v) - 5)) if n == "content-length" else v) for n, v in headers]
