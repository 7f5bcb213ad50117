"""A session without a network: it answers out of the fake service, or as a script says."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import Any

from conformance.contract.loader import load_contract
from conformance.suite.service import Service
from conformance.suite.settings import RunSettings
from conformance.wire.addressing import Target
from conformance.wire.credentials import Credentials
from conformance.wire.exchange import Exchange, FailureKind, Request, Response, TransportFailure
from conformance.wire.ledger import Ledger, RunIdentity
from conformance.wire.redaction import Redactor
from tests.unit.oracle.fake import ACCOUNT, BUCKET, REGION, Scene, host_of

Answer = Response | FailureKind
Script = Callable[[Request], Answer | None]

SETTINGS = RunSettings(
    endpoint="http://127.0.0.1:9000",
    region=REGION,
    account_id=ACCOUNT,
    run_id="r1234567",
    visibility_timeout=0.0,
)


@dataclass
class FakeSession:
    """Records what is sent; ``script`` answers before the fake service does, ``watch`` sees each request first."""

    script: Script = lambda _: None
    watch: Callable[[Request], None] = lambda _: None
    sent: list[Request] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.scene = Scene()
        self.key_problem: str | None = None
        self.credentials = Credentials("LTAIconformance", "S3cret/Value+With=Odd~Chars")
        self.redactor = Redactor(self.credentials)

    @property
    def target(self) -> Target:
        """Where requests would go."""
        return SETTINGS.target

    @property
    def operations(self) -> list[str]:
        """What was sent, by operation."""
        return [request.operation for request in self.sent]

    def send(self, request: Request) -> Exchange:
        """Answer one request, from the script or from the fake service."""
        self.watch(request)
        self.sent.append(request)
        answer = self.script(request)
        if answer is None:
            answer = self._right(request)
        if isinstance(answer, Response):
            # Scripts are written without knowing the bucket's name.
            hosts = host_of(BUCKET).encode(), host_of(request.bucket).encode()
            answer = replace(answer, body=answer.body.replace(*hosts))
        exchange = self.scene.exchange(
            request.operation,
            response=answer if isinstance(answer, Response) else None,
            bucket=request.bucket,
            raw=request.body or b"",
            signed=request.auth is None and request.tamper is None,
        )
        if isinstance(answer, FailureKind):
            exchange = replace(exchange, failure=TransportFailure(answer, f"failed: {answer.value}."))
        return replace(exchange, target=f"/?{request.query}".rstrip("?"))

    def _right(self, request: Request) -> Response:
        body: Any = json.loads(request.body) if request.body else None
        return self.scene.answer(request.operation, body, bucket=request.bucket, query=request.query)


@dataclass
class Stage:
    """A service on a fake session, with an in-memory ledger and a sleep that only takes notes."""

    session: FakeSession
    settings: RunSettings = SETTINGS

    def __post_init__(self) -> None:
        self.slept: list[float] = []
        self.ledger = Ledger(None, RunIdentity.of(self.settings.target, self.settings.run_id))
        self.service = Service(
            load_contract(),
            self.session,  # type: ignore[arg-type]
            self.ledger,
            self.settings,
            sleep=self.slept.append,
        )

    @property
    def violated(self) -> set[str]:
        """Requirements that the record of the running test finds violated."""
        return {event.requirement for event in self.service.recorder.record.violations}

    @property
    def inconclusive(self) -> dict[str, str]:
        """Requirements that could not be decided, and why."""
        return self.service.recorder.record.inconclusive


def stage(script: Script | None = None, **settings: Any) -> Stage:
    """A service whose target follows a script."""
    session = FakeSession(script) if script is not None else FakeSession()
    return Stage(session, replace(SETTINGS, **settings))
