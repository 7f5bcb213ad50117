"""QueryVectors: the nearest vectors that pass a filter (QueryVectors page)."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from oss_vectors_emulator.calls import Call
from oss_vectors_emulator.distances import Vector
from oss_vectors_emulator.filters import Filter
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.operations.base import Operations
from oss_vectors_emulator.store import Index, IndexSettings
from oss_vectors_emulator.validation.base import MISSING


class QueryOperations(Operations):
    """Similarity search."""

    def query(self, call: Call) -> Response:
        """At most topK vectors, the most similar first; fewer when fewer match."""
        rules, body = self.rules, call.body
        name, vector, top_k = rules.index_name(body), rules.query_vector(body), rules.top_k(body)
        with_distance, with_metadata = rules.flag(body, "returnDistance"), rules.flag(body, "returnMetadata")
        value = rules.member(body, "filter")
        parsed = None if value is MISSING else self.parts.filter_parser.parse(value)
        index = call.index(name)
        self.check_vector(vector, index.settings)
        rows = self.rows(index, parsed)
        metrics = self.parts.metrics
        hits = self.parts.searcher.nearest(
            index.table, metrics.metric(index.settings.distance_metric), vector, top_k, rows
        )
        entries = [
            self.present.hit(
                index.table, hit.row, metrics.reported(hit.distance) if with_distance else None, with_metadata
            )
            for hit in hits
        ]
        return self.present.json({"vectors": entries})

    def check_vector(self, vector: Vector, settings: IndexSettings) -> None:
        """As long as the index is wide; all zero under cosine has no direction, which no page mentions."""
        self.rules.vector_length("queryVector", vector, settings)
        reject_zero = self.parts.settings.choices.zero_cosine_query == "reject"
        if reject_zero and self.parts.metrics.forbids_zero(settings.distance_metric):
            self.rules.not_zero("queryVector", vector)

    def rows(self, index: Index, parsed: Filter | None) -> NDArray[np.intp] | None:
        """The rows a query may return, None for all of them."""
        table = index.table
        visible: NDArray[np.intp] | None = None
        if self.parts.settings.query_visibility_ms:
            visible = np.flatnonzero(table.visible_at[: table.used] <= self.parts.clock.monotonic())
        if parsed is None:
            return visible
        hidden = index.settings.non_filterable or ()
        self.parts.filter_parser.check_fields(parsed, hidden)
        passes = self.parts.filter_evaluator.predicate(parsed, hidden)
        candidates = range(table.used) if visible is None else visible.tolist()
        metadata = table.metadata
        return np.array([row for row in candidates if passes(metadata[row] or {})], dtype=np.intp)
