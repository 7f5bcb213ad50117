"""Directed cases rendered without a network: names filled in, and the bytes as the suite would send them."""

from __future__ import annotations

import dataclasses
import json
from dataclasses import dataclass
from typing import Any

from conformance.cases.baselines import vector
from conformance.cases.case import NO_BODY, Authentication, BucketName, Case, Key, Name, Place, Slot, fill
from conformance.suite.names import Names
from conformance.wire.exchange import Exchange, Response
from tests.unit.oracle.fake import BUCKET, Scene

MISSING_BUCKET = "conformance-missing"
_INDEXES = {
    Slot.NEW_INDEX: "newIndex",
    Slot.INDEX: "euclideanIndex",
    Slot.COSINE_INDEX: "cosineIndex",
    Slot.NOTES_INDEX: "notesIndex",
    Slot.MISSING_INDEX: "missingIndex",
}


@dataclass(frozen=True)
class Rendered:
    """A directed case in a scene that has everything it needs."""

    scene: Scene
    case: Case
    bucket: str | None
    body: Any
    raw: bytes

    def exchange(self, response: Response | None) -> Exchange:
        """The case as it goes over the wire, with an answer."""
        case = self.case
        sent = self.scene.exchange(
            case.operation,
            response=response,
            bucket=self.bucket,
            query=case.query,
            raw=self.raw,
            signed=case.authentication is Authentication.RUN,
        )
        if case.sub_resource is not None:
            sent = dataclasses.replace(sent, target=f"/?{case.sub_resource}")
        return dataclasses.replace(sent, method=case.method or sent.method, request_headers=case.headers)

    def right_answer(self) -> Response:
        """The right answer to a case that is to be served; nothing is carried out."""
        return self.scene.answer(
            self.case.operation, self.body, bucket=self.bucket, query=self.case.query, raw=self.raw
        )


def render(case: Case) -> Rendered:
    """Set the scene for a case and fill in its names."""
    scene = Scene()
    scene.bucket()
    scene.index(_INDEXES[Slot.INDEX])
    scene.index(_INDEXES[Slot.COSINE_INDEX], metric="cosine")
    scene.index(_INDEXES[Slot.NOTES_INDEX], hidden=("note",))
    names = Names("r1234567")

    def name(slot: Slot | Key | Name) -> str:
        if isinstance(slot, Key):
            return names.key(slot.suffix, slot.length, "stem-")
        if isinstance(slot, Name):
            return names.index(slot.prefix, slot.length)
        return _INDEXES[slot]

    if case.stored:
        entries = [vector(name(Key(suffix))) for suffix in case.stored]
        stored = {"indexName": _INDEXES[Slot.INDEX], "vectors": entries}
        assert not scene.call("PutVectors", stored).failed
    body = None if case.body is NO_BODY else fill(case.body, name)
    raw = b"" if body is None else json.dumps(body, ensure_ascii=False).encode()
    if case.raw is not None:
        raw = case.raw
        for slot, filled in _INDEXES.items():
            raw = raw.replace(f"%{slot.name}%".encode(), filled.encode())
        if case.coding is not None:
            raw = case.coding.apply(raw)
        body = None
    bucket: str | None = BUCKET
    if isinstance(case.bucket, BucketName):
        bucket = names.odd_bucket(case.bucket)
    elif case.place is Place.MISSING_BUCKET:
        bucket = MISSING_BUCKET
    operation = scene.contract.operations.get(case.operation)
    if operation is not None and not operation.on_bucket:
        bucket = None
    return Rendered(scene, case, bucket, body, raw)
