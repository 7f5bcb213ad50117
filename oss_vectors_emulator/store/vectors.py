"""The vectors of one index: a contiguous float32 matrix plus what belongs to each of its rows."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from oss_vectors_emulator.distances import Vector

_FIRST_CAPACITY = 8


@dataclass(frozen=True, slots=True)
class VectorRecord:
    """A vector as a client writes it; ``metadata`` is None when the request had none."""

    key: str
    data: Vector
    metadata: Mapping[str, Any] | None = None


class VectorTable:
    """Rows addressed by number, found by key, listed in the order in which keys first came.

    Deleting moves the last row into the hole, so the used rows are always the first ``used`` ones and a
    search can run over the matrix without copying it. Every key carries a sequence number that never
    changes while it lives; list tokens refer to it, so paging survives writes in between.
    """

    def __init__(self, dimension: int) -> None:
        self.dimension = dimension
        self.used = 0
        self.matrix: NDArray[np.float32] = np.empty((_FIRST_CAPACITY, dimension), dtype=np.float32)
        self.norms: NDArray[np.float64] = np.zeros(_FIRST_CAPACITY)
        self.visible_at: NDArray[np.float64] = np.zeros(_FIRST_CAPACITY)
        self.keys: list[str] = []
        self.metadata: list[Mapping[str, Any] | None] = []
        self._row_of: dict[str, int] = {}
        self._sequence_of: dict[str, int] = {}
        self._next_sequence = 1
        self._listing: tuple[list[str], list[int]] | None = None

    def __len__(self) -> int:
        return self.used

    def put(self, records: Iterable[VectorRecord], visible_at: float = 0.0) -> None:
        """Store every record; one with a known key replaces vector and metadata (PutVectors page)."""
        for record in records:
            row = self._row_of.get(record.key)
            if row is None:
                row = self._append(record.key)
            wide = record.data.astype(np.float64)
            self.matrix[row] = record.data
            self.norms[row] = np.sqrt(wide @ wide)
            self.visible_at[row] = visible_at
            self.metadata[row] = record.metadata

    def delete(self, keys: Iterable[str]) -> None:
        """Remove the keys; unknown ones are no error (DeleteVectors page, keys)."""
        for key in keys:
            row = self._row_of.pop(key, None)
            if row is not None:
                del self._sequence_of[key]
                self._fill_hole(row)
                self._listing = None

    def row(self, key: str) -> int | None:
        """Row number of a key, or None."""
        return self._row_of.get(key)

    def live_rows(self) -> NDArray[np.intp]:
        """Numbers of all used rows."""
        return np.arange(self.used)

    def listing(self) -> tuple[list[str], list[int]]:
        """All keys and their ascending sequence numbers."""
        if self._listing is None:
            self._listing = (list(self._sequence_of), list(self._sequence_of.values()))
        return self._listing

    def _append(self, key: str) -> int:
        row = self.used
        if row == len(self.matrix):
            self._grow()
        self.used += 1
        self.keys.append(key)
        self.metadata.append(None)
        self._row_of[key] = row
        self._sequence_of[key] = self._next_sequence
        self._next_sequence += 1
        self._listing = None
        return row

    def _grow(self) -> None:
        capacity = 2 * len(self.matrix)
        matrix = np.empty((capacity, self.dimension), dtype=np.float32)
        matrix[: self.used] = self.matrix[: self.used]
        self.matrix = matrix
        self.norms = np.concatenate([self.norms, np.zeros(capacity - len(self.norms))])
        self.visible_at = np.concatenate([self.visible_at, np.zeros(capacity - len(self.visible_at))])

    def _fill_hole(self, row: int) -> None:
        last = self.used - 1
        if row != last:
            key = self.keys[last]
            self.matrix[row] = self.matrix[last]
            self.norms[row] = self.norms[last]
            self.visible_at[row] = self.visible_at[last]
            self.keys[row] = key
            self.metadata[row] = self.metadata[last]
            self._row_of[key] = row
        self.keys.pop()
        self.metadata.pop()
        self.used = last
