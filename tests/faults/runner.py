"""Measures the suite: runs it against every fault and says which it caught, and under which name.

``python -m tests.faults.runner [GLOB ...]``.  The suite is imported and collected once; every trial is a fork
of that process with an emulator of its own, so that nothing is paid twice and nothing leaks from one trial
into the next.  A trial starts with the tests of the violated requirement and ends when that requirement is
reported; only a fault that is not reported under its name costs a whole run of the suite.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Iterable, Sequence
from fnmatch import fnmatchcase
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.forking import Forks, with_collected_suite
from tests.faults.model import Fault
from tests.faults.table import render
from tests.faults.trial import Outcome, attempt, look_at

_DEADLINE_SECONDS = 180.0


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
    outcomes: list[Outcome] = []

    def use(session: pytest.Session) -> None:
        look_at(session.items)
        forks = Forks[Fault | None](
            lambda fault: attempt(session, fault, whole=whole, near=near).to_line(),
            jobs=jobs,
            deadline=_DEADLINE_SECONDS,
        )
        for fault, text, seconds in forks.answers(faults):
            outcome = _outcome(fault.name if fault else "none", text, seconds)
            outcomes.append(outcome)
            if out is not None:
                with out.open("ab") as file:
                    file.write(outcome.to_line())
            if verbose or outcome.verdict != "right" or outcome.problems:
                _show(outcome)

    with_collected_suite(use)
    return outcomes


def _outcome(name: str, text: bytes, seconds: float) -> Outcome:
    if text:
        return Outcome.from_line(text.decode())
    return Outcome(name, seconds=seconds, problems=[f"the trial died after {seconds:.0f} s"])


def _show(outcome: Outcome) -> None:
    others = ", ".join(outcome.reported[:6])
    problem = " ".join(outcome.problems[:1])
    print(f"{outcome.verdict:7} {outcome.fault}  {outcome.seconds:.1f} s  [{others}] {problem}")


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
