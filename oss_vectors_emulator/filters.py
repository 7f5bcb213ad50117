"""Metadata filters of QueryVectors and ListVectors: grammar, limits and meaning.

Grammar and limits: QueryVectors page, Request parameters, filter. Its editions disagree about operand types
(strings only, or numbers and booleans too) and about the range operators; the superset is accepted unless
the strict choice is made.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import orjson

from oss_vectors_emulator.choices import Choices
from oss_vectors_emulator.validation.base import RuleBase

Metadata = Mapping[str, Any]
Predicate = Callable[[Metadata], bool]
Test = Callable[[Any, Any], bool]
_ABSENT = object()
_LOGICAL = frozenset({"$and", "$or"})
_COMPARISONS = frozenset({"$eq", "$ne"})
_LISTS = frozenset({"$in", "$nin"})
_RANGES = frozenset({"$gt", "$gte", "$lt", "$lte"})


@dataclass(frozen=True, slots=True)
class Condition:
    """One operator applied to one field."""

    field: str
    operator: str
    operand: Any


@dataclass(frozen=True, slots=True)
class Combination:
    """All (``$and``) or any (``$or``) of the parts hold."""

    operator: str
    parts: tuple[Filter, ...]


Filter = Condition | Combination


class FilterParser(RuleBase):
    """Reads the JSON of a filter; every refusal is 400 VectorIndexParameterInvalid."""

    def parse(self, value: Any) -> Filter:
        """The filter; an empty object is allowed and matches everything."""
        document = self.object("filter", value)
        self.length(document)
        parsed = self.level(document, 0)
        self.item_count(parsed)
        return parsed

    def length(self, document: Mapping[str, Any]) -> None:
        """At most 64 KB, measured on the JSON text since the pages do not say on what."""
        try:
            size = len(orjson.dumps(document))
        except orjson.JSONEncodeError:
            # Nested beyond what the encoder takes, so certainly beyond the documented eight levels.
            raise self.invalid("filter is nested too deeply.") from None
        if size > self.limits.filter_bytes:
            raise self.invalid("filter is too long.")

    def depth(self, depth: int) -> None:
        """At most 8 levels of ``$and`` and ``$or``."""
        if depth > self.limits.filter_depth:
            raise self.invalid(f"filter must not be nested deeper than {self.limits.filter_depth} levels.")

    def item_count(self, parsed: Filter) -> None:
        """At most 1024 items, counting every value of a list: the pages count "metadata items"."""
        if sum(1 for _ in _items(parsed)) > self.limits.filter_items:
            raise self.invalid(f"filter must not have more than {self.limits.filter_items} items.")

    def level(self, document: Any, depth: int) -> Filter:
        """One object of the filter; several members in it must all hold (undocumented, as elsewhere)."""
        parts = [
            self.logical(name, value, depth + 1) if name.startswith("$") else self.field(name, value)
            for name, value in self.object("filter", document).items()
        ]
        return parts[0] if len(parts) == 1 else Combination("$and", tuple(parts))

    def logical(self, operator: str, value: Any, depth: int) -> Filter:
        """``$and`` or ``$or`` over a non-empty array of filters."""
        if operator not in _LOGICAL:
            raise self.invalid(f"{operator} is not a logical operator.")
        self.depth(depth)
        parts = self.array(operator, value)
        if not parts:
            raise self.invalid(f"{operator} must not be empty.")
        return Combination(operator, tuple(self.level(part, depth) for part in parts))

    def field(self, field: str, value: Any) -> Filter:
        """``{field: {operator: operand, ...}}``, or the shorthand ``{field: value}`` for ``$eq``."""
        if not isinstance(value, dict):
            if self.choices.shorthand_equality == "reject":
                raise self.invalid(f"filter.{field} must be an object.")
            return Condition(field, "$eq", self.scalar("$eq", value))
        if not value:
            raise self.invalid(f"filter.{field} has no operator.")
        parts = tuple(Condition(field, name, self.operand(name, operand)) for name, operand in value.items())
        return parts[0] if len(parts) == 1 else Combination("$and", parts)

    def operand(self, operator: str, operand: Any) -> Any:
        """An operand of the type its operator takes."""
        if operator in _COMPARISONS:
            return self.scalar(operator, operand)
        if operator in _LISTS:
            values = self.array(operator, operand)
            if not values:
                raise self.invalid(f"{operator} must not be empty.")
            return [self.scalar(operator, value) for value in values]
        if operator == "$exists":
            return self.boolean(operator, operand)
        if operator in _RANGES and self.choices.metadata_values == "lenient":
            if isinstance(operand, bool) or not isinstance(operand, int | float):
                raise self.wrong_type(operator, "a number")
            return operand
        raise self.invalid(f"{operator} is not a filter operator.")

    def scalar(self, operator: str, value: Any) -> Any:
        """A string, or where the editions disagree a number or a boolean."""
        if isinstance(value, str):
            return value
        lenient = self.choices.metadata_values == "lenient"
        if lenient and isinstance(value, bool | int | float) and math.isfinite(value):
            return value
        raise self.wrong_type(operator, "a string, a number or a boolean")

    def check_fields(self, parsed: Filter, non_filterable: Collection[str]) -> None:
        """Fields of the index's nonFilterableMetadataKeys cannot be used; the code is undocumented."""
        if self.choices.non_filterable_in_filter == "reject":
            for item in _items(parsed):
                if item.field in non_filterable:
                    raise self.invalid(f"{item.field} is not filterable.")


class FilterEvaluator:
    """What a filter means; one method per operator."""

    def __init__(self, choices: Choices) -> None:
        self.missing_negation = choices.missing_field_negation == "match"

    def predicate(self, parsed: Filter, non_filterable: Collection[str] = ()) -> Predicate:
        """A function that tells whether metadata passes."""
        if isinstance(parsed, Combination):
            parts = [self.predicate(part, non_filterable) for part in parsed.parts]
            return self.all_of(parts) if parsed.operator == "$and" else self.any_of(parts)
        if parsed.field in non_filterable:
            return lambda _metadata: False
        return self.condition(parsed)

    def all_of(self, parts: list[Predicate]) -> Predicate:
        """``$and``."""
        return lambda metadata: all(part(metadata) for part in parts)

    def any_of(self, parts: list[Predicate]) -> Predicate:
        """``$or``."""
        return lambda metadata: any(part(metadata) for part in parts)

    def condition(self, condition: Condition) -> Predicate:
        """A single operator on a single field."""
        field, operand = condition.field, condition.operand
        if condition.operator == "$exists":
            return lambda metadata: self.exists(field in metadata, operand)
        if condition.operator in ("$ne", "$nin"):
            test: Test = self.not_equals if condition.operator == "$ne" else self.in_none
            missing = self.missing_negation
            return lambda m: missing if (v := m.get(field, _ABSENT)) is _ABSENT else test(v, operand)
        positive = self.positive_test(condition.operator)
        return lambda m: (v := m.get(field, _ABSENT)) is not _ABSENT and positive(v, operand)

    def positive_test(self, operator: str) -> Test:
        """The test of an operator that a missing field never passes."""
        tests: Mapping[str, Test] = {
            "$eq": self.equals,
            "$in": self.in_any,
            "$gt": self.greater,
            "$gte": self.greater_or_equal,
            "$lt": self.less,
            "$lte": self.less_or_equal,
        }
        return tests[operator]

    def exists(self, present: bool, wanted: bool) -> bool:
        """``$exists``."""
        return present is wanted

    def equals(self, value: Any, operand: Any) -> bool:
        """``$eq``: the value, or any element of an array value."""
        if isinstance(value, list):
            return any(_same(element, operand) for element in value)
        return _same(value, operand)

    def not_equals(self, value: Any, operand: Any) -> bool:
        """``$ne``: not equal."""
        return not self.equals(value, operand)

    def in_any(self, value: Any, operands: list[Any]) -> bool:
        """``$in``: equal to any value of the list."""
        # Strings, the usual case, equal strings only; a list knows how to find them fast.
        if isinstance(value, str):
            return value in operands
        return any(self.equals(value, operand) for operand in operands)

    def in_none(self, value: Any, operands: list[Any]) -> bool:
        """``$nin``: equal to none of the list."""
        return not self.in_any(value, operands)

    def greater(self, value: Any, operand: float) -> bool:
        """``$gt``."""
        return _is_number(value) and value > operand

    def greater_or_equal(self, value: Any, operand: float) -> bool:
        """``$gte``."""
        return _is_number(value) and value >= operand

    def less(self, value: Any, operand: float) -> bool:
        """``$lt``."""
        return _is_number(value) and value < operand

    def less_or_equal(self, value: Any, operand: float) -> bool:
        """``$lte``."""
        return _is_number(value) and value <= operand


def _items(parsed: Filter) -> Iterator[Condition]:
    """Every condition, once per operand value."""
    if isinstance(parsed, Combination):
        for part in parsed.parts:
            yield from _items(part)
    else:
        values = parsed.operand if isinstance(parsed.operand, list) else [parsed.operand]
        for value in values:
            yield Condition(parsed.field, parsed.operator, value)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _same(value: Any, operand: Any) -> bool:
    """Equality that keeps true and 1 apart, which Python does not."""
    return isinstance(value, bool) is isinstance(operand, bool) and bool(value == operand)
