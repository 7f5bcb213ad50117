"""``list``, ``explain``, help and version: answers from the contract, without a network."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance.contract.loader import load_contract

from .harness import command, tree


def test_list_shows_every_requirement_once(tmp_path: Path) -> None:
    ended = command("list", cwd=tmp_path)
    assert ended.code == 0
    assert [line.split()[0] for line in ended.out.splitlines()] == list(load_contract().requirements)


def test_the_filters_of_list_narrow_together(tmp_path: Path) -> None:
    words = ("--operation", "deletevectors", "--level", "must", "--profile", "smoke", "--json")
    ended = command("list", *words, cwd=tmp_path)
    found = json.loads(ended.out)
    assert "DeleteVectors.success.status" in [entry["id"] for entry in found]
    assert {(entry["operation"], entry["level"], entry["profile"]) for entry in found} == {
        ("DeleteVectors", "must", "smoke")
    }


def test_a_glob_selects_requirements(tmp_path: Path) -> None:
    ended = command("list", "--requirement", "DeleteVectors.keys.*", cwd=tmp_path)
    assert ended.out.splitlines()
    assert all(line.startswith("DeleteVectors.keys.") for line in ended.out.splitlines())


def test_no_requirement_that_can_fail_is_without_a_test(tmp_path: Path) -> None:
    ended = command("list", "--untested", "--json", cwd=tmp_path)
    assert ended.code == 0
    found = json.loads(ended.out)
    assert [entry["id"] for entry in found if entry["level"] != "probe"] == []


def test_list_names_the_operations_and_the_common_rules(tmp_path: Path) -> None:
    ended = command("list", "--operations", cwd=tmp_path)
    lines = {line.split()[0]: line for line in ended.out.splitlines()}
    assert "POST /?deleteVectors on the bucket host" in lines["DeleteVectors"]
    assert "GET / on the service host" in lines["ListVectorBuckets"]
    assert "common to all operations" in lines["Errors"]


def test_explain_shows_source_expectation_and_requests(tmp_path: Path) -> None:
    name = "DeleteVectors.keys.unique-count.maximum.rejected"
    ended = command("explain", name.lower(), cwd=tmp_path)
    assert ended.code == 0
    for expected in (
        name,
        "More than 500 unique keys are refused.",
        "must: a violation fails the run",
        "DeleteVectors, Request parameters (2026-02-11) (strength: seed)",
        "400 VectorIndexParameterInvalid",
        "POST /?deleteVectors on the bucket host",
        "501 keys",
        f"run --requirement {name}",
    ):
        assert expected in ended.out


@pytest.mark.parametrize("words", [("--help",), ("run", "--help"), ("list", "-h"), ("sweep", "--help")])
def test_help_goes_to_standard_output_with_exit_code_0(words: tuple[str, ...], tmp_path: Path) -> None:
    ended = command(*words, cwd=tmp_path)
    assert (ended.code, ended.err) == (0, "")
    assert ended.out.startswith("usage: oss-vectors-conformance")


def test_the_version_is_printed_with_the_contract_s(tmp_path: Path) -> None:
    ended = command("--version", cwd=tmp_path)
    assert ended.out == f"oss-vectors-conformance 0.1.0 (contract {load_contract().version})\n"
    assert tree(tmp_path) == set()
