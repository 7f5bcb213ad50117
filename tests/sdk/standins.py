"""What the command line tool talks to, on one loopback port: a proxy, an embedding service and plain OSS.

As an HTTP proxy it sends what is for vector buckets on to the emulator, unchanged, and shows it to a witness.
It answers for the bucket of plain OSS that documents come from, and for the embedding service (DashScope API
reference, text and multimodal embedding: ``output.embeddings[].embedding``). Nothing else is let through.
"""

from __future__ import annotations

import hashlib
import http.client
import json
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit
from xml.sax.saxutils import escape

from conformance.wire.exchange import Response

from .witness import Witness

VECTORS_DOMAIN = ".oss-vectors.aliyuncs.com"
_EMBEDDINGS = "/services/embeddings/"


def embedding(content: str, dimension: int) -> list[float]:
    """Numbers between -1 and 1 that a content always gets; contents that differ get far from each other."""
    digest = hashlib.shake_256(content.encode()).digest(dimension)
    return [(byte - 127.5) / 127.5 for byte in digest]


@dataclass
class StandIns:
    """What the servers know and what they were asked."""

    emulator: str
    objects_host: str
    witness: Witness
    objects: Mapping[str, str] = field(default_factory=dict)
    embedded: list[dict[str, Any]] = field(default_factory=list)
    unexpected: list[str] = field(default_factory=list)
    url: str = ""

    def embed(self, request: dict[str, Any]) -> dict[str, Any]:
        """The answer of the embedding service to one request."""
        self.embedded.append(request)
        contents = request["input"].get("texts") or request["input"]["contents"]
        dimension = int(request["parameters"]["dimensions"])
        made = [
            {"embedding": embedding(_text_of(content), dimension), "text_index": place}
            for place, content in enumerate(contents)
        ]
        return {"output": {"embeddings": made}, "usage": {"total_tokens": 1}, "request_id": "embedding-1"}

    def object_answer(self, path: str, query: str) -> tuple[int, str, bytes]:
        """The answer of plain OSS to GetObject and ListObjectsV2."""
        key = unquote(path.lstrip("/"))
        if key:
            if key not in self.objects:
                return 404, "application/xml", b"<Error><Code>NoSuchKey</Code></Error>"
            return 200, "text/plain", self.objects[key].encode()
        prefix = parse_qs(query).get("prefix", [""])[0]
        names = [name for name in self.objects if name.startswith(prefix)]
        listed = "".join(f"<Contents><Key>{escape(name)}</Key></Contents>" for name in names)
        result = f"<ListBucketResult><IsTruncated>false</IsTruncated>{listed}</ListBucketResult>"
        return 200, "application/xml", result.encode()


def _text_of(content: Any) -> str:
    return content if isinstance(content, str) else json.dumps(content, sort_keys=True)


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    standins: StandIns

    def log_message(self, *args: object) -> None:
        """Keep the test's output clean."""

    def _handle(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        parts = urlsplit(self.path)
        host = parts.hostname or ""
        if host.endswith(VECTORS_DOMAIN):
            self._forward(body)
        elif host.endswith(self.standins.objects_host):
            self._answer(*self.standins.object_answer(parts.path, parts.query))
        elif _EMBEDDINGS in parts.path:
            answer = self.standins.embed(json.loads(body))
            self._answer(200, "application/json", json.dumps(answer).encode())
        else:
            self.standins.unexpected.append(f"{self.command} {self.path}")
            self._answer(502, "text/plain", b"not one of the stand-ins")

    do_GET = do_PUT = do_POST = do_DELETE = do_CONNECT = _handle

    def _answer(self, status: int, content_type: str, body: bytes) -> None:
        self.send_response(status)
        self.send_header("Content-Type", content_type)
        self.send_header("Content-Length", str(len(body)))
        self.send_header("x-oss-request-id", "5C3D9175B6FC201293AD0001")
        self.end_headers()
        self.wfile.write(body)

    def _forward(self, body: bytes) -> None:
        """Send the request on in the absolute form in which it came."""
        standins = self.standins
        connection = http.client.HTTPConnection(urlsplit(standins.emulator).netloc)
        headers = list(self.headers.items())
        connection.putrequest(self.command, self.path, skip_host=True, skip_accept_encoding=True)
        for name, value in headers:
            connection.putheader(name, value)
        connection.endheaders(body)
        answer = connection.getresponse()
        content = answer.read()
        connection.close()
        target = urlsplit(self.path)._replace(scheme="", netloc="").geturl()
        response = Response(answer.status, answer.reason, tuple(answer.getheaders()), content)
        standins.witness.saw(self.command, target, headers, body, response)
        self.send_response_only(answer.status, answer.reason)
        for name, value in answer.getheaders():
            self.send_header(name, value)
        self.end_headers()
        self.wfile.write(content)


@contextmanager
def serving(standins: StandIns) -> Iterator[StandIns]:
    """Answer on a free loopback port until the end of the block."""
    handler = type("Handler", (_Handler,), {"standins": standins})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    standins.url = f"http://127.0.0.1:{server.server_address[1]}"
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
    thread.start()
    try:
        yield standins
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
