"""Endpoints that cannot be used at all: exit code 4 and one sentence, before anything is created."""

from __future__ import annotations

import socket
import subprocess
from dataclasses import replace
from pathlib import Path

import pytest

from conformance.wire.addressing import Target
from conformance.wire.endpoint import parse_endpoint
from conformance.wire.ledger import Ledger, RunIdentity
from tests.cli.harness import KEYS, command

from . import breakers, liars
from .breakers import HEAD
from .conftest import Refused
from .endpoint import Behaviour, Connection, Endpoint, Received
from .relay import Upstream

#: Behaviour, and what the sentence says of it.
BREAKERS: dict[str, tuple[Behaviour, str]] = {
    "nothing": (breakers.raw(b""), "the connection was closed before the answer was complete"),
    "reset-in-the-body": (
        breakers.reset_in_the_body,
        "the connection was closed before the answer was complete",
    ),
    "hanging": (breakers.hang, "it does not answer in time"),
    "hanging-in-the-body": (
        breakers.raw_and_wait(HEAD + b"Content-Length: 9\r\n\r\n{}"),
        "it does not answer in time",
    ),
    "trickling": (breakers.trickle, "it does not answer in time"),
    "endless": (breakers.endless, "the answer is longer than 67108864 bytes"),
    "not-http": (
        breakers.raw(b"SSH-2.0-OpenSSH_9.6\r\n"),
        "the answer is not HTTP, or not complete: SSH-2.0-OpenSSH",
    ),
    "shorter-than-promised": (
        breakers.raw(HEAD + b"Content-Length: 200\r\n\r\n{}"),
        "the answer is not HTTP, or not complete: the connection was closed before the whole answer had arrived",
    ),
    "no-service-behind": (
        liars.always("503 Service Unavailable", b"<h1>503</h1>", "text/html"),
        "it answers 503 text/html (<h1>503</h1>), as a gateway does that has no service behind it",
    ),
}


SLOW = ("hanging", "hanging-in-the-body", "trickling")


@pytest.mark.parametrize("name", BREAKERS)
def test_an_endpoint_that_gives_no_answer_is_refused(name: str, refused: Refused) -> None:
    behaviour, words = BREAKERS[name]
    patience = ("--read-timeout", "0.5") if name in SLOW else ()
    with Endpoint(behaviour).running() as endpoint:
        sentence = refused(endpoint.url, *patience)
    assert sentence.startswith(f"The endpoint {endpoint.url} cannot be used: {words}")
    assert sentence.endswith(".")
    # Nothing but the one read was sent, so nothing can be left behind.
    assert [(one.method, one.target) for one in endpoint.seen] == [("GET", "/?max-keys=1")]


def test_a_closed_port_is_refused(refused: Refused) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    assert refused(url) == f"The endpoint {url} cannot be used: nothing listens there."


@pytest.mark.parametrize(
    "status", ["301 Moved Permanently", "302 Found", "307 Temporary Redirect", "308 Permanent"]
)
def test_redirects_are_told_and_never_followed(status: str, refused: Refused) -> None:
    other = Endpoint(liars.always("200 OK", b"{}"))
    with other.running(), Endpoint(breakers.redirect(status, lambda: other.url)).running() as endpoint:
        sentence = refused(endpoint.url)
    assert f"redirects to {other.url}/?max-keys=1 ({status[:3]})" in sentence
    assert "redirects are never followed" in sentence
    assert other.seen == []
    assert len(endpoint.seen) == 1


def test_a_redirect_to_the_same_host_is_not_followed_either(refused: Refused) -> None:
    with Endpoint(breakers.redirect("307 Temporary Redirect", lambda: "")).running() as endpoint:
        assert "redirects to /?max-keys=1 (307)" in refused(endpoint.url)
    assert len(endpoint.seen) == 1


@pytest.fixture(scope="session")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Key and self-signed certificate for 127.0.0.1 in one file."""
    directory = tmp_path_factory.mktemp("certificate")
    key, public, both = (directory / name for name in ("key.pem", "public.pem", "both.pem"))
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    words = [
        *command.split(),
        "-addext",
        "subjectAltName=IP:127.0.0.1",
        "-keyout",
        str(key),
        "-out",
        str(public),
    ]
    done = subprocess.run(words, capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    both.write_bytes(key.read_bytes() + public.read_bytes())
    return both


def test_a_certificate_of_nobody_is_refused_before_anything_is_sent(
    certificate: Path, refused: Refused
) -> None:
    with Endpoint(liars.always("200 OK"), certificate).running() as endpoint:
        sentence = refused(endpoint.url)
    assert "the TLS handshake or connection failed" in sentence
    assert "self-signed certificate" in sentence
    assert endpoint.seen == []


def test_a_sweep_trusts_the_certificates_that_the_run_trusted(
    certificate: Path, upstream: Upstream, tmp_path: Path
) -> None:
    left = tmp_path / "ledger.jsonl"
    with Endpoint(upstream.relay, certificate).running() as endpoint:
        target = Target(parse_endpoint(endpoint.url), "cn-hangzhou", "1234567890123456")
        with Ledger(left, RunIdentity.of(target, "run0")) as ledger:
            ledger.entering("bucket", "ovc-run0a1", "ovc-run0a1")
        refused = command("sweep", str(left), cwd=tmp_path, **KEYS)
        assert refused.code == 4
        assert "the TLS handshake or connection failed" in refused.sentence
        assert endpoint.seen == []
        swept = command("sweep", "--ca-file", str(certificate), str(left), cwd=tmp_path, **KEYS)
    assert swept.code == 0, swept
    assert not left.exists()


def _misread(upstream: Upstream, *, host: bool) -> Behaviour:
    """A gateway that hands on the service's own name, or its own path, instead of the bucket's."""

    def behave(received: Received, connection: Connection) -> None:
        if host:
            others = tuple(pair for pair in received.headers if pair[0].lower() != "host")
            received = replace(received, headers=(("Host", "backend.internal"), *others))
        else:
            received = replace(received, target=f"/?{received.target.partition('?')[2]}")
        upstream.relay(received, connection)

    return behave


@pytest.mark.parametrize(
    ("host", "given", "place", "other"),
    [(True, "virtual-host", "Host header", "path"), (False, "path", "path", "virtual-host")],
)
def test_a_target_that_finds_buckets_elsewhere_is_told_apart(
    host: bool, given: str, place: str, other: str, upstream: Upstream, refused: Refused
) -> None:
    with Endpoint(_misread(upstream, host=host)).running() as endpoint:
        sentence = refused(endpoint.url, "--addressing", given)
    assert sentence.startswith(
        f"The endpoint {endpoint.url} does not find the bucket of a request in its {place}: "
    )
    assert sentence.endswith(f"give --addressing {other}, which it understands.")
    assert {one.method for one in endpoint.seen} == {"GET"}
    assert len(endpoint.seen) == 4


def test_plain_http_on_a_port_for_tls_is_refused(refused: Refused) -> None:
    with Endpoint(liars.always("200 OK")).running() as endpoint:
        sentence = refused(endpoint.url.replace("http:", "https:"))
    assert "the TLS handshake or connection failed" in sentence


def test_tls_on_a_port_for_plain_http_is_refused(certificate: Path, refused: Refused) -> None:
    with Endpoint(liars.always("200 OK"), certificate).running() as endpoint:
        sentence = refused(endpoint.url.replace("https:", "http:"))
    assert "cannot be used" in sentence
    assert endpoint.seen == []


def test_hosts_of_buckets_that_cannot_be_reached_are_told_from_the_endpoint(
    refused: Refused, monkeypatch: pytest.MonkeyPatch
) -> None:
    resolve = socket.getaddrinfo

    def only_the_service(host: str, *rest: object, **options: object) -> object:
        if host == "vectors.test":
            return resolve("127.0.0.1", *rest, **options)  # type: ignore[arg-type]
        raise socket.gaierror(socket.EAI_NONAME, "Name or service not known")

    monkeypatch.setattr(socket, "getaddrinfo", only_the_service)
    empty = b'{"ListAllMyBucketsResult":{}}'
    with Endpoint(liars.always("200 OK", empty)).running() as endpoint:
        url = endpoint.url.replace("127.0.0.1", "vectors.test")
        sentence = refused(url)
    assert sentence.startswith(f"The endpoint {url} answers, but hosts of buckets such as ovc-")
    assert "the host name does not resolve" in sentence
    assert "--addressing path" in sentence
