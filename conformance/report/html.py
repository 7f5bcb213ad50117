"""The report as one HTML page, for people who were not there: a ticket, a review, an archive.

The page needs no script and no other file, and forbids both to itself: whatever
a target sent, it is text on it.
"""

from __future__ import annotations

import base64
import functools
import hashlib
from importlib import resources
from pathlib import Path
from typing import Any

from jinja2 import DictLoader, Environment, StrictUndefined
from markupsafe import Markup, escape

from conformance.report.files import write_text
from conformance.report.page import is_link, page_of
from conformance.report.text import count, visible
from conformance.verdicts.model import RunResult

_TEMPLATE = "report.html.j2"
_STYLE = "report.css"


def html(result: RunResult) -> str:
    """The whole page as one text; the same for the same result."""
    style = _text(_STYLE)
    digest = base64.b64encode(hashlib.sha256(style.encode()).digest()).decode()
    page: str = (
        _environment()
        .get_template(_TEMPLATE)
        .render(page=page_of(result), style=Markup(style), style_hash=digest)  # noqa: S704 - a file of the package
    )
    return page


def write(result: RunResult, path: Path) -> None:
    """Write the page as UTF-8."""
    write_text(path, html(result))


@functools.cache
def _environment() -> Environment:
    environment = Environment(
        autoescape=True,
        undefined=StrictUndefined,
        finalize=_shown,
        trim_blocks=True,
        lstrip_blocks=True,
        loader=DictLoader({_TEMPLATE: _text(_TEMPLATE)}),
    )
    environment.filters["count"] = count
    environment.filters["breakable"] = _breakable
    environment.tests["link"] = is_link
    return environment


def _breakable(name: str) -> Markup:
    """A name with dots that a narrow line may break after them; copied, it is the name alone."""
    return escape(visible(name)).replace(".", Markup(".<wbr>"))


def _shown(value: Any) -> Any:
    """Every text on the page passes here before it is escaped: control characters and reversed text are shown as such."""
    return value if isinstance(value, Markup) else visible(str(value), keep_newlines=True)


@functools.cache
def _text(name: str) -> str:
    return resources.files("conformance.report").joinpath("templates", name).read_text(encoding="utf-8")
