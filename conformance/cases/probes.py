"""Probes: requests on which the documents are silent or disagree.

Their answers are recorded, never judged; a correct service may give any of
several.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from conformance.cases.baselines import baseline, put_vectors, vector, with_value, without
from conformance.cases.body_probes import text_of
from conformance.cases.case import Case, Key, Slot
from conformance.cases.query_probes import query_probes
from conformance.contract.loader import Contract

UNKNOWN_TOKEN = "conformance-unknown-token"  # noqa: S105 - a page token, not a secret


def probe_cases(contract: Contract) -> Iterator[Case]:
    """One or more requests for every probe that a single request can show."""
    yield from _index_probes()
    yield from _vector_probes()
    yield from query_probes()
    for name in ("ListVectorIndexes", "ListVectors"):
        body = {**baseline(name), "nextToken": UNKNOWN_TOKEN}
        yield Case(f"{name}.nextToken.unknown", name, "made-up", body=body)
        body = {**baseline(name), "nextToken": "t" * 4096}
        yield Case(f"{name}.nextToken.length", name, "4096", body=body)
    yield Case(
        "Http.content-type.ignored",
        "GetVectorIndex",
        "text-xml",
        body=baseline("GetVectorIndex"),
        headers=(("Content-Type", "text/xml"),),
    )
    yield from _listing_probes()
    del contract


def _listing_probes() -> Iterator[Case]:
    for name, member in (
        ("ListVectorIndexes", "nextToken"),
        ("ListVectors", "segmentCount"),
        ("GetVectors", "returnData"),
    ):
        yield Case(f"{name}.null-member", name, member, body={**baseline(name), member: None})
    for name in ("ListVectorIndexes", "ListVectors"):
        for number in ("5.0", "1E+1"):
            raw = text_of(baseline(name)).replace('"maxResults": 50', f'"maxResults": {number}').encode()
            yield Case(f"{name}.maxResults.integral-float", name, number, raw=raw)


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
    for number in ("4.0", "1E+1"):
        raw = text_of(body).replace('"dimension": 4', f'"dimension": {number}').encode()
        yield Case(f"{name}.dimension.integral-float", name, number, raw=raw)
    raw = (
        b'{"dataType": "float32", "dimension": 4, "dimension": 5, "distanceMetric": "euclidean",'
        b' "indexName": "%NEW_INDEX%"}'
    )
    yield Case(f"{name}.duplicate-member", name, "dimension", raw=raw)
    yield Case(
        "DeleteVectors.unknown-member", "DeleteVectors", "one", body={**baseline("DeleteVectors"), "x": 1}
    )
    for label, key in (("empty", ""), ("1025", "k" * 1025), ("1024-of-three-bytes", "\u5411" * 1024)):
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
    fields = {f"f{number}": "v" for number in range(10)}
    entry = vector(Key("n"), metadata={**fields, "note": "v"})
    body = {"indexName": Slot.NOTES_INDEX, "vectors": [entry]}
    yield Case("PutVectors.metadata.fields.total", "PutVectors", "ten-and-one-non-filterable", body=body)
    body = with_value(put_vectors(), "vectors/metadata", None)
    yield Case("PutVectors.metadata.null", "PutVectors", "null", body=body)
    keys = [Key(f"{number}") for number in range(100)]
    body = {**baseline("GetVectors"), "keys": [*keys, keys[0]]}
    yield Case("GetVectors.keys.max-items.repeats", "GetVectors", "100-and-one-again", body=body)
    body = {**baseline("GetVectors"), "keys": ["\u5411" * 1024]}
    yield Case("GetVectors.keys.item.characters", "GetVectors", "1024-of-three-bytes", body=body)
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
