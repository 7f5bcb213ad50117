"""Creation times stay what they are, and what is asked of a missing key is no statement about its index."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.oracle.fake import BUCKET, Scene, error, failed, passed, ready, reply

_EARLIER, _LATER = "2026-01-10T12:00:00.000Z", "2026-01-10T12:00:07.000Z"
_STABLE = "GetVectorBucket.CreationDate.stable"


def _bucket_dated(scene: Scene, date: str) -> Any:
    value = scene.buckets[BUCKET].describe()
    return scene.call("GetVectorBucket", response=reply(200, {"BucketInfo": {**value, "CreationDate": date}}))


def _index_dated(scene: Scene, date: str) -> Any:
    entry = {**scene.buckets[BUCKET].indexes["here"].describe(), "createTime": date}
    return scene.call("GetVectorIndex", {"indexName": "here"}, response=reply(200, {"index": entry}))


def test_a_bucket_keeps_its_creation_date() -> None:
    scene = ready("here")
    assert _STABLE in passed(_bucket_dated(scene, _EARLIER))
    assert _STABLE in passed(_bucket_dated(scene, _EARLIER))
    assert _STABLE in failed(_bucket_dated(scene, _LATER))


def test_an_index_keeps_its_creation_time() -> None:
    scene = ready("here")
    assert "GetVectorIndex.createTime.stable" in passed(_index_dated(scene, _EARLIER))
    assert "GetVectorIndex.createTime.stable" in failed(_index_dated(scene, _LATER))


@pytest.mark.parametrize("status", [200, 409])
def test_a_bucket_that_is_created_again_may_count_as_new(status: int) -> None:
    scene = ready("here")
    _bucket_dated(scene, _EARLIER)
    again = (
        reply(200, headers=(("Location", f"/{BUCKET}"),))
        if status == 200
        else error(409, "BucketAlreadyExists")
    )
    scene.call("PutVectorBucket", response=again)
    assert (_STABLE in failed(_bucket_dated(scene, _LATER))) == (status == 409)


def test_a_missing_key_that_is_answered_like_a_missing_index_is_named_so() -> None:
    scene = ready("here")
    scene.put("here", known=[1.0, 2.0, 3.0, 4.0])
    scene.read("here", "known")
    refused = error(404, "NoSuchVectorIndex")
    assert failed(scene.read("here", "unknown", response=refused)) == {"GetVectors.missing-keys.omitted"}
    assert "GetVectors.missing-keys.omitted" not in failed(scene.read("here", "known", response=refused))
