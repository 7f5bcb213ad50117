"""Sequences of requests as schemathesis' stateful phase makes them, judged by our judge.

The engine follows links from one operation to the next (create an index, write
to it, read, delete), with bodies that are mostly valid and sometimes mutated.
Links quote requests only, so the endpoint under test decides neither what is
sent nor what it means.  Runs from the profile ``full`` on; the state machine of
``test_state_machine.py`` covers the same ground in ``core``, more directly.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import hypothesis

from conformance.cases.baselines import DIMENSION
from conformance.cases.case import NO_BODY
from conformance.cases.engine_bodies import within_reach
from conformance.cases.engine_schema import engine_schema
from conformance.contract.model import Profile
from conformance.suite.collecting import decides, in_profile
from conformance.suite.exploring import Shrinking, explore_sequences
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

    shrinking = Shrinking()
    base = engine_schema(seed=service.settings.seed, links=True).as_state_machine()

    class Sequence(base):  # type: ignore[misc, valid-type]
        def setup(self) -> None:
            self.indexes: set[str] = set()
            if shrinking.is_over:
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
            shrinking.must_hold(self.result)

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
    examples = _EXAMPLES.get(Profile(service.settings.profile), _EXAMPLES[Profile.FULL])
    machine = _machine(service, resources)
    explore_sequences(service, "schemathesis sequences", machine, examples=examples, steps=_STEPS)
