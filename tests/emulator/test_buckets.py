"""Vector buckets, their policy and their logging rule.

Sources: PutVectorBucket, GetVectorBucket, ListVectorBuckets, DeleteVectorBucket pages; bucket policy and
bucket logging pages; SDK live tests for the empty logging rule and the verbatim policy.
"""

from __future__ import annotations

import json
from urllib.parse import quote

import pytest

from oss_vectors_emulator import Choices, Limits, Settings

from .client import BUCKET, OWNER, REGION, Client, make_client


@pytest.mark.parametrize("name", ["abc", "a" * 32, "0-9", "a--b", "123"])
def test_a_good_bucket_name_is_accepted(empty: Client, name: str) -> None:
    reply = empty.send("PUT", bucket=name)
    assert (reply.status, reply.body, reply.headers["location"]) == (200, b"", f"/{name}")


@pytest.mark.parametrize(
    "name", ["ab", "a" * 33, "Abc", "a_b", "-ab", "ab-", "a.b", "a b", "bücket", "abc\n"]
)
@pytest.mark.parametrize(
    ("method", "query"), [("PUT", ""), ("DELETE", ""), ("POST", "listVectorIndexes"), ("GET", "bucketInfo")]
)
def test_a_bad_bucket_name_is_refused_by_every_operation(
    empty: Client, name: str, method: str, query: str
) -> None:
    signed = empty.signer.headers(method, query, empty.behaviour.clock.now(), name, {})
    reply = empty.raw(method, "127.0.0.1", query, signed, b"", f"/{name}/")
    assert reply.outcome == (400, "InvalidVectorBucketName")


def test_the_bucket_info_has_the_arn_and_both_endpoints(client: Client) -> None:
    reply = client.send("GET", "bucketInfo")
    assert reply.headers["content-type"] == "application/json"
    assert reply.json == {
        "BucketInfo": {
            "Name": f"acs:ossvector:{REGION}:{OWNER.account_id}:{BUCKET}",
            "CreationDate": "2026-11-21T07:06:50.000Z",
            "Location": "oss-cn-hangzhou",
            "Region": "cn-hangzhou",
            "ExtranetEndpoint": "cn-hangzhou.oss-vectors.aliyuncs.com",
            "IntranetEndpoint": "cn-hangzhou-internal.oss-vectors.aliyuncs.com",
        }
    }


def test_the_resource_group_is_kept_and_selects(empty: Client) -> None:
    empty.send("PUT", bucket="with-group", headers={"x-oss-resource-group-id": "rg-acfm"})
    empty.send("PUT", bucket="without-group")
    assert (
        empty.send("GET", "bucketInfo", bucket="with-group").json["BucketInfo"]["ResourceGroupId"]
        == "rg-acfm"
    )
    chosen = empty.send("GET", bucket=None, headers={"x-oss-resource-group-id": "rg-acfm"})
    assert [b["Name"].split(":")[4] for b in chosen.json["ListAllMyBucketsResult"]["Buckets"]] == [
        "with-group"
    ]


@pytest.mark.parametrize(
    ("choice", "outcome"), [("conflict", (409, "BucketAlreadyExists")), ("ok", (200, ""))]
)
def test_making_a_bucket_again_is_refused_or_changes_nothing(choice: str, outcome: tuple[int, str]) -> None:
    client = make_client(Settings(choices=Choices(recreate_bucket=choice))).make_bucket().make_index()
    assert client.send("PUT").outcome == outcome
    assert client.post("getVectorIndex", {"indexName": "testIndex"}).status == 200


def test_one_bucket_more_than_the_quota_is_too_many() -> None:
    client = make_client(Settings(limits=Limits(buckets_per_account=2)))
    assert [client.send("PUT", bucket=f"bucket-{n}").outcome for n in range(3)] == [
        (200, ""),
        (200, ""),
        (400, "TooManyBuckets"),
    ]
    assert client.send("DELETE", bucket="bucket-0").status == 204
    assert client.send("PUT", bucket="bucket-2").status == 200


def test_deleting_a_bucket_is_final_and_not_idempotent(client: Client) -> None:
    reply = client.send("DELETE")
    assert (reply.status, reply.body) == (204, b"")
    assert "content-length" not in reply.headers
    assert client.send("DELETE").outcome == (404, "NoSuchBucket")
    assert client.send("PUT").status == 200


def test_a_bucket_with_an_index_stays(indexed: Client) -> None:
    assert indexed.send("DELETE").outcome == (409, "VectorBucketNotEmpty")
    assert indexed.post("deleteVectorIndex", {"indexName": "testIndex"}).status == 204
    assert indexed.send("DELETE").status == 204


def listed(client: Client, query: str) -> list[str]:
    reply = client.send("GET", query, bucket=None)
    return [entry["Name"].split(":")[4] for entry in reply.json["ListAllMyBucketsResult"]["Buckets"]]


@pytest.fixture
def several(empty: Client) -> Client:
    for name in ("mango", "apple", "melon"):
        empty.make_bucket(name)
    return empty


def test_buckets_are_listed_in_alphabetical_order(several: Client) -> None:
    assert listed(several, "") == ["apple", "mango", "melon"]


@pytest.mark.parametrize(
    ("query", "names"),
    [
        ("prefix=m", ["mango", "melon"]),
        ("prefix=M", []),
        ("prefix=ango", []),
        ("marker=apple", ["mango", "melon"]),
        ("marker=b", ["mango", "melon"]),
        ("marker=melon", []),
        ("prefix=m&marker=mango", ["melon"]),
        ("max-keys=", ["apple", "mango", "melon"]),
    ],
)
def test_prefix_and_marker_select(several: Client, query: str, names: list[str]) -> None:
    assert listed(several, query) == names


def test_the_paging_members_are_there_only_when_there_is_more(several: Client) -> None:
    first = several.send("GET", "max-keys=2", bucket=None).json["ListAllMyBucketsResult"]
    assert {name: value for name, value in first.items() if name != "Buckets"} == {
        "Prefix": "",
        "Marker": "",
        "MaxKeys": 2,
        "IsTruncated": True,
        "NextMarker": "mango",
    }
    last = several.send("GET", "max-keys=2&marker=mango", bucket=None).json["ListAllMyBucketsResult"]
    assert list(last) == ["Buckets"]


def test_an_empty_account_has_an_empty_list(empty: Client) -> None:
    assert empty.send("GET", bucket=None).json == {"ListAllMyBucketsResult": {"Buckets": []}}


@pytest.mark.parametrize("value", ["0", "1001", "-1", "1.5", "ten", "\u0661", "9" * 5000])
def test_max_keys_outside_1_to_1000_is_a_bad_argument(empty: Client, value: str) -> None:
    assert empty.send("GET", f"max-keys={quote(value)}", bucket=None).outcome == (400, "InvalidArgument")


@pytest.mark.parametrize("value", ["1", "1000"])
def test_both_ends_of_max_keys_are_accepted(empty: Client, value: str) -> None:
    assert empty.send("GET", f"max-keys={value}", bucket=None).status == 200


POLICY = b'{ "Version":"1",\n "Statement":[ {"Effect":"Allow","Action":["ossvector:PutVectors"]} ] }'


def test_a_policy_comes_back_byte_for_byte_until_it_is_deleted(client: Client) -> None:
    put = client.send("PUT", "policy", POLICY)
    assert (put.status, put.body) == (200, b"")
    got = client.send("GET", "policy")
    assert (got.body, got.headers["content-type"]) == (POLICY, "application/json")
    assert client.send("DELETE", "policy").outcome == (204, "")
    assert client.send("GET", "policy").outcome == (404, "NoSuchBucketPolicy")


@pytest.mark.parametrize("body", [b"", b"no json", b"[]"])
def test_a_policy_that_is_no_object_is_refused_and_not_kept(client: Client, body: bytes) -> None:
    client.send("PUT", "policy", POLICY)
    assert client.send("PUT", "policy", body).outcome == (400, "MalformedJson")
    assert client.send("GET", "policy").body == POLICY


RULE = {"TargetBucket": "logs", "TargetPrefix": "my-", "LoggingRole": "role"}
NO_RULE = {"BucketLoggingStatus": {"LoggingEnabled": {}}}


@pytest.mark.parametrize("members", [["TargetBucket"], ["TargetBucket", "TargetPrefix"], list(RULE)])
def test_a_logging_rule_comes_back_until_it_is_deleted(client: Client, members: list[str]) -> None:
    document = {"BucketLoggingStatus": {"LoggingEnabled": {name: RULE[name] for name in members}}}
    assert client.send("GET", "logging").json == NO_RULE
    put = client.send("PUT", "logging", json.dumps(document).encode())
    assert (put.status, put.body) == (200, b"")
    assert client.send("GET", "logging").json == document
    assert client.send("DELETE", "logging").status == 204
    assert client.send("GET", "logging").json == NO_RULE
    assert client.send("DELETE", "logging").status == 204


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"{",
        b"{}",
        b'{"BucketLoggingStatus": []}',
        b'{"BucketLoggingStatus": {"LoggingEnabled": {}}}',
        b'{"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": 1}}}',
        b'{"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "logs", "TargetPrefix": {}}}}',
    ],
)
def test_a_bad_logging_rule_is_refused(client: Client, body: bytes) -> None:
    assert client.send("PUT", "logging", body).status == 400
    assert client.send("GET", "logging").json == NO_RULE
