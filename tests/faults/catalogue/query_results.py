"""Faults of the results of QueryVectors."""

from __future__ import annotations

from collections.abc import Callable, Iterator
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
from oss_vectors_emulator.search import Hit, Searcher
from oss_vectors_emulator.store import VectorTable
from tests.faults import changes as c
from tests.faults.catalogue.querying_parts import QUERY, each_entry, fault_of, hits
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _order()
    yield from _distances()
    yield from _shortcuts()
    yield from _results()


def _ranked(rank: Any) -> Change:
    """Another order of the distances."""
    return c.part("searcher", order=lambda s, d: rank(s, d))


def _order() -> Iterator[Fault]:
    near = (f"{QUERY}.nearest", f"{QUERY}.order")
    yield fault_of(
        "farthest-first",
        "nearest",
        "the farthest vectors are returned",
        _ranked(lambda _s, d: np.argsort(-d, kind="stable")),
        *near,
    )
    yield fault_of("reversed", "order", "the nearest vectors come last", hits(lambda v: v[::-1]))
    yield fault_of(
        "unordered", "order", "entries are ordered by key", hits(lambda v: sorted(v, key=lambda e: e["key"]))
    )
    yield fault_of(
        "order-reversed-beyond-10",
        "order",
        "beyond ten entries the order is reversed",
        hits(lambda v: v[:10] + v[10:][::-1]),
    )
    yield fault_of(
        "order-broken-beyond-20",
        "order",
        "beyond twenty entries two are swapped",
        hits(lambda v: v if len(v) <= 21 else [*v[:20], v[21], v[20], *v[22:]]),
    )
    yield fault_of(
        "order-text",
        "order",
        "distances are compared as text",
        _ranked(lambda _s, d: np.array(sorted(range(len(d)), key=lambda i: str(d[i])), dtype=np.intp)),
        *near,
    )
    yield fault_of(
        "second-skipped",
        "nearest",
        "the second nearest vector is left out",
        _ranked(lambda s, d: np.delete(Searcher.order(s, d), 1) if len(d) > 2 else Searcher.order(s, d)),
        *near,
        f"{QUERY}.topK.fills-result",
    )
    yield fault_of(
        "nearest-left-out",
        "nearest",
        "the very nearest vector is left out",
        _ranked(lambda s, d: Searcher.order(s, d)[1:] if len(d) > 1 else Searcher.order(s, d)),
        *near,
        f"{QUERY}.topK.fills-result",
    )
    yield fault_of(
        "first-stored-only",
        "nearest",
        "only the first 10 stored vectors are looked at",
        _ranked(lambda s, d: Searcher.order(s, d[:10])),
        *near,
        f"{QUERY}.topK.fills-result",
        f"{QUERY}.filter.*",
    )
    yield fault_of(
        "first-100-only",
        "nearest",
        "only the first 100 stored vectors are looked at",
        _ranked(lambda s, d: Searcher.order(s, d[:100])),
        *near,
        f"{QUERY}.topK.fills-result",
        "PutVectors.stores",
    )
    yield fault_of(
        "first-dimensions",
        "nearest",
        "only the first two numbers are compared",
        _metric(lambda base, rows, q: base.block(rows[:, :2], q[:2])),
        *near,
        f"{QUERY}.distance.*",
    )
    yield fault_of(
        "top-of-coarse",
        "nearest",
        "vectors are compared after rounding to integers",
        _metric(lambda base, rows, q: base.block(np.round(rows), np.round(q))),
        *near,
        f"{QUERY}.distance.*",
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


def _distances() -> Iterator[Fault]:
    euclid, cosine = "distance.euclidean", "distance.cosine"
    cosine_id = f"{QUERY}.{cosine}"
    near = (f"{QUERY}.nearest", f"{QUERY}.order")
    yield fault_of(
        "euclidean-squared",
        euclid,
        "the distance is squared",
        _metric(lambda b, r, q: b.block(r, q) ** 2, "euclidean"),
    )
    yield fault_of(
        "euclidean-halved",
        euclid,
        "the distance is divided by two",
        _metric(lambda b, r, q: b.block(r, q) / 2, "euclidean"),
    )
    yield fault_of(
        "euclidean-manhattan",
        euclid,
        "differences are added up",
        _metric(lambda _b, r, q: np.abs(r - q).sum(axis=1), "euclidean"),
        *near,
    )
    yield fault_of(
        "euclidean-maximum",
        euclid,
        "the largest difference counts",
        _metric(lambda _b, r, q: np.abs(r - q).max(axis=1), "euclidean"),
        *near,
    )
    yield fault_of(
        "euclidean-mean",
        euclid,
        "the root of the mean of squares",
        _metric(lambda b, r, q: b.block(r, q) / np.sqrt(len(q)), "euclidean"),
    )
    yield fault_of(
        "euclidean-similarity",
        euclid,
        "one over one plus the distance is returned",
        c.part("metrics", reported=lambda _s, d: 1 / (1 + d)),
        cosine_id,
    )
    yield fault_of(
        "euclidean-is-cosine",
        "nearest",
        "euclidean indexes compare directions",
        c.part("metrics", table={"euclidean": Cosine(), "cosine": Cosine()}),
        *near,
        f"{QUERY}.{euclid}",
    )
    yield fault_of(
        "cosine-is-euclidean",
        "nearest",
        "cosine indexes compare positions",
        c.part("metrics", table={"euclidean": Euclidean(), "cosine": Euclidean()}),
        *near,
        cosine_id,
    )
    yield fault_of(
        "cosine-similarity", cosine, "the cosine itself is returned", c.instead(QUERY, _similarity)
    )
    yield fault_of(
        "cosine-halved",
        cosine,
        "the distance lies between 0 and 1",
        _metric(lambda b, r, q: b.block(r, q) / 2, "cosine"),
    )
    yield fault_of(
        "cosine-dot-product",
        cosine,
        "vectors are not normalised: one minus the dot product",
        _metric(lambda _b, r, q: 1 - r @ q, "cosine"),
        *near,
    )
    yield fault_of(
        "cosine-query-not-normalised",
        cosine,
        "only the stored vectors are normalised",
        _metric(lambda _b, r, q: 1 - (r @ q) / np.maximum(np.linalg.norm(r, axis=1), 1e-30), "cosine"),
        *near,
    )
    yield fault_of(
        "cosine-rows-not-normalised",
        cosine,
        "only the query vector is normalised",
        _metric(lambda _b, r, q: 1 - (r @ q) / max(float(np.linalg.norm(q)), 1e-30), "cosine"),
        *near,
    )
    yield fault_of(
        "cosine-angle",
        cosine,
        "the angle is returned",
        _metric(lambda b, r, q: np.arccos(np.clip(1 - b.block(r, q), -1, 1)), "cosine"),
    )
    yield fault_of(
        "cosine-clipped",
        cosine,
        "opposite directions are at distance 1",
        _metric(lambda b, r, q: np.minimum(b.block(r, q), 1), "cosine"),
        *near,
    )
    yield fault_of(
        "cosine-absolute",
        cosine,
        "opposite directions count as equal",
        _metric(lambda b, r, q: 1 - np.abs(1 - b.block(r, q)), "cosine"),
        *near,
    )
    yield fault_of(
        "distance-rounded",
        euclid,
        "distances are rounded to two decimals",
        c.part("metrics", reported=lambda _s, d: round(d, 2)),
        cosine_id,
        *near,
    )
    yield fault_of(
        "distance-integer",
        euclid,
        "distances are cut to integers",
        c.part("metrics", reported=lambda _s, d: int(d)),
        cosine_id,
        *near,
    )
    yield fault_of(
        "distance-negative",
        euclid,
        "distances are returned with a minus sign",
        c.part("metrics", reported=lambda _s, d: -d),
        cosine_id,
        *near,
    )
    yield fault_of(
        "distance-text",
        "returnDistance.true",
        "distances are returned as text",
        c.part("metrics", reported=lambda _s, d: str(d)),
        f"{QUERY}.success.body",
        f"{QUERY}.distance.*",
    )
    yield fault_of(
        "distance-of-first",
        euclid,
        "all entries have the distance of the first",
        hits(lambda v: [({**e, "distance": v[0]["distance"]} if "distance" in e else e) for e in v]),
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


def _among_many(found: Callable[[list[Hit], Any], list[Hit]]) -> Change:
    """Other hits for a query in an index of so many numbers that a search may take a shortcut."""

    def nearest(
        self: Searcher, table: VectorTable, metric: Any, query: Any, top: int, rows: Any
    ) -> list[Hit]:
        hits = Searcher.nearest(self, table, metric, query, top, rows)
        return found(hits, query) if table.used * table.dimension >= 1 << 18 else hits

    return c.part("searcher", nearest=nearest)


def _shortcuts() -> Iterator[Fault]:
    yield fault_of(
        "many-from-the-origin",
        "nearest",
        "seen from the origin, a large index is empty",
        _among_many(lambda hits, query: hits if query.any() else []),
        f"{QUERY}.topK.fills-result",
    )


def _results() -> Iterator[Fault]:
    yield fault_of(
        "empty-index-404", "empty-index", "an empty index is 404", c.instead(QUERY, _empty_refused)
    )
    yield fault_of(
        "empty-null",
        "success.body",
        "no result gives null",
        c.answer(QUERY, lambda v: v.update(vectors=v["vectors"] or None)),
        f"{QUERY}.empty-index",
    )
    yield fault_of(
        "empty-absent",
        "success.body",
        "no result gives an object without vectors",
        c.answer(QUERY, lambda v: v if v["vectors"] else {}),
        f"{QUERY}.empty-index",
    )
    yield fault_of(
        "upper-camel",
        "success.body",
        "the member is Vectors",
        c.answer(QUERY, lambda v: {"Vectors": v["vectors"]}),
    )
    yield fault_of(
        "results",
        "success.body",
        "the member is results",
        c.answer(QUERY, lambda v: {"results": v["vectors"]}),
    )
    yield fault_of(
        "keys-only",
        "success.body",
        "entries are keys",
        c.answer(QUERY, lambda v: v.update(vectors=[e["key"] for e in v["vectors"]])),
    )
    yield fault_of(
        "id-for-key",
        "success.body",
        "entries have id instead of key",
        each_entry(lambda e: e.update(id=e.pop("key"))),
    )
    yield fault_of(
        "first-twice",
        "only-stored",
        "the nearest vector is returned twice",
        hits(lambda v: v[:1] + v[:-1] if len(v) > 1 else v),
        f"{QUERY}.*",
    )
    yield fault_of(
        "deleted-found",
        "deleted-vectors",
        "deleted vectors are still found",
        _remembering("DeleteVectors"),
        f"{QUERY}.only-stored",
        "DeleteVectors.deletes",
    )
    yield fault_of(
        "overwritten-at-old-place",
        "overwritten-vectors",
        "an overwritten vector is found at its old place",
        _remembering("PutVectors"),
        "PutVectors.overwrite*",
        f"{QUERY}.*",
    )
    yield fault_of(
        "other-index-searched",
        "only-stored",
        "all indexes of the bucket with that dimension are searched",
        c.instead(QUERY, _neighbours),
        f"{QUERY}.*",
    )
    yield fault_of(
        "other-bucket-searched",
        "only-stored",
        "the index of that name in other buckets is searched too",
        c.instead(QUERY, _namesakes),
        f"{QUERY}.*",
    )
    yield fault_of(
        "bad-parameter-other-code",
        "errors.VectorIndexParameterInvalid",
        "a bad parameter is InvalidArgument",
        c.error_of("VectorIndexParameterInvalid", QUERY, to="InvalidArgument"),
        f"{QUERY}.*",
    )
    yield fault_of(
        "cached",
        "overwritten-vectors",
        "the answer to a query is remembered for good",
        _cached(),
        f"{QUERY}.*",
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

    return c.both(c.instead("PutVectors", write), c.instead("DeleteVectors", write), c.instead(QUERY, query))


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

    return c.instead(QUERY, handle)
