"""Cuts listings into pages and makes the tokens that lead from one to the next.

Live tests of the SDKs fix one thing the pages leave open: a last page that is exactly full carries no
token, so a listing never ends with an empty page.
"""

from __future__ import annotations

import base64
import binascii
import struct
import zlib
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import islice
from typing import TypeVar

from oss_vectors_emulator.store import Index, VectorTable

T = TypeVar("T")
_TOKEN = struct.Struct(">8sQBBI")
_CHECKED = struct.Struct(">8sQBB")


@dataclass(frozen=True, slots=True)
class Position:
    """Where a listing of vectors continues: after which sequence number, in which segment."""

    sequence: int
    segment_count: int
    segment_index: int


class Paging:
    """Pages, tokens and segments."""

    def cut(self, items: Iterable[T], size: int) -> tuple[list[T], bool]:
        """The first ``size`` items, and whether there are more."""
        page = list(islice(items, size + 1))
        return page[:size], len(page) > size

    def names_after(self, names: Iterable[str], marker: str, prefix: str) -> list[str]:
        """Names with the prefix that come after the marker, in alphabetical order."""
        return sorted(name for name in names if name.startswith(prefix) and name > marker)

    def index_token(self, last_name: str) -> str:
        """nextToken of ListVectorIndexes: the page's own example is the name of an index."""
        return last_name

    def vector_token(self, index: Index, position: Position) -> str:
        """nextToken of ListVectors: opaque, short, and good for one index and one segment."""
        fields = (index.identity, position.sequence, position.segment_count, position.segment_index)
        packed = _CHECKED.pack(*fields)
        return base64.urlsafe_b64encode(_TOKEN.pack(*fields, zlib.crc32(packed))).decode()

    def read_vector_token(self, index: Index, token: str) -> Position | None:
        """The position in a token, or None when this index has not issued it."""
        try:
            raw = base64.b64decode(token.encode(), altchars=b"-_", validate=True)
            identity, sequence, count, segment, check = _TOKEN.unpack(raw)
        except (binascii.Error, struct.error):
            return None
        if identity != index.identity or check != zlib.crc32(raw[: _CHECKED.size]):
            return None
        return Position(sequence, count, segment)

    def segment(self, key: str, count: int) -> int:
        """The one segment of ``count`` a key belongs to.

        A checksum of the key: stable, even, and it puts ``vector-key-1`` into segment 1 of 2, which is
        where a live test of the Python SDK finds it.
        """
        return zlib.crc32(key.encode()) % count

    def walk(
        self, table: VectorTable, after: int, reverse: bool, wanted: Callable[[str], bool]
    ) -> Iterator[tuple[str, int]]:
        """Keys and sequence numbers that follow a position, in listing order."""
        keys, sequences = table.listing()
        for at in self._positions(sequences, after, reverse):
            if wanted(keys[at]):
                yield keys[at], sequences[at]

    def _positions(self, sequences: Sequence[int], after: int, reverse: bool) -> range:
        if not reverse:
            return range(bisect_right(sequences, after), len(sequences))
        start = len(sequences) if after == 0 else bisect_left(sequences, after)
        return range(start - 1, -1, -1)
