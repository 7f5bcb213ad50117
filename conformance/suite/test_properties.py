"""Property tests: generated requests of every operation with a JSON body, shrunk when they fail.

Hypothesis proposes bodies that are valid or wrong in one or two places; the
judge decides.  A violation is reported with the smallest request that shows it.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.cases import strategies
from conformance.cases.baselines import DIMENSION, vector
from conformance.cases.case import Key, Slot
from conformance.contract.model import Profile
from conformance.suite.collecting import decides, in_profile
from conformance.suite.exploring import explore, must_hold
from conformance.suite.resources import Resources
from conformance.suite.service import Service

pytestmark = in_profile(Profile.CORE)


@decides("PutVectorIndex.success.status", "PutVectorIndex.rejected.no-trace")
def test_any_put_vector_index(service: Service, resources: Resources) -> None:
    """Created as asked, or refused without a trace."""

    def check(body: Any) -> None:
        filler = resources.filler()
        result = service.call("PutVectorIndex", **_as_call(filler.fill(body)))
        must_hold(result, *resources.look_back(result))

    explore(service, "PutVectorIndex", strategies.put_vector_index_bodies(), check, examples=20)


@decides("DeleteVectors.success.status", "DeleteVectors.deletes", "DeleteVectors.only-named")
def test_any_delete_vectors(service: Service, resources: Resources) -> None:
    """Whatever is named is gone, or nothing is; a bystander and a neighbour under the same key stay."""
    index, neighbour = resources.shared(Slot.INDEX), resources.shared(Slot.COSINE_INDEX)

    def check(body: Any) -> None:
        filler = resources.filler()
        stored = [filler.name(key) for key in _named_keys(body)[:5]]
        bystander = filler.name(Key("bystander"))
        resources.put(index, *(vector(key) for key in [*stored, bystander]))
        resources.put(neighbour, *(vector(key) for key in [*stored, bystander]))
        result = service.call("DeleteVectors", **_as_call(filler.fill(body)))
        here = resources.read(index, [*stored, bystander])
        there = resources.read(neighbour, [*stored, bystander])
        must_hold(result, here, there)

    explore(service, "DeleteVectors", strategies.delete_vectors_bodies(), check, examples=60)


def _named_keys(body: Any) -> list[Key]:
    keys = body.get("keys") if isinstance(body, dict) else None
    named = [key for key in keys if isinstance(key, Key)] if isinstance(keys, list) else []
    return list(dict.fromkeys(named))


def _as_call(body: Any) -> dict[str, Any]:
    return {"raw": body} if isinstance(body, bytes) else {"body": body}


_OTHERS: dict[str, tuple[SearchStrategy[Any], int]] = {
    "PutVectors": (strategies.put_vectors_bodies(DIMENSION), 60),
    "GetVectors": (strategies.get_vectors_bodies(), 40),
    "ListVectors": (strategies.list_vectors_bodies(), 40),
    "QueryVectors": (strategies.query_bodies(DIMENSION), 60),
}


@pytest.mark.parametrize(
    "operation", [pytest.param(name, id=name, marks=decides(f"{name}.success.status")) for name in _OTHERS]
)
def test_any_request_on_vectors(service: Service, resources: Resources, operation: str) -> None:
    """Served as documented, or refused without a trace."""
    strategy, examples = _OTHERS[operation]

    def check(body: Any) -> None:
        filler = resources.filler()
        result = service.call(operation, **_as_call(filler.fill(body)), settle=operation == "QueryVectors")
        must_hold(result, *resources.look_back(result))

    explore(service, operation, strategy, check, examples=examples)


_FIELDS = ("kind", "tags", "year")
_VALUES = ("a", "b", "c", "A", "a ")
_RECORDS = st.lists(
    st.fixed_dictionaries(
        {},
        optional={
            "kind": st.sampled_from(_VALUES),
            "year": st.sampled_from(_VALUES),
            "tags": st.lists(st.sampled_from(_VALUES), min_size=1, max_size=3),
        },
    ),
    min_size=1,
    max_size=6,
)


@decides("QueryVectors.filter.eq", "QueryVectors.filter.and", "QueryVectors.filter.or")
def test_any_filter_over_any_metadata(service: Service, resources: Resources) -> None:
    """Generated records and filters; an independent evaluation says which vectors may come back."""
    index = resources.index(dimension=2)
    keys = resources.keys(6)

    def check(example: tuple[list[dict[str, Any]], dict[str, Any], float, int]) -> None:
        records, condition, slope, top = example
        service.call("DeleteVectors", {"indexName": index, "keys": keys}).need()
        resources.put(
            index,
            *(vector(keys[place], [1.0, float(place)], record) for place, record in enumerate(records)),
        )
        body = {
            "indexName": index,
            "queryVector": {"float32": [1.0, slope]},
            "topK": top,
            "filter": condition,
            "returnMetadata": True,
            "returnDistance": True,
        }
        must_hold(service.call("QueryVectors", body, settle=True))

    slopes = st.integers(1, 31).map(lambda number: number / 8 + 0.05)
    tops = st.sampled_from([30, 30, 1, 2, 3])
    examples = st.tuples(_RECORDS, strategies.filters(_FIELDS, _VALUES, 3), slopes, tops)
    explore(service, "filters", examples, check, examples=60)
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("QueryVectors.nearest", "QueryVectors.order")
def test_any_vectors_are_ranked(service: Service, resources: Resources) -> None:
    """Generated vectors under both metrics, queried with every topK; exact search says what comes first."""
    names = [resources.index(dimension=3, metric=metric) for metric in ("euclidean", "cosine")]
    keys = resources.keys(6)
    rows = st.lists(strategies.float32_vectors(3), min_size=1, max_size=6)

    def check(example: tuple[list[list[float]], list[float], int]) -> None:
        vectors, point, top = example
        for index in names:
            service.call("DeleteVectors", {"indexName": index, "keys": keys}).need()
            resources.put(index, *(vector(key, row) for key, row in zip(keys, vectors, strict=False)))
            body = {
                "indexName": index,
                "queryVector": {"float32": point},
                "topK": top,
                "returnDistance": True,
            }
            must_hold(service.call("QueryVectors", body, settle=True))

    examples = st.tuples(rows, strategies.float32_vectors(3), st.integers(1, 7))
    explore(service, "ranking", examples, check, examples=30)
    for index in names:
        service.call("DeleteVectorIndex", {"indexName": index})
