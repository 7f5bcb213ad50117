"""The known-deviations file: what is accepted, and how each mistake is explained."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest

from conformance.verdicts.deviations import DeviationError, load_deviations, match
from conformance.verdicts.model import Deviation

IDS = (
    "PutVectorIndex.dimension.maximum.rejected",
    "PutVectorIndex.dimension.minimum.rejected",
    "DeleteVectors.keys.unique-count.maximum.rejected",
    "Errors.body.request-id",
)
TODAY = date(2026, 1, 10)


def load(tmp_path: Path, text: str | bytes) -> tuple[Deviation, ...]:
    path = tmp_path / "deviations.yaml"
    path.write_bytes(text.encode() if isinstance(text, str) else text)
    return load_deviations(path, IDS, TODAY)


def problem(tmp_path: Path, text: str | bytes) -> str:
    with pytest.raises(DeviationError) as caught:
        load(tmp_path, text)
    message = str(caught.value)
    assert "\n" not in message
    assert message.startswith(str(tmp_path / "deviations.yaml"))
    return message.removeprefix(f"{tmp_path / 'deviations.yaml'}")


def test_a_complete_entry_is_read_with_its_line(tmp_path: Path) -> None:
    text = """\
# our state
- requirement: Errors.body.request-id
  reason: >
    behind a proxy
    that strips it
  link: https://example.org/issues/7
  expires: 2026-01-10
- {requirement: "PutVectorIndex.*", reason: later}
"""
    assert load(tmp_path, text) == (
        Deviation(
            "Errors.body.request-id",
            "behind a proxy that strips it",
            "https://example.org/issues/7",
            "2026-01-10",
            2,
        ),
        Deviation("PutVectorIndex.*", "later", None, None, 8),
    )


@pytest.mark.parametrize("text", ["", "# nothing any more\n", "[]\n"])
def test_a_file_without_entries_is_fine(tmp_path: Path, text: str) -> None:
    assert load(tmp_path, text) == ()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("- requirement: [\n", ", line 2: not YAML: "),
        ("a: b: c\n", ", line 1: not YAML: "),
        ("- a\n---\n- b\n", "not YAML: but found another document"),
        ("- \x07\n", ": not YAML: unacceptable character #x0007"),
        (b"\xff\xfe\xfa", ": the file is not UTF-8 text."),
        ("requirement: x\nreason: y\n", ", line 1: the file must be a list of entries"),
        ("null\n", ", line 1: the file must be a list of entries"),
        ("\n- Errors.body.request-id\n", ", line 2: an entry must be a mapping with the keys 'requirement'"),
        (
            "- requirement: Errors.body.request-id\n  raeson: x\n",
            ", line 2: unknown key 'raeson', did you mean 'reason'?; allowed are 'requirement', 'reason',",
        ),
        ("- requirement: Errors.body.request-id\n  [a]: x\n", ", line 2: unknown key '(not a name)'"),
        (
            "- requirement: Errors.body.request-id\n  reason: x\n  reason: y\n",
            ", line 3: the key 'reason' stands twice in one entry.",
        ),
        (
            "- requirement: [Errors.body.request-id]\n  reason: x\n",
            ", line 1: 'requirement' must be plain text, not a list or a mapping.",
        ),
        ("- reason: x\n", ", line 1: the entry needs a 'requirement'"),
        ("- requirement: ' '\n  reason: x\n", ", line 1: the entry needs a 'requirement'"),
        ("- requirement: Errors.body.request-id\n", ", line 1: the entry needs a 'reason'"),
        ("- requirement: Errors.body.request-id\n  reason:\n", ", line 2: the entry needs a 'reason'"),
        ("- requirement: Errors.body.request-id\n  reason: '  '\n", ", line 2: the entry needs a 'reason'"),
        ("- requirement: Errors.body.request-id\n  reason: ~\n", ", line 2: the entry needs a 'reason'"),
        (
            "- requirement: Errors.body.request-id\n  reason: 7\n",
            ", line 2: 'reason' must be a sentence, not '7'.",
        ),
        (
            "- requirement: Errors.body.request-id\n  reason: x\n  link: javascript:alert(1)\n",
            ", line 3: 'link' must be an http or https address",
        ),
        (
            "- requirement: Errors.body.request-id\n  reason: x\n  link: 'http://[bad'\n",
            ", line 3: 'link' must be an http or https address",
        ),
        *(
            (
                f"- requirement: Errors.body.request-id\n  reason: x\n  expires: {wrong}\n",
                f", line 3: 'expires' must be a date written YYYY-MM-DD, not '{wrong}'.",
            )
            for wrong in ("2026-02-30", "20260201", "tomorrow", "2026-1-1")
        ),
        (
            "- requirement: Errors.body.request-id\n  reason: x\n  expires: 2026-01-09\n",
            ", line 3: the entry expired on 2026-01-09;",
        ),
        (
            "- requirement: Errors.body.requestid\n  reason: x\n",
            ", line 1: 'Errors.body.requestid' is no requirement, did you mean 'Errors.body.request-id'?",
        ),
        (
            "- requirement: PutVectorIndx.*\n  reason: x\n",
            ", line 1: 'PutVectorIndx.*' matches no requirement",
        ),
        (
            "- requirement: Errors.*\n  reason: x\n- requirement: Errors.*\n  reason: y\n",
            ", line 3: 'Errors.*' stands in line 1 too; keep one entry.",
        ),
    ],
)
def test_a_mistake_is_explained_with_its_line(tmp_path: Path, text: str | bytes, expected: str) -> None:
    assert expected in problem(tmp_path, text)


def test_a_file_nested_beyond_reading_is_refused(tmp_path: Path) -> None:
    assert "nested too deeply" in problem(tmp_path, "[" * 3000)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(DeviationError, match=r"missing\.yaml: the file cannot be read \(No such file"):
        load_deviations(tmp_path / "missing.yaml", IDS, TODAY)


def deviation(pattern: str) -> Deviation:
    return Deviation(pattern, "reason", None, None, 1)


def test_an_entry_naming_the_requirement_wins_over_a_glob() -> None:
    entries = (deviation("PutVectorIndex.*"), deviation(IDS[0]))
    assert match(entries, IDS[0]) == entries[1]
    assert match(entries, IDS[1]) == entries[0]


def test_the_first_of_several_globs_counts() -> None:
    entries = (deviation("*.maximum.*"), deviation("PutVectorIndex.*"))
    assert match(entries, IDS[0]) == entries[0]


def test_a_requirement_nobody_listed_has_no_deviation() -> None:
    assert match((deviation("PutVectorIndex.*"),), IDS[3]) is None


def test_a_glob_is_case_sensitive() -> None:
    assert match((deviation("putvectorindex.*"),), IDS[0]) is None
