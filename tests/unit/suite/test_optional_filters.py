"""The survey of optional filters is silent on every legal target, and tells them apart in its words."""

from __future__ import annotations

import json
import operator
from collections.abc import Callable
from typing import Any

import pytest

from conformance.cases.optional_filters import FEATURES, QUESTIONS
from conformance.contract.loader import load_contract
from conformance.contract.model import Level
from conformance.suite.optional_filters import survey
from conformance.suite.resources import Resources
from conformance.wire.exchange import FailureKind, Request, Response
from tests.unit.oracle.fake import error, naive_match, reply
from tests.unit.suite.fake_session import Stage, stage

Keeps = Callable[[dict[str, Any], dict[str, Any]], bool]
_RANGES = {"$gt": operator.gt, "$gte": operator.ge, "$lt": operator.lt, "$lte": operator.le}
_NAMES = {
    "number": "QueryVectors.filter.number",
    "boolean": "QueryVectors.filter.boolean",
    "range": "QueryVectors.filter.range",
    "shorthand": "QueryVectors.filter.shorthand",
    "and": "QueryVectors.filter.implicit-and",
}


def keeps(
    condition: dict[str, Any], metadata: dict[str, Any], ranges: dict[str, Callable[[Any, Any], bool]]
) -> bool:
    """Everything is supported; how numbers compare is the caller's choice."""
    for name, operand in condition.items():
        if name in ("$and", "$or"):
            parts = [keeps(part, metadata, ranges) for part in operand]
            holds = all(parts) if name == "$and" else any(parts)
        elif isinstance(operand, dict):
            holds = all(_holds(name, op, value, metadata, ranges) for op, value in operand.items())
        else:
            holds = _holds(name, "$eq", operand, metadata, ranges)
        if not holds:
            return False
    return True


def _holds(
    name: str, op: str, value: Any, metadata: dict[str, Any], ranges: dict[str, Callable[[Any, Any], bool]]
) -> bool:
    stored = metadata.get(name)
    if op in ranges:
        return ranges[op](stored, value)
    several = stored if isinstance(stored, list) else [] if stored is None else [stored]
    if op == "$exists":
        return (name in metadata) is value
    wanted = value if isinstance(value, list) else [value]
    hit = any(type(x) is type(y) and x == y for x in several for y in wanted)
    return hit is (op in ("$eq", "$in"))


def numeric(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda stored, value: (
        isinstance(stored, int | float) and not isinstance(stored, bool) and compare(stored, value)
    )


def textual(compare: Callable[[Any, Any], bool]) -> Callable[[Any, Any], bool]:
    return lambda stored, value: stored is not None and compare(str(stored), str(value))


SUPPORTED = {name: numeric(compare) for name, compare in _RANGES.items()}
AS_TEXT = {name: textual(compare) for name, compare in _RANGES.items()}
SWAPPED = {
    "$gt": numeric(operator.ge),
    "$gte": numeric(operator.gt),
    "$lt": numeric(operator.le),
    "$lte": numeric(operator.lt),
}


def target(
    chosen: Keeps, *, refused: Callable[[dict[str, Any]], bool] = lambda _: False, numbers: bool = True
) -> tuple[Stage, dict[str, list[str]]]:
    """Run the survey against a target with some way of filtering; what it recorded."""
    place: list[Stage] = []

    def script(request: Request) -> Response | FailureKind | None:
        body = json.loads(request.body) if request.body else {}
        if request.operation == "PutVectors" and not numbers and _has_numbers(body):
            return error(400, "VectorIndexParameterInvalid")
        if request.operation != "QueryVectors" or "filter" not in body:
            return None
        if refused(body["filter"]):
            return error(400, "VectorIndexParameterInvalid")
        vectors = place[0].session.scene.buckets[request.bucket or ""].indexes[body["indexName"]].vectors
        kept = [key for key, entry in vectors.items() if chosen(body["filter"], entry.get("metadata", {}))]
        ranked = sorted(kept, key=lambda key: abs(vectors[key]["data"]["float32"][1] - 0.5))
        return reply(200, {"vectors": [{"key": key} for key in ranked]})

    place.append(stage(script))
    survey(place[0].service, Resources(place[0].service))
    return place[0], place[0].service.recorder.record.observations


def _has_numbers(body: dict[str, Any]) -> bool:
    values = [value for entry in body["vectors"] for value in entry.get("metadata", {}).values()]
    return any(isinstance(value, int | float) for value in values)


def _is_core(condition: Any) -> bool:
    """Whether a filter is one that every edition has."""
    if not isinstance(condition, dict) or len(condition) != 1:
        return False
    ((name, operand),) = condition.items()
    if name in ("$and", "$or"):
        return all(map(_is_core, operand))
    if not isinstance(operand, dict) or len(operand) != 1:
        return False
    ((op, value),) = operand.items()
    values = value if isinstance(value, list) else [value]
    return op == "$exists" or (op not in _RANGES and all(isinstance(item, str) for item in values))


TARGETS: dict[str, dict[str, Any]] = {
    "supports": {"chosen": lambda c, m: keeps(c, m, SUPPORTED)},
    "refuses": {"chosen": naive_match, "refused": lambda c: not _is_core(c), "numbers": False},
    "refuses filters only": {"chosen": naive_match, "refused": lambda c: not _is_core(c)},
    "refuses numbers only": {"chosen": lambda c, m: keeps(c, m, SUPPORTED), "numbers": False},
    "ignores": {"chosen": lambda c, m: not _is_core(c) or naive_match(c, m)},
    "matches nothing": {"chosen": lambda c, m: _is_core(c) and naive_match(c, m)},
    "compares as text": {"chosen": lambda c, m: keeps(c, m, AS_TEXT)},
    "swaps the bounds": {"chosen": lambda c, m: keeps(c, m, SWAPPED)},
    "first field only": {"chosen": lambda c, m: keeps(dict([next(iter(c.items()))]), m, SUPPORTED)},
}


@pytest.mark.parametrize("name", TARGETS)
def test_no_answer_to_an_optional_filter_is_a_violation(name: str) -> None:
    made, _ = target(**TARGETS[name])
    assert not made.violated
    assert not made.inconclusive


EXPECTED: dict[tuple[str, str], str] = {
    ("supports", "number"): "offered: ",
    ("supports", "boolean"): "offered: ",
    ("supports", "range"): "offered: ",
    ("supports", "shorthand"): "offered: ",
    ("supports", "and"): "offered: ",
    ("refuses", "number"): "not offered: answered 400 VectorIndexParameterInvalid",
    ("refuses", "range"): "not offered: answered 400 VectorIndexParameterInvalid",
    ("refuses filters only", "boolean"): "not offered: answered 400 VectorIndexParameterInvalid",
    ("refuses filters only", "shorthand"): "not offered: answered 400 VectorIndexParameterInvalid",
    ("refuses numbers only", "number"): "cannot be told: filters are served, but no vector has such a value",
    ("refuses numbers only", "range"): "cannot be told: filters are served, but no vector has such a value",
    ("ignores", "range"): "without effect: served, but every vector comes back",
    ("ignores", "and"): "without effect: served, but every vector comes back",
    ("matches nothing", "number"): "without effect: served, but no vector comes back",
    ("matches nothing", "shorthand"): "without effect: served, but no vector comes back",
    ("compares as text", "range"): "offered, but $gt compares as text (unexpected); ",
    ("swaps the bounds", "range"): "offered, but $gt includes the bound (unexpected); "
    "$gte excludes the bound (unexpected); $lt includes the bound (unexpected); ",
    ("first field only", "and"): "offered, but two fields look at the first only (unexpected)",
}


@pytest.mark.parametrize(("name", "feature"), EXPECTED, ids=[" ".join(key) for key in EXPECTED])
def test_the_words_tell_the_targets_apart(name: str, feature: str) -> None:
    _, seen = target(**TARGETS[name])
    (text,) = seen[_NAMES[feature]]
    assert text.startswith(EXPECTED[name, feature])


def test_undocumented_points_are_answered_in_words() -> None:
    _, seen = target(**TARGETS["supports"])
    assert seen["QueryVectors.filter.ne.missing-field"] == [
        "$ne: keeps a vector that lacks the field",
        "$nin: keeps a vector that lacks the field",
    ]
    assert seen["QueryVectors.filter.non-filterable"] == [
        "$eq: finds the vector, as if the field were filterable"
    ]
    assert seen["QueryVectors.filter.array-field"] == [
        f"{name}: looks at the elements of an array" for name in ("$in", "$nin", "$ne")
    ]


def test_everything_that_is_asked_is_a_probe() -> None:
    requirements = load_contract().requirements
    asked = {one.requirement for one in FEATURES} | {one.requirement for one in QUESTIONS}
    assert {requirements[name].level for name in asked} == {Level.PROBE}


def test_every_trial_keeps_something_or_names_what_never_matches() -> None:
    """A trial whose definition keeps nothing cannot tell a feature from a filter without effect."""
    for feature in FEATURES:
        telling = [trial for trial in feature.trials if trial.keeps]
        assert len(telling) >= 2
        assert len({json.dumps(trial.condition) for trial in feature.trials}) == len(feature.trials)
