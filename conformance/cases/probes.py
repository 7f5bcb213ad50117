"""Probes: requests on which the documents are silent or disagree.

Their answers are recorded, never judged; a correct service may give any of
several.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.cases.baselines import baseline, put_vectors, vector, with_value, without
from conformance.cases.case import Case, Key, Slot
from conformance.contract.loader import Contract

UNKNOWN_TOKEN = "conformance-unknown-token"  # noqa: S105 - a page token, not a secret


def probe_cases(contract: Contract) -> Iterator[Case]:
    """One or more requests for every probe that a single request can show."""
    yield from _index_probes()
    yield from _vector_probes()
    yield from _query_probes()
    for name in ("ListVectorIndexes", "ListVectors"):
        body = {**baseline(name), "nextToken": UNKNOWN_TOKEN}
        yield Case(f"{name}.nextToken.unknown", name, "made-up", body=body)
        body = {**baseline(name), "nextToken": "t" * 4096}
        yield Case(f"{name}.nextToken.length", name, "4096", body=body)
    yield Case("PutBucketPolicy.not-json", "PutBucketPolicy", "plain-text", raw=b"no policy")
    yield Case("PutBucketPolicy.document.invalid", "PutBucketPolicy", "no-statement", body={"Version": "1"})
    yield Case("PutBucketLogging.document.invalid", "PutBucketLogging", "empty-object", body={})
    yield Case(
        "Http.operation.unknown",
        "UnknownOperation",
        "not-an-operation",
        body={},
        method="POST",
        sub_resource="conformanceUnknown",
    )
    yield Case(
        "Http.method.wrong", "UnknownOperation", "get-of-a-post", method="GET", sub_resource="getVectorIndex"
    )
    yield Case(
        "Http.content-type.ignored",
        "GetVectorIndex",
        "text-xml",
        body=baseline("GetVectorIndex"),
        headers=(("Content-Type", "text/xml"),),
    )
    del contract


def _index_probes() -> Iterator[Case]:
    name = "PutVectorIndex"
    body = baseline(name)
    for member in ("dataType", "dimension", "distanceMetric"):
        yield Case(f"{name}.defaults.missing", name, member, body=without(body, member))
    yield Case(f"{name}.unknown-member", name, "one", body={**body, "conformanceUnknown": 1})
    yield Case(f"{name}.metadata.empty", name, "empty-object", body={**body, "metadata": {}})
    yield Case(f"{name}.metadata.empty", name, "null", body={**body, "metadata": None})
    keys = "metadata/nonFilterableMetadataKeys"
    yield Case(
        f"{name}.metadata.nonFilterableMetadataKeys.duplicate",
        name,
        "twice",
        body=with_value(body, keys, ["note", "note"]),
    )
    raw = b'{"dataType": "float32", "dimension": 4.0, "distanceMetric": "euclidean", "indexName": "%NEW_INDEX%"}'
    yield Case(f"{name}.dimension.integral-float", name, "4.0", raw=raw)
    raw = (
        b'{"dataType": "float32", "dimension": 4, "dimension": 5, "distanceMetric": "euclidean",'
        b' "indexName": "%NEW_INDEX%"}'
    )
    yield Case(f"{name}.duplicate-member", name, "dimension", raw=raw)
    yield Case(
        "DeleteVectors.unknown-member", "DeleteVectors", "one", body={**baseline("DeleteVectors"), "x": 1}
    )
    for label, key in (("empty", ""), ("1025", "k" * 1025)):
        body = {"indexName": Slot.INDEX, "keys": [key]}
        yield Case("DeleteVectors.keys.item.length", "DeleteVectors", label, body=body)


def _vector_probes() -> Iterator[Case]:
    def put(requirement: str, label: str, entry: dict[str, Any]) -> Case:
        body = {"indexName": Slot.INDEX, "vectors": [entry]}
        return Case(f"PutVectors.{requirement}", "PutVectors", label, body=body)

    yield put("metadata.number", "number", vector(Key("n"), metadata={"year": 2020}))
    yield put("metadata.number", "boolean", vector(Key("n"), metadata={"seen": True}))
    spread = {f"f{number}": "x" * 512 for number in range(8)}
    yield put("metadata.filterable-size.spread", "eight-times-512", vector(Key("n"), metadata=spread))
    extra = with_value(put_vectors(), "vectors/data", {"float32": [1.0, 2.0, 3.0, 4.0], "float64": [1.0]})
    yield Case("PutVectors.data.extra-member", "PutVectors", "float64", body=extra)
    yield Case(
        "ListVectors.maxResults.zero", "ListVectors", "0", body={**baseline("ListVectors"), "maxResults": 0}
    )
    body = {**without(baseline("ListVectors"), "segmentCount"), "segmentIndex": 1}
    yield Case("ListVectors.segmentIndex.without-count", "ListVectors", "1", body=body)
    condition = {"title": {"$eq": "conformance"}}
    yield Case(
        "ListVectors.filter", "ListVectors", "eq", body={**baseline("ListVectors"), "filter": condition}
    )


def _query_probes() -> Iterator[Case]:
    name = "QueryVectors"
    body = baseline(name)

    def filtered(requirement: str, label: str, condition: object, index: Slot = Slot.INDEX) -> Case:
        return Case(
            f"{name}.{requirement}", name, label, body={**body, "indexName": index, "filter": condition}
        )

    for top in (31, 100, 101, 500):
        yield Case(f"{name}.topK.contested", name, f"{top}", body={**body, "topK": top})
    zeros = {**body, "indexName": Slot.COSINE_INDEX, "queryVector": {"float32": [0.0] * 4}}
    yield Case(f"{name}.queryVector.zero-under-cosine", name, "zeros", body=zeros)
    yield filtered("filter.shorthand", "string", {"title": "first"})
    yield filtered("filter.implicit-and", "two-fields", {"a": {"$eq": "1"}, "b": {"$eq": "2"}})
    yield filtered("filter.implicit-and", "two-operators", {"a": {"$ne": "1", "$exists": True}})
    yield filtered("filter.range", "gte", {"year": {"$gte": 2020}})
    yield filtered("filter.range", "eq-number", {"year": {"$eq": 2020}})
    yield filtered("filter.ne.missing-field", "ne", {"conformanceAbsent": {"$ne": "x"}})
    yield filtered("filter.ne.missing-field", "nin", {"conformanceAbsent": {"$nin": ["x"]}})
    yield filtered("filter.non-filterable", "eq", {"note": {"$eq": "x"}}, Slot.NOTES_INDEX)
    yield Case(
        "Http.content-type.ignored",
        name,
        "form",
        body=body,
        headers=(("Content-Type", "application/x-www-form-urlencoded"),),
    )
