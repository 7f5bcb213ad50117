"""``plan``, and the limits of a run: rates, requests, time, resources."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import pytest

from .harness import ACCOUNT, KEYS, QUICK, ROOT, command, emulator, execute


def test_a_plan_contacts_nothing_and_counts_by_operation(tmp_path: Path) -> None:
    done = command(
        "plan", "--endpoint", "https://oss.example.invalid", "--account-id", "1", "-n", "2", cwd=tmp_path
    )
    assert done.code == 0
    assert "PutVectorIndex" in done.out
    assert "at most 5 per second" in done.out
    assert "on 2 connections" in done.out


def test_a_plan_of_one_operation_is_smaller(tmp_path: Path) -> None:
    def total(*words: str) -> int:
        line = next(
            line
            for line in command("plan", *words, cwd=tmp_path).out.splitlines()
            if line.startswith("Requests")
        )
        return int(line.split("about ")[1].split(";")[0].replace(",", ""))

    assert 0 < total("--operation", "GetVectorIndex") < total()


def test_a_budget_of_requests_ends_the_run_inconclusive_and_clean(tmp_path: Path) -> None:
    done = command("run", "--max-requests", "120", "--report-dir", str(tmp_path), cwd=tmp_path)
    assert done.code == 6
    assert "the 120 requests of --max-requests are used up" in done.out
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert sum(report["requests"].values()) <= 120
    assert report["leaks"] == []
    assert report["summary"]["outcomes"]["inconclusive"] > 0
    # Nothing is left for a sweep, and no figures of the run.
    assert [
        path.name for path in tmp_path.iterdir() if path.suffix == ".sqlite" or "ledger" in path.name
    ] == []


def test_a_budget_of_resources_is_never_exceeded(tmp_path: Path) -> None:
    done = command("run", "--max-resources", "3", "--report-dir", str(tmp_path), cwd=tmp_path)
    assert done.code == 6
    alive = most = 0
    for line in (tmp_path / "exchanges-a.jsonl").read_text(encoding="utf-8").splitlines():
        exchange = json.loads(line)
        if exchange.get("response", {}).get("status") in (200, 204):
            change = {"PutVector": 1, "DeleteVec": -1}.get(exchange["operation"][:9], 0)
            alive += change if exchange["operation"].endswith(("Bucket", "Index")) else 0
            most = max(most, alive)
    assert 0 < most <= 3


def test_a_budget_holds_for_all_workers_together(tmp_path: Path) -> None:
    done = command("run", "-n", "2", "--max-requests", "150", "--report-dir", str(tmp_path), cwd=tmp_path)
    assert done.code == 6
    report = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))
    assert 100 < sum(report["requests"].values()) <= 150


def test_a_run_with_rates_says_what_it_could_take_at_least(tmp_path: Path) -> None:
    words = ("--operation", "DeleteVectorIndex", "--rate", "DeleteVectorIndex=50")
    done = command("run", *words, "--report-dir", str(tmp_path), cwd=tmp_path)
    assert done.code == 0
    pace = json.loads((tmp_path / "report.json").read_text(encoding="utf-8"))["info"]["pace"]
    assert pace["limitedBy"] == "DeleteVectorIndex"
    assert pace["leastSeconds"] >= pace["byRateSeconds"] > 0
    assert "for DeleteVectorIndex at its rate" in " ".join(done.out.split())


def test_a_configuration_file_is_read_and_named_in_the_report(tmp_path: Path) -> None:
    config = tmp_path / "conformance.toml"
    config.write_text('profile = "smoke"\noperation = ["GetVectorIndex"]\n', encoding="utf-8")
    done = command("run", "--config", str(config), "--report-dir", str(tmp_path / "report"), cwd=tmp_path)
    assert done.code == 0
    info = json.loads((tmp_path / "report" / "report.json").read_text(encoding="utf-8"))["info"]
    assert (info["profile"], info["operations"]) == ("smoke", ["GetVectorIndex"])
    assert info["configuration"] == str(config)


def test_a_misspelt_setting_is_one_sentence(tmp_path: Path) -> None:
    config = tmp_path / "conformance.toml"
    config.write_text("max-request = 5\n", encoding="utf-8")
    done = command("run", "--config", str(config), cwd=tmp_path)
    assert done.code == 4
    assert "'max-request' is not a setting; did you mean max-requests?" in done.err


@pytest.mark.parametrize("parallel", [(), ("-n", "2")], ids=["one process", "two processes"])
def test_the_door_for_pytest_says_the_plan_first_too(parallel: tuple[str, ...], tmp_path: Path) -> None:
    """Only for another machine: 0.0.0.0 is none of the loopback addresses, though it leads to this one."""
    words = [sys.executable, "-m", "pytest", "conformance", "-p", "no:cacheprovider", *parallel]
    words += ["--account-id", ACCOUNT, "--requirement", QUICK]
    said = {}
    with emulator(cwd=tmp_path) as url:
        for host in ("0.0.0.0", "127.0.0.1"):  # noqa: S104 - nothing listens on it
            address = url.replace("127.0.0.1", host)
            options = ["--endpoint", address, "--report-dir", str(tmp_path / host)]
            ended = execute([*words, *options], cwd=ROOT, **KEYS)
            assert ended.code == 0, ended.out + ended.err
            said[host] = ended.out
    plan = said["0.0.0.0"]  # noqa: S104 - as above
    assert plan.index("Resources   at most ") < plan.index("OSS Vectors conformance =")
    assert plan.count("Tests       1 of the profile core") == 1
    assert ("in each of 2 processes" in plan) is bool(parallel)
    assert "Resources   at most " not in said["127.0.0.1"]
