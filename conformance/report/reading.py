"""Reads ``report.json`` back: as a whole to merge shards, or just the outcomes to compare runs."""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from conformance.contract.model import Expect, Level, Requirement, Source, Strength
from conformance.report.json_report import SCHEMA_VERSION
from conformance.suite.shards import Shard
from conformance.verdicts.model import (
    Baseline,
    Deviation,
    ExitCode,
    Outcome,
    RecordedExchange,
    RequirementResult,
    RunInfo,
    RunResult,
    Violation,
)

_CAPITAL = re.compile(r"(?<!^)[A-Z]")
FILE_NAME = "report.json"


class ReportError(ValueError):
    """A file that cannot be used as a report, in one sentence."""


def report_file(path: Path) -> Path:
    """The report itself, where the directory of a run's reports is named."""
    return path / FILE_NAME if path.is_dir() else path


def read_baseline(path: Path) -> Baseline:
    """What a comparison needs of an earlier report, of any version since 1.0; raises :class:`ReportError`."""
    document = _document(report_file(path))
    try:
        info = document["info"]
        return Baseline(
            run_id=str(info["runId"]),
            started=str(info["started"]),
            profile=str(info["profile"]),
            outcomes={entry["id"]: Outcome(entry["outcome"]) for entry in document["requirements"]},
        )
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise ReportError(f"{path} is not a report of this suite.") from problem


def read_report(path: Path) -> RunResult:
    """A whole report; raises :class:`ReportError` for one that another version of the suite wrote."""
    document = _document(report_file(path))
    version = document["schemaVersion"]
    if version != SCHEMA_VERSION:
        raise ReportError(
            f"{path} has the format {version}, this suite reads and writes {SCHEMA_VERSION}: "
            "use the version that wrote it."
        )
    try:
        return _result(document)
    except (AttributeError, KeyError, TypeError, ValueError) as problem:
        raise ReportError(f"{path} is not a complete report of this suite.") from problem


def _document(path: Path) -> dict[str, Any]:
    try:
        document = orjson.loads(path.read_bytes())
    except OSError as problem:
        raise ReportError(f"{path} cannot be read: {problem.strerror}.") from problem
    except orjson.JSONDecodeError as problem:
        raise ReportError(f"{path} is not JSON.") from problem
    version = document.get("schemaVersion") if isinstance(document, dict) else None
    if not (isinstance(version, str) and version.startswith("1.")):
        raise ReportError(f"{path} is not a report of this suite.")
    return dict(document)


def _result(document: Mapping[str, Any]) -> RunResult:
    exchanges: dict[str, RecordedExchange] = {}
    return RunResult(
        info=_info(document["info"]),
        results=tuple(_requirement(entry, exchanges) for entry in document["requirements"]),
        exit_code=ExitCode(document["exitCode"]),
        exit_reason=document["exitReason"],
        requests=dict(document["requests"]),
        leaks=tuple(document["leaks"]),
        internal_errors=tuple(document["internalErrors"]),
        notices=tuple(document["notices"]),
        is_stranger=document["stranger"],
        gone=document["gone"],
        spent=document["spent"],
        exchanges=exchanges,
    )


def _info(data: Mapping[str, Any]) -> RunInfo:
    values = _named(data)
    # What was measured of one run says nothing of several.
    del values["pace"]
    for name in ("operations", "requirements"):
        values[name] = tuple(values[name])
    values["options"] = tuple((flag, value) for flag, value in values["options"])
    if values["shard"] is not None:
        Shard.parse(values["shard"])
    return RunInfo(**values)


def _named(data: Mapping[str, Any]) -> dict[str, Any]:
    """Members under the names that fields have: ``runId`` is ``run_id``."""
    return {_CAPITAL.sub(lambda found: f"_{found[0].lower()}", name): value for name, value in data.items()}


def _requirement(entry: Mapping[str, Any], exchanges: dict[str, RecordedExchange]) -> RequirementResult:
    found = [_exchange(data) for data in entry["exchanges"]]
    exchanges.update((one.id, one) for one in found)
    expect = entry["expect"]
    outcome = Outcome(entry["outcome"])
    return RequirementResult(
        requirement=Requirement(
            id=entry["id"],
            operation=entry["operation"],
            statement=entry["statement"],
            source=Source(**entry["source"]),
            strength=Strength(entry["strength"]),
            level=Level(entry["level"]),
            expect=Expect(tuple(expect["statuses"]), tuple(expect["codes"])),
            excluded=entry["reason"] if outcome is Outcome.EXCLUDED else None,
        ),
        outcome=outcome,
        checks=entry["checks"],
        failures=entry["failures"],
        reason=entry["reason"],
        violation=None if entry["violation"] is None else _violation(entry["id"], entry["violation"]),
        exchanges=tuple(one.id for one in found),
        deviation=None if entry["deviation"] is None else Deviation(**entry["deviation"]),
        observations=tuple(entry["observations"]),
        tests=tuple(entry["tests"]),
    )


def _violation(requirement: str, data: Mapping[str, Any]) -> Violation:
    return Violation(
        requirement=requirement,
        expected=data["expected"],
        actual=data["actual"],
        exchange=_exchange(data["exchange"]),
        cause=None if data["cause"] is None else _exchange(data["cause"]),
        test=data["test"],
        size=data["size"],
        steps=tuple(map(_exchange, data["steps"])),
    )


def _exchange(data: Mapping[str, Any]) -> RecordedExchange:
    values = _named(data)
    for name in ("request_headers", "response_headers"):
        values[name] = tuple((key, value) for key, value in values[name])
    return RecordedExchange(**values)
