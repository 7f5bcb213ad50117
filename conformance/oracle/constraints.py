"""Evaluates a JSON value against a schema of the contract, keyword by keyword.

A validator that only says "invalid" is not enough for a judge: it needs to know
*which* documented clause a value breaks, which limit it just touches, and where
the documents leave the answer open.
"""

from __future__ import annotations

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

from conformance.contract.schema import JsonSchema, full_match, join, resolve, step_into_items


class Finding(enum.StrEnum):
    """What a value is to one constraint."""

    BROKEN = "broken"
    TOUCHED = "touched"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Mark:
    """One finding: the place in the schema (path of fields and keyword) and a word on the value."""

    finding: Finding
    path: str
    keyword: str
    detail: str = ""

    @property
    def place(self) -> str:
        """Path and keyword as one place, see :mod:`conformance.contract.schema`."""
        return join(self.path, self.keyword)


_TYPES: Mapping[str, type | tuple[type, ...]] = {
    "object": dict,
    "array": list,
    "string": str,
    "boolean": bool,
    "null": type(None),
}


_NUMBERS = frozenset({int, float})


def is_number(value: Any) -> bool:
    """True for JSON numbers; Python counts booleans among integers."""
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def are_numbers(values: list[Any]) -> bool:
    """Whether all elements of a JSON array are numbers; vectors are long, so no call is made for each."""
    return set(map(type, values)) <= _NUMBERS


def evaluate(
    document: Mapping[str, Any],
    schema: JsonSchema,
    value: Any,
    *,
    path: str = "",
    skip: frozenset[str] = frozenset(),
) -> Iterator[Mark]:
    """Yield a mark for every constraint that ``value`` breaks, touches or leaves open.

    ``skip`` lists paths whose values other rules judge (metadata, filters).
    """
    node = resolve(document, schema)
    wrong = _type_mark(node, value, path)
    if wrong is not None:
        yield wrong
        if wrong.finding is Finding.BROKEN:
            return
    if "enum" in node:
        inside = value in node["enum"]
        yield Mark(Finding.TOUCHED if inside else Finding.BROKEN, path, "enum", repr(value))
    if isinstance(value, str):
        yield from _string_marks(node, value, path)
    elif is_number(value):
        yield from _number_marks(node, value, path)
    elif isinstance(value, list):
        yield from _array_marks(document, node, value, path, skip)
    elif isinstance(value, dict):
        yield from _object_marks(document, node, value, path, skip)


def _type_mark(node: JsonSchema, value: Any, path: str) -> Mark | None:
    declared = node.get("type")
    if declared is None or (isinstance(declared, str) and _is_of(declared, value)):
        return None
    kinds = [declared] if isinstance(declared, str) else list(declared)
    if any(_is_of(kind, value) for kind in kinds):
        return None
    if "integer" in kinds and isinstance(value, float) and value.is_integer():
        return Mark(Finding.OPEN, path, "type", "an integral number with a fraction or exponent")
    return Mark(Finding.BROKEN, path, "type", type(value).__name__)


def _is_of(kind: str, value: Any) -> bool:
    if kind == "integer":
        return isinstance(value, int) and not isinstance(value, bool)
    if kind == "number":
        return is_number(value)
    return isinstance(value, _TYPES[kind])


def _bound(path: str, keyword: str, *, inside: bool, at: bool, detail: str) -> Iterator[Mark]:
    if not inside:
        yield Mark(Finding.BROKEN, path, keyword, detail)
    elif at:
        yield Mark(Finding.TOUCHED, path, keyword, detail)


def _size_marks(node: JsonSchema, size: int, path: str, low: str, high: str) -> Iterator[Mark]:
    if low in node:
        yield from _bound(path, low, inside=size >= node[low], at=size == node[low], detail=str(size))
    if high in node:
        yield from _bound(path, high, inside=size <= node[high], at=size == node[high], detail=str(size))


def _string_marks(node: JsonSchema, value: str, path: str) -> Iterator[Mark]:
    yield from _size_marks(node, len(value), path, "minLength", "maxLength")
    # An empty string is the business of minLength; reporting its pattern too would name two clauses for one slip.
    if "pattern" in node and value:
        inside = full_match(node["pattern"], value)
        yield Mark(Finding.TOUCHED if inside else Finding.BROKEN, path, "pattern", repr(value[:80]))


def _number_marks(node: JsonSchema, value: float, path: str) -> Iterator[Mark]:
    if "minimum" in node:
        low = node["minimum"]
        yield from _bound(path, "minimum", inside=value >= low, at=value == low, detail=str(value))
    if "maximum" in node:
        high = node["maximum"]
        yield from _bound(path, "maximum", inside=value <= high, at=value == high, detail=str(value))


def _array_marks(
    document: Mapping[str, Any], node: JsonSchema, value: list[Any], path: str, skip: frozenset[str]
) -> Iterator[Mark]:
    yield from _size_marks(node, len(value), path, "minItems", "maxItems")
    if "items" not in node:
        return
    items = resolve(document, node["items"])
    inner = step_into_items(path, items)
    if inner in skip:
        return
    if _plain_numbers(items):
        yield from _number_items(items, value, inner)
        return
    if _plain_strings(items) and value and all(isinstance(item, str) for item in value):
        # Only lengths can be wrong, and the shortest and the longest show whether one is.
        yield from _string_marks(items, min(value, key=len), inner)
        yield from _string_marks(items, max(value, key=len), inner)
        return
    for item in value:
        yield from evaluate(document, items, item, path=inner, skip=skip)


def _plain_numbers(items: JsonSchema) -> bool:
    return items.get("type") == "number" and not ({"enum", "const"} & items.keys())


def _plain_strings(items: JsonSchema) -> bool:
    return items.get("type") == "string" and not ({"enum", "const", "pattern"} & items.keys())


def _number_items(items: JsonSchema, value: list[Any], path: str) -> Iterator[Mark]:
    """Long vectors of numbers, judged without a call per element."""
    if not are_numbers(value):
        odd = next(item for item in value if not is_number(item))
        yield Mark(Finding.BROKEN, path, "type", type(odd).__name__)
        return
    if value:
        yield from _number_marks(items, max(value), path)
        yield from _number_marks(items, min(value), path)


def _object_marks(
    document: Mapping[str, Any], node: JsonSchema, value: dict[str, Any], path: str, skip: frozenset[str]
) -> Iterator[Mark]:
    yield from _size_marks(node, len(value), path, "minProperties", "maxProperties")
    properties = node.get("properties", {})
    for name in node.get("required", ()):
        if name not in value:
            silent = "missing" in resolve(document, properties.get(name, {})).get("x-oss-undocumented", ())
            yield Mark(Finding.OPEN if silent else Finding.BROKEN, join(path, name), "required", "missing")
    for name, member in value.items():
        inner = join(path, name)
        if name not in properties:
            if properties:
                yield Mark(Finding.OPEN, inner, "unknown member", name)
            continue
        child = resolve(document, properties[name])
        if member is None and _null_is_open(child, name in node.get("required", ())):
            yield Mark(Finding.OPEN, inner, "null", "null")
        elif inner not in skip:
            yield from evaluate(document, child, member, path=inner, skip=skip)


def _null_is_open(child: JsonSchema, required: bool) -> bool:
    """A null for an optional member, or for one with a documented default, may count as absent."""
    return not required or "missing" in child.get("x-oss-undocumented", ())
