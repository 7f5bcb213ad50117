"""What a run may spend: requests per second, requests, time and resources.

Every request of a test passes here before it is sent, so the limits hold for
the run as a whole, whatever the tests and however many workers there are.
Clean-up does not pass here: what was made is always deleted.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

from conformance.suite.settings import RunSettings
from conformance.wire.ledger import Ledger
from conformance.wire.meter import Meter

# Rates of a target that throttles although it was asked within its documented rate, or has none.
_FIRST_RATE = 5.0
_SLOWEST_RATE = 0.5


class BudgetSpent(Exception):  # noqa: N818 - a limit of the user, not an error
    """The run has used up what the user allowed it; says which limit."""


class Spending:
    """Keeps one worker within the rates and budgets of its run."""

    def __init__(
        self,
        settings: RunSettings,
        ledger: Ledger,
        *,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._settings = settings
        self._ledger = ledger
        self._sleep = sleep
        self._clock = clock
        self._now = now
        self._alive = 0
        self._meter: Meter | None = None
        self.spent: str | None = None
        if settings.is_limited:
            self._meter = Meter(Path(settings.meter) if settings.meter is not None else None)
            if settings.meter is None:
                self._meter.set_rates(settings.rates)

    def close(self) -> None:
        """Let go of the shared figures."""
        if self._meter is not None:
            self._meter.close()

    def check(self) -> None:
        """Raise :class:`BudgetSpent` again when a limit was reached before."""
        if self.spent is not None:
            raise BudgetSpent(self.spent)

    def before(self, operation: str, *, times: int = 1) -> None:
        """Wait until requests of an operation may be sent; raises :class:`BudgetSpent` when they may not at all."""
        meter = self._meter
        if meter is None:
            return
        self.check()
        settings = self._settings
        if settings.deadline is not None and self._now() >= settings.deadline:
            self._end(f"the {settings.max_duration:g} seconds of --max-duration are over")
        # A create is in the ledger before it is sent, so the one that would be too many is counted already.
        if settings.max_resources is not None and self._resources(meter) > settings.max_resources:
            self._end(f"the {settings.max_resources} resources of --max-resources exist")
        if not meter.spend(times, settings.max_requests):
            self._end(f"the {settings.max_requests} requests of --max-requests are used up")
        # Requests that belong together leave together: when the last of them may, and what follows keeps
        # as much distance, since a service that counts by the second sees them all at once.
        wait = max([meter.take_slot(operation, self._clock()) for _ in range(times)])
        for _ in range(times - 1):
            meter.take_slot(operation, self._clock())
        if wait > 0:
            self._sleep(wait)

    def throttled(self, operation: str) -> None:
        """Slow an operation down that was throttled all the same."""
        if self._meter is not None:
            self._meter.slow_down(operation, self._clock(), first=_FIRST_RATE, slowest=_SLOWEST_RATE)

    def _resources(self, meter: Meter) -> int:
        """The resources of all workers, this one's as its ledger has them now."""
        alive = len(self._ledger.live())
        added, self._alive = alive - self._alive, alive
        return meter.count(resources=added).resources

    def _end(self, why: str) -> None:
        self.spent = why
        self.check()
