"""Faults of the forms a request may have: how its JSON is spelled, typed, sent and addressed."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Request, Response
from oss_vectors_emulator.pipeline import Pipeline
from tests.faults import changes as c
from tests.faults.catalogue.envelopes_parts import complete
from tests.faults.catalogue.exchanges import has_equals, is_chunked
from tests.faults.model import Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _spellings()
    yield from _types()


def _spellings() -> Iterator[Fault]:
    """Parsers that know one spelling of JSON only."""
    for name, summary, is_strange in (
        ("leading-blanks-refused", "blanks before the JSON are MalformedJson", lambda b: b[:1] in b" \r\n\t"),
        ("line-breaks-refused", "a body of several lines is MalformedJson", lambda b: b"\n" in b.strip()),
        ("carriage-returns-refused", "carriage returns are MalformedJson", lambda b: b"\r" in b.strip()),
    ):
        yield Fault(
            f"Http.{name}", "Http.body.spelling", summary, c.pipeline(read_body=_refusing(is_strange, "}"))
        )
    yield Fault(
        "Http.escapes-refused",
        "Http.body.spelling",
        "a member whose name has escapes is unknown",
        c.pipeline(read_body=_without_escaped_names),
        ("*.required", "DeleteVectors.indexName.missing"),
    )
    yield Fault(
        "Http.order-matters",
        "Http.body.spelling",
        "indexName has to be the first member of a PutVectors",
        c.pipeline(read_body=_name_first),
    )


def _refusing(is_strange: Any, end: str) -> Any:
    def read_body(self: Any, request: Request, route: Any) -> Any:
        # Only in what is JSON otherwise: the error of the others stays what it is.
        body = Pipeline.read_body(self, request, route)
        if request.body.strip().endswith(end.encode()) and is_strange(request.body):
            raise ServiceError("MalformedJson")
        return body

    return read_body


def _without_escaped_names(self: Any, request: Request, route: Any) -> Any:
    body = Pipeline.read_body(self, request, route)
    return {name: value for name, value in body.items() if f'"{name}"'.encode() in request.body}


def _name_first(self: Any, request: Request, route: Any) -> Any:
    body = Pipeline.read_body(self, request, route)
    if route.operation == "PutVectors" and "indexName" in body and next(iter(body)) != "indexName":
        raise ServiceError("VectorIndexParameterInvalid")
    return body


def _types() -> Iterator[Fault]:
    """Services that want one Content-Type, or one spelling of an operation."""
    for name, summary, operation, kind in (
        (
            "listing-octets-refused",
            "a listing with application/octet-stream is refused",
            "ListVectorBuckets",
            "octet",
        ),
        ("policy-xml-refused", "reading a policy with application/xml is refused", "GetBucketPolicy", "xml"),
        (
            "bucket-json-refused",
            "creating a bucket with application/json is refused",
            "PutVectorBucket",
            "json",
        ),
    ):
        yield Fault(
            f"Http.{name}",
            "Http.content-type.bodyless",
            summary,
            c.pipeline(serve=_refusing_type(operation, kind)),
        )
    for operation in (
        "PutBucketPolicy",
        "GetBucketLogging",
        "DeleteVectorIndex",
        "QueryVectors",
        "PutVectorIndex",
    ):
        yield Fault(
            f"{operation}.equals-refused",
            "Http.query.key-with-equals",
            "the operation is not known when = follows its name",
            c.pipeline(serve=_refusing_equals_of(operation)),
        )
    for operation in ("PutVectors", "QueryVectors", "DeleteVectors"):
        yield Fault(
            f"{operation}.chunked-refused",
            "Http.body.chunked",
            "the operation wants a Content-Length",
            c.pipeline(serve=_refusing_chunks_of(operation)),
        )
    yield Fault(
        "PutVectorBucket.chunked-empty-refused",
        "Http.body.chunked-empty",
        "creating a bucket wants a Content-Length",
        c.pipeline(serve=_refusing_chunks_of("PutVectorBucket")),
    )
    yield Fault(
        "PutBucketPolicy.vector-actions-refused",
        "PutBucketPolicy.action-prefix",
        "actions that begin with ossvector: are refused",
        c.refuse("PutBucketPolicy", lambda call: b"ossvector:P" in call.request.body, "InvalidArgument"),
    )

    for operation in ("DeleteVectors", "DeleteVectorBucket"):
        yield Fault(
            f"{operation}.no-content-with-body",
            f"{operation}.success.empty-body",
            "a 204 is followed by a body",
            c.both(c.respond(operation, _with_text), complete(_with_length)),
        )


def _with_text(response: Response) -> Response:
    return Response(response.status, response.headers, b'{"deleted":true}')


def _with_length(headers: list[tuple[str, str]], response: Response) -> list[tuple[str, str]]:
    length = ("content-length", str(len(response.body)))
    return [*headers, length] if response.status == 204 and response.body else headers


def _refusing_type(operation: str, kind: str) -> Any:
    return _refusing_when(operation, lambda request: kind in (request.header("content-type") or ""))


def _refusing_equals_of(operation: str) -> Any:
    return _refusing_when(operation, has_equals)


def _refusing_chunks_of(operation: str) -> Any:
    return _refusing_when(operation, is_chunked)


def _refusing_when(operation: str, when: Any) -> Any:
    def serve(self: Any, request: Request) -> Response:
        if when(request) and c.operation_of(self, request) == operation:
            raise ServiceError("InvalidArgument")
        return Pipeline.serve(self, request)

    return serve
