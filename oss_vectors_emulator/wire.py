"""Headers every answer has (common response headers, and the samples of the operation pages)."""

from __future__ import annotations

import secrets
from email.utils import format_datetime

from oss_vectors_emulator.clock import Clock
from oss_vectors_emulator.messages import HeaderList, Request, Response

_NO_BODY = 204


class CommonHeaders:
    """Request id, date, server and length."""

    server = "AliyunOSS"

    def __init__(self, clock: Clock) -> None:
        self.clock = clock

    def new_request_id(self) -> str:
        """24 upper-case hexadecimal digits, as live tests measure."""
        return secrets.token_hex(12).upper()

    def complete(self, request: Request, response: Response, elapsed_ms: int) -> HeaderList:
        """All headers of an answer; the Python client cannot read an error without ``Date``."""
        headers = [
            ("server", self.server),
            ("date", self.date()),
            *self.connection(request),
            ("x-oss-request-id", request.request_id),
            ("x-oss-server-time", str(elapsed_ms)),
            *response.headers,
        ]
        if response.status != _NO_BODY:
            headers.append(("content-length", str(len(response.body))))
        return tuple(headers)

    def date(self) -> str:
        """RFC 1123 in GMT; the Go client corrects its clock by it."""
        return format_datetime(self.clock.now(), usegmt=True)

    def connection(self, request: Request) -> HeaderList:
        """``keep-alive`` as in the samples, unless the client closes."""
        wanted = (request.header("connection") or "").lower()
        return () if "close" in wanted else (("connection", "keep-alive"),)
