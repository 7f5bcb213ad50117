"""Names of everything a run creates: they carry the run id, so nobody else's can be hit."""

from __future__ import annotations

import itertools
import secrets
import string
from collections.abc import Callable

from conformance.cases.case import BucketName

_BASE36 = string.digits + string.ascii_lowercase
_RUN_ID_LENGTH = 8
#: The worker of a run in one process, and the letters of parallel workers: one each, so names cannot meet.
ONLY_WORKER, *_PARALLEL_WORKERS = tuple(string.ascii_lowercase)
MOST_WORKERS = len(_PARALLEL_WORKERS)


def new_run_id() -> str:
    """A fresh run id: a letter, then base-36 digits, fit for bucket and index names."""
    return secrets.choice(string.ascii_lowercase) + "".join(
        secrets.choice(_BASE36) for _ in range(_RUN_ID_LENGTH - 1)
    )


def worker_name(number: int) -> str:
    """The letter of a parallel worker, counted from 0 on; raises :class:`ValueError` where there is none left."""
    if number >= MOST_WORKERS:
        raise ValueError(f"No more than {MOST_WORKERS} workers can have names of their own.")
    return _PARALLEL_WORKERS[number]


def _base36(number: int) -> str:
    digits = ""
    while number:
        number, rest = divmod(number, 36)
        digits = _BASE36[rest] + digits
    return digits or "0"


class Names:
    """Makes names that no other name of this run, worker or account has.

    ``worker`` is one letter per parallel worker, so that workers never meet.
    """

    def __init__(self, run_id: str, worker: str = ONLY_WORKER) -> None:
        self._stem = f"{run_id}{worker}"
        self._numbers = itertools.count(1)
        self._is_taken: Callable[[str], bool] | None = None

    def avoid(self, is_taken: Callable[[str], bool]) -> None:
        """Pass over index names that somebody else has: a short name cannot carry the whole run id."""
        self._is_taken = is_taken

    def _unique(self) -> str:
        return f"{self._stem}{_base36(next(self._numbers))}"

    def bucket(self) -> str:
        """A bucket name well inside the naming rules."""
        return f"ovc-{self._unique()}"

    def index(self, prefix: str = "", length: int = 0) -> str:
        """An index name: letters and digits, at most ``length`` characters when that is given.

        The unique part comes last, so that a short name is still as unique as
        its length allows; a name that is taken is passed over.
        """
        for _ in string.ascii_letters:
            name = self._index(prefix, length)
            if self._is_taken is None or not self._is_taken(name):
                break
            # A short name takes two numbers; a third makes the next try come to every letter.
            next(self._numbers)
        return name

    def _index(self, prefix: str, length: int) -> str:
        name = f"{prefix or 'i'}{self._unique()}"
        if not length:
            return name
        if length < len(name):
            letters = string.ascii_letters
            return letters[(next(self._numbers) - 1) % len(letters)] + name[len(name) - length + 1 :]
        return name[:1] + "x" * (length - len(name)) + name[1:]

    def key(self, suffix: str, length: int = 0, stem: str = "") -> str:
        """A vector key of one test, padded to ``length`` characters when that is given."""
        name = f"{stem}{suffix}"
        return name[:length].ljust(length, "k") if length else name

    def stem(self) -> str:
        """A beginning for the keys of one test."""
        return f"{self._unique()}-"

    def odd_bucket(self, form: BucketName) -> str:
        """A bucket name of a given form or length, inside the naming rules or not."""
        unique = self._unique()
        name = f"{form.before}{int(unique, 36) if form.digits else unique}{form.after}"
        if not form.length:
            return name
        if form.length < len(name):
            return name[len(name) - form.length :]
        return f"b{'0' * (form.length - len(name) - 1)}{name}" if form.length > len(name) else name
