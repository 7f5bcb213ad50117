"""Writes every exchange of a run to a file, one JSON object per line, without secrets."""

from __future__ import annotations

import base64
import codecs
import json
import threading
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from conformance.wire.exchange import Exchange
from conformance.wire.redaction import Redactor

# Enough to see what a request was about; bulk inserts run to megabytes.
BODY_LIMIT = 4096
SEARCHED_BEYOND = 8192


def to_recorded(exchange: Exchange, redactor: Redactor, *, body_limit: int = BODY_LIMIT) -> dict[str, Any]:
    """One exchange as JSON data: redacted, bodies cut to ``body_limit`` characters of text or bytes."""
    recorded: dict[str, Any] = {
        "id": exchange.id,
        "operation": exchange.operation,
        "bucket": exchange.bucket,
        "started": exchange.started.isoformat(),
        "elapsed": round(exchange.elapsed, 6),
        "attempt": exchange.attempt,
        "signed": exchange.signed,
        "request": {
            "method": exchange.method,
            "url": redactor.url(exchange.url),
            "target": redactor.url(exchange.target),
            "host": exchange.host,
            "headers": redactor.headers(exchange.request_headers),
            "body": _body(exchange.request_body, redactor, body_limit),
        },
    }
    if exchange.response is not None:
        response = exchange.response
        recorded["response"] = {
            "status": response.status,
            "reason": redactor.text(response.reason),
            "headers": redactor.headers(response.headers),
            "body": _body(response.body, redactor, body_limit),
        }
    if exchange.failure is not None:
        recorded["failure"] = {
            "kind": exchange.failure.kind.value,
            "message": redactor.text(exchange.failure.message),
        }
    return recorded


class Recorder:
    """Appends exchanges to a file; does nothing when ``path`` is ``None``.

    Without a ``redactor`` of its own it still masks by name; the session has
    masked the run's own secrets by value before.
    """

    def __init__(
        self, path: Path | None, redactor: Redactor | None = None, *, body_limit: int = BODY_LIMIT
    ) -> None:
        self._redactor = redactor or Redactor(None)
        self._body_limit = body_limit
        self._lock = threading.Lock()
        self._file: TextIOWrapper | None = None if path is None else path.open("a", encoding="utf-8")

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def record(self, exchange: Exchange) -> None:
        """Append one exchange."""
        if self._file is None:
            return
        recorded = to_recorded(exchange, self._redactor, body_limit=self._body_limit)
        line = json.dumps(recorded, separators=(",", ":")) + "\n"
        with self._lock:
            self._file.write(line)

    def close(self) -> None:
        """Write out what is buffered and close the file."""
        if self._file is not None:
            self._file.close()
            self._file = None


def _body(body: bytes, redactor: Redactor, limit: int) -> dict[str, Any] | None:
    if not body:
        return None
    # Bulk bodies are not searched whole, but always further than they are shown,
    # because the first half of a secret would not be recognised as one.
    margin = limit + SEARCHED_BEYOND
    shown = _shown(body[: 4 * margin], redactor)
    if len(shown) < margin and len(body) > 4 * margin:
        shown = _shown(body, redactor)
    if isinstance(shown, bytes):
        recorded: dict[str, Any] = {"size": len(body), "base64": base64.b64encode(shown[:limit]).decode()}
    else:
        recorded = {"size": len(body), "text": shown[:limit]}
    if len(shown) > limit:
        recorded["cut"] = True
    return recorded


def _shown(body: bytes, redactor: Redactor) -> str | bytes:
    try:
        # An incremental decoder forgives a character that the cut went through.
        text = codecs.getincrementaldecoder("utf-8")().decode(body)
    except UnicodeDecodeError:
        return redactor.known(body)
    return redactor.text(text)
