"""What the execution of one test emits: plain data that verdicts and reports consume.

Events cross process borders (parallel workers), so they are JSON.  Exchanges
are redacted and shortened before they get here.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field, fields
from http import HTTPStatus
from typing import Any

from conformance.oracle.check import Check, Observation
from conformance.oracle.envelope import error_of
from conformance.wire.exchange import Exchange
from conformance.wire.recorder import to_recorded
from conformance.wire.redaction import Redactor

#: Characters of a body that events keep; enough for the largest directed request that people read.
BODY_LIMIT = 16_384


@dataclass(frozen=True, slots=True)
class ViolationEvent:
    """One failed check; exchanges by id.

    ``steps`` are the exchanges that led there, where a sequence was tested.
    """

    requirement: str
    expected: str
    actual: str
    exchange: str
    cause: str | None
    size: int
    steps: tuple[str, ...] = ()
    #: The operation of the exchange, where the run's credentials were denied it.
    denied: str | None = None
    #: The operation of the exchange, where the target said that it does not offer it.
    unsupported: str | None = None


@dataclass(slots=True)
class TestRecord:
    """Everything that one test found out.

    ``passes`` maps a requirement to how often it was decided in the target's
    favour and to the first exchange that shows it.  ``inconclusive`` maps a
    requirement to why it could not be decided, ``blocked`` says what stopped
    the test as a whole.
    """

    __test__ = False  # not a test class, whatever its name begins with

    test: str
    decides: tuple[str, ...] = ()
    passes: dict[str, tuple[int, str]] = field(default_factory=dict)
    violations: list[ViolationEvent] = field(default_factory=list)
    observations: dict[str, list[str]] = field(default_factory=dict)
    inconclusive: dict[str, str] = field(default_factory=dict)
    unsupported: dict[str, str] = field(default_factory=dict)
    blocked: str | None = None
    exchanges: dict[str, dict[str, Any]] = field(default_factory=dict)
    requests: dict[str, int] = field(default_factory=dict)
    #: How often an operation was denied to the run's credentials, and answered in any other way.
    denied: dict[str, int] = field(default_factory=dict)
    allowed: dict[str, int] = field(default_factory=dict)
    #: Seconds that requests of the test took, without waiting in between.
    elapsed: float = 0.0

    def to_json(self) -> dict[str, Any]:
        """Plain data for the controlling process."""
        values = {item.name: getattr(self, item.name) for item in fields(self)}
        return {**values, "violations": [asdict(event) for event in self.violations]}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> TestRecord:
        """The record that :meth:`to_json` wrote."""
        values = dict(data)
        values["decides"] = tuple(values["decides"])
        values["passes"] = {key: (count, first) for key, (count, first) in values["passes"].items()}
        values["violations"] = [
            ViolationEvent(**{**event, "steps": tuple(event["steps"])}) for event in values["violations"]
        ]
        return cls(**values)


class TestRecorder:
    """Collects the checks of the running test into its record."""

    __test__ = False

    def __init__(self, redactor: Redactor) -> None:
        self._redactor = redactor
        self._evidenced: set[str] = set()
        self._script: list[Exchange] | None = None
        self.record = TestRecord("(set-up)")

    def begin(self, test: str, decides: tuple[str, ...]) -> None:
        """Start the record of a test; checks made in between belong to the next one."""
        self.record.test, self.record.decides = test, decides
        # A sequence that breaks off while it is set up is not torn down, and must not swallow this test.
        self._script = None

    def end(self) -> TestRecord:
        """The finished record; a new one takes over."""
        record, self.record = self.record, TestRecord("(set-up)")
        mask = self._redactor.text
        if record.blocked is not None:
            record.blocked = mask(record.blocked)
        # What a target answered stands in these as well.
        record.inconclusive = {name: mask(reason) for name, reason in record.inconclusive.items()}
        record.unsupported = {name: mask(answer) for name, answer in record.unsupported.items()}
        record.observations = {
            name: [mask(one) for one in seen] for name, seen in record.observations.items()
        }
        return record

    def start_script(self) -> None:
        """From now on the exchanges form a sequence that a violation is reported with."""
        self._script = []

    def end_script(self) -> None:
        """The sequence is over."""
        self._script = None

    def step(self, exchange: Exchange) -> None:
        """Note an exchange of the running sequence, once it was judged."""
        if self._script is not None:
            self._script.append(exchange)

    def answered(self, exchange: Exchange) -> None:
        """Count one answer to a request with the run's own signature, by whether access was denied."""
        if exchange.signed and exchange.response is not None:
            counts = self.record.denied if is_denied(exchange) else self.record.allowed
            counts[exchange.operation] = counts.get(exchange.operation, 0) + 1

    def sent(self, operation: str) -> None:
        """Count one request."""
        self.record.requests[operation] = self.record.requests.get(operation, 0) + 1

    def add(self, checks: list[Check], observations: list[Observation]) -> None:
        """Take up the checks of one exchange."""
        record = self.record
        for check in checks:
            if check.ok:
                count, first = record.passes.get(check.requirement, (0, check.exchange.id))
                record.passes[check.requirement] = (count + 1, first)
                if check.requirement not in self._evidenced:
                    self._evidenced.add(check.requirement)
                    self._keep(check.exchange)
            else:
                self._keep(check.exchange)
                if check.cause is not None:
                    self._keep(check.cause)
                script = self._script or []
                for step in script:
                    self._keep(step)
                record.violations.append(
                    ViolationEvent(
                        requirement=check.requirement,
                        expected=self._redactor.text(check.expected),
                        actual=self._redactor.text(check.actual),
                        exchange=check.exchange.id,
                        cause=check.cause.id if check.cause is not None else None,
                        size=sum(_size(step) for step in [*script, check.exchange]),
                        steps=tuple(step.id for step in script),
                        denied=check.exchange.operation if is_denied(check.exchange) else None,
                        unsupported=check.exchange.operation if is_unsupported(check.exchange) else None,
                    )
                )
        for observation in observations:
            seen = record.observations.setdefault(observation.requirement, [])
            if observation.observed not in seen:
                seen.append(observation.observed)
                self._keep(observation.exchange)

    def _keep(self, exchange: Exchange) -> None:
        if exchange.id not in self.record.exchanges:
            self.record.exchanges[exchange.id] = to_recorded(exchange, self._redactor, body_limit=BODY_LIMIT)


def is_denied(exchange: Exchange) -> bool:
    """Whether a request with the run's own signature was answered with 403 AccessDenied."""
    response = exchange.response
    if not exchange.signed or response is None or response.status != HTTPStatus.FORBIDDEN:
        return False
    error = error_of(response)
    return error is not None and error.code == "AccessDenied"


def is_unsupported(exchange: Exchange) -> bool:
    """Whether an answer says that the operation is not offered."""
    response = exchange.response
    if response is None or response.status == HTTPStatus.NOT_IMPLEMENTED:
        return response is not None
    error = error_of(response) if response.status >= HTTPStatus.BAD_REQUEST else None
    return error is not None and error.code == "NotImplemented"


def _size(exchange: Exchange) -> int:
    return len(exchange.request_body) + len(exchange.target)
