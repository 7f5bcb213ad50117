"""Answers of queries: every way to be wrong fails its clause, exact answers never fail."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.oracle.answers_query import may_lag
from tests.unit.oracle.fake import BUCKET, Scene, failed, passed, ready, reply

ORIGIN = {"queryVector": {"float32": [1.0, 0.0, 0.0, 0.0]}}
# Nearest neighbours of ORIGIN differ by metric: near is close, far lies in its direction.
POINTS = {
    "near": ([1.0, 0.5, 0.0, 0.0], {"kind": "a", "tags": ["x", "y"]}),
    "far": ([9.0, 0.1, 0.0, 0.0], {"kind": "b"}),
    "side": ([0.0, 2.0, 0.0, 0.0], {"kind": "a", "more": "z"}),
    "away": ([-3.0, -1.0, 1.0, 0.0], {"kind": "c", "tags": ["y"]}),
}
ORDER = {"euclidean": ["near", "side", "away", "far"], "cosine": ["far", "near", "side", "away"]}


def scene_with_points(metric: str = "euclidean") -> Scene:
    scene = ready("here", metric=metric)
    scene.put("here", **POINTS)
    return scene


def body(**members: Any) -> dict[str, Any]:
    return {"indexName": "here", **ORIGIN, "topK": 4, **members}


def answered(
    keys: list[str], *, metric: str = "euclidean", entries: dict[str, Any] | None = None, **members: Any
) -> set[str]:
    """Violations in an answer with bare keys."""
    scene = scene_with_points(metric)
    answer = reply(200, {"vectors": [{"key": key, **(entries or {})} for key in keys]})
    return failed(scene.call("QueryVectors", body(**members), response=answer))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("top", [1, 2, 3, 4, 30])
def test_the_nearest_in_order_is_right(metric: str, top: int) -> None:
    assert not answered(ORDER[metric][:top], metric=metric, topK=top)


@pytest.mark.parametrize(
    ("keys", "top", "requirements"),
    [
        (["side", "near", "away", "far"], 4, {"QueryVectors.order"}),
        (["far", "away", "side", "near"], 4, {"QueryVectors.order"}),
        (["side"], 1, {"QueryVectors.nearest"}),
        (["near", "away"], 2, {"QueryVectors.nearest"}),
        (["near", "side"], 1, {"QueryVectors.topK.limits-result"}),
        (["near", "side", "away"], 4, {"QueryVectors.nearest", "QueryVectors.topK.fills-result"}),
        ([], 4, {"QueryVectors.nearest", "QueryVectors.topK.fills-result"}),
        (["near", "near", "side", "away", "far"], 5, {"QueryVectors.only-stored"}),
        (["near", "side", "away", "far", "ghost"], 5, {"QueryVectors.only-stored"}),
    ],
)
def test_each_wrong_result_fails_its_clause(keys: list[str], top: int, requirements: set[str]) -> None:
    assert answered(keys, topK=top) == requirements


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_the_order_of_the_other_metric_is_noticed(metric: str) -> None:
    other = "cosine" if metric == "euclidean" else "euclidean"
    assert answered(ORDER[other], metric=metric) == {"QueryVectors.order"}
    assert answered(ORDER[other][:1], metric=metric, topK=1) == {"QueryVectors.nearest"}


def spoiled(metric: str, change: Callable[[float], Any], **members: Any) -> set[str]:
    """Violations when every reported distance is changed."""

    def slip(value: dict[str, Any]) -> dict[str, Any]:
        for entry in value["vectors"]:
            entry["distance"] = change(entry["distance"])
        return value

    request = body(returnDistance=True, **members)
    return failed(scene_with_points(metric).call("QueryVectors", request, slip=slip))


def test_a_right_distance_is_right() -> None:
    assert not spoiled("euclidean", lambda value: value)
    assert not spoiled("cosine", lambda value: value)


@pytest.mark.parametrize(
    ("metric", "change", "requirements"),
    [
        ("euclidean", lambda value: value**2, {"QueryVectors.distance.euclidean"}),
        ("euclidean", lambda value: value * 1.01, {"QueryVectors.distance.euclidean"}),
        ("cosine", lambda value: value / 2, {"QueryVectors.distance.cosine"}),
        ("cosine", lambda value: value + 0.01, {"QueryVectors.distance.cosine"}),
        ("cosine", lambda value: 1 - value, {"QueryVectors.distance.cosine", "QueryVectors.order"}),
        ("euclidean", lambda value: -value, {"QueryVectors.distance.euclidean", "QueryVectors.order"}),
        (
            "euclidean",
            str,
            {"QueryVectors.returnDistance.true", "QueryVectors.success.body"},
        ),
        ("euclidean", lambda _: None, {"QueryVectors.returnDistance.true"}),
    ],
)
def test_each_wrong_distance_fails_its_clause(
    metric: str, change: Callable[[float], Any], requirements: set[str]
) -> None:
    found = spoiled(metric, change)
    assert found
    assert found <= requirements
    assert (found & {f"QueryVectors.distance.{metric}"}) == (
        requirements & {f"QueryVectors.distance.{metric}"}
    )


@pytest.mark.parametrize(
    ("flags", "entry", "requirement"),
    [
        ({}, {"distance": 0.0}, "QueryVectors.return-flags.default"),
        ({}, {"metadata": {"kind": "a"}}, "QueryVectors.return-flags.default"),
        ({"returnDistance": False}, {"distance": 0.5}, "QueryVectors.returnDistance.false"),
        ({"returnMetadata": False}, {"metadata": {"kind": "a"}}, "QueryVectors.returnMetadata.false"),
        ({"returnDistance": True}, {}, "QueryVectors.returnDistance.true"),
        ({"returnMetadata": True}, {}, "QueryVectors.returnMetadata.true"),
        ({"returnMetadata": True}, {"metadata": {"kind": "b"}}, "QueryVectors.returnMetadata.true"),
    ],
)
def test_each_flag_decides_its_member(flags: dict[str, Any], entry: dict[str, Any], requirement: str) -> None:
    extra = set() if "distance" not in entry else {"QueryVectors.distance.euclidean"}
    found = answered(["near"], entries=entry, topK=1, **flags)
    assert requirement in found
    assert found <= {requirement} | extra


@pytest.mark.parametrize("flags", [{}, {"returnDistance": False, "returnMetadata": False}])
def test_an_entry_without_anything_is_right_when_nothing_was_asked_for(flags: dict[str, Any]) -> None:
    assert not answered(["near"], topK=1, **flags)


FILTERS: list[tuple[str, dict[str, Any], list[str]]] = [
    ("eq", {"kind": {"$eq": "a"}}, ["near", "side"]),
    ("ne", {"kind": {"$ne": "a"}}, ["away", "far"]),
    ("in", {"kind": {"$in": ["b", "c"]}}, ["away", "far"]),
    ("nin", {"kind": {"$nin": ["b", "c"]}}, ["near", "side"]),
    ("exists.true", {"more": {"$exists": True}}, ["side"]),
    ("exists.false", {"more": {"$exists": False}}, ["near", "away", "far"]),
    ("eq.array-field", {"tags": {"$eq": "y"}}, ["near", "away"]),
    ("and", {"$and": [{"kind": {"$eq": "a"}}, {"more": {"$eq": "z"}}]}, ["side"]),
    ("or", {"$or": [{"kind": {"$eq": "b"}}, {"more": {"$eq": "z"}}]}, ["side", "far"]),
    (
        "nested",
        {"$and": [{"$or": [{"kind": {"$eq": "a"}}, {"kind": {"$eq": "b"}}]}, {"more": {"$exists": False}}]},
        ["near", "far"],
    ),
]


@pytest.mark.parametrize(("clause", "condition", "keys"), FILTERS, ids=[row[0] for row in FILTERS])
def test_a_filter_that_lets_through_or_holds_back_fails_its_own_clause(
    clause: str, condition: dict[str, Any], keys: list[str]
) -> None:
    scene = scene_with_points()
    right = scene.call("QueryVectors", body(filter=condition))
    assert not failed(right)
    assert f"QueryVectors.filter.{clause}" in passed(right)
    assert answered(ORDER["euclidean"], filter=condition) == {f"QueryVectors.filter.{clause}"}
    assert answered(keys[1:], filter=condition) == {f"QueryVectors.filter.{clause}"}
    assert answered([], filter=condition) == {f"QueryVectors.filter.{clause}"}


def test_an_empty_filter_must_not_filter() -> None:
    assert not answered(ORDER["euclidean"], filter={})
    assert answered(["near"], filter={}) == {"QueryVectors.filter.empty"}
    assert answered(["near"]) == {"QueryVectors.nearest", "QueryVectors.topK.fills-result"}


def test_a_query_of_an_empty_index_finds_nothing() -> None:
    scene = ready("here")
    assert "QueryVectors.empty-index" in passed(scene.call("QueryVectors", body()))
    ghost = reply(200, {"vectors": [{"key": "ghost"}]})
    found = failed(scene.call("QueryVectors", body(), response=ghost))
    assert found == {"QueryVectors.empty-index", "QueryVectors.only-stored"}


def test_every_violation_that_waiting_may_cure_is_marked_so_and_no_other() -> None:
    scene = scene_with_points()
    late = failed(scene.call("QueryVectors", body(), response=reply(200, {"vectors": []})))
    assert late
    assert all(may_lag(requirement) for requirement in late)
    for requirement in (
        "QueryVectors.success.status",
        "QueryVectors.topK.limits-result",
        "PutVectors.stores",
        "Errors.body.json",
    ):
        assert not may_lag(requirement)


_COORDINATES = st.floats(min_value=-100, max_value=100, width=32, allow_subnormal=False)
_VECTORS = st.lists(_COORDINATES, min_size=3, max_size=3).filter(lambda vector: max(map(abs, vector)) > 0.01)


@given(
    st.sampled_from(["euclidean", "cosine"]),
    st.lists(_VECTORS, min_size=1, max_size=12),
    _VECTORS,
    st.integers(1, 30),
    st.sampled_from([{}, {"f": {"$eq": "x"}}, {"$or": [{"f": {"$ne": "x"}}, {"g": {"$exists": True}}]}]),
    st.integers(0, 2**16),
)
@settings(max_examples=150, database=None, derandomize=True, deadline=None)
def test_an_exact_answer_is_never_a_violation(
    metric: str, vectors: list[Any], query: list[float], top: int, condition: dict[str, Any], seed: int
) -> None:
    chance = random.Random(seed)
    scene = Scene()
    scene.bucket()
    scene.index("here", metric=metric, dimension=3)
    stored = {
        f"k{number}": (vector, {"f": chance.choice(["x", "y"]), "g": "z"})
        for number, vector in enumerate(vectors)
    }
    scene.put("here", **stored)
    request = {"indexName": "here", "queryVector": {"float32": query}, "topK": top, "filter": condition}
    request |= {"returnDistance": True, "returnMetadata": True}
    assert not failed(scene.call("QueryVectors", request))


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_no_single_missing_neighbour_goes_unnoticed(metric: str) -> None:
    for missing in ORDER[metric]:
        keys = [key for key in ORDER[metric] if key != missing]
        assert "QueryVectors.nearest" in answered(keys, metric=metric)


def test_a_deleted_vector_makes_room_for_the_next() -> None:
    scene = scene_with_points()
    scene.call("DeleteVectors", {"indexName": "here", "keys": ["near"]})
    found = scene.call("QueryVectors", body(topK=1))
    assert not failed(found)
    assert {"QueryVectors.deleted-vectors", "QueryVectors.nearest"} <= passed(found)
    assert list(scene.buckets[BUCKET].indexes["here"].vectors) == ["far", "side", "away"]


def test_a_text_that_is_found_or_missed_is_no_matter_of_arrays() -> None:
    scene = ready("here")
    texts = {"same": ([1.0, 0.0, 0.0, 0.0], {"kind": "a"}), "other": ([0.0, 1.0, 0.0, 0.0], {"kind": "b"})}
    scene.put("here", **texts, many=([0.0, 0.0, 1.0, 0.0], {"kind": ["a", "b"]}))
    for keys, clause in (
        (["same", "many", "other"], "eq"),
        (["many"], "eq"),
        (["same"], "eq.array-field"),
    ):
        found = scene.call(
            "QueryVectors",
            body(filter={"kind": {"$eq": "a"}}),
            response=reply(200, {"vectors": [{"key": key} for key in keys]}),
        )
        assert failed(found) == {f"QueryVectors.filter.{clause}"}, keys
