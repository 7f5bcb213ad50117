"""Faults of what GetVectors and ListVectors return of a vector."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import orjson

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.messages import Response
from tests.faults import changes as c
from tests.faults.catalogue.reading_parts import GET, LIST, each_entry
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    for name in (GET, LIST):
        yield from _flags(name)


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
        each_entry(name, lambda e: e.setdefault("data", None)),
        (f"{name}.success.body",),
    )
    yield Fault(
        f"{name}.data-bare",
        f"{name}.returnData.true",
        "data is the array itself",
        each_entry(name, lambda e: e.update(data=e["data"]["float32"]) if e.get("data") else None),
        (f"{name}.success.body", *agree),
    )
    yield Fault(
        f"{name}.data-text",
        f"{name}.returnData.true",
        "numbers are returned as text",
        each_entry(
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
        each_entry(
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
        each_entry(
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
        each_entry(
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
            c.member(name, member, lambda v: isinstance(v, str), lambda v: v.lower() == "true"),
        )
        yield Fault(
            f"{name}.{member}-number",
            f"{name}.{member}.type",
            "0 and 1 are accepted",
            c.member(name, member, lambda v: isinstance(v, int), bool),
        )
        yield Fault(
            f"{name}.{member}-type-unchecked",
            f"{name}.{member}.type",
            "what is no boolean counts as false",
            c.member(name, member, lambda v: not isinstance(v, bool)),
        )
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
        each_entry(name, lambda e: e.update(id=e.pop("key"))),
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
