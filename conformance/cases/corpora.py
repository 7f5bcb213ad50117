"""Hand-picked values: near misses of patterns, bodies that are not JSON, keys that tempt to be normalised.

Generators rarely hit these; each is a slip that implementations make.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

#: Beginnings of index names of the documented form, by label.
GOOD_INDEX_NAMES: Mapping[str, str] = {
    "letters-and-digits": "a0123456789",
    "mixed-case": "MixedCase",
    "upper-case": "UPPER",
}

#: Near misses of ``[A-Za-z][A-Za-z0-9]*``.
BAD_INDEX_NAMES: Mapping[str, str] = {
    "leading-digit": "1index",
    "underscore": "my_index",
    "hyphen": "my-index",
    "dot": "my.index",
    "blank-inside": "my index",
    "leading-blank": " index",
    "trailing-newline": "index\n",
    "slash": "my/index",
    "colon": "my:index",
    "non-ascii-letter": "ind\u00e9x",
    "cyrillic-letter": "index\u0430",
    # Matches [a-z] where a pattern ignores case and knows all letters.
    "kelvin-sign": "inde\u212a",
    "non-ascii-digit": "index\u0664",
}

GOOD_FIELD_NAMES: Mapping[str, str] = {
    "underscore-first": "_field",
    "underscore-only": "_",
    "mixed": "Field_09",
    "letter": "x",
    "member-of-a-vector": "key",
}

#: Near misses of ``[A-Za-z_][A-Za-z0-9_]*``.
BAD_FIELD_NAMES: Mapping[str, str] = {
    "leading-digit": "1field",
    "hyphen": "bad-key",
    "dot": "a.b",
    "dollar": "$field",
    "trailing-newline": "field\n",
    "non-ascii-letter": "f\u00efeld",
}

#: Values of another JSON type than the documented one, by that type.
WRONG_TYPES: Mapping[str, Mapping[str, Any]] = {
    "string": {"number": 7, "boolean": True, "array": ["a"], "object": {"a": "b"}},
    "integer": {
        "numeric-string": "3",
        "word": "three",
        "boolean": True,
        "array": [3],
        "object": {"value": 3},
        "fraction": 2.5,
    },
    "number": {"numeric-string": "0.5", "boolean": True, "array": [0.5], "object": {"value": 0.5}},
    "boolean": {"string": "true", "number": 1, "array": [True], "object": {"value": True}},
    "array": {"string": "a", "number": 1, "object": {"a": "b"}},
    "object": {"string": "a", "number": 1, "array": ["a"]},
}

#: Values that no enumeration of the contract has.
OUTSIDE_ENUMERATION: Mapping[str, Mapping[str, str]] = {
    "dataType": {"float64": "float64", "upper-case": "FLOAT32", "blank": "float32 ", "empty": ""},
    "distanceMetric": {
        "unknown": "manhattan",
        "dot-product": "dotproduct",
        "inner-product": "dot",
        "upper-case": "EUCLIDEAN",
        "capitalised": "Cosine",
        "abbreviated": "l2",
        "blank": "cosine ",
        "empty": "",
    },
}

#: What is put at the end of a valid object to make it no JSON, by label.  A parser that
#: tolerates the slip finds a valid request and serves it, so the slip cannot hide.
BROKEN_ENDS: Mapping[str, str] = {
    "truncated": "",
    "trailing-comma": ",}",
    "comment": "/* no JSON */}",
    "trailing-garbage": "} x",
    "second-value": "}{}",
    "raw-control-character": ',"x":"a\nb"}',
    "leading-zero": ',"x":01}',
    "plus-sign": ',"x":+1}',
    "bad-escape": ',"x":"\\x61"}',
    "unfinished-number": ',"x":1.}',
    "missing-value": ',"x":}',
    "unclosed-string": ',"x":"a}',
    "bare-word": ',"x":yes}',
    "python-literal": ',"x":None}',
    "hexadecimal": ',"x":0x1F}',
    "line-comment": "} // no JSON",
    "trailing-nul": "}\x00",
}

#: Bodies that are no JSON at all.
FOREIGN_BODIES: Mapping[str, bytes] = {
    "plain-text": b"indexName=conformance",
    "xml": b"<indexName>conformance</indexName>",
}


def malformed(text: str) -> Iterator[tuple[str, bytes]]:
    """Bodies that are not JSON, each one slip away from the valid object ``text``."""
    for label, end in BROKEN_ENDS.items():
        yield label, (text[:-1] + end).encode()
    yield "single-quotes", text.replace('"', "'").encode()
    yield "unquoted-name", text.replace('"indexName"', "indexName").replace('"prefix"', "prefix").encode()
    yield from FOREIGN_BODIES.items()


#: JSON bodies that are no object.
NOT_OBJECTS: Mapping[str, bytes] = {
    "array": b"[]",
    "string": b'"conformance"',
    "number": b"7",
    "true": b"true",
    "null": b"null",
}

#: Bytes that are not UTF-8: a lone continuation byte, Latin-1, an overlong form, a surrogate.
NOT_UTF8: Mapping[str, bytes] = {
    "continuation-byte": b"\x80",
    "latin-1": b"\xf6",
    "overlong": b"\xc0\xaf",
    "surrogate": b"\xed\xa0\x80",
    "cut-short": b"\xe5\x90",
}


def unusual(text: str, field: str) -> Iterator[tuple[str, bytes]]:
    """Bodies on which RFC 8259 lets parsers differ, made from the valid object ``text``.

    ``field`` is the member whose value is nested too: in a member that no page
    names a service may skip what it reads.  The largest depth is one that no
    recursive parser survives unless it counts.
    """
    yield "byte-order-mark", b"\xef\xbb\xbf" + text.encode()
    yield "lone-surrogate", _with_member(text, '"\\ud800"')
    for depth in (100, 10_000):
        nested = "[" * depth + "]" * depth
        yield f"nested-{depth}", _with_member(text, nested)
    yield "field-nested-10000", _with_value(text, field, nested)
    yield "beyond-a-double", _with_member(text, "[1e400, -1e400, " + "9" * 400 + "]")


def _with_member(text: str, value: str) -> bytes:
    return f'{text[:-1]}, "conformanceUnknown": {value}}}'.encode()


def _with_value(text: str, field: str, value: str) -> bytes:
    whole = json.dumps({**json.loads(text), field: _PLACEHOLDER})
    return whole.replace(f'"{_PLACEHOLDER}"', value).encode()


_PLACEHOLDER = "conformancePlaceholder"


def respelled(body: dict[str, Any]) -> bytes:
    """The same object in another spelling: members the other way round, blanks and line breaks all over."""
    turned = {name: body[name] for name in reversed(body)}
    text = json.dumps(turned, indent="\t", separators=(" ,", " : ")).replace("\n", "\r\n")
    return f"\r\n \t{text}\n ".encode()


def escaped(text: str) -> bytes:
    """The same JSON with the letters of its strings written as escapes, the names of members too; slots stay."""
    return _STRING.sub(_escape, text).encode()


_STRING = re.compile(r'"[^"\\]*"')


def _escape(string: re.Match[str]) -> str:
    if "%" in string[0]:
        return string[0]
    return "".join(f"\\u{ord(letter):04x}" if letter.isalpha() else letter for letter in string[0])


#: Keys that a careless service trims, folds, normalises or splits.
TEMPTING_KEYS: Mapping[str, str] = {
    "slash": "a/b/c",
    "double-slash": "a//b",
    "leading-slash": "/a",
    "zero-width": "a\u200bb",
    "byte-order-mark": "\ufeffa",
    "ring-composed": "\u00c5",
    "ring-decomposed": "A\u030a",
    "angstrom": "\u212b",
    "sharp-s": "stra\u00dfe",
    "double-s": "strasse",
    "ligature": "\ufb01n",
    "no-ligature": "fin",
    "blank": "a b",
    "leading-blank": " a",
    "trailing-blank": "a ",
    "upper-case": "KEY-Upper",
    "lower-case": "key-upper",
    "composed": "caf\u00e9",
    "decomposed": "cafe\u0301",
    "chinese": "\u5411\u91cf-\u952e",
    "emoji": "key-\U0001f600",
    "quote": 'say "hi"',
    "backslash": "a\\b",
    "percent": "100%25",
    "plus": "a+b",
    "question-mark": "a?b=c&d",
    "dot-segments": "../../etc",
    "tab": "a\tb",
    "newline": "a\nb",
    "html": "<b>bold</b>",
    "dollar": "$eq",
    "comma": "a,b",
    "colon": "a:b",
    "marks": "#;@!~^`'()[]{}=&*_-",
    "invisible": "a\u00a0b\u202ec\ue000\ufffdd\x7fe\x1f",
    "number-like": "0123",
    "null-like": "null",
}
