"""Request bodies as schemathesis generates them, brought within reach of the service's logic.

What the engine draws is valid or wrong by the schema, but an index of a random
name does not exist and a vector of a random length fits none: without a little
steering nearly every request ends at the same refusal (measured: a quarter of
its positive PutVectors bodies are usable).
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import SearchStrategy

from conformance.cases.baselines import DIMENSION
from conformance.cases.case import NO_BODY, Name, Slot
from conformance.cases.engine_schema import engine_operations, engine_schema
from conformance.contract.loader import load_contract

_COMPONENTS = (0.5, -0.25, 0.75, 1.0)


@functools.cache
def engine_bodies(operation: str, seed: int) -> SearchStrategy[Any]:
    """Bodies of one operation, valid and mutated ones: JSON templates, bytes, or no body."""
    from schemathesis import GenerationMode  # noqa: PLC0415 - takes longer to import than a core run to start

    proposed = engine_operations(engine_schema(seed=seed))[operation]
    modes = [proposed.as_strategy(generation_mode=mode) for mode in GenerationMode]
    return st.one_of(*modes).map(lambda case: within_reach(operation, case.body))


def within_reach(operation: str, body: Any, known: Collection[str] = ()) -> Any:
    """A generated body whose index exists and whose vectors have its dimension, where that is not what is wrong.

    ``known`` are names that stay: indexes of the sequence that the body belongs to.
    """
    if isinstance(body, bytes):
        return body
    if not isinstance(body, (dict, list, str, int, float, bool)) and body is not None:
        return NO_BODY
    if not isinstance(body, dict):
        return body
    changed = {key: _fitted(value) for key, value in body.items()}
    name = changed.get("indexName")
    if isinstance(name, str) and name not in known and load_contract().is_index_name(name):
        changed["indexName"] = _slot(operation, name)
    return changed


def _slot(operation: str, name: str) -> Slot | Name:
    if operation == "PutVectorIndex":
        return Name(length=len(name))
    return Slot.MISSING_INDEX if operation == "DeleteVectorIndex" else Slot.INDEX


def _fitted(node: Any) -> Any:
    if isinstance(node, list):
        return [_fitted(item) for item in node]
    if not isinstance(node, dict):
        return node
    fitted = {key: _fitted(value) for key, value in node.items()}
    numbers = fitted.get("float32")
    if isinstance(numbers, list) and numbers and all(type(number) in (int, float) for number in numbers):
        moderate = [number for number in numbers if 0 < abs(number) < _MODERATE]
        fitted["float32"] = [*moderate, *_COMPONENTS][:DIMENSION]
    return fitted


# Extremes are valid, but in a shared index they make every later distance overflow.
_MODERATE = 1e6
