"""Runs a command and measures it from outside: wall, CPU, memory, and when it first says that something failed."""

from __future__ import annotations

import os
import re
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

_SAMPLING_SECONDS = 0.1
_KIB = 1024
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True)
class Measured:
    """What a command cost; ``cpu`` and ``memory`` (peak, in bytes) are those of its whole process tree."""

    exit_code: int
    wall: float
    cpu: float
    memory: int
    first_failure: float | None
    output: str


def measure(
    command: Sequence[str],
    *,
    environment: Mapping[str, str],
    directory: Path,
    failure: str,
    deadline: float = 600.0,
) -> Measured:
    """Run a command to its end; ``failure`` is a regular expression for a line that reports one.

    Output goes through a pipe, as in a CI job, and unbuffered, so that a line is seen when it is written.
    Memory is sampled, as no counter of the kernel covers a tree: a peak between two samples is missed, and
    pages that two processes share count twice.
    """
    sought = re.compile(failure)
    lines: list[str] = []
    first: float | None = None
    started = time.perf_counter()
    process = subprocess.Popen(  # noqa: S603 - a command of this package
        command,
        env={**environment, "PYTHONUNBUFFERED": "1"},
        cwd=directory,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        errors="replace",
    )
    assert process.stdout is not None, "a pipe"
    sampler = _Sampler(process.pid)
    sampler.start()
    impatient = threading.Timer(deadline, process.kill)
    impatient.start()
    for line in process.stdout:
        if first is None and sought.search(line):
            first = time.perf_counter() - started
        lines.append(line)
    _, status, usage = os.wait4(process.pid, 0)
    wall = time.perf_counter() - started
    impatient.cancel()
    sampler.stop()
    process.stdout.close()
    # Popen must not wait for a process that is gone.
    process.returncode = os.waitstatus_to_exitcode(status)
    return Measured(
        exit_code=process.returncode,
        wall=wall,
        cpu=usage.ru_utime + usage.ru_stime,
        memory=max(sampler.peak, usage.ru_maxrss * _KIB),
        first_failure=first,
        output="".join(lines),
    )


class _Sampler(threading.Thread):
    """Samples the memory of a process and all it started."""

    def __init__(self, process: int) -> None:
        super().__init__(daemon=True)
        self._process = process
        self._done = threading.Event()
        self.peak = 0

    def run(self) -> None:
        """Sample until stopped."""
        while not self._done.wait(_SAMPLING_SECONDS):
            self.peak = max(self.peak, sum(map(_resident, tree(self._process))))

    def stop(self) -> None:
        """End the thread."""
        self._done.set()
        self.join()


def tree(process: int) -> list[int]:
    """The ids of a process and its descendants, as far as they are still there."""
    found = [process]
    for parent in found:
        with suppress(OSError):
            for thread in Path(f"/proc/{parent}/task").iterdir():
                found += map(int, (thread / "children").read_text().split())
    return found


def _resident(process: int) -> int:
    with suppress(OSError):
        return int(Path(f"/proc/{process}/statm").read_text().split()[1]) * _PAGE
    return 0
