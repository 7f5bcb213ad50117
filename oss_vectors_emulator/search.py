"""Nearest-neighbour search over one index: exact, or missing a share of the neighbours on purpose."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from oss_vectors_emulator.distances import Metric, Vector
from oss_vectors_emulator.store.vectors import VectorTable


@dataclass(frozen=True, slots=True)
class Hit:
    """A row of the table and its distance from the query."""

    row: int
    distance: float


class Searcher:
    """Filters first, then takes exactly the nearest ``top_k``.

    The guides call the filter both pre- and post-filtering; filtering first returns a superset of what
    post-filtering gives. The real service is approximate (about 90 % recall), exact satisfies that.
    """

    def nearest(
        self, table: VectorTable, metric: Metric, query: Vector, top_k: int, rows: NDArray[np.intp] | None
    ) -> list[Hit]:
        """The hits in ascending distance; ``rows`` restricts the search, None means every live row."""
        chosen = table.live_rows() if rows is None else rows
        if len(chosen) == 0:
            return []
        whole = len(chosen) == table.used
        matrix = table.matrix[: table.used] if whole else table.matrix[chosen]
        norms = table.norms[: table.used] if whole else table.norms[chosen]
        candidates = metric.screen(matrix, norms, query, top_k)
        some = matrix if len(candidates) == len(matrix) else matrix[candidates]
        distances = metric.exact(some, query)
        order = self.order(distances)[:top_k]
        return [Hit(int(chosen[candidates[at]]), float(distances[at])) for at in order]

    def order(self, distances: NDArray[np.float64]) -> NDArray[np.intp]:
        """Positions by ascending distance; equal distances keep their row order, so answers repeat."""
        return np.argsort(distances, kind="stable")


# Hashes are read as whole numbers below this.
_HASHES = 1 << 32


class ApproximateSearcher(Searcher):
    """Overlooks some vectors, as an approximate index does (Vector data user guide: about 90 % recall).

    Which ones depends on the query vector and the key alone: the same query overlooks the same vectors, as
    an index does whose graph does not lead to them, so that asking again does not help and runs repeat.
    """

    def __init__(self, recall: float) -> None:
        self.recall = recall

    def nearest(
        self, table: VectorTable, metric: Metric, query: Vector, top_k: int, rows: NDArray[np.intp] | None
    ) -> list[Hit]:
        """The hits among the vectors that this query finds."""
        chosen = table.live_rows() if rows is None else rows
        start = hashlib.blake2b(query.tobytes(), digest_size=4)
        found = [row for row in chosen.tolist() if self.finds(start, table.keys[row])]
        return super().nearest(table, metric, query, top_k, np.array(found, dtype=np.intp))

    def finds(self, start: hashlib.blake2b, key: str) -> bool:
        """Whether a query, given as the hash of its vector, finds the vector of that key."""
        digest = start.copy()
        digest.update(key.encode("utf-8", "surrogatepass"))
        return int.from_bytes(digest.digest()) < self.recall * _HASHES
