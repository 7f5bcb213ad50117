"""The command ``oss-vectors-conformance``: finds the subcommand and turns every mistake into one sentence.

A thin door: subcommands are in :mod:`conformance.commands`, and what a run does
is the same as through pytest.
"""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from conformance import __version__
from conformance.commands import SUMMARIES, main_of
from conformance.commands.arguments import PROGRAM, HelpShown
from conformance.contract.loader import ContractError, load_contract
from conformance.embedded import EmulatorError
from conformance.options import UsageError, hint
from conformance.verdicts.model import ExitCode

# What a shell reports for a command whose reader went away (128 + SIGPIPE).
_READER_WENT_AWAY = 141


_EXIT_CODES = (
    "Exit codes: 0 conformant, 1 non-conformant, 2 interrupted, 3 internal error,\n"
    "4 usage or configuration, 5 nothing executed, 6 inconclusive."
)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run one subcommand and return the exit code; no mistake of a user ends in a traceback."""
    words = list(sys.argv[1:] if arguments is None else arguments)
    try:
        code = _dispatch(words)
        sys.stdout.flush()
    except HelpShown:
        return ExitCode.CONFORMANT
    except (UsageError, EmulatorError) as problem:
        return _end(str(problem), ExitCode.USAGE)
    except ContractError as problem:
        return _end(f"The contract of this installation is damaged: {problem}", ExitCode.INTERNAL_ERROR)
    except KeyboardInterrupt:
        return _end("Interrupted.", ExitCode.INTERRUPTED)
    except BrokenPipeError:
        # Python would complain again when it flushes standard output at exit.
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        return _READER_WENT_AWAY
    return code


def _dispatch(words: Sequence[str]) -> int:
    if not words:
        raise UsageError(f"A subcommand is missing: {', '.join(SUMMARIES)}; see '{PROGRAM} --help'.")
    first, *rest = words
    if first in ("-h", "--help", "help"):
        sys.stdout.write(help_text())
        return ExitCode.CONFORMANT
    if first in ("-V", "--version"):
        sys.stdout.write(f"{PROGRAM} {__version__} (contract {load_contract().version})\n")
        return ExitCode.CONFORMANT
    if first not in SUMMARIES:
        kind = "an option" if first.startswith("-") else "a subcommand"
        near = hint(first, (*SUMMARIES, "--help", "--version"))
        raise UsageError(f"{first!r} is not {kind} of {PROGRAM}{near or f'; see {PROGRAM} --help'}.")
    return main_of(first, rest)


def help_text() -> str:
    """What ``--help`` prints."""
    lines = [
        f"usage: {PROGRAM} SUBCOMMAND [OPTIONS]",
        "",
        "Conformance suite for the HTTP API of OSS Vectors.",
    ]
    lines += ["", "Subcommands:"]
    lines += [f"  {name:<10}{summary}" for name, summary in SUMMARIES.items()]
    lines += ["", f"'{PROGRAM} SUBCOMMAND --help' shows the options.", "", _EXIT_CODES, ""]
    return "\n".join(lines)


def _end(sentence: str, code: ExitCode) -> int:
    sys.stderr.write(f"{PROGRAM}: {' '.join(sentence.split())}\n")
    return code
