"""Reports that are read again: nothing lost, and everything else refused in a sentence."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.report import json_report
from conformance.report.json_report import to_json
from conformance.report.junit import junit_xml
from conformance.report.markdown import markdown
from conformance.report.reading import ReportError, read_baseline, read_report
from conformance.verdicts.model import Outcome, RunResult


def stored(result: RunResult, folder: Path) -> Path:
    json_report.write(result, folder / "report.json")
    return folder / "report.json"


def test_a_report_that_is_read_is_the_report_that_was_written(make: SimpleNamespace, tmp_path: Path) -> None:
    steps = (make.exchange(id="e20"), make.exchange(id="e21"))
    failed = make.failed("PutVectors.rule", id="e22", cause=make.exchange(id="e23"))
    failed = replace(failed, violation=replace(failed.violation, steps=steps))
    written = replace(
        make.result(failed, *make.mixed().results, gone="away", spent="enough", is_stranger=True),
        info=make.info(shard="2/3", requirement_set="0.1", operations=("PutVectors",), seed=None),
        notices=("look",),
        internal_errors=("boom",),
    )
    found = read_report(stored(written, tmp_path))
    assert to_json(found) == to_json(written)
    assert read_report(tmp_path).info == written.info


def test_other_formats_say_the_same_of_what_was_read(make: SimpleNamespace, tmp_path: Path) -> None:
    written = make.mixed()
    found = read_report(stored(written, tmp_path))
    assert junit_xml(found) == junit_xml(written)
    assert markdown(found) == markdown(written)


def test_a_baseline_is_read_from_reports_of_older_formats(make: SimpleNamespace, tmp_path: Path) -> None:
    path = stored(make.mixed(), tmp_path)
    document = json.loads(path.read_text("utf-8"))
    for name in ("stranger", "gone", "spent"):
        del document[name]
    path.write_text(json.dumps({**document, "schemaVersion": "1.0"}))
    found = read_baseline(path)
    assert (found.run_id, found.profile) == ("7f3a", "core")
    assert found.outcomes["PutVectorIndex.dimension.maximum.rejected"] is Outcome.FAIL
    with pytest.raises(ReportError, match=r"has the format 1\.0"):
        read_report(path)


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (b"", "is not JSON"),
        (b"\xff", "is not JSON"),
        (b"[]", "is not a report"),
        (b"{}", "is not a report"),
        (b'{"schemaVersion": 1}', "is not a report"),
        (b'{"schemaVersion": "2.0"}', "is not a report"),
        (b'{"schemaVersion": "1.4"}', "is not a"),
        (b'{"schemaVersion": "1.4", "info": [], "requirements": {}}', "is not a"),
    ],
)
def test_what_is_no_report_is_refused(content: bytes, said: str, tmp_path: Path) -> None:
    path = tmp_path / "report.json"
    path.write_bytes(content)
    for read in (read_report, read_baseline):
        with pytest.raises(ReportError, match=said):
            read(path)


def test_a_missing_report_is_named(tmp_path: Path) -> None:
    with pytest.raises(ReportError, match="cannot be read: No such file"):
        read_baseline(tmp_path / "report.json")


@pytest.mark.parametrize("change", [{"outcome": "splendid"}, {"violation": {}}, {"level": None}])
def test_a_damaged_entry_is_refused(change: dict[str, Any], make: SimpleNamespace, tmp_path: Path) -> None:
    path = stored(make.mixed(), tmp_path)
    document = json.loads(path.read_text("utf-8"))
    document["requirements"][0].update(change)
    path.write_text(json.dumps(document))
    with pytest.raises(ReportError, match="is not a complete report"):
        read_report(path)


def test_a_damaged_shard_is_refused(make: SimpleNamespace, tmp_path: Path) -> None:
    path = stored(make.result(info=make.info(shard="3/2")), tmp_path)
    with pytest.raises(ReportError, match="is not a complete report"):
        read_report(path)
