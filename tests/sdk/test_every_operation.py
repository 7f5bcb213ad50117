"""Every operation of the vectors client, over every way a client can reach and sign to the emulator.

Sources: the operation pages for what comes back; the SDK's own live tests for status, reason phrase, the
24 characters of the request id and the order of the calls.
"""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import alibabacloud_oss_v2.vectors as oss_vectors
import pytest
from alibabacloud_oss_v2.vectors import models

from .conftest import OWNER, REGION, STS, ClientFactory
from .witness import Witness, contract

INDEX = "testIndexForIntegrationVector"
VECTORS: list[dict[str, Any]] = [
    {
        "key": "vector-key-1",
        "data": {"float32": [0.1, 0.2, 0.3]},
        "metadata": {"title": "电影", "tags": ["a", "b"]},
    },
    {
        "key": "vector-key-2",
        "data": {"float32": [0.4, 0.5, 0.6]},
        "metadata": {"title": "book", "hidden": "x"},
    },
]


@dataclass(frozen=True)
class Tour:
    """A client and the options each of its calls gets."""

    client: oss_vectors.Client
    options: dict[str, Any]

    def call(self, name: str, request: Any, status: int = 200) -> Any:
        """Call an operation and check what all answers have in common."""
        result = getattr(self.client, name)(request, **self.options)
        assert result.status_code == status
        assert result.status == ("OK" if status == 200 else "No Content")
        assert len(result.request_id) == 24
        assert len(result.headers["x-oss-request-id"]) == 24
        assert result.headers["Date"].endswith(" GMT")
        return result


ROUTES = ("pinned", "pinned-sts", "query", "query-sts", "proxied")


@pytest.fixture(params=ROUTES)
def tour(
    request: pytest.FixtureRequest, client_for: ClientFactory, proxied: oss_vectors.Client
) -> tuple[Tour, str]:
    route: str = request.param
    client = proxied if route == "proxied" else client_for(STS if route.endswith("sts") else OWNER)
    options = {"auth_method": "query"} if route.startswith("query") else {}
    return Tour(client, options), f"tour-{route}"


def test_a_client_lives_through_a_whole_bucket(tour: tuple[Tour, str], witness: Witness) -> None:
    walk, bucket = tour
    steps: list[Callable[[Tour, str], None]] = [
        _bucket,
        _policy,
        _logging,
        _index,
        _vectors,
        _query,
        _farewell,
    ]
    for step in steps:
        step(walk, bucket)
    if bucket != "tour-proxied":
        judged = {check.exchange.operation for check in witness.checks()}
        assert judged == set(contract().operations)


def _bucket(walk: Tour, bucket: str) -> None:
    put = walk.call("put_vector_bucket", models.PutVectorBucketRequest(bucket=bucket))
    assert put.headers["Location"] == f"/{bucket}"
    info = walk.call("get_vector_bucket", models.GetVectorBucketRequest(bucket=bucket)).bucket_info
    assert info.name == f"acs:ossvector:{REGION}:{OWNER.account_id}:{bucket}"
    assert info.location == f"oss-{REGION}"
    assert info.region == REGION
    assert info.extranet_endpoint == f"{REGION}.oss-vectors.aliyuncs.com"
    assert info.intranet_endpoint == f"{REGION}-internal.oss-vectors.aliyuncs.com"
    assert info.creation_date.utcoffset().total_seconds() == 0
    listed = walk.call("list_vector_buckets", models.ListVectorBucketsRequest(prefix=bucket, max_keys=1000))
    assert bucket in [entry.name.split(":")[4] for entry in listed.buckets]


def _policy(walk: Tour, bucket: str) -> None:
    text = json.dumps(
        {
            "Version": "1",
            "Statement": [
                {
                    "Effect": "Allow",
                    "Action": ["ossvector:PutVectors", "oss:GetVectors"],
                    "Principal": ["1234567890"],
                    "Resource": [f"acs:ossvector:*:*:{bucket}", f"acs:ossvector:{REGION}:123:*"],
                }
            ],
        },
        indent=1,
    )
    walk.call("put_bucket_policy", models.PutBucketPolicyRequest(bucket=bucket, body=text))
    got = walk.call("get_bucket_policy", models.GetBucketPolicyRequest(bucket=bucket))
    assert got.body == text
    walk.call("delete_bucket_policy", models.DeleteBucketPolicyRequest(bucket=bucket), 204)


def _logging(walk: Tour, bucket: str) -> None:
    enabled = models.LoggingEnabled(target_bucket="logs", target_prefix="log-", logging_role="role")
    status = models.BucketLoggingStatus(logging_enabled=enabled)
    walk.call(
        "put_bucket_logging", models.PutBucketLoggingRequest(bucket=bucket, bucket_logging_status=status)
    )
    got = walk.call("get_bucket_logging", models.GetBucketLoggingRequest(bucket=bucket))
    rule = got.bucket_logging_status.logging_enabled
    assert (rule.target_bucket, rule.target_prefix, rule.logging_role) == ("logs", "log-", "role")
    walk.call("delete_bucket_logging", models.DeleteBucketLoggingRequest(bucket=bucket), 204)
    off = walk.call("get_bucket_logging", models.GetBucketLoggingRequest(bucket=bucket))
    assert off.bucket_logging_status.logging_enabled is not None
    assert off.bucket_logging_status.logging_enabled.target_bucket is None


def _index(walk: Tour, bucket: str) -> None:
    put = models.PutVectorIndexRequest(
        bucket=bucket,
        index_name=INDEX,
        data_type="float32",
        dimension=3,
        distance_metric="cosine",
        metadata={"nonFilterableMetadataKeys": ["hidden"]},
    )
    walk.call("put_vector_index", put)
    got = walk.call("get_vector_index", models.GetVectorIndexRequest(bucket=bucket, index_name=INDEX)).index
    assert got["indexName"] == INDEX
    assert (got["dataType"], got["dimension"], got["distanceMetric"]) == ("float32", 3, "cosine")
    assert got["metadata"] == {"nonFilterableMetadataKeys": ["hidden"]}
    assert got["status"] == "enable"
    assert got["createTime"].endswith("Z")
    listed = walk.call("list_vector_indexes", models.ListVectorIndexesRequest(bucket=bucket))
    assert listed.indexes == [got]
    assert not listed.next_token


def _vectors(walk: Tour, bucket: str) -> None:
    walk.call("put_vectors", models.PutVectorsRequest(bucket=bucket, index_name=INDEX, vectors=VECTORS))
    get = models.GetVectorsRequest(
        bucket=bucket,
        index_name=INDEX,
        keys=["vector-key-1", "vector-key-2", "missing"],
        return_data=True,
        return_metadata=True,
    )
    got = {entry["key"]: entry for entry in walk.call("get_vectors", get).vectors}
    assert got.keys() == {"vector-key-1", "vector-key-2"}
    for written in VECTORS:
        assert got[written["key"]]["data"]["float32"] == pytest.approx(written["data"]["float32"], rel=1e-6)
        assert got[written["key"]]["metadata"] == written["metadata"]
    listed = walk.call("list_vectors", models.ListVectorsRequest(bucket=bucket, index_name=INDEX))
    assert sorted(entry["key"] for entry in listed.vectors) == ["vector-key-1", "vector-key-2"]
    assert all(entry.keys() == {"key"} for entry in listed.vectors)


def _query(walk: Tour, bucket: str) -> None:
    query = models.QueryVectorsRequest(
        bucket=bucket,
        index_name=INDEX,
        query_vector={"float32": [0.1, 0.2, 0.3]},
        top_k=10,
        return_distance=True,
        return_metadata=True,
        filter={"$and": [{"type": {"$nin": ["comedy", "documentary"]}}]},
    )
    found = walk.call("query_vectors", query).vectors
    assert [entry["key"] for entry in found] == ["vector-key-1", "vector-key-2"]
    assert found[0]["distance"] == pytest.approx(0.0, abs=1e-9)
    assert isinstance(found[1]["distance"], float)
    assert found[1]["metadata"] == VECTORS[1]["metadata"]


def _farewell(walk: Tour, bucket: str) -> None:
    delete = models.DeleteVectorsRequest(bucket=bucket, index_name=INDEX, keys=["vector-key-2", "missing"])
    walk.call("delete_vectors", delete, 204)
    gone = models.GetVectorsRequest(bucket=bucket, index_name=INDEX, keys=["vector-key-2"])
    assert not walk.call("get_vectors", gone).vectors
    walk.call("delete_vector_index", models.DeleteVectorIndexRequest(bucket=bucket, index_name=INDEX), 204)
    walk.call("delete_vector_bucket", models.DeleteVectorBucketRequest(bucket=bucket), 204)
