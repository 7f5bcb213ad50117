"""The text of one failure: each fact of the answer once."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.report.failure import describe

_ERROR = '{"Error":{"Code":"Oops","Message":"key length"}}'


def actual_of(make: SimpleNamespace, actual: str, body: str, **answer: Any) -> tuple[str, ...]:
    """The lines of ``Actual`` for what the judge found and the answer it found it in."""
    shown = {"response_body": body, "response_size": len(body.encode()), "request_id": None, **answer}
    entry = make.failed("PutVectors.key.max-length.accepted", **shown)
    found = replace(entry, violation=replace(entry.violation, actual=actual))
    parts = {part.label: part.lines for part in describe(found, make.result().info).parts}
    return parts["Actual"]


@pytest.mark.parametrize(
    ("actual", "body", "answer"),
    [
        ("400 Bad Request, Oops: key length", _ERROR, {"status": 400, "reason": "Bad Request"}),
        ("400, Oops: key length", _ERROR, {"status": 400, "reason": ""}),
        ("200 OK, body '{}'", "{}", {"status": 200, "reason": "OK", "error_code": None}),
        ("204 No Content, no body", "", {"status": 204, "reason": "No Content", "error_code": None}),
    ],
)
def test_an_answer_that_is_shown_is_not_described_too(
    make: SimpleNamespace, actual: str, body: str, answer: dict[str, Any]
) -> None:
    lines = actual_of(make, actual, body, **{"error_code": "Oops", **answer})
    assert actual not in lines
    assert len(lines) == (2 if body else 1)


@pytest.mark.parametrize(
    ("actual", "body"),
    [
        pytest.param("5 vectors", _ERROR, id="not-a-description"),
        pytest.param(f"400 Bad Request, Oops: {'long ' * 30}", f'{{"Message":"{"long " * 30}"}}', id="cut"),
        pytest.param("400 Bad Request, Oops: elsewhere", _ERROR, id="other-message"),
    ],
)
def test_what_the_answer_does_not_show_is_said(make: SimpleNamespace, actual: str, body: str) -> None:
    answer = {"status": 400, "reason": "Bad Request", "error_code": "Oops"}
    assert actual in actual_of(make, actual, body + " " * 300, **answer)


def test_of_a_long_sequence_only_the_end_is_told(make: SimpleNamespace) -> None:
    entry = make.failed("PutVectors.overwrite")
    steps = tuple(make.exchange(id=f"s{number}") for number in range(300))
    found = replace(entry, violation=replace(entry.violation, steps=steps))
    parts = {part.label: part.lines for part in describe(found, make.result().info).parts}
    assert len(parts["After"]) == 21
    assert parts["After"][0] == "280 earlier steps, see report.json"
    assert parts["After"][1].startswith("281. PutVectorIndex ")
    assert parts["After"][-1].startswith("300. PutVectorIndex ")
