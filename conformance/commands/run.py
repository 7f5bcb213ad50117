"""``run``: decides the requirements against a target and prints the report."""

from __future__ import annotations

import os
import shlex
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from types import FrameType

from rich.console import Console

from conformance.commands.arguments import PROGRAM, Arguments, number
from conformance.commands.engine import Progress, run_pytest
from conformance.commands.plan import planned
from conformance.configuration import CONFIG_HELP
from conformance.contract.loader import load_contract
from conformance.plan import plan_lines
from conformance.plugin import PreparedRun
from conformance.report.terminal import render
from conformance.run import Run
from conformance.validation import process_count, settings_from
from conformance.verdicts.model import ExitCode


def main(arguments: Sequence[str]) -> int:
    """Check the options, run the suite, print the summary; the exit code is the verdict."""
    parser = Arguments("run", usage=f"{PROGRAM} run [OPTIONS]")
    parser.add_options()
    parser.add_argument("--config", metavar="FILE", help=CONFIG_HELP)
    parser.add_argument(
        "-n", dest="workers", metavar="N", type=number(int), default=0, help="run tests in N processes"
    )
    options = parser.parse(arguments)
    workers = process_count(options.workers)
    settings = settings_from(vars(options), os.environ, load_contract())
    if settings.is_distant:
        # Another machine, which may cost money and has other users: said before the first request.
        lines = plan_lines(planned(settings), settings, connections=max(1, workers))
        sys.stderr.write("\n".join(lines) + "\n")
        sys.stderr.flush()
    # A CI job that is cancelled sends SIGTERM; it gets the same clean-up as Ctrl-C.
    signal.signal(signal.SIGTERM, _interrupt)
    run = Run.prepare(settings, os.environ, shlex.join([PROGRAM, "run", *arguments]))
    try:
        return _execute(run, workers)
    finally:
        run.stop()


def _execute(run: Run, workers: int) -> int:
    progress = Progress(sys.stderr)
    try:
        status = run_pytest([PreparedRun(run), progress], ["-p", "conformance.plugin"], workers=workers)
    except KeyboardInterrupt:
        progress.clear()
        sys.stderr.write(f"{PROGRAM}: Interrupted before the clean-up ended{_sweep_hint(run)}.\n")
        return ExitCode.INTERRUPTED
    progress.clear()
    if run.result is None:
        sys.stderr.write(f"{PROGRAM}: The suite did not come to a verdict (pytest's status {status}).\n")
        return ExitCode.INTERNAL_ERROR
    render(run.result, Console(file=sys.stdout))
    return run.result.exit_code


def _sweep_hint(run: Run) -> str:
    directory = Path(run.settings.report_dir or ".")
    left = sorted(map(str, directory.glob(f"ledger-{run.settings.run_id}-*.jsonl")))
    return f"; delete what is left with: {shlex.join([PROGRAM, 'sweep', *left])}" if left else ""


def _interrupt(number: int, frame: FrameType | None) -> None:
    del number, frame
    raise KeyboardInterrupt
