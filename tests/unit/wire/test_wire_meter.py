"""Slots and counters that the workers of a run share."""

from __future__ import annotations

import subprocess
import sys
from itertools import pairwise
from math import ceil
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire.meter import Meter, Used

# Slots keep a little below the rate, see the module.
MARGIN = 0.96


def test_within_a_second_there_are_as_many_slots_as_the_rate_allows() -> None:
    with Meter() as meter:
        meter.set_rates({"PutVectorIndex": 5.0})
        waits = [meter.take_slot("PutVectorIndex", 10.0) for _ in range(11)]
        window = 1 / MARGIN
        assert waits == pytest.approx([0.0] * 5 + [window] * 5 + [2 * window])


@given(
    st.lists(st.floats(0.0, 0.5), min_size=1, max_size=60),
    st.sampled_from([1.0, 2.5, 5.0, 7.0]),
)
def test_however_requests_come_no_second_has_more_than_the_rate(pauses: list[float], rate: float) -> None:
    now, slots = 100.0, []
    with Meter() as meter:
        meter.set_rates({"PutVectorIndex": rate})
        for pause in pauses:
            now += pause
            now += meter.take_slot("PutVectorIndex", now)
            slots.append(now)
    for first in slots:
        assert sum(first <= slot < first + 1.0 for slot in slots) <= ceil(rate)


def test_time_that_was_not_used_is_not_saved_up() -> None:
    with Meter() as meter:
        meter.set_rates({"PutVectorIndex": 2.0})
        meter.take_slot("PutVectorIndex", 10.0)
        waits = [meter.take_slot("PutVectorIndex", 99.0) for _ in range(3)]
        assert waits == pytest.approx([0.0, 0.0, 1 / MARGIN])


def test_after_throttling_slots_are_evenly_spaced() -> None:
    with Meter() as meter:
        meter.set_rates({"PutVectorIndex": 5.0})
        meter.slow_down("PutVectorIndex", 10.0, first=5.0, slowest=4.0)
        waits = [meter.take_slot("PutVectorIndex", 100.0) for _ in range(200)]
        gaps = [after - before for before, after in pairwise(waits)]
        assert max(gaps) <= 0.25
        assert gaps[-1] == pytest.approx(0.2 / MARGIN)


def test_an_operation_without_a_rate_never_waits() -> None:
    with Meter() as meter:
        meter.set_rates({"PutVectorIndex": 5.0})
        assert [meter.take_slot("GetVectors", 10.0) for _ in range(3)] == [0.0, 0.0, 0.0]


def test_throttling_lowers_a_rate_down_to_the_slowest() -> None:
    with Meter() as meter:
        meter.set_rates({"PutVectorIndex": 5.0})
        rates = [meter.slow_down("PutVectorIndex", 100.0 * n, first=5.0, slowest=3.0) for n in range(1, 5)]
        assert rates == pytest.approx([4.0 * MARGIN, 3.2 * MARGIN, 3.0, 3.0])
        assert meter.take_slot("PutVectorIndex", 400.0) == pytest.approx(1 / 3)


def test_a_rate_that_was_lowered_recovers_and_no_further() -> None:
    with Meter() as meter:
        meter.set_rates({"PutVectorIndex": 5.0})
        meter.slow_down("PutVectorIndex", 1.0, first=5.0, slowest=0.5)
        for n in range(50):
            meter.take_slot("PutVectorIndex", 100.0 * n)
        assert meter.rates() == pytest.approx({"PutVectorIndex": 5.0 * MARGIN})


def test_a_burst_that_was_throttled_slows_down_once() -> None:
    with Meter() as meter:
        meter.set_rates({"PutVectorIndex": 5.0})
        rates = [meter.slow_down("PutVectorIndex", 10.0, first=5.0, slowest=0.1) for _ in range(3)]
        assert rates[0] == pytest.approx(4.0 * MARGIN)
        for _ in range(2):
            meter.take_slot("PutVectorIndex", 10.0)
        assert meter.slow_down("PutVectorIndex", 10.0, first=5.0, slowest=0.1) >= rates[-1]


def test_throttling_gives_an_operation_its_first_rate() -> None:
    with Meter() as meter:
        assert meter.slow_down("PutVectors", 1.0, first=5.0, slowest=0.5) == pytest.approx(5.0)
        assert meter.rates() == pytest.approx({"PutVectors": 5.0})


def test_a_rate_below_the_slowest_is_left_alone() -> None:
    with Meter() as meter:
        meter.set_rates({"PutVectors": 0.25})
        assert meter.slow_down("PutVectors", 1.0, first=5.0, slowest=0.5) == pytest.approx(0.25 * MARGIN)


def test_counters_add_up_and_come_down() -> None:
    with Meter() as meter:
        assert meter.spend(3, most=None)
        meter.count(resources=2)
        assert meter.spend(1, most=4)
        assert meter.count(resources=-1) == Used(4, 1)


def test_nothing_is_spent_beyond_the_most() -> None:
    with Meter() as meter:
        assert meter.spend(3, most=5)
        assert not meter.spend(3, most=5)
        assert meter.spend(2, most=5)
        assert meter.count() == Used(requests=5)


_WORKER = """
import sys
from pathlib import Path
from conformance.wire.meter import Meter
with Meter(Path(sys.argv[1])) as meter:
    for _ in range(50):
        print(round(meter.take_slot("PutVectorIndex", 100.0), 6))
        meter.spend(1, most=70)
"""


def test_two_processes_share_slots_and_counters(tmp_path: Path) -> None:
    path = tmp_path / "meter.sqlite"
    Meter.create(path, {"PutVectorIndex": 10.0})
    workers = [
        subprocess.Popen([sys.executable, "-c", _WORKER, str(path)], stdout=subprocess.PIPE, text=True)
        for _ in range(2)
    ]
    slots = sorted(float(line) for worker in workers for line in worker.communicate()[0].split())
    assert slots == pytest.approx([second / MARGIN for second in range(10) for _ in range(10)])
    with Meter(path) as meter:
        assert meter.count() == Used(requests=70)
