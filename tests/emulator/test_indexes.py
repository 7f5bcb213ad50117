"""Vector indexes: every parameter on both sides of its limit, and what a refusal leaves behind.

Source: PutVectorIndex page, Request parameters and Error codes; GetVectorIndex, ListVectorIndexes and
DeleteVectorIndex pages.
"""

from __future__ import annotations

from typing import Any

import pytest

from oss_vectors_emulator import Limits, Settings

from .client import INDEX, Client, index_body, make_client, vector

INVALID = (400, "VectorIndexParameterInvalid")


def keys(*names: Any) -> dict[str, Any]:
    return {"metadata": {"nonFilterableMetadataKeys": list(names)}}


@pytest.mark.parametrize(
    "changes",
    [
        {"indexName": "a"},
        {"indexName": "Z9"},
        {"indexName": "a" * 63},
        {"dimension": 1},
        {"dimension": 4096},
        {"distanceMetric": "cosine"},
        {"metadata": {}},
        {"metadata": None},
        {"unknown": [1, {"deep": None}]},
        keys("a"),
        keys("_"),
        keys("A_9" + "x" * 60),
        keys(*(f"key{n}" for n in range(10))),
        {"dimension": 3.0},
    ],
    ids=str,
)
def test_a_good_index_is_created_without_a_body(client: Client, changes: dict[str, Any]) -> None:
    body = index_body(**changes)
    reply = client.post("putVectorIndex", body)
    assert (reply.status, reply.body) == (200, b"")
    got = client.post("getVectorIndex", {"indexName": body["indexName"]}).json["index"]
    assert (got["dimension"], got["distanceMetric"]) == (body["dimension"], body["distanceMetric"])
    assert type(got["dimension"]) is int


@pytest.mark.parametrize(
    "changes",
    [
        *(
            {"indexName": name}
            for name in ("", "a" * 64, "1a", "a-b", "a_b", "a.b", "a b", "é", "aé", "a\n", "٣a")
        ),
        *({"indexName": value} for value in (..., None, 1, True, [], {})),
        *({"dimension": value} for value in (..., 0, -1, 4097, 1.5, "3", True, None, [], {}, 10**30)),
        *({"dataType": value} for value in (..., "", "Float32", "float64", "int8", None, 1)),
        *({"distanceMetric": value} for value in (..., "", "Cosine", "ip", "l2", None, 1)),
        *({"metadata": value} for value in ("x", 1, [], True)),
        *({"metadata": {"nonFilterableMetadataKeys": value}} for value in (None, "a", {}, 1, [])),
        *(keys(name) for name in ("", "1a", "a-b", "a.b", "a b", "é", "a\n", "x" * 64, None, 1, ["a"])),
        keys(*(f"key{n}" for n in range(11))),
    ],
    ids=str,
)
def test_a_bad_parameter_is_refused_and_no_index_appears(client: Client, changes: dict[str, Any]) -> None:
    assert client.post("putVectorIndex", index_body(**changes)).outcome == INVALID
    assert client.send("POST", "listVectorIndexes").json == {"indexes": []}


def test_the_same_name_twice_is_a_conflict_and_keeps_the_first(indexed: Client) -> None:
    reply = indexed.post("putVectorIndex", index_body(dimension=7))
    assert reply.outcome == (409, "VectorBucketIndexAlreadyExist")
    assert indexed.post("getVectorIndex", {"indexName": INDEX}).json["index"]["dimension"] == 3


def test_names_that_differ_in_case_are_different(indexed: Client) -> None:
    assert indexed.post("putVectorIndex", index_body(indexName=INDEX.upper())).status == 200


def test_one_index_more_than_the_quota_exceeds_it() -> None:
    client = make_client(Settings(limits=Limits(indexes_per_bucket=2))).make_bucket()
    client.make_index("a").make_index("b")
    assert client.post("putVectorIndex", index_body(indexName="c")).outcome == (
        400,
        "VectorBucketIndexExceedLimit",
    )
    client.post("deleteVectorIndex", {"indexName": "a"})
    assert client.post("putVectorIndex", index_body(indexName="c")).status == 200


def test_the_documented_quota_is_a_hundred_indexes(client: Client) -> None:
    for number in range(100):
        client.make_index(f"index{number}")
    assert client.post("putVectorIndex", index_body()).code == "VectorBucketIndexExceedLimit"


def test_an_index_is_described_as_it_was_made(client: Client) -> None:
    client.make_index(dimension=7, metric="cosine", keys=["b", "a"])
    described = {
        "indexName": INDEX,
        "createTime": "2026-11-21T07:06:50.000Z",
        "dataType": "float32",
        "dimension": 7,
        "distanceMetric": "cosine",
        "status": "enable",
        "metadata": {"nonFilterableMetadataKeys": ["b", "a"]},
    }
    assert client.post("getVectorIndex", {"indexName": INDEX}).json == {"index": described}
    assert client.send("POST", "listVectorIndexes").json == {"indexes": [described]}


def test_metadata_is_left_out_when_nothing_was_configured(indexed: Client) -> None:
    assert "metadata" not in indexed.post("getVectorIndex", {"indexName": INDEX}).json["index"]


@pytest.mark.parametrize("operation", ["getVectorIndex", "deleteVectorIndex"])
@pytest.mark.parametrize(
    ("body", "outcome"),
    [
        ({"indexName": "missing"}, (404, "NoSuchVectorIndex")),
        ({}, INVALID),
        ({"indexName": None}, INVALID),
        ({"indexName": 1}, INVALID),
        ({"indexName": "bad-name"}, INVALID),
    ],
)
def test_reading_and_deleting_need_an_existing_index(
    indexed: Client, operation: str, body: dict[str, Any], outcome: tuple[int, str]
) -> None:
    assert indexed.post(operation, body).outcome == outcome


def test_deleting_an_index_deletes_its_vectors(indexed: Client) -> None:
    indexed.put(vector("k"))
    reply = indexed.post("deleteVectorIndex", {"indexName": INDEX})
    assert (reply.status, reply.body) == (204, b"")
    assert indexed.post("deleteVectorIndex", {"indexName": INDEX}).outcome == (404, "NoSuchVectorIndex")
    indexed.make_index()
    assert indexed.stored() == {}


@pytest.mark.parametrize(
    "body", [b"", b"{}", b'{"maxResults": 0}', b'{"maxResults": 500}', b'{"nextToken": ""}']
)
def test_listing_indexes_takes_an_empty_body_like_an_empty_object(indexed: Client, body: bytes) -> None:
    assert len(indexed.send("POST", "listVectorIndexes", body).json["indexes"]) == 1


@pytest.mark.parametrize(
    "body",
    [
        *({"maxResults": value} for value in (-1, 501, "5", 1.5, True, None)),
        *({"nextToken": value} for value in (1, None, [], "x" * 513)),
        *({"prefix": value} for value in (1, None, [])),
    ],
    ids=str,
)
def test_a_bad_listing_parameter_is_refused(indexed: Client, body: dict[str, Any]) -> None:
    assert indexed.post("listVectorIndexes", body).outcome == INVALID
