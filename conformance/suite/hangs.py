"""Which requests a target leaves without an answer, so that no kind is waited for again and again.

A target may answer everything but one operation, or everything but chunked
bodies.  Each such request costs a whole read timeout, and after some of them a
run takes its target for gone: what it does answer would then stay undecided.
"""

from __future__ import annotations

from collections import Counter

from conformance.wire.exchange import Exchange, FailureKind

#: Requests of one operation in a row; any answer to that operation starts the count again.
MOST_OF_AN_OPERATION = 3
#: Requests that attack one requirement, whatever their operation.
MOST_OF_A_REQUIREMENT = 2


class Hangs:
    """Counts the requests of one worker that were not answered in time."""

    def __init__(self) -> None:
        self._in_a_row: Counter[str] = Counter()
        self._of_requirement: Counter[str] = Counter()

    def reason(self, operation: str, attack: str | None) -> str | None:
        """Why another such request is not worth its wait; ``None`` while it is."""
        if self._in_a_row[operation] >= MOST_OF_AN_OPERATION:
            return f"the last {MOST_OF_AN_OPERATION} requests of {operation} were not answered in time"
        if attack is not None and self._of_requirement[attack] >= MOST_OF_A_REQUIREMENT:
            return f"{MOST_OF_A_REQUIREMENT} requests like it were not answered in time"
        return None

    def note(self, exchange: Exchange, attack: str | None) -> None:
        """Count an exchange."""
        if exchange.response is not None:
            self._in_a_row[exchange.operation] = 0
        elif exchange.failure is not None and exchange.failure.kind is FailureKind.TIMEOUT:
            self._in_a_row[exchange.operation] += 1
            if attack is not None:
                self._of_requirement[attack] += 1
