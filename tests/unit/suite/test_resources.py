"""Shared indexes, filled slots, and the look back at what a directed case left behind."""

from __future__ import annotations

import json

import pytest

from conformance.cases.baselines import baseline, vector
from conformance.cases.case import NO_BODY, BucketName, Case, Key, Name, Place, Slot
from conformance.cases.directed import directed_cases
from conformance.suite.resources import Resources, index_body
from conformance.suite.service import Blocked
from conformance.wire.exchange import Request, Response
from tests.unit.oracle.fake import error
from tests.unit.suite.fake_session import Answer, Script, Stage, stage


def resources(one: Stage | None = None) -> tuple[Stage, Resources]:
    one = one or stage()
    return one, Resources(one.service)


def test_a_shared_index_is_created_once() -> None:
    one, made = resources()
    assert made.shared(Slot.INDEX) == made.shared(Slot.INDEX) != made.shared(Slot.COSINE_INDEX)
    assert one.session.operations.count("PutVectorIndex") == 2


def test_shared_indexes_have_the_settings_their_slot_promises() -> None:
    one, made = resources()
    for slot, metric, hidden in (
        (Slot.INDEX, "euclidean", frozenset()),
        (Slot.COSINE_INDEX, "cosine", frozenset()),
        (Slot.NOTES_INDEX, "euclidean", {"note"}),
    ):
        state = one.service.model.index(one.service.home, made.shared(slot))
        assert state is not None
        assert (state.metric, state.dimension, state.non_filterable) == (metric, 4, hidden)


def test_a_shared_index_that_cannot_be_made_is_asked_for_once() -> None:
    one, made = resources(
        stage(lambda request: error(403, "AccessDenied") if "Index" in request.operation else None)
    )
    for _ in range(3):
        with pytest.raises(Blocked, match="PutVectorIndex was not served"):
            made.shared(Slot.INDEX)
    assert one.session.operations.count("PutVectorIndex") == 1


def test_one_key_slot_gives_one_name_and_two_cases_share_none() -> None:
    _, made = resources()
    first, second = made.filler(), made.filler()
    assert first.fill([Key("a"), Key("a"), Key("b")]) == [first.name(Key("a"))] * 2 + [first.name(Key("b"))]
    assert first.name(Key("a")) != second.name(Key("a"))
    assert len(first.name(Key("k", length=1024))) == 1024


def test_every_slot_of_a_template_is_filled_wherever_it_stands() -> None:
    _, made = resources()
    template = {
        "indexName": Slot.INDEX,
        "vectors": [vector(Key("a"), metadata={"x": ["y"]})],
        "n": Name("p", 9),
        "k": 7,
    }
    filled = made.filler().fill(template)
    assert filled["indexName"] == made.shared(Slot.INDEX)
    assert filled["k"] == 7
    assert len(filled["n"]) == 9
    json.dumps(filled)


def test_names_in_raw_bytes_are_filled_too() -> None:
    _, made = resources()
    filled = made.filler().fill_raw(b'{"indexName": "%INDEX%", "x": "%NEW_INDEX%"}')
    assert filled is not None
    assert json.loads(filled)["indexName"] == made.shared(Slot.INDEX)
    assert b"%" not in filled
    assert made.filler().fill_raw(None) is None
    assert made.filler().fill_raw(b"\xff%") == b"\xff%"


def test_new_and_missing_names_are_fresh_every_time() -> None:
    _, made = resources()
    names = [made.filler().name(slot) for slot in (Slot.NEW_INDEX, Slot.MISSING_INDEX) for _ in range(10)]
    assert len(set(names)) == 20


def test_stored_vectors_are_written_before_the_case_is_sent() -> None:
    one, made = resources()
    body = {"indexName": Slot.INDEX, "keys": [Key("a")]}
    made.run_case(Case("DeleteVectors.missing-keys", "DeleteVectors", "x", body=body, stored=("a", "b")))
    assert one.session.operations == [
        "PutVectorBucket",
        "PutVectorIndex",
        "PutVectors",
        "DeleteVectors",
        "GetVectors",
    ]
    assert not one.violated


@pytest.mark.parametrize("place", list(Place))
def test_a_case_is_sent_to_its_place(place: Place) -> None:
    one, made = resources()
    operation = "ListVectorBuckets" if place is Place.SERVICE else "GetVectorBucket"
    made.run_case(Case(f"{operation}.success.status", operation, "x", place=place))
    bucket = one.session.sent[-1].bucket
    expected = {Place.BUCKET: one.service.home, Place.SERVICE: None}
    assert bucket == expected[place] if place in expected else bucket not in (None, one.service.home)


def test_a_case_about_bucket_names_has_a_bucket_of_its_own_that_is_read_and_deleted_again() -> None:
    one, made = resources()
    case = Case(
        "PutVectorBucket.name.min-length.accepted", "PutVectorBucket", "x", bucket=BucketName(length=3)
    )
    made.run_case(case)
    assert [(request.operation, len(request.bucket or "")) for request in one.session.sent] == [
        # Too short to carry the run id, so whether somebody has it is looked up first.
        ("ListVectorBuckets", 0),
        ("PutVectorBucket", 3),
        # That it is there under just this name, and not a shorter one.
        ("GetVectorBucket", 3),
        ("DeleteVectorBucket", 3),
    ]
    assert one.ledger.live() == []


def test_an_index_that_a_case_created_is_read_and_deleted_again() -> None:
    one, made = resources()
    result = made.run_case(
        Case("PutVectorIndex.success.status", "PutVectorIndex", "x", body=baseline("PutVectorIndex"))
    )
    assert result is not None
    assert result.served
    assert one.session.operations[1:] == ["PutVectorIndex", "GetVectorIndex", "DeleteVectorIndex"]
    assert [item.kind for item in one.ledger.live()] == ["bucket"]


def done_and_refused(one: Stage, operation: str) -> Script:
    """A target that carries an operation out and says that it did not."""

    def script(request: Request) -> Answer | None:
        if request.operation != operation:
            return None
        one.session.scene.answer(operation, json.loads(request.body or b"{}"), bucket=request.bucket)
        return error(400, "VectorIndexParameterInvalid")

    return script


def test_an_index_that_a_refused_case_left_behind_is_noticed() -> None:
    one, made = resources()
    one.session.script = done_and_refused(one, "PutVectorIndex")
    body = {**baseline("PutVectorIndex"), "dimension": 0}
    made.run_case(Case("PutVectorIndex.dimension.minimum.rejected", "PutVectorIndex", "0", body=body))
    assert one.violated == {"PutVectorIndex.rejected.no-trace"}


def test_vectors_that_a_refused_case_wrote_are_noticed() -> None:
    one, made = resources()
    made.shared(Slot.INDEX)
    one.session.script = done_and_refused(one, "PutVectors")
    twice = {"indexName": Slot.INDEX, "vectors": [vector(Key("a")), vector(Key("a"))]}
    made.run_case(Case("PutVectors.duplicate-keys.rejected", "PutVectors", "x", body=twice))
    assert one.violated == {"PutVectors.duplicate-keys.no-trace"}


def test_vectors_that_a_refused_case_deleted_are_noticed() -> None:
    one, made = resources()
    made.shared(Slot.INDEX)
    one.session.script = done_and_refused(one, "DeleteVectors")
    body = {"indexName": Slot.INDEX, "keys": [Key("a"), 7]}
    made.run_case(Case("DeleteVectors.keys.item.type", "DeleteVectors", "x", body=body, stored=("a",)))
    assert one.violated == {"DeleteVectors.rejected.no-trace"}


def test_the_look_back_asks_only_for_keys_that_one_read_may_name() -> None:
    one, made = resources()
    made.shared(Slot.INDEX)
    one.session.script = lambda request: (
        error(400, "VectorIndexParameterInvalid") if request.operation == "DeleteVectors" else None
    )
    odd = ["", "k" * 1025, "\x00", 7, None, "good", "good", *(f"k{number}" for number in range(200))]
    made.run_case(
        Case(
            "DeleteVectors.keys.item.type", "DeleteVectors", "x", body={"indexName": Slot.INDEX, "keys": odd}
        )
    )
    read = one.session.sent[-1]
    assert read.operation == "GetVectors"
    keys = json.loads(read.body or b"{}")["keys"]
    assert keys == ["good", *(f"k{number}" for number in range(99))]


def test_nothing_is_looked_for_where_no_answer_came_or_nothing_was_named() -> None:
    one, made = resources()
    one.session.script = lambda request: (
        error(400, "MalformedJson") if request.operation == "PutVectors" else None
    )
    made.run_case(Case("PutVectors.body.malformed", "PutVectors", "x", raw=b"{"))
    assert one.session.operations == ["PutVectorBucket", "PutVectors"]


def test_the_body_of_an_index_leaves_out_what_it_does_not_need() -> None:
    assert "metadata" not in index_body("a")
    assert index_body("a", non_filterable=("note",))["metadata"] == {"nonFilterableMetadataKeys": ["note"]}


def test_the_names_of_every_directed_case_can_be_filled_in() -> None:
    _, made = resources()
    for case in directed_cases():
        filler = made.filler()
        if case.body is not NO_BODY:
            json.dumps(filler.fill(case.body))
        assert b"INDEX%" not in (filler.fill_raw(case.raw) or b"")


def test_a_short_bucket_name_that_somebody_has_is_passed_over() -> None:
    asked: list[str] = []

    def script(request: Request) -> Answer | None:
        if request.operation != "ListVectorBuckets":
            return None
        asked.append(request.query.partition("prefix=")[2].partition("&")[0])
        entries = [{"Name": f"acs:ossvector:cn-hangzhou:1:{asked[0]}"}, {"Name": f"{asked[-1]}x"}]
        listing = {"ListAllMyBucketsResult": {"Buckets": entries}}
        return Response(200, "OK", (("Content-Type", "application/json"),), json.dumps(listing).encode())

    one, made = resources(stage(script))
    case = Case(
        "PutVectorBucket.name.min-length.accepted", "PutVectorBucket", "3", bucket=BucketName(length=3)
    )
    made.run_case(case)
    created = [request.bucket for request in one.session.sent if request.operation == "PutVectorBucket"]
    assert len(set(asked)) == 2
    assert created == [asked[1]]
