"""Runs that several tests look at: made once, because each costs seconds."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest

from .harness import ACCOUNT, KEYS, SECRET, TOKEN, Ended, command, emulator

#: Decided by a run of its own in a second, and violated by the emulator of ``deviating``.
VIOLATED = "PutVectorIndex.dimension.maximum.accepted"


@dataclass(frozen=True)
class Done:
    """A run that ended: what it printed, where it ran, where its report is."""

    ended: Ended
    cwd: Path
    report_dir: Path


@pytest.fixture(scope="session")
def delete_vectors_run(tmp_path_factory: pytest.TempPathFactory) -> Done:
    """A run of one operation on the embedded emulator, in a directory with hostile pytest files."""
    cwd = tmp_path_factory.mktemp("user")
    (cwd / "pytest.ini").write_text("[pytest]\naddopts = --no-such-option\n", encoding="utf-8")
    (cwd / "conftest.py").write_text("raise RuntimeError('the conftest of the user')\n", encoding="utf-8")
    hostile = {"PYTEST_ADDOPTS": "--no-such-option", "PYTEST_PLUGINS": "no_such_plugin"}
    secrets = {"OSS_ACCESS_KEY_ID": "unused", "OSS_ACCESS_KEY_SECRET": SECRET, "OSS_SESSION_TOKEN": TOKEN}
    ended = command(
        "run", "--operation", "DeleteVectors", "--report-dir", "out", cwd=cwd, **secrets, **hostile
    )
    return Done(ended, cwd, cwd / "out")


@pytest.fixture(scope="session")
def deviating(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """An emulator with one number changed: dimensions end at 4095."""
    with emulator("--limit", "dimension_max=4095", cwd=tmp_path_factory.mktemp("emulator")) as address:
        yield address


@pytest.fixture(scope="session")
def failing_run(tmp_path_factory: pytest.TempPathFactory, deviating: str) -> Done:
    """A run that finds the changed number."""
    cwd = tmp_path_factory.mktemp("failing")
    words = ("--endpoint", deviating, "--account-id", ACCOUNT, "--requirement", VIOLATED)
    ended = command("run", *words, "--report-dir", "out", cwd=cwd, **KEYS)
    return Done(ended, cwd, cwd / "out")
