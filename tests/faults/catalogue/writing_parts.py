"""What the faults of writing share."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.store import Index, VectorRecord, VectorTable
from tests.faults import changes as c
from tests.faults.model import Change, Fault

PUT, DELETE = "PutVectors", "DeleteVectors"


def put_fault(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    wider = (f"{PUT}.success.status",) if clause.endswith("accepted") else ()
    return Fault(f"{PUT}.{name}", f"{PUT}.{clause}", summary, change, (*also, *wider))


def each_vector(mend: Any) -> Change:
    """Alter every vector object of the request before it is checked."""

    def change(body: c.Json) -> None:
        if isinstance(body.get("vectors"), list):
            for vector in body["vectors"]:
                if isinstance(vector, dict):
                    mend(vector)

    return c.before(PUT, change)


def store_quietly(parts: Behaviour, call: Call, vectors: list[Any]) -> None:
    """Store what can be stored, one vector at a time."""
    index = call.bucket.indexes.get(str(call.body.get("indexName")))
    for vector in vectors:
        try:
            record = parts.rules.record(vector)
            if index is not None:
                zero = not parts.metrics.forbids_zero(index.settings.distance_metric)
                parts.rules.fits_index([record], index.settings, zero)
        except (ServiceError, AttributeError, TypeError):
            continue
        if index is not None:
            index.table.put([record])


def with_tables(**members: Any) -> Change:
    """Replace methods of the table of every index."""
    kind = type("FaultyTable", (VectorTable,), members)

    def add(self: Any, bucket: Any, settings: Any, created: Any) -> Index:
        index = Index(settings, created, kind(settings.dimension))
        bucket.indexes[settings.name] = index
        return index

    return c.part("store", add_index=add)


def records_of(parts: Behaviour, call: Call) -> list[VectorRecord]:
    return parts.rules.batch(call.body)


def drop_keys(call: Call, keys: Iterable[Any]) -> None:
    index = call.bucket.indexes.get(str(call.body.get("indexName")))
    if index is not None:
        index.table.delete([key for key in keys if isinstance(key, str)])
