"""What a denial is worth: nothing where an operation was never allowed, else a violation."""

from __future__ import annotations

from dataclasses import replace

from conformance.oracle.check import Check
from conformance.suite.events import TestRecord, TestRecorder, is_denied
from conformance.verdicts.collect import merge
from conformance.wire.exchange import Exchange
from conformance.wire.redaction import Redactor
from tests.unit.oracle.fake import Scene, error

CLAUSE = "PutVectors.stores"


def exchange(status: int = 403, code: str = "AccessDenied", *, signed: bool = True) -> Exchange:
    answer = error(status, code)
    return replace(Scene().exchange("PutVectors", response=answer, raw=b"{}"), signed=signed)


def record(*exchanges: Exchange) -> TestRecord:
    recorder = TestRecorder(Redactor(None))
    for one in exchanges:
        recorder.add([Check(CLAUSE, False, one, "200", "403")], [])
        recorder.answered(one)
    made = recorder.end()
    return TestRecord.from_json(made.to_json())


def test_only_the_run_s_own_signature_is_denied_anything() -> None:
    assert is_denied(exchange())
    assert not is_denied(exchange(signed=False))
    assert not is_denied(exchange(code="SignatureDoesNotMatch"))
    assert not is_denied(exchange(404, "NoSuchBucket"))


def test_always_denied_decides_nothing() -> None:
    collection = merge([record(exchange()), record(exchange(), exchange())])
    evidence = collection.of(CLAUSE)
    assert (evidence.checks, evidence.failures) == (0, 0)
    assert evidence.inconclusive == "the credentials may not call PutVectors"
    assert collection.forbidden == ("PutVectors",)


def test_one_other_answer_makes_every_denial_a_violation() -> None:
    collection = merge([record(exchange()), record(exchange(400, "InvalidArgument"), exchange())])
    evidence = collection.of(CLAUSE)
    assert (evidence.checks, evidence.failures) == (3, 3)
    assert (evidence.inconclusive, collection.restriction) == (None, None)


def test_denials_of_a_wrong_signature_count_as_before() -> None:
    collection = merge([record(exchange(signed=False))])
    assert collection.of(CLAUSE).failures == 1
    assert collection.restriction is None
