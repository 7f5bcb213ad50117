"""The result of a measurement as a table per operation."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping
from statistics import median

from tests.faults.model import Fault
from tests.faults.trial import Outcome

_VERDICTS = ("right", "other", "missed")


def render(outcomes: Iterable[Outcome], faults: Mapping[str, Fault], seconds: float) -> str:
    """Counts per operation, then every fault that was not caught under its name."""
    groups: dict[str, list[Outcome]] = defaultdict(list)
    every = list(outcomes)
    for outcome in every:
        fault = faults.get(outcome.fault)
        groups[fault.operation if fault is not None else "(no fault)"].append(outcome)
    lines = [f"{'operation':20} {'faults':>6} {'right':>6} {'other':>6} {'missed':>6} {'first report':>22}"]
    lines += [_row(name, group) for name, group in sorted(groups.items())]
    lines.append(_row("all", every))
    for outcome in sorted(every, key=lambda item: item.fault):
        if outcome.verdict != "right":
            fault = faults.get(outcome.fault)
            wanted = fault.requirement if fault is not None else "-"
            lines.append(
                f"{outcome.verdict}: {outcome.fault} (violates {wanted}); {', '.join(outcome.reported) or 'silence'}"
            )
    lines.append(f"{len(every)} faults in {seconds:.0f} s")
    return "\n".join(lines)


def _row(name: str, group: list[Outcome]) -> str:
    counts = [sum(outcome.verdict == verdict for outcome in group) for verdict in _VERDICTS]
    times = [outcome.first_seconds for outcome in group if outcome.first_seconds is not None]
    sent = [outcome.first_requests for outcome in group if outcome.first_requests is not None]
    first = f"{median(times):.2f} s, {median(sent):.0f} requests" if times else "-"
    return f"{name:20} {len(group):6} {counts[0]:6} {counts[1]:6} {counts[2]:6} {first:>22}"
