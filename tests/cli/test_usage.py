"""Every mistake of a user: one sentence, exit code 4, before anything is sent."""

from __future__ import annotations

from pathlib import Path

import pytest

from .harness import KEYS, Service, command, emulator, tree

MISTAKES = {
    "no subcommand": ((), "A subcommand is missing"),
    "unknown subcommand": (("rnu",), "did you mean run?"),
    "unknown option before the subcommand": (("--verison",), "did you mean --version?"),
    "unknown option": (("run", "--endpont", "x"), "did you mean --endpoint?"),
    "abbreviated option": (("run", "--prof", "core"), "did you mean --profile?"),
    "stray word": (("run", "core"), "'core' is not expected here"),
    "option without its value": (("run", "--seed"), "--seed: expected one argument"),
    "text for a number": (("run", "--seed", "x"), "--seed: 'x' is not a whole number"),
    "unknown profile": (("run", "--profile", "cor"), "did you mean core?"),
    "unknown addressing": (("run", "--addressing", "vhost"), "is not one of virtual-host, path"),
    "unknown operation": (("run", "--operation", "DeleteVector"), "did you mean DeleteVectors?"),
    "unknown requirement": (
        ("run", "--requirement", "DeleteVectors.succes.status"),
        "did you mean DeleteVectors.success.status?",
    ),
    "glob without a match": (("run", "--requirement", "Zz*"), "matches no requirement"),
    "endpoint without a scheme": (("run", "--endpoint", "127.0.0.1:9"), "did you mean 'http://127.0.0.1:9'"),
    "endpoint with a path": (("run", "--endpoint", "http://127.0.0.1:9/x"), "must not have a path"),
    "endpoint without an account": (("run", "--endpoint", "http://127.0.0.1:9"), "give --account-id"),
    "account that is no number": (("run", "--account-id", "me"), "'me' is not a number"),
    "region in the OSS form": (("run", "--region", "oss-cn-beijing"), "'cn-beijing'"),
    "empty region": (("run", "--region", ""), "is not a region id"),
    "no time at all": (("run", "--read-timeout", "0"), "is not a positive number"),
    "not a number": (("run", "--visibility-timeout", "nan"), "is not a positive number"),
    "recall above one": (("run", "--min-recall", "1.5"), "up to 1"),
    "too many processes": (("run", "-n", "99"), "from 0 to 25"),
    "endpoint without keys": (
        ("run", "--endpoint", "http://127.0.0.1:9", "--account-id", "1"),
        "set OSS_ACCESS_KEY_ID",
    ),
    "missing deviations file": (("run", "--known-deviations", "none.yaml"), "cannot be read"),
    "strict and not strict": (("run", "--strict", "--fail-on", "must"), "contradict each other"),
    "unknown level to fail on": (("run", "--fail-on", "shuold"), "did you mean should?"),
    "shard beyond the last": (("run", "--shard", "4/3"), "is not of the form 1/3"),
    "unknown requirement set": (("run", "--requirement-set", "9.9"), "'9.9' is not one of 0.1"),
    "missing baseline": (("run", "--baseline-report", "none.json"), "none.json cannot be read"),
    "unknown level": (("list", "--level", "most"), "did you mean must?"),
    "unknown operation in list": (("list", "--operation", "Delete"), "is not an operation"),
    "explain without an id": (("explain",), "The following arguments are required: REQUIREMENT"),
    "explain of a shortened id": (("explain", "DeleteVectors.succ"), "DeleteVectors.success.status"),
    "sign without a method": (("sign",), "The following arguments are required: --method"),
    "sign without keys": (("sign", "--method", "GET"), "set OSS_ACCESS_KEY_ID"),
    "sign of a bucket without an account": (("sign", "--method", "GET", "--bucket", "b"), "--account-id"),
    "sweep without a ledger": (("sweep",), "The following arguments are required: LEDGER"),
    "sweep of a missing ledger": (("sweep", "none.jsonl"), "cannot be read"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_a_mistake_is_told_in_one_sentence_with_exit_code_4(mistake: str, tmp_path: Path) -> None:
    words, expected = MISTAKES[mistake]
    ended = command(*words, cwd=tmp_path)
    assert ended.code == 4
    assert expected in ended.sentence
    assert ended.sentence.endswith((".", "?"))
    assert ended.out == ""
    assert tree(tmp_path) == set()


def test_a_header_without_a_colon_is_refused_by_sign(tmp_path: Path) -> None:
    ended = command("sign", "--method", "GET", "--header", "x-oss-meta", cwd=tmp_path, **KEYS)
    assert (ended.code, "'Name: value'" in ended.sentence) == (4, True)


def test_half_a_key_pair_is_refused(tmp_path: Path) -> None:
    ended = command(
        "run", "--endpoint", "http://127.0.0.1:9", "--account-id", "1", cwd=tmp_path, OSS_ACCESS_KEY_ID="x"
    )
    assert ended.code == 4
    assert "OSS_ACCESS_KEY_SECRET" in ended.sentence


def test_an_endpoint_where_nobody_listens_is_named(tmp_path: Path) -> None:
    with Service(lambda *_: None).running() as service:
        address = service.address
    ended = command("run", "--endpoint", address, "--account-id", "1", cwd=tmp_path, **KEYS)
    assert ended.code == 4
    assert ended.sentence == f"The endpoint {address} cannot be used: nothing listens there."


def test_refused_credentials_end_the_run_before_any_test(tmp_path: Path) -> None:
    with emulator(cwd=tmp_path) as address:
        ended = command(
            "run",
            "--endpoint",
            address,
            "--account-id",
            "1",
            cwd=tmp_path,
            OSS_ACCESS_KEY_ID="somebody-else",
            OSS_ACCESS_KEY_SECRET="canary-of-somebody",
        )
    assert ended.code == 4
    assert "refuses the credentials" in ended.sentence
    assert "canary" not in ended.err
    assert not any(name.endswith("report.json") for name in tree(tmp_path))


def test_the_environment_stands_in_for_options(tmp_path: Path) -> None:
    ended = command("run", cwd=tmp_path, OSS_ENDPOINT="ftp://x", **KEYS)
    assert ended.code == 4
    assert "must start with http://" in ended.sentence


def test_a_bad_entry_of_the_deviations_file_is_shown_with_its_line(tmp_path: Path) -> None:
    (tmp_path / "known.yaml").write_text("- requirement: DeleteVectors.nonsense\n  reason: x\n")
    ended = command("run", "--known-deviations", "known.yaml", cwd=tmp_path)
    assert ended.code == 4
    assert "known.yaml, line 1" in ended.sentence


def test_a_report_directory_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("mine")
    ended = command("run", "--report-dir", "taken", cwd=tmp_path)
    assert (ended.code, "taken cannot be used" in ended.sentence) == (4, True)
    assert (tmp_path / "taken").read_text() == "mine"


def test_a_file_that_is_no_ledger_is_not_swept(tmp_path: Path) -> None:
    (tmp_path / "other.jsonl").write_text('{"event": "something"}\n')
    ended = command("sweep", "other.jsonl", cwd=tmp_path, **KEYS)
    assert (ended.code, "is not a ledger" in ended.sentence) == (4, True)
    assert tree(tmp_path) == {"other.jsonl"}
