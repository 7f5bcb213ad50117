"""Text helpers: nothing invisible gets out, and long things get short but counted."""

from __future__ import annotations

import json
import unicodedata

import pytest
from hypothesis import given
from hypothesis import strategies as st
from rich.cells import cell_len

from conformance.report.text import clip, count, shorten_body, visible, wrap


@given(st.text())
def test_visible_text_has_no_control_format_or_exotic_space_characters(text: str) -> None:
    categories = {unicodedata.category(char) for char in visible(text).replace(" ", "")}
    assert not categories & {"Cc", "Cf", "Cs", "Co", "Cn", "Zl", "Zp", "Zs"}


@given(st.text(st.characters(categories=("L", "N", "P", "S"))))
def test_printable_text_is_left_alone(text: str) -> None:
    assert visible(text) == text


@pytest.mark.parametrize(
    ("raw", "shown"),
    [
        ("\x1b[31m", "\\x1b[31m"),
        ("a\r\nb\tc", "a\\r\\nb\\tc"),
        ("\u202eabc", "\\u202eabc"),
        ("\ud800", "\\ud800"),
        ("\U000e0041", "\\U000e0041"),
        ("ünïcode 向量", "ünïcode 向量"),
    ],
)
def test_each_kind_of_invisible_character_gets_its_escape(raw: str, shown: str) -> None:
    assert visible(raw) == shown


def test_newlines_can_be_kept_without_keeping_carriage_returns() -> None:
    assert visible("a\r\nb", keep_newlines=True) == "a\\r\nb"


def test_a_short_body_is_shown_verbatim_even_when_it_is_not_json() -> None:
    body = '{"indexName":  "a", "indexName": 1.50'
    assert shorten_body(body, len(body)) == body


def test_a_body_of_many_keys_shows_three_and_counts_them() -> None:
    body = json.dumps({"indexName": "idx1", "keys": [f"k{number}" for number in range(501)]})
    shown = shorten_body(body, len(body))
    assert shown == f'{{"indexName": "idx1", "keys": ["k0", "k1", "k2", ... 501 keys]}} ({len(body):,} bytes)'


def test_shortening_keeps_duplicate_members_and_numbers_as_they_were_written() -> None:
    body = '{"topK": 1e2, "topK": 007e, "x": "' + "a" * 300 + '"}'
    valid = body.replace("007e", "1.50")
    shown = shorten_body(valid, len(valid))
    assert shown.startswith('{"topK": 1e2, "topK": 1.50, "x": "aaa')
    assert "... 300 characters" in shown


@pytest.mark.parametrize(
    "body",
    ["[" * 5000, "[" * 300 + "]" * 300, '{"a": ' * 300 + "1" + "}" * 300, "9" * 6000, "x" * 20_000_000],
    ids=["unclosed", "deep-lists", "deep-objects", "huge-number", "20-megabytes"],
)
def test_an_awkward_body_becomes_one_bounded_line(body: str) -> None:
    shown = shorten_body(body, len(body))
    assert len(shown) < 500
    assert f"({len(body):,} bytes)" in shown


def test_an_excerpt_says_how_much_there_was() -> None:
    assert shorten_body("[0.25, ", 20_971_521, complete=False) == "[0.25, ... (20,971,521 bytes)"


def test_an_empty_body_is_named() -> None:
    assert shorten_body("", 0) == "no body"


def test_counts_agree_with_their_noun() -> None:
    assert [count(0, "key"), count(1, "key"), count(1204, "key"), count(2, "entry", "entries")] == [
        "0 keys",
        "1 key",
        "1,204 keys",
        "2 entries",
    ]


def test_clipping_marks_the_cut() -> None:
    assert clip("abcdef", 3) == "abc..."
    assert clip("abc", 3) == "abc"


@given(st.text(st.characters(categories=("L", "Zs")), max_size=200), st.integers(2, 40))
def test_wrapped_lines_fit_and_lose_no_character(text: str, width: int) -> None:
    lines = wrap(text, width)
    assert all(cell_len(line) <= width for line in lines)
    assert "".join("".join(lines).split()) == "".join(text.split())
