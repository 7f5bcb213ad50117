"""The two tools side by side: how each is started, and what can be read from what it leaves."""

from __future__ import annotations

import json
import os
import re
import sys
import tempfile
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from benchmarks import hooks
from benchmarks.document import wire_document
from benchmarks.measured import Measured, measure
from benchmarks.target import CREDENTIAL, REGION, Running

_BIN = Path(sys.executable).parent
_ROOT = Path(__file__).resolve().parent.parent
_COUNTED = ("fail", "warn")
# The exit code for a target that cannot be tested at all.
_REFUSED = 4
_UNIQUE = re.compile(r"found (\d+) unique failure")


@dataclass(frozen=True, slots=True)
class Finding:
    """One thing a tool found wrong, and how many seconds after its start it had seen it."""

    name: str
    seconds: float


@dataclass(frozen=True, slots=True)
class ToolRun:
    """One run of a tool.

    ``reported`` is how many failures it counts itself, ``http`` the time it waited for answers, if it tells.
    """

    measured: Measured
    findings: tuple[Finding, ...]
    reported: int = 0
    http: float | None = None

    @property
    def names(self) -> frozenset[str]:
        """What was found wrong."""
        return frozenset(finding.name for finding in self.findings)


def run_plain(emulator: Running, seed: int, *, tell: bool) -> ToolRun:
    """Plain ``schemathesis run``: its defaults, all phases and checks, and the means to reach the service.

    ``--continue-on-failure`` because without it an operation's phase ends at its first failure, and it fails
    on a correct service already.  ``tell`` has it write its events, for the findings; that takes a tenth more
    time, so runs that are compared by time do without.
    """
    environment = {
        **_environment(emulator),
        "SCHEMATHESIS_HOOKS": hooks.__name__,
        hooks.ENDPOINT: emulator.endpoint,
        hooks.REGION: REGION,
        hooks.ACCOUNT: CREDENTIAL.account_id,
        hooks.ADDRESSING: emulator.addressing.value,
        "PYTHONPATH": str(_ROOT),
    }
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        directory = Path(folder)
        (directory / "document.json").write_text(json.dumps(wire_document()))
        events = directory / "events.ndjson"
        command = [str(_BIN / "schemathesis"), "run", "document.json", "--url", emulator.endpoint]
        command += ["--seed", str(seed), "--continue-on-failure"]
        command += ["--report", "ndjson", "--report-ndjson-path", str(events)] if tell else []
        measured = measure(command, environment=environment, directory=directory, failure=r"^- ST\d+ ")
        counted = _UNIQUE.search(measured.output)
        reported = int(counted[1]) if counted is not None else 0
        if not events.exists():
            return ToolRun(measured, (), reported)
        with events.open(encoding="utf-8") as lines:
            return ToolRun(measured, tuple(plain_findings(_complete(lines))), reported)


def run_ours(emulator: Running, profile: str, workers: int = 0) -> ToolRun:
    """A run of the suite as its command makes it, reports included."""
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        directory = Path(folder)
        command = [str(_BIN / "oss-vectors-conformance"), "run", "--endpoint", emulator.endpoint]
        command += ["--profile", profile, "--report-dir", folder, "--addressing", emulator.addressing.value]
        command += ["-n", str(workers)] if workers else []
        measured = measure(
            command, environment=_environment(emulator), directory=directory, failure=r"^(FAIL|WARN) "
        )
        if not (directory / "report.json").exists():
            if measured.exit_code != _REFUSED:
                # Counted as a miss, a suite that does not run would look like one that is blind.
                raise RuntimeError(f"the suite left no report: {measured.output[-1000:]}")
            return ToolRun(measured, ())
        report = json.loads((directory / "report.json").read_text(encoding="utf-8"))
        times = dict(_exchange_times(directory))
    started = datetime.fromisoformat(report["info"]["started"]).timestamp()
    findings = tuple(our_findings(report, {name: start for name, (start, _) in times.items()}, started))
    return ToolRun(measured, findings, len(findings), sum(elapsed for _, elapsed in times.values()))


def _environment(emulator: Running) -> dict[str, str]:
    inherited = {name: value for name, value in os.environ.items() if not name.startswith("OSS_")}
    return {**inherited, **emulator.environment}


def _complete(lines: Iterable[str]) -> Iterator[dict[str, Any]]:
    """The events of a file; the last line has no end if its writer was stopped."""
    for line in lines:
        if line.endswith("\n"):
            yield json.loads(line)


def plain_findings(events: Iterable[dict[str, Any]]) -> Iterator[Finding]:
    """Every distinct failure in the events of schemathesis, with the moment of its scenario's end."""
    started = 0.0
    seen: set[str] = set()
    for event in events:
        kind, data = next(iter(event.items()))
        if not started and "timestamp" in data:
            started = data["timestamp"]
        if kind != "ScenarioFinished":
            continue
        recorder = data["recorder"]
        for case, checks in recorder.get("checks", {}).items():
            interaction = recorder.get("interactions", {}).get(case, {})
            for check in checks:
                if check["status"] != "failure":
                    continue
                name = signature(check, (interaction.get("response") or {}).get("status_code"))
                if name not in seen:
                    seen.add(name)
                    moment = interaction.get("timestamp", data["timestamp"])
                    yield Finding(name, round(moment - started, 3))


def signature(check: dict[str, Any], status: int | None) -> str:
    """What makes two failures of schemathesis the same one: operation, check, title, status and its words.

    Much finer than schemathesis' own (operation and class), so that one false alarm on an operation does not
    hide every later finding of the class.  Values are taken out of the words, as they differ by chance.
    """
    failure = check.get("failure_info", {}).get("failure", {})
    words = _CHANCE.sub("", " ".join(str(failure.get("message", "")).split()))
    words = _VALUE.sub("*", words)
    return f"{failure.get('operation')}: {check['name']}: {failure.get('title')}: {status}: {words[:200]}"


# What differs by chance: where in a free-form body a mutation struck, and which names it made up.
_CHANCE = re.compile(r" (Hint: |at /|\(was ).*")
_VALUE = re.compile(r"""`[^`]*[^`a-zA-Z][^`]*`|"[^"]*"|'[^']*'|-?\d+(\.\d+)?([eE][+-]?\d+)?""")


def our_findings(report: dict[str, Any], starts: dict[str, float], started: float) -> Iterator[Finding]:
    """Every violated requirement of a report, with the moment of the exchange that it shows.

    That is the smallest, found last: where requests were made smaller, the violation had been seen before.
    """
    last = max(starts.values(), default=started)
    for requirement in report["requirements"]:
        if requirement["outcome"] in _COUNTED:
            shown = (requirement["violation"] or {}).get("exchange") or {}
            moment = starts.get(shown.get("id", ""), last)
            yield Finding(requirement["id"], round(moment - started, 3))


def _exchange_times(directory: Path) -> Iterator[tuple[str, tuple[float, float]]]:
    """Start and duration of every exchange by its id."""
    for path in sorted(directory.glob("exchanges-*.jsonl")):
        with path.open(encoding="utf-8") as lines:
            for line in lines:
                data = json.loads(line)
                yield data["id"], (datetime.fromisoformat(data["started"]).timestamp(), data["elapsed"])
