"""All directed cases of the suite, in a fixed order, by operation.

The mechanical ones come from :mod:`conformance.cases.boundaries`; here are the
clauses no keyword says: bodies that are not JSON, what must exist first, unique
keys, vector values, metadata sizes, filter limits, names of buckets.
"""

from __future__ import annotations

import functools
import json
from collections import Counter
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from conformance.cases.authentication import authentication_cases, body_of, unsigned_cases
from conformance.cases.baselines import (
    DIMENSION,
    LONG_INTEGER,
    WRONG_SIZES,
    baseline,
    put_vectors,
    vector,
    with_value,
)
from conformance.cases.body_probes import body_probes, text_of
from conformance.cases.boundaries import boundary_cases
from conformance.cases.buckets import bucket_cases
from conformance.cases.case import Case, Key, Place, Slot
from conformance.cases.check_order import check_order_cases
from conformance.cases.corpora import NOT_UTF8, malformed
from conformance.cases.http import http_cases
from conformance.cases.probes import probe_cases
from conformance.cases.queries import query_cases
from conformance.contract.loader import Contract, load_contract
from conformance.contract.model import Operation


@functools.cache
def directed_cases() -> tuple[Case, ...]:
    """Every directed case, derived from the contract; raises on two cases of one id."""
    contract = load_contract()
    cases = tuple(_all_cases(contract))
    repeated = [identifier for identifier, count in Counter(case.id for case in cases).items() if count > 1]
    if repeated:
        raise ValueError(f"two cases share the id {repeated[0]}")
    return cases


def _all_cases(contract: Contract) -> Iterator[Case]:
    for operation in contract.operations.values():
        yield from boundary_cases(contract, operation)
        yield from _body_cases(operation)
        yield from _existence_cases(contract, operation)
        special = _SPECIAL.get(operation.name)
        if special is not None:
            yield from special(contract)
        yield from unsigned_cases(operation)
    yield from bucket_cases(contract)
    yield from authentication_cases(contract)
    yield from check_order_cases(contract)
    yield from http_cases()
    yield from body_probes()
    yield from probe_cases(contract)


def _body_cases(operation: Operation) -> Iterator[Case]:
    """Bodies that are empty, not JSON or not UTF-8."""
    name = operation.name
    if operation.request_schema is None or operation.method != "POST":
        return
    text = text_of(baseline(name))
    for label, raw in malformed(text):
        yield Case(f"{name}.body.malformed", name, label, raw=raw)
    if name not in ("PutVectors", "QueryVectors"):
        yield Case(f"{name}.body.malformed", name, "nan-token", raw=(text[:-1] + ',"x":NaN}').encode())
    # What a parser that is too helpful would look into.
    yield Case(f"{name}.body.type", name, "array-of-the-object", raw=f"[{text}]".encode())
    yield Case(f"{name}.body.type", name, "text-of-the-object", raw=json.dumps(text).encode())
    if operation.request_schema.get("required"):
        # With the header of its siblings, so that its absence is no second reason to refuse.
        for label, raw in (("no-body", b""), ("blanks", b" \r\n")):
            yield Case(f"{name}.body.empty", name, label, raw=raw)
    for label, odd in NOT_UTF8.items():
        raw = text_of(_with_text(name, _ODD)).encode().replace(_ODD.encode(), b"odd" + odd + b"text")
        yield Case(f"{name}.body.encoding", name, label, raw=raw)


# Stands for the bytes that are not UTF-8 while the body is still text.
_ODD = "conformanceOddText"


def _with_text(name: str, text: str) -> dict[str, Any]:
    """A valid body with a free text in it, where a service that decodes leniently would serve it."""
    body = baseline(name)
    if name == "PutVectors":
        return {**body, "vectors": [vector(text)]}
    if name in ("GetVectors", "DeleteVectors"):
        return {**body, "keys": [text]}
    if name == "QueryVectors":
        return {**body, "filter": {"title": {"$eq": text}}}
    if name == "ListVectorIndexes":
        return {**body, "prefix": text}
    return {**body, "x": text}


def _existence_cases(contract: Contract, operation: Operation) -> Iterator[Case]:
    """A bucket or an index that does not exist."""
    name = operation.name
    requirement = f"{name}.NoSuchBucket"
    body = body_of(name)
    if requirement in contract.requirements:
        yield Case(requirement, name, "missing-bucket", body=body, place=Place.MISSING_BUCKET)
    ordered = f"{requirement}.before-parameters"
    if ordered in contract.requirements:
        part: dict[str, Any] = {"dataType": "demo"} if name == "PutVectorIndex" else {"vectors": []}
        broken = {**body, "indexName": "no_name", **part}
        yield Case(ordered, name, "missing-bucket", body=broken, place=Place.MISSING_BUCKET)
    requirement = f"{name}.NoSuchVectorIndex"
    if requirement in contract.requirements:
        missing = {**body, "indexName": Slot.MISSING_INDEX}
        yield Case(requirement, name, "missing-index", body=missing)


def _put_vector_index(contract: Contract) -> Iterator[Case]:
    place = "metadata/nonFilterableMetadataKeys"
    longest = contract.longest_field_name
    shortest = contract.limit("PutVectorIndex", f"{place}/item/x-oss-limits/length/minimum")
    for edge, side, size in (
        ("minimum", "accepted", shortest),
        ("minimum", "rejected", shortest - 1),
        ("maximum", "accepted", longest),
        ("maximum", "rejected", longest + 1),
    ):
        yield Case(
            f"PutVectorIndex.metadata.nonFilterableMetadataKeys.item.length.{edge}.{side}",
            "PutVectorIndex",
            f"{size}",
            body=with_value(baseline("PutVectorIndex"), f"{place}/item", "f" * size),
        )
    yield Case(
        "PutVectorIndex.metadata.nonFilterableMetadataKeys.item.length.maximum.rejected",
        "PutVectorIndex",
        "in-second-place",
        body=with_value(baseline("PutVectorIndex"), place, ["note", "f" * (longest + 1)]),
    )
    most = contract.limit("PutVectorIndex", f"{place}/maxItems")
    names = [f"{number:x}".rjust(longest, "f") for number in range(most)]
    yield Case(
        "PutVectorIndex.metadata.nonFilterableMetadataKeys.max-items.accepted",
        "PutVectorIndex",
        f"{most}-of-{longest}-bytes",
        body=with_value(baseline("PutVectorIndex"), place, names),
    )


def _put_vectors(contract: Contract) -> Iterator[Case]:
    def case(requirement: str, label: str, *entries: dict[str, Any], index: Slot = Slot.INDEX) -> Case:
        body = {"indexName": index, "vectors": list(entries)}
        return Case(f"PutVectors.{requirement}", "PutVectors", label, body=body)

    good = vector(Key("good"))
    yield case("duplicate-keys.rejected", "same-data", vector(Key("twin")), good, vector(Key("twin")))
    yield case(
        "duplicate-keys.rejected",
        "other-data",
        vector(Key("twin")),
        vector(Key("twin"), [1.0, 2.0, 3.0, 4.0]),
    )
    most = contract.limit("PutVectors", "vectors/maxItems")
    full = [vector(Key(f"{number}")) for number in range(most - 1)]
    yield case("duplicate-keys.rejected", "first-and-last-of-many", *full, vector(Key("0")))
    for label, size in WRONG_SIZES.items():
        entry = {"key": Key(label), "data": {"float32": [0.5] * size}}
        yield case("data.dimension.rejected", label, entry)
    yield case(
        "data.dimension.rejected", "last-of-three", good, vector(Key("b")), vector(Key("c"), [1.0] * 5)
    )
    yield case("data.dimension.rejected", "first-of-two", vector(Key("a"), [1.0] * 5), good)
    yield case("vectors.key.min-length.rejected", "last-of-two", good, vector(""))
    for label, token in (("nan", "NaN"), ("infinity", "Infinity"), ("minus-infinity", "-Infinity")):
        raw = _raw_vectors(f"[0.5, {token}, 0.5, 0.5]")
        yield Case("PutVectors.data.finite.rejected", "PutVectors", label, raw=raw)
    for label, number in (
        ("1e39", "1e39"),
        ("minus-1e39", "-1e39"),
        ("1e400", "1e400"),
        ("long-integer", LONG_INTEGER),
    ):
        raw = _raw_vectors(f"[0.5, {number}, 0.5, 0.5]")
        yield Case("PutVectors.data.float32-range.rejected", "PutVectors", label, raw=raw)
    zeros = [0.0] * DIMENSION
    cosine = Slot.COSINE_INDEX
    yield case("data.zero-under-cosine.rejected", "alone", vector(Key("zero"), zeros), index=cosine)
    yield case(
        "data.zero-under-cosine.rejected", "minus-zero", vector(Key("zero"), [-0.0] * DIMENSION), index=cosine
    )
    yield case(
        "data.zero-under-cosine.rejected", "in-a-batch", good, vector(Key("zero"), zeros), index=cosine
    )
    yield case(
        "data.zero-under-cosine.rejected", "integers", vector(Key("zero"), [0] * DIMENSION), index=cosine
    )
    # Only zeros throughout are forbidden: neither a sum of zero nor a short vector nor a zero among others.
    not_zero: Mapping[str, list[float]] = {
        "sum-of-zero": [1.0, -1.0, 0.5, -0.5],
        "short": [1e-15, -2e-15, 1e-15, 3e-15],
        "zeros-but-one": [0, 0, 0, 1],
    }
    for label, numbers in not_zero.items():
        entry = vector(Key(label), numbers)
        yield case("data.zero-under-cosine.accepted", label, entry, index=cosine)
    yield case("data.zero-under-euclidean.accepted", "alone", vector(Key("zero"), zeros))
    longest = contract.limit("PutVectors", "vectors/key/maxLength")
    for label, character in (
        ("two-bytes", "\u00e9"),
        ("three-bytes", "\u5411"),
        ("four-bytes", "\U0001f600"),
    ):
        yield case("key.characters.accepted", label, vector(character * longest))
    yield case("vectors.key.max-length.rejected", "two-bytes", vector("\u00e9" * (longest + 1)))
    yield from _metadata_cases(contract)


def _raw_vectors(numbers: str) -> bytes:
    """A PutVectors whose numbers JSON writers refuse to write; ``%INDEX%`` is filled in by the suite."""
    return f'{{"indexName": "%INDEX%", "vectors": [{{"key": "raw", "data": {{"float32": {numbers}}}}}]}}'.encode()


def _metadata_cases(contract: Contract) -> Iterator[Case]:
    fields = contract.limit("PutVectors", "vectors/metadata/x-oss-limits/filterable-count/maximum")
    part = contract.limit("PutVectors", "vectors/metadata/x-oss-limits/filterable-size/maximum") * 1024
    total = contract.limit("PutVectors", "vectors/metadata/x-oss-limits/total-size/maximum") * 1024

    def case(requirement: str, label: str, metadata: object, index: Slot = Slot.INDEX) -> Case:
        body = {"indexName": index, "vectors": [vector(Key(label), metadata=metadata)]}
        return Case(f"PutVectors.metadata.{requirement}", "PutVectors", label, body=body)

    some = {f"f{number}": "v" for number in range(fields)}
    yield case("filterable-fields.accepted", f"{fields}", some)
    yield case("filterable-fields.rejected", f"{fields + 1}", {**some, "f99": "v"})
    # Below the limit however a KB and the size of metadata are counted.
    nearly = 1000 * 19 // 20
    yield case("filterable-size.accepted", "nearly-full", {"text": "x" * (part // 1024 * nearly)})
    yield case("filterable-size.rejected", "a-quarter-over", {"text": "x" * (part * 5 // 4)})
    long = vector(Key("long"), metadata={"text": "x" * (part * 5 // 4)})
    body = {"indexName": Slot.INDEX, "vectors": [vector(Key("short")), long]}
    yield Case("PutVectors.metadata.filterable-size.rejected", "PutVectors", "second-of-two", body=body)
    yield case("filterable-size.rejected", "array", {"text": ["x" * 64] * (part * 5 // 4 // 64 + 1)})
    notes = Slot.NOTES_INDEX
    yield case(
        "total-size.accepted", "nearly-full", {"note": "x" * (total // 1024 * nearly), "kind": "a"}, notes
    )
    yield case("total-size.rejected", "a-quarter-over", {"note": "x" * (total * 5 // 4), "kind": "a"}, notes)
    yield case("value-type.accepted", "string-and-array", {"title": "one", "tags": ["a", "b"]})
    yield case("value-type.rejected", "object", {"title": {"a": "b"}})
    yield case("value-type.rejected", "null", {"title": None})
    yield case("value-type.rejected", "null-in-array", {"tags": ["a", None]})
    yield case("value-type.rejected", "object-in-array", {"tags": ["a", {"b": "c"}]})
    yield case("value-type.rejected", "array-in-array", {"tags": [["a"]]})
    for label, value in (("string", "a"), ("number", 1), ("array", ["a"])):
        body = with_value(put_vectors(), "vectors/metadata", value)
        yield Case("PutVectors.vectors.metadata.type", "PutVectors", f"second-{label}", body=body)


def _get_vectors(contract: Contract) -> Iterator[Case]:
    most = contract.limit("GetVectors", "keys/maxItems")
    body = {**baseline("GetVectors"), "keys": [Key("a"), Key("a"), Key("b")]}
    yield Case("GetVectors.keys.repeated.accepted", "GetVectors", "one-twice", body=body, stored=("a", "b"))
    longest = contract.limit("GetVectors", "keys/item/maxLength")
    body = {**baseline("GetVectors"), "keys": [Key(f"{number}", longest) for number in range(most)]}
    yield Case("GetVectors.keys.max-items.accepted", "GetVectors", f"{most}-of-{longest}", body=body)
    body = {**baseline("GetVectors"), "keys": [Key(f"{number}") for number in range(most // 2)] * 2}
    yield Case("GetVectors.keys.repeated.accepted", "GetVectors", "all-twice", body=body)


def _empty_token(name: str) -> Case:
    return Case(f"{name}.nextToken.empty", name, "first-page", body={**baseline(name), "nextToken": ""})


def _list_vector_indexes(contract: Contract) -> Iterator[Case]:
    del contract
    yield _empty_token("ListVectorIndexes")


def _list_vectors(contract: Contract) -> Iterator[Case]:
    yield _empty_token("ListVectors")
    most = contract.limit("ListVectors", "segmentCount/maximum")
    requirement = "ListVectors.segmentIndex.below-count.rejected"
    for label, position, count in (("equal", 2, 2), ("above", 5, 2), ("equal-at-most", most, most)):
        body = {**baseline("ListVectors"), "segmentIndex": position, "segmentCount": count}
        yield Case(requirement, "ListVectors", label, body=body)
    for clause, member, values in (
        ("maxResults.negative.rejected", "maxResults", (-1, -(2**31))),
        ("segmentCount.below-one.rejected", "segmentCount", (0, -1)),
        ("segmentIndex.negative.rejected", "segmentIndex", (-1,)),
    ):
        for value in values:
            yield Case(
                f"ListVectors.{clause}",
                "ListVectors",
                f"{value}",
                body={**baseline("ListVectors"), member: value},
            )


def _delete_vectors(contract: Contract) -> Iterator[Case]:
    most = contract.limit("DeleteVectors", "keys/x-oss-limits/unique-count/maximum")
    least = contract.limit("DeleteVectors", "keys/x-oss-limits/unique-count/minimum")
    name = "DeleteVectors"

    def keys(count: int) -> list[Key]:
        return [Key(f"{number}") for number in range(count)]

    def case(requirement: str, label: str, entries: list[Any], stored: tuple[str, ...] = ()) -> Case:
        body = {"indexName": Slot.INDEX, "keys": entries}
        return Case(f"{name}.{requirement}", name, label, body=body, stored=stored)

    few = ("0", "1", "2")
    yield case("keys.unique-count.minimum.accepted", "of-a-stored-vector", keys(least), few[:1])
    yield case("keys.unique-count.maximum.accepted", f"{most}", keys(most), few)
    longest = contract.limit("PutVectors", "vectors/key/maxLength")
    long = [Key(f"{number}", longest) for number in range(most)]
    yield case("keys.unique-count.maximum.accepted", f"{most}-of-{longest}", long, few)
    yield case("keys.unique-count.maximum.rejected", f"{most + 1}", keys(most + 1), few)
    yield case("keys.unique-count.maximum.rejected", "double", keys(2 * most), few)
    yield case("keys.repeated.accepted", "one-more-entry", [*keys(most), Key("0")], few)
    yield case("keys.repeated.accepted", "every-key-twice", keys(most) * 2, few)
    yield case("keys.repeated.accepted", "one-key-throughout", [Key("0")] * (most + 1), few)
    yield case("keys.repeated.accepted", "two-keys-in-turn", [Key("0"), Key("1")] * most, few)
    yield case("missing-keys", "none-exists", [Key("never"), Key("neither")])
    yield case("missing-keys", "some-exist", [Key("0"), Key("never"), Key("1")], few)
    yield Case(f"{name}.indexName.missing", name, "absent", body={"keys": [Key("a")]})
    yield case("keys.item.type", "number-among-strings", [Key("0"), 7], few)
    yield case("keys.item.type", "null-among-strings", [Key("0"), None], few)


_SPECIAL: dict[str, Callable[[Contract], Iterator[Case]]] = {
    "PutVectorIndex": _put_vector_index,
    "PutVectors": _put_vectors,
    "GetVectors": _get_vectors,
    "ListVectorIndexes": _list_vector_indexes,
    "ListVectors": _list_vectors,
    "DeleteVectors": _delete_vectors,
    "QueryVectors": query_cases,
}
