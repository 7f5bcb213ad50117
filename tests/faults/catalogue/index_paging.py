"""Faults of the pages of ListVectorIndexes, and of DeleteVectorIndex."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.paging import Paging
from oss_vectors_emulator.store import Index, IndexSettings, Store, VectorTable
from tests.faults import changes as c
from tests.faults.catalogue.indexes_parts import DELETE, LIST, found_by
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _paging()
    yield from _deleting()


def _paging() -> Iterator[Fault]:
    complete = f"{LIST}.paging.complete"

    def cut(function: Any) -> Change:
        return c.only(LIST, c.part("paging", cut=function))

    yield Fault(
        f"{LIST}.max-results-ignored",
        f"{LIST}.maxResults.limits-page",
        "maxResults is ignored",
        cut(lambda s, i, _n: Paging.cut(s, i, 100)),
        (f"{LIST}.paging.*",),
    )
    yield Fault(
        f"{LIST}.page-one-more",
        f"{LIST}.maxResults.limits-page",
        "a page holds one more",
        cut(lambda s, i, n: Paging.cut(s, i, n + 1)),
    )
    yield Fault(f"{LIST}.page-skips", complete, "the index behind a page is skipped", _skipping())
    yield Fault(
        f"{LIST}.page-repeats",
        complete,
        "the last index of a page comes again",
        found_by(lambda n, m, p: sorted(x for x in n if x.startswith(p) and x >= m)),
    )
    yield Fault(
        f"{LIST}.token-lost",
        complete,
        "pages end without a token",
        c.answer(LIST, lambda v: v.pop("nextToken", None) and None),
        (f"{LIST}.lists-created", f"{LIST}.paging.*"),
    )
    yield Fault(
        f"{LIST}.token-on-full-last-page",
        f"{LIST}.paging.last-page",
        "a last page that is exactly full has a token",
        cut(_full),
    )
    yield Fault(
        f"{LIST}.token-always",
        f"{LIST}.paging.last-page",
        "every page has a token",
        c.answer(
            LIST,
            lambda v: (
                v.setdefault("nextToken", v["indexes"][-1]["indexName"]) and None if v["indexes"] else None
            ),
        ),
    )
    yield Fault(
        f"{LIST}.token-ignored",
        complete,
        "nextToken is ignored",
        c.before(LIST, lambda b: b.pop("nextToken", None)),
        (f"{LIST}.paging.*",),
    )
    yield Fault(
        f"{LIST}.token-forgets-prefix",
        f"{LIST}.prefix.filters",
        "a following page forgets the prefix",
        c.before(LIST, lambda b: b.pop("prefix", None) if b.get("nextToken") else None),
        (f"{LIST}.paging.*",),
    )
    yield Fault(
        f"{LIST}.default-10",
        f"{LIST}.maxResults.default",
        "a page holds 10 when nothing is said",
        c.limits(list_indexes_default=10),
    )
    yield Fault(
        f"{LIST}.default-zero-empty",
        f"{LIST}.maxResults.minimum.accepted",
        "maxResults 0 is refused",
        c.refuse(
            LIST, lambda call: call.body.get("maxResults") == 0 and call.body.get("maxResults") is not False
        ),
        (f"{LIST}.maxResults.default", f"{LIST}.success.status"),
    )
    yield Fault(
        f"{LIST}.zero-empty-page",
        f"{LIST}.maxResults.minimum.accepted",
        "maxResults 0 gives an empty page",
        c.answer_if(LIST, lambda call: call.body.get("maxResults") == 0, {"indexes": []}),
        (f"{LIST}.*",),
    )
    yield Fault(
        f"{LIST}.negative-accepted",
        f"{LIST}.maxResults.minimum.rejected",
        "a negative maxResults means the default",
        c.before(
            LIST,
            lambda b: (
                b.pop("maxResults") and None
                if isinstance(b.get("maxResults"), int) and b["maxResults"] < 0
                else None
            ),
        ),
    )
    yield Fault(
        f"{LIST}.max-501",
        f"{LIST}.maxResults.maximum.rejected",
        "501 is accepted",
        c.limits(list_indexes_max=501),
    )
    yield Fault(
        f"{LIST}.max-1000",
        f"{LIST}.maxResults.maximum.rejected",
        "1000 is accepted",
        c.limits(list_indexes_max=1000),
    )
    yield Fault(
        f"{LIST}.max-499",
        f"{LIST}.maxResults.maximum.accepted",
        "500 is refused",
        c.limits(list_indexes_max=499),
    )
    yield Fault(
        f"{LIST}.max-clamped",
        f"{LIST}.maxResults.maximum.rejected",
        "a large maxResults is lowered to 500",
        c.before(
            LIST,
            lambda b: (
                b.update(maxResults=min(500, b["maxResults"]))
                if isinstance(b.get("maxResults"), int) and not isinstance(b["maxResults"], bool)
                else None
            ),
        ),
    )
    yield Fault(
        f"{LIST}.max-results-text",
        f"{LIST}.maxResults.type",
        "a text with digits is accepted",
        c.before(
            LIST,
            lambda b: (
                b.update(maxResults=int(b["maxResults"]))
                if isinstance(b.get("maxResults"), str) and b["maxResults"].isdigit()
                else None
            ),
        ),
    )
    yield Fault(
        f"{LIST}.max-results-type-unchecked",
        f"{LIST}.maxResults.type",
        "what is no number means the default",
        c.before(
            LIST,
            lambda b: (
                b.pop("maxResults") and None
                if "maxResults" in b
                and (not isinstance(b["maxResults"], int) or isinstance(b["maxResults"], bool))
                else None
            ),
        ),
    )
    yield Fault(
        f"{LIST}.token-type-unchecked",
        f"{LIST}.nextToken.type",
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
    yield Fault(
        f"{LIST}.prefix-type-unchecked",
        f"{LIST}.prefix.type",
        "a prefix that is no text is ignored",
        c.before(
            LIST,
            lambda b: (
                b.pop("prefix") and None if "prefix" in b and not isinstance(b["prefix"], str) else None
            ),
        ),
    )


def _full(paging: Any, items: Any, size: int) -> tuple[list[str], bool]:
    page, more = Paging.cut(paging, items, size)
    return page, more or len(page) == size


def _skipping() -> Change:
    def select(names: list[str], marker: str, prefix: str) -> list[str]:
        found = sorted(x for x in names if x.startswith(prefix) and x > marker)
        return found[1:] if marker and len(found) > 1 else found

    return found_by(select)


def _deleting() -> Iterator[Fault]:
    yield Fault(
        f"{DELETE}.deletes-nothing",
        f"{DELETE}.deletes",
        "204, but the index stays",
        c.part("store", remove_index=lambda _s, _b, _i: None),
        ("*.NoSuchVectorIndex",),
    )
    yield Fault(
        f"{DELETE}.keeps-vectors",
        f"{DELETE}.deletes-vectors",
        "a new index of the same name has the old vectors",
        _keeping_vectors(),
    )
    yield Fault(
        f"{DELETE}.full-index-refused",
        f"{DELETE}.with-vectors",
        "an index with vectors cannot be deleted",
        c.refuse(DELETE, lambda call: _count(call) > 0, "VectorBucketNotEmpty"),
        (f"{DELETE}.success.status",),
    )
    yield Fault(
        f"{DELETE}.deletes-namesakes",
        f"{DELETE}.only-named",
        "indexes whose name starts alike are deleted too",
        _delete_prefix(),
        ("PutVectorIndex.creates", "*.NoSuchVectorIndex", f"{LIST}.lists-created"),
    )
    yield Fault(
        f"{DELETE}.deletes-in-all-buckets",
        f"{DELETE}.only-named",
        "the index of that name goes in every bucket",
        c.after(DELETE, _delete_everywhere),
    )
    yield Fault(
        f"{DELETE}.empties-others",
        f"{DELETE}.only-named",
        "the vectors of all indexes of the bucket go",
        c.after(DELETE, _empty_others),
        ("PutVectors.stores",),
    )
    yield Fault(
        f"{DELETE}.still-queried",
        f"{DELETE}.deletes",
        "QueryVectors still serves a deleted index",
        _query_deleted(),
        ("QueryVectors.NoSuchVectorIndex",),
    )
    yield Fault(
        f"{DELETE}.still-listed",
        f"{DELETE}.deletes",
        "a deleted index stays in the list",
        _list_deleted(),
        (f"{LIST}.*",),
    )
    yield Fault(
        f"{DELETE}.repeat-204",
        f"{DELETE}.NoSuchVectorIndex",
        "deleting an index again answers 204",
        _repeat(),
        (f"{DELETE}.deletes",),
    )


def _count(call: Call) -> int:
    index = call.bucket.indexes.get(str(call.body.get("indexName")))
    return 0 if index is None else len(index.table)


def _keeping_vectors() -> Change:
    kept: dict[tuple[str, str, int], VectorTable] = {}

    def remove(self: Any, bucket: Any, index: Index) -> None:
        kept[bucket.name, index.settings.name, index.settings.dimension] = index.table
        Store.remove_index(self, bucket, index)

    def add(self: Any, bucket: Any, settings: IndexSettings, created: Any) -> Index:
        index = Store.add_index(self, bucket, settings, created)
        index.table = kept.pop((bucket.name, settings.name, settings.dimension), index.table)
        return index

    return c.part("store", remove_index=remove, add_index=add)


def _delete_prefix() -> Change:
    def remove(_self: Any, bucket: Any, index: Index) -> None:
        for name in [n for n in bucket.indexes if n.startswith(index.settings.name)]:
            del bucket.indexes[name]

    return c.part("store", remove_index=remove)


def _delete_everywhere(parts: Behaviour, call: Call) -> None:
    for bucket in parts.store.buckets(call.account):
        bucket.indexes.pop(str(call.body["indexName"]), None)


def _delete_case_blind(_parts: Behaviour, call: Call) -> None:
    for name in [n for n in call.bucket.indexes if n.lower() == str(call.body["indexName"]).lower()]:
        del call.bucket.indexes[name]


def _empty_others(_parts: Behaviour, call: Call) -> None:
    for index in call.bucket.indexes.values():
        index.table = VectorTable(index.settings.dimension)


def _query_deleted() -> Change:
    gone: dict[tuple[str, str], Index] = {}

    def remove(self: Any, bucket: Any, index: Index) -> None:
        gone[bucket.name, index.settings.name] = index
        Store.remove_index(self, bucket, index)

    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        old = gone.get((call.bucket_name, str(call.body.get("indexName"))))
        if old is not None and old.settings.name not in call.bucket.indexes:
            return handler(replace(call, found=replace(call.bucket, indexes={old.settings.name: old})))
        return handler(call)

    return c.both(c.part("store", remove_index=remove), c.instead("QueryVectors", handle))


def _list_deleted() -> Change:
    gone: dict[tuple[str, str], Index] = {}

    def remove(self: Any, bucket: Any, index: Index) -> None:
        gone[bucket.name, index.settings.name] = index
        Store.remove_index(self, bucket, index)

    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        old = {name: index for (bucket, name), index in gone.items() if bucket == call.bucket_name}
        return handler(replace(call, found=replace(call.bucket, indexes={**old, **call.bucket.indexes})))

    return c.both(c.part("store", remove_index=remove), c.instead(LIST, handle))


def _repeat() -> Change:
    gone: set[tuple[str, str]] = set()

    def handle(parts: Behaviour, handler: Handler, call: Call) -> Response:
        name = (call.bucket_name, str(call.body.get("indexName")))
        try:
            response = handler(call)
        except ServiceError as error:
            if error.code == "NoSuchVectorIndex" and name in gone:
                return parts.presenter.no_content()
            raise
        gone.add(name)
        return response

    return c.instead(DELETE, handle)
