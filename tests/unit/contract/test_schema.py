"""Walking schemas: places, references, and the ids derived from them."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.contract.schema import constraints, full_match, requirement_id, resolve, schema_at

DOCUMENT: dict[str, Any] = {
    "components": {
        "schemas": {
            "Name": {"type": "string", "minLength": 1},
            "Alias": {"$ref": "#/components/schemas/Name"},
            "a/b~c": {"type": "integer"},
            "Tree": {
                "type": "object",
                "properties": {"left": {"$ref": "#/components/schemas/Tree"}, "value": {"type": "string"}},
            },
        }
    }
}
SCHEMA: dict[str, Any] = {
    "type": "object",
    "required": ["name", "parts"],
    "properties": {
        "name": {"$ref": "#/components/schemas/Alias", "minLength": 2},
        "keys": {
            "type": "array",
            "maxItems": 5,
            "x-oss-limits": {"unique-count": {"maximum": 3}},
            "items": {"type": "string", "maxLength": 9},
        },
        "parts": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["data"],
                "properties": {"data": {"type": "array", "items": {"type": "number"}}},
            },
        },
    },
}


def test_every_constraint_is_found_with_its_place() -> None:
    assert [(path, keyword) for path, keyword, _ in constraints(DOCUMENT, SCHEMA)] == [
        ("", "type"),
        ("name", "required"),
        ("name", "type"),
        ("name", "minLength"),
        ("keys", "type"),
        ("keys", "maxItems"),
        ("keys", "x-oss-limits/unique-count"),
        ("keys/item", "type"),
        ("keys/item", "maxLength"),
        ("parts", "required"),
        ("parts", "type"),
        ("parts", "type"),
        ("parts/data", "required"),
        ("parts/data", "type"),
        ("parts/data/item", "type"),
    ]


def test_a_recursive_schema_is_entered_once() -> None:
    found = list(constraints(DOCUMENT, {"$ref": "#/components/schemas/Tree"}))
    assert found == [("", "type", "object"), ("value", "type", "string")]


@pytest.mark.parametrize(
    ("place", "value"),
    [
        ("name/minLength", 2),
        ("name/required", True),
        ("keys/required", False),
        ("keys/item/maxLength", 9),
        ("keys/x-oss-limits/unique-count/maximum", 3),
        ("parts/data/item/type", "number"),
        ("parts/data/required", True),
        ("type", "object"),
    ],
)
def test_a_place_leads_to_its_value(place: str, value: Any) -> None:
    assert schema_at(DOCUMENT, SCHEMA, place) == value


@pytest.mark.parametrize(
    "place", ["name/maximum", "other/type", "parts/other/type", "keys/x-oss-limits/other/maximum"]
)
def test_a_place_that_leads_nowhere_is_an_error(place: str) -> None:
    with pytest.raises(KeyError):
        schema_at(DOCUMENT, SCHEMA, place)


def test_references_are_followed_to_the_end_and_their_siblings_win() -> None:
    assert resolve(DOCUMENT, {"$ref": "#/components/schemas/Alias"}) == {"type": "string", "minLength": 1}
    sibling = resolve(DOCUMENT, {"$ref": "#/components/schemas/Alias", "minLength": 4})
    assert sibling == {"type": "string", "minLength": 4}
    assert resolve(DOCUMENT, {"$ref": "#/components/schemas/a~1b~0c"}) == {"type": "integer"}


@pytest.mark.parametrize(
    ("place", "side", "expected"),
    [
        ("dimension/maximum", "rejected", "Op.dimension.maximum.rejected"),
        ("vectors/key/maxLength", "accepted", "Op.vectors.key.max-length.accepted"),
        ("indexName/type", None, "Op.indexName.type"),
        ("keys/x-oss-limits/unique-count/maximum", "rejected", "Op.keys.unique-count.maximum.rejected"),
        ("keys/item/minItems", "rejected", "Op.keys.item.min-items.rejected"),
    ],
)
def test_ids_are_derived_from_places(place: str, side: str | None, expected: str) -> None:
    assert requirement_id("Op", place, side) == expected


@pytest.mark.parametrize(
    ("text", "matches"),
    [("abc", True), ("abc\n", False), ("\nabc", False), ("", False), ("ab1", False), ("ab\u00e9", False)],
)
def test_a_pattern_is_matched_to_the_very_end(text: str, matches: bool) -> None:
    assert full_match("^[a-z]+$", text) is matches
