"""One part of the emulator can be replaced without the others noticing.

This is what a package of deliberate faults builds on; the parts here are only examples.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Mapping
from typing import Any

from oss_vectors_emulator import Behaviour, Settings, build_behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.credentials import Credential
from oss_vectors_emulator.distances import DistanceMetrics
from oss_vectors_emulator.errors import ErrorRenderer
from oss_vectors_emulator.messages import Request, Response
from oss_vectors_emulator.operations import build_operations
from oss_vectors_emulator.pipeline import Pipeline
from oss_vectors_emulator.routing import Route
from oss_vectors_emulator.validation import Rules
from oss_vectors_emulator.validation.base import Body

from .client import INDEX, Client, FakeClock, index_body, vector


def changed(**parts: Any) -> Client:
    plain = build_behaviour(Settings(), FakeClock())
    return Client(dataclasses.replace(plain, **parts)).make_bucket().make_index()


class AnyDimension(Rules):
    def dimension(self, body: Body) -> int:
        return int(body["dimension"])


def test_one_rule_can_be_replaced() -> None:
    settings = Settings()
    client = changed(rules=AnyDimension(settings.limits, settings.choices))
    assert client.post("putVectorIndex", index_body(indexName="wide", dimension=5000)).status == 200
    assert client.post("putVectorIndex", index_body(indexName="other", dataType="x")).status == 400


class WithCharset(ErrorRenderer):
    content_type = "application/json; charset=utf-8"


def test_the_error_envelope_can_be_replaced() -> None:
    reply = changed(errors=WithCharset()).post("getVectorIndex", {"indexName": "missing"})
    assert reply.headers["content-type"] == "application/json; charset=utf-8"
    assert reply.code == "NoSuchVectorIndex"


class SquaredDistances(DistanceMetrics):
    def reported(self, distance: float) -> Any:
        return distance * distance


def test_the_reported_distance_can_be_replaced() -> None:
    client = changed(metrics=SquaredDistances())
    client.put(vector("k", [0, 0, 0]))
    body = {"indexName": INDEX, "queryVector": {"float32": [2, 0, 0]}, "topK": 1, "returnDistance": True}
    assert client.post("queryVectors", body).json["vectors"] == [{"key": "k", "distance": 4.0}]


def forgetful(behaviour: Behaviour) -> Mapping[str, Handler]:
    def accept(_call: Call) -> Response:
        return Response(204)

    return {**build_operations(behaviour), "DeleteVectors": accept}


def test_one_operation_can_be_replaced() -> None:
    client = changed(operations=forgetful)
    client.put(vector("k"))
    assert client.post("deleteVectors", {"indexName": INDEX, "keys": ["k"]}).status == 204
    assert client.stored().keys() == {"k"}


class BodyFirst(Pipeline):
    def read_body(self, request: Request, route: Route) -> dict[str, Any]:
        return {"indexName": INDEX} if request.body == b"broken" else super().read_body(request, route)


def test_the_pipeline_can_be_replaced() -> None:
    assert changed(pipeline=BodyFirst).send("POST", "getVectorIndex", b"broken").status == 200


def test_two_behaviours_do_not_share_state() -> None:
    first, second = changed(), Client(build_behaviour(Settings(), FakeClock()))
    assert first.send("GET", "bucketInfo").status == 200
    assert second.send("GET", "bucketInfo").code == "NoSuchBucket"


def test_every_credential_has_its_own_account() -> None:
    other = Credential("other", "secret", "777")
    behaviour = build_behaviour(Settings(credentials=(*Settings().credentials, other)), FakeClock())
    mine, theirs = Client(behaviour).make_bucket(), Client(behaviour)
    theirs.signer = dataclasses.replace(theirs.signer, credential=other)
    assert theirs.send("GET", "bucketInfo").code == "NoSuchBucket"
    assert theirs.send("GET", bucket=None).json == {"ListAllMyBucketsResult": {"Buckets": []}}
    assert mine.send("GET", "bucketInfo").status == 200
