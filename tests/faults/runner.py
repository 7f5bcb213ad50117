"""Measures the suite: runs it against every fault and says which it caught, and under which name.

``python -m tests.faults.runner [GLOB ...]``.  The suite is imported and collected once; every trial is a fork
of that process with an emulator of its own, so that nothing is paid twice and nothing leaks from one trial
into the next.  A trial starts with the tests of the violated requirement and ends when that requirement is
reported; only a fault that is not reported under its name costs a whole run of the suite.
"""

from __future__ import annotations

import argparse
import os
import select
import signal
import sys
import time
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.model import Fault
from tests.faults.table import render
from tests.faults.trial import Outcome, attempt

_DEADLINE_SECONDS = 180.0


@dataclass(eq=False)
class Campaign:
    """A pytest plugin that, instead of running the collected tests once, runs them once per fault."""

    faults: Sequence[Fault | None]
    jobs: int
    whole: bool
    out: Path | None
    verbose: bool = False
    near: bool = False
    outcomes: list[Outcome] = field(default_factory=list)

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """One forked trial per fault, some at a time."""
        if session.testsfailed:
            raise session.Failed(f"{session.testsfailed} modules of the suite cannot be collected")
        waiting = list(self.faults)
        running: dict[int, tuple[int, str, float, bytearray]] = {}
        while waiting or running:
            while waiting and len(running) < self.jobs:
                fault = waiting.pop(0)
                process, pipe = _fork(session, fault, self.whole, self.near)
                running[pipe] = (process, fault.name if fault else "none", time.monotonic(), bytearray())
            for pipe in select.select(list(running), [], [], 1.0)[0]:
                chunk = os.read(pipe, 1 << 16)
                running[pipe][3].extend(chunk)
                if not chunk:
                    process, name, started, text = running.pop(pipe)
                    os.close(pipe)
                    os.waitpid(process, 0)
                    self._note(name, bytes(text), time.monotonic() - started)
            for process, _name, started, _text in running.values():
                if time.monotonic() - started > _DEADLINE_SECONDS:
                    os.killpg(process, signal.SIGKILL)
        return True

    def _note(self, name: str, text: bytes, seconds: float) -> None:
        if text:
            outcome = Outcome.from_line(text.decode())
        else:
            outcome = Outcome(name, seconds=seconds, problems=[f"the trial died after {seconds:.0f} s"])
        self.outcomes.append(outcome)
        if self.out is not None:
            with self.out.open("ab") as file:
                file.write(outcome.to_line())
        if self.verbose or outcome.verdict != "right" or outcome.problems:
            others = ", ".join(outcome.reported[:6])
            print(
                f"{outcome.verdict:7} {name}  {outcome.seconds:.1f} s  [{others}] {' '.join(outcome.problems[:1])}"
            )


def _fork(session: pytest.Session, fault: Fault | None, whole: bool, near: bool) -> tuple[int, int]:
    reading, writing = os.pipe()
    sys.stdout.flush()
    process = os.fork()
    if process:
        os.close(writing)
        return process, reading
    os.setpgid(0, 0)
    os.close(reading)
    try:
        line = attempt(session, fault, whole=whole, near=near).to_line()
        with os.fdopen(writing, "wb") as pipe:
            pipe.write(line)
    finally:
        sys.stdout.flush()
        os._exit(0)


def chosen(patterns: Iterable[str]) -> list[Fault]:
    """Faults whose name or requirement matches a glob; all without one."""
    globs = list(patterns)
    return [
        fault
        for fault in FAULTS.values()
        if not globs
        or any(fnmatchcase(text, glob) for glob in globs for text in (fault.name, fault.requirement))
    ]


def measure(
    faults: Sequence[Fault | None],
    *,
    jobs: int = 2,
    whole: bool = False,
    out: Path | None = None,
    verbose: bool = False,
    near: bool = False,
) -> list[Outcome]:
    """Outcomes of trials, in the order in which they ended."""
    campaign = Campaign(faults, jobs, whole, out, verbose, near)
    package = Path(__file__).resolve().parents[2] / "conformance"
    options = ["-s", "--collect-only", "--profile", "full", "-oaddopts=--import-mode=importlib"]
    quiet = [f"-pno:{name}" for name in ("terminal", "cacheprovider", "faulthandler", "xdist", "logging")]
    code = pytest.main([str(package), *options, *quiet], plugins=[campaign])
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f"the suite could not be collected (pytest exit code {code})")
    return campaign.outcomes


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table."""
    parser = argparse.ArgumentParser(prog="faults", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("patterns", nargs="*", metavar="GLOB", help="names or requirements (default: all)")
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--whole", action="store_true", help="do not stop a trial at the right report")
    parser.add_argument("--correct", action="store_true", help="run against the emulator without any fault")
    parser.add_argument(
        "--near", action="store_true", help="only the tests of the operation: quicker, for a first look"
    )
    parser.add_argument("--verbose", action="store_true", help="print every trial")
    parser.add_argument("--out", type=Path, help="file that gets one line of JSON per fault")
    options = parser.parse_args(arguments)
    if options.out is not None:
        options.out.unlink(missing_ok=True)
    faults: list[Fault | None] = [None] if options.correct else list(chosen(options.patterns))
    started = time.monotonic()
    outcomes = measure(
        faults,
        jobs=options.jobs,
        whole=options.whole,
        out=options.out,
        verbose=options.verbose,
        near=options.near,
    )
    print(render(outcomes, FAULTS, time.monotonic() - started))
    wanted = "missed" if options.correct else "right"
    return 0 if all(outcome.verdict == wanted and not outcome.problems for outcome in outcomes) else 1


if __name__ == "__main__":
    sys.exit(main())
