"""Faults of PutVectors: the numbers of a vector."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import numpy as np
import orjson

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.store import VectorRecord
from oss_vectors_emulator.validation import Rules
from tests.faults import changes as c
from tests.faults.catalogue.writing_parts import PUT, each_vector, put_fault
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _data()


def _numbers(mend: Any) -> Change:
    """Alter the list of numbers of every vector before it is checked."""

    def change(vector: c.Json) -> None:
        data = vector.get("data")
        if isinstance(data, dict) and isinstance(data.get("float32"), list):
            data["float32"] = mend(data["float32"])

    return each_vector(change)


def _data() -> Iterator[Fault]:
    f = "vectors.data"
    yield put_fault(
        "data-optional",
        f"{f}.required",
        "a vector without data is taken as zeros",
        c.instead(PUT, _zero_filled("data")),
    )
    yield put_fault(
        "float32-optional",
        f"{f}.float32.required",
        "data without float32 is taken as zeros",
        c.instead(PUT, _zero_filled("float32")),
    )
    yield put_fault(
        "data-bare-array",
        f"{f}.type",
        "data may be an array",
        each_vector(
            lambda v: v.update(data={"float32": v["data"]}) if isinstance(v.get("data"), list) else None
        ),
    )
    yield put_fault(
        "data-type-unchecked",
        f"{f}.type",
        "a vector whose data is no object is skipped",
        c.instead(PUT, _skip_when(lambda v: "data" in v and not isinstance(v["data"], dict))),
    )
    yield put_fault(
        "float32-type-unchecked",
        f"{f}.float32.type",
        "a vector whose float32 is no array is skipped",
        c.instead(
            PUT,
            _skip_when(
                lambda v: (
                    isinstance(v.get("data"), dict)
                    and "float32" in v["data"]
                    and not isinstance(v["data"]["float32"], list)
                )
            ),
        ),
    )
    yield put_fault(
        "float32-text",
        f"{f}.float32.item.type",
        "numbers may be written as text",
        _numbers(lambda n: [_number_or(x) for x in n]),
    )
    yield put_fault(
        "float32-null",
        f"{f}.float32.item.type",
        "null counts as 0",
        _numbers(lambda n: [0.0 if x is None else x for x in n]),
    )
    yield put_fault(
        "float32-boolean",
        f"{f}.float32.item.type",
        "true counts as 1",
        _numbers(lambda n: [float(x) if isinstance(x, bool) else x for x in n]),
    )
    yield put_fault(
        "float32-nested",
        f"{f}.float32.item.type",
        "nested arrays are flattened",
        _numbers(lambda n: [y for x in n for y in (x if isinstance(x, list) else [x])]),
    )
    yield put_fault(
        "length-unchecked",
        "data.dimension.rejected",
        "shorter vectors are filled up, longer ones cut",
        c.instead(PUT, _fitted(lambda n, d: (n + [0.0] * d)[:d])),
    )
    yield put_fault(
        "length-longer-cut",
        "data.dimension.rejected",
        "what exceeds the dimension is cut off",
        c.instead(PUT, _fitted(lambda n, d: n[:d])),
    )
    yield put_fault(
        "length-shorter-filled",
        "data.dimension.rejected",
        "shorter vectors are filled with zeros",
        c.instead(PUT, _fitted(lambda n, d: n + [0.0] * (d - len(n)))),
    )
    yield put_fault(
        "length-first-only",
        "data.dimension.rejected",
        "only the first vector's length is checked",
        c.instead(PUT, _rest_fitted),
    )
    yield put_fault(
        "length-multiple",
        "data.dimension.rejected",
        "twice the dimension is accepted",
        c.instead(PUT, _fitted(lambda n, d: n[:d] if len(n) == 2 * d else n)),
    )
    yield put_fault(
        "length-empty",
        "data.dimension.rejected",
        "an empty vector is skipped",
        c.instead(
            PUT, _skip_when(lambda v: isinstance(v.get("data"), dict) and v["data"].get("float32") == [])
        ),
    )
    yield put_fault(
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
    yield put_fault(
        "overflow-infinite",
        "data.float32-range.rejected",
        "numbers too large become infinite",
        c.rules_of(PUT, numbers=_infinite),
    )
    yield put_fault(
        "nan-literals", "data.finite.rejected", "NaN and Infinity are accepted as 0", _python_json()
    )
    yield put_fault(
        "nan-literals-infinity",
        "data.finite.rejected",
        "Infinity is accepted as a large number",
        _python_json(3e38),
    )
    yield put_fault(
        "zero-under-cosine",
        "data.zero-under-cosine.rejected",
        "zero vectors are accepted",
        c.rules_of(PUT, not_zero=lambda _s, _n, _v: None),
    )
    yield put_fault(
        "zero-under-cosine-first",
        "data.zero-under-cosine.rejected",
        "only the first vector is looked at",
        c.rules(fits_index=_zero_first_only),
    )
    yield put_fault(
        "minus-zero-under-cosine",
        "data.zero-under-cosine.rejected",
        "a vector of minus zeros is accepted",
        c.rules_of(PUT, not_zero=lambda s, n, v: None if np.signbit(v).all() else Rules.not_zero(s, n, v)),
    )
    yield put_fault(
        "zero-under-euclidean",
        "data.zero-under-euclidean.accepted",
        "zero vectors are refused by every index",
        c.rules(fits_index=lambda s, r, i, _z: Rules.fits_index(s, r, i, False)),
    )
    yield put_fault(
        "negative-refused",
        "stores",
        "negative numbers are refused",
        c.refuse(
            PUT,
            lambda call: (
                b"-"
                in orjson.dumps([v.get("data") for v in call.body.get("vectors", []) if isinstance(v, dict)])
            ),
        ),
        f"{PUT}.*",
    )
    yield put_fault(
        "integers-refused",
        "success.status",
        "numbers without a decimal point are refused",
        c.rules_of(PUT, numbers=_floats_only),
        f"{PUT}.*",
    )
    yield put_fault(
        "double-stored",
        "data.stored",
        "numbers are cut to three decimals",
        _numbers_stored(lambda d: np.trunc(d * 1000) / 1000),
        "QueryVectors.distance.*",
    )
    yield put_fault(
        "half-precision",
        "data.stored",
        "numbers are stored in half precision",
        _numbers_stored(lambda d: d.astype(np.float16)),
        "QueryVectors.distance.*",
    )
    yield put_fault(
        "normalised",
        "data.stored",
        "vectors are scaled to length one",
        _numbers_stored(_unit),
        "QueryVectors.*",
    )
    yield put_fault(
        "normalised-under-cosine",
        "data.stored",
        "under cosine vectors are scaled to length one",
        _normalised_cosine(),
        "PutVectors.stores",
        "GetVectors.*",
        "ListVectors.*",
    )
    yield put_fault("absolute", "data.stored", "signs are lost", _numbers_stored(np.abs), "QueryVectors.*")
    yield put_fault(
        "tiny-flushed",
        "data.stored",
        "very small numbers become 0",
        _numbers_stored(lambda d: np.where(np.abs(d) < 1e-30, 0, d)),
    )
    yield put_fault(
        "large-batch-refused",
        "batch.large",
        "a body over 16 MB is refused",
        c.refuse(PUT, lambda call: len(call.request.body) > 16 << 20, "InvalidArgument"),
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

        def with_first(changed: Call) -> Response:
            return handler(replace(call, body={**call.body, "vectors": [first, *changed.body["vectors"]]}))

        return fitted(parts, with_first, replace(call, body={**call.body, "vectors": vectors[1:]}))
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

    return c.instead(PUT, handle)
