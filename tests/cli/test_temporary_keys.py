"""``run`` with temporary and with permanent keys: what needs the other kind is left out, and says so."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.contract.loader import load_contract
from conformance.contract.model import Need

from .harness import KEYS, SECRET, TOKEN, Ended, command, emulator, outcomes, read_report

NEEDING = {
    need: {one.id for one in load_contract().requirements.values() if one.needs is need} for need in Need
}
ABOUT_TOKENS = ("--requirement", "Signing.security-token.*")
TEMPORARY = {"OSS_SESSION_TOKEN": TOKEN}


def check(ended: Ended, cwd: Path, had: Need, lacked: Need) -> None:
    """Everything that needs the run's kind of key passes, the rest is left out for its reason."""
    report = read_report(cwd / "reports/latest")
    assert ended.code == 0, ended.out
    assert outcomes(report) == dict.fromkeys(NEEDING[had], "pass")
    left_out = {entry["id"]: entry["outcome"] for entry in report["requirements"] if entry["reason"]}
    assert NEEDING[lacked] <= left_out.keys()
    assert {left_out[name] for name in NEEDING[lacked]} == {"not selected"}
    assert f"left out: {len(NEEDING[lacked])}, {lacked.reason}" in " ".join(ended.out.split())


def test_both_kinds_of_key_have_requirements_of_their_own() -> None:
    assert {need: bool(names) for need, names in NEEDING.items()} == dict.fromkeys(Need, True)


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two processes"])
def test_a_session_token_gives_the_embedded_emulator_temporary_keys(
    tmp_path: Path, workers: tuple[str, ...]
) -> None:
    ended = command("run", *workers, *ABOUT_TOKENS, cwd=tmp_path, **TEMPORARY)
    check(ended, tmp_path, Need.TEMPORARY_KEY, Need.PERMANENT_KEY)


def test_without_a_session_token_keys_are_permanent(tmp_path: Path) -> None:
    ended = command("run", *ABOUT_TOKENS, cwd=tmp_path)
    check(ended, tmp_path, Need.PERMANENT_KEY, Need.TEMPORARY_KEY)


def test_a_target_gets_the_temporary_keys_of_the_environment(tmp_path: Path) -> None:
    with emulator(cwd=tmp_path, **TEMPORARY) as address:
        words = ("run", "--endpoint", address, "--account-id", "1234567890123456", *ABOUT_TOKENS)
        ended = command(*words, cwd=tmp_path, **KEYS, **TEMPORARY)
    check(ended, tmp_path, Need.TEMPORARY_KEY, Need.PERMANENT_KEY)
    files = [path for path in (tmp_path / "reports/latest").rglob("*") if path.is_file()]
    texts = [ended.out, ended.err, *(path.read_text("utf-8", "replace") for path in files)]
    assert not any(canary in text for text in texts for canary in (TOKEN, SECRET))


def test_asked_for_alone_what_the_keys_cannot_decide_is_no_success(tmp_path: Path) -> None:
    ended = command("run", "--requirement", "Signing.security-token.url", cwd=tmp_path)
    assert ended.code == 5
    assert Need.TEMPORARY_KEY.reason in " ".join(ended.out.split())


def test_explain_says_what_a_run_needs(tmp_path: Path) -> None:
    ended = command("explain", "Signing.security-token.url", cwd=tmp_path)
    assert Need.TEMPORARY_KEY.reason in ended.out
