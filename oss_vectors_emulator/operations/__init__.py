"""The documented operations, one class per page family."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING

from oss_vectors_emulator.operations.bucket import BucketOperations
from oss_vectors_emulator.operations.index import IndexOperations
from oss_vectors_emulator.operations.logging import LoggingOperations
from oss_vectors_emulator.operations.policy import PolicyOperations
from oss_vectors_emulator.operations.query import QueryOperations
from oss_vectors_emulator.operations.vectors import VectorOperations

if TYPE_CHECKING:
    from oss_vectors_emulator.behaviour import Behaviour
    from oss_vectors_emulator.calls import Handler


def build_operations(behaviour: Behaviour) -> Mapping[str, Handler]:
    """Handlers by operation name."""
    buckets, policies, logging = (
        BucketOperations(behaviour),
        PolicyOperations(behaviour),
        LoggingOperations(behaviour),
    )
    indexes, vectors, queries = (
        IndexOperations(behaviour),
        VectorOperations(behaviour),
        QueryOperations(behaviour),
    )
    return {
        "PutVectorBucket": buckets.put,
        "GetVectorBucket": buckets.get,
        "ListVectorBuckets": buckets.list,
        "DeleteVectorBucket": buckets.delete,
        "PutVectorIndex": indexes.put,
        "GetVectorIndex": indexes.get,
        "ListVectorIndexes": indexes.list,
        "DeleteVectorIndex": indexes.delete,
        "PutVectors": vectors.put,
        "GetVectors": vectors.get,
        "ListVectors": vectors.list,
        "DeleteVectors": vectors.delete,
        "QueryVectors": queries.query,
        "PutBucketPolicy": policies.put,
        "GetBucketPolicy": policies.get,
        "DeleteBucketPolicy": policies.delete,
        "PutBucketLogging": logging.put,
        "GetBucketLogging": logging.get,
        "DeleteBucketLogging": logging.delete,
    }


__all__ = [
    "BucketOperations",
    "IndexOperations",
    "LoggingOperations",
    "PolicyOperations",
    "QueryOperations",
    "VectorOperations",
    "build_operations",
]
