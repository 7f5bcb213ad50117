"""How to repeat one exchange by hand: curl, the Python SDK, or the suite itself.

No line contains a secret: the ``sign`` command takes them from the
environment of whoever runs the line.
"""

from __future__ import annotations

import base64
import re
import shlex
from collections.abc import Iterator
from pathlib import Path
from urllib.parse import urlsplit

from conformance.report.files import write_atomically
from conformance.report.snippet import account_of, sdk_snippet
from conformance.report.text import visible
from conformance.verdicts.model import RecordedExchange, RunInfo, RunResult

__all__ = [
    "body_file_for",
    "curl_line",
    "curl_note",
    "curl_words",
    "rerun_command",
    "rerun_words",
    "sdk_snippet",
    "write_bodies",
]

COMMAND = "oss-vectors-conformance"
"""Name of the installed command; ``sign`` and ``run`` are its subcommands."""

INLINE_BODY_LIMIT = 2048
_EXPECT_CONTINUE_FROM = 1024 * 1024

# curl sets these itself, or they say nothing about the request's meaning.
_DROPPED = frozenset(
    {"host", "content-length", "connection", "accept", "accept-encoding", "user-agent", "x-conformance-run"}
)
# The sign command prints these.
_FROM_SIGN = frozenset(
    {"authorization", "date", "x-oss-date", "x-oss-content-sha256", "x-oss-security-token"}
)
# Headers that V4 signs besides x-oss-* when they are sent (as the official SDKs do).
_SIGNED_BY_DEFAULT = frozenset({"content-type", "content-md5"})
_REDACTED = "***"


def body_file_for(exchange: RecordedExchange) -> str | None:
    """Name of the file a curl line reads the body from, or ``None`` when it fits in the line."""
    if exchange.request_size == 0:
        return None
    inline = (
        exchange.body_complete
        and exchange.request_size <= INLINE_BODY_LIMIT
        and exchange.request_body_base64 is None
        # A NUL byte cannot be part of a command's argument.
        and "\0" not in exchange.request_body
    )
    return None if inline else f"bodies/{exchange.id}.json"


def curl_line(exchange: RecordedExchange, *, body_file: str | None, info: RunInfo | None = None) -> str:
    """One shell line that repeats ``exchange``; the signature is made when it runs."""
    return " ".join(curl_words(exchange, body_file=body_file, info=info))


def curl_words(
    exchange: RecordedExchange, *, body_file: str | None, info: RunInfo | None = None
) -> tuple[str, ...]:
    """The quoted words of :func:`curl_line`, so that a report can break the line between them."""
    return tuple(_words(exchange, body_file, info))


def _words(exchange: RecordedExchange, body_file: str | None, info: RunInfo | None) -> Iterator[str]:
    signs_itself = exchange.signed and not _signed_in_url(exchange)
    if signs_itself:
        yield from _sign_words(exchange, info)
        yield "|"
    yield "curl -sS -i"
    address = urlsplit(exchange.url)
    origin_form = exchange.target.startswith("/")
    url = f"{address.scheme}://{address.netloc}{exchange.target if origin_form else '/'}"
    if re.search(r"[\[\]{}]", exchange.target):
        yield "--globoff"
    if "/." in exchange.target.partition("?")[0]:
        yield "--path-as-is"
    if not origin_form:
        yield f"--request-target {_quote(exchange.target)}"
    yield "--head" if exchange.method == "HEAD" else f"-X {_quote(exchange.method)}"
    if exchange.host != address.netloc:
        yield f"-H {_quote(f'Host: {exchange.host}')}"
    if signs_itself:
        yield "-H @-"
    names = set()
    for name, value in _own_headers(exchange, signs_itself):
        names.add(name.lower())
        yield f"-H {_quote(f'{name}: {value}' if value else f'{name};')}"
    yield from _body_words(exchange, body_file, names)
    yield _quote(url)


def _body_words(exchange: RecordedExchange, body_file: str | None, names: set[str]) -> Iterator[str]:
    has_body = body_file is not None or exchange.request_size > 0
    if not has_body and exchange.method not in {"POST", "PUT"}:
        return
    if "content-type" not in names:
        # curl would add application/x-www-form-urlencoded.
        yield "-H Content-Type:"
    if exchange.request_size > _EXPECT_CONTINUE_FROM:
        yield "-H Expect:"
    if body_file is not None:
        yield f"--data-binary {_quote(f'@{body_file}')}"
    else:
        # --data-binary would take a leading @ for a file name.
        option = "--data-raw" if exchange.request_body.startswith("@") else "--data-binary"
        yield f"{option} {_quote(exchange.request_body)}"


def _sign_words(exchange: RecordedExchange, info: RunInfo | None) -> Iterator[str]:
    yield f"{COMMAND} sign"
    yield f"--method {_quote(exchange.method)}"
    if exchange.bucket is not None:
        yield f"--bucket {_quote(exchange.bucket)}"
    query = exchange.target.partition("?")[2]
    if query:
        yield f"--query {_quote(query)}"
    if info is not None:
        yield f"--region {_quote(info.region)}"
    account = info.account_id if info is not None else account_of(exchange)
    if account:
        yield f"--account-id {_quote(account)}"
    for name, value in exchange.request_headers:
        lowered = name.lower()
        if lowered in _SIGNED_BY_DEFAULT or (lowered.startswith("x-oss-") and lowered not in _FROM_SIGN):
            yield f"--header {_quote(f'{name}: {value}')}"


def _own_headers(exchange: RecordedExchange, signs_itself: bool) -> Iterator[tuple[str, str]]:
    for name, value in exchange.request_headers:
        lowered = name.lower()
        if lowered == "content-length" and value != str(exchange.request_size):
            yield name, value  # A length that lies is the point of the request.
        elif lowered not in _DROPPED and not (signs_itself and lowered in _FROM_SIGN):
            yield name, value


def _signed_in_url(exchange: RecordedExchange) -> bool:
    return "x-oss-signature=" in exchange.target.lower()


def curl_note(exchange: RecordedExchange) -> str | None:
    """Why a curl line does not repeat its exchange exactly, where that is so."""
    secret_headers = () if exchange.signed else exchange.request_headers
    if _REDACTED in exchange.target or any(_REDACTED in value for _, value in secret_headers):
        return "parts of this request are redacted; the last command sends it as it was"
    return None


def rerun_command(requirement_id: str, info: RunInfo) -> str:
    """The command that decides just this requirement again, against the same target."""
    return " ".join(rerun_words(requirement_id, info))


def rerun_words(requirement_id: str, info: RunInfo) -> tuple[str, ...]:
    """The quoted words of :func:`rerun_command`, each option with its value."""
    words = [f"{COMMAND} run"]
    words += [flag if value is None else f"{flag} {_quote(value)}" for flag, value in info.options]
    words.append(f"--requirement {_quote(requirement_id)}")
    return tuple(words)


def write_bodies(result: RunResult, directory: Path) -> tuple[str, ...]:
    """Write the bodies that curl lines read from files; return the names written.

    Only complete bodies can be written from a result; a body that was recorded
    as an excerpt must be stored by whoever saw it whole.
    """
    written = []
    for exchange in _reported_exchanges(result):
        name = body_file_for(exchange)
        if name is not None and exchange.body_complete:
            data = (
                exchange.request_body.encode()
                if exchange.request_body_base64 is None
                else base64.b64decode(exchange.request_body_base64)
            )
            write_atomically(directory / name, data)
            written.append(name)
    return tuple(written)


def _reported_exchanges(result: RunResult) -> Iterator[RecordedExchange]:
    for entry in result.results:
        if entry.violation is not None:
            yield entry.violation.exchange
            if entry.violation.cause is not None:
                yield entry.violation.cause


def _quote(word: str) -> str:
    """Quote one shell word; control characters get the ``$'...'`` form, so the line shows what it sends."""
    if visible(word) == word:
        return shlex.quote(word)
    return "$'" + "".join(map(_ansi_c, word)) + "'"


def _ansi_c(char: str) -> str:
    if char in "\\'":
        return f"\\{char}"
    if visible(char) == char:
        return char
    return "".join(f"\\x{byte:02x}" for byte in char.encode("utf-8", errors="replace"))
