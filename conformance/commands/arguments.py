"""Parsing of the command line: argparse, with every mistake as one sentence and the nearest name."""

from __future__ import annotations

import argparse
from collections.abc import Callable, Iterable, Sequence
from typing import Any, NoReturn

from conformance.commands import SUMMARIES
from conformance.options import OPTIONS, Option, UsageError, hint

PROGRAM = "oss-vectors-conformance"


class HelpShown(Exception):  # noqa: N818 - not an error
    """The user asked for help and got it."""


class Arguments(argparse.ArgumentParser):
    """A parser of one subcommand that raises :class:`UsageError` where argparse ends the process with 2.

    Exit code 2 means "interrupted" here, as it does for pytest.
    """

    def __init__(self, subcommand: str, usage: str) -> None:
        summary = SUMMARIES[subcommand]
        super().__init__(
            prog=f"{PROGRAM} {subcommand}",
            description=f"{summary[0].upper()}{summary[1:]}.",
            usage=usage,
            allow_abbrev=False,
        )

    def error(self, message: str) -> NoReturn:
        """Turn argparse's message into a sentence."""
        text = message.removeprefix("argument ")
        raise UsageError(f"{text[0].upper()}{text[1:]}".rstrip(".") + f"; see '{self.prog} --help'.")

    def exit(self, status: int = 0, message: str | None = None) -> NoReturn:
        """Called by argparse after it printed the help."""
        del status, message
        raise HelpShown

    def parse(self, words: Sequence[str]) -> argparse.Namespace:
        """Parse all of ``words``; an unknown option is named together with the nearest known one."""
        options, unknown = self.parse_known_args(list(words))
        if unknown:
            known = [flag for action in self._actions for flag in action.option_strings]
            word = unknown[0].partition("=")[0]
            near = hint(word, known) if word.startswith("-") else ""
            raise UsageError(f"{word!r} is not expected here{near or f'; see {self.prog} --help'}.")
        return options

    def add_options(self, options: Iterable[Option] = OPTIONS) -> None:
        """Declare options of :mod:`conformance.options`."""
        for option in options:
            words: dict[str, Any] = {"dest": option.dest, "help": option.words}
            if option.switch:
                self.add_argument(option.flag, action="store_true", **words)
                continue
            words["metavar"] = option.metavar or f"{{{','.join(option.choices)}}}"
            if option.number is not None:
                words["type"] = number(option.number)
            self.add_argument(option.flag, action="append" if option.many else "store", **words)


def number(kind: type[int] | type[float]) -> Callable[[str], int | float]:
    """A converter for argparse whose complaint is in words."""
    name = "a whole number" if kind is int else "a number"

    def convert(text: str) -> int | float:
        try:
            return kind(text)
        except ValueError as problem:
            raise argparse.ArgumentTypeError(f"{text!r} is not {name}") from problem

    return convert
