"""Exact search against the textbook, and tolerances that let float32 through and nothing worse."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as npst

from conformance.oracle.search import Distance, as_float32, distances
from tests.unit.oracle.fake import float32, naive_distance

_NUMBERS = st.floats(min_value=-1e6, max_value=1e6, width=32, allow_subnormal=False)
_MATRICES = npst.arrays(
    np.float32, st.tuples(st.integers(2, 6), st.integers(1, 8)), elements=_NUMBERS, fill=st.nothing()
)
QUIETLY = settings(max_examples=150, database=None, derandomize=True)


@given(_MATRICES)
@QUIETLY
def test_euclidean_distances_are_those_of_the_textbook(matrix: np.ndarray) -> None:
    query, *stored = matrix
    for found, vector in zip(distances("euclidean", query.tolist(), stored), stored, strict=True):
        naive = naive_distance("euclidean", query.tolist(), vector.tolist())
        assert math.isclose(found.value, naive, rel_tol=1e-9, abs_tol=1e-9)


@given(_MATRICES)
@QUIETLY
def test_cosine_distances_are_those_of_the_textbook(matrix: np.ndarray) -> None:
    matrix = matrix[np.linalg.norm(matrix.astype(np.float64), axis=1) > 1e-3]
    if len(matrix) < 2:
        return
    query, *stored = matrix
    for found, vector in zip(distances("cosine", query.tolist(), stored), stored, strict=True):
        naive = naive_distance("cosine", query.tolist(), vector.tolist())
        assert math.isclose(found.value, naive, rel_tol=1e-9, abs_tol=1e-9)


@given(_MATRICES)
@QUIETLY
def test_a_service_that_computes_in_float32_is_within_the_tolerance(matrix: np.ndarray) -> None:
    """Also by the shortcut |a|^2 + |b|^2 - 2ab, which cancels badly."""
    query, *stored = matrix
    for found, vector in zip(distances("euclidean", query.tolist(), stored), stored, strict=True):
        straight = np.sqrt(np.sum((query - vector) ** 2, dtype=np.float32))
        short = np.sqrt(
            max(np.dot(query, query) + np.dot(vector, vector) - 2 * np.dot(query, vector), np.float32(0))
        )
        assert found.admits(float(straight))
        assert found.admits(float(short))


@pytest.mark.parametrize(
    ("metric", "wrong"),
    [
        ("euclidean", 25.0),  # squared
        ("euclidean", 7.0),  # Manhattan
        ("euclidean", 4.0),  # maximum of the differences
        ("euclidean", -5.0),
        ("euclidean", 0.0),
        ("cosine", 0.0),  # similarity instead of distance
        ("cosine", 2.0),
        ("cosine", math.pi / 2),  # the angle
    ],
)
def test_other_measures_are_outside_the_tolerance(metric: str, wrong: float) -> None:
    query = [0.0, 0.0, 1.0, 0.0] if metric == "cosine" else [0.0, 0.0, 0.0, 0.0]
    (found,) = distances(metric, query, [as_float32([3.0, 4.0, 0.0, 0.0])])
    assert found.admits(5.0 if metric == "euclidean" else 1.0)
    assert not found.admits(wrong)


def test_an_empty_index_has_no_distances() -> None:
    assert distances("euclidean", [1.0], []) == []


def test_the_distance_to_a_vector_of_zeros_under_cosine_is_no_number() -> None:
    (found,) = distances("cosine", [1.0, 0.0], [as_float32([0.0, 0.0])])
    assert math.isnan(found.value)


def test_the_query_goes_through_float32_like_the_data() -> None:
    (found,) = distances("euclidean", [0.1], [as_float32([0.1])])
    assert found.value == 0.0


@given(st.floats(min_value=-3.4e38, max_value=3.4e38))
@QUIETLY
def test_values_become_the_nearest_float32(number: float) -> None:
    assert float(as_float32([number])[0]) == float32(number)


def test_a_number_beyond_float32_becomes_infinite_without_a_warning() -> None:
    assert np.isinf(as_float32([1e39])).all()


def test_a_tolerance_ends_where_it_says() -> None:
    distance = Distance(1.0, 0.25)
    assert [distance.admits(value) for value in (0.75, 1.25, 0.74, 1.26)] == [True, True, False, False]
