"""The report in the terminal: readable at 80 columns, without colour, and in a CI log.

Text is handed to rich as :class:`~rich.text.Text`, never as markup, so nothing
a target sends can style or hide the report.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import replace

from rich import box
from rich.console import Console
from rich.table import Table
from rich.text import Text

from conformance.report.failure import LABEL_WIDTH, Failure, answer_line, describe, labelled
from conformance.report.summary import (
    VERDICTS,
    Group,
    counted,
    group_by_answer,
    rows,
    verdict_line,
    with_outcome,
)
from conformance.report.text import clip, count, visible, wrap
from conformance.verdicts.model import Changes, ExitCode, Outcome, RequirementResult, RunInfo, RunResult

MAX_FAILURES = 25
"""Failures shown in full; a reader who has seen these fixes something first."""

# Of a target that is another service, one failure in full and a few in a line say as much as all.
_STRANGER_FAILURES = 1
_STRANGER_LINES = 10
_STRANGER_REASONS = 3

_MAX_WARNINGS = 10
_MAX_LISTED = 15
_WIDEST = 100

_HOW_TO_REPEAT = (
    "The run deletes its buckets and indexes at the end: to repeat a request by hand, create them first; "
    "the last command of each failure does all of it."
)
_EMULATOR_IS_GONE = (
    "The embedded emulator ended with the run: start one with oss-vectors-emulator and put its address in."
)

_CHANGE_STYLES = {"newly failing": "bold red", "fixed": "green"}
_VERDICT_STYLES = {ExitCode.CONFORMANT: "bold green", ExitCode.NON_CONFORMANT: "bold red"}


def render(result: RunResult, console: Console, *, max_failures: int = MAX_FAILURES) -> None:
    """Print the whole report; the verdict is its last line, because that is where eyes are."""
    printer = _Printer(console, result.info)
    printer.header(result.notices)
    failed, warned = with_outcome(result, Outcome.FAIL), with_outcome(result, Outcome.WARN)
    if result.is_stranger:
        printer.failures(failed, _STRANGER_FAILURES, _STRANGER_LINES)
    else:
        printer.table(result)
        printer.failures(failed, max_failures)
        printer.warnings(warned)
    printer.lists(result)
    if result.changes is not None:
        printer.changes(result.changes)
    printer.footer(result)


def render_changes(changes: Changes, console: Console) -> None:
    """Print only what changed since an earlier run."""
    _Page(console).changes(changes)


# Ids that share a reason: enough to see what they have in common.
_MAX_IDS = 12
_MAX_CHANGED = 30


class _Page:
    """A report being printed: knows the console and the width to fill."""

    def __init__(self, console: Console) -> None:
        self.console = console
        self.width = min(console.width, _WIDEST)

    def line(self, text: str = "", style: str = "") -> None:
        """Print one line as it is; the terminal breaks it, so it can be copied whole."""
        self.console.print(Text(self.encodable(text), style), soft_wrap=True, highlight=False)

    def encodable(self, text: str) -> str:
        """Escape what the output cannot encode: a log in ASCII must not end the report with an error."""
        encoding = self.console.encoding
        return text.encode(encoding, "backslashreplace").decode(encoding)

    def paragraph(self, text: str, style: str = "", indent: int = 0) -> None:
        """Print text wrapped to the width of the report."""
        for line in wrap(text, self.width - indent):
            self.line(f"{'':{indent}}{line}", style)

    def title(self, text: str, style: str = "bold") -> None:
        """Print a rule with a title, the largest division of the report."""
        self.line()
        filler = "=" * max(self.width - len(text) - 1, 3)
        self.line(f"{text} {filler}", style)

    def changes(self, changes: Changes) -> None:
        """What happened since an earlier run; without a verdict, that is below."""
        self.title("Changes")
        self.paragraph(visible(f"since {changes.baseline}"))
        for name, ids in changes.groups:
            more = f" and {len(ids) - _MAX_CHANGED:,} more" if len(ids) > _MAX_CHANGED else ""
            self.paragraph(visible(f"{name}: {len(ids):,}"), _CHANGE_STYLES.get(name, ""), indent=2)
            self.paragraph(visible(", ".join(ids[:_MAX_CHANGED]) + more), indent=4)
        if not changes.groups:
            self.paragraph("nothing", indent=2)


class _Printer(_Page):
    """The report of one run."""

    def __init__(self, console: Console, info: RunInfo) -> None:
        super().__init__(console)
        self.info = info
        self.setup_shown = ""

    def header(self, notices: Iterable[str]) -> None:
        """Say what a reader needs first, and what was run against what, so that a log explains itself."""
        info = self.info
        target = "embedded reference emulator" if info.embedded_emulator else visible(info.endpoint)
        selection = ", ".join([*info.operations, *info.requirements]) or "everything in the profile"
        if info.requirement_set is not None:
            selection = f"requirement set {info.requirement_set}, {selection}"
        if info.shard is not None:
            selection += f"; shard {info.shard}"
        facts = [
            ("Target", f"{target} (region {info.region}, {info.addressing} addressing)"),
            ("Profile", f"{info.profile}{', strict' if info.strict else ''}; {selection}"),
            ("Run", f"{info.run_id}, started {info.started}, {_seconds(info.duration_seconds)}"),
            ("Suite", f"{info.suite_version}, contract {info.contract_version}{_seed(info.seed)}"),
        ]
        if info.pace is not None:
            facts.append(("Pace", f"{info.pace}; took {_seconds(info.duration_seconds)}"))
        if info.configuration is not None:
            facts.append(("Settings", info.configuration))
        self.title("OSS Vectors conformance")
        for notice in notices:
            self.fact("Notice", notice, "bold red")
        for label, text in facts:
            self.fact(label, text)

    def fact(self, label: str, text: str, style: str = "") -> None:
        """Print text beside the column of labels, wrapped."""
        for position, line in enumerate(wrap(visible(text), self.width - LABEL_WIDTH)):
            self.labelled_line(label if position == 0 else "", line, style)

    def labelled_line(self, label: str, text: str, style: str = "") -> None:
        """Print text beside the column of labels."""
        line = Text.assemble((f"{label:<{LABEL_WIDTH}}", "bold"), (self.encodable(text), style))
        self.console.print(line, soft_wrap=True, highlight=False)

    def table(self, result: RunResult) -> None:
        """One row per operation that had anything to decide."""
        table = Table(box=box.SIMPLE_HEAD, show_edge=False, pad_edge=False)
        table.add_column("Operation", no_wrap=True)
        for name in ("pass", "fail", "warn", "other", "known"):
            table.add_column(name, justify="right")
        for row in rows(result.results):
            table.add_row(
                Text(visible(row.operation)),
                _number(row.passed, "green"),
                _number(row.failed, "bold red"),
                _number(row.warned, "yellow"),
                _number(row.other, "magenta"),
                _number(row.known, "cyan"),
            )
        if table.row_count:
            self.line()
            self.console.print(table, highlight=False)

    def failures(self, entries: Sequence[RequirementResult], limit: int, lines: int | None = None) -> None:
        """Failures in full up to ``limit``, ``lines`` more in a line each; floods with one answer are told once."""
        if not entries:
            return
        self.title(f"{count(len(entries), 'requirement')} failed", "bold red")
        self.paragraph(_HOW_TO_REPEAT, "dim")
        if self.info.embedded_emulator:
            self.paragraph(_EMULATOR_IS_GONE, "dim")
        groups, rest = group_by_answer(entries)
        for group in groups:
            self.group(group)
        if groups and lines is not None:
            limit = 0
        for entry in rest[:limit]:
            failure = describe(entry, self.info, self.width)
            self.failure("FAIL", "bold red", failure if lines is None else _brief(failure))
        if len(rest) > limit:
            self.line()
            self.line(f"{len(rest) - limit:,} more, in full in report.json:", "bold red")
            end = len(rest) if lines is None else limit + lines
            for entry in rest[limit:end]:
                self.one_line(entry)
            self.and_more(len(rest) - end)

    def group(self, group: Group, word: str = "FAIL", style: str = "bold red") -> None:
        """Many failures with one answer: the answer, the ids, and one of them in full."""
        self.line()
        every = f"{count(len(group.members), 'requirement')}: every answer was {group.answer}"
        self.paragraph(every, style)
        by_operation: dict[str, list[str]] = {}
        for entry in group.members:
            operation = entry.requirement.operation
            by_operation.setdefault(operation, []).append(entry.requirement.id.removeprefix(f"{operation}."))
        for operation, aspects in by_operation.items():
            self.paragraph(visible(f"{operation}: {', '.join(aspects)}"), indent=2)
        self.line("One of them:")
        example = describe(group.members[0], self.info, self.width)
        self.failure(word, style, example if word == "FAIL" else _brief(example))

    def failure(self, word: str, style: str, failure: Failure) -> None:
        """One failure: the clause, what was sent, expected and actual, and how to repeat it."""
        self.line()
        kind = f"{failure.level} ({failure.strength})"
        heading = f"{word} {failure.id}"
        self.line(f"{heading}{kind:>{max(self.width - len(heading), len(kind) + 2)}}", style)
        self.paragraph(failure.statement)
        self.paragraph(f"Source: {failure.source}", "dim")
        for part in failure.parts:
            colour = {"Expected": "green", "Actual": "red"}.get(part.label, "")
            for position, line in enumerate(labelled(part, self.width)):
                self.labelled_line(part.label if position == 0 else "", line, colour)
        if failure.note:
            self.labelled_line("Note", f"{failure.note}.")
        self.line()
        for recipe in failure.recipes:
            known = bool(recipe.setup) and recipe.setup == self.setup_shown
            self.line(f"Reproduce ({recipe.title}{', client as above' if known else ''}):", "bold")
            code = recipe.code if known else recipe.setup + recipe.code
            for line in code.split("\n"):
                self.line(line, "cyan")
            self.setup_shown = recipe.setup or self.setup_shown

    def one_line(self, entry: RequirementResult) -> None:
        """A failure beyond the limit, as id, expectation and answer."""
        violation = entry.violation
        answer = answer_line(violation.exchange) if violation else visible(entry.reason or "")
        expected = visible(entry.requirement.expect.describe())
        self.paragraph(f"FAIL {entry.requirement.id}: expected {expected}, got {answer}", indent=2)

    def warnings(self, entries: Sequence[RequirementResult]) -> None:
        """Violated ``should`` clauses, without the recipes that failures have."""
        if not entries:
            return
        effect = "failing the run under --strict" if self.info.strict else "not failing the run"
        self.title(f"{count(len(entries), 'warning')}, {effect}", "bold yellow")
        groups, rest = group_by_answer(entries)
        for group in groups:
            self.group(group, "WARN", "bold yellow")
        for entry in rest[:_MAX_WARNINGS]:
            self.failure("WARN", "bold yellow", _brief(describe(entry, self.info, self.width)))
        self.and_more(len(rest) - _MAX_WARNINGS)

    def lists(self, result: RunResult) -> None:
        """What was not decided or is tolerated, each with its reason."""
        for outcome, style in (
            (Outcome.STALE_DEVIATION, "bold red"),
            (Outcome.NOT_EXECUTED, "bold magenta"),
            (Outcome.INCONCLUSIVE, "bold magenta"),
            (Outcome.UNSUPPORTED, "bold magenta"),
            (Outcome.KNOWN_DEVIATION, "bold cyan"),
        ):
            entries = with_outcome(result, outcome)
            if entries:
                self.title(counted(len(entries), outcome), style)
                self.reasons(entries, _STRANGER_REASONS if result.is_stranger else _MAX_LISTED)
        if result.internal_errors:
            self.title(count(len(result.internal_errors), "internal error"), "bold red")
            for error in result.internal_errors[:_MAX_LISTED]:
                self.paragraph(clip(error), indent=2)
            self.and_more(len(result.internal_errors) - _MAX_LISTED)

    def reasons(self, entries: Sequence[RequirementResult], limit: int) -> None:
        """Ids with up to ``limit`` reasons; those that share a reason are listed under it once."""
        by_reason: dict[str, list[str]] = {}
        for entry in entries:
            by_reason.setdefault(_reason(entry), []).append(entry.requirement.id)
        for reason, ids in list(by_reason.items())[:limit]:
            shown = ", ".join(ids[:_MAX_IDS])
            more = f" and {len(ids) - _MAX_IDS:,} more" if len(ids) > _MAX_IDS else ""
            self.paragraph(visible(shown + more), indent=2)
            self.paragraph(reason, "dim", indent=4)
        self.and_more(len(by_reason) - limit)

    def and_more(self, number: int) -> None:
        """Say how many entries a list leaves out."""
        if number > 0:
            self.line(f"  and {number:,} more, see report.json", "dim")

    def footer(self, result: RunResult) -> None:
        """Observations, requests, leaks, where the reports are, and the verdict last."""
        self.title("Result", _VERDICT_STYLES.get(result.exit_code, "bold magenta"))
        probes = len(with_outcome(result, Outcome.OBSERVED))
        excluded = len(with_outcome(result, Outcome.EXCLUDED))
        if probes:
            self.paragraph(f"observations: {probes:,}, see report.json")
        if excluded:
            self.paragraph(f"excluded: {excluded:,}, with reasons in report.json")
        left_out = [entry for entry in with_outcome(result, Outcome.NOT_SELECTED) if entry.reason]
        for reason in dict.fromkeys(str(entry.reason) for entry in left_out):
            number = sum(entry.reason == reason for entry in left_out)
            self.paragraph(f"left out: {number:,}, {reason}")
        if result.requests:
            per_operation = ", ".join(f"{name} {number:,}" for name, number in result.requests.items())
            self.paragraph(visible(f"requests: {sum(result.requests.values()):,} ({per_operation})"))
        self.leaks(result.leaks)
        if self.info.report_dir is not None:
            self.line(f"reports: {visible(self.info.report_dir)}")
        self.line()
        self.verdict(result)

    def leaks(self, leaks: Iterable[str]) -> None:
        """Resources the run could not delete; a long list is cut, the ledger has all of it."""
        listed = [visible(name) for name in leaks]
        if listed:
            more = len(listed) - _MAX_IDS
            shown = ", ".join(listed[:_MAX_IDS]) + (f" and {more:,} more" if more > 0 else "")
            hint = "the sweep command removes what the ledger lists"
            self.paragraph(f"left behind: {shown}; {hint}", "bold red")

    def verdict(self, result: RunResult) -> None:
        """The last line, in one piece so that a log search finds all of it."""
        line = verdict_line(result)
        word = VERDICTS[result.exit_code]
        style = _VERDICT_STYLES.get(result.exit_code, "bold magenta")
        text = Text.assemble((word, style), self.encodable(line.removeprefix(word)))
        self.console.print(text, soft_wrap=True, highlight=False)


def _brief(failure: Failure) -> Failure:
    """A failure without the requests to copy, but with the command that decides it again."""
    return replace(failure, recipes=failure.recipes[-1:], note=None)


def _reason(entry: RequirementResult) -> str:
    reason = clip(entry.reason or "no reason was recorded")
    if entry.deviation is None:
        return reason
    parts = [clip(entry.deviation.reason) if entry.reason is None else reason]
    if entry.deviation.link:
        parts.append(visible(entry.deviation.link))
    if entry.deviation.expires:
        parts.append(f"until {visible(entry.deviation.expires)}")
    return ", ".join(parts)


def _number(number: int, style: str) -> Text:
    return Text(f"{number:,}", style) if number else Text("-", "dim")


def _seconds(seconds: float) -> str:
    return f"{seconds:.1f} s"


def _seed(seed: int | None) -> str:
    return "" if seed is None else f", seed {seed}"
