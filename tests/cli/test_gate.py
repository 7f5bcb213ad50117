"""What a CI gate needs: levels, a first list of deviations, changes, shards, and the requirements of a release."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from conformance.contract.loader import load_contract
from conformance.contract.releases import load_set

from .conftest import VIOLATED, Done
from .harness import ACCOUNT, KEYS, QUICK, REFUSED, ROOT, Ended, command, emulator, outcomes, read_report

REPORT = Path("reports/latest/report.json")


def target(address: str) -> tuple[str, ...]:
    return ("--endpoint", address, "--account-id", ACCOUNT)


def by_id(report: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {entry["id"]: entry for entry in report["requirements"]}


def test_violated_shoulds_fail_the_run_only_where_that_is_asked_for(tmp_path: Path) -> None:
    requirement = "ListVectors.maxResults.maximum.accepted"
    found = {}
    with emulator("--limit", "list_vectors_max=999", cwd=tmp_path) as address:
        for level in ("must", "should"):
            words = ("--requirement", requirement, "--fail-on", level, "--report-dir", level)
            ended = command("run", *target(address), *words, cwd=tmp_path, **KEYS)
            found[level] = (ended.code, outcomes(read_report(tmp_path / level)))
    assert found == {"must": (0, {requirement: "warn"}), "should": (1, {requirement: "warn"})}


def test_the_first_list_of_deviations_makes_the_next_run_pass(deviating: str, tmp_path: Path) -> None:
    words = ("run", *target(deviating), "--requirement", VIOLATED, "--requirement", QUICK)
    first = command(*words, "--write-known-deviations", "new/known.yaml", cwd=tmp_path, **KEYS)
    assert first.code == 1, first.out
    [entry] = yaml.safe_load((tmp_path / "new/known.yaml").read_text(encoding="utf-8"))
    assert entry["requirement"] == VIOLATED
    assert entry["reason"].endswith("not looked at yet")
    second = command(*words, "--known-deviations", "new/known.yaml", cwd=tmp_path, **KEYS)
    assert second.code == 0, second.out
    assert outcomes(read_report(tmp_path / REPORT.parent)) == {VIOLATED: "known deviation", QUICK: "pass"}


def test_a_file_of_the_users_is_never_overwritten(tmp_path: Path) -> None:
    (tmp_path / "known.yaml").write_text("# mine\n")
    ended = command("run", "--write-known-deviations", "known.yaml", cwd=tmp_path)
    assert (ended.code, "known.yaml exists already" in ended.sentence) == (4, True)
    assert (tmp_path / "known.yaml").read_text() == "# mine\n"


def test_changes_since_an_earlier_run_are_shown_and_leave_the_exit_code(
    failing_run: Done, tmp_path: Path
) -> None:
    old = str(failing_run.report_dir / "report.json")
    words = ("--requirement", VIOLATED, "--requirement", QUICK, "--baseline-report", old)
    ended = command("run", *words, cwd=tmp_path)
    assert ended.code == 0, ended.out
    for expected in (f"fixed: 1\n    {VIOLATED}", f"newly decided: 1\n    {QUICK}"):
        assert expected in ended.out
    summary = (tmp_path / "reports/latest/summary.md").read_text(encoding="utf-8")
    assert f"- **1 fixed:** `{VIOLATED}`" in summary
    back = command("report", "diff", str(tmp_path / REPORT), str(failing_run.report_dir), cwd=tmp_path)
    assert (back.code, back.err) == (0, "")
    assert f"newly failing: 1\n    {VIOLATED}" in back.out
    assert "fixed" not in back.out
    same = command("report", "diff", old, old, cwd=tmp_path)
    assert "nothing" in same.out


@pytest.fixture(scope="session")
def shards(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Both shards of the run of one operation that ``delete_vectors_run`` makes whole, one of them in parallel."""
    cwd = tmp_path_factory.mktemp("shards")
    for index, parallel in ((1, ()), (2, ("-n", "2"))):
        words = (
            "--operation",
            "DeleteVectors",
            "--shard",
            f"{index}/2",
            "--report-dir",
            f"s{index}",
            *parallel,
        )
        ended = command("run", *words, cwd=cwd)
        assert ended.code == 0, ended.out + ended.err
    return cwd


def test_shards_together_are_the_whole_run(shards: Path, delete_vectors_run: Done) -> None:
    whole = read_report(delete_vectors_run.report_dir)
    ended = command("report", "merge", "all", "s2", "s1/report.json", cwd=shards)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.splitlines()[-1].startswith("CONFORMANT")
    merged = read_report(shards / "all")
    jsonschema_rs.validate(json.loads((ROOT / "reports/report.schema.json").read_text("utf-8")), merged)
    assert outcomes(merged) == outcomes(whole)
    tests = {name: sorted(entry["tests"]) for name, entry in by_id(merged).items()}
    # The run whose report this is compared with had temporary keys.
    same = {name for name in tests if not name.startswith("Signing.")}
    assert {name: tests[name] for name in same} == {
        name: sorted(entry["tests"]) for name, entry in by_id(whole).items() if name in same
    }
    for name in ("junit.xml", "summary.md", "report.html", "badge.svg"):
        assert (shards / "all" / name).is_file(), name
    assert sorted(path.name for path in (shards / "all").glob("exchanges-*")) == [
        "exchanges-s1-a.jsonl",
        "exchanges-s2-b.jsonl",
        "exchanges-s2-c.jsonl",
    ]


def test_a_shard_says_what_it_left_to_others(shards: Path) -> None:
    entries = [by_id(read_report(shards / name)) for name in ("s1", "s2")]
    mine = [{name for name, one in shard.items() if one["reason"] == "another shard"} for shard in entries]
    assert mine[0] | mine[1]
    assert not mine[0] & mine[1]
    for name in mine[0]:
        assert entries[0][name]["outcome"] == "not selected"
        assert entries[1][name]["outcome"] in ("pass", "observed")


def test_a_shard_without_a_test_breaks_no_gate(tmp_path: Path) -> None:
    """One test decides this requirement, so one of two shards has none; the merge still wants both."""
    codes = {}
    for index in (1, 2):
        words = ("--requirement", QUICK, "--shard", f"{index}/2", "--report-dir", f"s{index}")
        codes[index] = command("run", *words, cwd=tmp_path)
    assert [one.code for one in codes.values()] == [0, 0]
    [idle] = [one for one in codes.values() if "0 of 0" in one.out]
    assert idle.out.splitlines()[-1].endswith("(exit 0: this shard has nothing to decide, the others have)")
    whole = command("report", "merge", "all", "s1", "s2", cwd=tmp_path)
    assert (whole.code, outcomes(read_report(tmp_path / "all"))) == (0, {QUICK: "pass"})


def test_a_merge_leaves_nothing_of_an_earlier_one_and_takes_nothing_from_strangers(
    shards: Path, tmp_path: Path
) -> None:
    """Reports that were collected into one folder have no exchanges beside them that are surely theirs."""
    for name in ("s1", "s2"):
        (tmp_path / f"{name}.json").write_bytes((shards / name / "report.json").read_bytes())
    (tmp_path / "exchanges-a.jsonl").write_text("{}\n")
    out = tmp_path / "out"
    out.mkdir()
    for name in ("exchanges-s9-a.jsonl", "exchanges-mine.jsonl"):
        (out / name).write_text("{}\n")
    ended = command("report", "merge", "out", "s1.json", "s2.json", cwd=tmp_path)
    assert ended.code == 0, ended.out + ended.err
    assert sorted(path.name for path in out.iterdir()) == [
        "badge.svg",
        "exchanges-mine.jsonl",
        "junit.xml",
        "report.html",
        "report.json",
        "summary.md",
    ]


def test_the_plans_of_shards_add_up(tmp_path: Path) -> None:
    def tests(*words: str) -> int:
        planned = command("plan", "--operation", "DeleteVectors", *words, cwd=tmp_path).out
        found = re.search(r"^Tests +([0-9,]+) of the profile core", planned, re.MULTILINE)
        assert found is not None, planned
        return int(found[1].replace(",", ""))

    parts = [tests("--shard", shard) for shard in ("1/2", "2/2")]
    assert min(parts) > 0
    assert sum(parts) == tests()


def merge_mistakes() -> dict[str, tuple[tuple[str, ...], str]]:
    return {
        "one is missing": (("merge", "out", "s1"), "2/2 missing"),
        "one is there twice": (("merge", "out", "s1", "s1"), "there twice"),
        "none": (("merge", "out"), "the report of each shard"),
        "into a shard": (("merge", "s1", "s1", "s2"), "name another directory"),
        "no report": (("merge", "out", "nothing.json"), "cannot be read"),
        "unknown word": (("mrege", "out", "s1"), "did you mean merge?"),
        "one report to compare": (("diff", "s1"), "takes two reports"),
        "nothing": ((), "required"),
    }


@pytest.mark.parametrize("mistake", merge_mistakes())
def test_a_mistake_with_reports_is_one_sentence(mistake: str, shards: Path) -> None:
    words, expected = merge_mistakes()[mistake]
    before = (shards / "s1/report.json").read_bytes()
    ended = command("report", *words, cwd=shards)
    assert (ended.code, ended.out) == (4, "")
    assert expected in ended.sentence
    assert not (shards / "out").exists()
    assert (shards / "s1/report.json").read_bytes() == before


def test_a_violation_survives_the_merge_with_all_that_repeats_it(deviating: str, tmp_path: Path) -> None:
    words = (
        "run",
        *target(deviating),
        "--requirement",
        VIOLATED,
        "--requirement",
        REFUSED,
        "--requirement",
        QUICK,
    )
    ended: dict[int, Ended] = {}
    for index in (1, 2):
        shard = ("--shard", f"{index}/2", "--report-dir", f"s{index}")
        ended[index] = command(*words, *shard, cwd=tmp_path, **KEYS)
    assert 1 in {one.code for one in ended.values()}
    merged = command("report", "merge", "all", "s1", "s2", cwd=tmp_path)
    assert merged.code == 1, merged.out + merged.err
    assert f"FAIL {VIOLATED}" in merged.out
    report = read_report(tmp_path / "all")
    assert outcomes(report) == {VIOLATED: "fail", REFUSED: "pass", QUICK: "pass"}
    violation = by_id(report)[VIOLATED]["violation"]
    assert violation["exchange"]["status"] == 400
    assert "oss-vectors-conformance sign" in violation["reproduce"]["curl"]


def test_the_requirements_of_a_release_are_selected_and_no_others(tmp_path: Path) -> None:
    words = ("--requirement-set", "0.1", "--operation", "PutVectorBucket")
    ended = command("run", *words, cwd=tmp_path)
    assert ended.code == 0, ended.out
    report = read_report(tmp_path / REPORT.parent)
    assert report["info"]["requirementSet"] == "0.1"
    stored = load_set("0.1")
    assert outcomes(report)
    assert set(outcomes(report)) <= set(stored)
    probes = {name for name, one in load_contract().requirements.items() if one.level == "probe"}
    levels = {
        name: entry["level"] for name, entry in by_id(report).items() if name in stored and name not in probes
    }
    assert levels == {name: str(stored[name]) for name in levels}
