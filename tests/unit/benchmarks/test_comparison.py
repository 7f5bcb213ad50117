"""What the comparison with schemathesis computes, without measuring anything."""

from __future__ import annotations

import os
import sys
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from benchmarks.addresses import MAIN_BUCKET, SPARE_BUCKET, bucket_of
from benchmarks.compare import read, write
from benchmarks.costs import CORE, PLAIN, Cost, middle, ratio
from benchmarks.document import wire_document
from benchmarks.finding import Hunt, Trial, all_faults, hunted, sample
from benchmarks.measured import Measured, measure
from benchmarks.replay import CLIENTS
from benchmarks.summary import LIMIT, goals, markdown
from benchmarks.target import Recorded, load, running, save
from benchmarks.tools import Finding, ToolRun, our_findings, plain_findings, signature
from conformance.contract.loader import load_contract


def _cost(tool: str, turn: int, wall: float, **more: Any) -> Cost:
    return Cost(tool, turn, wall, cpu=wall / 2, work=wall, requests=100, memory=1 << 20, **more)


def _check(message: str, operation: str = "POST /?putVectorIndex") -> dict[str, Any]:
    failure = {"operation": operation, "title": "Schema-violating request accepted", "message": message}
    return {"name": "negative_data_rejection", "status": "failure", "failure_info": {"failure": failure}}


def _hunt(tool: str, *findings: str) -> Hunt:
    return Hunt(tool, 1, 10.0, 5.0, findings, 1.0 if findings else None, 9.0 if findings else None)


def _trial(plain: bool, ours: bool, name: str = "fault") -> Trial:
    return Trial(name, "PutVectors.x", _hunt(PLAIN, *["p"] * plain), _hunt(CORE, *["o"] * ours))


def test_a_sample_has_every_operation_in_proportion_to_its_faults() -> None:
    faults = all_faults()
    drawn = sample(faults, 200, seed=1)
    there, taken = (Counter(fault.operation for fault in some) for some in (faults, drawn))
    assert len({fault.name for fault in drawn}) == 200
    assert taken.keys() == there.keys()
    for operation, number in there.items():
        assert abs(taken[operation] - 200 * number / len(faults)) <= 2


def test_a_sample_follows_from_its_seed() -> None:
    names = [[fault.name for fault in sample(all_faults(), 40, seed)] for seed in (1, 1, 2)]
    assert names[0] == names[1] != names[2]


def test_a_sample_smaller_than_the_operations_is_as_small_as_asked() -> None:
    assert len(sample(all_faults(), 5, seed=1)) == 5
    assert len(sample(all_faults()[:3], 40, seed=1)) == 3


def test_ratios_are_taken_within_a_round() -> None:
    # The second round ran on a machine ten times as slow; the third has nothing to compare with.
    costs = [
        _cost("a", 0, 2.0),
        _cost("b", 0, 1.0),
        _cost("a", 1, 20.0),
        _cost("b", 1, 10.0),
        _cost("a", 2, 99.0),
    ]
    assert ratio(costs, "a", "b") == 2.0
    assert ratio(costs, "b", "a", of="cpu") == 0.5
    assert ratio(costs, "a", "c") is None


def test_the_middle_takes_every_number_for_itself() -> None:
    costs = [
        _cost("a", turn, wall, http=http)
        for turn, wall, http in ((0, 3.0, 1.0), (1, 1.0, 2.0), (2, 2.0, 9.0))
    ]
    found = middle(costs, "a")
    assert found is not None
    assert (found.wall, found.http) == (2.0, 2.0)
    assert middle(costs, "b") is None


def test_failures_that_differ_by_chance_are_one() -> None:
    first = "Invalid component: in body - violates `minLength` at /properties/a (was: `x1`)"
    second = "Invalid component: in body - violates `minLength` at /properties/b"
    assert signature(_check(first), 200) == signature(_check(second), 200)
    assert signature(_check("got 17 and 'x'"), 200) == signature(_check("got 4 and 'yz'"), 200)


@pytest.mark.parametrize(
    "other",
    [
        signature(_check("violates `pattern` at /a"), 200),
        signature(_check("violates `minLength` at /a"), 204),
        signature(_check("violates `minLength` at /a", "POST /?putVectors"), 200),
    ],
)
def test_failures_of_another_kind_status_or_operation_are_others(other: str) -> None:
    assert signature(_check("violates `minLength` at /a"), 200) != other


def test_findings_of_schemathesis_are_distinct_and_timed_from_its_start() -> None:
    def scenario(moment: float, *checks: dict[str, Any]) -> dict[str, Any]:
        interaction = {"response": {"status_code": 200}, "timestamp": moment}
        recorder = {"checks": {"case": list(checks)}, "interactions": {"case": interaction}}
        return {"ScenarioFinished": {"timestamp": moment + 5, "recorder": recorder}}

    passed = {"name": "not_a_server_error", "status": "success"}
    events: list[dict[str, Any]] = [
        {"Initialize": {"schemathesis_version": "1"}},
        {"LoadingStarted": {"timestamp": 100.0}},
        scenario(101.0, passed),
        scenario(102.0, passed, _check("violates `minLength` at /a")),
        scenario(103.0, _check("violates `minLength` at /b"), _check("violates `pattern` at /b")),
    ]
    assert [finding.seconds for finding in plain_findings(events)] == [2.0, 3.0]


def test_findings_of_ours_are_the_violated_requirements() -> None:
    outcomes = {"x": "pass", "y": "fail", "z": "warn", "p": "observed"}
    violations: dict[str, Any] = {"y": {"exchange": {"id": "a-1"}}, "z": {"exchange": None}}
    report = {
        "requirements": [
            {"id": name, "outcome": outcome, "violation": violations.get(name)}
            for name, outcome in outcomes.items()
        ]
    }
    # A violation of no single exchange is known when the last one is.
    assert list(our_findings(report, {"a-1": 51.0, "a-2": 53.5}, 50.0)) == [
        Finding("y", 1.0),
        Finding("z", 3.5),
    ]


def test_what_is_reported_of_a_correct_service_counts_for_nothing() -> None:
    run = ToolRun(Measured(1, 9.0, 5.0, 1, 2.0, ""), (Finding("false alarm", 1.0), Finding("fault", 4.0)))
    assert hunted(PLAIN, run, frozenset({"false alarm"})).found == 4.0
    assert not hunted(PLAIN, run, frozenset({"false alarm", "fault"})).caught


def test_goals_are_reached_or_not() -> None:
    costs = [_cost(PLAIN, 0, 40.0), _cost(CORE, 0, 10.0), _cost(LIMIT, 0, 4.0)]
    trials = [_trial(plain=True, ours=True), *[_trial(plain=False, ours=True)] * 2]
    assert [goal.reached for goal in goals(costs, trials)] == [True, True, True, False]
    assert [goal.reached for goal in goals(costs, [*trials, _trial(True, False, "seen by one")])][:2] == [
        False,
        False,
    ]
    assert "seen by one" in next(goals(costs, [_trial(True, False, "seen by one")])).measured


def test_the_table_names_every_tool_that_ran() -> None:
    runs = (_cost(PLAIN, 0, 40.0), _cost(CORE, 0, 10.0, http=4.0), _cost(LIMIT, 0, 4.0, agreeing=0.98))
    text = markdown(runs, {PLAIN: frozenset({"x"}), CORE: frozenset()}, [_trial(True, True)])
    assert "| `core` | 10.0 s | 0.25 |" in text
    assert "60% of its wall time is not HTTP" in text
    assert "| 1 planted faults | caught |" in text


def test_without_measurements_there_is_nothing_to_claim() -> None:
    assert markdown([], {}, []).strip() == ""


def test_schemathesis_gets_every_operation_of_the_document() -> None:
    operations = [
        operation["operationId"] for item in wire_document()["paths"].values() for operation in item.values()
    ]
    assert sorted(operations) == sorted(load_contract().operations)


def test_the_links_of_the_document_are_in_it() -> None:
    created = wire_document()["paths"]["/?putVectorIndex"]["post"]["responses"]["200"]
    assert "PutVectors" in created["links"]


@pytest.mark.parametrize(
    ("method", "query", "bucket"),
    [
        ("POST", "putVectorIndex", MAIN_BUCKET),
        ("DELETE", "policy", MAIN_BUCKET),
        ("PUT", "", SPARE_BUCKET),
        ("DELETE", "", SPARE_BUCKET),
        ("GET", "", None),
        ("GET", "max-keys=1&prefix=a", None),
    ],
)
def test_a_request_names_its_bucket(method: str, query: str, bucket: str | None) -> None:
    assert bucket_of(method, query) == bucket


def test_a_recording_is_read_as_it_was_written(tmp_path: Path) -> None:
    recorded = [Recorded("POST", "/?x", (("host", "é"), ("host", "b")), bytes(range(256)), 400)]
    save(recorded, tmp_path / "recording.json")
    assert load(tmp_path / "recording.json") == recorded


@pytest.mark.parametrize("client", CLIENTS)
def test_a_replay_gets_the_recorded_answers_and_is_counted(client: str, tmp_path: Path) -> None:
    recording = tmp_path / "recording.json"
    with running(recording=recording) as emulator:
        sent = emulator.create_buckets()
    recorded = load(recording)
    with running() as fresh:
        send = CLIENTS[client](fresh.endpoint)
        assert [send(one) for one in recorded] == [one.status for one in recorded] == [200, 200]
    assert emulator.requests == fresh.requests == sent == 2


def test_a_measured_command_is_waited_for_and_its_children_with_it(tmp_path: Path) -> None:
    program = (
        "import subprocess, sys; print('one'); print('FAIL two')\n"
        "subprocess.run([sys.executable, '-c', 'sum(range(10**6))']); sys.exit(3)"
    )
    done = measure(
        [sys.executable, "-c", program], environment=os.environ, directory=tmp_path, failure="^FAIL "
    )
    assert (done.exit_code, done.output) == (3, "one\nFAIL two\n")
    assert done.first_failure is not None
    assert done.memory > 0
    quiet = measure([sys.executable, "-c", ""], environment=os.environ, directory=tmp_path, failure="^FAIL ")
    assert (quiet.exit_code, quiet.first_failure) == (0, None)


def test_what_was_written_is_read_again(tmp_path: Path) -> None:
    measured = (
        [_cost(PLAIN, 0, 40.0), _cost(CORE, 0, 10.0, http=4.0)],
        {PLAIN: frozenset({"x"}), CORE: frozenset()},
        [_trial(True, False)],
    )
    write(tmp_path / "comparison.json", {"runs": 1}, *measured)
    assert read(tmp_path / "comparison.json") == measured
