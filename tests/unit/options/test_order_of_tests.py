"""The order of tests in a run that keeps rates."""

from __future__ import annotations

from collections.abc import Sequence

import pytest

from conformance.contract.model import Profile
from conformance.plan import load_footprint, side_by_side

RATES = {"PutVectorIndex": 5.0}
TESTS = sorted(name for name, entry in load_footprint().items() if "core" in entry and name != "(peak)")


def creations(test: str) -> int:
    return load_footprint()[test]["core"].get("PutVectorIndex", 0)


def ordered(tests: Sequence[str]) -> list[str]:
    return [tests[at] for at in side_by_side(tests, Profile.CORE, RATES)]


def test_every_test_is_run_once() -> None:
    assert sorted(ordered(TESTS)) == TESTS


def test_the_rate_is_used_from_the_first_test_to_the_last() -> None:
    """In any part of the run the creations keep up with the requests, but for the length of one test."""
    found = ordered(TESTS)
    all_creations = sum(map(creations, found))
    all_requests = sum(sum(load_footprint()[test]["core"].values()) for test in found)
    longest = max(map(creations, found)) / all_creations
    made = sent = 0
    for test in found:
        made += creations(test)
        sent += sum(load_footprint()[test]["core"].values())
        assert made / all_creations == pytest.approx(sent / all_requests, abs=longest + 0.05)


def test_the_longest_waits_come_first() -> None:
    waiting = [
        creations(test)
        for test in ordered(TESTS)
        if set(load_footprint()[test]["core"]) == {"PutVectorIndex"}
    ]
    assert waiting == sorted(waiting, reverse=True)


def test_tests_that_wait_for_nothing_come_by_their_length() -> None:
    lengths = [
        sum(load_footprint()[TESTS[at]]["core"].values()) for at in side_by_side(TESTS, Profile.CORE, {})
    ]
    assert lengths == sorted(lengths, reverse=True)


def test_unknown_tests_keep_their_order() -> None:
    assert side_by_side(["x", "y"], Profile.CORE, RATES) == [0, 1]
