"""A badge for a README or a dashboard: profile, and how many requirements pass, coloured by the verdict.

An SVG file of its own, so that showing it needs no service on the internet.
"""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from xml.sax.saxutils import escape, quoteattr

from conformance.report.files import write_text
from conformance.report.summary import VERDICTS, decided, tally
from conformance.report.text import clip
from conformance.verdicts.model import ExitCode, Outcome, RunInfo, RunResult

# White text on each is readable: a contrast of 4.5 or more.
_COLOURS: Mapping[ExitCode, str] = {
    ExitCode.CONFORMANT: "#1a7f37",
    ExitCode.NON_CONFORMANT: "#c0392b",
    ExitCode.INCONCLUSIVE: "#9a6700",
    ExitCode.NOTHING_EXECUTED: "#9a6700",
}
_OTHER_COLOUR = "#59636e"
_LABEL_COLOUR = "#3f464d"
_HEIGHT = 20
_PADDING = 6
_LETTER = 6.6
_FONT = "Verdana,DejaVu Sans,Geneva,sans-serif"
_LONGEST = 40


def badge(result: RunResult) -> str:
    """The badge as SVG; the same for the same result."""
    left, right = label(result.info), message(result)
    widths = [2 * _PADDING + round(_LETTER * len(text)) for text in (left, right)]
    total = sum(widths)
    title = f"{left}: {right}, {VERDICTS[result.exit_code].lower()}"
    colour = _COLOURS.get(result.exit_code, _OTHER_COLOUR)
    size = f'width="{total}" height="{_HEIGHT}"'
    return "\n".join(
        (
            f'<svg xmlns="http://www.w3.org/2000/svg" {size} role="img" aria-label={quoteattr(title)}>',
            f"<title>{escape(title)}</title>",
            f'<clipPath id="r"><rect {size} rx="3"/></clipPath>',
            '<g clip-path="url(#r)">',
            f'<rect width="{widths[0]}" height="{_HEIGHT}" fill="{_LABEL_COLOUR}"/>',
            f'<rect x="{widths[0]}" width="{widths[1]}" height="{_HEIGHT}" fill="{colour}"/>',
            "</g>",
            f'<g fill="#fff" font-family="{_FONT}" font-size="11">',
            _text(left, _PADDING, widths[0]),
            _text(right, widths[0] + _PADDING, widths[1]),
            "</g>",
            "</svg>",
            "",
        )
    )


def write(result: RunResult, path: Path) -> None:
    """Write the badge as UTF-8."""
    write_text(path, badge(result))


def label(info: RunInfo) -> str:
    """What was tested: the profile, and the part of it if it was not all."""
    words = ["OSS Vectors", info.profile]
    if info.requirement_set is not None:
        words.append(info.requirement_set)
    if info.operations or info.requirements:
        words.append("(part)")
    if info.shard is not None:
        words.append(info.shard)
    return clip(" ".join(words), _LONGEST)


def message(result: RunResult) -> str:
    """How many requirements pass, or the verdict where none was decided."""
    total = decided(result.results)
    if result.is_stranger:
        return "not OSS Vectors"
    if not total:
        return "nothing decided"
    return f"{tally(result.results)[Outcome.PASS]:,} of {total:,}"


def _text(text: str, start: int, width: int) -> str:
    # The length is given, so that it fits whatever font is there.
    length = width - 2 * _PADDING
    return f'<text x="{start}" y="14" textLength="{length}" lengthAdjust="spacingAndGlyphs">{escape(text)}</text>'
