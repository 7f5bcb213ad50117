"""The service under test as the suite sees it: send, judge, record, keep the ledger.

Every request of every test goes through :meth:`Service.call`, so no answer
escapes the judge and nothing is created that the ledger does not list.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Callable, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from typing import Any

from conformance.cases.case import NO_BODY, Authentication
from conformance.contract.loader import Contract
from conformance.contract.model import Level, Operation
from conformance.oracle.answer import Settings
from conformance.oracle.answers_query import may_lag
from conformance.oracle.body import read_body
from conformance.oracle.check import Check, Observation
from conformance.oracle.envelope import describe, error_of, told_time
from conformance.oracle.judge import Fate, Judge, Judgement
from conformance.oracle.model import Model
from conformance.suite.authentication import signing_for
from conformance.suite.borrowed import INDEX_QUOTA, Borrowed
from conformance.suite.delivery import Delivered, Delivery
from conformance.suite.events import TestRecorder, is_unsupported
from conformance.suite.hangs import Hangs
from conformance.suite.names import Names
from conformance.suite.settings import RunSettings
from conformance.suite.spending import Spending
from conformance.wire.exchange import Exchange, FailureKind, Request, Response
from conformance.wire.ledger import Kind, Ledger
from conformance.wire.session import WireSession
from conformance.wire.signing import utc_now

_LAGGING_OPERATIONS = frozenset({"QueryVectors", "ListVectorBuckets"})
# Settings that a write may reach late.
_LAGGING_SETTINGS = frozenset({"GetBucketPolicy", "GetBucketLogging"})
_SETTLE_PAUSES = (0.05, 0.1, 0.2, 0.4, 0.8)
# The account, not the implementation, is in the way (PutVectorBucket page, Error codes).
_ENVIRONMENT = {
    "TooManyBuckets": "the account has no room for another bucket",
    "BucketNameNotAvailable": "the service keeps the name unavailable for now",
    "UserDisable": "the account is disabled",
}
# After this many requirements that never settled, waiting has stopped being useful.
_PATIENCE = 6
# Of an approximate target: a lag shows itself at the first write, so that fewer waits in vain tell that there is none.
_PATIENCE_WITH_RECALL = 3
_NOT_FOUND = 404
_UNSUPPORTED_STATUS = 501
_CLOCK_STEP = timedelta(seconds=2)
_LOST = "the connection broke, and the answer to the repeated request may be about the first attempt"
_NAMED = re.compile(rb'"indexName"\s*:\s*"([A-Za-z0-9]+)"')


class Blocked(Exception):  # noqa: N818 - not an error of the suite: a prerequisite is missing
    """A test cannot go on because something it needs was not served; says what."""


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
        self.spending = Spending(settings, ledger, sleep=sleep)
        self._delivery = Delivery(self._send, sleep, throttled=self.spending.throttled)
        self._hangs = Hangs()
        self._unsettled: set[str] = set()
        self._waited_in_vain = 0
        self._waiting_helped = False
        self._home: str | None = None
        self._homeless = ""
        self._clock_offset = timedelta(0)
        self.borrowed = Borrowed(settings.bucket) if settings.bucket is not None else None

    @property
    def home(self) -> str:
        """The bucket of this worker: the user's, or one made on first use; :class:`Blocked` when there is none."""
        if self._home is None:
            if self._homeless:
                raise Blocked(self._homeless)
            try:
                if self.borrowed is not None:
                    name = self._move_into(self.borrowed)
                else:
                    name = self.names.bucket()
                    self.call("PutVectorBucket", bucket=name).need()
            except Blocked as reason:
                # Asked once: a target that creates no bucket is not asked again by every test.
                self._homeless = str(reason)
                raise
            self._home = name
        return self._home

    def _move_into(self, borrowed: Borrowed) -> str:
        """Learn which indexes are in the user's bucket before the first request that names one."""
        listing = self.contract.operation("ListVectorIndexes")
        try:
            found = borrowed.look_around(listing, lambda request: self._delivery.deliver(request).exchange)
        except LookupError as problem:
            raise Blocked(str(problem)) from problem
        self.names.avoid(borrowed.is_foreign)
        self.model.borrow(borrowed.bucket, found)
        return borrowed.bucket

    @property
    def gone(self) -> str | None:
        """Why nothing is sent any more, ``None`` while the target answers and the key is good."""
        gone = self._delivery.gone or self.session.key_problem
        return self.session.redactor.text(gone) if gone is not None else None

    @property
    def outages(self) -> int:
        """How often the target went away and came back."""
        return self._delivery.outages

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
        label: str = "",
        settle: bool | None = None,
    ) -> Result:
        """Send one request and judge its answer.

        ``bucket`` defaults to the worker's own for operations on a bucket.
        ``attack`` names the requirement a directed case is about, ``label`` tells
        what is observed from the other observations of that requirement.  ``settle``
        repeats a request whose answer may lag behind writes until it is right or
        the visibility timeout is over; queries, listings of buckets and reads of their settings always do.
        Raises :class:`TargetGone` when the endpoint stopped answering.
        """
        known = self.contract.operations.get(operation)
        on_service = known is not None and not known.on_bucket
        place = None if on_service else (bucket or self.home)
        session = self.session
        signing = signing_for(authentication, session.target, session.credentials, place, self._target_time)
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
        self._keep_off(request, authentication)
        if settle or (settle is None and operation in _LAGGING_OPERATIONS | _LAGGING_SETTINGS):
            return self._settled(request, attack, label)
        return self._take(self._judged(request, attack), attack, label)

    def call_at_once(
        self, operation: str, bodies: Sequence[Any], *, attack: str | None = None
    ) -> list[Result]:
        """Send several requests of one operation at the same time, then judge them one after another.

        Served ones are judged first: simultaneous requests have no order of
        their own, and that one explains the refusals.  Each closes its
        connection: a server that handles one at a time would wait for another
        request on the first for ever, and never come to the others.
        """
        self._delivery.check()
        self.spending.check()
        known = self.contract.operation(operation)
        requests = [
            Request(
                operation, known.method, _query(known, None, ""), self.home, body=_encode(body), closing=True
            )
            for body in bodies
        ]
        for request in requests:
            self._keep_off(request)
        entries = [self._enter(request) for request in requests]
        self.spending.before(operation, times=len(requests))
        for _ in requests:
            self.recorder.sent(operation)
        with ThreadPoolExecutor(len(requests)) as pool:
            exchanges = list(pool.map(self.session.send, requests))
        sent = sorted(
            zip(requests, exchanges, entries, strict=True),
            key=lambda item: item[1].response is None or item[1].response.status >= 300,
        )
        results = []
        excused = None
        for request, exchange, entry in sent:
            judgement = self.judge.judge(exchange, attack)
            excused = self._excuse(request, exchange, judgement, _decided(request, attack))
            self._note(request, exchange, entry)
            results.append(self._take(Result(exchange, judgement), attack))
        if any(exchange.response is None for exchange in exchanges):
            self._delivery.came_back()
        if excused:
            raise Blocked(excused)
        return results

    def _keep_off(self, request: Request, authentication: Authentication = Authentication.RUN) -> None:
        """Send nothing that could change what is not the run's, in a bucket that is not."""
        objection = self.borrowed.objection(request, authentication) if self.borrowed is not None else None
        if objection is not None:
            raise Blocked(objection)

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

    def _take(self, result: Result, attack: str | None, label: str = "") -> Result:
        judgement, response = result.judgement, result.exchange.response
        seen = judgement.observations
        if label:
            seen = [replace(item, observed=f"{label}: {item.observed}") for item in seen]
        self.recorder.add(judgement.checks, seen)
        self.recorder.step(result.exchange)
        self.recorder.answered(result.exchange)
        decided = attack or f"{result.exchange.operation}.success.status"
        if judgement.fate is Fate.THROTTLED:
            self.recorder.record.inconclusive[decided] = "throttled: the rate limit was exceeded throughout"
        elif judgement.fate is Fate.UNANSWERED:
            self._unanswered(result, decided)
        elif response is not None and is_unsupported(result.exchange):
            self.recorder.record.unsupported[result.exchange.operation] = describe(response)
        elif attack is not None:
            self._note_open(attack, judgement)
        return result

    def _note_open(self, attack: str, judgement: Judgement) -> None:
        """Say why an answer decided nothing, in case no other exchange decides the requirement either."""
        reason = judgement.open_because
        if reason is not None and self.contract.requirements[attack].level is not Level.PROBE:
            self.recorder.record.inconclusive.setdefault(attack, f"nothing can be expected: {reason}")

    def _settled(self, request: Request, attack: str | None, label: str) -> Result:
        """Repeat until nothing fails that waiting may cure, or the visibility timeout is over."""
        deadline = time.monotonic() + self.settings.visibility_timeout
        pauses = iter(_SETTLE_PAUSES)
        was_late = False
        while True:
            result = self._judged(request, attack)
            failed = {check.requirement for check in result.judgement.failed}
            answer = result.judgement.answer
            late = answer is not None and answer.late and self._late_is_worth_waiting
            self._waiting_helped |= was_late and not late
            # What did not settle once in all that time is wrong, not late: waiting again would only take long.
            if (failed <= self._unsettled and not late) or not all(map(may_lag, failed)):
                break
            final = request.operation in _LAGGING_OPERATIONS or (
                request.operation in _LAGGING_SETTINGS and result.status != _NOT_FOUND
            )
            if final and not result.served:
                # A read that is refused does not become right by waiting.
                break
            if time.monotonic() >= deadline or len(self._unsettled) >= _PATIENCE:
                self._unsettled |= failed
                self._waited_in_vain += late
                break
            if answer is not None:
                self.model.recall.forget(answer.counted)
            was_late = late
            self._sleep(next(pauses, _SETTLE_PAUSES[-1]))
        return self._take(result, attack, label)

    @property
    def _late_is_worth_waiting(self) -> bool:
        """Of an approximate target: whether what a query misses has ever turned up later."""
        return self._waiting_helped or self._waited_in_vain < _PATIENCE_WITH_RECALL

    def _judged(self, request: Request, attack: str | None) -> Result:
        self.spending.check()
        hopeless = self._hangs.reason(request.operation, attack)
        if hopeless is not None:
            raise Blocked(hopeless)
        created = self._enter(request)
        delivered = self._delivery.deliver(request)
        exchange = delivered.exchange
        self._hangs.note(exchange, attack)
        in_doubt = _may_meet_itself(delivered)
        if in_doubt:
            self.judge.judge(replace(exchange, response=None))
            if created is not None:
                self.ledger.entering(*created)
        judgement = self.judge.judge(exchange, attack)
        decided = _decided(request, attack)
        excused = self._excuse(request, exchange, judgement, decided)
        if not excused and in_doubt and all(check.requirement != decided for check in judgement.checks):
            self.recorder.record.inconclusive[decided] = _LOST
        self._note(request, exchange, created)
        return Result(exchange, judgement)

    def _environmental(self, request: Request, response: Response) -> str | None:
        """Why a write was refused for a reason that lies in the account, or in the user's bucket."""
        error = error_of(response) if response.status >= 400 else None
        code = (error.code or "") if error is not None else ""
        if request.operation == "PutVectorBucket":
            return _ENVIRONMENT.get(code)
        if request.operation == "PutBucketLogging" and code == "InvalidTargetBucketForLogging":
            return "logging needs a plain OSS bucket of the account as its target"
        if request.operation == "PutVectorIndex" and self.borrowed is not None and code == INDEX_QUOTA:
            return "the bucket of --bucket has no room for another index"
        return None

    def _excuse(self, request: Request, exchange: Exchange, judgement: Judgement, decided: str) -> str | None:
        """Take back what a refused write says of the target when something else is in the way; says what."""
        response = exchange.response
        reason = self._environmental(request, response) if response is not None else None
        if reason is not None:
            self.recorder.record.inconclusive[decided] = reason
            own = f"{request.operation}."
            judgement.checks = [
                check
                for check in judgement.checks
                if not check.requirement.startswith(own) and check.requirement != decided
            ]
        return reason

    def _send(self, request: Request) -> Exchange:
        self.spending.before(request.operation)
        self.recorder.sent(request.operation)
        exchange = self.session.send(request)
        self.recorder.record.elapsed += exchange.elapsed
        self._learn_clock(exchange)
        return exchange

    def _target_time(self) -> datetime:
        """The target's clock, by the Date of its last answer: skew is measured against it."""
        return utc_now() + self._clock_offset

    def _learn_clock(self, exchange: Exchange) -> None:
        moment = told_time(exchange)
        if moment is not None:
            offset = moment - exchange.started
            # Dates have whole seconds; a difference below that is no difference.
            # A target whose clock is further off than the skew refuses the run's own signature (Signature version 4
            # page, Time), so such a Date is not what it measures skew with.
            usable = _CLOCK_STEP < abs(offset) < self.contract.clock_skew
            self._clock_offset = offset if usable else timedelta(0)

    def _unanswered(self, result: Result, decided: str) -> None:
        """No answer, also on repetition, although the endpoint still answers others: the request's fault."""
        failure = result.exchange.failure
        assert failure is not None, "an exchange without an answer has a failure"
        if failure.kind is FailureKind.TIMEOUT:
            self.recorder.record.inconclusive[decided] = failure.message
            return
        self.check(decided, False, result.exchange, "an HTTP answer", failure.message)

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
        if status is None or (status >= 500 and status != _UNSUPPORTED_STATUS):
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


def _may_meet_itself(delivered: Delivered) -> bool:
    """Whether a refusal may come from an earlier attempt of the same request that took effect unseen."""
    exchange = delivered.exchange
    again = bool(delivered.lost) or exchange.attempt > 1
    return again and exchange.response is not None and 400 <= exchange.response.status < 500


def _decided(request: Request, attack: str | None) -> str:
    """The requirement that a request is about."""
    return attack or f"{request.operation}.success.status"


def _query(operation: Operation | None, sub_resource: str | None, query: str) -> str:
    own = sub_resource if sub_resource is not None else (operation.query if operation is not None else None)
    return "&".join(part for part in (own, query) if part)


def _encode(body: Any) -> bytes | None:
    if body is NO_BODY:
        return None
    return json.dumps(body, ensure_ascii=False, separators=(",", ":")).encode("utf-8", "surrogatepass")


def _index_name(body: bytes | None) -> str | None:
    """The index name in a body, however odd the rest of it is: a lenient service may serve it all the same."""
    value = read_body(body or b"").value
    if isinstance(value, dict):
        name = value.get("indexName")
        return name if isinstance(name, str) else None
    found = _NAMED.search(body or b"")
    return found[1].decode() if found is not None else None
