"""The documented request rates, enforced on request (``--enforce-rates``).

PutVectorIndex page, Notes: 5 requests per second. PutVectors page, Notes: 1000 requests per second and 2500
vectors in all concurrent requests. Beyond, 503 QpsLimitExceeded. Reads and deletes have no stated rate.
"""

from __future__ import annotations

from collections import defaultdict, deque
from collections.abc import Mapping

from oss_vectors_emulator.clock import Clock
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.limits import Limits


class Rates:
    """No limits at all, the default: a local server has no neighbours to protect."""

    def admit(self, operation: str, account: str) -> None:
        """Let a request pass, or refuse it."""

    def hold(self, request_id: str, account: str, vectors: int) -> None:
        """Count the vectors of a PutVectors request as in flight."""

    def release(self, request_id: str) -> None:
        """The answer of a request has been sent."""


class EnforcedRates(Rates):
    """A sliding window of one second per account and operation."""

    def __init__(self, limits: Limits, clock: Clock) -> None:
        self.clock = clock
        self.per_second: Mapping[str, int] = {
            "PutVectorIndex": limits.put_index_per_second,
            "PutVectors": limits.put_vectors_per_second,
        }
        self.in_flight_max = limits.put_vectors_in_flight
        self._admitted: dict[tuple[str, str], deque[float]] = defaultdict(deque)
        self._held: dict[str, tuple[str, int]] = {}

    def admit(self, operation: str, account: str) -> None:
        """Refused requests do not count against the rate."""
        most = self.per_second.get(operation)
        if most is None:
            return
        now = self.clock.monotonic()
        window = self._admitted[account, operation]
        while window and now - window[0] >= 1.0:
            window.popleft()
        if len(window) >= most:
            raise ServiceError("QpsLimitExceeded")
        window.append(now)

    def hold(self, request_id: str, account: str, vectors: int) -> None:
        """Refuse when this and all unanswered requests of the account exceed the vectors in flight."""
        busy = sum(count for owner, count in self._held.values() if owner == account)
        if busy + vectors > self.in_flight_max:
            raise ServiceError("QpsLimitExceeded")
        self._held[request_id] = (account, vectors)

    def release(self, request_id: str) -> None:
        """Forget the vectors of an answered request; unknown ids are fine."""
        self._held.pop(request_id, None)
