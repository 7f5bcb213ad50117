"""``run`` on targets that deviate: exit codes 1, 2 and 6, repeating by hand, and cleaning up."""

from __future__ import annotations

import json
import os
import signal
import stat
import subprocess
import sys
from pathlib import Path

import pytest

from .conftest import VIOLATED, Done
from .harness import (
    ACCOUNT,
    KEYS,
    QUICK,
    REFUSED,
    ROOT,
    SECRET,
    Ended,
    Service,
    command,
    environment,
    execute,
    outcomes,
    read_report,
    tree,
)


def _error(code: str) -> bytes:
    members = {"Code": code, "Message": "", "RequestId": "5C06A3B67B8B5A3DA422299D", "HostId": "h", "EC": ""}
    return json.dumps({"Error": members}).encode()


#: What every service here says to reads, so that the suite takes it for OSS Vectors.
_NO_BUCKET = (404, _error("NoSuchBucket"))


def test_one_changed_number_fails_the_requirement_that_states_it(failing_run: Done) -> None:
    assert failing_run.ended.code == 1
    assert outcomes(read_report(failing_run.report_dir)) == {VIOLATED: "fail"}
    for expected in (f"FAIL {VIOLATED}", "4096", "Expected", "Actual", "curl", "NON-CONFORMANT"):
        assert expected in failing_run.ended.out


def test_the_curl_line_of_a_report_reproduces_the_answer(
    failing_run: Done, deviating: str, tmp_path: Path
) -> None:
    report = read_report(failing_run.report_dir)
    [violation] = [entry["violation"] for entry in report["requirements"] if entry["violation"]]
    exchange = violation["exchange"]
    shim = tmp_path / "oss-vectors-conformance"
    shim.write_text(f'#!/bin/sh\nexec "{sys.executable}" -m conformance "$@"\n')
    shim.chmod(shim.stat().st_mode | stat.S_IXUSR)
    path = f"{tmp_path}:{os.environ['PATH']}"
    # The run has deleted its bucket.
    create = (
        f"oss-vectors-conformance sign --method PUT --bucket {exchange['bucket']} --account-id {ACCOUNT} | "
        f"curl -sS -i -X PUT -H 'Host: {exchange['host']}' -H Content-Length:0 -H @- {deviating}/"
    )
    made = execute(["bash", "-c", create], cwd=failing_run.report_dir, PATH=path, **KEYS)
    assert made.out.startswith("HTTP/1.1 200"), made
    line = violation["reproduce"]["curl"]
    again = execute(["bash", "-c", line], cwd=failing_run.report_dir, PATH=path, **KEYS)
    assert again.out.startswith(f"HTTP/1.1 {exchange['status']} "), again
    assert exchange["errorCode"] in again.out
    assert SECRET not in line + again.out + again.err


def test_a_listed_deviation_is_tolerated_as_long_as_it_is_there(deviating: str, tmp_path: Path) -> None:
    listed = f"- requirement: {VIOLATED}\n  reason: our dimensions end at 4095\n"
    (tmp_path / "known.yaml").write_text(listed)
    words = ("--known-deviations", "known.yaml", "--requirement", VIOLATED)
    tolerated = command("run", "--endpoint", deviating, "--account-id", ACCOUNT, *words, cwd=tmp_path, **KEYS)
    assert tolerated.code == 0, tolerated.out
    assert outcomes(read_report(tmp_path / "reports/latest")) == {VIOLATED: "known deviation"}
    stale = command("run", *words, cwd=tmp_path)
    assert stale.code == 1, stale.out
    assert outcomes(read_report(tmp_path / "reports/latest")) == {VIOLATED: "stale deviation"}
    assert "our dimensions end at 4095" in tolerated.out


def test_pytest_gives_the_same_exit_code_and_outcomes(
    deviating: str, failing_run: Done, tmp_path: Path
) -> None:
    words = ["--endpoint", deviating, "--account-id", ACCOUNT, "--requirement", VIOLATED]
    words += ["--report-dir", str(tmp_path), "-p", "no:cacheprovider", "-q"]
    ended = execute([sys.executable, "-m", "pytest", "conformance", *words], cwd=ROOT, **KEYS)
    assert ended.code == failing_run.ended.code
    here, there = read_report(tmp_path), read_report(failing_run.report_dir)
    for report in (here, there):
        report["info"] = {name: report["info"][name] for name in ("endpoint", "profile", "requirements")}
        for entry in report["requirements"]:
            # These carry the run's own names and times.
            entry.update(violation=None, exchanges=None)
    assert here == there


def test_pytest_reports_a_usage_mistake_with_exit_code_4(tmp_path: Path) -> None:
    words = ["--operation", "DeleteVector", "--report-dir", str(tmp_path / "out"), "-p", "no:cacheprovider"]
    ended = execute([sys.executable, "-m", "pytest", "conformance", *words], cwd=ROOT)
    assert ended.code == 4
    assert "did you mean DeleteVectors?" in ended.err
    assert "Traceback" not in ended.err
    assert tree(tmp_path) == set()


def test_a_target_that_hangs_up_leaves_the_run_undecided(tmp_path: Path) -> None:
    answers = {"GET": _NO_BUCKET, "DELETE": _NO_BUCKET}
    with Service(lambda method, _: answers.get(method)).running() as service:
        ended = _run_against(service, QUICK, tmp_path)
    assert ended.code == 6, ended.out
    assert outcomes(read_report(tmp_path / "reports/latest")) == {QUICK: "inconclusive"}


def test_a_target_that_serves_everything_is_non_conformant(tmp_path: Path) -> None:
    with Service(lambda method, _: _NO_BUCKET if method == "GET" else (200, b"[]")).running() as service:
        ended = _run_against(service, REFUSED, tmp_path)
    assert ended.code == 1, ended.out
    assert "Traceback" not in ended.out + ended.err


def _run_against(service: Service, requirement: str, cwd: Path) -> Ended:
    place = ("--endpoint", service.address, "--account-id", "1")
    words = (*place, "--requirement", requirement, "--visibility-timeout", "0.1")
    return command("run", *words, cwd=cwd, **KEYS)


def _heed_ctrl_c() -> None:
    signal.signal(signal.SIGINT, signal.SIG_DFL)


class _Interrupting:
    """Takes every create, and sends the run a signal at the first one."""

    def __init__(self, number: signal.Signals) -> None:
        self.number = number
        self.process: subprocess.Popen[str] | None = None

    def __call__(self, method: str, target: str) -> tuple[int, bytes]:
        del target
        if method == "PUT" and self.process is not None:
            self.process.send_signal(self.number)
        return {"GET": _NO_BUCKET, "DELETE": (204, b"")}.get(method, (200, b"{}"))

    def run(self, address: str, cwd: Path) -> Ended:
        words = ["run", "--endpoint", address, "--account-id", "1", "--requirement", QUICK]
        process = subprocess.Popen(
            [sys.executable, "-m", "conformance", *words],
            cwd=cwd,
            env=environment(**KEYS),
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
            # A shell's background jobs ignore Ctrl-C, and so would their children.
            preexec_fn=_heed_ctrl_c,  # noqa: PLW1509 - sets one disposition, takes no lock
        )
        self.process = process
        out, err = process.communicate(timeout=60)
        return Ended(process.returncode, out, err)


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_an_interrupted_run_cleans_up_and_reports(number: signal.Signals, tmp_path: Path) -> None:
    interrupting = _Interrupting(number)
    with Service(interrupting).running() as service:
        ended = interrupting.run(service.address, tmp_path)
    assert ended.code == 2, ended
    assert ended.out.splitlines()[-1].startswith("INTERRUPTED")
    assert ended.err == "Interrupted: deleting what the run has made, then the report of what was decided.\n"
    assert "it had not come to 1 selected requirement." in " ".join(ended.out.split())
    assert ("DELETE", "/") in service.seen
    assert not any("ledger" in name for name in tree(tmp_path))
    assert read_report(tmp_path / "reports/latest")["exitCode"] == 2


def test_sweep_finishes_what_a_killed_run_left(tmp_path: Path) -> None:
    interrupting = _Interrupting(signal.SIGKILL)
    with Service(interrupting).running() as service:
        killed = interrupting.run(service.address, tmp_path)
        assert killed.code == -signal.SIGKILL
        [ledger] = [name for name in tree(tmp_path) if "ledger" in name]
        before = len(service.seen)
        planned = command("sweep", "--dry-run", ledger, cwd=tmp_path)
        assert planned.code == 0
        assert planned.out.startswith("would delete bucket ")
        assert len(service.seen) == before
        swept = command("sweep", ledger, cwd=tmp_path, **KEYS)
    assert swept.code == 0
    assert [method for method, _ in service.seen[before:]] == ["GET", "DELETE"]
    assert ledger not in tree(tmp_path)


def test_sweep_keeps_the_ledger_of_what_it_cannot_delete(tmp_path: Path) -> None:
    interrupting = _Interrupting(signal.SIGKILL)
    with Service(interrupting).running() as service:
        interrupting.run(service.address, tmp_path)
        [ledger] = [name for name in tree(tmp_path) if "ledger" in name]
        service.behaviour = lambda method, _: (
            (403, _error("AccessDenied")) if method == "DELETE" else _NO_BUCKET
        )
        swept = command("sweep", ledger, cwd=tmp_path, **KEYS)
    assert swept.code == 1
    assert "left behind bucket " in swept.out
    assert ledger in tree(tmp_path)
