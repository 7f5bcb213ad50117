"""Gets a request answered, as patiently as a target deserves and no longer than that.

A rate limit, a gateway whose service restarts or a broken connection says
nothing about conformance, so such a request is repeated.  A target that only
throttles, hangs or is gone must not keep a run for hours either, so every kind
of patience is bounded over the whole run.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass

from conformance.oracle.envelope import describe, error_of
from conformance.oracle.judge import is_throttled
from conformance.wire.exchange import Exchange, FailureKind, Request, Response

#: The request that any living target answers and that changes nothing.
PROBE = Request("ListVectorBuckets", "GET", "max-keys=1")
REQUEST_ID_HEADER = "x-oss-request-id"

THROTTLE_PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0)
# A target that stayed throttled through all pauses gets this many fewer the next time.
_FEWER_PAUSES = 2
# How long a target that went away may take to come back.
RETURN_PAUSES = (0.5, 1.0, 2.0, 4.0)
_GATEWAY_PAUSE = 0.8
# Gateways in front of a service answer these while it restarts; the request is sent once more.
_TRANSIENT = frozenset({502, 504})
# The same without any sign of the service behind it: nobody has read the request.
_NOBODY_THERE = frozenset({502, 503, 504})

#: Limits of the whole run; a target that reaches one is taken for gone.
MOST_THROTTLED_IN_A_ROW = 3
MOST_TIMEOUTS = 10
MOST_OUTAGES = 10
# With so many gateway errors in a row, pausing for each would take longer than the run.
_MOST_GATEWAY_PAUSES = 3
_MOST_UNANSWERED_PROBES = 2


class TargetGone(Exception):  # noqa: N818 - the target's state, not an error of the suite
    """The endpoint stopped answering altogether."""


@dataclass(frozen=True, slots=True)
class Delivered:
    """The exchange to judge, and the earlier attempts of which nobody knows whether they took effect."""

    exchange: Exchange
    lost: tuple[Exchange, ...] = ()


class Delivery:
    """Sends the requests of one worker and remembers how the target has behaved.

    ``gone`` is the sentence on why nothing is sent any more; ``outages`` counts
    how often the target went away and came back.
    """

    def __init__(
        self,
        send: Callable[[Request], Exchange],
        sleep: Callable[[float], None] = time.sleep,
        *,
        throttled: Callable[[str], None] | None = None,
    ) -> None:
        """``throttled`` is called with the operation of every request that was throttled."""
        self._send = send
        self._sleep = sleep
        self._note_throttled = throttled
        self._throttled_in_a_row = 0
        self._throttled_by_operation: Counter[str] = Counter()
        self._gateway_errors_in_a_row = 0
        self._timeouts = 0
        self.outages = 0
        self.gone: str | None = None

    def deliver(self, request: Request) -> Delivered:
        """Send a request until it is answered or its patience is over; raises :class:`TargetGone`."""
        self.check()
        exchange = self._throttle(request)
        lost: list[Exchange] = []
        if _is_lost(exchange):
            lost.append(exchange)
            self._pause_for_gateway(exchange)
            exchange = self._send(request)
            if _is_lost(exchange) and self.came_back():
                # It was down, whatever for: only a request that it fails again is to blame.
                lost.append(exchange)
                exchange = self._send(request)
                if _is_lost(exchange):
                    self.came_back()
        elif exchange.response is not None and exchange.response.status in _TRANSIENT:
            lost.append(exchange)
            self._pause_for_gateway(exchange)
            exchange = self._send(request)
        if exchange.failure is not None and exchange.failure.kind is FailureKind.TIMEOUT:
            self._timed_out(exchange)
        if exchange.response is not None and exchange.response.status not in _TRANSIENT:
            self._gateway_errors_in_a_row = 0
        return Delivered(exchange, tuple(lost))

    def check(self) -> None:
        """Raise :class:`TargetGone` again when the target is known to be gone."""
        if self.gone is not None:
            raise TargetGone(self.gone)

    def came_back(self) -> bool:
        """Whether the target was away and answers again; ``False`` when it was there all the time.

        Raises :class:`TargetGone` when it does not come back.
        """
        hung = 0
        failure = ""
        for pause in (0.0, *RETURN_PAUSES):
            if pause:
                self._sleep(pause)
            exchange = self._send(PROBE)
            if not _is_lost(exchange) and exchange.response is not None:
                if not failure:
                    return False
                self.outages += 1
                if self.outages > MOST_OUTAGES:
                    self._give_up(f"it went away {self.outages} times, the last time: {failure}")
                return True
            failure = _why(exchange)
            if exchange.failure is not None and exchange.failure.kind is FailureKind.TIMEOUT:
                hung += 1
            if hung == _MOST_UNANSWERED_PROBES:
                break
        self._give_up(failure)
        return False

    def _throttle(self, request: Request) -> Exchange:
        """Send, and again after longer and longer pauses while the rate limit is exceeded."""
        operation = request.operation
        exchange = self._send(request)
        given_up = max(self._throttled_in_a_row, self._throttled_by_operation[operation])
        for pause in THROTTLE_PAUSES[: max(0, len(THROTTLE_PAUSES) - _FEWER_PAUSES * given_up)]:
            if not _is_throttled(exchange):
                break
            if self._note_throttled is not None:
                self._note_throttled(operation)
            self._sleep(pause)
            exchange = self._send(request)
        if _is_throttled(exchange):
            self._throttled_by_operation[operation] += 1
            self._throttled_in_a_row += 1
            if self._throttled_in_a_row >= MOST_THROTTLED_IN_A_ROW:
                self._give_up(f"every request is throttled ({_why(exchange)})")
        elif exchange.response is not None:
            self._throttled_in_a_row = self._throttled_by_operation[operation] = 0
        return exchange

    def _pause_for_gateway(self, exchange: Exchange) -> None:
        if exchange.response is None:
            return
        self._gateway_errors_in_a_row += 1
        if self._gateway_errors_in_a_row <= _MOST_GATEWAY_PAUSES:
            self._sleep(_GATEWAY_PAUSE)

    def _timed_out(self, exchange: Exchange) -> None:
        """Bound the time that a run waits for nothing: each timeout costs as much as hundreds of answers."""
        self._timeouts += 1
        if self._timeouts >= MOST_TIMEOUTS:
            self._give_up(
                f"{self._timeouts} requests were not answered in time, the last one: {_why(exchange)}"
            )
        self.came_back()

    def _give_up(self, why: str) -> None:
        self.gone = f"the endpoint stopped answering: {why.rstrip('.')}"
        self.check()


def is_own_answer(response: Response) -> bool:
    """Whether an answer shows that OSS Vectors, rather than something in front of it, has made it.

    Every sample of the pages has a request id in the header
    (PutVectorIndex page, Examples), every error the envelope (Error responses page).
    """
    error = error_of(response)
    return response.header(REQUEST_ID_HEADER) is not None or (error is not None and error.code is not None)


def _is_throttled(exchange: Exchange) -> bool:
    return exchange.response is not None and is_throttled(exchange.response)


def _is_lost(exchange: Exchange) -> bool:
    """Whether nobody can tell if the request arrived: the connection broke, or nobody stands behind the gateway."""
    if exchange.failure is not None:
        return exchange.failure.kind is not FailureKind.TIMEOUT
    response = exchange.response
    return response is not None and response.status in _NOBODY_THERE and not is_own_answer(response)


def _why(exchange: Exchange) -> str:
    if exchange.failure is not None:
        return exchange.failure.message
    return describe(exchange.response) if exchange.response is not None else "no answer"
