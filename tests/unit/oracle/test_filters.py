"""The filter language: what may be sent, and three-valued truth where the pages say too little."""

from __future__ import annotations

import itertools
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.cases.queries import conditions, nested
from conformance.contract.loader import load_contract
from conformance.oracle.filters import FilterReading, matches, read_filter
from conformance.oracle.semantics import filter_limits
from tests.unit.oracle.fake import naive_match

LIMITS = filter_limits(load_contract())


def read(condition: Any, hidden: frozenset[str] = frozenset()) -> FilterReading:
    return read_filter(condition, LIMITS, hidden)


def verdict(condition: Any) -> set[str]:
    return {clause for clause, _ in read(condition).broken}


def test_the_limits_are_those_of_the_documents() -> None:
    assert (LIMITS.nesting, LIMITS.items) == (8, 1024)
    assert (LIMITS.size_accepted, LIMITS.size_rejected) == (20_000, 65_536)


@pytest.mark.parametrize(
    "condition",
    [
        {"f": {"$eq": "a"}},
        {"f": {"$ne": ""}},
        {"f": {"$in": ["a"]}},
        {"f": {"$nin": ["a", "b"]}},
        {"f": {"$exists": False}},
        {"$and": [{"f": {"$eq": "a"}}]},
        {"$or": [{"f": {"$eq": "a"}}, {"$and": [{"g": {"$exists": True}}, {"h": {"$in": ["x"]}}]}]},
    ],
)
def test_documented_filters_are_neither_broken_nor_open(condition: Any) -> None:
    reading = read(condition)
    assert not reading.broken
    assert not reading.open


@pytest.mark.parametrize("condition", [[], "x", 1, True])
def test_a_filter_that_is_no_object_has_the_wrong_type(condition: Any) -> None:
    assert verdict(condition) == {"type"}


@pytest.mark.parametrize("operator", ["$regex", "$EQ", "$like", "$", "$not"])
def test_an_operator_nobody_documents_is_unknown_in_either_place(operator: str) -> None:
    assert verdict({"f": {operator: "x"}}) == {"operator.unknown"}
    assert verdict({operator: [{"f": {"$eq": "x"}}]}) == {"operator.unknown"}


@pytest.mark.parametrize(
    "condition",
    [
        {"f": {"$in": []}},
        {"f": {"$in": "a"}},
        {"f": {"$nin": []}},
        {"f": {"$nin": None}},
        {"f": {"$exists": "true"}},
        {"f": {"$exists": 1}},
        {"$and": []},
        {"$or": {}},
        {"$or": "x"},
        {"$and": [1]},
        {"$and": [{"$or": []}]},
    ],
)
def test_operands_of_the_wrong_kind_are_broken(condition: Any) -> None:
    assert verdict(condition) == {"operand"}


@pytest.mark.parametrize(
    "condition",
    [
        {"f": "a"},
        {"f": 3},
        {"f": None},
        {"f": {}},
        {"f": {"$eq": "a", "$ne": "b"}},
        {"f": {"$eq": "a"}, "g": {"$eq": "b"}},
        {"f": {"$eq": 3}},
        {"f": {"$ne": True}},
        {"f": {"$in": ["a", 3]}},
        {"f": {"$gt": 3}},
        {"f": {"$lte": "a"}},
        {"$and": [{}]},
        {"f": {"$and": [{"$eq": "a"}]}},
        {"f": {"plain": "a"}},
    ],
)
def test_what_the_pages_contest_or_leave_out_is_open(condition: Any) -> None:
    reading = read(condition)
    assert not reading.broken
    assert reading.open


def test_a_non_filterable_field_is_open_only_in_the_index_that_has_it() -> None:
    assert read({"note": {"$eq": "a"}}, frozenset({"note"})).open
    assert not read({"note": {"$eq": "a"}}).open


def test_an_empty_filter_is_a_documented_freedom() -> None:
    assert read({}).touched == ["empty"]


@pytest.mark.parametrize(
    ("levels", "expected"),
    [(1, ""), (6, ""), (7, "touched"), (8, "open"), (9, "open"), (10, "broken"), (40, "broken")],
)
def test_one_level_on_either_side_of_the_limit_stays_unjudged(levels: int, expected: str) -> None:
    assert _band(read(nested(levels)), "depth") == expected


@pytest.mark.parametrize(
    ("count", "expected"),
    [(1, ""), (998, ""), (1000, "touched"), (1023, "touched"), (1025, "broken"), (5000, "broken")],
)
def test_the_number_of_conditions_has_a_limit(count: int, expected: str) -> None:
    assert _band(read(conditions(count)), "items") == expected


def test_values_and_operators_may_count_as_items_too() -> None:
    """The page says items; conditions alone are under the limit, with their values they are over it."""
    condition = {"$or": [{"f": {"$in": ["a", "b", "c"]}}] * 600}
    assert _band(read(condition), "items") == "open"


@pytest.mark.parametrize(
    ("size", "expected"),
    [
        (100, ""),
        (12_000, "touched"),
        (19_900, "touched"),
        (20_100, "open"),
        (65_000, "open"),
        (65_600, "broken"),
    ],
)
def test_the_size_of_a_filter_is_judged_outside_the_contested_band(size: int, expected: str) -> None:
    reading = read({"f": {"$eq": "x" * size}})
    assert _band(reading, "size") == expected


def _band(reading: FilterReading, clause: str) -> str:
    if clause in {name for name, _ in reading.broken}:
        return "broken"
    if reading.open:
        return "open"
    return "touched" if f"{clause}.accepted" in reading.touched else ""


#: operator and argument -> truth for a field that is "x", "y", ["x", "y"], ["z"], and absent.
TRUTH: list[tuple[dict[str, Any], list[bool | None]]] = [
    ({"$eq": "x"}, [True, False, True, False, False]),
    ({"$ne": "x"}, [False, True, None, True, None]),
    ({"$in": ["x", "w"]}, [True, False, None, False, False]),
    ({"$nin": ["x", "w"]}, [False, True, None, True, None]),
    ({"$exists": True}, [True, True, True, True, False]),
    ({"$exists": False}, [False, False, False, False, True]),
    ({"$eq": 3}, [None] * 5),
    ({"$in": ["x", 3]}, [None] * 5),
    ({"$exists": "x"}, [None] * 5),
]
STORED: list[dict[str, Any]] = [{"f": "x"}, {"f": "y"}, {"f": ["x", "y"]}, {"f": ["z"]}, {"g": "x"}]


@pytest.mark.parametrize(("operator", "truths"), TRUTH, ids=[str(operator) for operator, _ in TRUTH])
def test_every_operator_has_its_truth_table(operator: dict[str, Any], truths: list[bool | None]) -> None:
    assert [matches({"f": operator}, metadata) for metadata in STORED] == truths


def test_a_number_in_the_metadata_is_never_judged() -> None:
    for operator in ("$eq", "$ne", "$in", "$nin"):
        argument = ["3"] if "in" in operator else "3"
        assert matches({"f": {operator: argument}}, {"f": 3}) is None


# Conditions on the metadata {"f": "x", "t": ["x"]} of each truth value.
KNOWN: dict[bool | None, dict[str, Any]] = {
    True: {"f": {"$eq": "x"}},
    False: {"f": {"$eq": "y"}},
    None: {"t": {"$ne": "x"}},
}


@pytest.mark.parametrize(("left", "right"), list(itertools.product([True, False, None], repeat=2)))
def test_and_and_or_are_those_of_three_valued_logic(left: bool | None, right: bool | None) -> None:
    metadata = {"f": "x", "t": ["x"]}
    operands = [KNOWN[left], KNOWN[right]]
    conjunction = False if False in (left, right) else None if None in (left, right) else True
    disjunction = True if True in (left, right) else None if None in (left, right) else False
    assert matches({"$and": operands}, metadata) is conjunction
    assert matches({"$or": operands}, metadata) is disjunction


def test_the_shorthand_and_unknown_operators_are_undecided() -> None:
    assert matches({"f": "x"}, {"f": "x"}) is None
    assert matches({"f": {"$regex": "x"}}, {"f": "x"}) is None
    assert matches({"$xor": [{"f": {"$eq": "x"}}]}, {"f": "x"}) is None


_WORDS = st.sampled_from(["x", "y", "z"])
_FIELDS = st.sampled_from(["f", "g"])
_LEAVES = st.builds(
    lambda field, operator: {field: operator},
    _FIELDS,
    st.one_of(
        st.builds(lambda word: {"$eq": word}, _WORDS),
        st.builds(lambda word: {"$ne": word}, _WORDS),
        st.builds(lambda words: {"$in": words}, st.lists(_WORDS, min_size=1, max_size=3)),
        st.builds(lambda words: {"$nin": words}, st.lists(_WORDS, min_size=1, max_size=3)),
        st.builds(lambda there: {"$exists": there}, st.booleans()),
    ),
)
_FILTERS = st.recursive(
    _LEAVES,
    lambda inner: st.builds(
        lambda name, operands: {name: operands},
        st.sampled_from(["$and", "$or"]),
        st.lists(inner, min_size=1, max_size=3),
    ),
    max_leaves=6,
)
_METADATA = st.dictionaries(_FIELDS, _WORDS | st.lists(_WORDS, min_size=1, max_size=2))


@given(_FILTERS, _METADATA)
@settings(max_examples=200, database=None, derandomize=True)
def test_a_decided_filter_agrees_with_a_naive_evaluation(condition: dict[str, Any], metadata: Any) -> None:
    decided = matches(condition, metadata)
    if decided is not None:
        assert decided is naive_match(condition, metadata)


@given(_FILTERS, st.fixed_dictionaries({"f": _WORDS, "g": _WORDS}))
@settings(max_examples=100, database=None, derandomize=True)
def test_every_documented_filter_is_decided_on_plain_metadata(
    condition: dict[str, Any], metadata: dict[str, str]
) -> None:
    assert matches(condition, metadata) is not None


@given(_FILTERS)
@settings(max_examples=100, database=None, derandomize=True)
def test_every_documented_filter_can_be_sent(condition: dict[str, Any]) -> None:
    assert not read(condition).broken
    assert not read(condition).open
