"""Each clause about answers in general, broken alone in an otherwise right answer."""

from __future__ import annotations

import dataclasses
from typing import Any

import pytest

from conformance.contract.loader import load_contract
from conformance.oracle.envelope import describe, error_of, excerpt
from conformance.wire.exchange import Headers, Response
from tests.unit.oracle.fake import BUCKET, REQUEST_ID, Scene, error, failed, passed, ready, reply

CODE = "NoSuchVectorIndex"


def refused(answer: Response) -> set[str]:
    """Violations in the answer to a request that names an index that does not exist."""
    return failed(ready("here").call("GetVectorIndex", {"indexName": "gone"}, response=answer))


def without_header(answer: Response, name: str) -> Response:
    headers = tuple((key, value) for key, value in answer.headers if key != name)
    return Response(answer.status, answer.reason, headers, answer.body)


HEADER_SLIPS: list[tuple[str, Headers]] = [
    ("Http.request-id.length", (("x-oss-request-id", "short"),)),
    ("Http.request-id.length", (("x-oss-request-id", "5C3D9175B6FC201293AD00011"),)),
    ("Http.date.format", (("Date", "2026-01-10T12:00:00Z"),)),
    ("Http.date.format", (("Date", "Sat, 10 Jan 2026 12:00:00 +0000"),)),
    ("Http.date.format", (("Date", "Sat, 10 Jan 2026 25:00:00 GMT"),)),
    ("Http.date.format", (("Date", "10 Jan 2026 12:00:00 GMT"),)),
    ("Http.date.tolerance", (("Date", "Sat, 10 Jan 2026 12:16:00 GMT"),)),
    ("Http.date.tolerance", (("Date", "Sat, 10 Jan 2026 11:44:00 GMT"),)),
    ("Errors.content-type", (("Content-Type", "application/json; charset=utf-8"),)),
    ("Errors.content-type", (("Content-Type", "application/xml"),)),
    ("Errors.content-type", (("Content-Type", "Application/Json"),)),
    ("Errors.body.ec", (("x-oss-ec", "0015-00000101"),)),
]


@pytest.mark.parametrize(("requirement", "headers"), HEADER_SLIPS)
def test_one_wrong_header_of_an_error_fails_its_requirement_alone(requirement: str, headers: Headers) -> None:
    members = {}
    if dict(headers).get("x-oss-request-id"):
        members["RequestId"] = dict(headers)["x-oss-request-id"]
    assert refused(error(404, CODE, headers=headers, **members)) == {requirement}


@pytest.mark.parametrize(
    ("name", "requirements"),
    [
        ("x-oss-request-id", {"Http.request-id.present"}),
        ("Date", {"Http.date.present"}),
        ("Content-Type", {"Errors.content-type"}),
        ("Server", set()),
    ],
)
def test_a_missing_header_of_an_error_fails_its_requirement_alone(name: str, requirements: set[str]) -> None:
    assert refused(without_header(error(404, CODE), name)) == requirements


#: Clauses that decide the code too: without a readable one no refusal shows its reason.
UNREADABLE = {"GetVectorIndex.NoSuchVectorIndex"}

MEMBER_SLIPS: list[tuple[set[str], dict[str, Any]]] = [
    ({"Errors.body.code"} | UNREADABLE, {"Code": None}),
    ({"Errors.body.code"} | UNREADABLE, {"Code": ""}),
    ({"Errors.body.code", "Errors.body.strings"} | UNREADABLE, {"Code": 404}),
    ({"Errors.body.message"}, {"Message": None}),
    ({"Errors.body.message.non-empty"}, {"Message": ""}),
    ({"Errors.body.message.non-empty"}, {"Message": " "}),
    ({"Errors.body.message", "Errors.body.strings"}, {"Message": ["no"]}),
    ({"Errors.body.request-id"}, {"RequestId": None}),
    ({"Errors.body.request-id"}, {"RequestId": "5C3D9175B6FC201293AD0002"}),
    ({"Errors.body.request-id"}, {"RequestId": REQUEST_ID.lower()}),
    ({"Errors.body.host-id"}, {"HostId": None}),
    ({"Errors.body.host-id"}, {"HostId": "cn-hangzhou.oss-vectors.aliyuncs.com"}),
    ({"Errors.body.ec"}, {"EC": "0015-00000101"}),
    ({"Errors.body.strings"}, {"Retry": 3}),
    ({"Errors.body.strings"}, {"Details": {"a": "b"}}),
]


@pytest.mark.parametrize(("requirements", "members"), MEMBER_SLIPS)
def test_one_wrong_member_of_an_error_fails_its_requirement_alone(
    requirements: set[str], members: dict[str, Any]
) -> None:
    assert refused(error(404, CODE, **members)) == requirements


def test_an_ec_that_differs_from_its_header_is_a_violation() -> None:
    assert refused(error(404, CODE, EC="a", headers=(("x-oss-ec", "b"),))) == {"Errors.body.ec"}


@pytest.mark.parametrize(
    "raw",
    [
        b"",
        b"<Error><Code>NoSuchVectorIndex</Code></Error>",
        b'{"Code": "NoSuchVectorIndex"}',
        b'{"Error": "NoSuchVectorIndex"}',
        b'[{"Error": {}}]',
        b'{"Error": {"Code": "NoSuchVectorIndex", "x": NaN}}',
        b"\xff\xfe",
    ],
)
def test_an_error_without_a_readable_object_is_a_violation(raw: bytes) -> None:
    answer = reply(404, raw=raw, headers=(("Content-Type", "application/json"),))
    assert refused(answer) == {"Errors.body.json"} | UNREADABLE


@pytest.mark.parametrize("status", [400, 403, 409, 500])
def test_a_documented_code_with_another_status_fails_the_pairing_too(status: int) -> None:
    assert refused(error(status, CODE)) == {"Errors.code-status"} | UNREADABLE


def test_the_pairing_of_code_and_status_also_holds_where_the_request_is_open() -> None:
    scene = ready("here")
    body = {"indexName": "here", "maxResults": 0}
    assert failed(scene.call("ListVectors", body, response=error(409, "MalformedJson"))) == {
        "Errors.code-status"
    }


def test_a_served_answer_with_another_content_type_is_a_violation() -> None:
    scene = ready("here")
    right = scene.answer("GetVectorIndex", {"indexName": "here"})
    for kind in ("text/plain", "application/xml", "application/jsonx"):
        answer = reply(200, raw=right.body, headers=(("Content-Type", kind),))
        judgement = scene.call("GetVectorIndex", {"indexName": "here"}, response=answer)
        assert failed(judgement) == {"Http.success.content-type"}


def test_a_right_error_passes_every_clause_about_errors() -> None:
    scene = ready("here")
    judgement = scene.call("GetVectorIndex", {"indexName": "gone"}, response=error(404, CODE))
    general = {
        identifier
        for identifier, requirement in load_contract().requirements.items()
        if requirement.operation == "Errors"
    }
    # Whether an answer without EC passes the clause about EC or says nothing on it is the judge's choice.
    assert general - {"Errors.body.ec"} <= passed(judgement)


def test_an_error_with_an_ec_passes_the_clause_about_it() -> None:
    answer = error(404, CODE, EC="0015-00000101", headers=(("x-oss-ec", "0015-00000101"),))
    judgement = ready("here").call("GetVectorIndex", {"indexName": "gone"}, response=answer)
    assert "Errors.body.ec" in passed(judgement)


def test_the_checks_of_an_answer_hold_for_served_requests_too() -> None:
    scene = Scene()
    answer = without_header(scene.answer("PutVectorBucket"), "x-oss-request-id")
    assert failed(scene.call("PutVectorBucket", response=answer)) == {"Http.request-id.present"}


def test_an_error_is_described_by_status_code_and_message() -> None:
    assert describe(error(404, CODE)) == f"404 Not Found, {CODE}: words"
    assert describe(reply(204)) == "204 No Content, no body"
    assert describe(reply(500, raw=b"oops")) == "500 Internal Server Error, body 'oops'"


def test_a_long_body_is_cut_for_people() -> None:
    assert excerpt(b"x" * 300) == "x" * 200 + "..."
    assert excerpt(b"\xff") == "\\xff"


def test_only_an_object_under_error_is_an_error() -> None:
    found = error_of(error(404, CODE))
    assert found is not None
    assert found.code == CODE
    assert error_of(reply(404, {"Error": [CODE]})) is None
    assert error_of(reply(404, raw=b"{")) is None


def throttled(answer: Response) -> set[str]:
    """Violations in an answer that says the rate limit was exceeded."""
    return failed(ready("here").call("GetVectorIndex", {"indexName": "here"}, response=answer))


def test_an_answer_to_too_many_requests_has_the_envelope_of_every_error() -> None:
    assert throttled(error(503, "QpsLimitExceeded")) == set()
    assert throttled(error(503, "QpsLimitExceeded", HostId="elsewhere")) == {"Errors.body.host-id"}
    xml = error(503, "QpsLimitExceeded", headers=(("Content-Type", "application/xml"),))
    assert throttled(xml) == {"Errors.content-type"}


def of_an_unknown_operation(answer: Response, method: str) -> set[str]:
    scene = ready("here")
    sent = scene.exchange("UnknownOperation", response=answer)
    return failed(scene.judge.judge(dataclasses.replace(sent, method=method), "Http.operation.unknown"))


def test_how_a_request_that_no_page_has_is_refused_is_open() -> None:
    xml = error(405, "MethodNotAllowed", headers=(("Content-Type", "application/xml"),))
    plain = Response(405, "Method Not Allowed", xml.headers, b"<Error/>")
    assert of_an_unknown_operation(plain, "POST") == set()
    assert of_an_unknown_operation(without_header(plain, "Date"), "POST") == {"Http.date.present"}
    for method in ("HEAD", "OPTIONS", "PATCH"):
        assert of_an_unknown_operation(Response(405, "", (), b""), method) == set()


@pytest.mark.parametrize(
    ("target", "is_described"),
    [
        ("/?getVectorIndex", True),
        (f"/{BUCKET}/?getVectorIndex", True),
        ("/object?getVectorIndex", False),
        (f"/{BUCKET}/object?getVectorIndex", False),
    ],
)
def test_how_a_request_for_an_object_is_refused_is_open(target: str, is_described: bool) -> None:
    scene = ready("here")
    plain = error(404, CODE, headers=(("Content-Type", "application/xml"),))
    sent = scene.exchange("GetVectorIndex", {"indexName": "gone"}, response=plain)
    found = failed(scene.judge.judge(dataclasses.replace(sent, target=target)))
    assert ("Errors.content-type" in found) is is_described
