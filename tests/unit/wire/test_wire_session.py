"""What goes on the wire, byte for byte, and what comes back from a well-behaved server."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path

import pytest
import requests

from conformance.wire.credentials import Credentials
from conformance.wire.exchange import Exchange, Request
from conformance.wire.session import UnsendableRequestError, WireSession
from conformance.wire.signing import Anonymous, UrlSignature

from .conftest import Peer, RawServer

Serve = Callable[..., RawServer]
OpenSession = Callable[..., WireSession]

HOST = b"Host: my-bucket-1234567890123456.cn-hangzhou.oss-vectors.aliyuncs.com"
QUERY = Request("QueryVectors", "POST", "queryVectors", "my-bucket", body=b"{}")


def always_ok(peer: Peer) -> None:
    while peer.request():
        peer.answer(b"{}", b"Content-Type: application/json", b"X-Dup: 1", b"x-dup: 2")


def sent(server: RawServer) -> tuple[bytes, list[bytes], bytes]:
    """Request line, header lines and body of the only request."""
    (request,) = server.requests
    head, _, body = request.partition(b"\r\n\r\n")
    line, *headers = head.split(b"\r\n")
    return line, headers, body


def values(headers: list[bytes], name: bytes) -> list[bytes]:
    return [line.partition(b": ")[2] for line in headers if line.lower().startswith(name.lower() + b":")]


def exchange(serve: Serve, open_session: OpenSession, request: Request) -> tuple[RawServer, Exchange]:
    server = serve(always_ok)
    result = open_session(server.url).send(request)
    assert result.failure is None
    return server, result


def test_a_post_names_its_bucket_its_run_and_its_body(serve: Serve, open_session: OpenSession) -> None:
    server, result = exchange(serve, open_session, QUERY)
    line, headers, body = sent(server)
    assert line == b"POST /?queryVectors HTTP/1.1"
    assert headers.count(HOST) == 1
    assert values(headers, b"x-conformance-run") == [b"run0"]
    assert values(headers, b"content-type") == [b"application/json"]
    assert values(headers, b"content-length") == [b"2"]
    assert values(headers, b"accept-encoding") == [b"identity"]
    assert values(headers, b"user-agent")[0].startswith(b"oss-vectors-conformance/")
    assert len(values(headers, b"authorization")) == 1
    assert body == b"{}"
    assert (result.target, result.host) == ("/?queryVectors", HOST.partition(b": ")[2].decode())
    assert result.signed
    assert result.attempt == 1


def test_response_headers_keep_their_case_and_repetition(serve: Serve, open_session: OpenSession) -> None:
    _, result = exchange(serve, open_session, QUERY)
    assert result.response is not None
    assert (result.response.status, result.response.reason, result.response.body) == (200, "OK", b"{}")
    assert [pair for pair in result.response.headers if pair[0].lower() == "x-dup"] == [
        ("X-Dup", "1"),
        ("X-Dup", "2"),
    ]


@pytest.mark.parametrize("query", ["a=%2f&b=%zz", "%", 'a=[b]{c}|"<>^`\\', "a?b=//"])
def test_the_raw_query_is_not_normalised(serve: Serve, open_session: OpenSession, query: str) -> None:
    server, result = exchange(serve, open_session, Request("X", "GET", query, "my-bucket"))
    assert sent(server)[0] == f"GET /?{query} HTTP/1.1".encode()
    assert result.target == f"/?{query}"


@pytest.mark.parametrize(
    ("method", "length"), [("PUT", [b"0"]), ("POST", [b"0"]), ("GET", []), ("DELETE", [])]
)
def test_without_a_body_only_put_and_post_announce_a_length(
    serve: Serve, open_session: OpenSession, method: str, length: list[bytes]
) -> None:
    server, result = exchange(serve, open_session, Request("X", method, "", "my-bucket"))
    _, headers, body = sent(server)
    assert values(headers, b"content-length") == length
    assert values(headers, b"transfer-encoding") == []
    assert values(headers, b"content-type") == []
    assert body == result.request_body == b""


@pytest.mark.parametrize(
    ("body", "wire"), [(None, b"0\r\n\r\n"), (b"", b"0\r\n\r\n"), (b"abc", b"3\r\nabc\r\n0\r\n\r\n")]
)
def test_a_chunked_body_has_no_length(
    serve: Serve, open_session: OpenSession, body: bytes | None, wire: bytes
) -> None:
    server, _ = exchange(serve, open_session, Request("X", "PUT", "", "my-bucket", body=body, chunked=True))
    _, headers, on_wire = sent(server)
    assert values(headers, b"transfer-encoding") == [b"chunked"]
    assert values(headers, b"content-length") == []
    assert on_wire == wire


def test_own_headers_replace_the_defaults_and_empty_ones_remove_them(
    serve: Serve, open_session: OpenSession
) -> None:
    own = (("content-type", ""), ("User-Agent", ""), ("ACCEPT-encoding", ""), ("x-a", "1"), ("X-A", "2"))
    server, result = exchange(
        serve, open_session, Request("X", "POST", "", "my-bucket", headers=own, body=b"{}")
    )
    _, headers, _ = sent(server)
    for name in (b"content-type", b"user-agent", b"accept-encoding", b"accept"):
        assert values(headers, name) == []
    assert values(headers, b"x-a") == [b"1, 2"]
    assert {name.lower() for name, _ in result.request_headers} == {
        line.partition(b":")[0].decode().lower() for line in headers
    }


def test_an_own_content_type_is_the_only_one(serve: Serve, open_session: OpenSession) -> None:
    own = (("content-type", "text/plain"),)
    server, _ = exchange(serve, open_session, Request("X", "POST", "", "my-bucket", headers=own, body=b""))
    assert values(sent(server)[1], b"content-type") == [b"text/plain"]


def test_another_auth_replaces_the_signature(serve: Serve, open_session: OpenSession) -> None:
    server, result = exchange(serve, open_session, Request("X", "GET", "", "my-bucket", auth=Anonymous()))
    assert values(sent(server)[1], b"authorization") == []
    assert not result.signed


def test_a_signed_url_is_sent_whole_and_stored_masked(
    serve: Serve, open_session: OpenSession, credentials: Credentials
) -> None:
    auth = UrlSignature(credentials, "cn-hangzhou", "1234567890123456", "my-bucket")
    server, result = exchange(serve, open_session, Request("X", "GET", "bucketInfo", "my-bucket", auth=auth))
    line, headers, _ = sent(server)
    signature = line.partition(b"x-oss-signature=")[2].removesuffix(b" HTTP/1.1")
    assert len(signature) == 64
    assert values(headers, b"authorization") == []
    for stored in (result.url, result.target):
        assert signature.decode() not in stored
        assert "CAISt0ken" not in stored
        assert "LTAI5tCanary" not in stored
    assert result.target.startswith("/?bucketInfo&x-oss-signature-version=OSS4-HMAC-SHA256")


def test_tampering_happens_after_signing_and_is_what_is_reported(
    serve: Serve, open_session: OpenSession
) -> None:
    def tamper(prepared: requests.PreparedRequest) -> None:
        assert "Authorization" in prepared.headers
        prepared.method = "PUT"
        prepared.url = str(prepared.url) + "&extra"
        prepared.headers["x-oss-date"] = "20200101T000000Z"

    request = Request("X", "POST", "queryVectors", "my-bucket", body=b"{}", tamper=tamper)
    server, result = exchange(serve, open_session, request)
    line, headers, _ = sent(server)
    assert line == b"PUT /?queryVectors&extra HTTP/1.1"
    assert values(headers, b"x-oss-date") == [b"20200101T000000Z"]
    assert (result.method, result.target, result.signed) == ("PUT", "/?queryVectors&extra", False)


def test_without_credentials_nothing_is_signed(serve: Serve, open_session: OpenSession) -> None:
    server = serve(always_ok)
    result = open_session(server.url, credentials=None).send(QUERY)
    assert values(sent(server)[1], b"authorization") == []
    assert not result.signed


def test_the_environment_changes_nothing(
    serve: Serve, open_session: OpenSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    proxy, server = serve(always_ok), serve(always_ok)
    netrc = tmp_path / "netrc"
    netrc.write_text("machine 127.0.0.1 login canary password canary\n")
    monkeypatch.setenv("NETRC", str(netrc))
    for name in ("http_proxy", "HTTP_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.setenv(name, proxy.url)
    open_session(server.url, credentials=None).send(QUERY)
    assert proxy.requests == []
    assert values(sent(server)[1], b"authorization") == []


def test_cookies_are_not_kept(serve: Serve, open_session: OpenSession) -> None:
    def with_cookie(peer: Peer) -> None:
        while peer.request():
            peer.answer(b"", b"Set-Cookie: canary=1; Path=/")

    server = serve(with_cookie)
    session = open_session(server.url)
    session.send(QUERY)
    session.send(QUERY)
    assert all(b"canary" not in request for request in server.requests)


def test_connections_are_reused(serve: Serve, open_session: OpenSession) -> None:
    server = serve(always_ok)
    session = open_session(server.url)
    results = [session.send(QUERY) for _ in range(5)]
    assert server.connections == 1
    assert len({result.id for result in results}) == 5
    assert {result.attempt for result in results} == {1}


def test_connections_are_reused_after_answers_without_a_body(serve: Serve, open_session: OpenSession) -> None:
    def empty(peer: Peer) -> None:
        while peer.request():
            peer.answer()
            peer.request()
            peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")

    server = serve(empty)
    session = open_session(server.url)
    statuses = [
        result.response and result.response.status for result in (session.send(QUERY) for _ in range(4))
    ]
    assert statuses == [200, 204, 200, 204]
    assert server.connections == 1


def test_threads_share_a_session(serve: Serve, open_session: OpenSession) -> None:
    server = serve(always_ok)
    session = open_session(server.url, timeout=(5.0, 5.0))
    results: list[Exchange] = []
    threads = [
        threading.Thread(target=lambda: results.extend(session.send(QUERY) for _ in range(10)))
        for _ in range(6)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert [result.failure for result in results] == [None] * 60
    assert len({result.id for result in results}) == 60


def test_closing_requests_pass_a_server_that_handles_one_connection_at_a_time(
    serve: Serve, open_session: OpenSession
) -> None:
    one_at_a_time = threading.Lock()

    def wait_for_turn(peer: Peer) -> None:
        with one_at_a_time:
            always_ok(peer)

    session = open_session(serve(wait_for_turn).url, timeout=(5.0, 5.0))
    assert session.send(QUERY).failure is None
    with ThreadPoolExecutor(4) as pool:
        results = list(pool.map(session.send, [replace(QUERY, closing=True)] * 4))
    assert [result.failure for result in [*results, session.send(QUERY)]] == [None] * 5


@pytest.mark.parametrize(
    "request_",
    [
        Request("X", "GET", "a b", "my-bucket"),
        Request("X", "GET", "a\r\nx-injected:1", "my-bucket"),
        Request("X", "GET", "ä", "my-bucket"),
        Request("X", "GET", "", "my-bucket", headers=(("x-a", "1\r\nx-injected: 1"),)),
        Request("X", "GET", "", "my-bucket", headers=(("x-a", "電影"),)),
        Request("X", "G ET", "", "my-bucket"),
    ],
)
def test_a_request_that_cannot_be_put_on_the_wire_is_the_callers_error(
    serve: Serve, open_session: OpenSession, request_: Request
) -> None:
    server = serve(always_ok)
    session = open_session(server.url)
    with pytest.raises(UnsendableRequestError):
        session.send(request_)
    assert session.send(QUERY).response is not None
    assert len(server.requests) == 1


def test_a_compressed_answer_is_returned_as_it_came(serve: Serve, open_session: OpenSession) -> None:
    def compressed(peer: Peer) -> None:
        peer.request()
        peer.answer(b"\x1f\x8bnot really gzip", b"Content-Encoding: gzip")

    result = open_session(serve(compressed).url).send(QUERY)
    assert result.response is not None
    assert result.response.body == b"\x1f\x8bnot really gzip"
    assert result.response.header("content-encoding") == "gzip"


def test_a_chunked_answer_is_put_together(serve: Serve, open_session: OpenSession) -> None:
    def chunked(peer: Peer) -> None:
        while peer.request():
            peer.send(
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n3\r\nabc\r\n", b"1\r\nd\r\n0\r\n\r\n"
            )

    server = serve(chunked)
    session = open_session(server.url)
    for _ in range(2):
        response = session.send(QUERY).response
        assert response is not None
        assert response.body == b"abcd"
    assert server.connections == 1


def test_blanks_around_a_header_value_are_no_part_of_it(serve: Serve, open_session: OpenSession) -> None:
    def padded(peer: Peer) -> None:
        while peer.request():
            peer.send(
                b"HTTP/1.1 200 \r\nServer:AliyunOSS \t\r\nTransfer-Encoding:\tchunked  \r\n\r\n",
                b"3\r\na \r\r\n0\r\n\r\n",
            )

    server = serve(padded)
    session = open_session(server.url)
    for _ in range(2):
        response = session.send(QUERY).response
        assert response is not None
        assert response.headers == (("Server", "AliyunOSS"), ("Transfer-Encoding", "chunked"))
        assert response.body == b"a \r"
    assert server.connections == 1


def test_an_answer_may_end_with_the_connection(serve: Serve, open_session: OpenSession) -> None:
    def until_close(peer: Peer) -> None:
        peer.request()
        peer.send(b"HTTP/1.0 200 OK\r\n\r\nabc")

    result = open_session(serve(until_close).url).send(QUERY)
    assert result.response is not None
    assert result.response.body == b"abc"


def test_redirects_are_answers_and_are_not_followed(serve: Serve, open_session: OpenSession) -> None:
    other = serve(always_ok)

    def redirect(peer: Peer) -> None:
        peer.request()
        peer.answer(b"", b"Location: " + other.url.encode() + b"/", status=b"307 Temporary Redirect")

    result = open_session(serve(redirect).url).send(QUERY)
    assert result.response is not None
    assert result.response.status == 307
    assert other.connections == 0
