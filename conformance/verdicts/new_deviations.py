"""Writes what a run found as entries of a known-deviations file, for the first run of a gate.

A team that turns the gate on has deviations already.  With these entries
the gate is of use from the first day: it holds what is there and fails on what
is new.  Each reason says that nobody has looked yet.
"""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from conformance.verdicts.model import Outcome, RequirementResult

_HEAD = "# Deviations found by a run of oss-vectors-conformance; replace each reason by one of yours."
_NONE = "# Nothing to list: no requirement that fails the run is violated."


def entries_for(results: Iterable[RequirementResult], *, strict: bool, today: date) -> str:
    """A known-deviations file with every requirement whose violation fails the run.

    What the run's own file lists already is left out, so that the new entries can
    be appended to it.  ``strict`` says whether warnings fail the run.
    """
    listed = (Outcome.FAIL, Outcome.WARN) if strict else (Outcome.FAIL,)
    entries = [
        f"# {' '.join(entry.requirement.statement.split())}\n"
        f"- requirement: {entry.requirement.id}\n"
        f"  reason: found {today.isoformat()}, not looked at yet"
        for entry in results
        if entry.outcome in listed
    ]
    return "\n".join([_HEAD, *(entries or [_NONE])]) + "\n"
