"""Sequences of requests as schemathesis' stateful phase makes them, judged by our judge.

The engine follows links from one operation to the next (create an index, write
to it, read, delete), with bodies that are mostly valid and sometimes mutated.
Links quote requests only, so the endpoint under test decides neither what is
sent nor what it means.  Runs from the profile ``full`` on; the state machine of
``test_state_machine.py`` covers the same ground in ``core``, more directly.
"""

from __future__ import annotations

import time
import zlib
from typing import TYPE_CHECKING, Any, ClassVar

import hypothesis
from hypothesis.errors import Flaky
from hypothesis.stateful import run_state_machine_as_test

from conformance.cases.baselines import DIMENSION
from conformance.cases.case import NO_BODY
from conformance.cases.engine_bodies import within_reach
from conformance.cases.engine_schema import engine_schema
from conformance.contract.model import Profile
from conformance.suite.collecting import decides, in_profile
from conformance.suite.property_tests import SHRINKING_SECONDS, PropertyViolated, must_hold
from conformance.suite.resources import Resources
from conformance.suite.service import Blocked, Result, Service

if TYPE_CHECKING:
    from schemathesis.core.transport import Response
    from schemathesis.generation.case import Case
    from schemathesis.generation.stateful.state_machine import APIStateMachine

_EXAMPLES = {Profile.FULL: 20, Profile.FUZZ: 100}
_STEPS = 12


def _machine(service: Service, resources: Resources) -> type[APIStateMachine]:
    """The engine's machine over the linked document, sending through the service and judged by it."""
    import requests  # noqa: PLC0415 - only for the form of an answer that the engine wants
    from schemathesis.core.transport import Response  # noqa: PLC0415 - slow to import, and only needed here

    base = engine_schema(seed=service.settings.seed, links=True).as_state_machine()

    class Sequence(base):  # type: ignore[misc, valid-type]
        first_failure: ClassVar[float | None] = None

        def setup(self) -> None:
            self.indexes: set[str] = set()
            if self.first_failure is not None and time.monotonic() > self.first_failure + SHRINKING_SECONDS:
                # Long enough: sequences that are no longer tried count as no failures, which ends the shrinking.
                hypothesis.reject()
            self.filler = resources.filler()
            self.result: Result | None = None
            service.recorder.start_script()

        def call(self, case: Case[Any], **kwargs: Any) -> Response:
            del kwargs
            operation = case.operation.definition.raw["operationId"]
            body = self.filler.fill(within_reach(operation, case.body, self.indexes))
            if operation == "PutVectorIndex" and isinstance(body, dict):
                self._note_creation(body)
            if body is not NO_BODY:
                # Links of later steps quote what was sent, not what was first proposed.
                case.body = body
            call = {"raw": body} if isinstance(body, bytes) else {"body": body}
            result = self.result = service.call(operation, **call, settle=operation == "QueryVectors")
            answer = result.exchange.response
            if answer is None:
                raise Blocked(f"{operation} was not answered")
            headers = {name.lower(): [value] for name, value in answer.headers}
            request = requests.Request(result.exchange.method, result.exchange.url).prepare()
            return Response(answer.status, headers, answer.body, request, result.exchange.elapsed, True)

        def _note_creation(self, body: dict[str, Any]) -> None:
            if isinstance(body.get("indexName"), str):
                self.indexes.add(body["indexName"])
            # Any valid dimension would do, but the vectors of later steps have this one.
            most = service.contract.limit("PutVectorIndex", "dimension/maximum")
            if type(body.get("dimension")) is int and 1 <= body["dimension"] <= most:
                body["dimension"] = DIMENSION

        def validate_response(self, response: Response, case: Case[Any], *args: Any, **kwargs: Any) -> None:
            del response, case, args, kwargs
            assert self.result is not None, "validated after a call"
            try:
                must_hold(self.result)
            except PropertyViolated:
                type(self).first_failure = self.first_failure or time.monotonic()
                raise

        def teardown(self) -> None:
            service.recorder.end_script()
            for name in sorted(self.indexes):
                if service.model.index(service.home, name) is not None:
                    service.call("DeleteVectorIndex", {"indexName": name})

    return Sequence


@decides("PutVectorIndex.success.status", "PutVectors.success.status", "DeleteVectorIndex.success.status")
@in_profile(Profile.FULL)
def test_generated_sequences(service: Service, resources: Resources) -> None:
    """Sequences over the links of the document, compared with the model after every step."""
    service.home  # noqa: B018 - a missing bucket must block the test, not each sequence
    profile = Profile(service.settings.profile)
    seed = zlib.crc32(f"{service.settings.seed}:schemathesis sequences".encode())
    machine = hypothesis.seed(seed)(_machine(service, resources))
    settings = hypothesis.settings(
        max_examples=_EXAMPLES.get(profile, _EXAMPLES[Profile.FULL]), stateful_step_count=_STEPS
    )
    try:
        run_state_machine_as_test(machine, settings=settings)
    except Flaky as problem:
        # Shrinking was ended, or the target answered in two ways; the violation is on record.
        raise PropertyViolated(str(problem)) from problem
