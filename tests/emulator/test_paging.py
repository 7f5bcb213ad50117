"""Listings in pages: complete, without repetition, without an empty last page, stable under writes.

Sources: ListVectors and ListVectorIndexes pages; SDK live tests for the number of pages.
"""

from __future__ import annotations

from typing import Any

import pytest

from .client import INDEX, Client, index_body, vector

INVALID = (400, "VectorIndexParameterInvalid")


def fill(client: Client, count: int) -> set[str]:
    keys = [f"key-{n}" for n in range(count)]
    for start in range(0, count, 500):
        client.put(*(vector(key) for key in keys[start : start + 500]))
    return set(keys)


def page(client: Client, **body: Any) -> Any:
    reply = client.post("listVectors", {"indexName": INDEX, **body})
    assert reply.status == 200, reply.body
    return reply.json


def pages(client: Client, operation: str = "listVectors", **body: Any) -> list[list[str]]:
    found = []
    token = ""
    name = {} if operation == "listVectorIndexes" else {"indexName": INDEX}
    while True:
        answer = client.post(operation, {**name, "nextToken": token, **body}).json
        entries = answer["vectors"] if "vectors" in answer else answer["indexes"]
        found.append([entry.get("key") or entry["indexName"] for entry in entries])
        token = answer.get("nextToken", "")
        if not token:
            return found


@pytest.mark.parametrize(
    ("count", "size", "lengths"),
    [(0, 5, [0]), (1, 1, [1]), (3, 1, [1, 1, 1]), (10, 5, [5, 5]), (11, 5, [5, 5, 1]), (5, 1000, [5])],
)
def test_vectors_come_in_full_pages(indexed: Client, count: int, size: int, lengths: list[int]) -> None:
    keys = fill(indexed, count)
    found = pages(indexed, maxResults=size)
    assert [len(part) for part in found] == lengths
    assert {key for part in found for key in part} == keys


def test_a_complete_page_has_no_token(indexed: Client) -> None:
    fill(indexed, 5)
    assert "nextToken" not in page(indexed, maxResults=5)
    assert "nextToken" in page(indexed, maxResults=4)


def test_the_default_page_holds_500_vectors_and_the_largest_1000(indexed: Client) -> None:
    fill(indexed, 1001)
    assert len(page(indexed)["vectors"]) == 500
    assert len(page(indexed, maxResults=0)["vectors"]) == 500
    assert len(page(indexed, maxResults=1000)["vectors"]) == 1000


@pytest.mark.parametrize("size", [1001, -1, "5", 1.5, True, None])
def test_a_bad_page_size_is_refused(indexed: Client, size: Any) -> None:
    assert indexed.post("listVectors", {"indexName": INDEX, "maxResults": size}).outcome == INVALID


@pytest.mark.parametrize("count", [1, 2, 7, 16])
def test_segments_partition_the_index(indexed: Client, count: int) -> None:
    keys = fill(indexed, 200)
    found = [
        key
        for segment in range(count)
        for part in pages(indexed, maxResults=3, segmentCount=count, segmentIndex=segment)
        for key in part
    ]
    assert len(found) == 200
    assert set(found) == keys


def test_the_only_vector_of_the_live_test_is_in_segment_one(indexed: Client) -> None:
    indexed.put(vector("vector-key-1"))
    assert page(indexed, segmentCount=2, segmentIndex=1)["vectors"] == [{"key": "vector-key-1"}]
    assert page(indexed, segmentCount=2, segmentIndex=0)["vectors"] == []


@pytest.mark.parametrize(
    "body",
    [
        {"segmentCount": 0},
        {"segmentCount": 17},
        {"segmentCount": -1},
        {"segmentCount": "2"},
        {"segmentCount": 2, "segmentIndex": 2},
        {"segmentCount": 16, "segmentIndex": 16},
        {"segmentCount": 2, "segmentIndex": -1},
        {"segmentIndex": 1},
        {"segmentCount": 2, "segmentIndex": "0"},
    ],
    ids=str,
)
def test_a_bad_segment_is_refused(indexed: Client, body: dict[str, Any]) -> None:
    assert indexed.post("listVectors", {"indexName": INDEX, **body}).outcome == INVALID


@pytest.mark.parametrize(
    "body", [{"segmentIndex": 0}, {"segmentCount": 2}, {"segmentCount": 16, "segmentIndex": 15}]
)
def test_a_good_segment_is_accepted(indexed: Client, body: dict[str, Any]) -> None:
    assert page(indexed, **body)["vectors"] == []


def test_paging_survives_writes_and_deletes_in_between(indexed: Client) -> None:
    fill(indexed, 20)
    first = page(indexed, maxResults=10)
    seen = [entry["key"] for entry in first["vectors"]]
    gone = [seen[0], seen[-1]]
    indexed.post("deleteVectors", {"indexName": INDEX, "keys": gone})
    indexed.put(vector(seen[3], [9, 9, 9]), vector("late"))
    rest: list[str] = []
    token = first["nextToken"]
    while token:
        answer = page(indexed, maxResults=4, nextToken=token)
        rest += [entry["key"] for entry in answer["vectors"]]
        token = answer.get("nextToken")
    assert sorted(rest) == sorted({f"key-{n}" for n in range(20)} - set(seen) | {"late"})


def test_tokens_are_short_even_for_the_longest_keys(indexed: Client) -> None:
    indexed.put(*(vector("é" * 1023 + letter) for letter in "abc"))
    token = page(indexed, maxResults=1)["nextToken"]
    assert 1 <= len(token.encode()) <= 512
    assert page(indexed, maxResults=1, nextToken=token)["vectors"][0]["key"].endswith("b")


@pytest.mark.parametrize(
    "token", ["x", "key-1", "CAESCG15aC2xxxxx", "é", "=" * 40, "A" * 2048, "A" * 2049, 1, None]
)
def test_a_token_that_was_never_issued_is_refused(indexed: Client, token: Any) -> None:
    fill(indexed, 3)
    assert indexed.post("listVectors", {"indexName": INDEX, "nextToken": token}).outcome == INVALID


def test_a_changed_token_is_refused(indexed: Client) -> None:
    fill(indexed, 3)
    token = page(indexed, maxResults=1)["nextToken"]
    changed = ("B" if token[12] == "A" else "A").join((token[:12], token[13:]))
    assert indexed.post("listVectors", {"indexName": INDEX, "nextToken": changed}).outcome == INVALID


def test_a_token_belongs_to_its_index_and_its_segment(indexed: Client) -> None:
    indexed.make_index("other")
    fill(indexed, 20)
    token = page(indexed, maxResults=1, segmentCount=2, segmentIndex=0)["nextToken"]
    body = {"indexName": INDEX, "nextToken": token, "segmentCount": 2}
    assert indexed.post("listVectors", {**body, "segmentIndex": 0}).status == 200
    assert indexed.post("listVectors", {**body, "segmentIndex": 1}).outcome == INVALID
    assert indexed.post("listVectors", {**body, "indexName": "other", "segmentIndex": 0}).outcome == INVALID
    indexed.post("deleteVectorIndex", {"indexName": INDEX})
    indexed.make_index()
    assert indexed.post("listVectors", {**body, "segmentIndex": 0}).outcome == INVALID


@pytest.mark.parametrize(
    ("count", "size", "lengths"), [(3, 1, [1, 1, 1]), (11, 5, [5, 5, 1]), (10, 5, [5, 5])]
)
def test_indexes_come_in_full_pages_and_in_order(
    client: Client, count: int, size: int, lengths: list[int]
) -> None:
    names = [f"index{n}" for n in range(count)]
    for name in reversed(names):
        client.make_index(name)
    found = pages(client, "listVectorIndexes", maxResults=size)
    assert [len(part) for part in found] == lengths
    assert [name for part in found for name in part] == sorted(names)


def test_a_prefix_selects_indexes(client: Client) -> None:
    for name in ("ab", "abc", "b"):
        client.make_index(name)
    assert pages(client, "listVectorIndexes", prefix="ab") == [["ab", "abc"]]
    assert pages(client, "listVectorIndexes", prefix="x") == [[]]


def test_the_default_page_holds_100_indexes(client: Client) -> None:
    for number in range(100):
        assert client.post("putVectorIndex", index_body(indexName=f"i{number}")).status == 200
    assert [len(part) for part in pages(client, "listVectorIndexes")] == [100]
    assert [len(part) for part in pages(client, "listVectorIndexes", maxResults=99)] == [99, 1]
