"""A short summary for the page of a CI job, in GitHub-flavoured Markdown.

It answers "is it conformant, and if not, what first"; the details are in the
other reports.  Text of a target stands in code only, with a fence longer than
any run of backticks in it.
"""

from __future__ import annotations

import html
import re
from collections.abc import Iterator, Sequence
from pathlib import Path

from conformance.report.failure import describe, part_lines
from conformance.report.files import write_text
from conformance.report.summary import counted, decided, group_by_answer, rows, verdict_line, with_outcome
from conformance.report.text import clip, count, visible
from conformance.verdicts.model import Changes, ExitCode, Outcome, RequirementResult, RunInfo, RunResult

_LISTED = (
    Outcome.WARN,
    Outcome.STALE_DEVIATION,
    Outcome.NOT_EXECUTED,
    Outcome.INCONCLUSIVE,
    Outcome.UNSUPPORTED,
)
_MAX_FAILURES = 20
# Of a target that is another service, one failure says as much as all.
_STRANGER_FAILURES = 1
_MAX_LISTED = 50
_SHORTEST_FENCE = 3
_WIDTH = 100


def markdown(result: RunResult) -> str:
    """The summary as one Markdown text."""
    return "\n".join(_lines(result)) + "\n"


def write(result: RunResult, path: Path) -> None:
    """Write the summary as UTF-8."""
    write_text(path, markdown(result))


def _lines(result: RunResult) -> Iterator[str]:
    mark = "✅" if result.exit_code is ExitCode.CONFORMANT else "❌"
    yield f"## {mark} {_escape(verdict_line(result))}"
    for notice in result.notices:
        yield ""
        yield f"**{_escape(notice)}**"
    yield ""
    yield from _facts(result.info)
    if decided(result.results) and not result.is_stranger:
        yield ""
        yield from _table(result)
    if result.changes is not None:
        yield ""
        yield from change_lines(result.changes)
    limit = _STRANGER_FAILURES if result.is_stranger else _MAX_FAILURES
    yield from _failures(with_outcome(result, Outcome.FAIL), result.info, limit)
    for outcome in () if result.is_stranger else _LISTED:
        yield from _listed(outcome, with_outcome(result, outcome))
    if result.leaks:
        yield ""
        yield f"**Left behind:** {', '.join(_code(name) for name in result.leaks)}"
    yield from _observed(with_outcome(result, Outcome.OBSERVED))


def change_lines(changes: Changes) -> Iterator[str]:
    """What happened since an earlier run, before the failures: what is new among them comes first."""
    yield f"### Changes since {_escape(str(changes.baseline))}"
    yield ""
    for name, ids in changes.groups:
        more = f" and {len(ids) - _MAX_LISTED:,} more" if len(ids) > _MAX_LISTED else ""
        yield f"- **{len(ids):,} {name}:** {', '.join(map(_code, ids[:_MAX_LISTED]))}{more}"
    if not changes.groups:
        yield "Nothing changed."


def _facts(info: RunInfo) -> Iterator[str]:
    target = "the embedded emulator" if info.embedded_emulator else _code(info.endpoint)
    part = "" if info.shard is None else f", shard {_escape(info.shard)}"
    if info.requirement_set is not None:
        part += f", requirement set {_escape(info.requirement_set)}"
    yield (
        f"Profile {_code(info.profile)}{part} against {target}, run {_code(info.run_id)}, "
        f"{info.duration_seconds:.1f} s, suite {_escape(info.suite_version)}, "
        f"contract {_escape(info.contract_version)}."
    )


def _table(result: RunResult) -> Iterator[str]:
    yield "| Operation | pass | fail | warn | other | known |"
    yield "|---|--:|--:|--:|--:|--:|"
    for row in rows(result.results):
        numbers = (row.passed, row.failed, row.warned, row.other, row.known)
        cells = " | ".join(f"{number:,}" if number else "" for number in numbers)
        yield f"| {_escape(row.operation)} | {cells} |"


def _failures(entries: Sequence[RequirementResult], info: RunInfo, limit: int) -> Iterator[str]:
    if not entries:
        return
    yield ""
    yield f"### {count(len(entries), 'requirement')} failed"
    groups, rest = group_by_answer(entries)
    for group in groups:
        ids = ", ".join(_code(entry.requirement.id) for entry in group.members[:_MAX_LISTED])
        more = " and more" if len(group.members) > _MAX_LISTED else ""
        yield ""
        yield f"**{count(len(group.members), 'requirement')}: every answer was** {_code(group.answer)}"
        yield ""
        yield f"{ids}{more}"
    for entry in rest[:limit]:
        yield from _failure(entry, info)
    if len(rest) > limit:
        yield ""
        yield f"{len(rest) - limit:,} more failures are in `report.json`."


def _failure(entry: RequirementResult, info: RunInfo) -> Iterator[str]:
    failure = describe(entry, info, _WIDTH)
    yield ""
    yield "<details>"
    summary = f"<code>{html.escape(failure.id)}</code> {html.escape(failure.statement)}"
    yield f"<summary>{summary}</summary>"
    yield ""
    yield f"Source: {_escape(failure.source)} ({failure.level}, {failure.strength})"
    yield from _fenced("text", "\n".join(part_lines(failure, _WIDTH)))
    for recipe in failure.recipes:
        language = "python" if recipe.title.startswith("Python") else "sh"
        yield from _fenced(language, recipe.setup + recipe.code)
    yield "</details>"


def _listed(outcome: Outcome, entries: Sequence[RequirementResult]) -> Iterator[str]:
    if not entries:
        return
    yield ""
    yield f"### {counted(len(entries), outcome)}"
    yield ""
    for entry in entries[:_MAX_LISTED]:
        reason = clip(entry.reason) if entry.reason else visible(entry.requirement.statement)
        yield f"- {_code(entry.requirement.id)}: {_escape(reason)}"
    if len(entries) > _MAX_LISTED:
        yield f"- and {len(entries) - _MAX_LISTED:,} more"


def _observed(entries: Sequence[RequirementResult]) -> Iterator[str]:
    """What the target does where the pages are silent or contradict each other, folded away: it decides nothing."""
    told = [entry for entry in entries if entry.observations]
    if not told:
        return
    yield ""
    yield "<details>"
    yield f"<summary>{count(len(told), 'observation')}, without a verdict</summary>"
    yield ""
    for entry in told:
        yield f"- {_code(entry.requirement.id)}: {_escape('; '.join(map(clip, entry.observations)))}"
    yield ""
    yield "</details>"


def _fenced(language: str, text: str) -> Iterator[str]:
    fence = "`" * max(_SHORTEST_FENCE, _longest_run(text) + 1)
    yield ""
    yield f"{fence}{language}"
    yield text
    yield fence
    yield ""


def _code(text: str) -> str:
    shown = visible(text)
    ticks = "`" * (_longest_run(shown) + 1)
    padding = " " if "`" in shown else ""
    return f"{ticks}{padding}{shown}{padding}{ticks}"


def _longest_run(text: str) -> int:
    return max((len(run) for run in re.findall("`+", text)), default=0)


def _escape(text: str) -> str:
    return re.sub(r"([\\`*_{}\[\]<>#|~@!])", r"\\\1", visible(text))
