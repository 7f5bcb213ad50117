"""One trial: the suite against an emulator with one fault, stopped as soon as the verdict is certain."""

from __future__ import annotations

import json
import os
import signal
import socket
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field, replace
from functools import cache
from typing import Any

import pytest

from conformance.contract.loader import load_contract
from conformance.contract.model import Level, Need, Profile
from conformance.plugin import open_worker, settings_of
from conformance.suite.events import TestRecord
from oss_vectors_emulator.config import Settings
from oss_vectors_emulator.credentials import Credential
from oss_vectors_emulator.server import bind, make_server, url_of
from tests.faults.faulty_emulator import faulty_app
from tests.faults.model import Fault

CREDENTIAL = Credential("fault-access-key", "fault-access-secret")
TEMPORARY = replace(CREDENTIAL, security_token="Fault/Security+Token==")
# The emulator shows writes at once and answers within milliseconds; waiting longer only costs time.
_VISIBILITY_SECONDS = 0.05
_READ_SECONDS = 5.0
# Several times a whole run: a fault that breaks every query makes each test wait.
_LONGEST_SECONDS = 90.0
_GENERATED = ("test_properties", "test_coverage_corpus")


@dataclass(slots=True)
class Outcome:
    """What a trial found: requirements reported, and what it took until the first report."""

    fault: str
    reported: list[str] = field(default_factory=list)
    right: list[str] = field(default_factory=list)
    seconds: float = 0.0
    first_seconds: float | None = None
    first_requests: int | None = None
    requests: int = 0
    tests: int = 0
    problems: list[str] = field(default_factory=list)
    examples: dict[str, str] = field(default_factory=dict)

    @property
    def verdict(self) -> str:
        """``right``, ``other`` (caught under another name) or ``missed``."""
        return "right" if self.right else "other" if self.reported else "missed"

    def to_line(self) -> bytes:
        """One line of JSON."""
        return json.dumps(asdict(self)).encode() + b"\n"

    @classmethod
    def from_line(cls, line: str) -> Outcome:
        """The outcome that :meth:`to_line` wrote."""
        return cls(**json.loads(line))


class Watch:
    """A pytest plugin that follows the records of a trial's tests."""

    def __init__(self, outcome: Outcome, fault: Fault | None) -> None:
        self.outcome = outcome
        self.fault = fault
        self.started = time.monotonic()
        self._counting = {r.id for r in load_contract().requirements.values() if r.level is not Level.PROBE}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take up what one test reported."""
        error = getattr(report, "conformance_error", None)
        if error is not None:
            self.outcome.problems.append(str(error))
        record, outcome = record_of(report), self.outcome
        if record is None:
            return
        outcome.tests += 1
        outcome.requests += sum(record.requests.values())
        for event in record.violations:
            if event.requirement not in self._counting:
                continue
            if outcome.first_seconds is None:
                outcome.first_seconds = round(time.monotonic() - self.started, 3)
                outcome.first_requests = outcome.requests
            if event.requirement not in outcome.reported:
                outcome.reported.append(event.requirement)
                outcome.examples[event.requirement] = f"{event.expected[:150]} <> {event.actual[:200]}"
                if self.fault is not None and self.fault.is_named_by(event.requirement):
                    outcome.right.append(event.requirement)


def record_of(report: pytest.TestReport) -> TestRecord | None:
    """The record of a test that its report carries, in the form in which it goes between processes."""
    data = getattr(report, "conformance", None)
    if data is None:
        return None
    return TestRecord.from_json(json.loads(data) if isinstance(data, str) else data)


@cache
def decided_by(item: pytest.Item) -> frozenset[str]:
    """The requirements a test sets out to decide."""
    return frozenset(str(name) for marker in item.iter_markers("decides") for name in marker.args)


def _operation(requirement: str) -> str:
    return requirement.partition(".")[0]


def _is_near(item: pytest.Item, fault: Fault) -> bool:
    return any(_operation(name) == fault.operation or fault.is_named_by(name) for name in decided_by(item))


@cache
def is_core(item: pytest.Item) -> bool:
    """Whether a default run of the suite has this test."""
    requirements = load_contract().requirements
    asked = [Profile(str(marker.args[0])) for marker in item.iter_markers("in_profile")]
    if any(requirements[name].needs is Need.TEMPORARY_KEY for name in decided_by(item)):
        return False
    decided = [requirements[name].profile for name in decided_by(item)]
    return all(p is not Profile.FULL for p in asked) and any(p is not Profile.FULL for p in decided)


def look_at(items: Sequence[pytest.Item]) -> None:
    """Work out once what every trial asks of every test; call before processes are forked."""
    for item in items:
        is_core(item)


def in_order(items: list[pytest.Item], fault: Fault | None) -> list[pytest.Item]:
    """First the tests of the violated requirement, then those of its operation, then all others.

    All of a default run, and of a full one those of the violated requirement only.
    """
    if fault is None:
        return [item for item in items if is_core(item)]

    def rank(item: pytest.Item) -> int:
        decided = decided_by(item)
        if any(fault.is_named_by(name) for name in decided):
            # A test that is about little else tells soonest; a generated one searches and shrinks first.
            return min(len(decided), 20) + (50 if item.path.stem in _GENERATED else 0)
        return 100 if any(_operation(name) == fault.operation for name in decided) else 200

    directed = 100
    return sorted((i for i in items if is_core(i) or rank(i) < directed), key=rank)


@contextmanager
def served(serve: Callable[[socket.socket], None]) -> Iterator[tuple[str, int]]:
    """A process forked from this one that serves on a bound socket; its address and its id.

    ``serve`` runs in that process, which is killed in the end.
    """
    bound = bind("127.0.0.1", 0)
    # Listening before the fork: the first connection waits instead of being refused.
    bound.listen()
    url = url_of(bound)
    process = os.fork()
    if process == 0:
        # uvicorn wants its default handlers, and an interrupt is the runner's business.
        signal.signal(signal.SIGINT, signal.SIG_IGN)
        # A fault may crash on every request; the traces are of no interest.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 2)
        try:
            serve(bound)
        finally:
            os._exit(0)
    bound.close()
    try:
        yield url, process
    finally:
        os.kill(process, signal.SIGKILL)
        os.waitpid(process, 0)


def settings_for_trials(*, temporary_key: bool = False) -> Settings:
    """Settings of an emulator that :func:`open_suite` can talk to."""
    return Settings(credentials=(TEMPORARY if temporary_key else CREDENTIAL,))


def run_until(
    session: pytest.Session, items: Sequence[pytest.Item], enough: Callable[[pytest.Item], bool]
) -> bool:
    """Run tests one after the other until it is enough; whether nothing else ended it before the last."""
    for at, item in enumerate(items):
        following = items[at + 1] if at + 1 < len(items) else None
        session.config.hook.pytest_runtest_protocol(item=item, nextitem=following)
        if enough(item):
            return True
        if session.shouldstop:
            return False
    return True


def attempt(session: pytest.Session, fault: Fault | None, *, whole: bool, near: bool = False) -> Outcome:
    """Run the collected tests against an emulator with the fault; call in a forked process."""
    outcome = Outcome(fault.name if fault is not None else "none")
    temporary_key = fault is not None and fault.temporary_key

    def serve(bound: socket.socket) -> None:
        settings = settings_for_trials(temporary_key=temporary_key)
        make_server(faulty_app(fault, settings), lambda: None).run(sockets=[bound])

    with served(serve) as (url, _):
        config = session.config
        addressing = fault.addressing if fault is not None else None
        open_suite(config, url, addressing=addressing, temporary_key=temporary_key)
        watch = Watch(outcome, fault)
        config.pluginmanager.register(watch)
        items = in_order(session.items, fault)
        if near and fault is not None:
            items = [item for item in items if _is_near(item, fault)]

        def enough(_item: pytest.Item) -> bool:
            if outcome.right and not whole:
                return True
            if time.monotonic() - watch.started > _LONGEST_SECONDS:
                outcome.problems.append(f"given up after {outcome.tests} tests")
                return True
            return False

        run_until(session, items, enough)
        outcome.seconds = round(time.monotonic() - watch.started, 3)
    return outcome


def open_suite(
    config: pytest.Config, url: str, *, addressing: str | None = None, temporary_key: bool = False
) -> None:
    """Point the collected suite at an endpoint, as a default run would; call in a forked process."""
    environment: dict[str, Any] = {
        "OSS_ACCESS_KEY_ID": CREDENTIAL.access_key_id,
        "OSS_ACCESS_KEY_SECRET": CREDENTIAL.access_key_secret,
    }
    if temporary_key:
        environment["OSS_SESSION_TOKEN"] = TEMPORARY.security_token
    base = settings_of(config)
    patient = replace(
        base,
        endpoint=url,
        embedded=False,
        addressing=addressing or base.addressing,
        account_id=CREDENTIAL.account_id,
        visibility_timeout=_VISIBILITY_SECONDS,
        read_timeout=_READ_SECONDS,
        report_dir=None,
        temporary_key=temporary_key,
        # Collected as a full run, to have its tests at hand; generated ones at the length of a default run.
        profile=Profile.CORE.value,
    )
    open_worker(config, patient, environment, "a")
