"""One outcome per requirement and one exit code per run, from the collected evidence."""

from __future__ import annotations

from collections.abc import Collection as AnyCollection
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from conformance.contract.loader import Contract
from conformance.contract.model import Level, Requirement
from conformance.verdicts.collect import Collection, Evidence
from conformance.verdicts.deviations import match
from conformance.verdicts.model import Deviation, ExitCode, Outcome, RequirementResult

_DECIDED = frozenset(
    {Outcome.PASS, Outcome.FAIL, Outcome.WARN, Outcome.KNOWN_DEVIATION, Outcome.STALE_DEVIATION}
)

#: Why a shard does not decide a requirement.
ANOTHER_SHARD = "another shard"
#: Why a listed requirement is not called stale, though nothing violated it.
UNSETTLED = "listed as a known deviation; not violated, but not every test of it came to its end"


@dataclass(frozen=True, slots=True)
class Selection:
    """Which requirements a run set out to decide.

    ``narrowed`` is true when the user named operations or requirements: then a
    violation outside the selection is not this run's business.  ``unmet`` says
    why requirements were left out that the run had no means to decide, ``outside``
    why some are not to be judged at all, whatever was seen.

    ``elsewhere`` are requirements that tests of other shards decide, wholly or in
    part; ``None`` for a run that is no shard.
    """

    requirements: frozenset[str]
    narrowed: bool = False
    unmet: Mapping[str, str] = field(default_factory=dict)
    outside: Mapping[str, str] = field(default_factory=dict)
    elsewhere: AnyCollection[str] | None = None

    @property
    def is_shard(self) -> bool:
        """Whether other runs decide the rest."""
        return self.elsewhere is not None

    def why_not(self, requirement: str) -> str | None:
        """Why a requirement is not selected, where that needs saying."""
        if requirement in self.unmet:
            return self.unmet[requirement]
        return ANOTHER_SHARD if requirement in (self.elsewhere or ()) else None


def decide(
    contract: Contract,
    collection: Collection,
    selection: Selection,
    deviations: Sequence[Deviation] = (),
) -> tuple[RequirementResult, ...]:
    """The outcome of every requirement of the contract, in the catalogue's order."""
    failing = {
        identifier
        for identifier, evidence in collection.evidence.items()
        if evidence.failures and identifier in contract.requirements
    }
    alive = {
        deviation.pattern
        for deviation in deviations
        if any(match((deviation,), identifier) for identifier in failing)
    }
    return tuple(
        _result(requirement, collection, selection, match(deviations, requirement.id), alive)
        for requirement in contract.requirements.values()
    )


def _result(
    requirement: Requirement,
    collection: Collection,
    selection: Selection,
    deviation: Deviation | None,
    alive: AnyCollection[str],
) -> RequirementResult:
    evidence = collection.evidence.get(requirement.id, Evidence())
    outcome, reason = _outcome(requirement, evidence, collection, selection)
    if deviation is not None:
        if outcome in (Outcome.FAIL, Outcome.WARN):
            outcome, reason = Outcome.KNOWN_DEVIATION, deviation.reason
        elif outcome is Outcome.PASS and evidence.inconclusive is not None:
            # What was throttled or cut off may be what violates it.
            reason = UNSETTLED
        # Of a shard it cannot be told: another one may find what is listed.
        elif outcome is Outcome.PASS and deviation.pattern not in alive and not selection.is_shard:
            outcome, reason = Outcome.STALE_DEVIATION, stale_reason(deviation)
    return RequirementResult(
        requirement=requirement,
        outcome=outcome,
        checks=evidence.checks,
        failures=evidence.failures,
        reason=reason,
        violation=collection.smallest_violation(requirement.id) if evidence.failures else None,
        exchanges=tuple(evidence.exchanges),
        deviation=deviation,
        observations=tuple(evidence.observations),
        tests=tuple(dict.fromkeys(evidence.tests)),
    )


def stale_reason(deviation: Deviation) -> str:
    """What to do about an entry that is not needed any more."""
    return (
        f"listed as a known deviation (line {deviation.line}, {deviation.pattern}), but it conforms: "
        "remove the entry"
    )


def _outcome(
    requirement: Requirement, evidence: Evidence, collection: Collection, selection: Selection
) -> tuple[Outcome, str | None]:
    selected = requirement.id in selection.requirements
    if requirement.excluded is not None:
        return Outcome.EXCLUDED, requirement.excluded
    if requirement.id in selection.outside:
        return Outcome.NOT_SELECTED, selection.outside[requirement.id]
    if requirement.level is Level.PROBE:
        observed = selected and (evidence.observations or evidence.executed)
        if observed:
            return Outcome.OBSERVED, None
        return Outcome.NOT_SELECTED, selection.why_not(requirement.id) if selection.is_shard else None
    if evidence.failures and (selected or not selection.narrowed):
        return (Outcome.FAIL if requirement.level is Level.MUST else Outcome.WARN), None
    if not selected:
        return Outcome.NOT_SELECTED, selection.why_not(requirement.id)
    if evidence.checks:
        return Outcome.PASS, None
    unsupported = collection.unsupported.get(requirement.operation)
    if unsupported is not None:
        return Outcome.UNSUPPORTED, f"the operation is not offered: {unsupported}"
    if evidence.inconclusive is not None:
        return Outcome.INCONCLUSIVE, evidence.inconclusive
    if evidence.executed and collection.restriction is not None:
        # What would have shown it may have been denied.
        return Outcome.INCONCLUSIVE, collection.restriction
    if requirement.id in (selection.elsewhere or ()):
        # Its tests are spread over shards, and the exchange that decides it may be another shard's.
        return Outcome.NOT_SELECTED, ANOTHER_SHARD
    if not evidence.executed:
        return Outcome.NOT_EXECUTED, "no test that decides it was executed"
    return Outcome.NOT_EXECUTED, "its tests ran, but no exchange decided it"


def exit_code(
    results: Sequence[RequirementResult],
    *,
    strict: bool,
    interrupted: bool = False,
    internal_errors: Sequence[str] = (),
    leaks: Sequence[str] = (),
    gone: str | None = None,
    spent: str | None = None,
    stranger: bool = False,
    left_to_shards: bool = False,
) -> tuple[ExitCode, str]:
    """The exit code of a run and the sentence that explains it.

    ``gone`` says why the endpoint stopped answering during the run, if it did:
    then nothing can be said of the rest, and what is left behind there is no
    fault of the service.  ``spent`` says which limit of the user ended the run
    early.  A ``stranger`` is never conformant, whatever few
    requirements its answers happen to meet.  ``left_to_shards`` says that tests of
    other shards decide something: a shard with nothing to do must not fail a gate.
    """
    count = {outcome: sum(result.outcome is outcome for result in results) for outcome in Outcome}
    if internal_errors:
        return ExitCode.INTERNAL_ERROR, f"the suite itself failed: {internal_errors[0]}"
    if interrupted:
        return ExitCode.INTERRUPTED, "the run was interrupted"
    if not any(
        result.outcome in _DECIDED or result.outcome is Outcome.OBSERVED for result in results
    ) and not (count[Outcome.INCONCLUSIVE] or count[Outcome.UNSUPPORTED]):
        if left_to_shards and not (leaks or count[Outcome.NOT_EXECUTED] or gone or spent):
            return ExitCode.CONFORMANT, "this shard has nothing to decide, the others have"
        return ExitCode.NOTHING_EXECUTED, "no requirement was decided"
    reasons = _reasons(count, strict=strict, leaks=() if gone is not None else leaks)
    if stranger:
        reasons.insert(0, "the endpoint does not look like OSS Vectors")
    if reasons:
        return ExitCode.NON_CONFORMANT, ", ".join(reasons)
    if gone is not None or spent is not None:
        return ExitCode.INCONCLUSIVE, gone or spent or ""
    if count[Outcome.INCONCLUSIVE]:
        return (
            ExitCode.INCONCLUSIVE,
            f"{_number(count[Outcome.INCONCLUSIVE], 'requirement')} could not be decided",
        )
    return ExitCode.CONFORMANT, "every selected requirement was decided and met"


def _reasons(count: Mapping[Outcome, int], *, strict: bool, leaks: Sequence[str]) -> list[str]:
    reasons = []
    if count[Outcome.FAIL]:
        reasons.append(f"{_number(count[Outcome.FAIL], 'requirement')} violated")
    if strict and count[Outcome.WARN]:
        reasons.append(f"{_number(count[Outcome.WARN], 'warning')} under --strict")
    if count[Outcome.STALE_DEVIATION]:
        reasons.append(f"{_number(count[Outcome.STALE_DEVIATION], 'stale known deviation')}")
    if count[Outcome.UNSUPPORTED]:
        reasons.append(
            f"{_number(count[Outcome.UNSUPPORTED], 'requirement')} of operations that are not offered"
        )
    if count[Outcome.NOT_EXECUTED]:
        reasons.append(f"{_number(count[Outcome.NOT_EXECUTED], 'selected requirement')} not executed")
    if leaks:
        reasons.append(f"{_number(len(leaks), 'resource')} left behind")
    return reasons


def _number(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"
