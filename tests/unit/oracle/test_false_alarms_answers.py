"""Right answers in every form that the pages leave open: none of it is a violation."""

from __future__ import annotations

import dataclasses
import itertools
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.unit.oracle.fake import (
    BUCKET,
    CREATED,
    REQUEST_ID,
    Scene,
    error,
    failed,
    host_of,
    passed,
    ready,
    reply,
)

READ = {"returnData": True, "returnMetadata": True}


def scene_with_data() -> Scene:
    """An index with two vectors, one of them with metadata."""
    scene = ready("here")
    scene.put(
        "here", a=([0.1, 2.0, 3.0, 4.0], {"title": "first", "tags": ["x", "y"]}), b=[4.0, 3.0, 2.0, 1.0]
    )
    return scene


@pytest.mark.parametrize(
    "members",
    [
        pytest.param({}, id="no-EC"),
        pytest.param({"HostId": host_of(BUCKET).removesuffix(":9000")}, id="host-without-port"),
        pytest.param({"HostId": host_of(BUCKET).upper()}, id="host-in-upper-case"),
        pytest.param({"Message": "-"}, id="short-message"),
        pytest.param({"RecommendDoc": "https://api.aliyun.com/troubleshoot?q=1"}, id="with-RecommendDoc"),
        pytest.param({"BucketName": BUCKET, "Resource": "x"}, id="with-further-strings"),
    ],
)
def test_members_of_an_error_that_may_vary(members: dict[str, Any]) -> None:
    judgement = scene_with_data().call(
        "GetVectorIndex", {"indexName": "gone"}, response=error(404, "NoSuchVectorIndex", **members)
    )
    assert not failed(judgement)


@pytest.mark.parametrize("ec", ["0015-00000101", "0002-00000040", "anything"])
def test_an_ec_may_have_any_value_when_header_and_body_agree(ec: str) -> None:
    answer = error(404, "NoSuchVectorIndex", EC=ec, headers=(("x-oss-ec", ec),))
    assert not failed(scene_with_data().call("GetVectorIndex", {"indexName": "gone"}, response=answer))


@pytest.mark.parametrize("kind", ["application/json", "application/json; charset=utf-8", "Application/JSON"])
def test_a_served_answer_may_name_its_charset(kind: str) -> None:
    scene = scene_with_data()
    right = scene.answer("GetVectorIndex", {"indexName": "here"})
    answer = reply(200, raw=right.body, headers=(("Content-Type", kind),))
    assert not failed(scene.call("GetVectorIndex", {"indexName": "here"}, response=answer))


@pytest.mark.parametrize("date", ["Sat, 10 Jan 2026 11:46:00 GMT", "Sat, 10 Jan 2026 12:14:00 GMT"])
def test_clocks_may_differ_by_minutes(date: str) -> None:
    answer = reply(200, {"index": {}}, headers=(("Date", date),))
    judgement = scene_with_data().call("GetVectorIndex", {"indexName": "here"}, response=answer)
    assert "Http.date.tolerance" in passed(judgement)


def test_header_names_may_be_written_in_any_case() -> None:
    scene = scene_with_data()
    right = error(404, "NoSuchVectorIndex")
    answer = dataclasses.replace(right, headers=tuple((name.upper(), value) for name, value in right.headers))
    assert not failed(scene.call("GetVectorIndex", {"indexName": "gone"}, response=answer))


@pytest.mark.parametrize("keys", list(itertools.permutations(["a", "b", "gone"])))
def test_vectors_read_by_key_may_come_in_any_order(keys: tuple[str, ...]) -> None:
    scene = scene_with_data()
    right = {"indexName": "here", "keys": ["a", "gone", "b"], **READ}
    in_order = scene.answer("GetVectors", {**right, "keys": list(keys)})
    assert not failed(scene.call("GetVectors", right, response=in_order))


@pytest.mark.parametrize("times", [1, 2])
def test_a_repeated_key_may_yield_one_entry_or_several(times: int) -> None:
    judgement = scene_with_data().read(
        "here",
        "a",
        "a",
        "b",
        slip=lambda value: {"vectors": value["vectors"][:1] * times + value["vectors"][1:]},
    )
    assert not failed(judgement)


#: Forms of 0.1 after a journey through float32, and of integral numbers.
NUMBERS = {
    "as-sent": [0.1, 2.0, 3.0, 4.0],
    "widened-float32": [0.10000000149011612, 2.0, 3.0, 4.0],
    "nine-digits": [0.100000001, 2.0, 3.0, 4.0],
    "integers": [0.1, 2, 3, 4],
}


@pytest.mark.parametrize("numbers", list(NUMBERS.values()), ids=list(NUMBERS))
@pytest.mark.parametrize("operation", ["GetVectors", "ListVectors"])
def test_numbers_may_come_back_in_any_form_of_the_same_float32(operation: str, numbers: list[float]) -> None:
    def slip(value: dict[str, Any]) -> dict[str, Any]:
        value["vectors"][0]["data"]["float32"] = numbers
        return value

    body = {"indexName": "here", **READ} | ({"keys": ["a", "b"]} if operation == "GetVectors" else {})
    assert not failed(scene_with_data().call(operation, body, slip=slip))


@pytest.mark.parametrize("operation", ["GetVectors", "ListVectors", "QueryVectors"])
@pytest.mark.parametrize("metadata", [{}, None])
def test_no_metadata_may_be_shown_as_none_or_as_empty(operation: str, metadata: Any) -> None:
    def slip(value: dict[str, Any]) -> dict[str, Any]:
        for entry in value["vectors"]:
            entry.setdefault("metadata", metadata)
        return value

    body: dict[str, Any] = {"indexName": "here", "returnMetadata": True}
    extra: dict[str, dict[str, Any]] = {"GetVectors": {"keys": ["a", "b"]}, "QueryVectors": _QUERY}
    body |= extra.get(operation, {})
    assert not failed(scene_with_data().call(operation, body, slip=slip))


_QUERY = {"queryVector": {"float32": [1.0, 0.0, 0.0, 0.0]}, "topK": 5}


@pytest.mark.parametrize("token", [{}, {"nextToken": ""}, {"nextToken": None}])
@pytest.mark.parametrize("operation", ["ListVectors", "ListVectorIndexes"])
def test_a_last_page_may_have_no_token_an_empty_one_or_null(operation: str, token: dict[str, Any]) -> None:
    body = {"indexName": "here"} if operation == "ListVectors" else {}
    judgement = scene_with_data().call(operation, body, slip=lambda value: value | token)
    assert not failed(judgement)


def test_a_page_may_end_before_it_is_full() -> None:
    """A page of large vectors may be cut by its size (ListVectors page, launch version)."""
    scene = scene_with_data()
    first = reply(200, {"vectors": [{"key": "a"}], "nextToken": "opaque"})
    assert not failed(scene.call("ListVectors", {"indexName": "here", "maxResults": 50}, response=first))
    second = reply(200, {"vectors": [{"key": "b"}]})
    body = {"indexName": "here", "maxResults": 50, "nextToken": "opaque"}
    assert not failed(scene.call("ListVectors", body, response=second))


def test_vectors_may_be_listed_in_any_order() -> None:
    judgement = scene_with_data().call(
        "ListVectors", {"indexName": "here"}, slip=lambda value: {"vectors": value["vectors"][::-1]}
    )
    assert not failed(judgement)


@pytest.mark.parametrize(
    "paging",
    [
        {},
        {"IsTruncated": False},
        {"IsTruncated": False, "NextMarker": "", "Prefix": "", "Marker": "", "MaxKeys": 100},
        {"IsTruncated": False, "NextMarker": None, "MaxKeys": 0},
    ],
)
def test_a_complete_listing_of_buckets_may_have_paging_members(paging: dict[str, Any]) -> None:
    judgement = scene_with_data().call(
        "ListVectorBuckets",
        slip=lambda value: {"ListAllMyBucketsResult": value["ListAllMyBucketsResult"] | paging},
    )
    assert not failed(judgement)


@pytest.mark.parametrize(("asked", "used"), [("0", 0), ("0", 1), ("-5", 1), ("1001", 1000), ("abc", 100)])
def test_a_page_size_out_of_range_may_be_told_as_it_was_used(asked: str, used: int) -> None:
    paging = {"IsTruncated": True, "NextMarker": "zzz", "MaxKeys": used, "Prefix": "", "Marker": ""}
    scene = scene_with_data()
    page = json.loads(scene.answer("ListVectorBuckets").body)
    page["ListAllMyBucketsResult"] |= paging
    judgement = scene.call("ListVectorBuckets", query=f"max-keys={asked}", response=reply(200, page))
    assert not failed(judgement)


def test_a_listing_may_show_buckets_that_others_made() -> None:
    other_bucket = {"Name": "acs:ossvector:cn-shanghai:42:zzz-old", "CreationDate": "2020-01-01T00:00:00Z"}
    other_bucket |= {"Location": "x", "Region": "y", "ExtranetEndpoint": "z", "IntranetEndpoint": "z"}

    def slip(value: dict[str, Any]) -> dict[str, Any]:
        value["ListAllMyBucketsResult"]["Buckets"].append(other_bucket)
        return value

    assert not failed(scene_with_data().call("ListVectorBuckets", slip=slip))


@pytest.mark.parametrize(
    "time", ["2026-01-10T12:00:00Z", CREATED, "2026-01-10T12:00:00.123456Z", "2026-01-10T12:00:01.5Z"]
)
def test_times_may_have_any_precision(time: str) -> None:
    scene = scene_with_data()

    def index(value: dict[str, Any]) -> dict[str, Any]:
        value["index"]["createTime"] = time
        return value

    def bucket(value: dict[str, Any]) -> dict[str, Any]:
        value["BucketInfo"]["CreationDate"] = time
        return value

    assert not failed(scene.call("GetVectorIndex", {"indexName": "here"}, slip=index))
    assert not failed(scene.call("GetVectorBucket", slip=bucket))


@pytest.mark.parametrize(
    "change",
    [
        pytest.param({"status": "creating"}, id="still-creating"),
        pytest.param({"metadata": {}}, id="empty-metadata"),
        pytest.param({"metadata": None}, id="null-metadata"),
        pytest.param({"metadata": {"nonFilterableMetadataKeys": []}}, id="no-names"),
        pytest.param({"vectorBucketName": BUCKET, "vectorCount": 2}, id="further-members"),
        pytest.param({"dimension": 4.0}, id="integral-float"),
    ],
)
@pytest.mark.parametrize("operation", ["GetVectorIndex", "ListVectorIndexes"])
def test_a_description_of_an_index_may_vary(operation: str, change: dict[str, Any]) -> None:
    def slip(value: dict[str, Any]) -> dict[str, Any]:
        entry = value["index"] if "index" in value else value["indexes"][0]
        entry.update(change)
        return value

    body = {"indexName": "here"} if operation == "GetVectorIndex" else {}
    assert not failed(scene_with_data().call(operation, body, slip=slip))


def test_non_filterable_names_may_come_back_in_any_order() -> None:
    scene = ready()
    scene.index("notes", hidden=("note", "origin"))

    def slip(value: dict[str, Any]) -> dict[str, Any]:
        value["index"]["metadata"]["nonFilterableMetadataKeys"].reverse()
        return value

    assert not failed(scene.call("GetVectorIndex", {"indexName": "notes"}, slip=slip))


def test_a_deleted_index_may_still_be_described_as_under_deletion() -> None:
    scene = scene_with_data()
    described = {**scene.buckets[BUCKET].indexes["here"].describe(), "status": "deleting"}
    assert not failed(scene.call("DeleteVectorIndex", {"indexName": "here"}))
    one = reply(200, {"index": described})
    assert not failed(scene.call("GetVectorIndex", {"indexName": "here"}, response=one))
    assert not failed(scene.call("ListVectorIndexes", {}, response=reply(200, {"indexes": [described]})))


@pytest.mark.parametrize(
    "status",
    [
        {},
        {"LoggingEnabled": {}},
        {"LoggingEnabled": None},
        {"LoggingEnabled": {"TargetBucket": ""}},
        {"LoggingEnabled": {"TargetBucket": None, "TargetPrefix": ""}},
    ],
)
def test_logging_that_is_off_may_be_shown_in_any_way_without_a_target(status: dict[str, Any]) -> None:
    scene = scene_with_data()
    answer = reply(200, {"BucketLoggingStatus": status})
    assert not failed(scene.call("GetBucketLogging", response=answer))
    enabled = {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "logs"}}}
    assert not failed(scene.call("PutBucketLogging", enabled))
    assert not failed(scene.call("DeleteBucketLogging"))
    assert not failed(scene.call("GetBucketLogging", response=answer))


def test_logging_may_show_members_that_were_not_set() -> None:
    scene = scene_with_data()
    scene.call("PutBucketLogging", {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "logs"}}})
    shown = {"TargetBucket": "logs", "TargetPrefix": "", "LoggingRole": "role"}
    answer = reply(200, {"BucketLoggingStatus": {"LoggingEnabled": shown}})
    assert not failed(scene.call("GetBucketLogging", response=answer))


def query(scene: Scene, change: Callable[[list[Any]], list[Any]], **members: Any) -> set[str]:
    body = {"indexName": "here", **_QUERY, "returnDistance": True, **members}
    return failed(scene.call("QueryVectors", body, slip=lambda value: {"vectors": change(value["vectors"])}))


@pytest.mark.parametrize("error_of", [-9e-5, 9e-5])
@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_distances_may_carry_the_error_of_float32_arithmetic(metric: str, error_of: float) -> None:
    scene = ready("here", metric=metric)
    scene.put("here", same=[1.0, 0.0, 0.0, 0.0], near=[0.9, 0.1, 0.0, 0.0])

    def change(entries: list[Any]) -> list[Any]:
        return [{**entry, "distance": entry["distance"] + error_of} for entry in entries]

    assert not query(scene, change)


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_ties_may_come_in_any_order(metric: str) -> None:
    scene = ready("here", metric=metric)
    scene.put("here", left=[0.0, 1.0, 0.0, 0.0], right=[0.0, 0.0, 1.0, 0.0])
    assert not query(scene, lambda entries: entries)
    assert not query(scene, lambda entries: entries[::-1])


def test_either_of_two_tied_vectors_may_be_the_last_that_fits() -> None:
    scene = ready("here")
    scene.put("here", left=[0.0, 1.0, 0.0, 0.0], right=[0.0, 0.0, 1.0, 0.0], own=[1.0, 0.0, 0.0, 0.0])
    for key in ("left", "right"):
        answer = reply(200, {"vectors": [{"key": "own"}, {"key": key}]})
        body = {"indexName": "here", **_QUERY, "topK": 2}
        assert not failed(scene.call("QueryVectors", body, response=answer))


def test_a_filtered_query_may_filter_before_or_after_it_takes_the_nearest() -> None:
    """The pages speak of both; only when every vector fits into topK do they give the same."""
    scene = ready("here")
    scene.put("here", near=([1.0, 0.0, 0.0, 0.0], {"t": "x"}), far=([9.0, 0.0, 0.0, 0.0], {"t": "y"}))
    body = {"indexName": "here", **_QUERY, "topK": 1, "filter": {"t": {"$eq": "y"}}}
    for found in ([{"key": "far"}], []):
        assert not failed(scene.call("QueryVectors", body, response=reply(200, {"vectors": found})))


@pytest.mark.parametrize("operator", [{"$ne": "first"}, {"$nin": ["first", "other"]}])
@pytest.mark.parametrize("shown", [["b"], []])
def test_a_vector_without_the_field_may_or_may_not_differ_from_a_value(
    operator: dict[str, Any], shown: list[str]
) -> None:
    body = {"indexName": "here", **_QUERY, "filter": {"title": operator}}
    answer = reply(200, {"vectors": [{"key": key} for key in shown]})
    assert not failed(scene_with_data().call("QueryVectors", body, response=answer))


@pytest.mark.parametrize("operator", [{"$ne": "x"}, {"$in": ["x"]}, {"$nin": ["x"]}])
@pytest.mark.parametrize("shown", [["a"], []])
def test_only_equality_is_documented_on_arrays(operator: dict[str, Any], shown: list[str]) -> None:
    scene = ready("here")
    scene.put("here", a=([1.0, 0.0, 0.0, 0.0], {"tags": ["x", "y"]}))
    body = {"indexName": "here", **_QUERY, "filter": {"tags": operator}}
    answer = reply(200, {"vectors": [{"key": key} for key in shown]})
    assert not failed(scene.call("QueryVectors", body, response=answer))


def test_approximate_search_may_miss_what_the_recall_setting_allows() -> None:
    scene = Scene(min_recall=0.5)
    scene.bucket()
    scene.index("here")
    scene.put("here", **{f"k{number}": [float(number), 0.0, 0.0, 0.0] for number in range(10)})
    body = {"indexName": "here", **_QUERY, "topK": 4}
    answer = reply(200, {"vectors": [{"key": key} for key in ("k0", "k2", "k4", "k5")]})
    assert not failed(scene.call("QueryVectors", body, response=answer))


def test_the_request_id_may_be_any_text_of_the_usual_length() -> None:
    assert len(REQUEST_ID) == 24
    answer = reply(200, headers=(("x-oss-request-id", "z" * 24),))
    assert not failed(scene_with_data().call("PutBucketPolicy", {"Version": "1"}, response=answer))


def test_a_policy_may_be_stored_as_written() -> None:
    """Actions are written oss: or ossvector:, resources with or without bucket/ (pages and SDK tests differ)."""
    for action, resource in (
        ("oss:PutVectors", "acs:ossvector:*:*:*"),
        ("ossvector:PutVectors", "acs:ossvector:*:*:bucket/*"),
    ):
        scene = scene_with_data()
        statement = {"Effect": "Allow", "Action": [action], "Principal": ["*"], "Resource": [resource]}
        assert not failed(scene.call("PutBucketPolicy", {"Version": "1", "Statement": [statement]}))
        assert not failed(scene.call("GetBucketPolicy"))
