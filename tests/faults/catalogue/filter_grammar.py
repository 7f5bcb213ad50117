"""Faults of the grammar and limits of a filter."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from oss_vectors_emulator.filters import Combination, Condition, FilterParser
from tests.faults import changes as c
from tests.faults.catalogue.filtering_parts import QUERY, fault_of, reads
from tests.faults.model import Change, Fault

_KNOWN = ("$eq", "$ne", "$in", "$nin", "$exists", "$gt", "$gte", "$lt", "$lte")


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _grammar()


def _grammar() -> Iterator[Fault]:
    yield fault_of("depth-max-6", "depth.accepted", "six levels are the most", _filter_limits(filter_depth=6))
    yield fault_of(
        "depth-max-3", "depth.accepted", "three levels are the most", _filter_limits(filter_depth=3)
    )
    yield fault_of("depth-unbounded", "depth.rejected", "any depth", _filter_limits(filter_depth=10**6))
    yield fault_of(
        "depth-max-20", "depth.rejected", "twenty levels are accepted", _filter_limits(filter_depth=20)
    )
    yield fault_of(
        "items-unbounded", "items.rejected", "any number of conditions", _filter_limits(filter_items=10**9)
    )
    yield fault_of(
        "items-max-100", "items.accepted", "100 conditions are the most", _filter_limits(filter_items=100)
    )
    yield fault_of(
        "items-max-999", "items.accepted", "999 conditions are the most", _filter_limits(filter_items=999)
    )
    yield fault_of(
        "items-max-2048", "items.rejected", "2048 conditions are accepted", _filter_limits(filter_items=2048)
    )
    yield fault_of(
        "size-unbounded", "size.rejected", "filters of any size", _filter_limits(filter_bytes=10**9)
    )
    yield fault_of(
        "size-1-mb", "size.rejected", "filters of 1 MB are accepted", _filter_limits(filter_bytes=1 << 20)
    )
    yield fault_of(
        "size-4-kb",
        "size.accepted",
        "4 KB are the most",
        _filter_limits(filter_bytes=4 << 10),
        f"{QUERY}.filter.items.accepted",
    )
    yield fault_of(
        "text",
        "type",
        "a filter may be JSON text",
        c.before(QUERY, lambda b: b.update(filter={}) if isinstance(b.get("filter"), str) else None),
    )
    yield fault_of(
        "type-unchecked",
        "type",
        "a filter that is no object is ignored",
        c.before(
            QUERY,
            lambda b: (
                b.pop("filter") and None if "filter" in b and not isinstance(b["filter"], dict) else None
            ),
        ),
    )
    yield fault_of(
        "array-type",
        "type",
        "an array counts as $and",
        c.before(QUERY, lambda b: b.update(filter={}) if isinstance(b.get("filter"), list) else None),
    )
    yield fault_of(
        "operator-unknown-ignored",
        "operator.unknown",
        "an unknown operator of a field always holds",
        reads(field=_field_lenient),
    )
    yield fault_of(
        "operator-unknown-nothing",
        "operator.unknown",
        "an unknown operator of a field never holds",
        reads(field=_field_never),
    )
    yield fault_of(
        "operator-unknown-logical",
        "operator.unknown",
        "an unknown operator at the top is ignored",
        reads(logical=_logical_lenient),
    )
    yield fault_of(
        "operator-not",
        "operator.unknown",
        "$not is accepted",
        reads(logical=_not_accepted, field=_field_not),
    )
    yield fault_of("operator-regex", "operator.unknown", "$regex is accepted", reads(field=_field_regex))
    yield fault_of("operator-empty", "operator.unknown", "$empty is accepted", reads(field=_field_empty))
    yield fault_of(
        "in-empty",
        "operand.rejected",
        "$in with an empty list is accepted",
        reads(operand=_operand(lambda op, v: op == "$in" and v == [])),
    )
    yield fault_of(
        "nin-empty",
        "operand.rejected",
        "$nin with an empty list is accepted",
        reads(operand=_operand(lambda op, v: op == "$nin" and v == [])),
    )
    yield fault_of(
        "in-scalar",
        "operand.rejected",
        "$in with a single text is accepted",
        reads(
            operand=lambda s, op, v: FilterParser.operand(
                s, op, [v] if op in ("$in", "$nin") and isinstance(v, str) else v
            )
        ),
    )
    yield fault_of(
        "and-empty",
        "operand.rejected",
        "$and with an empty list is accepted",
        reads(logical=_empty_list("$and")),
    )
    yield fault_of(
        "or-empty",
        "operand.rejected",
        "$or with an empty list is accepted",
        reads(logical=_empty_list("$or")),
    )
    yield fault_of(
        "and-object",
        "operand.rejected",
        "$and with an object is accepted",
        reads(
            logical=lambda s, op, v, d: FilterParser.logical(
                s, op, [v] if isinstance(v, dict) and op == "$and" else v, d
            )
        ),
    )
    yield fault_of(
        "or-object",
        "operand.rejected",
        "$or with an object is accepted",
        reads(
            logical=lambda s, op, v, d: FilterParser.logical(
                s, op, [v] if isinstance(v, dict) and op == "$or" else v, d
            )
        ),
    )
    yield fault_of(
        "exists-text",
        "operand.rejected",
        "$exists takes the text true",
        reads(
            operand=lambda s, op, v: FilterParser.operand(
                s, op, v == "true" if op == "$exists" and isinstance(v, str) else v
            )
        ),
    )
    yield fault_of(
        "exists-number",
        "operand.rejected",
        "$exists takes 0 and 1",
        reads(
            operand=lambda s, op, v: FilterParser.operand(
                s, op, bool(v) if op == "$exists" and isinstance(v, int) else v
            )
        ),
    )
    yield fault_of(
        "exists-any",
        "operand.rejected",
        "$exists takes any value as true or false",
        reads(operand=lambda s, op, v: bool(v) if op == "$exists" else FilterParser.operand(s, op, v)),
    )


def _filter_limits(**values: int) -> Change:
    return c.limits(**values)


def _field_lenient(self: Any, field: str, value: Any) -> Any:
    if isinstance(value, dict):
        known = {n: o for n, o in value.items() if n in _KNOWN}
        if len(known) < len(value):
            return FilterParser.field(self, field, known) if known else Combination("$and", ())
    return FilterParser.field(self, field, value)


def _field_never(self: Any, field: str, value: Any) -> Any:
    if isinstance(value, dict) and any(name not in _KNOWN for name in value):
        return Combination("$or", ())
    return FilterParser.field(self, field, value)


def _field_regex(self: Any, field: str, value: Any) -> Any:
    if isinstance(value, dict) and "$regex" in value:
        return Condition(field, "$exists", True)
    return FilterParser.field(self, field, value)


def _field_empty(self: Any, field: str, value: Any) -> Any:
    if isinstance(value, dict) and "$empty" in value:
        return Condition(field, "$exists", not value["$empty"])
    return FilterParser.field(self, field, value)


def _field_not(self: Any, field: str, value: Any) -> Any:
    if isinstance(value, dict) and "$not" in value:
        return Condition(field, "$exists", True)
    return FilterParser.field(self, field, value)


def _logical_lenient(self: Any, operator: str, value: Any, depth: int) -> Any:
    if operator not in ("$and", "$or"):
        return Combination("$and", ())
    return FilterParser.logical(self, operator, value, depth)


def _not_accepted(self: Any, operator: str, value: Any, depth: int) -> Any:
    if operator in ("$not", "$nor"):
        return Combination("$and", ())
    return FilterParser.logical(self, operator, value, depth)


def _operand(accepted: Any) -> Any:
    return lambda self, operator, value: (
        value if accepted(operator, value) else FilterParser.operand(self, operator, value)
    )


def _empty_list(operator: str) -> Any:
    def logical(self: Any, given: str, value: Any, depth: int) -> Any:
        if given == operator and value == []:
            return Combination(operator, ())
        return FilterParser.logical(self, given, value, depth)

    return logical
