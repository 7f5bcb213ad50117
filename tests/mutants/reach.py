"""Which lines of the emulator each test of the suite reaches, measured once on the emulator as it is.

A test that never runs a line cannot tell what was changed in it, and one that runs little else tells soonest.
Lines that run when the emulator starts (tables, defaults, constructors) concern every test.
"""

from __future__ import annotations

import hashlib
import json
import mmap
import re
import sys
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from types import FrameType
from typing import Any

from tests.mutants.places import Mutant, Sources
from tests.mutants.uses import Span

_WORDS = re.compile(r"[A-Z]?[a-z]{3,}|[A-Z]{3,}")
_DECIDING = (
    *(
        f"{folder}/**/*.{kind}"
        for folder in ("conformance", "oss_vectors_emulator")
        for kind in ("py", "json")
    ),
    *("openapi/*.yaml", "openapi/requirements/*.yaml", "tests/faults/trial.py", "tests/faults/forking.py"),
    *("tests/mutants/trial.py", "tests/mutants/loading.py", "tests/mutants/reach.py"),
)
_SHARED_WORD = 10.0
_KNOWN_KILLER = 50.0
Lines = Mapping[str, frozenset[int]]


@dataclass(frozen=True, slots=True)
class Reach:
    """Lines by module, for the start of the emulator and for each test, and how long each test takes."""

    start: Lines
    tests: Mapping[str, Lines]
    seconds: Mapping[str, float]

    def needed(self, spans: Sequence[Span] | None) -> list[str] | None:
        """The tests that run some of these lines, or None where every test may depend on them."""
        if not self.tests or spans is None or any(_meets(self.start, span) for span in spans):
            return None
        return [test for test, reached in self.tests.items() if any(_meets(reached, span) for span in spans)]

    def in_order(
        self, mutant: Mutant, tests: Mapping[str, frozenset[str]], killers: Sequence[str]
    ) -> list[str]:
        """Tests, given with the words of what they decide, the one that tells soonest first."""
        module = mutant.identity.module
        hints = words(f"{mutant.identity.scope} {mutant.identity.before}")

        def cost(test: str) -> tuple[bool, float]:
            reached = self.tests.get(test, {})
            effort = self.seconds.get(test, 1.0) * (1 + sum(map(len, reached.values())))
            effort /= 1 + _SHARED_WORD * len(hints & tests[test])
            return module not in reached, effort / (_KNOWN_KILLER if test in killers else 1.0)

        return sorted(tests, key=cost)

    def to_json(self) -> str:
        """For the next measurement."""
        tests = {test: _plain(lines) for test, lines in self.tests.items()}
        return json.dumps({"start": _plain(self.start), "tests": tests, "seconds": dict(self.seconds)})

    @classmethod
    def from_json(cls, text: str) -> Reach:
        """What :meth:`to_json` wrote."""
        data = json.loads(text)
        tests = {test: _sets(lines) for test, lines in data["tests"].items()}
        return cls(_sets(data["start"]), tests, data["seconds"])


def _meets(lines: Lines, span: Span) -> bool:
    return not lines.get(span.module, frozenset()).isdisjoint(span.lines)


def _plain(lines: Lines) -> dict[str, list[int]]:
    return {module: sorted(found) for module, found in lines.items()}


def _sets(lines: Mapping[str, Sequence[int]]) -> dict[str, frozenset[int]]:
    return {module: frozenset(found) for module, found in lines.items()}


def words(text: str) -> frozenset[str]:
    """Words of three letters and more, of names in any spelling."""
    return frozenset(word.lower() for word in _WORDS.findall(text))


class Tracer:
    """Notes the lines that run in the emulator's process, in memory that this process reads."""

    def __init__(self, sources: Sources) -> None:
        # By file: module, where its lines begin in the memory, and how many there are.
        self._places: dict[str, tuple[str, int, int]] = {}
        at = 0
        for module, text in sources.texts.items():
            length = text.count("\n") + 2
            self._places[str(sources.files[module])] = (module, at, length)
            at += length
        self._size = at
        # Anonymous memory is shared with processes that are forked later.
        self._hits = mmap.mmap(-1, at)
        self._start = mmap.mmap(-1, at)

    def begin(self) -> None:
        """Call in the emulator's process before its modules are imported."""
        sys.settrace(self._enter)

    def started(self) -> None:
        """Call in the emulator's process before it serves: what has run until now is its start."""
        self._start[:] = self._hits[:]
        self._hits[:] = bytes(self._size)

    def take(self) -> dict[str, frozenset[int]]:
        """The lines that have run since the last time."""
        found = dict(self._lines(self._hits[:]))
        self._hits[:] = bytes(self._size)
        return found

    def start(self) -> dict[str, frozenset[int]]:
        """The lines that ran at the start."""
        return dict(self._lines(self._start[:]))

    def _lines(self, hits: bytes) -> Iterator[tuple[str, frozenset[int]]]:
        for module, at, length in self._places.values():
            lines = frozenset(line for line in range(length) if hits[at + line])
            if lines:
                yield module, lines

    def _enter(self, frame: FrameType, _event: str, _value: Any) -> Any:
        place = self._places.get(frame.f_code.co_filename)
        if place is None:
            return None
        hits, at = self._hits, place[1]
        hits[at + frame.f_lineno] = 1

        def line(frame: FrameType, _event: str, _value: Any) -> Any:
            hits[at + frame.f_lineno] = 1
            return line

        return line


def fingerprint(root: Path) -> str:
    """Changes with everything that decides what a test reaches: the suite, the contract, the emulator."""
    digest = hashlib.sha256()
    for file in sorted(file for pattern in _DECIDING for file in root.glob(pattern)):
        digest.update(f"{file.relative_to(root)}\0".encode() + file.read_bytes() + b"\0")
    return digest.hexdigest()[:16]
