"""What a correct service may answer where the pages disagree or are silent: none of it is a violation.

Each row is one request with every answer a reasonable reading allows.  After
each the service is read all over again, so that an answer which was left open
does not come back as a violation of a later read.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from conformance.wire.exchange import Response
from tests.unit.oracle.fake import BUCKET, Scene, error, failed, ready, reply

SERVED = None
INVALID = error(400, "VectorIndexParameterInvalid")
MALFORMED = error(400, "MalformedJson")
NO_INDEX = error(404, "NoSuchVectorIndex")
NO_BUCKET = error(404, "NoSuchBucket")
TAKEN = error(409, "VectorBucketIndexAlreadyExist")
EITHER_CODE = (INVALID, MALFORMED)
EITHER_FATE = (SERVED, INVALID, MALFORMED)

GOOD_INDEX = {"dataType": "float32", "dimension": 4, "distanceMetric": "euclidean", "indexName": "another"}
QUERY = {"indexName": "here", "queryVector": {"float32": [1.0, 0.0, 0.0, 0.0]}, "topK": 3}


def scene_with_data() -> Scene:
    """A bucket with three indexes, two vectors in one of them."""
    scene = ready("here")
    scene.index("round", metric="cosine")
    scene.index("notes", hidden=("note",))
    assert not failed(scene.put("here", a=([1.0, 2.0, 3.0, 4.0], {"title": "first"}), b=[4.0, 3.0, 2.0, 1.0]))
    return scene


def look_around(scene: Scene) -> set[str]:
    """Violations found by reading everything there is."""
    found = failed(scene.call("ListVectorBuckets"))
    for bucket in scene.buckets:
        if bucket not in scene.model.buckets:
            continue
        found |= failed(scene.call("ListVectorIndexes", {}, bucket=bucket))
        for name in scene.buckets[bucket].indexes:
            found |= failed(scene.call("GetVectorIndex", {"indexName": name}, bucket=bucket))
            read = {"indexName": name, "returnData": True, "returnMetadata": True}
            found |= failed(scene.call("ListVectors", read, bucket=bucket))
    return found


def check(scene: Scene, operation: str, body: Any, answer: Response | None, **options: Any) -> None:
    assert not failed(scene.call(operation, body, response=answer, **options))
    assert not look_around(scene)


def put(metadata: Any, index: str = "here") -> dict[str, Any]:
    entry = {"key": "new", "data": {"float32": [1.0, 1.0, 1.0, 1.0]}, "metadata": metadata}
    return {"indexName": index, "vectors": [entry]}


def filtered(condition: Any, index: str = "here") -> dict[str, Any]:
    return {**QUERY, "indexName": index, "filter": condition}


def without(body: dict[str, Any], member: str) -> dict[str, Any]:
    return {name: value for name, value in body.items() if name != member}


ten = {f"f{number}": "v" for number in range(10)}
near = "x" * 19_000

#: Words on the row, operation, body, admissible answers (``SERVED`` stands for the right answer of a service).
ROWS: list[tuple[str, str, Any, tuple[Response | None, ...]]] = [
    # Required and with a default at once (PutVectorIndex page, Request parameters).
    ("index-without-data-type", "PutVectorIndex", without(GOOD_INDEX, "dataType"), EITHER_FATE),
    ("index-without-dimension", "PutVectorIndex", without(GOOD_INDEX, "dimension"), EITHER_FATE),
    ("index-without-metric", "PutVectorIndex", without(GOOD_INDEX, "distanceMetric"), EITHER_FATE),
    ("index-with-nothing-but-a-name", "PutVectorIndex", {"indexName": "another"}, EITHER_FATE),
    ("null-for-a-defaulted-member", "PutVectorIndex", {**GOOD_INDEX, "dimension": None}, EITHER_CODE),
    # Undocumented forms of a creation.
    ("unknown-member", "PutVectorIndex", {**GOOD_INDEX, "mode": "x"}, EITHER_FATE),
    ("integral-float-dimension", "PutVectorIndex", {**GOOD_INDEX, "dimension": 4.0}, EITHER_FATE),
    ("empty-index-metadata", "PutVectorIndex", {**GOOD_INDEX, "metadata": {}}, EITHER_FATE),
    ("null-index-metadata", "PutVectorIndex", {**GOOD_INDEX, "metadata": None}, EITHER_FATE),
    (
        "field-listed-twice",
        "PutVectorIndex",
        {**GOOD_INDEX, "metadata": {"nonFilterableMetadataKeys": ["note", "note"]}},
        EITHER_FATE,
    ),
    ("name-in-another-case", "PutVectorIndex", {**GOOD_INDEX, "indexName": "HERE"}, (SERVED, TAKEN, INVALID)),
    # Two slips at once: no page says which is noticed first, nor is a wrong type tied to one code.
    ("dimension-as-string", "PutVectorIndex", {**GOOD_INDEX, "dimension": "512"}, EITHER_CODE),
    (
        "two-slips",
        "PutVectorIndex",
        {**GOOD_INDEX, "dimension": 0, "distanceMetric": "manhattan"},
        (INVALID,),
    ),
    ("slip-and-wrong-type", "PutVectorIndex", {**GOOD_INDEX, "dimension": 0, "dataType": 1}, EITHER_CODE),
    (
        "slip-in-a-taken-name",
        "PutVectorIndex",
        {**GOOD_INDEX, "indexName": "here", "dimension": 0},
        (INVALID, TAKEN),
    ),
    ("impossible-name", "GetVectorIndex", {"indexName": "no_such-name"}, (INVALID, NO_INDEX)),
    ("impossible-name-to-delete", "DeleteVectorIndex", {"indexName": "no_such-name"}, (INVALID, NO_INDEX)),
    ("empty-name", "GetVectorIndex", {"indexName": ""}, (INVALID, NO_INDEX)),
    ("too-long-name", "ListVectors", {"indexName": "n" * 64}, (INVALID, NO_INDEX)),
    (
        "slip-in-a-missing-index",
        "QueryVectors",
        {**QUERY, "indexName": "gone", "topK": 0},
        (INVALID, NO_INDEX),
    ),
    ("no-keys-in-a-missing-index", "DeleteVectors", {"indexName": "gone", "keys": []}, (INVALID, NO_INDEX)),
    # DeleteVectors marks indexName optional, and gives no rule for the length of a key.
    ("delete-without-index", "DeleteVectors", {"keys": ["a"]}, (INVALID, MALFORMED, NO_INDEX)),
    ("delete-empty-key", "DeleteVectors", {"indexName": "here", "keys": [""]}, EITHER_FATE),
    ("delete-overlong-key", "DeleteVectors", {"indexName": "here", "keys": ["k" * 1025]}, EITHER_FATE),
    ("delete-number-as-key", "DeleteVectors", {"indexName": "here", "keys": [7]}, EITHER_CODE),
    ("delete-null-as-key", "DeleteVectors", {"indexName": "here", "keys": [None]}, EITHER_CODE),
    (
        "delete-with-unknown-member",
        "DeleteVectors",
        {"indexName": "here", "keys": ["b"], "x": 1},
        EITHER_FATE,
    ),
    # Values of vectors.
    (
        "beyond-float32",
        "PutVectors",
        {"indexName": "here", "vectors": [{"key": "k", "data": {"float32": [1e39, 0, 0, 0]}}]},
        (INVALID,),
    ),
    (
        "underflow-to-zeros-under-cosine",
        "PutVectors",
        {"indexName": "round", "vectors": [{"key": "k", "data": {"float32": [1e-46, 0, 0, 0]}}]},
        (SERVED, INVALID),
    ),
    (
        "additional-kind-of-data",
        "PutVectors",
        {"indexName": "here", "vectors": [{"key": "k", "data": {"float32": [1, 2, 3, 4], "int8": [1]}}]},
        EITHER_FATE,
    ),
    # Metadata: number of fields, sizes and types are contested.
    ("metadata-null", "PutVectors", put(None), EITHER_FATE),
    ("metadata-number", "PutVectors", put({"year": 2020}), EITHER_FATE),
    ("metadata-boolean", "PutVectors", put({"seen": True}), EITHER_FATE),
    ("metadata-array-of-numbers", "PutVectors", put({"years": [2020, 2021]}), EITHER_FATE),
    ("metadata-empty-array", "PutVectors", put({"tags": []}), EITHER_FATE),
    ("metadata-empty-string", "PutVectors", put({"title": ""}), EITHER_FATE),
    ("metadata-field-without-name", "PutVectors", put({"": "x"}), EITHER_FATE),
    # The rule of non-filterable names (PutVectorIndex page) may hold for all.
    ("metadata-field-with-dot", "PutVectors", put({"a.b": "x"}), EITHER_FATE),
    ("metadata-field-with-blank", "PutVectors", put({"a ": "x"}), EITHER_FATE),
    ("metadata-field-with-accent", "PutVectors", put({"caf\u00e9": "x"}), EITHER_FATE),
    ("metadata-field-of-64", "PutVectors", put({"x" * 64: "x"}), EITHER_FATE),
    ("ten-filterable-and-one-more", "PutVectors", put({**ten, "note": "x"}, "notes"), EITHER_FATE),
    (
        "filterable-size-spread",
        "PutVectors",
        put({f"f{number}": "x" * 512 for number in range(8)}),
        EITHER_FATE,
    ),
    ("filterable-size-at-2000-bytes", "PutVectors", put({"t": "x" * 1995}), EITHER_FATE),
    ("filterable-size-at-2048-bytes", "PutVectors", put({"t": "x" * 2048}), EITHER_FATE),
    ("filterable-size-in-two-byte-letters", "PutVectors", put({"t": "\u00e9" * 1200}), EITHER_FATE),
    ("total-size-at-40-kb", "PutVectors", put({"note": "x" * 40_500, "k": "a"}, "notes"), EITHER_FATE),
    # Reading.
    (
        "more-than-100-keys-with-repeats",
        "GetVectors",
        {"indexName": "here", "keys": [f"k{number}" for number in range(60)] * 2},
        EITHER_FATE,
    ),
    ("list-with-zero-results", "ListVectors", {"indexName": "here", "maxResults": 0}, EITHER_FATE),
    ("second-segment-of-one", "ListVectors", {"indexName": "here", "segmentIndex": 1}, EITHER_FATE),
    ("list-with-filter", "ListVectors", {"indexName": "here", "filter": {"title": "x"}}, EITHER_FATE),
    ("made-up-token", "ListVectors", {"indexName": "here", "nextToken": "aaaa"}, EITHER_FATE),
    ("overlong-token", "ListVectors", {"indexName": "here", "nextToken": "t" * 3000}, EITHER_FATE),
    ("made-up-token-of-indexes", "ListVectorIndexes", {"nextToken": "here"}, EITHER_FATE),
    ("null-for-an-optional-member", "ListVectors", {"indexName": "here", "maxResults": None}, EITHER_FATE),
    # Queries: the maximum of topK, and the filter language.
    *(
        (f"top-k-{top}", "QueryVectors", {**QUERY, "topK": top}, (SERVED, INVALID))
        for top in (31, 100, 101, 500)
    ),
    (
        "zeros-under-cosine",
        "QueryVectors",
        {**QUERY, "indexName": "round", "queryVector": {"float32": [0, 0, 0, 0]}},
        (error(500, "InternalError"), INVALID),
    ),
    ("filter-shorthand", "QueryVectors", filtered({"title": "first"}), EITHER_FATE),
    ("filter-two-fields", "QueryVectors", filtered({"a": {"$eq": "1"}, "b": {"$eq": "2"}}), EITHER_FATE),
    ("filter-two-operators", "QueryVectors", filtered({"a": {"$ne": "1", "$exists": True}}), EITHER_FATE),
    *(
        (f"filter-{name}", "QueryVectors", filtered({"year": {f"${name}": 2020}}), EITHER_FATE)
        for name in ("gt", "gte", "lt", "lte", "eq", "ne")
    ),
    ("filter-in-numbers", "QueryVectors", filtered({"year": {"$in": [2020]}}), EITHER_FATE),
    ("filter-boolean", "QueryVectors", filtered({"seen": {"$eq": True}}), EITHER_FATE),
    ("filter-null", "QueryVectors", filtered(None), EITHER_FATE),
    ("filter-non-filterable", "QueryVectors", filtered({"note": {"$eq": "x"}}, "notes"), EITHER_FATE),
    ("filter-empty-condition", "QueryVectors", filtered({"$and": [{}]}), EITHER_FATE),
    ("filter-operator-in-field", "QueryVectors", filtered({"a": {"$and": [{"$eq": "x"}]}}), EITHER_FATE),
    ("filter-of-30-kb", "QueryVectors", filtered({"t": {"$in": [near, "x" * 11_000]}}), EITHER_FATE),
    ("filter-of-60-kb", "QueryVectors", filtered({"t": {"$in": [near, near, near]}}), EITHER_FATE),
    (
        "filter-of-800-values",
        "QueryVectors",
        filtered({"$or": [{"a": {"$in": ["x", "y"]}} for _ in range(800)]}),
        EITHER_FATE,
    ),
]


@pytest.mark.parametrize(
    ("operation", "body", "answers"), [pytest.param(*row[1:], id=row[0]) for row in ROWS]
)
def test_no_admissible_answer_to_an_open_request_is_a_violation(
    operation: str, body: Any, answers: tuple[Response | None, ...]
) -> None:
    for answer in answers:
        check(scene_with_data(), operation, copy.deepcopy(body), answer)


@pytest.mark.parametrize("shown", [["a"], []])
def test_a_filter_on_a_non_filterable_field_may_match_or_not(shown: list[str]) -> None:
    scene = scene_with_data()
    assert not failed(scene.put("notes", a=([1.0, 0.0, 0.0, 0.0], {"note": "x"})))
    answer = reply(200, {"vectors": [{"key": key} for key in shown]})
    check(scene, "QueryVectors", filtered({"note": {"$eq": "x"}}, "notes"), answer)


@pytest.mark.parametrize("shown", [["a"], ["b"], ["a", "b"], []])
def test_several_conditions_in_one_object_may_mean_anything(shown: list[str]) -> None:
    answer = reply(200, {"vectors": [{"key": key} for key in reversed(shown)]})
    for condition in (
        {"title": {"$eq": "first", "$exists": False}},
        {"title": {"$eq": "first"}, "kind": {"$exists": False}},
        {"$or": [{"title": {"$eq": "first"}, "kind": {"$eq": "other"}}]},
    ):
        check(scene_with_data(), "QueryVectors", filtered(condition), answer)


@pytest.mark.parametrize(
    "raw",
    [
        pytest.param(b'\xef\xbb\xbf{"indexName": "here"}', id="byte-order-mark"),
        pytest.param(b'{"indexName": "\\ud800"}', id="lone-surrogate"),
        pytest.param(b'{"indexName": "here", "indexName": "here"}', id="member-twice"),
        pytest.param(b'{"indexName": "here", "x": ' + b"[" * 100 + b"]" * 100 + b"}", id="deep-nesting"),
    ],
)
def test_no_answer_to_a_doubtful_body_is_a_violation(raw: bytes) -> None:
    right = scene_with_data().answer("GetVectorIndex", {"indexName": "here"})
    for answer in (right, INVALID, MALFORMED, NO_INDEX):
        check(scene_with_data(), "GetVectorIndex", None, answer, raw=raw)


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_a_token_that_is_not_json_may_be_bad_json_or_a_bad_value(token: str) -> None:
    raw = f'{{"indexName": "here", "vectors": [{{"key": "k", "data": {{"float32": [1, {token}, 1, 1]}}}}]}}'
    for answer in EITHER_CODE:
        check(scene_with_data(), "PutVectors", None, answer, raw=raw.encode())


@pytest.mark.parametrize("kept", [4, 5])
def test_either_of_two_members_of_one_name_may_win(kept: int) -> None:
    """No page says which of two equal members counts."""
    scene = scene_with_data()
    raw = (
        b'{"dataType": "float32", "dimension": 4, "dimension": 5, "distanceMetric": "euclidean",'
        b' "indexName": "another"}'
    )
    assert not failed(scene.call("PutVectorIndex", raw=raw))
    scene.buckets[BUCKET].indexes["another"].settings["dimension"] = kept
    assert not look_around(scene)


def test_a_repeated_bucket_creation_may_be_served_or_refused() -> None:
    """Plain OSS answers 200 to the owner, a mock of an official SDK 409; the page says nothing."""
    for answer in (SERVED, error(409, "BucketAlreadyExists"), error(409, "BucketNameNotAvailable")):
        check(scene_with_data(), "PutVectorBucket", None, answer)


def test_a_deleted_bucket_name_may_stay_reserved_for_hours() -> None:
    for answer in (SERVED, error(409, "BucketNameNotAvailable", bucket="conformance-second")):
        scene = scene_with_data()
        scene.bucket("conformance-second")
        assert not failed(scene.call("DeleteVectorBucket", bucket="conformance-second"))
        check(scene, "PutVectorBucket", None, answer, bucket="conformance-second")


@pytest.mark.parametrize("operation", ["GetVectorBucket", "GetVectorIndex", "DeleteVectorBucket"])
def test_an_impossible_bucket_name_may_be_invalid_or_not_found(operation: str) -> None:
    name = "b" * 40
    body = {"indexName": "here"} if operation == "GetVectorIndex" else None
    for answer in (
        error(400, "InvalidVectorBucketName", bucket=name),
        error(404, "NoSuchBucket", bucket=name),
    ):
        check(scene_with_data(), operation, body, answer, bucket=name)


def test_a_slip_on_a_missing_bucket_may_be_noticed_before_the_bucket() -> None:
    """Only PutVectorIndex and PutVectors are known to look for the bucket first."""
    body = {"indexName": "here", "keys": []}
    for answer in (
        error(404, "NoSuchBucket", bucket="none"),
        error(400, "VectorIndexParameterInvalid", bucket="none"),
    ):
        check(scene_with_data(), "DeleteVectors", body, answer, bucket="none")


@pytest.mark.parametrize("prefix", ["here.", "1", "x" * 64])
def test_a_prefix_that_no_index_can_have_may_be_refused(prefix: str) -> None:
    for answer in (reply(200, {"indexes": []}), error(400, "VectorIndexParameterInvalid")):
        check(scene_with_data(), "ListVectorIndexes", {"prefix": prefix}, answer)


@pytest.mark.parametrize("operation", ["PutVectorIndex", "PutVectors"])
def test_an_unknown_member_may_be_noticed_before_a_missing_bucket(operation: str) -> None:
    body = {"indexName": "no_name", "vectors": [], "dataType": "demo"}
    for answer in (
        error(404, "NoSuchBucket", bucket="none"),
        error(400, "VectorIndexParameterInvalid", bucket="none"),
    ):
        check(scene_with_data(), operation, body, answer, bucket="none")


@pytest.mark.parametrize("query", ["max-keys=0", "max-keys=1001", "max-keys=-1", "max-keys=abc"])
def test_page_sizes_out_of_range_may_be_served_or_refused(query: str) -> None:
    scene = scene_with_data()
    check(scene, "ListVectorBuckets", None, scene.answer("ListVectorBuckets"), query=query)
    check(scene, "ListVectorBuckets", None, error(400, "InvalidArgument", bucket=None), query=query)


def test_deleting_a_policy_that_was_never_set_may_be_served_or_refused() -> None:
    for answer in (SERVED, error(404, "NoSuchBucketPolicy")):
        check(scene_with_data(), "DeleteBucketPolicy", None, answer)


def test_an_operation_nobody_documents_may_be_answered_in_any_way() -> None:
    for status in (200, 400, 404, 405, 501):
        scene = scene_with_data()
        answer = error(status, "InvalidArgument") if status >= 400 else scene.answer("PutVectorBucket")
        assert not failed(scene.call("UnknownOperation", {}, response=answer))


@pytest.mark.parametrize("written", [True, False])
def test_a_write_answered_with_a_throttling_error_may_be_done_or_not(written: bool) -> None:
    """With QpsLimitExceeded some of a batch may be done (DeleteVectors page, Error codes)."""
    scene = scene_with_data()
    body = {"indexName": "here", "keys": ["a", "b"]}
    if written:
        del scene.buckets[BUCKET].indexes["here"].vectors["a"]
    assert not failed(scene.call("DeleteVectors", body, response=error(503, "QpsLimitExceeded")))
    assert not look_around(scene)
    assert not failed(scene.read("here", "a", "b"))
    assert not failed(scene.call("QueryVectors", QUERY))


@pytest.mark.parametrize("operation", ["PutVectorIndex", "DeleteVectorIndex"])
@pytest.mark.parametrize("exists", [True, False])
def test_an_index_named_by_an_unanswered_write_may_exist_or_not(operation: str, exists: bool) -> None:
    scene = scene_with_data()
    scene.unanswered(operation, {**GOOD_INDEX, "indexName": "here"})
    if not exists:
        del scene.buckets[BUCKET].indexes["here"]
    assert not look_around(scene)
    assert not failed(scene.call("GetVectorIndex", {"indexName": "here"}))
    assert not failed(scene.call("PutVectorIndex", {**GOOD_INDEX, "indexName": "here"}))
    assert not look_around(scene)


@pytest.mark.parametrize("answer", EITHER_FATE)
def test_vectors_of_an_index_with_unknown_settings_may_fit_or_not(answer: Response | None) -> None:
    scene = ready("here")
    # Served although its dimension is written as a fraction, so nobody knows what the service made of it.
    open_settings = {**GOOD_INDEX, "indexName": "odd", "dimension": 3754.0}
    assert not failed(scene.call("PutVectorIndex", open_settings, response=reply(200)))
    assert not failed(scene.call("PutVectors", put({}, "odd"), response=answer or reply(200)))
    query = {**QUERY, "indexName": "odd"}
    assert not failed(scene.call("QueryVectors", query, response=answer or reply(200, {"vectors": []})))
