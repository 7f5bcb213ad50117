"""Faults of queries that need a combination or a state to show: a text just like another, a part that decides, a past."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import orjson

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.filters import Combination, Condition, FilterEvaluator, FilterParser
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.search import Searcher
from tests.faults import changes as c
from tests.faults.catalogue.filtering_parts import QUERY, fault_of
from tests.faults.model import Change, Fault

_E = FilterEvaluator


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _texts()
    yield from _parts()
    yield from _pasts()


def _compared(fold: Callable[[str], str]) -> Change:
    def equals(self: Any, value: Any, operand: Any) -> bool:
        texts = value if isinstance(value, list) else [value]
        return any(fold(text) == fold(operand) for text in texts if isinstance(text, str)) or _E.equals(
            self, value, operand
        )

    def in_any(self: Any, value: Any, operands: list[Any]) -> bool:
        return any(equals(self, value, operand) for operand in operands)

    return c.part("filter_evaluator", equals=equals, in_any=in_any)


def _texts() -> Iterator[Fault]:
    wide = (f"{QUERY}.filter.*",)
    for name, summary, fold in (
        ("composed", "texts are equal once they are composed", lambda t: unicodedata.normalize("NFC", t)),
        ("compatible", "wide and narrow letters are equal", lambda t: unicodedata.normalize("NFKC", t)),
        (
            "accents",
            "accents do not count",
            lambda t: unicodedata.normalize("NFD", t).encode("ascii", "ignore").decode(),
        ),
        ("beginning-of-long", "only the first 256 characters are compared", lambda t: t[:256]),
        ("numbers", "texts of the same number are equal", lambda t: str(int(t)) if t.isdecimal() else t),
        ("basic-plane", "characters beyond the first 65536 are all the same", _basic),
    ):
        yield fault_of(f"eq-{name}", "eq", summary, _compared(fold), *wide)
    yield fault_of(
        "eq-like",
        "eq",
        "a percent sign in the operand stands for anything",
        c.part("filter_evaluator", equals=lambda s, v, o: _like(o, v) or _E.equals(s, v, o)),
        *wide,
    )
    yield fault_of(
        "fields-of-any-case",
        "eq",
        "names of fields are compared without regard to case",
        c.part("filter_evaluator", condition=_any_case),
        *wide,
    )


def _basic(text: str) -> str:
    return "".join(letter if ord(letter) < 1 << 16 else "?" for letter in text)


def _like(operand: Any, value: Any) -> bool:
    if not (isinstance(operand, str) and isinstance(value, str) and "%" in operand):
        return False
    return re.fullmatch(".*".join(map(re.escape, operand.split("%"))), value, re.DOTALL) is not None


def _any_case(self: Any, condition: Condition) -> Any:
    passes = _E.condition(self, replace(condition, field=condition.field.lower()))
    return lambda metadata: passes({name.lower(): value for name, value in metadata.items()})


def _parts() -> Iterator[Fault]:
    wide = (f"{QUERY}.filter.*",)
    yield fault_of(
        "in-a-hundred",
        "in",
        "$in looks at the first hundred values",
        c.part("filter_evaluator", in_any=lambda s, v, o: _E.in_any(s, v, o[:100])),
        *wide,
    )
    yield fault_of(
        "and-two",
        "and",
        "$and looks at its first two parts",
        c.part("filter_evaluator", all_of=lambda s, parts: _E.all_of(s, parts[:2])),
        *wide,
    )
    yield fault_of(
        "and-by-field",
        "and",
        "of two conditions on one field under $and the later counts",
        c.part("filter_evaluator", predicate=_by_field),
        *wide,
    )
    yield fault_of(
        "depth-by-count",
        "nested",
        "operators beside one another count as levels",
        c.part("filter_parser", parse=_counting_operators),
        *wide,
        f"{QUERY}.success.status",
    )
    yield fault_of(
        "json-text",
        "type",
        "a filter may be the text of an object",
        c.member(QUERY, "filter", lambda value: isinstance(value, str) and value[:1] == "{", orjson.loads),
    )
    yield fault_of(
        "array",
        "type",
        "a filter may be an array of filters",
        c.member(
            QUERY,
            "filter",
            lambda value: isinstance(value, list) and all(isinstance(item, dict) for item in value),
            lambda value: {"$and": value},
        ),
    )


def _by_field(self: Any, parsed: Any, non_filterable: Any = ()) -> Any:
    if isinstance(parsed, Combination) and parsed.operator == "$and":
        last = {part.field if isinstance(part, Condition) else id(part): part for part in parsed.parts}
        parsed = Combination("$and", tuple(last.values()))
    return _E.predicate(self, parsed, non_filterable)


def _counting_operators(self: Any, value: Any) -> Any:
    parsed = FilterParser.parse(self, value)
    if re.subn(rb'"\$(and|or)"', b"", orjson.dumps(value))[1] > self.limits.filter_depth:
        raise self.invalid("filter is nested too deeply.")
    return parsed


def _pasts() -> Iterator[Fault]:
    yield Fault(
        f"{QUERY}.emptied-index-missing",
        f"{QUERY}.empty-index",
        "an index that was emptied counts as missing",
        c.instead(QUERY, _missing_once_emptied),
        also=(f"{QUERY}.*", "*.deletes", "*.only-named"),
    )
    yield Fault(
        f"{QUERY}.origin-refused",
        f"{QUERY}.success.status",
        "the origin is refused under euclidean too",
        c.refuse(QUERY, lambda call: not any(call.body["queryVector"]["float32"])),
        also=(f"{QUERY}.*",),
    )
    yield Fault(
        f"{QUERY}.first-256-searched",
        f"{QUERY}.nearest",
        "only the first 256 vectors are searched",
        c.part("searcher", nearest=_first_256),
        also=(f"{QUERY}.topK.fills-result",),
    )


def _missing_once_emptied(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response = handler(call)
    table = call.bucket.indexes[call.body["indexName"]].table
    if not len(table) and table._next_sequence > 1:
        raise ServiceError("NoSuchVectorIndex")
    return response


def _first_256(self: Any, table: Any, metric: Any, query: Any, top_k: int, rows: Any) -> Any:
    chosen = np.arange(table.used) if rows is None else rows
    return Searcher.nearest(self, table, metric, query, top_k, chosen[chosen < 256])
