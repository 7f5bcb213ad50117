"""Cases derived mechanically from the constraint keywords of a request schema.

For every keyword both sides: the value just inside (and every documented value
of an enumeration), the value just outside, and near misses.  Items of arrays
are always valid themselves, so that a case is refused for one reason only.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from conformance.cases.baselines import BASELINES, baseline, vector, with_value, without
from conformance.cases.body_probes import text_of
from conformance.cases.case import Case, Key, Name
from conformance.cases.corpora import (
    BAD_FIELD_NAMES,
    BAD_INDEX_NAMES,
    GOOD_FIELD_NAMES,
    GOOD_INDEX_NAMES,
    NOT_OBJECTS,
    OUTSIDE_ENUMERATION,
    WRONG_TYPES,
)
from conformance.contract.loader import Contract
from conformance.contract.model import Level, Operation
from conformance.contract.schema import constraints, join

#: Integers far outside a range: typical overflows of a careless comparison.
_FAR_INTEGERS: Mapping[str, int] = {
    "two-to-31": 2**31,
    "two-to-32-plus-one": 2**32 + 1,
    "two-to-63": 2**63,
}
# Stands in a body for a number that JSON writers refuse to write: many parsers read 1e400 as infinity,
# which no range has and which breaks a conversion to an integer.
_PLACE_OF_A_NUMBER = 987654321


def boundary_cases(contract: Contract, operation: Operation) -> Iterator[Case]:
    """All mechanical cases of one operation."""
    schema = operation.request_schema
    if schema is None or operation.name not in BASELINES:
        return
    seen: set[str] = set()
    every = list(constraints(contract.document, schema))
    required = {path for path, keyword, _ in every if keyword == "required"}
    for path, keyword, value in every:
        place = join(path, keyword)
        if place in seen or keyword.startswith("x-oss-"):
            continue
        seen.add(place)
        for side, label, template in _values(operation.name, path, keyword, value, required):
            requirement = contract.claimed.get((operation.name, place, side)) or contract.claimed.get(
                (operation.name, place, None)
            )
            if requirement is None or contract.requirements[requirement].level is Level.PROBE:
                continue
            if isinstance(template, bytes):
                yield Case(requirement, operation.name, label, raw=template)
            else:
                yield Case(requirement, operation.name, label, body=template)


Value = tuple[str | None, str, Any]


def _values(operation: str, path: str, keyword: str, limit: Any, required: set[str]) -> Iterator[Value]:
    """Yield (side, label, body) for one keyword."""
    body = baseline(operation)
    if not path:
        for label, raw in NOT_OBJECTS.items():
            yield None, label, raw
        return
    if path == "filter" or path.startswith(("filter/", "vectors/metadata/")):
        if keyword == "type" and path == "filter":
            for label, value in WRONG_TYPES["object"].items():
                yield None, label, with_value(body, path, value)
        return
    if keyword == "type":
        yield from (
            (None, label, with_value(body, path, value)) for label, value in _wrong(path, limit, required)
        )
        if limit == "integer":
            text = text_of(with_value(body, path, _PLACE_OF_A_NUMBER))
            yield None, "beyond-a-double", text.replace(str(_PLACE_OF_A_NUMBER), "1e400").encode()
    elif keyword == "required":
        yield None, "missing", without(body, path)
    elif keyword == "enum":
        yield from (("accepted", value, with_value(body, path, value)) for value in limit)
        outside = OUTSIDE_ENUMERATION[path.rsplit("/", 1)[-1]]
        yield from (("rejected", label, with_value(body, path, value)) for label, value in outside.items())
    elif keyword in ("minimum", "maximum"):
        yield from _ranges(body, path, keyword, limit)
    elif keyword in ("minLength", "maxLength"):
        yield from _lengths(body, path, keyword, limit)
    elif keyword in ("minItems", "maxItems"):
        yield from _counts(body, path, keyword, limit)
    elif keyword == "pattern":
        yield from _patterns(body, path)


def _wrong(path: str, kind: str, required: set[str]) -> Iterator[tuple[str, Any]]:
    wrong = dict(WRONG_TYPES[kind])
    named = path in required and path.rsplit("/", 1)[-1] in ("key", "keys", "indexName", "vectors")
    if path.endswith("/item") or named:
        # For an optional member null may count as absent.
        wrong["null"] = None
    if path == "vectors":
        wrong["items-that-are-strings"] = ["a"]
        wrong["items-that-are-arrays"] = [[1, 2]]
        wrong["one-vector-alone"] = vector(Key("alone"))
    if path in ("vectors/data", "queryVector"):
        wrong["bare-numbers"] = vector(Key("bare"))["data"]["float32"]
    if path.endswith("float32"):
        wrong["object"] = {"0": 0.5}
    yield from wrong.items()


def _ranges(body: dict[str, Any], path: str, keyword: str, limit: int) -> Iterator[Value]:
    if path.endswith("float32/item"):
        return
    step = -1 if keyword == "minimum" else 1
    yield "accepted", f"{limit}", with_value(body, path, limit)
    yield "rejected", f"{limit + step}", with_value(body, path, limit + step)
    if keyword == "maximum":
        for label, value in _FAR_INTEGERS.items():
            yield "rejected", label, with_value(body, path, value)
        yield "rejected", "double", with_value(body, path, 2 * limit)
    else:
        yield "rejected", "far-below", with_value(body, path, -(2**31))
        if limit > 0:
            yield "rejected", "minus-one", with_value(body, path, -1)


def _lengths(body: dict[str, Any], path: str, keyword: str, limit: int) -> Iterator[Value]:
    is_name = path == "indexName"
    if keyword == "minLength":
        shortest: Any = Name(length=limit) if is_name else "k" * limit
        yield "accepted", f"{limit}", with_value(body, path, shortest)
        yield "rejected", f"{limit - 1}", with_value(body, path, "")
        return
    longest: Any = Name(length=limit) if is_name else Key("k", length=limit)
    yield "accepted", f"{limit}", with_value(body, path, longest)
    for label, size in ((f"{limit + 1}", limit + 1), ("double", 2 * limit)):
        yield "rejected", label, with_value(body, path, "k" * size)


def _counts(body: dict[str, Any], path: str, keyword: str, limit: int) -> Iterator[Value]:
    if keyword == "minItems":
        yield "accepted", f"{limit}", with_value(body, path, items_of(path, limit))
        yield "rejected", "empty", with_value(body, path, [])
        return
    yield "accepted", f"{limit}", with_value(body, path, items_of(path, limit))
    yield "rejected", f"{limit + 1}", with_value(body, path, items_of(path, limit + 1))
    yield "rejected", "double", with_value(body, path, items_of(path, 2 * limit))


def items_of(path: str, count: int) -> list[Any]:
    """``count`` distinct valid items for the array at ``path``."""
    name = path.rsplit("/", 1)[-1]
    if name == "keys":
        return [Key(f"{number}") for number in range(count)]
    if name == "vectors":
        return [vector(Key(f"{number}")) for number in range(count)]
    if name == "nonFilterableMetadataKeys":
        return [f"field{number}" for number in range(count)]
    raise LookupError(f"no items for the array {path}")


def _patterns(body: dict[str, Any], path: str) -> Iterator[Value]:
    if path == "indexName":
        for label, prefix in GOOD_INDEX_NAMES.items():
            yield "accepted", label, with_value(body, path, Name(prefix=prefix))
        bad: Mapping[str, str] = BAD_INDEX_NAMES
    else:
        for label, name in GOOD_FIELD_NAMES.items():
            yield "accepted", label, with_value(body, path, name)
        bad = BAD_FIELD_NAMES
    for label, name in bad.items():
        yield "rejected", label, with_value(body, path, name)
