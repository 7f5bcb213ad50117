"""Faults of DeleteVectors."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import replace
from typing import Any

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.store import Index, VectorRecord, VectorTable
from tests.faults import changes as c
from tests.faults.catalogue.writing_parts import DELETE, PUT, drop_keys, records_of, with_tables
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _deleting()
    yield from _delete_keys()
    yield from _delete_traces()


def _fault(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    wider = (f"{DELETE}.success.status",) if clause.endswith("accepted") else ()
    return Fault(f"{DELETE}.{name}", f"{DELETE}.{clause}", summary, change, (*also, *wider))


def _deleting() -> Iterator[Fault]:
    deletes = (
        f"{DELETE}.deletes",
        f"{DELETE}.idempotent",
        "QueryVectors.deleted-vectors",
        "ListVectors.only-stored",
        f"{DELETE}.missing-keys",
    )
    yield _fault(
        "deletes-nothing",
        "deletes",
        "204, but nothing is deleted",
        with_tables(delete=lambda _s, _k: None),
        *deletes,
    )
    yield _fault(
        "first-only",
        "deletes",
        "only the first key is deleted",
        with_tables(delete=lambda s, k: VectorTable.delete(s, list(k)[:1])),
        *deletes,
    )
    yield _fault(
        "last-kept",
        "deletes",
        "the last key of several is kept",
        with_tables(delete=lambda s, k: VectorTable.delete(s, list(k)[:-1] or list(k))),
        *deletes,
    )
    yield _fault(
        "over-100-kept",
        "deletes",
        "only the first 100 keys are deleted",
        with_tables(delete=lambda s, k: VectorTable.delete(s, list(k)[:100])),
        *deletes,
        f"{DELETE}.keys.*",
    )
    yield _fault(
        "stops-at-missing",
        "deletes",
        "what follows a key without a vector is kept",
        with_tables(delete=_delete_until_missing),
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
        with_tables(delete=_delete_prefix),
        "GetVectors.returns-stored",
        "ListVectors.lists-stored",
    )
    yield _fault(
        "case-blind",
        "only-named",
        "keys that differ in case are deleted too",
        with_tables(delete=_delete_case_blind),
        "GetVectors.returns-stored",
        "ListVectors.lists-stored",
    )
    yield _fault(
        "all-indexes",
        "only-named",
        "the keys go in every index of the bucket",
        c.after(DELETE, _delete_in_all),
    )
    yield _fault(
        "all-buckets",
        "only-named",
        "the keys go in the index of that name in every bucket",
        c.after(DELETE, _delete_in_buckets),
    )
    yield _fault(
        "neighbour-deleted",
        "only-named",
        "the vector stored last goes too",
        with_tables(delete=_delete_and_last),
        "GetVectors.returns-stored",
        "ListVectors.lists-stored",
    )
    yield _fault(
        "swap-slip",
        "only-named",
        "after a delete another vector has the wrong data",
        with_tables(_fill_hole=_fill_badly),
        "GetVectors.*",
        "QueryVectors.*",
        "ListVectors.*",
        f"{PUT}.only-named",
        f"{PUT}.data.stored",
    )
    yield _fault(
        "missing-404",
        "missing-keys",
        "a key without a vector is 404",
        c.instead(DELETE, _missing_refused("all")),
        f"{DELETE}.idempotent",
    )
    yield _fault(
        "missing-among-others-404",
        "missing-keys",
        "a key without a vector among others is 404",
        c.instead(DELETE, _missing_refused("some")),
    )
    yield _fault("repeat-404", "idempotent", "deleting a key twice is 404", _repeat_refused())
    yield _fault(
        "comes-back-on-write",
        "irreversible",
        "a write brings deleted vectors back",
        _undelete(on_write=True),
        f"{DELETE}.deletes",
        "ListVectors.*",
        "GetVectors.*",
    )
    yield _fault(
        "comes-back-on-delete",
        "irreversible",
        "the next delete brings deleted vectors back",
        _undelete(on_write=False),
        f"{DELETE}.deletes",
        "ListVectors.*",
        "GetVectors.*",
        f"{DELETE}.idempotent",
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
            table.put(records_of(parts, call))

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

    return c.both(c.after(PUT, note), c.instead(operation, read))


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

    return c.both(c.instead(DELETE, handle), c.after(PUT, note))


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

    return with_tables(delete=delete, put=put)


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
            DELETE, lambda b: b.update(keys=b["keys"][:500]) if isinstance(b.get("keys"), list) else None
        ),
        f"{DELETE}.keys.repeated.accepted",
    )
    yield _fault(
        "keys-empty",
        f"{u}.minimum.rejected",
        "an empty list is accepted",
        c.accept(DELETE, lambda _e, call: call.body.get("keys") == []),
    )
    yield _fault(
        "keys-empty-deletes-all",
        f"{u}.minimum.rejected",
        "an empty list deletes everything",
        c.instead(DELETE, _delete_all_on_empty),
    )
    yield _fault(
        "keys-min-2",
        f"{u}.minimum.accepted",
        "a single key is refused",
        c.refuse(
            DELETE, lambda call: isinstance(call.body.get("keys"), list) and len(call.body["keys"]) == 1
        ),
    )
    yield _fault(
        "keys-counted-with-repeats",
        "keys.repeated.accepted",
        "repeated keys count every time",
        c.refuse(
            DELETE, lambda call: isinstance(call.body.get("keys"), list) and len(call.body["keys"]) > 500
        ),
    )
    yield _fault(
        "keys-repeated-refused",
        "keys.repeated.accepted",
        "repeated keys are refused",
        c.refuse(
            DELETE,
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
        c.accept(DELETE, lambda _e, call: "keys" not in call.body),
    )
    yield _fault(
        "keys-optional-deletes-all",
        "keys.required",
        "without keys everything is deleted",
        c.instead(DELETE, _delete_all_without),
    )
    yield _fault(
        "keys-text",
        "keys.type",
        "a text counts as one key",
        c.before(DELETE, lambda b: b.update(keys=[b["keys"]]) if isinstance(b.get("keys"), str) else None),
    )
    yield _fault(
        "keys-type-unchecked",
        "keys.type",
        "what is no array is served",
        c.accept(DELETE, lambda _e, call: "keys" in call.body and not isinstance(call.body["keys"], list)),
    )
    yield _fault(
        "key-number",
        "keys.item.type",
        "numbers are taken as text",
        c.before(
            DELETE,
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
            DELETE,
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
            DELETE,
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
        c.error_of("VectorIndexParameterInvalid", DELETE, to="InvalidArgument"),
        f"{DELETE}.*.rejected",
        f"{DELETE}.*.type",
        f"{DELETE}.*.required",
    )
    yield _fault(
        "bad-parameter-malformed",
        f"{u}.maximum.rejected",
        "a bad parameter is MalformedJson",
        c.error_of("VectorIndexParameterInvalid", DELETE, to="MalformedJson"),
        f"{DELETE}.*.rejected",
        f"{DELETE}.*.type",
        f"{DELETE}.*.required",
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
                    drop_keys(call, select(keys))
                raise

        return handle

    trace = "rejected.no-trace"
    yield _fault(
        "too-many-partly",
        trace,
        "of too many keys the first 500 are deleted before the refusal",
        c.instead(DELETE, partly(lambda k: k[:500] if len(k) > 500 else [])),
    )
    yield _fault(
        "too-many-rest",
        trace,
        "of too many keys those beyond 500 are deleted",
        c.instead(DELETE, partly(lambda k: k[500:])),
    )
    yield _fault(
        "bad-key-partly",
        trace,
        "keys before a bad one are deleted before the refusal",
        c.instead(DELETE, partly(_before_bad)),
    )
    yield _fault(
        "bad-key-rest",
        trace,
        "a bad key is refused, the good ones are deleted",
        c.instead(DELETE, partly(lambda k: k if any(not isinstance(x, str) for x in k) else [])),
    )


def _before_bad(keys: list[Any]) -> list[Any]:
    for at, key in enumerate(keys):
        if not isinstance(key, str):
            return keys[:at]
    return []
