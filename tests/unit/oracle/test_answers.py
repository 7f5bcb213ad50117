"""One slip in an otherwise right answer fails exactly the clause it violates: descriptions, listings, reads."""

from __future__ import annotations

import itertools
from collections.abc import Callable
from typing import Any

import pytest

from conformance.contract.loader import load_contract
from tests.unit.oracle.fake import BUCKET, Scene, failed, passed, ready, reply

READ = {"returnData": True, "returnMetadata": True}


def set_member(*path: str | int, to: Any) -> Callable[[Any], Any]:
    """A slip that puts another value at a place."""

    def slip(value: Any) -> Any:
        node = value
        for step in path[:-1]:
            node = node[step]
        node[path[-1]] = to
        return value

    return slip


def drop(*path: str | int) -> Callable[[Any], Any]:
    """A slip that leaves out a member or an entry."""

    def slip(value: Any) -> Any:
        node = value
        for step in path[:-1]:
            node = node[step]
        del node[path[-1]]
        return value

    return slip


def scene_with_data() -> Scene:
    scene = ready("alpha", "beta", hidden=("note",))
    scene.put("alpha", a=([1.0, 2.0, 3.0, 4.0], {"title": "first"}), b=[4.0, 3.0, 2.0, 1.0])
    scene.bucket("conformance-second")
    return scene


@pytest.mark.parametrize(
    ("requirement", "slip"),
    [
        ("success.body", drop("index", "dimension")),
        ("success.body", set_member("index", "dimension", to="4")),
        ("success.body", set_member("index", to=[])),
        ("indexName.agrees", set_member("index", "indexName", to="beta")),
        ("dimension.agrees", set_member("index", "dimension", to=5)),
        ("distanceMetric.agrees", set_member("index", "distanceMetric", to="cosine")),
        ("dataType.agrees", set_member("index", "dataType", to="float64")),
        ("metadata.agrees", drop("index", "metadata")),
        ("metadata.agrees", set_member("index", "metadata", "nonFilterableMetadataKeys", to=["note", "b"])),
        ("createTime.format", set_member("index", "createTime", to="Sat, 10 Jan 2026 12:00:00 GMT")),
        ("createTime.format", set_member("index", "createTime", to="2026-01-10T12:00:00+00:00")),
        ("createTime.plausible", set_member("index", "createTime", to="2026-01-10T13:00:00.000Z")),
        ("status.values", set_member("index", "status", to="active")),
    ],
)
def test_a_wrong_description_of_an_index(requirement: str, slip: Callable[[Any], Any]) -> None:
    found = failed(scene_with_data().call("GetVectorIndex", {"indexName": "alpha"}, slip=slip))
    created = (
        {"PutVectorIndex.creates"}
        if requirement.endswith(".agrees") and "indexName" not in requirement
        else set()
    )
    assert found == {f"GetVectorIndex.{requirement}"} | created


@pytest.mark.parametrize(
    ("requirement", "slip"),
    [
        ("success.body", drop("BucketInfo", "Location")),
        ("success.body", set_member("BucketInfo", "Name", to=None)),
        ("success.single-root", set_member("RequestId", to="x")),
        ("Name.arn", set_member("BucketInfo", "Name", to=BUCKET)),
        ("Location.form", set_member("BucketInfo", "Location", to="cn-hangzhou")),
        ("Region.form", set_member("BucketInfo", "Region", to="oss-cn-hangzhou")),
        (
            "ExtranetEndpoint.form",
            set_member("BucketInfo", "ExtranetEndpoint", to="oss-cn-hangzhou.aliyuncs.com"),
        ),
        ("IntranetEndpoint.form", set_member("BucketInfo", "IntranetEndpoint", to="")),
        ("CreationDate.format", set_member("BucketInfo", "CreationDate", to="2026-01-10 12:00:00")),
        ("CreationDate.plausible", set_member("BucketInfo", "CreationDate", to="1970-01-01T00:00:00Z")),
    ],
)
def test_a_wrong_description_of_a_bucket(requirement: str, slip: Callable[[Any], Any]) -> None:
    assert failed(scene_with_data().call("GetVectorBucket", slip=slip)) == {f"GetVectorBucket.{requirement}"}


def _reverse(value: dict[str, Any]) -> dict[str, Any]:
    value["ListAllMyBucketsResult"]["Buckets"].reverse()
    return value


BUCKETS = ("ListAllMyBucketsResult", "Buckets")


@pytest.mark.parametrize(
    ("requirement", "query", "slip"),
    [
        ("success.body", "", set_member("ListAllMyBucketsResult", to=[])),
        ("success.single-root", "", set_member("Owner", to={})),
        ("order", "", _reverse),
        ("lists-created", "", drop(*BUCKETS, 0)),
        ("bucket-fields", "", set_member(*BUCKETS, 0, "Region", to="x")),
        ("bucket-fields", "", set_member(*BUCKETS, 0, "CreationDate", to="x")),
        ("Name.arn", "", set_member(*BUCKETS, 0, "Name", to=BUCKET)),
        ("paging.last-page", "", set_member("ListAllMyBucketsResult", "NextMarker", to=BUCKET)),
        (
            "paging.no-empty-page",
            "prefix=zz",
            set_member(
                "ListAllMyBucketsResult",
                to={"Buckets": [], "IsTruncated": True, "NextMarker": "m", "Prefix": "zz"},
            ),
        ),
        ("paging.truncated-members", "max-keys=1", drop("ListAllMyBucketsResult", "NextMarker")),
        ("paging.echo", "max-keys=1", drop("ListAllMyBucketsResult", "MaxKeys")),
        ("paging.echo", "max-keys=1&marker=a", drop("ListAllMyBucketsResult", "Marker")),
    ],
)
def test_a_wrong_listing_of_buckets(requirement: str, query: str, slip: Callable[[Any], Any]) -> None:
    found = failed(scene_with_data().call("ListVectorBuckets", query=query, slip=slip))
    assert found == {f"ListVectorBuckets.{requirement}"}


@pytest.mark.parametrize(
    ("query", "requirement"),
    [
        ("prefix=conformance-s", "prefix.filters"),
        (f"marker={BUCKET}", "marker.after"),
        ("max-keys=1", "max-keys.limits-page"),
    ],
)
def test_a_listing_of_buckets_that_ignores_a_parameter(query: str, requirement: str) -> None:
    scene = scene_with_data()
    assert not failed(scene.call("ListVectorBuckets", query=query))
    found = failed(scene.call("ListVectorBuckets", query=query, response=scene.answer("ListVectorBuckets")))
    assert found == {f"ListVectorBuckets.{requirement}"}


@pytest.mark.parametrize(
    ("requirement", "slip"),
    [
        ("success.body", set_member("indexes", to=None)),
        ("success.body", drop("indexes", 0, "status")),
        ("order", lambda value: {"indexes": value["indexes"][::-1]}),
        ("lists-created", drop("indexes", 1)),
        ("entries-agree", set_member("indexes", 0, "dimension", to=5)),
        ("entries-agree", set_member("indexes", 0, "status", to="ready")),
        ("entries-agree", set_member("indexes", 0, "createTime", to="2020-01-01T00:00:00Z")),
        ("entries-agree", drop("indexes", 0, "metadata")),
    ],
)
def test_a_wrong_listing_of_indexes(requirement: str, slip: Callable[[Any], Any]) -> None:
    assert failed(scene_with_data().call("ListVectorIndexes", {}, slip=slip)) == {
        f"ListVectorIndexes.{requirement}"
    }


@pytest.mark.parametrize(
    ("body", "requirement"),
    [({"prefix": "b"}, "prefix.filters"), ({"maxResults": 1}, "maxResults.limits-page")],
)
def test_a_listing_of_indexes_that_ignores_a_parameter(body: dict[str, Any], requirement: str) -> None:
    scene = scene_with_data()
    assert not failed(scene.call("ListVectorIndexes", body))
    found = failed(scene.call("ListVectorIndexes", body, response=scene.answer("ListVectorIndexes")))
    assert found == {f"ListVectorIndexes.{requirement}"}


def test_an_empty_page_of_indexes_with_a_token_is_a_violation() -> None:
    scene = scene_with_data()
    answer = reply(200, {"indexes": [], "nextToken": "alpha"})
    found = failed(scene.call("ListVectorIndexes", {"prefix": "zz"}, response=answer))
    assert found == {"ListVectorIndexes.paging.last-page"}


def test_more_than_the_default_number_of_indexes_on_a_page_is_a_violation() -> None:
    scene = ready()
    entry = scene_with_data().buckets[BUCKET].indexes["alpha"].describe()
    page = {"indexes": [{**entry, "indexName": f"i{number:03d}"} for number in range(101)]}
    found = failed(scene.call("ListVectorIndexes", {}, response=reply(200, page)))
    assert found == {"ListVectorIndexes.maxResults.default"}


READING = {"GetVectors": {"keys": ["a", "b"]}, "ListVectors": {}}


@pytest.mark.parametrize("operation", list(READING))
@pytest.mark.parametrize(
    ("requirement", "slip"),
    [
        ("{}.success.body", drop("vectors")),
        ("{}.success.body", drop("vectors", 0, "key")),
        ("{}.success.body", set_member("vectors", 0, "data", "float32", to="x")),
        ("{}.returnData.true", drop("vectors", 0, "data")),
        ("{}.returnMetadata.true", drop("vectors", 0, "metadata")),
        ("PutVectors.data.stored", set_member("vectors", 0, "data", "float32", 2, to=3.000001)),
        ("PutVectors.data.stored", set_member("vectors", 0, "data", "float32", to=[1.0, 2.0, 3.0])),
        ("PutVectors.data.stored", set_member("vectors", 0, "data", "float32", to=[4.0, 3.0, 2.0, 1.0])),
        ("PutVectors.metadata.stored", set_member("vectors", 0, "metadata", "title", to="First")),
        ("PutVectors.metadata.stored", set_member("vectors", 0, "metadata", "more", to="x")),
        ("PutVectors.metadata.stored", set_member("vectors", 0, "metadata", "title", to=["first"])),
        ("PutVectors.metadata.stored", set_member("vectors", 1, "metadata", to={"title": "first"})),
        ("PutVectors.stores", drop("vectors", 1)),
    ],
)
def test_a_wrong_entry_of_a_vector(operation: str, requirement: str, slip: Callable[[Any], Any]) -> None:
    body = {"indexName": "alpha", **READ, **READING[operation]}
    assert failed(scene_with_data().call(operation, body, slip=slip)) == {requirement.format(operation)}


@pytest.mark.parametrize("operation", list(READING))
@pytest.mark.parametrize("flags", [{}, {"returnData": False, "returnMetadata": False}])
def test_data_and_metadata_that_nobody_asked_for(operation: str, flags: dict[str, bool]) -> None:
    body = {"indexName": "alpha", **READING[operation]}
    scene = scene_with_data()
    full = scene.answer(operation, {**body, **READ})
    found = failed(scene.call(operation, {**body, **flags}, response=full))
    assert found == {f"{operation}.returnData.false", f"{operation}.returnMetadata.false"}


@pytest.mark.parametrize(("data", "metadata"), list(itertools.product([True, False], repeat=2)))
def test_each_flag_is_judged_for_itself(data: bool, metadata: bool) -> None:
    body = {"indexName": "alpha", "keys": ["a"], "returnData": data, "returnMetadata": metadata}
    right = scene_with_data().call("GetVectors", body)
    assert not failed(right)
    expected = {
        f"GetVectors.returnData.{str(data).lower()}",
        f"GetVectors.returnMetadata.{str(metadata).lower()}",
    }
    assert expected <= passed(right)


def test_a_vector_read_once_and_then_lost_without_any_write_is_a_violation() -> None:
    scene = scene_with_data()
    assert not failed(scene.read("alpha", "a", "b"))
    assert failed(scene.read("alpha", "a", "b", slip=drop("vectors", 0)))


def test_keys_that_were_not_asked_for_or_never_written() -> None:
    scene = scene_with_data()
    extra = {"key": "c"}
    body = {"indexName": "alpha", "keys": ["a"]}
    more = scene.call("GetVectors", body, slip=lambda value: {"vectors": [*value["vectors"], extra]})
    assert failed(more) == {"GetVectors.only-requested"}
    body = {"indexName": "alpha", "keys": ["c"]}
    invented = scene.call("GetVectors", body, response=reply(200, {"vectors": [extra]}))
    assert failed(invented) == {"GetVectors.missing-keys.omitted"}
    listed = scene.call(
        "ListVectors", {"indexName": "alpha"}, slip=lambda value: {"vectors": [*value["vectors"], extra]}
    )
    assert failed(listed) == {"ListVectors.only-stored"}


def test_a_key_that_was_folded_or_trimmed_is_a_violation() -> None:
    for key, stored in (("Key", "key"), ("a ", "a"), ("caf\u00e9", "cafe\u0301")):
        scene = ready("alpha")
        scene.call(
            "PutVectors", {"indexName": "alpha", "vectors": [{"key": key, "data": {"float32": [1, 2, 3, 4]}}]}
        )
        index = scene.buckets[BUCKET].indexes["alpha"]
        index.vectors = {stored: {**index.vectors[key], "key": stored}}
        assert failed(scene.call("ListVectors", {"indexName": "alpha"})) == {
            "ListVectors.only-stored",
            "PutVectors.stores",
        }


def test_a_listing_of_vectors_that_repeats_one() -> None:
    def repeat(value: dict[str, Any]) -> dict[str, Any]:
        return {"vectors": [*value["vectors"], value["vectors"][0]]}

    found = failed(scene_with_data().call("ListVectors", {"indexName": "alpha"}, slip=repeat))
    assert found == {"ListVectors.paging.complete"}


def test_a_page_of_vectors_longer_than_asked_for() -> None:
    scene = scene_with_data()
    full = scene.answer("ListVectors", {"indexName": "alpha"})
    found = failed(scene.call("ListVectors", {"indexName": "alpha", "maxResults": 1}, response=full))
    assert found == {"ListVectors.maxResults.limits-page"}


def test_an_empty_page_of_vectors_with_a_token() -> None:
    answer = reply(200, {"vectors": [], "nextToken": "a"})
    found = failed(scene_with_data().call("ListVectors", {"indexName": "alpha"}, response=answer))
    assert found == {"ListVectors.paging.no-empty-page"}


def test_more_than_the_default_number_of_vectors_on_a_page() -> None:
    scene = ready("alpha")
    vectors = {f"k{number:03d}": [float(number), 0.0, 0.0, 0.0] for number in range(501)}
    scene.put("alpha", **dict(list(vectors.items())[:500]))
    scene.put("alpha", **dict(list(vectors.items())[500:]))
    whole = scene.answer("ListVectors", {"indexName": "alpha", "maxResults": 1000})
    found = failed(scene.call("ListVectors", {"indexName": "alpha"}, response=whole))
    assert found == {"ListVectors.maxResults.default"}


@pytest.mark.parametrize(
    "operation",
    [
        name
        for name in load_contract().operations
        if f"{name}.success.empty-body" in load_contract().requirements
    ],
)
def test_a_success_without_documented_body_must_have_none(operation: str) -> None:
    known = load_contract().operation(operation)
    bodies: dict[str, Any] = {
        "PutVectorIndex": {
            "dataType": "float32",
            "dimension": 4,
            "distanceMetric": "cosine",
            "indexName": "c",
        },
        "DeleteVectorIndex": {"indexName": "alpha"},
        "PutVectors": {"indexName": "alpha", "vectors": [{"key": "c", "data": {"float32": [1, 2, 3, 4]}}]},
        "DeleteVectors": {"indexName": "alpha", "keys": ["a"]},
        "PutBucketLogging": {"BucketLoggingStatus": {}},
    }
    scene = scene_with_data()
    bucket = (
        "conformance-third"
        if operation == "PutVectorBucket"
        else "conformance-second"
        if operation == "DeleteVectorBucket"
        else BUCKET
    )
    answer = reply(known.success_status, {}, headers=(("Location", f"/{bucket}"),))
    if operation == "DeleteBucketPolicy":
        scene.call("PutBucketPolicy", {"Version": "1"})
    found = failed(scene.call(operation, bodies.get(operation), bucket=bucket, response=answer))
    assert found == {f"{operation}.success.empty-body"}


@pytest.mark.parametrize("location", [None, "", "examplebucket", "/other", "http://host/x"])
def test_a_created_bucket_must_be_located(location: str | None) -> None:
    headers = () if location is None else (("Location", location),)
    found = failed(Scene().call("PutVectorBucket", response=reply(200, headers=headers)))
    assert found == {"PutVectorBucket.success.location"}


@pytest.mark.parametrize(
    "operation",
    [
        "GetVectorIndex",
        "ListVectorIndexes",
        "ListVectors",
        "GetVectorBucket",
        "ListVectorBuckets",
        "GetBucketLogging",
    ],
)
@pytest.mark.parametrize("raw", [b"", b"{", b"null", b"[]", b'{"x": NaN}', b"\xff"])
def test_a_success_that_cannot_be_read(operation: str, raw: bytes) -> None:
    body = {"indexName": "alpha"} if operation in ("GetVectorIndex", "ListVectors") else None
    found = failed(scene_with_data().call(operation, body, response=reply(200, raw=raw)))
    assert found == {f"{operation}.success.body"}


@pytest.mark.parametrize("status", [201, 202, 204, 206])
def test_another_success_than_the_documented_one(status: int) -> None:
    scene = scene_with_data()
    body = {"indexName": "alpha", "vectors": [{"key": "c", "data": {"float32": [1, 2, 3, 4]}}]}
    assert failed(scene.call("PutVectors", body, response=reply(status))) == {"PutVectors.success.status"}
