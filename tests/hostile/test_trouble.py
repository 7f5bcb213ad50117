"""Endpoints that are right and then throttle, hang, break off or go away in the middle of a run."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path

import pytest

from conformance.suite.hangs import MOST_OF_AN_OPERATION
from conformance.wire.ledger import read_ledger
from tests.cli.harness import KEYS, command, outcomes

from . import breakers, liars
from .endpoint import Behaviour, Connection, Endpoint, Received
from .harness import SHORT, Told, run
from .relay import Outage, Upstream

Fate = Callable[[int, Received], Callable[[Connection], None] | None]
#: The requests before: a look at the target, and some tests.
EARLY = 60


def reset(connection: Connection) -> None:
    """A broken connection instead of an answer."""
    connection.reset()


def hanging(connection: Connection) -> None:
    """No answer at all."""
    connection.stopped.wait(30)


def from_then_on(number: int, fate: Callable[[Connection], None]) -> Fate:
    return lambda position, _: fate if position > number else None


def between(first: int, last: int, fate: Callable[[Connection], None]) -> Fate:
    return lambda position, _: fate if first < position <= last else None


def must_be_undecided(told: Told) -> None:
    assert told.ended.code == 6, told.ended
    assert told.ended.err == ""
    assert told.verdict.startswith("INCONCLUSIVE")
    assert "the endpoint stopped answering" in told.verdict
    assert told.first_sentence.startswith("The endpoint stopped answering: ")
    assert len(told.lines) < SHORT
    counts = told.report["summary"]["outcomes"]
    assert counts["fail"] == counts["not executed"] == 0
    assert counts["inconclusive"] > 0


def live(told: Told) -> set[str]:
    """What the ledgers of a run still list."""
    found = set()
    for path in told.ledgers:
        with read_ledger(path) as ledger:
            found |= {str(resource) for resource in ledger.live()}
    return found


@dataclass
class Waiting:
    """A run that mostly waits: against what, how, and what came of it."""

    behaviour: Outage | Behaviour
    words: tuple[str, ...]
    told: Future[Told] = field(init=False)
    seen: list[Received] = field(default_factory=list)

    def to_the_end(self, cwd: Path) -> Told:
        """Run it, with an endpoint of its own."""
        with Endpoint(self.behaviour, seen=self.seen).running() as endpoint:
            return run(endpoint.url, *self.words, cwd=cwd)


def _only(*operations: str) -> list[str]:
    return [word for operation in operations for word in ("--operation", operation)]


def always_hanging(_: int, received: Received) -> Callable[[Connection], None] | None:
    return hanging if received.target == "/?getVectors" else None


@pytest.fixture(scope="module")
def waiting(tmp_path_factory: pytest.TempPathFactory, upstream: Upstream) -> Iterator[dict[str, Waiting]]:
    """All of them side by side, since they hardly need a processor."""
    runs = {
        "throttled": Waiting(breakers.throttled, ()),
        "hung": Waiting(Outage(upstream, from_then_on(EARLY, hanging)), ("--read-timeout", "3")),
        "one-hangs": Waiting(
            Outage(upstream, always_hanging),
            (*_only("GetVectors", "ListVectors"), "--profile", "core", "--read-timeout", "2"),
        ),
        "parallel": Waiting(Outage(upstream, from_then_on(EARLY, reset)), ("-n", "2")),
    }
    with ThreadPoolExecutor(len(runs)) as pool:
        for name, one in runs.items():
            one.told = pool.submit(one.to_the_end, tmp_path_factory.mktemp(name))
        yield runs


def test_an_endpoint_that_goes_away_leaves_a_ledger_to_sweep(
    tmp_path: Path, upstream: Upstream, waiting: dict[str, Waiting]
) -> None:
    del waiting  # they start now
    proxy = Outage(upstream, from_then_on(EARLY, reset))
    with Endpoint(proxy).running() as endpoint:
        told = run(endpoint.url, cwd=tmp_path)
        must_be_undecided(told)
        assert "The connection was closed before the answer was complete" in told.first_sentence
        assert told.report["summary"]["outcomes"]["pass"] > 0
        left = live(told)
        assert left
        assert left == {entry.partition(":")[0] for entry in told.report["leaks"]}
        proxy.end()
        swept = command("sweep", *map(str, told.ledgers), cwd=tmp_path, **KEYS)
    assert (swept.code, swept.err) == (0, "")
    assert {line.removeprefix("deleted ") for line in swept.out.splitlines()} >= left
    assert told.ledgers == []


def test_an_endpoint_that_comes_back_is_tested_to_the_end(tmp_path: Path, upstream: Upstream) -> None:
    with Endpoint(Outage(upstream, between(EARLY, EARLY + 4, reset))).running() as endpoint:
        told = run(endpoint.url, cwd=tmp_path)
    assert told.ended.code == 0, told.ended
    assert told.first_sentence.startswith("The endpoint went away and came back once during the run")
    assert told.ledgers == []


def test_answers_that_get_lost_are_no_violations(tmp_path: Path, upstream: Upstream) -> None:
    """Every seventh request takes effect, but its answer is lost: the repetition meets its own effect."""

    def lost(number: int, received: Received) -> Callable[[Connection], None] | None:
        if number < EARLY or number % 7:
            return None
        upstream.answer_to(received)
        return reset

    with Endpoint(Outage(upstream, lost)).running() as endpoint:
        told = run(endpoint.url, cwd=tmp_path)
    assert told.ended.code in (0, 6), told.ended
    counts = told.report["summary"]["outcomes"]
    assert counts["fail"] == counts["warn"] == counts["not executed"] == 0
    assert counts["pass"] > 10 * counts["inconclusive"]
    assert told.ledgers == []


def test_a_request_that_kills_the_connection_each_time_is_the_only_violation(
    tmp_path: Path, upstream: Upstream
) -> None:
    def fragile(_: int, received: Received) -> Callable[[Connection], None] | None:
        return reset if received.body == b'{"indexName":' or b"4097" in received.body else None

    requirement = "PutVectorIndex.dimension.maximum.rejected"
    with Endpoint(Outage(upstream, fragile)).running() as endpoint:
        told = run(endpoint.url, "--requirement", "PutVectorIndex.dimension.*", cwd=tmp_path)
    assert told.ended.code == 1, told.ended
    found = outcomes(told.report)
    assert [name for name, outcome in found.items() if outcome == "fail"] == [requirement]
    assert "Expected an HTTP answer" in told.text
    assert told.ledgers == []


def test_a_liar_in_the_middle_of_a_run_is_told_once(tmp_path: Path, upstream: Upstream) -> None:
    """A login page from some request on: many violations, one answer."""
    page = liars.always("200 OK", liars.PAGE, "text/html")
    proxy = Outage(
        upstream, lambda number, received: (lambda c: page(received, c)) if number > EARLY else None
    )
    with Endpoint(proxy).running() as endpoint:
        told = run(endpoint.url, cwd=tmp_path)
    assert told.ended.code == 1, told.ended
    assert "requirements: every answer was 200 text/html" in told.text


def test_a_storm_of_throttling_ends_in_seconds_without_a_verdict(waiting: dict[str, Waiting]) -> None:
    told = waiting["throttled"].told.result()
    must_be_undecided(told)
    assert "every request is throttled (503 Service Unavailable, QpsLimitExceeded" in told.first_sentence
    assert len(waiting["throttled"].seen) < 40
    # A throttled creation may have happened all the same.
    assert live(told) == {entry.partition(":")[0] for entry in told.report["leaks"]}


def test_an_endpoint_that_hangs_leaves_a_verdict_open_and_a_ledger(waiting: dict[str, Waiting]) -> None:
    told = waiting["hung"].told.result()
    must_be_undecided(told)
    assert "The answer did not arrive in time" in told.first_sentence
    assert told.report["summary"]["outcomes"]["pass"] > 0
    assert live(told) == {entry.partition(":")[0] for entry in told.report["leaks"]} != set()


def test_an_operation_that_always_hangs_is_not_waited_for_again_and_again(
    waiting: dict[str, Waiting],
) -> None:
    told = waiting["one-hangs"].told.result()
    assert told.ended.code == 6, told.ended
    assert told.first_sentence == ""
    hung = f"the last {MOST_OF_AN_OPERATION} requests of GetVectors were not answered in time"
    outcome = {entry["id"]: entry["outcome"] for entry in told.report["requirements"]}
    assert outcome["GetVectors.returns-stored"] == "inconclusive"
    assert hung in told.text
    # The other operation is tested to the end, and everything could be deleted.
    assert outcome["ListVectors.paging.complete"] == "pass"
    assert told.ledgers == []
    assert sum(one.target == "/?getVectors" for one in waiting["one-hangs"].seen) == MOST_OF_AN_OPERATION


def test_parallel_workers_agree_that_the_endpoint_is_gone(waiting: dict[str, Waiting]) -> None:
    told = waiting["parallel"].told.result()
    must_be_undecided(told)
    assert live(told) == {entry.partition(":")[0] for entry in told.report["leaks"]} != set()
