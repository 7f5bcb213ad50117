"""The measured requests of tests are there for every test; written anew with ``python -m tests.footprint``."""

from __future__ import annotations

from conformance.commands.engine import collect_tests
from conformance.contract.loader import load_contract
from conformance.contract.model import Profile
from conformance.plan import PEAK, documented_rates, load_footprint, plan_of, short_id
from conformance.wire.pace import lower_bound


def test_every_test_has_a_footprint_and_no_other() -> None:
    collected = {short_id(test.id) for test in collect_tests()}
    assert collected == set(load_footprint()) - {PEAK}


def test_footprints_name_operations() -> None:
    known = {*load_contract().operations, "UnknownOperation"}
    named = {
        operation
        for test, entry in load_footprint().items()
        if test != PEAK
        for requests in entry.values()
        for operation in requests
    }
    assert named <= known


def test_core_keeps_within_its_creations() -> None:
    # An index creation is what the real service limits most: five a second (PutVectorIndex page, Notes).
    tests = [test for test in load_footprint() if test != PEAK]
    assert plan_of(tests, Profile.CORE).requests["PutVectorIndex"] <= 600


def test_a_larger_profile_is_planned_with_no_fewer_requests() -> None:
    tests = [test for test in load_footprint() if test != PEAK]
    core, full = (plan_of(tests, profile).requests for profile in (Profile.CORE, Profile.FULL))
    assert {name for name, number in core.items() if full.get(name, 0) < number} <= set()


def test_the_bound_is_the_larger_of_rate_and_latency() -> None:
    requests = {"PutVectorIndex": 100, "GetVectors": 900}
    by_rate = lower_bound(requests, {"PutVectorIndex": 5.0}, latency=0.001, connections=1)
    assert (by_rate.seconds, by_rate.limited_by) == (20.0, "PutVectorIndex")
    by_latency = lower_bound(requests, {}, latency=0.05, connections=2)
    assert (by_latency.seconds, by_latency.limited_by) == (25.0, None)


def test_the_documented_rates_are_those_of_the_pages() -> None:
    assert documented_rates(load_contract())["PutVectorIndex"] == 5
