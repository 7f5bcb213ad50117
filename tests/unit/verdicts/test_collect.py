"""Merging the records of tests: counts, the smallest violation, evidence, and the journey through JSON."""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

from conformance.oracle.check import Check, Observation
from conformance.suite.events import TestRecord, TestRecorder, ViolationEvent
from conformance.verdicts.collect import merge, recorded_exchange
from conformance.wire.credentials import Credentials
from conformance.wire.exchange import Exchange, FailureKind, TransportFailure
from conformance.wire.redaction import Redactor
from tests.unit.oracle.fake import Scene, error, reply

ONE, TWO = "PutVectors.stores", "DeleteVectors.deletes"
SECRET = "S3cret/Value+With=Odd~Chars"


def recorder() -> TestRecorder:
    return TestRecorder(Redactor(Credentials("LTAIconformance", SECRET)))


def exchange(body: bytes = b"{}", **changes: Any) -> Exchange:
    sent = Scene().exchange("PutVectors", response=reply(200, {"vectors": []}), raw=body)
    return replace(sent, **changes)


def through_json(record: TestRecord) -> TestRecord:
    return TestRecord.from_json(json.loads(json.dumps(record.to_json())))


def test_a_record_survives_the_journey_between_processes() -> None:
    made = recorder()
    made.begin("tests::one", (ONE, TWO))
    cause = exchange(id="cause")
    made.start_script()
    made.step(cause)
    made.add(
        [Check(ONE, True, exchange()), Check(TWO, False, exchange(id="e2"), "204", "500", cause)],
        [Observation("PutVectors.metadata.number", "200", exchange(id="e3"))],
    )
    made.end_script()
    made.sent("PutVectors")
    made.record.inconclusive["X.y"] = "throttled"
    made.record.unsupported["QueryVectors"] = "501"
    made.record.blocked = "no bucket"
    record = made.end()
    assert json.dumps(through_json(record).to_json()) == json.dumps(record.to_json())
    travelled, stayed = merge([through_json(record)]), merge([record])
    assert travelled.evidence == stayed.evidence
    assert travelled.recorded() == stayed.recorded()
    assert record.violations[0].steps == ("cause",)


def test_bytes_that_are_no_text_survive_the_journey() -> None:
    made = recorder()
    made.add([Check(ONE, False, exchange(b"\xff\x00"), "a", "b")], [])
    collection = merge([through_json(made.end())])
    violation = collection.smallest_violation(ONE)
    assert violation is not None
    assert violation.exchange.request_body_base64 is not None
    assert violation.exchange.request_size == 2


def test_checks_between_two_tests_belong_to_the_next() -> None:
    made = recorder()
    made.add([Check(ONE, True, exchange())], [])
    made.begin("tests::one", (TWO,))
    record = made.end()
    assert (record.test, list(record.passes)) == ("tests::one", [ONE])
    assert made.record.passes == {}


def test_counts_are_summed_over_all_tests() -> None:
    first = TestRecord("a", passes={ONE: (3, "e1")}, requests={"PutVectors": 2})
    second = TestRecord(
        "b",
        passes={ONE: (1, "e2")},
        violations=[ViolationEvent(ONE, "", "", "e3", None, 5)],
        requests={"PutVectors": 1},
    )
    collection = merge([first, second])
    evidence = collection.of(ONE)
    assert (evidence.checks, evidence.failures, collection.tests) == (5, 1, 2)
    assert collection.requests == {"PutVectors": 3}


def test_the_smallest_violation_is_the_one_reported_whatever_the_order() -> None:
    made: list[TestRecord] = []
    for size in (300, 20, 4000, 20):
        one = recorder()
        one.begin(f"tests::{size}-{len(made)}", (ONE,))
        one.add([Check(ONE, False, exchange(b"x" * size, id=f"e{size}-{len(made)}"), "a", str(size))], [])
        made.append(one.end())
    for records in (made, made[::-1]):
        violation = merge(records).smallest_violation(ONE)
        assert violation is not None
        assert violation.actual == "20"
    first = merge(made).smallest_violation(ONE)
    assert first is not None
    assert first.test == "tests::20-1"


def test_a_violation_counts_the_whole_sequence_that_led_to_it() -> None:
    made = recorder()
    made.start_script()
    made.step(exchange(b"x" * 100, id="e1"))
    made.add([Check(ONE, False, exchange(b"x" * 10, id="e2"), "a", "b")], [])
    made.end_script()
    made.add([Check(ONE, False, exchange(b"x" * 50, id="e3"), "a", "c")], [])
    violation = merge([made.end()]).smallest_violation(ONE)
    assert violation is not None
    assert violation.actual == "c"


def test_a_violation_keeps_its_exchange_and_its_cause() -> None:
    made = recorder()
    made.add([Check(ONE, False, exchange(id="e1"), "a", "b", exchange(id="e0"))], [])
    violation = merge([made.end()]).smallest_violation(ONE)
    assert violation is not None
    assert violation.exchange.id == "e1"
    assert violation.cause is not None
    assert violation.cause.id == "e0"


def test_no_violation_has_no_smallest() -> None:
    assert merge([TestRecord("a", passes={ONE: (1, "e1")})]).smallest_violation(ONE) is None


def test_the_first_reason_for_being_inconclusive_is_kept() -> None:
    collection = merge(
        [TestRecord("a", inconclusive={ONE: "first"}), TestRecord("b", inconclusive={ONE: "second"})]
    )
    assert collection.of(ONE).inconclusive == "first"


def test_a_blocked_test_leaves_all_it_decides_inconclusive() -> None:
    collection = merge([TestRecord("a", decides=(ONE, TWO), blocked="no bucket")])
    assert (
        collection.of(ONE).inconclusive
        == collection.of(TWO).inconclusive
        == "prerequisite missing: no bucket"
    )


def test_observations_are_kept_once_each_in_their_order() -> None:
    made = recorder()
    for text in ("200", "400 X", "200"):
        made.add([], [Observation(ONE, text, exchange())])
    assert merge([made.end(), TestRecord("b", observations={ONE: ["409", "200"]})]).of(ONE).observations == [
        "200",
        "400 X",
        "409",
    ]


def test_secrets_never_reach_a_record() -> None:
    made = recorder()
    sent = exchange(f'{{"x": "{SECRET}"}}'.encode())
    made.add([Check(ONE, False, sent, f"expected {SECRET}", f"actual {SECRET}")], [])
    assert SECRET not in json.dumps(made.end().to_json())


def test_an_error_answer_is_recorded_with_its_code_and_request_id() -> None:
    made = recorder()
    made.add([Check(ONE, False, exchange(response=error(404, "NoSuchBucket")), "a", "b")], [])
    (data,) = made.end().exchanges.values()
    shown = recorded_exchange(data)
    assert (shown.status, shown.error_code) == (404, "NoSuchBucket")
    assert shown.request_id == "5C3D9175B6FC201293AD0001"


def test_an_exchange_without_an_answer_is_recorded_with_its_failure() -> None:
    failure = TransportFailure(FailureKind.RESET, "The connection was closed.")
    made = recorder()
    made.add([Check(ONE, False, exchange(response=None, failure=failure), "a", "b")], [])
    (data,) = made.end().exchanges.values()
    shown = recorded_exchange(data)
    assert (shown.status, shown.failure, shown.response_body) == (None, "The connection was closed.", "")


def test_a_sequence_that_was_not_torn_down_is_not_told_of_other_tests() -> None:
    made = recorder()
    made.start_script()
    made.step(exchange(id="theirs"))
    made.begin("tests::another", (ONE,))
    made.add([Check(ONE, False, exchange(), "a", "b")], [])
    assert made.end().violations[0].steps == ()


def not_offered(clause: str = ONE) -> TestRecord:
    """A record of a clause that was answered with: no such operation."""
    made = recorder()
    sent = Scene().exchange("PutVectors", response=error(501, "NotImplemented"), raw=b"{}")
    made.add([Check(clause, False, sent, "200", "501")], [])
    return through_json(made.end())


def test_an_operation_that_is_not_offered_violates_none_of_its_clauses() -> None:
    evidence = merge([not_offered(), not_offered()]).of(ONE)
    assert (evidence.checks, evidence.failures) == (0, 0)
    assert evidence.inconclusive == "PutVectors is not offered"


def test_an_operation_that_was_served_once_is_offered() -> None:
    made = recorder()
    made.add([Check("PutVectors.success.status", True, exchange())], [])
    evidence = merge([not_offered(), made.end()]).of(ONE)
    assert (evidence.checks, evidence.failures) == (1, 1)
