"""``run`` on conformant targets: what it prints, writes, and leaves alone."""

from __future__ import annotations

import json
from pathlib import Path
from xml.etree import ElementTree

import jsonschema_rs

from conformance.contract.loader import load_contract

from .conftest import Done
from .harness import (
    ACCOUNT,
    KEY_ID,
    KEYS,
    QUICK,
    ROOT,
    SECRET,
    TOKEN,
    command,
    emulator,
    outcomes,
    read_report,
    tree,
)


def test_a_conformant_target_gives_exit_code_0_and_says_so_last(delete_vectors_run: Done) -> None:
    ended = delete_vectors_run.ended
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[-1].startswith("CONFORMANT")
    assert "\x1b" not in ended.out


def test_every_must_of_the_operation_passes(delete_vectors_run: Done) -> None:
    found = outcomes(read_report(delete_vectors_run.report_dir))
    wanted = {
        one.id
        for one in load_contract().requirements.values()
        if one.operation == "DeleteVectors" and one.level == "must" and one.excluded is None
    }
    assert {identifier: found.get(identifier) for identifier in wanted} == dict.fromkeys(wanted, "pass")
    assert {identifier.split(".")[0] for identifier in found} == {"DeleteVectors"}


def test_the_report_files_are_valid(delete_vectors_run: Done) -> None:
    schema = json.loads((ROOT / "reports" / "report.schema.json").read_text(encoding="utf-8"))
    report = read_report(delete_vectors_run.report_dir)
    jsonschema_rs.validate(schema, report)
    assert report["exitCode"] == 0
    junit = ElementTree.parse(delete_vectors_run.report_dir / "junit.xml").getroot()
    assert {case.get("name") for case in junit.iter("testcase")} >= set(outcomes(report))
    assert "DeleteVectors" in (delete_vectors_run.report_dir / "summary.md").read_text(encoding="utf-8")


def test_nothing_is_written_beside_the_report(delete_vectors_run: Done) -> None:
    assert {name.split("/")[0] for name in tree(delete_vectors_run.cwd)} == {
        "pytest.ini",
        "conftest.py",
        "out",
    }
    assert not any("ledger" in name for name in tree(delete_vectors_run.cwd))


def test_no_secret_is_printed_or_stored(delete_vectors_run: Done, failing_run: Done) -> None:
    for done in (delete_vectors_run, failing_run):
        files = [path for path in done.report_dir.rglob("*") if path.is_file()]
        texts = [done.ended.out, done.ended.err, *(path.read_text("utf-8", "replace") for path in files)]
        assert len(texts) > 5
        for canary in (SECRET, TOKEN, KEY_ID):
            assert not any(canary in text for text in texts), canary


def test_parallel_workers_decide_the_same(delete_vectors_run: Done, tmp_path: Path) -> None:
    ended = command("run", "-n", "2", "--operation", "DeleteVectors", cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert outcomes(read_report(tmp_path / "reports/latest")) == outcomes(
        read_report(delete_vectors_run.report_dir)
    )


def test_another_region_account_and_path_addressing_reach_the_target(tmp_path: Path) -> None:
    place = ("--region", "ap-southeast-5", "--account-id", "42")
    with emulator(*place, cwd=tmp_path) as address:
        words = (*place, "--endpoint", address, "--addressing", "path", "--requirement", QUICK)
        ended = command("run", *words, cwd=tmp_path, **KEYS)
    assert ended.code == 0, ended.out
    info = read_report(tmp_path / "reports/latest")["info"]
    assert (info["endpoint"], info["region"], info["accountId"]) == (address, "ap-southeast-5", "42")
    assert info["addressing"] == "path"


def test_nothing_to_decide_gives_exit_code_5(tmp_path: Path) -> None:
    # Undocumented rates are never provoked, so no test decides this probe.
    ended = command("run", "--requirement", "DeleteVectors.QpsLimitExceeded", cwd=tmp_path)
    assert ended.code == 5, ended.out
    assert read_report(tmp_path / "reports/latest")["exitCode"] == 5


def test_recall_decides_over_all_queries_together(tmp_path: Path) -> None:
    """An approximate target passes when it finds what was asked for on the whole, and fails when it does not."""
    asked = ("--min-recall", "0.85", "--visibility-timeout", "0.2", "--operation", "QueryVectors")
    found = {}
    for recall in ("0.9", "0.5"):
        with emulator("--recall", recall, "--account-id", ACCOUNT, cwd=tmp_path) as address:
            words = (
                "run",
                "--endpoint",
                address,
                "--account-id",
                ACCOUNT,
                "--strict",
                "--report-dir",
                recall,
                *asked,
            )
            found[recall] = command(*words, cwd=tmp_path, **KEYS)
    assert found["0.9"].code == 0, found["0.9"].out
    assert found["0.5"].code == 1, found["0.5"].out
    report = read_report(tmp_path / "0.5")
    assert outcomes(report)["QueryVectors.nearest"] == "fail"
    violation = next(
        one["violation"] for one in report["requirements"] if one["id"] == "QueryVectors.nearest"
    )
    assert violation["expected"] == "at least 85% of what must be found"
    assert "over all queries" in violation["actual"]
