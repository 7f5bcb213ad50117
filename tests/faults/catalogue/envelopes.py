"""Faults of what all answers share: the error envelope, common headers, bodies and connections."""

from __future__ import annotations

import asyncio
import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

import orjson

from oss_vectors_emulator.app import EmulatorApp
from oss_vectors_emulator.errors import ErrorRenderer, ServiceError
from oss_vectors_emulator.messages import HeaderList, Request, Response
from oss_vectors_emulator.pipeline import Pipeline
from oss_vectors_emulator.wire import CommonHeaders
from tests.faults import changes as c
from tests.faults.model import Change, Fault, unchanged


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _types()
    yield from _members()
    yield from _statuses()
    yield from _headers()
    yield from _requests()
    yield from _connections()


def _error(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    return Fault(f"Errors.{name}", f"Errors.{clause}", summary, change, also)


def _rendered(alter: Any) -> Change:
    """Alter the response of every refusal."""
    return c.part("errors", render=lambda s, e, r: alter(ErrorRenderer.render(s, e, r)))


def _with_type(value: str) -> Change:
    return c.part("errors", content_type=value)


def _types() -> Iterator[Fault]:
    yield _error(
        "type-charset",
        "content-type",
        "the type has a charset",
        _with_type("application/json; charset=utf-8"),
    )
    yield _error("type-xml", "content-type", "the type is application/xml", _with_type("application/xml"))
    yield _error("type-text", "content-type", "the type is text/plain", _with_type("text/plain"))
    yield _error(
        "type-problem",
        "content-type",
        "the type is application/problem+json",
        _with_type("application/problem+json"),
    )
    yield _error(
        "type-upper", "content-type", "the type is written Application/JSON", _with_type("Application/JSON")
    )
    yield _error(
        "type-missing",
        "content-type",
        "there is no type",
        _rendered(
            lambda r: dataclasses.replace(r, headers=tuple(h for h in r.headers if h[0] != "content-type"))
        ),
    )
    yield _error(
        "type-late",
        "content-type",
        "the type of 404 answers has a charset",
        c.part("errors", render=_charset_on_404),
    )


def _charset_on_404(self: Any, error: ServiceError, request: Request) -> Response:
    response = ErrorRenderer.render(self, error, request)
    if response.status != 404:
        return response
    return dataclasses.replace(
        response, headers=(("content-type", "application/json;charset=utf-8"), *response.headers[1:])
    )


def _envelope(build: Any) -> Change:
    return c.part("errors", envelope=lambda s, e, r: build(s.members(e, r)))


def _member(name: str, value: Any) -> Change:
    """Another value of one member; None leaves it out."""

    def members(self: Any, error: ServiceError, request: Request) -> dict[str, Any]:
        found: dict[str, Any] = ErrorRenderer.members(self, error, request)
        found[name] = value(found, request) if callable(value) else value
        if found[name] is None:
            del found[name]
        elif found[name] is _NULL:
            found[name] = None
        return found

    return c.part("errors", members=members)


_SHAPES = ("Errors.body.*", "Errors.code-status")


def _members() -> Iterator[Fault]:
    yield _error(
        "bare", "body.json", "the members stand at the root, without Error", _envelope(lambda m: m), *_SHAPES
    )
    yield _error(
        "lower-camel", "body.json", "the root member is error", _envelope(lambda m: {"error": m}), *_SHAPES
    )
    yield _error(
        "message-only",
        "body.json",
        "the body is {message: ...}",
        _envelope(lambda m: {"message": m["Message"]}),
        *_SHAPES,
    )
    yield _error("array", "body.json", "Error is an array", _envelope(lambda m: {"Error": [m]}), *_SHAPES)
    yield _error(
        "xml",
        "body.json",
        "the body is XML",
        _rendered(lambda r: dataclasses.replace(r, body=b"<Error><Code>X</Code></Error>")),
        *_SHAPES,
    )
    yield _error(
        "empty",
        "body.json",
        "errors have no body",
        _rendered(lambda r: dataclasses.replace(r, body=b"")),
        *_SHAPES,
    )
    yield _error(
        "html",
        "body.json",
        "the body is an HTML page",
        _rendered(lambda r: dataclasses.replace(r, body=b"<html></html>")),
        *_SHAPES,
    )
    yield _error("code-missing", "body.code", "Code is missing", _member("Code", None))
    yield _error("code-empty", "body.code", "Code is empty", _member("Code", ""))
    yield _error(
        "code-number", "body.code", "Code is the status", _member("Code", 400), "Errors.body.strings"
    )
    yield _error(
        "code-lower-camel",
        "body.code",
        "members start with a lower-case letter",
        c.part(
            "errors",
            members=lambda s, e, r: {
                k[0].lower() + k[1:]: v for k, v in ErrorRenderer.members(s, e, r).items()
            },
        ),
        "Errors.body.*",
    )
    yield _error("message-missing", "body.message", "Message is missing", _member("Message", None))
    yield _error(
        "message-object",
        "body.message",
        "Message is an object",
        _member("Message", {}),
        "Errors.body.strings",
    )
    yield _error(
        "message-null",
        "body.message",
        "Message is null",
        _member("Message", lambda _m, _r: _NULL),
        "Errors.body.strings",
    )
    yield _error(
        "id-other", "body.request-id", "RequestId differs from the header", _member("RequestId", "0" * 24)
    )
    yield _error("id-missing", "body.request-id", "RequestId is missing", _member("RequestId", None))
    yield _error(
        "id-lower",
        "body.request-id",
        "RequestId is in lower case",
        _member("RequestId", lambda m, _r: m["RequestId"].lower()),
    )
    yield _error(
        "id-dashes",
        "body.request-id",
        "RequestId has dashes",
        _member("RequestId", lambda m, _r: "-".join(m["RequestId"])),
    )
    yield _error("host-missing", "body.host-id", "HostId is missing", _member("HostId", None))
    yield _error(
        "host-bucket",
        "body.host-id",
        "HostId is the first label of the host",
        _member("HostId", lambda _m, r: r.host.partition(".")[0]),
    )
    yield _error(
        "host-fixed",
        "body.host-id",
        "HostId is always the public endpoint",
        _member("HostId", "cn-hangzhou.oss-vectors.aliyuncs.com"),
    )
    yield _error("host-empty", "body.host-id", "HostId is empty", _member("HostId", ""))
    yield _error("ec-other", "body.ec", "EC differs from the header x-oss-ec", _member("EC", "0000-00000000"))
    yield _error("ec-number", "body.ec", "EC is a number", _member("EC", 7), "Errors.body.strings")
    yield _error("extra-number", "body.strings", "a member Status is a number", _member("Status", 400))
    yield _error(
        "extra-object", "body.strings", "a member Details is an object", _member("Details", {"a": "b"})
    )
    yield _error(
        "extra-null", "body.strings", "a member Resource is null", _member("Resource", lambda _m, _r: _NULL)
    )


class _Null:
    """Stands for null where None leaves a member out."""


_NULL = _Null()


def _statuses() -> Iterator[Fault]:
    status = ("*.*",)
    yield _error(
        "status-200",
        "code-status",
        "errors come with the status 200",
        _rendered(lambda r: dataclasses.replace(r, status=200)),
        *status,
    )
    yield _error(
        "status-500-for-400",
        "code-status",
        "what is 400 comes as 500",
        _rendered(lambda r: dataclasses.replace(r, status=500) if r.status == 400 else r),
        *status,
    )
    yield _error(
        "status-400-for-all",
        "code-status",
        "all errors come as 400",
        _rendered(lambda r: dataclasses.replace(r, status=400)),
        *status,
    )
    yield _error(
        "index-404-as-410",
        "code-status",
        "NoSuchVectorIndex comes as 410",
        c.error_of("NoSuchVectorIndex", status=410),
        "*.NoSuchVectorIndex",
    )
    yield _error(
        "malformed-422",
        "code-status",
        "MalformedJson comes as 422",
        c.error_of("MalformedJson", status=422),
        "*.body.*",
    )
    yield _error(
        "policy-400",
        "code-status",
        "NoSuchBucketPolicy comes as 400",
        c.error_of("NoSuchBucketPolicy", status=400),
        "GetBucketPolicy.NoSuchBucketPolicy",
    )


def _http(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    return Fault(f"Http.{name}", f"Http.{clause}", summary, change, also)


def _complete(alter: Any) -> Change:
    """Alter the headers of every answer."""

    def complete(self: Any, request: Request, response: Response, elapsed: int) -> HeaderList:
        return tuple(alter(list(CommonHeaders.complete(self, request, response, elapsed)), response))

    return c.part("headers", complete=complete)


def _without(name: str, when: Any = lambda _r: True) -> Change:
    return _complete(lambda headers, response: [h for h in headers if h[0] != name or not when(response)])


def _headers() -> Iterator[Fault]:
    yield _http(
        "id-missing",
        "request-id.present",
        "x-oss-request-id is missing",
        _without("x-oss-request-id"),
        "Errors.body.request-id",
    )
    yield _http(
        "id-missing-on-success",
        "request-id.present",
        "x-oss-request-id is missing on successes",
        _without("x-oss-request-id", lambda r: r.status < 300),
    )
    yield _http(
        "id-missing-on-204",
        "request-id.present",
        "x-oss-request-id is missing on 204",
        _without("x-oss-request-id", lambda r: r.status == 204),
    )
    yield _http(
        "id-other-name",
        "request-id.present",
        "the header is called x-request-id",
        _complete(lambda hs, _r: [("x-request-id" if n == "x-oss-request-id" else n, v) for n, v in hs]),
        "Errors.body.request-id",
    )
    yield _http(
        "id-uuid",
        "request-id.length",
        "request ids are UUIDs",
        c.part(
            "headers",
            new_request_id=lambda s: (lambda i: f"{i[:8]}-{i[8:12]}-{i[12:16]}-{i[16:20]}-{i[20:]}00000000")(
                CommonHeaders.new_request_id(s)
            ),
        ),
    )
    yield _http(
        "id-short",
        "request-id.length",
        "request ids have 16 characters",
        c.part("headers", new_request_id=lambda s: CommonHeaders.new_request_id(s)[:16]),
    )
    yield _http(
        "id-empty",
        "request-id.present",
        "request ids are empty",
        c.part("headers", new_request_id=lambda _s: ""),
        "Http.request-id.length",
    )
    yield _http("date-missing", "date.present", "Date is missing", _without("date"))
    yield _http(
        "date-missing-on-errors",
        "date.present",
        "Date is missing on errors",
        _without("date", lambda r: r.status >= 400),
    )
    yield _http(
        "date-iso",
        "date.format",
        "Date is in ISO form",
        c.part("headers", date=lambda s: s.clock.now().isoformat()),
    )
    yield _http(
        "date-offset",
        "date.format",
        "Date ends with +0000",
        c.part("headers", date=lambda s: CommonHeaders.date(s).replace("GMT", "+0000")),
    )
    yield _http(
        "date-epoch",
        "date.format",
        "Date is a number",
        c.part("headers", date=lambda s: str(int(s.clock.now().timestamp()))),
    )
    yield _http(
        "date-fixed",
        "date.tolerance",
        "Date stands still",
        c.part("headers", date=lambda _s: "Thu, 17 Apr 2025 01:33:47 GMT"),
    )
    yield _http(
        "date-local", "date.tolerance", "Date is local time called GMT", c.part("headers", date=_eight_hours)
    )
    kinds = ("Http.success.content-type", "*.success.body")
    yield _http(
        "json-text",
        "success.content-type",
        "successes are text/plain",
        c.part("presenter", content_type="text/plain"),
        *kinds,
    )
    yield _http(
        "json-octets",
        "success.content-type",
        "successes are application/octet-stream",
        c.part("presenter", content_type="application/octet-stream"),
        *kinds,
    )
    yield _http(
        "json-xml",
        "success.content-type",
        "successes are application/xml",
        c.part("presenter", content_type="application/xml"),
        *kinds,
    )
    yield _http(
        "json-untyped",
        "success.content-type",
        "successes have no type",
        _without("content-type", lambda r: r.status < 300),
        *kinds,
    )


def _eight_hours(self: Any) -> str:
    return format_datetime(self.clock.now() + timedelta(hours=8), usegmt=True)


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


def _is_chunked(request: Request) -> bool:
    return "chunked" in (request.header("transfer-encoding") or "")


def _refuse_chunked(self: Any, request: Request, route: Any) -> Any:
    if _is_chunked(request):
        raise ServiceError("InvalidArgument")
    return Pipeline.read_body(self, request, route)


def _refuse_empty_chunked(self: Any, request: Request, route: Any) -> Any:
    if _is_chunked(request) and not request.body:
        raise ServiceError("MalformedJson")
    return Pipeline.read_body(self, request, route)


def _has_equals(request: Request) -> bool:
    return any(
        piece.endswith("=") and not piece.startswith("x-oss") for piece in request.raw_query.split("&")
    )


def _refuse_equals(self: Any, request: Request) -> Response:
    if _has_equals(request):
        raise ServiceError("InvalidArgument")
    return Pipeline.serve(self, request)


def _refuse_equals_signature(self: Any, request: Request) -> Response:
    if _has_equals(request):
        raise ServiceError("SignatureDoesNotMatch")
    return Pipeline.serve(self, request)


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
    for index, _keys in _snapshot(app, body) or ():
        for bucket in app.behaviour.store.buckets(app.behaviour.settings.account_id):
            if bucket.indexes.get(index.settings.name) is index:
                del bucket.indexes[index.settings.name]


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
        _complete(_short_length),
        ("Errors.*", "*.*"),
    )


def _short_length(headers: list[tuple[str, str]], response: Response) -> list[tuple[str, str]]:
    if response.status < 400:
        return headers
    return [(n, str(max(0, int(v) - 5)) if n == "content-length" else v) for n, v in headers]
