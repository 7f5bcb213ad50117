"""The one judge: every exchange, whoever generated it, is decided here.

From the final bytes of the request, the state the run has built up and the
answer, the judge derives checks: which requirements the exchange decides, and
how.
"""

from __future__ import annotations

import enum
from collections.abc import Set as AbstractSet
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any

from conformance.contract.loader import Contract
from conformance.contract.model import Level, Operation, Requirement
from conformance.oracle import answers_buckets, answers_indexes, answers_query, answers_vectors, effects
from conformance.oracle.answer import Answer, Checks, Settings
from conformance.oracle.body import read_json
from conformance.oracle.check import Check, Observation
from conformance.oracle.envelope import common_checks, describe, error_of
from conformance.oracle.expectation import Admissible, Expectation, Expecter, Kind
from conformance.oracle.model import Absence, Model
from conformance.oracle.reading import Reader, Reading
from conformance.wire.exchange import Exchange, Response


class Fate(enum.StrEnum):
    """What became of a request."""

    SERVED = "served"
    REFUSED = "refused"
    THROTTLED = "throttled"
    UNANSWERED = "unanswered"


@dataclass(slots=True)
class Judgement:
    """All checks of one exchange, and what became of the request."""

    fate: Fate
    checks: list[Check] = field(default_factory=list)
    observations: list[Observation] = field(default_factory=list)
    expectation: Expectation | None = None
    answer: Answer | None = None

    @property
    def failed(self) -> list[Check]:
        """The checks that went against the target."""
        return [check for check in self.checks if not check.ok]

    @property
    def open_because(self) -> str | None:
        """Why nothing could be expected of the answer; ``None`` where something was."""
        expectation = self.expectation
        return expectation.why if expectation is not None and expectation.kind is Kind.OPEN else None


class Judge:
    """Decides exchanges against one contract and one model of the service's state."""

    def __init__(self, contract: Contract, model: Model, settings: Settings) -> None:
        self.contract = contract
        self.model = model
        self.settings = settings
        self._reader = Reader(contract)
        self._expecter = Expecter(contract, model)
        self._last: tuple[Exchange, Reading] | None = None
        # What refusals of valid requests were blamed on: the likely reason when others touch it too.
        self._refused: set[str] = set()

    def judge(self, exchange: Exchange, attack: str | None = None) -> Judgement:
        """Decide one exchange and bring the model up to date.

        ``attack`` names the requirement that a directed case is about: it is
        decided by the answer too, and blamed first.
        """
        operation = self.contract.operations.get(exchange.operation)
        target = self.contract.requirements[attack] if attack is not None else None
        reading = self._read(exchange, operation)
        response = exchange.response
        if response is None or is_throttled(response):
            effects.apply(self.model, exchange, reading.value, Expectation(Kind.OPEN))
            if response is None:
                return Judgement(Fate.UNANSWERED)
            return Judgement(Fate.THROTTLED, list(common_checks(exchange, self.contract)))
        served = 200 <= response.status < 300
        judgement = Judgement(Fate.SERVED if served else Fate.REFUSED)
        judgement.checks.extend(common_checks(exchange, self.contract))
        expectation = self._expect(exchange, operation, reading, target)
        judgement.expectation = expectation
        if expectation.kind is Kind.REFUSED:
            judgement.checks.extend(self._refusal(exchange, response, expectation, target))
        elif expectation.kind is Kind.SERVED:
            assert operation is not None, "requests without an operation are open"
            service = _service(exchange, response, operation, expectation, target, self._refused)
            judgement.checks.extend(service)
            self._refused.update(check.requirement for check in service if not check.ok)
        if target is not None and target.level is Level.PROBE:
            judgement.observations.append(Observation(target.id, _observed(response), exchange))
        # Read before the effects: an answer describes the state it found.
        if served and operation is not None:
            if expectation.kind is not Kind.REFUSED:
                judgement.checks.extend(self._answer(exchange, response, operation, reading, judgement))
            self._mark_seen(exchange, reading)
            self._note_token(judgement)
        if exchange.signed or served:
            effects.apply(self.model, exchange, reading.value, expectation)
        return judgement

    def request_value(self, exchange: Exchange) -> dict[str, Any]:
        """The JSON object that a request carries; empty when its body is none."""
        last = self._last
        if last is not None and last[0] is exchange:
            return last[1].value
        return self._read(exchange, self.contract.operations.get(exchange.operation)).value

    def _read(self, exchange: Exchange, operation: Operation | None) -> Reading:
        if operation is None:
            return Reading(open=["an operation that the documents do not have"])
        reading = self._reader.read(exchange, operation, lambda name: self.model.index(exchange.bucket, name))
        self._last = exchange, reading
        return reading

    def _expect(
        self, exchange: Exchange, operation: Operation | None, reading: Reading, target: Requirement | None
    ) -> Expectation:
        if not exchange.signed and (target is None or not target.expect.is_success):
            return _authentication(target)
        if target is not None and target.level is Level.PROBE:
            return Expectation(Kind.OPEN, why=target.statement)
        if operation is None:
            return Expectation(Kind.OPEN, why=reading.open[0])
        return self._expecter.expect(exchange, operation, reading)

    def _refusal(
        self, exchange: Exchange, response: Response, expectation: Expectation, target: Requirement | None
    ) -> list[Check]:
        """Checks of a request that must be refused."""
        error = error_of(response)
        code = error.code if error is not None else None
        expected = f"{' or '.join(map(str, expectation.admissible))}"
        if len(expectation.admissible) > _MANY:
            expected = "any 4xx"
        if expectation.why:
            expected += f", because {expectation.why}"
        actual = describe(response)
        status_ok = any(item.status == response.status for item in expectation.admissible)
        code_ok = any(item.admits(response.status, code) for item in expectation.admissible)
        blamed = list(expectation.blame)
        cause = None
        if target is not None and target.id in blamed:
            blamed = [target.id]
        served = 200 <= response.status < 300
        if served and expectation.absence is not None:
            if _is_under_deletion(exchange, response, expectation.absence):
                return []
            blamed, cause = [expectation.absence.requirement], expectation.absence.cause
        if status_ok and code_ok and len(blamed) > 1:
            # Refused, but for which of several reasons does not show.
            return []
        checks: list[Check] = []
        for identifier in blamed if served else blamed[:1]:
            requirement = self.contract.requirements[identifier]
            strict = bool(requirement.expect.codes)
            ok = status_ok and (code_ok or not strict)
            checks.append(Check(identifier, ok, exchange, expected, actual, None if ok else cause))
            if status_ok and not strict:
                checks.extend(self._code_check(exchange, code_ok, expected, actual))
        if status_ok and code_ok and expectation.absence is not None:
            checks.append(Check(expectation.absence.requirement, ok=True, exchange=exchange))
        return checks

    def _code_check(self, exchange: Exchange, ok: bool, expected: str, actual: str) -> list[Check]:
        identifier = f"{exchange.operation}.errors.VectorIndexParameterInvalid"
        if identifier not in self.contract.requirements:
            return []
        return [Check(identifier, ok, exchange, expected, actual)]

    def _answer(
        self,
        exchange: Exchange,
        response: Response,
        operation: Operation,
        reading: Reading,
        judgement: Judgement,
    ) -> list[Check]:
        is_open = judgement.open_because is not None
        answer = Answer(
            self.contract, self.model, self.settings, exchange, response, operation, reading.value, is_open
        )
        judgement.answer = answer
        checks = Checks(answer)
        checks.body()
        header_handler = answers_buckets.HEADER_HANDLERS.get(operation.name)
        if header_handler is not None:
            header_handler(checks)
        if is_open and operation.request_schema is not None and reading.body and not reading.is_complete:
            # A body that could not be read, or not to its depths, gives nothing to compare with.
            return checks.made
        for module in (answers_buckets, answers_indexes, answers_vectors, answers_query):
            handler = module.HANDLERS.get(operation.name)
            if handler is not None and answer.readable:
                handler(checks)
        return checks.made

    def _note_token(self, judgement: Judgement) -> None:
        value = judgement.answer.value if judgement.answer is not None else None
        if not isinstance(value, dict):
            return
        page = value.get("ListAllMyBucketsResult")
        for token in (value.get("nextToken"), page.get("NextMarker") if isinstance(page, dict) else None):
            if isinstance(token, str):
                self.model.tokens.add(token)

    def _mark_seen(self, exchange: Exchange, reading: Reading) -> None:
        bucket = self.model.bucket(exchange.bucket)
        if bucket is not None:
            bucket.was_seen = True
        index = self.model.index(exchange.bucket, reading.value.get("indexName"))
        if index is not None:
            index.was_seen = True
            index.seen_after = bucket.last_delete if bucket is not None else None


# More alternatives than this are written as "any 4xx".
_MANY = 5


def _is_under_deletion(exchange: Exchange, response: Response, absence: Absence) -> bool:
    if exchange.operation != "GetVectorIndex":
        return False
    try:
        value = read_json(response.body)
    except ValueError:
        return False
    entry = value.get("index") if isinstance(value, dict) else None
    return isinstance(entry, dict) and answers_indexes.is_being_deleted(absence, entry)


def is_throttled(response: Response) -> bool:
    """Whether an answer says that the rate limit was exceeded (DeleteVectors page, Error codes)."""
    if response.status != 503:
        return False
    error = error_of(response)
    return error is not None and error.code == "QpsLimitExceeded"


def _authentication(target: Requirement | None) -> Expectation:
    """A request that the target's service cannot authenticate; the case says why."""
    if target is None or target.level is Level.PROBE or not target.expect.statuses:
        return Expectation(Kind.OPEN, why="an authentication that the documents do not describe")
    admissible = tuple(Admissible(status, target.expect.codes) for status in target.expect.statuses)
    return Expectation(Kind.REFUSED, (target.id,), admissible, _clause(target.statement))


def _clause(statement: str) -> str:
    """A statement as it stands after ``because``."""
    first, _, rest = statement.rstrip(".").partition(" ")
    # Names like PutVectors or URL keep their capitals.
    return f"{first.lower() if first.istitle() else first} {rest}"


def _service(
    exchange: Exchange,
    response: Response,
    operation: Operation,
    expectation: Expectation,
    target: Requirement | None,
    refused: AbstractSet[str],
) -> list[Check]:
    """Checks of a request that must be served."""
    expected = f"{operation.success_status}"
    actual = describe(response)
    general = expectation.blame[0]
    if response.status == operation.success_status:
        passed = [general, *expectation.touched]
        if target is not None and target.expect.is_success:
            passed.append(target.id)
        if expectation.presence is not None:
            passed.append(expectation.presence.requirement)
        return [Check(identifier, ok=True, exchange=exchange) for identifier in dict.fromkeys(passed)]
    if 200 <= response.status < 300:
        return [Check(general, ok=False, exchange=exchange, expected=expected, actual=actual)]
    error = error_of(response)
    missing = error is not None and error.code in ("NoSuchVectorIndex", "NoSuchBucket")
    created_before = expectation.presence is not None and not expectation.presence.requirement.endswith(
        ".creates"
    )
    named = target is not None and target.expect.is_success and created_before
    if missing and expectation.presence is not None and not named:
        return [
            Check(
                expectation.presence.requirement,
                ok=False,
                exchange=exchange,
                expected=f"{expected}: it exists",
                actual=actual,
                cause=expectation.presence.cause,
            )
        ]
    identifier = general
    if expectation.on_conflict is not None and response.status == 409:
        identifier = expectation.on_conflict
    elif response.status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        # Says that the body as a whole is too large, whatever clause the request was made for.
        identifier = general
    elif target is not None and (target.expect.is_success or target.id in expectation.touched):
        identifier = target.id
    else:
        # Nearly every request touches names and enumerations; a limit is touched on purpose.
        sharp = [name for name in expectation.touched if name.split(".")[-2] not in ("enum", "pattern")]
        known = [name for name in expectation.touched if name in refused]
        suspects = known[:1] or sharp or list(expectation.touched)
        if len(suspects) == 1:
            identifier = suspects[0]
    return [Check(identifier, ok=False, exchange=exchange, expected=expected, actual=actual)]


def _observed(response: Response) -> str:
    error = error_of(response)
    if response.status >= 400 and error is not None and error.code is not None:
        return f"{response.status} {error.code}"
    return f"{response.status}"
