"""Faults of what a filter means."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.filters import Combination, Condition, FilterEvaluator, FilterParser
from oss_vectors_emulator.messages import Response
from tests.faults import changes as c
from tests.faults.catalogue.filtering_parts import QUERY, fault_of, reads
from tests.faults.model import Change, Fault

_WIDE = (f"{QUERY}.filter.nested", f"{QUERY}.filter.and", f"{QUERY}.filter.or")
_E = FilterEvaluator


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _operators()
    yield from _combinations()
    yield from _candidates()


def _means(**members: Any) -> Change:
    return c.part("filter_evaluator", **members)


def _texts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _operators() -> Iterator[Fault]:
    yield fault_of(
        "ignored",
        "eq",
        "filters are ignored",
        _means(predicate=lambda _s, _p, _h=(): lambda _m: True),
        f"{QUERY}.filter.*",
    )
    yield fault_of(
        "eq-never", "eq", "$eq holds never", _means(equals=lambda _s, _v, _o: False), f"{QUERY}.filter.*"
    )
    yield fault_of(
        "eq-case", "eq", "$eq ignores case", _means(equals=lambda s, v, o: _E.equals(s, _fold(v), _fold(o)))
    )
    yield fault_of(
        "eq-prefix",
        "eq",
        "$eq compares the beginning only",
        _means(equals=lambda _s, v, o: any(str(x).startswith(str(o)) for x in _texts(v))),
        f"{QUERY}.filter.ne",
    )
    yield fault_of(
        "eq-contains",
        "eq",
        "$eq looks for the value inside the text",
        _means(equals=lambda _s, v, o: any(str(o) in str(x) for x in _texts(v))),
        f"{QUERY}.filter.ne",
    )
    yield fault_of(
        "eq-trimmed",
        "eq",
        "$eq ignores blanks around the text",
        _means(equals=lambda s, v, o: _E.equals(s, _strip(v), _strip(o))),
    )
    yield fault_of(
        "eq-exact-array",
        "eq.array-field",
        "$eq never holds for an array",
        _means(equals=lambda s, v, o: not isinstance(v, list) and _E.equals(s, v, o)),
    )
    yield fault_of(
        "eq-first-element",
        "eq.array-field",
        "$eq looks at the first element of an array only",
        _means(equals=lambda s, v, o: _E.equals(s, v[:1] if isinstance(v, list) else v, o)),
    )
    yield fault_of(
        "eq-last-element",
        "eq.array-field",
        "$eq looks at the last element of an array only",
        _means(equals=lambda s, v, o: _E.equals(s, v[-1:] if isinstance(v, list) else v, o)),
    )
    yield fault_of(
        "eq-all-elements",
        "eq.array-field",
        "$eq wants all elements of an array to equal",
        _means(equals=lambda s, v, o: all(_E.equals(s, x, o) for x in _texts(v)) and v != []),
    )
    yield fault_of("ne-as-eq", "ne", "$ne means $eq", _means(not_equals=lambda s, v, o: _E.equals(s, v, o)))
    yield fault_of("ne-everything", "ne", "$ne keeps everything", _means(not_equals=lambda _s, _v, _o: True))
    yield fault_of("ne-nothing", "ne", "$ne keeps nothing", _means(not_equals=lambda _s, _v, _o: False))
    yield fault_of(
        "in-first-only",
        "in",
        "$in looks at its first value only",
        _means(in_any=lambda s, v, o: _E.in_any(s, v, o[:1])),
        f"{QUERY}.filter.nin",
        *_WIDE,
    )
    yield fault_of(
        "in-last-only",
        "in",
        "$in looks at its last value only",
        _means(in_any=lambda s, v, o: _E.in_any(s, v, o[-1:])),
        f"{QUERY}.filter.nin",
        *_WIDE,
    )
    yield fault_of(
        "in-all",
        "in",
        "$in wants all its values",
        _means(in_any=lambda s, v, o: all(s.equals(v, x) for x in o)),
        f"{QUERY}.filter.nin",
        *_WIDE,
    )
    yield fault_of(
        "in-at-most-10",
        "in",
        "$in looks at its first ten values only",
        _means(in_any=lambda s, v, o: _E.in_any(s, v, o[:10])),
        f"{QUERY}.filter.nin",
    )
    yield fault_of(
        "in-substring",
        "in",
        "$in looks for its values inside the text",
        _means(in_any=lambda _s, v, o: any(str(x) in str(y) for x in o for y in _texts(v))),
        f"{QUERY}.filter.nin",
    )
    yield fault_of("nin-as-in", "nin", "$nin means $in", _means(in_none=lambda s, v, o: s.in_any(v, o)))
    yield fault_of("nin-everything", "nin", "$nin keeps everything", _means(in_none=lambda _s, _v, _o: True))
    yield fault_of(
        "nin-first-only",
        "nin",
        "$nin looks at its first value only",
        _means(in_none=lambda s, v, o: not s.in_any(v, o[:1])),
    )
    yield fault_of(
        "exists-negated",
        "exists.true",
        "$exists is the wrong way round",
        _means(exists=lambda _s, p, w: p is not w),
        f"{QUERY}.filter.exists.false",
    )
    yield fault_of(
        "exists-false-ignored",
        "exists.false",
        "$exists false means $exists true",
        _means(exists=lambda _s, p, _w: p),
    )
    yield fault_of(
        "exists-false-nothing",
        "exists.false",
        "$exists false keeps nothing",
        _means(exists=lambda _s, p, w: p and w),
    )
    yield fault_of(
        "exists-everything",
        "exists.true",
        "$exists true keeps everything",
        _means(exists=lambda _s, p, w: w or not p),
    )
    yield fault_of(
        "exists-not-arrays",
        "exists.true",
        "$exists does not see fields with an array",
        _means(condition=_exists_scalar),
        f"{QUERY}.filter.exists.false",
    )
    yield fault_of(
        "exists-truthy",
        "exists.true",
        "$exists does not see fields with an empty value",
        _means(condition=_exists_truthy),
        f"{QUERY}.filter.exists.false",
    )
    yield fault_of(
        "unknown-field-refused",
        "unknown-field",
        "a filter on a field that no vector has is refused",
        _refuse_unknown(),
    )
    yield fault_of(
        "no-metadata-kept",
        "eq",
        "vectors without metadata always pass",
        _means(
            predicate=lambda s, p, h=(): (lambda inner: lambda m: not m or inner(m))(_E.predicate(s, p, h))
        ),
        f"{QUERY}.filter.*",
    )


def _fold(value: Any) -> Any:
    if isinstance(value, list):
        return [_fold(x) for x in value]
    return value.lower() if isinstance(value, str) else value


def _strip(value: Any) -> Any:
    if isinstance(value, list):
        return [_strip(x) for x in value]
    return value.strip() if isinstance(value, str) else value


def _exists_scalar(self: Any, condition: Condition) -> Any:
    if condition.operator == "$exists":
        return lambda m: self.exists(
            condition.field in m and not isinstance(m[condition.field], list), condition.operand
        )
    return _E.condition(self, condition)


def _exists_truthy(self: Any, condition: Condition) -> Any:
    if condition.operator == "$exists":
        return lambda m: self.exists(bool(m.get(condition.field)), condition.operand)
    return _E.condition(self, condition)


def _refuse_unknown() -> Change:
    def when(call: Any) -> bool:
        index = call.bucket.indexes.get(str(call.body.get("indexName")))
        value = call.body.get("filter")
        if index is None or not isinstance(value, dict) or not value or not len(index.table):
            return False
        known = {name for metadata in index.table.metadata if metadata for name in metadata}
        return not (_names(value) <= known)

    return c.refuse(QUERY, when)


def _names(value: Any) -> set[str]:
    if isinstance(value, list):
        return {name for part in value for name in _names(part)}
    if not isinstance(value, dict):
        return set()
    return {n for name, inner in value.items() for n in (_names(inner) if name.startswith("$") else {name})}


def _nested(alter: Any) -> Any:
    """Alter combinations that stand inside other ones."""

    def predicate(self: Any, parsed: Any, hidden: Any = ()) -> Any:
        if isinstance(parsed, Combination):
            parts = tuple(alter(p) if isinstance(p, Combination) else p for p in parsed.parts)
            return _E.predicate(self, Combination(parsed.operator, parts), hidden)
        return _E.predicate(self, parsed, hidden)

    return predicate


def _flip(part: Combination) -> Combination:
    return Combination("$or" if part.operator == "$and" else "$and", part.parts)


def _combinations() -> Iterator[Fault]:
    yield fault_of(
        "and-as-or",
        "and",
        "$and means $or",
        _means(all_of=lambda s, p: _E.any_of(s, p)),
        *_WIDE,
        f"{QUERY}.filter.depth.accepted",
    )
    yield fault_of(
        "or-as-and",
        "or",
        "$or means $and",
        _means(any_of=lambda s, p: _E.all_of(s, p)),
        *_WIDE,
        f"{QUERY}.filter.items.accepted",
    )
    yield fault_of(
        "and-first-only",
        "and",
        "$and looks at its first part only",
        _means(all_of=lambda _s, p: p[0] if p else lambda _m: True),
        *_WIDE,
    )
    yield fault_of(
        "and-two-only",
        "and",
        "$and looks at its first two parts only",
        _means(all_of=lambda s, p: _E.all_of(s, p[:2])),
        *_WIDE,
    )
    yield fault_of(
        "and-last-only",
        "and",
        "$and looks at its last part only",
        _means(all_of=lambda _s, p: p[-1] if p else lambda _m: True),
        *_WIDE,
    )
    yield fault_of(
        "or-first-only",
        "or",
        "$or looks at its first part only",
        _means(any_of=lambda _s, p: p[0]),
        *_WIDE,
        f"{QUERY}.filter.items.accepted",
    )
    yield fault_of(
        "or-two-only",
        "or",
        "$or looks at its first two parts only",
        _means(any_of=lambda s, p: _E.any_of(s, p[:2])),
        *_WIDE,
        f"{QUERY}.filter.items.accepted",
    )
    yield fault_of(
        "or-last-only",
        "or",
        "$or looks at its last part only",
        _means(any_of=lambda _s, p: p[-1]),
        *_WIDE,
        f"{QUERY}.filter.items.accepted",
    )
    yield fault_of(
        "or-exclusive",
        "or",
        "$or wants exactly one part to hold",
        _means(any_of=lambda _s, p: lambda m: sum(bool(x(m)) for x in p) == 1),
        *_WIDE,
    )
    yield fault_of(
        "and-single-refused",
        "and",
        "$and with one part is refused",
        reads(logical=_logical(lambda op, v: op == "$and" and isinstance(v, list) and len(v) == 1)),
        f"{QUERY}.success.status",
        f"{QUERY}.filter.depth.accepted",
        *_WIDE,
    )
    yield fault_of(
        "nested-flipped",
        "nested",
        "inside another one $and means $or and the reverse",
        _means(predicate=_nested(_flip)),
        *_WIDE,
        f"{QUERY}.filter.depth.accepted",
    )
    yield fault_of(
        "nested-ignored",
        "nested",
        "combinations inside another one always hold",
        _means(predicate=_nested(lambda _p: Combination("$and", ()))),
        *_WIDE,
        f"{QUERY}.filter.depth.accepted",
    )
    yield fault_of(
        "nested-three-ignored",
        "nested",
        "what is nested three deep always holds",
        _means(predicate=_depth_limited(2)),
        *_WIDE,
        f"{QUERY}.filter.depth.accepted",
    )
    yield fault_of(
        "nested-five-ignored",
        "nested",
        "what is nested five deep always holds",
        _means(predicate=_depth_limited(4)),
        *_WIDE,
        f"{QUERY}.filter.depth.accepted",
    )
    yield fault_of(
        "nested-refused",
        "nested",
        "combinations must not contain each other",
        reads(depth=lambda s, d: FilterParser.depth(s, 99 if d > 1 else d)),
        f"{QUERY}.success.status",
        f"{QUERY}.filter.depth.accepted",
    )
    yield fault_of(
        "empty-refused",
        "empty",
        "an empty filter is refused",
        c.refuse(QUERY, lambda call: call.body.get("filter") == {}),
        f"{QUERY}.success.status",
    )
    yield fault_of(
        "empty-nothing",
        "empty",
        "an empty filter lets nothing pass",
        c.answer_if(QUERY, lambda call: call.body.get("filter") == {}, {"vectors": []}),
    )
    yield fault_of(
        "empty-with-metadata-only",
        "empty",
        "an empty filter lets pass what has metadata",
        _means(
            predicate=lambda s, p, h=(): (
                (lambda m: bool(m)) if isinstance(p, Combination) and not p.parts else _E.predicate(s, p, h)
            )
        ),
    )


def _candidates() -> Iterator[Fault]:
    for name, summary, candidates in (
        ("candidates-half", "only the nearer half of topK is filtered", lambda top: max(1, top // 2)),
        ("candidates-five", "only the five nearest are filtered", lambda top: min(5, top)),
        ("candidates-one-less", "one less than topK is filtered", lambda top: max(1, top - 1)),
    ):
        yield fault_of(
            name, "eq", summary, filter_late(candidates), f"{QUERY}.filter.*", f"{QUERY}.filter.exists.*"
        )


def filter_late(candidates: Any) -> Change:
    """Filter after the search, what comes of as many candidates as ``candidates`` makes of topK.

    With topK candidates that is legal: the user guide speaks of filtering before and after the search.
    """

    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        top = call.body.get("topK")
        if not isinstance(call.body.get("filter"), dict) or not isinstance(top, int):
            return handler(call)
        response = handler(replace(call, body={**call.body, "topK": 500}))
        handler(call)
        unfiltered = {name: value for name, value in call.body.items() if name != "filter"}
        plain = orjson.loads(handler(replace(call, body={**unfiltered, "topK": candidates(top)})).body)
        near = {entry["key"] for entry in plain["vectors"]}
        kept = [entry for entry in orjson.loads(response.body)["vectors"] if entry["key"] in near]
        return replace(response, body=orjson.dumps({"vectors": kept}))

    return c.instead(QUERY, handle)


def _depth_limited(most: int) -> Any:
    def cut(parsed: Any, depth: int) -> Any:
        if not isinstance(parsed, Combination):
            return parsed
        if depth > most:
            return Combination("$and", ())
        return Combination(parsed.operator, tuple(cut(p, depth + 1) for p in parsed.parts))

    return lambda self, parsed, hidden=(): _E.predicate(self, cut(parsed, 1), hidden)


def _logical(refused: Any) -> Any:
    def logical(self: Any, operator: str, value: Any, depth: int) -> Any:
        if refused(operator, value):
            raise self.invalid("refused")
        return FilterParser.logical(self, operator, value, depth)

    return logical
