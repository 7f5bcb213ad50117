"""Faults of the parameters of QueryVectors, its filter apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.validation import Rules
from tests.faults import changes as c
from tests.faults.catalogue.querying_parts import QUERY, each_entry, fault_of, hits
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _flags()
    yield from _top_k()
    yield from _vectors()


def _flags() -> Iterator[Fault]:
    distance, metadata = "returnDistance", "returnMetadata"

    def force(member: str) -> Change:
        return c.before(QUERY, lambda b: b.update({member: True}) if b.get(member) in (None, False) else None)

    yield fault_of(
        "distance-always",
        f"{distance}.false",
        "distances are returned always",
        force(distance),
        f"{QUERY}.return-flags.default",
    )
    yield fault_of(
        "distance-never",
        f"{distance}.true",
        "distances are never returned",
        c.before(QUERY, lambda b: b.pop(distance, None)),
        f"{QUERY}.distance.*",
    )
    yield fault_of(
        "distance-by-default",
        "return-flags.default",
        "distances are returned unless they are refused",
        c.before(QUERY, lambda b: b.setdefault(distance, True)),
    )
    yield fault_of(
        "metadata-always",
        f"{metadata}.false",
        "metadata is returned always",
        force(metadata),
        f"{QUERY}.return-flags.default",
    )
    yield fault_of(
        "metadata-never",
        f"{metadata}.true",
        "metadata is never returned",
        c.before(QUERY, lambda b: b.pop(metadata, None)),
    )
    yield fault_of(
        "metadata-by-default",
        "return-flags.default",
        "metadata is returned unless it is refused",
        c.before(QUERY, lambda b: b.setdefault(metadata, True)),
    )
    yield fault_of(
        "distance-null",
        f"{distance}.false",
        "without returnDistance the distance is null",
        each_entry(lambda e: e.setdefault("distance", None)),
        f"{QUERY}.return-flags.default",
        f"{QUERY}.success.body",
    )
    yield fault_of(
        "score",
        f"{distance}.true",
        "the member is score",
        each_entry(lambda e: e.update(score=e.pop("distance")) if "distance" in e else None),
        f"{QUERY}.distance.*",
    )
    yield fault_of(
        "flags-swapped",
        f"{distance}.true",
        "returnDistance and returnMetadata are mixed up",
        c.before(QUERY, _swap),
        f"{QUERY}.return*",
    )
    yield fault_of(
        "filterable-only",
        f"{metadata}.true",
        "non-filterable fields are not returned",
        c.instead(QUERY, _filterable_only),
    )
    yield fault_of(
        "metadata-first-only",
        f"{metadata}.true",
        "only the first entry has metadata",
        c.answer(QUERY, lambda v: [e.pop("metadata", None) for e in v["vectors"][1:]] and None),
        f"{QUERY}.success.body",
    )
    yield fault_of(
        "metadata-shifted",
        f"{metadata}.true",
        "entries have the metadata of their neighbour",
        hits(_shifted),
        f"{QUERY}.*",
    )
    yield fault_of(
        "metadata-needs-filter",
        f"{metadata}.true",
        "metadata is returned only with a filter",
        c.before(
            QUERY,
            lambda b: (
                b.update(returnMetadata=False) if b.get(metadata) is True and "filter" not in b else None
            ),
        ),
    )
    for member in (distance, metadata):
        yield fault_of(
            f"{member}-text",
            f"{member}.type",
            "the texts true and false are accepted",
            c.member(QUERY, member, lambda v: isinstance(v, str), lambda v: v.lower() == "true"),
        )
        yield fault_of(
            f"{member}-number",
            f"{member}.type",
            "0 and 1 are accepted",
            c.member(QUERY, member, lambda v: isinstance(v, int), bool),
        )
        yield fault_of(
            f"{member}-type-unchecked",
            f"{member}.type",
            "what is no boolean counts as false",
            c.member(QUERY, member, lambda v: not isinstance(v, bool)),
        )


def _swap(body: c.Json) -> None:
    distance, metadata = body.pop("returnDistance", None), body.pop("returnMetadata", None)
    body.update({} if distance is None else {"returnMetadata": distance})
    body.update({} if metadata is None else {"returnDistance": metadata})


def _filterable_only(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response = handler(call)
    value = orjson.loads(response.body)
    hidden = call.bucket.indexes[call.body["indexName"]].settings.non_filterable or ()
    for entry in value["vectors"]:
        if entry.get("metadata"):
            entry["metadata"] = {k: v for k, v in entry["metadata"].items() if k not in hidden}
    return replace(response, body=orjson.dumps(value))


def _shifted(entries: list[c.Json]) -> list[c.Json]:
    metadata = [entry.get("metadata") for entry in entries]
    return [
        ({**e, "metadata": m} if m is not None and "metadata" in e else e)
        for e, m in zip(entries, metadata[1:] + metadata[:1], strict=True)
    ]


def _top_k() -> Iterator[Fault]:
    t = "topK"

    def mend(when: Any, value: Any) -> Change:
        return c.before(QUERY, lambda b: b.update(topK=value(b[t])) if t in b and when(b[t]) else None)

    yield fault_of(
        "top-k-one-more",
        f"{t}.limits-result",
        "one entry more than topK is returned",
        c.rules(top_k=lambda s, b: Rules.top_k(s, b) + 1),
    )
    yield fault_of(
        "top-k-one-less",
        f"{t}.fills-result",
        "one entry less than topK is returned",
        c.rules(top_k=lambda s, b: max(1, Rules.top_k(s, b) - 1)),
        f"{QUERY}.nearest",
        f"{QUERY}.filter.*",
    )
    yield fault_of(
        "top-k-ignored",
        f"{t}.limits-result",
        "everything is returned, however small topK",
        c.rules(top_k=lambda s, b: max(500, Rules.top_k(s, b))),
    )
    yield fault_of(
        "top-k-capped-at-10",
        f"{t}.fills-result",
        "at most 10 entries are returned",
        hits(lambda v: v[:10]),
        f"{QUERY}.nearest",
        f"{QUERY}.filter.*",
    )
    yield fault_of(
        "top-k-capped-at-29",
        f"{t}.fills-result",
        "at most 29 entries are returned",
        hits(lambda v: v[:29]),
        f"{QUERY}.nearest",
        f"{QUERY}.{t}.maximum.accepted",
    )
    yield fault_of("top-k-max-29", f"{t}.maximum.accepted", "30 is refused", c.limits(top_k_max=29))
    yield fault_of("top-k-max-10", f"{t}.maximum.accepted", "10 is the most", c.limits(top_k_max=10))
    yield fault_of("top-k-unbounded", f"{t}.maximum.rejected", "any topK", c.limits(top_k_max=2**70))
    yield fault_of("top-k-max-1000", f"{t}.maximum.rejected", "1000 is accepted", c.limits(top_k_max=1000))
    yield fault_of(
        "top-k-clamped",
        f"{t}.maximum.rejected",
        "a large topK is lowered to 500",
        mend(lambda k: isinstance(k, int) and k > 500, lambda _k: 500),
    )
    yield fault_of(
        "top-k-zero",
        f"{t}.minimum.rejected",
        "0 gives an empty answer",
        mend(lambda k: k == 0 and k is not False, lambda _k: 1),
    )
    yield fault_of(
        "top-k-negative",
        f"{t}.minimum.rejected",
        "a negative topK is taken without its sign",
        mend(lambda k: isinstance(k, int) and k < 0, lambda k: min(30, abs(k))),
    )
    yield fault_of(
        "top-k-min-2",
        f"{t}.minimum.accepted",
        "1 is refused",
        c.refuse(QUERY, lambda call: call.body.get(t) == 1 and call.body[t] is not True),
    )
    yield fault_of(
        "top-k-optional",
        f"{t}.required",
        "without topK ten entries are returned",
        c.before(QUERY, lambda b: b.setdefault(t, 10)),
    )
    yield fault_of(
        "top-k-text",
        f"{t}.type",
        "a text with digits is accepted",
        mend(lambda k: isinstance(k, str) and k.isdigit(), int),
    )
    yield fault_of(
        "top-k-float", f"{t}.type", "fractions are cut off", mend(lambda k: isinstance(k, float), int)
    )
    yield fault_of("top-k-boolean", f"{t}.type", "true counts as 1", mend(lambda k: k is True, int))
    yield fault_of(
        "top-k-null",
        f"{t}.type",
        "null means ten",
        mend(lambda k: k is None, lambda _k: 10),
        f"{QUERY}.{t}.required",
    )


def _vector(mend: Any) -> Change:
    """Alter the numbers of the query vector before they are checked."""

    def change(body: c.Json) -> None:
        vector = body.get("queryVector")
        if isinstance(vector, dict) and isinstance(vector.get("float32"), list):
            vector["float32"] = mend(vector["float32"])

    return c.before(QUERY, change)


def _fitted(fit: Any) -> Any:
    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        index = call.bucket.indexes.get(str(call.body.get("indexName")))
        vector = call.body.get("queryVector")
        if index is not None and isinstance(vector, dict) and isinstance(vector.get("float32"), list):
            fitted = {**vector, "float32": fit(vector["float32"], index.settings.dimension)}
            return handler(replace(call, body={**call.body, "queryVector": fitted}))
        return handler(call)

    return handle


def _number_or(value: Any) -> Any:
    try:
        return float(value) if isinstance(value, str) else value
    except ValueError:
        return value


def _vectors() -> Iterator[Fault]:
    q, f = "queryVector", "queryVector.float32"
    yield fault_of(
        "vector-cut",
        f"{q}.dimension.rejected",
        "what exceeds the dimension is cut off",
        c.instead(QUERY, _fitted(lambda n, d: n[:d])),
    )
    yield fault_of(
        "vector-filled",
        f"{q}.dimension.rejected",
        "a shorter vector is filled with zeros",
        c.instead(QUERY, _fitted(lambda n, d: n + [0.0] * (d - len(n)))),
    )
    yield fault_of(
        "vector-length-unchecked",
        f"{q}.dimension.rejected",
        "another length gives an empty answer",
        c.accept(QUERY, lambda e, _c: "dimensions" in (e.message or ""), {"vectors": []}),
    )
    yield fault_of(
        "vector-length-500",
        f"{q}.dimension.rejected",
        "another length gives 500",
        c.instead(QUERY, _crash_on_length),
    )
    yield fault_of("vector-nan", f"{q}.finite.rejected", "NaN and Infinity are accepted", _python_json())
    yield fault_of(
        "vector-overflow",
        f"{q}.float32-range.rejected",
        "numbers too large become the largest float32",
        _vector(
            lambda n: [
                max(-3e38, min(3e38, x)) if isinstance(x, int | float) and not isinstance(x, bool) else x
                for x in n
            ]
        ),
    )
    yield fault_of(
        "vector-optional",
        f"{q}.required",
        "without queryVector the answer is empty",
        c.accept(QUERY, lambda _e, call: q not in call.body, {"vectors": []}),
    )
    yield fault_of(
        "vector-bare-array",
        f"{q}.type",
        "queryVector may be an array",
        c.before(
            QUERY, lambda b: b.update(queryVector={"float32": b[q]}) if isinstance(b.get(q), list) else None
        ),
    )
    yield fault_of(
        "vector-type-unchecked",
        f"{q}.type",
        "a queryVector that is no object gives an empty answer",
        c.accept(
            QUERY, lambda _e, call: q in call.body and not isinstance(call.body[q], dict), {"vectors": []}
        ),
    )
    yield fault_of(
        "float32-optional",
        f"{f}.required",
        "without float32 the answer is empty",
        c.accept(
            QUERY,
            lambda _e, call: isinstance(call.body.get(q), dict) and "float32" not in call.body[q],
            {"vectors": []},
        ),
    )
    yield fault_of(
        "float32-type-unchecked",
        f"{f}.type",
        "a float32 that is no array gives an empty answer",
        c.accept(
            QUERY,
            lambda _e, call: (
                isinstance(call.body.get(q), dict)
                and "float32" in call.body[q]
                and not isinstance(call.body[q]["float32"], list)
            ),
            {"vectors": []},
        ),
    )
    yield fault_of(
        "float32-text",
        f"{f}.item.type",
        "numbers may be written as text",
        _vector(lambda n: [_number_or(x) for x in n]),
    )
    yield fault_of(
        "float32-null",
        f"{f}.item.type",
        "null counts as 0",
        _vector(lambda n: [0.0 if x is None else x for x in n]),
    )
    yield fault_of(
        "float32-boolean",
        f"{f}.item.type",
        "true counts as 1",
        _vector(lambda n: [float(x) if isinstance(x, bool) else x for x in n]),
    )
    yield fault_of(
        "float32-nested",
        f"{f}.item.type",
        "nested arrays are flattened",
        _vector(lambda n: [y for x in n for y in (x if isinstance(x, list) else [x])]),
    )
    yield fault_of(
        "vector-absolute",
        "nearest",
        "signs of the query vector are lost",
        _vector(
            lambda n: [abs(x) if isinstance(x, int | float) and not isinstance(x, bool) else x for x in n]
        ),
        f"{QUERY}.*",
    )


def _crash_on_length(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    try:
        return handler(call)
    except ServiceError as error:
        if "dimensions" in (error.message or ""):
            raise RuntimeError("crash") from error
        raise


def _python_json() -> Change:
    def decode(_self: Any, body: bytes) -> Any:
        try:
            return json.loads(body.decode(), parse_constant=lambda _name: 0.5)
        except (ValueError, RecursionError):
            raise ServiceError("MalformedJson") from None

    return c.part("decoder", decode=decode)
