"""What every answer has in common: request id, Date, and the error envelope.

Sources: samples of the PutVectorIndex and DeleteVectors pages (headers), Error
responses page (members of Error), parsers of the official SDKs (exact
Content-Type).
"""

from __future__ import annotations

import email.utils
import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from conformance.contract.loader import Contract
from conformance.oracle.body import read_json
from conformance.oracle.check import Check
from conformance.wire.exchange import Exchange, Response

_REQUEST_ID_LENGTH = 24
_MINUTE = timedelta(minutes=1)
_JSON = "application/json"
_REASONS = {200: "OK", 204: "No Content"}
# What stands in front of a service may answer any other method by itself.
_METHODS = frozenset({"GET", "PUT", "POST", "DELETE"})
_DATE_FORM = re.compile(r"(Mon|Tue|Wed|Thu|Fri|Sat|Sun), \d\d [A-Z][a-z]{2} \d{4} \d\d:\d\d:\d\d GMT")


@dataclass(frozen=True, slots=True)
class ErrorBody:
    """The members of ``Error`` as far as they could be read."""

    members: dict[str, Any]

    @property
    def code(self) -> str | None:
        """``Error.Code`` when it is a string."""
        code = self.members.get("Code")
        return code if isinstance(code, str) else None


def error_of(response: Response) -> ErrorBody | None:
    """The error object of an answer, or ``None`` when the body has no readable one."""
    try:
        value = read_json(response.body)
    except ValueError:
        return None
    if isinstance(value, dict) and isinstance(value.get("Error"), dict):
        return ErrorBody(value["Error"])
    return None


def excerpt(raw: bytes, limit: int = 200) -> str:
    """The start of a body as text for a failure message."""
    text = raw[:limit].decode("utf-8", "backslashreplace")
    return f"{text}..." if len(raw) > limit else text


def describe(response: Response) -> str:
    """One phrase for an answer: status, reason, error code or the start of the body."""
    error = error_of(response) if response.status >= 300 else None
    head = f"{response.status} {response.reason}".strip()
    if error is not None and error.code is not None:
        message = error.members.get("Message")
        return f"{head}, {error.code}" + (f": {message}" if isinstance(message, str) and message else "")
    return f"{head}, body {excerpt(response.body)!r}" if response.body else f"{head}, no body"


def common_checks(exchange: Exchange, contract: Contract) -> Iterator[Check]:
    """Checks that hold for every answer, served or refused.

    Errors are described for the operations of vector buckets (Error responses
    page; error parsing of the official SDKs): how a method, a sub-resource or a
    path that no page has is refused, in the XML of plain OSS perhaps, is open.
    """
    response = exchange.response
    assert response is not None, "only answered exchanges are judged"
    if exchange.method not in _METHODS:
        return
    yield from _request_id(exchange, response)
    yield from _date(exchange, response, contract)
    phrase = _REASONS.get(response.status)
    if phrase is not None:
        reason = response.reason
        yield Check(
            "Http.reason",
            reason == phrase,
            exchange,
            f"{response.status} {phrase}",
            f"{response.status} {reason}",
        )
    if response.status >= 400:
        if exchange.operation in contract.operations and _has_usual_path(exchange):
            yield from _error_checks(exchange, response, contract)
    elif response.status == 200 and response.body:
        kind = response.header("Content-Type")
        yield Check(
            "Http.success.content-type",
            kind is not None and kind.split(";")[0].strip().lower() == _JSON,
            exchange,
            f"Content-Type {_JSON}",
            f"Content-Type {kind}" if kind else "no Content-Type",
        )


def _has_usual_path(exchange: Exchange) -> bool:
    """Whether a request goes to a bucket or the service, and not to an object, which vector buckets do not have."""
    path = exchange.target.partition("?")[0].strip("/")
    return path in ("", exchange.bucket)


def _request_id(exchange: Exchange, response: Response) -> Iterator[Check]:
    request_id = response.header("x-oss-request-id")
    yield Check(
        "Http.request-id.present",
        bool(request_id),
        exchange,
        "a header x-oss-request-id",
        "none" if request_id is None else "an empty one",
    )
    if request_id:
        yield Check(
            "Http.request-id.length",
            len(request_id) == _REQUEST_ID_LENGTH,
            exchange,
            f"{_REQUEST_ID_LENGTH} characters",
            f"{len(request_id)} characters: {request_id}",
        )


def told_time(exchange: Exchange) -> datetime | None:
    """The time that the Date of an answer tells, in whatever form can be read; ``None`` without one."""
    text = exchange.response.header("Date") if exchange.response is not None else None
    moment = _moment(text) if text else None
    return moment if moment is not None and moment.tzinfo is not None else None


@functools.lru_cache(maxsize=16)
def _moment(text: str) -> datetime | None:
    """A date of an HTTP header; the answers of a second have the same one."""
    try:
        return email.utils.parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return None


def _date(exchange: Exchange, response: Response, contract: Contract) -> Iterator[Check]:
    text = response.header("Date")
    yield Check("Http.date.present", bool(text), exchange, "a Date header", "none")
    if not text:
        return
    moment = _moment(text) if _DATE_FORM.fullmatch(text) else None
    yield Check(
        "Http.date.format", moment is not None, exchange, "a date like Thu, 17 Apr 2025 01:33:47 GMT", text
    )
    if moment is not None:
        apart = abs(moment.astimezone(UTC) - exchange.started)
        yield Check(
            "Http.date.tolerance",
            apart <= contract.clock_skew,
            exchange,
            f"a Date within {contract.clock_skew // _MINUTE} minutes of {exchange.started:%Y-%m-%dT%H:%M:%SZ}",
            text,
        )


def _error_checks(exchange: Exchange, response: Response, contract: Contract) -> Iterator[Check]:
    kind = response.header("Content-Type")
    yield Check(
        "Errors.content-type",
        kind == _JSON,
        exchange,
        f"Content-Type exactly {_JSON}",
        f"Content-Type {kind}" if kind else "no Content-Type",
    )
    error = error_of(response)
    yield Check(
        "Errors.body.json",
        error is not None,
        exchange,
        'a JSON body {"Error": {...}}',
        f"body {excerpt(response.body)!r}" if response.body else "no body",
    )
    if error is None:
        return
    members = error.members
    yield _member_check("Errors.body.code", "Code", bool(error.code), exchange, members, "a non-empty string")
    yield _member_check(
        "Errors.body.message",
        "Message",
        isinstance(members.get("Message"), str),
        exchange,
        members,
        "a string",
    )
    if isinstance(members.get("Message"), str):
        yield _member_check(
            "Errors.body.message.non-empty",
            "Message",
            bool(members["Message"].strip()),
            exchange,
            members,
            "not empty",
        )
    header = response.header("x-oss-request-id")
    yield _member_check(
        "Errors.body.request-id",
        "RequestId",
        isinstance(members.get("RequestId"), str)
        and members["RequestId"] == (header or members["RequestId"]),
        exchange,
        members,
        # A header that is missing is a violation of its own, and told once.
        f"the value of x-oss-request-id, {header}" if header else "a string",
    )
    yield _member_check(
        "Errors.body.host-id",
        "HostId",
        _same_host(members.get("HostId"), exchange.host),
        exchange,
        members,
        f"the host of the request, {exchange.host}",
    )
    ec = response.header("x-oss-ec")
    if "EC" in members or ec is not None:
        yield _member_check(
            "Errors.body.ec",
            "EC",
            isinstance(members.get("EC"), str) and members["EC"] == ec,
            exchange,
            members,
            f"the value of x-oss-ec, {ec}",
        )
    else:
        yield Check("Errors.body.ec", ok=True, exchange=exchange)
    not_text = sorted(name for name, value in members.items() if not isinstance(value, str))
    yield Check(
        "Errors.body.strings",
        not not_text,
        exchange,
        "strings only",
        ", ".join(f"{name} = {members[name]!r}" for name in not_text),
    )
    documented = contract.statuses_by_code.get(error.code or "")
    if documented:
        yield Check(
            "Errors.code-status",
            response.status in documented,
            exchange,
            f"{error.code} with status {' or '.join(map(str, sorted(documented)))}",
            f"{error.code} with status {response.status}",
        )


def _member_check(
    requirement: str, name: str, ok: bool, exchange: Exchange, members: dict[str, Any], expected: str
) -> Check:
    actual = f"Error.{name} = {members[name]!r}" if name in members else f"no member {name}"
    return Check(requirement, ok, exchange, f"Error.{name} is {expected}", actual)


def _same_host(value: Any, host: str) -> bool:
    if not isinstance(value, str):
        return False
    wanted = host.lower()
    return value.lower() in (wanted, wanted.rsplit(":", 1)[0])
