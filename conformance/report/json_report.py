"""The machine-readable report: one document with everything, described by a JSON Schema.

``reports/report.schema.json`` is its contract: ``schemaVersion`` changes its
first number whenever a reader of the previous one could break.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import orjson

from conformance.report.files import write_atomically
from conformance.report.reproduce import body_file_for, curl_line, rerun_command, sdk_snippet
from conformance.report.summary import VERDICTS, decided, tally
from conformance.verdicts.model import (
    Changes,
    Deviation,
    Outcome,
    RecordedExchange,
    RequirementResult,
    RunInfo,
    RunResult,
    Violation,
)
from conformance.wire.pace import Bound

SCHEMA_VERSION = "1.4"

_LONE_SURROGATE = re.compile("[\ud800-\udfff]")


def to_json(result: RunResult) -> dict[str, Any]:
    """The report as plain JSON values, keys always in the same order."""
    cleaned: dict[str, Any] = _clean(_document(result))
    return cleaned


def write(result: RunResult, path: Path) -> None:
    """Write the report as UTF-8 with a final newline; readers never see half a file."""
    write_atomically(path, orjson.dumps(to_json(result), option=orjson.OPT_INDENT_2) + b"\n")


def _document(result: RunResult) -> dict[str, Any]:
    exchanges = result.exchanges or {}
    return {
        "schemaVersion": SCHEMA_VERSION,
        "verdict": VERDICTS[result.exit_code],
        "exitCode": int(result.exit_code),
        "exitReason": result.exit_reason,
        "notices": list(result.notices),
        "stranger": result.is_stranger,
        "gone": result.gone,
        "spent": result.spent,
        "info": _info(result.info),
        "summary": _summary(result),
        "requests": {name: result.requests[name] for name in sorted(result.requests)},
        "leaks": list(result.leaks),
        "internalErrors": list(result.internal_errors),
        "changes": None if result.changes is None else _changes(result.changes),
        "requirements": [_requirement(entry, exchanges, result.info) for entry in result.results],
    }


def _info(info: RunInfo) -> dict[str, Any]:
    return {
        "runId": info.run_id,
        "suiteVersion": info.suite_version,
        "contractVersion": info.contract_version,
        "endpoint": info.endpoint,
        "embeddedEmulator": info.embedded_emulator,
        "region": info.region,
        "accountId": info.account_id,
        "addressing": info.addressing,
        "profile": info.profile,
        "seed": info.seed,
        "strict": info.strict,
        "operations": list(info.operations),
        "requirements": list(info.requirements),
        "started": info.started,
        "durationSeconds": info.duration_seconds,
        "python": info.python,
        "versions": {name: info.versions[name] for name in sorted(info.versions)},
        "command": info.command,
        "reportDir": info.report_dir,
        "configuration": info.configuration,
        "bucket": info.bucket,
        "options": [list(option) for option in info.options],
        "shard": info.shard,
        "requirementSet": info.requirement_set,
        "pace": None if info.pace is None else _pace(info.pace),
    }


def _pace(pace: Bound) -> dict[str, Any]:
    return {
        "leastSeconds": round(pace.seconds, 3),
        "byRateSeconds": round(pace.by_rate, 3),
        "byLatencySeconds": round(pace.by_latency, 3),
        "limitedBy": pace.limited_by,
        "latencyMs": round(pace.latency * 1000, 3),
        "connections": pace.connections,
    }


def _changes(changes: Changes) -> dict[str, Any]:
    return {
        "since": {
            "runId": changes.baseline.run_id,
            "started": changes.baseline.started,
            "profile": changes.baseline.profile,
        },
        "failing": list(changes.failing),
        "fixed": list(changes.fixed),
        "decided": list(changes.decided),
        "undecided": list(changes.undecided),
    }


def _summary(result: RunResult) -> dict[str, Any]:
    counts = tally(result.results)
    return {
        "requirements": len(result.results),
        "decided": decided(result.results),
        "outcomes": {outcome.value: counts[outcome] for outcome in Outcome},
    }


def _requirement(
    entry: RequirementResult, exchanges: Mapping[str, RecordedExchange], info: RunInfo
) -> dict[str, Any]:
    requirement = entry.requirement
    return {
        "id": requirement.id,
        "operation": requirement.operation,
        "outcome": entry.outcome.value,
        "level": requirement.level.value,
        "strength": requirement.strength.value,
        "statement": requirement.statement,
        "source": {
            "document": requirement.source.document,
            "section": requirement.source.section,
            "date": requirement.source.date,
        },
        "expect": {
            "statuses": list(requirement.expect.statuses),
            "codes": list(requirement.expect.codes),
            "description": requirement.expect.describe(),
        },
        "checks": entry.checks,
        "failures": entry.failures,
        "reason": entry.reason,
        "violation": None if entry.violation is None else _violation(entry.violation, info),
        "exchanges": [_exchange(exchanges[name]) for name in entry.exchanges if name in exchanges],
        "deviation": None if entry.deviation is None else _deviation(entry.deviation),
        "observations": list(entry.observations),
        "tests": list(entry.tests),
    }


def _violation(violation: Violation, info: RunInfo) -> dict[str, Any]:
    exchange = violation.exchange
    return {
        "expected": violation.expected,
        "actual": violation.actual,
        "size": violation.size,
        "test": violation.test,
        "exchange": _exchange(exchange),
        "cause": None if violation.cause is None else _exchange(violation.cause),
        "steps": [_exchange(step) for step in violation.steps],
        "reproduce": {
            # Relative to the directory this report lies in.
            "curl": curl_line(exchange, body_file=body_file_for(exchange), info=info),
            "pythonSdk": sdk_snippet(exchange, info),
            "command": rerun_command(violation.requirement, info),
        },
    }


def _deviation(deviation: Deviation) -> dict[str, Any]:
    return {
        "pattern": deviation.pattern,
        "reason": deviation.reason,
        "link": deviation.link,
        "expires": deviation.expires,
        "line": deviation.line,
    }


def _exchange(exchange: RecordedExchange) -> dict[str, Any]:
    return {
        "id": exchange.id,
        "operation": exchange.operation,
        "bucket": exchange.bucket,
        "method": exchange.method,
        "url": exchange.url,
        "target": exchange.target,
        "host": exchange.host,
        "requestHeaders": [list(header) for header in exchange.request_headers],
        "requestBody": exchange.request_body,
        "requestBodyBase64": exchange.request_body_base64,
        "requestSize": exchange.request_size,
        "bodyComplete": exchange.body_complete,
        "signed": exchange.signed,
        "started": exchange.started,
        "elapsedMs": exchange.elapsed_ms,
        "status": exchange.status,
        "reason": exchange.reason,
        "responseHeaders": [list(header) for header in exchange.response_headers],
        "responseBody": exchange.response_body,
        "responseSize": exchange.response_size,
        "requestId": exchange.request_id,
        "errorCode": exchange.error_code,
        "failure": exchange.failure,
    }


def _clean(value: Any) -> Any:
    """Replace lone surrogates, which UTF-8 cannot hold, in every string of a JSON value."""
    if isinstance(value, str):
        return value if value.isascii() else _LONE_SURROGATE.sub("\ufffd", value)
    if isinstance(value, list):
        return [_clean(item) for item in value]
    if isinstance(value, dict):
        return {_clean(name): _clean(member) for name, member in value.items()}
    return value
