"""Profiles: which file, which members, and messages that give nothing away."""

from __future__ import annotations

from pathlib import Path

import pytest

from conformance.wire.credential_profiles import profile_file, read_profile
from conformance.wire.credentials import CredentialsError

SECRET = "canary%secret"
KEY = {"OSS_ACCESS_KEY_ID": "canary-id", "OSS_ACCESS_KEY_SECRET": SECRET}
GOOD = f"""
[default]
type = access_key
access_key_id = other
access_key_secret = other

[staging]
enable = true
type = access_key             # which type
access_key_id = canary-id
access_key_secret = {SECRET}  # do not share
"""


def written(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "credentials.ini"
    path.write_text(text, encoding="utf-8")
    return path


def test_a_profile_gives_the_variables_of_the_sdks(tmp_path: Path) -> None:
    assert read_profile("staging", written(tmp_path, GOOD)) == KEY


def test_the_file_is_the_library_s_unless_a_variable_names_another() -> None:
    assert profile_file({}) == Path.home() / ".alibabacloud/credentials.ini"
    assert profile_file({"ALIBABA_CLOUD_CREDENTIALS_FILE": "/etc/keys.ini"}) == Path("/etc/keys.ini")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        (GOOD.replace("[staging]", "[production]"), "has no profile 'staging'"),
        (f"{SECRET}\n{GOOD}", "is not an INI file"),
        (f"[staging]\n{SECRET}", "is not an INI file"),
        (GOOD.replace("= access_key  ", "= ram_role_arn  "), "is not of the type access_key"),
        (f"[staging]\naccess_key_secret = {SECRET}", "is not of the type access_key"),
        (f"[staging]\ntype=access_key\naccess_key_secret = {SECRET}", "has no access_key_id"),
        (
            "[staging]\ntype=access_key\naccess_key_id=canary-id\naccess_key_secret=#x",
            "has no access_key_secret",
        ),
    ],
)
def test_what_cannot_be_used_is_named_without_its_content(tmp_path: Path, text: str, words: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        read_profile("staging", written(tmp_path, text))
    assert words in str(caught.value)
    assert "canary" not in str(caught.value)
    assert caught.value.__suppress_context__ or caught.value.__context__ is None


def test_a_file_that_is_not_there_is_named(tmp_path: Path) -> None:
    with pytest.raises(CredentialsError, match=r"none\.ini cannot be read"):
        read_profile("default", tmp_path / "none.ini")
