"""The judge itself never fails: not on odd requests, not on hostile answers, whatever state it remembers.

An exception in the judge would end a run with "internal error" for a mistake
of the target's.
"""

from __future__ import annotations

import copy
import json
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.wire.exchange import Response
from tests.unit.oracle.fake import Scene, error, failed, ready, reply

QUIETLY = settings(max_examples=25, database=None, derandomize=True, deadline=None)
BODIES: dict[str, dict[str, Any]] = {
    "PutVectorIndex": {
        "dataType": "float32",
        "dimension": 4,
        "distanceMetric": "cosine",
        "indexName": "fresh",
        "metadata": {"nonFilterableMetadataKeys": ["note"]},
    },
    "GetVectorIndex": {"indexName": "here"},
    "ListVectorIndexes": {"maxResults": 5, "prefix": "h", "nextToken": "x"},
    "DeleteVectorIndex": {"indexName": "here"},
    "PutVectors": {
        "indexName": "here",
        "vectors": [
            {"key": "a", "data": {"float32": [1.0, 2.0, 3.0, 4.0]}, "metadata": {"t": "x", "l": ["y"]}}
        ],
    },
    "GetVectors": {"indexName": "here", "keys": ["a", "b"], "returnData": True, "returnMetadata": True},
    "ListVectors": {
        "indexName": "here",
        "maxResults": 5,
        "segmentCount": 2,
        "segmentIndex": 1,
        "returnData": True,
    },
    "DeleteVectors": {"indexName": "here", "keys": ["a"]},
    "QueryVectors": {
        "indexName": "here",
        "queryVector": {"float32": [1.0, 0.0, 0.0, 0.0]},
        "topK": 3,
        "filter": {"$and": [{"t": {"$eq": "x"}}, {"l": {"$in": ["y"]}}]},
        "returnDistance": True,
        "returnMetadata": True,
    },
    "PutBucketPolicy": {"Version": "1", "Statement": [{"Effect": "Allow"}]},
    "PutBucketLogging": {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "b"}}},
}
#: Values that code which trusts its input trips over.
ODD: list[Any] = [
    None,
    True,
    False,
    0,
    -1,
    3.0,
    2.5,
    1e400,
    2**70,
    "",
    "3",
    "\x00",
    "\ud800",
    "k" * 2000,
    [],
    [[]],
    [None],
    ["a", 1, None, {}],
    {},
    {"a": None},
    {"$and": [{}]},
    {"float32": []},
    {"float32": [1, "x"]},
    {"": ""},
]


def places(value: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """Paths to every node of a JSON value, the root among them."""
    found = [path]
    children = (
        value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    )
    for step, child in children:
        found += places(child, (*path, step))
    return found


def mutated(value: Any, chance: random.Random, times: int) -> Any:
    """A copy with some nodes replaced by odd values, left out or doubled."""
    changed = copy.deepcopy(value)
    for _ in range(times):
        path = chance.choice(places(changed))
        odd = copy.deepcopy(chance.choice(ODD))
        if not path:
            return odd if chance.random() < 0.2 else changed
        node = changed
        for step in path[:-1]:
            node = node[step]
        kind = chance.random()
        if kind < 0.15:
            del node[path[-1]]
        elif kind < 0.3 and isinstance(node, list):
            node.append(copy.deepcopy(node[path[-1]]))
        else:
            node[path[-1]] = odd
    return changed


def encoded(value: Any) -> bytes:
    return json.dumps(value, ensure_ascii=False, allow_nan=True).encode("utf-8", "surrogatepass")


def scene_with_data() -> Scene:
    scene = ready("here")
    scene.put("here", a=([1.0, 2.0, 3.0, 4.0], {"t": "x", "l": ["y"]}), b=[4.0, 3.0, 2.0, 1.0])
    scene.call("DeleteVectors", {"indexName": "here", "keys": ["c"]})
    return scene


def answers(scene: Scene, operation: str, chance: random.Random) -> list[Response]:
    """A refusal, an empty success, and the right answer to the plain request, whole and spoiled."""
    known = scene.contract.operation(operation)
    right = scene.answer(operation, BODIES.get(operation), done=False)
    spoiled = right
    if right.body:
        spoiled = reply(right.status, raw=encoded(mutated(json.loads(right.body), chance, 2)))
    return [
        right,
        spoiled,
        reply(known.success_status),
        error(400, "VectorIndexParameterInvalid"),
        error(500, "X"),
    ]


def read_everything(scene: Scene, chance: random.Random) -> None:
    for operation in ("GetVectorBucket", "ListVectorBuckets", "GetBucketLogging", "ListVectorIndexes"):
        scene.call(operation, None if operation != "ListVectorIndexes" else {})
    for operation in ("GetVectorIndex", "ListVectors", "GetVectors", "QueryVectors"):
        for answer in answers(scene, operation, chance):
            scene.call(operation, BODIES[operation], response=answer)


@pytest.mark.parametrize("operation", list(BODIES))
@given(seed=st.integers(0, 2**32), times=st.integers(1, 3))
@QUIETLY
def test_no_odd_request_makes_the_judge_fail(operation: str, seed: int, times: int) -> None:
    chance = random.Random(seed)
    scene = scene_with_data()
    raw = encoded(mutated(BODIES[operation], chance, times))
    scene.call(operation, raw=raw, response=chance.choice(answers(scene, operation, chance)))
    read_everything(scene, chance)


@pytest.mark.parametrize(
    "operation", ["GetVectorBucket", "ListVectorBuckets", "GetBucketPolicy", "GetBucketLogging", *BODIES]
)
@given(seed=st.integers(0, 2**32), times=st.integers(1, 4))
@QUIETLY
def test_no_hostile_answer_makes_the_judge_fail(operation: str, seed: int, times: int) -> None:
    chance = random.Random(seed)
    scene = scene_with_data()
    scene.call("PutBucketPolicy", BODIES["PutBucketPolicy"])
    right = scene.answer(operation, BODIES.get(operation), done=False)
    value = json.loads(right.body) if right.body else {}
    answer = reply(right.status, raw=encoded(mutated(value, chance, times)))
    scene.call(operation, BODIES.get(operation), response=answer)


@pytest.mark.parametrize("operation", list(BODIES))
@given(seed=st.integers(0, 2**32), times=st.integers(1, 4))
@settings(QUIETLY, max_examples=10)
def test_no_hostile_error_makes_the_judge_fail(operation: str, seed: int, times: int) -> None:
    chance = random.Random(seed)
    right = json.loads(error(404, "NoSuchVectorIndex").body)
    answer = reply(chance.choice([400, 404, 503]), raw=encoded(mutated(right, chance, times)))
    scene_with_data().call(operation, BODIES[operation], response=answer)


@pytest.mark.parametrize("operation", list(BODIES))
@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"null",
        b"7",
        b"\xff",
        b'{"indexName": "here", "x": ' + b"[" * 200 + b"]" * 200 + b"}",
        b"[" * 100_000,
        b'{"indexName": "here", "indexName": "there"}',
        b'\xef\xbb\xbf{"indexName": "here"}',
        b'{"topK": ' + b"9" * 5000 + b"}",
    ],
    ids=["empty", "null", "number", "not-utf8", "deep", "very-deep", "twice", "bom", "huge-number"],
)
def test_no_doubtful_body_makes_the_judge_fail_whatever_the_answer(operation: str, raw: bytes) -> None:
    for number in range(5):
        scene = scene_with_data()
        scene.call(operation, raw=raw, response=answers(scene, operation, random.Random(number))[number])


def test_a_vector_of_a_wrong_length_that_was_accepted_does_not_spoil_later_queries() -> None:
    scene = scene_with_data()
    body = {"indexName": "here", "vectors": [{"key": "short", "data": {"float32": [1.0]}}]}
    accepted = scene.call("PutVectors", body, response=reply(200))
    assert failed(accepted) == {"PutVectors.data.dimension.rejected"}
    answer = reply(200, {"vectors": [{"key": "short"}]})
    scene.call("QueryVectors", BODIES["QueryVectors"], response=answer)
