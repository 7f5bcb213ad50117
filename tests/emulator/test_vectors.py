"""Vectors: what a write accepts, what it refuses as a whole, and what a read by key gives back.

Sources: PutVectors page (batch, keys, numbers, metadata), GetVectors page, DeleteVectors page.
"""

from __future__ import annotations

import json
from typing import Any

import numpy as np
import pytest

from .client import INDEX, Client, make_client, vector

INVALID = (400, "VectorIndexParameterInvalid")
GOOD = vector("good")


def get(client: Client, *keys: str, **flags: bool) -> list[dict[str, Any]]:
    reply = client.post("getVectors", {"indexName": INDEX, "keys": list(keys), **flags})
    assert reply.status == 200, reply.body
    found: list[dict[str, Any]] = reply.json["vectors"]
    return found


def test_a_vector_comes_back_with_what_was_asked_for(indexed: Client) -> None:
    reply = indexed.put(vector("k", [0.1, 2, -3e10], {"title": "电影", "tags": ["a", "b"]}))
    assert (reply.status, reply.body) == (200, b"")
    assert get(indexed, "k") == [{"key": "k"}]
    assert get(indexed, "k", returnMetadata=True) == [
        {"key": "k", "metadata": {"title": "电影", "tags": ["a", "b"]}}
    ]
    data = get(indexed, "k", returnData=True)[0]["data"]["float32"]
    assert np.array_equal(np.array(data, dtype=np.float32), np.array([0.1, 2, -3e10], dtype=np.float32))


def test_writing_a_key_again_replaces_vector_and_metadata(indexed: Client) -> None:
    indexed.put(vector("k", [1, 2, 3], {"old": "x"}))
    indexed.put(vector("k", [4, 5, 6]))
    assert get(indexed, "k", returnData=True, returnMetadata=True) == [
        {"key": "k", "data": {"float32": [4.0, 5.0, 6.0]}}
    ]


def test_missing_keys_give_no_entry_and_no_error(indexed: Client) -> None:
    indexed.put(vector("a"), vector("b"))
    assert [entry["key"] for entry in get(indexed, "b", "x", "a")] == ["b", "a"]
    assert get(indexed, "x", "y") == []


@pytest.mark.parametrize("key", ["k", "x" * 1024, "é" * 1024, "😀" * 1024, " ", "a/b\n", "\u0000"])
def test_a_key_has_1_to_1024_characters_of_any_kind(indexed: Client, key: str) -> None:
    assert indexed.put(vector(key)).status == 200
    assert [entry["key"] for entry in get(indexed, key)] == [key]
    assert indexed.post("deleteVectors", {"indexName": INDEX, "keys": [key]}).status == 204
    assert get(indexed, key) == []


_BAD_KEYS: list[Any] = ["", "x" * 1025, None, 1, True, ["k"]]
BAD_VECTORS: dict[str, Any] = {
    **{f"key {key!r:.9}": vector(key) for key in _BAD_KEYS},
    "no key": {"data": {"float32": [1, 2, 3]}},
    "no data": {"key": "k"},
    **{
        f"data {value!r:.12}": {"key": "k", "data": value}
        for value in (None, [1, 2, 3], "x", {}, {"float64": [1]})
    },
    **{
        f"float32 {value!r:.12}": {"key": "k", "data": {"float32": value}} for value in (None, {}, "1,2,3", 1)
    },
    **{
        f"numbers {value!r:.20}": vector("k", value)
        for value in (
            [],
            [1, 2],
            [1, 2, 3, 4],
            [1, "2", 3],
            [1, None, 3],
            [1, True, 3],
            [1, [2], 3],
            [1, 2, 1e39],
            [1, 2, -3.5e38],
            [1, 2, 10**40],
        )
    },
    **{f"metadata {value!r:.12}": vector("k", metadata=value) for value in (None, [], "x", 1)},
    **{
        f"value {value!r:.12}": vector("k", metadata={"a": value})
        for value in (None, {}, {"b": "c"}, [1], [True], [None], [["x"]], ["x", 1])
    },
    "eleven fields": vector("k", metadata={f"f{n}": "x" for n in range(11)}),
    "filterable part too large": vector("k", metadata={"a": "x" * 2100}),
    "filterable parts too large together": vector("k", metadata={f"f{n}": "x" * 400 for n in range(6)}),
    "not an object": "k",
    "null": None,
}


@pytest.mark.parametrize("name", BAD_VECTORS)
def test_one_bad_vector_refuses_the_whole_batch(indexed: Client, name: str) -> None:
    assert indexed.put(GOOD, BAD_VECTORS[name], vector("after")).outcome == INVALID
    assert indexed.stored() == {}


@pytest.mark.parametrize("number", [3.4e38, -3.4e38, 1e-45, 1e-300, 0, -0.0])
def test_numbers_single_precision_can_hold_are_rounded_to_it(indexed: Client, number: float) -> None:
    assert indexed.put(vector("k", [1, 2, number])).status == 200
    data = get(indexed, "k", returnData=True)[0]["data"]["float32"]
    assert np.float32(data[2]) == np.float32(number)


@pytest.mark.parametrize("count", [1, 500])
def test_a_batch_of_1_to_500_vectors_is_written(indexed: Client, count: int) -> None:
    assert indexed.put(*(vector(f"k{n}") for n in range(count))).status == 200
    assert len(indexed.stored()) == count


@pytest.mark.parametrize("count", [0, 501])
def test_a_batch_of_none_or_501_vectors_is_refused(indexed: Client, count: int) -> None:
    assert indexed.put(*(vector(f"k{n}") for n in range(count))).outcome == INVALID
    assert indexed.stored() == {}


def test_the_same_key_twice_refuses_the_whole_batch(indexed: Client) -> None:
    assert indexed.put(vector("a"), vector("b"), vector("a", [4, 5, 6])).outcome == INVALID
    assert indexed.stored() == {}


@pytest.mark.parametrize(
    "body", [{}, {"indexName": INDEX}, {"vectors": [GOOD]}, {"indexName": INDEX, "vectors": GOOD}]
)
def test_a_write_needs_index_and_vectors(indexed: Client, body: dict[str, Any]) -> None:
    assert indexed.post("putVectors", body).outcome == INVALID


@pytest.mark.parametrize(("metric", "status"), [("cosine", 400), ("euclidean", 200)])
@pytest.mark.parametrize("values", [[0, 0, 0], [0.0, -0.0, 1e-60]])
def test_a_zero_vector_is_refused_under_cosine_only(metric: str, status: int, values: list[float]) -> None:
    client = make_client().make_bucket().make_index(metric=metric)
    assert client.put(vector("k", values)).status == status


@pytest.mark.parametrize("dimension", [1, 4096])
def test_both_ends_of_the_dimension_are_stored(dimension: int) -> None:
    client = make_client().make_bucket().make_index(dimension=dimension)
    assert client.put(vector("k", [0.5] * dimension)).status == 200
    assert client.put(vector("k", [0.5] * (dimension + 1))).outcome == INVALID


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"a": ""},
        {"a": []},
        {"a": ["x"] * 100},
        {f"f{n}": "x" for n in range(10)},
        {"a": "x" * 1900},
        {"a": "é" * 900},
        {"": "empty name"},
        {"a": 1, "b": 1.5, "c": True},
    ],
    ids=lambda value: repr(value)[:20],
)
def test_good_metadata_comes_back_unchanged(indexed: Client, metadata: dict[str, Any]) -> None:
    assert indexed.put(vector("k", metadata=metadata)).status == 200
    assert get(indexed, "k", returnMetadata=True)[0]["metadata"] == metadata


def test_non_filterable_metadata_counts_only_against_the_whole_size(client: Client) -> None:
    client.make_index(keys=["text"])
    assert client.put(vector("k", metadata={"text": "x" * 39 * 1024})).status == 200
    assert client.put(vector("k", metadata={"text": "x" * 41 * 1024})).outcome == INVALID
    ten = {f"f{n}": "x" for n in range(10)}
    assert client.put(vector("k", metadata={"text": "x", **ten})).status == 200
    assert client.put(vector("k", metadata={"text": "x", "a": "x" * 2100})).outcome == INVALID
    assert get(client, "k", returnMetadata=True)[0]["metadata"] == {"text": "x", **ten}


@pytest.mark.parametrize("count", [1, 100])
def test_1_to_100_keys_can_be_read(indexed: Client, count: int) -> None:
    assert get(indexed, *(f"k{n}" for n in range(count))) == []


@pytest.mark.parametrize(
    "keys", [[], [f"k{n}" for n in range(101)], [""], ["x" * 1025], [1], [None], "k", {}, None, ..., True]
)
def test_a_read_with_bad_keys_is_refused(indexed: Client, keys: Any) -> None:
    body = {"indexName": INDEX} if keys is ... else {"indexName": INDEX, "keys": keys}
    assert indexed.post("getVectors", body).outcome == INVALID


@pytest.mark.parametrize("flag", ["returnData", "returnMetadata"])
@pytest.mark.parametrize("value", ["true", 1, None, []])
def test_a_flag_has_to_be_a_boolean(indexed: Client, flag: str, value: Any) -> None:
    assert indexed.post("getVectors", {"indexName": INDEX, "keys": ["k"], flag: value}).outcome == INVALID
    assert indexed.post("listVectors", {"indexName": INDEX, flag: value}).outcome == INVALID


def test_deleting_leaves_the_other_vectors(indexed: Client) -> None:
    indexed.put(*(vector(f"k{n}", [n, n, n], {"n": str(n)}) for n in range(10)))
    reply = indexed.post("deleteVectors", {"indexName": INDEX, "keys": ["k0", "k4", "k9", "missing"]})
    assert (reply.status, reply.body) == (204, b"")
    stored = indexed.stored()
    assert sorted(stored) == ["k1", "k2", "k3", "k5", "k6", "k7", "k8"]
    for key, entry in stored.items():
        assert entry["data"]["float32"] == [float(key[1:])] * 3
        assert entry["metadata"] == {"n": key[1:]}


@pytest.mark.parametrize(
    ("unique", "repeats", "status"), [(1, 1, 204), (500, 1, 204), (500, 2, 204), (1, 600, 204), (501, 1, 400)]
)
def test_a_delete_counts_unique_keys(indexed: Client, unique: int, repeats: int, status: int) -> None:
    indexed.put(vector("k0"))
    keys = [f"k{n}" for n in range(unique)] * repeats
    assert indexed.post("deleteVectors", {"indexName": INDEX, "keys": keys}).status == status
    assert len(indexed.stored()) == (1 if status == 400 else 0)


@pytest.mark.parametrize(
    "changes",
    [
        *({"keys": value} for value in (..., [], None, "k", {}, [1], [None], [""])),
        {"indexName": ...},
        {"indexName": 1},
    ],
    ids=str,
)
def test_a_bad_delete_is_refused_and_deletes_nothing(indexed: Client, changes: dict[str, Any]) -> None:
    indexed.put(vector("k"))
    body = {"indexName": INDEX, "keys": ["k"], **changes}
    reply = indexed.post("deleteVectors", {name: value for name, value in body.items() if value is not ...})
    assert reply.outcome == INVALID
    assert indexed.stored().keys() == {"k"}


@pytest.mark.parametrize(
    "operation", ["getVectors", "listVectors", "deleteVectors", "putVectors", "queryVectors"]
)
def test_a_missing_index_is_not_found(client: Client, operation: str) -> None:
    body = {
        "indexName": "missing",
        "keys": ["k"],
        "vectors": [GOOD],
        "queryVector": {"float32": [1, 2, 3]},
        "topK": 1,
    }
    assert client.post(operation, body).outcome == (404, "NoSuchVectorIndex")


def test_the_largest_documented_batch_fits(client: Client) -> None:
    client.make_index(dimension=4096)
    numbers = ",".join(["0.12345678901234567"] * 4096)
    vectors = ",".join(f'{{"key":"k{n}","data":{{"float32":[{numbers}]}}}}' for n in range(500))
    body = f'{{"indexName":{json.dumps(INDEX)},"vectors":[{vectors}]}}'.encode()
    assert len(body) > 38_000_000
    assert client.send("POST", "putVectors", body).status == 200
    assert len(client.post("listVectors", {"indexName": INDEX}).json["vectors"]) == 500
