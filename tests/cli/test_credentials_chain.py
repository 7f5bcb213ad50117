"""``--credentials-chain``: the real library gets a temporary key from a stand-in, and nothing else is contacted."""

from __future__ import annotations

import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from conformance.wire.addressing import Target
from conformance.wire.endpoint import parse_endpoint
from conformance.wire.ledger import Ledger, RunIdentity

from .harness import ACCOUNT, KEY_ID, QUICK, SECRET, TOKEN, Service, command, emulator, outcomes, read_report

#: Decided with a temporary key only.
ABOUT_TOKENS = "Signing.security-token.header"
WORDS = ("--account-id", ACCOUNT, "--credentials-chain", "--report-dir", "out")
#: What the environment happens to hold: the option is an explicit wish and goes before it.
WRONG = {"OSS_ACCESS_KEY_ID": "wrong", "OSS_ACCESS_KEY_SECRET": "wrong"}
TEMPORARY = {"OSS_SESSION_TOKEN": TOKEN}


def key() -> bytes:
    """What a service for credentials answers (credentials-python, provider ``uri``)."""
    expires = datetime.now(UTC) + timedelta(hours=1)
    return json.dumps(
        {
            "Code": "Success",
            "AccessKeyId": KEY_ID,
            "AccessKeySecret": SECRET,
            "SecurityToken": TOKEN,
            "Expiration": f"{expires:%Y-%m-%dT%H:%M:%SZ}",
        }
    ).encode()


@pytest.fixture
def key_service() -> Iterator[Service]:
    """Gives a temporary key to whoever asks, as a sidecar of a CI job does."""
    with Service(lambda *_: (200, key())).running() as service:
        yield service


def variables(service: Service, home: Path) -> dict[str, str]:
    """Nothing but the stand-in for the chain to find: no machine's metadata, no profile."""
    return {
        "HOME": str(home),
        "ALIBABA_CLOUD_ECS_METADATA_DISABLED": "true",
        "ALIBABA_CLOUD_CREDENTIALS_URI": f"{service.address}/key",
        **WRONG,
    }


def must_hold_no_secret(directory: Path, *printed: str) -> None:
    files = [path for path in directory.rglob("*") if path.is_file()]
    texts = [*printed, *(path.read_text("utf-8", "replace") for path in files)]
    assert not any(canary in text for text in texts for canary in (SECRET, TOKEN))


@pytest.mark.parametrize("workers", [(), ("-n", "2")], ids=["one process", "two processes"])
def test_a_run_signs_with_the_key_of_the_chain(
    workers: tuple[str, ...], key_service: Service, tmp_path: Path
) -> None:
    with emulator(cwd=tmp_path, **TEMPORARY) as url:
        words = ("run", "--endpoint", url, "--requirement", QUICK, "--requirement", ABOUT_TOKENS, *workers)
        ended = command(*words, *WORDS, cwd=tmp_path, **variables(key_service, tmp_path))
    assert ended.code == 0, ended
    assert outcomes(read_report(tmp_path / "out")) == {QUICK: "pass", ABOUT_TOKENS: "pass"}
    # Once in each process: the controlling one looks at the target before the workers start.
    assert key_service.seen == [("GET", "/key")] * (1 + (2 if workers else 0))
    must_hold_no_secret(tmp_path / "out", ended.out, ended.err)


def test_sign_takes_the_key_of_the_chain(key_service: Service, tmp_path: Path) -> None:
    environment = {**variables(key_service, tmp_path), "OSS_VECTORS_CONFORMANCE_CREDENTIALS_CHAIN": "true"}
    signed = command("sign", "--method", "GET", cwd=tmp_path, **environment)
    assert signed.code == 0, signed
    assert f"Credential={KEY_ID}/" in signed.out
    # A temporary key is of no use without its token, which is for curl to send.
    assert f"x-oss-security-token: {TOKEN}" in signed.out
    assert SECRET not in signed.out


@pytest.mark.parametrize("source", ["--credentials-chain", "--credentials-profile"])
def test_sweep_takes_the_key_from_where_the_run_took_it(
    source: str, key_service: Service, tmp_path: Path
) -> None:
    profile = tmp_path / "keys.ini"
    profile.write_text(
        f"[staging]\ntype = access_key\naccess_key_id = {KEY_ID}\naccess_key_secret = {SECRET}\n"
    )
    environment = {
        **variables(key_service, tmp_path),
        "ALIBABA_CLOUD_CREDENTIALS_FILE": str(profile),
        # The default chain looks at the file too, before it asks the stand-in.
        "ALIBABA_CLOUD_PROFILE": "absent",
    }
    words = [source] if source == "--credentials-chain" else [source, "staging"]
    token = TEMPORARY if source == "--credentials-chain" else {}
    with emulator(cwd=tmp_path, **token) as url:
        target = Target(parse_endpoint(url), "cn-hangzhou", ACCOUNT)
        for name in ("left.jsonl", "other.jsonl"):
            with Ledger(tmp_path / name, RunIdentity.of(target, name)) as ledger:
                ledger.entering("bucket", "ovc-left", "ovc-left")
        refused = command("sweep", "other.jsonl", cwd=tmp_path, **environment)
        swept = command("sweep", *words, "left.jsonl", cwd=tmp_path, **environment)
    assert refused.code == 4
    assert "refuses the credentials" in refused.sentence
    assert swept.code == 0, swept
    assert "already gone bucket ovc-left" in swept.out
    assert (tmp_path / "other.jsonl").is_file()
    assert not (tmp_path / "left.jsonl").exists()
    assert not any(one in swept.out + swept.err for one in (SECRET, TOKEN))


@pytest.mark.parametrize(
    ("status", "body"),
    [
        (500, b"canary-secret-abcdefghijkl"),
        (200, b'{"AccessKeySecret": "canary-secret-abcdefghijkl"}'),
        (200, b"canary-token-qrstuvwxyz012345"),
    ],
)
def test_a_chain_that_finds_nothing_ends_in_one_sentence_without_a_secret(
    status: int, body: bytes, tmp_path: Path
) -> None:
    with Service(lambda *_: (status, body)).running() as service:
        words = ("run", "--endpoint", "http://127.0.0.1:9", *WORDS)
        ended = command(*words, cwd=tmp_path, **variables(service, tmp_path))
    assert ended.code == 4, ended
    assert ended.sentence.startswith(
        "--credentials-chain: alibabacloud-credentials finds no key; it looked at "
    )
    assert "EnvironmentVariable" in ended.sentence
    assert ended.sentence.endswith("URL (HTTP 500)." if status == 500 else "URL.")
    must_hold_no_secret(tmp_path, ended.out, ended.err)


def test_a_missing_library_is_named_with_the_command_that_installs_it(tmp_path: Path) -> None:
    package = tmp_path / "shadow" / "alibabacloud_credentials"
    package.mkdir(parents=True)
    (package / "__init__.py").write_text("raise ImportError('not here')\n")
    words = ("run", "--endpoint", "http://127.0.0.1:9", *WORDS)
    changes = {"PYTHONPATH": f"{package.parent}:{Path(__file__).parents[2]}"}
    ended = command(*words, cwd=tmp_path, **changes)
    assert ended.code == 4, ended
    assert ended.sentence == (
        "--credentials-chain: The Python package alibabacloud-credentials is not installed; install it with: "
        "pip install 'alibabacloud-credentials>=1.0.12,<2'"
    )


def test_two_sources_of_keys_are_a_mistake(tmp_path: Path) -> None:
    ended = command("run", "--credentials-profile", "staging", "--credentials-chain", cwd=tmp_path)
    assert ended.code == 4
    assert "ALIBABA_CLOUD_PROFILE=staging" in ended.sentence
