"""Runs many trials of the suite without paying for its start each time.

The suite is imported and collected once, in this process.  Every trial is a fork of it, so that nothing is
paid twice and nothing leaks from one trial into the next.
"""

from __future__ import annotations

import gc
import os
import select
import signal
import sys
import time
import traceback
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from types import FrameType
from typing import Generic, TypeVar

import pytest

_PACKAGE = Path(__file__).resolve().parents[2] / "conformance"
_UNWANTED = ("terminal", "cacheprovider", "faulthandler", "xdist", "logging")

T = TypeVar("T")


class _Loop:
    """A pytest plugin that hands the collected tests on instead of running them."""

    def __init__(self, use: Callable[[pytest.Session], None]) -> None:
        self._use = use

    @pytest.hookimpl(tryfirst=True)
    def pytest_runtestloop(self, session: pytest.Session) -> bool:
        """Replace pytest's own loop."""
        if session.testsfailed:
            raise session.Failed(f"{session.testsfailed} modules of the suite cannot be collected")
        # What is there now stays to the end: a collection in a fork would look through it, and copy its pages.
        gc.collect()
        gc.freeze()
        self._use(session)
        return True


def with_collected_suite(use: Callable[[pytest.Session], None]) -> None:
    """Collect the whole suite, as of the profile ``full``, and call ``use`` with it."""
    options = ["-s", "--collect-only", "--profile", "full", "-oaddopts=--import-mode=importlib"]
    quiet = [f"-pno:{name}" for name in _UNWANTED]
    # A time limit around the command ends it with this signal; the forks must end too, and not go on alone.
    before = signal.signal(signal.SIGTERM, _interrupt)
    try:
        code = pytest.main([str(_PACKAGE), *options, *quiet], plugins=[_Loop(use)])
    finally:
        signal.signal(signal.SIGTERM, before)
    if code not in (pytest.ExitCode.OK, pytest.ExitCode.NO_TESTS_COLLECTED):
        raise RuntimeError(f"the suite could not be collected (pytest exit code {code})")


def _interrupt(_number: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


class Forks(Generic[T]):
    """Works on tasks in forked processes, some at a time.

    ``deadline`` ends a process and all it started that takes longer than so many seconds; its task then has
    no answer.
    """

    def __init__(self, work: Callable[[T], bytes], *, jobs: int, deadline: float) -> None:
        self._work = work
        self._jobs = jobs
        self._deadline = deadline

    def answers(self, tasks: Iterable[T]) -> Iterator[tuple[T, bytes, float]]:
        """Each task with the answer of its process and the seconds it took, in the order of their ends.

        A task is drawn when there is room for it, so that an iterable may end early when time is up.
        """
        waiting = iter(tasks)
        running: dict[int, tuple[T, int, float, bytearray]] = {}
        try:
            while True:
                while len(running) < self._jobs and (task := next(waiting, _END)) is not _END:
                    process, pipe = self._fork(task)  # type: ignore[arg-type]
                    running[pipe] = (task, process, time.monotonic(), bytearray())  # type: ignore[assignment]
                if not running:
                    return
                for pipe in select.select(list(running), [], [], 1.0)[0]:
                    chunk = os.read(pipe, 1 << 16)
                    running[pipe][3].extend(chunk)
                    if not chunk:
                        done, process, started, text = running.pop(pipe)
                        os.close(pipe)
                        os.waitpid(process, 0)
                        _end_group(process)
                        yield done, bytes(text), time.monotonic() - started
                for _task, process, started, _text in running.values():
                    if time.monotonic() - started > self._deadline:
                        _end_group(process)
        finally:
            for _task, process, _started, _text in running.values():
                _end_group(process)
                os.waitpid(process, 0)

    def _fork(self, task: T) -> tuple[int, int]:
        reading, writing = os.pipe()
        sys.stdout.flush()
        process = os.fork()
        if process:
            os.close(writing)
            return process, reading
        os.setpgid(0, 0)
        os.close(reading)
        try:
            answer = self._work(task)
            with os.fdopen(writing, "wb") as pipe:
                pipe.write(answer)
        except BaseException:
            traceback.print_exc()
            raise
        finally:
            sys.stdout.flush()
            os._exit(0)


_END = object()


def _end_group(process: int) -> None:
    """End a forked process together with the emulator it started."""
    try:
        os.killpg(process, signal.SIGKILL)
    except ProcessLookupError:
        return
