"""The two distance measures of a vector index, exact and in double precision.

The vector index guide describes euclidean as the straight-line distance between two points and cosine as
the difference in direction. No page prints a formula or a sample value: the square root is taken because a
straight line is not squared, and cosine distance is one minus the cosine.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.float32]
Doubles = NDArray[np.float64]
Vector = NDArray[np.float32]

# Rows are widened to double in blocks of about this many numbers, to stay inside the CPU caches.
_BLOCK = 1 << 16
# Below this many numbers a screening pass costs more than it saves.
SCREENING_THRESHOLD = 1 << 18
# Squares of anything larger may overflow single precision.
_SINGLE_PRECISION_SAFE = 1e15


class Metric:
    """A distance measure over the rows of a float32 matrix; smaller means more similar."""

    def exact(self, rows: Rows, query: Vector) -> Doubles:
        """Distance of every row, computed in double precision."""
        step = max(1, _BLOCK // max(1, rows.shape[1]))
        wide = query.astype(np.float64)
        parts = [
            self.block(rows[at : at + step].astype(np.float64), wide) for at in range(0, len(rows), step)
        ]
        return np.concatenate(parts) if parts else np.empty(0)

    def block(self, rows: Doubles, query: Doubles) -> Doubles:
        """Distance of every row of a small double-precision block."""
        raise NotImplementedError

    def screen(self, rows: Rows, norms: Doubles, query: Vector, wanted: int) -> NDArray[np.intp]:
        """Row numbers that certainly include the ``wanted`` nearest rows.

        A single-precision estimate with a proven error bound selects the candidates, so the final answer is
        as exact as computing every row in double precision, at a fraction of the cost.
        """
        largest = max(float(norms.max(initial=0.0)), _norm(query))
        if rows.size < SCREENING_THRESHOLD or wanted >= len(rows) or largest > _SINGLE_PRECISION_SAFE:
            return np.arange(len(rows))
        estimate, margin = self.estimate(rows, norms, query)
        limit = np.partition(estimate, wanted - 1)[wanted - 1] + 2 * margin
        return np.flatnonzero(estimate <= limit)

    def estimate(self, rows: Rows, norms: Doubles, query: Vector) -> tuple[Doubles, float]:
        """A monotonic function of the distance for every row, and a bound on its error."""
        raise NotImplementedError


class Euclidean(Metric):
    """Straight-line distance."""

    def block(self, rows: Doubles, query: Doubles) -> Doubles:
        difference = rows - query
        squares: Doubles = np.einsum("ij,ij->i", difference, difference)
        return np.sqrt(squares)

    def estimate(self, rows: Rows, norms: Doubles, query: Vector) -> tuple[Doubles, float]:
        length = _norm(query)
        estimate = norms * norms - 2.0 * (rows @ query) + length * length
        return estimate, 2.0 * _product_error(rows.shape[1], float(norms.max()) * length)


class Cosine(Metric):
    """One minus the cosine of the angle, clipped to 0..2 against rounding."""

    def block(self, rows: Doubles, query: Doubles) -> Doubles:
        lengths = np.sqrt(np.einsum("ij,ij->i", rows, rows)) * np.sqrt(query @ query)
        products = rows @ query
        cosine = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
        distances: Doubles = np.clip(1.0 - cosine, 0.0, 2.0)
        return distances

    def estimate(self, rows: Rows, norms: Doubles, query: Vector) -> tuple[Doubles, float]:
        lengths = norms * _norm(query)
        products = (rows @ query).astype(np.float64)
        cosine = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
        smallest = float(lengths.min())
        return 1.0 - cosine, _product_error(rows.shape[1], smallest) / smallest if smallest else np.inf


def _norm(vector: Vector) -> float:
    wide = vector.astype(np.float64)
    return float(np.sqrt(wide @ wide))


def _product_error(dimension: int, lengths: float) -> float:
    """Bound of a single-precision dot product's error, given the product of the two norms.

    The first part is rounding, relative to the norms; the second is what products too small for single
    precision lose, which no norm bounds.
    """
    kind = np.finfo(np.float32)
    return (dimension + 8) * (float(kind.eps) * lengths + float(kind.tiny))


class DistanceMetrics:
    """The measures an index may be created with, by the name used in ``distanceMetric``."""

    table: Mapping[str, Metric] = {"euclidean": Euclidean(), "cosine": Cosine()}

    def names(self) -> tuple[str, ...]:
        """Accepted values of distanceMetric (PutVectorIndex page, Request parameters)."""
        return tuple(self.table)

    def metric(self, name: str) -> Metric:
        """The measure of that name."""
        return self.table[name]

    def forbids_zero(self, name: str) -> bool:
        """Whether an all-zero vector has no place under the measure (PutVectors page, float32)."""
        return name == "cosine"

    def reported(self, distance: float) -> Any:
        """The number put into an answer for a distance."""
        return distance
