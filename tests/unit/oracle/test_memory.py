"""What the judge remembers: each slip of a service that forgets, keeps or mixes up fails the clause to blame.

Every script is right up to one slip; exactly the named requirement fails.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from conformance.contract.loader import load_contract
from tests.unit.oracle.fake import BUCKET, Index, Scene, error, failed, passed, ready, reply

QUERY = {"queryVector": {"float32": [1.0, 0.0, 0.0, 0.0]}, "topK": 10, "returnMetadata": True}
INVALID = error(400, "VectorIndexParameterInvalid")
SETTINGS = {"dataType": "float32", "distanceMetric": "cosine"}
BAD_BATCH = [
    {"key": "new", "data": {"float32": [1.0, 1.0, 1.0, 1.0]}},
    {"key": "old", "data": {"float32": [9.0, 9.0, 9.0, 9.0]}},
    {"key": "bad", "data": {"float32": [1.0]}},
]
TWINS = [BAD_BATCH[0], BAD_BATCH[0], BAD_BATCH[1]]


def entry(key: str, *numbers: float, **metadata: Any) -> dict[str, Any]:
    return {"key": key, "data": {"float32": list(numbers)}} | ({"metadata": metadata} if metadata else {})


def with_old() -> tuple[Scene, Index]:
    """An index in which the vector ``old`` was written and read, and another index with one more."""
    scene = ready("here", "there")
    scene.put("here", old=([1.0, 2.0, 3.0, 4.0], {"title": "first"}))
    scene.put("there", other=[4.0, 3.0, 2.0, 1.0])
    assert not failed(scene.read("here", "old"))
    assert not failed(scene.read("there", "other"))
    return scene, scene.buckets[BUCKET].indexes["here"]


def read(scene: Scene, *keys: str) -> set[str]:
    return failed(scene.read("here", *keys))


def listed(scene: Scene) -> set[str]:
    return failed(
        scene.call("ListVectors", {"indexName": "here", "returnData": True, "returnMetadata": True})
    )


def queried(scene: Scene) -> set[str]:
    return failed(scene.call("QueryVectors", {"indexName": "here", **QUERY}))


def test_a_long_right_script_fails_nothing() -> None:
    scene, _ = with_old()
    body = {"indexName": "here", "vectors": BAD_BATCH}
    steps: list[Callable[[], set[str]]] = [
        lambda: failed(scene.call("PutVectors", body, response=INVALID)),
        lambda: failed(scene.put("here", old=[2.0, 2.0, 2.0, 2.0], new=([1.0, 0.0, 0.0, 0.0], {"t": ["a"]}))),
        lambda: failed(scene.call("DeleteVectors", {"indexName": "here", "keys": ["old", "none"]})),
        lambda: failed(scene.put("here", old=[3.0, 3.0, 3.0, 3.0])),
        lambda: failed(scene.call("DeleteVectors", {"indexName": "here", "keys": []}, response=INVALID)),
        lambda: failed(scene.call("DeleteVectorIndex", {"indexName": "there"})),
        lambda: failed(scene.call("DeleteVectorBucket")),
        lambda: failed(scene.call("DeleteVectorIndex", {"indexName": "here"})),
        lambda: failed(scene.call("DeleteVectorBucket")),
        lambda: failed(scene.call("GetVectorBucket")),
        lambda: failed(scene.call("ListVectorBuckets")),
    ]
    for number, step in enumerate(steps):
        assert not step(), number
        if BUCKET in scene.buckets and "here" in scene.buckets[BUCKET].indexes:
            assert not read(scene, "old", "new", "bad", "none"), number
            assert not listed(scene), number
            assert not queried(scene), number
            assert not failed(scene.call("ListVectorIndexes", {})), number


def test_a_write_that_stores_nothing_is_noticed_by_either_way_of_reading() -> None:
    body = {"indexName": "here", "vectors": [entry("new", 1.0, 1.0, 1.0, 1.0)]}
    for look in (lambda scene: read(scene, "new"), listed):
        scene, _ = with_old()
        assert not failed(scene.call("PutVectors", body, done=False))
        assert look(scene) == {"PutVectors.stores"}


def test_a_write_that_stores_nothing_is_noticed_by_a_query() -> None:
    scene, _ = with_old()
    body = {"indexName": "here", "vectors": [entry("new", 1.0, 1.0, 1.0, 1.0)]}
    scene.call("PutVectors", body, done=False)
    assert queried(scene) == {"QueryVectors.nearest", "QueryVectors.topK.fills-result"}


@pytest.mark.parametrize(
    ("numbers", "metadata", "requirement"),
    [
        ([1.0, 2.0, 3.0, 4.0], {"title": "new"}, "PutVectors.overwrite"),
        ([5.0, 5.0, 5.0, 5.0], {"title": "first"}, "PutVectors.overwrite.metadata"),
        ([5.0, 5.0, 5.0, 5.0], {"title": "new", "old": "x"}, "PutVectors.overwrite.metadata"),
        ([5.0, 5.0, 5.0, 5.0], {}, "GetVectors.returnMetadata.true"),
    ],
)
def test_stale_data_after_an_overwrite_is_noticed(
    numbers: list[float], metadata: dict[str, str], requirement: str
) -> None:
    scene, index = with_old()
    scene.put("here", old=([5.0, 5.0, 5.0, 5.0], {"title": "new"}))
    index.vectors["old"] = entry("old", *numbers, **metadata)
    assert read(scene, "old") == {requirement}


def test_old_metadata_that_survives_an_overwrite_without_metadata_is_noticed() -> None:
    scene, index = with_old()
    scene.put("here", old=[5.0, 5.0, 5.0, 5.0])
    index.vectors["old"]["metadata"] = {"title": "first"}
    assert read(scene, "old") == {"PutVectors.overwrite.metadata"}
    assert queried(scene) == {"QueryVectors.overwritten-vectors"}


def test_an_overwritten_vector_that_is_found_at_its_old_place_is_noticed() -> None:
    scene, index = with_old()
    scene.put("here", new=[2.0, 0.0, 0.0, 0.0], old=[5.0, 5.0, 5.0, 5.0])
    index.vectors["old"] = entry("old", 1.0, 0.0, 0.0, 0.0)
    body = {"indexName": "here", **QUERY, "topK": 1}
    assert "QueryVectors.nearest" in failed(scene.call("QueryVectors", body))


@pytest.mark.parametrize("batch", [BAD_BATCH, TWINS])
@pytest.mark.parametrize("key", ["new", "old"])
def test_a_refused_batch_that_is_partly_written_is_noticed(batch: list[Any], key: str) -> None:
    scene, index = with_old()
    refused = scene.call("PutVectors", {"indexName": "here", "vectors": batch}, response=INVALID)
    assert not failed(refused)
    assert not read(scene, "new", "old", "bad")
    index.vectors[key] = next(item for item in batch if item["key"] == key)
    clause = "duplicate-keys" if batch is TWINS else "rejected"
    # For a vector that lost its metadata with its data two clauses speak, one of them about the flag.
    assert f"PutVectors.{clause}.no-trace" in read(scene, "new", "old")
    assert read(scene, "new", "old") <= {f"PutVectors.{clause}.no-trace", "GetVectors.returnMetadata.true"}


def test_a_refused_batch_without_traces_passes_its_clause() -> None:
    scene, _ = with_old()
    scene.call("PutVectors", {"indexName": "here", "vectors": BAD_BATCH}, response=INVALID)
    assert "PutVectors.rejected.no-trace" in passed(scene.read("here", "new", "old"))


def test_a_write_that_touches_others_is_noticed() -> None:
    scene, index = with_old()
    scene.put("here", new=[1.0, 0.0, 0.0, 0.0])
    del index.vectors["old"]
    assert read(scene, "new", "old") == {"PutVectors.only-named"}


def test_a_write_that_touches_another_index_is_noticed() -> None:
    scene, _ = with_old()
    scene.put("here", new=[1.0, 0.0, 0.0, 0.0])
    del scene.buckets[BUCKET].indexes["there"].vectors["other"]
    assert failed(scene.read("there", "other")) == {"PutVectors.only-named"}


@pytest.mark.parametrize(
    ("look", "requirement"),
    [
        (lambda scene: read(scene, "old"), "DeleteVectors.deletes"),
        (listed, "DeleteVectors.deletes"),
        (queried, "QueryVectors.deleted-vectors"),
    ],
)
def test_a_deleted_vector_that_stays_is_noticed(look: Callable[[Scene], set[str]], requirement: str) -> None:
    scene, _ = with_old()
    scene.put("here", stays=[1.0, 0.0, 0.0, 0.0])
    assert not failed(scene.call("DeleteVectors", {"indexName": "here", "keys": ["old"]}, done=False))
    assert look(scene) == {requirement}


def test_a_deleted_vector_that_comes_back_with_a_later_write_is_noticed() -> None:
    scene, index = with_old()
    former = index.vectors["old"]
    scene.call("DeleteVectors", {"indexName": "here", "keys": ["old"]})
    assert not read(scene, "old")
    scene.put("here", new=[1.0, 0.0, 0.0, 0.0])
    index.vectors["old"] = former
    assert read(scene, "old", "new") == {"DeleteVectors.deletes"}


def test_a_deletion_that_takes_others_along_is_noticed() -> None:
    scene, index = with_old()
    scene.put("here", new=[1.0, 0.0, 0.0, 0.0])
    assert not read(scene, "old", "new")
    scene.call("DeleteVectors", {"indexName": "here", "keys": ["new"]})
    del index.vectors["old"]
    assert read(scene, "old", "new") == {"DeleteVectors.only-named"}


def test_a_refused_deletion_that_deletes_is_noticed() -> None:
    scene, index = with_old()
    body = {"indexName": "here", "keys": ["old", 7]}
    assert not failed(scene.call("DeleteVectors", body, response=INVALID))
    del index.vectors["old"]
    assert read(scene, "old") == {"DeleteVectors.rejected.no-trace"}


def test_a_deleted_index_that_is_still_there_is_noticed_wherever_it_shows() -> None:
    scene, index = with_old()
    scene.call("DeleteVectorIndex", {"indexName": "here"}, done=False)
    assert failed(scene.call("GetVectorIndex", {"indexName": "here"})) == {"DeleteVectorIndex.deletes"}
    assert failed(scene.call("ListVectorIndexes", {})) == {"DeleteVectorIndex.deletes"}
    assert read(scene, "old") == {"DeleteVectorIndex.deletes"}
    assert index.vectors


def test_a_deleted_index_that_leaves_its_vectors_is_noticed_when_its_name_is_used_again() -> None:
    scene, index = with_old()
    left = dict(index.vectors)
    scene.call("DeleteVectorIndex", {"indexName": "here"})
    again = scene.index("here")
    again.vectors.update(left)
    assert read(scene, "old") == {"DeleteVectorIndex.deletes-vectors"}
    assert queried(scene) == {"DeleteVectorIndex.deletes-vectors", "QueryVectors.empty-index"}


def test_deleting_one_index_must_not_delete_another() -> None:
    scene, _ = with_old()
    scene.call("DeleteVectorIndex", {"indexName": "there"})
    del scene.buckets[BUCKET].indexes["here"]
    assert failed(scene.call("GetVectorIndex", {"indexName": "here"})) == {"DeleteVectorIndex.only-named"}


def test_a_deletion_after_which_an_index_was_seen_has_not_taken_it_away() -> None:
    scene, _ = with_old()
    scene.call("DeleteVectorIndex", {"indexName": "there"})
    assert not failed(scene.call("GetVectorIndex", {"indexName": "here"}))
    del scene.buckets[BUCKET].indexes["here"]
    assert failed(scene.call("ListVectors", {"indexName": "here"})) == {"ListVectors.success.status"}


def test_an_index_that_was_never_made_is_laid_at_the_door_of_its_creation() -> None:
    scene = ready()
    body = {"dataType": "float32", "dimension": 4, "distanceMetric": "euclidean", "indexName": "here"}
    assert not failed(scene.call("PutVectorIndex", body, done=False))
    assert failed(scene.call("GetVectorIndex", {"indexName": "here"})) == {"PutVectorIndex.creates"}
    assert failed(scene.call("ListVectorIndexes", {})) == {"ListVectorIndexes.lists-created"}


def test_an_index_left_by_a_refused_creation_is_noticed() -> None:
    scene = ready()
    body = {"dataType": "float32", "dimension": 0, "distanceMetric": "euclidean", "indexName": "ghost"}
    assert not failed(scene.call("PutVectorIndex", body, response=INVALID))
    scene.buckets[BUCKET].indexes["ghost"] = Index({**body, "dimension": 1})
    assert failed(scene.call("GetVectorIndex", {"indexName": "ghost"})) == {
        "PutVectorIndex.rejected.no-trace"
    }
    assert failed(scene.call("ListVectorIndexes", {})) == {"PutVectorIndex.rejected.no-trace"}


def test_a_refused_second_creation_that_changes_the_settings_is_noticed() -> None:
    scene, index = with_old()
    body = {**index.settings, "dimension": 8}
    assert not failed(scene.call("PutVectorIndex", body))
    described = scene.call("GetVectorIndex", {"indexName": "here"})
    assert "PutVectorIndex.VectorBucketIndexAlreadyExist.no-trace" in passed(described)
    index.settings["dimension"] = 8
    found = failed(scene.call("GetVectorIndex", {"indexName": "here"}))
    assert found == {"PutVectorIndex.VectorBucketIndexAlreadyExist.no-trace"}


def test_a_refused_second_creation_that_empties_the_index_is_noticed() -> None:
    scene, index = with_old()
    scene.call("PutVectorIndex", dict(index.settings))
    index.vectors.clear()
    assert read(scene, "old") == {"PutVectorIndex.VectorBucketIndexAlreadyExist.no-trace"}


@pytest.mark.parametrize("other", [{}, {"dimension": 8}])
def test_a_second_creation_that_is_served_is_noticed(other: dict[str, Any]) -> None:
    scene, index = with_old()
    found = failed(scene.call("PutVectorIndex", {**index.settings, **other}, response=reply(200)))
    clause = "PutVectorIndex.VectorBucketIndexAlreadyExist"
    assert found == {f"{clause}.other-settings" if other else clause}


def test_a_hundred_and_first_index_must_be_refused_with_its_own_code() -> None:
    scene = ready(*(f"i{number:03d}" for number in range(99)))
    body = {"dataType": "float32", "dimension": 4, "distanceMetric": "euclidean", "indexName": "last"}
    assert "PutVectorIndex.indexes-per-bucket.accepted" in passed(scene.call("PutVectorIndex", body))
    body["indexName"] = "oneMore"
    full = error(400, "VectorBucketIndexExceedLimit")
    assert not failed(scene.call("PutVectorIndex", body, response=full))
    for answer in (reply(200), INVALID):
        name = f"oneMore{answer.status}"
        rerun = {**body, "indexName": name}
        found = failed(scene.call("PutVectorIndex", rerun, response=answer))
        assert found == {"PutVectorIndex.indexes-per-bucket.rejected"}
        if answer.status == 200:
            scene.model.buckets[BUCKET].indexes.pop(name)


def test_a_bucket_that_was_never_made_is_laid_at_the_door_of_its_creation() -> None:
    scene = Scene()
    assert not failed(scene.call("PutVectorBucket", done=False))
    assert failed(scene.call("GetVectorBucket")) == {"PutVectorBucket.creates"}
    assert failed(scene.call("ListVectorBuckets")) == {"ListVectorBuckets.lists-created"}


def test_a_bucket_left_by_a_refused_creation_is_noticed() -> None:
    scene = Scene()
    scene.bucket()
    name = "ghost-"
    refused = scene.call(
        "PutVectorBucket", bucket=name, response=error(400, "InvalidVectorBucketName", bucket=name)
    )
    assert not failed(refused)
    scene.answer("PutVectorBucket", bucket=name)
    assert failed(scene.call("ListVectorBuckets")) == {"PutVectorBucket.rejected.no-trace"}


def test_a_deleted_bucket_that_is_still_there_is_noticed() -> None:
    scene = ready()
    scene.call("DeleteVectorBucket", done=False)
    assert failed(scene.call("GetVectorBucket")) == {"DeleteVectorBucket.deletes"}
    assert failed(scene.call("ListVectorBuckets")) == {"DeleteVectorBucket.deletes"}


def test_deleting_a_bucket_with_an_index_must_be_refused_and_harmless() -> None:
    scene, index = with_old()
    assert failed(scene.call("DeleteVectorBucket", response=INVALID)) == {
        "DeleteVectorBucket.VectorBucketNotEmpty"
    }
    scene, index = with_old()
    assert not failed(scene.call("DeleteVectorBucket"))
    del scene.buckets[BUCKET].indexes["here"]
    found = failed(scene.call("GetVectorIndex", {"indexName": "here"}))
    assert found == {"DeleteVectorBucket.VectorBucketNotEmpty.no-trace"}
    assert index.vectors


def test_a_policy_that_is_lost_kept_or_changed_is_noticed() -> None:
    first, second = b'{"Version": "1", "Statement": []}', b'{"Version":"1","Statement":[],"x":1}'
    scene = ready()
    scene.call("PutBucketPolicy", raw=first)
    assert failed(scene.call("GetBucketPolicy", response=error(404, "NoSuchBucketPolicy"))) == {
        "GetBucketPolicy.success.status"
    }
    rewritten = reply(200, raw=b'{"Statement":[],"Version":"1"}')
    assert failed(scene.call("GetBucketPolicy", response=rewritten)) == {"GetBucketPolicy.identical"}
    scene.call("PutBucketPolicy", raw=second)
    stale = failed(scene.call("GetBucketPolicy", response=reply(200, raw=first)))
    assert stale == {"PutBucketPolicy.replaces", "GetBucketPolicy.agrees"}
    scene.call("DeleteBucketPolicy", done=False)
    assert failed(scene.call("GetBucketPolicy")) == {"DeleteBucketPolicy.deletes"}


def test_logging_that_is_lost_kept_or_changed_is_noticed() -> None:
    scene = ready()
    enabled = {"TargetBucket": "logs", "TargetPrefix": "p-", "LoggingRole": "role"}
    status = {"BucketLoggingStatus": {"LoggingEnabled": enabled}}
    on = reply(200, {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "logs"}}})
    assert failed(scene.call("GetBucketLogging", response=on)) == {"GetBucketLogging.off"}
    scene.call("PutBucketLogging", status)
    assert failed(scene.call("GetBucketLogging", response=on)) == {"GetBucketLogging.agrees"}
    scene.call("DeleteBucketLogging", done=False)
    assert failed(scene.call("GetBucketLogging")) == {"GetBucketLogging.off", "DeleteBucketLogging.deletes"}


def test_what_an_unanswered_write_did_is_never_held_against_the_service() -> None:
    for stored in (True, False):
        scene, index = with_old()
        body = {
            "indexName": "here",
            "vectors": [entry("new", 1.0, 1.0, 1.0, 1.0), entry("old", 0.0, 0.0, 0.0, 1.0)],
        }
        scene.unanswered("PutVectors", body)
        if stored:
            scene.answer("PutVectors", body)
        assert not read(scene, "new", "old")
        assert not listed(scene)
        assert not queried(scene)
        assert index.vectors


def test_a_body_that_is_too_large_is_no_matter_of_the_limit_it_was_made_for() -> None:
    scene, _ = with_old()
    limit = "PutVectors.metadata.total-size.accepted"
    body = {"indexName": "here", "vectors": [entry("new", 1.0, 1.0, 1.0, 1.0)]}
    for status, blamed in ((413, "PutVectors.success.status"), (400, limit)):
        answer = error(status, "VectorIndexParameterInvalid")
        found = failed(scene.call("PutVectors", body, attack=limit, response=answer))
        assert {name for name in found if name.startswith("PutVectors.")} == {blamed}


def test_a_limit_that_was_refused_alone_explains_its_refusal_among_others() -> None:
    scene, _ = with_old()
    most = load_contract().limit("PutVectorIndex", "dimension/maximum")
    alone = {**SETTINGS, "dimension": most}
    many = {**alone, "metadata": {"nonFilterableMetadataKeys": [f"n{number}" for number in range(10)]}}
    limit = "PutVectorIndex.dimension.maximum.accepted"
    before = failed(scene.call("PutVectorIndex", {**many, "indexName": "n1"}, response=INVALID))
    assert "PutVectorIndex.success.status" in before
    assert limit in failed(scene.call("PutVectorIndex", {**alone, "indexName": "n2"}, response=INVALID))
    after = failed(scene.call("PutVectorIndex", {**many, "indexName": "n3"}, response=INVALID))
    assert limit in after
    assert "PutVectorIndex.success.status" not in after
