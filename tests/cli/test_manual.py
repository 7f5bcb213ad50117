"""README and Makefile say what is so."""

from __future__ import annotations

import fnmatch
import re

from conformance.commands import SUMMARIES
from conformance.contract.loader import load_contract
from conformance.options import OPTIONS
from conformance.verdicts.model import ExitCode, Outcome

from .harness import ROOT

README = (ROOT / "README.md").read_text(encoding="utf-8")


def options_table() -> str:
    """The table of options as README must have it; a failing test prints it."""
    rows = ["| option | environment | meaning |", "|---|---|---|"]
    for option in OPTIONS:
        value = option.metavar or ("" if option.switch else "{" + ",".join(option.choices) + "}")
        flag = f"`{option.flag} {value}`" if value else f"`{option.flag}`"
        rows.append(f"| {flag} | `{option.environment}` | {option.help} |")
    return "\n".join(rows)


def table_after(heading: str) -> list[str]:
    """First column of the table in a section."""
    section = README.split(f"\n## {heading}\n", 1)[1].split("\n## ", 1)[0]
    return [
        row.split("|")[1].strip().strip("`") for row in re.findall(r"^\|.*\|$", section, re.MULTILINE)[2:]
    ]


def test_the_table_of_options_is_the_options() -> None:
    found = re.search(r"<!-- options: .*? -->\n(.*?)\n?<!-- end of options -->", README, re.DOTALL)
    assert found is not None
    assert found.group(1) == options_table()


def test_every_exit_code_and_outcome_is_explained() -> None:
    assert table_after("Exit codes") == [str(code.value) for code in ExitCode]
    assert sorted(table_after("Outcomes")) == sorted(outcome.value for outcome in Outcome)


def test_every_subcommand_is_mentioned() -> None:
    listed = re.search(r"^The other subcommands: (.*?); each has", README, re.MULTILINE | re.DOTALL)
    assert listed is not None
    assert {"run", *re.findall(r"`([a-z]+)`", re.sub(r"\(.*?\)", "", listed[1]))} == set(SUMMARIES)


def test_requirements_in_the_manual_exist() -> None:
    known = list(load_contract().requirements)
    names = set(re.findall(r"\b(?:Put|Get|List|Delete|Query)[A-Za-z]+(?:\.(?:[A-Za-z-]+|\*))+", README))
    assert names
    assert [name for name in names if not fnmatch.filter(known, name)] == []


def test_the_manual_counts_the_requirements_of_the_catalogue() -> None:
    contract = load_contract()
    assert (
        f"{len(contract.requirements)} **requirements** for {len(contract.operations)} operations" in README
    )


def test_links_between_sections_lead_somewhere() -> None:
    anchors = {
        re.sub(r"[^\w -]", "", heading.lower()).strip().replace(" ", "-")
        for heading in re.findall(r"^## (.+)$", README, re.MULTILINE)
    }
    assert set(re.findall(r"\]\(#([^)]+)\)", README)) <= anchors


def test_the_make_targets_of_the_manual_and_of_ci_exist() -> None:
    makefile = (ROOT / "Makefile").read_text(encoding="utf-8")
    script = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    targets = set(re.findall(r"^([a-z-]+):", makefile, re.MULTILINE))
    used = set(re.findall(r"^make ([a-z-]+)", README + "\n" + script, re.MULTILINE))
    assert {"conformance", "test"} <= used <= targets


def test_locks_are_exact_hashed_and_name_no_index() -> None:
    locks = sorted((ROOT / "requirements").glob("*.txt"))
    assert locks
    for lock in locks:
        text = lock.read_text(encoding="utf-8")
        names = re.findall(r"^(\S+)", text, re.MULTILINE)
        assert names, lock
        assert all("==" in name for name in names), lock
        assert text.count("--hash=sha256:") >= len(names), lock
        assert "://" not in text, lock
