"""Searching with Hypothesis: how long, from which seed, and how a failure is made smaller."""

from __future__ import annotations

import time
import zlib
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import hypothesis
from hypothesis.errors import Flaky
from hypothesis.stateful import RuleBasedStateMachine, run_state_machine_as_test
from hypothesis.strategies import SearchStrategy

from conformance.contract.model import Profile
from conformance.suite.service import Result, Service


class PropertyViolated(AssertionError):  # noqa: N818 - says what happened, to the reader of a test
    """A generated request violated a requirement; the judge has recorded which."""


def must_hold(*results: Result) -> None:
    """Fail a generated example for what the judge found, so that Hypothesis shrinks it."""
    for result in results:
        failed = result.judgement.failed
        if failed:
            first = failed[0]
            raise PropertyViolated(f"{first.requirement}: expected {first.expected}, got {first.actual}")


#: The smallest violation so far is on record, so little is lost when shrinking stops early.
SHRINKING_SECONDS = 3.0

#: How many examples a property gets in a profile, as a factor on its own number.
_FACTORS = {Profile.SMOKE: 0.2, Profile.CORE: 1.0, Profile.FULL: 5.0, Profile.FUZZ: 20.0}


class Shrinking:
    """How long the first failure of a search has been made smaller.

    Once that :attr:`is_over`, the search has to try nothing more: candidates
    that are not tried count as passing, which ends it.
    """

    def __init__(self) -> None:
        self._since: float | None = None

    def must_hold(self, *results: Result) -> None:
        """:func:`must_hold`, noting when it failed first."""
        with self.noting():
            must_hold(*results)

    @contextmanager
    def noting(self) -> Iterator[None]:
        """Note when a check in here failed first."""
        try:
            yield
        except PropertyViolated:
            self._since = self._since or time.monotonic()
            raise

    @property
    def is_over(self) -> bool:
        """Whether that has been long enough."""
        return self._since is not None and time.monotonic() > self._since + SHRINKING_SECONDS


def explore(
    service: Service, name: str, strategy: SearchStrategy[Any], check: Callable[[Any], None], *, examples: int
) -> None:
    """Draw examples, check each, and shrink the first that fails to the smallest request.

    ``examples`` is their number in ``core``.  Raises :class:`PropertyViolated`.
    """
    shrinking = Shrinking()
    factor = _FACTORS[Profile(service.settings.profile)]

    @hypothesis.seed(_seed(service, name))
    @hypothesis.settings(max_examples=max(1, round(examples * factor)))
    @hypothesis.given(strategy)
    def search(example: Any) -> None:
        if not shrinking.is_over:
            with shrinking.noting():
                check(example)

    with _answers_may_differ():
        search()


def explore_sequences(
    service: Service, name: str, machine: type[RuleBasedStateMachine], *, examples: int, steps: int
) -> None:
    """Draw ``examples`` sequences of at most ``steps`` requests, and shrink the first that fails.

    Raises :class:`PropertyViolated`.
    """
    seeded = hypothesis.seed(_seed(service, name))(machine)
    settings = hypothesis.settings(max_examples=examples, stateful_step_count=steps)
    with _answers_may_differ():
        run_state_machine_as_test(seeded, settings=settings)


def _seed(service: Service, name: str) -> int:
    """A seed from that of the run and the property's name, so that a run can be repeated."""
    return zlib.crc32(f"{service.settings.seed}:{name}".encode())


@contextmanager
def _answers_may_differ() -> Iterator[None]:
    try:
        yield
    except Flaky as problem:
        # Shrinking was ended, or the target answered the same request in two ways; the violation is on record.
        raise PropertyViolated(str(problem)) from problem
