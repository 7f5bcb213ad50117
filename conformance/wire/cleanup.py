"""Deletes what a run made: everything in its ledger and nothing else.

There is deliberately no listing of buckets here.  A name that merely looks like
one of ours may be somebody's data; only the ledger says what is ours.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from http import HTTPStatus
from typing import Protocol

from conformance.wire.addressing import Target
from conformance.wire.exchange import Exchange, FailureKind, Request
from conformance.wire.ledger import Ledger, LedgerError, Resource, RunIdentity

# The pauses before the second and later passes.  A pass repeats what may succeed
# later: throttling, transient errors, a bucket whose indexes are still going.
PAUSES = (0.2, 0.5, 1.0, 2.0)
# Those for an endpoint that the run has waited for in vain already.
FEW_PAUSES = PAUSES[:2]
# An endpoint that fails this often in a row is gone; waiting out the timeout for
# every resource would take as long as the run did, so in all passes together no
# more timeouts than this are waited out either.
GIVE_UP_AFTER = 3

_GONE = frozenset({HTTPStatus.NO_CONTENT, HTTPStatus.NOT_FOUND})
_LATER = frozenset({HTTPStatus.CONFLICT, HTTPStatus.TOO_MANY_REQUESTS})


class Sender(Protocol):
    """The part of a session that clean-up uses, so that a throttled one serves as well."""

    @property
    def run_id(self) -> str:
        """The run on whose behalf requests are sent."""

    @property
    def target(self) -> Target:
        """Where they are sent."""

    def send(self, request: Request) -> Exchange:
        """Send one request."""


@dataclass(frozen=True, slots=True)
class CleanupReport:
    """What clean-up deleted, found gone, and had to leave (with the reason)."""

    deleted: tuple[str, ...]
    already_gone: tuple[str, ...]
    leaked: tuple[str, ...]


def clean_up(
    session: Sender,
    ledger: Ledger,
    *,
    pauses: Sequence[float] = PAUSES,
    sleep: Callable[[float], None] = time.sleep,
) -> CleanupReport:
    """Delete what is live in ``ledger``, newest first, in one pass and one more after each pause.

    Raises :class:`LedgerError` when the ledger is of another run or another
    target, before anything is sent: the same names may mean other data there.
    """
    if ledger.run != RunIdentity.of(session.target, session.run_id):
        raise LedgerError(
            f"The ledger of run {ledger.run.run_id} against {ledger.run.endpoint} cannot be used "
            f"by run {session.run_id} against {session.target.endpoint.text}."
        )
    deleted: list[str] = []
    gone: list[str] = []
    final: list[str] = []
    remaining = [resource for resource in ledger.live() if resource.run_id == session.run_id]
    reasons: dict[Resource, str] = {}
    timeouts = 0
    for pause in (0.0, *pauses):
        if not remaining or timeouts >= GIVE_UP_AFTER:
            break
        if pause:
            sleep(pause)
        again: list[Resource] = []
        dead = 0
        for position, resource in enumerate(remaining):
            exchange = session.send(_delete(resource))
            status = exchange.response.status if exchange.response else None
            dead = dead + 1 if status is None else 0
            timeouts += exchange.failure is not None and exchange.failure.kind is FailureKind.TIMEOUT
            if status in _GONE:
                ledger.deleted(resource.kind, resource.bucket, resource.name)
                (deleted if status == HTTPStatus.NO_CONTENT else gone).append(str(resource))
            elif _may_succeed_later(status):
                reasons[resource] = _reason(exchange)
                again.append(resource)
            else:
                final.append(f"{resource}: {_reason(exchange)}")
            if GIVE_UP_AFTER in (dead, timeouts):
                again += remaining[position + 1 :]
                break
        remaining = again
    final += [
        f"{resource}: {reasons.get(resource, 'the endpoint does not answer')}" for resource in remaining
    ]
    return CleanupReport(tuple(deleted), tuple(gone), tuple(final))


def _delete(resource: Resource) -> Request:
    if resource.kind == "bucket":
        return Request("DeleteVectorBucket", "DELETE", bucket=resource.bucket)
    body = json.dumps({"indexName": resource.name}).encode()
    return Request("DeleteVectorIndex", "POST", "deleteVectorIndex", resource.bucket, body=body)


def _may_succeed_later(status: int | None) -> bool:
    return status is None or status in _LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR


def _reason(exchange: Exchange) -> str:
    if exchange.response is not None:
        return f"status {exchange.response.status}"
    return exchange.failure.message if exchange.failure else "no answer"
