"""The result of a comparison: goals, and a table in Markdown."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from statistics import median

from benchmarks.costs import CORE, PLAIN, PROFILES, Cost, middle, ratio
from benchmarks.finding import Hunt, Trial
from benchmarks.replay import CLIENTS

_TIMES_AS_MANY = 2.5
_TIMES_REPLAY = 2.0
_MIB = 1 << 20
LIMIT = f"replay of core ({next(iter(CLIENTS))})"
_COST_COLUMNS = (
    "wall",
    "to schemathesis",
    "CPU",
    "with the emulator's",
    "requests",
    "requests/s",
    "memory",
    "false alarms",
)
_FAULT_COLUMNS = (
    "caught",
    "time of all runs",
    "caught per minute",
    "CPU of all runs",
    "caught per CPU minute",
    "until first seen",
    "until first told",
)
_TOOLS = (PLAIN, *PROFILES, *(f"replay of core ({client})" for client in CLIENTS))


@dataclass(frozen=True, slots=True)
class Goal:
    """Something this project wants to reach, with what was measured."""

    words: str
    measured: str
    reached: bool


def goals(costs: Sequence[Cost], trials: Sequence[Trial]) -> Iterator[Goal]:
    """The goals for which there are measurements."""
    if trials:
        plain = [trial for trial in trials if trial.plain.caught]
        ours = sum(trial.ours.caught for trial in trials)
        missed = [trial.fault for trial in plain if not trial.ours.caught]
        yield Goal(
            "core catches every fault that schemathesis catches",
            f"{len(plain) - len(missed)} of {len(plain)}" + (f"; not {', '.join(missed)}" if missed else ""),
            not missed,
        )
        yield Goal(
            f"core catches at least {_TIMES_AS_MANY} times as many",
            f"{ours} to {len(plain)}" + (f", {ours / len(plain):.1f} times" if plain else ""),
            ours >= _TIMES_AS_MANY * len(plain),
        )
    if (times := ratio(costs, CORE, PLAIN)) is not None:
        yield Goal("core takes no more time than schemathesis", f"{times:.2f} times its time", times <= 1)
    if (times := ratio(costs, CORE, LIMIT)) is not None:
        yield Goal(
            f"core takes at most {_TIMES_REPLAY:.0f} times as long as its requests alone",
            f"{times:.1f} times",
            times <= _TIMES_REPLAY,
        )


def markdown(costs: Sequence[Cost], alarms: Mapping[str, frozenset[str]], trials: Sequence[Trial]) -> str:
    """All tables, ready for a README or a job's page."""
    parts = [_costs(costs), _shares(costs), _faults(alarms, trials), _goals(list(goals(costs, trials)))]
    return "\n\n".join(part for part in parts if part) + "\n"


def _costs(costs: Sequence[Cost]) -> str:
    if not costs:
        return ""
    lines = [
        _row("on the correct emulator", *_COST_COLUMNS),
        _rule(len(_COST_COLUMNS)),
    ]
    for tool in _TOOLS:
        one = middle(costs, tool)
        if one is None:
            continue
        lines.append(
            _row(
                _code(tool),
                f"{one.wall:.1f} s",
                _times(ratio(costs, tool, PLAIN)),
                f"{one.cpu:.1f} s",
                f"{one.work:.1f} s",
                f"{one.requests:,}",
                f"{one.requests / one.wall:,.0f}",
                f"{one.memory / _MIB:.0f} MiB",
                "" if tool.startswith("replay") else str(one.reported),
            )
        )
    rounds = len({cost.round for cost in costs})
    lines += ["", f"Medians of {rounds} rounds, in each of which every tool ran once; ratios within a round."]
    return "\n".join(lines)


def _shares(costs: Sequence[Cost]) -> str:
    core, bare = middle(costs, CORE), middle(costs, LIMIT)
    wall, work = ratio(costs, CORE, LIMIT), ratio(costs, CORE, LIMIT, of="work")
    if core is None or bare is None or wall is None or work is None:
        return ""
    waited = (
        "" if core.http is None else f"; {1 - core.http / core.wall:.0%} by its own clock around requests"
    )
    return (
        f"- `core` takes {wall:.1f} times as long as the bare replay of its own requests, {work:.1f} times in CPU "
        f"time of both ends.\n- {1 - 1 / wall:.0%} of its wall time is not HTTP, measured by that replay{waited}.\n"
        f"- {bare.agreeing or 0:.1%} of the replayed requests got the recorded status; the others carry page tokens, "
        "which no other process of the emulator accepts."
    )


def _faults(alarms: Mapping[str, frozenset[str]], trials: Sequence[Trial]) -> str:
    if not trials:
        return ""
    plain, ours = [trial.plain for trial in trials], [trial.ours for trial in trials]
    both, only_plain, only_ours, neither = (
        sum((trial.plain.caught, trial.ours.caught) == pair for trial in trials)
        for pair in ((True, True), (True, False), (False, True), (False, False))
    )
    lines = [
        _row(f"{len(trials)} planted faults", *_FAULT_COLUMNS),
        _rule(len(_FAULT_COLUMNS)),
        _fault_row(PLAIN, plain),
        _fault_row(CORE, ours),
        "",
        f"Caught by both {both}, by schemathesis alone {only_plain}, by core alone {only_ours}, by neither {neither}.",
        f"What they report of the correct emulator ({len(alarms[PLAIN])} and {len(alarms[CORE])} failures) does not count.",
    ]
    return "\n".join(lines)


def _fault_row(tool: str, hunts: Sequence[Hunt]) -> str:
    caught = sum(hunt.caught for hunt in hunts)
    wall, cpu = sum(hunt.wall for hunt in hunts), sum(hunt.cpu for hunt in hunts)
    found = [hunt.found for hunt in hunts if hunt.found is not None]
    told = [hunt.reported for hunt in hunts if hunt.caught and hunt.reported is not None]
    return _row(
        _code(tool),
        str(caught),
        f"{wall:.0f} s",
        f"{60 * caught / wall:.1f}",
        f"{cpu:.0f} s",
        f"{60 * caught / cpu:.1f}",
        _seconds(found),
        _seconds(told),
    )


def _row(*cells: str) -> str:
    return f"| {' | '.join(cells)} |"


def _rule(numbers: int) -> str:
    return "|---|" + "--:|" * numbers


def _goals(reached: Sequence[Goal]) -> str:
    if not reached:
        return ""
    lines = ["| goal | measured | |", "|---|---|---|"]
    lines += [
        _row(goal.words, goal.measured, "reached" if goal.reached else "not reached") for goal in reached
    ]
    return "\n".join(lines)


def _seconds(values: Sequence[float]) -> str:
    return f"{median(values):.1f} s" if values else "-"


def _times(value: float | None) -> str:
    return "" if value is None else f"{value:.2f}"


def _code(tool: str) -> str:
    return tool if tool.startswith("replay") else f"`{tool}`"
