"""Faults of ListVectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.paging import Paging, Position
from tests.faults import changes as c
from tests.faults.catalogue.reading_parts import LIST, each_entry, known_index
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _listing()
    yield from _pages()
    yield from _segments()


def _list(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    wider = (f"{LIST}.success.status",) if clause.endswith("accepted") else ()
    return Fault(f"{LIST}.{name}", f"{LIST}.{clause}", summary, change, (*also, *wider))


def _listing() -> Iterator[Fault]:
    stored = ("PutVectors.*", f"{LIST}.paging.*", f"{LIST}.segments.partition")
    yield _list(
        "newest-missing",
        "lists-stored",
        "the newest vector is not listed",
        c.part("paging", walk=lambda s, t, a, r, w: list(Paging.walk(s, t, a, r, w))[:-1]),
        *stored,
    )
    yield _list(
        "first-missing",
        "lists-stored",
        "the oldest vector is not listed",
        c.part("paging", walk=lambda s, t, a, r, w: (x for x in Paging.walk(s, t, a, r, w) if x[1] > 1)),
        *stored,
    )
    yield _list(
        "without-metadata-missing",
        "lists-stored",
        "vectors without metadata are not listed",
        c.instead(LIST, _with_metadata_only),
        *stored,
    )
    yield _list(
        "beyond-1000-missing",
        "lists-stored",
        "only the first 1000 vectors are ever listed",
        c.part("paging", walk=lambda s, t, a, r, w: (x for x in Paging.walk(s, t, a, r, w) if x[1] <= 1000)),
        *stored,
    )
    yield _list(
        "other-index-listed",
        "only-stored",
        "vectors of all indexes of the bucket are listed",
        c.instead(LIST, _others_too),
        *stored,
    )
    yield _list(
        "other-bucket-listed",
        "only-stored",
        "vectors of the index of that name in other buckets are listed",
        c.instead(LIST, _namesakes_too),
        *stored,
    )
    yield _list(
        "invented-entry",
        "only-stored",
        "an empty index lists an entry",
        c.answer(LIST, lambda v: v["vectors"] or v["vectors"].append({"key": "placeholder"})),
    )
    yield _list(
        "listed-twice",
        "paging.complete",
        "a page with more than one vector lists its first twice",
        c.answer(LIST, lambda v: v["vectors"].append(v["vectors"][0]) if len(v["vectors"]) > 1 else None),
        f"{LIST}.*",
    )
    yield _list(
        "keys-upper",
        "only-stored",
        "keys are listed in upper case",
        each_entry(LIST, lambda e: e.update(key=e["key"].upper())),
        f"{LIST}.*",
        "PutVectors.*",
    )


def _with_metadata_only(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response, index = handler(call), known_index(call)
    value = orjson.loads(response.body)
    value["vectors"] = [e for e in value["vectors"] if index.table.metadata[index.table.row(e["key"])]]
    return replace(response, body=orjson.dumps(value))


def _extended(response: Response, handler: Handler, call: Call, others: Any) -> Response:
    value = orjson.loads(response.body)
    for other in others:
        value["vectors"] += orjson.loads(handler(other).body)["vectors"]
    return replace(response, body=orjson.dumps(value))


def _others_too(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response = handler(call)
    if call.body.get("nextToken"):
        return response
    names = [name for name in call.bucket.indexes if name != call.body["indexName"]]
    return _extended(
        response, handler, call, [replace(call, body={**call.body, "indexName": name}) for name in names]
    )


def _namesakes_too(parts: Behaviour, handler: Handler, call: Call) -> Response:
    response = handler(call)
    if call.body.get("nextToken"):
        return response
    others = [
        b
        for b in parts.store.buckets(call.account)
        if b is not call.bucket and call.body["indexName"] in b.indexes
    ]
    return _extended(response, handler, call, [replace(call, found=bucket) for bucket in others])


def _cut(function: Any) -> Change:
    return c.only(LIST, c.part("paging", cut=function))


def _full(paging: Any, items: Any, size: int) -> tuple[list[Any], bool]:
    page, more = Paging.cut(paging, items, size)
    return page, more or len(page) == size


def _moved(by: int, *, beyond: int = 0) -> Change:
    """Tokens that lead to another place, perhaps only far into the listing."""

    def token(self: Any, index: Any, position: Position) -> str:
        step = by if position.sequence > beyond else 0
        return Paging.vector_token(self, index, replace(position, sequence=max(0, position.sequence + step)))

    return c.part("paging", vector_token=token)


def _pages() -> Iterator[Fault]:
    complete = "paging.complete"
    wide = (f"{LIST}.lists-stored", f"{LIST}.paging.*")
    yield _list(
        "page-skips", complete, "the vector behind a page is skipped", _moved(1), f"{LIST}.lists-stored"
    )
    yield _list(
        "page-repeats",
        complete,
        "the last vector of a page comes again",
        _moved(-1),
        "ListVectors.only-stored",
    )
    yield _list(
        "page-skips-late",
        complete,
        "far into a listing the vector behind a page is skipped",
        _moved(1, beyond=400),
        f"{LIST}.lists-stored",
    )
    yield _list(
        "page-repeats-late",
        complete,
        "far into a listing the last vector of a page comes again",
        _moved(-1, beyond=400),
    )
    yield _list(
        "page-skips-at-100",
        complete,
        "pages of 100 skip a vector",
        c.instead(LIST, _hundred_skips),
        f"{LIST}.lists-stored",
    )
    yield _list(
        "token-lost",
        complete,
        "pages end without a token",
        c.answer(LIST, lambda v: v.pop("nextToken", None) and None),
        *wide,
    )
    yield _list(
        "token-number",
        "success.body",
        "nextToken is a number",
        c.answer(LIST, lambda v: v.update(nextToken=7) if "nextToken" in v else None),
        *wide,
    )
    yield _list(
        "token-on-full-last-page",
        "paging.last-page",
        "a last page that is exactly full has a token",
        _cut(_full),
        f"{LIST}.paging.no-empty-page",
    )
    yield _list(
        "token-always",
        "paging.last-page",
        "every page has a token",
        c.instead(LIST, _always_token),
        f"{LIST}.paging.*",
    )
    yield _list(
        "token-ignored",
        complete,
        "nextToken is ignored",
        c.before(LIST, lambda b: b.pop("nextToken", None)),
        *wide,
    )
    yield _list(
        "size-first-page-only",
        "maxResults.limits-page",
        "following pages ignore maxResults",
        c.before(LIST, lambda b: b.pop("maxResults", None) if b.get("nextToken") else None),
        f"{LIST}.paging.*",
    )
    yield _list(
        "flags-first-page-only",
        "returnData.true",
        "following pages forget returnData and returnMetadata",
        c.before(
            LIST,
            lambda b: (
                [b.pop(m, None) for m in ("returnData", "returnMetadata")] if b.get("nextToken") else None
            ),
        ),
        f"{LIST}.returnMetadata.true",
    )
    yield _list(
        "empty-pages",
        "paging.no-empty-page",
        "an empty page comes between two others",
        c.instead(LIST, _empty_between()),
        f"{LIST}.paging.*",
    )
    yield _list(
        "max-results-ignored",
        "maxResults.limits-page",
        "maxResults is ignored",
        _cut(lambda s, i, _n: Paging.cut(s, i, 1000)),
        f"{LIST}.paging.*",
        f"{LIST}.maxResults.default",
    )
    yield _list(
        "page-one-more",
        "maxResults.limits-page",
        "a page holds one more",
        _cut(lambda s, i, n: Paging.cut(s, i, n + 1)),
        f"{LIST}.maxResults.default",
    )
    m = "maxResults"
    yield _list(
        "default-1000",
        f"{m}.default",
        "a page holds 1000 when nothing is said",
        c.limits(list_vectors_default=1000),
    )
    yield _list(
        "default-501",
        f"{m}.default",
        "a page holds 501 when nothing is said",
        c.limits(list_vectors_default=501),
    )
    yield _list("max-1001", f"{m}.maximum.rejected", "1001 is accepted", c.limits(list_vectors_max=1001))
    yield _list("max-unbounded", f"{m}.maximum.rejected", "any maxResults", c.limits(list_vectors_max=2**70))
    yield _list(
        "max-clamped",
        f"{m}.maximum.rejected",
        "a large maxResults is lowered",
        c.before(
            LIST,
            lambda b: (
                b.update(maxResults=min(1000, b[m]))
                if isinstance(b.get(m), int) and not isinstance(b[m], bool)
                else None
            ),
        ),
    )
    yield _list("max-999", f"{m}.maximum.accepted", "1000 is refused", c.limits(list_vectors_max=999))
    yield _list("max-500", f"{m}.maximum.accepted", "500 is the most", c.limits(list_vectors_max=500))
    yield _list(
        "negative-accepted",
        f"{m}.negative.rejected",
        "a negative maxResults means the default",
        c.before(LIST, lambda b: b.pop(m) and None if isinstance(b.get(m), int) and b[m] < 0 else None),
    )
    yield _list(
        "max-results-text",
        f"{m}.type",
        "a text with digits is accepted",
        c.before(
            LIST,
            lambda b: (
                b.update(maxResults=int(b[m])) if isinstance(b.get(m), str) and b[m].isdigit() else None
            ),
        ),
    )
    yield _list(
        "max-results-float",
        f"{m}.type",
        "fractions are cut off",
        c.before(LIST, lambda b: b.update(maxResults=int(b[m])) if isinstance(b.get(m), float) else None),
    )
    yield _list(
        "max-results-type-unchecked",
        f"{m}.type",
        "what is no number means the default",
        c.before(
            LIST,
            lambda b: (
                b.pop(m) and None
                if m in b and (not isinstance(b[m], int) or isinstance(b[m], bool))
                else None
            ),
        ),
    )
    yield _list(
        "token-type-unchecked",
        "nextToken.type",
        "a token that is no text is ignored",
        c.before(
            LIST,
            lambda b: (
                b.pop("nextToken") and None
                if "nextToken" in b and not isinstance(b["nextToken"], str)
                else None
            ),
        ),
    )


def _hundred_skips(parts: Behaviour, handler: Handler, call: Call) -> Response:
    if call.body.get("maxResults") == 100:
        return c.only(LIST, _moved(1))(parts).operations(parts)[LIST](call)
    return handler(call)


def _always_token(parts: Behaviour, handler: Handler, call: Call) -> Response:
    response, index = handler(call), known_index(call)
    value = orjson.loads(response.body)
    if value["vectors"] and "nextToken" not in value:
        count, segment = parts.rules.segments(call.body)
        last = dict(zip(*index.table.listing(), strict=True))[value["vectors"][-1]["key"]]
        value["nextToken"] = parts.paging.vector_token(index, Position(last, count, segment))
    return replace(response, body=orjson.dumps(value))


def _empty_between() -> Any:
    shown: set[str] = set()

    def handle(parts: Behaviour, handler: Handler, call: Call) -> Response:
        response = handler(call)
        token = call.body.get("nextToken")
        if token and token not in shown:
            shown.add(token)
            return parts.presenter.json({"vectors": [], "nextToken": token})
        return response

    return handle


def _segments() -> Iterator[Fault]:
    s = "segments.partition"
    name, index = "segmentCount", "segmentIndex"
    yield _list(
        "segments-ignored",
        s,
        "every segment holds everything",
        c.part("paging", segment=lambda _s, _k, _n: _Any()),
        f"{LIST}.*",
    )
    yield _list(
        "segments-overlap", s, "a vector may be in two segments", c.instead(LIST, _overlap), f"{LIST}.*"
    )
    yield _list(
        "segments-lose",
        s,
        "some vectors are in no segment",
        c.part(
            "paging",
            segment=lambda p, k, n: -1 if n > 1 and Paging.segment(p, k, 7) == 0 else Paging.segment(p, k, n),
        ),
        f"{LIST}.lists-stored",
    )
    yield _list(
        "segment-last-lost",
        s,
        "the last segment is always empty",
        c.part(
            "paging",
            segment=lambda p, k, n: (
                -1 if n > 1 and Paging.segment(p, k, n) == n - 1 else Paging.segment(p, k, n)
            ),
        ),
        f"{LIST}.lists-stored",
    )
    yield _list(
        "segments-of-sixteen-lose",
        s,
        "of 16 segments one is empty",
        c.part(
            "paging",
            segment=lambda p, k, n: (
                -1 if n == 16 and Paging.segment(p, k, n) == 15 else Paging.segment(p, k, n)
            ),
        ),
        f"{LIST}.lists-stored",
    )
    yield _list(
        "segments-forget-page",
        s,
        "a following page forgets the segment",
        c.instead(LIST, _segment_forgotten),
        f"{LIST}.paging.*",
        f"{LIST}.segments.*",
    )
    yield _list(
        "segment-count-max-17",
        f"{name}.maximum.rejected",
        "17 segments are accepted",
        c.limits(segment_count_max=17),
    )
    yield _list(
        "segment-count-unbounded",
        f"{name}.maximum.rejected",
        "any number of segments",
        c.limits(segment_count_max=2**70),
    )
    yield _list(
        "segment-count-max-15",
        f"{name}.maximum.accepted",
        "16 segments are refused",
        c.limits(segment_count_max=15),
    )
    yield _list(
        "segment-count-zero",
        f"{name}.below-one.rejected",
        "0 segments mean one",
        c.before(
            LIST, lambda b: b.update(segmentCount=1) if b.get(name) == 0 and b[name] is not False else None
        ),
    )
    yield _list(
        "segment-count-negative",
        f"{name}.below-one.rejected",
        "a negative number of segments means one",
        c.before(
            LIST,
            lambda b: b.update(segmentCount=1) if isinstance(b.get(name), int) and b[name] < 0 else None,
        ),
    )
    yield _list(
        "segment-index-unchecked",
        f"{index}.below-count.rejected",
        "a segment beyond the last is empty",
        c.rules(segment_index=lambda r, i, _n: r.within(index, i, 0, 2**70)),
        "ListVectors.segmentIndex.*",
    )
    yield _list(
        "segment-index-equal",
        f"{index}.below-count.rejected",
        "segmentIndex may equal segmentCount",
        c.rules(segment_index=lambda r, i, n: r.within(index, i, 0, n)),
    )
    yield _list(
        "segment-index-wraps",
        f"{index}.below-count.rejected",
        "segmentIndex counts modulo segmentCount",
        c.before(
            LIST,
            lambda b: (
                b.update(segmentIndex=b[index] % b[name])
                if isinstance(b.get(index), int)
                and isinstance(b.get(name), int)
                and b[name] > 0
                and b[index] >= 0
                and not isinstance(b[index], bool)
                else None
            ),
        ),
    )
    yield _list(
        "segment-index-negative",
        f"{index}.negative.rejected",
        "a negative segmentIndex means 0",
        c.before(
            LIST,
            lambda b: b.update(segmentIndex=0) if isinstance(b.get(index), int) and b[index] < 0 else None,
        ),
    )
    yield _list(
        "segment-index-one-based",
        s,
        "segments are counted from 1",
        c.rules(segment_index=lambda r, i, n: r.within(index, i, 1 if n > 1 else 0, n)),
        f"{LIST}.*",
    )
    for member in (name, index):
        yield _list(
            f"{member}-text",
            f"{member}.type",
            "a text with digits is accepted",
            c.member(LIST, member, lambda v: isinstance(v, str) and v.isdigit(), int),
        )
        yield _list(
            f"{member}-type-unchecked",
            f"{member}.type",
            "what is no number is ignored",
            c.member(LIST, member, lambda v: not isinstance(v, int) or isinstance(v, bool)),
        )


class _Any:
    """Equal to every segment."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def _overlap(parts: Behaviour, handler: Handler, call: Call) -> Response:
    count = call.body.get("segmentCount")
    if isinstance(count, int) and count > 1:
        changed = c.only(
            LIST,
            c.part(
                "paging", segment=lambda p, k, n: _Any() if k[-1:] in "02468" else Paging.segment(p, k, n)
            ),
        )
        return changed(parts).operations(parts)[LIST](call)
    return handler(call)


def _segment_forgotten(parts: Behaviour, handler: Handler, call: Call) -> Response:
    if call.body.get("nextToken") and call.body.get("segmentCount"):
        index = known_index(call)
        position = (
            parts.paging.read_vector_token(index, call.body["nextToken"]) if index is not None else None
        )
        if index is not None and position is not None:
            token = parts.paging.vector_token(index, Position(position.sequence, 1, 0))
            body = {k: v for k, v in call.body.items() if not k.startswith("segment")}
            return handler(replace(call, body={**body, "nextToken": token}))
    return handler(call)
