"""Every file of a report, in one call."""

from __future__ import annotations

from pathlib import Path

from conformance.report import badge, html, json_report, junit, markdown
from conformance.report.reproduce import write_bodies
from conformance.verdicts.model import RunResult


def write_reports(result: RunResult, directory: Path) -> None:
    """Write every file of a report."""
    json_report.write(result, directory / "report.json")
    junit.write(result, directory / "junit.xml")
    markdown.write(result, directory / "summary.md")
    html.write(result, directory / "report.html")
    badge.write(result, directory / "badge.svg")
    write_bodies(result, directory)
