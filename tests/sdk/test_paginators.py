"""The SDK's paginators and the page counts its live tests assert.

No listing ends with an empty page: ten vectors in pages of five are exactly two pages.
"""

from __future__ import annotations

from collections.abc import Iterator

import alibabacloud_oss_v2.vectors as oss_vectors
import pytest
from alibabacloud_oss_v2.vectors import models

INDEX = "pages"


def _put_index(client: oss_vectors.Client, bucket: str, name: str = INDEX) -> None:
    client.put_vector_index(
        models.PutVectorIndexRequest(
            bucket=bucket, index_name=name, data_type="float32", dimension=3, distance_metric="euclidean"
        )
    )


def _put_vectors(client: oss_vectors.Client, bucket: str, count: int) -> set[str]:
    keys = [f"key-{number}" for number in range(count)]
    vectors = [{"key": key, "data": {"float32": [1.0, 2.0, float(at)]}} for at, key in enumerate(keys)]
    client.put_vectors(models.PutVectorsRequest(bucket=bucket, index_name=INDEX, vectors=vectors))
    return set(keys)


@pytest.fixture
def three_buckets(client: oss_vectors.Client) -> Iterator[list[str]]:
    names = [f"page-{letter}" for letter in "abc"]
    for name in names:
        client.put_vector_bucket(models.PutVectorBucketRequest(bucket=name))
    yield names
    for name in names:
        client.delete_vector_bucket(models.DeleteVectorBucketRequest(bucket=name))


@pytest.mark.parametrize(("size", "pages"), [(1, [1, 1, 1]), (2, [2, 1]), (3, [3]), (1000, [3])])
def test_buckets_come_in_full_pages(
    client: oss_vectors.Client, three_buckets: list[str], size: int, pages: list[int]
) -> None:
    paginator = client.list_vector_buckets_paginator(limit=size)
    found = list(paginator.iter_page(models.ListVectorBucketsRequest(prefix="page-")))
    assert [len(page.buckets) for page in found] == pages
    assert [entry.name.split(":")[4] for page in found for entry in page.buckets] == three_buckets
    assert not found[-1].is_truncated


@pytest.mark.parametrize(("count", "size", "pages"), [(3, 1, 3), (11, 5, 3), (10, 5, 2), (0, 5, 1)])
def test_indexes_come_in_full_pages(
    client: oss_vectors.Client, bucket: str, count: int, size: int, pages: int
) -> None:
    names = sorted(f"goSdkIndexAbCdE{number}" for number in range(count))
    for name in names:
        _put_index(client, bucket, name)
    paginator = client.list_vector_indexes_paginator(limit=size)
    found = list(paginator.iter_page(models.ListVectorIndexesRequest(bucket=bucket)))
    assert len(found) == pages
    assert [entry["indexName"] for page in found for entry in page.indexes] == names


@pytest.mark.parametrize(("count", "size", "pages"), [(3, 1, 3), (10, 5, 2), (10, 3, 4)])
def test_vectors_come_in_pages_none_of_which_is_empty(
    client: oss_vectors.Client, bucket: str, count: int, size: int, pages: int
) -> None:
    _put_index(client, bucket)
    keys = _put_vectors(client, bucket, count)
    paginator = client.list_vectors_paginator(limit=size)
    found = list(paginator.iter_page(models.ListVectorsRequest(bucket=bucket, index_name=INDEX)))
    assert len(found) == pages
    assert all(page.vectors for page in found)
    listed = [entry["key"] for page in found for entry in page.vectors]
    assert (set(listed), len(listed)) == (keys, count)


def test_the_live_tests_only_vector_is_in_segment_one_of_two(client: oss_vectors.Client, bucket: str) -> None:
    _put_index(client, bucket)
    vectors = [{"key": "vector-key-1", "data": {"float32": [0.1, 0.2, 0.3]}}]
    client.put_vectors(models.PutVectorsRequest(bucket=bucket, index_name=INDEX, vectors=vectors))
    segment = models.ListVectorsRequest(bucket=bucket, index_name=INDEX, segment_count=2, segment_index=1)
    assert [entry["key"] for entry in client.list_vectors(segment).vectors] == ["vector-key-1"]


def test_segments_together_hold_every_vector_once(client: oss_vectors.Client, bucket: str) -> None:
    _put_index(client, bucket)
    keys = _put_vectors(client, bucket, 40)
    listed: list[str] = []
    for segment in range(4):
        paginator = client.list_vectors_paginator(limit=3)
        request = models.ListVectorsRequest(
            bucket=bucket, index_name=INDEX, segment_count=4, segment_index=segment
        )
        listed += [entry["key"] for page in paginator.iter_page(request) for entry in page.vectors or []]
    assert (set(listed), len(listed)) == (keys, 40)


@pytest.mark.parametrize("prefix", ["page-b", "page-", "age-", "acs:"])
def test_the_prefix_matches_the_bare_bucket_name(
    client: oss_vectors.Client, three_buckets: list[str], prefix: str
) -> None:
    found = client.list_vector_buckets(models.ListVectorBucketsRequest(prefix=prefix))
    expected = [name for name in three_buckets if name.startswith(prefix)]
    assert [entry.name.split(":")[4] for entry in found.buckets or []] == expected
