"""Runs pytest in this process on the installed suite, shut off from everything around it.

Nothing of the user's project may change a verdict: no configuration file, no
``conftest.py``, no installed plugin, no environment variable of pytest; and
nothing is written beside the report: no caches, no example database.
"""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TextIO

import pytest

from conformance.cases.case import Case
from conformance.contract.model import Profile
from conformance.suite.collecting import decided_by, needs_own_buckets, smallest_profile

_PACKAGE = Path(__file__).resolve().parent.parent
_SUITE = _PACKAGE / "suite"
_INI = Path(__file__).resolve().with_name("pytest.ini")
_FOREIGN_VARIABLES = ("PYTEST_ADDOPTS", "PYTEST_PLUGINS", "PYTEST_THEME", "PYTEST_DEBUG")


def run_pytest(plugins: Sequence[object], extra: Sequence[str] = (), *, workers: int = 0) -> int:
    """Run pytest quietly on the suite with these plugins and no others; returns pytest's exit status."""
    for name in _FOREIGN_VARIABLES:
        os.environ.pop(name, None)
    arguments = [str(_SUITE), "-c", str(_INI), f"--rootdir={_PACKAGE.parent}", f"--confcutdir={_SUITE}"]
    arguments += ["--disable-plugin-autoload", "--import-mode=importlib", "--capture=no"]
    # Verdicts do not come from assert statements, so none is rewritten; and nobody reads captured logs.
    arguments += ["-p", "no:cacheprovider", "--assert=plain", "-p", "no:logging"]
    # A failure of the suite itself is an exception in a test; looking for others collects garbage five times over.
    arguments += ["-p", "no:unraisableexception", "-p", "no:threadexception", *extra]
    if workers:
        # One test at a time: a chunk of long ones would keep a process busy when the others have ended.
        arguments += ["-p", "xdist.plugin", "-n", str(workers), "--maxschedchunk", "1"]
    with tempfile.TemporaryDirectory(prefix="oss-vectors-conformance-") as scratch:
        # Hypothesis keeps tables of Unicode here; workers inherit the variable.
        os.environ["HYPOTHESIS_STORAGE_DIRECTORY"] = scratch
        return int(pytest.main(arguments, plugins=[_Silence(), *plugins]))


class _Silence:
    """Takes pytest's own terminal output away; its options stay, other parts of pytest read them."""

    @pytest.hookimpl(trylast=True)
    def pytest_configure(self, config: pytest.Config) -> None:
        """Remove the reporter."""
        reporter = config.pluginmanager.get_plugin("terminalreporter")
        if reporter is not None:
            config.pluginmanager.unregister(reporter)


class Progress:
    """One line that counts tests, on a terminal only: a log of a CI job has no use for it."""

    def __init__(self, stream: TextIO) -> None:
        self._log = stream
        self._stream = stream if stream.isatty() else None
        self._total = 0
        self._done = 0

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Learn how many tests there are."""
        self._total = len(session.items) or self._total

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, ids: Sequence[str]) -> None:
        """Learn it from a worker, when workers collect."""
        self._total = len(ids)

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Count a finished test."""
        if report.when == "teardown":
            self._done += 1
            self._show(f"\r{self._done}/{self._total} tests")

    def pytest_keyboard_interrupt(self) -> None:
        """Say at once that Ctrl-C, or the end of a cancelled job, was noticed: cleaning up takes a while."""
        self.clear()
        self._log.write("Interrupted: deleting what the run has made, then the report of what was decided.\n")
        self._log.flush()

    def clear(self) -> None:
        """Remove the line, before something else is printed."""
        self._show("\r\x1b[K")

    def _show(self, text: str) -> None:
        if self._stream is not None:
            self._stream.write(text)
            self._stream.flush()


@dataclass(frozen=True, slots=True)
class CollectedTest:
    """A test of the suite: its node id, what it decides, its smallest profile and, if it sends one, its directed case."""

    id: str
    decides: tuple[str, ...]
    profile: Profile
    case: Case | None
    needs_bucket: bool = False


class _Collected:
    """Keeps what pytest collected."""

    def __init__(self) -> None:
        self.tests: list[CollectedTest] = []
        self.errors: list[str] = []

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """Keep the errors: an incomplete list would be a wrong answer."""
        if report.failed:
            self.errors.append(f"{report.nodeid}: {str(report.longrepr).splitlines()[-1]}")

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Keep the tests."""
        self.tests = [_collected(item) for item in session.items]


def _collected(item: pytest.Item) -> CollectedTest:
    call: Any = getattr(item, "callspec", None)
    case = call.params.get("case") if call is not None else None
    return CollectedTest(
        item.nodeid,
        decided_by(item),
        smallest_profile(item),
        case if isinstance(case, Case) else None,
        needs_own_buckets(item),
    )


def collect_tests() -> tuple[CollectedTest, ...]:
    """Every test of the suite, of all profiles, without a target; raises ``RuntimeError`` on a broken module."""
    collected = _Collected()
    run_pytest([collected], ["--collect-only"])
    if collected.errors:
        sys.stderr.write("\n".join(collected.errors) + "\n")
        raise RuntimeError(f"the suite cannot be collected: {collected.errors[0]}")
    return tuple(collected.tests)
