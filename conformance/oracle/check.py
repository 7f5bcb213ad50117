"""The result of comparing one exchange with one requirement."""

from __future__ import annotations

from dataclasses import dataclass

from conformance.wire.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Check:
    """One requirement decided by one exchange.

    ``cause`` is the earlier exchange that a violation goes back to (the write
    whose effect is missing), when that is another one than ``exchange``.
    """

    requirement: str
    ok: bool
    exchange: Exchange
    expected: str = ""
    actual: str = ""
    cause: Exchange | None = None


@dataclass(frozen=True, slots=True)
class Observation:
    """Behaviour the documents leave open, recorded without a verdict."""

    requirement: str
    observed: str
    exchange: Exchange
