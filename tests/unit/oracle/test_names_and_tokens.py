"""Names of metadata and tokens of pages: what must be served, what must come back, how long a token may be."""

from __future__ import annotations

from typing import Any

import pytest

from conformance.contract.loader import load_contract
from tests.unit.oracle.fake import error, failed, passed, ready, reply

DATA = {"float32": [1.0, 1.0, 1.0, 1.0]}


@pytest.mark.parametrize(
    ("name", "follows"),
    [("x", True), ("_", True), ("a9_Z", True), ("x" * 63, True), ("x" * 64, False), ("", False)]
    + [(odd, False) for odd in ("9a", "a-b", "a.b", " a", "a\n", "\u00e9", "$a")],
)
def test_the_rule_of_field_names(name: str, follows: bool) -> None:
    assert load_contract().is_field_name(name) is follows


def test_a_field_with_a_documented_name_must_be_served() -> None:
    body = {"indexName": "here", "vectors": [{"key": "k", "data": DATA, "metadata": {"__proto__": "x"}}]}
    answer = error(400, "VectorIndexParameterInvalid")
    assert "PutVectors.success.status" in failed(ready("here").call("PutVectors", body, response=answer))


def test_a_field_with_an_odd_name_that_was_served_must_come_back_under_it() -> None:
    scene = ready("here")
    assert not failed(scene.put("here", k=([1.0, 1.0, 1.0, 1.0], {"a.b": "x"})))
    assert not failed(scene.read("here", "k"))
    renamed = reply(200, {"vectors": [{"key": "k", "data": DATA, "metadata": {"a_b": "x"}}]})
    body = {"indexName": "here", "keys": ["k"], "returnData": True, "returnMetadata": True}
    assert failed(scene.call("GetVectors", body, response=renamed)) == {"PutVectors.metadata.stored"}


LISTINGS: dict[str, dict[str, Any]] = {
    "ListVectors": {"indexName": "here", "maxResults": 1},
    "ListVectorIndexes": {"maxResults": 1},
}


@pytest.mark.parametrize(("operation", "most"), [("ListVectors", 2048), ("ListVectorIndexes", 512)])
@pytest.mark.parametrize("letter", ["t", "\u00e9"])
def test_a_returned_token_is_no_longer_than_one_that_may_be_sent(
    operation: str, most: int, letter: str
) -> None:
    scene = ready("here", "there")
    scene.put("here", a=[1.0, 1.0, 1.0, 1.0], b=[1.0, 1.0, 1.0, 2.0])
    right = scene.call(operation, LISTINGS[operation])
    requirement = f"{operation}.paging.token-length"
    assert requirement in passed(right)
    assert right.answer is not None
    letters = most // len(letter.encode())
    for count, slips in ((letters, set()), (letters + 1, {requirement})):
        answer = reply(200, {**right.answer.value, "nextToken": letter * count})
        assert failed(scene.call(operation, LISTINGS[operation], response=answer)) == slips
