"""Canaries: no spelling of a secret survives, and nothing else is touched."""

from __future__ import annotations

import base64
import json
import re
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import quote, quote_plus

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conformance.wire.credentials import Credentials, CredentialsError, from_environment
from conformance.wire.exchange import Exchange, FailureKind, Response, TransportFailure
from conformance.wire.recorder import Recorder, to_recorded
from conformance.wire.redaction import Redactor

from .conftest import SECRET, TOKEN

KEY_ID = "LTAI5tCanaryKeyId0001"
HEX = "8e87ca6f26c6e03f07f71220ca7733e9e2f6f8cbdc6d48bbb6180e6bb7e5a5ff"
REDACTOR = Redactor(Credentials(KEY_ID, SECRET, TOKEN))
AUTHORIZATION = (
    f"OSS4-HMAC-SHA256 Credential={KEY_ID}/20250417/cn-hangzhou/oss/aliyun_v4_request,Signature={HEX}"
)

SPELLINGS: dict[str, Callable[[str], str]] = {
    "raw": lambda value: value,
    "percent": lambda value: quote(value, safe=""),
    "percent-lower": lambda value: re.sub(r"%..", lambda code: code[0].lower(), quote(value, safe="")),
    "form": quote_plus,
    "json": lambda value: json.dumps(value)[1:-1],
    "json-slash": lambda value: json.dumps(value)[1:-1].replace("/", "\\/"),
    "json-unicode": lambda value: "".join(f"\\u{ord(char):04x}" for char in value),
    "json-unicode-upper": lambda value: "".join(f"\\u{ord(char):04X}" for char in value),
    "percent-all": lambda value: "".join(f"%{ord(char):02x}" for char in value),
}


@pytest.mark.parametrize("secret", [SECRET, TOKEN], ids=["secret", "token"])
@pytest.mark.parametrize("spelling", SPELLINGS)
def test_no_spelling_of_a_secret_survives_in_text_or_bytes(secret: str, spelling: str) -> None:
    written = SPELLINGS[spelling](secret)
    text = f'before {written} after {{"x":"{written}"}}'
    assert REDACTOR.text(text) == 'before *** after {"x":"***"}'
    assert REDACTOR.known(text.encode()) == b'before *** after {"x":"***"}'


@given(
    st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=6, max_size=40),
    st.sampled_from(sorted(SPELLINGS)),
)
def test_any_secret_is_found_in_any_spelling(secret: str, spelling: str) -> None:
    redactor = Redactor(Credentials("ak", secret))
    assert redactor.known(f"\x00{SPELLINGS[spelling](secret)}\x00".encode()) == b"\x00***\x00"


def test_a_near_miss_of_a_long_secret_is_decided_at_once() -> None:
    text = "T0ken" + "x" * 1999 + "%y"
    redactor = Redactor(Credentials("ak", "T0ken" + "x" * 2000))
    assert redactor.text(text) == text
    assert redactor.known(text.encode()) == text.encode()


@pytest.mark.parametrize("written", ["pass word", "pass+word", "pass%20word", "pass\\u0020word"])
def test_a_secret_with_a_blank_is_found_in_any_spelling(written: str) -> None:
    assert Redactor(Credentials("ak", "pass word")).known(f"x{written}x".encode()) == b"x***x"


def test_the_longer_of_two_overlapping_secrets_is_masked_whole() -> None:
    redactor = Redactor(Credentials("ak", "abcdef", "abcdefghi"))
    assert redactor.text("abcdefghi abcdef") == "*** ***"
    assert redactor.known(b"abcdefghi abcdef") == b"*** ***"
    assert redactor.known(b"abcdefghi abcdef%") == b"*** ***%"


@pytest.mark.parametrize(
    ("text", "masked"),
    [
        (f"x-oss-signature={HEX}&x=1", "x-oss-signature=***&x=1"),
        (f"Signature={HEX},x", "Signature=***,x"),
        (f"Signature%3D{HEX}", "Signature%3D***"),
        (f'{{"SignatureProvided": "{HEX}"}}', '{"SignatureProvided": "***"}'),
        (f'{{\\"SignatureProvided\\":\\"{HEX}\\"}}', '{\\"SignatureProvided\\":\\"***\\"}'),
        (f"<SignatureProvided>{HEX}</", "<SignatureProvided>***</"),
        ("x-oss-security-token=abc%2Bdef&y", "x-oss-security-token=***&y"),
        ("x-oss-credential=LTAIother%2F2025", "x-oss-credential=LTAI***%2F2025"),
        ("Credential=LTAIother/2025", "Credential=LTAI***/2025"),
        (f"The key {KEY_ID} is unknown", "The key LTAI*** is unknown"),
        ("x-oss-signature-version=OSS4-HMAC-SHA256", "x-oss-signature-version=OSS4-HMAC-SHA256"),
    ],
)
def test_signatures_tokens_and_key_ids_are_masked_by_name(text: str, masked: str) -> None:
    assert REDACTOR.text(text) == masked
    assert REDACTOR.text(masked) == masked


@pytest.mark.parametrize(
    "text",
    [
        "The request signature we calculated does not match the signature you provided.",
        '{"indexName":"idx","keys":["a","b"],"queryVector":{"float32":[0.1,0.2]}}',
        HEX,
        "UNSIGNED-PAYLOAD",
    ],
)
def test_what_is_no_secret_is_left_alone(text: str) -> None:
    assert REDACTOR.text(text) == text
    assert REDACTOR.known(text.encode()) == text.encode()


def test_headers_are_masked_by_name_whatever_their_value() -> None:
    redactor = Redactor(Credentials("ak", "sk", "tk"))
    headers = (
        ("AUTHORIZATION", AUTHORIZATION),
        ("authorization", "OSS ak:sk"),
        ("Authorization", "sk"),
        ("X-Oss-Security-Token", "tk"),
        ("Set-Cookie", "session=1"),
        ("x-oss-date", "20250417T013347Z"),
    )
    assert redactor.headers(headers) == (
        (
            "AUTHORIZATION",
            "OSS4-HMAC-SHA256 Credential=LTAI***/20250417/cn-hangzhou/oss/aliyun_v4_request,Signature=***",
        ),
        ("authorization", "OSS ***"),
        ("Authorization", "***"),
        ("X-Oss-Security-Token", "***"),
        ("Set-Cookie", "***"),
        ("x-oss-date", "20250417T013347Z"),
    )


def test_short_secrets_do_not_mask_ordinary_words() -> None:
    redactor = Redactor(Credentials("ak", "sk", None))
    assert redactor.text("ask the desk") == "ask the desk"


def test_credentials_do_not_show_their_secrets() -> None:
    keys = Credentials(KEY_ID, SECRET, TOKEN)
    for text in (repr(keys), str(keys), f"{keys}", repr([keys])):
        assert KEY_ID in text
        assert "S3cret" not in text
        assert "CAISt0ken" not in text


def test_credentials_come_from_the_variables_of_the_sdk() -> None:
    env = {"OSS_ACCESS_KEY_ID": "a", "OSS_ACCESS_KEY_SECRET": "b", "OSS_SESSION_TOKEN": "c"}
    assert from_environment(env) == Credentials("a", "b", "c")
    del env["OSS_SESSION_TOKEN"]
    assert from_environment(env) == Credentials("a", "b")
    assert from_environment({}) is None
    assert from_environment({"OSS_ACCESS_KEY_ID": "", "OSS_ACCESS_KEY_SECRET": ""}) is None


@pytest.mark.parametrize(
    ("env", "sentence"),
    [
        ({"OSS_ACCESS_KEY_ID": "a"}, "OSS_ACCESS_KEY_SECRET is not"),
        ({"OSS_ACCESS_KEY_SECRET": "canary"}, "OSS_ACCESS_KEY_ID is not"),
        ({"OSS_ACCESS_KEY_ID": "a", "OSS_ACCESS_KEY_SECRET": "canary\n"}, "OSS_ACCESS_KEY_SECRET contains"),
        ({"OSS_ACCESS_KEY_ID": "a b", "OSS_ACCESS_KEY_SECRET": "canary"}, "OSS_ACCESS_KEY_ID contains"),
    ],
)
def test_a_half_or_broken_pair_is_an_error_that_does_not_show_it(env: dict[str, str], sentence: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        from_environment(env)
    assert sentence in str(caught.value)
    assert "canary" not in str(caught.value)


def exchange(body: bytes, *, response: Response | None = None) -> Exchange:
    failure = None if response else TransportFailure(FailureKind.RESET, f"It said {SECRET}.")
    return Exchange(
        id="main-000001",
        operation="PutVectors",
        bucket="b",
        method="POST",
        url=f"http://h/?x-oss-signature={HEX}",
        target=f"/?x-oss-signature={HEX}",
        host="h",
        request_headers=(("Authorization", AUTHORIZATION),),
        request_body=body,
        signed=True,
        started=datetime(2025, 4, 17, tzinfo=UTC),
        elapsed=0.5,
        response=response,
        failure=failure,
    )


def test_a_recording_holds_exchanges_without_secrets(tmp_path: Path) -> None:
    path = tmp_path / "exchanges.jsonl"
    response = Response(200, "OK", (("X-Echo", SECRET), ("X-Echo", "2")), f'"{TOKEN}"'.encode())
    with Recorder(path, REDACTOR) as recorder:
        recorder.record(exchange(f'{{"k":"{SECRET}"}}'.encode(), response=response))
        recorder.record(exchange(b""))
    first, second = map(json.loads, path.read_text().splitlines())
    assert first["request"]["body"] == {"size": 8 + len(SECRET), "text": '{"k":"***"}'}
    assert first["response"]["headers"] == [["X-Echo", "***"], ["X-Echo", "2"]]
    assert first["response"]["status"] == 200
    assert "failure" not in first
    assert second["request"]["body"] is None
    assert second["failure"] == {"kind": "reset", "message": "It said ***."}
    assert "response" not in second
    for canary in (SECRET, "CAISt0ken", HEX, KEY_ID):
        assert canary not in path.read_text()


def test_a_recording_of_nothing_needs_no_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    with Recorder(None) as recorder:
        recorder.record(exchange(b"x"))
    assert list(tmp_path.iterdir()) == []


def recorded_body(body: bytes, limit: int = 10) -> dict[str, object]:
    return to_recorded(exchange(body), REDACTOR, body_limit=limit)["request"]["body"]


def test_long_bodies_are_cut_and_keep_their_size() -> None:
    assert recorded_body(b"x" * 10) == {"size": 10, "text": "x" * 10}
    assert recorded_body(b"x" * 11) == {"size": 11, "text": "x" * 10, "cut": True}
    assert recorded_body(b"x" * 1_000_000) == {"size": 1_000_000, "text": "x" * 10, "cut": True}


def test_bytes_that_are_no_text_are_kept_as_base64() -> None:
    body = recorded_body(b"\xff\xfe" + SECRET.encode(), limit=100)
    assert body["size"] == 2 + len(SECRET)
    assert base64.b64decode(str(body["base64"])) == b"\xff\xfe***"


@pytest.mark.parametrize("copies", [1, 100, 4000])
@pytest.mark.parametrize("offset", range(0, 40, 7))
def test_a_secret_at_the_cut_does_not_leak_its_first_half(copies: int, offset: int) -> None:
    text = str(recorded_body(b"x" * offset + SECRET.encode() * copies + b"x" * 50_000, limit=60)["text"])
    assert "S3c" not in text


def test_a_body_of_nothing_but_long_tokens_shows_none_of_the_last_one() -> None:
    token = "T0ken" + "x" * 2000
    redactor = Redactor(Credentials("ak", "secret", token))
    text = str(to_recorded(exchange(token.encode() * 1000), redactor)["request"]["body"]["text"])
    assert text == "***" * 1000


def test_a_character_at_the_cut_does_not_turn_text_into_bytes() -> None:
    limit = 10
    for shift in range(4):
        body = recorded_body(b"x" * shift + "電".encode() * 50_000, limit)
        assert str(body["text"]).startswith("x" * shift + "電")
