"""Requirement sets of releases: complete, readable, and never out of date."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from conformance import __version__
from conformance.contract import releases
from conformance.contract.loader import load_contract
from conformance.contract.model import Level

CONTRACT = load_contract()


@pytest.mark.parametrize("name", releases.known_sets())
def test_ids_are_never_renamed(name: str) -> None:
    """An id of a past release that is not in the catalogue was renamed; it must be retired instead."""
    stored = releases.load_set(name)
    assert len(stored) > 600
    assert set(stored) <= set(CONTRACT.requirements)


def test_there_is_a_set_to_choose() -> None:
    assert "0.1" in releases.known_sets()


def test_sets_are_in_the_order_of_their_numbers(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    for name in ("0.10", "0.9", "1.0"):
        (tmp_path / f"{name}.json").write_text("{}")
    monkeypatch.setattr(releases, "_folder", lambda: tmp_path)
    assert releases.known_sets.__wrapped__() == ("0.9", "0.10", "1.0")


def test_a_contract_at_a_release_has_the_levels_of_then(monkeypatch: pytest.MonkeyPatch) -> None:
    must, probe, new = (
        next(one.id for one in CONTRACT.requirements.values() if one.level is level)
        for level in (Level.MUST, Level.PROBE, Level.SHOULD)
    )
    monkeypatch.setattr(releases, "load_set", lambda _: {must: Level.SHOULD, probe: Level.MUST})
    then = releases.at_release(CONTRACT, "0.0").requirements
    assert list(then) == list(CONTRACT.requirements)
    assert then[must].level is Level.SHOULD
    # Found to be contested since: nobody fails for it.
    assert then[probe].level is Level.PROBE
    assert then[new] == CONTRACT.requirements[new]
    assert releases.in_set(must, "0.0")
    assert not releases.in_set(new, "0.0")


def test_without_a_set_everything_is_as_it_is() -> None:
    assert releases.at_release(CONTRACT, None) is CONTRACT
    assert releases.in_set("anything", None)


def test_the_set_of_this_version_is_the_catalogue() -> None:
    """Otherwise: python -m conformance.contract.releases --write."""
    stored = releases.load_set(releases.release_name(__version__))
    assert stored == {name: one.level for name, one in CONTRACT.requirements.items()}


def test_only_the_set_of_this_version_is_written(tmp_path: Path) -> None:
    folder = tmp_path / "sets"
    folder.mkdir()
    (folder / "0.0.json").write_text("of another version")
    for _ in range(2):
        assert releases.main(["--write"], folder) == 0
    path = folder / f"{releases.release_name(__version__)}.json"
    assert {file.name for file in folder.iterdir()} == {path.name, "0.0.json"}
    assert (folder / "0.0.json").read_text() == "of another version"
    levels = json.loads(path.read_text(encoding="utf-8"))["requirements"]
    assert levels == {name: one.level.value for name, one in CONTRACT.requirements.items()}


@pytest.mark.parametrize("words", [[], ["--wirte"], ["--write", "0.2"]])
def test_anything_else_is_a_mistake(words: list[str], tmp_path: Path) -> None:
    assert releases.main(words, tmp_path) == 2
    assert list(tmp_path.iterdir()) == []
