"""Keys of the credentials library: asked for seldom, renewed in time, and never quoted."""

from __future__ import annotations

import importlib
import json
import logging
import sys
import traceback
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.wire import chain
from conformance.wire.addressing import Target
from conformance.wire.chain import KeyChain, default_chain
from conformance.wire.credentials import Credentials, CredentialsError
from conformance.wire.endpoint import parse_endpoint
from conformance.wire.session import WireSession
from tests.cli.harness import Service

SECRET = "canary-secret-0123456789"


def key(number: int) -> SimpleNamespace:
    """What the library gives, one after another."""
    return SimpleNamespace(
        access_key_id=f"STS.canary-key-id-{number}",
        access_key_secret=f"{SECRET}-{number}",
        security_token=f"canary-token-{number}",
    )


@dataclass
class Library:
    """Gives what it is told to, in turn; an exception is raised."""

    answers: list[Any]
    asked: int = 0

    def get_credential(self) -> Any:
        answer = self.answers[min(self.asked, len(self.answers) - 1)]
        self.asked += 1
        if isinstance(answer, Exception):
            raise answer
        return answer


@dataclass
class Clock:
    """Time that passes when it is told to."""

    now: float = field(default=1000.0)

    def __call__(self) -> float:
        return self.now


def test_a_key_is_asked_for_once_and_again_after_a_while() -> None:
    library, clock = Library([key(1), key(1), key(2)]), Clock()
    keys = KeyChain(library, clock)
    assert [keys.current().access_key_id for _ in range(50)] == ["STS.canary-key-id-1"] * 50
    assert library.asked == 1
    for seconds, asked, expected in ((29.0, 1, 1), (1.0, 2, 1), (29.0, 2, 1), (31.0, 3, 2)):
        clock.now += seconds
        assert keys.current() == Credentials(
            f"STS.canary-key-id-{expected}", f"{SECRET}-{expected}", f"canary-token-{expected}"
        )
        assert library.asked == asked


def test_a_key_that_cannot_be_renewed_is_used_up_and_said() -> None:
    library, clock = (
        Library([key(1), RuntimeError(f"URLCredentialsProvider: http_code=500, {SECRET}")]),
        Clock(),
    )
    keys = KeyChain(library, clock)
    clock.now += 60
    assert keys.current().access_key_id == "STS.canary-key-id-1"
    assert keys.problem == (
        "the access key could not be renewed: alibabacloud-credentials finds no key; it looked at URL (HTTP 500)"
    )
    clock.now += 60
    keys.current()
    assert library.asked == 2


@pytest.mark.parametrize(
    ("answer", "words"),
    [
        (RuntimeError(f"nothing {SECRET}"), "alibabacloud-credentials finds no key."),
        (
            ValueError(
                "unable to load credentials from any of the providers in the chain: "
                "['EnvironmentVariableCredentialsProvider: Environment variable accessKeyId cannot be empty', "
                "'OIDCRoleArnCredentialsProvider: error refreshing credentials from oidc_role_arn, http_code: 400, "
                f'result: {{"x": "{SECRET}"}}\', "CLIProfileCredentialsProvider: no {SECRET}"]'
            ),
            "finds no key; it looked at EnvironmentVariable, OIDCRoleArn (HTTP 400), CLIProfile.",
        ),
        (SimpleNamespace(access_key_id="id", access_key_secret=None, security_token=None), "not complete"),
        (
            SimpleNamespace(access_key_id="id", access_key_secret=f"{SECRET}\n", security_token=None),
            "contains a blank, a line break",
        ),
    ],
)
def test_no_message_quotes_what_the_library_says(answer: Any, words: str) -> None:
    with pytest.raises(CredentialsError) as caught:
        KeyChain(Library([answer]))
    assert words in str(caught.value)
    assert SECRET not in "".join(traceback.format_exception(caught.value))


def test_a_library_that_is_not_installed_is_named_with_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, chain._MODULE, None)
    default_chain.cache_clear()
    with pytest.raises(
        CredentialsError, match="alibabacloud-credentials is not installed; install it with: pip install"
    ):
        default_chain()


def test_a_session_signs_with_the_renewed_key_and_masks_both() -> None:
    clock = Clock()
    keys = KeyChain(Library([key(1), key(2)]), clock)
    target = Target(parse_endpoint("http://127.0.0.1:9"), "cn-hangzhou", "1234567890123456")
    with WireSession(target, keys, run_id="r") as session:
        first = session._signer("bucket")
        assert first is session._signer("bucket")
        clock.now += 60
        second = session._signer("bucket")
        assert first is not None
        assert second is not None
        assert [one.credentials.access_key_id[-1] for one in (first, second)] == ["1", "2"]
        shown = session.redactor.text(
            f"{SECRET}-1 canary-token-1 {SECRET}-2 canary-token-2 STS.canary-key-id-1"
        )
    assert "canary" not in shown.replace("STS.***", "")


def test_the_library_itself_gives_a_new_key_when_the_old_one_ends(monkeypatch: pytest.MonkeyPatch) -> None:
    """Its own cache decides when: what is good for less than 15 minutes is asked for again."""
    library = importlib.import_module("alibabacloud_credentials.client")
    provider = importlib.import_module("alibabacloud_credentials.provider")
    given: list[bytes] = []

    def answer(*_: object) -> tuple[int, bytes]:
        if len(given) == 2:
            return 500, SECRET.encode()
        expires = datetime.now(UTC) + timedelta(minutes=10)
        names = {"AccessKeyId": "access_key_id", "AccessKeySecret": "access_key_secret"}
        found = vars(key(len(given) + 1))
        body = {name: found[member] for name, member in names.items()}
        body |= {"SecurityToken": found["security_token"], "Code": "Success"}
        given.append(json.dumps({**body, "Expiration": f"{expires:%Y-%m-%dT%H:%M:%SZ}"}).encode())
        return 200, given[-1]

    monkeypatch.setattr(logging.getLogger("credentials"), "disabled", True)
    clock = Clock()
    with Service(answer).running() as service:
        uri = provider.URLCredentialsProvider(uri=f"{service.address}/key")
        keys = KeyChain(library.Client(provider=uri), clock)
        assert keys.current().access_key_id == "STS.canary-key-id-1"
        clock.now += 60
        assert keys.current() == Credentials("STS.canary-key-id-2", f"{SECRET}-2", "canary-token-2")
        clock.now += 60
        assert keys.current().access_key_id == "STS.canary-key-id-2"
    assert (keys.problem or "").startswith("the access key could not be renewed: ")
