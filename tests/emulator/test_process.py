"""The command line: start, announcement, options, ends.

No page describes a command line; these are the promises the harnesses rely on.
"""

from __future__ import annotations

import os
import re
import signal
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any

import pytest

from oss_vectors_emulator import Choices, Credential, Limits
from oss_vectors_emulator.__main__ import build_parser, describe_settings, main, settings_from
from oss_vectors_emulator.config import ConfigurationError

COMMAND = [sys.executable, "-m", "oss_vectors_emulator", "--port", "0"]
ROOT = Path(__file__).parents[2]


@contextmanager
def running(*options: str) -> Iterator[tuple[subprocess.Popen[str], int]]:
    process = subprocess.Popen(
        [*COMMAND, *options],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        cwd=ROOT,
    )
    assert process.stdout is not None
    try:
        line = process.stdout.readline()
        match = re.fullmatch(r"oss-vectors-emulator listening on http://127\.0\.0\.1:([0-9]+)\n", line)
        assert match, line
        yield process, int(match[1])
    finally:
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout, process.stderr):
            if pipe is not None:
                pipe.close()


def status_of(port: int) -> int:
    client = HTTPConnection("127.0.0.1", port, timeout=10)
    client.request("GET", "/")
    status = client.getresponse().status
    client.close()
    return status


def test_it_announces_itself_in_one_line_and_ends_with_its_parent() -> None:
    with running("--exit-with-parent") as (process, port):
        assert status_of(port) == 403
        assert process.stdin is not None
        process.stdin.close()
        assert process.wait(timeout=10) == 0
        assert process.stdout is not None
        assert process.stderr is not None
        assert (process.stdout.read(), process.stderr.read()) == ("", "")


def test_it_outlives_its_standard_input_unless_told_otherwise_and_ends_on_a_signal() -> None:
    with running() as (process, port):
        assert process.stdin is not None
        process.stdin.close()
        assert status_of(port) == 403
        process.send_signal(signal.SIGTERM)
        process.wait(timeout=10)


@pytest.mark.parametrize("options", [[], ["--exit-with-parent"]])
def test_an_interrupt_ends_it_quietly(options: list[str]) -> None:
    with running(*options) as (process, port):
        assert status_of(port) == 403
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=10) == 0
        assert process.stderr is not None
        assert process.stderr.read() == ""


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (["--port", "x"], "--port must be a number"),
        (["--port", "65536"], "--port must be a number"),
        (["--port", "-1"], "--port"),
        (["--region", "CN Hangzhou"], "region"),
        (["--account-id", "12x"], "account id"),
        (["--limit", "dimension_max"], "NAME=VALUE"),
        (["--limit", "dimension-maxx=1"], "did you mean dimension_max?"),
        (["--limit", "dimension-max=-1"], "whole number"),
        (["--limit", "dimension-max=1.5"], "whole number"),
        (["--choice", "recreate-bucket=perhaps"], "one of conflict, ok"),
        (["--choice", "nothing=1"], "known choice"),
        (["--latency-ms", "soon"], "--latency-ms must be a number"),
        (["--query-visibility-ms", "-1"], "--query-visibility-ms"),
        (["--latency-ms", "nan"], "--latency-ms"),
        (["--recall", "1.1"], "--recall must be a number from 0 to 1"),
        (["--recall", "most"], "--recall"),
        (["--recall", "nan"], "--recall"),
        (["--config", "/does/not/exist.toml"], "cannot be read"),
        (["--host", "256.1.1.1"], "Cannot listen"),
        (["--unknown"], "unrecognized"),
    ],
    ids=lambda value: value if isinstance(value, str) else " ".join(value),
)
def test_a_bad_option_is_answered_with_one_sentence(
    options: list[str], words: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit) as ended:
        main(options)
    assert ended.value.code == 2
    text = capsys.readouterr()
    assert text.out == ""
    assert words in text.err
    assert text.err.count("\n") == 1


def settings(*arguments: str, **environment: str) -> Any:
    return settings_from(build_parser().parse_args(arguments), environment)


def test_without_options_the_documented_defaults_apply() -> None:
    made = settings()
    assert (made.region, made.account_id) == ("cn-hangzhou", "1234567890123456")
    assert made.credentials == (Credential("emulator-access-key", "emulator-access-secret"),)
    assert (made.limits, made.choices, made.enforce_rates) == (Limits(), Choices(), False)


def test_keys_come_from_the_environment() -> None:
    environment = {"OSS_ACCESS_KEY_ID": "id", "OSS_ACCESS_KEY_SECRET": "secret", "OSS_SESSION_TOKEN": "token"}
    made = settings("--account-id", "42", **environment)
    assert made.credentials == (Credential("id", "secret", "42", "token"),)


def test_a_secret_is_not_printed_with_its_credential() -> None:
    assert "hush" not in repr(Credential("id", "hush", security_token="hush-token"))


CONFIG = """
[limits]
top-k-max = 30
dimension_max = 8

[choices]
recreate-bucket = "ok"

[[credentials]]
access-key-id = "sts"
access-key-secret = "secret"
security-token = "token"

[[credentials]]
access-key-id = "other"
access-key-secret = "secret"
account-id = "777"
"""


def test_a_file_sets_limits_choices_and_keys_and_an_option_wins(tmp_path: Path) -> None:
    path = tmp_path / "emulator.toml"
    path.write_text(CONFIG)
    made = settings("--config", str(path), "--limit", "dimension-max=16", "--account-id", "42")
    assert (made.limits.top_k_max, made.limits.dimension_max) == (30, 16)
    assert made.choices.recreate_bucket == "ok"
    assert made.credentials[1:] == (
        Credential("sts", "secret", "42", "token"),
        Credential("other", "secret", "777"),
    )


@pytest.mark.parametrize(
    "text",
    [
        "not toml at all",
        "[limit]\nx = 1",
        "limits = 1",
        '[limits]\ndimension-max = "many"',
        "[limits]\ndimension-max = true",
        "[choices]\nrecreate-bucket = 1",
        "[credentials]\nx = 1",
        '[[credentials]]\naccess-key-id = "a"',
        '[[credentials]]\naccess-key-id = 1\naccess-key-secret = "b"',
        '[[credentials]]\naccess-key-id = "a"\naccess-key-secret = "b"\naccount-id = "x"',
        '[[credentials]]\naccess-key-id = "a"\naccess-key-secret = "b"\ncolour = "red"',
    ],
)
def test_a_bad_file_is_explained(tmp_path: Path, text: str) -> None:
    path = tmp_path / "emulator.toml"
    path.write_text(text)
    with pytest.raises(ConfigurationError):
        settings("--config", str(path))


def test_the_settings_are_listed_with_their_sources() -> None:
    text = describe_settings()
    assert "dimension_max = 4096  (PutVectorIndex page, Request parameters, dimension)" in text
    assert "recreate_bucket = conflict | ok" in text


def test_an_occupied_port_is_explained() -> None:
    with running() as (_, port):
        ended = subprocess.run(
            [sys.executable, "-m", "oss_vectors_emulator", "--port", str(port)],
            capture_output=True, text=True, timeout=20, check=False, cwd=ROOT, env=dict(os.environ),
        )  # fmt: skip
    assert ended.returncode == 2
    assert f"Cannot listen on 127.0.0.1 port {port}" in ended.stderr
