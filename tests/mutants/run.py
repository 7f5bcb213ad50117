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
from itertools import islice
from pathlib import Path

import pytest

from tests.faults.forking import Forks, with_collected_suite
from tests.faults.trial import decided_by
from tests.mutants.exclusions import Exclusions
from tests.mutants.loading import MutatedPackage
from tests.mutants.operators import all_operators
from tests.mutants.places import PACKAGE, Mutant, Place, Sources, find_places, mutants, sample
from tests.mutants.reach import Reach, Tracer, fingerprint, words
from tests.mutants.reviewed import JUDGEMENTS, Review, load_reviews, review_of
from tests.mutants.table import render, score
from tests.mutants.trial import LONGEST_SECONDS, Ending, attempt, core_tests, survey
from tests.mutants.uses import Uses

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
    whole: bool = False
    results: list[tuple[Mutant, Ending]] = field(default_factory=list)
    killers: dict[str, list[str]] = field(default_factory=dict)

    def survey(self, session: pytest.Session, tracer: Tracer) -> Reach:
        """What tests reach; without a mutation nothing may be reported, or no verdict means anything."""

        def work(_: None) -> bytes:
            ending, reach = survey(session, self.package, tracer)
            return ending.to_bytes() + b"\n" + reach.to_json().encode()

        forks = Forks[None](work, jobs=1, deadline=_DEADLINE_SECONDS)
        (answer,) = [answer for _, answer, _ in forks.answers([None])]
        ending, _, text = answer.partition(b"\n")
        if not answer or Ending.from_bytes(ending).killed or Ending.from_bytes(ending).suite_errors:
            raise RuntimeError(f"the emulator as it is does not pass: {ending.decode()}")
        return Reach.from_json(text.decode())

    def run(self, session: pytest.Session, chosen: Iterator[Mutant], reach: Reach, uses: Uses) -> None:
        """Try mutants until there are no more."""
        names = {
            test: words(" ".join([test, *decided_by(item)])) for test, item in core_tests(session).items()
        }

        def work(mutant: Mutant) -> bytes:
            killers = self.killers.get(mutant.identity.module, ())
            needed = reach.needed(uses.spans(mutant.identity.module, mutant.line))
            tests = names if needed is None else {test: names[test] for test in needed if test in names}
            order = reach.in_order(mutant, tests, killers)
            if self.whole:
                order += [test for test in names if test not in tests]
            if not order:
                return Ending("survived", "no test runs this line").to_bytes()
            return attempt(session, self.package, mutant, order).to_bytes()

        forks = Forks[Mutant](work, jobs=self.jobs, deadline=_DEADLINE_SECONDS)
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
    wanted = [review for review in reviews if review.verdict == verdict]
    return [place for place in places if any(r.is_about(place.module, place.scope) for r in wanted)]


def is_judged(mutant: Mutant, reviews: Sequence[Review], verdict: str) -> bool:
    """Whether the judgement that holds for a mutant is this one."""
    review = review_of(mutant.identity, reviews)
    return review is not None and review.verdict == verdict


def main(arguments: Sequence[str] | None = None) -> int:
    """Measure and print a table; 0 if every survivor was judged and the goal is reached."""
    options = _parser().parse_args(arguments)
    sources, operators, reviews = Sources.read(ROOT / PACKAGE), all_operators(), load_reviews()
    places = find_places(sources, operators, Exclusions.load(), options.module)
    chosen: Iterator[Mutant]
    if options.again is not None:
        places = under_review(places, reviews, options.again)
        every = mutants(sample(places, None, options.seed), sources, operators)
        judged = filter(lambda mutant: is_judged(mutant, reviews, options.again), every)
        chosen = islice(judged, options.sample)
    else:
        chosen = mutants(sample(places, options.sample, options.seed), sources, operators)
    if options.out is not None:
        options.out.unlink(missing_ok=True)
    known = reviews if options.again is None else ()
    measurement = Measurement(
        MutatedPackage(sources), options.jobs, options.verbose, options.out, known, options.whole
    )
    started = time.monotonic()

    def use(session: pytest.Session) -> None:
        file = ROOT / "build" / "mutants" / f"reach-{fingerprint(ROOT)}.json"
        if options.skip_survey:
            reach = Reach({}, {}, {})
        elif file.is_file():
            reach = Reach.from_json(file.read_text(encoding="utf-8"))
        else:
            reach = measurement.survey(session, Tracer(sources))
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text(reach.to_json(), encoding="utf-8")
        _say(f"{len(reach.tests)} tests and what they reach, after {time.monotonic() - started:.0f} s")
        measurement.run(session, until(chosen, options.minutes), reach, Uses(sources))

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
    parser.add_argument(
        "--again", choices=JUDGEMENTS, help="only mutants that were judged so, in random order"
    )
    parser.add_argument(
        "--skip-survey",
        action="store_true",
        help="run all tests against each mutant: quicker for a few mutants",
    )
    parser.add_argument(
        "--whole", action="store_true", help="also run the tests that never reach what was changed"
    )
    parser.add_argument("--jobs", type=int, default=2)
    parser.add_argument("--verbose", action="store_true", help="print every trial")
    parser.add_argument("--out", type=Path, metavar="FILE", help="file that gets a line of JSON per mutant")
    return parser


if __name__ == "__main__":
    sys.exit(main())
