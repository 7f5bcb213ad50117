"""Plain schemathesis and this suite, side by side: ``python -m benchmarks.compare``.

The same document, the same emulator, by turns: what each run costs, what the requests alone would cost, and
what both find among a sample of planted faults.  Absolute times are those of the machine; compare ratios.
"""

from __future__ import annotations

import argparse
import json
import os
import platform
import sys
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from datetime import UTC, datetime
from importlib import metadata
from pathlib import Path
from typing import Any

from benchmarks.costs import Cost, measure_costs
from benchmarks.finding import Hunt, Trial, all_faults, false_alarms, hunt, sample
from benchmarks.summary import goals, markdown

_VERSIONS = ("schemathesis", "hypothesis", "pytest", "requests", "urllib3")


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure, print Markdown, write JSON."""
    parser = argparse.ArgumentParser(
        prog="compare", description="Plain schemathesis and this suite, side by side."
    )
    parser.add_argument(
        "--runs", type=_at_least(0), default=3, metavar="N", help="runs of every tool (default: 3)"
    )
    parser.add_argument(
        "--faults", type=_at_least(0), default=40, metavar="N", help="faults to plant (default: 40)"
    )
    parser.add_argument("--seed", type=int, default=1, help="seed of the sample of faults (default: 1)")
    parser.add_argument(
        "--baselines",
        type=_at_least(0),
        default=5,
        metavar="N",
        help="seeds of schemathesis whose reports on the correct emulator do not count (default: 5)",
    )
    parser.add_argument(
        "--jobs",
        type=_at_least(1),
        default=1,
        metavar="N",
        help="faults to hunt at the same time: sooner done, with times that include waiting for each other"
        " (default: 1)",
    )
    parser.add_argument("--out", type=Path, metavar="FILE", help="file for everything measured, as JSON")
    parser.add_argument(
        "--read", type=Path, metavar="FILE", help="measure nothing, print the tables of such a file"
    )
    options = parser.parse_args(arguments)
    if options.read is not None:
        sys.stdout.write(markdown(*read(options.read)))
        return 0
    chosen = {name: getattr(options, name) for name in ("runs", "faults", "seed", "baselines", "jobs")}
    costs = measure_costs(options.runs, _say)
    write(options.out, chosen, costs, {}, [])
    alarms = false_alarms(options.baselines, _say, options.jobs) if options.faults else {}
    trials: list[Trial] = []
    for trial in hunt(sample(all_faults(), options.faults, options.seed), alarms, _say, options.jobs):
        trials.append(trial)
        # Written every time: all of them take long, and half of them are a result too.
        write(options.out, chosen, costs, alarms, trials)
    write(options.out, chosen, costs, alarms, trials)
    sys.stdout.write(markdown(costs, alarms, trials))
    return 0


def _at_least(least: int) -> Callable[[str], int]:
    def number(text: str) -> int:
        if int(text) < least:
            raise argparse.ArgumentTypeError(f"must be {least} or more")
        return int(text)

    return number


def _say(words: str) -> None:
    sys.stderr.write(f"{words}\n")
    sys.stderr.flush()


def write(
    path: Path | None,
    options: Mapping[str, int],
    costs: Sequence[Cost],
    alarms: Mapping[str, frozenset[str]],
    trials: Sequence[Trial],
) -> None:
    """Write everything measured so far."""
    if path is None:
        return
    data: dict[str, Any] = {
        "measured": datetime.now(UTC).isoformat(timespec="seconds"),
        "options": dict(options),
        "machine": {
            "processors": os.cpu_count(),
            "system": platform.system(),
            "architecture": platform.machine(),
            "python": platform.python_version(),
            "versions": {name: metadata.version(name) for name in _VERSIONS},
        },
        "goals": [asdict(goal) for goal in goals(costs, trials)],
        "runs": [asdict(run) for run in costs],
        "falseAlarms": {tool: sorted(names) for tool, names in alarms.items()},
        "faults": [asdict(trial) for trial in trials],
    }
    path.write_text(json.dumps(data, indent=2) + "\n", encoding="utf-8")


def read(path: Path) -> tuple[list[Cost], dict[str, frozenset[str]], list[Trial]]:
    """What an earlier comparison has written, finished or not."""
    data = json.loads(path.read_text(encoding="utf-8"))
    trials = [
        Trial(row["fault"], row["requirement"], *(_hunt(row[side]) for side in ("plain", "ours")))
        for row in data["faults"]
    ]
    alarms = {tool: frozenset(names) for tool, names in data["falseAlarms"].items()}
    return [Cost(**row) for row in data["runs"]], alarms, trials


def _hunt(row: dict[str, Any]) -> Hunt:
    return Hunt(**{**row, "findings": tuple(row["findings"])})


if __name__ == "__main__":
    sys.exit(main())
