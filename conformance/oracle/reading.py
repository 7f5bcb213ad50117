"""Works out, from the final bytes of a request, which clauses it breaks, touches or leaves open.

Whoever generated a request, its expectation comes from here: a generator may
believe that it attacked ``dimension`` and have hit the name too.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

from conformance.contract.loader import Contract
from conformance.contract.model import Level, Operation
from conformance.oracle.body import Body, BodyKind, Doubt, read_body
from conformance.oracle.constraints import Finding, Mark, evaluate
from conformance.oracle.model import IndexState
from conformance.oracle.semantics import INVALID, MALFORMED, SKIPPED_PATHS, ReadRequest, Remark, remarks_on
from conformance.wire.exchange import Exchange

# A typed JSON decoder reports a wrong type as bad JSON, a hand-written check as a bad parameter;
# the pages do not say which, so both codes are admissible (PutVectorIndex page, Error codes).
EITHER = (INVALID, MALFORMED)

FindIndex = Callable[[Any], IndexState | None]


@dataclass(frozen=True, slots=True)
class Broken:
    """One clause that a request breaks, with the error codes that may answer it."""

    requirement: str
    detail: str
    codes: tuple[str, ...]


@dataclass(slots=True)
class Reading:
    """What a request is, by the documents alone."""

    body: Body | None = None
    broken: list[Broken] = field(default_factory=list)
    touched: list[str] = field(default_factory=list)
    open: list[str] = field(default_factory=list)

    @property
    def value(self) -> dict[str, Any]:
        """The request's JSON object; empty when there is none."""
        value = self.body.value if self.body is not None else None
        return value if isinstance(value, dict) else {}

    @property
    def is_complete(self) -> bool:
        """Whether :attr:`value` is all that the body says."""
        return bool(self.value) and self.body is not None and Doubt.DEEP_NESTING not in self.body.doubts


class Reader:
    """Reads requests against one contract."""

    def __init__(self, contract: Contract) -> None:
        self._contract = contract

    def read(self, exchange: Exchange, operation: Operation, find_index: FindIndex) -> Reading:
        """Read one request; ``find_index`` gives the index of a name, when the model knows it."""
        reading = Reading()
        if operation.request_schema is None:
            for remark in remarks_on(ReadRequest(self._contract, exchange, {})):
                self._note(reading, operation, remark)
            return reading
        body = reading.body = read_body(exchange.request_body)
        reading.open.extend(sorted(body.doubts))
        if body.kind is not BodyKind.JSON:
            self._read_broken_body(reading, operation, body)
            return reading
        if Doubt.DEEP_NESTING in body.doubts:
            # A parser that gives up on the depth sees none of the members.
            return reading
        skip = SKIPPED_PATHS.get(operation.name, frozenset())
        for mark in evaluate(self._contract.document, operation.request_schema, body.value, skip=skip):
            if not _is_open_key_count(self._contract, operation, mark, body.value):
                self._note_mark(reading, operation, mark)
        if isinstance(body.value, dict):
            index = find_index(body.value.get("indexName"))
            for remark in remarks_on(ReadRequest(self._contract, exchange, body.value, index)):
                self._note(reading, operation, remark)
        return reading

    def _read_broken_body(self, reading: Reading, operation: Operation, body: Body) -> None:
        name = operation.name
        if body.kind is BodyKind.EMPTY:
            if not operation.request_schema or not operation.request_schema.get("required"):
                # ListVectorIndexes: official clients send no body at all when no option is set.
                reading.touched.append(f"{name}.body.absent")
                return
            self._break(reading, f"{name}.body.empty", "no body", EITHER)
        elif body.kind is BodyKind.NOT_UTF8:
            self._break(reading, f"{name}.body.encoding", "not UTF-8", EITHER)
        elif body.kind is BodyKind.NON_FINITE:
            special = {"PutVectors": "data.finite.rejected", "QueryVectors": "queryVector.finite.rejected"}
            self._break(
                reading, f"{name}.{special.get(name, 'body.malformed')}", "a NaN or Infinity token", EITHER
            )
        else:
            self._break(reading, f"{name}.body.malformed", "not JSON", (MALFORMED,))

    def _note_mark(self, reading: Reading, operation: Operation, mark: Mark) -> None:
        claimed = self._contract.claimed
        if mark.finding is Finding.TOUCHED:
            accepted = claimed.get((operation.name, mark.place, "accepted"))
            if accepted is not None:
                reading.touched.append(accepted)
            return
        if mark.finding is Finding.OPEN:
            reading.open.append(f"{mark.path}: {mark.detail}")
            return
        found = claimed.get((operation.name, mark.place, "rejected")) or claimed.get(
            (operation.name, mark.place, None)
        )
        if found is None:
            reading.open.append(f"{mark.place}: {mark.detail}")
            return
        # An integer that fits no 32 bits may already stop a typed JSON decoder.
        overflow = mark.keyword in ("minimum", "maximum") and abs(float(mark.detail)) >= 2**31
        codes = EITHER if mark.keyword == "type" or overflow else (INVALID,)
        self._break(reading, found, f"{mark.path or 'body'}: {mark.keyword} ({mark.detail})", codes)

    def _note(self, reading: Reading, operation: Operation, remark: Remark) -> None:
        identifier = f"{operation.name}.{remark.clause}"
        if remark.finding is Finding.BROKEN:
            if identifier not in self._contract.requirements:
                identifier = f"{identifier}.rejected"
            self._break(reading, identifier, remark.detail, remark.codes or (INVALID,))
        elif remark.finding is Finding.TOUCHED:
            reading.touched.append(identifier)
        else:
            reading.open.append(remark.detail)

    def _break(self, reading: Reading, identifier: str, detail: str, codes: tuple[str, ...]) -> None:
        requirement = self._contract.requirements.get(identifier)
        if requirement is None or requirement.level is Level.PROBE:
            reading.open.append(detail)
            return
        if requirement.expect.codes and set(requirement.expect.codes).isdisjoint(codes):
            codes = requirement.expect.codes
        reading.broken.append(Broken(identifier, detail, codes))


def _is_open_key_count(contract: Contract, operation: Operation, mark: Mark, value: Any) -> bool:
    """More than 100 keys of which at most 100 differ: whether repeats count is not documented for GetVectors."""
    if operation.name != "GetVectors" or mark.place != "keys/maxItems" or mark.finding is not Finding.BROKEN:
        return False
    different = {key for key in value["keys"] if isinstance(key, str)}
    return len(different) <= int(contract.limit("GetVectors", "keys/maxItems"))
