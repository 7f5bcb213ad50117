"""Which vectors must be in an answer: what no reading of the pages and no rounding explains away."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.unit.oracle.fake import Scene, error, failed, naive_match, passed, reply

KINDS = ("comedy", "drama", "opera")
DRAMA = {"kind": {"$eq": "drama"}}


def line(count: int = 12, **options: Any) -> Scene:
    """Points on a line, three kinds in turn."""
    made = Scene(**options)
    made.bucket()
    made.index("here", dimension=1)
    made.put("here", **{f"k{n}": ([float(n)], {"kind": KINDS[n % 3]}) for n in range(count)})
    return made


def answered(made: Scene, keys: list[str], **members: Any) -> set[str]:
    body = {"indexName": "here", "queryVector": {"float32": [-0.4]}, "topK": 6, **members}
    return failed(
        made.call("QueryVectors", body, response=reply(200, {"vectors": [{"key": k} for k in keys]}))
    )


@pytest.mark.parametrize(
    "keys",
    [["k1", "k4"], ["k1", "k4", "k7"], ["k1", "k4", "k7", "k10"]],
    ids=["after the search", "with some to spare", "before the search"],
)
def test_filtering_before_and_after_the_search_are_both_right(keys: list[str]) -> None:
    assert not answered(line(), keys, filter=DRAMA)


@pytest.mark.parametrize("keys", [["k1"], ["k4", "k7"], []])
def test_what_matches_among_the_nearest_is_never_lost(keys: list[str]) -> None:
    assert answered(line(), keys, filter=DRAMA) == {"QueryVectors.filter.eq"}


def test_a_place_that_a_vector_in_doubt_may_take_is_not_asked_for() -> None:
    """A write answered with 500 may be done: then the sixth nearest is only the seventh."""
    made = line()
    entry = {"key": "doubt", "data": {"float32": [0.0]}}
    made.call("PutVectors", {"indexName": "here", "vectors": [entry]}, response=error(500, "InternalError"))
    assert not answered(made, ["doubt", "k0", "k1", "k2", "k3", "k4"])
    assert not answered(made, ["k0", "k1", "k2", "k3", "k4", "k5"])
    assert answered(made, ["doubt", "k0", "k1", "k2", "k3", "k5"]) == {"QueryVectors.nearest"}


def test_a_tie_at_the_end_may_be_broken_either_way() -> None:
    made = line(8)
    made.put("here", twin=([5.0], {"kind": "drama"}))
    assert not answered(made, ["k0", "k1", "k2", "k3", "k4", "k5"])
    assert not answered(made, ["k0", "k1", "k2", "k3", "k4", "twin"])
    assert answered(made, ["k0", "k1", "k2", "k3", "k5", "twin"]) == {"QueryVectors.nearest"}


def test_a_tie_before_the_end_has_room_for_both() -> None:
    made = line(8)
    made.put("here", twin=([2.0], {}))
    assert answered(made, ["k0", "k1", "k2", "k3", "k4", "k5"]) == {"QueryVectors.nearest"}
    assert not answered(made, ["k0", "k1", "twin", "k2", "k3", "k4"])


def test_reported_distances_may_disagree_with_the_order_by_rounding_only() -> None:
    made = Scene()
    made.bucket()
    made.index("here", dimension=1)
    made.put("here", a=[1.0], b=[1.00001])
    body = {"indexName": "here", "queryVector": {"float32": [0.0]}, "topK": 2, "returnDistance": True}

    def reported(first: float, second: float) -> set[str]:
        entries = [{"key": "a", "distance": first}, {"key": "b", "distance": second}]
        return failed(made.call("QueryVectors", body, response=reply(200, {"vectors": entries})))

    assert not reported(1.0, 1.00001)
    assert not reported(1.00000012, 1.0)
    assert reported(1.0001, 1.0) == {"QueryVectors.order"}


@pytest.mark.parametrize("value", ["", [], 5, True, 2.5])
def test_what_became_of_an_undocumented_value_is_not_guessed(value: Any) -> None:
    """It may have been kept, turned into text or dropped: then the field is there or not.

    Only of empty strings and arrays a read says that they should have been kept.
    """
    lost = {"PutVectors.metadata.empty-values.stored"} if value in ("", []) else set()
    made = line(2)
    made.put("here", odd=([9.0], {"kind": value}))
    for keys in (["k0", "k1"], ["k0", "k1", "odd"]):
        assert not answered(made, keys, filter={"kind": {"$exists": True}})
        assert not answered(made, [k for k in keys if k == "odd"], filter={"kind": {"$exists": False}})
    for metadata in ({"kind": value}, {"kind": str(value)}, {}):
        entries: list[dict[str, Any]] = [
            {"key": "k0", "metadata": {"kind": "comedy"}},
            {"key": "k1", "metadata": {"kind": "drama"}},
            {"key": "odd", "metadata": metadata},
        ]
        body = {"indexName": "here", "queryVector": {"float32": [-0.4]}, "topK": 6, "returnMetadata": True}
        assert not failed(made.call("QueryVectors", body, response=reply(200, {"vectors": entries})))
        read = [{**entry, "data": {"float32": [9.0]}} for entry in entries if entry["key"] == "odd"]
        slips = failed(made.read("here", "odd", response=reply(200, {"vectors": read})))
        assert slips == (lost if metadata.get("kind") != value else set())


@pytest.mark.parametrize(("there", "clause"), [(False, "exists.false")])
def test_an_answer_that_shows_the_field_contradicts_itself(there: bool, clause: str) -> None:
    made = line(1)
    made.put("here", odd=([9.0], {"kind": ""}))
    body = {"indexName": "here", "queryVector": {"float32": [-0.4]}, "topK": 6, "returnMetadata": True}
    body["filter"] = {"kind": {"$exists": there}}
    shown = reply(200, {"vectors": [{"key": "odd", "metadata": {"kind": ""}}]})
    assert failed(made.call("QueryVectors", body, response=shown)) == {f"QueryVectors.filter.{clause}"}


_POINTS = st.lists(
    st.tuples(st.integers(-40, 40), st.sampled_from(["x", "y", None])), min_size=1, max_size=12
)
_CONDITIONS = st.sampled_from(
    [{"f": {"$eq": "x"}}, {"f": {"$exists": False}}, {"$or": [{"f": {"$in": ["y"]}}, {"f": {"$eq": "x"}}]}]
)


@given(_POINTS, _CONDITIONS, st.integers(1, 8), st.integers(-40, 40), st.booleans())
@settings(max_examples=150, database=None, derandomize=True, deadline=None)
def test_no_legal_order_of_filter_and_search_is_a_violation(
    points: list[tuple[int, str | None]], condition: dict[str, Any], top: int, place: int, early: bool
) -> None:
    """Ties included: both orders keep everything that must be kept."""
    made = Scene()
    made.bucket()
    made.index("here", dimension=1)
    records = {f"k{n}": ([float(x)], {"f": f} if f else {"g": "z"}) for n, (x, f) in enumerate(points)}
    made.put("here", **records)
    ranked = sorted(records, key=lambda key: (abs(records[key][0][0] - place), key[::-1]))
    matching = {key for key in records if naive_match(condition, records[key][1])}
    found = [key for key in ranked if key in matching] if early else ranked
    kept = [key for key in found[:top] if key in matching]
    body = {"indexName": "here", "queryVector": {"float32": [float(place)]}, "topK": top, "filter": condition}
    result = made.call("QueryVectors", body, response=reply(200, {"vectors": [{"key": k} for k in kept]}))
    assert not failed(result)
    if matching & set(kept):
        assert any(name.startswith("QueryVectors.filter.") for name in passed(result))
