"""``report``: joins the reports of shards, or compares two reports, without a target."""

from __future__ import annotations

import shlex
import shutil
import sys
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console

from conformance.commands.arguments import PROGRAM, Arguments
from conformance.options import UsageError
from conformance.report.reading import FILE_NAME, ReportError, read_baseline, read_report, report_file
from conformance.report.terminal import render, render_changes
from conformance.report.writing import write_reports
from conformance.suite.shards import Shard
from conformance.validation import one_of
from conformance.verdicts.changes import compare
from conformance.verdicts.merging import MergeError, merge_results
from conformance.verdicts.model import RunResult

_ACTIONS = ("merge", "diff")


def main(arguments: Sequence[str]) -> int:
    """Do what the first word says: ``merge`` ends with the exit code of the whole, ``diff`` with 0."""
    parser = Arguments(
        "report", usage=f"{PROGRAM} report merge OUT_DIR REPORT... | {PROGRAM} report diff OLD NEW"
    )
    parser.add_argument(
        "action",
        metavar="{merge,diff}",
        help="merge joins the reports of all shards of a run in OUT_DIR; diff says what changed between two",
    )
    parser.add_argument("files", nargs="+", metavar="FILE", help="report.json, or the directory it is in")
    options = parser.parse(arguments)
    action = one_of("report", options.action, _ACTIONS)
    files = [Path(name) for name in options.files]
    try:
        if action == "merge":
            return _merge(files[0], files[1:], shlex.join([PROGRAM, "report", *arguments]))
        return _diff(files)
    except (ReportError, MergeError) as problem:
        raise UsageError(str(problem)) from problem


def _diff(files: Sequence[Path]) -> int:
    if len(files) != 2:
        raise UsageError(f"'report diff' takes two reports, the older first; {len(files)} given.")
    old, new = (read_baseline(path) for path in files)
    render_changes(compare(old, new.outcomes), Console(file=sys.stdout))
    return 0


def _merge(directory: Path, files: Sequence[Path], command: str) -> int:
    if not files:
        raise UsageError("'report merge' takes a directory to write to, and the report of each shard.")
    if (directory / FILE_NAME).resolve() in {report_file(path).resolve() for path in files}:
        raise UsageError(f"The report of a shard is in {directory}; name another directory to write to.")
    shards = [read_report(path) for path in files]
    whole = merge_results(shards, command=command, report_dir=str(directory))
    try:
        directory.mkdir(parents=True, exist_ok=True)
        for old in (*directory.glob("exchanges-s[0-9]*-*.jsonl"), *directory.glob("bodies/s[0-9]*-*.json")):
            old.unlink()
        for path, shard in zip(files, shards, strict=True):
            # Beside a report that was renamed may lie what belongs to another.
            if report_file(path).name == FILE_NAME:
                _copy(report_file(path).parent, directory, shard)
        write_reports(whole, directory)
    except OSError as problem:
        raise UsageError(f"{directory} cannot be written: {problem.strerror}.") from problem
    render(whole, Console(file=sys.stdout))
    return whole.exit_code


def _copy(source: Path, directory: Path, shard: RunResult) -> None:
    """Keep every recorded exchange and every long body, under names that tell the shard."""
    prefix = f"s{Shard.parse(shard.info.shard or '').index}"
    for exchanges in sorted(source.glob("exchanges-*.jsonl")):
        worker = exchanges.name.removeprefix("exchanges-")
        shutil.copyfile(exchanges, directory / f"exchanges-{prefix}-{worker}")
    for body in sorted(source.glob("bodies/*.json")):
        (directory / "bodies").mkdir(exist_ok=True)
        shutil.copyfile(body, directory / "bodies" / f"{prefix}-{body.name}")
