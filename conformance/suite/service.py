"""The service under test as the suite sees it: send, judge, record, keep the ledger.

Every request of every test goes through :meth:`Service.call`, so no answer
escapes the judge and nothing is created that the ledger does not list.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import datetime, timedelta
from email.utils import parsedate_to_datetime
from typing import Any

from conformance.cases.case import NO_BODY, Authentication
from conformance.contract.loader import Contract
from conformance.contract.model import Operation
from conformance.oracle.answer import Settings
from conformance.oracle.answers_query import may_lag
from conformance.oracle.body import read_json
from conformance.oracle.check import Check, Observation
from conformance.oracle.envelope import describe, error_of
from conformance.oracle.judge import Fate, Judge, Judgement, is_throttled
from conformance.oracle.model import Model
from conformance.suite.authentication import signing_for
from conformance.suite.events import TestRecorder
from conformance.suite.names import Names
from conformance.suite.settings import RunSettings
from conformance.wire.exchange import Exchange, FailureKind, Request, Response
from conformance.wire.ledger import Kind, Ledger
from conformance.wire.session import WireSession
from conformance.wire.signing import utc_now

_THROTTLE_PAUSES = (0.25, 0.5, 1.0, 2.0, 4.0)
_LAGGING_OPERATIONS = frozenset({"QueryVectors", "ListVectorBuckets"})
_SETTLE_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
# Gateways in front of a service answer these while it restarts; the request is sent once more.
_TRANSIENT = frozenset({502, 504})
# The account, not the implementation, is in the way (PutVectorBucket page, Error codes).
_ENVIRONMENT = {
    "TooManyBuckets": "the account has no room for another bucket",
    "BucketNameNotAvailable": "the service keeps the name unavailable for now",
    "UserDisable": "the account is disabled",
}
# After this many requirements that never settled, waiting has stopped being useful.
_PATIENCE = 6
_UNSUPPORTED_STATUS = 501
_CLOCK_STEP = timedelta(seconds=2)


class Blocked(Exception):  # noqa: N818 - not an error of the suite: a prerequisite is missing
    """A test cannot go on because something it needs was not served; says what."""


class TargetGone(Exception):  # noqa: N818 - the target's state, not an error of the suite
    """The endpoint stopped answering altogether."""


@dataclass(frozen=True, slots=True)
class Result:
    """What came of one call: the exchange, its judgement and the parsed answer."""

    exchange: Exchange
    judgement: Judgement

    @property
    def served(self) -> bool:
        """Whether the request was served (any 2xx)."""
        return self.judgement.fate is Fate.SERVED

    @property
    def status(self) -> int | None:
        """HTTP status, ``None`` when there was no answer."""
        return self.exchange.response.status if self.exchange.response else None

    @property
    def value(self) -> Any:
        """The JSON of a served answer that has the documented shape, else ``None``."""
        answer = self.judgement.answer
        return answer.value if answer is not None and answer.readable else None

    def need(self) -> Result:
        """This result, or :class:`Blocked` when the request was not served."""
        if not self.served:
            response = self.exchange.response
            got = describe(response) if response is not None else _failure(self.exchange)
            raise Blocked(f"{self.exchange.operation} was not served: {got}")
        return self

    def members(self, name: str) -> list[dict[str, Any]]:
        """The array ``name`` of a served answer; :class:`Blocked` when it is not there."""
        self.need()
        value = self.value
        if not isinstance(value, dict) or not isinstance(value.get(name), list):
            raise Blocked(f"the answer of {self.exchange.operation} has no readable array {name}")
        return list(value[name])


def _failure(exchange: Exchange) -> str:
    return exchange.failure.message if exchange.failure is not None else "no answer"


class Service:
    """One worker's view of the target."""

    def __init__(
        self,
        contract: Contract,
        session: WireSession,
        ledger: Ledger,
        settings: RunSettings,
        *,
        worker: str = "a",
        sleep: Callable[[float], None] = time.sleep,
    ) -> None:
        self.contract = contract
        self.settings = settings
        self.session = session
        self.ledger = ledger
        self.names = Names(settings.run_id, worker)
        self.model = Model()
        facts = Settings(settings.region, settings.account_id, settings.min_recall)
        self.judge = Judge(contract, self.model, facts)
        self.recorder = TestRecorder(session.redactor)
        self._sleep = sleep
        self._unsettled: set[str] = set()
        self._home: str | None = None
        self._homeless = ""
        self._stranger: bool | None = None
        self._clock_offset = timedelta(0)

    @property
    def home(self) -> str:
        """The bucket of this worker, created on first use; :class:`Blocked` when it cannot be."""
        if self._home is None:
            if self._homeless:
                raise Blocked(self._homeless)
            name = self.names.bucket()
            try:
                self.call("PutVectorBucket", bucket=name).need()
            except Blocked as reason:
                # Asked once: a target that creates no bucket is not asked again by every test.
                self._homeless = str(reason)
                raise
            self._home = name
        return self._home

    def is_stranger(self) -> bool:
        """Whether the target shows no sign of being an OSS Vectors service at all; asked once.

        Any answer in a documented form is a sign: a listing of buckets, the
        description of a bucket, or an error in the documented envelope.  A
        static file server, an echo or another vendor's API gives none, and
        deserves a short report instead of hundreds of failures.
        """
        if self._stranger is None:
            requests = (
                Request("ListVectorBuckets", "GET", "max-keys=1"),
                Request("GetVectorBucket", "GET", "bucketInfo", self.names.bucket()),
            )
            self._stranger = not any(_is_sign(self._send(request).response) for request in requests)
        return self._stranger

    def call(
        self,
        operation: str,
        body: Any = NO_BODY,
        *,
        bucket: str | None = None,
        raw: bytes | None = None,
        query: str = "",
        headers: tuple[tuple[str, str], ...] = (),
        chunked: bool = False,
        method: str | None = None,
        sub_resource: str | None = None,
        authentication: Authentication = Authentication.RUN,
        attack: str | None = None,
        settle: bool | None = None,
    ) -> Result:
        """Send one request and judge its answer.

        ``bucket`` defaults to the worker's own for operations on a bucket.
        ``attack`` names the requirement a directed case is about.  ``settle``
        repeats a request whose answer may lag behind writes until it is right or
        the visibility timeout is over; queries and listings of buckets always do.  Raises :class:`TargetGone` when the
        endpoint stopped answering.
        """
        known = self.contract.operations.get(operation)
        on_service = known is not None and not known.on_bucket
        place = None if on_service else (bucket or self.home)
        signing = signing_for(authentication, self.session.target, self.session.credentials, place, utc_now)
        request = Request(
            operation=operation,
            method=method or (known.method if known is not None else "POST"),
            query=_query(known, sub_resource, query),
            bucket=place,
            headers=headers,
            body=raw if raw is not None else _encode(body),
            chunked=chunked,
            auth=signing.auth,
            tamper=signing.tamper,
        )
        if settle or (settle is None and operation in _LAGGING_OPERATIONS):
            return self._settled(request, attack)
        return self._take(self._judged(request, attack), attack)

    def call_at_once(
        self, operation: str, bodies: Sequence[Any], *, attack: str | None = None
    ) -> list[Result]:
        """Send several requests of one operation at the same time, then judge them one after another.

        Served ones are judged first: simultaneous requests have no order of
        their own, and that one explains the refusals.
        """
        known = self.contract.operation(operation)
        requests = [
            Request(operation, known.method, _query(known, None, ""), self.home, body=_encode(body))
            for body in bodies
        ]
        entries = [self._enter(request) for request in requests]
        for _ in requests:
            self.recorder.sent(operation)
        with ThreadPoolExecutor(len(requests)) as pool:
            exchanges = list(pool.map(self.session.send, requests))
        sent = sorted(
            zip(requests, exchanges, entries, strict=True),
            key=lambda item: item[1].response is None or item[1].response.status >= 300,
        )
        results = []
        for request, exchange, entry in sent:
            judgement = self.judge.judge(exchange, attack)
            self._note(request, exchange, entry)
            results.append(self._take(Result(exchange, judgement), attack))
        return results

    def check(
        self, requirement: str, ok: bool, exchange: Exchange, expected: object = "", actual: object = ""
    ) -> bool:
        """Record a check that a test makes itself, across several exchanges.  Returns ``ok``."""
        check = Check(requirement, ok, exchange, str(expected), str(actual))
        self.recorder.add([check], [])
        return ok

    def observe(self, requirement: str, observed: str, exchange: Exchange) -> None:
        """Record behaviour that the documents leave open."""
        self.recorder.add([], [Observation(requirement, observed, exchange)])

    def _take(self, result: Result, attack: str | None) -> Result:
        judgement, response = result.judgement, result.exchange.response
        self.recorder.add(judgement.checks, judgement.observations)
        self.recorder.step(result.exchange)
        decided = attack or f"{result.exchange.operation}.success.status"
        if judgement.fate is Fate.THROTTLED:
            self.recorder.record.inconclusive[decided] = "throttled: the rate limit was exceeded throughout"
        elif judgement.fate is Fate.UNANSWERED:
            self._unanswered(result, decided)
        elif response is not None and _is_unsupported(response):
            self.recorder.record.unsupported[result.exchange.operation] = describe(response)
        return result

    def _settled(self, request: Request, attack: str | None) -> Result:
        """Repeat until nothing fails that waiting may cure, or the visibility timeout is over."""
        deadline = time.monotonic() + self.settings.visibility_timeout
        pauses = iter(_SETTLE_PAUSES)
        while True:
            result = self._judged(request, attack)
            failed = {check.requirement for check in result.judgement.failed}
            # What did not settle once in all that time is wrong, not late: waiting again would only take long.
            if not failed or failed <= self._unsettled or not all(map(may_lag, failed)):
                break
            if not result.served and request.operation in _LAGGING_OPERATIONS:
                # A read that is refused does not become right by waiting.
                break
            if time.monotonic() >= deadline or len(self._unsettled) >= _PATIENCE:
                self._unsettled |= failed
                break
            self._sleep(next(pauses, _SETTLE_PAUSES[-1]))
        return self._take(result, attack)

    def _judged(self, request: Request, attack: str | None) -> Result:
        created = self._enter(request)
        exchange = self._answered(request)
        judgement = self.judge.judge(exchange, attack)
        response = exchange.response
        environmental = _environmental(response) if response is not None else None
        if environmental is not None and request.operation == "PutVectorBucket":
            self.recorder.record.inconclusive[attack or "PutVectorBucket.success.status"] = environmental
            judgement.checks = [
                check for check in judgement.checks if not check.requirement.startswith("PutVectorBucket.")
            ]
        self._note(request, exchange, created)
        return Result(exchange, judgement)

    def _answered(self, request: Request) -> Exchange:
        """Send, patiently with throttling and gateways, and once more where the connection failed."""
        exchange = self._send(request)
        for pause in _THROTTLE_PAUSES:
            if exchange.response is None or not is_throttled(exchange.response):
                break
            self._sleep(pause)
            exchange = self._send(request)
        response = exchange.response
        if response is not None and response.status in _TRANSIENT:
            self._sleep(_SETTLE_PAUSES[-1])
            exchange = self._send(request)
        elif exchange.failure is not None and exchange.failure.kind is not FailureKind.TIMEOUT:
            exchange = self._send(request)
        return exchange

    def _send(self, request: Request) -> Exchange:
        self.recorder.sent(request.operation)
        exchange = self.session.send(request)
        self._learn_clock(exchange)
        return exchange

    def _target_time(self) -> datetime:
        """The target's clock, by the Date of its last answer: skew is measured against it."""
        return utc_now() + self._clock_offset

    def _learn_clock(self, exchange: Exchange) -> None:
        date = exchange.response.header("Date") if exchange.response is not None else None
        try:
            moment = parsedate_to_datetime(date) if date else None
        except ValueError:
            return
        if moment is not None and moment.tzinfo is not None:
            offset = moment - exchange.started
            # Dates have whole seconds; a difference below that is no difference.
            self._clock_offset = offset if abs(offset) > _CLOCK_STEP else timedelta(0)

    def _unanswered(self, result: Result, decided: str) -> None:
        """No answer, also on repetition: the request's fault if the endpoint still answers others."""
        failure = result.exchange.failure
        assert failure is not None, "an exchange without an answer has a failure"
        if failure.kind is FailureKind.TIMEOUT:
            self.recorder.record.inconclusive[decided] = failure.message
            self._still_there()
            return
        self._still_there()
        self.check(decided, False, result.exchange, "an HTTP answer", failure.message)

    def _still_there(self) -> None:
        probe = Request("ListVectorBuckets", "GET", "max-keys=1")
        exchange = self._send(probe)
        if exchange.response is None:
            exchange = self._send(probe)
        if exchange.response is None:
            raise TargetGone(_failure(exchange))

    def _enter(self, request: Request) -> tuple[Kind, str, str] | None:
        """Write a create into the ledger before it is sent."""
        if request.bucket is None:
            return None
        if request.operation == "PutVectorBucket":
            entry: tuple[Kind, str, str] = ("bucket", request.bucket, request.bucket)
        elif request.operation == "PutVectorIndex":
            name = _index_name(request.body)
            if name is None:
                return None
            entry = ("index", request.bucket, name)
        else:
            return None
        self.ledger.entering(*entry)
        return entry

    def _note(self, request: Request, exchange: Exchange, created: tuple[Kind, str, str] | None) -> None:
        """Write into the ledger what became of a create or a delete."""
        status = exchange.response.status if exchange.response is not None else None
        if status is None or status >= 500:
            return
        if created is not None:
            note = self.ledger.created if status < 300 else self.ledger.refused
            note(*created)
        elif status < 300 and request.bucket is not None:
            if request.operation == "DeleteVectorBucket":
                self.ledger.deleted("bucket", request.bucket, request.bucket)
            elif request.operation == "DeleteVectorIndex":
                name = _index_name(request.body)
                if name is not None:
                    self.ledger.deleted("index", request.bucket, name)


def _query(operation: Operation | None, sub_resource: str | None, query: str) -> str:
    own = sub_resource if sub_resource is not None else (operation.query if operation is not None else None)
    return "&".join(part for part in (own, query) if part)


def _encode(body: Any) -> bytes | None:
    if body is NO_BODY:
        return None
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _index_name(body: bytes | None) -> str | None:
    """The index name in a body, however odd the rest of it is."""
    if body is None:
        return None
    try:
        value = json.loads(body)
    except (ValueError, RecursionError):
        return None
    name = value.get("indexName") if isinstance(value, dict) else None
    return name if isinstance(name, str) else None


def _is_unsupported(response: Response) -> bool:
    """Whether an answer says that the operation is not offered at all."""
    error = error_of(response) if response.status >= 400 else None
    return response.status == _UNSUPPORTED_STATUS or (error is not None and error.code == "NotImplemented")


def _is_sign(response: Response | None) -> bool:
    if response is None:
        return True  # no answer is not the answer of a stranger
    error = error_of(response)
    if response.status >= 400:
        return error is not None and error.code is not None
    try:
        value = read_json(response.body)
    except ValueError:
        return False
    return isinstance(value, dict) and bool({"ListAllMyBucketsResult", "BucketInfo"} & value.keys())


def _environmental(response: Response) -> str | None:
    error = error_of(response)
    return _ENVIRONMENT.get(error.code or "") if error is not None else None
