"""A scripted TCP server: every test says byte for byte what its endpoint does."""

from __future__ import annotations

import contextlib
import socket
import struct
import threading
from collections.abc import Callable, Iterator

import pytest

from conformance.wire.addressing import Target
from conformance.wire.credentials import Credentials
from conformance.wire.endpoint import parse_endpoint
from conformance.wire.session import WireSession

SECRET = "S3cret/Value+With=Odd~Chars"
TOKEN = 'CAISt0ken/+=="quoted"'

Script = Callable[["Peer"], None]


class Peer:
    """One accepted connection, as a script sees it."""

    def __init__(self, server: RawServer, sock: socket.socket) -> None:
        self.server = server
        self.sock = sock
        self.stopped = server.stopped

    def request(self) -> bytes:
        """Read one request to its end and note it; empty when the client has gone."""
        data = b""
        while b"\r\n\r\n" not in data:
            more = self.sock.recv(65536)
            if not more:
                return b""
            data += more
        head, _, body = data.partition(b"\r\n\r\n")
        lower = head.lower()
        if b"transfer-encoding: chunked" in lower:
            while not body.endswith(b"0\r\n\r\n"):
                body += self.sock.recv(65536)
        elif b"content-length: " in lower:
            length = int(lower.split(b"content-length: ")[1].split(b"\r\n")[0])
            rest = bytearray(body)
            while len(rest) < length:
                rest += self.sock.recv(1 << 20)
            body = bytes(rest)
        self.server.requests.append(head + b"\r\n\r\n" + body)
        return data

    def send(self, *parts: bytes) -> None:
        for part in parts:
            self.sock.sendall(part)

    def answer(self, body: bytes = b"", *headers: bytes, status: bytes = b"200 OK") -> None:
        """A complete answer that keeps the connection open."""
        lines = [b"HTTP/1.1 " + status, *headers, b"Content-Length: %d" % len(body)]
        self.send(b"\r\n".join(lines) + b"\r\n\r\n" + body)

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        self.sock.close()


class RawServer:
    """Runs one script per connection; the last script serves all further ones."""

    def __init__(self, *scripts: Script) -> None:
        self.scripts = scripts
        self.requests: list[bytes] = []
        self.connections = 0
        self.stopped = threading.Event()
        self.listener = socket.create_server(("127.0.0.1", 0))
        self.port = self.listener.getsockname()[1]
        self.url = f"http://127.0.0.1:{self.port}"
        self._open: list[socket.socket] = []
        threading.Thread(target=self._accept, daemon=True).start()

    def stop(self) -> None:
        self.stopped.set()
        for sock in [self.listener, *self._open]:
            with contextlib.suppress(OSError):
                sock.shutdown(socket.SHUT_RDWR)
            sock.close()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = self.listener.accept()
                script = self.scripts[min(self.connections, len(self.scripts) - 1)]
                self.connections += 1
                self._open.append(sock)
                threading.Thread(target=self._run, args=(script, sock), daemon=True).start()

    def _run(self, script: Script, sock: socket.socket) -> None:
        # The client may hang up on a script at any point; that is often the test.
        with contextlib.suppress(OSError):
            script(Peer(self, sock))
        with contextlib.suppress(OSError):
            sock.close()


@pytest.fixture
def serve() -> Iterator[Callable[..., RawServer]]:
    """Start servers that are stopped with the test."""
    servers: list[RawServer] = []

    def start(*scripts: Script) -> RawServer:
        servers.append(RawServer(*scripts))
        return servers[-1]

    yield start
    for server in servers:
        server.stop()


@pytest.fixture
def credentials() -> Credentials:
    return Credentials("LTAI5tCanaryKeyId0001", SECRET, TOKEN)


@pytest.fixture
def open_session(credentials: Credentials) -> Iterator[Callable[..., WireSession]]:
    """Open sessions towards a URL; short timeouts unless the test gives its own."""
    sessions: list[WireSession] = []

    def start(url: str, **options: object) -> WireSession:
        target = Target(parse_endpoint(url), "cn-hangzhou", "1234567890123456")
        settings = {"credentials": credentials, "run_id": "run0", "timeout": (1.0, 0.3), **options}
        keys = settings.pop("credentials")
        sessions.append(WireSession(target, keys, **settings))  # type: ignore[arg-type]
        return sessions[-1]

    yield start
    for session in sessions:
        session.close()
