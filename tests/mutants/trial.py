"""One trial: a default run of the suite against a mutant, stopped as soon as the verdict is certain."""

from __future__ import annotations

import http.client
import json
import os
import resource
import socket
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from importlib import import_module
from typing import Any
from urllib.parse import urlsplit

import pytest

from conformance.contract.loader import load_contract
from conformance.contract.model import Level, Profile
from conformance.suite.events import TestRecord
from conformance.verdicts.collect import merge
from conformance.verdicts.decide import Selection, decide
from conformance.verdicts.model import Outcome as Decided
from tests.faults.trial import CREDENTIAL, decided_by, is_core, open_suite, record_of, run_until, served
from tests.mutants.loading import MutatedPackage
from tests.mutants.places import PACKAGE, Mutant
from tests.mutants.reach import Lines, Reach, Tracer

#: Several default runs on a busy machine.  A mutant that has not been reported by then makes requests hang.
LONGEST_SECONDS = 240.0
_FIRST_ANSWER_SECONDS = 10.0
_MOST_MEMORY = 8 << 30
_GENERATED = ("test_properties", "test_coverage_corpus", "test_state_machine", "test_schemathesis")
_FINE = frozenset({Decided.PASS, Decided.OBSERVED, Decided.EXCLUDED, Decided.NOT_SELECTED})
#: How a trial can end.  "reported": a requirement is violated.  "undecided": a requirement that the suite set
#: out to decide is not, so the run does not end conformant either.  "died": no server to begin with, or it
#: ended on the way.  "timeout": too slow to be tested.  "skipped": not tried, since it was judged harmless before.
VERDICTS = ("reported", "undecided", "died", "timeout", "survived", "skipped")


@dataclass(frozen=True, slots=True)
class Ending:
    """How a trial ended, what showed it first, and the test that did."""

    verdict: str
    detail: str = ""
    test: str = ""
    tests: int = 0
    seconds: float = 0.0
    suite_errors: tuple[str, ...] = ()

    @property
    def killed(self) -> bool:
        """Whether a run of the suite tells the mutant from a correct service."""
        return self.verdict not in ("survived", "skipped")

    def to_bytes(self) -> bytes:
        """For the way between processes."""
        return json.dumps(asdict(self)).encode()

    @classmethod
    def from_bytes(cls, data: bytes) -> Ending:
        """What :meth:`to_bytes` wrote."""
        values = json.loads(data)
        return cls(**{**values, "suite_errors": tuple(values["suite_errors"])})


class _Watch:
    """A pytest plugin that keeps the records of a trial's tests."""

    def __init__(self) -> None:
        self.started = time.monotonic()
        self.records: list[TestRecord] = []
        self.errors: list[str] = []
        self.reported: tuple[str, str] | None = None
        self._counting = {r.id for r in load_contract().requirements.values() if r.level is not Level.PROBE}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take up what one test reported."""
        error = getattr(report, "conformance_error", None)
        if error is not None:
            self.errors.append(str(error))
        record = record_of(report)
        if record is None:
            return
        self.records.append(record)
        for event in record.violations:
            if event.requirement in self._counting and self.reported is None:
                self.reported = (event.requirement, record.test)


def core_tests(session: pytest.Session) -> dict[str, pytest.Item]:
    """The tests of a default run by their ids: directed ones, then generated ones, which search."""
    items = (item for item in session.items if is_core(item))
    return {item.nodeid: item for item in sorted(items, key=lambda item: item.path.stem in _GENERATED)}


def attempt(
    session: pytest.Session, package: MutatedPackage, mutant: Mutant | None, tests: Sequence[str]
) -> Ending:
    """Run some tests against a mutant, or against the package as it is; call in a forked process."""

    def serve(bound: socket.socket) -> None:
        # A mutated loop may allocate without end.
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
        if mutant is not None:
            package.replace(mutant.identity.module, mutant.source)
        package.install()
        _server(_application()).run(sockets=[bound])

    with served(serve) as (url, process):
        problem = _first_problem(url)
        if problem is not None:
            verdict = "timeout" if isinstance(problem, TimeoutError) else "died"
            return Ending(verdict, f"{type(problem).__name__} at the first request")
        known = core_tests(session)
        return _judge(session, url, process, [known[test] for test in tests])


def survey(session: pytest.Session, package: MutatedPackage, tracer: Tracer) -> tuple[Ending, Reach]:
    """Run every test against the package as it is and note what it reaches; call in a forked process."""

    def serve(bound: socket.socket) -> None:
        package.install()
        tracer.begin()
        server = _server(_application())
        tracer.started()
        server.run(sockets=[bound])

    reached: dict[str, Lines] = {}
    seconds: dict[str, float] = {}
    began = time.monotonic()

    def note(test: str) -> None:
        nonlocal began
        reached[test], seconds[test] = tracer.take(), round(time.monotonic() - began, 4)
        began = time.monotonic()

    with served(serve) as (url, process):
        ending = _judge(session, url, process, list(core_tests(session).values()), note)
    return ending, Reach(tracer.start(), reached, seconds)


def _application() -> Any:
    config, credentials, app = (
        import_module(f"{PACKAGE}.{name}") for name in ("config", "credentials", "app")
    )
    known = credentials.Credential(
        CREDENTIAL.access_key_id, CREDENTIAL.access_key_secret, CREDENTIAL.account_id
    )
    return app.create_app(config.Settings(credentials=(known,)))


def _server(application: Any) -> Any:
    return import_module(f"{PACKAGE}.server").make_server(application, lambda: None)


def _first_problem(url: str) -> Exception | None:
    """What is wrong with a server that does not even answer an unsigned request."""
    target = urlsplit(url)
    connection = http.client.HTTPConnection(str(target.hostname), target.port, timeout=_FIRST_ANSWER_SECONDS)
    try:
        connection.request("GET", "/")
        connection.getresponse().read()
    except (OSError, http.client.HTTPException) as problem:
        return problem
    finally:
        connection.close()
    return None


def _has_ended(process: int) -> bool:
    # The connection breaks a moment before the process is gone.  Nobody waits for it here: its id stays its own.
    for _ in range(50):
        if os.waitid(os.P_PID, process, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None:
            return True
        time.sleep(0.01)
    return False


def _judge(
    session: pytest.Session,
    url: str,
    process: int,
    items: Sequence[pytest.Item],
    after: Callable[[str], None] = lambda _test: None,
) -> Ending:
    config = session.config
    open_suite(config, url)
    watch = _Watch()
    config.pluginmanager.register(watch)

    def late() -> bool:
        return time.monotonic() - watch.started > LONGEST_SECONDS

    def enough(item: pytest.Item) -> bool:
        after(item.nodeid)
        return watch.reported is not None or late()

    open_ones: set[str] = set()
    complete = run_until(session, items, enough) and not late()
    if complete and watch.reported is None:
        # What some of the tests leave open, others may decide that were not asked for.
        open_ones = set(_not_decided(watch.records, items))
        asked = {item.nodeid for item in items}
        items = [
            *items,
            *(i for i in core_tests(session).values() if i.nodeid not in asked and decided_by(i) & open_ones),
        ]
        run_until(session, items[len(asked) :], enough)
    seconds = round(time.monotonic() - watch.started, 2)
    tests, errors = len(watch.records), tuple(watch.errors)
    if watch.reported is not None:
        return Ending("reported", watch.reported[0], watch.reported[1], tests, seconds, errors)
    if session.shouldstop:
        verdict = "died" if _has_ended(process) else "timeout"
        return Ending(verdict, str(session.shouldstop), "", tests, seconds, errors)
    if late():
        return Ending("timeout", f"after {tests} of {len(items)} tests", "", tests, seconds, errors)
    still = [name for name in _not_decided(watch.records, items) if name in open_ones]
    if still:
        return Ending("undecided", ", ".join(still[:3]), "", tests, seconds, errors)
    return Ending("survived", "", "", tests, seconds, errors)


def _not_decided(records: Sequence[TestRecord], items: Sequence[pytest.Item]) -> list[str]:
    """Requirements whose outcome keeps a run from ending conformant."""
    contract = load_contract()
    wanted = {name for item in items for name in decided_by(item)}
    selected = {name for name in wanted if contract.requirements[name].profile is not Profile.FULL}
    results = decide(contract, merge(records), Selection(frozenset(selected)))
    return [result.requirement.id for result in results if result.outcome not in _FINE]
