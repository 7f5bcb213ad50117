"""The emulator as the target of a measurement: it counts requests, and records them on demand.

``python -m benchmarks.target`` prints the line of the emulator when it listens and serves until its standard
input ends; then it prints what it counted.  Both tools meet the same process, and it is never part of what is
measured of them.
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import requests

from benchmarks.addresses import MAIN_BUCKET, SPARE_BUCKET
from conformance.wire.addressing import Addressing, Target, locate
from conformance.wire.credentials import Credentials
from conformance.wire.endpoint import parse_endpoint
from conformance.wire.signing import HeaderSignature
from oss_vectors_emulator.app import EmulatorApp, Message, Receive, Scope, Send
from oss_vectors_emulator.config import Settings
from oss_vectors_emulator.credentials import Credential
from oss_vectors_emulator.messages import HeaderList, Response
from oss_vectors_emulator.server import bind, run
from tests.faults.catalogue import FAULTS
from tests.faults.faulty_emulator import faulty_app

CREDENTIAL = Credential("benchmark-access-key", "benchmark-access-secret")
TOKEN = "benchmark-security-token"  # noqa: S105 - of an emulator that lives for seconds
REGION = "cn-hangzhou"


@dataclass(frozen=True, slots=True)
class Recorded:
    """One request as it arrived, and the status it was answered with."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    status: int


class CountingApp(EmulatorApp):
    """Another application, with a count of its requests; ``requests`` keeps them, if it is a list."""

    def __init__(self, inner: EmulatorApp, kept: list[Recorded] | None) -> None:
        super().__init__(inner.behaviour)
        self.inner = inner
        self.kept = kept
        self.count = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Count, and hand on."""
        self.count += 1
        if self.kept is None:
            await self.inner(scope, receive, send)
            return
        chunks: list[bytes] = []
        statuses: list[int] = []

        async def read() -> Message:
            message = await receive()
            chunks.append(message.get("body", b""))
            return message

        async def write(message: Message) -> None:
            if "status" in message:
                statuses.append(message["status"])
            await send(message)

        await self.inner(scope, read, write)
        if statuses:
            self.kept.append(_recorded(scope, b"".join(chunks), statuses[0]))

    def refuse_unreadable(self, reason: str, headers: HeaderList) -> tuple[Response, HeaderList]:
        """Such requests never become one for the application."""
        self.count += 1
        return self.inner.refuse_unreadable(reason, headers)


def _recorded(scope: Scope, body: bytes, status: int) -> Recorded:
    query = scope["query_string"].decode("latin-1")
    path = (scope.get("raw_path") or scope["path"].encode()).decode("latin-1")
    headers = tuple((name.decode("latin-1"), value.decode("latin-1")) for name, value in scope["headers"])
    return Recorded(scope["method"], f"{path}?{query}" if query else path, headers, body, status)


@dataclass
class Running:
    """An emulator that listens; ``requests`` and ``cpu`` (seconds) are known when it has stopped."""

    endpoint: str
    addressing: Addressing
    token: str | None
    requests: int = 0
    cpu: float = 0.0
    environment: dict[str, str] = field(init=False)

    def __post_init__(self) -> None:
        self.environment = {
            "OSS_ACCESS_KEY_ID": CREDENTIAL.access_key_id,
            "OSS_ACCESS_KEY_SECRET": CREDENTIAL.access_key_secret,
            "OSS_ACCOUNT_ID": CREDENTIAL.account_id,
            "OSS_REGION": REGION,
            **({"OSS_SESSION_TOKEN": self.token} if self.token else {}),
        }

    @property
    def target(self) -> Target:
        """What signers and addresses are made for."""
        return Target(parse_endpoint(self.endpoint), REGION, CREDENTIAL.account_id, self.addressing)

    def create_buckets(self) -> int:
        """Create the buckets that plain schemathesis works in; how many requests that took.

        What is answered does not matter: a fault may sit right here, and a tool has to find that out itself.
        """
        credentials = Credentials(CREDENTIAL.access_key_id, CREDENTIAL.access_key_secret, self.token)
        for bucket in (MAIN_BUCKET, SPARE_BUCKET):
            place = locate(self.target, bucket)
            signer = HeaderSignature(credentials, REGION, CREDENTIAL.account_id, bucket)
            requests.put(place.url, headers={"Host": place.host}, auth=signer, timeout=10)
        return 2


@contextmanager
def running(fault: str | None = None, recording: Path | None = None) -> Iterator[Running]:
    """A fresh emulator, on demand with a fault, in a process of its own."""
    known = FAULTS[fault] if fault is not None else None
    token = TOKEN if known is not None and known.temporary_key else None
    command = [sys.executable, "-m", "benchmarks.target"]
    command += ["--fault", fault] if fault is not None else []
    command += ["--record", str(recording)] if recording is not None else []
    command += ["--token", token] if token is not None else []
    with subprocess.Popen(  # noqa: S603 - this interpreter with options made above
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    ) as process:
        assert process.stdin is not None, "a pipe"
        assert process.stdout is not None, "a pipe"
        line = process.stdout.readline()
        if "http://" not in line:
            raise RuntimeError(f"the emulator of the benchmark did not start: {line!r}")
        endpoint = "http://" + line.rsplit("http://", 1)[1].strip()
        addressing = Addressing(known.addressing if known is not None else "virtual-host")
        emulator = Running(endpoint, addressing, token)
        try:
            yield emulator
        finally:
            process.stdin.close()
            told = process.stdout.read()
        if not told and fault is None:
            raise RuntimeError("the emulator of the benchmark ended by itself")
        # A fault may have brought it down, which is for the tools to notice.
        counted = json.loads(told or '{"requests": 0, "cpu": 0.0}')
        emulator.requests, emulator.cpu = counted["requests"], counted["cpu"]


def save(recorded: list[Recorded], path: Path) -> None:
    """Write a recording; bytes as the characters of the same numbers."""
    rows = [[one.method, one.target, one.headers, one.body.decode("latin-1"), one.status] for one in recorded]
    path.write_text(json.dumps(rows), encoding="utf-8")


def load(path: Path) -> list[Recorded]:
    """The requests of a recording."""
    return [
        Recorded(method, target, tuple(map(tuple, headers)), body.encode("latin-1"), status)
        for method, target, headers, body, status in json.loads(path.read_text(encoding="utf-8"))
    ]


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until standard input ends, then tell the count."""
    parser = argparse.ArgumentParser(prog="target", description="The emulator, counting.")
    parser.add_argument("--fault", choices=FAULTS, metavar="NAME")
    parser.add_argument("--token", metavar="TEXT")
    parser.add_argument("--record", type=Path, metavar="FILE")
    options = parser.parse_args(arguments)
    credential = Credential(
        CREDENTIAL.access_key_id, CREDENTIAL.access_key_secret, CREDENTIAL.account_id, options.token
    )
    settings = Settings(region=REGION, credentials=(credential,))
    fault = FAULTS[options.fault] if options.fault else None
    app = CountingApp(faulty_app(fault, settings), [] if options.record else None)
    worked = time.process_time()
    run(app, bind("127.0.0.1", 0), exit_with_parent=True)
    if app.kept is not None:
        save(app.kept, options.record)
    sys.stdout.write(json.dumps({"requests": app.count, "cpu": time.process_time() - worked}) + "\n")
    return 0


if __name__ == "__main__":
    sys.exit(main())
