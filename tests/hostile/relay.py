"""A proxy in front of a real emulator, which misbehaves in between."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Callable
from urllib.parse import urlsplit

from .endpoint import Connection, Received

_HOP_BY_HOP = frozenset({"connection", "keep-alive", "transfer-encoding", "content-length"})


class Upstream:
    """The emulator behind a proxy."""

    def __init__(self, url: str) -> None:
        self._address = urlsplit(url).netloc

    def answer_to(self, received: Received) -> Callable[[Connection], None]:
        """Have the emulator answer a request; gives a function that hands the answer on."""
        connection = http.client.HTTPConnection(self._address, timeout=20)
        try:
            connection.putrequest(received.method, received.target, skip_host=True, skip_accept_encoding=True)
            for name, value in received.headers:
                if name.lower() not in _HOP_BY_HOP:
                    connection.putheader(name, value)
            connection.putheader("Content-Length", str(len(received.body)))
            connection.endheaders(received.body)
            response = connection.getresponse()
            body = response.read()
        finally:
            connection.close()
        head = [f"HTTP/1.1 {response.status} {response.reason}"]
        head += [
            f"{name}: {value}" for name, value in response.getheaders() if name.lower() not in _HOP_BY_HOP
        ]
        if response.status != 204:
            head.append(f"Content-Length: {len(body)}")
        data = "\r\n".join(head).encode("latin-1") + b"\r\n\r\n" + body
        return lambda client: client.send(data)

    def relay(self, received: Received, connection: Connection) -> None:
        """Hand a request and its answer on."""
        self.answer_to(received)(connection)


class Outage:
    """Relays, but for some requests by number: a function says what becomes of each (``None``: relay)."""

    def __init__(
        self, upstream: Upstream, fate: Callable[[int, Received], Callable[[Connection], None] | None]
    ) -> None:
        self._upstream = upstream
        self._fate = fate
        self._lock = threading.Lock()
        self._number = 0
        self._ended = False

    def end(self) -> None:
        """From now on relay everything."""
        self._ended = True

    def __call__(self, received: Received, connection: Connection) -> None:
        """Serve one request."""
        with self._lock:
            self._number += 1
            number = self._number
        instead = None if self._ended else self._fate(number, received)
        if instead is None:
            self._upstream.relay(received, connection)
        else:
            instead(connection)
