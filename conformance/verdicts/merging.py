"""Joins the results of the shards of one run into the result of the whole.

A shard says "another shard" of what it did not decide.  Together they say
what one run would have said: a violation in any shard counts, and what one shard
could not decide (throttled, timed out) is decided where another shard's tests
did.  The exception is evidence that shards disagree about: an operation that was
denied throughout in one shard and not in another.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection as AnyCollection
from collections.abc import Iterable, Sequence
from dataclasses import replace
from itertools import chain

from conformance.contract.model import Level
from conformance.suite.shards import Shard
from conformance.verdicts.collect import EXCHANGES_KEPT, denied_in
from conformance.verdicts.decide import ANOTHER_SHARD, UNSETTLED, exit_code, stale_reason
from conformance.verdicts.deviations import match
from conformance.verdicts.model import (
    Deviation,
    ExitCode,
    Outcome,
    RecordedExchange,
    RequirementResult,
    RunInfo,
    RunResult,
    Violation,
)

#: Which outcome stands, the first one that any shard has: as in one run, a check counts more than its lack.
_ORDER = (
    Outcome.FAIL,
    Outcome.WARN,
    Outcome.KNOWN_DEVIATION,
    Outcome.STALE_DEVIATION,
    Outcome.PASS,
    Outcome.UNSUPPORTED,
    Outcome.INCONCLUSIVE,
    Outcome.NOT_EXECUTED,
    Outcome.OBSERVED,
    Outcome.EXCLUDED,
    Outcome.NOT_SELECTED,
)

#: What shards of one run agree about: name for people, and field.
_SHARED = (
    ("suite version", "suite_version"),
    ("contract version", "contract_version"),
    ("profile", "profile"),
    ("seed", "seed"),
    ("region", "region"),
    ("account id", "account_id"),
    ("addressing", "addressing"),
    ("strictness", "strict"),
    ("operations", "operations"),
    ("requirements", "requirements"),
    ("requirement set", "requirement_set"),
    ("bucket", "bucket"),
)


class MergeError(ValueError):
    """Reports that are not the shards of one run, in one sentence."""


def merge_results(shards: Sequence[RunResult], *, command: str, report_dir: str | None) -> RunResult:
    """The result of the whole; raises :class:`MergeError` unless ``shards`` are all shards of one run."""
    ordered = _in_order(shards)
    _check_alike([one.info for one in ordered])
    if len({tuple(entry.requirement.id for entry in one.results) for one in ordered}) != 1:
        raise MergeError("The reports list different requirements.")
    renamed = [_with_names(one, f"s{place}") for place, one in enumerate(ordered, start=1)]
    contested = _contested(renamed)
    unsettled = {
        entry.requirement.id
        for one in renamed
        for entry in one.results
        if entry.outcome is Outcome.INCONCLUSIVE or entry.reason == UNSETTLED
    }
    results = _settle_deviations(
        [_merged(entries, contested) for entries in zip(*(one.results for one in renamed), strict=True)],
        unsettled,
    )
    requests: Counter[str] = Counter()
    for one in renamed:
        requests.update(one.requests)
    gone = next((one.gone for one in renamed if one.gone is not None), None)
    spent = next((one.spent for one in renamed if one.spent is not None), None)
    leaks = _distinct(one.leaks for one in renamed)
    errors = _distinct(one.internal_errors for one in renamed)
    stranger = any(one.is_stranger for one in renamed)
    first = renamed[0].info
    code, reason = exit_code(
        results,
        strict=first.strict,
        interrupted=any(one.exit_code is ExitCode.INTERRUPTED for one in renamed),
        internal_errors=errors,
        leaks=leaks,
        gone=gone,
        spent=spent,
        stranger=stranger,
    )
    return RunResult(
        info=replace(
            first,
            run_id="+".join(one.info.run_id for one in renamed),
            started=min(one.info.started for one in renamed),
            duration_seconds=round(sum(one.info.duration_seconds for one in renamed), 3),
            command=command,
            report_dir=report_dir,
            shard=None,
        ),
        results=results,
        exit_code=code,
        exit_reason=reason,
        requests=dict(sorted(requests.items())),
        leaks=leaks,
        internal_errors=errors,
        notices=_distinct(one.notices for one in renamed),
        is_stranger=stranger,
        gone=gone,
        spent=spent,
        exchanges={name: exchange for one in renamed for name, exchange in (one.exchanges or {}).items()},
    )


def _distinct(lists: Iterable[Iterable[str]]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(chain.from_iterable(lists)))


def _in_order(shards: Sequence[RunResult]) -> list[RunResult]:
    """The shards by their number, complete and each once."""
    by_shard: dict[Shard, RunResult] = {}
    for one in shards:
        if one.info.shard is None:
            raise MergeError(f"Run {one.info.run_id} is no shard: it was not made with --shard.")
        shard = Shard.parse(one.info.shard)
        if shard in by_shard:
            raise MergeError(
                f"Shard {shard} is there twice: runs {by_shard[shard].info.run_id} and {one.info.run_id}."
            )
        by_shard[shard] = one
    totals = sorted({shard.total for shard in by_shard})
    if len(totals) != 1:
        numbers = " and ".join(map(str, totals)) or "none"
        raise MergeError(f"The reports are shards of different splits: of {numbers}.")
    whole = [Shard(index, totals[0]) for index in range(1, totals[0] + 1)]
    missing = [str(shard) for shard in whole if shard not in by_shard]
    if missing:
        raise MergeError(f"Not every shard is there: {', '.join(missing)} missing.")
    return [by_shard[shard] for shard in whole]


def _check_alike(infos: Sequence[RunInfo]) -> None:
    first = infos[0]
    for other in infos[1:]:
        for name, field in _SHARED:
            one, two = getattr(first, field), getattr(other, field)
            if one != two:
                raise MergeError(
                    f"Runs {first.run_id} and {other.run_id} differ in the {name}: {_shown(one)} and {_shown(two)}."
                )
        # Each shard on the embedded emulator has one of its own, on a port of its own.
        embedded = first.embedded_emulator and other.embedded_emulator
        if not embedded and first.endpoint != other.endpoint:
            raise MergeError(
                f"Runs {first.run_id} and {other.run_id} differ in the endpoint: "
                f"{first.endpoint} and {other.endpoint}."
            )


def _shown(value: object) -> str:
    if isinstance(value, tuple):
        return ", ".join(map(str, value)) or "all"
    return str(value)


def _contested(shards: Sequence[RunResult]) -> frozenset[str]:
    """Operations that some shards were denied throughout, while others asked for them and were not."""
    denied = [frozenset[str]().union(*(denied_in(entry.reason) for entry in one.results)) for one in shards]
    served = (frozenset(one.requests) - names for one, names in zip(shards, denied, strict=True))
    return frozenset[str]().union(*denied) & frozenset[str]().union(*served)


def _merged(entries: Sequence[RequirementResult], contested: frozenset[str]) -> RequirementResult:
    """One requirement over all shards."""
    worst = min(entries, key=lambda entry: _ORDER.index(entry.outcome))
    disputed = contested & frozenset[str]().union(*(denied_in(entry.reason) for entry in entries))
    if worst.outcome is Outcome.PASS and disputed:
        # In one run, the denials would have been violations.
        reason = (
            f"the shards disagree: {', '.join(sorted(disputed))} denied throughout in one, allowed in another"
        )
        worst = replace(worst, outcome=Outcome.INCONCLUSIVE, reason=reason)
    left_to_others = any(entry.reason == ANOTHER_SHARD for entry in entries)
    if (
        worst.outcome is Outcome.NOT_SELECTED
        and left_to_others
        and worst.requirement.level is not Level.PROBE
    ):
        # Each shard left it to the others, and none decided it: silence is no success.
        worst = replace(worst, outcome=Outcome.NOT_EXECUTED, reason="no shard decided it")
    violations = [entry.violation for entry in entries if entry.violation is not None]
    return replace(
        worst,
        checks=sum(entry.checks for entry in entries),
        failures=sum(entry.failures for entry in entries),
        violation=min(violations, key=lambda violation: violation.size, default=None),
        exchanges=_distinct(entry.exchanges for entry in entries)[:EXCHANGES_KEPT],
        deviation=next((entry.deviation for entry in entries if entry.deviation is not None), None),
        observations=_distinct(entry.observations for entry in entries),
        tests=_distinct(entry.tests for entry in entries),
    )


def _settle_deviations(
    results: Iterable[RequirementResult], unsettled: AnyCollection[str]
) -> tuple[RequirementResult, ...]:
    """Mark what is listed but conforms: only all shards together can tell, when all came to their end."""
    entries = tuple(results)
    failing = [entry.requirement.id for entry in entries if entry.failures]
    listed = {entry.deviation.pattern: entry.deviation for entry in entries if entry.deviation is not None}
    alive = {pattern for pattern, one in listed.items() if any(match((one,), name) for name in failing)}
    return tuple(
        entry if entry.requirement.id in unsettled else _settled(entry, entry.deviation, alive)
        for entry in entries
    )


def _settled(entry: RequirementResult, deviation: Deviation | None, alive: set[str]) -> RequirementResult:
    if deviation is None or entry.outcome is not Outcome.PASS or deviation.pattern in alive:
        return entry
    return replace(entry, outcome=Outcome.STALE_DEVIATION, reason=stale_reason(deviation))


def _with_names(result: RunResult, prefix: str) -> RunResult:
    """The result with ids of exchanges that are unlike those of other shards: each counts from one."""

    def exchange(one: RecordedExchange) -> RecordedExchange:
        return replace(one, id=f"{prefix}-{one.id}")

    def violation(one: Violation) -> Violation:
        return replace(
            one,
            exchange=exchange(one.exchange),
            cause=None if one.cause is None else exchange(one.cause),
            steps=tuple(map(exchange, one.steps)),
        )

    return replace(
        result,
        results=tuple(
            replace(
                entry,
                exchanges=tuple(f"{prefix}-{name}" for name in entry.exchanges),
                violation=None if entry.violation is None else violation(entry.violation),
            )
            for entry in result.results
        ),
        exchanges={f"{prefix}-{name}": exchange(one) for name, one in (result.exchanges or {}).items()},
    )
