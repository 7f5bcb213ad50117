"""Faults of PutVectors: metadata."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.store import VectorRecord
from oss_vectors_emulator.validation import Rules
from tests.faults import changes as c
from tests.faults.catalogue.writing_parts import PUT, each_vector, put_fault
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _metadata()


def _metadata_mended(mend: Any) -> Change:
    def change(vector: c.Json) -> None:
        if isinstance(vector.get("metadata"), dict):
            vector["metadata"] = mend(vector["metadata"])

    return each_vector(change)


def _stored_metadata(change: Any) -> Change:
    def record(self: Any, vector: Any) -> VectorRecord:
        made = Rules.record(self, vector)
        return replace(made, metadata=change(made.metadata)) if made.metadata else made

    return c.part("rules", record=record)


def _metadata() -> Iterator[Fault]:
    m = "metadata"
    yield put_fault(
        "metadata-unbounded",
        f"{m}.total-size.rejected",
        "metadata of any size",
        c.limits(metadata_bytes=10**9),
    )
    yield put_fault(
        "metadata-1-mb",
        f"{m}.total-size.rejected",
        "1 MB of metadata is accepted",
        c.limits(metadata_bytes=1 << 20),
    )
    yield put_fault(
        "metadata-64-kb",
        f"{m}.total-size.rejected",
        "64 KB of metadata are accepted",
        c.limits(metadata_bytes=64 << 10),
    )
    yield put_fault(
        "metadata-10-kb",
        f"{m}.total-size.accepted",
        "10 KB of metadata are the most",
        c.limits(metadata_bytes=10 << 10),
    )
    yield put_fault(
        "metadata-2-kb",
        f"{m}.total-size.accepted",
        "2 KB limit the non-filterable part too",
        c.limits(metadata_bytes=2 << 10),
    )
    yield put_fault(
        "filterable-unbounded",
        f"{m}.filterable-size.rejected",
        "the filterable part has no limit of its own",
        c.limits(filterable_bytes=10**9),
    )
    yield put_fault(
        "filterable-20-kb",
        f"{m}.filterable-size.rejected",
        "20 KB of filterable metadata are accepted",
        c.limits(filterable_bytes=20 << 10),
    )
    yield put_fault(
        "filterable-512",
        f"{m}.filterable-size.accepted",
        "512 bytes of filterable metadata are the most",
        c.limits(filterable_bytes=512),
    )
    yield put_fault(
        "filterable-counts-all",
        f"{m}.total-size.accepted",
        "the limit of the filterable part holds for all fields",
        c.rules(fits_index=_all_filterable),
        f"{PUT}.metadata.stored",
    )
    yield put_fault(
        "filterable-values-only",
        f"{m}.filterable-size.rejected",
        "only text values count, arrays do not",
        c.rules(
            filterable=lambda s, v: Rules.filterable(s, {k: x for k, x in v.items() if isinstance(x, list)})
        ),
    )
    yield put_fault(
        "fields-max-11",
        f"{m}.filterable-fields.rejected",
        "11 filterable fields are accepted",
        c.limits(filterable_fields=11),
    )
    yield put_fault(
        "fields-unbounded",
        f"{m}.filterable-fields.rejected",
        "any number of fields",
        c.limits(filterable_fields=10**6),
    )
    yield put_fault(
        "fields-max-9",
        f"{m}.filterable-fields.accepted",
        "10 filterable fields are refused",
        c.limits(filterable_fields=9),
    )
    yield put_fault(
        "metadata-object-flattened",
        f"{m}.value-type.rejected",
        "objects are stored as text",
        _metadata_mended(lambda v: {k: str(x) if isinstance(x, dict) else x for k, x in v.items()}),
    )
    yield put_fault(
        "metadata-null-dropped",
        f"{m}.value-type.rejected",
        "fields that are null are dropped",
        _metadata_mended(lambda v: {k: x for k, x in v.items() if x is not None}),
    )
    yield put_fault(
        "metadata-value-unchecked",
        f"{m}.value-type.rejected",
        "values of any type",
        c.rules(metadata_value=lambda _s, _n, _v: None),
    )
    yield put_fault(
        "metadata-array-refused",
        f"{m}.value-type.accepted",
        "arrays are refused",
        c.rules(metadata_value=_text_only),
        f"{PUT}.metadata.stored",
        "QueryVectors.filter.*",
    )
    yield put_fault(
        "metadata-mixed-array",
        f"{m}.value-type.rejected",
        "arrays may hold null and objects",
        c.rules(
            metadata_value=lambda s, n, v: None if isinstance(v, list) else Rules.metadata_value(s, n, v)
        ),
    )
    yield put_fault(
        "metadata-array",
        f"vectors.{m}.type",
        "metadata that is no object is ignored",
        each_vector(
            lambda v: (
                v.pop("metadata") and None
                if "metadata" in v and not isinstance(v["metadata"], dict)
                else None
            )
        ),
    )
    yield put_fault(
        "metadata-text",
        f"vectors.{m}.type",
        "metadata that is a text is ignored",
        each_vector(lambda v: v.pop("metadata") and None if isinstance(v.get("metadata"), str) else None),
    )
    stored = f"{m}.stored"
    yield put_fault(
        "metadata-lost",
        stored,
        "metadata is not stored",
        _stored_metadata(lambda _m: None),
        "*.returnMetadata.true",
        "QueryVectors.filter.*",
    )
    yield put_fault(
        "metadata-arrays-joined",
        stored,
        "arrays are joined to a text",
        _stored_metadata(
            lambda m: {
                k: ",".join(v) if isinstance(v, list) and all(isinstance(x, str) for x in v) else v
                for k, v in m.items()
            }
        ),
        "QueryVectors.filter.*",
    )
    yield put_fault(
        "metadata-single-array-unwrapped",
        stored,
        "an array of one element becomes that element",
        _stored_metadata(
            lambda m: {k: v[0] if isinstance(v, list) and len(v) == 1 else v for k, v in m.items()}
        ),
        "QueryVectors.filter.*",
    )
    yield put_fault(
        "metadata-arrays-sorted",
        stored,
        "arrays are sorted and lose duplicates",
        _stored_metadata(
            lambda m: {
                k: sorted(set(v)) if isinstance(v, list) and all(isinstance(x, str) for x in v) else v
                for k, v in m.items()
            }
        ),
    )
    yield put_fault(
        "metadata-empty-array-dropped",
        "metadata.empty-values.stored",
        "fields with an empty array are dropped",
        _stored_metadata(lambda m: {k: v for k, v in m.items() if v != []}),
        "QueryVectors.filter.exists.*",
    )
    yield put_fault(
        "metadata-empty-text-dropped",
        "metadata.empty-values.stored",
        "fields with an empty text are dropped",
        _stored_metadata(lambda m: {k: v for k, v in m.items() if v != ""}),
        "QueryVectors.filter.exists.*",
    )
    yield put_fault(
        "metadata-keys-lower",
        stored,
        "field names are turned to lower case",
        _stored_metadata(lambda m: {k.lower(): v for k, v in m.items()}),
    )
    yield put_fault(
        "metadata-trimmed",
        stored,
        "values are trimmed",
        _stored_metadata(lambda m: {k: v.strip() if isinstance(v, str) else v for k, v in m.items()}),
    )
    yield put_fault(
        "metadata-numeric-text",
        stored,
        "texts that look like numbers become numbers",
        _stored_metadata(
            lambda m: {k: float(v) if isinstance(v, str) and v.isdigit() else v for k, v in m.items()}
        ),
        "QueryVectors.filter.*",
    )
    yield put_fault(
        "metadata-boolean-text",
        stored,
        "the texts true and false become booleans",
        _stored_metadata(lambda m: {k: v == "true" if v in ("true", "false") else v for k, v in m.items()}),
        "QueryVectors.filter.*",
    )
    yield put_fault(
        "metadata-cut",
        stored,
        "values are cut to 256 characters",
        _stored_metadata(lambda m: {k: v[:256] if isinstance(v, str) else v for k, v in m.items()}),
    )
    yield put_fault(
        "metadata-non-filterable-lost",
        stored,
        "non-filterable fields are not stored",
        c.instead(PUT, _without_hidden),
        "*.returnMetadata.true",
    )
    yield put_fault(
        "metadata-ascii",
        stored,
        "characters beyond ASCII become question marks",
        _stored_metadata(
            lambda m: {
                k: v.encode("ascii", "replace").decode() if isinstance(v, str) else v for k, v in m.items()
            }
        ),
    )
    yield put_fault(
        "metadata-ten-of-array",
        stored,
        "arrays keep at most ten elements",
        _stored_metadata(lambda m: {k: v[:10] if isinstance(v, list) else v for k, v in m.items()}),
    )


def _all_filterable(self: Any, records: Any, index: Any, zero_allowed: bool) -> None:
    Rules.fits_index(self, records, replace(index, non_filterable=None), zero_allowed)


def _text_only(self: Any, name: str, value: Any) -> None:
    if isinstance(value, list):
        raise self.wrong_type(name, "a string")
    Rules.metadata_value(self, name, value)


def _without_hidden(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response = handler(call)
    index = call.bucket.indexes[call.body["indexName"]]
    for row, metadata in enumerate(index.table.metadata):
        if metadata:
            index.table.metadata[row] = {
                k: v for k, v in metadata.items() if k not in (index.settings.non_filterable or ())
            }
    return response
