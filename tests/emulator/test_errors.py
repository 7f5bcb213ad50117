"""The error envelope and the order in which a request is checked.

Sources: error responses page (members and headers); the parsers of the official SDKs (exact Content-Type,
strings only); SDK live tests (bucket before parameters).
"""

from __future__ import annotations

import re

import pytest

from oss_vectors_emulator import Credential
from oss_vectors_emulator.errors import ERROR_CODES

from .client import BUCKET, INDEX, Client, Signer, host_of, vector

MEMBERS = {"Code", "Message", "RequestId", "HostId", "EC", "RecommendDoc"}


def test_an_error_has_the_documented_members_all_strings(client: Client) -> None:
    reply = client.post("getVectorIndex", {"indexName": "missing"})
    assert list(reply.json) == ["Error"]
    error = reply.json["Error"]
    assert error.keys() >= MEMBERS
    assert all(isinstance(value, str) and value for value in error.values())
    assert error["HostId"] == host_of(BUCKET)
    assert error["RecommendDoc"].endswith(f"?q={error['EC']}")


def test_the_headers_of_an_error_agree_with_its_body(client: Client) -> None:
    reply = client.post("getVectorIndex", {"indexName": "missing"})
    error = reply.json["Error"]
    assert reply.headers["content-type"] == "application/json"
    assert reply.headers["x-oss-request-id"] == error["RequestId"]
    assert reply.headers["x-oss-ec"] == error["EC"]
    assert reply.headers["server"] == "AliyunOSS"
    assert reply.headers["date"].endswith("GMT")
    assert reply.headers["x-oss-server-time"].isdigit()


def test_request_ids_are_24_upper_case_hex_digits_and_differ(client: Client) -> None:
    ids = {client.send("GET", "bucketInfo").headers["x-oss-request-id"] for _ in range(50)}
    assert len(ids) == 50
    assert all(re.fullmatch("[0-9A-F]{24}", value) for value in ids)


@pytest.mark.parametrize("code", ERROR_CODES)
def test_every_ec_has_the_form_of_an_ec(code: str) -> None:
    assert re.fullmatch("[0-9]{4}-[0-9]{8}", ERROR_CODES[code].ec)


def test_no_code_is_one_that_clients_retry_except_the_rate_limit() -> None:
    retried = {row.code for row in ERROR_CODES.values() if row.status >= 500 or row.status in (401, 408, 429)}
    assert retried == {"QpsLimitExceeded"}
    assert "BadRequest" not in ERROR_CODES


def test_authentication_comes_before_the_bucket(empty: Client) -> None:
    empty.signer = Signer(Credential("nobody", "nothing"))
    assert empty.post("putVectors", {}).code == "InvalidAccessKeyId"


def test_the_bucket_comes_before_the_json(empty: Client) -> None:
    assert empty.send("POST", "putVectors", b"{not json").outcome == (404, "NoSuchBucket")


def test_the_json_comes_before_the_parameters(client: Client) -> None:
    assert client.send("POST", "putVectors", b'{"indexName": 1').outcome == (400, "MalformedJson")


def test_the_parameters_come_before_the_index(client: Client) -> None:
    assert client.put(vector(""), index="missing").outcome == (400, "VectorIndexParameterInvalid")
    assert client.put(vector("k"), index="missing").outcome == (404, "NoSuchVectorIndex")


def test_a_wrong_content_md5_is_refused_and_nothing_is_written(indexed: Client) -> None:
    body = b'{"indexName": "testIndex", "keys": ["k"]}'
    indexed.put(vector("k"))
    reply = indexed.send("POST", "deleteVectors", body, headers={"content-md5": "1B2M2Y8AsgTpgAmY7PhCfg=="})
    assert reply.outcome == (400, "InvalidDigest")
    assert indexed.stored(INDEX).keys() == {"k"}


@pytest.mark.parametrize("operation", ["putVectors", "listVectors", "queryVectors", "deleteVectorIndex"])
@pytest.mark.parametrize("content_type", [None, "text/xml", "application/json; charset=utf-8", "??"])
def test_the_content_type_of_a_request_does_not_matter(
    indexed: Client, operation: str, content_type: str | None
) -> None:
    headers = {} if content_type is None else {"content-type": content_type}
    bodies = {
        "putVectors": b'{"indexName":"testIndex","vectors":[{"key":"k","data":{"float32":[1,2,3]}}]}',
        "queryVectors": b'{"indexName":"testIndex","queryVector":{"float32":[1,2,3]},"topK":1}',
    }
    body = bodies.get(operation, b'{"indexName":"testIndex"}')
    assert indexed.send("POST", operation, body, headers=headers).status in (200, 204)
