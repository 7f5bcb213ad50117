"""Faults of PutVectors: what is stored, and what a refused request leaves."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.store import VectorRecord, VectorTable
from tests.faults import changes as c
from tests.faults.catalogue.writing_parts import (
    PUT,
    drop_keys,
    put_fault,
    records_of,
    store_quietly,
    with_tables,
)
from tests.faults.model import Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _storing()
    yield from _traces()


def _storing() -> Iterator[Fault]:
    wide = ("GetVectors.*", "ListVectors.*", "QueryVectors.*", f"{PUT}.*")
    yield put_fault(
        "stores-nothing", "stores", "200, but nothing is stored", c.instead(PUT, _check_only), *wide
    )
    yield put_fault(
        "last-of-batch-lost",
        "stores",
        "the last vector of a batch is not stored",
        with_tables(put=lambda s, r, v=0.0: VectorTable.put(s, list(r)[:-1] or list(r), v)),
        *wide,
    )
    yield put_fault(
        "batch-over-100-lost",
        "stores",
        "only the first 100 vectors of a batch are stored",
        with_tables(put=lambda s, r, v=0.0: VectorTable.put(s, list(r)[:100], v)),
        *wide,
        f"{PUT}.vectors.max-items.accepted",
    )
    yield put_fault(
        "full-batch-last-lost",
        "stores",
        "of a batch of 500 the last vector is lost",
        with_tables(put=lambda s, r, v=0.0: VectorTable.put(s, list(r)[:499], v)),
        *wide,
    )
    yield put_fault(
        "overwrite-ignored",
        "overwrite",
        "an existing key keeps its data",
        with_tables(put=_put_new_only),
        f"{PUT}.overwrite.metadata",
        "QueryVectors.overwritten-vectors",
        "GetVectors.*",
    )
    yield put_fault(
        "overwrite-keeps-data",
        "overwrite",
        "writing an existing key replaces its metadata only",
        with_tables(put=_put_keeping_data),
        "QueryVectors.overwritten-vectors",
    )
    yield put_fault(
        "overwrite-keeps-metadata",
        "overwrite.metadata",
        "metadata that is not given again stays",
        with_tables(put=_put_keeping_metadata),
        "QueryVectors.overwritten-vectors",
    )
    yield put_fault(
        "overwrite-merges-metadata",
        "overwrite.metadata",
        "old and new metadata are merged",
        with_tables(put=_put_merging),
        "QueryVectors.overwritten-vectors",
    )
    yield put_fault(
        "overwrite-appends",
        "overwrite",
        "an existing key is stored a second time",
        with_tables(put=_put_again),
        "ListVectors.*",
        "QueryVectors.*",
    )
    yield put_fault(
        "overwrite-drops-neighbour",
        "only-named",
        "overwriting also drops the vector before it",
        with_tables(put=_put_dropping),
        "ListVectors.*",
        "GetVectors.*",
        "QueryVectors.*",
        f"{PUT}.stores",
    )
    yield put_fault(
        "index-replaced",
        "only-named",
        "a write replaces all vectors of the index",
        with_tables(put=_put_replacing),
        f"{PUT}.stores",
        "GetVectors.*",
        "ListVectors.*",
    )
    yield put_fault(
        "other-index-written",
        "only-named",
        "a vector goes into all indexes of the bucket that it fits",
        c.after(PUT, _write_everywhere),
        "ListVectors.only-stored",
        "QueryVectors.only-stored",
        "GetVectors.*",
    )
    yield put_fault(
        "same-name-index-written",
        "only-named",
        "a vector also goes into the index of that name in other buckets",
        c.after(PUT, _write_namesakes),
        "ListVectors.only-stored",
        "QueryVectors.only-stored",
        "GetVectors.*",
    )
    yield put_fault(
        "metadata-of-first",
        "metadata.stored",
        "all vectors of a batch get the metadata of the first",
        with_tables(put=_put_first_metadata),
        "*.returnMetadata.*",
        "QueryVectors.*",
    )
    yield put_fault(
        "grows-badly",
        "stores",
        "when the table grows, the newest vector is lost",
        with_tables(_grow=_grow_badly),
        *wide,
    )


def _check_only(parts: Behaviour, _handler: Handler, call: Call) -> Response:
    records = parts.rules.batch(call.body)
    index = call.index(parts.rules.index_name(call.body))
    parts.rules.fits_index(
        records, index.settings, not parts.metrics.forbids_zero(index.settings.distance_metric)
    )
    return parts.presenter.empty()


def _put_new_only(self: Any, records: Iterable[VectorRecord], visible_at: float = 0.0) -> None:
    VectorTable.put(self, [r for r in records if self.row(r.key) is None], visible_at)


def _put_keeping_data(self: Any, records: Iterable[VectorRecord], visible_at: float = 0.0) -> None:
    for record in records:
        row = self.row(record.key)
        kept = record if row is None else replace(record, data=self.matrix[row].copy())
        VectorTable.put(self, [kept], visible_at)


def _put_keeping_metadata(self: Any, records: Iterable[VectorRecord], visible_at: float = 0.0) -> None:
    for record in records:
        row = self.row(record.key)
        kept = record if row is None or record.metadata else replace(record, metadata=self.metadata[row])
        VectorTable.put(self, [kept], visible_at)


def _put_merging(self: Any, records: Iterable[VectorRecord], visible_at: float = 0.0) -> None:
    for record in records:
        row = self.row(record.key)
        old: Mapping[str, Any] = {} if row is None else self.metadata[row] or {}
        merged = {**old, **(record.metadata or {})} or record.metadata
        VectorTable.put(self, [replace(record, metadata=merged)], visible_at)


def _put_again(self: Any, records: Iterable[VectorRecord], visible_at: float = 0.0) -> None:
    for record in records:
        if self.row(record.key) is not None:
            row = self._append(record.key)
            self.matrix[row], self.metadata[row] = record.data, record.metadata
            self.norms[row] = float(np.linalg.norm(record.data.astype(np.float64)))
        else:
            VectorTable.put(self, [record], visible_at)


def _put_dropping(self: Any, records: Iterable[VectorRecord], visible_at: float = 0.0) -> None:
    for record in records:
        row = self.row(record.key)
        if row:
            self.delete([self.keys[row - 1]])
        VectorTable.put(self, [record], visible_at)


def _put_replacing(self: Any, records: Iterable[VectorRecord], visible_at: float = 0.0) -> None:
    self.delete(list(self.keys))
    VectorTable.put(self, records, visible_at)


def _put_first_metadata(self: Any, records: Iterable[VectorRecord], visible_at: float = 0.0) -> None:
    given = list(records)
    VectorTable.put(self, [replace(r, metadata=given[0].metadata) for r in given], visible_at)


def _grow_badly(self: Any) -> None:
    VectorTable._grow(self)
    if self.used > 100:
        self.matrix[self.used - 1] = 0


def _write_everywhere(parts: Behaviour, call: Call) -> None:
    own = call.bucket.indexes[call.body["indexName"]]
    for index in call.bucket.indexes.values():
        if index.settings.dimension == own.settings.dimension and index is not own:
            index.table.put(records_of(parts, call))


def _write_namesakes(parts: Behaviour, call: Call) -> None:
    own = call.bucket.indexes[call.body["indexName"]]
    for bucket in parts.store.buckets(call.account):
        index = bucket.indexes.get(own.settings.name)
        if index is not None and index is not own and index.settings.dimension == own.settings.dimension:
            index.table.put(records_of(parts, call))


def _traces() -> Iterator[Fault]:
    def keep(select: Any) -> Any:
        def handle(parts: Behaviour, handler: Handler, call: Call) -> Response:
            try:
                return handler(call)
            except ServiceError:
                vectors = call.body.get("vectors")
                if isinstance(vectors, list):
                    store_quietly(parts, call, select(vectors))
                raise

        return handle

    yield put_fault(
        "good-ones-written",
        "rejected.no-trace",
        "the good vectors of a refused batch are written",
        c.instead(PUT, keep(lambda v: v if len(v) <= 500 else [])),
        f"{PUT}.duplicate-keys.no-trace",
    )
    yield put_fault(
        "first-ones-written",
        "rejected.no-trace",
        "vectors before the first bad one are written",
        c.instead(PUT, _write_until_bad),
    )
    yield put_fault(
        "too-many-written",
        "rejected.no-trace",
        "of too many vectors 500 are written before the refusal",
        c.instead(PUT, keep(lambda v: v[:500] if len(v) > 500 else [])),
    )
    yield put_fault(
        "bad-vector-drops-old",
        "rejected.no-trace",
        "a refused write has removed the vector of that key",
        c.instead(PUT, _drop_refused),
        f"{PUT}.only-named",
        f"{PUT}.duplicate-keys.no-trace",
    )
    yield put_fault(
        "duplicates-drop-old",
        "duplicate-keys.no-trace",
        "refused equal keys have removed the old vector",
        c.instead(PUT, _drop_duplicates),
        f"{PUT}.rejected.no-trace",
    )


def _write_until_bad(parts: Behaviour, handler: Handler, call: Call) -> Response:
    try:
        return handler(call)
    except ServiceError:
        index = call.bucket.indexes.get(str(call.body.get("indexName")))
        vectors = call.body.get("vectors")
        if index is None or not isinstance(vectors, list) or len(vectors) > 500:
            raise
        for vector in vectors:
            record = parts.rules.record(parts.rules.object("vectors", vector))
            zero = not parts.metrics.forbids_zero(index.settings.distance_metric)
            parts.rules.fits_index([record], index.settings, zero)
            index.table.put([record])
        raise


def _keys_of(call: Call) -> list[Any]:
    vectors = call.body.get("vectors")
    return [v.get("key") for v in vectors if isinstance(v, dict)] if isinstance(vectors, list) else []


def _drop_refused(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    try:
        return handler(call)
    except ServiceError:
        drop_keys(call, _keys_of(call))
        raise


def _drop_duplicates(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    try:
        return handler(call)
    except ServiceError:
        keys = [key for key in _keys_of(call) if isinstance(key, str)]
        drop_keys(call, [key for key in keys if keys.count(key) > 1])
        raise
