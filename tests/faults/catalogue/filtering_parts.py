"""What the faults of filtering share."""

from __future__ import annotations

from typing import Any

from tests.faults import changes as c
from tests.faults.model import Change, Fault

QUERY = "QueryVectors"


def fault_of(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    wider = (f"{QUERY}.success.status",) if clause.endswith("accepted") else ()
    return Fault(f"{QUERY}.filter-{name}", f"{QUERY}.filter.{clause}", summary, change, (*also, *wider))


def reads(**members: Any) -> Change:
    return c.part("filter_parser", **members)
