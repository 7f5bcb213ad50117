"""Directed cases of QueryVectors: query vectors, topK and the limits of filters.

What a query finds is tested with data in ``suite/test_query_*.py``; here
is what is refused or accepted whatever the data.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.cases.baselines import LONG_INTEGER, WRONG_SIZES, baseline
from conformance.cases.case import Case
from conformance.contract.loader import Contract

_NAME = "QueryVectors"


def query_cases(contract: Contract) -> Iterator[Case]:
    """Both sides of every documented limit of a query."""
    body = baseline(_NAME)

    def case(requirement: str, label: str, **changes: Any) -> Case:
        return Case(f"{_NAME}.{requirement}", _NAME, label, body={**body, **changes})

    for label, size in WRONG_SIZES.items():
        yield case("queryVector.dimension.rejected", label, queryVector={"float32": [0.5] * size})
    for label, token in (("nan", "NaN"), ("infinity", "Infinity")):
        raw = f'{{"indexName": "%INDEX%", "topK": 3, "queryVector": {{"float32": [0.5, {token}, 0.5, 0.5]}}}}'
        yield Case(f"{_NAME}.queryVector.finite.rejected", _NAME, label, raw=raw.encode())
    far = {"float32": [0.5, 1e39, 0.5, 0.5]}
    yield case("queryVector.float32-range.rejected", "1e39", queryVector=far)
    # An integer as long as this fits no 64 bits and no double: a parser of its own may stumble over it.
    raw = f'{{"indexName": "%INDEX%", "topK": 3, "queryVector": {{"float32": [0.5, {LONG_INTEGER}, 0.5, 0.5]}}}}'
    yield Case(f"{_NAME}.queryVector.float32-range.rejected", _NAME, "long-integer", raw=raw.encode())
    smallest_maximum = contract.most_neighbours
    yield case("topK.maximum.accepted", f"{smallest_maximum}", topK=smallest_maximum)
    yield from _filter_cases(contract)


def nested(levels: int, value: str = "a") -> dict[str, Any]:
    """A filter of ``levels`` logical operators inside one another around one condition."""
    condition: dict[str, Any] = {"kind": {"$eq": value}}
    for level in range(levels):
        condition = {"$and" if level % 2 else "$or": [condition]}
    return condition


def conditions(count: int, value: str = "v") -> dict[str, Any]:
    """A filter of ``count`` conditions under one $or."""
    return {"$or": [{"f": {"$eq": value}}] * count}


def _filter_cases(contract: Contract) -> Iterator[Case]:
    body = baseline(_NAME)

    def case(requirement: str, label: str, condition: object) -> Case:
        return Case(f"{_NAME}.filter.{requirement}", _NAME, label, body={**body, "filter": condition})

    place = "filter/x-oss-limits"
    levels = contract.limit(_NAME, f"{place}/nesting/maximum")
    yield case("depth.accepted", f"{levels - 1}", nested(levels - 1))
    yield case("depth.rejected", f"{levels + 2}", nested(levels + 2))
    yield case("depth.rejected", f"{2 * levels}", nested(2 * levels))
    items = contract.limit(_NAME, f"{place}/items/maximum")
    fewer = items - items // 40 + 1
    yield case("items.accepted", f"{fewer}", conditions(fewer))
    yield case("items.rejected", f"{items + items // 20}", conditions(items + items // 20))
    band = contract.limit(_NAME, f"{place}/size/x-oss-contested")
    inside = band["accepted"] * 1000 * 19 // 20
    outside = band["rejected-above"] * 1024 * 5 // 4
    yield case("size.accepted", "nearly-full", {"kind": {"$in": ["x" * 100] * (inside // 110)}})
    yield case("size.rejected", "a-quarter-over", {"kind": {"$in": ["x" * 1000] * (outside // 1000)}})
    yield case("empty", "object", {})
    # What a service that is too helpful would understand.
    yield case("type", "json-text", '{"title": {"$eq": "x"}}')
    yield case("type", "array-of-filters", [{"title": {"$eq": "x"}}])
    yield case("unknown-field", "eq", {"conformanceNoSuchField": {"$eq": "x"}})
    yield case("unknown-field", "in", {"$and": [{"conformanceNoSuchField": {"$in": ["x", "y"]}}]})
    for operator in ("$regex", "$EQ", "$like", "$not", "$all", "$gtt"):
        yield case("operator.unknown", operator[1:], {"title": {operator: "x"}})
    for label, operand in (("number", 1), ("boolean", True), ("array", ["x"])):
        yield case("operator.unknown", f"of-{label}", {"title": {"$foo": operand}})
    # A test of presence like $exists, which takes a boolean as well.
    yield case("operator.unknown", "empty", {"title": {"$empty": True}})
    for operator in ("$xor", "$nor", "$not"):
        yield case("operator.unknown", f"logical-{operator[1:]}", {operator: [{"title": {"$eq": "x"}}]})
    for label, condition in (
        ("in-empty", {"title": {"$in": []}}),
        ("in-string", {"title": {"$in": "x"}}),
        ("nin-empty", {"title": {"$nin": []}}),
        ("and-empty", {"$and": []}),
        ("and-object", {"$and": {"title": {"$eq": "x"}}}),
        ("or-empty", {"$or": []}),
        ("or-string", {"$or": "x"}),
        ("exists-string", {"title": {"$exists": "true"}}),
        ("exists-number", {"title": {"$exists": 1}}),
        ("exists-array", {"title": {"$exists": [True]}}),
        ("eq-null", {"title": {"$eq": None}}),
        ("eq-object", {"title": {"$eq": {"a": "b"}}}),
        ("eq-array", {"title": {"$eq": ["x"]}}),
        ("ne-object", {"title": {"$ne": {}}}),
        ("ne-null", {"title": {"$ne": None}}),
        ("in-null", {"title": {"$in": [None]}}),
        ("in-object", {"title": {"$in": ["x", {"a": "b"}]}}),
        ("nin-array", {"title": {"$nin": [["x"]]}}),
        ("nested-in-empty", {"$and": [{"title": {"$eq": "x"}}, {"tags": {"$in": []}}]}),
    ):
        yield case("operand.rejected", label, condition)
