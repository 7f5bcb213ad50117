"""A server of bytes: a behaviour decides, request by request, what goes onto the connection."""

from __future__ import annotations

import contextlib
import io
import json
import socket
import ssl
import struct
import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from email.utils import formatdate
from pathlib import Path


@dataclass(frozen=True)
class Received:
    """One request as it came in."""

    method: str
    target: str
    headers: tuple[tuple[str, str], ...]
    body: bytes
    raw: bytes

    def header(self, name: str) -> str:
        """The value of a header, empty when it is absent."""
        return next((value for key, value in self.headers if key.lower() == name.lower()), "")


class Hangup(Exception):  # noqa: N818 - what a behaviour does, not an error
    """A behaviour has finished with the connection."""


class Connection:
    """One accepted connection, as a behaviour sees it; sending to a client that has gone ends the behaviour."""

    def __init__(self, sock: socket.socket, stopped: threading.Event) -> None:
        self.sock = sock
        self.stopped = stopped

    def send(self, data: bytes) -> None:
        """Put bytes onto the connection."""
        self.sock.sendall(data)

    def answer(
        self,
        status: str = "200 OK",
        body: bytes = b"",
        content_type: str | None = "application/json",
        headers: tuple[tuple[str, str], ...] = (),
    ) -> None:
        """A complete answer; the connection stays open."""
        lines = [f"HTTP/1.1 {status}", f"Date: {formatdate(usegmt=True)}"]
        lines += [f"Content-Type: {content_type}"] if content_type is not None else []
        lines += [f"{name}: {value}" for name, value in headers]
        lines.append(f"Content-Length: {len(body)}")
        self.send("\r\n".join(lines).encode("latin-1") + b"\r\n\r\n" + body)

    def json(self, status: str, value: object, *headers: tuple[str, str]) -> None:
        """An answer with a JSON body."""
        self.answer(status, json.dumps(value).encode(), headers=headers)

    def reset(self) -> None:
        """Close with RST instead of FIN."""
        self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        raise Hangup


Behaviour = Callable[[Received, Connection], None]


@dataclass
class Endpoint:
    """Serves a behaviour; ``seen`` lists the requests that were read."""

    behaviour: Behaviour
    certificate: Path | None = None
    seen: list[Received] = field(default_factory=list)
    url: str = ""
    stopped: threading.Event = field(default_factory=threading.Event)

    @contextmanager
    def running(self) -> Iterator[Endpoint]:
        """Listen on a free port of the loopback."""
        listener = socket.create_server(("127.0.0.1", 0), backlog=64)
        scheme = "http" if self.certificate is None else "https"
        self.url = f"{scheme}://127.0.0.1:{listener.getsockname()[1]}"
        context = None
        if self.certificate is not None:
            context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
            context.load_cert_chain(self.certificate)
        threading.Thread(target=self._accept, args=(listener, context), daemon=True).start()
        try:
            yield self
        finally:
            self.stopped.set()
            with contextlib.suppress(OSError):
                listener.shutdown(socket.SHUT_RDWR)
            listener.close()

    def _accept(self, listener: socket.socket, context: ssl.SSLContext | None) -> None:
        with contextlib.suppress(OSError):
            while True:
                sock, _ = listener.accept()
                threading.Thread(target=self._serve, args=(sock, context), daemon=True).start()

    def _serve(self, sock: socket.socket, context: ssl.SSLContext | None) -> None:
        # The client may hang up at any point; that is often the test.
        with contextlib.suppress(OSError, Hangup), sock:
            if context is not None:
                with context.wrap_socket(sock, server_side=True) as secure:
                    self._talk(secure)
            else:
                self._talk(sock)

    def _talk(self, sock: socket.socket) -> None:
        connection = Connection(sock, self.stopped)
        with sock.makefile("rb") as stream:
            if not stream.peek(1)[:1].isalpha():
                # As servers do with what does not begin like a request, TLS for one.
                connection.answer("400 Bad Request")
                return
            while (received := _read(stream)) is not None:
                self.seen.append(received)
                self.behaviour(received, connection)


def _read(stream: io.BufferedReader) -> Received | None:
    """The next request of a connection, ``None`` at its end."""
    first = stream.readline()
    if not first.strip():
        return None
    head = first
    headers: list[tuple[str, str]] = []
    while (line := stream.readline()).strip():
        head += line
        name, _, value = line.decode("latin-1").partition(":")
        headers.append((name, value.strip()))
    length = next((int(value) for name, value in headers if name.lower() == "content-length"), 0)
    body = stream.read(length) if length else b""
    if any(name.lower() == "transfer-encoding" for name, _ in headers):
        while size := int(stream.readline(), 16):
            body += stream.read(size)
            stream.readline()
        stream.readline()
    method, target, _ = first.decode("latin-1").split(" ", 2)
    return Received(method, target, tuple(headers), body, head + b"\r\n" + body)
