"""Indexes and keys that tests share or own.

Creating an index costs one of five requests per second on the real service
(PutVectorIndex page, Notes), so tests share indexes and keep apart by keys.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from conformance.cases.baselines import DIMENSION, vector
from conformance.cases.case import BucketName, Case, Key, Name, Place, Slot, fill
from conformance.oracle.answers_buckets import bare_name
from conformance.suite.service import Blocked, Result, Service
from conformance.wire.addressing import Addressing

_SHARED: dict[Slot, dict[str, Any]] = {
    Slot.INDEX: {"metric": "euclidean"},
    Slot.COSINE_INDEX: {"metric": "cosine"},
    Slot.NOTES_INDEX: {"metric": "euclidean", "non_filterable": ("note",)},
}
#: Names to try before all are taken for taken.
_MOST_NAMES = 20


def index_body(
    name: str, *, dimension: int = DIMENSION, metric: str = "euclidean", non_filterable: Sequence[str] = ()
) -> dict[str, Any]:
    """Body of a PutVectorIndex."""
    body: dict[str, Any] = {
        "dataType": "float32",
        "dimension": dimension,
        "distanceMetric": metric,
        "indexName": name,
    }
    if non_filterable:
        body["metadata"] = {"nonFilterableMetadataKeys": list(non_filterable)}
    return body


class Filler:
    """Fills the slots of one case with names."""

    def __init__(self, resources: Resources, stem: str) -> None:
        self._resources = resources
        self._stem = stem

    def name(self, slot: Slot | Key | Name) -> str:
        """The name for a slot; the same key slot gives the same key."""
        names = self._resources.service.names
        if isinstance(slot, Key):
            return names.key(slot.suffix, slot.length, self._stem)
        if isinstance(slot, Name):
            return names.index(slot.prefix, slot.length)
        if slot in (Slot.NEW_INDEX, Slot.MISSING_INDEX):
            return names.index()
        return self._resources.shared(slot)

    def fill(self, template: Any) -> Any:
        """A template with its slots filled."""
        return fill(template, self.name)

    def fill_raw(self, raw: bytes | None) -> bytes | None:
        """Raw bytes with ``%INDEX%`` and the like replaced."""
        if raw is None:
            return None
        for slot in Slot:
            token = f"%{slot.name}%".encode()
            if token in raw:
                raw = raw.replace(token, self.name(slot).encode())
        return raw


class Resources:
    """What the tests of one worker share."""

    def __init__(self, service: Service) -> None:
        self.service = service
        self._shared: dict[Slot, str] = {}
        self._refused: dict[Slot, str] = {}
        self._missing_bucket = ""

    def shared(self, slot: Slot) -> str:
        """Name of the shared index for a slot, created on first use."""
        if slot not in self._shared:
            if slot in self._refused:
                raise Blocked(self._refused[slot])
            try:
                self._shared[slot] = self.index(**_SHARED[slot])
            except Blocked as reason:
                self._refused[slot] = str(reason)
                raise
        return self._shared[slot]

    def index(self, *, bucket: str | None = None, **settings: Any) -> str:
        """A new index of the test's own; its name."""
        name = self.service.names.index()
        self.service.call("PutVectorIndex", index_body(name, **settings), bucket=bucket).need()
        return name

    def bucket(self) -> str:
        """A new bucket of the test's own; its name."""
        name = self.service.names.bucket()
        self.service.call("PutVectorBucket", bucket=name).need()
        return name

    def put(self, index: str, *entries: dict[str, Any], bucket: str | None = None) -> Result:
        """Write vectors."""
        body = {"indexName": index, "vectors": list(entries)}
        return self.service.call("PutVectors", body, bucket=bucket).need()

    def read(self, index: str, keys: Sequence[str], *, bucket: str | None = None) -> Result:
        """Read vectors with data and metadata, so that the judge compares everything."""
        body = {"indexName": index, "keys": list(keys), "returnData": True, "returnMetadata": True}
        return self.service.call("GetVectors", body, bucket=bucket)

    def keys(self, count: int) -> list[str]:
        """New keys of one test."""
        stem = self.service.names.stem()
        return [f"{stem}{number}" for number in range(count)]

    def filler(self) -> Filler:
        """Names for the slots of one case, with key names that no other case has."""
        return Filler(self, self.service.names.stem())

    def run_case(self, case: Case) -> Result | None:
        """Send a directed case and look at what it left behind; ``None`` for one that the addressing rules out."""
        service = self.service
        if case.path_only and service.settings.addressing != Addressing.PATH:
            return None
        filler = self.filler()
        if case.stored:
            self.put(self.shared(Slot.INDEX), *(vector(filler.name(Key(suffix))) for suffix in case.stored))
        raw = filler.fill_raw(case.raw)
        result = service.call(
            case.operation,
            filler.fill(case.body),
            raw=case.coding.apply(raw) if case.coding is not None and raw is not None else raw,
            bucket=self._bucket_for(case),
            query=case.query,
            headers=case.headers,
            chunked=case.chunked,
            method=case.method,
            sub_resource=case.sub_resource,
            authentication=case.authentication,
            attack=case.requirement,
            label=case.label,
        )
        self.look_back(result)
        return result

    def _bucket_for(self, case: Case) -> str | None:
        if isinstance(case.bucket, BucketName):
            if case.operation == "PutVectorBucket":
                return self.free_bucket_name(case.bucket)
            return self.service.names.odd_bucket(case.bucket)
        if case.operation == "DeleteVectorBucket" and case.place is Place.BUCKET:
            # A target that checks no signature deletes it, and the bucket of all other tests must stay.
            return self.bucket()
        if case.place is Place.MISSING_BUCKET:
            if not self._missing_bucket:
                self._missing_bucket = self.service.names.bucket()
            return self._missing_bucket
        return None

    def free_bucket_name(self, form: BucketName) -> str:
        """A name of a form to create a bucket with: nobody's, also where it is too short to say so."""
        service = self.service
        for _ in range(_MOST_NAMES):
            name = service.names.odd_bucket(form)
            if service.settings.run_id in name:
                return name
            # Of a bucket that exists, some services say that it was created, and the run would delete it.
            most = service.contract.largest_page("ListVectorBuckets")
            page = service.call("ListVectorBuckets", query=f"prefix={name}&max-keys={most}").need()
            listing = page.value["ListAllMyBucketsResult"] if page.value is not None else {"Buckets": []}
            if name not in {bare_name(entry.get("Name")) for entry in listing["Buckets"]}:
                return name
        raise Blocked(f"every name like {name} is taken")

    def look_back(self, result: Result) -> list[Result]:
        """Read what a write named: a refused one must have left no trace, a served one its effect.

        Returns the reads, already judged.
        """
        exchange, service = result.exchange, self.service
        bucket = exchange.bucket
        if bucket is None or service.model.bucket(bucket) is None or exchange.response is None:
            return []
        created = exchange.operation == "PutVectorBucket" and result.served
        if created or (exchange.operation == "DeleteVectorBucket" and bucket != service.home):
            return [
                service.call("GetVectorBucket", bucket=bucket),
                service.call("DeleteVectorBucket", bucket=bucket),
            ]
        value = service.judge.request_value(exchange)
        index = value.get("indexName")
        if not isinstance(index, str) or not index:
            return []
        if exchange.operation == "PutVectorIndex":
            reads = [service.call("GetVectorIndex", {"indexName": index}, bucket=bucket)]
            if result.served:
                # A bucket holds a hundred indexes; cases must not use them up.
                reads.append(service.call("DeleteVectorIndex", {"indexName": index}, bucket=bucket))
            return reads
        if exchange.operation in ("PutVectors", "DeleteVectors"):
            keys = self._readable_keys(value)
            if keys and service.model.index(bucket, index) is not None:
                return [self.read(index, keys, bucket=bucket)]
        return []

    def _readable_keys(self, value: dict[str, Any]) -> list[str]:
        """Keys of a write that one GetVectors can ask for."""
        entries = value.get("keys") if "keys" in value else value.get("vectors")
        if not isinstance(entries, list):
            return []
        contract = self.service.contract
        most, longest = (
            contract.limit("GetVectors", place) for place in ("keys/maxItems", "keys/item/maxLength")
        )
        keys = [entry.get("key") if isinstance(entry, dict) else entry for entry in entries]
        usable = [
            key for key in keys if isinstance(key, str) and 0 < len(key) <= longest and "\x00" not in key
        ]
        return list(dict.fromkeys(usable))[:most]
