"""What all workers of a run share: when an operation may be sent next, and how much was used up.

Rates and budgets hold for a run, not for a process: two workers that each keep
to five requests per second would send ten.  Workers are started by pytest-xdist
and have nothing in common but the report directory, so the figures lie in a
small database there; a single process keeps them in memory.
"""

from __future__ import annotations

import contextlib
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from pathlib import Path
from types import TracebackType
from typing import Self

_SCHEMA = """
CREATE TABLE slots (
    operation TEXT PRIMARY KEY,
    free_at REAL NOT NULL, interval REAL NOT NULL, least REAL NOT NULL, burst INTEGER NOT NULL
);
CREATE TABLE taken (operation TEXT NOT NULL, at REAL NOT NULL);
CREATE INDEX taken_by_time ON taken (operation, at);
CREATE TABLE used (what TEXT PRIMARY KEY, number INTEGER NOT NULL);
INSERT INTO used VALUES ('requests', 0), ('resources', 0);
"""
# Another worker holds the file for microseconds; this is for a machine that was put to sleep.
_BUSY_SECONDS = 60.0
# Requests leave a little slower than the rate: on the way they crowd by some milliseconds, and a
# service that counts by the second would take six that arrive within it for too many.
_MARGIN = 0.96
# A throttled operation becomes slower by a fifth, and with every request a little faster again.
_SLOWER = 1.25
_FASTER = 0.98


@dataclass(frozen=True, slots=True)
class Used:
    """What a run has used so far, over all its workers: requests sent, and resources that exist now."""

    requests: int = 0
    resources: int = 0


@dataclass(frozen=True, slots=True)
class _Slot:
    """The state of an operation: no slot before ``free_at``, and ``burst`` slots in so many ``interval`` seconds."""

    free_at: float
    interval: float
    least: float
    burst: int


class Meter:
    """Slots of operations and counters of a run.

    Times are seconds of a clock that all processes of a machine share.  Threads
    may share a meter.
    """

    def __init__(self, path: Path | None = None) -> None:
        """Open the database of a run that :meth:`create` has made, or one in memory."""
        self._lock = threading.Lock()
        self._database = sqlite3.connect(
            ":memory:" if path is None else path,
            timeout=_BUSY_SECONDS,
            isolation_level=None,
            check_same_thread=False,
        )
        # Nothing of this is worth anything after the run, so nothing is worth a write to the disk.
        self._database.execute("PRAGMA synchronous = OFF")
        self._database.execute("PRAGMA journal_mode = MEMORY")
        if path is None:
            self._database.executescript(_SCHEMA)

    @classmethod
    def create(cls, path: Path, rates: Mapping[str, float]) -> None:
        """Make the database of a run; ``rates`` are requests per second by operation."""
        path.unlink(missing_ok=True)
        with contextlib.closing(sqlite3.connect(path)) as database:
            database.executescript(_SCHEMA)
        with cls(path) as meter:
            meter.set_rates(rates)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Let go of the database."""
        self._database.close()

    def set_rates(self, rates: Mapping[str, float]) -> None:
        """Set the requests per second that some operations may have at most; others have no limit."""
        with self._transaction() as database:
            for operation, rate in rates.items():
                interval = 1.0 / (rate * _MARGIN)
                # Fractions of a request have no place in a second: such rates are spaced evenly.
                burst = int(rate) if float(rate).is_integer() else 1
                database.execute(
                    "INSERT OR REPLACE INTO slots VALUES (?, 0, ?, ?, ?)",
                    (operation, interval, interval, burst),
                )

    def take_slot(self, operation: str, now: float) -> float:
        """Reserve the next slot of an operation; returns the seconds until it begins.

        Within any second there are as many slots as the rate allows, close together
        if need be: tests do not ask evenly, and a slot that nobody took is gone.
        Once the operation was throttled all the same, its slots are evenly spaced.
        """
        with self._transaction() as database:
            row = self._slot(operation)
            if row is None:
                return 0.0
            slot = max(now, row.free_at)
            if row.burst > 1:
                slot = max(slot, self._window_end(operation, row))
                database.execute("INSERT INTO taken VALUES (?, ?)", (operation, slot))
            free_at = slot + (row.interval if row.burst == 1 else 0.0)
            database.execute(
                "UPDATE slots SET free_at = ?, interval = ? WHERE operation = ?",
                (free_at, max(row.least, row.interval * _FASTER), operation),
            )
        return slot - now

    def _window_end(self, operation: str, row: _Slot) -> float:
        """When the window that is full of slots ends; forgets the slots before it."""
        oldest = self._database.execute(
            "SELECT at FROM taken WHERE operation = ? ORDER BY at DESC LIMIT 1 OFFSET ?",
            (operation, row.burst - 1),
        ).fetchone()
        if oldest is None:
            return 0.0
        self._database.execute("DELETE FROM taken WHERE operation = ? AND at < ?", (operation, oldest[0]))
        return float(oldest[0]) + row.burst * row.interval

    def slow_down(self, operation: str, now: float, *, first: float, slowest: float) -> float:
        """Lower the rate of an operation that was throttled; returns the new one in requests per second.

        ``first`` is the rate of an operation that had no limit until now,
        ``slowest`` the least that any is slowed down to.  While slots are
        reserved beyond the next one, other requests wait already and the rate
        stays: a burst that was throttled slows down once.
        """
        with self._transaction() as database:
            row = self._slot(operation)
            if row is None:
                row = _Slot(0.0, 1.0 / first, 0.0, 1)
            elif row.free_at <= now + row.interval:
                slower = min(_SLOWER * row.interval, max(row.interval, 1.0 / slowest))
                row = replace(row, interval=slower)
            free_at = max(row.free_at, now + row.interval)
            database.execute(
                "INSERT OR REPLACE INTO slots VALUES (?, ?, ?, ?, 1)",
                (operation, free_at, row.interval, row.least),
            )
        return 1.0 / row.interval

    def _slot(self, operation: str) -> _Slot | None:
        row: tuple[float, float, float, int] | None = self._database.execute(
            "SELECT free_at, interval, least, burst FROM slots WHERE operation = ?", (operation,)
        ).fetchone()
        return _Slot(*row) if row is not None else None

    def rates(self) -> dict[str, float]:
        """Slots per second of every operation with a limit, as they are now."""
        with self._transaction() as database:
            rows = database.execute("SELECT operation, interval FROM slots ORDER BY operation").fetchall()
        return {operation: 1.0 / interval for operation, interval in rows}

    def count(self, *, resources: int = 0) -> Used:
        """Add to the resources that exist, and say what the run has used."""
        with self._transaction() as database:
            database.execute("UPDATE used SET number = number + ? WHERE what = 'resources'", (resources,))
            rows = dict(database.execute("SELECT what, number FROM used").fetchall())
        return Used(rows["requests"], rows["resources"])

    def spend(self, requests: int, most: int | None) -> bool:
        """Count requests that are about to be sent, unless the run would then have sent more than ``most``."""
        with self._transaction() as database:
            changed = database.execute(
                "UPDATE used SET number = number + ? WHERE what = 'requests' AND (? IS NULL OR number + ? <= ?)",
                (requests, most, requests, most),
            )
            return changed.rowcount == 1

    @contextlib.contextmanager
    def _transaction(self) -> Iterator[sqlite3.Connection]:
        # As a context manager, a connection commits, or rolls back what an exception cut off.
        with self._lock, self._database:
            self._database.execute("BEGIN IMMEDIATE")
            yield self._database
