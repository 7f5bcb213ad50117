"""Generators propose, the judge decides: every directed case held against the judge's own reading.

A case claims to attack one requirement.  The judge is not told which (except
where the bytes cannot say it: signatures, headers) and must come to the same
conclusion from what would go over the wire.  Then it is fed right and wrong
answers to each case.  A test takes all cases of one group and names every one
that goes astray, with what was found instead.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from typing import Any

import pytest

from conformance.cases.case import Authentication, Case
from conformance.cases.directed import directed_cases
from conformance.contract.loader import load_contract
from conformance.contract.model import ANY_4XX, Expect, Level
from conformance.oracle.expectation import Expectation, Kind
from conformance.oracle.judge import Judgement
from conformance.wire.exchange import Response
from tests.unit.oracle.directed import Rendered, render
from tests.unit.oracle.fake import error, failed, passed, reply

CONTRACT = load_contract()
GROUPS = sorted({case.requirement.partition(".")[0] for case in directed_cases()})

#: Requirements whose requests are plain valid ones: what makes them special is not in the body.
INVISIBLE = {
    "DeleteVectors.missing-keys": "which keys exist is the service's state",
    "QueryVectors.filter.unknown-field": "which fields exist is the service's state",
    "ListVectorBuckets.vector-flag": "an additional query parameter",
    "GetVectorIndex.content-type.absent": "a header that is not sent",
    "GetVectors.content-type.absent": "a header that is not sent",
    "Http.body.chunked": "the transfer coding",
    "Http.body.chunked-empty": "the transfer coding",
    "Http.body.spelling": "the spelling of the JSON",
    "Http.content-type.bodyless": "a header",
    "Http.query.key-with-equals": "the spelling of the query",
    "Signing.query.order": "the spelling of the query",
}

each_group = pytest.mark.parametrize("group", GROUPS)
Found = Any


def is_probe(case: Case) -> bool:
    return CONTRACT.requirements[case.requirement].level is Level.PROBE


def must_be_served(case: Case) -> bool:
    return not is_probe(case) and expect_of(case).is_success


def must_be_refused(case: Case) -> bool:
    return not is_probe(case) and not expect_of(case).is_success


def is_plainly_signed(case: Case) -> bool:
    return case.authentication is Authentication.RUN


def expect_of(case: Case) -> Expect:
    return CONTRACT.requirements[case.requirement].expect


def astray(group: str, is_meant: Callable[[Case], bool], look: Callable[[Case], Found]) -> dict[str, Found]:
    """Cases of a group for which ``look`` finds something, by id."""
    chosen = [
        case for case in directed_cases() if case.requirement.startswith(f"{group}.") and is_meant(case)
    ]
    found = {case.id: look(case) for case in chosen}
    return {identifier: what for identifier, what in found.items() if what}


def judged(case: Case, response: Response | None = None, *, told: bool = True) -> Judgement:
    """The judgement of an answer to a case; without ``response`` the right one."""
    rendered = render(case)
    answer = response or rendered.right_answer()
    return rendered.scene.judge.judge(rendered.exchange(answer), case.requirement if told else None)


def read(case: Case, *, told: bool = False) -> Expectation:
    """What the judge makes of a case by itself."""
    expectation = judged(case, reply(299), told=told).expectation
    assert expectation is not None
    return expectation


def refused(case: Case, status: int, code: str) -> Judgement:
    rendered = render(case)
    answer = error(status, code, bucket=rendered.bucket)
    return rendered.scene.judge.judge(rendered.exchange(answer), case.requirement)


@each_group
def test_a_request_that_must_be_refused_breaks_the_attacked_clause_and_no_other(group: str) -> None:
    def look(case: Case) -> Found:
        expectation = read(case)
        right = expectation.kind is Kind.REFUSED and expectation.blame == (case.requirement,)
        return None if right else expectation

    assert astray(group, lambda case: must_be_refused(case) and is_plainly_signed(case), look) == {}


@each_group
def test_a_request_that_must_be_served_breaks_nothing_and_touches_the_attacked_limit(group: str) -> None:
    def look(case: Case) -> Found:
        expectation = read(case)
        touches = case.requirement in expectation.touched or case.requirement in INVISIBLE
        return None if touches and expectation.kind is Kind.SERVED else expectation

    assert astray(group, lambda case: must_be_served(case) and is_plainly_signed(case), look) == {}


@each_group
def test_a_probe_is_open_to_a_judge_that_knows_what_it_probes(group: str) -> None:
    def look(case: Case) -> Found:
        expectation = read(case, told=True)
        return None if expectation.kind is Kind.OPEN else expectation

    assert astray(group, is_probe, look) == {}


def test_every_requirement_called_invisible_still_has_a_case() -> None:
    assert INVISIBLE.keys() <= {case.requirement for case in directed_cases()}


@each_group
def test_every_documented_refusal_passes_the_attacked_requirement(group: str) -> None:
    def look(case: Case) -> Found:
        expect = expect_of(case)
        statuses = (400, 404) if expect.statuses == ANY_4XX else expect.statuses
        for status in statuses:
            for code in expect.codes or (
                "VectorIndexParameterInvalid" if status == 400 else "SomethingElse",
            ):
                judgement = refused(case, status, code)
                if failed(judgement) or case.requirement not in passed(judgement):
                    return status, code, failed(judgement)
        return None

    assert astray(group, must_be_refused, look) == {}


@each_group
def test_serving_what_must_be_refused_fails_the_attacked_requirement_alone(group: str) -> None:
    def look(case: Case) -> Found:
        for status in (CONTRACT.operation(case.operation).success_status, 202):
            found = failed(judged(case, reply(status)))
            if found != {case.requirement}:
                return status, found
        return None

    assert astray(group, must_be_refused, look) == {}


@each_group
def test_another_status_than_an_admissible_one_fails_the_attacked_requirement_alone(group: str) -> None:
    def look(case: Case) -> Found:
        # Where two things are wrong at once and the pages give no order, more than the attacked status is right.
        admissible = {item.status for item in read(case, told=True).admissible}
        if not set(expect_of(case).statuses) <= admissible:
            return admissible
        for status in sorted({400, 404, 500} - admissible):
            found = failed(refused(case, status, "SomethingElse"))
            if found != {case.requirement}:
                return status, found
        return None

    assert astray(group, must_be_refused, look) == {}


@each_group
def test_another_code_is_a_violation_exactly_where_codes_are_documented(group: str) -> None:
    def look(case: Case) -> Found:
        expect = expect_of(case)
        wanted = {case.requirement}
        if expect.statuses == ANY_4XX:
            wanted = set()
        elif not expect.codes:
            wanted = {f"{case.operation}.errors.VectorIndexParameterInvalid"}
        found = failed(refused(case, expect.statuses[0], "SomethingElse"))
        return None if found == wanted else found or "nothing"

    assert astray(group, must_be_refused, look) == {}


@each_group
def test_serving_what_must_be_served_passes_the_attacked_requirement(group: str) -> None:
    def look(case: Case) -> Found:
        judgement = judged(case)
        return (
            None
            if case.requirement in passed(judgement) and not failed(judgement)
            else judgement.failed or "nothing"
        )

    assert astray(group, must_be_served, look) == {}


@each_group
def test_refusing_what_must_be_served_fails_the_attacked_requirement_alone(group: str) -> None:
    def look(case: Case) -> Found:
        for status, code in (
            (400, "VectorIndexParameterInvalid"),
            (400, "MalformedJson"),
            (403, "AccessDenied"),
            (500, "InternalError"),
        ):
            found = failed(refused(case, status, code))
            if found != {case.requirement}:
                return status, code, found
        return None

    assert astray(group, must_be_served, look) == {}


@each_group
def test_no_refusal_of_a_probe_is_a_violation_and_each_is_recorded(group: str) -> None:
    def look(case: Case) -> Found:
        for status in (400, 404, 409, 415, 500):
            judgement = refused(case, status, "SomethingElse")
            observed = [(item.requirement, item.observed) for item in judgement.observations]
            if judgement.failed or observed != [(case.requirement, f"{status} SomethingElse")]:
                return status, failed(judgement), observed
        return None

    assert astray(group, is_probe, look) == {}


@each_group
def test_serving_a_probe_is_no_violation_and_is_recorded(group: str) -> None:
    def look(case: Case) -> Found:
        rendered = render(case)
        answer = served_whatever_was_asked(rendered)
        judgement = rendered.scene.judge.judge(rendered.exchange(answer), case.requirement)
        observed = [item.observed for item in judgement.observations]
        return (
            None
            if not judgement.failed and observed == [str(answer.status)]
            else (failed(judgement), observed)
        )

    assert astray(group, is_probe, look) == {}


def served_whatever_was_asked(rendered: Rendered) -> Response:
    """An answer of the documented shape for a request of which nobody knows what it asks for."""
    name = rendered.case.operation
    if name == "GetVectorIndex":
        return rendered.scene.answer(name, {"indexName": "euclideanIndex"})
    if name == "ListVectorBuckets":
        query = rendered.case.query
        return rendered.scene.answer(name, query=query if query.startswith("prefix=") else "")
    if name in ("GetBucketLogging", "PutVectorBucket", "GetVectorBucket"):
        return rendered.scene.answer(name, bucket=rendered.bucket)
    if name == "GetBucketPolicy":
        return reply(200, {"Version": "1"})
    operation = CONTRACT.operations.get(name)
    return reply(operation.success_status if operation is not None else 200, _EMPTY.get(name))


_EMPTY: dict[str, Any] = {
    "ListVectorIndexes": {"indexes": []},
    "ListVectors": {"vectors": []},
    "QueryVectors": {"vectors": []},
    "GetVectors": {"vectors": []},
}


def test_a_case_under_a_wrong_name_does_not_mislead_the_judge() -> None:
    right = next(
        case for case in directed_cases() if case.requirement == "PutVectorIndex.dimension.minimum.rejected"
    )
    wrong = dataclasses.replace(right, requirement="PutVectorIndex.dimension.maximum.rejected")
    assert failed(judged(wrong, reply(200))) == {right.requirement}
