"""The request and the response as the emulator sees them, free of any server framework.

Everything behind the ASGI edge works on these two values, so that signing, validation and the
operations can be exercised by tests without a socket.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from urllib.parse import unquote

HeaderList = tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class Request:
    """One HTTP request, with the query kept as it stood on the wire.

    The raw query matters: signature version 4 signs the encoded text, not the decoded values.
    """

    method: str
    raw_path: str
    raw_query: str
    headers: HeaderList
    body: bytes
    request_id: str

    @cached_property
    def header_map(self) -> Mapping[str, str]:
        """Headers by lower-case name; repeated ones are joined with a comma, as HTTP allows."""
        joined: dict[str, str] = {}
        for name, value in self.headers:
            key = name.lower()
            joined[key] = f"{joined[key]},{value}" if key in joined else value
        return joined

    @cached_property
    def query_pairs(self) -> tuple[tuple[str, str], ...]:
        """The still encoded name and value of every query parameter, in wire order."""
        pieces = (piece.partition("=") for piece in self.raw_query.split("&") if piece)
        return tuple((name, value) for name, _, value in pieces)

    @cached_property
    def query(self) -> Mapping[str, str]:
        """Decoded query parameters; ``key`` and ``key=`` are the same, the last of equal names wins."""
        return {_decode(name): _decode(value) for name, value in self.query_pairs}

    def header(self, name: str) -> str | None:
        """Value of a header by lower-case name, or None when it is absent."""
        return self.header_map.get(name)

    @property
    def host(self) -> str:
        """The Host header as sent, port included; it becomes ``HostId`` of an error."""
        return self.header_map.get("host", "")


@dataclass(frozen=True, slots=True)
class Response:
    """Status, own headers and finished body of an answer; common headers are added at the edge."""

    status: int
    headers: HeaderList = ()
    body: bytes = b""


def _decode(text: str) -> str:
    return unquote(text.replace("+", " "), errors="replace")
