"""What the HTML page shows, as plain data: the template only puts it into elements.

Numbers, groups and wording come from the same functions as those of the other
reports.
"""

from __future__ import annotations

import re
import statistics
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass

from conformance.report.failure import Failure, answer_line, describe
from conformance.report.summary import (
    VERDICTS,
    Group,
    Row,
    counted,
    decided,
    exit_meaning,
    group_by_answer,
    numbers,
    rows,
    tally,
    with_outcome,
)
from conformance.report.text import clip, count
from conformance.verdicts.model import (
    Changes,
    ExitCode,
    Outcome,
    RecordedExchange,
    RequirementResult,
    RunInfo,
    RunResult,
)

MAX_IN_FULL = 100
"""Failures, and warnings, with everything; whoever has so many starts with these."""

# Of a target that is another service, one failure says as much as all.
_STRANGER_IN_FULL = 1
_WIDTH = 100
_LINK = re.compile(r"https?://[!-~]+")
_TONES = {ExitCode.CONFORMANT: "good", ExitCode.NON_CONFORMANT: "bad", ExitCode.INTERNAL_ERROR: "bad"}
_OPEN = (Outcome.STALE_DEVIATION, Outcome.NOT_EXECUTED, Outcome.INCONCLUSIVE, Outcome.UNSUPPORTED)
_OUTCOME_TONES = {
    Outcome.PASS: "good",
    Outcome.FAIL: "bad",
    Outcome.STALE_DEVIATION: "bad",
    Outcome.WARN: "warn",
    Outcome.KNOWN_DEVIATION: "known",
    Outcome.INCONCLUSIVE: "open",
    Outcome.UNSUPPORTED: "open",
    Outcome.NOT_EXECUTED: "open",
}
_BAR_WIDTH = 1000
_THINNEST = 0.012


@dataclass(frozen=True, slots=True)
class Segment:
    """A stretch of the bar below the verdict, in thousandths of its length."""

    tone: str
    start: float
    width: float


@dataclass(frozen=True, slots=True)
class Violated:
    """Violated clauses of one level: groups with one answer, those in full, and the rest by id."""

    anchor: str
    title: str
    effect: str
    groups: tuple[tuple[Group, Failure], ...]
    full: tuple[Failure, ...]
    rest: tuple[tuple[str, str], ...]


@dataclass(frozen=True, slots=True)
class Known:
    """A deviation that the implementer listed, and what the target answers."""

    id: str
    reason: str
    link: str | None
    expires: str | None
    seen: str


@dataclass(frozen=True, slots=True)
class Undecided:
    """Requirements with one outcome, by the reason that they share."""

    title: str
    tone: str
    reasons: tuple[tuple[str, tuple[str, ...]], ...]


@dataclass(frozen=True, slots=True)
class Clause:
    """One line of the list of all requirements."""

    id: str
    outcome: str
    tone: str
    level: str
    statement: str
    source: str
    checks: int
    reason: str | None


@dataclass(frozen=True, slots=True)
class Operation:
    """All clauses of one operation."""

    name: str
    clauses: tuple[Clause, ...]
    outcomes: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Traffic:
    """Requests to one operation; times are of the exchanges that the report keeps."""

    operation: str
    requests: int
    kept: int
    median: float | None
    slowest: float | None


@dataclass(frozen=True, slots=True)
class Page:
    """Everything on the page, in its order."""

    title: str
    verdict: str
    tone: str
    numbers: str
    meaning: str
    target: str
    embedded: bool
    profile: str
    date: str
    bar: tuple[Segment, ...]
    notices: tuple[str, ...]
    facts: tuple[tuple[str, str], ...]
    violated: tuple[Violated, ...]
    changes: Changes | None
    known: tuple[Known, ...]
    undecided: tuple[Undecided, ...]
    leaks: tuple[str, ...]
    internal_errors: tuple[str, ...]
    rows: tuple[Row, ...]
    observed: tuple[RequirementResult, ...]
    operations: tuple[Operation, ...]
    traffic: tuple[Traffic, ...]
    total_requests: int
    seconds: float
    pace: str | None
    suite: str
    contract: str
    #: Requirements that have an article of their own further up.
    told: frozenset[str]


def page_of(result: RunResult) -> Page:
    """The page of one run, or of the shards of one."""
    info = result.info
    target = _target(info)
    violated = tuple(_violated(result))
    return Page(
        title=f"{VERDICTS[result.exit_code]}: OSS Vectors, {info.profile}, {target}",
        verdict=VERDICTS[result.exit_code],
        tone=_TONES.get(result.exit_code, "open"),
        numbers=numbers(result),
        meaning=exit_meaning(result),
        target=target,
        embedded=info.embedded_emulator,
        profile=_part(info),
        date=info.started[:10],
        bar=tuple(_bar(result)),
        notices=result.notices,
        facts=tuple(_facts(info)),
        violated=violated,
        changes=result.changes,
        known=tuple(map(_known, with_outcome(result, Outcome.KNOWN_DEVIATION))),
        undecided=tuple(_undecided(result)),
        leaks=result.leaks,
        internal_errors=result.internal_errors,
        rows=() if result.is_stranger else rows(result.results),
        observed=tuple(one for one in with_outcome(result, Outcome.OBSERVED) if one.observations),
        operations=tuple(_operations(result.results)),
        traffic=tuple(_traffic(result)),
        total_requests=sum(result.requests.values()),
        seconds=info.duration_seconds,
        pace=None if info.pace is None else str(info.pace),
        suite=info.suite_version,
        contract=info.contract_version,
        told=frozenset(one.id for part in violated for one in part.full),
    )


def _target(info: RunInfo) -> str:
    return "the embedded reference emulator" if info.embedded_emulator else info.endpoint


def _part(info: RunInfo) -> str:
    """The profile, and what of it was chosen."""
    words = [info.profile]
    if info.shard is not None:
        words.append(f"shard {info.shard}")
    if info.requirement_set is not None:
        words.append(f"requirement set {info.requirement_set}")
    if info.operations:
        words.append(f"only {', '.join(info.operations)}")
    if info.requirements:
        words.append(f"only {count(len(info.requirements), 'requirement')}")
    return ", ".join(words)


def _bar(result: RunResult) -> Iterator[Segment]:
    """Outcomes in proportion, but none too thin to be seen."""
    counts = tally(result.results)
    tones = dict.fromkeys(("good", "bad", "warn", "open", "known"), 0)
    for outcome, tone in _OUTCOME_TONES.items():
        tones[tone] += counts[outcome]
    shares = {
        tone: max(number / decided(result.results), _THINNEST) for tone, number in tones.items() if number
    }
    start = 0.0
    for tone, share in shares.items():
        width = _BAR_WIDTH * share / sum(shares.values())
        yield Segment(tone, round(start, 1), round(width, 1))
        start += width


def _facts(info: RunInfo) -> Iterator[tuple[str, str]]:
    yield "Target", _target(info)
    yield "Region", f"{info.region}, {info.addressing} addressing"
    if info.bucket is not None:
        yield "Bucket", f"{info.bucket} (existing)"
    yield "Profile", f"{_part(info)}{', warnings fail the run' if info.strict else ''}"
    if info.requirements:
        yield "Requirements", ", ".join(info.requirements)
    yield "Run", f"{info.run_id}, started {info.started}"
    yield "Suite", f"{info.suite_version}, contract {info.contract_version}"
    if info.seed is not None:
        yield "Seed", str(info.seed)
    yield "Settings", info.configuration or "no configuration file"
    versions = ", ".join(f"{name} {info.versions[name]}" for name in sorted(info.versions))
    yield "Made with", f"Python {info.python}" + (f", {versions}" if versions else "")
    yield "Command", info.command


def _violated(result: RunResult) -> Iterator[Violated]:
    strict = "they fail the run, too" if result.info.strict else "they do not fail the run"
    for outcome, anchor, word, effect in (
        (Outcome.FAIL, "failures", "failure", ""),
        (Outcome.WARN, "warnings", "warning", f"Violated clauses of the level should; {strict}."),
    ):
        entries = with_outcome(result, outcome)
        if not entries or (result.is_stranger and outcome is Outcome.WARN):
            continue
        groups, rest = group_by_answer(entries)
        limit = MAX_IN_FULL
        if result.is_stranger:
            limit = 0 if groups else _STRANGER_IN_FULL
        yield Violated(
            anchor=anchor,
            title=count(len(entries), word),
            effect=effect,
            groups=tuple((group, describe(group.members[0], result.info, _WIDTH)) for group in groups),
            full=tuple(describe(entry, result.info, _WIDTH) for entry in rest[:limit]),
            rest=tuple((entry.requirement.id, _answer(entry)) for entry in rest[limit:]),
        )


def _answer(entry: RequirementResult) -> str:
    if entry.violation is None:
        return clip(entry.reason or "no violation was recorded")
    return answer_line(entry.violation.exchange)


def _known(entry: RequirementResult) -> Known:
    deviation = entry.deviation
    link = deviation.link if deviation is not None else None
    return Known(
        id=entry.requirement.id,
        reason=clip(deviation.reason if deviation is not None else entry.reason or ""),
        link=link,
        expires=deviation.expires if deviation is not None else None,
        seen=_answer(entry) if entry.violation is not None else "",
    )


def is_link(text: str | None) -> bool:
    """Whether a link of the user's file may be followed: the web only, no scripts."""
    return text is not None and _LINK.fullmatch(text) is not None


def _undecided(result: RunResult) -> Iterator[Undecided]:
    for outcome in _OPEN:
        by_reason: dict[str, list[str]] = {}
        for entry in with_outcome(result, outcome):
            reason = clip(entry.reason or "no reason was recorded")
            by_reason.setdefault(reason, []).append(entry.requirement.id)
        if by_reason:
            reasons = tuple((reason, tuple(ids)) for reason, ids in by_reason.items())
            total = sum(len(ids) for _, ids in reasons)
            yield Undecided(counted(total, outcome), _OUTCOME_TONES[outcome], reasons)


def _operations(results: Sequence[RequirementResult]) -> Iterator[Operation]:
    by_operation: dict[str, list[RequirementResult]] = {}
    for entry in results:
        by_operation.setdefault(entry.requirement.operation, []).append(entry)
    for name, entries in by_operation.items():
        counts = tally(entries)
        outcomes = tuple(counted(counts[outcome], outcome) for outcome in Outcome if counts[outcome])
        yield Operation(name, tuple(map(_clause, entries)), outcomes)


def _clause(entry: RequirementResult) -> Clause:
    requirement = entry.requirement
    return Clause(
        id=requirement.id,
        outcome=entry.outcome.value,
        tone=_OUTCOME_TONES.get(entry.outcome, "none"),
        level=f"{requirement.level.value} ({requirement.strength.value})",
        statement=requirement.statement,
        source=str(requirement.source),
        checks=entry.checks,
        reason=clip(entry.reason) if entry.reason else None,
    )


def _traffic(result: RunResult) -> Iterator[Traffic]:
    times = _times(result)
    for operation, requests in sorted(result.requests.items()):
        kept = times.get(operation, [])
        yield Traffic(
            operation,
            requests,
            len(kept),
            statistics.median(kept) if kept else None,
            max(kept, default=None),
        )


def _times(result: RunResult) -> dict[str, list[float]]:
    found: dict[str, list[float]] = {}
    for exchange in _kept(result):
        if exchange.status is not None:
            found.setdefault(exchange.operation, []).append(exchange.elapsed_ms)
    return found


def _kept(result: RunResult) -> Iterable[RecordedExchange]:
    """The exchanges that a report shows, each once."""
    exchanges = result.exchanges or {}
    names = dict.fromkeys(name for entry in result.results for name in entry.exchanges)
    return [exchanges[name] for name in names if name in exchanges]
