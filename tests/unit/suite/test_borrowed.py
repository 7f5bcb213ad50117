"""A bucket of the user's as the home of a run: nothing is sent that could change what is not the run's."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import pytest

from conformance.cases.case import Authentication, Place
from conformance.cases.directed import directed_cases
from conformance.contract.loader import load_contract
from conformance.suite.borrowed import NEEDS_BUCKET, Borrowed, needs_own_bucket
from conformance.suite.names import Names
from conformance.suite.resources import Resources, index_body
from conformance.suite.service import Blocked
from conformance.wire.exchange import Request, Response
from tests.unit.oracle.fake import error
from tests.unit.suite.fake_session import Answer, Stage, stage

BUCKET = "theirs"


def page(*names: str, token: str | None = None) -> Response:
    """A page of ListVectorIndexes."""
    entry = {"createTime": "2025-01-01T00:00:00.000Z", "status": "enable", "dataType": "float32"}
    value: dict[str, Any] = {"indexes": [{"indexName": name, **entry} for name in names]}
    if token is not None:
        value["nextToken"] = token
    return Response(200, "OK", (("Content-Type", "application/json"),), json.dumps(value).encode())


def lodger(*names: str) -> Stage:
    """A worker in a bucket that holds ``names``, on two pages."""

    def script(request: Request) -> Answer | None:
        if request.operation == "ListVectorIndexes":
            return page(*names[1:]) if b"more" in (request.body or b"") else page(*names[:1], token="more")
        # The fake service reads bodies only if they are right.
        return error(400, "InvalidArgument") if request.operation == "DeleteVectorIndex" else None

    return stage(script, bucket=BUCKET)


def test_home_is_the_given_bucket_and_only_looked_at() -> None:
    one = lodger("a", "B")
    assert one.service.home == BUCKET
    assert [(request.operation, request.bucket) for request in one.session.sent] == [
        ("ListVectorIndexes", BUCKET)
    ] * 2
    assert one.ledger.live() == []
    state = one.service.model.bucket(BUCKET)
    assert state is not None
    assert (state.is_borrowed, state.policy_known, state.logging_known) == (True, False, False)


def test_without_a_whole_listing_nothing_is_sent_to_the_bucket() -> None:
    one = stage(lambda _: error(403, "AccessDenied"), bucket=BUCKET)
    for _ in range(2):
        with pytest.raises(Blocked, match="cannot be listed: 403"):
            one.service.call("GetVectorIndex", {"indexName": "mine"})
    assert one.session.operations == ["ListVectorIndexes"]


def test_a_listing_without_an_end_is_given_up() -> None:
    one = stage(lambda _: page("a", token="again"), bucket=BUCKET)
    with pytest.raises(Blocked, match="has no end"):
        _ = one.service.home
    assert len(one.session.sent) == 100


@pytest.mark.parametrize("name", ["a", "A", "b"])
def test_an_index_that_was_there_is_never_named(name: str) -> None:
    one = lodger("a", "B")
    _ = one.service.home
    sent = len(one.session.sent)
    for operation in ("PutVectorIndex", "DeleteVectorIndex", "PutVectors", "GetVectors", "QueryVectors"):
        with pytest.raises(Blocked, match="taken"):
            one.service.call(operation, {"indexName": name})
    with pytest.raises(Blocked, match="taken"):
        one.service.call_at_once("DeleteVectorIndex", [{"indexName": "mine"}, {"indexName": name}])
    assert len(one.session.sent) == sent
    assert one.ledger.live() == []


@pytest.mark.parametrize(
    "raw",
    [
        b'{"indexName": "theirs", "indexName": "mine"}',
        b'{"INDEXNAME": "theirs"}',
        b'{"indexName": "theirs"',
        b"indexName=theirs",
        b"<indexName>theirs</indexName>",
        '{"indexName": "theirs"}'.encode("utf-16-le"),
    ],
)
def test_a_body_that_a_lenient_target_might_read_is_kept_back(raw: bytes) -> None:
    one = lodger("theirs")
    with pytest.raises(Blocked, match="taken"):
        one.service.call("DeleteVectorIndex", raw=raw)
    one.service.call("DeleteVectorIndex", raw=raw.replace(b"t\0h", b"m\0h").replace(b"theirs", b"mine"))
    assert one.session.operations[-1] == "DeleteVectorIndex"


def test_the_bucket_itself_and_its_settings_are_not_written() -> None:
    one = lodger("a")
    for operation in (
        "PutVectorBucket",
        "DeleteVectorBucket",
        "PutBucketPolicy",
        "DeleteBucketPolicy",
        "PutBucketLogging",
        "DeleteBucketLogging",
    ):
        with pytest.raises(Blocked) as caught:
            one.service.call(operation, {})
        assert str(caught.value) == NEEDS_BUCKET
    with pytest.raises(Blocked):
        one.service.call("UnknownOperation", method="DELETE", sub_resource="listVectors")
    with pytest.raises(Blocked):
        one.service.call("ListVectors", {}, authentication=Authentication.TAMPERED_METHOD)
    with pytest.raises(Blocked):
        Resources(one.service).bucket()
    assert set(one.session.operations) == {"ListVectorIndexes"}


def test_requests_elsewhere_and_of_own_indexes_pass() -> None:
    borrowed = Borrowed(BUCKET)
    assert borrowed.objection(Request("DeleteVectorBucket", "DELETE", bucket="missing")) is None
    own = Request("DeleteVectorIndex", "POST", "deleteVectorIndex", BUCKET, body=b'{"indexName": "mine"}')
    assert borrowed.objection(own) is None


def test_every_case_that_the_guard_would_stop_is_marked_and_no_read_is() -> None:
    contract, borrowed = load_contract(), Borrowed(BUCKET)
    marked = 0
    for case in directed_cases():
        operation = contract.operations.get(case.operation)
        method = case.method or (operation.method if operation is not None else "POST")
        at_home = case.place is Place.BUCKET and case.bucket is None
        request = Request(case.operation, method, bucket=BUCKET if at_home else "other")
        stopped = borrowed.objection(request, case.authentication) is not None
        assert needs_own_bucket(case, contract) is stopped, case.id
        marked += stopped
    assert 0 < marked < len(directed_cases()) / 5


def test_short_names_pass_over_those_that_are_taken() -> None:
    letters = "abcdefghijklmnopqrstuvwxyz"
    names = Names("r1234567")
    names.avoid(lambda name: name.casefold() in set(letters) - {"q"})
    assert {names.index(length=1).casefold() for _ in range(5)} == {"q"}


def test_no_room_for_an_index_is_the_fault_of_the_bucket() -> None:
    def script(request: Request) -> Answer | None:
        if request.operation == "ListVectorIndexes":
            return page("a")
        return error(400, "VectorBucketIndexExceedLimit")

    one = stage(script, bucket=BUCKET)
    accepted = "PutVectorIndex.dimension.minimum.accepted"
    one.service.call("PutVectorIndex", index_body("mine", dimension=1), attack=accepted)
    assert one.violated == set()
    assert "no room for another index" in one.inconclusive[accepted]
    # In a bucket of its own the run has counted.
    own = stage(lambda request: script(request) if request.operation == "PutVectorIndex" else None)
    own.service.call("PutVectorIndex", index_body("mine", dimension=1), attack=accepted)
    assert accepted in own.violated


def test_a_full_account_fails_no_clause_that_a_creation_was_to_show() -> None:
    one = stage(lambda _: error(400, "TooManyBuckets"))
    clause = "Http.body.chunked-empty"
    result = one.service.call(
        "PutVectorBucket", bucket=one.service.names.bucket(), chunked=True, raw=b"", attack=clause
    )
    assert result.status == 400
    assert one.violated == set()
    assert one.inconclusive[clause] == "the account has no room for another bucket"


def test_a_borrowed_bucket_may_be_old() -> None:
    one = lodger("a")
    state = one.service.model.bucket(one.service.home)
    assert state is not None
    old = replace(state.created, started=state.created.started.replace(year=2020))
    one.service.model.borrow(BUCKET, old)
    one.service.call("GetVectorBucket")
    assert "GetVectorBucket.CreationDate.plausible" not in one.violated
