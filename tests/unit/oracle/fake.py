"""A service of a few dozen lines that answers right, and the scene in which a judge watches it.

It knows just enough to answer valid requests (and the plain refusals for what
does not exist), so that a test states one slip and everything else is right.
It is written from the pages, as the judge is, and shares no code with it.
"""

from __future__ import annotations

import http.client
import itertools
import json
import math
import struct
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from conformance.contract.loader import load_contract
from conformance.oracle.answer import Settings
from conformance.oracle.judge import Judge, Judgement
from conformance.oracle.model import Model
from conformance.wire.exchange import Exchange, Headers, Response

REGION = "cn-hangzhou"
ACCOUNT = "1234567890123456"
BUCKET = "conformance-fake"
REQUEST_ID = "5C3D9175B6FC201293AD0001"
MOMENT = datetime(2026, 1, 10, 12, 0, tzinfo=UTC)
DATE = "Sat, 10 Jan 2026 12:00:00 GMT"
CREATED = "2026-01-10T12:00:00.000Z"

Slip = Callable[[Any], Any]

#: What the PutVectorIndex page states as defaults, for a service that takes a request without them.
_DEFAULTS = {"dataType": "float32", "dimension": 512, "distanceMetric": "euclidean"}


def host_of(bucket: str | None) -> str:
    """Host of a bucket, or of the service."""
    head = f"{bucket}-{ACCOUNT}." if bucket else ""
    return f"{head}{REGION}.oss-vectors.aliyuncs.com:9000"


def reply(status: int, value: Any = None, *, raw: bytes | None = None, headers: Headers = ()) -> Response:
    """An answer with the headers that every answer has; a header in ``headers`` replaces its namesake."""
    body = raw if raw is not None else b"" if value is None else json.dumps(value).encode()
    usual = {"x-oss-request-id": REQUEST_ID, "Date": DATE, "Server": "AliyunOSS"}
    if body:
        usual["Content-Type"] = "application/json"
    return Response(
        status, http.client.responses.get(status, ""), tuple((usual | dict(headers)).items()), body
    )


def error(
    status: int, code: str, *, bucket: str | None = BUCKET, headers: Headers = (), **members: Any
) -> Response:
    """A right error answer; a member given as ``None`` is left out."""
    right = {"Code": code, "Message": "words", "RequestId": REQUEST_ID, "HostId": host_of(bucket)} | members
    present = {name: value for name, value in right.items() if value is not None}
    return reply(status, {"Error": present}, headers=headers)


def float32(number: float) -> float:
    """The float32 nearest to a number."""
    return float(struct.unpack("f", struct.pack("f", number))[0])


@dataclass
class Index:
    """One index of the fake service."""

    settings: dict[str, Any]
    vectors: dict[str, dict[str, Any]] = field(default_factory=dict)

    def describe(self) -> dict[str, Any]:
        """The members that GetVectorIndex shows."""
        return {**self.settings, "createTime": CREATED, "status": "enable"}


@dataclass
class Bucket:
    """One bucket of the fake service."""

    name: str
    indexes: dict[str, Index] = field(default_factory=dict)
    policy: bytes | None = None
    logging: dict[str, Any] | None = None

    def describe(self) -> dict[str, Any]:
        """The members that GetVectorBucket shows."""
        return {
            "Name": f"acs:ossvector:{REGION}:{ACCOUNT}:{self.name}",
            "CreationDate": CREATED,
            "Location": f"oss-{REGION}",
            "Region": REGION,
            "ExtranetEndpoint": f"{REGION}.oss-vectors.aliyuncs.com",
            "IntranetEndpoint": f"{REGION}-internal.oss-vectors.aliyuncs.com",
        }


class Scene:
    """A judge, and a fake service whose answers it sees.

    :meth:`call` sends a request and gives the judgement of its answer.  A test
    spoils the answer with ``slip`` or ``response``, or the service itself
    through :attr:`buckets`.
    """

    def __init__(self, *, min_recall: float = 1.0) -> None:
        self.contract = load_contract()
        self.model = Model()
        self.judge = Judge(self.contract, self.model, Settings(REGION, ACCOUNT, min_recall))
        self.buckets: dict[str, Bucket] = {}
        self._numbers = itertools.count(1)

    def exchange(
        self,
        operation: str,
        body: Any = None,
        *,
        response: Response | None,
        bucket: str | None = BUCKET,
        query: str = "",
        raw: bytes | None = None,
        signed: bool = True,
    ) -> Exchange:
        """An exchange as the wire would record it."""
        known = self.contract.operations.get(operation)
        own = (known.query or "") if known is not None else "conformanceUnknown"
        target = "/?" + "&".join(part for part in (own, query) if part)
        place = None if known is not None and not known.on_bucket else bucket
        return Exchange(
            id=f"fake-{next(self._numbers):06d}",
            operation=operation,
            bucket=place,
            method=known.method if known is not None else "POST",
            url=f"http://127.0.0.1:9000{target}",
            target=target.rstrip("?"),
            host=host_of(place),
            request_headers=(),
            request_body=raw if raw is not None else b"" if body is None else json.dumps(body).encode(),
            signed=signed,
            started=MOMENT,
            elapsed=0.01,
            response=response,
            failure=None,
        )

    def call(
        self,
        operation: str,
        body: Any = None,
        *,
        response: Response | None = None,
        slip: Slip | None = None,
        done: bool = True,
        bucket: str | None = BUCKET,
        query: str = "",
        raw: bytes | None = None,
        signed: bool = True,
        attack: str | None = None,
    ) -> Judgement:
        """Send a request and judge the answer.

        ``response`` replaces the right answer, ``slip`` changes its JSON, and
        with ``done`` false a write is answered as usual but not carried out.
        """
        answer = response or self.answer(operation, body, bucket=bucket, query=query, raw=raw, done=done)
        if slip is not None:
            answer = reply(answer.status, slip(json.loads(answer.body)))
        sent = self.exchange(
            operation, body, response=answer, bucket=bucket, query=query, raw=raw, signed=signed
        )
        return self.judge.judge(sent, attack)

    def unanswered(self, operation: str, body: Any = None, **options: Any) -> Judgement:
        """A request to which no answer came."""
        return self.judge.judge(self.exchange(operation, body, response=None, **options))

    def answer(
        self,
        operation: str,
        body: Any = None,
        *,
        bucket: str | None = BUCKET,
        query: str = "",
        raw: bytes | None = None,
        done: bool = True,
    ) -> Response:
        """The right answer to a valid request; with ``done`` it is carried out too."""
        value = json.loads(raw) if body is None and raw else body or {}
        if operation == "ListVectorBuckets":
            return self._list_buckets(query)
        name = bucket or ""
        if operation == "PutVectorBucket":
            if done:
                self.buckets.setdefault(name, Bucket(name))
            return reply(200, headers=(("Location", f"/{name}"),))
        if name not in self.buckets:
            return error(404, "NoSuchBucket", bucket=name)
        place = self.buckets[name]
        if operation in _ON_BUCKET:
            return _ON_BUCKET[operation](self, place, raw if raw is not None else value, done)
        if operation == "PutVectorIndex":
            if value["indexName"] in place.indexes:
                return error(409, "VectorBucketIndexAlreadyExist", bucket=name)
            if done:
                place.indexes[value["indexName"]] = Index(_DEFAULTS | value)
            return reply(200)
        if operation == "ListVectorIndexes":
            return _list_indexes(place, value)
        if value.get("indexName") not in place.indexes:
            return error(404, "NoSuchVectorIndex", bucket=name)
        if operation == "DeleteVectorIndex":
            if done:
                del place.indexes[value["indexName"]]
            return reply(204)
        return _ON_INDEX[operation](place.indexes[value["indexName"]], value, done)

    def _list_buckets(self, query: str) -> Response:
        asked = dict(pair.split("=", 1) for pair in query.split("&") if "=" in pair)
        names = sorted(name for name in self.buckets if name.startswith(asked.get("prefix", "")))
        names = [name for name in names if name > asked.get("marker", "")]
        most = int(asked.get("max-keys", "100"))
        page: dict[str, Any] = {"Buckets": [self.buckets[name].describe() for name in names[:most]]}
        if len(names) > most:
            page |= {"IsTruncated": True, "NextMarker": names[most - 1], "MaxKeys": most}
            page |= {"Prefix": asked.get("prefix", ""), "Marker": asked.get("marker", "")}
        return reply(200, {"ListAllMyBucketsResult": page})

    def bucket(self, name: str = BUCKET) -> Bucket:
        """Create a bucket with both sides knowing of it."""
        assert not self.call("PutVectorBucket", bucket=name).failed
        return self.buckets[name]

    def index(
        self, name: str, *, metric: str = "euclidean", dimension: int = 4, hidden: tuple[str, ...] = ()
    ) -> Index:
        """Create an index with both sides knowing of it."""
        body: dict[str, Any] = {
            "dataType": "float32",
            "dimension": dimension,
            "distanceMetric": metric,
            "indexName": name,
        }
        if hidden:
            body["metadata"] = {"nonFilterableMetadataKeys": list(hidden)}
        assert not self.call("PutVectorIndex", body).failed
        return self.buckets[BUCKET].indexes[name]

    def put(self, index: str, **vectors: Any) -> Judgement:
        """Write vectors: lists of numbers, or pairs of numbers and metadata."""
        entries = []
        for key, value in vectors.items():
            numbers, metadata = value if isinstance(value, tuple) else (value, None)
            entry: dict[str, Any] = {"key": key, "data": {"float32": numbers}}
            entries.append(entry if metadata is None else {**entry, "metadata": metadata})
        return self.call("PutVectors", {"indexName": index, "vectors": entries})

    def read(self, index: str, *keys: str, **options: Any) -> Judgement:
        """Read vectors with data and metadata."""
        body = {"indexName": index, "keys": list(keys), "returnData": True, "returnMetadata": True}
        return self.call("GetVectors", body, **options)


def ready(*indexes: str, **options: Any) -> Scene:
    """A scene with a bucket and euclidean indexes of dimension 4."""
    scene = Scene()
    scene.bucket()
    for name in indexes:
        scene.index(name, **options)
    return scene


def failed(judgement: Judgement) -> set[str]:
    """Ids of the requirements that a judgement finds violated."""
    return {check.requirement for check in judgement.failed}


def passed(judgement: Judgement) -> set[str]:
    """Ids of the requirements that a judgement finds met."""
    return {check.requirement for check in judgement.checks if check.ok} - failed(judgement)


def _get_bucket(scene: Scene, bucket: Bucket, value: Any, done: bool) -> Response:
    del scene, value, done
    return reply(200, {"BucketInfo": bucket.describe()})


def _delete_bucket(scene: Scene, bucket: Bucket, value: Any, done: bool) -> Response:
    del value
    if bucket.indexes:
        return error(409, "VectorBucketNotEmpty", bucket=bucket.name)
    if done:
        del scene.buckets[bucket.name]
    return reply(204)


def _put_policy(scene: Scene, bucket: Bucket, value: Any, done: bool) -> Response:
    del scene
    if done:
        bucket.policy = value if isinstance(value, bytes) else json.dumps(value).encode()
    return reply(200)


def _get_policy(scene: Scene, bucket: Bucket, value: Any, done: bool) -> Response:
    del scene, value, done
    if bucket.policy is None:
        return error(404, "NoSuchBucketPolicy", bucket=bucket.name)
    return reply(200, raw=bucket.policy)


def _delete_policy(scene: Scene, bucket: Bucket, value: Any, done: bool) -> Response:
    del scene, value
    if done:
        bucket.policy = None
    return reply(204)


def _put_logging(scene: Scene, bucket: Bucket, value: Any, done: bool) -> Response:
    del scene
    if done:
        bucket.logging = value["BucketLoggingStatus"].get("LoggingEnabled")
    return reply(200)


def _get_logging(scene: Scene, bucket: Bucket, value: Any, done: bool) -> Response:
    del scene, value, done
    status = {"LoggingEnabled": bucket.logging} if bucket.logging else {}
    return reply(200, {"BucketLoggingStatus": status})


def _delete_logging(scene: Scene, bucket: Bucket, value: Any, done: bool) -> Response:
    del scene, value
    if done:
        bucket.logging = None
    return reply(204)


_ON_BUCKET: dict[str, Callable[[Scene, Bucket, Any, bool], Response]] = {
    "GetVectorBucket": _get_bucket,
    "DeleteVectorBucket": _delete_bucket,
    "PutBucketPolicy": _put_policy,
    "GetBucketPolicy": _get_policy,
    "DeleteBucketPolicy": _delete_policy,
    "PutBucketLogging": _put_logging,
    "GetBucketLogging": _get_logging,
    "DeleteBucketLogging": _delete_logging,
}


def _list_indexes(bucket: Bucket, value: dict[str, Any]) -> Response:
    names = sorted(name for name in bucket.indexes if name.startswith(value.get("prefix") or ""))
    names = [name for name in names if name > (value.get("nextToken") or "")]
    most = value.get("maxResults") or 100
    answer: dict[str, Any] = {"indexes": [bucket.indexes[name].describe() for name in names[:most]]}
    return reply(200, _page(answer, names, most))


def _page(answer: dict[str, Any], names: list[str], most: int) -> dict[str, Any]:
    return {**answer, "nextToken": names[most - 1]} if len(names) > most else answer


def _get_index(index: Index, value: dict[str, Any], done: bool) -> Response:
    del value, done
    return reply(200, {"index": index.describe()})


def _put_vectors(index: Index, value: dict[str, Any], done: bool) -> Response:
    for entry in value["vectors"] if done else ():
        kept = {"key": entry["key"], "data": {"float32": [float32(x) for x in entry["data"]["float32"]]}}
        index.vectors[entry["key"]] = kept | (
            {"metadata": entry["metadata"]} if entry.get("metadata") else {}
        )
    return reply(200)


def _delete_vectors(index: Index, value: dict[str, Any], done: bool) -> Response:
    for key in value["keys"] if done else ():
        index.vectors.pop(key, None)
    return reply(204)


def _shown(entry: dict[str, Any], value: dict[str, Any]) -> dict[str, Any]:
    members = {"data": value.get("returnData"), "metadata": value.get("returnMetadata")}
    return {name: member for name, member in entry.items() if members.get(name, True)}


def _get_vectors(index: Index, value: dict[str, Any], done: bool) -> Response:
    del done
    keys = [key for key in dict.fromkeys(value["keys"]) if key in index.vectors]
    return reply(200, {"vectors": [_shown(index.vectors[key], value) for key in keys]})


def _list_vectors(index: Index, value: dict[str, Any], done: bool) -> Response:
    del done
    count, position = value.get("segmentCount") or 1, value.get("segmentIndex") or 0
    keys = [key for number, key in enumerate(sorted(index.vectors)) if number % count == position]
    keys = [key for key in keys if key > (value.get("nextToken") or "")]
    most = value.get("maxResults") or 500
    answer: dict[str, Any] = {"vectors": [_shown(index.vectors[key], value) for key in keys[:most]]}
    return reply(200, _page(answer, keys, most))


def naive_distance(metric: str, left: list[float], right: list[float]) -> float:
    """Distance by the textbook, number by number."""
    if metric == "euclidean":
        return math.sqrt(sum((a - b) ** 2 for a, b in zip(left, right, strict=True)))
    product = sum(a * b for a, b in zip(left, right, strict=True))
    return 1 - product / (math.sqrt(sum(a * a for a in left)) * math.sqrt(sum(b * b for b in right)))


def naive_match(condition: dict[str, Any], metadata: dict[str, Any]) -> bool:
    """The documented operators, one after the other; several in one object must all hold."""
    return all(_holds(name, operand, metadata) for name, operand in condition.items())


def _holds(name: str, operand: Any, metadata: dict[str, Any]) -> bool:
    if name in ("$and", "$or"):
        return (all if name == "$and" else any)(naive_match(item, metadata) for item in operand)
    if not isinstance(operand, dict):
        return operand in _values(metadata.get(name))
    stored = _values(metadata.get(name))
    tests: dict[str, Callable[[Any], bool]] = {
        "$eq": lambda wanted: wanted in stored,
        "$ne": lambda wanted: wanted not in stored,
        "$in": lambda wanted: any(item in stored for item in wanted),
        "$nin": lambda wanted: not any(item in stored for item in wanted),
        "$exists": lambda wanted: (name in metadata) is wanted,
    }
    return all(tests[operator](wanted) for operator, wanted in operand.items() if operator in tests)


def _values(stored: Any) -> list[Any]:
    if stored is None:
        return []
    return stored if isinstance(stored, list) else [stored]


def _query_vectors(index: Index, value: dict[str, Any], done: bool) -> Response:
    del done
    query = [float32(number) for number in value["queryVector"]["float32"]]
    found = []
    for key, entry in index.vectors.items():
        if not naive_match(value.get("filter") or {}, entry.get("metadata", {})):
            continue
        result: dict[str, Any] = {"key": key}
        result["distance"] = naive_distance(index.settings["distanceMetric"], query, entry["data"]["float32"])
        if value.get("returnMetadata") and "metadata" in entry:
            result["metadata"] = entry["metadata"]
        found.append(result)
    found.sort(key=lambda result: float(result["distance"]))
    for result in [] if value.get("returnDistance") else found:
        del result["distance"]
    return reply(200, {"vectors": found[: value["topK"]]})


_ON_INDEX: dict[str, Callable[[Index, dict[str, Any], bool], Response]] = {
    "GetVectorIndex": _get_index,
    "PutVectors": _put_vectors,
    "GetVectors": _get_vectors,
    "ListVectors": _list_vectors,
    "DeleteVectors": _delete_vectors,
    "QueryVectors": _query_vectors,
}
