"""Generators propose, the judge decides: every directed case held against the judge's own reading.

A case claims to attack one requirement.  The judge is not told which (except
where the bytes cannot say it: signatures, headers) and must come to the same
conclusion from what would go over the wire.  Then it is fed right and wrong
answers to each case.
"""

from __future__ import annotations

import pytest

from conformance.cases.case import Authentication, Case
from conformance.cases.directed import directed_cases
from conformance.contract.loader import load_contract
from conformance.contract.model import ANY_4XX, Level, Requirement
from conformance.oracle.expectation import Kind
from conformance.oracle.judge import Judgement
from conformance.wire.exchange import Response
from tests.unit.oracle.directed import Rendered, render
from tests.unit.oracle.fake import error, failed, passed, reply

CONTRACT = load_contract()

#: Requirements whose requests are plain valid ones: what makes them special is not in the body.
INVISIBLE = {
    "DeleteVectors.missing-keys": "which keys exist is the service's state",
    "QueryVectors.filter.unknown-field": "which fields exist is the service's state",
    "ListVectorBuckets.vector-flag": "an additional query parameter",
    "GetVectorIndex.content-type.absent": "a header that is not sent",
    "GetVectors.content-type.absent": "a header that is not sent",
    "Http.body.chunked": "the transfer coding",
    "Http.body.chunked-empty": "the transfer coding",
    "Http.query.key-with-equals": "the spelling of the query",
}


def requirement_of(case: Case) -> Requirement:
    return CONTRACT.requirements[case.requirement]


def cases(*, level: bool, success: bool | None = None, signed: bool | None = None) -> pytest.MarkDecorator:
    """The directed cases that carry a verdict (``level``), of one side, with the run's signature or without."""
    chosen = [
        case
        for case in directed_cases()
        if (requirement_of(case).level is not Level.PROBE) is level
        and (success is None or requirement_of(case).expect.is_success is success)
        and (signed is None or (case.authentication is Authentication.RUN) is signed)
    ]
    return pytest.mark.parametrize("case", [pytest.param(case, id=case.id) for case in chosen])


def judged(case: Case, response: Response | None = None, *, told: bool = True) -> Judgement:
    """The judgement of an answer to a case; without ``response`` the right one."""
    rendered = render(case)
    answer = response or rendered.right_answer()
    return rendered.scene.judge.judge(rendered.exchange(answer), case.requirement if told else None)


def refusal(rendered: Rendered, status: int, code: str) -> Response:
    return error(status, code, bucket=rendered.bucket)


@cases(level=True, success=False, signed=True)
def test_a_request_that_must_be_refused_breaks_the_attacked_clause_and_no_other(case: Case) -> None:
    expectation = judged(case, reply(299), told=False).expectation
    assert expectation is not None
    assert expectation.kind is Kind.REFUSED
    assert expectation.blame == (case.requirement,)


@cases(level=True, success=True, signed=True)
def test_a_request_that_must_be_served_breaks_nothing_and_touches_the_attacked_limit(case: Case) -> None:
    expectation = judged(case, reply(299), told=False).expectation
    assert expectation is not None
    assert expectation.kind is Kind.SERVED
    if case.requirement not in INVISIBLE:
        assert case.requirement in expectation.touched


@cases(level=False, signed=True)
def test_a_probe_is_open_to_a_judge_that_knows_what_it_probes(case: Case) -> None:
    expectation = judged(case, reply(299)).expectation
    assert expectation is not None
    assert expectation.kind is Kind.OPEN


def test_every_requirement_called_invisible_still_has_a_case() -> None:
    assert INVISIBLE.keys() <= {case.requirement for case in directed_cases()}


@cases(level=True, success=False)
def test_every_documented_refusal_passes_the_attacked_requirement(case: Case) -> None:
    expect = requirement_of(case).expect
    statuses = (400, 404) if expect.statuses == ANY_4XX else expect.statuses
    for status in statuses:
        for code in expect.codes or ("VectorIndexParameterInvalid" if status == 400 else "InvalidArgument",):
            rendered = render(case)
            judgement = judged(case, refusal(rendered, status, code))
            assert not failed(judgement)
            assert case.requirement in passed(judgement)


@cases(level=True, success=False)
def test_serving_what_must_be_refused_fails_the_attacked_requirement_alone(case: Case) -> None:
    operation = CONTRACT.operation(case.operation)
    for status in (operation.success_status, 202):
        assert failed(judged(case, reply(status))) == {case.requirement}


@cases(level=True, success=False)
def test_another_status_than_an_admissible_one_fails_the_attacked_requirement_alone(case: Case) -> None:
    rendered = render(case)
    expectation = judged(case, reply(299)).expectation
    assert expectation is not None
    # Where two things are wrong at once and the pages give no order, more than the attacked status is right.
    admissible = {item.status for item in expectation.admissible}
    assert set(requirement_of(case).expect.statuses) <= admissible
    strangers = {400, 404, 409, 500} - admissible
    assert strangers
    for status in sorted(strangers):
        assert failed(judged(case, refusal(rendered, status, "SomethingElse"))) == {case.requirement}


@cases(level=True, success=False)
def test_another_code_is_a_violation_exactly_where_codes_are_documented(case: Case) -> None:
    expect = requirement_of(case).expect
    rendered = render(case)
    judgement = judged(case, refusal(rendered, expect.statuses[0], "SomethingElse"))
    if expect.codes:
        assert failed(judgement) == {case.requirement}
        return
    general = f"{case.operation}.errors.VectorIndexParameterInvalid"
    assert failed(judgement) == ({general} if expect.statuses != ANY_4XX else set())
    assert case.requirement in passed(judgement)


@cases(level=True, success=True)
def test_serving_what_must_be_served_passes_the_attacked_requirement(case: Case) -> None:
    judgement = judged(case)
    assert not failed(judgement)
    assert case.requirement in passed(judgement)


@cases(level=True, success=True)
def test_refusing_what_must_be_served_fails_the_attacked_requirement_alone(case: Case) -> None:
    for status, code in (
        (400, "VectorIndexParameterInvalid"),
        (400, "MalformedJson"),
        (403, "AccessDenied"),
        (500, "InternalError"),
    ):
        judgement = judged(case, refusal(render(case), status, code))
        assert failed(judgement) == {case.requirement}


@cases(level=False)
def test_no_refusal_of_a_probe_is_a_violation(case: Case) -> None:
    for status in (400, 404, 409, 415, 500):
        judgement = judged(case, refusal(render(case), status, "SomethingElse"))
        assert not failed(judgement)
        observed = [(item.requirement, item.observed) for item in judgement.observations]
        assert observed == [(case.requirement, f"{status} SomethingElse")]


@cases(level=False)
def test_serving_a_probe_is_no_violation(case: Case) -> None:
    rendered = render(case)
    answer = served_whatever_was_asked(rendered)
    judgement = rendered.scene.judge.judge(rendered.exchange(answer), case.requirement)
    assert not failed(judgement)
    assert [item.observed for item in judgement.observations] == [str(answer.status)]


def served_whatever_was_asked(rendered: Rendered) -> Response:
    """An answer of the documented shape for a request of which nobody knows what it asks for."""
    name = rendered.case.operation
    if name == "GetVectorIndex":
        return rendered.right_answer()
    if name == "ListVectorBuckets":
        return rendered.scene.answer(name)
    operation = CONTRACT.operations.get(name)
    return reply(operation.success_status if operation is not None else 200, _EMPTY.get(name))


_EMPTY = {
    "ListVectorIndexes": {"indexes": []},
    "ListVectors": {"vectors": []},
    "QueryVectors": {"vectors": []},
    "GetVectors": {"vectors": []},
}
