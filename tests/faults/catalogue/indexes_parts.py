"""What the faults of indexes share."""

from __future__ import annotations

from typing import Any

from tests.faults import changes as c
from tests.faults.model import Change, Fault

PUT, GET, LIST, DELETE = "PutVectorIndex", "GetVectorIndex", "ListVectorIndexes", "DeleteVectorIndex"
FIELDS = "nonFilterableMetadataKeys"


def put_fault(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    wider = (f"{PUT}.success.status",) if clause.endswith("accepted") else ()
    return Fault(f"{PUT}.{name}", f"{PUT}.{clause}", summary, change, (*also, *wider))


def found_by(select: Any) -> Change:
    return c.only(
        LIST,
        c.part("paging", names_after=lambda _s, names, marker, prefix: select(list(names), marker, prefix)),
    )
