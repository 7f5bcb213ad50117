"""Property tests: generated requests of every operation with a JSON body, shrunk when they fail.

Hypothesis proposes bodies that are valid or wrong in one or two places; the
judge decides.  A violation is reported with the smallest request that shows it.
"""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis.strategies import SearchStrategy

from conformance.cases import strategies
from conformance.cases.baselines import DIMENSION, vector
from conformance.cases.case import Key, Slot
from conformance.contract.model import Profile
from conformance.suite.collecting import decides, in_profile
from conformance.suite.property_tests import explore, must_hold
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

    explore(service, "PutVectorIndex", strategies.put_vector_index_bodies(), check, examples=30)


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
