"""Every number the documents state, in one table with its source.

A limit is a field of :class:`Limits`; document and section travel with it as field metadata, so that the
command line can print them and a test can hold every row against its source.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass


def _limit(default: int, document: str, section: str, note: str = "") -> int:
    value: int = dataclasses.field(
        default=default, metadata={"document": document, "section": section, "note": note}
    )
    return value


_OWN = "emulator"


@dataclass(frozen=True, slots=True)
class Limits:
    """The limits one emulator enforces; replace fields to move a limit."""

    bucket_name_min: int = _limit(3, "PutVectorBucket page", "Bucket naming rules")
    bucket_name_max: int = _limit(32, "PutVectorBucket page", "Bucket naming rules")
    buckets_per_account: int = _limit(
        100, "PutVectorBucket page", "Notes", "10 before mid 2026; the newest edition says 100"
    )
    list_buckets_default: int = _limit(100, "ListVectorBuckets page", "Request parameters, max-keys")
    list_buckets_max: int = _limit(1000, "ListVectorBuckets page", "Request parameters, max-keys")
    indexes_per_bucket: int = _limit(100, "PutVectorIndex page", "Notes")
    index_name_max: int = _limit(63, "PutVectorIndex page", "Request parameters, indexName")
    dimension_min: int = _limit(1, "PutVectorIndex page", "Request parameters, dimension")
    dimension_max: int = _limit(4096, "PutVectorIndex page", "Request parameters, dimension")
    non_filterable_keys_max: int = _limit(10, "PutVectorIndex page", "nonFilterableMetadataKeys")
    non_filterable_key_bytes: int = _limit(63, "PutVectorIndex page", "nonFilterableMetadataKeys")
    list_indexes_default: int = _limit(100, "ListVectorIndexes page", "Request parameters, maxResults")
    list_indexes_max: int = _limit(500, "ListVectorIndexes page", "Request parameters, maxResults")
    list_indexes_token_bytes: int = _limit(512, "list-vector-indexes command page", "next-token")
    put_vectors_max: int = _limit(500, "PutVectors page", "Request parameters, vectors")
    vector_key_max: int = _limit(1024, "PutVectors page", "Request parameters, key", "characters")
    metadata_bytes: int = _limit(40 * 1024, "PutVectors page", "Request parameters, metadata")
    filterable_bytes: int = _limit(2 * 1024, "PutVectors page", "Request parameters, metadata")
    filterable_fields: int = _limit(10, "PutVectors page", "Request parameters, metadata")
    get_keys_max: int = _limit(100, "GetVectors page", "Request parameters, keys", "duplicates count")
    delete_keys_max: int = _limit(500, "DeleteVectors page", "Request parameters, keys", "unique keys")
    list_vectors_default: int = _limit(500, "ListVectors page", "Request parameters, maxResults")
    list_vectors_max: int = _limit(1000, "ListVectors page", "Request parameters, maxResults")
    list_vectors_token_bytes: int = _limit(2048, "ListVectors page", "Request parameters, nextToken")
    segment_count_max: int = _limit(16, "ListVectors page", "Request parameters, segmentCount")
    top_k_max: int = _limit(
        500, "query-vectors command page", "top-k", "30, then 100 in earlier editions of QueryVectors"
    )
    filter_bytes: int = _limit(
        64 * 1024, "QueryVectors page", "Request parameters, filter", "20 KB on the newest command page"
    )
    filter_items: int = _limit(1024, "QueryVectors page", "Request parameters, filter")
    filter_depth: int = _limit(8, "QueryVectors page", "Request parameters, filter")
    clock_skew_seconds: int = _limit(900, "Signature version 4 page", "x-oss-date")
    url_expires_max: int = _limit(604800, "Signature version 4 page", "x-oss-expires", "general OSS")
    put_index_per_second: int = _limit(5, "PutVectorIndex page", "Notes", "only with --enforce-rates")
    put_vectors_per_second: int = _limit(
        1000, "PutVectors page", "Notes", "5 in early 2026; only with --enforce-rates"
    )
    put_vectors_in_flight: int = _limit(2500, "PutVectors page", "Notes", "only with --enforce-rates")
    request_bytes: int = _limit(
        256 * 1024 * 1024, _OWN, "memory guard", "no page limits a request; 500 x 4096 floats is about 40 MB"
    )


LIMIT_NAMES: tuple[str, ...] = tuple(item.name for item in dataclasses.fields(Limits))
