"""Which bucket a request is about: virtual hosts, path style and the service host.

Sources: Request syntax of the operation pages for the hosts; the official Go client for path style.
"""

from __future__ import annotations

import pytest

from oss_vectors_emulator import Choices, Credential, Settings
from oss_vectors_emulator.addressing import Address, Addressing

from .client import BUCKET, ENDPOINT, INDEX, OWNER, Client, Signer, host_of, make_client

CN = Addressing("cn-hangzhou")
US = Addressing("us-west-1")


@pytest.mark.parametrize(
    ("host", "bucket", "account"),
    [
        ("examplebucket-123456.cn-hangzhou.oss-vectors.aliyuncs.com", "examplebucket", "123456"),
        ("examplebucket-123456.cn-hangzhou-internal.oss-vectors.aliyuncs.com", "examplebucket", "123456"),
        ("my-bucket-2-123456.cn-hangzhou.oss-vectors.localhost:9000", "my-bucket-2", "123456"),
        ("b-1.localhost", "b", "1"),
        ("my-bucket-123456.127.0.0.1:9000", "my-bucket", "123456"),
        ("My_Bucket-123456.localhost", "My_Bucket", "123456"),
        ("a.b-123456.cn-hangzhou.oss-vectors.aliyuncs.com", "a.b", "123456"),
        ("--123456.localhost", "-", "123456"),
    ],
)
def test_a_virtual_host_names_bucket_and_account(host: str, bucket: str, account: str) -> None:
    assert CN.resolve(host, "/") == Address(bucket, account)


@pytest.mark.parametrize(
    ("addressing", "host"),
    [
        (CN, "cn-hangzhou.oss-vectors.aliyuncs.com"),
        (CN, "cn-hangzhou-internal.oss-vectors.aliyuncs.com"),
        (CN, "cn-hangzhou.oss-vectors.localhost:9000"),
        (CN, "127.0.0.1:9000"),
        (CN, "[::1]:9000"),
        (CN, "localhost:9000"),
        (CN, "emulator-1"),
        (CN, "emulator-1:9000"),
        (CN, ""),
        (US, "us-west-1.oss-vectors.aliyuncs.com"),
        (US, "us-west-1.localhost"),
        (US, "us-west-1-internal.oss-vectors.aliyuncs.com"),
        (CN, "ap-southeast-1.oss-vectors.aliyuncs.com"),
    ],
)
def test_a_service_host_names_no_bucket(addressing: Addressing, host: str) -> None:
    assert addressing.resolve(host, "/") == Address(None, None)


def test_a_region_that_ends_in_digits_is_no_bucket_but_has_buckets() -> None:
    assert US.resolve("b-123456.us-west-1.oss-vectors.aliyuncs.com", "/") == Address("b", "123456")


@pytest.mark.parametrize("host", ["127.0.0.1:9000", "localhost", "cn-hangzhou.oss-vectors.aliyuncs.com"])
@pytest.mark.parametrize("path", ["/my-bucket/", "/my-bucket", "/my%2Dbucket/"])
def test_path_style_names_the_bucket_only(host: str, path: str) -> None:
    assert CN.resolve(host, path) == Address("my-bucket", None)


@pytest.mark.parametrize(
    ("host", "path", "key"),
    [("127.0.0.1", "/my-bucket/a/b", "a/b"), ("my-bucket-1.localhost", "/a/b", "a/b")],
)
def test_the_rest_of_the_path_is_an_object_key(host: str, path: str, key: str) -> None:
    assert CN.resolve(host, path).object_key == key


@pytest.mark.parametrize("path", [f"/{BUCKET}/", f"/{BUCKET}"])
def test_a_path_style_request_reaches_the_bucket_of_the_keys_account(indexed: Client, path: str) -> None:
    headers = Signer().headers("POST", "getVectorIndex", indexed.behaviour.clock.now(), BUCKET, {})
    body = b'{"indexName": "%s"}' % INDEX.encode()
    reply = indexed.raw("POST", "127.0.0.1:9000", "getVectorIndex", headers, body, path)
    assert reply.json["index"]["indexName"] == INDEX


@pytest.mark.parametrize("query", ["", "vector", "vector="])
def test_the_service_host_lists_buckets_with_or_without_the_vector_flag(client: Client, query: str) -> None:
    reply = client.send("GET", query, bucket=None)
    assert [entry["Name"].split(":")[4] for entry in reply.json["ListAllMyBucketsResult"]["Buckets"]] == [
        BUCKET
    ]


@pytest.mark.parametrize("choice", ["AccessDenied", "NoSuchBucket"])
def test_a_bucket_of_another_account_is_out_of_reach(choice: str) -> None:
    client = make_client(Settings(choices=Choices(foreign_account=choice))).make_bucket()
    client.signer = Signer(Credential(OWNER.access_key_id, OWNER.access_key_secret, "9999999999"))
    assert client.send("GET", "bucketInfo").code == choice
    assert client.send("PUT").code == choice


def test_an_object_of_a_vector_bucket_is_refused(client: Client) -> None:
    headers = Signer().headers("PUT", "", client.behaviour.clock.now(), BUCKET, {}, key="some/object")
    reply = client.raw("PUT", host_of(BUCKET), "", headers, b"", "/some/object")
    assert reply.outcome == (405, "MethodNotAllowed")


@pytest.mark.parametrize(
    ("method", "query"),
    [
        ("GET", ""),
        ("GET", "list-type=2"),
        ("POST", ""),
        ("POST", "foo"),
        ("POST", "putvectors"),
        ("POST", "putVectorIndexFusion"),
        ("POST", "putVectors&deleteVectors"),
        ("PUT", "acl"),
        ("PUT", "tagging"),
        ("PUT", "putVectors"),
        ("GET", "getVectors"),
        ("DELETE", "lifecycle"),
        ("DELETE", "bucketInfo"),
        ("HEAD", ""),
        ("OPTIONS", ""),
        ("PATCH", "policy"),
    ],
)
def test_an_unknown_operation_is_a_4xx_and_does_nothing(client: Client, method: str, query: str) -> None:
    reply = client.send(method, query, b"{}")
    assert 400 <= reply.status < 500
    assert reply.code
    assert client.send("GET", "bucketInfo").status == 200


@pytest.mark.parametrize(
    ("method", "query"),
    [("GET", "bucketInfo"), ("POST", "putVectors"), ("PUT", ""), ("DELETE", ""), ("POST", "")],
)
def test_a_bucket_operation_at_the_service_host_is_a_4xx(client: Client, method: str, query: str) -> None:
    assert 400 <= client.send(method, query, b"{}", bucket=None).status < 500


def test_a_new_bucket_is_not_made_by_an_unknown_subresource(empty: Client) -> None:
    assert empty.send("PUT", "acl").status == 400
    assert empty.behaviour.store.buckets(OWNER.account_id) == []


def test_an_endpoint_with_a_port_is_the_same_bucket(client: Client) -> None:
    headers = Signer().headers("GET", "bucketInfo", client.behaviour.clock.now(), BUCKET, {})
    host = f"{BUCKET}-{OWNER.account_id}.{ENDPOINT}:8080"
    assert client.raw("GET", host, "bucketInfo", headers, b"").status == 200
