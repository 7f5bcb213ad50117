"""What the faults of reading share."""

from __future__ import annotations

from typing import Any

from oss_vectors_emulator.calls import Call
from tests.faults import changes as c
from tests.faults.model import Change, Fault

GET, LIST = "GetVectors", "ListVectors"


def each_entry(name: str, alter: Any) -> Change:
    return c.answer(name, lambda v: [alter(entry) for entry in v["vectors"]] and None)


def known_index(call: Call) -> Any:
    return call.bucket.indexes.get(str(call.body.get("indexName")))


def empty_token_refused(listing: str) -> Fault:
    return Fault(
        f"{listing}.empty-token-refused",
        f"{listing}.nextToken.empty",
        "an empty token is refused",
        c.refuse(listing, lambda call: call.body.get("nextToken") == ""),
        also=(f"{listing}.success.status",),
    )
