"""Reading bodies: every kind, every doubt, and nothing that makes the reader itself fail."""

from __future__ import annotations

import json

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from conformance.oracle.body import BodyKind, Doubt, read_body, read_json

LARGE = b'{"x": "' + b"y" * 1_000_100 + b'"'


@pytest.mark.parametrize("raw", [b"", b" ", b"\r\n\t "])
def test_nothing_but_blanks_is_empty(raw: bytes) -> None:
    assert read_body(raw).kind is BodyKind.EMPTY


@pytest.mark.parametrize(
    "raw",
    [
        b"{",
        b"{} x",
        b"{}{}",
        b"{'a': 1}",
        b'{"a": 1,}',
        b"[01]",
        b'"a\nb"',
        b'"\\x"',
        b"nul",
        b"\x00",
        b"+1",
        b"1.",
        b".5",
        b"\x0b{}",
        b'{"a": undefined}',
        LARGE,
    ],
)
def test_text_that_is_not_json_is_called_so(raw: bytes) -> None:
    assert read_body(raw).kind is BodyKind.NOT_JSON


@pytest.mark.parametrize(
    "raw", [b"\x80", b'{"a": "\xf6"}', b'"\xc0\xaf"', b'"\xed\xa0\x80"', b"\xff\xfe{\x00"]
)
def test_bytes_that_are_not_utf8_are_called_so(raw: bytes) -> None:
    assert read_body(raw).kind is BodyKind.NOT_UTF8


@pytest.mark.parametrize("token", ["NaN", "Infinity", "-Infinity"])
def test_tokens_that_python_would_take_are_a_kind_of_their_own(token: str) -> None:
    assert read_body(f'{{"a": [1, {token}]}}'.encode()).kind is BodyKind.NON_FINITE


def test_the_word_nan_inside_a_string_is_only_a_word() -> None:
    body = read_body(b'{"a": "NaN"}')
    assert (body.kind, body.value) == (BodyKind.JSON, {"a": "NaN"})


@pytest.mark.parametrize(
    ("raw", "doubt"),
    [
        (b'{"a": 1, "a": 1}', Doubt.DUPLICATE_MEMBER),
        (b'{"x": {"a": 1, "\\u0061": 2}}', Doubt.DUPLICATE_MEMBER),
        (b'\xef\xbb\xbf{"a": 1}', Doubt.BYTE_ORDER_MARK),
        (b'{"a": "\\ud800"}', Doubt.LONE_SURROGATE),
        (b'{"a": "\\uDC00\\uD800"}', Doubt.LONE_SURROGATE),
        (b"[" * 65 + b"]" * 65, Doubt.DEEP_NESTING),
        (b"[" * 100_000, Doubt.DEEP_NESTING),
        (b'{"a":' * 5000 + b"1" + b"}" * 5000, Doubt.DEEP_NESTING),
        (b"\xff\xfe{\x00}\x00", Doubt.OTHER_ENCODING),
        ('{"a": 1}'.encode("utf-16-be"), Doubt.OTHER_ENCODING),
        ('{"a": "\u00e9"}'.encode("utf-32"), Doubt.OTHER_ENCODING),
    ],
)
def test_what_the_documents_are_silent_on_is_a_doubt(raw: bytes, doubt: Doubt) -> None:
    body = read_body(raw)
    assert body.kind is BodyKind.JSON
    assert body.doubts == {doubt}


@pytest.mark.parametrize("deep", ["[" * 9000 + "]" * 9000, '{"]": ' * 9000 + "1" + "}" * 9000])
def test_what_a_deeply_nested_body_says_at_its_top_is_read_all_the_same(deep: str) -> None:
    body = read_body(f'{{"x": {deep}, "indexName": "here"}}'.encode())
    assert body.doubts == {Doubt.DEEP_NESTING}
    assert body.value["indexName"] == "here"


@pytest.mark.parametrize("encoding", ["utf-16", "utf-16-le", "utf-16-be", "utf-32"])
def test_what_a_body_in_another_encoding_says_is_read_all_the_same(encoding: str) -> None:
    assert read_body('{"indexName": "here"}'.encode(encoding)).value == {"indexName": "here"}


@pytest.mark.parametrize(
    "raw",
    [
        b'{"a": "\\ud83d\\ude00"}',
        b'{"a": "\\\\ud800"}',
        b"[" * 64 + b"]" * 64,
        json.dumps({"a": "[" * 200}).encode(),
        json.dumps([[], {}] * 100).encode(),
        b'{"a": {"b": 1}, "b": {"b": 1}}',
        b'{"a": "\\u0000"}',
    ],
)
def test_unusual_but_plain_bodies_leave_no_doubt(raw: bytes) -> None:
    body = read_body(raw)
    assert (body.kind, body.doubts) == (BodyKind.JSON, frozenset())
    assert body.value == json.loads(raw)


def test_a_large_body_is_read_the_same_way() -> None:
    assert read_body(LARGE + b"}").value == json.loads(LARGE + b"}")


@pytest.mark.parametrize(
    ("end", "kind"),
    [
        (b', "n": NaN}', BodyKind.NON_FINITE),
        (b', "b": "\xff"}', BodyKind.NOT_UTF8),
        (b', "c": }', BodyKind.NOT_JSON),
    ],
)
def test_a_large_body_with_a_slip_is_not_taken_for_json(end: bytes, kind: BodyKind) -> None:
    assert read_body(LARGE + end).kind is kind


def test_an_integer_of_any_length_can_be_read() -> None:
    assert read_body(b'{"dimension": ' + b"9" * 5000 + b"}").value["dimension"] == float("inf")
    assert read_json(b"1" + b"0" * 300) == 10**300


@pytest.mark.parametrize("raw", [b"", b"NaN", b"{", b"\xff", b"[" * 100_000])
def test_a_strict_reader_refuses_with_a_reason(raw: bytes) -> None:
    with pytest.raises(ValueError, match=r"."):
        read_json(raw)


@given(st.binary(max_size=60) | st.text(max_size=60).map(lambda text: text.encode("utf-8", "surrogatepass")))
@settings(max_examples=300, database=None, derandomize=True)
def test_no_bytes_make_the_reader_fail(raw: bytes) -> None:
    assert read_body(raw).kind in BodyKind


_JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(max_size=4), inner, max_size=4),
    max_leaves=12,
)


@given(_JSON, st.booleans())
@settings(max_examples=200, database=None, derandomize=True)
def test_whatever_a_json_writer_writes_is_read_back(value: object, ascii_only: bool) -> None:
    raw = json.dumps(value, ensure_ascii=ascii_only).encode("utf-8", "surrogatepass")
    body = read_body(raw)
    assert body.kind is BodyKind.JSON
    assert body.value == value
