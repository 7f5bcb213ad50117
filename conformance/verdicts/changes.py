"""What changed between two runs: the few lines that the reader of a nightly job is after."""

from __future__ import annotations

from collections.abc import Iterable, Mapping

from conformance.verdicts.model import Baseline, Changes, Outcome, RequirementResult

#: The target was seen to violate it, whether or not somebody tolerates that.
_VIOLATED = frozenset({Outcome.FAIL, Outcome.WARN, Outcome.KNOWN_DEVIATION, Outcome.UNSUPPORTED})
#: The target was seen to meet it; a stale deviation is one that is met.
_MET = frozenset({Outcome.PASS, Outcome.STALE_DEVIATION})
#: Asked for, and left open.
_OPEN = frozenset({Outcome.INCONCLUSIVE, Outcome.NOT_EXECUTED})


def compare(baseline: Baseline, outcomes: Mapping[str, Outcome]) -> Changes:
    """The changes from ``baseline`` to a newer run's outcomes by requirement id.

    Lists of known deviations make no difference here: they say what somebody
    tolerates, not what a target does.  A requirement that only one of the runs
    selected can become failing or decided, never fixed or undecided.
    """
    failing, fixed, decided, undecided = [], [], [], []
    for identifier, now in outcomes.items():
        before = baseline.outcomes.get(identifier, Outcome.NOT_SELECTED)
        if now in _VIOLATED and before not in _VIOLATED:
            failing.append(identifier)
        elif now in _MET and before in _VIOLATED:
            fixed.append(identifier)
        elif now in _MET and before not in _MET:
            decided.append(identifier)
        elif now in _OPEN and before in _VIOLATED | _MET:
            undecided.append(identifier)
    return Changes(baseline, tuple(failing), tuple(fixed), tuple(decided), tuple(undecided))


def outcomes_of(results: Iterable[RequirementResult]) -> dict[str, Outcome]:
    """Outcome by requirement id."""
    return {entry.requirement.id: entry.outcome for entry in results}
