"""Patience with a target that throttles, hangs, breaks off or goes away, and the bounds of each."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from conformance.suite.delivery import (
    MOST_OUTAGES,
    MOST_THROTTLED_IN_A_ROW,
    MOST_TIMEOUTS,
    RETURN_PAUSES,
    THROTTLE_PAUSES,
    TargetGone,
)
from conformance.suite.hangs import MOST_OF_A_REQUIREMENT, MOST_OF_AN_OPERATION
from conformance.suite.service import Blocked
from conformance.wire.exchange import FailureKind, Request, Response
from tests.unit.oracle.fake import error, reply
from tests.unit.suite.fake_session import Answer, Stage, stage

INDEX = {"dataType": "float32", "dimension": 4, "distanceMetric": "euclidean", "indexName": "here"}
THROTTLED = error(503, "QpsLimitExceeded")


def bare(status: int) -> Response:
    """What a gateway answers without the service behind it."""
    return Response(status, "", (("Content-Type", "text/html"),), b"<html>")


PROBED = "ListVectorBuckets"


def ready(script: Callable[[Request], Answer | None] = lambda _: None) -> Stage:
    """A service whose bucket is there before the script begins."""
    one = stage()
    assert one.service.home
    one.session.sent.clear()
    one.session.script = script
    return one


def numbered(*answers: Answer | None, then: Answer | None = None) -> Callable[[Request], Answer | None]:
    """A script that gives answers in turn, whatever is asked, and ``then`` ever after."""
    left = list(answers)
    return lambda _: left.pop(0) if left else then


def test_a_target_that_only_throttles_is_given_up_in_seconds() -> None:
    one = ready(lambda _: THROTTLED)
    for number in range(MOST_THROTTLED_IN_A_ROW - 1):
        one.service.call("PutVectorIndex", INDEX | {"indexName": f"i{number}"})
    with pytest.raises(TargetGone, match=r"every request is throttled \(503 .*QpsLimitExceeded"):
        one.service.call("GetVectorIndex", {"indexName": "here"})
    assert sum(one.slept) < 12
    sent = len(one.session.sent)
    with pytest.raises(TargetGone, match="every request is throttled"):
        one.service.call("ListVectorIndexes", {})
    assert len(one.session.sent) == sent
    assert not one.violated


def test_an_operation_that_is_always_throttled_is_waited_for_less_and_less() -> None:
    one = ready(lambda request: THROTTLED if request.operation == "PutVectorIndex" else None)
    for number in range(20):
        one.service.call("PutVectorIndex", INDEX | {"indexName": f"i{number}"})
        one.service.call("ListVectorIndexes", {})
    assert one.service.gone is None
    assert sum(one.slept) < 12
    assert one.session.operations.count("PutVectorIndex") < 40


def test_one_served_request_restores_the_patience_with_throttling() -> None:
    one = ready(numbered(*[THROTTLED] * 6, None, *[THROTTLED] * 6))
    one.service.call("PutVectorIndex", INDEX)
    one.service.call("PutVectorIndex", INDEX | {"indexName": "second"})
    assert one.slept == list(THROTTLE_PAUSES)
    one.service.call("PutVectorIndex", INDEX | {"indexName": "third"})
    assert one.slept == list(THROTTLE_PAUSES) * 2


@pytest.mark.parametrize("down", [FailureKind.REFUSED, FailureKind.RESET, bare(503), bare(502), bare(504)])
def test_a_target_that_comes_back_is_forgiven(down: Answer) -> None:
    one = ready(numbered(down, down, down, down))
    assert one.service.call("PutVectorIndex", INDEX).served
    assert (one.service.outages, one.service.gone) == (1, None)
    assert one.session.operations == [
        "PutVectorIndex",
        "PutVectorIndex",
        PROBED,
        PROBED,
        PROBED,
        "PutVectorIndex",
    ]
    assert not one.violated
    assert not one.inconclusive


@pytest.mark.parametrize("down", [FailureKind.REFUSED, bare(503)])
def test_a_target_that_stays_away_is_gone_for_good(down: Answer) -> None:
    one = ready(lambda _: down)
    with pytest.raises(TargetGone, match="stopped answering"):
        one.service.call("PutVectorIndex", INDEX)
    assert one.slept[-len(RETURN_PAUSES) :] == list(RETURN_PAUSES)
    assert one.service.gone is not None
    assert not one.violated


def test_a_target_that_goes_away_again_and_again_is_given_up() -> None:
    left = [FailureKind.REFUSED, FailureKind.REFUSED, FailureKind.REFUSED, None, None] * (MOST_OUTAGES + 1)
    one = ready(lambda _: left.pop(0))
    for _ in range(MOST_OUTAGES):
        one.service.call("ListVectorIndexes", {})
    with pytest.raises(TargetGone, match=f"it went away {MOST_OUTAGES + 1} times"):
        one.service.call("ListVectorIndexes", {})


def test_a_request_that_brings_the_target_down_each_time_is_a_violation() -> None:
    down = [0]

    def fragile(request: Request) -> Answer | None:
        if request.operation == "GetVectorIndex":
            down[0] = 2
            return FailureKind.RESET
        down[0] -= 1
        return FailureKind.REFUSED if down[0] >= 0 else None

    one = ready(fragile)
    one.service.call("GetVectorIndex", {"indexName": "here"})
    assert one.violated == {"GetVectorIndex.success.status"}
    assert one.service.gone is None


def test_a_request_that_alone_gets_no_answer_is_a_violation() -> None:
    one = ready(lambda request: FailureKind.RESET if request.operation == "GetVectorIndex" else None)
    one.service.call("GetVectorIndex", {"indexName": "here"})
    assert one.violated == {"GetVectorIndex.success.status"}
    assert one.session.operations == ["GetVectorIndex", "GetVectorIndex", PROBED]
    assert one.slept == []


def test_a_request_that_alone_meets_a_bare_503_is_judged() -> None:
    one = ready(lambda request: bare(503) if request.operation == "GetVectorIndex" else None)
    one.service.call("GetVectorIndex", {"indexName": "here"})
    assert "Errors.body.json" in one.violated


def test_timeouts_of_a_whole_run_are_bounded() -> None:
    hung: list[Request] = []

    def every_other(request: Request) -> Answer | None:
        if request.operation != "GetVectorIndex":
            return None
        hung.append(request)
        return FailureKind.TIMEOUT if len(hung) % 2 else None

    one = ready(every_other)
    for _ in range(2 * (MOST_TIMEOUTS - 1)):
        one.service.call("GetVectorIndex", {"indexName": "here"})
    assert one.service.gone is None
    with pytest.raises(TargetGone, match=f"{MOST_TIMEOUTS} requests were not answered in time"):
        one.service.call("GetVectorIndex", {"indexName": "here"})
    assert one.slept == []


def test_an_operation_that_hangs_is_not_asked_again_and_another_is() -> None:
    one = ready(lambda request: FailureKind.TIMEOUT if request.operation == "GetVectors" else None)
    for _ in range(MOST_OF_AN_OPERATION):
        one.service.call("GetVectors", {"indexName": "here", "keys": ["a"]})
    with pytest.raises(Blocked, match=f"the last {MOST_OF_AN_OPERATION} requests of GetVectors were not"):
        one.service.call("GetVectors", {"indexName": "here", "keys": ["a"]})
    assert one.session.operations.count("GetVectors") == MOST_OF_AN_OPERATION
    assert one.service.call("GetVectorIndex", {"indexName": "here"}).status is not None
    assert one.service.gone is None
    assert not one.violated


def test_a_kind_of_request_that_hangs_is_not_sent_to_every_operation() -> None:
    one = ready(lambda request: FailureKind.TIMEOUT if request.chunked else None)
    attack = "Http.body.chunked"
    for operation in ("GetVectorIndex", "ListVectorIndexes")[:MOST_OF_A_REQUIREMENT]:
        one.service.call(operation, {"indexName": "here"}, chunked=True, attack=attack)
    with pytest.raises(Blocked, match=f"{MOST_OF_A_REQUIREMENT} requests like it were not answered"):
        one.service.call("GetVectors", {"indexName": "here"}, chunked=True, attack=attack)
    one.service.call("GetVectors", {"indexName": "here", "keys": ["a"]})
    assert one.session.operations.count("GetVectors") == 1


def test_a_hanging_target_is_not_waited_for_as_long_as_one_that_restarts() -> None:
    one = ready(lambda _: FailureKind.TIMEOUT)
    with pytest.raises(TargetGone, match="timeout"):
        one.service.call("GetVectorIndex", {"indexName": "here"})
    assert one.session.operations == ["GetVectorIndex", PROBED, PROBED]


def test_gateway_errors_cost_only_a_few_pauses() -> None:
    one = ready(lambda request: error(502, "BadGateway") if request.operation == "GetVectorIndex" else None)
    for _ in range(20):
        one.service.call("GetVectorIndex", {"indexName": "here"})
    assert len(one.slept) <= 5


@pytest.mark.parametrize("lost", [FailureKind.RESET, bare(504), reply(504)])
def test_a_repeated_creation_may_meet_its_own_first_attempt(lost: Answer) -> None:
    one = ready(numbered(lost, error(409, "VectorBucketIndexAlreadyExist")))
    one.service.call("PutVectorIndex", INDEX, attack="PutVectorIndex.dimension.minimum.accepted")
    assert not one.violated
    assert "the connection broke" in one.inconclusive["PutVectorIndex.dimension.minimum.accepted"]
    assert "here" in {item.name for item in one.ledger.live()}


def test_a_repeated_deletion_may_meet_its_own_first_attempt() -> None:
    one = ready()
    one.service.call("PutVectorIndex", INDEX)
    one.session.script = numbered(FailureKind.RESET, error(404, "NoSuchVectorIndex"))
    one.service.call("DeleteVectorIndex", {"indexName": "here"})
    assert not one.violated
    assert "DeleteVectorIndex.success.status" in one.inconclusive


def test_a_repeated_write_that_is_served_is_certain() -> None:
    one = ready(numbered(FailureKind.RESET))
    assert one.service.call("PutVectorIndex", INDEX).served
    assert one.service.call("GetVectorIndex", {"indexName": "here"}).served
    assert not one.violated
    assert not one.inconclusive


@pytest.mark.parametrize(
    "date",
    ["Thu, 01 Jan 2020 00:00:00 +99999999999999999999", "Fri, 31 Dec 9999 23:59:59 -2359", "x", ""],
)
def test_a_nonsensical_date_does_not_stop_the_suite(date: str) -> None:
    one = ready(
        lambda request: reply(200, {}, headers=(("Date", date),)) if "Get" in request.operation else None
    )
    one.service.call("GetVectorIndex", {"indexName": "here"})
    assert one.service._target_time().year < 2200
