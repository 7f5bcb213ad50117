"""``--credentials-profile``: the key comes from a file, reaches every worker, and stays out of every output."""

from __future__ import annotations

from pathlib import Path

import pytest

from .harness import ACCOUNT, KEY_ID, QUICK, SECRET, command, emulator

PROFILE = f"[staging]\ntype = access_key\naccess_key_id = {KEY_ID}\naccess_key_secret = {SECRET}\n"
WORDS = ("--account-id", ACCOUNT, "--requirement", QUICK, "--credentials-profile", "staging")
#: The option is an explicit wish, so that it goes before what the environment happens to hold.
WRONG = {"OSS_ACCESS_KEY_ID": "wrong", "OSS_ACCESS_KEY_SECRET": "wrong", "OSS_SESSION_TOKEN": "wrong"}


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two processes"])
def test_a_run_signs_with_the_key_of_the_profile(tmp_path: Path, workers: tuple[str, ...]) -> None:
    path = tmp_path / "keys.ini"
    path.write_text(PROFILE, encoding="utf-8")
    variables = {"ALIBABA_CLOUD_CREDENTIALS_FILE": str(path), **WRONG}
    with emulator(cwd=tmp_path) as url:
        words = ("run", "--endpoint", url, "--report-dir", "out", *WORDS, *workers)
        ended = command(*words, cwd=tmp_path, **variables)
    assert ended.code == 0, ended
    files = [one for one in (tmp_path / "out").rglob("*") if one.is_file()]
    texts = [ended.out, ended.err, *(one.read_text("utf-8", "replace") for one in files)]
    assert not any(SECRET in text for text in texts)


def test_a_profile_that_cannot_be_used_ends_the_run_before_anything_is_sent(tmp_path: Path) -> None:
    variables = {"ALIBABA_CLOUD_CREDENTIALS_FILE": "none.ini"}
    ended = command("run", "--endpoint", "http://127.0.0.1:9", *WORDS, cwd=tmp_path, **variables)
    assert ended.code == 4
    assert ended.sentence.startswith("--credentials-profile: The file of profiles none.ini cannot be read")
