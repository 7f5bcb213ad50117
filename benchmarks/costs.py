"""What a run costs: the tools, and the bare replay that is their limit, in turns on a correct emulator."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from statistics import median

from benchmarks.replay import CLIENTS
from benchmarks.target import Running, running
from benchmarks.tools import ToolRun, run_ours, run_plain

PLAIN = "schemathesis run"
CORE = "core"
#: What is compared, apart from schemathesis: our profiles and the number of processes.
PROFILES: Mapping[str, tuple[str, int]] = {
    "smoke": ("smoke", 0),
    CORE: (CORE, 0),
    "core -n 2": (CORE, 2),
    "full": ("full", 0),
}


@dataclass(frozen=True, slots=True)
class Cost:
    """One run of one tool.

    ``work`` is the CPU time of the tool and of the emulator together: what the wall time would be on a machine
    that does nothing else, hence a number that other load changes little.  ``http`` is the time spent waiting
    for answers, where the tool tells it; ``agreeing`` the share of replayed requests that got the recorded status.
    ``reported`` counts what the tool calls failures, all of them false alarms here.
    """

    tool: str
    round: int
    wall: float
    cpu: float
    work: float
    requests: int
    memory: int
    exit_code: int = 0
    reported: int = 0
    http: float | None = None
    agreeing: float | None = None


def measure_costs(rounds: int, say: Callable[[str], None]) -> list[Cost]:
    """Run every tool ``rounds`` times in turns, so that a slow minute of the machine hits all of them."""
    costs: list[Cost] = []
    for turn in range(rounds):
        for cost in _round(turn):
            say(
                f"{cost.tool}, round {turn + 1}: {cost.wall:.1f} s, {cost.cpu:.1f} s CPU, {cost.requests} requests"
            )
            costs.append(cost)
    return costs


def _round(turn: int) -> Iterator[Cost]:
    with running() as emulator:
        prepared = emulator.create_buckets()
        run = run_plain(emulator, seed=turn + 1, tell=False)
    yield _cost(PLAIN, turn, run, emulator, prepared)
    for name, (profile, workers) in PROFILES.items():
        with running() as emulator:
            run = run_ours(emulator, profile, workers)
        yield _cost(name, turn, run, emulator)
        if name == CORE:
            # Next to what it is compared with.
            yield from _replays(turn)


def _replays(turn: int) -> Iterator[Cost]:
    with tempfile.TemporaryDirectory(prefix="benchmark-") as folder:
        recording = Path(folder) / "requests.json"
        # Not measured: an emulator that keeps a copy of every request is slower.
        with running(recording=recording) as emulator:
            run_ours(emulator, CORE)
        for client in CLIENTS:
            yield replayed(recording, client, turn)


def replayed(recording: Path, client: str, turn: int) -> Cost:
    """What it takes to do nothing but send recorded requests again."""
    command = [sys.executable, "-m", "benchmarks.replay", str(recording), "--client", client]
    with running() as emulator:
        done = subprocess.run([*command, emulator.endpoint], capture_output=True, text=True, check=True)  # noqa: S603 - made above
    told = json.loads(done.stdout)
    return Cost(
        tool=f"replay of core ({client})",
        round=turn,
        wall=told["wall"],
        cpu=told["cpu"],
        work=told["cpu"] + emulator.cpu,
        requests=emulator.requests,
        memory=told["memory"],
        agreeing=told["same_status"] / told["requests"],
    )


def _cost(tool: str, turn: int, run: ToolRun, emulator: Running, prepared: int = 0) -> Cost:
    measured = run.measured
    return Cost(
        tool=tool,
        round=turn,
        wall=measured.wall,
        cpu=measured.cpu,
        work=measured.cpu + emulator.cpu,
        requests=emulator.requests - prepared,
        memory=measured.memory,
        exit_code=measured.exit_code,
        reported=run.reported,
        http=run.http,
    )


def middle(costs: Sequence[Cost], tool: str) -> Cost | None:
    """The run of a tool with the median of every number; ``None`` if there is no run of it."""
    runs = [cost for cost in costs if cost.tool == tool]
    if not runs:
        return None
    https = [run.http for run in runs if run.http is not None]
    return replace(
        runs[0],
        wall=median(run.wall for run in runs),
        cpu=median(run.cpu for run in runs),
        work=median(run.work for run in runs),
        requests=round(median(run.requests for run in runs)),
        memory=round(median(run.memory for run in runs)),
        reported=round(median(run.reported for run in runs)),
        http=median(https) if https else None,
    )


def ratio(costs: Sequence[Cost], tool: str, to: str, *, of: str = "wall") -> float | None:
    """How many times as much one tool takes as another: the median over the rounds that have both.

    Within a round the tools ran one after the other, so that load of the machine cancels out.
    """
    by_round = {(cost.round, cost.tool): float(getattr(cost, of)) for cost in costs}
    rounds = sorted({cost.round for cost in costs})
    ratios = [
        by_round[at, tool] / by_round[at, to] for at in rounds if {(at, tool), (at, to)} <= by_round.keys()
    ]
    return median(ratios) if ratios else None
