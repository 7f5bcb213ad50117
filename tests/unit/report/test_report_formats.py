"""JSON against its published schema, JUnit and Markdown against their readers."""

from __future__ import annotations

import json
from collections import Counter
from copy import deepcopy
from pathlib import Path
from types import SimpleNamespace
from typing import Any
from xml.etree import ElementTree as ET

import jsonschema_rs
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.report import json_report, junit
from conformance.report.files import write_atomically
from conformance.report.json_report import to_json
from conformance.report.junit import junit_xml
from conformance.report.markdown import markdown
from conformance.verdicts.model import Outcome

SCHEMA = json.loads((Path(__file__).parents[3] / "reports" / "report.schema.json").read_text("utf-8"))
anything = settings(suppress_health_check=[HealthCheck.function_scoped_fixture])


@pytest.fixture(scope="module")
def validator() -> Any:
    return jsonschema_rs.Draft202012Validator(SCHEMA)


def test_the_schema_is_a_valid_and_closed_schema() -> None:
    jsonschema_rs.meta.validate(SCHEMA)
    for name, part in [("report", SCHEMA), *SCHEMA["$defs"].items()]:
        if "properties" in part:
            assert part["additionalProperties"] is False, name
            assert part["required"] == list(part["properties"]), name


def test_a_report_with_every_outcome_matches_the_schema(make: SimpleNamespace, validator: Any) -> None:
    validator.validate(to_json(make.mixed()))


@pytest.mark.parametrize(
    "path", [("info", "seed"), ("requirements", 1, "violation", "cause"), ("exitCode",), ("leaks",)]
)
def test_the_schema_notices_a_missing_member(
    make: SimpleNamespace, validator: Any, path: tuple[Any, ...]
) -> None:
    document = deepcopy(to_json(make.mixed()))
    parent = document
    for step in path[:-1]:
        parent = parent[step]
    del parent[path[-1]]
    assert not validator.is_valid(document)


def test_the_summary_counts_what_the_entries_say(make: SimpleNamespace) -> None:
    document = to_json(make.mixed())
    outcomes = Counter(entry["outcome"] for entry in document["requirements"])
    assert document["summary"]["outcomes"] == {outcome.value: outcomes[outcome.value] for outcome in Outcome}
    undecided = outcomes["observed"] + outcomes["excluded"] + outcomes["not selected"]
    assert document["summary"]["decided"] == len(document["requirements"]) - undecided


def test_a_violation_carries_its_exchange_and_how_to_repeat_it(make: SimpleNamespace) -> None:
    entry = to_json(make.mixed())["requirements"][4]
    assert entry["violation"]["exchange"]["id"] == entry["exchanges"][0]["id"] == "e4"
    assert "@bodies/e4.json" in entry["violation"]["reproduce"]["curl"]


def test_the_file_is_utf8_with_a_final_newline_and_the_same_every_time(
    make: SimpleNamespace, tmp_path: Path
) -> None:
    run = make.result(make.failed("GetVectors.rule", response_body="向量 \ud800"), requests={"B": 1, "A": 2})
    json_report.write(run, tmp_path / "new" / "report.json")
    json_report.write(run, tmp_path / "again.json")
    data = (tmp_path / "new" / "report.json").read_bytes()
    assert data == (tmp_path / "again.json").read_bytes()
    assert data.endswith(b"}\n")
    assert "向量 \ufffd" in data.decode("utf-8")
    assert list(json.loads(data)["requests"]) == ["A", "B"]


def test_an_interrupted_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_text("old")
    with pytest.raises(TypeError):
        write_atomically(path, "not bytes")  # type: ignore[arg-type]
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]


def cases(xml: str) -> dict[str, ET.Element]:
    return {case.attrib["name"]: case for case in ET.fromstring(xml).iter("testcase")}


def test_junit_has_one_case_per_selected_requirement_and_true_counts(make: SimpleNamespace) -> None:
    root = ET.fromstring(junit_xml(make.mixed()))
    found = list(root.iter("testcase"))
    assert len(found) == len(make.mixed().results) - 1
    for element in (root, root.find("testsuite")):
        assert element is not None
        totals = {name: int(element.attrib[name]) for name in ("tests", "failures", "errors", "skipped")}
        assert totals == {"tests": 15, "failures": 6, "errors": 4, "skipped": 2}
    assert all(float(case.attrib["time"]) >= 0 for case in found)


@pytest.mark.parametrize(
    ("name", "state", "kind"),
    [
        ("PutVectorIndex.dimension.maximum.rejected", "failure", "must"),
        ("QueryVectors.top-k.minimum", "failure", "stale deviation"),
        ("Errors.body.host-id", "error", "inconclusive"),
        ("GetVectors.keys.maximum", "error", "not executed"),
        ("PutBucketPolicy.status", "error", "unsupported"),
    ],
)
def test_junit_says_what_is_wrong_with_each_requirement(
    make: SimpleNamespace, name: str, state: str, kind: str
) -> None:
    found = cases(junit_xml(make.mixed()))[name].find(state)
    assert found is not None
    assert found.attrib["type"] == kind
    assert found.attrib["message"]
    assert "Source: " in (found.text or "")


def test_junit_skips_only_with_a_reason(make: SimpleNamespace) -> None:
    messages = [
        skipped.attrib["message"] for skipped in ET.fromstring(junit_xml(make.mixed())).iter("skipped")
    ]
    assert messages == [
        "known deviation: filters come later (https://example.org/7)",
        "excluded: needs a second region",
    ]


def test_a_warning_passes_in_junit_unless_the_run_is_strict(make: SimpleNamespace) -> None:
    warned = make.failed("Errors.body.ec", outcome=Outcome.WARN)
    relaxed = cases(junit_xml(make.result(warned)))["Errors.body.ec"]
    strict = cases(junit_xml(make.result(warned, info=make.info(strict=True))))["Errors.body.ec"]
    assert relaxed.find("failure") is None
    assert "WARNING" in (relaxed.findtext("system-out") or "")
    assert strict.find("failure") is not None


@given(text=st.text())
@anything
def test_junit_stays_well_formed_whatever_the_target_sends(make: SimpleNamespace, text: str) -> None:
    failed = make.failed(
        "GetVectors.rule", response_body=text, reason=text, error_code=text, request_id=text, target=text
    )
    entry = make.entry("GetVectors.other", Outcome.INCONCLUSIVE, reason=text)
    probe = make.entry("GetVectors.probe", Outcome.OBSERVED, observations=(text,))
    xml = junit_xml(make.result(failed, entry, probe, internal_errors=(text,)))
    ET.fromstring(xml.encode("utf-8"))


@given(text=st.text())
@anything
def test_json_matches_its_schema_whatever_the_target_sends(
    make: SimpleNamespace, validator: Any, text: str
) -> None:
    failed = make.failed("GetVectors.rule", response_body=text, reason=text, error_code=text, host=text)
    document = json.loads(json.dumps(to_json(make.result(failed)), ensure_ascii=False).encode("utf-8"))
    validator.validate(document)


def test_the_junit_file_is_written_as_utf8(make: SimpleNamespace, tmp_path: Path) -> None:
    junit.write(make.mixed(), tmp_path / "junit.xml")
    assert ET.parse(tmp_path / "junit.xml").getroot().tag == "testsuites"


def test_markdown_keeps_hostile_text_inside_code(make: SimpleNamespace) -> None:
    text = markdown(make.mixed())
    fenced = False
    fence = ""
    for line in text.split("\n"):
        if not fenced and line.startswith("```"):
            fence = line[: len(line) - len(line.lstrip("`"))]
            fenced = True
        elif fenced and line == fence:
            fenced = False
        elif not fenced:
            assert "<script>" not in line
    assert not fenced
    assert "````text" in text
    assert all(char == "\n" or char.isprintable() for char in text)


def test_markdown_lists_at_most_twenty_failures(make: SimpleNamespace) -> None:
    failures = [make.failed(f"GetVectors.rule-{n}", id=f"e{n}", status=400 + n) for n in range(23)]
    text = markdown(make.result(*failures))
    assert text.count("<details>") == 20
    assert "3 more failures are in `report.json`." in text
