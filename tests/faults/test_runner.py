"""The runner tells faults that are reported under their name from those that are not, and keeps to its trial."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest

from tests.faults.catalogue import FAULTS
from tests.faults.table import render
from tests.faults.trial import Outcome

ROOT = Path(__file__).resolve().parents[2]
FAULT = "PutVectorIndex.dimension-max-4097"


def _run(module: str, *arguments: str) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", f"tests.faults.{module}", *arguments]
    return subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=120, check=False)


def test_a_fault_is_caught_under_its_name(tmp_path: Path) -> None:
    out = tmp_path / "outcomes.jsonl"
    ended = _run("runner", FAULT, "--out", str(out))
    outcome = Outcome.from_line(out.read_text(encoding="utf-8"))
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert outcome.right == ["PutVectorIndex.dimension.maximum.rejected"]
    assert outcome.first_requests is not None


def test_an_unknown_fault_is_refused() -> None:
    ended = _run("faulty_emulator", "--fault", "no-such-fault")
    assert ended.returncode == 2
    assert "no-such-fault" in ended.stderr


def test_a_faulty_emulator_prints_the_line_of_the_real_one() -> None:
    command = [sys.executable, "-m", "tests.faults.faulty_emulator", "--fault", FAULT, "--exit-with-parent"]
    with subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdin is not None
        assert process.stdout is not None
        line = process.stdout.readline()
        process.stdin.close()
        assert process.wait(timeout=30) == 0
    assert line.startswith("oss-vectors-emulator listening on http://127.0.0.1:")


@pytest.mark.parametrize(
    ("reported", "right", "verdict"),
    [(["a"], ["a"], "right"), (["b"], [], "other"), ([], [], "missed")],
    ids=["right", "other", "missed"],
)
def test_an_outcome_has_a_verdict(reported: list[str], right: list[str], verdict: str) -> None:
    assert Outcome("x", reported, right).verdict == verdict


def test_the_table_counts_per_operation_and_names_what_was_not_caught() -> None:
    right = Outcome(FAULT, ["a"], ["a"], first_seconds=0.5, first_requests=3)
    missed = Outcome("PutVectors.batch-max-501")
    lines = render([right, missed], FAULTS, 1.0).splitlines()
    rows = {line.split()[0]: line.split()[1:5] for line in lines if line.split()[1:2] == ["1"]}
    assert rows == {"PutVectorIndex": ["1", "1", "0", "0"], "PutVectors": ["1", "0", "0", "1"]}
    assert any(line.startswith("missed: PutVectors.batch-max-501") for line in lines)


def test_an_outcome_survives_its_line() -> None:
    outcome = Outcome("x", ["a"], ["a"], 1.0, 0.5, 3, 9, 2)
    assert Outcome.from_line(outcome.to_line().decode()) == outcome
