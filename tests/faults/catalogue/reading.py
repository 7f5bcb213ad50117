"""Faults of GetVectors and ListVectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.paging import Paging, Position
from tests.faults import changes as c
from tests.faults.model import Change, Fault

_GET, _LIST = "GetVectors", "ListVectors"


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    for name in (_GET, _LIST):
        yield from _flags(name)
    yield from _getting()
    yield from _get_keys()
    yield from _listing()
    yield from _pages()
    yield from _segments()


def _each(name: str, alter: Any) -> Change:
    return c.answer(name, lambda v: [alter(entry) for entry in v["vectors"]] and None)


def _flags(name: str) -> Iterator[Fault]:
    agree = (
        "PutVectors.data.stored",
        "PutVectors.stores",
        "PutVectors.metadata.stored",
        "PutVectors.overwrite*",
    )

    def forced(member: str, value: bool | None) -> Change:
        def mend(body: c.Json) -> None:
            if value is None:
                body.pop(member, None)
            elif body.get(member) in (None, not value):
                body[member] = value

        return c.before(name, mend)

    yield Fault(
        f"{name}.data-always",
        f"{name}.returnData.false",
        "data is returned always",
        forced("returnData", True),
    )
    yield Fault(
        f"{name}.data-never",
        f"{name}.returnData.true",
        "data is never returned",
        forced("returnData", None),
        agree,
    )
    yield Fault(
        f"{name}.data-by-default",
        f"{name}.returnData.false",
        "data is returned unless it is refused",
        c.before(name, lambda b: b.setdefault("returnData", True)),
    )
    yield Fault(
        f"{name}.data-null",
        f"{name}.returnData.false",
        "without returnData entries have data null",
        _each(name, lambda e: e.setdefault("data", None)),
        (f"{name}.success.body",),
    )
    yield Fault(
        f"{name}.data-bare",
        f"{name}.returnData.true",
        "data is the array itself",
        _each(name, lambda e: e.update(data=e["data"]["float32"]) if e.get("data") else None),
        (f"{name}.success.body", *agree),
    )
    yield Fault(
        f"{name}.data-text",
        f"{name}.returnData.true",
        "numbers are returned as text",
        _each(
            name,
            lambda e: (
                e["data"].update(float32=[str(x) for x in e["data"]["float32"]]) if e.get("data") else None
            ),
        ),
        (f"{name}.success.body", *agree),
    )
    yield Fault(
        f"{name}.data-rounded",
        "PutVectors.data.stored",
        "numbers are returned with two decimals",
        _each(
            name,
            lambda e: (
                e["data"].update(float32=[round(x, 2) for x in e["data"]["float32"]])
                if e.get("data")
                else None
            ),
        ),
        (f"{name}.*",),
    )
    yield Fault(
        f"{name}.data-cut",
        "PutVectors.data.stored",
        "only the first 128 numbers are returned",
        _each(
            name, lambda e: e["data"].update(float32=e["data"]["float32"][:128]) if e.get("data") else None
        ),
        (f"{name}.*", "PutVectors.*"),
    )
    yield Fault(
        f"{name}.metadata-always",
        f"{name}.returnMetadata.false",
        "metadata is returned always",
        forced("returnMetadata", True),
    )
    yield Fault(
        f"{name}.metadata-never",
        f"{name}.returnMetadata.true",
        "metadata is never returned",
        forced("returnMetadata", None),
        agree,
    )
    yield Fault(
        f"{name}.metadata-by-default",
        f"{name}.returnMetadata.false",
        "metadata is returned unless it is refused",
        c.before(name, lambda b: b.setdefault("returnMetadata", True)),
    )
    yield Fault(
        f"{name}.metadata-text",
        f"{name}.returnMetadata.true",
        "metadata is JSON text",
        _each(
            name,
            lambda e: e.update(metadata=orjson.dumps(e["metadata"]).decode()) if "metadata" in e else None,
        ),
        (f"{name}.success.body", *agree),
    )
    yield Fault(
        f"{name}.metadata-with-data",
        f"{name}.returnMetadata.true",
        "metadata is returned only together with data",
        c.before(
            name,
            lambda b: (
                b.update(returnMetadata=False)
                if b.get("returnMetadata") is True and not b.get("returnData")
                else None
            ),
        ),
        agree,
    )
    yield Fault(
        f"{name}.data-with-metadata",
        f"{name}.returnData.true",
        "data is returned only together with metadata",
        c.before(
            name,
            lambda b: (
                b.update(returnData=False)
                if b.get("returnData") is True and not b.get("returnMetadata")
                else None
            ),
        ),
        agree,
    )
    yield Fault(
        f"{name}.filterable-only",
        f"{name}.returnMetadata.true",
        "non-filterable fields are not returned",
        c.instead(name, _filterable_only),
        agree,
    )
    yield Fault(
        f"{name}.flags-swapped",
        f"{name}.returnData.true",
        "returnData and returnMetadata are mixed up",
        c.before(name, _swap_flags),
        (f"{name}.return*", *agree),
    )
    for member in ("returnData", "returnMetadata"):
        yield Fault(
            f"{name}.{member}-text",
            f"{name}.{member}.type",
            "the texts true and false are accepted",
            c.before(
                name,
                lambda b, m=member: (
                    b.update({m: b[m].lower() == "true"}) if isinstance(b.get(m), str) else None
                ),
            ),
        )  # type: ignore[misc]
        yield Fault(
            f"{name}.{member}-number",
            f"{name}.{member}.type",
            "0 and 1 are accepted",
            c.before(
                name, lambda b, m=member: b.update({m: bool(b[m])}) if isinstance(b.get(m), int) else None
            ),
        )  # type: ignore[misc]
        yield Fault(
            f"{name}.{member}-type-unchecked",
            f"{name}.{member}.type",
            "what is no boolean counts as false",
            c.before(
                name, lambda b, m=member: b.pop(m) and None if m in b and not isinstance(b[m], bool) else None
            ),
        )  # type: ignore[misc]
    yield Fault(
        f"{name}.upper-camel",
        f"{name}.success.body",
        "the member is Vectors",
        c.answer(name, lambda v: {"Vectors": v["vectors"]}),
    )
    yield Fault(
        f"{name}.keyed-object",
        f"{name}.success.body",
        "vectors is an object by key",
        c.answer(name, lambda v: v.update(vectors={e["key"]: e for e in v["vectors"]})),
    )
    yield Fault(
        f"{name}.id-for-key",
        f"{name}.success.body",
        "entries have id instead of key",
        _each(name, lambda e: e.update(id=e.pop("key"))),
    )
    yield Fault(
        f"{name}.null-when-empty",
        f"{name}.success.body",
        "no vectors gives null",
        c.answer(name, lambda v: v.update(vectors=v["vectors"] or None)),
    )
    yield Fault(
        f"{name}.absent-when-empty",
        f"{name}.success.body",
        "no vectors gives an object without vectors",
        c.answer(name, lambda v: v if v["vectors"] else {}),
    )
    yield Fault(
        f"{name}.bad-parameter-other-code",
        f"{name}.errors.VectorIndexParameterInvalid",
        "a bad parameter is InvalidArgument",
        c.error_of("VectorIndexParameterInvalid", name, to="InvalidArgument"),
        (f"{name}.*.rejected", f"{name}.*.type", f"{name}.*.required"),
    )
    yield Fault(
        f"{name}.stale-data",
        "PutVectors.overwrite",
        "the data first read of a key is remembered",
        _cached(name, "data"),
        (f"{name}.*", "PutVectors.*"),
    )
    yield Fault(
        f"{name}.stale-metadata",
        "PutVectors.overwrite.metadata",
        "the metadata first read of a key is remembered",
        _cached(name, "metadata"),
        (f"{name}.*", "PutVectors.*"),
    )


def _filterable_only(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response = handler(call)
    value = orjson.loads(response.body)
    hidden = call.bucket.indexes[call.body["indexName"]].settings.non_filterable or ()
    for entry in value["vectors"]:
        if entry.get("metadata"):
            entry["metadata"] = {k: v for k, v in entry["metadata"].items() if k not in hidden}
    return replace(response, body=orjson.dumps(value))


def _swap_flags(body: c.Json) -> None:
    data, metadata = body.pop("returnData", None), body.pop("returnMetadata", None)
    body.update({} if metadata is None else {"returnData": metadata})
    body.update({} if data is None else {"returnMetadata": data})


def _cached(name: str, member: str) -> Change:
    seen: dict[tuple[str, str, str], Any] = {}

    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        response = handler(call)
        value = orjson.loads(response.body)
        for entry in value["vectors"]:
            if member in entry:
                entry[member] = seen.setdefault(
                    (call.bucket_name, call.body["indexName"], entry["key"]), entry[member]
                )
        return replace(response, body=orjson.dumps(value))

    def forget(_parts: Behaviour, call: Call) -> None:
        for key in call.body.get("keys", []):
            seen.pop((call.bucket_name, str(call.body["indexName"]), key), None)

    return c.both(c.instead(name, handle), c.after("DeleteVectors", forget))


def _fault(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    wider = (f"{_GET}.success.status",) if clause.endswith("accepted") else ()
    return Fault(f"{_GET}.{name}", f"{_GET}.{clause}", summary, change, (*also, *wider))


def _getting() -> Iterator[Fault]:
    yield _fault(
        "last-left-out",
        "returns-stored",
        "the last of several keys is not returned",
        c.answer(_GET, lambda v: v.update(vectors=v["vectors"][:-1]) if len(v["vectors"]) > 1 else None),
        "PutVectors.*",
    )
    yield _fault(
        "at-most-50",
        "returns-stored",
        "at most 50 vectors are returned",
        c.answer(_GET, lambda v: v.update(vectors=v["vectors"][:50])),
        "PutVectors.*",
        f"{_GET}.keys.max-items.accepted",
    )
    yield _fault(
        "one-hundredth-lost",
        "returns-stored",
        "of 100 keys the last is not returned",
        c.answer(_GET, lambda v: v.update(vectors=v["vectors"][:99])),
        f"{_GET}.keys.max-items.accepted",
    )
    yield _fault(
        "stops-at-missing",
        "returns-stored",
        "what follows a key without a vector is not returned",
        c.instead(_GET, _until_missing),
    )
    yield _fault(
        "missing-404",
        "missing-keys.omitted",
        "a key without a vector is 404",
        c.instead(_GET, _missing_refused(every=False)),
        f"{_GET}.success.status",
        "*.deletes",
    )
    yield _fault(
        "all-missing-404",
        "missing-keys.omitted",
        "when no key has a vector the answer is 404",
        c.instead(_GET, _missing_refused(every=True)),
        f"{_GET}.success.status",
        "*.deletes",
    )
    yield _fault(
        "missing-null",
        "missing-keys.omitted",
        "a key without a vector gives null",
        c.instead(_GET, _missing_entries(None)),
        f"{_GET}.success.body",
    )
    yield _fault(
        "missing-key-only",
        "missing-keys.omitted",
        "a key without a vector gives an entry with the key only",
        c.instead(_GET, _missing_entries("key")),
        f"{_GET}.only-requested",
        "DeleteVectors.*",
        "PutVectors.*",
    )
    yield _fault(
        "all-returned",
        "only-requested",
        "all vectors of the index are returned",
        c.instead(_GET, _everything),
    )
    yield _fault(
        "prefix-returned",
        "only-requested",
        "keys that start alike are returned too",
        c.instead(_GET, _prefix),
    )
    yield _fault(
        "case-blind", "only-requested", "keys are compared without case", c.instead(_GET, _case_blind)
    )
    yield _fault(
        "repeats-refused",
        "keys.repeated.accepted",
        "repeated keys are refused",
        c.refuse(
            _GET,
            lambda call: (
                isinstance(call.body.get("keys"), list)
                and len({str(k) for k in call.body["keys"]}) < len(call.body["keys"])
            ),
        ),
    )
    yield _fault(
        "other-index",
        "only-requested",
        "a key missing here is looked up in the other indexes of the bucket",
        c.instead(_GET, _elsewhere),
        f"{_GET}.missing-keys.omitted",
        "DeleteVectors.*",
        "PutVectors.*",
        "*.no-trace",
    )
    yield _fault(
        "data-of-first",
        "returnData.true",
        "all entries have the data of the first",
        c.answer(
            _GET,
            lambda v: [e.update(data=v["vectors"][0]["data"]) for e in v["vectors"] if "data" in e] and None,
        ),
        "PutVectors.*",
    )


def _known(call: Call) -> Any:
    return call.bucket.indexes.get(str(call.body.get("indexName")))


def _keys(call: Call) -> list[Any]:
    keys = call.body.get("keys")
    return keys if isinstance(keys, list) and all(isinstance(k, str) for k in keys) else []


def _until_missing(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    index = _known(call)
    for at, key in enumerate(_keys(call)):
        if at and index is not None and index.table.row(key) is None:
            return handler(replace(call, body={**call.body, "keys": _keys(call)[:at]}))
    return handler(call)


def _missing_refused(*, every: bool) -> Any:
    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        index, keys = _known(call), _keys(call)
        response = handler(call)
        if index is not None and keys:
            missing = [index.table.row(key) is None for key in keys]
            if all(missing) if every else any(missing):
                raise ServiceError("NoSuchVectorIndex")
        return response

    return handle


def _missing_entries(member: str | None) -> Any:
    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        response, index = handler(call), _known(call)
        value = orjson.loads(response.body)
        absent = [key for key in _keys(call) if index is not None and index.table.row(key) is None]
        value["vectors"] += [None if member is None else {"key": key} for key in absent]
        return replace(response, body=orjson.dumps(value))

    return handle


def _with_keys(handler: Handler, call: Call, keys: list[str]) -> Response:
    """The handler's answer for more keys than were asked for."""
    responses = [
        handler(replace(call, body={**call.body, "keys": keys[at : at + 100]}))
        for at in range(0, len(keys), 100)
    ]
    entries = [entry for response in responses for entry in orjson.loads(response.body)["vectors"]]
    return replace(responses[0], body=orjson.dumps({"vectors": entries}))


def _everything(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response, index = handler(call), _known(call)
    return (
        _with_keys(handler, call, list(index.table.keys))
        if index is not None and len(index.table)
        else response
    )


def _prefix(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response, index = handler(call), _known(call)
    near = [k for k in index.table.keys if any(k.startswith(a) for a in _keys(call))]
    return _with_keys(handler, call, near) if near else response


def _case_blind(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response, index = handler(call), _known(call)
    folded = {key.lower() for key in _keys(call)}
    near = [k for k in index.table.keys if k.lower() in folded]
    return _with_keys(handler, call, near) if near else response


def _elsewhere(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response = handler(call)
    value = orjson.loads(response.body)
    found = {entry["key"] for entry in value["vectors"]}
    for name, index in call.bucket.indexes.items():
        other = [k for k in _keys(call) if k not in found and index.table.row(k) is not None]
        if other and name != call.body["indexName"]:
            more = handler(replace(call, body={**call.body, "indexName": name, "keys": other}))
            value["vectors"] += orjson.loads(more.body)["vectors"]
            found.update(other)
    return replace(response, body=orjson.dumps(value))


def _get_keys() -> Iterator[Fault]:
    k = "keys"
    yield _fault(
        "keys-max-101", f"{k}.max-items.rejected", "101 keys are accepted", c.limits(get_keys_max=101)
    )
    yield _fault(
        "keys-max-500",
        f"{k}.max-items.rejected",
        "500 keys are accepted, as for DeleteVectors",
        c.limits(get_keys_max=500),
    )
    yield _fault(
        "keys-unbounded", f"{k}.max-items.rejected", "any number of keys", c.limits(get_keys_max=10**6)
    )
    yield _fault("keys-max-99", f"{k}.max-items.accepted", "100 keys are refused", c.limits(get_keys_max=99))
    yield _fault(
        "keys-truncated",
        f"{k}.max-items.rejected",
        "what exceeds 100 keys is dropped",
        c.before(_GET, lambda b: b.update(keys=b["keys"][:100]) if isinstance(b.get("keys"), list) else None),
    )
    yield _fault(
        "keys-empty",
        f"{k}.min-items.rejected",
        "an empty list gives an empty answer",
        c.accept(_GET, lambda _e, call: call.body.get("keys") == [], {"vectors": []}),
    )
    yield _fault(
        "keys-empty-all",
        f"{k}.min-items.rejected",
        "an empty list gives everything",
        c.instead(_GET, _all_on_empty),
    )
    yield _fault(
        "keys-min-2",
        f"{k}.min-items.accepted",
        "a single key is refused",
        c.refuse(_GET, lambda call: len(_keys(call)) == 1),
    )
    yield _fault(
        "keys-optional",
        f"{k}.required",
        "a request without keys gives an empty answer",
        c.accept(_GET, lambda _e, call: "keys" not in call.body, {"vectors": []}),
    )
    yield _fault(
        "keys-text",
        f"{k}.type",
        "a text counts as one key",
        c.before(_GET, lambda b: b.update(keys=[b["keys"]]) if isinstance(b.get("keys"), str) else None),
    )
    yield _fault(
        "keys-type-unchecked",
        f"{k}.type",
        "what is no array gives an empty answer",
        c.accept(
            _GET,
            lambda _e, call: "keys" in call.body and not isinstance(call.body["keys"], list),
            {"vectors": []},
        ),
    )
    yield _fault(
        "key-number",
        f"{k}.item.type",
        "numbers are taken as text",
        c.before(
            _GET,
            lambda b: (
                b.update(keys=[str(x) if isinstance(x, int | float) else x for x in b["keys"]])
                if isinstance(b.get("keys"), list)
                else None
            ),
        ),
    )
    yield _fault(
        "key-null",
        f"{k}.item.type",
        "keys that are null are skipped",
        c.before(
            _GET,
            lambda b: (
                b.update(keys=[x for x in b["keys"] if x is not None] or ["none"])
                if isinstance(b.get("keys"), list) and b["keys"]
                else None
            ),
        ),
    )
    yield _fault(
        "key-type-unchecked",
        f"{k}.item.type",
        "keys that are no text have no vector",
        c.before(
            _GET,
            lambda b: (
                b.update(keys=[x if isinstance(x, str) else "none" for x in b["keys"]])
                if isinstance(b.get("keys"), list)
                else None
            ),
        ),
    )
    yield _fault(
        "key-empty",
        f"{k}.item.min-length.rejected",
        "the empty key has no vector",
        c.before(
            _GET,
            lambda b: (
                b.update(keys=[x if x != "" else "none" for x in b["keys"]])
                if isinstance(b.get("keys"), list)
                else None
            ),
        ),
    )
    yield _fault(
        "key-min-2",
        f"{k}.item.min-length.accepted",
        "one character is refused",
        c.refuse(_GET, lambda call: any(len(x) == 1 for x in _keys(call))),
    )
    yield _fault(
        "key-max-1025",
        f"{k}.item.max-length.rejected",
        "1025 characters are accepted",
        c.limits_of(_GET, vector_key_max=1025),
    )
    yield _fault(
        "key-unbounded",
        f"{k}.item.max-length.rejected",
        "keys of any length",
        c.limits_of(_GET, vector_key_max=10**6),
    )
    yield _fault(
        "key-max-1023",
        f"{k}.item.max-length.accepted",
        "1024 characters are refused",
        c.limits_of(_GET, vector_key_max=1023),
    )


def _all_on_empty(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    index = _known(call)
    if call.body.get("keys") == [] and index is not None and len(index.table):
        return handler(replace(call, body={**call.body, "keys": list(index.table.keys)[:100]}))
    return handler(call)


def _list(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    wider = (f"{_LIST}.success.status",) if clause.endswith("accepted") else ()
    return Fault(f"{_LIST}.{name}", f"{_LIST}.{clause}", summary, change, (*also, *wider))


def _listing() -> Iterator[Fault]:
    stored = ("PutVectors.*", f"{_LIST}.paging.*", f"{_LIST}.segments.partition")
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
        c.instead(_LIST, _with_metadata_only),
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
        c.instead(_LIST, _others_too),
        *stored,
    )
    yield _list(
        "other-bucket-listed",
        "only-stored",
        "vectors of the index of that name in other buckets are listed",
        c.instead(_LIST, _namesakes_too),
        *stored,
    )
    yield _list(
        "invented-entry",
        "only-stored",
        "an empty index lists an entry",
        c.answer(_LIST, lambda v: v["vectors"] or v["vectors"].append({"key": "placeholder"})),
    )
    yield _list(
        "listed-twice",
        "paging.complete",
        "a page with more than one vector lists its first twice",
        c.answer(_LIST, lambda v: v["vectors"].append(v["vectors"][0]) if len(v["vectors"]) > 1 else None),
        f"{_LIST}.*",
    )
    yield _list(
        "keys-upper",
        "only-stored",
        "keys are listed in upper case",
        _each(_LIST, lambda e: e.update(key=e["key"].upper())),
        f"{_LIST}.*",
        "PutVectors.*",
    )


def _with_metadata_only(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response, index = handler(call), _known(call)
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
    return c.only(_LIST, c.part("paging", cut=function))


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
    wide = (f"{_LIST}.lists-stored", f"{_LIST}.paging.*")
    yield _list(
        "page-skips", complete, "the vector behind a page is skipped", _moved(1), f"{_LIST}.lists-stored"
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
        f"{_LIST}.lists-stored",
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
        c.instead(_LIST, _hundred_skips),
        f"{_LIST}.lists-stored",
    )
    yield _list(
        "token-lost",
        complete,
        "pages end without a token",
        c.answer(_LIST, lambda v: v.pop("nextToken", None) and None),
        *wide,
    )
    yield _list(
        "token-number",
        "success.body",
        "nextToken is a number",
        c.answer(_LIST, lambda v: v.update(nextToken=7) if "nextToken" in v else None),
        *wide,
    )
    yield _list(
        "token-on-full-last-page",
        "paging.last-page",
        "a last page that is exactly full has a token",
        _cut(_full),
        f"{_LIST}.paging.no-empty-page",
    )
    yield _list(
        "token-always",
        "paging.last-page",
        "every page has a token",
        c.instead(_LIST, _always_token),
        f"{_LIST}.paging.*",
    )
    yield _list(
        "token-ignored",
        complete,
        "nextToken is ignored",
        c.before(_LIST, lambda b: b.pop("nextToken", None)),
        *wide,
    )
    yield _list(
        "size-first-page-only",
        "maxResults.limits-page",
        "following pages ignore maxResults",
        c.before(_LIST, lambda b: b.pop("maxResults", None) if b.get("nextToken") else None),
        f"{_LIST}.paging.*",
    )
    yield _list(
        "flags-first-page-only",
        "returnData.true",
        "following pages forget returnData and returnMetadata",
        c.before(
            _LIST,
            lambda b: (
                [b.pop(m, None) for m in ("returnData", "returnMetadata")] if b.get("nextToken") else None
            ),
        ),
        f"{_LIST}.returnMetadata.true",
    )
    yield _list(
        "empty-pages",
        "paging.no-empty-page",
        "an empty page comes between two others",
        c.instead(_LIST, _empty_between()),
        f"{_LIST}.paging.*",
    )
    yield _list(
        "max-results-ignored",
        "maxResults.limits-page",
        "maxResults is ignored",
        _cut(lambda s, i, _n: Paging.cut(s, i, 1000)),
        f"{_LIST}.paging.*",
        f"{_LIST}.maxResults.default",
    )
    yield _list(
        "page-one-more",
        "maxResults.limits-page",
        "a page holds one more",
        _cut(lambda s, i, n: Paging.cut(s, i, n + 1)),
        f"{_LIST}.maxResults.default",
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
            _LIST,
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
        c.before(_LIST, lambda b: b.pop(m) and None if isinstance(b.get(m), int) and b[m] < 0 else None),
    )
    yield _list(
        "max-results-text",
        f"{m}.type",
        "a text with digits is accepted",
        c.before(
            _LIST,
            lambda b: (
                b.update(maxResults=int(b[m])) if isinstance(b.get(m), str) and b[m].isdigit() else None
            ),
        ),
    )
    yield _list(
        "max-results-float",
        f"{m}.type",
        "fractions are cut off",
        c.before(_LIST, lambda b: b.update(maxResults=int(b[m])) if isinstance(b.get(m), float) else None),
    )
    yield _list(
        "max-results-type-unchecked",
        f"{m}.type",
        "what is no number means the default",
        c.before(
            _LIST,
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
            _LIST,
            lambda b: (
                b.pop("nextToken") and None
                if "nextToken" in b and not isinstance(b["nextToken"], str)
                else None
            ),
        ),
    )


def _hundred_skips(parts: Behaviour, handler: Handler, call: Call) -> Response:
    if call.body.get("maxResults") == 100:
        return c.only(_LIST, _moved(1))(parts).operations(parts)[_LIST](call)
    return handler(call)


def _always_token(parts: Behaviour, handler: Handler, call: Call) -> Response:
    response, index = handler(call), _known(call)
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
        f"{_LIST}.*",
    )
    yield _list(
        "segments-overlap", s, "a vector may be in two segments", c.instead(_LIST, _overlap), f"{_LIST}.*"
    )
    yield _list(
        "segments-lose",
        s,
        "some vectors are in no segment",
        c.part(
            "paging",
            segment=lambda p, k, n: -1 if n > 1 and Paging.segment(p, k, 7) == 0 else Paging.segment(p, k, n),
        ),
        f"{_LIST}.lists-stored",
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
        f"{_LIST}.lists-stored",
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
        f"{_LIST}.lists-stored",
    )
    yield _list(
        "segments-forget-page",
        s,
        "a following page forgets the segment",
        c.instead(_LIST, _segment_forgotten),
        f"{_LIST}.paging.*",
        f"{_LIST}.segments.*",
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
            _LIST, lambda b: b.update(segmentCount=1) if b.get(name) == 0 and b[name] is not False else None
        ),
    )
    yield _list(
        "segment-count-negative",
        f"{name}.below-one.rejected",
        "a negative number of segments means one",
        c.before(
            _LIST,
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
            _LIST,
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
            _LIST,
            lambda b: b.update(segmentIndex=0) if isinstance(b.get(index), int) and b[index] < 0 else None,
        ),
    )
    yield _list(
        "segment-index-one-based",
        s,
        "segments are counted from 1",
        c.rules(segment_index=lambda r, i, n: r.within(index, i, 1 if n > 1 else 0, n)),
        f"{_LIST}.*",
    )
    for member in (name, index):
        yield _list(
            f"{member}-text",
            f"{member}.type",
            "a text with digits is accepted",
            c.before(
                _LIST,
                lambda b, m=member: (
                    b.update({m: int(b[m])}) if isinstance(b.get(m), str) and b[m].isdigit() else None
                ),
            ),
        )  # type: ignore[misc]
        yield _list(
            f"{member}-type-unchecked",
            f"{member}.type",
            "what is no number is ignored",
            c.before(
                _LIST,
                lambda b, m=member: (
                    b.pop(m) and None
                    if m in b and (not isinstance(b[m], int) or isinstance(b[m], bool))
                    else None
                ),
            ),
        )  # type: ignore[misc]


class _Any:
    """Equal to every segment."""

    def __eq__(self, other: object) -> bool:
        return True

    __hash__ = None  # type: ignore[assignment]


def _overlap(parts: Behaviour, handler: Handler, call: Call) -> Response:
    count = call.body.get("segmentCount")
    if isinstance(count, int) and count > 1:
        changed = c.only(
            _LIST,
            c.part(
                "paging", segment=lambda p, k, n: _Any() if k[-1:] in "02468" else Paging.segment(p, k, n)
            ),
        )
        return changed(parts).operations(parts)[_LIST](call)
    return handler(call)


def _segment_forgotten(parts: Behaviour, handler: Handler, call: Call) -> Response:
    if call.body.get("nextToken") and call.body.get("segmentCount"):
        index = _known(call)
        position = (
            parts.paging.read_vector_token(index, call.body["nextToken"]) if index is not None else None
        )
        if index is not None and position is not None:
            token = parts.paging.vector_token(index, Position(position.sequence, 1, 0))
            body = {k: v for k, v in call.body.items() if not k.startswith("segment")}
            return handler(replace(call, body={**body, "nextToken": token}))
    return handler(call)
