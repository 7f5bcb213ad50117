"""What the tests share: an emulator to stand in front of, and a run that ends before its first test."""

from __future__ import annotations

import signal
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from conformance import cli
from tests.cli.harness import KEYS, Ended, emulator

from .harness import PLACE
from .relay import Upstream

Refused = Callable[..., str]


@pytest.fixture(scope="session")
def upstream(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Upstream]:
    """A right emulator."""
    with emulator(cwd=tmp_path_factory.mktemp("emulator")) as url:
        yield Upstream(url)


@pytest.fixture
def refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> Iterator[Refused]:
    """A run that must end with exit code 4 and one sentence, which it returns; in this process, as no test starts."""
    monkeypatch.chdir(tmp_path)
    for name, value in KEYS.items():
        monkeypatch.setenv(name, value)
    before = signal.getsignal(signal.SIGTERM)

    def run(url: str, *words: str) -> str:
        code = cli.main(["run", "--endpoint", url, *PLACE, *words])
        out, err = capsys.readouterr()
        # A target on another machine is announced with the plan of the run, before anything is sent.
        *plan, sentence = err.splitlines(keepends=True) or [""]
        assert not plan or plan[0].startswith("Target"), err
        ended = Ended(code, out, sentence)
        assert (ended.code, ended.out) == (4, ""), ended
        assert list((tmp_path / "out").iterdir()) == []
        return ended.sentence

    yield run
    signal.signal(signal.SIGTERM, before)
