"""One valid request body per operation, from which cases differ in one place.

Every optional member that the pages document is present with a harmless value,
so that a case can change it; values far from every limit.
"""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping
from typing import Any

from conformance.cases.case import Key, Slot

#: Dimension of the indexes that directed cases share.
DIMENSION = 4

#: Fits neither 64 bits nor a double; valid JSON, which sets no size of numbers (RFC 8259, section 6).
LONG_INTEGER = "1" + "0" * 399

#: Lengths that a vector for these indexes must not have, by label.
WRONG_SIZES: Mapping[str, int] = {
    "shorter": DIMENSION - 1,
    "longer": DIMENSION + 1,
    "half": DIMENSION // 2,
    "double": 2 * DIMENSION,
    "none": 0,
    "far-longer": 4097,
}

_VECTOR = [0.25, -0.5, 0.75, 1.0]


def vector(key: object, numbers: list[float] | None = None, metadata: object = None) -> dict[str, Any]:
    """One entry of a PutVectors."""
    entry: dict[str, Any] = {"key": key, "data": {"float32": list(numbers or _VECTOR)}}
    if metadata is not None:
        entry["metadata"] = metadata
    return entry


def put_vector_index(name: object = Slot.NEW_INDEX) -> dict[str, Any]:
    """A PutVectorIndex for a small index."""
    return {
        "dataType": "float32",
        "dimension": DIMENSION,
        "distanceMetric": "euclidean",
        "indexName": name,
        "metadata": {"nonFilterableMetadataKeys": ["note", "origin"]},
    }


def put_vectors() -> dict[str, Any]:
    """A PutVectors of one vector with metadata."""
    return {
        "indexName": Slot.INDEX,
        "vectors": [vector(Key("a"), metadata={"title": "first", "tags": ["one", "two"]})],
    }


BASELINES: dict[str, Callable[[], dict[str, Any]]] = {
    "PutVectorIndex": put_vector_index,
    "GetVectorIndex": lambda: {"indexName": Slot.INDEX},
    "ListVectorIndexes": lambda: {"maxResults": 50, "prefix": "zz"},
    "DeleteVectorIndex": lambda: {"indexName": Slot.MISSING_INDEX},
    "PutVectors": put_vectors,
    "GetVectors": lambda: {
        "indexName": Slot.INDEX,
        "keys": [Key("a"), Key("b")],
        "returnData": True,
        "returnMetadata": True,
    },
    "ListVectors": lambda: {
        "indexName": Slot.INDEX,
        "maxResults": 50,
        "returnData": True,
        "returnMetadata": True,
        "segmentCount": 4,
        "segmentIndex": 0,
    },
    "DeleteVectors": lambda: {"indexName": Slot.INDEX, "keys": [Key("a"), Key("b")]},
    "QueryVectors": lambda: {
        "indexName": Slot.INDEX,
        "queryVector": {"float32": list(_VECTOR)},
        "topK": 3,
        "returnDistance": True,
        "returnMetadata": True,
    },
}


def baseline(operation: str) -> dict[str, Any]:
    """A fresh copy of the operation's valid body."""
    return BASELINES[operation]()


def with_value(body: dict[str, Any], path: str, value: object) -> dict[str, Any]:
    """A copy of ``body`` with the value at a place set (the first item of every array on the way)."""
    changed = copy.deepcopy(body)
    *steps, last = path.split("/")
    node: Any = changed
    for step in steps:
        while isinstance(node, list):
            node = node[0]
        node = node.setdefault(step, {}) if step != "item" else node
    if last == "item":
        node[0] = value
        return changed
    while isinstance(node, list):
        node = node[0]
    node[last] = value
    return changed


def without(body: dict[str, Any], path: str) -> dict[str, Any]:
    """A copy of ``body`` without the member at a place."""
    changed = copy.deepcopy(body)
    *steps, last = path.split("/")
    node: Any = changed
    for step in steps:
        while isinstance(node, list):
            node = node[0]
        node = node[step]
    while isinstance(node, list):
        node = node[0]
    del node[last]
    return changed
