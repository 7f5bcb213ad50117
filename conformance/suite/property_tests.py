"""What property tests have in common: how they fail, how long they search, how they are seeded."""

from __future__ import annotations

import secrets
import time
import zlib
from collections.abc import Callable
from typing import Any

import hypothesis
from hypothesis.errors import Flaky
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


def explore(
    service: Service, name: str, strategy: SearchStrategy[Any], check: Callable[[Any], None], *, examples: int
) -> None:
    """Draw examples, check each, and shrink the first that fails to the smallest request.

    ``examples`` is their number in ``core``.  The seed comes from ``--seed``
    and the property's name, so that a run can be repeated; ``fuzz`` draws
    afresh every time.  Raises :class:`PropertyViolated`.
    """
    settings = service.settings
    profile = Profile(settings.profile)
    number = max(1, round(examples * _FACTORS[profile]))
    start = (
        secrets.randbits(32) if profile is Profile.FUZZ else zlib.crc32(f"{settings.seed}:{name}".encode())
    )

    first_failure: float | None = None

    @hypothesis.seed(start)
    @hypothesis.settings(max_examples=number)
    @hypothesis.given(strategy)
    def search(example: Any) -> None:
        nonlocal first_failure
        if first_failure is not None and time.monotonic() > first_failure + SHRINKING_SECONDS:
            # Long enough: candidates that are no longer tried count as passing, which ends the shrinking.
            return
        try:
            check(example)
        except PropertyViolated:
            first_failure = first_failure or time.monotonic()
            raise

    try:
        search()
    except Flaky as problem:
        # The target answered the same request in two ways; the violation is on record.
        raise PropertyViolated(str(problem)) from problem
