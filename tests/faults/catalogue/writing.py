"""Faults of PutVectors and DeleteVectors."""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from typing import Any

import numpy as np
import orjson

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.store import Index, VectorRecord, VectorTable
from oss_vectors_emulator.validation import Rules
from tests.faults import changes as c
from tests.faults.model import Change, Fault

_PUT, _DELETE = "PutVectors", "DeleteVectors"


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _batches()
    yield from _keys()
    yield from _data()
    yield from _metadata()
    yield from _storing()
    yield from _traces()
    yield from _deleting()
    yield from _delete_keys()
    yield from _delete_traces()


def _rule(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    wider = (f"{_PUT}.success.status",) if clause.endswith("accepted") else ()
    return Fault(f"{_PUT}.{name}", f"{_PUT}.{clause}", summary, change, (*also, *wider))


def _vectors(mend: Any) -> Change:
    """Alter every vector object of the request before it is checked."""

    def change(body: c.Json) -> None:
        if isinstance(body.get("vectors"), list):
            for vector in body["vectors"]:
                if isinstance(vector, dict):
                    mend(vector)

    return c.before(_PUT, change)


def _numbers(mend: Any) -> Change:
    """Alter the list of numbers of every vector before it is checked."""

    def change(vector: c.Json) -> None:
        data = vector.get("data")
        if isinstance(data, dict) and isinstance(data.get("float32"), list):
            data["float32"] = mend(data["float32"])

    return _vectors(change)


def _batches() -> Iterator[Fault]:
    yield _rule(
        "batch-max-501",
        "vectors.max-items.rejected",
        "501 vectors are accepted",
        c.limits(put_vectors_max=501),
    )
    yield _rule(
        "batch-unbounded",
        "vectors.max-items.rejected",
        "any number of vectors",
        c.limits(put_vectors_max=10**6),
    )
    yield _rule(
        "batch-max-499",
        "vectors.max-items.accepted",
        "500 vectors are refused",
        c.limits(put_vectors_max=499),
    )
    yield _rule(
        "batch-max-100",
        "vectors.max-items.accepted",
        "100 vectors are the most",
        c.limits(put_vectors_max=100),
    )
    yield _rule(
        "batch-truncated",
        "vectors.max-items.rejected",
        "what exceeds 500 vectors is dropped",
        c.before(
            _PUT,
            lambda b: b.update(vectors=b["vectors"][:500]) if isinstance(b.get("vectors"), list) else None,
        ),
    )
    yield _rule(
        "batch-empty",
        "vectors.min-items.rejected",
        "an empty batch is accepted",
        c.rules(batch_size=lambda s, n: s.within("vectors", n, 0, 500)),
    )
    yield _rule(
        "batch-min-2",
        "vectors.min-items.accepted",
        "a single vector is refused",
        c.rules(batch_size=lambda s, n: s.within("vectors", n, 2, 500)),
    )
    yield _rule(
        "batch-optional",
        "vectors.required",
        "a request without vectors is served",
        c.answer_when_missing(_PUT, "vectors"),
    )
    yield _rule(
        "batch-single-object",
        "vectors.type",
        "a single object counts as a batch",
        c.before(
            _PUT, lambda b: b.update(vectors=[b["vectors"]]) if isinstance(b.get("vectors"), dict) else None
        ),
    )
    yield _rule(
        "batch-type-unchecked",
        "vectors.type",
        "what is no array is served as an empty batch",
        c.accept(_PUT, lambda e, call: not isinstance(call.body.get("vectors", []), list)),
    )
    yield _rule(
        "duplicates-last-wins",
        "duplicate-keys.rejected",
        "of equal keys the last one is stored",
        c.rules(batch_keys=lambda _s, _k: None),
        f"{_PUT}.duplicate-keys.no-trace",
    )
    yield _rule(
        "duplicates-adjacent",
        "duplicate-keys.rejected",
        "only neighbouring equal keys are noticed",
        c.rules(batch_keys=lambda s, k: Rules.batch_keys(s, _collapsed(k))),
    )
    yield _rule(
        "duplicates-rest-written",
        "duplicate-keys.no-trace",
        "the first of equal keys is written before the refusal",
        c.instead(_PUT, _write_firsts),
        f"{_PUT}.rejected.no-trace",
    )
    yield _rule(
        "bad-parameter-other-code",
        "errors.VectorIndexParameterInvalid",
        "a bad parameter is InvalidArgument",
        c.error_of("VectorIndexParameterInvalid", _PUT, to="InvalidArgument"),
        f"{_PUT}.*",
    )
    yield _rule(
        "bad-parameter-500",
        "errors.VectorIndexParameterInvalid",
        "a bad parameter gives 500",
        c.error_of("VectorIndexParameterInvalid", _PUT, status=500),
        f"{_PUT}.*",
        "Errors.code-status",
    )


def _collapsed(keys: Any) -> list[str]:
    if any(a == b for a, b in zip(keys, keys[1:], strict=False)):
        return list(keys)
    return list(dict.fromkeys(keys))


def _write_firsts(parts: Behaviour, handler: Handler, call: Call) -> Response:
    try:
        return handler(call)
    except ServiceError:
        vectors = call.body.get("vectors")
        keys = [v.get("key") for v in vectors if isinstance(v, dict)] if isinstance(vectors, list) else []
        if len({str(k) for k in keys}) < len(keys):
            kept = {str(v["key"]): v for v in reversed(call.body["vectors"]) if isinstance(v, dict)}
            _store_quietly(parts, call, list(kept.values()))
        raise


def _store_quietly(parts: Behaviour, call: Call, vectors: list[Any]) -> None:
    """Store what can be stored, one vector at a time."""
    index = call.bucket.indexes.get(str(call.body.get("indexName")))
    for vector in vectors:
        try:
            record = parts.rules.record(vector)
            if index is not None:
                zero = not parts.metrics.forbids_zero(index.settings.distance_metric)
                parts.rules.fits_index([record], index.settings, zero)
        except (ServiceError, AttributeError, TypeError):
            continue
        if index is not None:
            index.table.put([record])


def _keys() -> Iterator[Fault]:
    k = "vectors.key"
    yield _rule(
        "key-max-1025",
        f"{k}.max-length.rejected",
        "1025 characters are accepted",
        c.limits_of(_PUT, vector_key_max=1025),
    )
    yield _rule(
        "key-max-1023",
        f"{k}.max-length.accepted",
        "1024 characters are refused",
        c.limits_of(_PUT, vector_key_max=1023),
    )
    yield _rule(
        "key-max-255",
        f"{k}.max-length.accepted",
        "255 characters are the most",
        c.limits_of(_PUT, vector_key_max=255),
    )
    yield _rule(
        "key-unbounded",
        f"{k}.max-length.rejected",
        "keys of any length",
        c.limits_of(_PUT, vector_key_max=10**6),
    )
    yield _rule(
        "key-bytes",
        "key.characters.accepted",
        "the length of a key counts bytes",
        c.rules(key=_key_in_bytes),
        "GetVectors.keys.item.*",
        f"{_PUT}.key.unicode.preserved",
    )
    yield _rule(
        "key-utf16",
        "key.characters.accepted",
        "the length of a key counts UTF-16 units",
        c.rules(key=_key_in_utf16),
    )
    yield _rule(
        "key-empty",
        f"{k}.min-length.rejected",
        "the empty key is accepted",
        c.rules_of(_PUT, key=lambda s, v: v if v == "" else Rules.key(s, v)),
    )
    yield _rule(
        "key-min-2", f"{k}.min-length.accepted", "one character is refused", c.rules_of(_PUT, key=_key_of_two)
    )
    yield _rule(
        "key-required",
        f"{k}.required",
        "a vector without key gets one",
        _vectors(lambda v: v.setdefault("key", "generated")),
    )
    yield _rule(
        "key-number",
        f"{k}.type",
        "numbers are taken as text",
        _vectors(lambda v: v.update(key=str(v["key"])) if isinstance(v.get("key"), int | float) else None),
    )
    yield _rule(
        "key-null",
        f"{k}.type",
        "null is taken as the text null",
        _vectors(lambda v: v.update(key="null") if "key" in v and v["key"] is None else None),
    )
    preserved = "key.unicode.preserved"
    for name, fold, summary in (
        ("key-trimmed", str.strip, "blanks around keys are cut off"),
        ("key-nfc", lambda t: unicodedata.normalize("NFC", t), "keys are normalised to NFC"),
        ("key-nfkc", lambda t: unicodedata.normalize("NFKC", t), "keys are normalised to NFKC"),
        ("key-lower", str.lower, "keys are turned to lower case"),
        (
            "key-ascii",
            lambda t: t.encode("ascii", "replace").decode(),
            "characters beyond ASCII become question marks",
        ),
        (
            "key-no-emoji",
            lambda t: "".join(x if ord(x) < 0x10000 else "\ufffd" for x in t),
            "characters beyond the first plane are lost",
        ),
        ("key-unquoted", lambda t: t.replace("%25", "%"), "percent signs are decoded"),
        ("key-plus", lambda t: t.replace("+", " "), "a plus becomes a blank"),
        ("key-slashes", lambda t: t.replace("//", "/").lstrip("/"), "slashes are cleaned up"),
        ("key-escaped", lambda t: t.replace("<", "&lt;").replace(">", "&gt;"), "keys are escaped for HTML"),
        ("key-at-newline", lambda t: t.partition("\n")[0] or t, "keys end at a newline"),
        ("key-at-nul", lambda t: t.partition("\0")[0] or t, "keys end at a NUL character"),
    ):
        yield _rule(
            name,
            preserved,
            summary,
            c.part("rules", record=_folding(fold)),
            f"{_PUT}.stores",
            "GetVectors.*",
            "ListVectors.*",
        )


def _folding(fold: Any) -> Any:
    def record(self: Any, vector: Any) -> VectorRecord:
        made = Rules.record(self, vector)
        return replace(made, key=fold(made.key))

    return record


def _key_in_bytes(self: Any, value: Any) -> str:
    if len(Rules.key(self, value).encode()) > self.limits.vector_key_max:
        raise self.invalid("too long")
    return str(value)


def _key_in_utf16(self: Any, value: Any) -> str:
    if len(Rules.key(self, value).encode("utf-16-le")) // 2 > self.limits.vector_key_max:
        raise self.invalid("too long")
    return str(value)


def _key_of_two(self: Any, value: Any) -> str:
    if len(Rules.key(self, value)) < 2:
        raise self.invalid("too short")
    return str(value)


def _data() -> Iterator[Fault]:
    f = "vectors.data"
    yield _rule(
        "data-optional",
        f"{f}.required",
        "a vector without data is taken as zeros",
        c.instead(_PUT, _zero_filled("data")),
    )
    yield _rule(
        "float32-optional",
        f"{f}.float32.required",
        "data without float32 is taken as zeros",
        c.instead(_PUT, _zero_filled("float32")),
    )
    yield _rule(
        "data-bare-array",
        f"{f}.type",
        "data may be an array",
        _vectors(
            lambda v: v.update(data={"float32": v["data"]}) if isinstance(v.get("data"), list) else None
        ),
    )
    yield _rule(
        "data-type-unchecked",
        f"{f}.type",
        "a vector whose data is no object is skipped",
        c.instead(_PUT, _skip_when(lambda v: "data" in v and not isinstance(v["data"], dict))),
    )
    yield _rule(
        "float32-type-unchecked",
        f"{f}.float32.type",
        "a vector whose float32 is no array is skipped",
        c.instead(
            _PUT,
            _skip_when(
                lambda v: (
                    isinstance(v.get("data"), dict)
                    and "float32" in v["data"]
                    and not isinstance(v["data"]["float32"], list)
                )
            ),
        ),
    )
    yield _rule(
        "float32-text",
        f"{f}.float32.item.type",
        "numbers may be written as text",
        _numbers(lambda n: [_number_or(x) for x in n]),
    )
    yield _rule(
        "float32-null",
        f"{f}.float32.item.type",
        "null counts as 0",
        _numbers(lambda n: [0.0 if x is None else x for x in n]),
    )
    yield _rule(
        "float32-boolean",
        f"{f}.float32.item.type",
        "true counts as 1",
        _numbers(lambda n: [float(x) if isinstance(x, bool) else x for x in n]),
    )
    yield _rule(
        "float32-nested",
        f"{f}.float32.item.type",
        "nested arrays are flattened",
        _numbers(lambda n: [y for x in n for y in (x if isinstance(x, list) else [x])]),
    )
    yield _rule(
        "length-unchecked",
        "data.dimension.rejected",
        "shorter vectors are filled up, longer ones cut",
        c.instead(_PUT, _fitted(lambda n, d: (n + [0.0] * d)[:d])),
    )
    yield _rule(
        "length-longer-cut",
        "data.dimension.rejected",
        "what exceeds the dimension is cut off",
        c.instead(_PUT, _fitted(lambda n, d: n[:d])),
    )
    yield _rule(
        "length-shorter-filled",
        "data.dimension.rejected",
        "shorter vectors are filled with zeros",
        c.instead(_PUT, _fitted(lambda n, d: n + [0.0] * (d - len(n)))),
    )
    yield _rule(
        "length-first-only",
        "data.dimension.rejected",
        "only the first vector's length is checked",
        c.instead(_PUT, _rest_fitted),
    )
    yield _rule(
        "length-multiple",
        "data.dimension.rejected",
        "twice the dimension is accepted",
        c.instead(_PUT, _fitted(lambda n, d: n[:d] if len(n) == 2 * d else n)),
    )
    yield _rule(
        "length-empty",
        "data.dimension.rejected",
        "an empty vector is skipped",
        c.instead(
            _PUT, _skip_when(lambda v: isinstance(v.get("data"), dict) and v["data"].get("float32") == [])
        ),
    )
    yield _rule(
        "overflow-clamped",
        "data.float32-range.rejected",
        "numbers too large become the largest float32",
        _numbers(
            lambda n: [
                max(-3.4e38, min(3.4e38, x)) if isinstance(x, int | float) and not isinstance(x, bool) else x
                for x in n
            ]
        ),
    )
    yield _rule(
        "overflow-infinite",
        "data.float32-range.rejected",
        "numbers too large become infinite",
        c.rules_of(_PUT, numbers=_infinite),
    )
    yield _rule("nan-literals", "data.finite.rejected", "NaN and Infinity are accepted as 0", _python_json())
    yield _rule(
        "nan-literals-infinity",
        "data.finite.rejected",
        "Infinity is accepted as a large number",
        _python_json(3e38),
    )
    yield _rule(
        "zero-under-cosine",
        "data.zero-under-cosine.rejected",
        "zero vectors are accepted",
        c.rules_of(_PUT, not_zero=lambda _s, _n, _v: None),
    )
    yield _rule(
        "zero-under-cosine-first",
        "data.zero-under-cosine.rejected",
        "only the first vector is looked at",
        c.rules(fits_index=_zero_first_only),
    )
    yield _rule(
        "minus-zero-under-cosine",
        "data.zero-under-cosine.rejected",
        "a vector of minus zeros is accepted",
        c.rules_of(_PUT, not_zero=lambda s, n, v: None if np.signbit(v).all() else Rules.not_zero(s, n, v)),
    )
    yield _rule(
        "zero-under-euclidean",
        "data.zero-under-euclidean.accepted",
        "zero vectors are refused by every index",
        c.rules(fits_index=lambda s, r, i, _z: Rules.fits_index(s, r, i, False)),
    )
    yield _rule(
        "negative-refused",
        "stores",
        "negative numbers are refused",
        c.refuse(
            _PUT,
            lambda call: (
                b"-"
                in orjson.dumps([v.get("data") for v in call.body.get("vectors", []) if isinstance(v, dict)])
            ),
        ),
        f"{_PUT}.*",
    )
    yield _rule(
        "integers-refused",
        "success.status",
        "numbers without a decimal point are refused",
        c.rules_of(_PUT, numbers=_floats_only),
        f"{_PUT}.*",
    )
    yield _rule(
        "double-stored",
        "data.stored",
        "numbers are cut to three decimals",
        _numbers_stored(lambda d: np.trunc(d * 1000) / 1000),
        "QueryVectors.distance.*",
    )
    yield _rule(
        "half-precision",
        "data.stored",
        "numbers are stored in half precision",
        _numbers_stored(lambda d: d.astype(np.float16)),
        "QueryVectors.distance.*",
    )
    yield _rule(
        "normalised",
        "data.stored",
        "vectors are scaled to length one",
        _numbers_stored(_unit),
        "QueryVectors.*",
    )
    yield _rule(
        "normalised-under-cosine",
        "data.stored",
        "under cosine vectors are scaled to length one",
        _normalised_cosine(),
        "PutVectors.stores",
        "GetVectors.*",
        "ListVectors.*",
    )
    yield _rule("absolute", "data.stored", "signs are lost", _numbers_stored(np.abs), "QueryVectors.*")
    yield _rule(
        "tiny-flushed",
        "data.stored",
        "very small numbers become 0",
        _numbers_stored(lambda d: np.where(np.abs(d) < 1e-30, 0, d)),
    )
    yield _rule(
        "large-batch-refused",
        "batch.large",
        "a body over 16 MB is refused",
        c.refuse(_PUT, lambda call: len(call.request.body) > 16 << 20, "InvalidArgument"),
    )


def _number_or(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _zero_filled(member: str) -> Any:
    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        body = orjson.loads(orjson.dumps(dict(call.body)))
        index = call.bucket.indexes.get(str(body.get("indexName")))
        for vector in body["vectors"] if isinstance(body.get("vectors"), list) and index else []:
            if isinstance(vector, dict):
                zeros = [0.5] * index.settings.dimension if index else []
                if member == "data":
                    vector.setdefault("data", {"float32": zeros})
                elif isinstance(vector.get("data"), dict):
                    vector["data"].setdefault("float32", zeros)
        return handler(replace(call, body=body))

    return handle


def _skip_when(when: Any) -> Any:
    def handle(parts: Behaviour, handler: Handler, call: Call) -> Response:
        vectors = call.body.get("vectors")
        if isinstance(vectors, list) and any(isinstance(v, dict) and when(v) for v in vectors):
            rest = [v for v in vectors if not (isinstance(v, dict) and when(v))]
            return (
                handler(replace(call, body={**call.body, "vectors": rest}))
                if rest
                else parts.presenter.empty()
            )
        return handler(call)

    return handle


def _fitted(fit: Any) -> Any:
    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        body = orjson.loads(orjson.dumps(dict(call.body)))
        index = call.bucket.indexes.get(str(body.get("indexName")))
        for vector in body["vectors"] if isinstance(body.get("vectors"), list) and index else []:
            data = vector.get("data") if isinstance(vector, dict) else None
            if isinstance(data, dict) and isinstance(data.get("float32"), list) and index:
                data["float32"] = fit(data["float32"], index.settings.dimension)
        return handler(replace(call, body=body))

    return handle


def _rest_fitted(parts: Behaviour, handler: Handler, call: Call) -> Response:
    vectors = call.body.get("vectors")
    index = call.bucket.indexes.get(str(call.body.get("indexName")))
    if index is not None and isinstance(vectors, list) and len(vectors) > 1:
        first = vectors[0]
        fitted: Any = _fitted(lambda n, d: (n + [0.0] * d)[:d])
        caught: list[Any] = []
        fitted(
            parts,
            lambda changed: caught.append(changed) or Response(200),
            replace(call, body={**call.body, "vectors": vectors[1:]}),
        )
        return handler(replace(call, body={**call.body, "vectors": [first, *caught[0].body["vectors"]]}))
    return handler(call)


def _infinite(self: Any, name: str, values: list[Any]) -> Any:
    if not {int, float}.issuperset(map(type, values)):
        raise self.wrong_type(name, "numbers")
    with np.errstate(over="ignore"):
        return np.array(values, dtype=np.float64).astype(np.float32)


def _floats_only(self: Any, name: str, values: list[Any]) -> Any:
    if any(type(value) is int for value in values):
        raise self.wrong_type(name, "floats")
    return Rules.numbers(self, name, values)


def _python_json(infinity: float = 0.0) -> Change:
    """Read bodies as Python's json module does, NaN and Infinity included."""

    def decode(self: Any, body: bytes) -> Any:
        try:
            return json.loads(body.decode(), parse_constant=lambda name: infinity if "Inf" in name else 0.0)
        except (ValueError, RecursionError):
            raise ServiceError("MalformedJson") from None

    return c.part("decoder", decode=decode)


def _zero_first_only(self: Any, records: Any, index: Any, zero_allowed: bool) -> None:
    Rules.fits_index(self, records[:1], index, zero_allowed)
    Rules.fits_index(self, records[1:], index, True)


def _numbers_stored(change: Any) -> Change:
    def record(self: Any, vector: Any) -> VectorRecord:
        made = Rules.record(self, vector)
        return replace(made, data=np.asarray(change(made.data), dtype=np.float32))

    return c.part("rules", record=record)


def _unit(data: Any) -> Any:
    length = np.linalg.norm(data.astype(np.float64))
    return data / length if length else data


def _normalised_cosine() -> Change:
    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        response = handler(call)
        index = call.bucket.indexes[call.body["indexName"]]
        if index.settings.distance_metric == "cosine":
            for row in range(index.table.used):
                index.table.matrix[row] = _unit(index.table.matrix[row])
        return response

    return c.instead(_PUT, handle)


def _metadata_mended(mend: Any) -> Change:
    def change(vector: c.Json) -> None:
        if isinstance(vector.get("metadata"), dict):
            vector["metadata"] = mend(vector["metadata"])

    return _vectors(change)


def _stored_metadata(change: Any) -> Change:
    def record(self: Any, vector: Any) -> VectorRecord:
        made = Rules.record(self, vector)
        return replace(made, metadata=change(made.metadata)) if made.metadata else made

    return c.part("rules", record=record)


def _metadata() -> Iterator[Fault]:
    m = "metadata"
    yield _rule(
        "metadata-unbounded",
        f"{m}.total-size.rejected",
        "metadata of any size",
        c.limits(metadata_bytes=10**9),
    )
    yield _rule(
        "metadata-1-mb",
        f"{m}.total-size.rejected",
        "1 MB of metadata is accepted",
        c.limits(metadata_bytes=1 << 20),
    )
    yield _rule(
        "metadata-64-kb",
        f"{m}.total-size.rejected",
        "64 KB of metadata are accepted",
        c.limits(metadata_bytes=64 << 10),
    )
    yield _rule(
        "metadata-10-kb",
        f"{m}.total-size.accepted",
        "10 KB of metadata are the most",
        c.limits(metadata_bytes=10 << 10),
    )
    yield _rule(
        "metadata-2-kb",
        f"{m}.total-size.accepted",
        "2 KB limit the non-filterable part too",
        c.limits(metadata_bytes=2 << 10),
    )
    yield _rule(
        "filterable-unbounded",
        f"{m}.filterable-size.rejected",
        "the filterable part has no limit of its own",
        c.limits(filterable_bytes=10**9),
    )
    yield _rule(
        "filterable-20-kb",
        f"{m}.filterable-size.rejected",
        "20 KB of filterable metadata are accepted",
        c.limits(filterable_bytes=20 << 10),
    )
    yield _rule(
        "filterable-512",
        f"{m}.filterable-size.accepted",
        "512 bytes of filterable metadata are the most",
        c.limits(filterable_bytes=512),
    )
    yield _rule(
        "filterable-counts-all",
        f"{m}.total-size.accepted",
        "the limit of the filterable part holds for all fields",
        c.rules(fits_index=_all_filterable),
        f"{_PUT}.metadata.stored",
    )
    yield _rule(
        "filterable-values-only",
        f"{m}.filterable-size.rejected",
        "only text values count, arrays do not",
        c.rules(
            filterable=lambda s, v: Rules.filterable(s, {k: x for k, x in v.items() if isinstance(x, list)})
        ),
    )
    yield _rule(
        "fields-max-11",
        f"{m}.filterable-fields.rejected",
        "11 filterable fields are accepted",
        c.limits(filterable_fields=11),
    )
    yield _rule(
        "fields-unbounded",
        f"{m}.filterable-fields.rejected",
        "any number of fields",
        c.limits(filterable_fields=10**6),
    )
    yield _rule(
        "fields-max-9",
        f"{m}.filterable-fields.accepted",
        "10 filterable fields are refused",
        c.limits(filterable_fields=9),
    )
    yield _rule(
        "metadata-object-flattened",
        f"{m}.value-type.rejected",
        "objects are stored as text",
        _metadata_mended(lambda v: {k: str(x) if isinstance(x, dict) else x for k, x in v.items()}),
    )
    yield _rule(
        "metadata-null-dropped",
        f"{m}.value-type.rejected",
        "fields that are null are dropped",
        _metadata_mended(lambda v: {k: x for k, x in v.items() if x is not None}),
    )
    yield _rule(
        "metadata-value-unchecked",
        f"{m}.value-type.rejected",
        "values of any type",
        c.rules(metadata_value=lambda _s, _n, _v: None),
    )
    yield _rule(
        "metadata-array-refused",
        f"{m}.value-type.accepted",
        "arrays are refused",
        c.rules(metadata_value=_text_only),
        f"{_PUT}.metadata.stored",
        "QueryVectors.filter.*",
    )
    yield _rule(
        "metadata-mixed-array",
        f"{m}.value-type.rejected",
        "arrays may hold null and objects",
        c.rules(
            metadata_value=lambda s, n, v: None if isinstance(v, list) else Rules.metadata_value(s, n, v)
        ),
    )
    yield _rule(
        "metadata-array",
        f"vectors.{m}.type",
        "metadata that is no object is ignored",
        _vectors(
            lambda v: (
                v.pop("metadata") and None
                if "metadata" in v and not isinstance(v["metadata"], dict)
                else None
            )
        ),
    )
    yield _rule(
        "metadata-text",
        f"vectors.{m}.type",
        "metadata that is a text is ignored",
        _vectors(lambda v: v.pop("metadata") and None if isinstance(v.get("metadata"), str) else None),
    )
    stored = f"{m}.stored"
    yield _rule(
        "metadata-lost",
        stored,
        "metadata is not stored",
        _stored_metadata(lambda _m: None),
        "*.returnMetadata.true",
        "QueryVectors.filter.*",
    )
    yield _rule(
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
    yield _rule(
        "metadata-single-array-unwrapped",
        stored,
        "an array of one element becomes that element",
        _stored_metadata(
            lambda m: {k: v[0] if isinstance(v, list) and len(v) == 1 else v for k, v in m.items()}
        ),
        "QueryVectors.filter.*",
    )
    yield _rule(
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
    yield _rule(
        "metadata-empty-array-dropped",
        stored,
        "fields with an empty array are dropped",
        _stored_metadata(lambda m: {k: v for k, v in m.items() if v != []}),
        "QueryVectors.filter.exists.*",
    )
    yield _rule(
        "metadata-empty-text-dropped",
        stored,
        "fields with an empty text are dropped",
        _stored_metadata(lambda m: {k: v for k, v in m.items() if v != ""}),
        "QueryVectors.filter.exists.*",
    )
    yield _rule(
        "metadata-keys-lower",
        stored,
        "field names are turned to lower case",
        _stored_metadata(lambda m: {k.lower(): v for k, v in m.items()}),
    )
    yield _rule(
        "metadata-trimmed",
        stored,
        "values are trimmed",
        _stored_metadata(lambda m: {k: v.strip() if isinstance(v, str) else v for k, v in m.items()}),
    )
    yield _rule(
        "metadata-numeric-text",
        stored,
        "texts that look like numbers become numbers",
        _stored_metadata(
            lambda m: {k: float(v) if isinstance(v, str) and v.isdigit() else v for k, v in m.items()}
        ),
        "QueryVectors.filter.*",
    )
    yield _rule(
        "metadata-boolean-text",
        stored,
        "the texts true and false become booleans",
        _stored_metadata(lambda m: {k: v == "true" if v in ("true", "false") else v for k, v in m.items()}),
        "QueryVectors.filter.*",
    )
    yield _rule(
        "metadata-cut",
        stored,
        "values are cut to 256 characters",
        _stored_metadata(lambda m: {k: v[:256] if isinstance(v, str) else v for k, v in m.items()}),
    )
    yield _rule(
        "metadata-non-filterable-lost",
        stored,
        "non-filterable fields are not stored",
        c.instead(_PUT, _without_hidden),
        "*.returnMetadata.true",
    )
    yield _rule(
        "metadata-ascii",
        stored,
        "characters beyond ASCII become question marks",
        _stored_metadata(
            lambda m: {
                k: v.encode("ascii", "replace").decode() if isinstance(v, str) else v for k, v in m.items()
            }
        ),
    )
    yield _rule(
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


def _tables(**members: Any) -> Change:
    """Replace methods of the table of every index."""
    kind = type("FaultyTable", (VectorTable,), members)

    def add(self: Any, bucket: Any, settings: Any, created: Any) -> Index:
        index = Index(settings, created, kind(settings.dimension))
        bucket.indexes[settings.name] = index
        return index

    return c.part("store", add_index=add)


def _storing() -> Iterator[Fault]:
    wide = ("GetVectors.*", "ListVectors.*", "QueryVectors.*", f"{_PUT}.*")
    yield _rule("stores-nothing", "stores", "200, but nothing is stored", c.instead(_PUT, _check_only), *wide)
    yield _rule(
        "last-of-batch-lost",
        "stores",
        "the last vector of a batch is not stored",
        _tables(put=lambda s, r, v=0.0: VectorTable.put(s, list(r)[:-1] or list(r), v)),
        *wide,
    )
    yield _rule(
        "batch-over-100-lost",
        "stores",
        "only the first 100 vectors of a batch are stored",
        _tables(put=lambda s, r, v=0.0: VectorTable.put(s, list(r)[:100], v)),
        *wide,
        f"{_PUT}.vectors.max-items.accepted",
    )
    yield _rule(
        "full-batch-last-lost",
        "stores",
        "of a batch of 500 the last vector is lost",
        _tables(put=lambda s, r, v=0.0: VectorTable.put(s, list(r)[:499], v)),
        *wide,
    )
    yield _rule(
        "overwrite-ignored",
        "overwrite",
        "an existing key keeps its data",
        _tables(put=_put_new_only),
        f"{_PUT}.overwrite.metadata",
        "QueryVectors.overwritten-vectors",
        "GetVectors.*",
    )
    yield _rule(
        "overwrite-keeps-data",
        "overwrite",
        "writing an existing key replaces its metadata only",
        _tables(put=_put_keeping_data),
        "QueryVectors.overwritten-vectors",
    )
    yield _rule(
        "overwrite-keeps-metadata",
        "overwrite.metadata",
        "metadata that is not given again stays",
        _tables(put=_put_keeping_metadata),
        "QueryVectors.overwritten-vectors",
    )
    yield _rule(
        "overwrite-merges-metadata",
        "overwrite.metadata",
        "old and new metadata are merged",
        _tables(put=_put_merging),
        "QueryVectors.overwritten-vectors",
    )
    yield _rule(
        "overwrite-appends",
        "overwrite",
        "an existing key is stored a second time",
        _tables(put=_put_again),
        "ListVectors.*",
        "QueryVectors.*",
    )
    yield _rule(
        "overwrite-drops-neighbour",
        "only-named",
        "overwriting also drops the vector before it",
        _tables(put=_put_dropping),
        "ListVectors.*",
        "GetVectors.*",
        "QueryVectors.*",
        f"{_PUT}.stores",
    )
    yield _rule(
        "index-replaced",
        "only-named",
        "a write replaces all vectors of the index",
        _tables(put=_put_replacing),
        f"{_PUT}.stores",
        "GetVectors.*",
        "ListVectors.*",
    )
    yield _rule(
        "other-index-written",
        "only-named",
        "a vector goes into all indexes of the bucket that it fits",
        c.after(_PUT, _write_everywhere),
        "ListVectors.only-stored",
        "QueryVectors.only-stored",
        "GetVectors.*",
    )
    yield _rule(
        "same-name-index-written",
        "only-named",
        "a vector also goes into the index of that name in other buckets",
        c.after(_PUT, _write_namesakes),
        "ListVectors.only-stored",
        "QueryVectors.only-stored",
        "GetVectors.*",
    )
    yield _rule(
        "metadata-of-first",
        "metadata.stored",
        "all vectors of a batch get the metadata of the first",
        _tables(put=_put_first_metadata),
        "*.returnMetadata.*",
        "QueryVectors.*",
    )
    yield _rule(
        "grows-badly",
        "stores",
        "when the table grows, the newest vector is lost",
        _tables(_grow=_grow_badly),
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


def _records(parts: Behaviour, call: Call) -> list[VectorRecord]:
    return parts.rules.batch(call.body)


def _write_everywhere(parts: Behaviour, call: Call) -> None:
    own = call.bucket.indexes[call.body["indexName"]]
    for index in call.bucket.indexes.values():
        if index.settings.dimension == own.settings.dimension and index is not own:
            index.table.put(_records(parts, call))


def _write_namesakes(parts: Behaviour, call: Call) -> None:
    own = call.bucket.indexes[call.body["indexName"]]
    for bucket in parts.store.buckets(call.account):
        index = bucket.indexes.get(own.settings.name)
        if index is not None and index is not own and index.settings.dimension == own.settings.dimension:
            index.table.put(_records(parts, call))


def _traces() -> Iterator[Fault]:
    def keep(select: Any) -> Any:
        def handle(parts: Behaviour, handler: Handler, call: Call) -> Response:
            try:
                return handler(call)
            except ServiceError:
                vectors = call.body.get("vectors")
                if isinstance(vectors, list):
                    _store_quietly(parts, call, select(vectors))
                raise

        return handle

    yield _rule(
        "good-ones-written",
        "rejected.no-trace",
        "the good vectors of a refused batch are written",
        c.instead(_PUT, keep(lambda v: v if len(v) <= 500 else [])),
        f"{_PUT}.duplicate-keys.no-trace",
    )
    yield _rule(
        "first-ones-written",
        "rejected.no-trace",
        "vectors before the first bad one are written",
        c.instead(_PUT, _write_until_bad),
    )
    yield _rule(
        "too-many-written",
        "rejected.no-trace",
        "of too many vectors 500 are written before the refusal",
        c.instead(_PUT, keep(lambda v: v[:500] if len(v) > 500 else [])),
    )
    yield _rule(
        "bad-vector-drops-old",
        "rejected.no-trace",
        "a refused write has removed the vector of that key",
        c.instead(_PUT, _drop_refused),
        f"{_PUT}.only-named",
        f"{_PUT}.duplicate-keys.no-trace",
    )
    yield _rule(
        "duplicates-drop-old",
        "duplicate-keys.no-trace",
        "refused equal keys have removed the old vector",
        c.instead(_PUT, _drop_duplicates),
        f"{_PUT}.rejected.no-trace",
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


def _drop(call: Call, keys: Iterable[Any]) -> None:
    index = call.bucket.indexes.get(str(call.body.get("indexName")))
    if index is not None:
        index.table.delete([key for key in keys if isinstance(key, str)])


def _keys_of(call: Call) -> list[Any]:
    vectors = call.body.get("vectors")
    return [v.get("key") for v in vectors if isinstance(v, dict)] if isinstance(vectors, list) else []


def _drop_refused(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    try:
        return handler(call)
    except ServiceError:
        _drop(call, _keys_of(call))
        raise


def _drop_duplicates(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    try:
        return handler(call)
    except ServiceError:
        keys = [key for key in _keys_of(call) if isinstance(key, str)]
        _drop(call, [key for key in keys if keys.count(key) > 1])
        raise


def _fault(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    wider = (f"{_DELETE}.success.status",) if clause.endswith("accepted") else ()
    return Fault(f"{_DELETE}.{name}", f"{_DELETE}.{clause}", summary, change, (*also, *wider))


def _deleting() -> Iterator[Fault]:
    deletes = (
        f"{_DELETE}.deletes",
        f"{_DELETE}.idempotent",
        "QueryVectors.deleted-vectors",
        "ListVectors.only-stored",
        f"{_DELETE}.missing-keys",
    )
    yield _fault(
        "deletes-nothing",
        "deletes",
        "204, but nothing is deleted",
        _tables(delete=lambda _s, _k: None),
        *deletes,
    )
    yield _fault(
        "first-only",
        "deletes",
        "only the first key is deleted",
        _tables(delete=lambda s, k: VectorTable.delete(s, list(k)[:1])),
        *deletes,
    )
    yield _fault(
        "last-kept",
        "deletes",
        "the last key of several is kept",
        _tables(delete=lambda s, k: VectorTable.delete(s, list(k)[:-1] or list(k))),
        *deletes,
    )
    yield _fault(
        "over-100-kept",
        "deletes",
        "only the first 100 keys are deleted",
        _tables(delete=lambda s, k: VectorTable.delete(s, list(k)[:100])),
        *deletes,
        f"{_DELETE}.keys.*",
    )
    yield _fault(
        "stops-at-missing",
        "deletes",
        "what follows a key without a vector is kept",
        _tables(delete=_delete_until_missing),
        *deletes,
    )
    yield _fault(
        "still-queried",
        "deletes",
        "QueryVectors still finds deleted vectors",
        c.both(_keep_for("QueryVectors")),
        *deletes,
    )
    yield _fault(
        "still-listed",
        "deletes",
        "ListVectors still shows deleted vectors",
        _keep_for("ListVectors"),
        *deletes,
    )
    yield _fault(
        "still-got", "deletes", "GetVectors still returns deleted vectors", _keep_for("GetVectors"), *deletes
    )
    yield _fault(
        "prefix-deleted",
        "only-named",
        "keys that start alike are deleted too",
        _tables(delete=_delete_prefix),
        "GetVectors.returns-stored",
        "ListVectors.lists-stored",
    )
    yield _fault(
        "case-blind",
        "only-named",
        "keys that differ in case are deleted too",
        _tables(delete=_delete_case_blind),
        "GetVectors.returns-stored",
        "ListVectors.lists-stored",
    )
    yield _fault(
        "all-indexes",
        "only-named",
        "the keys go in every index of the bucket",
        c.after(_DELETE, _delete_in_all),
    )
    yield _fault(
        "all-buckets",
        "only-named",
        "the keys go in the index of that name in every bucket",
        c.after(_DELETE, _delete_in_buckets),
    )
    yield _fault(
        "neighbour-deleted",
        "only-named",
        "the vector stored last goes too",
        _tables(delete=_delete_and_last),
        "GetVectors.returns-stored",
        "ListVectors.lists-stored",
    )
    yield _fault(
        "swap-slip",
        "only-named",
        "after a delete another vector has the wrong data",
        _tables(_fill_hole=_fill_badly),
        "GetVectors.*",
        "QueryVectors.*",
        "ListVectors.*",
        f"{_PUT}.only-named",
        f"{_PUT}.data.stored",
    )
    yield _fault(
        "missing-404",
        "missing-keys",
        "a key without a vector is 404",
        c.instead(_DELETE, _missing_refused("all")),
        f"{_DELETE}.idempotent",
    )
    yield _fault(
        "missing-among-others-404",
        "missing-keys",
        "a key without a vector among others is 404",
        c.instead(_DELETE, _missing_refused("some")),
    )
    yield _fault("repeat-404", "idempotent", "deleting a key twice is 404", _repeat_refused())
    yield _fault(
        "comes-back-on-write",
        "irreversible",
        "a write brings deleted vectors back",
        _undelete(on_write=True),
        f"{_DELETE}.deletes",
        "ListVectors.*",
        "GetVectors.*",
    )
    yield _fault(
        "comes-back-on-delete",
        "irreversible",
        "the next delete brings deleted vectors back",
        _undelete(on_write=False),
        f"{_DELETE}.deletes",
        "ListVectors.*",
        "GetVectors.*",
        f"{_DELETE}.idempotent",
    )


def _delete_until_missing(self: Any, keys: Iterable[str]) -> None:
    for key in keys:
        if self.row(key) is None:
            return
        VectorTable.delete(self, [key])


def _keep_for(operation: str) -> Change:
    """Deleted vectors stay in a second table that one read operation looks at."""
    old: dict[int, VectorTable] = {}

    def shadow(call: Call) -> tuple[Index | None, VectorTable | None]:
        index = call.bucket.indexes.get(str(call.body.get("indexName")))
        return (
            (None, None)
            if index is None
            else (index, old.setdefault(id(index.table), VectorTable(index.settings.dimension)))
        )

    def note(parts: Behaviour, call: Call) -> None:
        _index, table = shadow(call)
        if table is not None:
            table.put(_records(parts, call))

    def read(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        index, table = shadow(call)
        if index is None or table is None:
            return handler(call)
        whole = replace(
            call.bucket,
            indexes={
                index.settings.name: Index(index.settings, index.created, table, identity=index.identity)
            },
        )
        return handler(replace(call, found=whole))

    return c.both(c.after(_PUT, note), c.instead(operation, read))


def _delete_prefix(self: Any, keys: Iterable[str]) -> None:
    for key in list(keys):
        if self.row(key) is not None:
            VectorTable.delete(self, [other for other in list(self.keys) if other.startswith(key)])


def _delete_case_blind(self: Any, keys: Iterable[str]) -> None:
    folded = {key.lower() for key in keys}
    VectorTable.delete(self, [other for other in list(self.keys) if other.lower() in folded])


def _delete_in_all(_parts: Behaviour, call: Call) -> None:
    for index in call.bucket.indexes.values():
        index.table.delete(call.body["keys"])


def _delete_in_buckets(parts: Behaviour, call: Call) -> None:
    for bucket in parts.store.buckets(call.account):
        if call.body["indexName"] in bucket.indexes:
            bucket.indexes[call.body["indexName"]].table.delete(call.body["keys"])


def _delete_and_last(self: Any, keys: Iterable[str]) -> None:
    named = list(keys)
    rest = [key for key in self.keys if key not in set(named)]
    VectorTable.delete(self, [*named, *rest[-1:]] if any(self.row(k) is not None for k in named) else named)


def _fill_badly(self: Any, row: int) -> None:
    kept = self.matrix[row].copy()
    VectorTable._fill_hole(self, row)
    if row < self.used:
        self.matrix[row] = kept


def _missing_refused(which: str) -> Any:
    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        index = call.bucket.indexes.get(str(call.body.get("indexName")))
        keys = call.body.get("keys")
        if index is not None and isinstance(keys, list) and keys and all(isinstance(k, str) for k in keys):
            missing = [index.table.row(key) is None for key in keys]
            if all(missing) if which == "all" else any(missing) and not all(missing):
                raise ServiceError("NoSuchVectorIndex")
        return handler(call)

    return handle


def _repeat_refused() -> Change:
    gone: set[tuple[str, str]] = set()

    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        index, keys = str(call.body.get("indexName")), call.body.get("keys")
        marks = {(index, str(key)) for key in keys} if isinstance(keys, list) else set()
        if marks and marks <= gone:
            raise ServiceError("NoSuchVectorIndex")
        response = handler(call)
        gone.update(marks)
        return response

    def note(_parts: Behaviour, call: Call) -> None:
        gone.difference_update({(str(call.body["indexName"]), str(v["key"])) for v in call.body["vectors"]})

    return c.both(c.instead(_DELETE, handle), c.after(_PUT, note))


def _undelete(*, on_write: bool) -> Change:
    def restore(table: Any) -> None:
        VectorTable.put(table, [r for r in getattr(table, "gone", []) if table.row(r.key) is None])
        table.gone = []

    def delete(self: Any, keys: Iterable[str]) -> None:
        named = list(keys)
        held = [(k, self.row(k)) for k in named]
        records = [VectorRecord(k, self.matrix[r].copy(), self.metadata[r]) for k, r in held if r is not None]
        if not on_write:
            self.gone = [r for r in getattr(self, "gone", []) if r.key not in set(named)]
            restore(self)
        VectorTable.delete(self, named)
        self.gone = [*getattr(self, "gone", []), *records]

    def put(self: Any, records: Iterable[VectorRecord], visible_at: float = 0.0) -> None:
        given = list(records)
        if on_write:
            restore(self)
        VectorTable.put(self, given, visible_at)

    return _tables(delete=delete, put=put)


def _delete_keys() -> Iterator[Fault]:
    u = "keys.unique-count"
    yield _fault(
        "keys-max-501", f"{u}.maximum.rejected", "501 keys are accepted", c.limits(delete_keys_max=501)
    )
    yield _fault(
        "keys-unbounded", f"{u}.maximum.rejected", "any number of keys", c.limits(delete_keys_max=10**6)
    )
    yield _fault(
        "keys-max-1000",
        f"{u}.maximum.rejected",
        "1000 keys are accepted, as for DeleteMultipleObjects",
        c.limits(delete_keys_max=1000),
    )
    yield _fault(
        "keys-max-499", f"{u}.maximum.accepted", "500 keys are refused", c.limits(delete_keys_max=499)
    )
    yield _fault(
        "keys-max-100",
        f"{u}.maximum.accepted",
        "100 keys are the most, as for GetVectors",
        c.limits(delete_keys_max=100),
    )
    yield _fault(
        "keys-truncated",
        f"{u}.maximum.rejected",
        "what exceeds 500 keys is dropped",
        c.before(
            _DELETE, lambda b: b.update(keys=b["keys"][:500]) if isinstance(b.get("keys"), list) else None
        ),
        f"{_DELETE}.keys.repeated.accepted",
    )
    yield _fault(
        "keys-empty",
        f"{u}.minimum.rejected",
        "an empty list is accepted",
        c.accept(_DELETE, lambda _e, call: call.body.get("keys") == []),
    )
    yield _fault(
        "keys-empty-deletes-all",
        f"{u}.minimum.rejected",
        "an empty list deletes everything",
        c.instead(_DELETE, _delete_all_on_empty),
    )
    yield _fault(
        "keys-min-2",
        f"{u}.minimum.accepted",
        "a single key is refused",
        c.refuse(
            _DELETE, lambda call: isinstance(call.body.get("keys"), list) and len(call.body["keys"]) == 1
        ),
    )
    yield _fault(
        "keys-counted-with-repeats",
        "keys.repeated.accepted",
        "repeated keys count every time",
        c.refuse(
            _DELETE, lambda call: isinstance(call.body.get("keys"), list) and len(call.body["keys"]) > 500
        ),
    )
    yield _fault(
        "keys-repeated-refused",
        "keys.repeated.accepted",
        "repeated keys are refused",
        c.refuse(
            _DELETE,
            lambda call: (
                isinstance(call.body.get("keys"), list)
                and len({str(k) for k in call.body["keys"]}) < len(call.body["keys"])
            ),
        ),
    )
    yield _fault(
        "keys-optional",
        "keys.required",
        "a request without keys is served",
        c.accept(_DELETE, lambda _e, call: "keys" not in call.body),
    )
    yield _fault(
        "keys-optional-deletes-all",
        "keys.required",
        "without keys everything is deleted",
        c.instead(_DELETE, _delete_all_without),
    )
    yield _fault(
        "keys-text",
        "keys.type",
        "a text counts as one key",
        c.before(_DELETE, lambda b: b.update(keys=[b["keys"]]) if isinstance(b.get("keys"), str) else None),
    )
    yield _fault(
        "keys-type-unchecked",
        "keys.type",
        "what is no array is served",
        c.accept(_DELETE, lambda _e, call: "keys" in call.body and not isinstance(call.body["keys"], list)),
    )
    yield _fault(
        "key-number",
        "keys.item.type",
        "numbers are taken as text",
        c.before(
            _DELETE,
            lambda b: (
                b.update(keys=[str(k) if isinstance(k, int | float) else k for k in b["keys"]])
                if isinstance(b.get("keys"), list)
                else None
            ),
        ),
    )
    yield _fault(
        "key-null-skipped",
        "keys.item.type",
        "keys that are null are skipped",
        c.before(
            _DELETE,
            lambda b: (
                b.update(keys=[k for k in b["keys"] if k is not None] or ["none"])
                if isinstance(b.get("keys"), list) and None in b["keys"]
                else None
            ),
        ),
    )
    yield _fault(
        "key-objects",
        "keys.item.type",
        "objects with a key are taken as keys",
        c.before(
            _DELETE,
            lambda b: (
                b.update(keys=[k.get("key", "x") if isinstance(k, dict) else k for k in b["keys"]])
                if isinstance(b.get("keys"), list)
                else None
            ),
        ),
    )
    yield _fault(
        "bad-parameter-other-code",
        f"{u}.maximum.rejected",
        "a bad parameter is InvalidArgument",
        c.error_of("VectorIndexParameterInvalid", _DELETE, to="InvalidArgument"),
        f"{_DELETE}.*.rejected",
        f"{_DELETE}.*.type",
        f"{_DELETE}.*.required",
    )
    yield _fault(
        "bad-parameter-malformed",
        f"{u}.maximum.rejected",
        "a bad parameter is MalformedJson",
        c.error_of("VectorIndexParameterInvalid", _DELETE, to="MalformedJson"),
        f"{_DELETE}.*.rejected",
        f"{_DELETE}.*.type",
        f"{_DELETE}.*.required",
    )


def _delete_all_on_empty(parts: Behaviour, handler: Handler, call: Call) -> Response:
    return _delete_all(parts, call) if call.body.get("keys") == [] else handler(call)


def _delete_all_without(parts: Behaviour, handler: Handler, call: Call) -> Response:
    return _delete_all(parts, call) if "keys" not in call.body else handler(call)


def _delete_all(parts: Behaviour, call: Call) -> Response:
    table = call.index(parts.rules.index_name(call.body)).table
    table.delete(list(table.keys))
    return parts.presenter.no_content()


def _delete_traces() -> Iterator[Fault]:
    def partly(select: Any) -> Any:
        def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
            try:
                return handler(call)
            except ServiceError:
                keys = call.body.get("keys")
                if isinstance(keys, list):
                    _drop(call, select(keys))
                raise

        return handle

    trace = "rejected.no-trace"
    yield _fault(
        "too-many-partly",
        trace,
        "of too many keys the first 500 are deleted before the refusal",
        c.instead(_DELETE, partly(lambda k: k[:500] if len(k) > 500 else [])),
    )
    yield _fault(
        "too-many-rest",
        trace,
        "of too many keys those beyond 500 are deleted",
        c.instead(_DELETE, partly(lambda k: k[500:])),
    )
    yield _fault(
        "bad-key-partly",
        trace,
        "keys before a bad one are deleted before the refusal",
        c.instead(_DELETE, partly(_before_bad)),
    )
    yield _fault(
        "bad-key-rest",
        trace,
        "a bad key is refused, the good ones are deleted",
        c.instead(_DELETE, partly(lambda k: k if any(not isinstance(x, str) for x in k) else [])),
    )


def _before_bad(keys: list[Any]) -> list[Any]:
    for at, key in enumerate(keys):
        if not isinstance(key, str):
            return keys[:at]
    return []
