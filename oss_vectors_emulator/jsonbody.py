"""Reads a request body as JSON, strictly as RFC 8259 has it.

orjson does the work: it refuses ``NaN``, byte order marks, invalid UTF-8 and unpaired surrogates by itself.
It also refuses two things the grammar allows, numbers beyond a double and deep nesting; those bodies are
read again by the standard library, so that ``1e400`` is a bad *value* and not bad *syntax*.
"""

from __future__ import annotations

import json
from typing import Any

import orjson

from oss_vectors_emulator.errors import ServiceError

_EXACT_DIGITS = 18


class BodyDecoder:
    """Bytes to a JSON object, or 400 MalformedJson."""

    def decode_object(self, body: bytes) -> dict[str, Any]:
        """The object in the body; of duplicate members the last one wins (undocumented)."""
        value = self.decode(body)
        if not isinstance(value, dict):
            raise ServiceError("MalformedJson", "The request body must be a JSON object.")
        return value

    def decode(self, body: bytes) -> Any:
        """Any JSON value."""
        try:
            return orjson.loads(body)
        except orjson.JSONDecodeError:
            return self.decode_slowly(body)

    def decode_slowly(self, body: bytes) -> Any:
        """The value of a body orjson refused, if it is JSON after all."""
        try:
            value = json.loads(body.decode("utf-8"), parse_constant=_refuse_constant, parse_int=_integer)
            if _has_lone_surrogate(value):
                raise ServiceError("MalformedJson", "The request body holds an unpaired surrogate.")
        except (ValueError, RecursionError):
            raise ServiceError("MalformedJson") from None
        return value


def _refuse_constant(name: str) -> float:
    raise ValueError(name)


def _integer(text: str) -> int | float:
    """An integer as orjson reads it: beyond 64 bits it becomes a double."""
    return int(text) if len(text) <= _EXACT_DIGITS else float(text)


def _has_lone_surrogate(value: object) -> bool:
    """Whether any string in the value cannot be written as UTF-8."""
    pending = [value]
    while pending:
        item = pending.pop()
        if isinstance(item, dict):
            pending.extend(item)
            pending.extend(item.values())
        elif isinstance(item, list):
            pending.extend(item)
        elif isinstance(item, str) and any("\ud800" <= letter <= "\udfff" for letter in item):
            return True
    return False
