"""Faults of QueryVectors, its filter apart."""

from __future__ import annotations

import json
from collections.abc import Iterator
from copy import deepcopy
from dataclasses import replace
from typing import Any

import numpy as np
import orjson

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.distances import Cosine, DistanceMetrics, Euclidean
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.search import Searcher
from oss_vectors_emulator.validation import Rules
from tests.faults import changes as c
from tests.faults.model import Change, Fault

_Q = "QueryVectors"


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _order()
    yield from _distances()
    yield from _results()
    yield from _flags()
    yield from _top_k()
    yield from _vectors()


def _fault(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    wider = (f"{_Q}.success.status",) if clause.endswith("accepted") else ()
    return Fault(f"{_Q}.{name}", f"{_Q}.{clause}", summary, change, (*also, *wider))


def _hits(alter: Any) -> Change:
    """Alter the list of entries."""
    return c.answer(_Q, lambda v: v.update(vectors=alter(v["vectors"])))


def _each(alter: Any) -> Change:
    return c.answer(_Q, lambda v: [alter(entry) for entry in v["vectors"]] and None)


def _ranked(rank: Any) -> Change:
    """Another order of the distances."""
    return c.part("searcher", order=lambda s, d: rank(s, d))


def _order() -> Iterator[Fault]:
    near = (f"{_Q}.nearest", f"{_Q}.order")
    yield _fault(
        "farthest-first",
        "nearest",
        "the farthest vectors are returned",
        _ranked(lambda _s, d: np.argsort(-d, kind="stable")),
        *near,
    )
    yield _fault("reversed", "order", "the nearest vectors come last", _hits(lambda v: v[::-1]))
    yield _fault(
        "unordered", "order", "entries are ordered by key", _hits(lambda v: sorted(v, key=lambda e: e["key"]))
    )
    yield _fault(
        "order-reversed-beyond-10",
        "order",
        "beyond ten entries the order is reversed",
        _hits(lambda v: v[:10] + v[10:][::-1]),
    )
    yield _fault(
        "order-broken-beyond-20",
        "order",
        "beyond twenty entries two are swapped",
        _hits(lambda v: v if len(v) <= 21 else [*v[:20], v[21], v[20], *v[22:]]),
    )
    yield _fault(
        "order-text",
        "order",
        "distances are compared as text",
        _ranked(lambda _s, d: np.array(sorted(range(len(d)), key=lambda i: str(d[i])), dtype=np.intp)),
        *near,
    )
    yield _fault(
        "second-skipped",
        "nearest",
        "the second nearest vector is left out",
        _ranked(lambda s, d: np.delete(Searcher.order(s, d), 1) if len(d) > 2 else Searcher.order(s, d)),
        *near,
        f"{_Q}.topK.fills-result",
    )
    yield _fault(
        "nearest-left-out",
        "nearest",
        "the very nearest vector is left out",
        _ranked(lambda s, d: Searcher.order(s, d)[1:] if len(d) > 1 else Searcher.order(s, d)),
        *near,
        f"{_Q}.topK.fills-result",
    )
    yield _fault(
        "first-stored-only",
        "nearest",
        "only the first 10 stored vectors are looked at",
        _ranked(lambda s, d: Searcher.order(s, d[:10])),
        *near,
        f"{_Q}.topK.fills-result",
        f"{_Q}.filter.*",
    )
    yield _fault(
        "first-100-only",
        "nearest",
        "only the first 100 stored vectors are looked at",
        _ranked(lambda s, d: Searcher.order(s, d[:100])),
        *near,
        f"{_Q}.topK.fills-result",
        "PutVectors.stores",
    )
    yield _fault(
        "first-dimensions",
        "nearest",
        "only the first two numbers are compared",
        _metric(lambda base, rows, q: base.block(rows[:, :2], q[:2])),
        *near,
        f"{_Q}.distance.*",
    )
    yield _fault(
        "top-of-coarse",
        "nearest",
        "vectors are compared after rounding to integers",
        _metric(lambda base, rows, q: base.block(np.round(rows), np.round(q))),
        *near,
        f"{_Q}.distance.*",
    )
    yield _fault(
        "filter-after-top-k",
        "nearest",
        "the filter is applied to the topK nearest only",
        c.instead(_Q, _filter_late),
        *near,
        f"{_Q}.topK.fills-result",
        f"{_Q}.filter.*",
    )


def _metric(block: Any, name: str | None = None) -> Change:
    """Another computation of the distances, for both metrics or one."""

    def made(base: Any) -> Any:
        kind = type(base)
        return type(
            kind.__name__,
            (kind,),
            {
                "block": lambda _self, rows, query: block(base, rows, query),
                "screen": lambda _self, rows, _n, _q, _w: np.arange(len(rows)),
            },
        )()

    table = {n: made(b) if name in (None, n) else b for n, b in DistanceMetrics.table.items()}
    return c.part("metrics", table=table)


def _filter_late(parts: Behaviour, handler: Handler, call: Call) -> Response:
    if not isinstance(call.body.get("filter"), dict):
        return handler(call)
    allowed = {
        e["key"]
        for e in orjson.loads(handler(replace(call, body={**call.body, "topK": 500})).body)["vectors"]
    }
    handler(call)
    plain = orjson.loads(
        handler(replace(call, body={k: v for k, v in call.body.items() if k != "filter"})).body
    )
    return parts.presenter.json({"vectors": [e for e in plain["vectors"] if e["key"] in allowed]})


def _distances() -> Iterator[Fault]:
    euclid, cosine = "distance.euclidean", "distance.cosine"
    cosine_id = f"{_Q}.{cosine}"
    near = (f"{_Q}.nearest", f"{_Q}.order")
    yield _fault(
        "euclidean-squared",
        euclid,
        "the distance is squared",
        _metric(lambda b, r, q: b.block(r, q) ** 2, "euclidean"),
    )
    yield _fault(
        "euclidean-halved",
        euclid,
        "the distance is divided by two",
        _metric(lambda b, r, q: b.block(r, q) / 2, "euclidean"),
    )
    yield _fault(
        "euclidean-manhattan",
        euclid,
        "differences are added up",
        _metric(lambda _b, r, q: np.abs(r - q).sum(axis=1), "euclidean"),
        *near,
    )
    yield _fault(
        "euclidean-maximum",
        euclid,
        "the largest difference counts",
        _metric(lambda _b, r, q: np.abs(r - q).max(axis=1), "euclidean"),
        *near,
    )
    yield _fault(
        "euclidean-mean",
        euclid,
        "the root of the mean of squares",
        _metric(lambda b, r, q: b.block(r, q) / np.sqrt(len(q)), "euclidean"),
    )
    yield _fault(
        "euclidean-similarity",
        euclid,
        "one over one plus the distance is returned",
        c.part("metrics", reported=lambda _s, d: 1 / (1 + d)),
        cosine_id,
    )
    yield _fault(
        "euclidean-is-cosine",
        "nearest",
        "euclidean indexes compare directions",
        c.part("metrics", table={"euclidean": Cosine(), "cosine": Cosine()}),
        *near,
        f"{_Q}.{euclid}",
    )
    yield _fault(
        "cosine-is-euclidean",
        "nearest",
        "cosine indexes compare positions",
        c.part("metrics", table={"euclidean": Euclidean(), "cosine": Euclidean()}),
        *near,
        cosine_id,
    )
    yield _fault("cosine-similarity", cosine, "the cosine itself is returned", c.instead(_Q, _similarity))
    yield _fault(
        "cosine-halved",
        cosine,
        "the distance lies between 0 and 1",
        _metric(lambda b, r, q: b.block(r, q) / 2, "cosine"),
    )
    yield _fault(
        "cosine-dot-product",
        cosine,
        "vectors are not normalised: one minus the dot product",
        _metric(lambda _b, r, q: 1 - r @ q, "cosine"),
        *near,
    )
    yield _fault(
        "cosine-query-not-normalised",
        cosine,
        "only the stored vectors are normalised",
        _metric(lambda _b, r, q: 1 - (r @ q) / np.maximum(np.linalg.norm(r, axis=1), 1e-30), "cosine"),
        *near,
    )
    yield _fault(
        "cosine-rows-not-normalised",
        cosine,
        "only the query vector is normalised",
        _metric(lambda _b, r, q: 1 - (r @ q) / max(float(np.linalg.norm(q)), 1e-30), "cosine"),
        *near,
    )
    yield _fault(
        "cosine-angle",
        cosine,
        "the angle is returned",
        _metric(lambda b, r, q: np.arccos(np.clip(1 - b.block(r, q), -1, 1)), "cosine"),
    )
    yield _fault(
        "cosine-clipped",
        cosine,
        "opposite directions are at distance 1",
        _metric(lambda b, r, q: np.minimum(b.block(r, q), 1), "cosine"),
        *near,
    )
    yield _fault(
        "cosine-absolute",
        cosine,
        "opposite directions count as equal",
        _metric(lambda b, r, q: 1 - np.abs(1 - b.block(r, q)), "cosine"),
        *near,
    )
    yield _fault(
        "distance-rounded",
        euclid,
        "distances are rounded to two decimals",
        c.part("metrics", reported=lambda _s, d: round(d, 2)),
        cosine_id,
        *near,
    )
    yield _fault(
        "distance-integer",
        euclid,
        "distances are cut to integers",
        c.part("metrics", reported=lambda _s, d: int(d)),
        cosine_id,
        *near,
    )
    yield _fault(
        "distance-negative",
        euclid,
        "distances are returned with a minus sign",
        c.part("metrics", reported=lambda _s, d: -d),
        cosine_id,
        *near,
    )
    yield _fault(
        "distance-text",
        "returnDistance.true",
        "distances are returned as text",
        c.part("metrics", reported=lambda _s, d: str(d)),
        f"{_Q}.success.body",
        f"{_Q}.distance.*",
    )
    yield _fault(
        "distance-of-first",
        euclid,
        "all entries have the distance of the first",
        _hits(lambda v: [({**e, "distance": v[0]["distance"]} if "distance" in e else e) for e in v]),
        cosine_id,
        *near,
    )


def _similarity(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response = handler(call)
    if call.bucket.indexes[call.body["indexName"]].settings.distance_metric != "cosine":
        return response
    value = orjson.loads(response.body)
    for entry in value["vectors"]:
        if "distance" in entry:
            entry["distance"] = 1 - entry["distance"]
    return replace(response, body=orjson.dumps(value))


def _results() -> Iterator[Fault]:
    yield _fault("empty-index-404", "empty-index", "an empty index is 404", c.instead(_Q, _empty_refused))
    yield _fault(
        "empty-null",
        "success.body",
        "no result gives null",
        c.answer(_Q, lambda v: v.update(vectors=v["vectors"] or None)),
        f"{_Q}.empty-index",
    )
    yield _fault(
        "empty-absent",
        "success.body",
        "no result gives an object without vectors",
        c.answer(_Q, lambda v: v if v["vectors"] else {}),
        f"{_Q}.empty-index",
    )
    yield _fault(
        "upper-camel",
        "success.body",
        "the member is Vectors",
        c.answer(_Q, lambda v: {"Vectors": v["vectors"]}),
    )
    yield _fault(
        "results", "success.body", "the member is results", c.answer(_Q, lambda v: {"results": v["vectors"]})
    )
    yield _fault(
        "keys-only",
        "success.body",
        "entries are keys",
        c.answer(_Q, lambda v: v.update(vectors=[e["key"] for e in v["vectors"]])),
    )
    yield _fault(
        "id-for-key",
        "success.body",
        "entries have id instead of key",
        _each(lambda e: e.update(id=e.pop("key"))),
    )
    yield _fault(
        "first-twice",
        "only-stored",
        "the nearest vector is returned twice",
        _hits(lambda v: v[:1] + v[:-1] if len(v) > 1 else v),
        f"{_Q}.*",
    )
    yield _fault(
        "deleted-found",
        "deleted-vectors",
        "deleted vectors are still found",
        _remembering("DeleteVectors"),
        f"{_Q}.only-stored",
        "DeleteVectors.deletes",
    )
    yield _fault(
        "overwritten-at-old-place",
        "overwritten-vectors",
        "an overwritten vector is found at its old place",
        _remembering("PutVectors"),
        "PutVectors.overwrite*",
        f"{_Q}.*",
    )
    yield _fault(
        "other-index-searched",
        "only-stored",
        "all indexes of the bucket with that dimension are searched",
        c.instead(_Q, _neighbours),
        f"{_Q}.*",
    )
    yield _fault(
        "other-bucket-searched",
        "only-stored",
        "the index of that name in other buckets is searched too",
        c.instead(_Q, _namesakes),
        f"{_Q}.*",
    )
    yield _fault(
        "bad-parameter-other-code",
        "errors.VectorIndexParameterInvalid",
        "a bad parameter is InvalidArgument",
        c.error_of("VectorIndexParameterInvalid", _Q, to="InvalidArgument"),
        f"{_Q}.*",
    )
    yield _fault(
        "cached",
        "overwritten-vectors",
        "the answer to a query is remembered for good",
        _cached(),
        f"{_Q}.*",
        "DeleteVectors.*",
        "PutVectors.*",
    )


def _empty_refused(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response = handler(call)
    if not len(call.bucket.indexes[call.body["indexName"]].table):
        raise ServiceError("NoSuchVectorIndex")
    return response


def _remembering(operation: str) -> Change:
    """Queries look at a copy of the index that one kind of write does not reach."""
    copies: dict[tuple[str, str], Any] = {}

    def write(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        name = (call.bucket_name, str(call.body.get("indexName")))
        index = call.bucket.indexes.get(name[1])
        old = deepcopy(index) if index is not None else None
        response = handler(call)
        if old is not None and index is not None:
            copy = copies.get(name) or old
            copies[name] = copy
            if operation == "DeleteVectors" and call.operation == "PutVectors":
                copy.table.put(parts_batch(_parts, call))
            elif operation == "PutVectors" and call.operation == "DeleteVectors":
                copy.table.delete(call.body["keys"])
            elif operation == "PutVectors":
                copy.table.put([r for r in parts_batch(_parts, call) if copy.table.row(r.key) is None])
        return response

    def query(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        copy = copies.get((call.bucket_name, str(call.body.get("indexName"))))
        if copy is None or copy.settings.name not in call.bucket.indexes:
            return handler(call)
        return handler(replace(call, found=replace(call.bucket, indexes={copy.settings.name: copy})))

    return c.both(c.instead("PutVectors", write), c.instead("DeleteVectors", write), c.instead(_Q, query))


def parts_batch(parts: Behaviour, call: Call) -> Any:
    """The records of a PutVectors request."""
    return parts.rules.batch(call.body)


def _merged(handler: Handler, call: Call, calls: list[Call]) -> Response:
    response = handler(call)
    entries = orjson.loads(response.body)["vectors"]
    for other in calls:
        entries += orjson.loads(handler(other).body)["vectors"]
    if all("distance" in entry for entry in entries):
        entries.sort(key=lambda entry: entry["distance"])
    return replace(response, body=orjson.dumps({"vectors": entries[: call.body["topK"]]}))


def _neighbours(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    handler(call)
    own = call.bucket.indexes[call.body["indexName"]]
    others = [
        i
        for i in call.bucket.indexes.values()
        if i is not own and i.settings.dimension == own.settings.dimension
    ]
    return _merged(
        handler,
        call,
        [
            replace(call, body={**call.body, "indexName": i.settings.name})
            for i in others
            if i.settings.distance_metric == own.settings.distance_metric
        ],
    )


def _namesakes(parts: Behaviour, handler: Handler, call: Call) -> Response:
    handler(call)
    own = call.bucket.indexes[call.body["indexName"]]
    others = [
        b
        for b in parts.store.buckets(call.account)
        if b is not call.bucket and own.settings.name in b.indexes
    ]
    fitting = [b for b in others if b.indexes[own.settings.name].settings.dimension == own.settings.dimension]
    return _merged(handler, call, [replace(call, found=bucket) for bucket in fitting])


def _cached() -> Change:
    seen: dict[tuple[str, bytes], Response] = {}

    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        response = handler(call)
        return seen.setdefault((call.bucket_name, call.request.body), response)

    return c.instead(_Q, handle)


def _flags() -> Iterator[Fault]:
    distance, metadata = "returnDistance", "returnMetadata"

    def force(member: str) -> Change:
        return c.before(_Q, lambda b: b.update({member: True}) if b.get(member) in (None, False) else None)

    yield _fault(
        "distance-always",
        f"{distance}.false",
        "distances are returned always",
        force(distance),
        f"{_Q}.return-flags.default",
    )
    yield _fault(
        "distance-never",
        f"{distance}.true",
        "distances are never returned",
        c.before(_Q, lambda b: b.pop(distance, None)),
        f"{_Q}.distance.*",
    )
    yield _fault(
        "distance-by-default",
        "return-flags.default",
        "distances are returned unless they are refused",
        c.before(_Q, lambda b: b.setdefault(distance, True)),
    )
    yield _fault(
        "metadata-always",
        f"{metadata}.false",
        "metadata is returned always",
        force(metadata),
        f"{_Q}.return-flags.default",
    )
    yield _fault(
        "metadata-never",
        f"{metadata}.true",
        "metadata is never returned",
        c.before(_Q, lambda b: b.pop(metadata, None)),
    )
    yield _fault(
        "metadata-by-default",
        "return-flags.default",
        "metadata is returned unless it is refused",
        c.before(_Q, lambda b: b.setdefault(metadata, True)),
    )
    yield _fault(
        "distance-null",
        f"{distance}.false",
        "without returnDistance the distance is null",
        _each(lambda e: e.setdefault("distance", None)),
        f"{_Q}.return-flags.default",
        f"{_Q}.success.body",
    )
    yield _fault(
        "score",
        f"{distance}.true",
        "the member is score",
        _each(lambda e: e.update(score=e.pop("distance")) if "distance" in e else None),
        f"{_Q}.distance.*",
    )
    yield _fault(
        "flags-swapped",
        f"{distance}.true",
        "returnDistance and returnMetadata are mixed up",
        c.before(_Q, _swap),
        f"{_Q}.return*",
    )
    yield _fault(
        "filterable-only",
        f"{metadata}.true",
        "non-filterable fields are not returned",
        c.instead(_Q, _filterable_only),
    )
    yield _fault(
        "metadata-first-only",
        f"{metadata}.true",
        "only the first entry has metadata",
        c.answer(_Q, lambda v: [e.pop("metadata", None) for e in v["vectors"][1:]] and None),
        f"{_Q}.success.body",
    )
    yield _fault(
        "metadata-shifted",
        f"{metadata}.true",
        "entries have the metadata of their neighbour",
        _hits(_shifted),
        f"{_Q}.*",
    )
    yield _fault(
        "metadata-needs-filter",
        f"{metadata}.true",
        "metadata is returned only with a filter",
        c.before(
            _Q,
            lambda b: (
                b.update(returnMetadata=False) if b.get(metadata) is True and "filter" not in b else None
            ),
        ),
    )
    for member in (distance, metadata):
        yield _fault(
            f"{member}-text",
            f"{member}.type",
            "the texts true and false are accepted",
            c.before(
                _Q,
                lambda b, m=member: (
                    b.update({m: b[m].lower() == "true"}) if isinstance(b.get(m), str) else None
                ),
            ),
        )  # type: ignore[misc]
        yield _fault(
            f"{member}-number",
            f"{member}.type",
            "0 and 1 are accepted",
            c.before(
                _Q, lambda b, m=member: b.update({m: bool(b[m])}) if isinstance(b.get(m), int) else None
            ),
        )  # type: ignore[misc]
        yield _fault(
            f"{member}-type-unchecked",
            f"{member}.type",
            "what is no boolean counts as false",
            c.before(
                _Q, lambda b, m=member: b.pop(m) and None if m in b and not isinstance(b[m], bool) else None
            ),
        )  # type: ignore[misc]


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
        return c.before(_Q, lambda b: b.update(topK=value(b[t])) if t in b and when(b[t]) else None)

    yield _fault(
        "top-k-one-more",
        f"{t}.limits-result",
        "one entry more than topK is returned",
        c.rules(top_k=lambda s, b: Rules.top_k(s, b) + 1),
    )
    yield _fault(
        "top-k-one-less",
        f"{t}.fills-result",
        "one entry less than topK is returned",
        c.rules(top_k=lambda s, b: max(1, Rules.top_k(s, b) - 1)),
        f"{_Q}.nearest",
        f"{_Q}.filter.*",
    )
    yield _fault(
        "top-k-ignored",
        f"{t}.limits-result",
        "everything is returned, however small topK",
        c.rules(top_k=lambda s, b: max(500, Rules.top_k(s, b))),
    )
    yield _fault(
        "top-k-capped-at-10",
        f"{t}.fills-result",
        "at most 10 entries are returned",
        _hits(lambda v: v[:10]),
        f"{_Q}.nearest",
        f"{_Q}.filter.*",
    )
    yield _fault(
        "top-k-capped-at-29",
        f"{t}.fills-result",
        "at most 29 entries are returned",
        _hits(lambda v: v[:29]),
        f"{_Q}.nearest",
        f"{_Q}.{t}.maximum.accepted",
    )
    yield _fault("top-k-max-29", f"{t}.maximum.accepted", "30 is refused", c.limits(top_k_max=29))
    yield _fault("top-k-max-10", f"{t}.maximum.accepted", "10 is the most", c.limits(top_k_max=10))
    yield _fault("top-k-unbounded", f"{t}.maximum.rejected", "any topK", c.limits(top_k_max=2**70))
    yield _fault("top-k-max-1000", f"{t}.maximum.rejected", "1000 is accepted", c.limits(top_k_max=1000))
    yield _fault(
        "top-k-clamped",
        f"{t}.maximum.rejected",
        "a large topK is lowered to 500",
        mend(lambda k: isinstance(k, int) and k > 500, lambda _k: 500),
    )
    yield _fault(
        "top-k-zero",
        f"{t}.minimum.rejected",
        "0 gives an empty answer",
        mend(lambda k: k == 0 and k is not False, lambda _k: 1),
    )
    yield _fault(
        "top-k-negative",
        f"{t}.minimum.rejected",
        "a negative topK is taken without its sign",
        mend(lambda k: isinstance(k, int) and k < 0, lambda k: min(30, abs(k))),
    )
    yield _fault(
        "top-k-min-2",
        f"{t}.minimum.accepted",
        "1 is refused",
        c.refuse(_Q, lambda call: call.body.get(t) == 1 and call.body[t] is not True),
    )
    yield _fault(
        "top-k-optional",
        f"{t}.required",
        "without topK ten entries are returned",
        c.before(_Q, lambda b: b.setdefault(t, 10)),
    )
    yield _fault(
        "top-k-text",
        f"{t}.type",
        "a text with digits is accepted",
        mend(lambda k: isinstance(k, str) and k.isdigit(), int),
    )
    yield _fault(
        "top-k-float", f"{t}.type", "fractions are cut off", mend(lambda k: isinstance(k, float), int)
    )
    yield _fault("top-k-boolean", f"{t}.type", "true counts as 1", mend(lambda k: k is True, int))
    yield _fault(
        "top-k-null",
        f"{t}.type",
        "null means ten",
        mend(lambda k: k is None, lambda _k: 10),
        f"{_Q}.{t}.required",
    )


def _vector(mend: Any) -> Change:
    """Alter the numbers of the query vector before they are checked."""

    def change(body: c.Json) -> None:
        vector = body.get("queryVector")
        if isinstance(vector, dict) and isinstance(vector.get("float32"), list):
            vector["float32"] = mend(vector["float32"])

    return c.before(_Q, change)


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
    yield _fault(
        "vector-cut",
        f"{q}.dimension.rejected",
        "what exceeds the dimension is cut off",
        c.instead(_Q, _fitted(lambda n, d: n[:d])),
    )
    yield _fault(
        "vector-filled",
        f"{q}.dimension.rejected",
        "a shorter vector is filled with zeros",
        c.instead(_Q, _fitted(lambda n, d: n + [0.0] * (d - len(n)))),
    )
    yield _fault(
        "vector-length-unchecked",
        f"{q}.dimension.rejected",
        "another length gives an empty answer",
        c.accept(_Q, lambda e, _c: "dimensions" in (e.message or ""), {"vectors": []}),
    )
    yield _fault(
        "vector-length-500",
        f"{q}.dimension.rejected",
        "another length gives 500",
        c.instead(_Q, _crash_on_length),
    )
    yield _fault("vector-nan", f"{q}.finite.rejected", "NaN and Infinity are accepted", _python_json())
    yield _fault(
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
    yield _fault(
        "vector-optional",
        f"{q}.required",
        "without queryVector the answer is empty",
        c.accept(_Q, lambda _e, call: q not in call.body, {"vectors": []}),
    )
    yield _fault(
        "vector-bare-array",
        f"{q}.type",
        "queryVector may be an array",
        c.before(
            _Q, lambda b: b.update(queryVector={"float32": b[q]}) if isinstance(b.get(q), list) else None
        ),
    )
    yield _fault(
        "vector-type-unchecked",
        f"{q}.type",
        "a queryVector that is no object gives an empty answer",
        c.accept(_Q, lambda _e, call: q in call.body and not isinstance(call.body[q], dict), {"vectors": []}),
    )
    yield _fault(
        "float32-optional",
        f"{f}.required",
        "without float32 the answer is empty",
        c.accept(
            _Q,
            lambda _e, call: isinstance(call.body.get(q), dict) and "float32" not in call.body[q],
            {"vectors": []},
        ),
    )
    yield _fault(
        "float32-type-unchecked",
        f"{f}.type",
        "a float32 that is no array gives an empty answer",
        c.accept(
            _Q,
            lambda _e, call: (
                isinstance(call.body.get(q), dict)
                and "float32" in call.body[q]
                and not isinstance(call.body[q]["float32"], list)
            ),
            {"vectors": []},
        ),
    )
    yield _fault(
        "float32-text",
        f"{f}.item.type",
        "numbers may be written as text",
        _vector(lambda n: [_number_or(x) for x in n]),
    )
    yield _fault(
        "float32-null",
        f"{f}.item.type",
        "null counts as 0",
        _vector(lambda n: [0.0 if x is None else x for x in n]),
    )
    yield _fault(
        "float32-boolean",
        f"{f}.item.type",
        "true counts as 1",
        _vector(lambda n: [float(x) if isinstance(x, bool) else x for x in n]),
    )
    yield _fault(
        "float32-nested",
        f"{f}.item.type",
        "nested arrays are flattened",
        _vector(lambda n: [y for x in n for y in (x if isinstance(x, list) else [x])]),
    )
    yield _fault(
        "vector-absolute",
        "nearest",
        "signs of the query vector are lost",
        _vector(
            lambda n: [abs(x) if isinstance(x, int | float) and not isinstance(x, bool) else x for x in n]
        ),
        f"{_Q}.*",
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
