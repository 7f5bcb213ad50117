"""The result of a measurement as text."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass

from tests.mutants.places import Mutant
from tests.mutants.reviewed import Review, as_entry, review_of
from tests.mutants.trial import VERDICTS, Ending

#: Share of the mutants that matter which the suite must tell from a correct service.
GOAL = 0.95


@dataclass(frozen=True, slots=True)
class Score:
    """Counts of a measurement.  A survivor matters if it is a gap, or was not judged yet."""

    killed: int
    gaps: tuple[Mutant, ...]
    unjudged: tuple[Mutant, ...]
    harmless: int

    @property
    def share(self) -> float:
        """Killed among those that matter."""
        counting = self.killed + len(self.gaps) + len(self.unjudged)
        return self.killed / counting if counting else 1.0

    @property
    def good(self) -> bool:
        """Whether every survivor was judged and the goal is reached."""
        return not self.unjudged and self.share >= GOAL


def score(results: Sequence[tuple[Mutant, Ending]], reviews: Sequence[Review]) -> Score:
    """What trials say, together with the judgements of survivors."""
    survivors = [(mutant, review_of(mutant.identity, reviews)) for mutant, end in results if not end.killed]
    return Score(
        killed=sum(end.killed for _, end in results),
        gaps=tuple(mutant for mutant, review in survivors if review and review.verdict == "gap"),
        unjudged=tuple(mutant for mutant, review in survivors if review is None),
        harmless=sum(1 for _, review in survivors if review and review.verdict != "gap"),
    )


def render(results: Sequence[tuple[Mutant, Ending]], reviews: Sequence[Review], seconds: float) -> str:
    """Counts per module, every survivor with its judgement, and the score."""
    groups: dict[str, list[str]] = defaultdict(list)
    for mutant, ending in results:
        groups[mutant.identity.module].append(ending.verdict)
    lines = [f"{'module':24} {'mutants':>8}" + "".join(f"{name:>11}" for name in VERDICTS)]
    lines += [_row(name, verdicts) for name, verdicts in sorted(groups.items())]
    lines.append(_row("all", [ending.verdict for _, ending in results]))
    for mutant, ending in sorted(results, key=lambda result: (result[0].identity.module, result[0].line)):
        if ending.suite_errors:
            lines.append(f"the suite itself failed: {mutant}: {ending.suite_errors[0]}")
        if ending.verdict != "survived":
            continue
        review = review_of(mutant.identity, reviews)
        lines.append(f"{review.verdict if review else 'NOT REVIEWED'}: {mutant}")
        if review is not None:
            lines.append(f"    {review.reason}")
    total = score(results, reviews)
    for mutant, ending in results:
        review = review_of(mutant.identity, reviews)
        if ending.killed and review is not None and review.verdict == "gap":
            lines.append(f"closed, so remove it from the reviewed ones: {mutant}")
    if total.unjudged:
        lines.append("\nto be judged in tests/mutants/reviewed:")
        lines += [as_entry(mutant.identity).rstrip() for mutant in total.unjudged]
    lines.append(
        f"{total.killed} killed, {len(total.gaps)} gaps, {len(total.unjudged)} not judged, {total.harmless} "
        f"harmless: {100 * total.share:.1f} % of those that matter (goal {100 * GOAL:.0f} %), {seconds:.0f} s"
    )
    return "\n".join(lines)


def _row(name: str, verdicts: Sequence[str]) -> str:
    return f"{name:24} {len(verdicts):8}" + "".join(f"{verdicts.count(one):11}" for one in VERDICTS)
