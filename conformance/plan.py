"""What a run is going to send and make, known before the first request.

The figures come from a measured run (``footprint.json``, one line per test):
which requests a test sends follows from the contract and the seed, so a run
against another target sends nearly the same ones.  Only waiting adds to them:
for writes that show late, and for requests that are throttled.
"""

from __future__ import annotations

import functools
import json
from collections import Counter, deque
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources

from conformance.contract.loader import Contract, load_contract
from conformance.contract.model import Profile
from conformance.suite.settings import RunSettings
from conformance.wire.pace import Bound, lower_bound

_FILE = "footprint.json"
#: Entry of the most resources that lived at a time, over a whole run.
PEAK = "(peak)"
#: Seconds of one request that a plan reckons with.
DEFAULT_LATENCY = 0.03
_LABEL = 12


@dataclass(frozen=True, slots=True)
class Plan:
    """The requests of a run by operation, and the most buckets and indexes that exist at a time."""

    tests: int
    requests: Mapping[str, int]
    buckets: int
    indexes: int

    @property
    def total(self) -> int:
        """All requests."""
        return sum(self.requests.values())

    def bound(
        self, rates: Mapping[str, float], *, latency: float = DEFAULT_LATENCY, connections: int = 1
    ) -> Bound:
        """The least time for these requests, with ``rates`` in requests per second and ``latency`` in seconds."""
        return lower_bound(self.requests, rates, latency=latency, connections=connections)


def plan_of(tests: Iterable[str], profile: Profile) -> Plan:
    """The plan of some tests, by their ids (``test_vectors.py::test_name[case]``)."""
    requests: Counter[str] = Counter()
    number = 0
    for test in tests:
        number += 1
        requests.update(_requests_of(test, profile))
    # Clean-up deletes what the worker still has at the end.
    peak = load_footprint()[PEAK]
    most = peak.get(profile.value) or peak[_measured(profile)]
    return Plan(number, dict(sorted(requests.items())), most["bucket"], most["index"])


def _requests_of(test: str, profile: Profile) -> Mapping[str, int]:
    entry = load_footprint().get(test, {})
    # Of a test that sends the same in every profile, the file has core only.
    names = (profile.value, _measured(profile), Profile.CORE.value)
    return next((entry[name] for name in names if name in entry), {})


def side_by_side(tests: Sequence[str], profile: Profile, rates: Mapping[str, float]) -> list[int]:
    """The order of tests, as places in ``tests``, in which those that wait for a rate are spread over the whole run.

    A test of many index creations waits for most of its time.  Put between tests
    that do not, its waiting is time in which another process works, and the rate
    is used from the first test to the last.  The longest come first, so that none
    is left over at the end.
    """
    waits, works = [], []
    for test in tests:
        requests = _requests_of(test, profile)
        waits.append(sum(number / rates[name] for name, number in requests.items() if name in rates))
        works.append(sum(requests.values()) * DEFAULT_LATENCY)
    everything = range(len(tests))
    waiting = deque(sorted((at for at in everything if waits[at] > works[at]), key=lambda at: -waits[at]))
    working = deque(sorted((at for at in everything if waits[at] <= works[at]), key=lambda at: -works[at]))
    all_wait, all_work = sum(waits) or 1.0, sum(works) or 1.0
    waited = worked = 0.0
    order: list[int] = []
    while waiting or working:
        behind = waited / all_wait <= worked / all_work
        at = waiting.popleft() if waiting and (behind or not working) else working.popleft()
        waited += waits[at]
        worked += works[at]
        order.append(at)
    return order


def plan_lines(
    plan: Plan, settings: RunSettings, *, latency: float = DEFAULT_LATENCY, connections: int = 1
) -> Iterator[str]:
    """The plan for people; ``latency`` of one request in seconds."""
    target = "the embedded reference emulator" if settings.embedded else settings.endpoint
    shard = "" if settings.shard is None else f", shard {settings.shard}"
    yield f"{'Target':<{_LABEL}}{target}"
    yield f"{'Tests':<{_LABEL}}{plan.tests:,} of the profile {settings.profile}{shard}"
    yield f"{'Requests':<{_LABEL}}about {plan.total:,}; more where answers have to be waited for"
    documented = documented_rates(load_contract())
    for operation, count in sorted(plan.requests.items(), key=lambda item: -item[1]):
        yield f"{'':<{_LABEL}}{operation:<24}{count:>7,}{_rate(operation, settings, documented)}"
    workers = "" if connections == 1 else f" in each of {connections} processes"
    yield (
        f"{'Resources':<{_LABEL}}at most {plan.buckets} buckets and {plan.indexes} indexes at a time{workers}, "
        "named ovc-<run id>..., all deleted at the end"
    )
    bound = plan.bound(settings.rates, latency=latency, connections=connections)
    yield f"{'Duration':<{_LABEL}}{bound}"
    yield f"{'Limits':<{_LABEL}}{_limits(settings)}"


def _rate(operation: str, settings: RunSettings, documented: dict[str, float]) -> str:
    if operation in settings.rates:
        return f"  at most {settings.rates[operation]:g} per second"
    return (
        f"  no limit kept; documented: {documented[operation]:g} per second"
        if operation in documented
        else ""
    )


def _limits(settings: RunSettings) -> str:
    limits = (
        ("--max-requests", settings.max_requests),
        ("--max-duration", settings.max_duration),
        ("--max-resources", settings.max_resources),
    )
    given = [f"{flag} {value:g}" for flag, value in limits if value is not None]
    return ", ".join(given) or "none (--max-requests, --max-duration, --max-resources)"


def _measured(profile: Profile) -> str:
    """The profile whose figures stand for one that is not measured: ``fuzz`` never sends the same twice."""
    return Profile.FULL.value if profile.rank >= Profile.FULL.rank else Profile.CORE.value


@functools.cache
def load_footprint() -> Mapping[str, Mapping[str, Mapping[str, int]]]:
    """Requests of every test by profile and operation, as measured, and the resources that lived while it ran."""
    text = resources.files("conformance").joinpath(_FILE).read_text(encoding="utf-8")
    return dict(json.loads(text))


def documented_rates(contract: Contract) -> dict[str, float]:
    """Requests per second of the operations whose pages state a rate."""
    return {
        name: operation.rate for name, operation in contract.operations.items() if operation.rate is not None
    }


def short_id(nodeid: str) -> str:
    """A test's id without the folders before its module."""
    module, _, rest = nodeid.partition("::")
    return f"{module.rsplit('/', 1)[-1]}::{rest}"
