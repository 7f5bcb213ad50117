"""Endpoints that give away what they were sent, and what a service knows, in every place of an answer."""

from __future__ import annotations

import json
from collections.abc import Callable
from urllib.parse import quote

from .endpoint import Connection, Hangup, Received

SECRET = "canary-secret+abc/def=ghijkl"
TOKEN = "canary-token/qrs+tuv=wxyz012345"
KEY_ID = "canary-key-id-0123456789"
_ID = "0123456789ABCDEF01234567"


class Mirror:
    """Answers with the request before, the request itself, secret and token, in a form that goes round.

    ``fate`` may break the answer off.
    """

    def __init__(self, *, broken_from: int | None = None, status: str | None = None) -> None:
        self._broken_from = broken_from
        self._status = status
        self._number = 0
        self._before = b""
        self._signature = ""

    def __call__(self, received: Received, connection: Connection) -> None:
        """Serve one request."""
        self._number += 1
        signature = received.header("Authorization").partition("Signature=")[2]
        text = (self._before + received.raw).decode("latin-1")
        text += f"\nsecret {SECRET} token {TOKEN} earlier {self._signature} {self._signature.upper()}"
        before, self._before, self._signature = self._signature, received.raw, signature
        if self._broken_from is not None and self._number >= self._broken_from:
            connection.send(f"XXTP {received.header('Authorization')} {TOKEN} {SECRET}\r\n\r\n".encode())
            raise Hangup
        forms: tuple[Callable[[str], bytes], ...] = (_as_text, _as_json, _as_envelope, _as_url)
        headers = (
            ("x-oss-request-id", _ID),
            ("X-Echo", received.header("Authorization")),
            ("X-Bare", f"{signature} {before} {SECRET} {TOKEN}"),
            (f"X-{SECRET.replace('=', '').replace('/', '')}", quote(SECRET, safe="")),
            ("Location", f"http://127.0.0.1:9/?token={quote(TOKEN, safe='')}&x={signature}"),
        )
        statuses = ("200 OK", "400 Bad Request", f"403 {SECRET} {signature}", f"500 {TOKEN}")
        status = self._status or statuses[self._number % 4]
        connection.answer(status, forms[self._number // 2 % 4](text), headers=headers)


def _as_text(text: str) -> bytes:
    return text.encode("latin-1")


def _as_json(text: str) -> bytes:
    return json.dumps({"vectors": [{"key": text}], "index": {"indexName": text}}).replace("/", "\\/").encode()


def _as_envelope(text: str) -> bytes:
    code = f"SignatureDoesNotMatch {SECRET}"
    return json.dumps({"Error": {"Code": code, "Message": text, "RequestId": _ID, "HostId": TOKEN}}).encode()


def _as_url(text: str) -> bytes:
    return quote(text, safe="").encode()
