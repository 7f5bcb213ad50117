"""Measures what every test of the suite sends: ``python -m tests.footprint`` writes ``conformance/footprint.json``.

Plans are made from that file (:mod:`conformance.plan`), so it is written anew
when tests come, go or change their requests; ``tests/contract`` says so.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from conformance.commands.engine import run_pytest
from conformance.contract.loader import load_contract
from conformance.contract.model import Profile
from conformance.plan import PEAK, short_id
from conformance.plugin import PreparedRun
from conformance.run import Run
from conformance.validation import settings_from
from conformance.wire.credentials import SESSION_TOKEN

_FILE = Path(__file__).resolve().parents[1] / "conformance" / "footprint.json"
# Some tests need temporary keys, others permanent ones.
_RUNS: tuple[tuple[Profile, Mapping[str, str]], ...] = (
    (Profile.CORE, {SESSION_TOKEN: "any: the embedded emulator has keys of its own"}),
    (Profile.CORE, {}),
    (Profile.FULL, {}),
)
_KINDS = ("bucket", "index")


class _Requests:
    """Takes the requests of each test from its report, and the resources alive from its exchanges."""

    def __init__(self) -> None:
        self.by_test: dict[str, dict[str, int]] = {}

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        data = getattr(report, "conformance", None)
        if data is not None:
            self.by_test[short_id(report.nodeid)] = dict(sorted(json.loads(data)["requests"].items()))


def measure(
    profile: Profile, directory: Path, environment: Mapping[str, str]
) -> tuple[dict[str, dict[str, int]], dict[str, int]]:
    """Requests by test and the most resources at a time, of one run against the embedded emulator."""
    options: dict[str, Any] = {"profile": profile.value, "report_dir": str(directory)}
    run = Run.prepare(settings_from(options, {}, load_contract(), directory), environment, "footprint")
    requests = _Requests()
    try:
        run_pytest([PreparedRun(run), requests], ["-p", "conformance.plugin"])
    finally:
        run.stop()
    if run.result is None or run.result.exit_code:
        raise SystemExit("The run was not conformant, so its requests are not what a run sends.")
    return requests.by_test, peak(directory)


def peak(directory: Path) -> dict[str, int]:
    """The most buckets and indexes at a time, from the recorded answers to creations and deletions."""
    alive = dict.fromkeys(_KINDS, 0)
    most = dict.fromkeys(_KINDS, 0)
    changes = {"PutVectorBucket": ("bucket", 1), "DeleteVectorBucket": ("bucket", -1)}
    changes |= {"PutVectorIndex": ("index", 1), "DeleteVectorIndex": ("index", -1)}
    for path in sorted(directory.glob("exchanges-*.jsonl")):
        for line in path.read_text(encoding="utf-8").splitlines():
            exchange = json.loads(line)
            kind, change = changes.get(exchange["operation"], ("", 0))
            if kind and exchange.get("response", {}).get("status", 0) in (200, 204):
                alive[kind] += change
                most[kind] = max(most[kind], alive[kind])
    return most


def main(directory: Path) -> None:
    """Measure and write."""
    tests: dict[str, dict[str, dict[str, int]]] = {}
    peaks: dict[str, dict[str, int]] = {}
    for profile, environment in _RUNS:
        by_test, peaks[profile.value] = measure(profile, directory, environment)
        for test, requests in by_test.items():
            entry = tests.setdefault(test, {})
            if profile is Profile.CORE or requests not in entry.values():
                entry[profile.value] = requests
    lines = [f"{json.dumps(test)}: {json.dumps(entry)}" for test, entry in sorted(tests.items())]
    lines.insert(0, f"{json.dumps(PEAK)}: {json.dumps(peaks)}")
    _FILE.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1] if len(sys.argv) > 1 else "reports/footprint"))
