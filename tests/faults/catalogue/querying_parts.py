"""What the faults of querying share."""

from __future__ import annotations

from typing import Any

from tests.faults import changes as c
from tests.faults.model import Change, Fault

QUERY = "QueryVectors"


def fault_of(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    wider = (f"{QUERY}.success.status",) if clause.endswith("accepted") else ()
    return Fault(f"{QUERY}.{name}", f"{QUERY}.{clause}", summary, change, (*also, *wider))


def hits(alter: Any) -> Change:
    """Alter the list of entries."""
    return c.answer(QUERY, lambda v: v.update(vectors=alter(v["vectors"])))


def each_entry(alter: Any) -> Change:
    return c.answer(QUERY, lambda v: [alter(entry) for entry in v["vectors"]] and None)
