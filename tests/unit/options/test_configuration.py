"""Options from the environment and from a configuration file, and which of them wins."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import jsonschema
import pytest

from conformance.configuration import gather, schema, schema_text
from conformance.options import OPTIONS, UsageError

ROOT = Path(__file__).resolve().parents[3]


def write(directory: Path, text: str, name: str = "oss-vectors-conformance.toml") -> Path:
    path = directory / name
    path.write_text(text, encoding="utf-8")
    return path


def values(directory: Path, given: dict[str, Any] | None = None, **environment: str) -> dict[str, Any]:
    found, _ = gather(given or {}, environment, directory)
    return {name: value for name, value in found.items() if value is not None}


def test_nothing_given_is_nothing_set(tmp_path: Path) -> None:
    assert gather({}, {}, tmp_path) == ({option.dest: None for option in OPTIONS}, None)


def test_a_file_in_the_working_directory_is_read(tmp_path: Path) -> None:
    path = write(tmp_path, 'profile = "smoke"\nseed = 7\nstrict = true\noperation = ["PutVectors"]\n')
    assert gather({}, {}, tmp_path)[1] == path
    assert values(tmp_path) == {"profile": "smoke", "seed": 7, "strict": True, "operation": ["PutVectors"]}


def test_the_command_line_wins_over_the_environment_and_that_over_the_file(tmp_path: Path) -> None:
    write(tmp_path, 'profile = "smoke"\nseed = 1\nregion = "a"\n')
    found = values(
        tmp_path,
        {"profile": "full"},
        OSS_VECTORS_CONFORMANCE_PROFILE="core",
        OSS_VECTORS_CONFORMANCE_SEED="2",
    )
    assert found == {"profile": "full", "seed": 2, "region": "a"}


def test_a_table_of_pyproject_is_read_when_there_is_no_file_of_its_own(tmp_path: Path) -> None:
    write(tmp_path, "[tool.oss-vectors-conformance]\nmin-recall = 0.9\n", "pyproject.toml")
    assert values(tmp_path) == {"min_recall": 0.9}
    write(tmp_path, "min-recall = 0.8\n")
    assert values(tmp_path) == {"min_recall": 0.8}


def test_another_projects_pyproject_is_no_configuration(tmp_path: Path) -> None:
    write(tmp_path, "[tool.other]\nx = 1\n", "pyproject.toml")
    assert gather({}, {}, tmp_path)[1] is None


def test_config_names_a_file_and_must_find_it(tmp_path: Path) -> None:
    path = write(tmp_path, "seed = 3\n", "other.toml")
    assert values(tmp_path, {"config": str(path)}) == {"seed": 3}
    assert values(tmp_path, OSS_VECTORS_CONFORMANCE_CONFIG=str(path)) == {"seed": 3}
    with pytest.raises(UsageError, match="--config: there is no file"):
        values(tmp_path, {"config": str(tmp_path / "none.toml")})


def test_rates_are_a_table(tmp_path: Path) -> None:
    write(tmp_path, "[rate]\nPutVectorIndex = 2.5\nPutVectors = 10\n")
    assert values(tmp_path) == {"rate": ["PutVectorIndex=2.5", "PutVectors=10"]}
    assert values(tmp_path, OSS_VECTORS_CONFORMANCE_RATE="PutVectorIndex=1, PutVectors=0") == {
        "rate": ["PutVectorIndex=1", "PutVectors=0"]
    }


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ('profil = "core"', "'profil' is not a setting; did you mean profile?"),
        ("seed = true", "seed is a whole number, not True"),
        ("seed = 1.5", "seed is a whole number, not 1.5"),
        ('strict = "yes"', "strict is true or false, not 'yes'"),
        ("operation = [1]", "operation is a list of strings"),
        ('rate = "x"', "rate is a table of numbers"),
        ("seed = ", "this is not TOML"),
        ("min-recall = []", "min-recall is a number"),
        ("profile = 1", "profile is one of smoke, core, full, fuzz, not 1"),
    ],
)
def test_a_mistake_in_the_file_is_named_with_the_file_and_the_key(
    tmp_path: Path, text: str, words: str
) -> None:
    path = write(tmp_path, text)
    with pytest.raises(UsageError) as caught:
        values(tmp_path)
    assert str(caught.value).startswith(f"{path}: ")
    assert words in str(caught.value)


def test_a_misspelt_variable_is_named_with_the_nearest_one(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match=r"OSS_VECTORS_CONFORMANCE_PROFIL .*did you mean .*_PROFILE"):
        values(tmp_path, OSS_VECTORS_CONFORMANCE_PROFIL="core")


@pytest.mark.parametrize(("text", "expected"), [("1", True), ("TRUE", True), ("off", None), ("0", None)])
def test_a_switch_in_the_environment_is_read_by_its_word(
    tmp_path: Path, text: str, expected: bool | None
) -> None:
    assert values(tmp_path, OSS_VECTORS_CONFORMANCE_STRICT=text).get("strict") == expected


def test_words_that_no_switch_or_number_understands_are_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="'maybe' is neither true nor false"):
        values(tmp_path, OSS_VECTORS_CONFORMANCE_STRICT="maybe")
    with pytest.raises(UsageError, match="'many' is not a whole number"):
        values(tmp_path, OSS_VECTORS_CONFORMANCE_MAX_REQUESTS="many")


def test_the_schema_takes_what_the_reader_takes() -> None:
    jsonschema.Draft202012Validator.check_schema(schema())
    validator = jsonschema.Draft202012Validator(schema())
    assert validator.is_valid(
        {"seed": 1, "rate": {"PutVectors": 5}, "operation": "PutVectors", "strict": True}
    )
    assert not validator.is_valid({"sed": 1})
    assert not validator.is_valid({"profile": "huge"})


def test_the_stored_schema_is_the_current_one() -> None:
    stored = (ROOT / "reports" / "configuration.schema.json").read_text(encoding="utf-8")
    assert json.loads(stored) == json.loads(schema_text())
