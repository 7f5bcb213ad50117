"""The emulator that a run starts: one that does not come up ends the run with a sentence, and never holds it."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance import embedded
from conformance.embedded import EmbeddedEmulator, EmulatorError

REGION, ACCOUNT = "cn-hangzhou", "1234567890123456"


@pytest.fixture
def stand_in(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Path:
    """A module that is started in place of the emulator; the test writes it."""
    monkeypatch.setattr(embedded, "_MODULE", "stand_in_of_the_emulator")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path))
    return tmp_path / "stand_in_of_the_emulator.py"


def test_what_it_says_when_it_ends_is_in_the_sentence(stand_in: Path) -> None:
    stand_in.write_text("import sys; print('x' * 200_000, file=sys.stderr); sys.exit('no port is free')")
    with pytest.raises(EmulatorError, match=r"^The embedded emulator did not start: no port is free\.$"):
        EmbeddedEmulator.start(region=REGION, account_id=ACCOUNT)


def test_it_is_not_waited_for_without_end(stand_in: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedded, "_PATIENCE", 0.2)
    stand_in.write_text("import sys; sys.stdin.read()")
    with pytest.raises(EmulatorError, match=r"did not start: no output in 0\.2 seconds\.$"):
        EmbeddedEmulator.start(region=REGION, account_id=ACCOUNT)


def test_errors_that_it_writes_later_never_block_it(stand_in: Path) -> None:
    stand_in.write_text(
        "import sys\n"
        "print('http://127.0.0.1:1', flush=True)\n"
        "sys.stderr.write('x' * 1_000_000)\n"
        "sys.stderr.flush()\n"
        "sys.exit(7)\n"
    )
    with EmbeddedEmulator.start(region=REGION, account_id=ACCOUNT) as emulator:
        assert emulator.endpoint == "http://127.0.0.1:1"
        assert emulator._process.wait(timeout=30) == 7
