"""Measures the suite with source mutants of the emulator: which of them does a default run notice?

``python -m tests.mutants.run --sample 200 --minutes 15``.  Mutants are drawn at random from all places of the
emulator's source, made in memory and served by a forked process; the files stay as they are.
"""

from __future__ import annotations

import argparse
import json
import sys
import time
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import pytest

from tests.faults.forking import Forks, with_collected_suite
from tests.mutants.exclusions import Exclusions
from tests.mutants.loading import MutatedPackage
from tests.mutants.operators import all_operators
from tests.mutants.places import PACKAGE, Mutant, Place, Sources, find_places, mutants, sample
from tests.mutants.reviewed import JUDGEMENTS, Review, load_reviews, review_of
from tests.mutants.table import render, score
from tests.mutants.trial import LONGEST_SECONDS, Ending, attempt

ROOT = Path(__file__).resolve().parents[2]
_KILLERS_KEPT = 12
# A trial ends itself before, unless the mutant keeps one test busy without end.
_DEADLINE_SECONDS = 2 * LONGEST_SECONDS


@dataclass
class Measurement:
    """Trials of mutants, and what was learned for the next ones.

    ``killers`` are tests that told a mutant of a module, the latest first.  They go first for other mutants
    of that module, which says nothing about the verdict and saves most of the time.
    """

    package: MutatedPackage
    jobs: int = 2
    verbose: bool = False
    out: Path | None = None
    reviews: Sequence[Review] = ()
    results: list[tuple[Mutant, Ending]] = field(default_factory=list)
    killers: dict[str, list[str]] = field(default_factory=dict)

    def check_baseline(self, session: pytest.Session) -> None:
        """Without a mutation nothing may be reported, or no verdict means anything."""
        forks = Forks[None](
            lambda _: attempt(session, self.package, None, ()).to_bytes(),
            jobs=1,
            deadline=_DEADLINE_SECONDS,
        )
        for _, answer, _ in forks.answers([None]):
            ending = Ending.from_bytes(answer) if answer else None
            if ending is None or ending.killed or ending.suite_errors:
                raise RuntimeError(f"the emulator as it is does not pass: {ending}")

    def run(self, session: pytest.Session, chosen: Iterator[Mutant]) -> None:
        """Try mutants until there are no more."""
        forks = Forks[Mutant](
            lambda m: attempt(session, self.package, m, self.killers.get(m.identity.module, ())).to_bytes(),
            jobs=self.jobs,
            deadline=_DEADLINE_SECONDS,
        )
        for mutant, answer, seconds in forks.answers(self._not_harmless(chosen)):
            self._note(mutant, ending_of(mutant, answer, seconds))

    def _not_harmless(self, chosen: Iterator[Mutant]) -> Iterator[Mutant]:
        """What was not judged harmless: trying that again takes longest of all and cannot change the score."""
        for mutant in chosen:
            review = review_of(mutant.identity, self.reviews)
            if review is None or review.verdict == "gap":
                yield mutant
            else:
                self._note(mutant, Ending("skipped"))

    def _note(self, mutant: Mutant, ending: Ending) -> None:
        self.results.append((mutant, ending))
        if ending.test:
            known = self.killers.setdefault(mutant.identity.module, [])
            self.killers[mutant.identity.module] = list(dict.fromkeys([ending.test, *known]))[:_KILLERS_KEPT]
        if self.out is not None:
            line = {**asdict(mutant.identity), "line": mutant.line, **asdict(ending)}
            with self.out.open("a", encoding="utf-8") as file:
                file.write(json.dumps(line) + "\n")
        if self.verbose or ending.verdict == "survived":
            _say(f"{ending.verdict:9} {ending.seconds:6.1f} s  {mutant}  [{ending.detail}]")


def ending_of(mutant: Mutant, answer: bytes, seconds: float) -> Ending:
    """How a trial ended; one that gave no answer was too slow, or it broke, which is no verdict."""
    if answer:
        return Ending.from_bytes(answer)
    if seconds < _DEADLINE_SECONDS:
        raise RuntimeError(f"the trial itself broke: {mutant}")
    return Ending("timeout", "the trial had to be ended", seconds=round(seconds, 2))


def until(chosen: Iterator[Mutant], minutes: float | None) -> Iterator[Mutant]:
    """Mutants as long as there is time."""
    end = None if minutes is None else time.monotonic() + 60 * minutes
    for mutant in chosen:
        if end is not None and time.monotonic() > end:
            return
        yield mutant


def under_review(places: Sequence[Place], reviews: Sequence[Review], verdict: str) -> list[Place]:
    """Places of which some mutant was judged so."""
    wanted = {(r.identity.module, r.identity.scope) for r in reviews if r.verdict == verdict}
    return [place for place in places if (place.module, place.scope) in wanted]


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table; 0 if every survivor was judged and the goal is reached."""
    options = _parser().parse_args(arguments)
    sources, operators, reviews = Sources.read(ROOT / PACKAGE), all_operators(), load_reviews()
    places = find_places(sources, operators, Exclusions.load(), options.module)
    chosen: Iterator[Mutant]
    if options.again is not None:
        every = mutants(under_review(places, reviews, options.again), sources, operators)
        judged = [r for r in reviews if r.verdict == options.again]
        chosen = filter(lambda mutant: any(r.concerns(mutant.identity) for r in judged), every)
    else:
        chosen = mutants(sample(places, options.sample, options.seed), sources, operators)
    if options.out is not None:
        options.out.unlink(missing_ok=True)
    known = reviews if options.again is None else ()
    measurement = Measurement(MutatedPackage(sources), options.jobs, options.verbose, options.out, known)
    started = time.monotonic()

    def use(session: pytest.Session) -> None:
        if not options.skip_baseline:
            measurement.check_baseline(session)
        measurement.run(session, until(chosen, options.minutes))

    with_collected_suite(use)
    _say(render(measurement.results, reviews, time.monotonic() - started))
    return 0 if measurement.results and score(measurement.results, reviews).good else 1


def _say(text: str) -> None:
    sys.stdout.write(f"{text}\n")
    sys.stdout.flush()


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="mutants", description=__doc__.splitlines()[0] if __doc__ else None)
    parser.add_argument("--sample", type=int, metavar="N", help="so many places (default: every mutant)")
    parser.add_argument("--seed", type=int, default=0, help="seed of the sample (default %(default)s)")
    parser.add_argument("--minutes", type=float, metavar="M", help="start no trial after M minutes")
    parser.add_argument("--module", default="*", metavar="GLOB", help="modules, such as 'validation.*'")
    parser.add_argument("--again", choices=JUDGEMENTS, help="only the mutants that were judged so")
    parser.add_argument(
        "--skip-baseline", action="store_true", help="trust that the emulator as it is passes: a quicker look"
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--verbose", action="store_true", help="print every trial")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file that gets a line of JSON per mutant")
    return parser


if __name__ == "__main__":
    sys.exit(main())
