"""Runs the application in uvicorn, in this process or in a thread of a test run."""

from __future__ import annotations

import contextlib
import os
import socket
import threading
from collections.abc import Callable
from types import TracebackType
from typing import Self

import uvicorn
from uvicorn.protocols.http.httptools_impl import STATUS_LINE, HttpToolsProtocol

from oss_vectors_emulator.app import EmulatorApp, create_app
from oss_vectors_emulator.behaviour import Behaviour, build_behaviour
from oss_vectors_emulator.config import Settings

_BACKLOG = 2048
# Longer than any client keeps an idle pooled connection during a test run.
_KEEP_ALIVE_SECONDS = 120
_SHUTDOWN_SECONDS = 1
_START_TIMEOUT = 30.0
_STANDARD_INPUT = 0


class EnvelopeProtocol(HttpToolsProtocol):
    """uvicorn's HTTP protocol, with the service's error envelope for requests it cannot parse."""

    def send_400_response(self, msg: str) -> None:
        """Answer and hang up; what follows on the connection makes no sense any more."""
        app: EmulatorApp = self.config.loaded_app
        read = tuple((n.decode("latin-1"), v.decode("latin-1")) for n, v in getattr(self, "headers", ()))
        response, headers = app.refuse_unreadable(msg, read)
        lines = [f"{name}: {value}\r\n".encode("latin-1", "replace") for name, value in headers]
        self.transport.write(b"".join([STATUS_LINE[response.status], *lines, b"\r\n", response.body]))
        self.transport.close()


class AnnouncingServer(uvicorn.Server):
    """A uvicorn server that says when it accepts connections."""

    def __init__(self, config: uvicorn.Config, announce: Callable[[], None]) -> None:
        super().__init__(config)
        self._announce = announce

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Start listening, then announce it."""
        await super().startup(sockets)
        if self.started:
            self._announce()


def bind(host: str, port: int) -> socket.socket:
    """A bound socket; port 0 takes a free one."""
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    # Named explicitly, because asyncio turns Nagle's algorithm off only on sockets that say they are TCP;
    # with it every small answer would wait some 40 ms for the client's acknowledgement.
    bound = socket.socket(family, socket.SOCK_STREAM, socket.IPPROTO_TCP)
    bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        bound.bind((host, port))
    except OSError:
        bound.close()
        raise
    return bound


def make_server(app: EmulatorApp, announce: Callable[[], None]) -> AnnouncingServer:
    """A server without lifespan, access log and own headers: the service's headers come from the app."""
    config = uvicorn.Config(
        app,
        loop="asyncio",
        http=EnvelopeProtocol,
        ws="none",
        lifespan="off",
        interface="asgi3",
        access_log=False,
        log_config=None,
        log_level="error",
        server_header=False,
        date_header=False,
        proxy_headers=False,
        backlog=_BACKLOG,
        timeout_keep_alive=_KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=_SHUTDOWN_SECONDS,
    )
    return AnnouncingServer(config, announce)


def url_of(bound: socket.socket) -> str:
    """The address of a bound socket as an http URL."""
    host, port = bound.getsockname()[:2]
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def run(app: EmulatorApp, bound: socket.socket, exit_with_parent: bool) -> None:
    """Serve until a signal, or until standard input ends when a parent holds its other end."""
    listening = f"oss-vectors-emulator listening on {url_of(bound)}"
    server = make_server(app, lambda: print(listening, flush=True))
    if exit_with_parent:
        threading.Thread(target=_stop_at_end_of_input, args=(server,), daemon=True).start()
    # uvicorn raises the signal again once it has shut down; Ctrl-C is a normal end, not a traceback.
    with contextlib.suppress(KeyboardInterrupt):
        server.run(sockets=[bound])


def _stop_at_end_of_input(server: uvicorn.Server) -> None:
    # Read from the descriptor: a thread inside sys.stdin would hold its lock while the interpreter ends.
    with contextlib.suppress(OSError):
        while os.read(_STANDARD_INPUT, 4096):
            pass
    server.should_exit = True


class Emulator:
    """An emulator in a thread of this process, for tests: ``with Emulator() as emulator: ...``."""

    def __init__(
        self,
        settings: Settings | None = None,
        *,
        host: str = "127.0.0.1",
        port: int = 0,
        behaviour: Behaviour | None = None,
    ) -> None:
        self.behaviour = behaviour or build_behaviour(settings or Settings())
        self.settings = self.behaviour.settings
        self._address = (host, port)
        self._ready = threading.Event()
        self._url: str | None = None
        self._port = 0
        self._server: AnnouncingServer | None = None
        self._thread: threading.Thread | None = None

    @property
    def url(self) -> str:
        """``http://127.0.0.1:PORT``; known from the start on, also after the end."""
        if self._url is None:
            raise RuntimeError("The emulator has not been started.")
        return self._url

    @property
    def port(self) -> int:
        """The port it listens on."""
        if self._url is None:
            raise RuntimeError("The emulator has not been started.")
        return self._port

    def start(self) -> Self:
        """Listen; returns when connections are accepted."""
        bound = bind(*self._address)
        self._url, self._port = url_of(bound), bound.getsockname()[1]
        self._server = make_server(create_app(behaviour=self.behaviour), self._ready.set)
        # The server closes the socket when it ends.
        self._thread = threading.Thread(
            target=self._server.run, kwargs={"sockets": [bound]}, name="oss-vectors-emulator", daemon=True
        )
        self._thread.start()
        if not self._ready.wait(_START_TIMEOUT):
            raise RuntimeError("The emulator did not start.")
        return self

    def stop(self) -> None:
        """Close all connections and end the thread."""
        if self._server is not None and self._thread is not None:
            self._server.should_exit = True
            self._thread.join()

    def __enter__(self) -> Self:
        return self.start()

    def __exit__(
        self, kind: type[BaseException] | None, value: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()
