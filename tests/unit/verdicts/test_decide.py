"""From evidence to outcomes and from outcomes to the exit code: every row of the table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from conformance.contract.loader import load_contract
from conformance.contract.model import Expect, Level, Requirement, Source, Strength
from conformance.suite.events import TestRecord, ViolationEvent
from conformance.verdicts.collect import Collection, merge
from conformance.verdicts.decide import UNSETTLED, Selection, decide, exit_code
from conformance.verdicts.model import Deviation, ExitCode, Outcome, RequirementResult

CONTRACT = load_contract()
MUST = "PutVectorIndex.dimension.maximum.rejected"
SHOULD = "PutVectorIndex.NoSuchBucket"
PROBE = "PutVectorIndex.unknown-member"
OTHER = "DeleteVectors.deletes"
EVERYTHING = frozenset(CONTRACT.requirements)


def record(*decides: str, **values: object) -> TestRecord:
    made = TestRecord("tests::one", decides=decides)
    for name, value in values.items():
        setattr(made, name, value)
    return made


def violation(requirement: str, size: int = 10, exchange: str = "e1") -> ViolationEvent:
    return ViolationEvent(requirement, "400", "200", exchange, None, size)


def passes(*requirements: str) -> dict[str, tuple[int, str]]:
    return dict.fromkeys(requirements, (1, "e1"))


EXCHANGE = {
    "id": "e1",
    "operation": "PutVectorIndex",
    "bucket": "b",
    "signed": True,
    "started": "2026-01-10T12:00:00Z",
    "elapsed": 0.01,
    "request": {"method": "POST", "url": "u", "target": "/", "host": "h", "headers": [], "body": None},
    "response": None,
    "failure": None,
}


def outcome(
    requirement: str,
    *records: TestRecord,
    selected: bool = True,
    narrowed: bool = False,
    deviations: Sequence[Deviation] = (),
) -> Outcome:
    return result(requirement, *records, selected=selected, narrowed=narrowed, deviations=deviations).outcome


def result(
    requirement: str,
    *records: TestRecord,
    selected: bool = True,
    narrowed: bool = False,
    deviations: Sequence[Deviation] = (),
) -> RequirementResult:
    collection = merge(records)
    collection.exchanges.setdefault("e1", EXCHANGE)
    selection = Selection(frozenset({requirement} if selected else {OTHER}), narrowed)
    return next(
        one
        for one in decide(CONTRACT, collection, selection, deviations)
        if one.requirement.id == requirement
    )


def deviation(pattern: str) -> Deviation:
    return Deviation(pattern, "we know", None, None, 3)


@pytest.mark.parametrize(
    ("requirement", "evidence", "expected"),
    [
        (MUST, record(MUST, passes=passes(MUST)), Outcome.PASS),
        (MUST, record(passes=passes(MUST)), Outcome.PASS),
        (MUST, record(MUST, violations=[violation(MUST)]), Outcome.FAIL),
        (MUST, record(MUST, passes=passes(MUST), violations=[violation(MUST)]), Outcome.FAIL),
        (SHOULD, record(SHOULD, violations=[violation(SHOULD)]), Outcome.WARN),
        (MUST, record(MUST, inconclusive={MUST: "throttled"}), Outcome.INCONCLUSIVE),
        (MUST, record(MUST, blocked="no bucket"), Outcome.INCONCLUSIVE),
        (MUST, record(MUST, passes=passes(MUST), inconclusive={MUST: "throttled"}), Outcome.PASS),
        (MUST, record(MUST, violations=[violation(MUST)], inconclusive={MUST: "x"}), Outcome.FAIL),
        (MUST, record(MUST, unsupported={"PutVectorIndex": "501"}), Outcome.UNSUPPORTED),
        (MUST, record(MUST, unsupported={"DeleteVectors": "501"}), Outcome.NOT_EXECUTED),
        (MUST, record(MUST), Outcome.NOT_EXECUTED),
        (MUST, record(OTHER), Outcome.NOT_EXECUTED),
        (PROBE, record(PROBE), Outcome.OBSERVED),
        (PROBE, record(observations={PROBE: ["200"]}), Outcome.OBSERVED),
        (PROBE, record(OTHER), Outcome.NOT_SELECTED),
    ],
)
def test_evidence_has_one_outcome(requirement: str, evidence: TestRecord, expected: Outcome) -> None:
    assert outcome(requirement, evidence) is expected


def test_a_requirement_without_any_record_was_not_executed() -> None:
    assert outcome(MUST) is Outcome.NOT_EXECUTED


def test_a_violation_outside_the_selection_counts_unless_the_user_narrowed_it() -> None:
    broken = record(OTHER, violations=[violation(MUST)])
    assert outcome(MUST, broken, selected=False) is Outcome.FAIL
    assert outcome(MUST, broken, selected=False, narrowed=True) is Outcome.NOT_SELECTED
    assert outcome(MUST, broken, narrowed=True) is Outcome.FAIL


def test_a_pass_outside_the_selection_is_not_reported() -> None:
    assert outcome(MUST, record(OTHER, passes=passes(MUST)), selected=False) is Outcome.NOT_SELECTED


def test_every_requirement_has_one_result_in_the_order_of_the_catalogue() -> None:
    results = decide(CONTRACT, Collection(), Selection(EVERYTHING))
    assert [one.requirement.id for one in results] == list(CONTRACT.requirements)


def test_reasons_say_what_was_missing() -> None:
    assert result(MUST, record(MUST, blocked="no bucket")).reason == "prerequisite missing: no bucket"
    assert (
        result(MUST, record(MUST, unsupported={"PutVectorIndex": "501"})).reason
        == "the operation is not offered: 501"
    )
    assert result(MUST).reason == "no test that decides it was executed"
    assert result(MUST, record(MUST)).reason == "its tests ran, but no exchange decided it"


def test_a_known_deviation_excuses_a_failure_and_a_warning() -> None:
    for requirement in (MUST, SHOULD):
        broken = record(requirement, violations=[violation(requirement)])
        excused = result(requirement, broken, deviations=[deviation(requirement)])
        assert (excused.outcome, excused.reason) == (Outcome.KNOWN_DEVIATION, "we know")
        assert excused.violation is not None


def test_a_deviation_that_conforms_is_stale() -> None:
    stale = result(MUST, record(MUST, passes=passes(MUST)), deviations=[deviation(MUST)])
    assert stale.outcome is Outcome.STALE_DEVIATION
    assert stale.reason is not None
    assert "line 3" in stale.reason


def test_a_deviation_is_not_stale_while_a_test_of_it_was_cut_off() -> None:
    """What was throttled may be what violates it: failing a gate for that would be a false alarm."""
    met = record(MUST, passes=passes(MUST))
    cut_off = record(MUST, blocked="throttled")
    found = result(MUST, met, cut_off, deviations=[deviation(MUST)])
    assert (found.outcome, found.reason) == (Outcome.PASS, UNSETTLED)


def test_a_glob_is_stale_only_when_nothing_it_names_fails() -> None:
    glob = deviation("PutVectorIndex.dimension.*")
    sister = "PutVectorIndex.dimension.minimum.rejected"
    good = record(MUST, passes=passes(MUST))
    bad = record(sister, violations=[violation(sister)])
    assert outcome(MUST, good, bad, deviations=[glob]) is Outcome.PASS
    assert outcome(MUST, good, deviations=[glob]) is Outcome.STALE_DEVIATION


def test_a_deviation_that_was_not_decided_is_neither_known_nor_stale() -> None:
    assert outcome(MUST, record(MUST), deviations=[deviation(MUST)]) is Outcome.NOT_EXECUTED
    assert outcome(MUST, selected=False, deviations=[deviation(MUST)]) is Outcome.NOT_SELECTED


def one(kind: Outcome) -> RequirementResult:
    requirement = Requirement("X.y", "X", "S.", Source("D", "S"), Strength.DOC, Level.MUST, Expect())
    return RequirementResult(requirement, kind)


CODES: list[tuple[list[Outcome], bool, ExitCode]] = [
    ([Outcome.PASS], False, ExitCode.CONFORMANT),
    ([Outcome.PASS, Outcome.NOT_SELECTED, Outcome.EXCLUDED, Outcome.OBSERVED], True, ExitCode.CONFORMANT),
    ([Outcome.PASS, Outcome.KNOWN_DEVIATION], True, ExitCode.CONFORMANT),
    ([Outcome.PASS, Outcome.WARN], False, ExitCode.CONFORMANT),
    ([Outcome.PASS, Outcome.WARN], True, ExitCode.NON_CONFORMANT),
    ([Outcome.PASS, Outcome.FAIL], False, ExitCode.NON_CONFORMANT),
    ([Outcome.PASS, Outcome.STALE_DEVIATION], False, ExitCode.NON_CONFORMANT),
    ([Outcome.PASS, Outcome.UNSUPPORTED], False, ExitCode.NON_CONFORMANT),
    ([Outcome.UNSUPPORTED], False, ExitCode.NON_CONFORMANT),
    # Vacuity: what was selected must be decided.
    ([Outcome.PASS, Outcome.NOT_EXECUTED], False, ExitCode.NON_CONFORMANT),
    ([Outcome.NOT_EXECUTED], False, ExitCode.NOTHING_EXECUTED),
    ([], False, ExitCode.NOTHING_EXECUTED),
    ([Outcome.NOT_SELECTED, Outcome.EXCLUDED], False, ExitCode.NOTHING_EXECUTED),
    ([Outcome.OBSERVED], False, ExitCode.CONFORMANT),
    ([Outcome.PASS, Outcome.INCONCLUSIVE], False, ExitCode.INCONCLUSIVE),
    ([Outcome.INCONCLUSIVE], False, ExitCode.INCONCLUSIVE),
    ([Outcome.FAIL, Outcome.INCONCLUSIVE], False, ExitCode.NON_CONFORMANT),
    ([Outcome.WARN, Outcome.INCONCLUSIVE], False, ExitCode.INCONCLUSIVE),
]


@pytest.mark.parametrize(("outcomes", "strict", "expected"), CODES)
def test_the_exit_code_is_that_of_the_worst_outcome(
    outcomes: list[Outcome], strict: bool, expected: ExitCode
) -> None:
    code, reason = exit_code([one(kind) for kind in outcomes], strict=strict)
    assert code is expected
    assert reason


def test_what_stopped_the_run_comes_before_what_it_found() -> None:
    failing = [one(Outcome.FAIL)]
    assert exit_code(failing, strict=False, interrupted=True)[0] is ExitCode.INTERRUPTED
    broken = exit_code(failing, strict=False, interrupted=True, internal_errors=["boom"])
    assert broken == (ExitCode.INTERNAL_ERROR, "the suite itself failed: boom")


def test_resources_left_behind_fail_an_otherwise_conformant_run() -> None:
    code, reason = exit_code([one(Outcome.PASS)], strict=False, leaks=["bucket a", "bucket b"])
    assert code is ExitCode.NON_CONFORMANT
    assert reason == "2 resources left behind"


def test_the_reason_counts_everything_that_went_wrong() -> None:
    kinds = [Outcome.FAIL, Outcome.FAIL, Outcome.WARN, Outcome.STALE_DEVIATION, Outcome.NOT_EXECUTED]
    _, reason = exit_code([one(kind) for kind in kinds], strict=True)
    assert reason == (
        "2 requirements violated, 1 warning under --strict, 1 stale known deviation, 1 selected requirement not executed"
    )


@pytest.mark.parametrize("outcomes", [[Outcome.PASS], [Outcome.PASS, Outcome.INCONCLUSIVE]])
def test_a_run_that_lost_its_target_is_never_conformant(outcomes: list[Outcome]) -> None:
    results = [one(kind) for kind in outcomes]
    code, reason = exit_code(results, strict=False, leaks=["bucket a"], gone="the endpoint is away")
    assert (code, reason) == (ExitCode.INCONCLUSIVE, "the endpoint is away")


def test_what_was_violated_before_the_target_went_away_stays_violated() -> None:
    code, reason = exit_code([one(Outcome.FAIL)], strict=False, leaks=["bucket a"], gone="away")
    assert (code, reason) == (ExitCode.NON_CONFORMANT, "1 requirement violated")


@pytest.mark.parametrize("outcome", [Outcome.PASS, Outcome.INCONCLUSIVE, Outcome.UNSUPPORTED])
def test_a_stranger_is_never_conformant(outcome: Outcome) -> None:
    code, reason = exit_code([one(outcome)], strict=False, stranger=True)
    assert code is ExitCode.NON_CONFORMANT
    assert reason.startswith("the endpoint does not look like OSS Vectors")


def test_the_numbers_of_the_exit_codes_never_change() -> None:
    assert [(code.name, int(code)) for code in ExitCode] == [
        ("CONFORMANT", 0),
        ("NON_CONFORMANT", 1),
        ("INTERRUPTED", 2),
        ("INTERNAL_ERROR", 3),
        ("USAGE", 4),
        ("NOTHING_EXECUTED", 5),
        ("INCONCLUSIVE", 6),
    ]


def test_what_a_run_had_no_means_to_decide_is_left_out_with_the_reason() -> None:
    selection = Selection(frozenset({OTHER}), unmet={SHOULD: "needs temporary credentials"})
    results = {one.requirement.id: one for one in decide(CONTRACT, Collection(), selection)}
    assert (results[SHOULD].outcome, results[SHOULD].reason) == (
        Outcome.NOT_SELECTED,
        "needs temporary credentials",
    )
    assert (results[MUST].outcome, results[MUST].reason) == (Outcome.NOT_SELECTED, None)


def in_shard(*records: TestRecord, selected: set[str], elsewhere: set[str]) -> RequirementResult:
    collection = merge(records)
    collection.exchanges.setdefault("e1", EXCHANGE)
    selection = Selection(frozenset(selected), elsewhere=frozenset(elsewhere))
    return next(
        one
        for one in decide(CONTRACT, collection, selection, [deviation(MUST)])
        if one.requirement.id == MUST
    )


@pytest.mark.parametrize(
    ("records", "selected", "elsewhere", "expected"),
    [
        ([], set(), {MUST}, (Outcome.NOT_SELECTED, "another shard")),
        ([record(MUST)], {MUST}, {MUST}, (Outcome.NOT_SELECTED, "another shard")),
        # All of its tests ran here, so nobody else will decide it.
        ([record(MUST)], {MUST}, set(), (Outcome.NOT_EXECUTED, "its tests ran, but no exchange decided it")),
        # Whether an entry is stale is for all shards to tell.
        ([record(MUST, passes=passes(MUST))], {MUST}, {MUST}, (Outcome.PASS, None)),
        ([record(MUST, inconclusive={MUST: "x"})], {MUST}, {MUST}, (Outcome.INCONCLUSIVE, "x")),
        (
            [record(OTHER, violations=[violation(MUST)])],
            {OTHER},
            {MUST},
            (Outcome.KNOWN_DEVIATION, "we know"),
        ),
    ],
)
def test_a_shard_judges_what_it_saw_and_leaves_the_rest_to_others(
    records: list[TestRecord], selected: set[str], elsewhere: set[str], expected: tuple[Outcome, str | None]
) -> None:
    found = in_shard(*records, selected=selected, elsewhere=elsewhere)
    assert (found.outcome, found.reason) == expected


def test_what_is_outside_the_requirement_set_is_not_judged_whatever_was_seen() -> None:
    collection = merge([record(OTHER, violations=[violation(MUST)])])
    collection.exchanges.setdefault("e1", EXCHANGE)
    selection = Selection(frozenset({OTHER}), outside={MUST: "not in requirement set 0.1"})
    found = next(one for one in decide(CONTRACT, collection, selection) if one.requirement.id == MUST)
    assert (found.outcome, found.reason) == (Outcome.NOT_SELECTED, "not in requirement set 0.1")


@pytest.mark.parametrize(
    ("outcomes", "changes", "code"),
    [
        ([], {}, ExitCode.CONFORMANT),
        ([Outcome.NOT_SELECTED, Outcome.EXCLUDED], {}, ExitCode.CONFORMANT),
        ([Outcome.NOT_SELECTED], {"leaks": ("bucket b",)}, ExitCode.NOTHING_EXECUTED),
        ([Outcome.NOT_SELECTED], {"spent": "the budget"}, ExitCode.NOTHING_EXECUTED),
        ([Outcome.NOT_EXECUTED], {}, ExitCode.NOTHING_EXECUTED),
        ([Outcome.INCONCLUSIVE], {}, ExitCode.INCONCLUSIVE),
        ([Outcome.FAIL], {}, ExitCode.NON_CONFORMANT),
    ],
)
def test_a_shard_without_anything_to_do_breaks_no_gate(
    outcomes: list[Outcome], changes: dict[str, Any], code: ExitCode
) -> None:
    results = [RequirementResult(CONTRACT.requirements[MUST], one) for one in outcomes]
    assert exit_code(results, strict=False, left_to_shards=True, **changes)[0] is code
