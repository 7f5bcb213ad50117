"""Metadata filters: what each operator means, and which filters are refused.

Source: QueryVectors page, Request parameters, filter (operators, 64 KB, 1024 items, 8 levels, empty filter
allowed). The official samples use the shorthand for equality.
"""

from __future__ import annotations

from typing import Any

import pytest

from .client import INDEX, Client, vector

INVALID = (400, "VectorIndexParameterInvalid")
FILMS = {
    "a": {"type": "comedy", "year": "2020", "tags": ["x", "y"]},
    "b": {"type": "drama", "year": "2021", "tags": ["y"]},
    "c": {"type": "comedy", "score": 7, "seen": True},
    "d": {"type": "news", "score": 1, "seen": False},
    "e": None,
}


@pytest.fixture
def films(client: Client) -> Client:
    client.make_index(keys=["hidden"])
    client.put(*(vector(key, metadata=... if data is None else data) for key, data in FILMS.items()))
    return client


def query(client: Client, condition: Any) -> Any:
    body = {"indexName": INDEX, "queryVector": {"float32": [1, 2, 3]}, "topK": 30, "filter": condition}
    return client.post("queryVectors", body)


def matches(client: Client, condition: Any) -> str:
    reply = query(client, condition)
    assert reply.status == 200, reply.body
    found = "".join(sorted(entry["key"] for entry in reply.json["vectors"]))
    listed = client.post("listVectors", {"indexName": INDEX, "filter": condition}).json["vectors"]
    assert "".join(sorted(entry["key"] for entry in listed)) == found
    return found


@pytest.mark.parametrize(
    ("condition", "expected"),
    [
        ({}, "abcde"),
        ({"type": {"$eq": "comedy"}}, "ac"),
        ({"type": {"$eq": "Comedy"}}, ""),
        ({"type": "comedy"}, "ac"),
        ({"tags": {"$eq": "x"}}, "a"),
        ({"tags": {"$eq": "y"}}, "ab"),
        ({"tags": {"$in": ["x", "z"]}}, "a"),
        ({"tags": {"$ne": "x"}}, "bcde"),
        ({"tags": {"$nin": ["x"]}}, "bcde"),
        ({"type": {"$ne": "comedy"}}, "bde"),
        ({"type": {"$in": ["comedy", "news"]}}, "acd"),
        ({"type": {"$nin": ["comedy", "news"]}}, "be"),
        ({"year": {"$exists": True}}, "ab"),
        ({"year": {"$exists": False}}, "cde"),
        ({"nothing": {"$in": ["comedy"]}}, ""),
        ({"nothing": {"$nin": ["comedy"]}}, "abcde"),
        ({"$and": [{"type": {"$in": ["comedy", "documentary"]}}, {"year": {"$eq": "2020"}}]}, "a"),
        ({"$and": [{"type": {"$eq": "comedy"}}]}, "ac"),
        ({"$or": [{"type": {"$eq": "drama"}}, {"seen": {"$eq": True}}]}, "bc"),
        ({"$or": [{"$and": [{"type": "comedy"}, {"year": "2020"}]}, {"type": "news"}]}, "ad"),
        ({"type": "comedy", "year": "2020"}, "a"),
        ({"type": {"$ne": "comedy", "$exists": True}}, "bd"),
        ({"score": {"$eq": 7}}, "c"),
        ({"score": {"$eq": 7.0}}, "c"),
        ({"score": {"$eq": "7"}}, ""),
        ({"score": {"$gt": 1}}, "c"),
        ({"score": {"$gte": 1}}, "cd"),
        ({"score": {"$lt": 7}}, "d"),
        ({"score": {"$lte": 7, "$gt": 1}}, "c"),
        ({"type": {"$gt": 0}}, ""),
        ({"seen": {"$eq": True}}, "c"),
        ({"seen": {"$eq": 1}}, ""),
        ({"score": {"$eq": True}}, ""),
        ({"seen": {"$gte": 0}}, ""),
    ],
    ids=str,
)
def test_a_filter_selects(films: Client, condition: Any, expected: str) -> None:
    assert matches(films, condition) == expected


def nested(levels: int, operator: str = "$and") -> Any:
    condition: Any = {"type": {"$eq": "comedy"}}
    for _ in range(levels):
        condition = {operator: [condition]}
    return condition


BAD = {
    "null": None,
    "array": [],
    "string": "type = comedy",
    "unknown operator": {"type": {"$regex": "c.*"}},
    "upper-case operator": {"type": {"$EQ": "comedy"}},
    "unknown logical operator": {"$not": [{"type": "comedy"}]},
    "comparison at the top": {"$eq": "comedy"},
    "empty condition": {"type": {}},
    "null operand": {"type": {"$eq": None}},
    "array operand": {"type": {"$eq": ["comedy"]}},
    "object operand": {"type": {"$eq": {"a": "b"}}},
    "shorthand null": {"type": None},
    "shorthand array": {"type": ["comedy"]},
    "in without array": {"type": {"$in": "comedy"}},
    "empty in": {"type": {"$in": []}},
    "empty nin": {"type": {"$nin": []}},
    "in with null": {"type": {"$in": ["comedy", None]}},
    "in with array": {"type": {"$in": [["comedy"]]}},
    "exists with a string": {"type": {"$exists": "true"}},
    "exists with a number": {"type": {"$exists": 1}},
    "range with a string": {"score": {"$gt": "1"}},
    "range with a boolean": {"score": {"$gt": True}},
    "empty and": {"$and": []},
    "empty or": {"$or": []},
    "and with an object": {"$and": {"type": "comedy"}},
    "and of strings": {"$and": ["type"]},
    "not filterable": {"hidden": {"$eq": "x"}},
    "not filterable inside": {"$or": [{"type": "comedy"}, {"$and": [{"hidden": {"$exists": True}}]}]},
    "nine levels": nested(9),
    "two hundred levels": nested(200, "$or"),
    "1025 conditions": {"$or": [{"type": {"$eq": "x"}}] * 1025},
    "1025 values": {"type": {"$in": [str(n) for n in range(1025)]}},
    "more than 64 KB": {"type": {"$eq": "x" * 65 * 1024}},
}


@pytest.mark.parametrize("name", BAD)
def test_a_bad_filter_is_refused_by_query_and_list(films: Client, name: str) -> None:
    assert query(films, BAD[name]).outcome == INVALID
    assert films.post("listVectors", {"indexName": INDEX, "filter": BAD[name]}).outcome == INVALID


@pytest.mark.parametrize(
    "condition",
    [
        nested(8),
        {"$or": [{"type": {"$eq": "comedy"}}] * 1024},
        {"type": {"$in": ["comedy", *(str(n) for n in range(1023))]}},
        {"$or": [{"type": {"$eq": "comedy"}}, {"type": {"$eq": "x" * 60 * 1024}}]},
    ],
    ids=["levels", "conditions", "values", "length"],
)
def test_a_filter_at_its_limit_is_accepted(films: Client, condition: Any) -> None:
    assert matches(films, condition) == "ac"
