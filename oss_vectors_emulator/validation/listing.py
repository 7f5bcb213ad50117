"""Paging parameters of the list operations."""

from __future__ import annotations

import re
from collections.abc import Mapping

from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.validation.base import MISSING, Body, RuleBase

_DIGITS = re.compile(r"[0-9]{1,9}", re.ASCII)


class ListingRules(RuleBase):
    """Page sizes, tokens, prefixes and segments."""

    def max_keys(self, query: Mapping[str, str]) -> int:
        """1 to 1000, 100 by default (ListVectorBuckets page); general OSS calls others InvalidArgument."""
        text = query.get("max-keys", "")
        if text == "":
            return self.limits.list_buckets_default
        number = int(text) if _DIGITS.fullmatch(text) else 0
        if not 1 <= number <= self.limits.list_buckets_max:
            most = self.limits.list_buckets_max
            raise ServiceError("InvalidArgument", f"max-keys must be between 1 and {most}.")
        return number

    def index_page_size(self, body: Body) -> int:
        """0 to 500; absent or 0 means 100 (ListVectorIndexes page)."""
        value = self.member(body, "maxResults")
        number = 0 if value is MISSING else self.integer("maxResults", value)
        self.within("maxResults", number, 0, self.limits.list_indexes_max)
        return number or self.limits.list_indexes_default

    def vector_page_size(self, body: Body) -> int:
        """Up to 1000, 500 by default (ListVectors page); 0 is not documented there."""
        value = self.member(body, "maxResults")
        number = 0 if value is MISSING else self.integer("maxResults", value)
        zero_allowed = value is MISSING or self.choices.zero_list_vectors_page == "default"
        self.within("maxResults", number, 0 if zero_allowed else 1, self.limits.list_vectors_max)
        return number or self.limits.list_vectors_default

    def index_token(self, body: Body) -> str:
        """nextToken of ListVectorIndexes: a name to start after, at most 512 bytes; empty means absent."""
        return self._token(body, self.limits.list_indexes_token_bytes)

    def vector_token(self, body: Body) -> str:
        """nextToken of ListVectors, at most 2048 bytes; empty means absent."""
        return self._token(body, self.limits.list_vectors_token_bytes)

    def prefix(self, body: Body) -> str:
        """Optional name prefix of ListVectorIndexes."""
        value = self.member(body, "prefix")
        return "" if value is MISSING else self.string("prefix", value)

    def segments(self, body: Body) -> tuple[int, int]:
        """segmentCount (1 to 16, default 1) and segmentIndex (0 to segmentCount - 1, default 0)."""
        count = self.member(body, "segmentCount")
        index = self.member(body, "segmentIndex")
        number = 1 if count is MISSING else self.integer("segmentCount", count)
        self.segment_count(number)
        position = 0 if index is MISSING else self.integer("segmentIndex", index)
        self.segment_index(position, number)
        return number, position

    def segment_count(self, count: int) -> None:
        """1 to 16."""
        self.within("segmentCount", count, 1, self.limits.segment_count_max)

    def segment_index(self, index: int, count: int) -> None:
        """Less than segmentCount."""
        self.within("segmentIndex", index, 0, count - 1)

    def _token(self, body: Body, most: int) -> str:
        value = self.member(body, "nextToken")
        token = "" if value is MISSING else self.string("nextToken", value)
        if len(token.encode()) > most:
            raise self.invalid(f"nextToken must have at most {most} bytes.")
        return token
