"""What the samples of the official Python SDK do, in the order in which a user would run them.

Source: the SDK's repository, ``sample/vectors``: one program per operation, each with credentials from the
environment and a configuration by default. The listings of the samples use paginators, and so do these.
"""

from __future__ import annotations

from collections.abc import Iterator

import alibabacloud_oss_v2 as oss
import alibabacloud_oss_v2.vectors as oss_vectors
import pytest
from alibabacloud_oss_v2.vectors import models

from oss_vectors_emulator import Emulator, Limits, Settings

from .conftest import OWNER, REGION, STS, ClientFactory, make_client
from .witness import Witness

INDEX = "sampleIndex"
DIMENSION = 128
FILM_FILTER = {"$and": [{"type": {"$nin": ["comedy", "documentary"]}}]}
POLICY = """
    {
       "Version": "1",
       "Statement": [
           {
             "Action": ["ossvector:PutVectors", "ossvector:GetVectors"],
             "Effect": "Deny",
             "Principal": ["1234567890"],
             "Resource": ["acs:ossvector:cn-hangzhou:1234567890:*"]
           }
        ]
     }
"""


@pytest.fixture
def client(client_for: ClientFactory, monkeypatch: pytest.MonkeyPatch) -> oss_vectors.Client:
    """A client with temporary keys from the environment, as the samples make it."""
    monkeypatch.setenv("OSS_ACCESS_KEY_ID", STS.access_key_id)
    monkeypatch.setenv("OSS_ACCESS_KEY_SECRET", STS.access_key_secret)
    monkeypatch.setenv("OSS_SESSION_TOKEN", str(STS.security_token))
    provider = oss.credentials.EnvironmentVariableCredentialsProvider()
    assert provider.get_credentials().security_token == STS.security_token
    return client_for(STS, credentials_provider=provider)


@pytest.fixture
def index(client: oss_vectors.Client, bucket: str) -> str:
    """The index of the samples, with the dimension of their vectors."""
    _put_index(client, bucket, INDEX, DIMENSION)
    return INDEX


def _put_index(client: oss_vectors.Client, bucket: str, name: str, dimension: int) -> None:
    result = client.put_vector_index(
        models.PutVectorIndexRequest(
            bucket=bucket,
            index_name=name,
            dimension=dimension,
            data_type="float32",
            distance_metric="euclidean",
            metadata={"nonFilterableMetadataKeys": ["key1", "key2"]},
        )
    )
    assert result.status_code == 200


def _put_samples(client: oss_vectors.Client, bucket: str, index: str) -> list[dict[str, object]]:
    vectors: list[dict[str, object]] = [
        {
            "data": {"float32": [0.1] * DIMENSION},
            "key": "key1",
            "metadata": {"metadata1": "value1", "metadata2": "value2"},
        },
        {
            "data": {"float32": [0.2] * DIMENSION},
            "key": "key2",
            "metadata": {"metadata3": "value3", "metadata4": "value4"},
        },
    ]
    result = client.put_vectors(models.PutVectorsRequest(bucket=bucket, index_name=index, vectors=vectors))
    assert result.status_code == 200
    return vectors


def test_the_bucket_samples(client: oss_vectors.Client, bucket: str) -> None:
    paginator = client.list_vector_buckets_paginator()
    listed = [
        entry for page in paginator.iter_page(models.ListVectorBucketsRequest()) for entry in page.buckets
    ]
    mine = next(entry for entry in listed if entry.name.endswith(f":{bucket}"))
    info = client.get_vector_bucket(models.GetVectorBucketRequest(bucket=bucket)).bucket_info
    assert (mine.name, mine.location) == (info.name, info.location)
    assert mine.creation_date == info.creation_date


def test_the_policy_samples_keep_every_space(client: oss_vectors.Client, bucket: str) -> None:
    client.put_bucket_policy(models.PutBucketPolicyRequest(bucket=bucket, body=POLICY))
    assert client.get_bucket_policy(models.GetBucketPolicyRequest(bucket=bucket)).body == POLICY
    deleted = client.delete_bucket_policy(models.DeleteBucketPolicyRequest(bucket=bucket))
    assert deleted.status_code == 204


def test_the_logging_samples(client: oss_vectors.Client, bucket: str) -> None:
    enabled = models.LoggingEnabled(
        target_bucket="log-target", target_prefix="log-prefix", logging_role="AliyunOSSLoggingDefaultRole"
    )
    request = models.PutBucketLoggingRequest(
        bucket=bucket, bucket_logging_status=models.BucketLoggingStatus(logging_enabled=enabled)
    )
    client.put_bucket_logging(request)
    got = client.get_bucket_logging(models.GetBucketLoggingRequest(bucket=bucket))
    rule = got.bucket_logging_status.logging_enabled
    assert vars(rule) == vars(enabled)
    deleted = client.delete_bucket_logging(models.DeleteBucketLoggingRequest(bucket=bucket))
    assert deleted.status_code == 204


def test_the_index_samples(client: oss_vectors.Client, bucket: str, index: str) -> None:
    _put_index(client, bucket, "another", 512)
    paginator = client.list_vector_indexes_paginator()
    pages = paginator.iter_page(models.ListVectorIndexesRequest(bucket=bucket))
    listed = {entry.get("indexName"): entry for page in pages for entry in page.indexes}
    assert {name: (entry["dataType"], entry["dimension"]) for name, entry in listed.items()} == {
        index: ("float32", DIMENSION),
        "another": ("float32", 512),
    }
    got = client.get_vector_index(models.GetVectorIndexRequest(bucket=bucket, index_name="another"))
    assert got.index == listed["another"]
    gone = client.delete_vector_index(models.DeleteVectorIndexRequest(bucket=bucket, index_name="another"))
    assert gone.status_code == 204


def test_the_vector_samples(client: oss_vectors.Client, bucket: str, index: str) -> None:
    vectors = _put_samples(client, bucket, index)
    get = models.GetVectorsRequest(
        bucket=bucket, index_name=index, keys=["key1", "key2"], return_data=True, return_metadata=True
    )
    assert sorted(client.get_vectors(get).vectors, key=lambda entry: entry["key"]) == vectors
    paginator = client.list_vectors_paginator()
    pages = list(paginator.iter_page(models.ListVectorsRequest(bucket=bucket, index_name=index)))
    assert sorted(entry["key"] for page in pages for entry in page.vectors) == ["key1", "key2"]
    # The sample names a third key, which no other sample has written.
    delete = models.DeleteVectorsRequest(bucket=bucket, index_name=index, keys=["key1", "key2", "key3"])
    assert client.delete_vectors(delete).status_code == 204
    assert not client.get_vectors(get).vectors


def test_the_query_sample_finds_its_nearest_first(
    client: oss_vectors.Client, bucket: str, index: str
) -> None:
    vectors = _put_samples(client, bucket, index)
    found = client.query_vectors(
        models.QueryVectorsRequest(
            bucket=bucket,
            index_name=index,
            filter=FILM_FILTER,
            query_vector={"float32": [0.1] * DIMENSION},
            return_distance=True,
            return_metadata=True,
            top_k=10,
        )
    ).vectors
    assert [entry["key"] for entry in found] == ["key1", "key2"]
    assert [entry["metadata"] for entry in found] == [entry["metadata"] for entry in vectors]
    assert found[0]["distance"] == 0
    # Which power of the Euclidean distance is answered is not documented.
    assert found[1]["distance"] > 0


def test_the_numbers_of_the_samples_do_not_fit_each_other(client: oss_vectors.Client, bucket: str) -> None:
    """``put_vector_index`` makes 512 dimensions, ``put_vectors`` writes 128: a user meets this refusal."""
    _put_index(client, bucket, INDEX, 512)
    with pytest.raises(oss.exceptions.OperationError) as caught:
        _put_samples(client, bucket, INDEX)
    error = caught.value.unwrap()
    assert (error.status_code, error.code) == (400, "VectorIndexParameterInvalid")


@pytest.fixture
def smaller() -> Iterator[Emulator]:
    """A service that departs from the documents in one number."""
    with Emulator(Settings(credentials=(OWNER,), limits=Limits(dimension_max=DIMENSION - 1))) as emulator:
        yield emulator


def test_the_witness_objects_to_a_service_that_is_wrong(smaller: Emulator) -> None:
    witness = Witness(REGION, OWNER.account_id)
    client = make_client(smaller.url, witness)
    client.put_vector_bucket(models.PutVectorBucketRequest(bucket="smaller"))
    with pytest.raises(oss.exceptions.OperationError):
        _put_index(client, "smaller", INDEX, DIMENSION)
    assert len(witness.remarks()) == 1
    assert "PutVectorIndex" in witness.remarks()[0]
