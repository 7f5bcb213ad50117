"""The legal variations: each setting changes what it says, and only at a point the documents leave open."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from oss_vectors_emulator import Choices, Settings
from oss_vectors_emulator.choices import CHOICE_VALUES
from oss_vectors_emulator.limits import Limits

from .client import INDEX, Client, index_body, make_client, vector

INVALID = (400, "VectorIndexParameterInvalid")


def playing(metric: str = "euclidean", **choices: str) -> Client:
    client = make_client(Settings(choices=Choices(**choices))).make_bucket()
    return client.make_index(metric=metric, keys=["hidden"])


def read(client: Client, keys: list[str], **flags: Any) -> Any:
    return client.post("getVectors", {"indexName": INDEX, "keys": keys, **flags}).json["vectors"]


def query(client: Client, **more: Any) -> Any:
    body = {"indexName": INDEX, "queryVector": {"float32": [1, 2, 3]}, "topK": 10, **more}
    return client.post("queryVectors", body)


def test_the_defaults_are_the_first_values() -> None:
    assert dataclasses.asdict(Choices()) == {name: values[0] for name, values in CHOICE_VALUES.items()}


def test_every_limit_names_a_document_and_a_section() -> None:
    for item in dataclasses.fields(Limits):
        assert item.metadata["document"]
        assert item.metadata["section"]


def test_paging_members_of_a_complete_bucket_list() -> None:
    listing = (
        playing(list_buckets_paging_members="always").send("GET", bucket=None).json["ListAllMyBucketsResult"]
    )
    assert listing["IsTruncated"] is False
    assert (listing["MaxKeys"], listing["NextMarker"]) == (100, "")


def test_token_of_the_last_page() -> None:
    client = playing(last_page_token="empty")
    assert client.post("listVectors", {"indexName": INDEX}).json == {"vectors": [], "nextToken": ""}
    assert client.send("POST", "listVectorIndexes").json["nextToken"] == ""


def test_metadata_of_a_vector_without_any() -> None:
    client = playing(absent_metadata="empty-object")
    client.put(vector("k"))
    assert read(client, ["k"], returnMetadata=True) == [{"key": "k", "metadata": {}}]
    assert read(client, ["k"]) == [{"key": "k"}]


@pytest.mark.parametrize(("choice", "keys"), [("fold", ["b", "a"]), ("repeat", ["b", "a", "b"])])
def test_a_key_read_twice(choice: str, keys: list[str]) -> None:
    client = playing(repeated_get_keys=choice)
    client.put(vector("a"), vector("b"))
    assert [entry["key"] for entry in read(client, ["b", "a", "b"])] == keys


def test_order_of_a_vector_listing() -> None:
    client = playing(vector_order="reverse")
    client.put(*(vector(f"k{n}") for n in range(5)))
    first = client.post("listVectors", {"indexName": INDEX, "maxResults": 3}).json
    rest = client.post(
        "listVectors", {"indexName": INDEX, "maxResults": 3, "nextToken": first["nextToken"]}
    ).json
    assert [entry["key"] for entry in first["vectors"] + rest["vectors"]] == ["k4", "k3", "k2", "k1", "k0"]
    assert "nextToken" not in rest


@pytest.mark.parametrize(("choice", "number"), [("float32", 0.1), ("float64", 0.10000000149011612)])
def test_text_of_a_number(choice: str, number: float) -> None:
    client = playing(float_output=choice)
    client.put(vector("k", [0.1, 1, 2]))
    assert read(client, ["k"], returnData=True)[0]["data"]["float32"] == [number, 1.0, 2.0]


@pytest.mark.parametrize("value", [1, 1.5, True])
def test_strict_metadata_values(value: Any) -> None:
    client = playing(metadata_values="strict")
    assert client.put(vector("k", metadata={"a": value})).outcome == INVALID
    assert client.put(vector("k", metadata={"a": "x", "b": ["y"]})).status == 200
    for condition in ({"a": value}, {"a": {"$eq": value}}, {"a": {"$in": ["x", value]}}, {"a": {"$gt": 1}}):
        assert query(client, filter=condition).outcome == INVALID
    assert query(client, filter={"a": {"$in": ["x"]}}).status == 200


@pytest.mark.parametrize(("choice", "found"), [("match", 1), ("no-match", 0)])
@pytest.mark.parametrize("condition", [{"a": {"$ne": "x"}}, {"a": {"$nin": ["x"]}}])
def test_negation_of_a_missing_field(choice: str, found: int, condition: Any) -> None:
    client = playing(missing_field_negation=choice)
    client.put(vector("k"))
    assert len(query(client, filter=condition).json["vectors"]) == found


def test_a_filter_on_a_non_filterable_field() -> None:
    client = playing(non_filterable_in_filter="no-match")
    client.put(vector("k", metadata={"hidden": "x"}))
    assert query(client, filter={"hidden": {"$eq": "x"}}).json == {"vectors": []}


def test_shorthand_equality_can_be_refused() -> None:
    assert query(playing(shorthand_equality="reject"), filter={"a": "x"}).outcome == INVALID


@pytest.mark.parametrize(("choice", "status"), [("reject", 400), ("accept", 200)])
def test_a_zero_query_under_cosine(choice: str, status: int) -> None:
    client = playing("cosine", zero_cosine_query=choice)
    client.put(vector("k"))
    assert query(client, queryVector={"float32": [0, 0, 0]}).status == status


def test_a_page_of_zero_vectors() -> None:
    client = playing(zero_list_vectors_page="reject")
    assert client.post("listVectors", {"indexName": INDEX, "maxResults": 0}).outcome == INVALID
    assert client.post("listVectors", {"indexName": INDEX}).status == 200


@pytest.mark.parametrize("missing", ["dataType", "dimension", "distanceMetric"])
def test_defaults_of_a_new_index(missing: str) -> None:
    body = index_body(indexName="other", **{missing: ...})
    assert playing().post("putVectorIndex", body).outcome == INVALID
    client = playing(index_defaults="default")
    assert client.post("putVectorIndex", body).status == 200
    expected = {"dataType": "float32", "dimension": 512, "distanceMetric": "euclidean"}[missing]
    assert client.post("getVectorIndex", {"indexName": "other"}).json["index"][missing] == expected


@pytest.mark.parametrize(("choice", "status"), [("fold", 200), ("reject", 400)])
def test_a_non_filterable_key_named_twice(choice: str, status: int) -> None:
    client = playing(duplicate_non_filterable_keys=choice)
    body = index_body(indexName="other", metadata={"nonFilterableMetadataKeys": ["a", "b", "a"]})
    assert client.post("putVectorIndex", body).status == status
    if status == 200:
        got = client.post("getVectorIndex", {"indexName": "other"}).json["index"]["metadata"]
        assert got == {"nonFilterableMetadataKeys": ["a", "b"]}


@pytest.mark.parametrize(("choice", "status"), [("reject", 400), ("absent", 200)])
@pytest.mark.parametrize("member", ["maxResults", "nextToken", "returnData", "segmentCount", "filter"])
def test_null_for_an_optional_member(choice: str, status: int, member: str) -> None:
    reply = playing(explicit_null=choice).post("listVectors", {"indexName": INDEX, member: None})
    assert reply.status == status


@pytest.mark.parametrize(("choice", "status"), [("accept", 200), ("reject", 400)])
def test_an_integer_written_as_a_fraction(choice: str, status: int) -> None:
    client = playing(integral_float=choice)
    assert client.post("putVectorIndex", index_body(indexName="other", dimension=3.0)).status == status


@pytest.mark.parametrize("code", ["VectorIndexParameterInvalid", "MalformedJson"])
def test_the_code_of_a_wrong_type(code: str) -> None:
    client = playing(wrong_type_code=code)
    assert client.post("putVectorIndex", index_body(dimension="3")).outcome == (400, code)
    assert client.post("putVectorIndex", index_body(dimension=0)).outcome == INVALID


def test_a_wrong_content_md5_can_be_ignored() -> None:
    client = playing(content_md5="ignore")
    assert client.send("GET", "bucketInfo", b"x", headers={"content-md5": "AAAA"}).status == 200
