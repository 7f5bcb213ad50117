"""What may answer a request: from its reading and from the state the run has built up.

Order of the checks (Go SDK V2 integration tests, and for JSON, parameters and
index inferred): authentication, bucket, then JSON, parameters, index.  Where
two things are wrong at once and the documents give no order between them,
either answer is admissible.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass, field, replace

from conformance.contract.loader import Contract
from conformance.contract.model import Operation
from conformance.oracle.constraints import Finding
from conformance.oracle.model import Absence, BucketState, IndexState, Model
from conformance.oracle.reading import Broken, Reading
from conformance.oracle.semantics import bucket_name_remarks
from conformance.wire.exchange import Exchange


class Kind(enum.StrEnum):
    """What the documents say about the fate of a request."""

    SERVED = "served"
    REFUSED = "refused"
    OPEN = "open"


@dataclass(frozen=True, slots=True)
class Admissible:
    """One admissible refusal: a status and its codes (any code when empty)."""

    status: int
    codes: tuple[str, ...] = ()

    def admits(self, status: int, code: str | None) -> bool:
        """Whether this refusal is the given one."""
        return status == self.status and (not self.codes or code in self.codes)

    def __str__(self) -> str:
        return f"{self.status} {' or '.join(self.codes)}".strip()


@dataclass(frozen=True, slots=True)
class Expectation:
    """The admissible fate of one request and the requirements that say so.

    ``blame`` are the requirements decided by it.  ``absence`` explains why
    something must be missing, ``presence`` whom to blame when something that
    must be there is not found, ``on_conflict`` whom to blame for a 409 of a
    name that was deleted: its deletion may still be under way (GetVectorIndex
    page, state ``deleting``).
    """

    kind: Kind
    blame: tuple[str, ...] = ()
    admissible: tuple[Admissible, ...] = ()
    why: str = ""
    broken: tuple[Broken, ...] = ()
    absence: Absence | None = None
    presence: Absence | None = None
    touched: tuple[str, ...] = field(default=())
    on_conflict: str | None = None


class Expecter:
    """Derives expectations from one contract and one model."""

    def __init__(self, contract: Contract, model: Model) -> None:
        self._contract = contract
        self._model = model

    def expect(self, exchange: Exchange, operation: Operation, reading: Reading) -> Expectation:
        """The expectation of an authenticated request."""
        if operation.name == "PutVectorBucket":
            return self._put_bucket(exchange, reading)
        if operation.on_bucket:
            missing = self._missing_bucket(exchange, operation, reading)
            if missing is not None:
                return missing
        if reading.broken:
            return self._refuse_broken(exchange, operation, reading)
        if reading.open:
            return Expectation(Kind.OPEN, why="; ".join(reading.open))
        token = reading.value.get("nextToken")
        if token and token not in self._model.tokens:
            return Expectation(Kind.OPEN, why="a page token that no page returned")
        return self._by_state(exchange, operation, reading)

    def _put_bucket(self, exchange: Exchange, reading: Reading) -> Expectation:
        name = exchange.bucket or ""
        if reading.broken:
            codes = self._contract.requirements[reading.broken[0].requirement].expect.codes
            return _refusal(
                tuple(item.requirement for item in reading.broken),
                Admissible(400, codes),
                why=reading.broken[0].detail,
                broken=tuple(reading.broken),
            )
        if name in self._model.buckets or name in self._model.uncertain or name in self._model.absent:
            return Expectation(Kind.OPEN, why="a name that this run used before")
        return Expectation(Kind.SERVED, ("PutVectorBucket.success.status",), touched=tuple(reading.touched))

    def _missing_bucket(
        self, exchange: Exchange, operation: Operation, reading: Reading
    ) -> Expectation | None:
        name = exchange.bucket or ""
        if name in self._model.buckets:
            return None
        if name in self._model.uncertain:
            return Expectation(Kind.OPEN, why="a bucket that may or may not exist")
        misnamed = [
            remark for remark in bucket_name_remarks(self._contract, name) if remark.finding is Finding.BROKEN
        ]
        if misnamed:
            if operation.name == "DeleteVectorBucket":
                return _refusal(
                    ("DeleteVectorBucket.name.rejected",),
                    self._documented("DeleteVectorBucket.name.rejected"),
                    self._documented("DeleteVectorBucket.NoSuchBucket"),
                    why=misnamed[0].detail,
                )
            return Expectation(Kind.OPEN, why="a bucket name that breaks the naming rules")
        absence = self._model.absent.get(name)
        requirement = f"{operation.name}.NoSuchBucket"
        admissible = [self._documented(requirement)]
        if reading.broken or reading.open:
            ordered = f"{requirement}.before-parameters"
            if ordered in self._contract.requirements:
                requirement = ordered
            if requirement != ordered or reading.open:
                # What is not documented, like an unknown member, may be noticed before the bucket.
                admissible.append(Admissible(400))
        return _refusal((requirement,), *admissible, why=f"there is no bucket {name}", absence=absence)

    def _refuse_broken(self, exchange: Exchange, operation: Operation, reading: Reading) -> Expectation:
        codes = tuple(dict.fromkeys(code for item in reading.broken for code in item.codes))
        # Beside something undocumented a service may refuse that first, with a code of its own.
        admissible = [Admissible(400, () if reading.open else codes)]
        if any(item.requirement == "DeleteVectors.indexName.missing" for item in reading.broken):
            # The page marks indexName optional: that it cannot be served is certain, how it is refused is not.
            admissible = [Admissible(status) for status in range(400, 500)]
        bucket = self._model.bucket(exchange.bucket)
        name = reading.value.get("indexName")
        if operation.name == "PutVectorIndex":
            if bucket is not None and isinstance(name, str) and name in bucket.indexes:
                admissible.append(self._documented("PutVectorIndex.VectorBucketIndexAlreadyExist"))
            if bucket is not None and len(bucket.indexes) >= index_quota(self._contract):
                admissible.append(self._documented("PutVectorIndex.indexes-per-bucket.rejected"))
        elif (
            "NoSuchVectorIndex" in operation.errors
            and isinstance(name, str)
            and self._model.index(exchange.bucket, name) is None
        ):
            admissible.append(self._documented(f"{operation.name}.NoSuchVectorIndex"))
        return _refusal(
            tuple(dict.fromkeys(item.requirement for item in reading.broken)),
            *admissible,
            why="; ".join(item.detail for item in reading.broken),
            broken=tuple(reading.broken),
        )

    def _by_state(self, exchange: Exchange, operation: Operation, reading: Reading) -> Expectation:
        bucket = self._model.bucket(exchange.bucket)
        if bucket is not None:
            special = {
                "DeleteVectorBucket": self._delete_bucket,
                "PutVectorIndex": self._put_index,
                "GetBucketPolicy": self._get_policy,
                "DeleteBucketPolicy": self._delete_policy,
            }.get(operation.name)
            if special is not None:
                return special(bucket, operation, reading)
            if "NoSuchVectorIndex" in operation.errors:
                return self._on_index(bucket, operation, reading)
        return _service(operation, reading, bucket)

    def _delete_bucket(self, bucket: BucketState, operation: Operation, reading: Reading) -> Expectation:
        if bucket.uncertain:
            return Expectation(Kind.OPEN, why="a bucket that may hold an index")
        if bucket.indexes:
            return _refusal(
                ("DeleteVectorBucket.VectorBucketNotEmpty",),
                self._documented("DeleteVectorBucket.VectorBucketNotEmpty"),
                why=f"the bucket holds {len(bucket.indexes)} indexes",
            )
        return _service(operation, reading, bucket)

    def _put_index(self, bucket: BucketState, operation: Operation, reading: Reading) -> Expectation:
        name = reading.value["indexName"]
        if name in bucket.uncertain:
            return Expectation(Kind.OPEN, why="an index that may or may not exist")
        if name in bucket.indexes:
            requirement = "PutVectorIndex.VectorBucketIndexAlreadyExist"
            if _settings(reading.value) != _settings(bucket.indexes[name].settings):
                requirement += ".other-settings"
            return _refusal(
                (requirement,),
                self._documented(requirement),
                why=f"the index {name} exists",
            )
        if any(name.lower() == other.lower() for other in bucket.indexes):
            return Expectation(Kind.OPEN, why="a name that differs from another only in case")
        quota = index_quota(self._contract)
        if len(bucket.indexes) >= quota:
            return _refusal(
                ("PutVectorIndex.indexes-per-bucket.rejected",),
                self._documented("PutVectorIndex.indexes-per-bucket.rejected"),
                why=f"the bucket holds {len(bucket.indexes)} indexes",
            )
        expectation = _service(operation, reading, bucket)
        if len(bucket.indexes) == quota - 1:
            return replace(
                expectation,
                touched=(*expectation.touched, "PutVectorIndex.indexes-per-bucket.accepted"),
            )
        absence = bucket.absent.get(name)
        if absence is not None and absence.requirement == "DeleteVectorIndex.deletes":
            return replace(expectation, on_conflict="PutVectorIndex.name-free-after-delete")
        return expectation

    def _get_policy(self, bucket: BucketState, operation: Operation, reading: Reading) -> Expectation:
        if not bucket.policy_known:
            return Expectation(Kind.OPEN, why="a policy that may or may not be set")
        if bucket.policy is None:
            return _refusal(
                ("GetBucketPolicy.NoSuchBucketPolicy",),
                self._documented("GetBucketPolicy.NoSuchBucketPolicy"),
                why="the bucket has no policy",
                absence=bucket.policy_absence,
            )
        return _service(operation, reading, bucket)

    def _delete_policy(self, bucket: BucketState, operation: Operation, reading: Reading) -> Expectation:
        if bucket.policy is None or not bucket.policy_known:
            return Expectation(Kind.OPEN, why="deleting a policy that was never set")
        return _service(operation, reading, bucket)

    def _on_index(self, bucket: BucketState, operation: Operation, reading: Reading) -> Expectation:
        name = reading.value.get("indexName")
        index = bucket.indexes.get(name) if isinstance(name, str) else None
        if index is not None:
            return _service(operation, reading, bucket, index)
        if isinstance(name, str) and (name in bucket.uncertain or _differs_in_case(name, bucket)):
            return Expectation(Kind.OPEN, why="an index that may or may not exist")
        missing = f"{operation.name}.NoSuchVectorIndex"
        admissible = [self._documented(missing)]
        if not (isinstance(name, str) and self._contract.is_index_name(name)):
            # A name that no index can have: the pages do not say which of the two is noticed first.
            admissible.append(Admissible(400))
        absence = bucket.absent.get(name) if isinstance(name, str) else None
        return _refusal(
            (missing,),
            *admissible,
            why=f"there is no index {name}",
            absence=absence,
        )

    def _documented(self, requirement: str) -> Admissible:
        """The refusal that a requirement names: one status, with its codes."""
        expect = self._contract.requirements[requirement].expect
        (status,) = expect.statuses
        return Admissible(status, expect.codes)


def _differs_in_case(name: str, bucket: BucketState) -> bool:
    return any(name.lower() == other.lower() for other in bucket.indexes)


def _settings(value: dict[str, object]) -> dict[str, object]:
    return {key: value.get(key) for key in ("dataType", "dimension", "distanceMetric", "metadata")}


def _refusal(
    blame: tuple[str, ...],
    *admissible: Admissible,
    why: str,
    broken: tuple[Broken, ...] = (),
    absence: Absence | None = None,
) -> Expectation:
    return Expectation(Kind.REFUSED, blame, tuple(admissible), why, broken=broken, absence=absence)


def _service(
    operation: Operation, reading: Reading, bucket: BucketState | None, index: IndexState | None = None
) -> Expectation:
    presence: Absence | None = None
    if index is not None:
        if index.was_seen and _asks_for_missing(operation, reading, index):
            # Of an index that is there, it is the missing key that the answer takes for a missing index.
            presence = Absence("GetVectors.missing-keys.omitted", index.created)
        elif index.was_seen:
            last = bucket.last_delete if bucket is not None else None
            presence = last if last is not index.seen_after else None
        else:
            presence = Absence("PutVectorIndex.creates", index.created)
    elif bucket is not None and not bucket.was_seen:
        presence = Absence("PutVectorBucket.creates", bucket.created)
    return Expectation(
        Kind.SERVED,
        (f"{operation.name}.success.status",),
        touched=tuple(dict.fromkeys(reading.touched)),
        presence=presence,
    )


def _asks_for_missing(operation: Operation, reading: Reading, index: IndexState) -> bool:
    keys = reading.value.get("keys") if operation.name == "GetVectors" else None
    return isinstance(keys, list) and any(isinstance(key, str) and key not in index.vectors for key in keys)


def index_quota(contract: Contract) -> int:
    """Documented number of indexes that one bucket holds (PutVectorIndex page, Notes)."""
    operation = contract.document["paths"][contract.operation("PutVectorIndex").path]["post"]
    return int(operation["x-oss-limits"]["indexes-per-bucket"]["maximum"])
