"""Runs the command against an endpoint, and reads what a person reads first."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from tests.cli.harness import ACCOUNT, KEYS, Ended, command, read_report

#: What a person reads without scrolling far.
SHORT = 100
PLACE = ("--account-id", ACCOUNT, "--report-dir", "out")


@dataclass(frozen=True)
class Told:
    """A run that ended with a report."""

    ended: Ended
    report_dir: Path

    @property
    def lines(self) -> list[str]:
        """The summary, line by line."""
        return self.ended.out.splitlines()

    @property
    def text(self) -> str:
        """The summary without its line breaks."""
        return " ".join(self.ended.out.split())

    @property
    def first_sentence(self) -> str:
        """The notice, which stands at once below the title; empty when there is none."""
        _, title, first, *rest = self.lines
        assert title.startswith("OSS Vectors conformance"), self.ended
        if not first.startswith("Notice "):
            return ""
        words = [first.removeprefix("Notice")]
        for line in rest:
            if not line.startswith(" "):
                break
            words.append(line)
        return " ".join(" ".join(words).split())

    @property
    def verdict(self) -> str:
        """The last line."""
        return self.lines[-1]

    @property
    def report(self) -> dict[str, Any]:
        """The JSON report, which has to agree with the exit code."""
        report = read_report(self.report_dir)
        assert report["exitCode"] == self.ended.code
        return report

    @property
    def ledgers(self) -> list[Path]:
        """What is left for ``sweep``."""
        return sorted(self.report_dir.glob("ledger-*.jsonl"))


def run(url: str, *words: str, cwd: Path, **environment: str) -> Told:
    """``oss-vectors-conformance run`` as a process, to its end; the profile smoke unless told otherwise."""
    selection = () if {"--requirement", "--profile"} & set(words) else ("--profile", "smoke")
    ended = command("run", "--endpoint", url, *PLACE, *selection, *words, cwd=cwd, **KEYS | environment)
    assert "Traceback" not in ended.out + ended.err, ended
    return Told(ended, cwd / "out")
