"""Refusals as the SDK reports them, each after a single attempt.

The client retries 5xx, 401, 408, 429 and the codes RequestTimeTooSkewed and BadRequest, so that a caller's
mistake must never look like one of them. Missing buckets: the SDKs' live tests, which also show that the
bucket is looked up before the parameters are.
"""

from __future__ import annotations

from typing import Any

import alibabacloud_oss_v2 as oss
import alibabacloud_oss_v2.vectors as oss_vectors
import pytest
from alibabacloud_oss_v2.vectors import models

from oss_vectors_emulator import Credential

from .conftest import OWNER, STS, ClientFactory
from .witness import Witness

MISSING = "no-such-bucket"


def refusal(
    client: oss_vectors.Client, operation: str, request: Any, **options: Any
) -> oss.exceptions.ServiceError:
    """The service error an operation ends with."""
    with pytest.raises(oss.exceptions.OperationError) as caught:
        getattr(client, operation)(request, **options)
    error = caught.value.unwrap()
    assert isinstance(error, oss.exceptions.ServiceError)
    assert len(error.request_id) == 24
    assert error.request_id == error.headers["x-oss-request-id"]
    assert error.ec == error.headers["x-oss-ec"]
    assert error.headers["Content-Type"] == "application/json"
    return error


REQUESTS_TO_A_MISSING_BUCKET = {
    "get_vector_bucket": models.GetVectorBucketRequest(bucket=MISSING),
    "delete_vector_bucket": models.DeleteVectorBucketRequest(bucket=MISSING),
    "put_bucket_policy": models.PutBucketPolicyRequest(bucket=MISSING, body='{"Version":"1","Statement":[]}'),
    "get_bucket_policy": models.GetBucketPolicyRequest(bucket=MISSING),
    "delete_bucket_policy": models.DeleteBucketPolicyRequest(bucket=MISSING),
    "put_bucket_logging": models.PutBucketLoggingRequest(
        bucket=MISSING, bucket_logging_status=models.BucketLoggingStatus()
    ),
    "get_bucket_logging": models.GetBucketLoggingRequest(bucket=MISSING),
    "delete_bucket_logging": models.DeleteBucketLoggingRequest(bucket=MISSING),
    "put_vector_index": models.PutVectorIndexRequest(bucket=MISSING, data_type="demo", distance_metric="oss"),
    "get_vector_index": models.GetVectorIndexRequest(bucket=MISSING, index_name="index"),
    "list_vector_indexes": models.ListVectorIndexesRequest(bucket=MISSING),
    "delete_vector_index": models.DeleteVectorIndexRequest(bucket=MISSING, index_name="index"),
    "put_vectors": models.PutVectorsRequest(
        bucket=MISSING, index_name="index", vectors=[{"key": "k", "metadata": {"a": 1, "b": True}}]
    ),
    "get_vectors": models.GetVectorsRequest(bucket=MISSING, index_name="index", keys=["k"]),
    "list_vectors": models.ListVectorsRequest(bucket=MISSING, index_name="index"),
    "delete_vectors": models.DeleteVectorsRequest(bucket=MISSING, index_name="index", keys=["k"]),
    "query_vectors": models.QueryVectorsRequest(bucket=MISSING, index_name="index", top_k=1),
}


@pytest.mark.parametrize("operation", REQUESTS_TO_A_MISSING_BUCKET)
def test_a_missing_bucket_is_reported_before_bad_parameters(
    client: oss_vectors.Client, operation: str
) -> None:
    error = refusal(client, operation, REQUESTS_TO_A_MISSING_BUCKET[operation])
    assert (error.status_code, error.code) == (404, "NoSuchBucket")
    assert error.message == "The specified bucket does not exist."
    assert error.ec == "0015-00000101"


@pytest.mark.parametrize("operation", ["put_vector_bucket", "list_vector_buckets"])
def test_an_unknown_key_is_told_so(client_for: ClientFactory, operation: str) -> None:
    client = client_for(Credential("nobody", "nothing", OWNER.account_id))
    request = (
        models.ListVectorBucketsRequest()
        if operation == "list_vector_buckets"
        else models.PutVectorBucketRequest(bucket="unknown-key")
    )
    error = refusal(client, operation, request)
    assert (error.status_code, error.code) == (403, "InvalidAccessKeyId")
    assert error.message == "The OSS Access Key Id you provided does not exist in our records."


@pytest.mark.parametrize("options", [{}, {"auth_method": "query"}], ids=["header", "query"])
@pytest.mark.parametrize(
    ("credential", "code"),
    [
        (Credential(OWNER.access_key_id, "wrong", OWNER.account_id), "SignatureDoesNotMatch"),
        (Credential(STS.access_key_id, STS.access_key_secret, STS.account_id, "stale"), "AccessDenied"),
    ],
    ids=["secret", "token"],
)
def test_wrong_keys_are_refused_in_header_and_query(
    client_for: ClientFactory, credential: Credential, code: str, options: dict[str, Any]
) -> None:
    error = refusal(
        client_for(credential), "list_vector_buckets", models.ListVectorBucketsRequest(), **options
    )
    assert (error.status_code, error.code) == (403, code)


def test_an_anonymous_client_is_denied(client_for: ClientFactory) -> None:
    client = client_for(credentials_provider=oss.credentials.AnonymousCredentialsProvider())
    error = refusal(client, "list_vector_buckets", models.ListVectorBucketsRequest())
    assert (error.status_code, error.code) == (403, "AccessDenied")


def test_a_client_of_another_region_is_refused(client_for: ClientFactory) -> None:
    client = client_for(region="cn-shanghai")
    assert 400 <= refusal(client, "list_vector_buckets", models.ListVectorBucketsRequest()).status_code < 500


@pytest.mark.parametrize(
    "operation",
    ["put_vectors", "get_vectors", "list_vectors", "delete_vectors", "query_vectors", "get_vector_index"],
)
def test_a_missing_index_is_not_found(client: oss_vectors.Client, bucket: str, operation: str) -> None:
    all_arguments: dict[str, dict[str, Any]] = {
        "put_vectors": {"vectors": [{"key": "k", "data": {"float32": [1.0]}}]},
        "get_vectors": {"keys": ["k"]},
        "delete_vectors": {"keys": ["k"]},
        "query_vectors": {"query_vector": {"float32": [1.0]}, "top_k": 1},
    }
    arguments = all_arguments.get(operation, {})
    kind = getattr(models, "".join(part.title() for part in operation.split("_")) + "Request")
    error = refusal(client, operation, kind(bucket=bucket, index_name="missing", **arguments))
    assert (error.status_code, error.code) == (404, "NoSuchVectorIndex")


def test_deleting_a_missing_index_is_an_error_and_deleting_missing_vectors_is_none(
    client: oss_vectors.Client, bucket: str
) -> None:
    delete = models.DeleteVectorIndexRequest(bucket=bucket, index_name="missing")
    assert refusal(client, "delete_vector_index", delete).code == "NoSuchVectorIndex"
    client.put_vector_index(_index(bucket))
    keys = models.DeleteVectorsRequest(bucket=bucket, index_name="index", keys=["missing", "too"])
    assert client.delete_vectors(keys).status_code == 204


def _index(bucket: str, **changes: Any) -> models.PutVectorIndexRequest:
    settings: dict[str, Any] = {"data_type": "float32", "dimension": 3, "distance_metric": "cosine"}
    return models.PutVectorIndexRequest(bucket=bucket, index_name="index", **{**settings, **changes})


def test_the_same_index_twice_is_a_conflict(client: oss_vectors.Client, bucket: str) -> None:
    client.put_vector_index(_index(bucket))
    error = refusal(client, "put_vector_index", _index(bucket))
    assert (error.status_code, error.code) == (409, "VectorBucketIndexAlreadyExist")


@pytest.mark.parametrize("changes", [{"dimension": 0}, {"data_type": "int8"}, {"distance_metric": "ip"}])
def test_a_bad_index_parameter_is_named(
    client: oss_vectors.Client, bucket: str, changes: dict[str, Any]
) -> None:
    error = refusal(client, "put_vector_index", _index(bucket, **changes))
    assert (error.status_code, error.code) == (400, "VectorIndexParameterInvalid")


def test_the_nan_the_sdk_writes_is_malformed_json(client: oss_vectors.Client, bucket: str) -> None:
    client.put_vector_index(_index(bucket))
    vectors = [{"key": "k", "data": {"float32": [float("nan"), float("inf"), 1.0]}}]
    put = models.PutVectorsRequest(bucket=bucket, index_name="index", vectors=vectors)
    assert refusal(client, "put_vectors", put).code == "MalformedJson"


def test_a_request_the_sdk_sends_without_a_body_is_malformed(client: oss_vectors.Client, bucket: str) -> None:
    error = refusal(client, "put_vectors", models.PutVectorsRequest(bucket=bucket))
    assert (error.status_code, error.code) == (400, "MalformedJson")


def test_a_bucket_with_an_index_is_not_deleted(client: oss_vectors.Client, bucket: str) -> None:
    client.put_vector_index(_index(bucket))
    error = refusal(client, "delete_vector_bucket", models.DeleteVectorBucketRequest(bucket=bucket))
    assert (error.status_code, error.code) == (409, "VectorBucketNotEmpty")


def test_an_index_with_vectors_is_deleted_and_its_bucket_right_after(client: oss_vectors.Client) -> None:
    bucket = "delete-at-once"
    client.put_vector_bucket(models.PutVectorBucketRequest(bucket=bucket))
    client.put_vector_index(_index(bucket))
    vectors = [{"key": "k", "data": {"float32": [1.0, 2.0, 3.0]}}]
    client.put_vectors(models.PutVectorsRequest(bucket=bucket, index_name="index", vectors=vectors))
    delete = models.DeleteVectorIndexRequest(bucket=bucket, index_name="index")
    assert client.delete_vector_index(delete).status_code == 204
    assert client.delete_vector_bucket(models.DeleteVectorBucketRequest(bucket=bucket)).status_code == 204


def test_a_bucket_without_a_policy_says_so(client: oss_vectors.Client, bucket: str) -> None:
    error = refusal(client, "get_bucket_policy", models.GetBucketPolicyRequest(bucket=bucket))
    assert (error.status_code, error.code) == (404, "NoSuchBucketPolicy")


def test_a_long_bucket_name_the_client_lets_through_is_a_bad_name(client: oss_vectors.Client) -> None:
    name = f"test-vector-1234567890123-{'x' * 6}-non-exist"
    error = refusal(client, "list_vector_indexes", models.ListVectorIndexesRequest(bucket=name))
    assert (error.status_code, error.code) == (400, "InvalidVectorBucketName")


def test_the_fusion_preview_is_refused(client: oss_vectors.Client, bucket: str) -> None:
    put = models.PutVectorIndexFusionRequest(
        bucket=bucket, index_name="fusion", mode="fusion", schema_configuration={"fields": []}
    )
    assert 400 <= refusal(client, "put_vector_index_fusion", put).status_code < 500
    query = models.QueryVectorsFusionRequest(bucket=bucket, index_name="fusion")
    assert 400 <= refusal(client, "query_vectors_fusion", query).status_code < 500


@pytest.mark.parametrize(
    "operation", ["get_vector_bucket", "put_vector_index", "put_vectors", "query_vectors"]
)
def test_a_refusal_costs_one_attempt(client: oss_vectors.Client, witness: Witness, operation: str) -> None:
    refusal(client, operation, REQUESTS_TO_A_MISSING_BUCKET[operation])
    assert len(witness.exchanges) == 1


def test_a_wrong_secret_costs_one_attempt(client_for: ClientFactory, witness: Witness) -> None:
    client = client_for(Credential(OWNER.access_key_id, "wrong", OWNER.account_id))
    refusal(client, "list_vector_buckets", models.ListVectorBucketsRequest())
    assert len(witness.exchanges) == 1
