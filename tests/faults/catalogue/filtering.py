"""Faults of the filter of QueryVectors."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.filters import Combination, Condition, FilterEvaluator, FilterParser
from tests.faults import changes as c
from tests.faults.model import Change, Fault

_Q = "QueryVectors"
_WIDE = (f"{_Q}.filter.nested", f"{_Q}.filter.and", f"{_Q}.filter.or")


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _operators()
    yield from _combinations()
    yield from _grammar()


def _fault(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    wider = (f"{_Q}.success.status",) if clause.endswith("accepted") else ()
    return Fault(f"{_Q}.filter-{name}", f"{_Q}.filter.{clause}", summary, change, (*also, *wider))


def _means(**members: Any) -> Change:
    return c.part("filter_evaluator", **members)


def _reads(**members: Any) -> Change:
    return c.part("filter_parser", **members)


_E = FilterEvaluator


def _texts(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _operators() -> Iterator[Fault]:
    yield _fault(
        "ignored",
        "eq",
        "filters are ignored",
        _means(predicate=lambda _s, _p, _h=(): lambda _m: True),
        f"{_Q}.filter.*",
    )
    yield _fault(
        "eq-never", "eq", "$eq holds never", _means(equals=lambda _s, _v, _o: False), f"{_Q}.filter.*"
    )
    yield _fault(
        "eq-case", "eq", "$eq ignores case", _means(equals=lambda s, v, o: _E.equals(s, _fold(v), _fold(o)))
    )
    yield _fault(
        "eq-prefix",
        "eq",
        "$eq compares the beginning only",
        _means(equals=lambda _s, v, o: any(str(x).startswith(str(o)) for x in _texts(v))),
        f"{_Q}.filter.ne",
    )
    yield _fault(
        "eq-contains",
        "eq",
        "$eq looks for the value inside the text",
        _means(equals=lambda _s, v, o: any(str(o) in str(x) for x in _texts(v))),
        f"{_Q}.filter.ne",
    )
    yield _fault(
        "eq-trimmed",
        "eq",
        "$eq ignores blanks around the text",
        _means(equals=lambda s, v, o: _E.equals(s, _strip(v), _strip(o))),
    )
    yield _fault(
        "eq-exact-array",
        "eq.array-field",
        "$eq never holds for an array",
        _means(equals=lambda s, v, o: not isinstance(v, list) and _E.equals(s, v, o)),
    )
    yield _fault(
        "eq-first-element",
        "eq.array-field",
        "$eq looks at the first element of an array only",
        _means(equals=lambda s, v, o: _E.equals(s, v[:1] if isinstance(v, list) else v, o)),
    )
    yield _fault(
        "eq-last-element",
        "eq.array-field",
        "$eq looks at the last element of an array only",
        _means(equals=lambda s, v, o: _E.equals(s, v[-1:] if isinstance(v, list) else v, o)),
    )
    yield _fault(
        "eq-all-elements",
        "eq.array-field",
        "$eq wants all elements of an array to equal",
        _means(equals=lambda s, v, o: all(_E.equals(s, x, o) for x in _texts(v)) and v != []),
    )
    yield _fault("ne-as-eq", "ne", "$ne means $eq", _means(not_equals=lambda s, v, o: _E.equals(s, v, o)))
    yield _fault("ne-everything", "ne", "$ne keeps everything", _means(not_equals=lambda _s, _v, _o: True))
    yield _fault("ne-nothing", "ne", "$ne keeps nothing", _means(not_equals=lambda _s, _v, _o: False))
    yield _fault(
        "ne-any-element",
        "ne",
        "$ne holds for an array when any element differs",
        _means(not_equals=lambda _s, v, o: any(x != o for x in _texts(v))),
    )
    yield _fault(
        "in-first-only",
        "in",
        "$in looks at its first value only",
        _means(in_any=lambda s, v, o: _E.in_any(s, v, o[:1])),
        f"{_Q}.filter.nin",
        *_WIDE,
    )
    yield _fault(
        "in-last-only",
        "in",
        "$in looks at its last value only",
        _means(in_any=lambda s, v, o: _E.in_any(s, v, o[-1:])),
        f"{_Q}.filter.nin",
        *_WIDE,
    )
    yield _fault(
        "in-all",
        "in",
        "$in wants all its values",
        _means(in_any=lambda s, v, o: all(s.equals(v, x) for x in o)),
        f"{_Q}.filter.nin",
        *_WIDE,
    )
    yield _fault(
        "in-not-arrays",
        "in",
        "$in never holds for an array",
        _means(in_any=lambda s, v, o: not isinstance(v, list) and _E.in_any(s, v, o)),
        f"{_Q}.filter.nin",
    )
    yield _fault(
        "in-first-element",
        "in",
        "$in looks at the first element of an array only",
        _means(in_any=lambda s, v, o: _E.in_any(s, v[:1] if isinstance(v, list) else v, o)),
        f"{_Q}.filter.nin",
    )
    yield _fault(
        "in-at-most-10",
        "in",
        "$in looks at its first ten values only",
        _means(in_any=lambda s, v, o: _E.in_any(s, v, o[:10])),
        f"{_Q}.filter.nin",
    )
    yield _fault(
        "in-substring",
        "in",
        "$in looks for its values inside the text",
        _means(in_any=lambda _s, v, o: any(str(x) in str(y) for x in o for y in _texts(v))),
        f"{_Q}.filter.nin",
    )
    yield _fault("nin-as-in", "nin", "$nin means $in", _means(in_none=lambda s, v, o: s.in_any(v, o)))
    yield _fault("nin-everything", "nin", "$nin keeps everything", _means(in_none=lambda _s, _v, _o: True))
    yield _fault(
        "nin-first-only",
        "nin",
        "$nin looks at its first value only",
        _means(in_none=lambda s, v, o: not s.in_any(v, o[:1])),
    )
    yield _fault(
        "nin-not-arrays",
        "nin",
        "$nin always holds for an array",
        _means(in_none=lambda s, v, o: isinstance(v, list) or not s.in_any(v, o)),
    )
    yield _fault(
        "nin-any-element",
        "nin",
        "$nin holds for an array when any element is not listed",
        _means(in_none=lambda _s, v, o: any(x not in o for x in _texts(v))),
    )
    yield _fault(
        "exists-negated",
        "exists.true",
        "$exists is the wrong way round",
        _means(exists=lambda _s, p, w: p is not w),
        f"{_Q}.filter.exists.false",
    )
    yield _fault(
        "exists-false-ignored",
        "exists.false",
        "$exists false means $exists true",
        _means(exists=lambda _s, p, _w: p),
    )
    yield _fault(
        "exists-false-nothing",
        "exists.false",
        "$exists false keeps nothing",
        _means(exists=lambda _s, p, w: p and w),
    )
    yield _fault(
        "exists-everything",
        "exists.true",
        "$exists true keeps everything",
        _means(exists=lambda _s, p, w: w or not p),
    )
    yield _fault(
        "exists-not-arrays",
        "exists.true",
        "$exists does not see fields with an array",
        _means(condition=_exists_scalar),
        f"{_Q}.filter.exists.false",
    )
    yield _fault(
        "exists-truthy",
        "exists.true",
        "$exists does not see fields with an empty value",
        _means(condition=_exists_truthy),
        f"{_Q}.filter.exists.false",
    )
    yield _fault(
        "unknown-field-refused",
        "unknown-field",
        "a filter on a field that no vector has is refused",
        _refuse_strangers(),
    )
    yield _fault(
        "no-metadata-kept",
        "eq",
        "vectors without metadata always pass",
        _means(
            predicate=lambda s, p, h=(): (lambda inner: lambda m: not m or inner(m))(_E.predicate(s, p, h))
        ),
        f"{_Q}.filter.*",
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


def _refuse_strangers() -> Change:
    def when(call: Any) -> bool:
        index = call.bucket.indexes.get(str(call.body.get("indexName")))
        value = call.body.get("filter")
        if index is None or not isinstance(value, dict) or not value or not len(index.table):
            return False
        known = {name for metadata in index.table.metadata if metadata for name in metadata}
        return not (_names(value) <= known)

    return c.refuse(_Q, when)


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
    yield _fault(
        "and-as-or",
        "and",
        "$and means $or",
        _means(all_of=lambda s, p: _E.any_of(s, p)),
        *_WIDE,
        f"{_Q}.filter.depth.accepted",
    )
    yield _fault(
        "or-as-and",
        "or",
        "$or means $and",
        _means(any_of=lambda s, p: _E.all_of(s, p)),
        *_WIDE,
        f"{_Q}.filter.items.accepted",
    )
    yield _fault(
        "and-first-only",
        "and",
        "$and looks at its first part only",
        _means(all_of=lambda _s, p: p[0] if p else lambda _m: True),
        *_WIDE,
    )
    yield _fault(
        "and-two-only",
        "and",
        "$and looks at its first two parts only",
        _means(all_of=lambda s, p: _E.all_of(s, p[:2])),
        *_WIDE,
    )
    yield _fault(
        "and-last-only",
        "and",
        "$and looks at its last part only",
        _means(all_of=lambda _s, p: p[-1] if p else lambda _m: True),
        *_WIDE,
    )
    yield _fault(
        "or-first-only",
        "or",
        "$or looks at its first part only",
        _means(any_of=lambda _s, p: p[0]),
        *_WIDE,
        f"{_Q}.filter.items.accepted",
    )
    yield _fault(
        "or-two-only",
        "or",
        "$or looks at its first two parts only",
        _means(any_of=lambda s, p: _E.any_of(s, p[:2])),
        *_WIDE,
        f"{_Q}.filter.items.accepted",
    )
    yield _fault(
        "or-last-only",
        "or",
        "$or looks at its last part only",
        _means(any_of=lambda _s, p: p[-1]),
        *_WIDE,
        f"{_Q}.filter.items.accepted",
    )
    yield _fault(
        "or-exclusive",
        "or",
        "$or wants exactly one part to hold",
        _means(any_of=lambda _s, p: lambda m: sum(bool(x(m)) for x in p) == 1),
        *_WIDE,
    )
    yield _fault(
        "and-single-refused",
        "and",
        "$and with one part is refused",
        _reads(logical=_logical(lambda op, v: op == "$and" and isinstance(v, list) and len(v) == 1)),
        f"{_Q}.success.status",
        f"{_Q}.filter.depth.accepted",
        *_WIDE,
    )
    yield _fault(
        "nested-flipped",
        "nested",
        "inside another one $and means $or and the reverse",
        _means(predicate=_nested(_flip)),
        *_WIDE,
        f"{_Q}.filter.depth.accepted",
    )
    yield _fault(
        "nested-ignored",
        "nested",
        "combinations inside another one always hold",
        _means(predicate=_nested(lambda _p: Combination("$and", ()))),
        *_WIDE,
        f"{_Q}.filter.depth.accepted",
    )
    yield _fault(
        "nested-three-ignored",
        "nested",
        "what is nested three deep always holds",
        _means(predicate=_depth_limited(2)),
        *_WIDE,
        f"{_Q}.filter.depth.accepted",
    )
    yield _fault(
        "nested-five-ignored",
        "nested",
        "what is nested five deep always holds",
        _means(predicate=_depth_limited(4)),
        *_WIDE,
        f"{_Q}.filter.depth.accepted",
    )
    yield _fault(
        "nested-refused",
        "nested",
        "combinations must not contain each other",
        _reads(depth=lambda s, d: FilterParser.depth(s, 99 if d > 1 else d)),
        f"{_Q}.success.status",
        f"{_Q}.filter.depth.accepted",
    )
    yield _fault(
        "empty-refused",
        "empty",
        "an empty filter is refused",
        c.refuse(_Q, lambda call: call.body.get("filter") == {}),
        f"{_Q}.success.status",
    )
    yield _fault(
        "empty-nothing",
        "empty",
        "an empty filter lets nothing pass",
        c.answer_if(_Q, lambda call: call.body.get("filter") == {}, {"vectors": []}),
        f"{_Q}.topK.fills-result",
        f"{_Q}.nearest",
    )
    yield _fault(
        "empty-with-metadata-only",
        "empty",
        "an empty filter lets pass what has metadata",
        _means(
            predicate=lambda s, p, h=(): (
                (lambda m: bool(m)) if isinstance(p, Combination) and not p.parts else _E.predicate(s, p, h)
            )
        ),
        f"{_Q}.topK.fills-result",
        f"{_Q}.nearest",
    )


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


def _grammar() -> Iterator[Fault]:
    yield _fault("depth-max-6", "depth.accepted", "six levels are the most", _filter_limits(filter_depth=6))
    yield _fault("depth-max-3", "depth.accepted", "three levels are the most", _filter_limits(filter_depth=3))
    yield _fault("depth-unbounded", "depth.rejected", "any depth", _filter_limits(filter_depth=10**6))
    yield _fault(
        "depth-max-20", "depth.rejected", "twenty levels are accepted", _filter_limits(filter_depth=20)
    )
    yield _fault(
        "items-unbounded", "items.rejected", "any number of conditions", _filter_limits(filter_items=10**9)
    )
    yield _fault(
        "items-max-100", "items.accepted", "100 conditions are the most", _filter_limits(filter_items=100)
    )
    yield _fault(
        "items-max-999", "items.accepted", "999 conditions are the most", _filter_limits(filter_items=999)
    )
    yield _fault(
        "items-max-2048", "items.rejected", "2048 conditions are accepted", _filter_limits(filter_items=2048)
    )
    yield _fault("size-unbounded", "size.rejected", "filters of any size", _filter_limits(filter_bytes=10**9))
    yield _fault(
        "size-1-mb", "size.rejected", "filters of 1 MB are accepted", _filter_limits(filter_bytes=1 << 20)
    )
    yield _fault(
        "size-4-kb",
        "size.accepted",
        "4 KB are the most",
        _filter_limits(filter_bytes=4 << 10),
        f"{_Q}.filter.items.accepted",
    )
    yield _fault(
        "text",
        "type",
        "a filter may be JSON text",
        c.before(_Q, lambda b: b.update(filter={}) if isinstance(b.get("filter"), str) else None),
    )
    yield _fault(
        "type-unchecked",
        "type",
        "a filter that is no object is ignored",
        c.before(
            _Q,
            lambda b: (
                b.pop("filter") and None if "filter" in b and not isinstance(b["filter"], dict) else None
            ),
        ),
    )
    yield _fault(
        "array-type",
        "type",
        "an array counts as $and",
        c.before(_Q, lambda b: b.update(filter={}) if isinstance(b.get("filter"), list) else None),
    )
    yield _fault(
        "operator-unknown-ignored",
        "operator.unknown",
        "an unknown operator of a field always holds",
        _reads(field=_field_lenient),
    )
    yield _fault(
        "operator-unknown-nothing",
        "operator.unknown",
        "an unknown operator of a field never holds",
        _reads(field=_field_never),
    )
    yield _fault(
        "operator-unknown-logical",
        "operator.unknown",
        "an unknown operator at the top is ignored",
        _reads(logical=_logical_lenient),
    )
    yield _fault(
        "operator-not",
        "operator.unknown",
        "$not is accepted",
        _reads(logical=_not_accepted, field=_field_not),
    )
    yield _fault("operator-regex", "operator.unknown", "$regex is accepted", _reads(field=_field_regex))
    yield _fault(
        "in-empty",
        "operand.rejected",
        "$in with an empty list is accepted",
        _reads(operand=_operand(lambda op, v: op == "$in" and v == [])),
    )
    yield _fault(
        "nin-empty",
        "operand.rejected",
        "$nin with an empty list is accepted",
        _reads(operand=_operand(lambda op, v: op == "$nin" and v == [])),
    )
    yield _fault(
        "in-scalar",
        "operand.rejected",
        "$in with a single text is accepted",
        _reads(
            operand=lambda s, op, v: FilterParser.operand(
                s, op, [v] if op in ("$in", "$nin") and isinstance(v, str) else v
            )
        ),
    )
    yield _fault(
        "and-empty",
        "operand.rejected",
        "$and with an empty list is accepted",
        _reads(logical=_empty_list("$and")),
    )
    yield _fault(
        "or-empty",
        "operand.rejected",
        "$or with an empty list is accepted",
        _reads(logical=_empty_list("$or")),
    )
    yield _fault(
        "and-object",
        "operand.rejected",
        "$and with an object is accepted",
        _reads(
            logical=lambda s, op, v, d: FilterParser.logical(
                s, op, [v] if isinstance(v, dict) and op == "$and" else v, d
            )
        ),
    )
    yield _fault(
        "or-object",
        "operand.rejected",
        "$or with an object is accepted",
        _reads(
            logical=lambda s, op, v, d: FilterParser.logical(
                s, op, [v] if isinstance(v, dict) and op == "$or" else v, d
            )
        ),
    )
    yield _fault(
        "exists-text",
        "operand.rejected",
        "$exists takes the text true",
        _reads(
            operand=lambda s, op, v: FilterParser.operand(
                s, op, v == "true" if op == "$exists" and isinstance(v, str) else v
            )
        ),
    )
    yield _fault(
        "exists-number",
        "operand.rejected",
        "$exists takes 0 and 1",
        _reads(
            operand=lambda s, op, v: FilterParser.operand(
                s, op, bool(v) if op == "$exists" and isinstance(v, int) else v
            )
        ),
    )
    yield _fault(
        "eq-array",
        "operand.rejected",
        "$eq takes an array",
        _reads(
            scalar=lambda s, op, v: (
                v if isinstance(v, list) and op in ("$eq", "$ne") else FilterParser.scalar(s, op, v)
            )
        ),
    )
    yield _fault(
        "eq-object",
        "operand.rejected",
        "$eq takes an object",
        _reads(scalar=lambda s, op, v: str(v) if isinstance(v, dict) else FilterParser.scalar(s, op, v)),
    )
    yield _fault(
        "null-operand",
        "operand.rejected",
        "$eq takes null",
        _reads(scalar=lambda s, op, v: v if v is None else FilterParser.scalar(s, op, v)),
    )
    yield _fault(
        "bad-filter-malformed",
        "operator.unknown",
        "a bad filter is reported as MalformedJson",
        _reads(invalid=lambda s, message: s.wrong_code(message), wrong_code=_malformed),
        f"{_Q}.filter.*.rejected",
        f"{_Q}.errors.*",
        f"{_Q}.filter.type",
    )


def _malformed(_self: Any, message: str) -> Any:
    return ServiceError("MalformedJson", message)


def _filter_limits(**values: int) -> Change:
    return c.limits(**values)


def _field_lenient(self: Any, field: str, value: Any) -> Any:
    if isinstance(value, dict):
        known = {n: o for n, o in value.items() if n in _KNOWN}
        if len(known) < len(value):
            return FilterParser.field(self, field, known) if known else Combination("$and", ())
    return FilterParser.field(self, field, value)


_KNOWN = ("$eq", "$ne", "$in", "$nin", "$exists", "$gt", "$gte", "$lt", "$lte")


def _field_never(self: Any, field: str, value: Any) -> Any:
    if isinstance(value, dict) and any(name not in _KNOWN for name in value):
        return Combination("$or", ())
    return FilterParser.field(self, field, value)


def _field_regex(self: Any, field: str, value: Any) -> Any:
    if isinstance(value, dict) and "$regex" in value:
        return Condition(field, "$exists", True)
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
