"""What a run finds: both tools against the same sample of planted faults."""

from __future__ import annotations

import random
from collections import defaultdict
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass

from benchmarks.costs import CORE, PLAIN
from benchmarks.target import running
from benchmarks.tools import ToolRun, run_ours, run_plain
from tests.faults.catalogue import FAULTS
from tests.faults.model import Fault

_SHOWN = 5


@dataclass(frozen=True, slots=True)
class Hunt:
    """One tool's run against one fault: ``findings`` are those that it does not have on a correct service.

    ``found`` is when the first of them was seen, ``reported`` when the output first had a line of a failure.
    """

    tool: str
    exit_code: int
    wall: float
    cpu: float
    findings: tuple[str, ...]
    found: float | None
    reported: float | None

    @property
    def caught(self) -> bool:
        """Whether the tool noticed that something is wrong."""
        return bool(self.findings)


@dataclass(frozen=True, slots=True)
class Trial:
    """What both tools made of one fault."""

    fault: str
    requirement: str
    plain: Hunt
    ours: Hunt


def sample(faults: Iterable[Fault], size: int, seed: int) -> list[Fault]:
    """A sample with every operation in proportion to its faults, and at least one of each if there is room.

    Drawn, not chosen: whoever picks faults by hand picks those that come to mind, and so do tests.
    """
    groups: dict[str, list[Fault]] = defaultdict(list)
    for fault in sorted(faults, key=lambda fault: fault.name):
        groups[fault.operation].append(fault)
    shares = _shares({name: len(group) for name, group in groups.items()}, size)
    draw = random.Random(seed)
    drawn = [fault for name in sorted(groups) for fault in draw.sample(groups[name], shares[name])]
    draw.shuffle(drawn)
    return drawn


def _shares(sizes: Mapping[str, int], wanted: int) -> dict[str, int]:
    """How many of each group: one, if there is room for all, then in proportion (method of Sainte-Laguë)."""
    wanted = min(wanted, sum(sizes.values()))
    shares = dict.fromkeys(sorted(sizes), 1 if wanted >= len(sizes) else 0)
    for _ in range(wanted - sum(shares.values())):
        free = (name for name in shares if shares[name] < sizes[name])
        shares[max(free, key=lambda name: sizes[name] / (2 * shares[name] + 1))] += 1
    return shares


def false_alarms(seeds: int, say: Callable[[str], None], jobs: int = 1) -> dict[str, frozenset[str]]:
    """What each tool reports of a service that makes no mistake.

    Of schemathesis with several seeds, since that differs from seed to seed; the first is the one of the hunt.
    """
    plain: set[str] = set()
    with ThreadPoolExecutor(jobs) as pool:
        for seed, found in enumerate(pool.map(_plain_alarms, range(1, seeds + 1)), start=1):
            say(f"seed {seed}: {len(found - plain)} more false alarms of {PLAIN}")
            plain |= found
    with running() as emulator:
        ours = run_ours(emulator, CORE).names
    return {PLAIN: frozenset(plain), CORE: ours}


def _plain_alarms(seed: int) -> frozenset[str]:
    with running() as emulator:
        emulator.create_buckets()
        return run_plain(emulator, seed, tell=True).names


def hunt(
    faults: Sequence[Fault], alarms: Mapping[str, frozenset[str]], say: Callable[[str], None], jobs: int = 1
) -> Iterator[Trial]:
    """Run both tools against each fault, by turns in a different order; ``jobs`` faults at a time."""

    def turn(at: int) -> Trial:
        fault = faults[at]
        order = (PLAIN, CORE) if at % 2 == 0 else (CORE, PLAIN)
        hunts = {tool: _hunt(tool, fault, alarms[tool]) for tool in order}
        return Trial(fault.name, fault.requirement, hunts[PLAIN], hunts[CORE])

    with ThreadPoolExecutor(jobs) as pool:
        for at, trial in enumerate(pool.map(turn, range(len(faults))), start=1):
            verdicts = ", ".join(
                f"{one.tool} {'caught' if one.caught else 'missed'} in {one.wall:.0f} s"
                for one in (trial.plain, trial.ours)
            )
            say(f"{at}/{len(faults)} {trial.fault}: {verdicts}")
            yield trial


def _hunt(tool: str, fault: Fault, alarms: frozenset[str]) -> Hunt:
    with running(fault.name) as emulator:
        if tool == PLAIN:
            emulator.create_buckets()
            run = run_plain(emulator, seed=1, tell=True)
        else:
            run = run_ours(emulator, CORE)
    return hunted(tool, run, alarms)


def hunted(tool: str, run: ToolRun, alarms: frozenset[str]) -> Hunt:
    """A run of a tool without what it reports of a correct service as well."""
    new = [finding for finding in run.findings if finding.name not in alarms]
    return Hunt(
        tool,
        run.measured.exit_code,
        run.measured.wall,
        run.measured.cpu,
        tuple(finding.name for finding in new[:_SHOWN]),
        min((finding.seconds for finding in new), default=None),
        run.measured.first_failure,
    )


def all_faults() -> list[Fault]:
    """Every planted fault there is."""
    return list(FAULTS.values())
