"""Sending, judging and patience: what happens when the target throttles, fails, lags or goes away."""

from __future__ import annotations

import itertools
from collections.abc import Iterator
from dataclasses import replace

import pytest

from conformance.cases.case import Authentication
from conformance.cases.documents import LOGGING, policy_text
from conformance.oracle.recall import Total
from conformance.suite.delivery import TargetGone
from conformance.suite.service import Blocked
from conformance.wire.exchange import FailureKind, Request
from tests.unit.oracle.fake import error, reply
from tests.unit.suite.fake_session import Answer, FakeSession, Script, Stage, stage

INDEX = {"dataType": "float32", "dimension": 4, "distanceMetric": "euclidean", "indexName": "here"}
QUERY = {"indexName": "here", "queryVector": {"float32": [1.0, 0.0, 0.0, 0.0]}, "topK": 2}


def in_turn(operation: str, *answers: Answer | None) -> Script:
    """A script that gives answers to one operation one after the other, the last for ever."""
    left: Iterator[Answer | None] = itertools.chain(answers, itertools.repeat(answers[-1]))
    return lambda request: next(left) if request.operation == operation else None


THROTTLED = error(503, "QpsLimitExceeded")


def test_a_throttled_request_is_repeated_until_it_is_served() -> None:
    one = stage(in_turn("PutVectorIndex", THROTTLED, THROTTLED, None))
    assert one.service.call("PutVectorIndex", INDEX).served
    assert one.session.operations.count("PutVectorIndex") == 3
    assert one.slept == sorted(one.slept)
    assert len(one.slept) == 2
    assert not one.violated
    assert not one.inconclusive


def test_a_request_that_is_always_throttled_is_inconclusive() -> None:
    one = stage(in_turn("PutVectorIndex", THROTTLED))
    one.service.call("PutVectorIndex", INDEX, attack="PutVectorIndex.dimension.minimum.accepted")
    assert list(one.inconclusive) == ["PutVectorIndex.dimension.minimum.accepted"]
    assert "throttled" in one.inconclusive["PutVectorIndex.dimension.minimum.accepted"]
    assert not one.violated
    assert one.session.operations.count("PutVectorIndex") <= 10


def test_another_503_is_not_taken_for_throttling() -> None:
    one = stage(in_turn("PutVectorIndex", error(503, "ServiceUnavailable")))
    one.service.call("PutVectorIndex", INDEX)
    assert one.session.operations.count("PutVectorIndex") == 1
    assert one.violated == {"PutVectorIndex.success.status"}


@pytest.mark.parametrize("status", [502, 504])
def test_a_gateway_in_trouble_gets_a_second_chance(status: int) -> None:
    one = stage(in_turn("PutVectorIndex", reply(status, raw=b"<html>"), None))
    assert one.service.call("PutVectorIndex", INDEX).served
    assert not one.violated


def test_a_gateway_that_stays_in_trouble_is_a_violation() -> None:
    one = stage(in_turn("PutVectorIndex", error(502, "BadGateway")))
    one.service.call("PutVectorIndex", INDEX)
    assert "PutVectorIndex.success.status" in one.violated
    assert one.session.operations.count("PutVectorIndex") == 2


@pytest.mark.parametrize("kind", [FailureKind.RESET, FailureKind.PROTOCOL, FailureKind.REFUSED])
def test_a_request_that_never_gets_an_answer_is_a_violation_while_others_do(kind: FailureKind) -> None:
    one = stage(in_turn("PutVectorIndex", kind))
    one.service.call("PutVectorIndex", INDEX, attack="PutVectorIndex.dimension.type")
    assert one.violated == {"PutVectorIndex.dimension.type"}
    assert one.session.operations[-1] == "ListVectorBuckets"


def test_a_connection_that_failed_once_is_forgiven() -> None:
    one = stage(in_turn("PutVectorIndex", FailureKind.RESET, None))
    assert one.service.call("PutVectorIndex", INDEX).served
    assert not one.violated


def test_a_timeout_is_inconclusive_and_not_repeated() -> None:
    one = stage(in_turn("PutVectorIndex", FailureKind.TIMEOUT))
    one.service.call("PutVectorIndex", INDEX)
    assert list(one.inconclusive) == ["PutVectorIndex.success.status"]
    assert not one.violated
    assert one.session.operations.count("PutVectorIndex") == 1


@pytest.mark.parametrize("kind", [FailureKind.REFUSED, FailureKind.TIMEOUT])
def test_a_target_that_answers_nothing_any_more_is_gone(kind: FailureKind) -> None:
    one = stage()
    one.service.call("PutVectorIndex", INDEX)
    one.session.script = lambda _: kind
    with pytest.raises(TargetGone, match=kind.value):
        one.service.call("GetVectorIndex", {"indexName": "here"})
    assert not one.violated


def test_a_create_is_in_the_ledger_before_it_is_sent() -> None:
    session = FakeSession()
    one = Stage(session)
    seen: list[tuple[str, list[str]]] = []
    session.watch = lambda request: seen.append(
        (request.operation, [str(item) for item in one.ledger.live()])
    )
    one.service.call("PutVectorIndex", INDEX)
    home = one.service.home
    assert seen == [
        ("PutVectorBucket", [f"bucket {home}"]),
        ("PutVectorIndex", [f"index {home}/here", f"bucket {home}"]),
    ]


@pytest.mark.parametrize(
    ("answer", "live"),
    [
        (None, True),
        (error(400, "VectorIndexParameterInvalid"), False),
        (error(409, "VectorBucketIndexAlreadyExist"), False),
        (error(500, "InternalError"), True),
        (THROTTLED, True),
        (FailureKind.TIMEOUT, True),
    ],
)
def test_the_ledger_knows_what_may_exist_after_a_create(answer: Answer | None, live: bool) -> None:
    one = stage(in_turn("PutVectorIndex", answer))
    one.service.call("PutVectorIndex", INDEX)
    assert ("here" in {item.name for item in one.ledger.live()}) is live


def test_what_is_deleted_leaves_the_ledger() -> None:
    one = stage()
    one.service.call("PutVectorIndex", INDEX)
    one.service.call("DeleteVectorIndex", {"indexName": "here"})
    assert [item.kind for item in one.ledger.live()] == ["bucket"]
    one.service.call("DeleteVectorBucket")
    assert one.ledger.live() == []


def test_an_index_created_with_an_unreadable_body_is_not_invented() -> None:
    one = stage(in_turn("PutVectorIndex", error(400, "MalformedJson")))
    for raw in (b"{", b"[]", b'{"indexName": 7}', b"\xff", b"[" * 100_000):
        one.service.call("PutVectorIndex", raw=raw)
    assert [item.kind for item in one.ledger.live()] == ["bucket"]


def test_the_worker_has_one_bucket_made_on_first_use() -> None:
    one = stage()
    assert one.session.sent == []
    assert one.service.home == one.service.home
    assert one.session.operations == ["PutVectorBucket"]


def test_a_target_that_makes_no_bucket_is_asked_once() -> None:
    one = stage(in_turn("PutVectorBucket", error(403, "AccessDenied")))
    for _ in range(3):
        with pytest.raises(Blocked, match="PutVectorBucket was not served: 403 Forbidden, AccessDenied"):
            one.service.call("PutVectorIndex", INDEX)
    assert one.session.operations == ["PutVectorBucket"]


def test_a_full_account_is_no_violation() -> None:
    one = stage(in_turn("PutVectorBucket", error(400, "TooManyBuckets")))
    one.service.call("PutVectorBucket", bucket="conformance-one-more")
    assert "no room" in one.inconclusive["PutVectorBucket.success.status"]
    assert not one.violated


def test_logging_without_a_bucket_to_write_to_is_no_violation() -> None:
    one = stage(in_turn("PutBucketLogging", error(400, "InvalidTargetBucketForLogging")))
    one.service.call("PutBucketLogging", LOGGING)
    assert "plain OSS bucket" in one.inconclusive["PutBucketLogging.success.status"]
    assert not one.violated


@pytest.mark.parametrize("answer", [reply(501), error(501, "NotImplemented"), error(400, "NotImplemented")])
def test_an_operation_that_is_not_offered_is_noted_as_such(answer: Answer) -> None:
    one = stage(in_turn("QueryVectors", answer))
    one.service.call("QueryVectors", QUERY)
    assert list(one.service.recorder.record.unsupported) == ["QueryVectors"]


def lagging(times: int) -> Script:
    """A query that finds nothing the first few times."""
    return in_turn("QueryVectors", *[reply(200, {"vectors": []})] * times, None)


def with_vector(script: Script, visibility: float) -> Stage:
    one = stage(script, visibility_timeout=visibility)
    one.service.call("PutVectorIndex", INDEX)
    entry = {"key": "k", "data": {"float32": [1.0, 0.0, 0.0, 0.0]}}
    one.service.call("PutVectors", {"indexName": "here", "vectors": [entry]})
    return one


def test_a_query_that_lags_behind_is_repeated_until_it_is_right() -> None:
    one = with_vector(lagging(3), 1e9)
    assert not one.service.call("QueryVectors", QUERY, settle=True).judgement.failed
    assert one.session.operations.count("QueryVectors") == 4
    assert len(one.slept) == 3
    assert not one.violated


def test_a_query_that_never_settles_is_a_violation_after_the_timeout() -> None:
    one = with_vector(in_turn("QueryVectors", reply(200, {"vectors": []})), 0.0)
    one.service.call("QueryVectors", QUERY, settle=True)
    assert one.violated == {"QueryVectors.nearest", "QueryVectors.topK.fills-result"}
    assert one.session.operations.count("QueryVectors") == 1


NO_POLICY = error(404, "NoSuchBucketPolicy")
POLICY = reply(200, raw=policy_text(), headers=(("Content-Type", "application/json"),))


def with_policy(script: Script, visibility: float) -> Stage:
    one = stage(script, visibility_timeout=visibility)
    one.service.call("PutBucketPolicy", raw=policy_text())
    return one


def test_a_policy_that_shows_late_is_read_again_until_it_is_there() -> None:
    one = with_policy(in_turn("GetBucketPolicy", NO_POLICY, NO_POLICY, POLICY), 1e9)
    assert one.service.call("GetBucketPolicy").served
    assert one.session.operations.count("GetBucketPolicy") == 3
    assert not one.violated


def test_a_policy_that_never_shows_is_a_violation_after_the_timeout() -> None:
    one = with_policy(in_turn("GetBucketPolicy", NO_POLICY), 0.0)
    one.service.call("GetBucketPolicy")
    assert one.violated == {"GetBucketPolicy.success.status"}


def test_a_deleted_policy_may_show_for_a_moment() -> None:
    one = with_policy(in_turn("GetBucketPolicy", POLICY, POLICY, NO_POLICY), 1e9)
    one.service.call("DeleteBucketPolicy")
    assert not one.service.call("GetBucketPolicy").served
    assert one.session.operations.count("GetBucketPolicy") == 3
    assert not one.violated


def test_waiting_does_not_cure_a_read_that_fails() -> None:
    one = with_policy(in_turn("GetBucketPolicy", reply(501)), 1e9)
    one.service.call("GetBucketPolicy")
    assert one.session.operations.count("GetBucketPolicy") == 1


def approximate(script: Script, visibility: float = 1e9) -> Stage:
    """A target of which only a recall is asked, and that has two vectors in one write."""
    one = stage(script, visibility_timeout=visibility, min_recall=0.5)
    one.service.call("PutVectorIndex", INDEX)
    entries = [{"key": key, "data": {"float32": [1.0, 0.0, 0.0, place]}} for place, key in enumerate("kl")]
    one.service.call("PutVectors", {"indexName": "here", "vectors": entries})
    return one


def test_what_an_approximate_target_finds_late_is_waited_for_and_not_counted() -> None:
    one = approximate(lagging(3))
    one.service.call("QueryVectors", QUERY)
    assert one.session.operations.count("QueryVectors") == 4
    assert one.service.model.recall.total("QueryVectors.nearest") == Total(2, 2)
    assert not one.violated


def test_a_neighbour_of_what_was_found_is_missed_and_not_late() -> None:
    one = approximate(in_turn("QueryVectors", reply(200, {"vectors": [{"key": "k"}]})))
    one.service.call("QueryVectors", QUERY)
    assert one.session.operations.count("QueryVectors") == 1
    assert one.service.model.recall.total("QueryVectors.nearest") == Total(1, 2)
    assert not one.violated


def test_waiting_in_vain_for_an_approximate_target_ends_soon() -> None:
    one = approximate(in_turn("QueryVectors", reply(200, {"vectors": []})), 0.0)
    for place in range(9):
        point = {"float32": [1.0, 0.0, 0.0, place / 8]}
        one.service.call("QueryVectors", {**QUERY, "queryVector": point})
    one.service.settings = replace(one.settings, visibility_timeout=1e9)
    before = one.session.operations.count("QueryVectors")
    one.service.call("QueryVectors", QUERY, settle=True)
    assert one.session.operations.count("QueryVectors") == before + 1
    assert one.service.model.recall.total("QueryVectors.nearest") == Total(0, 18)


def test_what_waiting_cannot_cure_is_not_repeated() -> None:
    one = with_vector(in_turn("QueryVectors", error(400, "VectorIndexParameterInvalid")), 1e9)
    one.service.call("QueryVectors", QUERY, settle=True)
    assert one.session.operations.count("QueryVectors") == 1
    assert one.violated == {"QueryVectors.success.status"}


def test_a_query_without_settling_is_sent_once() -> None:
    one = with_vector(lagging(3), 1e9)
    one.service.call("QueryVectors", QUERY, settle=False)
    assert one.session.operations.count("QueryVectors") == 1


def test_a_query_settles_unless_told_otherwise() -> None:
    one = with_vector(lagging(3), 1e9)
    one.service.call("QueryVectors", QUERY)
    assert one.session.operations.count("QueryVectors") == 4
    assert not one.violated


def test_of_simultaneous_requests_the_served_one_is_judged_first() -> None:
    refused = error(409, "VectorBucketIndexAlreadyExist")
    one = stage(in_turn("PutVectorIndex", refused, reply(200), refused))
    results = one.service.call_at_once("PutVectorIndex", [INDEX] * 3)
    assert [result.status for result in results] == [200, 409, 409]
    assert not one.violated
    assert {item.name for item in one.ledger.live()} == {"here", one.service.home}


def test_requests_are_counted_by_operation() -> None:
    one = stage(in_turn("PutVectorIndex", THROTTLED, None))
    one.service.call("PutVectorIndex", INDEX)
    assert one.service.recorder.record.requests == {"PutVectorBucket": 1, "PutVectorIndex": 2}


def test_requests_name_operation_bucket_and_query() -> None:
    one = stage()
    one.service.call("ListVectorBuckets", query="max-keys=1")
    one.service.call("GetVectorBucket", bucket="conformance-none")
    one.service.call("GetVectorIndex", {"indexName": "\u00e9"}, sub_resource="getVectorIndex=")
    service, bucket, _, index = one.session.sent
    assert (service.method, service.bucket, service.query) == ("GET", None, "max-keys=1")
    assert (bucket.method, bucket.bucket, bucket.query) == ("GET", "conformance-none", "bucketInfo")
    assert (index.bucket, index.query, index.body) == (
        one.service.home,
        "getVectorIndex=",
        '{"indexName":"\u00e9"}'.encode(),
    )


@pytest.mark.parametrize("authentication", list(Authentication))
def test_only_the_run_s_own_signature_is_left_to_the_session(authentication: Authentication) -> None:
    one = stage()
    assert one.service.home
    refused = error(403, "AccessDenied")
    one.session.script = lambda request: refused if request.auth is not None else None
    one.service.call("ListVectorIndexes", {}, authentication=authentication)
    own = one.session.sent[-1].auth is None
    assert own is (authentication is Authentication.RUN)


def test_a_missing_prerequisite_says_what_was_answered() -> None:
    one = stage(in_turn("GetVectorIndex", reply(200, {"index": 7}), FailureKind.RESET))
    with pytest.raises(Blocked, match="no readable array indexes"):
        one.service.call("GetVectorIndex", {"indexName": "here"}).members("indexes")
    with pytest.raises(Blocked, match=r"GetVectorIndex was not served: failed: reset\."):
        one.service.call("GetVectorIndex", {"indexName": "here"}).need()


def test_a_check_of_a_test_s_own_is_recorded() -> None:
    one = stage()
    exchange = one.service.call("ListVectorBuckets").exchange
    assert not one.service.check("ListVectorBuckets.paging.complete", False, exchange, "all", "some")
    assert one.violated == {"ListVectorBuckets.paging.complete"}
    one.service.observe("Http.server", "AliyunOSS", exchange)
    assert one.service.recorder.record.observations == {"Http.server": ["AliyunOSS"]}


def test_what_cannot_be_written_as_utf8_is_sent_all_the_same() -> None:
    one = stage(in_turn("GetVectorIndex", error(400, "MalformedJson")))
    one.service.call("GetVectorIndex", {"indexName": "\ud800"})
    sent: Request = one.session.sent[-1]
    assert sent.body == b'{"indexName":"\xed\xa0\x80"}'
    assert not one.violated


def test_an_answer_that_decides_nothing_leaves_the_reason() -> None:
    one = stage()
    one.service.call("PutVectorIndex", INDEX)
    body = {"indexName": "here", "nextToken": "made-up"}
    one.service.call("ListVectors", body, attack="ListVectors.success.status")
    one.service.call("ListVectors", body, attack="ListVectors.nextToken.unknown")
    assert one.inconclusive == {
        "ListVectors.success.status": "nothing can be expected: a page token that no page returned"
    }
