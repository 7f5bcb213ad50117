"""Text helpers shared by all reports: safe, short and countable.

Everything a target sends may end up in somebody's terminal or CI page, so no
report prints it before it went through :func:`visible`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

from rich.cells import cell_len, chop_cells

EXCERPT_LIMIT = 400
"""Characters of a body that a report for people shows; the JSON report has more."""

_CUT_LIMIT = 160
_PARSE_LIMIT = 256 * 1024
_SHORT_BODY = 240
_ITEMS_KEPT = 3
_ITEMS_SHOWN_WHOLE = 8
_MEMBERS_KEPT = 12
_STRING_KEPT = 40
_STRING_SHOWN_WHOLE = 64
_DEPTH_SHOWN = 8
_LATIN_END = 0x100
_BMP_END = 0x10000

_SHORT_ESCAPES = {"\n": "\\n", "\r": "\\r", "\t": "\\t"}
_NOUNS = {"keys": "keys", "vectors": "vectors", "float32": "numbers"}


def visible(text: str, *, keep_newlines: bool = False) -> str:
    r"""Replace every character that does not print by an escape such as ``\x1b``.

    Raw control characters from a target could recolour a terminal, hide text
    or make a JUnit file ill-formed; characters that reverse text and spaces
    that are not the space bar's are escaped too.
    """
    if text.isprintable():
        return text
    return "".join(_visible_character(char, keep_newlines) for char in text)


def _visible_character(char: str, keep_newlines: bool) -> str:
    if char.isprintable() or (keep_newlines and char == "\n"):
        return char
    if char in _SHORT_ESCAPES:
        return _SHORT_ESCAPES[char]
    code = ord(char)
    if code < _LATIN_END:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < _BMP_END else f"\\U{code:08x}"


def count(number: int, singular: str, plural: str | None = None) -> str:
    """``1 requirement``, ``1,204 requirements``: a number with its noun."""
    noun = singular if number == 1 else plural or f"{singular}s"
    return f"{number:,} {noun}"


def clip(text: str, limit: int = EXCERPT_LIMIT) -> str:
    """Cut ``text`` to ``limit`` characters, make it visible and mark the cut."""
    if len(text) <= limit:
        return visible(text)
    return f"{visible(text[:limit])}..."


def shorten_body(body: str, size: int, *, complete: bool = True, limit: int = EXCERPT_LIMIT) -> str:
    """Show a body to people in one line: whole if short, else with its bulk counted.

    A body of 501 keys is readable as three of them and ``... 501 keys``; the
    byte count is added whenever something was left out.  Short bodies are
    shown verbatim, because spaces, duplicates or a missing brace may be the
    point of the request.
    """
    if not body:
        return "no body" if size == 0 else f"a body of {count(size, 'byte')}"
    if complete and len(body) <= _SHORT_BODY:
        return visible(body)
    summary = _summarise_json(body) if complete else None
    # The start of a body that is cut anyway says enough when it is short.
    text = (
        clip(body, min(limit, _CUT_LIMIT))
        if summary is None and not complete
        else clip(summary or body, limit)
    )
    shortened = not complete or text != visible(body)
    if not shortened:
        return text
    cut = "" if "..." in text else " ..."
    return f"{text.rstrip()}{cut} ({count(size, 'byte')})"


class _Literal(str):
    """A JSON number exactly as it was written."""

    __slots__ = ()


class _Members(tuple[tuple[str, Any], ...]):
    """The members of a JSON object in their order, duplicates included."""

    __slots__ = ()


def _summarise_json(body: str) -> str | None:
    if len(body) > _PARSE_LIMIT:
        return None
    try:
        value = json.loads(
            body,
            object_pairs_hook=_Members,
            parse_int=_Literal,
            parse_float=_Literal,
            parse_constant=_Literal,
        )
    except (ValueError, RecursionError):
        return None
    return "".join(_summary_parts(value, "items", _DEPTH_SHOWN))


def _summary_parts(value: Any, noun: str, depth: int) -> Iterator[str]:
    match value:
        case _Literal():
            yield str(value)
        case str():
            yield _summarise_string(value)
        case _Members() | list() if depth == 0:
            yield "..."
        case _Members():
            yield "{"
            for position, (name, member) in enumerate(value[:_MEMBERS_KEPT]):
                yield f"{', ' if position else ''}{_summarise_string(name)}: "
                yield from _summary_parts(member, _NOUNS.get(name, "items"), depth - 1)
            yield f", ... {count(len(value), 'member')}}}" if len(value) > _MEMBERS_KEPT else "}"
        case list():
            bulky = len(value) > _ITEMS_SHOWN_WHOLE
            yield "["
            for position, item in enumerate(value[:_ITEMS_KEPT] if bulky else value):
                yield ", " if position else ""
                yield from _summary_parts(item, "items", depth - 1)
            yield f", ... {len(value):,} {noun}]" if bulky else "]"
        case _:
            yield json.dumps(value)


def _summarise_string(value: str) -> str:
    if len(value) <= _STRING_SHOWN_WHOLE:
        return json.dumps(value, ensure_ascii=False)
    start = json.dumps(value[:_STRING_KEPT], ensure_ascii=False)[:-1]
    return f'{start}... {count(len(value), "character")}"'


def wrap(text: str, width: int) -> list[str]:
    """Break ``text`` into lines of at most ``width`` terminal cells.

    The standard library counts characters, which is wrong for wide scripts;
    words that are too long (host names, tokens) are cut where the line ends.
    """
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines.extend(_wrap_paragraph(paragraph, max(width, 1)))
    return lines


def _wrap_paragraph(paragraph: str, width: int) -> list[str]:
    lines: list[str] = []
    line = ""
    for word in re.findall(r"\S+\s*|\s+", paragraph):
        if line and cell_len(line) + cell_len(word.rstrip()) > width:
            lines.append(line.rstrip())
            line = ""
        *full, line_end = chop_cells(line + word, width) if cell_len(word.rstrip()) > width else [line + word]
        lines.extend(full)
        line = line_end
    lines.append(line.rstrip())
    return lines
