"""Two correct services at opposite ends of what nobody documents: the suite finds nothing in either.

One serves whatever can be understood, the other refuses whatever no page has,
in the XML of plain OSS where no operation is meant.
"""

from __future__ import annotations

import dataclasses
import gzip
import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from oss_vectors_emulator.behaviour import Behaviour, build_behaviour
from oss_vectors_emulator.config import Settings
from oss_vectors_emulator.credentials import Credential
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Request, Response
from oss_vectors_emulator.pipeline import Pipeline
from oss_vectors_emulator.routing import BodyKind, Route
from oss_vectors_emulator.server import Emulator

from .harness import ACCOUNT, KEY_ID, KEYS, SECRET, command, outcomes, read_report

# The clauses about bodies, envelopes and HTTP, and what tells whether anything was made in passing.
_SELECTED = (
    "*.body.*",
    "*-member",
    "Http.*",
    "Errors.*",
    "*.lists-created",
    "*.only-stored",
    "Put*.not-json",
)
_XML = b'<?xml version="1.0"?><Error><Code>MethodNotAllowed</Code></Error>'
# A service may require the Content-Type that a page prints; official clients leave it out of these.
_UNTYPED = ("GetVectorIndex", "GetVectors", "ListVectorIndexes")
_MEMBERS = frozenset(
    [
        "indexName",
        "dataType",
        "dimension",
        "distanceMetric",
        "metadata",
        "vectors",
        "keys",
        "returnData",
        "returnMetadata",
        "returnDistance",
        "segmentCount",
        "segmentIndex",
        "maxResults",
        "nextToken",
        "prefix",
        "queryVector",
        "topK",
        "filter",
        "Version",
        "Statement",
        "BucketLoggingStatus",
    ]
)
_PARAMETERS = frozenset({"prefix", "marker", "max-keys", "vector"})


class Obliging(Pipeline):
    """Unpacks, decodes and mends a body before it is read; of repeated members the first counts."""

    def read_body(self, request: Request, route: Route) -> dict[str, Any]:
        """The body in the form the emulator wants, if it can be brought into it."""
        body = request.body
        if request.header("content-encoding") == "gzip":
            body = gzip.decompress(body)
        try:
            text = body.decode(json.detect_encoding(body)).replace("\\ud800", "?")
            body = json.dumps(_unfolded(text)).encode()
        except (ValueError, RecursionError):
            pass  # no JSON, however it is read: the emulator says so
        return super().read_body(dataclasses.replace(request, body=body), route)


def _unfolded(text: str) -> Any:
    def first(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        return dict(reversed(pairs))

    def refuse(token: str) -> float:
        raise ValueError(token)

    return json.loads(text, object_pairs_hook=first, parse_constant=refuse, parse_float=_finite)


def _finite(text: str) -> float:
    number = float(text)
    if number in (float("inf"), float("-inf")):
        raise ValueError(text)
    return number


class Pedantic(Pipeline):
    """Refuses what no page has: members, parameters, bodies, types, methods and sub-resources."""

    def serve(self, request: Request) -> Response:
        """The answer, in XML where no operation is meant."""
        parts = self.behaviour
        address = parts.addressing.resolve(request.host, request.raw_path)
        try:
            route = parts.router.route(request.method, address, request.query)
        except ServiceError:
            return Response(
                405, (("content-type", "application/xml"),), b"" if request.method == "HEAD" else _XML
            )
        parts.authenticator.authenticate(request, address)
        names = [name for name, _value in request.query_pairs if not name.startswith("x-oss-")]
        if len(set(names)) != len(names) or not set(names) <= {route.subresource, *_PARAMETERS}:
            raise ServiceError("InvalidArgument")
        typed = route.method != "POST" or route.operation in _UNTYPED
        if not typed and request.header("content-type") != "application/json":
            raise ServiceError("InvalidArgument")
        if route.body is BodyKind.IGNORED and request.body:
            raise ServiceError("InvalidArgument")
        return super().serve(request)

    def read_body(self, request: Request, route: Route) -> dict[str, Any]:
        """The body, refused for members that are unknown or there twice."""
        body = super().read_body(request, route)
        if not body.keys() <= _MEMBERS:
            raise ServiceError("VectorIndexParameterInvalid")
        if body:
            json.loads(request.body, object_pairs_hook=_unrepeated)
        return body


def _unrepeated(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    if len(dict(pairs)) != len(pairs):
        raise ServiceError("MalformedJson")
    return dict(pairs)


def _behaviour(pipeline: type[Pipeline]) -> Behaviour:
    settings = Settings(credentials=(Credential(KEY_ID, SECRET, ACCOUNT),))
    return dataclasses.replace(build_behaviour(settings), pipeline=pipeline)


def _observed(report: Mapping[str, Any], requirement: str) -> list[str]:
    return next(entry["observations"] for entry in report["requirements"] if entry["id"] == requirement)


@pytest.mark.parametrize(
    ("pipeline", "addressing", "mark", "member"),
    [
        (Obliging, "virtual-host", "200", "200"),
        (Pedantic, "virtual-host", "400 MalformedJson", "400 VectorIndexParameterInvalid"),
        (Pedantic, "path", "400 MalformedJson", "400 VectorIndexParameterInvalid"),
    ],
)
def test_nothing_is_held_against_a_service_for_what_is_not_documented(
    tmp_path: Path, pipeline: type[Pipeline], addressing: str, mark: str, member: str
) -> None:
    options = [word for pattern in _SELECTED for word in ("--requirement", pattern)]
    with Emulator(behaviour=_behaviour(pipeline)) as emulator:
        where = ("--endpoint", emulator.url, "--account-id", ACCOUNT, "--addressing", addressing)
        ended = command(
            "run", *where, *options, "--report-dir", str(tmp_path), "--strict", cwd=tmp_path, **KEYS
        )
    report = read_report(tmp_path)
    unmet = {name: what for name, what in outcomes(report).items() if what not in ("pass", "observed")}
    assert (ended.code, unmet) == (0, {}), ended.out[-2000:]
    # The variants are what they say they are; else their silence would mean nothing.
    assert f"byte-order-mark: {mark}" in _observed(report, "GetVectors.body.unusual")
    assert f"one: {member}" in _observed(report, "GetVectors.unknown-member")
