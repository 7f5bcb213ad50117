"""Merges the records of all tests into evidence per requirement."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.oracle.body import read_json
from conformance.suite.events import TestRecord, ViolationEvent
from conformance.verdicts.model import RecordedExchange, Violation

#: How many exchanges of a requirement are kept, the first ones.
EXCHANGES_KEPT = 3
_DENIED = "the credentials may not call "


@dataclass(slots=True)
class Evidence:
    """Everything that the run found out about one requirement."""

    checks: int = 0
    failures: int = 0
    violation: ViolationEvent | None = None
    violation_test: str = ""
    exchanges: list[str] = field(default_factory=list)
    observations: list[str] = field(default_factory=list)
    inconclusive: str | None = None
    tests: list[str] = field(default_factory=list)
    executed: bool = False


@dataclass(slots=True)
class Collection:
    """All evidence of a run, fed test by test."""

    evidence: dict[str, Evidence] = field(default_factory=dict)
    exchanges: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    unsupported: dict[str, str] = field(default_factory=dict)
    tests: int = 0
    #: Answers to the run's own signature by operation, see :class:`TestRecord`.
    denied: Counter[str] = field(default_factory=Counter)
    allowed: Counter[str] = field(default_factory=Counter)
    #: Violations by requests that were denied or not offered; what they are worth is known at the end.
    held: list[tuple[ViolationEvent, str]] = field(default_factory=list)
    #: Seconds that all requests took, without waiting in between.
    elapsed: float = 0.0

    def of(self, requirement: str) -> Evidence:
        """The evidence about one requirement, empty at first."""
        return self.evidence.setdefault(requirement, Evidence())

    def add(self, record: TestRecord) -> None:
        """Take up what one test found out."""
        self.tests += 1
        self.elapsed += record.elapsed
        self.exchanges.update(record.exchanges)
        self.unsupported.update(record.unsupported)
        for operation, count in record.requests.items():
            self.requests[operation] = self.requests.get(operation, 0) + count
        self.denied.update(record.denied)
        self.allowed.update(record.allowed)
        for requirement in record.decides:
            evidence = self.of(requirement)
            evidence.executed = True
            evidence.tests.append(record.test)
            if record.blocked is not None and evidence.inconclusive is None:
                evidence.inconclusive = f"prerequisite missing: {record.blocked}"
        for requirement, (count, first) in record.passes.items():
            evidence = self.of(requirement)
            evidence.checks += count
            _keep(evidence, first, self.exchanges)
        for event in record.violations:
            if event.denied is not None or event.unsupported is not None:
                self.held.append((event, record.test))
            else:
                self._violated(event, record.test)
        for requirement, reason in record.inconclusive.items():
            evidence = self.of(requirement)
            evidence.inconclusive = evidence.inconclusive or reason
        for requirement, seen in record.observations.items():
            evidence = self.of(requirement)
            evidence.executed = True
            evidence.observations.extend(text for text in seen if text not in evidence.observations)

    def _violated(self, event: ViolationEvent, test: str) -> None:
        evidence = self.of(event.requirement)
        evidence.checks += 1
        evidence.failures += 1
        _keep(evidence, event.exchange, self.exchanges)
        if evidence.violation is None or event.size < evidence.violation.size:
            evidence.violation, evidence.violation_test = event, test

    @property
    def forbidden(self) -> tuple[str, ...]:
        """Operations of which every request with the run's own signature was answered with 403 AccessDenied.

        Then the account has not given its credentials the permission; one other
        answer shows that it has, and a denial is the target's own.
        """
        return tuple(sorted(name for name in self.denied if name not in self.allowed))

    @property
    def restriction(self) -> str | None:
        """What the credentials may not call, in words; ``None`` when there is nothing."""
        names = self.forbidden
        return f"{_DENIED}{', '.join(names)}" if names else None

    def settle(self) -> None:
        """At the end: a denial is a violation where the operation was ever allowed, else nothing is decided by it.

        The same holds for an answer that an operation is not offered: one cause,
        told once, and not as a violation of every clause of the operation.
        """
        forbidden = frozenset(self.forbidden)
        held, self.held = self.held, []
        for event, test in held:
            if event.denied in forbidden:
                evidence = self.of(event.requirement)
                evidence.inconclusive = evidence.inconclusive or self.restriction
            elif event.unsupported is not None and not self._was_served(event.unsupported):
                evidence = self.of(event.requirement)
                evidence.inconclusive = evidence.inconclusive or f"{event.unsupported} is not offered"
            else:
                self._violated(event, test)

    def _was_served(self, operation: str) -> bool:
        evidence = self.evidence.get(f"{operation}.success.status")
        return evidence is not None and evidence.checks > evidence.failures

    def recorded(self) -> Mapping[str, RecordedExchange]:
        """The exchanges that evidence refers to, as reports show them."""
        return {identifier: recorded_exchange(data) for identifier, data in self.exchanges.items()}

    def smallest_violation(self, requirement: str) -> Violation | None:
        """The smallest violation of a requirement, with its exchanges."""
        evidence = self.of(requirement)
        event = evidence.violation
        if event is None:
            return None
        cause = self.exchanges.get(event.cause) if event.cause is not None else None
        return Violation(
            requirement=requirement,
            expected=event.expected,
            actual=event.actual,
            exchange=recorded_exchange(self.exchanges[event.exchange]),
            cause=recorded_exchange(cause) if cause is not None else None,
            test=evidence.violation_test,
            size=event.size,
            steps=tuple(recorded_exchange(self.exchanges[step]) for step in event.steps),
        )


def denied_in(reason: str | None) -> frozenset[str]:
    """The operations that a reason says the credentials may not call, as :attr:`Collection.restriction` puts it."""
    if reason is None or not reason.startswith(_DENIED):
        return frozenset()
    return frozenset(reason.removeprefix(_DENIED).split(", "))


def merge(records: Iterable[TestRecord]) -> Collection:
    """The evidence of many tests."""
    collection = Collection()
    for record in records:
        collection.add(record)
    collection.settle()
    return collection


def _keep(evidence: Evidence, exchange: str, known: Mapping[str, Any]) -> None:
    if exchange in known and exchange not in evidence.exchanges and len(evidence.exchanges) < EXCHANGES_KEPT:
        evidence.exchanges.append(exchange)


def recorded_exchange(data: Mapping[str, Any]) -> RecordedExchange:
    """One recorded exchange as reports show it."""
    request = data["request"]
    response = data.get("response") or {}
    sent, answered = request["body"] or {}, response.get("body") or {}
    headers = tuple((name, value) for name, value in response.get("headers", ()))
    failure = data.get("failure")
    return RecordedExchange(
        id=data["id"],
        operation=data["operation"],
        bucket=data["bucket"],
        method=request["method"],
        url=request["url"],
        target=request["target"],
        host=request["host"],
        request_headers=tuple((name, value) for name, value in request["headers"]),
        request_body=sent.get("text", ""),
        request_body_base64=sent.get("base64"),
        request_size=sent.get("size", 0),
        body_complete=not sent.get("cut", False),
        signed=data["signed"],
        started=data["started"],
        elapsed_ms=round(data["elapsed"] * 1000, 3),
        status=response.get("status"),
        reason=response.get("reason"),
        response_headers=headers,
        response_body=answered.get("text", answered.get("base64", "")),
        response_size=answered.get("size", 0),
        request_id=_header(headers, "x-oss-request-id"),
        error_code=_error_code(answered.get("text", "")),
        failure=failure["message"] if failure else None,
    )


def _header(headers: tuple[tuple[str, str], ...], name: str) -> str | None:
    return next((value for key, value in headers if key.lower() == name), None)


def _error_code(text: str) -> str | None:
    try:
        value = read_json(text.encode("utf-8", "surrogatepass"))
    except ValueError:
        return None
    error = value.get("Error") if isinstance(value, dict) else None
    code = error.get("Code") if isinstance(error, dict) else None
    return code if isinstance(code, str) else None
