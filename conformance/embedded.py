"""Starts the reference emulator as a process of its own, the default target of a run.

A separate process, because the suite must meet it the way it meets any other
endpoint: over a socket, sharing no code and no state.
"""

from __future__ import annotations

import os
import secrets
import selectors
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from types import TracebackType
from typing import Self

_MODULE = "oss_vectors_emulator"
# Seconds that it may take to start; about one is usual.
_PATIENCE = 60.0


class EmulatorError(RuntimeError):
    """The embedded emulator did not start; the message is one sentence."""


@dataclass
class EmbeddedEmulator:
    """A running emulator; ``endpoint`` is its address, ``environment`` the credentials it accepts."""

    endpoint: str
    environment: dict[str, str]
    _process: subprocess.Popen[str]

    @classmethod
    def start(
        cls, *, region: str, account_id: str, temporary_key: bool = False, options: tuple[str, ...] = ()
    ) -> Self:
        """Start it on a free port with credentials made for this run, on demand temporary ones.

        Raises :class:`EmulatorError` when it does not come up.
        """
        environment = {
            "OSS_ACCESS_KEY_ID": f"run{secrets.token_hex(8)}",
            "OSS_ACCESS_KEY_SECRET": secrets.token_urlsafe(24),
        }
        if temporary_key:
            environment["OSS_SESSION_TOKEN"] = secrets.token_urlsafe(48)
        command = [sys.executable, "-m", _MODULE, "--port", "0", "--exit-with-parent"]
        command += ["--region", region, "--account-id", account_id, *options]
        inherited = {key: value for key, value in os.environ.items() if key != "OSS_SESSION_TOKEN"}
        # A pipe that nobody reads would stop it once it is full.
        with tempfile.TemporaryFile("w+") as errors:
            process = subprocess.Popen(  # noqa: S603 - this interpreter with options made above
                command,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=errors,
                text=True,
                env={**inherited, **environment},
                # Ctrl-C is for the run: it still needs the emulator, to clean up.
                start_new_session=True,
            )
            line = _first_line(process)
            if "http://" not in line:
                process.kill()
                process.wait()
                errors.seek(0)
                problem = errors.read().strip().splitlines() or [f"no output in {_PATIENCE:g} seconds"]
                raise EmulatorError(f"The embedded emulator did not start: {problem[-1]}.")
        return cls("http://" + line.rsplit("http://", 1)[1].strip(), environment, process)

    def stop(self) -> None:
        """Stop it; it also stops by itself when this process ends."""
        # All it has is in memory, so there is nothing to wait for.
        self._process.kill()
        self._process.wait()
        for stream in (self._process.stdin, self._process.stdout):
            if stream is not None:
                stream.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.stop()


def _first_line(process: subprocess.Popen[str]) -> str:
    """What a process writes first; empty when it says nothing in time, or ends without a word."""
    assert process.stdout is not None, "a pipe"
    with selectors.DefaultSelector() as waiting:
        waiting.register(process.stdout, selectors.EVENT_READ)
        return process.stdout.readline() if waiting.select(_PATIENCE) else ""
