"""Splits the tests of a run among several machines."""

from __future__ import annotations

import hashlib
import re
from dataclasses import dataclass

_FORM = re.compile(r"([1-9][0-9]{0,3})/([1-9][0-9]{0,3})")


@dataclass(frozen=True, slots=True)
class Shard:
    """Part ``index`` of ``total``, counted from 1.

    A test belongs to a shard by a hash of its id alone: every machine agrees
    without asking another, and a test that is added moves no other.
    """

    index: int
    total: int

    @classmethod
    def parse(cls, text: str) -> Shard:
        """The shard written as ``2/3``; raises :class:`ValueError`."""
        found = _FORM.fullmatch(text)
        if found is None or int(found[1]) > int(found[2]):
            raise ValueError(f"{text!r} is not a shard like 1/3")
        return cls(int(found[1]), int(found[2]))

    def holds(self, test: str) -> bool:
        """Whether a test is in this shard, by its id without folders (``test_vectors.py::test_name[case]``)."""
        digest = hashlib.sha256(test.encode("utf-8", "surrogatepass")).digest()
        return int.from_bytes(digest[:8], "big") % self.total == self.index - 1

    def __str__(self) -> str:
        return f"{self.index}/{self.total}"
