"""``sweep``: deletes what a killed run left behind, from its ledger and from nothing else."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterable, Sequence
from pathlib import Path

from conformance.commands.arguments import PROGRAM, Arguments
from conformance.commands.keys import add_key_options, keys_for
from conformance.options import UsageError, option_called
from conformance.preflight import preflight_problem
from conformance.validation import existing_file
from conformance.verdicts.model import ExitCode
from conformance.wire.addressing import Addressing, Target
from conformance.wire.cleanup import clean_up
from conformance.wire.credentials import Credentials
from conformance.wire.endpoint import parse_endpoint
from conformance.wire.ledger import Ledger, LedgerError, RunIdentity, read_ledger
from conformance.wire.session import WireSession

_CA_FILE = option_called("--ca-file")


def main(arguments: Sequence[str]) -> int:
    """Finish the clean-up of each ledger; a file goes when nothing of it is left.

    Every ledger is read before anything is deleted.
    """
    parser = Arguments("sweep", usage=f"{PROGRAM} sweep [--dry-run] [OPTION]... LEDGER...")
    parser.add_argument("ledgers", nargs="+", metavar="LEDGER", help="ledger file in a report directory")
    parser.add_argument("--dry-run", action="store_true", help="print what would be deleted, send nothing")
    parser.add_options((_CA_FILE,))
    add_key_options(parser)
    options = parser.parse(arguments)
    ca_file = existing_file(_CA_FILE.flag, options.ca_file or os.environ.get(_CA_FILE.environment))
    opened: list[tuple[Path, Ledger, Target]] = []
    try:
        for name in options.ledgers:
            ledger = read_ledger(Path(name))
            opened.append((Path(name), ledger, _target(name, ledger.run)))
        if options.dry_run:
            for _, ledger, _ in opened:
                _say(f"would delete {resource}" for resource in ledger.live())
            return ExitCode.CONFORMANT
        # Nothing is signed, and no key needed, where nothing is left.
        live = any(ledger.live() for _, ledger, _ in opened)
        credentials = keys_for(options, os.environ) if live else None
        complete = [_sweep(path, ledger, target, credentials, ca_file) for path, ledger, target in opened]
    except LedgerError as problem:
        raise UsageError(str(problem)) from problem
    finally:
        for _, ledger, _ in opened:
            ledger.close()
    return ExitCode.CONFORMANT if all(complete) else ExitCode.NON_CONFORMANT


def _target(name: str, run: RunIdentity) -> Target:
    try:
        return Target(
            parse_endpoint(run.endpoint),
            run.region,
            run.account_id,
            Addressing(run.addressing),
            run.virtual_host,
        )
    except ValueError as problem:
        raise UsageError(f"The ledger {name} names no usable target: {problem}") from problem


def _sweep(
    path: Path, ledger: Ledger, target: Target, credentials: Credentials | None, ca_file: str | None
) -> bool:
    if ledger.live():
        with WireSession(target, credentials, run_id=ledger.run.run_id, ca_file=ca_file) as session:
            problem = preflight_problem(session)
            if problem is not None:
                raise UsageError(problem)
            report = clean_up(session, ledger)
        _say(f"deleted {resource}" for resource in report.deleted)
        _say(f"already gone {resource}" for resource in report.already_gone)
        _say(f"left behind {resource}" for resource in report.leaked)
        if report.leaked:
            return False
    ledger.close()
    path.unlink()
    _say([f"{path}: nothing is left, file removed"])
    return True


def _say(lines: Iterable[str]) -> None:
    for line in lines:
        sys.stdout.write(f"{line}\n")
