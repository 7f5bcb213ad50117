"""Faults of GetVectors."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from tests.faults import changes as c
from tests.faults.catalogue.reading_parts import GET, known_index
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _getting()
    yield from _get_keys()


def _fault(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    wider = (f"{GET}.success.status",) if clause.endswith("accepted") else ()
    return Fault(f"{GET}.{name}", f"{GET}.{clause}", summary, change, (*also, *wider))


def _getting() -> Iterator[Fault]:
    yield _fault(
        "last-left-out",
        "returns-stored",
        "the last of several keys is not returned",
        c.answer(GET, lambda v: v.update(vectors=v["vectors"][:-1]) if len(v["vectors"]) > 1 else None),
        "PutVectors.*",
    )
    yield _fault(
        "at-most-50",
        "returns-stored",
        "at most 50 vectors are returned",
        c.answer(GET, lambda v: v.update(vectors=v["vectors"][:50])),
        "PutVectors.*",
        f"{GET}.keys.max-items.accepted",
    )
    yield _fault(
        "one-hundredth-lost",
        "returns-stored",
        "of 100 keys the last is not returned",
        c.answer(GET, lambda v: v.update(vectors=v["vectors"][:99])),
        f"{GET}.keys.max-items.accepted",
    )
    yield _fault(
        "stops-at-missing",
        "returns-stored",
        "what follows a key without a vector is not returned",
        c.instead(GET, _until_missing),
    )
    yield _fault(
        "missing-404",
        "missing-keys.omitted",
        "a key without a vector is 404",
        c.instead(GET, _missing_refused(every=False)),
        f"{GET}.success.status",
        "*.deletes",
    )
    yield _fault(
        "all-missing-404",
        "missing-keys.omitted",
        "when no key has a vector the answer is 404",
        c.instead(GET, _missing_refused(every=True)),
        f"{GET}.success.status",
        "*.deletes",
    )
    yield _fault(
        "missing-null",
        "missing-keys.omitted",
        "a key without a vector gives null",
        c.instead(GET, _missing_entries(None)),
        f"{GET}.success.body",
    )
    yield _fault(
        "missing-key-only",
        "missing-keys.omitted",
        "a key without a vector gives an entry with the key only",
        c.instead(GET, _missing_entries("key")),
        f"{GET}.only-requested",
        "DeleteVectors.*",
        "PutVectors.*",
    )
    yield _fault(
        "all-returned",
        "only-requested",
        "all vectors of the index are returned",
        c.instead(GET, _everything),
    )
    yield _fault(
        "prefix-returned",
        "only-requested",
        "keys that start alike are returned too",
        c.instead(GET, _prefix),
    )
    yield _fault(
        "case-blind", "only-requested", "keys are compared without case", c.instead(GET, _case_blind)
    )
    yield _fault(
        "repeats-refused",
        "keys.repeated.accepted",
        "repeated keys are refused",
        c.refuse(
            GET,
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
        c.instead(GET, _elsewhere),
        f"{GET}.missing-keys.omitted",
        "DeleteVectors.*",
        "PutVectors.*",
        "*.no-trace",
    )
    yield _fault(
        "data-of-first",
        "returnData.true",
        "all entries have the data of the first",
        c.answer(
            GET,
            lambda v: [e.update(data=v["vectors"][0]["data"]) for e in v["vectors"] if "data" in e] and None,
        ),
        "PutVectors.*",
    )


def _keys(call: Call) -> list[Any]:
    keys = call.body.get("keys")
    return keys if isinstance(keys, list) and all(isinstance(k, str) for k in keys) else []


def _until_missing(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    index = known_index(call)
    keys = _keys(call) if len(_keys(call)) <= 100 else []
    for at, key in enumerate(keys):
        if at and index is not None and index.table.row(key) is None:
            return handler(replace(call, body={**call.body, "keys": _keys(call)[:at]}))
    return handler(call)


def _missing_refused(*, every: bool) -> Any:
    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        index, keys = known_index(call), _keys(call)
        response = handler(call)
        if index is not None and keys:
            missing = [index.table.row(key) is None for key in keys]
            if all(missing) if every else any(missing):
                raise ServiceError("NoSuchVectorIndex")
        return response

    return handle


def _missing_entries(member: str | None) -> Any:
    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        response, index = handler(call), known_index(call)
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
    response, index = handler(call), known_index(call)
    return (
        _with_keys(handler, call, list(index.table.keys))
        if index is not None and len(index.table)
        else response
    )


def _prefix(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response, index = handler(call), known_index(call)
    near = [k for k in index.table.keys if any(k.startswith(a) for a in _keys(call))]
    return _with_keys(handler, call, near) if near else response


def _case_blind(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    response, index = handler(call), known_index(call)
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
        c.before(GET, lambda b: b.update(keys=b["keys"][:100]) if isinstance(b.get("keys"), list) else None),
    )
    yield _fault(
        "keys-empty",
        f"{k}.min-items.rejected",
        "an empty list gives an empty answer",
        c.accept(GET, lambda _e, call: call.body.get("keys") == [], {"vectors": []}),
    )
    yield _fault(
        "keys-empty-all",
        f"{k}.min-items.rejected",
        "an empty list gives everything",
        c.instead(GET, _all_on_empty),
    )
    yield _fault(
        "keys-min-2",
        f"{k}.min-items.accepted",
        "a single key is refused",
        c.refuse(GET, lambda call: len(_keys(call)) == 1),
    )
    yield _fault(
        "keys-optional",
        f"{k}.required",
        "a request without keys gives an empty answer",
        c.accept(GET, lambda _e, call: "keys" not in call.body, {"vectors": []}),
    )
    yield _fault(
        "keys-text",
        f"{k}.type",
        "a text counts as one key",
        c.before(GET, lambda b: b.update(keys=[b["keys"]]) if isinstance(b.get("keys"), str) else None),
    )
    yield _fault(
        "keys-type-unchecked",
        f"{k}.type",
        "what is no array gives an empty answer",
        c.accept(
            GET,
            lambda _e, call: "keys" in call.body and not isinstance(call.body["keys"], list),
            {"vectors": []},
        ),
    )
    yield _fault(
        "key-number",
        f"{k}.item.type",
        "numbers are taken as text",
        c.before(
            GET,
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
            GET,
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
            GET,
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
            GET,
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
        c.refuse(GET, lambda call: any(len(x) == 1 for x in _keys(call))),
    )
    yield _fault(
        "key-max-1025",
        f"{k}.item.max-length.rejected",
        "1025 characters are accepted",
        c.limits_of(GET, vector_key_max=1025),
    )
    yield _fault(
        "key-unbounded",
        f"{k}.item.max-length.rejected",
        "keys of any length",
        c.limits_of(GET, vector_key_max=10**6),
    )
    yield _fault(
        "key-max-1023",
        f"{k}.item.max-length.accepted",
        "1024 characters are refused",
        c.limits_of(GET, vector_key_max=1023),
    )


def _all_on_empty(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    index = known_index(call)
    if call.body.get("keys") == [] and index is not None and len(index.table):
        return handler(replace(call, body={**call.body, "keys": list(index.table.keys)[:100]}))
    return handler(call)
