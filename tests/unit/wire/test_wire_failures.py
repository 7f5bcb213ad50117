"""Hostile and broken servers: every one is an exchange with a failure, never an exception."""

from __future__ import annotations

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable
from pathlib import Path

import pytest

from conformance.wire.credentials import Credentials
from conformance.wire.exchange import Exchange, FailureKind, Request
from conformance.wire.session import WireSession

from .conftest import Peer, RawServer

Serve = Callable[..., RawServer]
OpenSession = Callable[..., WireSession]

QUERY = Request("QueryVectors", "POST", "queryVectors", "my-bucket", body=b"{}")
HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def kind(result: Exchange) -> FailureKind | None:
    assert (result.response is None) != (result.failure is None)
    if result.failure is None:
        return None
    assert result.failure.message.endswith(".")
    return result.failure.kind


def answer(*parts: bytes) -> Callable[[Peer], None]:
    """A script that answers one request with raw bytes and closes."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(*parts)

    return script


def hang(peer: Peer) -> None:
    peer.request()
    peer.stopped.wait()


def trickle(start: bytes) -> Callable[[Peer], None]:
    """A script that never lets 0.3 seconds pass without a byte, and never ends by itself soon."""

    def script(peer: Peer) -> None:
        peer.request()
        peer.send(start)
        for _ in range(200):
            if peer.stopped.wait(0.05):
                return
            peer.send(b"x")

    return script


def test_a_closed_port_is_refused(open_session: OpenSession) -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        url = f"http://127.0.0.1:{listener.getsockname()[1]}"
    assert kind(open_session(url).send(QUERY)) is FailureKind.REFUSED


def test_an_unknown_name_does_not_resolve(open_session: OpenSession) -> None:
    assert kind(open_session("http://no-such-host.invalid").send(QUERY)) is FailureKind.RESOLVE


def test_a_reset_in_the_body_is_a_reset(serve: Serve, open_session: OpenSession) -> None:
    def reset(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD + b"Content-Length: 100\r\n\r\npart")
        peer.reset()

    assert kind(open_session(serve(reset).url).send(QUERY)) is FailureKind.RESET


@pytest.mark.parametrize("close", [Peer.reset, lambda _: None], ids=["reset", "close"])
def test_no_answer_on_a_new_connection_is_not_resent(
    serve: Serve, open_session: OpenSession, close: Callable[[Peer], None]
) -> None:
    def drop(peer: Peer) -> None:
        peer.request()
        close(peer)

    server = serve(drop)
    result = open_session(server.url).send(QUERY)
    assert kind(result) is FailureKind.RESET
    assert (result.attempt, len(server.requests)) == (1, 1)


def test_a_silent_server_times_out(serve: Serve, open_session: OpenSession) -> None:
    server = serve(hang)
    result = open_session(server.url).send(QUERY)
    assert kind(result) is FailureKind.TIMEOUT
    assert (result.attempt, len(server.requests)) == (1, 1)
    assert result.failure is not None
    assert result.failure.message == "The answer did not arrive in time: Read timed out. (read timeout=0.3)."


@pytest.mark.parametrize(
    "start",
    [
        HEAD + b"Content-Length: 1000000\r\n\r\n",
        HEAD + b"\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nffff\r\n",
        HEAD + b"X-Endless: ",
        b"HTTP/1.1 200 ",
    ],
    ids=["length", "until-close", "chunk", "header", "status-line"],
)
def test_a_trickled_answer_meets_the_total_deadline(
    serve: Serve, open_session: OpenSession, start: bytes
) -> None:
    session = open_session(serve(trickle(start)).url, total_timeout=0.5)
    assert kind(session.send(QUERY)) is FailureKind.TIMEOUT


def test_the_deadline_also_ends_a_single_long_wait(serve: Serve, open_session: OpenSession) -> None:
    def late(peer: Peer) -> None:
        peer.request()
        peer.stopped.wait(3)
        peer.answer()

    session = open_session(serve(late).url, timeout=(1.0, 30.0), total_timeout=0.3)
    assert kind(session.send(QUERY)) is FailureKind.TIMEOUT


def test_a_large_body_may_take_longer_than_connecting(serve: Serve, open_session: OpenSession) -> None:
    def slow(peer: Peer) -> None:
        peer.stopped.wait(0.4)
        peer.request()
        peer.answer()

    session = open_session(serve(slow).url, timeout=(0.2, 10.0))
    large = Request("PutVectors", "POST", "putVectors", "my-bucket", body=bytes(16 * 1024 * 1024))
    assert kind(session.send(large)) is None


def test_a_server_that_does_not_read_times_out(serve: Serve, open_session: OpenSession) -> None:
    session = open_session(serve(lambda peer: peer.stopped.wait()).url)
    large = Request("PutVectors", "POST", "putVectors", "my-bucket", body=bytes(64 * 1024 * 1024))
    assert kind(session.send(large)) is FailureKind.TIMEOUT


@pytest.mark.parametrize(
    "parts",
    [
        b"\x00\x01\x02garbage\r\n\r\n",
        b"HTTP/1.1 OK 200\r\n\r\n",
        b"HTTP/1.1 200",
        HEAD + b"X-Cut: 1",
        HEAD,
        HEAD + b"Content-Length: 10\r\n\r\nshort",
        HEAD + b"Content-Length: 1\r\nContent-Length: 2\r\n\r\nab",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\nzz\r\n",
        HEAD + b"Transfer-Encoding: chunked\r\n\r\n5\r\nab",
        HEAD + b"".join(b"X-%d: 1\r\n" % number for number in range(200)) + b"\r\n",
        HEAD + b"X-Long: " + b"x" * 70000 + b"\r\n\r\n",
    ],
    ids=[
        "garbage",
        "status",
        "cut-status",
        "cut-header",
        "no-blank-line",
        "length",
        "two-lengths",
        "chunk",
        "cut-chunk",
        "many",
        "long",
    ],
)
def test_what_is_not_http_is_a_protocol_failure(
    serve: Serve, open_session: OpenSession, parts: bytes
) -> None:
    assert kind(open_session(serve(answer(parts)).url).send(QUERY)) is FailureKind.PROTOCOL


def test_an_endless_answer_is_cut_off(serve: Serve, open_session: OpenSession) -> None:
    def endless(peer: Peer) -> None:
        peer.request()
        peer.send(HEAD + b"\r\n")
        while True:
            peer.send(b"x" * 65536)

    session = open_session(serve(endless).url, max_response_bytes=1_000_000)
    assert kind(session.send(QUERY)) is FailureKind.TOO_LARGE


def test_an_answer_of_exactly_the_limit_is_accepted(serve: Serve, open_session: OpenSession) -> None:
    def two(peer: Peer) -> None:
        for size in (1000, 1001):
            peer.request()
            peer.answer(b"x" * size)

    session = open_session(serve(two).url, max_response_bytes=1000)
    assert kind(session.send(QUERY)) is None
    assert kind(session.send(QUERY)) is FailureKind.TOO_LARGE


def test_a_failed_answer_does_not_poison_the_next_one(serve: Serve, open_session: OpenSession) -> None:
    def too_much(peer: Peer) -> None:
        peer.request()
        peer.answer(b"HTTP/1.1 500 Poison\r\n\r\n" * 100)

    def fine(peer: Peer) -> None:
        peer.request()
        peer.answer(b"fine")

    session = open_session(serve(too_much, fine).url, max_response_bytes=100)
    assert kind(session.send(QUERY)) is FailureKind.TOO_LARGE
    response = session.send(QUERY).response
    assert response is not None
    assert (response.status, response.body) == (200, b"fine")


def test_a_surplus_after_an_answer_is_not_the_next_answer(serve: Serve, open_session: OpenSession) -> None:
    def surplus(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.1 200 OK\r\nContent-Length: 1\r\n\r\naHTTP/1.1 500 Poison\r\n\r\n")
        fine(peer)

    def fine(peer: Peer) -> None:
        peer.request()
        peer.answer(b"fine")

    session = open_session(serve(surplus, fine).url)
    first, second = session.send(QUERY).response, session.send(QUERY).response
    assert first is not None
    assert second is not None
    assert (first.body, second.body) == (b"a", b"fine")


@pytest.mark.parametrize("close", [Peer.reset, lambda _: None], ids=["reset", "close"])
def test_a_stale_connection_is_replaced_once(
    serve: Serve, open_session: OpenSession, close: Callable[[Peer], None]
) -> None:
    def stale(peer: Peer) -> None:
        peer.request()
        peer.answer()
        # Reads the second request, as a server that is just closing may.
        peer.request()
        close(peer)

    def fine(peer: Peer) -> None:
        peer.request()
        peer.answer(b"fine")

    server = serve(stale, fine)
    session = open_session(server.url)
    assert session.send(QUERY).attempt == 1
    result = session.send(QUERY)
    assert kind(result) is None
    assert (result.attempt, server.connections, len(server.requests)) == (2, 2, 3)


def test_a_second_failure_after_a_stale_connection_is_final(serve: Serve, open_session: OpenSession) -> None:
    def stale(peer: Peer) -> None:
        peer.request()
        peer.answer()
        peer.request()

    def drop(peer: Peer) -> None:
        peer.request()

    server = serve(stale, drop)
    session = open_session(server.url)
    session.send(QUERY)
    result = session.send(QUERY)
    assert kind(result) is FailureKind.RESET
    assert (result.attempt, server.connections, len(server.requests)) == (2, 2, 3)


@pytest.mark.parametrize("beginning", [b"H", b"HTTP/1.1 200 OK\r\nX: "])
@pytest.mark.parametrize(
    ("close", "expected"),
    [(Peer.reset, FailureKind.RESET), (lambda _: None, FailureKind.PROTOCOL)],
    ids=["reset", "close"],
)
def test_a_begun_answer_on_a_reused_connection_is_not_resent(
    serve: Serve,
    open_session: OpenSession,
    beginning: bytes,
    close: Callable[[Peer], None],
    expected: FailureKind,
) -> None:
    def half(peer: Peer) -> None:
        peer.request()
        peer.answer()
        peer.request()
        peer.send(beginning)
        close(peer)

    server = serve(half)
    session = open_session(server.url)
    session.send(QUERY)
    result = session.send(QUERY)
    assert kind(result) is expected
    assert (result.attempt, server.connections) == (1, 1)


def test_the_second_attempt_never_uses_another_idle_connection(
    serve: Serve, open_session: OpenSession
) -> None:
    together = threading.Barrier(2, timeout=5)

    def stale(peer: Peer) -> None:
        peer.request()
        together.wait()
        peer.answer()
        peer.request()

    def fine(peer: Peer) -> None:
        peer.request()
        peer.answer(b"fine")

    server = serve(stale, stale, fine)
    session = open_session(server.url, timeout=(5.0, 5.0))
    threads = [threading.Thread(target=session.send, args=(QUERY,)) for _ in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    result = session.send(QUERY)
    assert kind(result) is None
    assert (result.attempt, server.connections) == (2, 3)


def test_a_connection_after_a_closing_answer_counts_as_new(serve: Serve, open_session: OpenSession) -> None:
    def closing(peer: Peer) -> None:
        peer.request()
        peer.answer(b"", b"Connection: close")

    def drop(peer: Peer) -> None:
        peer.request()

    server = serve(closing, drop)
    session = open_session(server.url)
    session.send(QUERY)
    result = session.send(QUERY)
    assert kind(result) is FailureKind.RESET
    assert (result.attempt, len(server.requests)) == (1, 2)


def test_a_timeout_on_a_reused_connection_is_not_resent(serve: Serve, open_session: OpenSession) -> None:
    def then_hang(peer: Peer) -> None:
        peer.request()
        peer.answer()
        hang(peer)

    server = serve(then_hang)
    session = open_session(server.url)
    session.send(QUERY)
    result = session.send(QUERY)
    assert kind(result) is FailureKind.TIMEOUT
    assert (result.attempt, len(server.requests)) == (1, 2)


def test_secrets_an_endpoint_echoes_are_masked(
    serve: Serve, open_session: OpenSession, credentials: Credentials
) -> None:
    def echo(peer: Peer) -> None:
        head = peer.request()
        authorization = head.split(b"Authorization: ")[1].split(b"\r\n")[0]
        token = head.split(b"x-oss-security-token: ")[1].split(b"\r\n")[0]
        peer.answer(b"<" + authorization + b">" + token, b"X-Echo: " + token, b"X-Auth: " + authorization)

    server = serve(echo)
    result = open_session(server.url).send(QUERY)
    (request,) = server.requests
    signature = request.split(b"Signature=")[1].split(b"\r\n")[0].decode()
    assert len(signature) == 64
    everything = repr(result)
    assert "X-Echo" in everything
    for secret in (signature, credentials.security_token or "", credentials.access_key_secret):
        assert secret not in everything
        assert repr(secret)[1:-1] not in everything


def test_a_failure_message_has_no_secrets(
    serve: Serve, open_session: OpenSession, credentials: Credentials
) -> None:
    token = (credentials.security_token or "").encode()
    result = open_session(serve(answer(b"XXTP " + token + b"\r\n\r\n")).url).send(QUERY)
    assert kind(result) is FailureKind.PROTOCOL
    assert "CAISt0ken" not in repr(result)


def test_plain_text_where_tls_is_expected_is_a_tls_failure(serve: Serve, open_session: OpenSession) -> None:
    server = serve(lambda peer: peer.send(b"HTTP/1.1 400 Bad Request\r\n\r\n"))
    assert kind(open_session(f"https://127.0.0.1:{server.port}").send(QUERY)) is FailureKind.TLS


@pytest.fixture
def certificate(tmp_path: Path) -> Path:
    """Key and self-signed certificate for 127.0.0.1 in one file."""
    path = tmp_path / "server.pem"
    command = "openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=test"
    arguments = [*command.split(), "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", str(path)]
    done = subprocess.run([*arguments, "-out", str(path) + ".crt"], capture_output=True, check=False)
    assert done.returncode == 0, done.stderr
    path.write_text(path.read_text() + Path(f"{path}.crt").read_text(encoding="utf-8"))
    return path


def test_certificates_are_verified_and_a_private_authority_can_be_named(
    serve: Serve, open_session: OpenSession, certificate: Path
) -> None:
    context = ssl.create_default_context(ssl.Purpose.CLIENT_AUTH)
    context.load_cert_chain(certificate)

    def over_tls(peer: Peer) -> None:
        peer.sock = context.wrap_socket(peer.sock, server_side=True)
        while peer.request():
            peer.answer(b"private")

    server = serve(over_tls)
    url = f"https://127.0.0.1:{server.port}"
    assert kind(open_session(url).send(QUERY)) is FailureKind.TLS
    assert server.requests == []
    session = open_session(url, ca_file=f"{certificate}.crt")
    for _ in range(2):
        response = session.send(QUERY).response
        assert response is not None
        assert response.body == b"private"
    assert server.connections == 2
