"""PutVectors, GetVectors, ListVectors, DeleteVectors."""

from __future__ import annotations

from collections.abc import Callable

from oss_vectors_emulator.calls import Call
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.operations.base import Operations
from oss_vectors_emulator.paging import Position
from oss_vectors_emulator.store import Index
from oss_vectors_emulator.validation.base import MISSING

_MILLISECONDS = 1000.0


class VectorOperations(Operations):
    """Writing and reading vectors by key. Reads see every earlier write (SDK live tests)."""

    def put(self, call: Call) -> Response:
        """200 without a body; one bad vector refuses the whole batch and nothing is written."""
        name = self.rules.index_name(call.body)
        records = self.rules.batch(call.body)
        index = call.index(name)
        zero_allowed = not self.parts.metrics.forbids_zero(index.settings.distance_metric)
        self.rules.fits_index(records, index.settings, zero_allowed)
        self.parts.rates.hold(call.request.request_id, call.account, len(records))
        index.table.put(records, self.visible_at())
        return self.present.empty()

    def visible_at(self) -> float:
        """When QueryVectors may find what is written now (QueryVectors page: after 2 to 3 seconds)."""
        delay = self.parts.settings.query_visibility_ms
        return self.parts.clock.monotonic() + delay / _MILLISECONDS if delay else 0.0

    def get(self, call: Call) -> Response:
        """The vectors that exist, in the order of the keys; a missing one is no error."""
        name, keys = self.rules.index_name(call.body), self.rules.get_keys(call.body)
        data, metadata = (
            self.rules.flag(call.body, "returnData"),
            self.rules.flag(call.body, "returnMetadata"),
        )
        table = call.index(name).table
        if self.parts.settings.choices.repeated_get_keys == "fold":
            keys = list(dict.fromkeys(keys))
        rows = [row for row in map(table.row, keys) if row is not None]
        entries = [self.present.vector(table, row, data, metadata) for row in rows]
        return self.present.json({"vectors": entries})

    def list(self, call: Call) -> Response:
        """One page of one segment of the index."""
        rules, paging = self.rules, self.parts.paging
        name, size, token = (
            rules.index_name(call.body),
            rules.vector_page_size(call.body),
            rules.vector_token(call.body),
        )
        count, segment = rules.segments(call.body)
        data, metadata = rules.flag(call.body, "returnData"), rules.flag(call.body, "returnMetadata")
        passes = self.filter(call)
        index = call.index(name)
        accepted = passes(index)
        start = self.start(index, token, count, segment)
        reverse = self.parts.settings.choices.vector_order == "reverse"

        def wanted(key: str) -> bool:
            return (count == 1 or paging.segment(key, count) == segment) and accepted(key)

        page, more = paging.cut(paging.walk(index.table, start, reverse, wanted), size)
        rows = [row for row in (index.table.row(key) for key, _ in page) if row is not None]
        entries = [self.present.vector(index.table, row, data, metadata) for row in rows]
        next_token = paging.vector_token(index, Position(page[-1][1], count, segment)) if more else None
        return self.present.page("vectors", entries, next_token)

    def start(self, index: Index, token: str, count: int, segment: int) -> int:
        """The sequence number to continue after; a token is good for its own index and segment only."""
        if not token:
            return 0
        position = self.parts.paging.read_vector_token(index, token)
        if position is None or (position.segment_count, position.segment_index) != (count, segment):
            raise self.rules.invalid("nextToken was not issued for this listing.")
        return position.sequence

    def filter(self, call: Call) -> Callable[[Index], Callable[[str], bool]]:
        """The filter of a listing, which only the newest edition of the ListVectors page has."""
        value = self.rules.member(call.body, "filter")
        if value is MISSING:
            return lambda _index: lambda _key: True
        parsed = self.parts.filter_parser.parse(value)

        def for_index(index: Index) -> Callable[[str], bool]:
            hidden = index.settings.non_filterable or ()
            self.parts.filter_parser.check_fields(parsed, hidden)
            passes = self.parts.filter_evaluator.predicate(parsed, hidden)
            table = index.table

            def accepted(key: str) -> bool:
                row = table.row(key)
                return row is not None and passes(table.metadata[row] or {})

            return accepted

        return for_index

    def delete(self, call: Call) -> Response:
        """204, whether the keys exist or not (DeleteVectors page)."""
        name, keys = self.rules.index_name(call.body), self.rules.delete_keys(call.body)
        call.index(name).table.delete(keys)
        return self.present.no_content()
