"""Exact nearest-neighbour search in float64, and how far an answer may stray from it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Matrix = NDArray[np.float64]

# A server may compute |a|^2 + |b|^2 - 2ab in float32; cancellation then costs up to
# about sqrt(2^-23) = 3.5e-4 of the vectors' length, whatever the distance.
_EUCLIDEAN_CANCELLATION = 1e-3
_RELATIVE = 1e-4
_COSINE_ABSOLUTE = 1e-4


@dataclass(frozen=True, slots=True)
class Distance:
    """A true distance and the deviation that float32 arithmetic explains."""

    value: float
    tolerance: float

    def admits(self, reported: float) -> bool:
        """Whether a reported distance is this one, within the tolerance."""
        return abs(reported - self.value) <= self.tolerance


def as_float32(values: Sequence[float]) -> NDArray[np.float32]:
    """The float32 values nearest to ``values``, which is what the service stores."""
    with np.errstate(over="ignore"):
        return np.asarray(values, dtype=np.float64).astype(np.float32)


def distances(metric: str, query: Sequence[float], stored: Sequence[NDArray[np.float32]]) -> list[Distance]:
    """True distances of the stored vectors from ``query`` under ``euclidean`` or ``cosine``.

    Sources: Vector index user guide, Distance metrics (euclidean: straight
    line; cosine: difference in direction, read as one minus the cosine).
    """
    if not stored:
        return []
    matrix: Matrix = np.stack(stored).astype(np.float64)
    point: Matrix = as_float32(query).astype(np.float64)
    lengths = np.linalg.norm(matrix, axis=1)
    length = float(np.linalg.norm(point))
    if metric == "cosine":
        with np.errstate(divide="ignore", invalid="ignore"):
            values = 1.0 - (matrix @ point) / (lengths * length)
        return [Distance(float(value), _COSINE_ABSOLUTE) for value in values]
    values = np.linalg.norm(matrix - point, axis=1)
    slack = _EUCLIDEAN_CANCELLATION * np.maximum(lengths, length) + _RELATIVE * values
    return [Distance(float(value), float(margin)) for value, margin in zip(values, slack, strict=True)]
