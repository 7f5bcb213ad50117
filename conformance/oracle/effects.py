"""What an answered write does to the model, and what a refused one must not have done."""

from __future__ import annotations

from typing import Any

from conformance.oracle.expectation import Expectation, Kind
from conformance.oracle.model import Absence, BucketState, IndexState, Model, StoredVector
from conformance.oracle.search import as_float32
from conformance.wire.exchange import Exchange

SERVER_ERROR = 500


def apply(model: Model, exchange: Exchange, value: dict[str, Any], expectation: Expectation) -> None:
    """Bring the model up to date with one exchange, whatever its answer was."""
    response = exchange.response
    if response is None or response.status >= SERVER_ERROR:
        _doubt(model, exchange, value)
    elif 200 <= response.status < 300:
        _served(model, exchange, value, certain=expectation.kind is not Kind.OPEN)
    elif response.status >= 400:
        _refused(model, exchange, value, expectation)


def _served(model: Model, exchange: Exchange, value: dict[str, Any], *, certain: bool) -> None:
    name = exchange.bucket
    if name is None:
        return
    if exchange.operation == "PutVectorBucket":
        # Whether a bucket that is created again counts as new is not documented.
        model.buckets.setdefault(name, BucketState(name, exchange)).shown_time = None
        model.absent.pop(name, None)
        model.uncertain.discard(name)
        return
    bucket = model.buckets.get(name)
    if bucket is None:
        return
    index_name = value.get("indexName")
    index = bucket.indexes.get(index_name) if isinstance(index_name, str) else None
    match exchange.operation:
        case "DeleteVectorBucket":
            del model.buckets[name]
            model.absent[name] = Absence("DeleteVectorBucket.deletes", exchange)
        case "PutVectorIndex" if isinstance(index_name, str) and index is None:
            _create_index(bucket, index_name, value, exchange)
            bucket.indexes[index_name].settings_known = certain
        case "DeleteVectorIndex" if index is not None:
            _delete_index(bucket, index, exchange)
        case "PutVectors" if index is not None:
            _put_vectors(bucket, index, value, exchange)
        case "DeleteVectors" if index is not None:
            _delete_vectors(bucket, index, value, exchange)
        case "PutBucketPolicy":
            bucket.policy_before, bucket.policy = bucket.policy, exchange.request_body
            bucket.policy_known, bucket.policy_absence = True, None
        case "DeleteBucketPolicy":
            bucket.policy, bucket.policy_known = None, True
            bucket.policy_absence = Absence("DeleteBucketPolicy.deletes", exchange)
        case "PutBucketLogging":
            status = value.get("BucketLoggingStatus")
            enabled = status.get("LoggingEnabled") if isinstance(status, dict) else None
            bucket.logging_before = bucket.logging
            bucket.logging = dict(enabled) if isinstance(enabled, dict) and enabled else None
            bucket.logging_known, bucket.logging_absence = True, None
        case "DeleteBucketLogging":
            bucket.logging, bucket.logging_known = None, True
            bucket.logging_absence = Absence("DeleteBucketLogging.deletes", exchange)


def _create_index(bucket: BucketState, name: str, value: dict[str, Any], exchange: Exchange) -> None:
    state = IndexState(name, dict(value), exchange)
    former = bucket.absent.pop(name, None)
    if former is not None and former.vectors is not None:
        absence = Absence("DeleteVectorIndex.deletes-vectors", former.cause)
        state.absent = dict.fromkeys(former.vectors, absence)
    bucket.indexes[name] = state
    bucket.uncertain.discard(name)


def _delete_index(bucket: BucketState, index: IndexState, exchange: Exchange) -> None:
    del bucket.indexes[index.name]
    bucket.absent[index.name] = Absence(
        "DeleteVectorIndex.deletes", exchange, frozenset(index.vectors) | frozenset(index.absent)
    )
    only_named = Absence("DeleteVectorIndex.only-named", exchange)
    bucket.last_delete = only_named
    for other in bucket.indexes.values():
        other.last_write = only_named


# A service that stores booleans in a vector is judged for that; what it stored are numbers.
_STORED_AS_NUMBERS = frozenset({int, float, bool})


def _entries(value: dict[str, Any]) -> list[dict[str, Any]]:
    """The entries of a PutVectors that could be stored: well-formed ones, the last of each key."""
    vectors = value.get("vectors")
    if not isinstance(vectors, list):
        return []
    last: dict[str, dict[str, Any]] = {}
    for entry in vectors:
        if not isinstance(entry, dict) or not isinstance(entry.get("key"), str):
            continue
        data = entry.get("data")
        numbers = data.get("float32") if isinstance(data, dict) else None
        if isinstance(numbers, list) and set(map(type, numbers)) <= _STORED_AS_NUMBERS:
            last[entry["key"]] = entry
    return list(last.values())


def _put_vectors(bucket: BucketState, index: IndexState, value: dict[str, Any], exchange: Exchange) -> None:
    for entry in _entries(value):
        key = entry["key"]
        if index.dimension is not None and len(entry["data"]["float32"]) != index.dimension:
            # Served although it fits no vector of the index: what is stored now, nobody can say.
            index.vectors.pop(key, None)
            index.uncertain.add(key)
            continue
        metadata = entry.get("metadata")
        index.vectors[key] = StoredVector(
            data=as_float32(entry["data"]["float32"]),
            metadata=metadata if isinstance(metadata, dict) else None,
            put=exchange,
            replaced=key in index.vectors,
        )
        index.absent.pop(key, None)
        index.disputed.pop(key, None)
        index.uncertain.discard(key)
        index.seen.discard(key)
    _others_stay(bucket, Absence("PutVectors.only-named", exchange))


def _delete_vectors(
    bucket: BucketState, index: IndexState, value: dict[str, Any], exchange: Exchange
) -> None:
    keys = value.get("keys")
    for key in keys if isinstance(keys, list) else []:
        if not isinstance(key, str):
            continue
        index.vectors.pop(key, None)
        index.disputed.pop(key, None)
        index.uncertain.discard(key)
        index.seen.discard(key)
        index.absent[key] = Absence("DeleteVectors.deletes", exchange)
    _others_stay(bucket, Absence("DeleteVectors.only-named", exchange))


def _others_stay(bucket: BucketState, blame: Absence) -> None:
    for index in bucket.indexes.values():
        index.last_write = blame


def _refused(model: Model, exchange: Exchange, value: dict[str, Any], expectation: Expectation) -> None:
    name = exchange.bucket
    if name is None:
        return
    if exchange.operation == "PutVectorBucket":
        if name not in model.buckets:
            model.absent.setdefault(name, Absence("PutVectorBucket.rejected.no-trace", exchange))
        return
    bucket = model.buckets.get(name)
    if bucket is None:
        return
    index_name = value.get("indexName")
    if exchange.operation == "PutVectorIndex" and isinstance(index_name, str):
        existing = bucket.indexes.get(index_name)
        if existing is not None:
            existing.settings_disputed = Absence(
                "PutVectorIndex.VectorBucketIndexAlreadyExist.no-trace", exchange
            )
            existing.last_write = existing.settings_disputed
        elif expectation.blame[:1] != ("PutVectorIndex.indexes-per-bucket.rejected",):
            bucket.absent.setdefault(index_name, Absence("PutVectorIndex.rejected.no-trace", exchange))
        return
    if exchange.operation == "DeleteVectorBucket" and bucket.indexes:
        bucket.last_delete = Absence("DeleteVectorBucket.VectorBucketNotEmpty.no-trace", exchange)
        return
    index = bucket.indexes.get(index_name) if isinstance(index_name, str) else None
    if index is None:
        return
    if exchange.operation == "PutVectors":
        duplicates = any(
            item.requirement == "PutVectors.duplicate-keys.rejected" for item in expectation.broken
        )
        requirement = "PutVectors.duplicate-keys.no-trace" if duplicates else "PutVectors.rejected.no-trace"
        for key in {entry["key"] for entry in _entries(value)}:
            target = index.disputed if key in index.vectors else index.absent
            target[key] = Absence(requirement, exchange)
    elif exchange.operation == "DeleteVectors":
        keys = value.get("keys")
        for key in keys if isinstance(keys, list) else []:
            if isinstance(key, str) and key in index.vectors:
                index.disputed[key] = Absence("DeleteVectors.rejected.no-trace", exchange)


def _doubt(model: Model, exchange: Exchange, value: dict[str, Any]) -> None:
    """A write that failed on the server's side may be done, half done or not done.

    Source: DeleteVectors page, QpsLimitExceeded row: with a 5xx only some of
    the batch may be deleted.
    """
    name = exchange.bucket
    if name is None:
        return
    if exchange.operation in ("PutVectorBucket", "DeleteVectorBucket"):
        model.uncertain.add(name)
        model.buckets.pop(name, None)
        return
    bucket = model.buckets.get(name)
    if bucket is None:
        return
    index_name = value.get("indexName")
    if exchange.operation in ("PutVectorIndex", "DeleteVectorIndex") and isinstance(index_name, str):
        bucket.uncertain.add(index_name)
        bucket.indexes.pop(index_name, None)
        return
    if exchange.operation in ("PutBucketPolicy", "DeleteBucketPolicy"):
        bucket.policy_known = False
    if exchange.operation in ("PutBucketLogging", "DeleteBucketLogging"):
        bucket.logging_known = False
    index = bucket.indexes.get(index_name) if isinstance(index_name, str) else None
    if index is None:
        return
    keys: list[Any] = []
    if exchange.operation == "PutVectors":
        keys = [entry["key"] for entry in _entries(value)]
    elif exchange.operation == "DeleteVectors" and isinstance(value.get("keys"), list):
        keys = value["keys"]
    for key in keys:
        if isinstance(key, str):
            index.uncertain.add(key)
            index.vectors.pop(key, None)
            index.absent.pop(key, None)
