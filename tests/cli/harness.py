"""Starts the command and small broken services for it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

ROOT = Path(__file__).resolve().parents[2]
KEY_ID = "canary-key-id-0123456789"
SECRET = "canary-secret-abcdefghijkl"
TOKEN = "canary-token-qrstuvwxyz012345"
ACCOUNT = "1234567890123456"
KEYS = {"OSS_ACCESS_KEY_ID": KEY_ID, "OSS_ACCESS_KEY_SECRET": SECRET}
#: Requirements that one small test each decides: of a request that is served, and of one that is refused.
QUICK = "PutVectorIndex.dimension.minimum.accepted"
REFUSED = "PutVectorIndex.dimension.maximum.rejected"
_TIMEOUT = 120


@dataclass(frozen=True)
class Ended:
    """A process that has ended."""

    code: int
    out: str
    err: str

    @property
    def sentence(self) -> str:
        """The only line on standard error, as a usage mistake must leave it."""
        assert "Traceback" not in self.err, self.err
        assert self.err.count("\n") == 1, self.err
        return self.err.strip().removeprefix("oss-vectors-conformance: ")


def environment(**changes: str) -> dict[str, str]:
    """An environment without anything of the caller's that could matter."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(("OSS_", "PYTEST_"))}
    return {**kept, "COLUMNS": "80", "NO_COLOR": "1", "PYTHONPATH": str(ROOT), **changes}


def command(*words: str, cwd: Path, **changes: str) -> Ended:
    """Run ``oss-vectors-conformance`` to its end."""
    return execute([sys.executable, "-m", "conformance", *words], cwd=cwd, **changes)


def execute(words: Sequence[str], *, cwd: Path, **changes: str) -> Ended:
    """Run any process to its end."""
    done = subprocess.run(
        words,
        cwd=cwd,
        env=environment(**changes),
        capture_output=True,
        text=True,
        timeout=_TIMEOUT,
        check=False,
    )
    return Ended(done.returncode, done.stdout, done.stderr)


@contextmanager
def emulator(*options: str, cwd: Path, **changes: str) -> Iterator[str]:
    """The emulator as the command starts it, on a free port; yields its address."""
    words = [sys.executable, "-m", "conformance", "emulator", "--port", "0", "--exit-with-parent", *options]
    process = subprocess.Popen(
        words,
        cwd=cwd,
        env=environment(**KEYS, **changes),
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdin is not None
    assert process.stdout is not None
    try:
        yield "http://" + process.stdout.readline().rsplit("http://", 1)[1].strip()
    finally:
        process.stdin.close()
        process.wait(timeout=_TIMEOUT)
        process.stdout.close()


def read_report(directory: Path) -> dict[str, Any]:
    """The JSON report of a run."""
    report: dict[str, Any] = json.loads((directory / "report.json").read_text(encoding="utf-8"))
    return report


def outcomes(report: dict[str, Any]) -> dict[str, str]:
    """Outcome by requirement id, without what was not selected."""
    return {
        entry["id"]: entry["outcome"]
        for entry in report["requirements"]
        if entry["outcome"] not in ("not selected", "excluded")
    }


def tree(directory: Path) -> set[str]:
    """Every file below a directory."""
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


#: Decides the answer to a request: (method, target) to (status, body), ``None`` to hang up.
Behaviour = Callable[[str, str], tuple[int, bytes] | None]


@dataclass
class Service:
    """A service that is not OSS Vectors; ``seen`` lists the requests it got."""

    behaviour: Behaviour
    seen: list[tuple[str, str]] = field(default_factory=list)
    address: str = ""

    @contextmanager
    def running(self) -> Iterator[Service]:
        """Serve on a free port."""
        server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(self))
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        self.address = f"http://127.0.0.1:{server.server_port}"
        try:
            yield self
        finally:
            server.shutdown()
            server.server_close()
            thread.join()


def _handler(service: Service) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def answer(self) -> None:
            self.rfile.read(int(self.headers.get("Content-Length") or 0))
            service.seen.append((self.command, self.path))
            answer = service.behaviour(self.command, self.path)
            if answer is None:
                self.close_connection = True
                return
            status, body = answer
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = answer

        def log_message(self, *_: object) -> None:
            """Keep quiet."""

    return Handler
