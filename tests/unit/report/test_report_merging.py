"""Shards joined: one outcome per requirement, one exit code, and no mixture of unlike runs."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.contract.model import Level
from conformance.verdicts.decide import ANOTHER_SHARD, UNSETTLED
from conformance.verdicts.merging import MergeError, merge_results
from conformance.verdicts.model import Deviation, ExitCode, Outcome, RequirementResult, RunResult

RULE = "PutVectors.rule"
OTHER = "PutVectors.other"
LISTED = Deviation("PutVectors.*", "later", None, None, 3)


@pytest.fixture
def shard(make: SimpleNamespace) -> Any:
    """Builds shard ``place`` from its entries."""

    def build(place: str, *entries: RequirementResult, **changes: Any) -> RunResult:
        about = changes.pop("info", {})
        info = make.info(run_id=f"run{place[0]}", shard=place, **about)
        values = {"exit_code": ExitCode.CONFORMANT, "requests": {"PutVectors": 10}}
        found: RunResult = make.result(*entries, **{**values, **changes, "info": info})
        return found

    return build


def merged(*shards: RunResult) -> RunResult:
    return merge_results(shards, command="merge", report_dir="out")


def outcomes(make: SimpleNamespace, shard: Any, kinds: Sequence[Outcome]) -> RunResult:
    entries = [make.entry(RULE, kind, reason=kind.value) for kind in kinds]
    return merged(*(shard(f"{place}/{len(kinds)}", one) for place, one in enumerate(entries, start=1)))


ORDER = [
    Outcome.FAIL,
    Outcome.WARN,
    Outcome.PASS,
    Outcome.UNSUPPORTED,
    Outcome.INCONCLUSIVE,
    Outcome.NOT_EXECUTED,
    Outcome.NOT_SELECTED,
]


@pytest.mark.parametrize(("worse", "better"), list(itertools.combinations(ORDER, 2)))
def test_a_violation_stands_then_what_was_decided_at_all(
    worse: Outcome, better: Outcome, make: SimpleNamespace, shard: Any
) -> None:
    for kinds in itertools.permutations((worse, better)):
        [entry] = outcomes(make, shard, kinds).results
        assert (entry.outcome, entry.reason) == (worse, worse.value)


@pytest.mark.parametrize(
    ("kinds", "code"),
    [
        ((Outcome.PASS, Outcome.NOT_SELECTED), ExitCode.CONFORMANT),
        ((Outcome.PASS, Outcome.FAIL), ExitCode.NON_CONFORMANT),
        ((Outcome.PASS, Outcome.WARN), ExitCode.CONFORMANT),
        ((Outcome.PASS, Outcome.INCONCLUSIVE), ExitCode.CONFORMANT),
        ((Outcome.INCONCLUSIVE, Outcome.NOT_SELECTED), ExitCode.INCONCLUSIVE),
        ((Outcome.NOT_SELECTED, Outcome.NOT_SELECTED), ExitCode.NOTHING_EXECUTED),
    ],
)
def test_the_exit_code_is_that_of_one_run(
    kinds: Sequence[Outcome], code: ExitCode, make: SimpleNamespace, shard: Any
) -> None:
    assert outcomes(make, shard, kinds).exit_code is code


def test_a_warning_fails_strict_shards(make: SimpleNamespace, shard: Any) -> None:
    shards = [shard(f"{place}/2", make.entry(RULE, Outcome.WARN), info={"strict": True}) for place in (1, 2)]
    assert merged(*shards).exit_code is ExitCode.NON_CONFORMANT


@pytest.mark.parametrize(
    ("changes", "code"),
    [
        ({"internal_errors": ("boom",), "exit_code": ExitCode.INTERNAL_ERROR}, ExitCode.INTERNAL_ERROR),
        ({"exit_code": ExitCode.INTERRUPTED}, ExitCode.INTERRUPTED),
        ({"leaks": ("bucket b",)}, ExitCode.NON_CONFORMANT),
        ({"leaks": ("bucket b",), "gone": "away"}, ExitCode.INCONCLUSIVE),
        ({"spent": "enough"}, ExitCode.INCONCLUSIVE),
        ({"is_stranger": True}, ExitCode.NON_CONFORMANT),
    ],
)
def test_what_happened_to_one_shard_happened_to_the_run(
    changes: dict[str, Any], code: ExitCode, make: SimpleNamespace, shard: Any
) -> None:
    passed = make.entry(RULE, Outcome.PASS)
    found = merged(shard("1/2", passed), shard("2/2", passed, **changes))
    assert found.exit_code is code
    assert all(getattr(found, name) == value for name, value in changes.items() if name != "exit_code")


@pytest.mark.parametrize(
    ("asked", "expected", "code"),
    [
        ({"PutVectors": 9}, Outcome.PASS, ExitCode.CONFORMANT),
        ({"PutVectors": 9, "GetVectors": 1}, Outcome.INCONCLUSIVE, ExitCode.INCONCLUSIVE),
    ],
)
def test_a_denial_stands_only_against_a_shard_that_was_not_denied(
    asked: dict[str, int], expected: Outcome, code: ExitCode, make: SimpleNamespace, shard: Any
) -> None:
    """One run would have taken the denials for violations; no shard can see both sides."""
    reason = "the credentials may not call DeleteVectors, GetVectors"
    denied = make.entry(RULE, Outcome.INCONCLUSIVE, reason=reason)
    found = merged(shard("1/2", make.entry(RULE, Outcome.PASS), requests=asked), shard("2/2", denied))
    [entry] = found.results
    assert (entry.outcome, found.exit_code) == (expected, code)
    if expected is Outcome.INCONCLUSIVE:
        assert entry.reason == "the shards disagree: GetVectors denied throughout in one, allowed in another"


def test_what_every_shard_left_to_the_others_was_not_executed(make: SimpleNamespace, shard: Any) -> None:
    left = make.entry(RULE, Outcome.NOT_SELECTED, reason=ANOTHER_SHARD)
    probe = make.entry(OTHER, Outcome.NOT_SELECTED, reason=ANOTHER_SHARD, level=Level.PROBE)
    found = merged(shard("1/2", left, probe), shard("2/2", left, probe))
    assert [entry.outcome for entry in found.results] == [Outcome.NOT_EXECUTED, Outcome.NOT_SELECTED]


def test_numbers_add_up_and_the_smallest_violation_is_shown(make: SimpleNamespace, shard: Any) -> None:
    large = make.failed(RULE, id="a-1", request_body='{"a": 1}' * 9)
    small = make.failed(RULE, id="a-1")
    found = merged(
        shard(
            "2/2",
            small,
            requests={"PutVectors": 1, "GetVectors": 2},
            info={"started": "2026-01-09T00:00:00Z"},
        ),
        shard("1/2", large),
    )
    [entry] = found.results
    assert (entry.checks, entry.failures) == (2, 2)
    assert entry.violation is not None
    smaller = min((large, small), key=lambda one: one.violation.size)
    assert entry.violation.size == smaller.violation.size
    # Each shard counts its exchanges from one.
    assert entry.exchanges == ("s1-a-1", "s2-a-1")
    assert set(found.exchanges or {}) == {"s1-a-1", "s2-a-1"}
    assert found.requests == {"GetVectors": 2, "PutVectors": 11}
    info = found.info
    assert (info.run_id, info.started, info.shard) == ("run1+run2", "2026-01-09T00:00:00Z", None)
    assert info.duration_seconds == pytest.approx(62.8)


@pytest.mark.parametrize("violated", [True, False])
def test_whether_a_listed_deviation_is_stale_is_told_by_all_shards(
    violated: bool, make: SimpleNamespace, shard: Any
) -> None:
    met = make.entry(RULE, Outcome.PASS, deviation=LISTED)
    other = make.entry(
        OTHER, Outcome.KNOWN_DEVIATION if violated else Outcome.PASS, deviation=LISTED, failures=int(violated)
    )
    nothing = make.entry(OTHER, Outcome.NOT_SELECTED, reason=ANOTHER_SHARD)
    found = merged(shard("1/2", met, nothing), shard("2/2", met, other))
    expected = (Outcome.PASS, Outcome.KNOWN_DEVIATION) if violated else (Outcome.STALE_DEVIATION,) * 2
    assert tuple(entry.outcome for entry in found.results) == expected
    assert found.exit_code is (ExitCode.CONFORMANT if violated else ExitCode.NON_CONFORMANT)


@pytest.mark.parametrize("unsure", [Outcome.INCONCLUSIVE, Outcome.PASS])
def test_a_listed_deviation_is_not_stale_while_a_shard_could_not_look(
    unsure: Outcome, make: SimpleNamespace, shard: Any
) -> None:
    met = make.entry(RULE, Outcome.PASS, deviation=LISTED)
    cut_off = make.entry(RULE, unsure, deviation=LISTED, reason=UNSETTLED)
    found = merged(shard("1/2", met), shard("2/2", cut_off))
    assert [entry.outcome for entry in found.results] == [Outcome.PASS]


@pytest.mark.parametrize(
    ("places", "said"),
    [
        (["1/2"], "Not every shard is there: 2/2 missing"),
        (["1/3", "3/3"], "2/3 missing"),
        (["1/2", "1/2"], "Shard 1/2 is there twice"),
        (["1/2", "2/2", "2/2"], "Shard 2/2 is there twice"),
        (["1/2", "2/3"], "different splits: of 2 and 3"),
        ([], "different splits: of none"),
    ],
)
def test_a_set_that_is_not_complete_is_refused(
    places: list[str], said: str, make: SimpleNamespace, shard: Any
) -> None:
    with pytest.raises(MergeError, match=said):
        merged(*(shard(place, make.entry(RULE, Outcome.PASS)) for place in places))


def test_a_run_that_is_no_shard_is_refused(make: SimpleNamespace) -> None:
    with pytest.raises(MergeError, match="is no shard"):
        merged(make.mixed())


@pytest.mark.parametrize(
    "change",
    [
        {"suite_version": "9.9"},
        {"contract_version": "9.9"},
        {"profile": "full"},
        {"seed": 1},
        {"endpoint": "http://127.0.0.1:9001"},
        {"embedded_emulator": True, "endpoint": "http://127.0.0.1:9001"},
        {"account_id": "2"},
        {"strict": True},
        {"operations": ("PutVectors",)},
        {"requirement_set": "0.1"},
    ],
)
def test_shards_of_unlike_runs_are_refused(change: dict[str, Any], make: SimpleNamespace, shard: Any) -> None:
    passed = make.entry(RULE, Outcome.PASS)
    with pytest.raises(MergeError, match="Runs run1 and run2 differ in the "):
        merged(shard("1/2", passed), shard("2/2", passed, info=change))


def test_each_shard_may_have_an_embedded_emulator_of_its_own(make: SimpleNamespace, shard: Any) -> None:
    passed = make.entry(RULE, Outcome.PASS)
    places = [
        shard(
            f"{place}/2", passed, info={"embedded_emulator": True, "endpoint": f"http://127.0.0.1:900{place}"}
        )
        for place in (1, 2)
    ]
    assert merged(*places).exit_code is ExitCode.CONFORMANT


def test_reports_of_other_requirements_are_refused(make: SimpleNamespace, shard: Any) -> None:
    one, two = make.entry(RULE, Outcome.PASS), make.entry(OTHER, Outcome.PASS)
    with pytest.raises(MergeError, match="different requirements"):
        merged(shard("1/2", one), shard("2/2", two))
    with pytest.raises(MergeError, match="different requirements"):
        merged(shard("1/2", one), shard("2/2", one, two))
