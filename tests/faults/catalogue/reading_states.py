"""Faults of reading vectors that need a combination or a state to show: what was read before, a full last page."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import replace
from typing import Any

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.distances import Cosine, Euclidean
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.paging import Paging
from oss_vectors_emulator.store import VectorRecord, VectorTable
from tests.faults import changes as c
from tests.faults.catalogue.reading_parts import GET, LIST, empty_token_refused, known_index
from tests.faults.catalogue.writing_parts import PUT, with_tables
from tests.faults.model import Change, Fault

_Rows = Any


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _reading()
    yield from _listing()
    yield from _querying()


def _reading() -> Iterator[Fault]:
    yield Fault(
        f"{GET}.missing-remembered",
        f"{PUT}.stores",
        "a key that was missing once stays missing",
        _missing_remembered(),
        also=(f"{GET}.*", f"{PUT}.*"),
    )
    yield Fault(
        f"{GET}.data-in-storage-order",
        f"{PUT}.data.stored",
        "keys come in the order of the request, their data in the order of writing",
        c.instead(GET, _in_storage_order),
        also=(f"{PUT}.*", f"{GET}.*", f"{LIST}.*", "DeleteVectors.*"),
    )
    yield Fault(
        f"{GET}.ends-at-a-repeated-key",
        f"{PUT}.stores",
        "keys after one that is named again are not looked up",
        c.before(GET, lambda body: body.update(keys=_until_repeated(body["keys"]))),
        also=(f"{GET}.*",),
    )


def _missing_remembered() -> Change:
    def change(behaviour: Behaviour) -> Behaviour:
        missed: set[tuple[bytes, str]] = set()

        def handle(parts: Behaviour, handler: Handler, call: Call) -> Response:
            handler(call)
            index = call.bucket.indexes[call.body["indexName"]]
            missed.update((index.identity, key) for key in call.body["keys"] if index.table.row(key) is None)
            keys = [key for key in call.body["keys"] if (index.identity, key) not in missed]
            if not keys:
                return parts.presenter.json({"vectors": []})
            return handler(replace(call, body={**call.body, "keys": keys}))

        return c.instead(GET, handle)(behaviour)

    return change


def _in_storage_order(parts: Behaviour, _handler: Handler, call: Call) -> Response:
    response = _handler(call)
    table = call.bucket.indexes[call.body["indexName"]].table
    flags = (call.body.get("returnData") is True, call.body.get("returnMetadata") is True)
    found = [key for key in dict.fromkeys(call.body["keys"]) if table.row(key) is not None]
    rows = sorted(row for row in map(table.row, found) if row is not None)
    if not found:
        return response
    entries = [parts.presenter.vector(table, row, *flags) for row in rows]
    turned = [{**entry, "key": key} for key, entry in zip(found, entries, strict=True)]
    return parts.presenter.json({"vectors": turned})


def _until_repeated(keys: Any) -> Any:
    for place, key in enumerate(keys if isinstance(keys, list) else []):
        if key in keys[:place]:
            return keys[:place]
    return keys


def _listing() -> Iterator[Fault]:
    yield Fault(
        f"{LIST}.overwritten-counted",
        f"{LIST}.paging.last-page",
        "after an overwriting a full last page has a token",
        c.both(with_tables(put=_counting), c.instead(LIST, _one_more_if_overwritten)),
        also=(f"{LIST}.paging.*",),
    )
    for name, summary, when in (
        (
            "default",
            "a last page of the default size has a token",
            lambda call: "maxResults" not in call.body,
        ),
        (
            "segment",
            "a full last page of a segment has a token",
            lambda call: call.body.get("segmentCount", 1) > 1,
        ),
    ):
        yield Fault(
            f"{LIST}.full-{name}-page",
            f"{LIST}.paging.last-page",
            summary,
            c.instead(LIST, _token_after_full(when)),
            also=(f"{LIST}.paging.*", f"{LIST}.segments.partition"),
        )
    yield Fault(
        f"{LIST}.no-index-is-no-segment",
        f"{LIST}.segmentIndex.default",
        "segmentCount without segmentIndex lists the whole index",
        c.before(LIST, lambda body: body.pop("segmentCount", 1) if "segmentIndex" not in body else None),
        also=(f"{LIST}.*",),
    )
    yield empty_token_refused(LIST)
    yield Fault(
        f"{LIST}.empty-shows-a-neighbour",
        f"{LIST}.only-stored",
        "an empty index lists the vectors of another one",
        c.instead(LIST, _neighbour_if_empty),
        also=(f"{LIST}.*", f"{PUT}.*", "DeleteVectors.*"),
    )


def _counting(self: Any, records: Iterable[VectorRecord], visible_at: float = 0.0) -> None:
    batch = list(records)
    self.overwritten = getattr(self, "overwritten", False) or any(self.row(r.key) is not None for r in batch)
    VectorTable.put(self, batch, visible_at)


def _with_cut(parts: Behaviour, call: Call, cut: Callable[..., Any]) -> Response:
    changed = replace(parts, paging=c.altered(parts.paging, cut=cut))
    return changed.operations(changed)[LIST](call)


def _full_is_not_the_last(_self: Paging, items: Iterable[Any], size: int) -> tuple[list[Any], bool]:
    page = list(items)
    return page[:size], bool(page) and len(page) >= size


def _one_more_if_overwritten(parts: Behaviour, handler: Handler, call: Call) -> Response:
    index = known_index(call)
    if index is None or not getattr(index.table, "overwritten", False):
        return handler(call)
    return _with_cut(parts, call, _full_is_not_the_last)


def _token_after_full(when: Callable[[Call], bool]) -> Any:
    def handle(parts: Behaviour, handler: Handler, call: Call) -> Response:
        response = handler(call)
        return _with_cut(parts, call, _full_is_not_the_last) if when(call) else response

    return handle


def _neighbour_if_empty(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    index = known_index(call)
    if index is not None and not len(index.table):
        for name, other in call.bucket.indexes.items():
            if len(other.table):
                return handler(replace(call, body={**call.body, "indexName": name}))
    return handler(call)


def _querying() -> Iterator[Fault]:
    yield Fault(
        "QueryVectors.numbers-in-fours",
        "QueryVectors.distance.euclidean",
        "numbers beyond the last multiple of four do not count",
        c.part("metrics", table={"euclidean": _Fours(), "cosine": Cosine()}),
        also=("QueryVectors.order", "QueryVectors.nearest", "QueryVectors.filter.*"),
    )


class _Fours(Euclidean):
    def block(self, rows: _Rows, query: _Rows) -> _Rows:
        size = len(query) // 4 * 4 if len(query) > 4 else len(query)
        return Euclidean.block(self, rows[:, :size], query[:size])
