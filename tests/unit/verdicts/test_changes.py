"""What changed since an earlier run, for every pair of outcomes."""

from __future__ import annotations

import itertools

import pytest

from conformance.verdicts.changes import compare
from conformance.verdicts.model import Baseline, Changes, Outcome

ID = "PutVectors.rule"


def changes(before: Outcome | None, now: Outcome) -> Changes:
    outcomes = {} if before is None else {ID: before}
    return compare(Baseline("old", "2026-01-10T12:00:00Z", "core", outcomes), {ID: now})


@pytest.mark.parametrize(
    ("before", "now", "expected"),
    [
        (Outcome.PASS, Outcome.FAIL, "newly failing"),
        (Outcome.PASS, Outcome.WARN, "newly failing"),
        (Outcome.PASS, Outcome.UNSUPPORTED, "newly failing"),
        # It is violated, and listed at once.
        (Outcome.PASS, Outcome.KNOWN_DEVIATION, "newly failing"),
        (None, Outcome.FAIL, "newly failing"),
        (Outcome.NOT_SELECTED, Outcome.FAIL, "newly failing"),
        (Outcome.INCONCLUSIVE, Outcome.FAIL, "newly failing"),
        (Outcome.FAIL, Outcome.PASS, "fixed"),
        (Outcome.KNOWN_DEVIATION, Outcome.STALE_DEVIATION, "fixed"),
        (Outcome.UNSUPPORTED, Outcome.PASS, "fixed"),
        (None, Outcome.PASS, "newly decided"),
        (Outcome.OBSERVED, Outcome.PASS, "newly decided"),
        (Outcome.INCONCLUSIVE, Outcome.PASS, "newly decided"),
        (Outcome.PASS, Outcome.INCONCLUSIVE, "not decided any more"),
        (Outcome.FAIL, Outcome.NOT_EXECUTED, "not decided any more"),
        # Listing a violation changes nothing about the target.
        (Outcome.FAIL, Outcome.KNOWN_DEVIATION, None),
        (Outcome.STALE_DEVIATION, Outcome.PASS, None),
        # The user chose to leave it out.
        (Outcome.FAIL, Outcome.NOT_SELECTED, None),
        (Outcome.NOT_SELECTED, Outcome.INCONCLUSIVE, None),
    ],
)
def test_a_pair_of_outcomes_is_one_change_or_none(
    before: Outcome | None, now: Outcome, expected: str | None
) -> None:
    assert changes(before, now).groups == (() if expected is None else ((expected, (ID,)),))


@pytest.mark.parametrize("outcome", Outcome)
def test_the_same_outcome_is_no_change(outcome: Outcome) -> None:
    assert changes(outcome, outcome).groups == ()


def test_nothing_is_listed_twice() -> None:
    for before, now in itertools.product(Outcome, repeat=2):
        assert sum(len(ids) for _, ids in changes(before, now).groups) <= 1
