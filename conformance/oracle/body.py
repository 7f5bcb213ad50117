"""Reads a JSON body from its bytes, keeping apart what is wrong from what is only unusual.

The documents say that a body which is not JSON is refused.  They are silent on
duplicate members, a byte order mark, lone surrogates, very deep nesting and
other encodings of Unicode than UTF-8, where RFC 8259 (sections 4 and 8 to 9)
lets parsers differ: those are *doubts*, and a doubtful body gets no verdict.
"""

from __future__ import annotations

import enum
import json
import re
from dataclasses import dataclass, field
from typing import Any

import orjson

# Above this size duplicates and surrogates are not looked for: only the suite's own templates get so large.
_FAST_PATH_BYTES = 1_000_000
# JSON parsers give up between some hundred and some thousand levels; the documents name no depth.
_DEPTH_IN_DOUBT = 64
# Whole numbers of so many digits are below the largest double (1.8e308); one digit more may not be.
_DIGITS_OF_A_DOUBLE = 308
# A string that does not end is one too: brackets in it nest nothing.
_STRING = re.compile(r'"[^"\\]*(?:\\.[^"\\]*)*(?:"|\\?\Z)', re.DOTALL)
_BRACKET = re.compile(r"[\[\]{}]")


class BodyKind(enum.StrEnum):
    """What the bytes of a body are."""

    EMPTY = "empty"
    NOT_UTF8 = "not UTF-8"
    NOT_JSON = "not JSON"
    NON_FINITE = "NaN or Infinity token"
    JSON = "JSON"


class Doubt(enum.StrEnum):
    """Properties of a body on which the documents are silent."""

    DUPLICATE_MEMBER = "a member is present twice"
    BYTE_ORDER_MARK = "byte order mark"
    LONE_SURROGATE = "lone surrogate"
    DEEP_NESTING = "deep nesting"
    OTHER_ENCODING = "UTF-16 or UTF-32"


@dataclass(frozen=True, slots=True)
class Body:
    """A request body: its kind, its value when it is JSON, and what is doubtful about it."""

    kind: BodyKind
    value: Any = None
    doubts: frozenset[Doubt] = field(default_factory=frozenset)


class _NonFiniteTokenError(ValueError):
    pass


def read_body(raw: bytes) -> Body:
    """Classify and parse a request body (bytes as sent, after transfer decoding)."""
    if not raw.strip(b" \t\r\n"):
        return Body(BodyKind.EMPTY)
    if len(raw) > _FAST_PATH_BYTES:
        try:
            return Body(BodyKind.JSON, orjson.loads(raw))
        except orjson.JSONDecodeError:
            pass
    wide = _wide(raw)
    if wide is not None:
        return Body(BodyKind.JSON, wide, frozenset({Doubt.OTHER_ENCODING}))
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError:
        return Body(BodyKind.NOT_UTF8)
    doubts = set()
    if text.startswith("\ufeff"):
        doubts.add(Doubt.BYTE_ORDER_MARK)
        text = text[1:]
    if _is_deep(text):
        return Body(BodyKind.JSON, _value_of(_shallow(text)), frozenset({*doubts, Doubt.DEEP_NESTING}))

    def members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
        value = dict(pairs)
        if len(value) != len(pairs):
            doubts.add(Doubt.DUPLICATE_MEMBER)
        return value

    def non_finite(token: str) -> float:
        raise _NonFiniteTokenError(token)

    try:
        value = json.loads(text, object_pairs_hook=members, parse_constant=non_finite, parse_int=_parse_int)
    except _NonFiniteTokenError:
        return Body(BodyKind.NON_FINITE)
    except ValueError:
        return Body(BodyKind.NOT_JSON)
    if _has_lone_surrogate(text):
        doubts.add(Doubt.LONE_SURROGATE)
    return Body(BodyKind.JSON, value, frozenset(doubts))


def read_json(raw: bytes) -> Any:
    """Parse an answer's body strictly; raises :class:`ValueError` with a reason when it is not JSON.

    Unlike :func:`json.loads` it refuses the tokens NaN and Infinity, which are
    not JSON.
    """
    if len(raw) > _FAST_PATH_BYTES:
        return orjson.loads(raw)

    def non_finite(token: str) -> float:
        raise ValueError(f"{token} is not JSON")

    try:
        return json.loads(raw.decode("utf-8"), parse_constant=non_finite, parse_int=_parse_int)
    except RecursionError as problem:
        raise ValueError("nested too deeply") from problem


def _parse_int(digits: str) -> int | float:
    """Integers beyond a double become infinite floats: nothing may compute with what no number type holds."""
    return int(digits) if len(digits) <= _DIGITS_OF_A_DOUBLE else float(digits)


def _wide(raw: bytes) -> Any:
    """The object in a body of UTF-16 or UTF-32, as lenient parsers find out by themselves; else ``None``."""
    encoding = json.detect_encoding(raw)
    if encoding.startswith("utf-8"):
        return None
    try:
        return json.loads(raw.decode(encoding))
    except (ValueError, RecursionError):
        return None


def _value_of(text: str) -> Any:
    try:
        return json.loads(text)
    except ValueError:
        return None


def _is_deep(text: str) -> bool:
    """Whether brackets outside strings are nested too deeply; cheap, and safe for any nesting."""
    if text.count("[") + text.count("{") <= _DEPTH_IN_DOUBT:
        return False
    depth = deepest = 0
    for bracket in _BRACKET.findall(_STRING.sub("", text)):
        depth += 1 if bracket in "[{" else -1
        deepest = max(deepest, depth)
    return deepest > _DEPTH_IN_DOUBT


def _shallow(text: str) -> str:
    """The text without what is nested too deeply.

    What is left shows which index a deeply nested body names: should it be
    served, the suite has to know what it made.
    """
    depth = 0
    inside = escaped = False
    kept: list[str] = []
    for character in text:
        if inside:
            if escaped:
                escaped = False
            elif character == "\\":
                escaped = True
            elif character == '"':
                inside = False
        elif character == '"':
            inside = True
        elif character in "[{":
            depth += 1
            if depth == _DEPTH_IN_DOUBT + 1:
                kept.append("null")
        if depth <= _DEPTH_IN_DOUBT:
            kept.append(character)
        if not inside and character in "]}":
            depth -= 1
    return "".join(kept)


def _has_lone_surrogate(text: str) -> bool:
    if "\\u" not in text and "\\U" not in text:
        return False
    value = json.loads(text)
    try:
        json.dumps(value, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError:
        return True
    return False
