"""Faults that any operation can have: status, body, missing bucket or index, unreadable bodies, no signature."""

from __future__ import annotations

import dataclasses
import json
import re
from collections.abc import Callable, Iterator
from typing import Any

from oss_vectors_emulator.addressing import Address
from oss_vectors_emulator.auth import Authenticator
from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.credentials import Credential
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Request, Response
from oss_vectors_emulator.pipeline import Pipeline
from oss_vectors_emulator.routing import Route, Router
from tests.faults import changes as c
from tests.faults.model import Change, Fault

DELETES = (
    "DeleteVectorBucket",
    "DeleteVectorIndex",
    "DeleteVectors",
    "DeleteBucketPolicy",
    "DeleteBucketLogging",
)
WRITES = ("PutVectorBucket", "PutVectorIndex", "PutVectors", "PutBucketPolicy", "PutBucketLogging")
READS = (
    "GetVectorBucket",
    "ListVectorBuckets",
    "GetVectorIndex",
    "ListVectorIndexes",
    "GetVectors",
    "ListVectors",
    "QueryVectors",
    "GetBucketPolicy",
    "GetBucketLogging",
)
ON_INDEX = (
    "GetVectorIndex",
    "DeleteVectorIndex",
    "PutVectors",
    "GetVectors",
    "ListVectors",
    "DeleteVectors",
    "QueryVectors",
)
NAMED = ("PutVectorIndex", *ON_INDEX)
POSTS = (*NAMED, "ListVectorIndexes")
NEEDS_BUCKET = tuple(
    n for n in (*DELETES, *WRITES, *READS) if n not in ("PutVectorBucket", "ListVectorBuckets")
)
#: What a careless implementation answers when there is nothing to answer.
NOTHING: dict[str, Any] = {
    "GetVectors": {"vectors": []},
    "ListVectors": {"vectors": []},
    "QueryVectors": {"vectors": []},
    "ListVectorIndexes": {"indexes": []},
    "GetVectorIndex": {"index": None},
    "GetVectorBucket": {"BucketInfo": None},
    "GetBucketLogging": {"BucketLoggingStatus": {"LoggingEnabled": {}}},
    "GetBucketPolicy": {},
}


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _statuses()
    yield from _missing_buckets()
    yield from _missing_indexes()
    yield from _anonymous()
    yield from _bodies()
    yield from _index_names()


def _statuses() -> Iterator[Fault]:
    for name in DELETES:
        yield Fault(
            f"{name}.status-200",
            f"{name}.success.status",
            "a delete answers 200 instead of 204",
            c.success_status(name, 200),
        )
        yield Fault(
            f"{name}.answers-with-body",
            f"{name}.success.empty-body",
            "a delete answers 200 with a JSON body",
            c.with_body(name),
            also=(f"{name}.success.status",),
        )
    for name, status in zip(WRITES, (201, 201, 202, 204, 204), strict=True):
        yield Fault(
            f"{name}.status-{status}",
            f"{name}.success.status",
            f"success is {status}",
            c.success_status(name, status),
        )
        yield Fault(
            f"{name}.answers-with-body",
            f"{name}.success.empty-body",
            "success has a JSON body",
            c.with_body(name),
        )
    for name in READS:
        yield Fault(
            f"{name}.status-206", f"{name}.success.status", "success is 206", c.success_status(name, 206)
        )


def _missing_buckets() -> Iterator[Fault]:
    for at, name in enumerate(NEEDS_BUCKET):
        also = ("*.NoSuchBucket.before-parameters", "Errors.code-status")
        requirement = f"{name}.NoSuchBucket"
        yield Fault(
            f"{name}.missing-bucket-served",
            requirement,
            "a bucket that does not exist is no error",
            _serving_missing_bucket(name),
            also,
        )
        if at % 3 == 0:
            change = c.error_of("NoSuchBucket", name, to="NoSuchVectorBucket")
            yield Fault(
                f"{name}.missing-bucket-other-code",
                requirement,
                "NoSuchVectorBucket, which no page has",
                change,
                also,
            )
        elif at % 3 == 1:
            change = c.error_of("NoSuchBucket", name, status=400)
            yield Fault(f"{name}.missing-bucket-400", requirement, "NoSuchBucket with 400", change, also)
        else:
            change = c.error_of("NoSuchBucket", name, to="AccessDenied", status=403)
            yield Fault(
                f"{name}.missing-bucket-403",
                requirement,
                "a missing bucket is reported as AccessDenied",
                change,
                also,
            )


def _serving_missing_bucket(name: str) -> Change:
    def serve(self: Any, request: Request) -> Response:
        try:
            return Pipeline.serve(self, request)
        except ServiceError as error:
            if error.code == "NoSuchBucket" and c.operation_of(self, request) == name:
                return c.serve_nothing(self.behaviour, name, NOTHING.get(name))
            raise

    return c.pipeline(serve=serve)


def _missing_indexes() -> Iterator[Fault]:
    for at, name in enumerate(ON_INDEX):
        requirement, also = f"{name}.NoSuchVectorIndex", ("Errors.code-status",)
        yield Fault(
            f"{name}.missing-index-served",
            requirement,
            "an index that does not exist is no error",
            c.accept(name, lambda error, _call: error.code == "NoSuchVectorIndex", NOTHING.get(name)),
            also,
        )
        if at % 2:
            change = c.error_of("NoSuchVectorIndex", name, status=400)
            yield Fault(f"{name}.missing-index-400", requirement, "NoSuchVectorIndex with 400", change, also)
        else:
            change = c.error_of("NoSuchVectorIndex", name, to="NoSuchIndex")
            yield Fault(
                f"{name}.missing-index-other-code",
                requirement,
                "NoSuchIndex, which no page has",
                change,
                also,
            )
    yield Fault(
        "PutVectors.missing-index-bucket-code",
        "PutVectors.NoSuchVectorIndex",
        "a missing index is reported as NoSuchBucket",
        c.error_of("NoSuchVectorIndex", "PutVectors", to="NoSuchBucket"),
        ("Errors.code-status",),
    )


def _anonymous() -> Iterator[Fault]:
    for name in (*DELETES, *WRITES, *READS):
        yield Fault(
            f"{name}.anonymous-served",
            f"{name}.AccessDenied.unsigned",
            "a request without signature is served",
            _anonymous_in(name),
        )
    yield Fault(
        "ListVectors.anonymous-401",
        "ListVectors.AccessDenied.unsigned",
        "a request without signature gets 401",
        c.error_of("AccessDenied", "ListVectors", status=401),
        ("*.AccessDenied.unsigned", "Errors.code-status"),
    )
    yield Fault(
        "PutVectors.anonymous-signature-code",
        "PutVectors.AccessDenied.unsigned",
        "no signature is SignatureDoesNotMatch",
        c.error_of("AccessDenied", "PutVectors", to="SignatureDoesNotMatch"),
        ("Errors.code-status",),
    )


def _anonymous_in(name: str) -> Change:
    router = Router()

    def authenticate(self: Any, request: Request, address: Address) -> Credential:
        signed = request.header("authorization") or "x-oss-signature" in request.query
        if not signed and router.route(request.method, address, request.query).operation == name:
            first: Credential = next(iter(self.credentials.values()))
            return first
        return Authenticator.authenticate(self, request, address)

    return c.part("authenticator", authenticate=authenticate)


Reading = Callable[[Request], dict[str, Any] | None]


def _reading(name: str, read: Reading, *, first: bool = False) -> Change:
    """Read the body in another way where the emulator refuses it (or ``first``, before it looks)."""

    def read_body(self: Any, request: Request, route: Route) -> dict[str, Any]:
        if route.operation != name:
            return Pipeline.read_body(self, request, route)
        if first and (found := read(request)) is not None:
            return found
        try:
            return Pipeline.read_body(self, request, route)
        except ServiceError:
            found = read(request)
            if found is None:
                raise
            return found

    return c.pipeline(read_body=read_body)


def _crash_on(name: str, when: Callable[[bytes], bool]) -> Change:
    def read(request: Request) -> None:
        if when(request.body):
            raise RuntimeError("crash")

    return _reading(name, read, first=True)


def _answer_on(name: str, when: Callable[[bytes], bool]) -> Change:
    """Serve nothing for some bodies instead of refusing them."""

    def serve(self: Any, request: Request) -> Response:
        try:
            return Pipeline.serve(self, request)
        except ServiceError:
            if (
                when(request.body)
                and c.operation_of(self, request) == name
                and request.header("authorization")
            ):
                return c.serve_nothing(self.behaviour, name, NOTHING.get(name))
            raise

    return c.pipeline(serve=serve)


def _is_json(body: bytes) -> bool:
    try:
        json.loads(body)
    except ValueError:
        return False
    return True


def _not_object(body: bytes) -> bool:
    return _is_json(body) and not isinstance(json.loads(body), dict)


def _not_utf8(body: bytes) -> bool:
    try:
        body.decode()
    except UnicodeDecodeError:
        return True
    return False


def _first_value(request: Request) -> dict[str, Any] | None:
    """The first JSON value of a body, whatever follows it."""
    try:
        value, _ = json.JSONDecoder().raw_decode(request.body.decode("utf-8", "replace").lstrip())
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _latin(request: Request) -> dict[str, Any] | None:
    if not _not_utf8(request.body):
        return None
    try:
        value = json.loads(request.body.decode("latin-1"))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _lenient(request: Request) -> dict[str, Any] | None:
    """A body with a comma too many, as tolerant parsers take it."""
    text = request.body.decode("utf-8", "replace").strip().replace(",}", "}").replace(",]", "]")
    try:
        value = json.loads(text)
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _mended(request: Request, mend: Callable[[str], str]) -> dict[str, Any] | None:
    try:
        value = json.loads(mend(request.body.decode("utf-8", "replace")))
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _commented(request: Request) -> dict[str, Any] | None:
    return _mended(request, lambda text: re.sub(r"/\*.*?\*/|//.*", "", text))


def _pythonic(request: Request) -> dict[str, Any] | None:
    return _mended(request, lambda text: text.replace("None", "null").replace("True", "true"))


def _terminated(request: Request) -> dict[str, Any] | None:
    return _mended(request, lambda text: text.rstrip("\x00"))


_INTEGERS = (
    ("PutVectorIndex", "dimension"),
    ("ListVectorIndexes", "maxResults"),
    ("ListVectors", "maxResults"),
    ("ListVectors", "segmentCount"),
    ("ListVectors", "segmentIndex"),
    ("QueryVectors", "topK"),
)


def _infinite(member: str) -> Callable[[bytes], bool]:
    wanted = re.compile(rb'"%s": ?1e400' % member.encode())
    return lambda body: wanted.search(body) is not None


def _bodies() -> Iterator[Fault]:
    for name, member in _INTEGERS:
        yield Fault(
            f"{name}.{member}-infinite-crash",
            f"{name}.{member}.type",
            f"{member} that reads as infinity breaks the conversion to an integer",
            _crash_on(name, _infinite(member)),
        )
    for at, name in enumerate(POSTS):
        malformed, also = f"{name}.body.malformed", (f"{name}.body.*", "Errors.code-status")
        yield Fault(
            f"{name}.malformed-json-parameter-code",
            malformed,
            "a body that is not JSON is reported as a bad parameter",
            c.error_of("MalformedJson", name, to="VectorIndexParameterInvalid"),
            also,
        )
        yield Fault(
            f"{name}.malformed-json-served",
            malformed,
            "a body that is not JSON is served as if it were empty",
            _answer_on(name, lambda body: bool(body) and not _not_utf8(body) and not _is_json(body)),
            also,
        )
        yield Fault(
            f"{name}.malformed-json-crash",
            malformed,
            "a body that is not JSON gives 500",
            _crash_on(name, lambda body: bool(body) and not _not_utf8(body) and not _is_json(body)),
            also,
        )
        yield Fault(
            f"{name}.latin-1-body-served",
            f"{name}.body.encoding",
            "a body that is not UTF-8 is read as Latin-1",
            _reading(name, _latin),
            also,
        )
        change = _crash_on(name, _not_object) if at % 2 else _answer_on(name, _not_object)
        yield Fault(
            f"{name}.array-body-{'crash' if at % 2 else 'served'}",
            f"{name}.body.type",
            "a body that is no object is not refused",
            change,
            also,
        )
        if name != "ListVectorIndexes":
            change = (
                _answer_on(name, lambda body: not body) if at % 2 else _crash_on(name, lambda body: not body)
            )
            yield Fault(
                f"{name}.empty-body-{'served' if at % 2 else 'crash'}",
                f"{name}.body.empty",
                "a request without a body is not refused",
                change,
                also,
            )
    yield Fault(
        "PutVectorIndex.trailing-garbage-accepted",
        "PutVectorIndex.body.malformed",
        "text behind the JSON is ignored",
        _reading("PutVectorIndex", _first_value),
        ("PutVectorIndex.body.*",),
    )
    yield Fault(
        "PutVectors.trailing-comma-accepted",
        "PutVectors.body.malformed",
        "trailing commas are accepted",
        _reading("PutVectors", _lenient),
        ("PutVectors.body.*",),
    )
    for name, summary, read in (
        ("GetVectors", "comments in a body are skipped", _commented),
        ("DeleteVectors", "None and True of Python are read like null and true", _pythonic),
        ("QueryVectors", "a NUL behind the JSON ends it", _terminated),
    ):
        yield Fault(
            f"{name}.lenient-json",
            f"{name}.body.malformed",
            summary,
            _reading(name, read),
            (f"{name}.body.*",),
        )
    yield Fault(
        "ListVectorIndexes.body-required",
        "ListVectorIndexes.body.absent",
        "a request without a body is MalformedJson",
        _crashless_requirement("ListVectorIndexes"),
        ("Http.body.chunked-empty",),
    )


def _crashless_requirement(name: str) -> Change:
    def read_body(self: Any, request: Request, route: Route) -> dict[str, Any]:
        if route.operation == name and not request.body:
            raise ServiceError("MalformedJson")
        return Pipeline.read_body(self, request, route)

    return c.pipeline(read_body=read_body)


def _index_names() -> Iterator[Fault]:
    for at, name in enumerate(NAMED):
        required = (
            "DeleteVectors.indexName.missing" if name == "DeleteVectors" else f"{name}.indexName.required"
        )
        yield Fault(
            f"{name}.index-name-optional",
            required,
            "without indexName the first index is meant",
            _any_index(name),
        )
        if at % 2:
            change = c.before(name, lambda body: _as_text(body, "indexName"))
            summary = "an indexName that is a number is taken as text"
        else:
            change = _crash_on_type(name, "indexName")
            summary = "an indexName that is no string gives 500"
        yield Fault(f"{name}.index-name-type-unchecked", f"{name}.indexName.type", summary, change)


def _as_text(body: c.Json, member: str) -> None:
    if member in body and not isinstance(body[member], str):
        body[member] = f"i{body[member]}" if not isinstance(body[member], int) else str(body[member])


def _crash_on_type(name: str, member: str) -> Change:
    def read_body(self: Any, request: Request, route: Route) -> dict[str, Any]:
        body = Pipeline.read_body(self, request, route)
        if route.operation == name and member in body and not isinstance(body[member], str):
            raise RuntimeError("crash")
        return body

    return c.pipeline(read_body=read_body)


def _any_index(name: str) -> Change:
    def wrap(_parts: Behaviour, handler: Handler) -> Handler:
        def handle(call: Call) -> Response:
            if "indexName" in call.body:
                return handler(call)
            chosen = next(iter(call.bucket.indexes), "default") if name != "PutVectorIndex" else "default"
            if name == "PutVectorIndex":
                call.bucket.indexes.pop(chosen, None)
            return handler(dataclasses.replace(call, body={**call.body, "indexName": chosen}))

        return handle

    return c.around(wrap, name)
