"""Faults of writing vectors that need a combination or a state to show: a place in a batch, a form of a value."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np

from oss_vectors_emulator.store import VectorRecord, VectorTable
from oss_vectors_emulator.validation.vectors import VectorRules
from tests.faults import changes as c
from tests.faults.catalogue.reading_parts import GET, LIST
from tests.faults.catalogue.writing_parts import PUT, put_fault, with_tables
from tests.faults.model import Change, Fault

_Rows = Any


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _batches()
    yield from _zeros()
    yield from _keys()
    yield from _metadata()


def _batches() -> Iterator[Fault]:
    yield put_fault(
        "duplicates-far-apart",
        "duplicate-keys.rejected",
        "the same key twice is noticed among the first hundred only",
        c.rules(batch_keys=lambda s, keys: VectorRules.batch_keys(s, keys[:100])),
        f"{PUT}.duplicate-keys.no-trace",
    )
    yield put_fault(
        "only-the-last-fits",
        "data.dimension.rejected",
        "only the last vector of a batch must fit the index",
        c.rules(fits_index=lambda s, records, *more: VectorRules.fits_index(s, records[-1:], *more)),
        f"{PUT}.*",
    )
    yield put_fault(
        "metadata-of-the-first-measured",
        "metadata.filterable-size.rejected",
        "the filterable metadata of the first vector only are measured",
        c.rules(fits_index=_first_measured),
        f"{PUT}.metadata.*",
    )
    yield put_fault(
        "metadata-lost-in-large-batches",
        "metadata.stored",
        "vectors of a batch of more than a hundred lose their metadata",
        with_tables(put=_large_batches_bare),
        f"{LIST}.returnMetadata.true",
    )
    yield put_fault(
        "integers-wrap",
        "data.stored",
        "integers beyond 31 bits wrap around",
        c.rules(numbers=lambda s, name, values: VectorRules.numbers(s, name, [_wrapped(v) for v in values])),
        "QueryVectors.*",
    )


def _first_measured(self: Any, records: list[VectorRecord], *more: Any) -> None:
    VectorRules.fits_index(self, [*records[:1], *(replace(r, metadata=None) for r in records[1:])], *more)


def _large_batches_bare(self: VectorTable, records: Iterable[VectorRecord], visible_at: float = 0.0) -> None:
    batch = list(records)
    VectorTable.put(
        self, [replace(r, metadata=None) for r in batch] if len(batch) > 100 else batch, visible_at
    )


def _wrapped(value: Any) -> Any:
    return (value + 2**31) % 2**32 - 2**31 if type(value) is int else value


def _zeros() -> Iterator[Fault]:
    accepted = "data.zero-under-cosine.accepted"
    for name, summary, is_zero in (
        ("sum", "a vector whose numbers add up to zero counts as zero", lambda v: float(v.sum()) == 0),
        ("short", "a vector shorter than 1e-12 counts as zero", lambda v: np.abs(v).max() < 1e-12),
        ("any", "a vector with a zero in it counts as zero", lambda v: not v.all()),
    ):
        yield put_fault(f"zero-by-{name}", accepted, summary, c.rules(not_zero=_refused_if(is_zero)))
    yield put_fault(
        "zero-integers-accepted",
        "data.zero-under-cosine.rejected",
        "zeros written as integers are accepted under cosine",
        c.rules(fits_index=_integers_pass, vector_data=_marking_integers),
    )


def _refused_if(is_zero: Callable[[_Rows], bool]) -> Callable[..., None]:
    def not_zero(self: Any, name: str, numbers: _Rows) -> None:
        if is_zero(numbers):
            raise self.invalid(f"{name} is zero.")

    return not_zero


class _Integers(np.ndarray[Any, Any]):
    """Numbers that were written as integers."""


def _marking_integers(self: Any, name: str, value: Any) -> Any:
    numbers = VectorRules.vector_data(self, name, value)
    written = value["float32"]
    return numbers.view(_Integers) if all(type(number) is int for number in written) else numbers


def _integers_pass(self: Any, records: list[VectorRecord], index: Any, zero_allowed: bool) -> None:
    for record in records:
        VectorRules.fits_index(self, [record], index, zero_allowed or isinstance(record.data, _Integers))


def _keys() -> Iterator[Fault]:
    yield put_fault(
        "long-keys-of-other-scripts",
        "vectors.key.max-length.rejected",
        "the length of a key is measured only if it is ASCII",
        c.rules(
            key=lambda s, v: v if isinstance(v, str) and v and not v.isascii() else VectorRules.key(s, v)
        ),
    )
    yield put_fault(
        "empty-key-among-others",
        "vectors.key.min-length.rejected",
        "an empty key is refused only if the vector is alone",
        c.rules(batch=_empty_keys_pass),
    )
    yield put_fault(
        "blank-key-refused",
        "key.unicode.preserved",
        "a key of blanks only is refused",
        c.refuse(PUT, lambda call: any(v["key"].isspace() for v in call.body["vectors"])),
        f"{PUT}.*",
    )
    yield put_fault(
        "numeric-keys-equal",
        "stores",
        "keys that are the same number are the same key",
        c.rules(key=lambda s, v: str(int(k)) if (k := VectorRules.key(s, v)).isdecimal() else k),
        f"{PUT}.*",
        f"{GET}.*",
        f"{LIST}.*",
    )
    yield Fault(
        f"{GET}.keys-are-patterns",
        f"{GET}.missing-keys.omitted",
        "a key that ends with a percent sign finds what begins like it",
        with_tables(row=_like),
        also=(f"{GET}.*", f"{PUT}.*", "DeleteVectors.*", f"{LIST}.*"),
    )


def _empty_keys_pass(self: Any, body: Mapping[str, Any]) -> list[VectorRecord]:
    vectors = body.get("vectors")
    if not isinstance(vectors, list) or len(vectors) < 2:
        return VectorRules.batch(self, body)
    named = [{**v, "key": "none"} if isinstance(v, dict) and v.get("key") == "" else v for v in vectors]
    return VectorRules.batch(self, {**body, "vectors": named})


def _like(self: VectorTable, key: str) -> int | None:
    row = VectorTable.row(self, key)
    if row is None and key.endswith("%"):
        row = next((place for place, other in enumerate(self.keys) if other.startswith(key[:-1])), None)
    return row


def _metadata() -> Iterator[Fault]:
    told = (f"{PUT}.overwrite.metadata", "QueryVectors.*", f"{GET}.returnMetadata.true")
    values: tuple[tuple[str, str, str, Callable[[str, Any], Any]], ...] = (
        (
            "empty-elements-dropped",
            "empty-values.stored",
            "empty strings in arrays are lost",
            lambda _n, v: [item for item in v if item] if isinstance(v, list) else v,
        ),
        (
            "arrays-cut",
            "stored",
            "arrays keep ten elements",
            lambda _n, v: v[:10] if isinstance(v, list) else v,
        ),
        (
            "commas-split",
            "stored",
            "a comma in a value makes two values",
            lambda _n, v: [part for item in v for part in item.split(",")] if isinstance(v, list) else v,
        ),
        ("key-reserved", "stored", "a field called key is lost", lambda n, v: _LOST if n == "key" else v),
    )
    for name, clause, summary, change in values:
        yield put_fault(f"metadata-{name}", f"metadata.{clause}", summary, _stored_metadata(change), *told)
    yield put_fault(
        "metadata-names-folded",
        "metadata.stored",
        "names of fields are kept in lower case",
        with_tables(put=_lower_names),
        *told,
    )
    yield put_fault(
        "metadata-32-kb",
        "metadata.total-size.accepted",
        "metadata of more than 32 KB are refused",
        c.limits(metadata_bytes=32 * 1024),
    )
    yield put_fault(
        "metadata-kept-for-an-empty-object",
        "overwrite.metadata",
        "writing an existing key with empty metadata keeps the old ones",
        with_tables(put=_put_keeping_for_empty),
        "QueryVectors.*",
    )


_LOST = object()


def _stored_metadata(change: Callable[[str, Any], Any]) -> Change:
    def put(self: VectorTable, records: Iterable[VectorRecord], visible_at: float = 0.0) -> None:
        changed = []
        for record in records:
            fields = {name: change(name, value) for name, value in (record.metadata or {}).items()}
            kept = {name: value for name, value in fields.items() if value is not _LOST}
            changed.append(replace(record, metadata=kept if record.metadata is not None else None))
        VectorTable.put(self, changed, visible_at)

    return with_tables(put=put)


def _lower_names(self: VectorTable, records: Iterable[VectorRecord], visible_at: float = 0.0) -> None:
    lower = [
        replace(r, metadata={n.lower(): v for n, v in r.metadata.items()}) if r.metadata else r
        for r in records
    ]
    VectorTable.put(self, lower, visible_at)


def _put_keeping_for_empty(
    self: VectorTable, records: Iterable[VectorRecord], visible_at: float = 0.0
) -> None:
    for record in records:
        row = self.row(record.key)
        kept = self.metadata[row] if row is not None and record.metadata == {} else record.metadata
        VectorTable.put(self, [replace(record, metadata=kept)], visible_at)
