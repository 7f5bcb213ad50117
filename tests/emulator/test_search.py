"""QueryVectors against brute force in double precision, and its parameters.

Source: QueryVectors page, Request parameters; the vector index guide for the two measures.
"""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray

from oss_vectors_emulator import Limits, Settings
from oss_vectors_emulator.distances import SCREENING_THRESHOLD, DistanceMetrics, Metric
from oss_vectors_emulator.search import ApproximateSearcher, Searcher
from oss_vectors_emulator.store import VectorRecord, VectorTable

from .client import INDEX, Client, FakeClock, make_client, vector

INVALID = (400, "VectorIndexParameterInvalid")
Doubles = NDArray[np.float64]


def brute_force(name: str, rows: NDArray[np.float32], query: NDArray[np.float32]) -> Doubles:
    """Written apart from the product, one row at a time."""
    q = query.astype(np.float64)
    found = []
    for row in rows.astype(np.float64):
        if name == "euclidean":
            found.append(np.linalg.norm(row - q))
        else:
            found.append(1 - np.dot(row, q) / (np.linalg.norm(row) * np.linalg.norm(q)))
    return np.array(found)


def table_of(rows: NDArray[np.float32]) -> VectorTable:
    table = VectorTable(rows.shape[1])
    table.put(VectorRecord(f"k{n}", row) for n, row in enumerate(rows))
    return table


DATASETS = {
    "normal": lambda rng, n, d: rng.normal(size=(n, d)),
    "far from the origin": lambda rng, n, d: 1e4 + rng.normal(size=(n, d)) * 1e-2,
    "huge": lambda rng, n, d: rng.normal(size=(n, d)) * 1e37,
    "tiny": lambda rng, n, d: rng.normal(size=(n, d)) * 1e-30,
    "mixed scales": lambda rng, n, d: rng.normal(size=(n, d)) * 10 ** rng.uniform(-8, 8, size=(n, 1)),
}


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
@pytest.mark.parametrize("data", DATASETS)
@pytest.mark.parametrize("size", [(50, 3), (9000, 32)], ids=["small", "screened"])
def test_the_nearest_vectors_are_those_of_brute_force(metric: str, data: str, size: tuple[int, int]) -> None:
    rng = np.random.default_rng(7)
    rows = DATASETS[data](rng, *size).astype(np.float32)
    query = DATASETS[data](rng, 1, size[1])[0].astype(np.float32)
    assert (rows.size >= SCREENING_THRESHOLD) == (size[0] > 50)
    hits = Searcher().nearest(table_of(rows), DistanceMetrics().metric(metric), query, 25, None)
    expected = brute_force(metric, rows, query)
    order = np.argsort(expected, kind="stable")[:25]
    # One minus a cosine loses digits near zero; a euclidean distance does not at any scale.
    tolerance = 1e-12 if metric == "cosine" else 0.0
    np.testing.assert_allclose([hit.distance for hit in hits], expected[order], rtol=1e-9, atol=tolerance)
    np.testing.assert_allclose(
        expected[[hit.row for hit in hits]], expected[order], rtol=1e-9, atol=tolerance
    )


@pytest.mark.parametrize("metric", ["euclidean", "cosine"])
def test_screening_is_exact_after_deletes_and_replacements(metric: str) -> None:
    rng = np.random.default_rng(3)
    rows = (rng.normal(size=(9000, 32)) * 10 ** rng.uniform(-3, 3, size=(9000, 1))).astype(np.float32)
    table = table_of(rows)
    table.delete(f"k{n}" for n in range(0, 700, 7))
    table.put(VectorRecord(f"k{n}", rows[n + 1]) for n in range(1, 700, 7))
    query = rows[5000]
    hits = Searcher().nearest(table, DistanceMetrics().metric(metric), query, 50, None)
    expected = np.sort(brute_force(metric, table.matrix[: table.used], query))[:50]
    np.testing.assert_allclose([hit.distance for hit in hits], expected, rtol=1e-9, atol=1e-12)
    assert table.used == 8900
    wide = table.matrix[: table.used].astype(np.float64)
    np.testing.assert_allclose(table.norms[: table.used], np.linalg.norm(wide, axis=1), rtol=1e-12)


def test_screening_looks_at_a_small_part_of_ordinary_data() -> None:
    rng = np.random.default_rng(1)
    rows = rng.normal(size=(20000, 64)).astype(np.float32)
    table = table_of(rows)
    for name in ("euclidean", "cosine"):
        metric: Metric = DistanceMetrics().metric(name)
        candidates = metric.screen(table.matrix[: table.used], table.norms[: table.used], rows[0], 30)
        assert 30 <= len(candidates) < 200


def test_equal_distances_keep_their_order() -> None:
    rows = np.array([[1, 0], [0, 1], [-1, 0], [0, -1]], dtype=np.float32)
    hits = Searcher().nearest(
        table_of(rows), DistanceMetrics().metric("euclidean"), np.zeros(2, np.float32), 4, None
    )
    assert [hit.row for hit in hits] == [0, 1, 2, 3]


def query(client: Client, values: Any = (1.0, 2.0, 3.0), top_k: Any = 10, **more: Any) -> Any:
    body = {"indexName": INDEX, "queryVector": {"float32": list(values)}, "topK": top_k, **more}
    return client.post("queryVectors", {name: value for name, value in body.items() if value is not ...})


POINTS = {"near": [1, 2, 4], "same direction": [10, 20, 30], "exact": [1, 2, 3], "opposite": [-1, -2, -3]}


@pytest.mark.parametrize(
    ("metric", "expected"),
    [
        ("euclidean", {"exact": 0.0, "near": 1.0, "opposite": 2 * 14**0.5, "same direction": 9 * 14**0.5}),
        ("cosine", {"exact": 0.0, "same direction": 0.0, "near": 1 - 17 / (14 * 21) ** 0.5, "opposite": 2.0}),
    ],
)
def test_distances_are_those_of_the_metric(metric: str, expected: dict[str, float]) -> None:
    client = make_client().make_bucket().make_index(metric=metric)
    client.put(*(vector(key, values) for key, values in POINTS.items()))
    found = query(client, returnDistance=True).json["vectors"]
    assert {entry["key"]: entry["distance"] for entry in found} == pytest.approx(expected, abs=1e-9)
    distances = [entry["distance"] for entry in found]
    assert distances == sorted(distances)


@pytest.mark.parametrize(
    ("flags", "members"),
    [
        ({}, {"key"}),
        ({"returnDistance": True}, {"key", "distance"}),
        ({"returnMetadata": True}, {"key", "metadata"}),
        ({"returnDistance": False, "returnMetadata": False}, {"key"}),
        ({"returnDistance": True, "returnMetadata": True}, {"key", "distance", "metadata"}),
    ],
)
def test_a_hit_has_the_members_that_were_asked_for(
    indexed: Client, flags: dict[str, bool], members: set[str]
) -> None:
    indexed.put(vector("k", metadata={"a": "b"}))
    assert query(indexed, **flags).json["vectors"][0].keys() == members


def test_an_empty_index_gives_an_empty_result(indexed: Client) -> None:
    assert query(indexed).json == {"vectors": []}


def test_the_filter_comes_before_the_count(indexed: Client) -> None:
    indexed.put(*(vector(f"k{n}", [n, 0, 0], {"odd": str(n % 2)}) for n in range(20)))
    found = query(indexed, [0, 0, 0], 3, filter={"odd": {"$eq": "1"}}).json["vectors"]
    assert [entry["key"] for entry in found] == ["k1", "k3", "k5"]


def test_deleted_and_replaced_vectors_are_not_found_where_they_were(indexed: Client) -> None:
    indexed.put(*(vector(f"k{n}", [n, 0, 0]) for n in range(6)))
    indexed.post("deleteVectors", {"indexName": INDEX, "keys": ["k0", "k2"]})
    indexed.put(vector("k1", [100, 0, 0]))
    found = query(indexed, [0, 0, 0], 10).json["vectors"]
    assert [entry["key"] for entry in found] == ["k3", "k4", "k5", "k1"]


@pytest.mark.parametrize("top_k", [1, 30, 500])
def test_top_k_bounds_the_result(indexed: Client, top_k: int) -> None:
    for start in (0, 300):
        indexed.put(*(vector(f"k{n}", [n, 0, 0]) for n in range(start, start + 300)))
    assert len(query(indexed, top_k=top_k).json["vectors"]) == top_k


@pytest.mark.parametrize("top_k", [0, -1, 501, 1000, 1.5, "10", None, True, [], ...])
def test_a_bad_top_k_is_refused(indexed: Client, top_k: Any) -> None:
    assert query(indexed, top_k=top_k).outcome == INVALID


def test_the_maximum_of_top_k_is_a_setting() -> None:
    client = make_client(Settings(limits=Limits(top_k_max=30))).make_bucket().make_index()
    assert query(client, top_k=30).status == 200
    assert query(client, top_k=31).outcome == INVALID


@pytest.mark.parametrize("values", [[], [1, 2], [1, 2, 3, 4], [1, 2, "3"], [1, 2, None], [1, 2, 1e39]])
def test_a_bad_query_vector_is_refused(indexed: Client, values: list[Any]) -> None:
    assert query(indexed, values).outcome == INVALID


@pytest.mark.parametrize("value", [None, [1, 2, 3], {}, {"float32": None}, "x", ...])
def test_a_query_vector_of_another_shape_is_refused(indexed: Client, value: Any) -> None:
    assert query(indexed, queryVector=value).outcome == INVALID


def test_new_vectors_can_be_kept_from_queries_for_a_while() -> None:
    clock = FakeClock()
    client = make_client(Settings(query_visibility_ms=2000), clock).make_bucket().make_index()
    client.put(vector("k", metadata={"a": "b"}))
    assert client.stored().keys() == {"k"}
    assert query(client).json["vectors"] == []
    assert query(client, filter={"a": "b"}).json["vectors"] == []
    clock.advance(2.0)
    assert [entry["key"] for entry in query(client).json["vectors"]] == ["k"]
    assert [entry["key"] for entry in query(client, filter={"a": "b"}).json["vectors"]] == ["k"]


@pytest.mark.parametrize("recall", [0.5, 0.9])
def test_an_approximate_search_finds_its_share_of_the_nearest(recall: float) -> None:
    rng = np.random.default_rng(11)
    table = table_of(rng.normal(size=(300, 4)).astype(np.float32))
    metric, found, wanted = DistanceMetrics().metric("euclidean"), 0, 0
    for query in rng.normal(size=(100, 4)).astype(np.float32):
        exact = {hit.row for hit in Searcher().nearest(table, metric, query, 20, None)}
        hits = ApproximateSearcher(recall).nearest(table, metric, query, 20, None)
        distances = [hit.distance for hit in hits]
        assert len(hits) == 20
        assert distances == sorted(distances)
        found += len(exact & {hit.row for hit in hits})
        wanted += len(exact)
    assert abs(found / wanted - recall) < 0.03


def test_an_approximate_search_overlooks_the_same_vectors_every_time() -> None:
    rng = np.random.default_rng(5)
    rows = rng.normal(size=(60, 4)).astype(np.float32)
    forward, backward = table_of(rows), VectorTable(4)
    backward.put(VectorRecord(f"k{n}", rows[n]) for n in reversed(range(60)))
    metric, query = DistanceMetrics().metric("cosine"), rows[7]

    def keys(table: VectorTable) -> list[str]:
        hits = ApproximateSearcher(0.6).nearest(table, metric, query, 60, None)
        return [table.keys[hit.row] for hit in hits]

    assert 20 < len(keys(forward)) < 55
    assert keys(forward) == keys(forward) == keys(backward)


def test_the_recall_of_an_emulator_is_a_setting() -> None:
    client = make_client(Settings(recall=0.0)).make_bucket().make_index()
    client.put(vector("a"))
    assert client.stored().keys() == {"a"}
    assert query(client).json == {"vectors": []}
