"""What only a socket shows: request targets, chunked bodies, connections, malformed heads.

Sources: sample requests and responses of the operation pages; what the official Python, Go and Java clients
send (chunked empty bodies, absolute-form targets through a proxy, path style).
"""

from __future__ import annotations

import json
import re
import socket
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from http.client import HTTPConnection, HTTPResponse

import pytest

from oss_vectors_emulator import Emulator
from oss_vectors_emulator.server import bind

from .client import Signer, host_of

WIRE_BUCKET = "wire-bucket"


def signed(method: str, query: str, bucket: str | None = WIRE_BUCKET, **headers: str) -> dict[str, str]:
    return {"Host": host_of(bucket), **Signer().headers(method, query, datetime.now(UTC), bucket, headers)}


def head(method: str, target: str, headers: Mapping[str, str]) -> bytes:
    lines = [f"{method} {target} HTTP/1.1", *(f"{name}: {value}" for name, value in headers.items())]
    return "\r\n".join([*lines, "", ""]).encode("latin-1")


class Connection:
    """A raw connection that sends bytes and reads one response at a time."""

    def __init__(self, emulator: Emulator) -> None:
        self.socket = socket.create_connection(("127.0.0.1", emulator.port), timeout=10)

    def exchange(self, data: bytes, method: str = "GET") -> tuple[HTTPResponse, bytes]:
        self.socket.sendall(data)
        return self.read(method)

    def read(self, method: str = "GET") -> tuple[HTTPResponse, bytes]:
        response = HTTPResponse(self.socket, method=method)
        response.begin()
        return response, response.read()


@pytest.fixture
def connection(emulator: Emulator) -> Iterator[Connection]:
    opened = Connection(emulator)
    yield opened
    opened.socket.close()


@pytest.fixture(scope="module")
def bucket(emulator: Emulator) -> str:
    opened = Connection(emulator)
    headers = {**signed("PUT", ""), "Content-Length": "0"}
    assert opened.exchange(head("PUT", "/", headers))[0].status == 200
    opened.socket.close()
    return WIRE_BUCKET


def test_a_success_has_the_headers_of_the_samples(connection: Connection, bucket: str) -> None:
    response, body = connection.exchange(head("GET", "/?bucketInfo", signed("GET", "bucketInfo")))
    assert (response.status, response.reason) == (200, "OK")
    assert json.loads(body)["BucketInfo"]["Name"].endswith(f":{bucket}")
    assert response.headers["Content-Type"] == "application/json"
    assert response.headers["Server"] == "AliyunOSS"
    assert response.headers["Connection"] == "keep-alive"
    assert len(response.headers["x-oss-request-id"]) == 24
    assert abs((parsedate_to_datetime(response.headers["Date"]) - datetime.now(UTC)).total_seconds()) < 60
    assert [len(response.headers.get_all(name, [])) for name in ("Date", "Server")] == [1, 1]


@pytest.mark.usefixtures("bucket")
def test_a_delete_has_no_content_and_the_connection_stays_usable(connection: Connection) -> None:
    for _ in range(3):
        response, body = connection.exchange(head("DELETE", "/?policy", signed("DELETE", "policy")), "DELETE")
        assert (response.status, response.reason, body) == (204, "No Content", b"")
        assert "Content-Length" not in response.headers
        assert "Transfer-Encoding" not in response.headers
        assert response.headers["Date"]


@pytest.mark.usefixtures("bucket")
def test_a_zero_chunk_is_an_empty_body(connection: Connection) -> None:
    headers = {**signed("POST", "listVectorIndexes"), "Transfer-Encoding": "chunked"}
    response, body = connection.exchange(head("POST", "/?listVectorIndexes", headers) + b"0\r\n\r\n")
    assert (response.status, json.loads(body)) == (200, {"indexes": []})


@pytest.mark.usefixtures("bucket")
def test_a_chunked_body_is_joined(connection: Connection) -> None:
    headers = {**signed("POST", "getVectorIndex"), "Transfer-Encoding": "chunked"}
    chunks = b'a\r\n{"indexNam\r\n9\r\ne": "no"}\r\n0\r\n\r\n'
    response, body = connection.exchange(head("POST", "/?getVectorIndex", headers) + chunks)
    assert (response.status, json.loads(body)["Error"]["Code"]) == (404, "NoSuchVectorIndex")


@pytest.mark.usefixtures("bucket")
@pytest.mark.parametrize("query", ["bucketInfo", "bucketInfo="])
def test_an_absolute_target_is_served(connection: Connection, query: str) -> None:
    target = f"http://{host_of(WIRE_BUCKET)}/?{query}"
    assert connection.exchange(head("GET", target, signed("GET", query)))[0].status == 200


@pytest.mark.usefixtures("bucket")
def test_path_style_is_served_at_the_ip_address(connection: Connection, emulator: Emulator) -> None:
    headers = {**signed("GET", "bucketInfo"), "Host": f"127.0.0.1:{emulator.port}"}
    response, body = connection.exchange(head("GET", f"/{WIRE_BUCKET}/?bucketInfo", headers))
    assert (response.status, "BucketInfo" in json.loads(body)) == (200, True)


@pytest.mark.usefixtures("bucket")
def test_pipelined_requests_are_answered_in_order(connection: Connection) -> None:
    first = head("GET", "/?bucketInfo", signed("GET", "bucketInfo"))
    second = head("GET", "/?policy", {**signed("GET", "policy"), "Connection": "close"})
    connection.socket.sendall(first + second)
    received = b"".join(iter(lambda: connection.socket.recv(65536), b""))
    assert re.findall(rb"HTTP/1\.1 ([0-9]+) ", received) == [b"200", b"404"]


def test_a_client_that_expects_to_continue_is_told_to(connection: Connection) -> None:
    headers = {**signed("POST", "listVectorIndexes"), "Content-Length": "2", "Expect": "100-continue"}
    connection.socket.sendall(head("POST", "/?listVectorIndexes", headers))
    assert connection.socket.recv(1000).startswith(b"HTTP/1.1 100 ")
    assert connection.exchange(b"{}")[0].status in (200, 404)


def test_a_closing_client_is_not_promised_a_living_connection(connection: Connection) -> None:
    headers = {**signed("GET", "", None), "Connection": "close"}
    response, _ = connection.exchange(head("GET", "/", headers))
    assert response.headers["Connection"] == "close"


def test_a_head_request_gets_no_body(connection: Connection) -> None:
    response, body = connection.exchange(head("HEAD", "/", signed("HEAD", "", None)), "HEAD")
    assert (response.status, body) == (405, b"")


HEADS = {
    "not HTTP": b"hello\r\n\r\n",
    "binary": bytes(range(256)) + b"\r\n\r\n",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 100,
    "unknown method": b"FROB / HTTP/1.1\r\nHost: x\r\n\r\n",
    "no host": b"GET / HTTP/1.1\r\n\r\n",
    "HTTP/1.0": b"GET / HTTP/1.0\r\n\r\n",
    "asterisk": b"OPTIONS * HTTP/1.1\r\nHost: x\r\n\r\n",
    "target without path": b"GET http://x?bucketInfo HTTP/1.1\r\nHost: x\r\n\r\n",
    "percent garbage": b"GET /%zz%?%&%%=%f HTTP/1.1\r\nHost: x\r\n\r\n",
    "raw bytes in the target": b"GET /\xff\xfe?\xc3\xa9 HTTP/1.1\r\nHost: x\r\n\r\n",
    "raw bytes in headers": b"GET / HTTP/1.1\r\nHost: \xff\xfe-1.x\r\nAuthorization: \xe2\x82\xac\r\n\r\n",
    "two hosts": b"GET / HTTP/1.1\r\nHost: a-1.x\r\nHost: b-2.x\r\n\r\n",
    "very long header": b"GET / HTTP/1.1\r\nHost: x\r\nX: " + b"a" * 200_000 + b"\r\n\r\n",
    "very long target": b"GET /?" + b"a" * 60_000 + b" HTTP/1.1\r\nHost: x\r\n\r\n",
    "thousands of headers": b"GET / HTTP/1.1\r\nHost: x\r\n"
    + b"".join(b"X%d: 1\r\n" % n for n in range(5000))
    + b"\r\n",
    "upgrade": b"GET / HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n",
    "negative length": b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: -1\r\n\r\n",
    "bad chunk": b"POST / HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n",
}


@pytest.mark.parametrize("name", HEADS)
def test_a_malformed_head_is_a_4xx_and_the_emulator_goes_on(emulator: Emulator, name: str) -> None:
    broken = Connection(emulator)
    response, body = broken.exchange(HEADS[name])
    assert 400 <= response.status < 500
    assert response.headers["Content-Type"] == "application/json"
    assert json.loads(body)["Error"]["RequestId"] == response.headers["x-oss-request-id"]
    broken.socket.close()
    healthy = Connection(emulator)
    assert healthy.exchange(head("GET", "/", signed("GET", "", None)))[0].status == 200
    healthy.socket.close()


@pytest.mark.parametrize(
    "sent", [b"", b"GET", b"POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc"]
)
def test_a_client_that_leaves_early_harms_nobody(emulator: Emulator, sent: bytes) -> None:
    for _ in range(5):
        leaving = Connection(emulator)
        leaving.socket.sendall(sent)
        leaving.socket.close()
    healthy = Connection(emulator)
    assert healthy.exchange(head("GET", "/", signed("GET", "", None)))[0].status == 200
    healthy.socket.close()


def test_concurrent_clients_each_get_their_own_answer(emulator: Emulator) -> None:
    def life(number: int) -> list[int]:
        name = f"parallel-{number}"
        client = HTTPConnection("127.0.0.1", emulator.port, timeout=10)
        statuses = []
        for method, query in (("PUT", ""), ("GET", "bucketInfo"), ("DELETE", ""), ("GET", "bucketInfo")):
            client.request(method, f"/?{query}", headers=signed(method, query, name))
            response = client.getresponse()
            body = response.read()
            statuses.append(response.status)
            assert b"bucketInfo" not in body
            assert query == "" or name.encode() in body
        client.close()
        return statuses

    with ThreadPoolExecutor(8) as pool:
        assert set(map(tuple, pool.map(life, range(40)))) == {(200, 200, 204, 404)}


@pytest.mark.usefixtures("bucket")
def test_two_emulators_in_one_process_share_nothing(emulator: Emulator) -> None:
    with Emulator() as other:
        opened = Connection(other)
        assert opened.exchange(head("GET", "/?bucketInfo", signed("GET", "bucketInfo")))[0].status == 404
        opened.socket.close()
    assert other.port != emulator.port


def test_small_answers_do_not_wait_for_an_acknowledgement() -> None:
    listening = bind("127.0.0.1", 0)
    try:
        # asyncio turns Nagle's algorithm off on accepted sockets of this protocol only.
        assert listening.proto == socket.IPPROTO_TCP
    finally:
        listening.close()
