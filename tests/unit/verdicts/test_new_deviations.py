"""The file of deviations that a run writes: what is in it, and that the next run can read it."""

from __future__ import annotations

from datetime import date
from pathlib import Path

from conformance.contract.loader import load_contract
from conformance.contract.model import Requirement
from conformance.verdicts.deviations import load_deviations
from conformance.verdicts.model import Outcome, RequirementResult
from conformance.verdicts.new_deviations import entries_for

CONTRACT = load_contract()
TODAY = date(2026, 1, 10)
KNOWN = list(CONTRACT.requirements.values())


def result(requirement: Requirement, outcome: Outcome) -> RequirementResult:
    return RequirementResult(requirement, outcome)


def listed(tmp_path: Path, outcomes: list[Outcome], *, strict: bool) -> list[str]:
    path = tmp_path / "known.yaml"
    results = [result(one, kind) for one, kind in zip(KNOWN, outcomes, strict=False)]
    path.write_text(entries_for(results, strict=strict, today=TODAY), encoding="utf-8")
    return [entry.pattern for entry in load_deviations(path, CONTRACT.requirements, TODAY)]


def test_what_fails_the_run_is_listed_and_nothing_else(tmp_path: Path) -> None:
    outcomes = list(Outcome)
    by_outcome = dict(zip(outcomes, (one.id for one in KNOWN), strict=False))
    assert listed(tmp_path, outcomes, strict=False) == [by_outcome[Outcome.FAIL]]
    assert listed(tmp_path, outcomes, strict=True) == [by_outcome[Outcome.FAIL], by_outcome[Outcome.WARN]]


def test_every_requirement_of_the_catalogue_can_be_listed_and_read_again(tmp_path: Path) -> None:
    assert listed(tmp_path, [Outcome.FAIL] * len(KNOWN), strict=False) == [one.id for one in KNOWN]


def test_the_reason_says_that_nobody_has_looked(tmp_path: Path) -> None:
    path = tmp_path / "known.yaml"
    path.write_text(
        entries_for([result(KNOWN[0], Outcome.FAIL)], strict=False, today=TODAY), encoding="utf-8"
    )
    [entry] = load_deviations(path, CONTRACT.requirements, TODAY)
    assert (entry.reason, entry.expires) == ("found 2026-01-10, not looked at yet", None)


def test_without_violations_the_file_is_empty_of_entries(tmp_path: Path) -> None:
    assert listed(tmp_path, [Outcome.PASS], strict=True) == []
