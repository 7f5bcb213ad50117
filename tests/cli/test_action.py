"""The GitHub action: what it runs, with the commands of the runner replaced by scripts that take notes."""

from __future__ import annotations

import re
from pathlib import Path
from typing import Any

import pytest
import yaml

from conformance.options import OPTIONS

from .harness import ROOT, Ended, execute

ACTION: dict[str, Any] = yaml.safe_load((ROOT / "action.yml").read_text(encoding="utf-8"))
STEPS = {step.get("name", "set-up"): step for step in ACTION["runs"]["steps"]}
README = (ROOT / "README.md").read_text(encoding="utf-8")


def run_step(name: str, cwd: Path, *, code: int = 0, **inputs: Any) -> Ended:
    """Execute the script of a step as the runner does; the suite is a script that notes its arguments."""
    programs = cwd / "bin"
    programs.mkdir(exist_ok=True)
    script = programs / "oss-vectors-conformance"
    script.write_text(f'#!/bin/sh\nprintf "%s\\n" "$@" > arguments.txt\nexit {code}\n')
    script.chmod(0o755)
    given = {key: value["default"] for key, value in ACTION["inputs"].items()} | inputs
    values = {
        variable: given[re.fullmatch(r"\$\{\{ inputs\.([a-z-]+) \}\}", text)[1]]  # type: ignore[index]
        for variable, text in STEPS[name]["env"].items()
    }
    files = {"GITHUB_OUTPUT": str(cwd / "output"), "GITHUB_STEP_SUMMARY": str(cwd / "summary")}
    words = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", STEPS[name]["run"]]
    return execute(words, cwd=cwd, PATH=f"{programs}:/usr/bin:/bin", **files, **values)


def arguments(cwd: Path) -> list[str]:
    return (cwd / "arguments.txt").read_text(encoding="utf-8").splitlines()


def test_inputs_become_options(tmp_path: Path) -> None:
    inputs: dict[str, Any] = {
        "endpoint": "http://127.0.0.1:9000",
        "region": "cn-beijing",
        "account-id": "7",
        "profile": "smoke",
        "known-deviations": "my known.yaml",
        "fail-on": "should",
        "report-dir": "out",
    }
    assert run_step("Run the suite", tmp_path, **inputs) == Ended(0, "", "")
    expected = [word for name, value in inputs.items() for word in (f"--{name}", value)]
    assert arguments(tmp_path) == ["run", *expected]


def test_what_is_not_given_is_left_to_the_environment(tmp_path: Path) -> None:
    run_step("Run the suite", tmp_path)
    given = {word for word in arguments(tmp_path) if word.startswith("--")}
    assert given == {"--profile", "--fail-on", "--report-dir"}


@pytest.mark.parametrize(("chain", "lock"), [("false", "runtime"), ("true", "credentials")])
def test_keys_of_a_role_need_the_option_and_the_lock_with_the_library(
    chain: str, lock: str, tmp_path: Path
) -> None:
    inputs: dict[str, Any] = {"credentials-chain": chain}
    run_step("Run the suite", tmp_path, **inputs)
    assert ("--credentials-chain" in arguments(tmp_path)) is (chain == "true")
    programs = tmp_path / "bin"
    (programs / "pip-notes").write_text('#!/bin/sh\nprintf "%s\\n" "$*" >> "$RUNNER_TEMP/pip.txt"\n')
    (programs / "python").write_text(
        '#!/bin/sh\nmkdir -p "$3/bin" && cp "${0%/*}/pip-notes" "$3/bin/python"\n'
    )
    for name in ("pip-notes", "python"):
        (programs / name).chmod(0o755)
    variables = {"RUNNER_TEMP": str(tmp_path), "GITHUB_PATH": str(tmp_path / "path")}
    variables |= {"SOURCE": str(ROOT), "INPUT_CREDENTIALS_CHAIN": chain, "PATH": f"{programs}:/usr/bin:/bin"}
    words = ["bash", "--noprofile", "--norc", "-e", "-o", "pipefail", "-c", STEPS["Install the suite"]["run"]]
    ended = execute(words, cwd=tmp_path, **variables)
    assert ended == Ended(0, "", "")
    locked, own = (tmp_path / "pip.txt").read_text().splitlines()
    files = re.findall(r"-r (\S+)", locked)
    assert [Path(file).name for file in files] == [f"{lock}.txt", "build.txt"]
    assert all(Path(file).is_file() for file in files)
    assert own.endswith(f"--no-deps --no-build-isolation {ROOT}")


def test_more_options_are_quoted_as_in_a_shell_and_nothing_of_them_is_executed(tmp_path: Path) -> None:
    run_step("Run the suite", tmp_path, args="-n 2 --requirement 'A *'\n--virtual-host \"$(touch made)\"")
    assert arguments(tmp_path)[-6:] == ["-n", "2", "--requirement", "A *", "--virtual-host", "$(touch made)"]
    assert not (tmp_path / "made").exists()


def test_options_with_a_quote_too_many_end_the_step(tmp_path: Path) -> None:
    assert run_step("Run the suite", tmp_path, args="--requirement 'A").code != 0
    assert not (tmp_path / "arguments.txt").exists()


@pytest.mark.parametrize("code", [0, 1, 6])
def test_the_verdict_is_the_exit_code_of_the_step(code: int, tmp_path: Path) -> None:
    assert run_step("Run the suite", tmp_path, code=code).code == code
    assert (tmp_path / "output").read_text() == f"exit-code={code}\n"


def test_the_summary_is_shown_whatever_the_verdict(tmp_path: Path) -> None:
    assert STEPS["Show the summary"]["if"] == "always()"
    (tmp_path / "conformance-report").mkdir()
    (tmp_path / "conformance-report" / "summary.md").write_text("## verdict\n")
    assert run_step("Show the summary", tmp_path).code == 0
    assert (tmp_path / "summary").read_text() == "## verdict\n"


def test_without_a_summary_the_page_says_so(tmp_path: Path) -> None:
    (tmp_path / "conformance-report").mkdir()
    (tmp_path / "conformance-report" / "summary.md").write_text("## of an earlier run\n")
    run_step("Run the suite", tmp_path, code=4)
    assert run_step("Show the summary", tmp_path).code == 0
    assert "no verdict" in (tmp_path / "summary").read_text()


def test_inputs_are_options_and_none_is_a_secret() -> None:
    assert set(ACTION["inputs"]) - {"args"} <= {option.key for option in OPTIONS}
    assert not re.search("secret|token|key", " ".join(ACTION["inputs"]))


def test_scripts_take_values_from_the_environment_only() -> None:
    assert not any("${{" in step.get("run", "") for step in STEPS.values())


def test_actions_are_pinned_to_commits() -> None:
    used = re.findall(r"uses: (\S+)", (ROOT / "action.yml").read_text(encoding="utf-8") + README)
    foreign = [name for name in used if not name.startswith("OWNER/")]
    assert len(foreign) == 3
    assert [name for name in foreign if not re.fullmatch(r"[\w/-]+@[0-9a-f]{40}", name)] == []


def test_the_example_of_the_manual_is_yaml_and_names_inputs_that_exist() -> None:
    section = README.split("## (b) A CI gate", 1)[1]
    example = yaml.safe_load(section.split("```yaml\n", 1)[1].split("```", 1)[0])
    [step] = [step for step in example["steps"] if step["uses"].startswith("OWNER/")]
    assert set(step["with"]) <= set(ACTION["inputs"])
    assert all(isinstance(value, str) for value in step["with"].values())
