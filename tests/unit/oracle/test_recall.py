"""Recall is judged by what many answers show together: chance is forgiven, a lack is not."""

from __future__ import annotations

import math
import random
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.oracle.recall import Sample, Tally, Total
from tests.unit.oracle.fake import Scene, failed, passed, reply

_SIZE = 60


def scene(min_recall: float) -> Scene:
    """An index of points on a line, and a target of which only a recall is asked."""
    made = Scene(min_recall=min_recall)
    made.bucket()
    made.index("here", dimension=1)
    made.put("here", **{f"k{number}": [float(number)] for number in range(_SIZE)})
    return made


def asked(made: Scene, point: float, top: int, missing: set[int]) -> Any:
    """A query whose answer lacks some of the neighbours."""
    ranked = sorted(range(_SIZE), key=lambda number: abs(number - point))
    keys = [f"k{number}" for number in ranked if number not in missing][:top]
    body = {"indexName": "here", "queryVector": {"float32": [point]}, "topK": top}
    return made.call("QueryVectors", body, response=reply(200, {"vectors": [{"key": key} for key in keys]}))


def many(min_recall: float, recall: float, *, queries: int = 180, seed: int = 0) -> set[str]:
    """What a target with some recall is blamed for after many small queries."""
    chance, made, blamed = random.Random(seed), scene(min_recall), set[str]()
    for number in range(queries):
        missing = {place for place in range(_SIZE) if chance.random() > recall}
        blamed |= failed(asked(made, (0.3 + number * 0.61) % _SIZE, 3, missing))
    return blamed


@pytest.mark.parametrize("seed", range(5))
def test_a_recall_above_the_asked_one_is_never_blamed(seed: int) -> None:
    assert not many(0.85, 0.9, seed=seed)
    assert not many(0.85, 0.85, seed=seed)
    assert not many(0.5, 0.5, seed=seed)


@pytest.mark.parametrize(("asked_for", "recall"), [(0.85, 0.5), (0.85, 0.7), (0.99, 0.9), (0.5, 0.2)])
def test_a_recall_well_below_the_asked_one_is_found_out(asked_for: float, recall: float) -> None:
    assert many(asked_for, recall) == {"QueryVectors.nearest"}


def test_one_query_of_an_approximate_target_proves_nothing() -> None:
    assert not failed(asked(scene(0.85), 10.2, 3, {10, 11}))


def test_asking_again_proves_no_more() -> None:
    made = scene(0.85)
    assert not any(failed(asked(made, 10.2, 3, {10, 11})) for _ in range(100))


def test_an_answer_that_misses_nothing_is_never_the_one_to_blame() -> None:
    made = scene(0.85)
    for number in range(40):
        asked(made, 0.3 + number, 3, set(range(number - 2, number + 3)))
    assert "QueryVectors.nearest" in failed(asked(made, 50.3, 3, {50}))
    whole = asked(made, 55.3, 3, set())
    assert not failed(whole)
    assert "QueryVectors.nearest" in passed(whole)


def test_exact_search_is_judged_answer_by_answer() -> None:
    assert failed(asked(scene(1.0), 10.2, 3, {10})) == {"QueryVectors.nearest"}


def test_a_write_of_which_nothing_was_found_may_be_late_and_one_that_was_found_is_not() -> None:
    made = scene(0.5)
    nothing = asked(made, 10.2, 3, set(range(_SIZE)))
    assert nothing.answer.late
    assert not asked(made, 10.2, 3, set()).answer.late
    assert not asked(made, 10.2, 3, {10}).answer.late


def test_entries_that_topk_asks_for_are_counted_too() -> None:
    made = scene(0.85)
    blamed: set[str] = set()
    for number in range(40):
        ranked = asked(made, 0.3 + number, 5, set(range(_SIZE)) - {number})
        blamed |= failed(ranked)
    assert blamed == {"QueryVectors.nearest", "QueryVectors.topK.fills-result"}


def test_what_came_too_early_is_forgotten() -> None:
    tally = Tally()
    tally.add("a", [Sample("x", 1), Sample("y", 0)])
    counted = tally.add("a", [Sample("y", 1), Sample("z", 0)])
    assert counted == [("a", "z")]
    assert tally.total("a") == Total(1, 3)
    tally.forget(counted)
    assert tally.total("a") == Total(1, 2)
    assert tally.total("b") == Total(0, 0)


def test_a_total_says_its_share() -> None:
    assert str(Total(850, 1000)) == "85% (850 of 1,000) over all queries"
    assert str(Total(0, 0)) == "100% (0 of 0) over all queries"


@given(st.integers(0, 5000), st.integers(0, 5000), st.floats(0.0, 1.0))
@settings(max_examples=300, database=None, derandomize=True)
def test_the_verdict_is_chernoffs_bound(found: int, missed: int, least: float) -> None:
    """Compared with the bound written in another form, and never against a share that suffices."""
    total = Total(found, found + missed)
    if total.wanted == 0 or found >= least * total.wanted:
        assert total.admits(least)
    elif least == 1.0:
        assert not total.admits(least)
    else:
        # exp(-n D) = (p/s)^f ((1-p)/(1-s))^m; a share below a positive one leaves something missed.
        share = found / total.wanted
        log = found * math.log(least / share) if found else 0.0
        log += missed * math.log((1 - least) / (1 - share))
        assert total.admits(least) == (log > -math.log(1e9))
