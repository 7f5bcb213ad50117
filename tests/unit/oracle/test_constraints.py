"""Schemas judged keyword by keyword: inside, at the limit, outside, and where the documents are silent."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.contract.loader import load_contract
from conformance.oracle.constraints import Finding, evaluate, is_number

BROKEN, TOUCHED, OPEN = Finding.BROKEN, Finding.TOUCHED, Finding.OPEN


def marks(schema: dict[str, Any], value: Any, **options: Any) -> list[tuple[Finding, str]]:
    return [(mark.finding, mark.place) for mark in evaluate({}, schema, value, **options)]


@pytest.mark.parametrize(
    ("schema", "value", "finding"),
    [
        ({"minimum": 1}, 0, BROKEN),
        ({"minimum": 1}, 1, TOUCHED),
        ({"minimum": 1}, 2, None),
        ({"maximum": 4096}, 4096, TOUCHED),
        ({"maximum": 4096}, 4097, BROKEN),
        ({"maximum": 4096}, 4096.5, BROKEN),
        ({"maximum": 4096}, 2**63, BROKEN),
        ({"minLength": 1}, "", BROKEN),
        ({"minLength": 1}, "a", TOUCHED),
        ({"maxLength": 3}, "abc", TOUCHED),
        ({"maxLength": 3}, "\U0001f600" * 3, TOUCHED),
        ({"maxLength": 3}, "abcd", BROKEN),
        ({"minItems": 1}, [], BROKEN),
        ({"minItems": 1}, [0], TOUCHED),
        ({"maxItems": 2}, [0, 0], TOUCHED),
        ({"maxItems": 2}, [0, 0, 0], BROKEN),
        ({"maxProperties": 1}, {"a": 1, "b": 2}, BROKEN),
        ({"minProperties": 1}, {}, BROKEN),
        ({"enum": ["a", "b"]}, "a", TOUCHED),
        ({"enum": ["a", "b"]}, "A", BROKEN),
        ({"pattern": "^[a-z]+$"}, "abc", TOUCHED),
        ({"pattern": "^[a-z]+$"}, "abc\n", BROKEN),
        ({"pattern": "^[a-z]+$"}, "aBc", BROKEN),
        # An empty string is the business of minLength alone.
        ({"pattern": "^[a-z]+$"}, "", None),
        # Keywords of other types say nothing about a value.
        ({"minimum": 1, "maxLength": 1, "minItems": 9}, True, None),
    ],
)
def test_every_keyword_knows_its_limit(schema: dict[str, Any], value: Any, finding: Finding | None) -> None:
    keyword = next(iter(schema))
    assert marks(schema, value) == ([(finding, keyword)] if finding is not None else [])


@pytest.mark.parametrize(
    ("kind", "right", "wrong"),
    [
        ("object", [{}], [[], "x", 1, None, True]),
        ("array", [[]], [{}, "x", 1, None]),
        ("string", [""], [1, True, None, []]),
        ("boolean", [True, False], [0, 1, "true", None]),
        ("integer", [0, -1, 2**70], [1.5, "1", True, None]),
        ("number", [0, 1.5, -1e300], ["1", True, None, []]),
    ],
)
def test_types_are_those_of_json(kind: str, right: list[Any], wrong: list[Any]) -> None:
    for value in right:
        assert marks({"type": kind}, value) == []
    for value in wrong:
        assert marks({"type": kind}, value) == [(BROKEN, "type")]


def test_a_value_of_several_types_needs_one_of_them() -> None:
    schema = {"type": ["string", "null"]}
    assert marks(schema, None) == []
    assert marks(schema, 1) == [(BROKEN, "type")]


@pytest.mark.parametrize("value", [512.0, 1e3, -0.0])
def test_an_integral_number_with_a_fraction_is_open(value: float) -> None:
    assert marks({"type": "integer"}, value) == [(OPEN, "type")]


def test_an_integral_float_beyond_a_limit_is_open_and_broken() -> None:
    assert marks({"type": "integer", "maximum": 4096}, 5000.0) == [(OPEN, "type"), (BROKEN, "maximum")]


def test_a_wrong_type_ends_the_examination() -> None:
    assert marks({"type": "string", "enum": ["a"], "minLength": 1}, 7) == [(BROKEN, "type")]


OBJECT = {
    "type": "object",
    "required": ["name", "size"],
    "properties": {
        "name": {"type": "string"},
        "size": {"type": "integer", "default": 1, "x-oss-undocumented": ["missing"]},
        "tags": {"type": "array", "minItems": 1, "items": {"type": "string", "minLength": 1}},
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["key"],
                "properties": {"key": {"type": "string"}},
            },
        },
    },
}


def test_missing_members_are_broken_unless_a_default_makes_them_open() -> None:
    assert marks(OBJECT, {}) == [(BROKEN, "name/required"), (OPEN, "size/required")]


def test_a_null_counts_as_absent_only_where_absence_is_possible() -> None:
    found = marks(OBJECT, {"name": None, "size": None, "tags": None})
    assert found == [(BROKEN, "name/type"), (OPEN, "size/null"), (OPEN, "tags/null")]


def test_unknown_members_are_open() -> None:
    assert marks(OBJECT, {"name": "a", "size": 2, "more": 1}) == [(OPEN, "more/unknown member")]


def test_an_object_without_declared_members_takes_any() -> None:
    assert marks({"type": "object"}, {"a": 1}) == []


def test_items_of_scalars_add_a_step_and_items_of_objects_do_not() -> None:
    value = {"name": "a", "size": 2, "tags": ["", 1], "parts": [{"key": 1}, {}]}
    assert marks(OBJECT, value) == [
        (BROKEN, "tags/item/minLength"),
        (BROKEN, "tags/item/type"),
        (BROKEN, "parts/key/type"),
        (BROKEN, "parts/key/required"),
    ]


def test_skipped_paths_are_left_to_others() -> None:
    value = {"name": 1, "size": 2, "tags": [""]}
    assert marks(OBJECT, value, skip=frozenset({"name", "tags/item"})) == [(TOUCHED, "tags/minItems")]


NUMBERS = {"type": "array", "items": {"type": "number", "minimum": -10, "maximum": 10}}


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ([1, 2.5, -3], []),
        ([], []),
        ([1, 11], [(BROKEN, "item/maximum")]),
        ([-11, 1], [(BROKEN, "item/minimum")]),
        ([10, 0], [(TOUCHED, "item/maximum")]),
        ([1, "2"], [(BROKEN, "item/type")]),
        ([1, True], [(BROKEN, "item/type")]),
        ([1, None], [(BROKEN, "item/type")]),
    ],
)
def test_long_vectors_are_judged_by_their_extremes(
    value: list[Any], expected: list[tuple[Finding, str]]
) -> None:
    assert marks(NUMBERS, value) == expected


def test_references_are_followed_and_their_siblings_win() -> None:
    document = {"components": {"schemas": {"Name": {"type": "string", "maxLength": 3}}}}
    schema = {"$ref": "#/components/schemas/Name", "maxLength": 5}
    assert [mark.place for mark in evaluate(document, schema, "abcd")] == []
    assert [mark.place for mark in evaluate(document, schema, "abcdef")] == ["maxLength"]


def test_booleans_are_no_numbers() -> None:
    assert [is_number(value) for value in (1, 1.5, True, "1", None)] == [True, True, False, False, False]


@pytest.mark.parametrize("name", [operation.name for operation in load_contract().operations.values()])
def test_every_documented_sample_of_a_request_satisfies_its_schema(name: str) -> None:
    contract = load_contract()
    operation = contract.operation(name)
    for label, sample in operation.request_examples.items():
        assert operation.request_schema is not None
        found = list(evaluate(contract.document, operation.request_schema, sample))
        assert not [mark for mark in found if mark.finding is BROKEN], label
