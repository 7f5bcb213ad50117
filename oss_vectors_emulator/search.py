"""Exact nearest-neighbour search over one index."""

from __future__ import annotations

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
