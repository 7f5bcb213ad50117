"""Recall of an approximate index, added up over many answers.

The service promises about 90 % recall (Vector data user guide, Search), which
says nothing about a single answer: a query for three vectors may legally miss
one of them.  Where ``--min-recall`` is below one, what an answer misses is
therefore only counted, and judged when the count itself cannot be chance.
"""

from __future__ import annotations

import math
from collections.abc import Hashable, Iterable
from dataclasses import dataclass, field

# One in a billion: a verdict is looked for after each of some thousand answers, and neighbours that one
# index misses are not quite independent of each other.
_CERTAINTY = math.log(1e9)


@dataclass(frozen=True, slots=True)
class Sample:
    """What one query found of one thing that it had to find.

    ``identity`` tells samples apart.  An approximate index misses the same
    vector whenever the same query is asked, so asking again proves nothing and
    a sample counts once.
    """

    identity: Hashable
    found: int
    wanted: int = 1


@dataclass(frozen=True, slots=True)
class Total:
    """The samples of one requirement together."""

    found: int
    wanted: int

    def admits(self, least: float) -> bool:
        """Whether a target with a recall of ``least`` or more can have got here.

        Chernoff's bound: the chance of a share this low is at most
        ``exp(-wanted * divergence)``.
        """
        if not self.wanted or self.found >= least * self.wanted:
            return True
        return self.wanted * _divergence(self.found / self.wanted, least) < _CERTAINTY

    def __str__(self) -> str:
        share = self.found / self.wanted if self.wanted else 1.0
        return f"{share:.0%} ({self.found:,} of {self.wanted:,}) over all queries"


@dataclass(slots=True)
class Tally:
    """The samples of a run so far, by requirement."""

    samples: dict[str, dict[Hashable, Sample]] = field(default_factory=dict)
    sums: dict[str, Total] = field(default_factory=dict)

    def add(self, requirement: str, samples: Iterable[Sample]) -> list[tuple[str, Hashable]]:
        """Count samples that are new; returns those, for :meth:`forget`."""
        known = self.samples.setdefault(requirement, {})
        new = [sample for sample in samples if sample.identity not in known]
        for sample in new:
            known[sample.identity] = sample
            self._count(requirement, sample, 1)
        return [(requirement, sample.identity) for sample in new]

    def forget(self, counted: Iterable[tuple[str, Hashable]]) -> None:
        """Take back samples of an answer that came too early to count."""
        for requirement, identity in counted:
            self._count(requirement, self.samples[requirement].pop(identity), -1)

    def total(self, requirement: str) -> Total:
        """Everything counted for a requirement."""
        return self.sums.get(requirement, Total(0, 0))

    def _count(self, requirement: str, sample: Sample, sign: int) -> None:
        before = self.total(requirement)
        self.sums[requirement] = Total(
            before.found + sign * sample.found, before.wanted + sign * sample.wanted
        )


def _divergence(share: float, least: float) -> float:
    """Relative entropy of two biased coins, infinite where the second cannot give what the first shows."""
    parts = ((share, least), (1.0 - share, 1.0 - least))
    if any(seen and not possible for seen, possible in parts):
        return math.inf
    return sum(seen * math.log(seen / possible) for seen, possible in parts if seen)
