"""JUnit XML with one test case per requirement, for the test tab of a CI server.

The dialect is the common one of Jenkins, GitLab and GitHub actions: a
``testsuites`` root, one suite, and the four states passed, failure, error and
skipped.  An undecided requirement is an error there, never a skip, because a
skip reads as "fine".
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from xml.etree import ElementTree as ET  # noqa: N817 - the name its documentation uses

from conformance.report.failure import describe, plain_text
from conformance.report.files import write_atomically
from conformance.report.summary import describe_answer, verdict_line
from conformance.report.text import clip, visible
from conformance.verdicts.model import Outcome, RequirementResult, RunInfo, RunResult

_SUITE = "OSS Vectors"
_MILLISECONDS = 1000

_ERRORS = frozenset({Outcome.INCONCLUSIVE, Outcome.NOT_EXECUTED, Outcome.UNSUPPORTED})
_SKIPPED = frozenset({Outcome.KNOWN_DEVIATION, Outcome.EXCLUDED})


def junit_xml(result: RunResult) -> str:
    """The whole report as one XML document; requirements that were not selected are left out."""
    entries = [entry for entry in result.results if entry.outcome is not Outcome.NOT_SELECTED]
    cases = [_case(entry, result) for entry in entries]
    totals = {
        "tests": str(len(cases)),
        "failures": _number_with("failure", cases),
        "errors": _number_with("error", cases),
        "skipped": _number_with("skipped", cases),
        "time": f"{result.info.duration_seconds:.3f}",
    }
    root = ET.Element("testsuites", {"name": _SUITE, **totals})
    suite = ET.SubElement(root, "testsuite", {"name": _SUITE, **totals})
    suite.set("timestamp", visible(result.info.started))
    suite.set("hostname", visible(result.info.endpoint))
    suite.append(_properties(result))
    suite.extend(cases)
    if result.internal_errors:
        ET.SubElement(suite, "system-err").text = visible(
            "\n".join(result.internal_errors), keep_newlines=True
        )
    ET.indent(root)
    return f'<?xml version="1.0" encoding="utf-8"?>\n{ET.tostring(root, encoding="unicode")}\n'


def write(result: RunResult, path: Path) -> None:
    """Write the document as UTF-8."""
    write_atomically(path, junit_xml(result).encode())


def _number_with(tag: str, cases: Iterable[ET.Element]) -> str:
    return str(sum(case.find(tag) is not None for case in cases))


def _properties(result: RunResult) -> ET.Element:
    info = result.info
    facts: Mapping[str, object] = {
        "verdict": verdict_line(result),
        **({"notice": " ".join(result.notices)} if result.notices else {}),
        "exit-code": int(result.exit_code),
        "run-id": info.run_id,
        "suite-version": info.suite_version,
        "contract-version": info.contract_version,
        "endpoint": "embedded emulator" if info.embedded_emulator else info.endpoint,
        "region": info.region,
        "addressing": info.addressing,
        "profile": info.profile,
        "seed": "none" if info.seed is None else info.seed,
        "strict": str(info.strict).lower(),
        **({"shard": info.shard} if info.shard is not None else {}),
        **({"requirement-set": info.requirement_set} if info.requirement_set is not None else {}),
        "python": info.python,
        "command": info.command,
    }
    element = ET.Element("properties")
    for name, value in facts.items():
        ET.SubElement(element, "property", name=name, value=visible(str(value)))
    return element


def _case(entry: RequirementResult, result: RunResult) -> ET.Element:
    requirement = entry.requirement
    case = ET.Element(
        "testcase",
        classname=visible(f"{_SUITE}.{requirement.operation}"),
        name=visible(requirement.id),
        time=f"{_seconds(entry, result):.3f}",
    )
    outcome = entry.outcome
    if outcome is Outcome.FAIL or (outcome is Outcome.WARN and result.info.strict):
        _add(case, "failure", requirement.level.value, _message(entry), _block(entry, result.info))
    elif outcome is Outcome.STALE_DEVIATION:
        reason = _reason(entry, "listed as a known deviation, but it passes")
        _add(case, "failure", outcome.value, reason, _clause(entry))
    elif outcome in _ERRORS:
        reason = _reason(entry, "no reason was recorded")
        _add(case, "error", outcome.value, f"{outcome.value}: {reason}", _clause(entry))
    elif outcome in _SKIPPED:
        ET.SubElement(case, "skipped", message=f"{outcome.value}: {_skip_reason(entry)}")
    elif outcome is Outcome.WARN:
        ET.SubElement(case, "system-out").text = f"WARNING\n{_block(entry, result.info)}"
    elif entry.observations:
        seen = "\n".join(f"observed: {text}" for text in entry.observations)
        ET.SubElement(case, "system-out").text = visible(seen, keep_newlines=True)
    return case


def _add(case: ET.Element, tag: str, kind: str, message: str, text: str) -> None:
    ET.SubElement(case, tag, type=kind, message=message).text = text


def _block(entry: RequirementResult, info: RunInfo) -> str:
    return visible(plain_text(describe(entry, info)), keep_newlines=True)


def _clause(entry: RequirementResult) -> str:
    return visible(f"{entry.requirement.statement}\nSource: {entry.requirement.source}", keep_newlines=True)


def _message(entry: RequirementResult) -> str:
    if entry.violation is None:
        return _reason(entry, "violated")
    return f"expected {clip(entry.violation.expected)}, got {describe_answer(entry.violation.exchange)}"


def _reason(entry: RequirementResult, otherwise: str) -> str:
    return clip(entry.reason or otherwise)


def _skip_reason(entry: RequirementResult) -> str:
    if entry.deviation is not None:
        link = f" ({visible(entry.deviation.link)})" if entry.deviation.link else ""
        return f"{clip(entry.deviation.reason)}{link}"
    return _reason(entry, entry.requirement.excluded or "no reason was recorded")


def _seconds(entry: RequirementResult, result: RunResult) -> float:
    """Time of the recorded exchanges that decided the requirement; there is no better share of a run."""
    exchanges = result.exchanges or {}
    milliseconds = {name: exchanges[name].elapsed_ms for name in entry.exchanges if name in exchanges}
    if entry.violation is not None:
        milliseconds[entry.violation.exchange.id] = entry.violation.exchange.elapsed_ms
    return sum(milliseconds.values()) / _MILLISECONDS
