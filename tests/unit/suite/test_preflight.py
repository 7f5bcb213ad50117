"""The look at a target: clocks that disagree, and permissions that are no obstacle."""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import timedelta
from email.utils import format_datetime

import pytest

from conformance.preflight import clock_skew, look_at, preflight_problem
from conformance.wire.exchange import Exchange, Request, Response
from tests.unit.oracle.fake import error
from tests.unit.suite.fake_session import Answer, FakeSession


class Clocked(FakeSession):
    """A target whose clock is ``ahead`` of this machine's."""

    ahead = timedelta(0)

    def send(self, request: Request) -> Exchange:
        """Answer with a Date."""
        exchange = super().send(request)
        assert exchange.response is not None
        date = format_datetime(exchange.started.replace(microsecond=0) + self.ahead, usegmt=True)
        others = tuple(pair for pair in exchange.response.headers if pair[0].lower() != "date")
        response = replace(exchange.response, headers=(*others, ("Date", date)))
        return replace(exchange, response=response)

    run_id = "r1234567"


def clocked(ahead: timedelta) -> Clocked:
    session = Clocked()
    session.ahead = ahead
    return session


@pytest.mark.parametrize(
    ("ahead", "problem", "notice"),
    [
        (timedelta(0), None, None),
        (timedelta(seconds=55), None, None),
        (timedelta(seconds=-55), None, None),
        (timedelta(minutes=5), None, "about 5 minutes behind the endpoint's"),
        (timedelta(minutes=-14), None, "about 14 minutes ahead of the endpoint's"),
        (timedelta(minutes=22), "is 22 minutes behind the endpoint's", None),
        (timedelta(hours=-1), "is 60 minutes ahead of the endpoint's", None),
    ],
)
def test_clocks_that_disagree(ahead: timedelta, problem: str | None, notice: str | None) -> None:
    look = look_at(clocked(ahead))  # type: ignore[arg-type]
    assert (problem or "") in (look.problem or "")
    assert (look.problem is None) is (problem is None)
    assert (notice or "") in (look.notice or "")
    assert (look.notice is None) is (notice is None)


def test_a_slow_answer_is_no_skew() -> None:
    exchange = clocked(timedelta(seconds=100)).send(Request("ListVectorBuckets", "GET"))
    assert clock_skew(replace(exchange, elapsed=120.0)) == timedelta(0)
    assert clock_skew(replace(exchange, elapsed=0.0)) > timedelta(minutes=1)


@pytest.mark.parametrize("date", ["", "yesterday", "Thu, 01 Jan 1970 00:00:00"])
def test_a_date_that_cannot_be_read_tells_nothing(date: str) -> None:
    exchange = FakeSession().send(Request("ListVectorBuckets", "GET"))
    response = Response(200, "OK", (("Date", date),), b"{}")
    assert clock_skew(replace(exchange, response=response)) == timedelta(0)


def denied(*operations: str) -> FakeSession:
    def script(request: Request) -> Answer | None:
        return error(403, "AccessDenied") if request.operation in operations else None

    session = Clocked(script)
    session.ahead = timedelta(0)
    return session


def test_one_read_that_is_denied_is_no_obstacle_both_are() -> None:
    assert look_at(denied("ListVectorBuckets")).problem is None  # type: ignore[arg-type]
    assert look_at(denied("GetVectorBucket")).problem is None  # type: ignore[arg-type]
    both = look_at(denied("ListVectorBuckets", "GetVectorBucket")).problem  # type: ignore[arg-type]
    assert both is not None
    assert "access is denied (AccessDenied)" in both


def test_a_sweep_tries_although_the_listing_is_denied() -> None:
    assert preflight_problem(denied("ListVectorBuckets")) is None  # type: ignore[arg-type]


def test_a_given_bucket_that_is_denied_is_named() -> None:
    look = look_at(denied("GetVectorBucket"), "theirs")  # type: ignore[arg-type]
    assert look.problem is not None
    assert look.problem.startswith("--bucket: theirs cannot be used: 403")
    assert json.dumps(look.problem).count("\\n") == 0
