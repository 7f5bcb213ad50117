"""The filter language of QueryVectors: what the pages allow, and which vectors may come back.

Reading and evaluating are three-valued.  The pages disagree on numbers, ranges
and the shorthand ``{field: value}`` and are silent on much else, so a filter can
be valid, broken or *open*, and a vector can match, not match, or be undecided.
Source: QueryVectors page and ossutil query-vectors page, filter operators and
limits.
"""

from __future__ import annotations

import json
from collections.abc import Collection, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.oracle.model import IndexState

LOGICAL = ("$and", "$or")
EQUALITY = ("$eq", "$ne")
MEMBERSHIP = ("$in", "$nin")
# Documented at launch, left out of the later pages: never judged.
CONTESTED = ("$gt", "$gte", "$lt", "$lte")
# Stands for a metadata value that the service may have stored in one way or another.
_UNKNOWN: Any = object()


@dataclass(frozen=True, slots=True)
class FilterLimits:
    """Documented limits of one filter; sizes in bytes.

    Between ``size_accepted`` and ``size_rejected`` the pages disagree.
    """

    nesting: int
    items: int
    size_accepted: int
    size_rejected: int


@dataclass(slots=True)
class FilterReading:
    """Which clauses a filter breaks or just reaches, and where the pages are silent on it.

    ``broken`` and ``touched`` hold the last part of requirement ids
    (``operator.unknown``), ``open`` words for people.
    """

    broken: list[tuple[str, str]] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)
    conditions: int = 0
    values: int = 0
    logical: int = 0
    nesting: int = 0


def read_filter(value: Any, limits: FilterLimits, non_filterable: frozenset[str]) -> FilterReading:
    """Judge a filter as a request part, without any data."""
    reading = FilterReading()
    if not isinstance(value, dict):
        reading.broken.append(("type", type(value).__name__))
        return reading
    if not value:
        reading.touched.append("empty")
        return reading
    _read_node(value, reading, non_filterable, depth=0)
    _read_limits(value, reading, limits)
    return reading


def _read_node(node: Any, reading: FilterReading, non_filterable: frozenset[str], depth: int) -> None:
    if not isinstance(node, dict):
        reading.broken.append(("operand", f"a condition that is {type(node).__name__}"))
        return
    if len(node) != 1:
        reading.open.append("several fields in one object" if node else "an empty condition")
    for key, operand in node.items():
        if key in LOGICAL:
            reading.logical += 1
            reading.nesting = max(reading.nesting, depth + 1)
            if not isinstance(operand, list) or not operand:
                reading.broken.append(("operand", f"{key} with {_kind(operand)}"))
                continue
            reading.touched.append(key[1:])
            for condition in operand:
                _read_node(condition, reading, non_filterable, depth + 1)
        elif key.startswith("$"):
            reading.broken.append(("operator.unknown", key))
        else:
            _read_condition(key, operand, reading, non_filterable)


def _read_condition(name: str, operand: Any, reading: FilterReading, non_filterable: frozenset[str]) -> None:
    reading.conditions += 1
    if name in non_filterable:
        reading.open.append("a non-filterable field")
    if not isinstance(operand, dict):
        reading.open.append("the shorthand {field: value}")
        return
    if len(operand) != 1:
        reading.open.append("several operators in one object" if operand else "a condition without operator")
    for operator, argument in operand.items():
        _read_operator(operator, argument, reading)


def _read_operator(operator: str, argument: Any, reading: FilterReading) -> None:
    if operator in EQUALITY:
        reading.values += 1
        _read_value(operator, argument, reading)
    elif operator in MEMBERSHIP:
        if not isinstance(argument, list) or not argument:
            reading.broken.append(("operand", f"{operator} with {_kind(argument)}"))
            return
        reading.values += len(argument)
        for item in argument:
            _read_value(operator, item, reading)
    elif operator == "$exists":
        if not isinstance(argument, bool):
            reading.broken.append(("operand", f"$exists with {_kind(argument)}"))
    elif operator in CONTESTED:
        reading.open.append(f"the operator {operator}")
    elif operator.startswith("$") and operator not in LOGICAL:
        reading.broken.append(("operator.unknown", operator))
    else:
        reading.open.append("an operator in a place the pages do not show")


def _read_value(operator: str, value: Any, reading: FilterReading) -> None:
    """A value to compare with: strings in every edition of the page, numbers and booleans in some, nothing else in any."""
    if value is None or isinstance(value, (dict, list)):
        reading.broken.append(("operand", f"{operator} with {_kind(value)}"))
    elif not isinstance(value, str):
        reading.open.append(f"{operator} with {_kind(value)}")


def _read_limits(value: dict[str, Any], reading: FilterReading, limits: FilterLimits) -> None:
    # Whether the leaf counts as a level is not said, so one level on either side stays unjudged.
    if reading.nesting > limits.nesting + 1:
        reading.broken.append(("depth", f"{reading.nesting} levels"))
    elif reading.nesting + 1 > limits.nesting:
        reading.open.append("nesting at the limit")
    elif reading.nesting + 1 == limits.nesting:
        reading.touched.append("depth.accepted")
    # "Items" may count conditions only, or operators and listed values too.
    if reading.conditions > limits.items:
        reading.broken.append(("items", f"{reading.conditions} conditions"))
    elif reading.conditions + reading.values + reading.logical > 2 * limits.items:
        reading.open.append("the number of items near the limit")
    elif reading.conditions >= limits.items - limits.items // 40:
        reading.touched.append("items.accepted")
    longest = len(json.dumps(value, separators=(",", ":")))
    shortest = sum(len(text) for text in _texts(value))
    if shortest > limits.size_rejected:
        reading.broken.append(("size", f"{longest} bytes"))
    elif longest > limits.size_accepted:
        reading.open.append("the size of the filter between the documented limits")
    elif longest > limits.size_accepted // 2:
        reading.touched.append("size.accepted")


def _texts(value: Any) -> Iterator[str]:
    if isinstance(value, str):
        yield value
    elif isinstance(value, list):
        for item in value:
            yield from _texts(item)
    elif isinstance(value, dict):
        for key, item in value.items():
            if not key.startswith("$"):
                yield key
            yield from _texts(item)


def _kind(value: Any) -> str:
    if isinstance(value, list):
        return "an array" if value else "an empty array"
    if isinstance(value, dict):
        return "an object"
    return "null" if value is None else f"a {type(value).__name__}"


def matches(condition: Mapping[str, Any], metadata: Mapping[str, Any]) -> bool | None:
    """Whether a vector with this metadata satisfies the filter; ``None`` where the pages leave it open."""
    results = [_matches_entry(key, operand, metadata) for key, operand in condition.items()]
    return _all(results)


def _matches_entry(key: str, operand: Any, metadata: Mapping[str, Any]) -> bool | None:
    if key == "$and" and isinstance(operand, list):
        return _all([matches(item, metadata) for item in operand])
    if key == "$or" and isinstance(operand, list):
        return _any([matches(item, metadata) for item in operand])
    if key.startswith("$") or not isinstance(operand, dict):
        return None
    return _all([_matches_operator(operator, value, key, metadata) for operator, value in operand.items()])


def _matches_operator(operator: str, argument: Any, name: str, metadata: Mapping[str, Any]) -> bool | None:
    if metadata.get(name) is _UNKNOWN:
        return None
    if operator == "$exists":
        return (name in metadata) is argument if isinstance(argument, bool) else None
    wanted = argument if operator in MEMBERSHIP else [argument]
    if not isinstance(wanted, list) or not all(isinstance(item, str) for item in wanted):
        return None
    if name not in metadata:
        return False if operator in ("$eq", "$in") else None
    stored = metadata[name]
    if isinstance(stored, str):
        hit = stored in wanted
        return hit if operator in ("$eq", "$in") else (not hit if operator in ("$ne", "$nin") else None)
    if not isinstance(stored, list):
        return None
    return _matches_array(operator, wanted, stored)


def _matches_array(operator: str, wanted: list[str], stored: list[Any]) -> bool | None:
    """Only $eq is documented on arrays; the others are certain only where every reading agrees."""
    hit = any(item in wanted for item in stored)
    if operator == "$eq":
        return hit
    if operator == "$in":
        return None if hit else False
    if operator in ("$ne", "$nin"):
        return None if hit else True
    return None


def filter_requirement(
    condition: Mapping[str, Any], index: IndexState, wrong: Collection[str] = ()
) -> str | None:
    """The requirement that a filter exercises, by its outermost form; ``None`` for one the pages don't describe.

    ``wrong`` are the keys of vectors that a query found or missed against it: on
    arrays and on texts $eq has a requirement each.
    """
    name, operand = next(iter(condition.items()))
    if name in LOGICAL and isinstance(operand, list):
        inner = [key for item in operand if isinstance(item, dict) for key in item]
        form = "nested" if any(key in LOGICAL for key in inner) else name[1:]
        return f"QueryVectors.filter.{form}"
    if not isinstance(operand, dict) or not operand:
        return None
    operator, argument = next(iter(operand.items()))
    if operator not in (*EQUALITY, *MEMBERSHIP, "$exists"):
        return None
    if operator == "$exists":
        return f"QueryVectors.filter.exists.{str(argument).lower()}"
    if operator == "$eq":
        values = {key: (vector.metadata or {}).get(name) for key, vector in index.vectors.items()}
        on_text = any(isinstance(values.get(key), str) for key in wrong)
        if not on_text and any(isinstance(value, list) for value in values.values()):
            return "QueryVectors.filter.eq.array-field"
    return f"QueryVectors.filter.{operator[1:]}"


def documented_part(metadata: Any, stored: Mapping[str, Any]) -> Any:
    """Metadata without the fields whose stored values the pages disagree on.

    Editions of the PutVectors page differ about numbers and booleans as values,
    and none mentions empty ones: a service may keep them, turn them into text or
    leave them out.
    """
    if not isinstance(metadata, Mapping):
        return metadata
    contested = {name for name, value in stored.items() if not is_documented(value)}
    return {name: value for name, value in metadata.items() if name not in contested}


def empty_part(metadata: Any, stored: Mapping[str, Any]) -> Any:
    """The fields whose stored value is an empty string, an empty array or an array with an empty string in it."""
    if not isinstance(metadata, Mapping):
        return metadata
    return {
        name: metadata[name] for name, value in stored.items() if _has_nothing(value) and name in metadata
    }


def _has_nothing(value: Any) -> bool:
    return value in ("", []) or (isinstance(value, list) and "" in value and all(map(_is_text, value)))


def _is_text(value: Any) -> bool:
    return isinstance(value, str)


def as_stored(metadata: Mapping[str, Any] | None) -> Mapping[str, Any]:
    """Metadata as a filter may find them: what became of an undocumented value is unknown."""
    if not metadata:
        return {}
    return {name: value if is_documented(value) else _UNKNOWN for name, value in metadata.items()}


def is_documented(value: Any) -> bool:
    """Whether a metadata value is one that the pages describe: a string, or an array of strings.

    Whether a field may be empty is not said: a service may take it for no field at all.
    """
    if isinstance(value, list):
        return bool(value) and all(isinstance(item, str) and item for item in value)
    return isinstance(value, str) and bool(value)


def _all(results: list[bool | None]) -> bool | None:
    if False in results:
        return False
    return None if None in results else True


def _any(results: list[bool | None]) -> bool | None:
    if True in results:
        return True
    return None if None in results else False
