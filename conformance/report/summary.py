"""Counting a run: rows per operation, the verdict line, and failures with one root cause.

Every report format takes its numbers from here, so they agree.
"""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from conformance.report.text import clip, count
from conformance.verdicts.model import ExitCode, Outcome, RecordedExchange, RequirementResult, RunResult

GROUP_FROM = 10
"""From this many failures with the same answer on, one cause is likelier than many."""

_EXCERPT_COMPARED = 200

# Outcomes that say nothing for or against the target.
_UNDECIDED = frozenset({Outcome.OBSERVED, Outcome.EXCLUDED, Outcome.NOT_SELECTED})
_OTHER = (Outcome.INCONCLUSIVE, Outcome.UNSUPPORTED, Outcome.NOT_EXECUTED)

VERDICTS: Mapping[ExitCode, str] = {
    ExitCode.CONFORMANT: "CONFORMANT",
    ExitCode.NON_CONFORMANT: "NON-CONFORMANT",
    ExitCode.INTERRUPTED: "INTERRUPTED",
    ExitCode.INTERNAL_ERROR: "INTERNAL ERROR",
    ExitCode.USAGE: "USAGE ERROR",
    ExitCode.NOTHING_EXECUTED: "NOTHING EXECUTED",
    ExitCode.INCONCLUSIVE: "INCONCLUSIVE",
}
"""One word for people per exit code."""

# In the order a reader wants to know them.
_SHORTFALLS = (
    Outcome.FAIL,
    Outcome.STALE_DEVIATION,
    Outcome.WARN,
    Outcome.INCONCLUSIVE,
    Outcome.UNSUPPORTED,
    Outcome.NOT_EXECUTED,
    Outcome.KNOWN_DEVIATION,
)
# Outcomes whose names have a plural; the others are said of requirements.
_NOUNS = frozenset({Outcome.STALE_DEVIATION, Outcome.KNOWN_DEVIATION})


@dataclass(frozen=True, slots=True)
class Row:
    """The outcomes of one operation's requirements, as one line of the summary table."""

    operation: str
    passed: int
    failed: int
    warned: int
    other: int
    known: int


@dataclass(frozen=True, slots=True)
class Group:
    """Failures that all got the same answer: probably one cause, so reported once."""

    answer: str
    members: tuple[RequirementResult, ...]


def with_outcome(result: RunResult, *outcomes: Outcome) -> tuple[RequirementResult, ...]:
    """The requirements that ended with one of ``outcomes``, in the run's order."""
    return tuple(entry for entry in result.results if entry.outcome in outcomes)


def tally(results: Iterable[RequirementResult]) -> Counter[Outcome]:
    """How many requirements ended with each outcome."""
    return Counter(entry.outcome for entry in results)


def decided(results: Iterable[RequirementResult]) -> int:
    """Number of requirements the verdict is about: selected, not excluded, and not mere probes."""
    return sum(entry.outcome not in _UNDECIDED for entry in results)


def rows(results: Sequence[RequirementResult]) -> tuple[Row, ...]:
    """One row per operation with anything to decide, in the order the catalogue lists them.

    A stale deviation counts as failed, because it fails the run.
    """
    operations = dict.fromkeys(
        entry.requirement.operation for entry in results if entry.outcome not in _UNDECIDED
    )
    return tuple(
        _row(name, [entry for entry in results if entry.requirement.operation == name]) for name in operations
    )


def _row(operation: str, results: Iterable[RequirementResult]) -> Row:
    counts = tally(results)
    return Row(
        operation=operation,
        passed=counts[Outcome.PASS],
        failed=counts[Outcome.FAIL] + counts[Outcome.STALE_DEVIATION],
        warned=counts[Outcome.WARN],
        other=sum(counts[outcome] for outcome in _OTHER),
        known=counts[Outcome.KNOWN_DEVIATION],
    )


def numbers(result: RunResult) -> str:
    """How many requirements pass, and every way in which others fall short."""
    counts = tally(result.results)
    total = decided(result.results)
    found = [f"{counts[Outcome.PASS]:,} of {count(total, 'requirement')} pass"]
    found += [counted(counts[outcome], outcome) for outcome in _SHORTFALLS if counts[outcome]]
    return ", ".join(found)


def counted(number: int, outcome: Outcome) -> str:
    """``2 fail``, ``2 known deviations``: how many requirements ended with an outcome."""
    return count(number, outcome.value) if outcome in _NOUNS else f"{number:,} {outcome.value}"


def verdict_line(result: RunResult) -> str:
    """The one line to read when reading nothing else: verdict, numbers, exit code and its reason."""
    return f"{VERDICTS[result.exit_code]}  {numbers(result)} ({exit_meaning(result)})"


def exit_meaning(result: RunResult) -> str:
    """The exit code with its reason, where there is one."""
    reason = clip(result.exit_reason).rstrip(".")
    return f"exit {int(result.exit_code)}: {reason}" if reason else f"exit {int(result.exit_code)}"


def group_by_answer(
    failures: Sequence[RequirementResult],
) -> tuple[tuple[Group, ...], tuple[RequirementResult, ...]]:
    """Split failures into groups with one answer each, and the rest in their order.

    A target that is not the service (a proxy's error page, a login form) fails
    hundreds of requirements in one way; saying so once is the finding.
    """
    by_answer: dict[tuple[object, ...], list[RequirementResult]] = {}
    for entry in failures:
        by_answer.setdefault(_answer_key(entry), []).append(entry)
    groups = tuple(
        Group(describe_answer(_answered(members[0])), tuple(members))
        for members in by_answer.values()
        if len(members) >= GROUP_FROM and _answered(members[0]) is not None
    )
    grouped = {entry.requirement.id for group in groups for entry in group.members}
    return groups, tuple(entry for entry in failures if entry.requirement.id not in grouped)


def _answered(entry: RequirementResult) -> RecordedExchange | None:
    return entry.violation.exchange if entry.violation else None


def _answer_key(entry: RequirementResult) -> tuple[object, ...]:
    exchange = _answered(entry)
    if exchange is None:
        return (None, entry.requirement.id)
    codes = entry.requirement.expect.codes
    if codes and exchange.error_code is not None and exchange.error_code not in codes:
        # Refused with another code than documented: that is the finding, whatever each answer says besides.
        return (exchange.status, exchange.error_code)
    return (
        exchange.status,
        exchange.error_code,
        exchange.failure,
        _without_ids(exchange)[:_EXCERPT_COMPARED],
    )


def _without_ids(exchange: RecordedExchange) -> str:
    """The start of the answer without what differs between equal answers: ids, names, times."""
    text = exchange.response_body[: 2 * _EXCERPT_COMPARED]
    for value in (exchange.request_id, exchange.host, exchange.bucket):
        if value:
            text = text.replace(value, "*")
    return re.sub(r"[0-9A-Fa-f-]{8,}|\d+", "#", text)


def describe_answer(exchange: RecordedExchange | None) -> str:
    """One phrase for an answer: ``200 text/html`` or ``400 VectorIndexParameterInvalid``."""
    if exchange is None:
        return "no recorded answer"
    if exchange.status is None:
        return f"no answer ({clip(exchange.failure or 'reason unknown', _EXCERPT_COMPARED)})"
    what = exchange.error_code or _content_type(exchange)
    return f"{exchange.status} {clip(what, _EXCERPT_COMPARED)}"


def _content_type(exchange: RecordedExchange) -> str:
    if exchange.response_size == 0:
        return "without a body"
    for name, value in exchange.response_headers:
        if name.lower() == "content-type":
            return value.partition(";")[0].strip()
    return "without a content type"
