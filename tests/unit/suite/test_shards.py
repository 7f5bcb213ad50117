"""Shards: each test is in exactly one, and stays there."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.plan import PEAK, load_footprint
from conformance.suite.shards import Shard

TESTS = [name for name in load_footprint() if name != PEAK]


@given(test=st.text(), total=st.integers(1, 50))
def test_every_test_is_in_exactly_one_shard(test: str, total: int) -> None:
    assert sum(Shard(index, total).holds(test) for index in range(1, total + 1)) == 1


def test_the_split_is_the_same_for_ever() -> None:
    # Shards run on machines with different releases of Python, whose own hashes differ.
    names = (
        "test_vectors.py::test_one",
        "test_vectors.py::test_two[a]",
        "test_signing.py::test_signing[x-y]",
    )
    assert [next(i for i in (1, 2, 3) if Shard(i, 3).holds(name)) for name in names] == [1, 1, 2]


@pytest.mark.parametrize("total", [2, 3, 4])
def test_the_tests_of_the_suite_are_spread_evenly(total: int) -> None:
    sizes = [sum(map(Shard(index, total).holds, TESTS)) for index in range(1, total + 1)]
    assert sum(sizes) == len(TESTS) > 500
    assert min(sizes) > 0.7 * len(TESTS) / total


@pytest.mark.parametrize("text", ["1/1", "2/3", "10/12"])
def test_a_shard_is_written_as_it_is_read(text: str) -> None:
    assert str(Shard.parse(text)) == text


@pytest.mark.parametrize(
    "text", ["", "1", "0/3", "4/3", "1/0", "-1/3", "1/3 ", "a/b", "1/3/4", "\u0661/3", "01/3"]
)
def test_what_is_no_shard_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a shard"):
        Shard.parse(text)
