"""The text of one failure: the clause, what was sent, expected and actual, and how to repeat it.

Built once as labelled parts, so that the terminal, JUnit and Markdown tell the
same story in their own dress.
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass

from conformance.report.reproduce import (
    body_file_for,
    curl_note,
    curl_words,
    rerun_words,
)
from conformance.report.snippet import sdk_code
from conformance.report.summary import describe_answer
from conformance.report.text import clip, shorten_body, visible, wrap
from conformance.verdicts.model import RecordedExchange, RequirementResult, RunInfo, Violation

_HEADER_LIMIT = 160
_CONTINUATION = " \\\n  "
_CAUSE_LIMIT = 200
# A sequence that was not made short tells most by its end.
_STEPS_SHOWN = 20

# Headers that tell a reader something about the request; the others are in report.json.
_ESSENTIAL = frozenset({"content-type", "content-encoding", "transfer-encoding", "content-md5", "expect"})
_SIGNATURE_HEADERS = frozenset({"x-oss-date", "x-oss-content-sha256", "x-oss-security-token"})


@dataclass(frozen=True, slots=True)
class Part:
    """A labelled paragraph of a failure: ``Sent``, ``Expected``, ``Actual`` or ``After``."""

    label: str
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Recipe:
    """One way to repeat the request; ``setup`` and ``code`` together can be copied as they stand.

    The set-up of an SDK client is the same for all failures of a run, so a
    report may show it once.
    """

    title: str
    code: str
    setup: str = ""


@dataclass(frozen=True, slots=True)
class Failure:
    """Everything a report says about one requirement that was violated."""

    id: str
    level: str
    strength: str
    statement: str
    source: str
    parts: tuple[Part, ...]
    recipes: tuple[Recipe, ...]
    note: str | None


def describe(entry: RequirementResult, info: RunInfo, width: int = 100) -> Failure:
    """Put one failure into words; ``width`` is where commands are broken with a backslash."""
    violation = entry.violation
    recipes: tuple[Recipe, ...] = ()
    note = None
    if violation is not None:
        recipes = tuple(_recipes(violation.exchange, info, width))
        note = curl_note(violation.exchange)
    rerun = Recipe("just this requirement", _fold(rerun_words(entry.requirement.id, info), width))
    return Failure(
        id=entry.requirement.id,
        level=entry.requirement.level.value,
        strength=entry.requirement.strength.value,
        statement=visible(entry.requirement.statement),
        source=visible(str(entry.requirement.source)),
        parts=tuple(_parts(entry, violation)),
        recipes=(*recipes, rerun),
        note=note,
    )


def _parts(entry: RequirementResult, violation: Violation | None) -> Iterator[Part]:
    if violation is None:
        yield Part("Expected", (visible(entry.requirement.expect.describe()),))
        yield Part("Actual", (visible(entry.reason or "no violation was recorded"),))
        return
    if violation.steps:
        yield Part("After", tuple(_step_lines(violation.steps)))
    elif violation.cause is not None:
        yield Part("First", tuple(_cause_lines(violation.cause)))
    yield Part("Sent", tuple(sent_lines(violation.exchange)))
    yield Part("Expected", (clip(violation.expected or entry.requirement.expect.describe()),))
    yield Part("Actual", tuple(_actual_lines(violation)))


def sent_lines(exchange: RecordedExchange) -> Iterator[str]:
    """The request for people: method and target, host, the headers that matter, a short body."""
    yield f"{visible(exchange.method)} {clip(exchange.target, _HEADER_LIMIT)}"
    yield f"Host: {clip(exchange.host, _HEADER_LIMIT)}"
    for name, value in exchange.request_headers:
        lowered = name.lower()
        custom = lowered.startswith("x-oss-") and lowered not in _SIGNATURE_HEADERS
        credentials = lowered == "authorization" and not exchange.signed
        if lowered in _ESSENTIAL or custom or credentials:
            yield f"{visible(name)}: {clip(value, _HEADER_LIMIT)}"
    if exchange.request_size or exchange.method in {"POST", "PUT"}:
        yield _request_body(exchange)


def _request_body(exchange: RecordedExchange) -> str:
    if exchange.request_body_base64 is not None:
        return f"base64 {clip(exchange.request_body_base64, _HEADER_LIMIT)} ({exchange.request_size:,} bytes)"
    return shorten_body(exchange.request_body, exchange.request_size, complete=exchange.body_complete)


def _actual_lines(violation: Violation) -> Iterator[str]:
    exchange = violation.exchange
    yield answer_line(exchange)
    body = None
    if exchange.response_size:
        # The answer may be an excerpt: its size on the wire tells.
        complete = len(exchange.response_body.encode("utf-8", errors="replace")) >= exchange.response_size
        body = shorten_body(exchange.response_body, exchange.response_size, complete=complete)
    if violation.actual and not _is_told(violation.actual, exchange, body):
        yield clip(violation.actual)
    if body is not None:
        yield body


def _is_told(actual: str, exchange: RecordedExchange, body: str | None) -> bool:
    """Whether the answer's first line and body say already what the judge found."""
    if exchange.status is None:
        return False
    head = f"{exchange.status} {exchange.reason or ''}".strip()
    if not actual.startswith(f"{head}, "):
        return False
    if exchange.error_code is None:
        # Only a description of the answer goes on like this.
        return actual.startswith((f"{head}, no body", f"{head}, body "))
    _, _, message = actual.partition(": ")
    return not message or (body is not None and json.dumps(message, ensure_ascii=False)[1:-1] in body)


def answer_line(exchange: RecordedExchange) -> str:
    """Status, reason, error code and request id of an answer, or why there is none."""
    if exchange.status is None:
        return describe_answer(exchange)
    words = [str(exchange.status), clip(exchange.reason or "", _HEADER_LIMIT)]
    if exchange.error_code:
        words.append(clip(exchange.error_code, _HEADER_LIMIT))
    line = " ".join(filter(None, words))
    details = [f"request id {clip(exchange.request_id, _HEADER_LIMIT)}"] if exchange.request_id else []
    if exchange.response_size == 0:
        details.append("no body")
    return f"{line} ({', '.join(details)})" if details else line


def _cause_lines(cause: RecordedExchange) -> Iterator[str]:
    yield f"{visible(cause.method)} {clip(cause.target, _HEADER_LIMIT)} -> {answer_line(cause)}"
    if cause.request_size:
        body = shorten_body(
            cause.request_body, cause.request_size, complete=cause.body_complete, limit=_CAUSE_LIMIT
        )
        yield body


def _step_lines(steps: tuple[RecordedExchange, ...]) -> Iterator[str]:
    """The sequence before the failing request, a line each; reads that changed nothing are left out."""
    changing = [step for step in steps if not step.operation.startswith(_READS)]
    earlier = max(len(changing) - _STEPS_SHOWN, 0)
    if earlier:
        yield f"{earlier:,} earlier steps, see report.json"
    for number, step in enumerate(changing[earlier:], start=earlier + 1):
        body = shorten_body(
            step.request_body, step.request_size, complete=step.body_complete, limit=_CAUSE_LIMIT
        )
        yield f"{number}. {step.operation} {body} -> {answer_line(step)}"


_READS = ("Get", "List", "Query")


def _recipes(exchange: RecordedExchange, info: RunInfo, width: int) -> Iterator[Recipe]:
    name = body_file_for(exchange)
    if name is not None and info.report_dir is not None:
        name = f"{info.report_dir.rstrip('/')}/{name}"
    yield Recipe("curl", _fold(curl_words(exchange, body_file=name, info=info), width))
    snippet = sdk_code(exchange, info)
    if snippet is not None:
        yield Recipe("Python SDK", snippet.call, snippet.setup)


def _fold(words: tuple[str, ...], width: int) -> str:
    """Join shell words, breaking with a backslash where a line would pass ``width``."""
    lines = [""]
    for word in words:
        candidate = f"{lines[-1]} {word}" if lines[-1] else word
        # Two cells for the backslash, two for the indentation of later lines.
        if lines[-1] and (word == "|" or len(candidate) > width - 4):
            lines.append(word)
        else:
            lines[-1] = candidate
    return _CONTINUATION.join(lines)


def plain_text(failure: Failure, width: int = 100) -> str:
    """The failure as plain text, for JUnit and other places without colour."""
    lines = [
        f"{failure.id} ({failure.level}, {failure.strength})",
        failure.statement,
        f"Source: {failure.source}",
        "",
    ]
    lines += part_lines(failure, width)
    if failure.note:
        lines += ["", f"Note: {failure.note}."]
    for recipe in failure.recipes:
        lines += ["", f"Reproduce ({recipe.title}):", recipe.setup + recipe.code]
    return "\n".join(lines)


def part_lines(failure: Failure, width: int) -> Iterator[str]:
    """The labelled parts, wrapped to ``width`` beside a column of labels."""
    for part in failure.parts:
        for position, line in enumerate(labelled(part, width)):
            yield f"{part.label if position == 0 else '':<{LABEL_WIDTH}}{line}"


LABEL_WIDTH = 10
"""Columns of the label beside a part: the longest, ``Expected``, and two spaces."""


def labelled(part: Part, width: int) -> Iterator[str]:
    """The lines of a part, wrapped to what is left of ``width`` beside its label."""
    for line in part.lines:
        yield from wrap(line, width - LABEL_WIDTH)
