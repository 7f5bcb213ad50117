"""The terminal report as a whole, compared with files, and its safety properties."""

from __future__ import annotations

import io
import os
import re
from pathlib import Path
from types import SimpleNamespace

import pytest
from rich.console import Console

from conformance.report.junit import junit_xml
from conformance.report.markdown import markdown
from conformance.report.summary import verdict_line
from conformance.report.terminal import render
from conformance.verdicts.model import Baseline, Changes, ExitCode, Outcome, RequirementResult, RunResult

SNAPSHOTS = Path(__file__).parent / "snapshots"
UPDATE = "UPDATE_SNAPSHOTS"


def rendered(result: RunResult, *, colour: bool = False, width: int = 80, **options: int) -> str:
    stream = io.StringIO()
    console = Console(
        file=stream,
        width=width,
        force_terminal=colour,
        color_system="truecolor" if colour else None,
        no_color=not colour,
    )
    render(result, console, **options)
    return stream.getvalue()


def check_snapshot(name: str, text: str) -> None:
    path = SNAPSHOTS / name
    if os.environ.get(UPDATE):
        path.write_text(text, encoding="utf-8")
    assert text == path.read_text(encoding="utf-8"), f"set {UPDATE}=1 to accept the new text"


def all_pass(make: SimpleNamespace) -> RunResult:
    passed = [make.entry(f"PutVectorIndex.rule-{number}", Outcome.PASS) for number in range(412)]
    return make.result(*passed, exit_code=ExitCode.CONFORMANT, exit_reason="every requirement is met.")


def same_answer(make: SimpleNamespace, number: int) -> RunResult:
    html = "<html><title>Sign in</title> request {0}</html>"
    failures = [
        make.failed(
            f"{'PutVectors' if position % 2 else 'GetVectors'}.rule-{position}",
            id=f"e{position}",
            status=200,
            request_id="GHIJKLMNOPQR"[position] * 4,
            response_body=html.format("GHIJKLMNOPQR"[position] * 4),
            response_headers=(("Content-Type", "text/html; charset=utf-8"),),
        )
        for position in range(number)
    ]
    return make.result(*failures)


def test_a_run_with_every_outcome_reads_like_this(make: SimpleNamespace) -> None:
    check_snapshot("mixed.txt", rendered(make.mixed()))


def test_a_conformant_run_reads_like_this(make: SimpleNamespace) -> None:
    check_snapshot("conformant.txt", rendered(all_pass(make)))


def test_one_root_cause_reads_like_this(make: SimpleNamespace) -> None:
    check_snapshot("one-root-cause.txt", rendered(same_answer(make, 12)))


def test_the_markdown_summary_reads_like_this(make: SimpleNamespace) -> None:
    check_snapshot("mixed-markdown.txt", markdown(make.mixed()))


def test_the_junit_file_reads_like_this(make: SimpleNamespace) -> None:
    check_snapshot("mixed.xml", junit_xml(make.mixed()))


def test_the_verdict_is_the_last_line(make: SimpleNamespace) -> None:
    last = rendered(all_pass(make)).rstrip("\n").split("\n")[-1]
    assert last == "CONFORMANT  412 of 412 requirements pass (exit 0: every requirement is met)"


@pytest.mark.parametrize("code", ExitCode)
def test_every_exit_code_has_a_verdict(make: SimpleNamespace, code: ExitCode) -> None:
    line = verdict_line(make.result(exit_code=code, exit_reason="because"))
    assert re.fullmatch(rf"[A-Z -]+  0 of 0 requirements pass \(exit {int(code)}: because\)", line)


def test_nothing_a_target_sends_can_control_the_terminal(make: SimpleNamespace) -> None:
    text = rendered(make.mixed())
    assert all(char == "\n" or char.isprintable() for char in text)
    assert "[bold red]all[/] fine" in text
    assert "\\x1b[2J" in text


def test_colour_changes_nothing_but_colour(make: SimpleNamespace) -> None:
    coloured = rendered(make.mixed(), colour=True)
    assert "\x1b[1mExpected  \x1b[0m\x1b[32m400 VectorIndexParameterInvalid\x1b[0m" in coloured
    assert re.sub(r"\x1b\[[0-9;]*m", "", coloured) == rendered(make.mixed())


@pytest.mark.parametrize("width", [20, 40, 80, 300])
def test_any_width_works_and_only_commands_run_over(make: SimpleNamespace, width: int) -> None:
    text = rendered(make.mixed(), width=width)
    assert "FAIL PutVectorIndex.dimension.maximum.rejected" in text.replace("\n", " ")
    assert text.rstrip().split("\n")[-1].startswith("NON-CONFORMANT")


def test_prose_fits_80_columns(make: SimpleNamespace) -> None:
    allowed = ("oss-vectors", "  -", "  |", "  'http", "config.", "NON-CONFORMANT")
    long_lines = [line for line in rendered(make.mixed()).split("\n") if len(line) > 80]
    assert [line for line in long_lines if not line.startswith(allowed)] == []


def test_failures_beyond_the_limit_get_one_line_each(make: SimpleNamespace) -> None:
    answers = [404, 405, 409, 500, 501]
    failures = [
        make.failed(f"GetVectors.rule-{position}", id=f"e{position}", status=answers[position % 5])
        for position in range(30)
    ]
    text = rendered(make.result(*failures), max_failures=25)
    assert text.count("Reproduce (just this requirement)") == 25
    assert "5 more, in full in report.json" in text
    assert len(re.findall(r"^  FAIL GetVectors\.rule-2[5-9]: expected 400", text, re.MULTILINE)) == 5


def test_the_same_answer_to_many_requests_is_told_once(make: SimpleNamespace) -> None:
    text = rendered(same_answer(make, 12))
    assert "12 requirements: every answer was 200 text/html" in text
    assert text.count("Expected") == 1
    assert all(f"rule-{position}" in text for position in range(12))


def test_one_undocumented_code_for_many_refusals_is_told_once_whatever_the_messages(
    make: SimpleNamespace,
) -> None:
    def refused(number: int) -> RequirementResult:
        body = f'{{"Error":{{"Code":"InvalidParameter","Message":"{"x" * number} is wrong"}}}}'
        answer = {"status": 400, "reason": "", "error_code": "InvalidParameter", "response_body": body}
        return make.failed(f"GetVectors.rule-{number}", id=f"e{number}", **answer)

    text = rendered(make.result(*map(refused, range(12))))
    assert "12 requirements: every answer was 400 InvalidParameter" in text
    assert len(re.findall("^FAIL ", text, re.MULTILINE)) == 1


def test_the_same_answer_to_many_warnings_is_told_once(make: SimpleNamespace) -> None:
    answer = {"status": 500, "reason": "", "error_code": "InternalError", "outcome": Outcome.WARN}
    warnings = [make.failed(f"GetVectors.may-{n}", id=f"w{n}", **answer) for n in range(30)]
    other = make.failed("GetVectors.other", id="other", outcome=Outcome.WARN)
    text = rendered(make.result(*warnings, other))
    assert "30 requirements: every answer was 500 InternalError" in text
    assert all(f"may-{n}" in text for n in range(30))
    assert re.findall("^WARN \\S+", text, re.MULTILINE) == ["WARN GetVectors.may-0", "WARN GetVectors.other"]
    assert "Reproduce (curl)" not in text


def test_notices_come_before_everything_else(make: SimpleNamespace) -> None:
    result = make.result(make.entry("GetVectors.rule", Outcome.PASS), notices=("It went \x1b[2J away.",))
    assert rendered(result).split("\n")[2] == "Notice    It went \\x1b[2J away."
    assert "**It went " in markdown(result).split("\n\n")[1]
    assert 'name="notice" value="It went \\x1b[2J away."' in junit_xml(result)


def test_of_a_stranger_one_failure_is_shown_and_a_few_are_listed(make: SimpleNamespace) -> None:
    statuses = (404, 405, 409, 500, 501)
    failures = [make.failed(f"GetVectors.rule-{n}", id=f"e{n}", status=statuses[n % 5]) for n in range(30)]
    warnings = [make.failed(f"GetVectors.may-{n}", outcome=Outcome.WARN, id=f"w{n}") for n in range(9)]
    result = make.result(*failures, *warnings, notices=("It is another service.",), is_stranger=True)
    text = rendered(result)
    assert (text.count("Expected"), text.count("Reproduce"), text.count("  FAIL ")) == (1, 1, 10)
    assert "and 19 more, see report.json" in text
    assert len(text.split("\n")) < 60
    summary = markdown(result)
    assert summary.count("<details>") == 1
    assert "29 more failures are in `report.json`" in summary


def test_a_long_list_of_leaks_is_cut(make: SimpleNamespace) -> None:
    text = rendered(make.result(leaks=tuple(f"bucket b{n}" for n in range(40))))
    assert "bucket b11 and 28 more; the sweep command" in " ".join(text.split())


def test_a_few_equal_answers_are_told_one_by_one(make: SimpleNamespace) -> None:
    text = rendered(same_answer(make, 9))
    assert "every answer was" not in text
    assert text.count("Expected") == 9


def test_output_that_cannot_encode_a_character_gets_an_escape(make: SimpleNamespace) -> None:
    raw = io.BytesIO()
    stream = io.TextIOWrapper(raw, encoding="ascii")
    failed = make.failed("GetVectors.rule", response_body="向量", status=500)
    render(make.result(failed), Console(file=stream, width=80, no_color=True))
    stream.flush()
    assert b"\\u5411\\u91cf" in raw.getvalue()


def test_a_failure_without_a_violation_is_still_explained(make: SimpleNamespace) -> None:
    text = rendered(make.result(make.entry("GetVectors.rule", Outcome.FAIL, reason="the suite lost it")))
    assert "the suite lost it" in text


def test_internal_errors_and_leaks_are_shown(make: SimpleNamespace) -> None:
    run = make.result(
        exit_code=ExitCode.INTERNAL_ERROR, internal_errors=("KeyError: \x1bx",), leaks=("bucket a", "index b")
    )
    text = rendered(run)
    assert "KeyError: \\x1bx" in text
    assert "left behind: bucket a, index b" in text


def changed(make: SimpleNamespace, **lists: tuple[str, ...]) -> RunResult:
    baseline = Baseline(f"r1{make.hostile}", "2026-01-09T12:00:00Z", "core", {})
    return make.result(make.entry("GetVectors.rule", Outcome.PASS), changes=Changes(baseline, **lists))


def test_changes_stand_before_the_result_and_cannot_style_the_report(make: SimpleNamespace) -> None:
    many = tuple(f"PutVectors.rule-{number:02}" for number in range(40))
    run = changed(make, failing=("GetVectors.other",), fixed=many)
    text = rendered(run)
    assert (
        text.index("newly failing: 1\n    GetVectors.other")
        < text.index("fixed: 40")
        < text.index("Result =")
    )
    assert "and 10 more" in text
    assert "newly decided" not in text
    assert "\x1b" not in rendered(run).replace("\\x1b", "")
    page = markdown(run)
    assert "- **1 newly failing:** `GetVectors.other`" in page
    assert "<script>" not in page.split("### Changes", 1)[1].splitlines()[0]


def test_no_changes_are_told_as_well(make: SimpleNamespace) -> None:
    assert "\n  nothing\n" in rendered(changed(make))
    assert "Nothing changed." in markdown(changed(make))
    assert "Changes" not in rendered(all_pass(make))


def test_a_shard_and_a_requirement_set_are_named_in_every_format(make: SimpleNamespace) -> None:
    run = make.result(
        make.entry("GetVectors.rule", Outcome.PASS), info=make.info(shard="2/3", requirement_set="0.1")
    )
    for text in (rendered(run), markdown(run)):
        assert "shard 2/3" in text
        assert "requirement set 0" in text
    assert 'name="shard" value="2/3"' in junit_xml(run)
    assert 'name="requirement-set" value="0.1"' in junit_xml(run)
