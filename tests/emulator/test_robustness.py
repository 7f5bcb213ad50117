"""Bad input of every kind: always a 4xx with an envelope, never a 5xx, and the emulator keeps serving.

Bodies go through the pipeline; heads that only a socket can carry are in the wire tests.
"""

from __future__ import annotations

from typing import Any

import pytest

from .client import BUCKET, INDEX, Client, Signer, host_of, vector

OPERATIONS = (
    "putVectorIndex",
    "getVectorIndex",
    "listVectorIndexes",
    "deleteVectorIndex",
    "putVectors",
    "getVectors",
    "listVectors",
    "deleteVectors",
    "queryVectors",
)
MALFORMED = {
    "garbage": b"garbage",
    "truncated": b'{"indexName": "testIndex"',
    "trailing text": b'{"indexName": "testIndex"} x',
    "two documents": b'{"indexName": "testIndex"}{}',
    "trailing comma": b'{"indexName": "testIndex",}',
    "single quotes": b"{'indexName': 'testIndex'}",
    "comment": b'{"indexName": "testIndex"} // x',
    "array": b'[{"indexName": "testIndex"}]',
    "string": b'"testIndex"',
    "number": b"1",
    "null": b"null",
    "true": b"true",
    "blank": b"   ",
    "invalid UTF-8": b'{"indexName": "\xff\xfe"}',
    "UTF-16": '{"indexName": "testIndex"}'.encode("utf-16"),
    "byte order mark": b'\xef\xbb\xbf{"indexName": "testIndex"}',
    "NUL": b"\x00",
    "NaN": b'{"indexName": "testIndex", "x": NaN}',
    "Infinity": b'{"indexName": "testIndex", "x": -Infinity}',
    "lone surrogate": b'{"indexName": "testIndex", "keys": ["\\ud800"]}',
    "swapped surrogates": b'{"indexName": "testIndex", "keys": ["\\udc00\\ud800"]}',
    "lone surrogate next to a huge number": b'{"indexName": "testIndex", "x": 1e999, "y": "\\ud800"}',
    "raw control character": b'{"indexName": "test\nIndex"}',
    "hexadecimal": b'{"indexName": "testIndex", "x": 0x10}',
    "leading zero": b'{"indexName": "testIndex", "x": 01}',
    "plus": b'{"indexName": "testIndex", "x": +1}',
    "a million brackets": b"[" * 1_000_000,
    "deep arrays": b'{"indexName": "testIndex", "x": ' + b"[" * 100_000 + b"]" * 100_000 + b"}",
    "deep objects": b'{"x":' * 100_000 + b"1" + b"}" * 100_000,
}


@pytest.mark.parametrize("name", MALFORMED)
@pytest.mark.parametrize("operation", OPERATIONS)
def test_a_body_that_is_no_json_object_is_malformed(indexed: Client, operation: str, name: str) -> None:
    assert indexed.send("POST", operation, MALFORMED[name]).outcome == (400, "MalformedJson")


@pytest.mark.parametrize("operation", [name for name in OPERATIONS if name != "listVectorIndexes"])
def test_an_empty_body_is_malformed_where_members_are_required(indexed: Client, operation: str) -> None:
    assert indexed.send("POST", operation).outcome == (400, "MalformedJson")


ODD_VALUES = (
    "1e400",
    "-1e400",
    "9" * 400,
    "1" + "0" * 5000,
    "18446744073709551616",
    "-9223372036854775809",
    "0e0",
)


@pytest.mark.parametrize("text", ODD_VALUES, ids=lambda value: value[:12])
@pytest.mark.parametrize("member", ["dimension", "maxResults", "topK", "segmentCount", "segmentIndex"])
def test_numbers_out_of_any_range_are_bad_parameters(indexed: Client, member: str, text: str) -> None:
    operation = {"dimension": "putVectorIndex", "topK": "queryVectors"}.get(member, "listVectors")
    body = (
        f'{{"indexName": "other", "dataType": "float32", "distanceMetric": "cosine", "{member}": {text}, '
        '"queryVector": {"float32": [1, 2, 3]}}'
    )
    name = "other" if operation == "putVectorIndex" else INDEX
    reply = indexed.send("POST", operation, body.replace("other", name).encode())
    if text == "0e0" and operation == "listVectors" and member != "segmentCount":
        assert reply.status == 200
    else:
        assert reply.outcome == (400, "VectorIndexParameterInvalid")


@pytest.mark.parametrize("number", ["1e400", "-1e999", "9" * 400])
def test_a_vector_number_beyond_a_double_is_a_bad_parameter(indexed: Client, number: str) -> None:
    body = f'{{"indexName": "{INDEX}", "vectors": [{{"key": "k", "data": {{"float32": [1, 2, {number}]}}}}]}}'
    assert indexed.send("POST", "putVectors", body.encode()).outcome == (400, "VectorIndexParameterInvalid")
    metadata = f'{{"indexName": "{INDEX}", "vectors": [{{"key": "k", "data": {{"float32": [1, 2, 3]}}, '
    reply = indexed.send("POST", "putVectors", f'{metadata}"metadata": {{"a": {number}}}}}]}}'.encode())
    assert reply.outcome == (400, "VectorIndexParameterInvalid")


def test_of_duplicate_members_the_last_wins(indexed: Client) -> None:
    reply = indexed.send("POST", "getVectorIndex", b'{"indexName": "missing", "indexName": "testIndex"}')
    assert reply.json["index"]["indexName"] == INDEX


def test_gigantic_strings_are_only_too_long(indexed: Client) -> None:
    huge = "x" * 5_000_000
    for body in (vector(huge), vector("k", metadata={huge: "x"}), vector("k", metadata={"a": [huge]})):
        assert indexed.put(body).outcome == (400, "VectorIndexParameterInvalid")
    for operation in OPERATIONS:
        assert indexed.post(operation, {"indexName": huge}).status in (200, 400)
    assert indexed.stored() == {}


ODD_QUERIES = (
    "%",
    "%zz",
    "%00",
    "%ff=%fe",
    "&&&",
    "=",
    "==",
    "putVectors=1&putVectors=2",
    "a" * 100_000,
    "%F0%9F%98%80",
    "?",
    "#",
)


@pytest.mark.parametrize("query", ODD_QUERIES, ids=lambda value: value[:12])
@pytest.mark.parametrize("method", ["GET", "PUT", "POST", "DELETE", "HEAD"])
def test_an_odd_query_is_answered_below_500(client: Client, method: str, query: str) -> None:
    assert client.send(method, query, b"{}").status < 500
    assert client.send(method, query, b"{}", bucket=None).status < 500


ODD_HOSTS = (
    "",
    ":",
    "::",
    "[",
    "[]",
    "[::1",
    ".",
    "..",
    "-1.",
    "-",
    "-.-",
    "a-1",
    "é-1.x",
    "x" * 10_000,
    "-0." * 500,
    "1.2.3",
    "\x7f",
    "a b-1.x",
)


@pytest.mark.parametrize("host", ODD_HOSTS, ids=lambda value: repr(value)[:12])
def test_an_odd_host_is_answered_below_500(client: Client, host: str) -> None:
    headers = Signer().headers("GET", "bucketInfo", client.behaviour.clock.now(), BUCKET, {})
    reply = client.raw("GET", host, "bucketInfo", headers, b"")
    assert 400 <= reply.status < 500
    assert reply.json["Error"]["HostId"] == host


@pytest.mark.parametrize(
    "headers",
    [
        {"authorization": "OSS4-HMAC-SHA256 " + "x" * 100_000},
        {
            "authorization": "OSS4-HMAC-SHA256 Credential=é/ü/ö/ä/ß,Signature=\xff",
            "x-oss-date": "20261121T070650Z",
        },
        {"authorization": "OSS4-HMAC-SHA256 Credential=////,Signature=", "x-oss-date": "20261121T070650Z"},
        {"authorization": " "},
        {"authorization": "\x00"},
    ],
    ids=str,
)
def test_an_odd_authorization_is_answered_below_500(client: Client, headers: dict[str, str]) -> None:
    assert 400 <= client.raw("GET", host_of(None), "", headers, b"").status < 500


@pytest.mark.parametrize(
    "path", ["", "//", "/%", "/%00", "/%ff%fe/", "/../", "/" + "a" * 100_000, "/a//b", "*", "/a/?"]
)
def test_an_odd_path_is_answered_below_500(client: Client, path: str) -> None:
    headers = Signer().headers("PUT", "", client.behaviour.clock.now(), None, {})
    assert client.raw("PUT", host_of(None), "", headers, b"", path).status < 500


JSON_VALUES: tuple[Any, ...] = (
    None,
    True,
    False,
    0,
    -1,
    1.5,
    2**63,
    "",
    "x",
    [],
    [None],
    {},
    {"a": None},
    [[[]]],
)


@pytest.mark.parametrize("operation", OPERATIONS)
def test_any_json_value_in_any_member_is_answered_below_500(indexed: Client, operation: str) -> None:
    members = """
        indexName dataType dimension distanceMetric metadata vectors keys returnData returnMetadata maxResults
        nextToken segmentCount segmentIndex filter queryVector topK returnDistance prefix
    """
    good = {
        "indexName": INDEX,
        "keys": ["k"],
        "vectors": [vector("k")],
        "queryVector": {"float32": [1, 2, 3]},
        "topK": 1,
    }
    for member in members.split():
        for value in JSON_VALUES:
            assert indexed.post(operation, {**good, member: value}).status < 500
