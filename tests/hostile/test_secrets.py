"""Nothing that a run writes or prints has a secret in it, whatever the endpoint does with what it was sent."""

from __future__ import annotations

import re
import sys
from pathlib import Path
from urllib.parse import quote

import pytest

from tests.cli.harness import ACCOUNT, ROOT, command, execute

from .conftest import Refused
from .endpoint import Behaviour, Endpoint, Received
from .harness import Told, run
from .mirrors import KEY_ID, SECRET, TOKEN, Mirror
from .relay import Outage, Upstream

CANARIES = {"OSS_ACCESS_KEY_ID": KEY_ID, "OSS_ACCESS_KEY_SECRET": SECRET, "OSS_SESSION_TOKEN": TOKEN}
_SIGNATURE = re.compile(r"[0-9A-Fa-f]{64}")


def signatures(seen: list[Received]) -> set[str]:
    """Every signature that was sent, in the header or in the URL."""
    sent = {one.header("Authorization").partition("Signature=")[2] for one in seen}
    sent |= {one.target.partition("x-oss-signature=")[2].partition("&")[0] for one in seen}
    return {text.lower() for text in sent if _SIGNATURE.fullmatch(text)}


def must_hold_no_secret(texts: dict[str, str], seen: list[Received]) -> None:
    sent = signatures(seen)
    assert sent
    for place, text in texts.items():
        plain = text.replace("\\/", "/")
        for secret in (SECRET, TOKEN, KEY_ID):
            for spelling in (secret, quote(secret, safe="")):
                assert spelling not in plain, f"{place}: {plain[max(0, plain.find(spelling) - 200) :][:400]}"
        leaked = {found for found in _SIGNATURE.findall(text) if found.lower() in sent}
        assert not leaked, f"{place}: {text[max(0, text.find(min(leaked)) - 200) :][:400]}"


def written_and_printed(told: Told) -> dict[str, str]:
    files = [path for path in told.report_dir.rglob("*") if path.is_file()]
    assert {"report.json", "junit.xml", "summary.md", "report.html", "badge.svg", "exchanges-a.jsonl"} <= {
        path.name for path in files
    }
    texts = {str(path): path.read_text("utf-8", "replace") for path in files}
    return {**texts, "standard output": told.ended.out, "standard error": told.ended.err}


@pytest.mark.parametrize("mirror", [Mirror(), Mirror(status="200 OK"), Mirror(broken_from=40)])
def test_an_endpoint_that_echoes_everything_betrays_nothing(mirror: Behaviour, tmp_path: Path) -> None:
    with Endpoint(mirror).running() as endpoint:
        told = run(endpoint.url, "--visibility-timeout", "0.1", cwd=tmp_path, **CANARIES)
    assert told.ended.code in (1, 6), told.ended
    must_hold_no_secret(written_and_printed(told), endpoint.seen)


def test_signatures_of_every_kind_stay_out_of_the_report(tmp_path: Path) -> None:
    with Endpoint(Mirror()).running() as endpoint:
        words = ("--operation", "Signing", "--profile", "core", "--visibility-timeout", "0.1")
        told = run(endpoint.url, *words, cwd=tmp_path, **CANARIES)
    must_hold_no_secret(written_and_printed(told), endpoint.seen)


def test_tracebacks_of_pytest_betray_nothing(tmp_path: Path) -> None:
    """The door for pytest, at its most talkative: whole tracebacks with local variables."""
    report_dir = tmp_path / "out"
    options = ("--visibility-timeout", "0.1", "--report-dir", str(report_dir), "--account-id", ACCOUNT)
    pytest_options = ("-p", "no:cacheprovider", "--tb=long", "--showlocals", "-rA")
    with Endpoint(Mirror()).running() as endpoint:
        words = ["-m", "pytest", "conformance", "--endpoint", endpoint.url, "--profile", "smoke"]
        ended = execute([sys.executable, *words, *options, *pytest_options], cwd=ROOT, **CANARIES)
    assert ended.code == 1, ended
    assert " failed" in ended.out.splitlines()[-1]
    must_hold_no_secret(written_and_printed(Told(ended, report_dir)), endpoint.seen)


@pytest.mark.parametrize("mirror", [Mirror(status="307 Temporary Redirect"), Mirror(broken_from=1)])
def test_the_sentence_of_a_refused_endpoint_betrays_nothing(
    mirror: Behaviour, refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in CANARIES.items():
        monkeypatch.setenv(name, value)
    with Endpoint(mirror).running() as endpoint:
        sentence = refused(endpoint.url)
    must_hold_no_secret({"standard error": sentence}, endpoint.seen)


def test_a_right_service_leaves_no_secret_in_the_report(tmp_path: Path, upstream: Upstream) -> None:
    keys = {name: value for name, value in CANARIES.items() if name != "OSS_SESSION_TOKEN"}
    with Endpoint(Outage(upstream, lambda *_: None)).running() as endpoint:
        words = ("run", "--endpoint", endpoint.url, "--account-id", "1", "--report-dir", "out")
        ended = command(*words, "--requirement", "Signing.header.*", cwd=tmp_path, **keys)
    # The emulator has other keys: it refuses these, and its answer repeats the key id.
    assert ended.code == 4, ended
    must_hold_no_secret({"standard error": ended.err}, endpoint.seen)
