"""Clauses that no schema keyword can say: unique keys, equal lengths, sizes, filters, names.

One function per operation looks at the decoded request (and at the index it
names) and remarks what it breaks, touches or leaves open.  A clause is named by
the part of its requirement id after the operation.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

from conformance.contract.loader import Contract
from conformance.contract.schema import full_match
from conformance.oracle.constraints import Finding, are_numbers, is_number
from conformance.oracle.filters import FilterLimits, is_documented, read_filter
from conformance.oracle.model import IndexState
from conformance.oracle.search import as_float32
from conformance.wire.exchange import Exchange

INVALID = "VectorIndexParameterInvalid"
MALFORMED = "MalformedJson"


@dataclass(frozen=True, slots=True)
class Remark:
    """One remark on a request: the finding, the clause, a word for people, codes that may answer it."""

    finding: Finding
    clause: str
    detail: str
    codes: tuple[str, ...] = ()


# The pages write KB; whether they mean 1000 or 1024 bytes stays unjudged.
KB_LEAST = 1000
KB_MOST = 1024


@dataclass(frozen=True, slots=True)
class ReadRequest:
    """What rules look at: a request, the JSON object in it, and the index that it names, if the model has it."""

    contract: Contract
    exchange: Exchange
    value: dict[str, Any]
    index: IndexState | None = None


Semantics = Callable[[ReadRequest], Iterator[Remark]]

#: Paths that the constraint evaluator leaves to this module.
SKIPPED_PATHS: Mapping[str, frozenset[str]] = {
    "PutVectors": frozenset({"vectors/metadata"}),
    "QueryVectors": frozenset({"filter"}),
    "ListVectors": frozenset({"filter"}),
}


def broken(clause: str, detail: str, codes: tuple[str, ...] = ()) -> Remark:
    """Remark that a clause is broken."""
    return Remark(Finding.BROKEN, clause, detail, codes)


def touched(clause: str) -> Remark:
    """Remark that a request is valid exactly at a limit, or uses a documented freedom."""
    return Remark(Finding.TOUCHED, clause, "")


def open_point(detail: str) -> Remark:
    """Remark that the documents do not say what follows."""
    return Remark(Finding.OPEN, "", detail)


def bucket_name_remarks(contract: Contract, name: str) -> Iterator[Remark]:
    """Naming rules of vector buckets (PutVectorBucket page, Naming rules)."""
    rule = contract.bucket_name_rule
    shortest, longest = rule["minLength"], rule["maxLength"]
    if len(name) < shortest:
        yield broken("name.min-length", f"{len(name)} characters")
    if len(name) > longest:
        yield broken("name.max-length", f"{len(name)} characters")
    if name.startswith("-"):
        yield broken("name.leading-hyphen", repr(name))
    if name.endswith("-"):
        yield broken("name.trailing-hyphen", repr(name))
    if not full_match("^[a-z0-9-]*$", name):
        yield broken("name.alphabet", repr(name))
    if len(name) == shortest:
        yield touched("name.min-length.accepted")
    if len(name) == longest:
        yield touched("name.max-length.accepted")
    if full_match(rule["pattern"], name):
        has_digit = any(character.isdigit() for character in name)
        if name.isdigit() or (has_digit and "-" in name):
            yield touched("name.alphabet.accepted")


def _put_vector_bucket(request: ReadRequest) -> Iterator[Remark]:
    yield from bucket_name_remarks(request.contract, request.exchange.bucket or "")


def _delete_vector_bucket(request: ReadRequest) -> Iterator[Remark]:
    if any(
        remark.finding is Finding.BROKEN
        for remark in bucket_name_remarks(request.contract, request.exchange.bucket or "")
    ):
        yield broken("name", repr(request.exchange.bucket))


def _put_vector_index(request: ReadRequest) -> Iterator[Remark]:
    metadata = request.value.get("metadata")
    if metadata == {}:
        yield open_point("an empty metadata object")
    if not isinstance(metadata, dict) or not isinstance(metadata.get("nonFilterableMetadataKeys"), list):
        return
    names = metadata["nonFilterableMetadataKeys"]
    yield from _field_name_remarks(request.contract, [name for name in names if isinstance(name, str)])
    if len({json.dumps(name) for name in names}) != len(names):
        yield open_point("a name listed twice")


def _field_name_remarks(contract: Contract, names: list[str]) -> Iterator[Remark]:
    place = "metadata/nonFilterableMetadataKeys/item/x-oss-limits/length"
    clause = "metadata.nonFilterableMetadataKeys.item.length"
    shortest = contract.limit("PutVectorIndex", f"{place}/minimum")
    longest = contract.limit("PutVectorIndex", f"{place}/maximum")
    for name in names:
        size = len(name.encode("utf-8", "surrogatepass"))
        if size < shortest:
            yield broken(f"{clause}.minimum", f"{size} bytes")
        elif size > longest:
            yield broken(f"{clause}.maximum", f"{size} bytes")
        elif size == shortest:
            yield touched(f"{clause}.minimum.accepted")
        elif size == longest:
            yield touched(f"{clause}.maximum.accepted")


def _key_remarks(keys: list[Any]) -> Iterator[Remark]:
    if any(isinstance(key, str) and "\x00" in key for key in keys):
        yield open_point("a key with the character NUL")


def _long_key_remarks(contract: Contract, keys: list[str]) -> Iterator[Remark]:
    """Keys within the limit as characters but beyond it as bytes: only PutVectors says what is counted."""
    longest = contract.limit("PutVectors", "vectors/key/maxLength")
    if any(len(key) <= longest < len(key.encode("utf-8", "surrogatepass")) for key in keys):
        yield open_point("a key of more bytes than characters at the limit")


def _put_vectors(request: ReadRequest) -> Iterator[Remark]:
    vectors = request.value.get("vectors")
    if not isinstance(vectors, list):
        return
    entries = [entry for entry in vectors if isinstance(entry, dict)]
    keys = [entry["key"] for entry in entries if isinstance(entry.get("key"), str)]
    yield from _key_remarks(keys)
    if len(set(keys)) != len(keys):
        yield broken("duplicate-keys", f"{len(keys) - len(set(keys))} repeated keys")
    longest = request.contract.limit("PutVectors", "vectors/key/maxLength")
    if any(len(key) == longest and not key.isascii() for key in keys):
        yield touched("key.characters.accepted")
    elif not all(map(str.isascii, keys)):
        yield touched("key.unicode.preserved")
    for entry in entries:
        data = entry.get("data")
        if isinstance(data, dict) and isinstance(data.get("float32"), list):
            yield from _vector_remarks("data", data["float32"], request.index)
        if "metadata" in entry:
            yield from _metadata_remarks(request.contract, entry["metadata"], request.index)


def _vector_remarks(clause: str, numbers: list[Any], index: IndexState | None) -> Iterator[Remark]:
    if index is None or not are_numbers(numbers):
        return
    if index.dimension is None or index.metric is None:
        # Created by a request whose meaning is open: nobody can say which vectors fit.
        yield open_point("a vector for an index whose settings are not known")
    elif len(numbers) != index.dimension:
        yield broken(f"{clause}.dimension", f"{len(numbers)} values, dimension {index.dimension}")
    elif not any(numbers):
        if index.metric == "cosine":
            yield broken(f"{clause}.zero-under-cosine", "a vector of zeros")
        elif index.metric == "euclidean":
            yield touched(f"{clause}.zero-under-euclidean.accepted")
    elif (largest := max(map(abs, numbers))) < _SMALLEST and not as_float32(numbers).any():
        yield open_point("a vector that rounds to zeros in float32")
    elif (
        clause == "data"
        and index.metric == "cosine"
        and (largest < _SHORT or not sum(numbers) or 0 in numbers)
    ):
        yield touched("data.zero-under-cosine.accepted")


# Numbers that a careless service takes for zero.
_SHORT = 1e-6
# Below the smallest normal float32 a number may round to zero.
_SMALLEST = 1.2e-38


def _metadata_remarks(contract: Contract, metadata: Any, index: IndexState | None) -> Iterator[Remark]:
    if metadata is None:
        yield open_point("metadata null")
        return
    if not isinstance(metadata, dict):
        yield broken("vectors.metadata.type", type(metadata).__name__, (INVALID, MALFORMED))
        return
    yield from _metadata_values(contract, metadata)
    outside = index.non_filterable if index is not None else frozenset()
    filterable = {name: value for name, value in metadata.items() if name not in outside}
    fields = _metadata_limit(contract, "filterable-count")
    if len(filterable) > fields:
        yield broken("metadata.filterable-fields", f"{len(filterable)} fields")
    elif len(metadata) > fields:
        yield open_point(f"more than {fields} metadata fields, of which at most {fields} are filterable")
    elif len(filterable) == fields:
        yield touched("metadata.filterable-fields.accepted")
    part = _metadata_limit(contract, "filterable-size")
    if any(_least_size(value) > part * KB_MOST for value in filterable.values()):
        yield broken("metadata.filterable-size", "a field beyond the limit")
    elif _greatest_size(filterable) > part * KB_LEAST:
        yield open_point(f"filterable metadata near {part} KB, or spread over several fields")
    elif _greatest_size(filterable) > part * KB_LEAST // 2:
        yield touched("metadata.filterable-size.accepted")
    total = _metadata_limit(contract, "total-size")
    if _least_size(metadata) > total * KB_MOST:
        yield broken("metadata.total-size", f"about {_greatest_size(metadata)} bytes")
    elif _greatest_size(metadata) > total * KB_LEAST:
        yield open_point(f"metadata near {total} KB")
    elif _greatest_size(metadata) > total * KB_LEAST // 2:
        yield touched("metadata.total-size.accepted")


def _metadata_values(contract: Contract, metadata: dict[str, Any]) -> Iterator[Remark]:
    for name, value in metadata.items():
        if not contract.is_field_name(name):
            # The index page has a rule for names, the PutVectors page has none.
            yield open_point(f"a metadata field with the name {name[:100]!r}")
        if isinstance(value, list) and is_documented(value):
            yield touched("metadata.value-type.accepted")
        elif value is None or isinstance(value, dict) or _has_structure(value):
            yield broken("metadata.value-type", f"{name}: {type(value).__name__}", (INVALID, MALFORMED))
        elif not isinstance(value, str) or not value:
            yield open_point(f"the metadata value {value!r}")


def _has_structure(value: Any) -> bool:
    """An array with anything in it that is neither text nor a number nor true or false."""
    return isinstance(value, list) and any(item is None or isinstance(item, (dict, list)) for item in value)


def _metadata_limit(contract: Contract, name: str) -> int:
    return int(contract.limit("PutVectors", f"vectors/metadata/x-oss-limits/{name}/maximum"))


def _least_size(value: Any) -> int:
    """The smallest size any way of counting gives: characters of the values alone."""
    if isinstance(value, str):
        return len(value)
    if isinstance(value, list):
        return sum(_least_size(item) for item in value)
    if isinstance(value, dict):
        return sum(_least_size(item) for item in value.values())
    return 0


def _greatest_size(value: Any) -> int:
    """The greatest size any way of counting gives: the JSON text with escapes and blanks."""
    return len(json.dumps(value)) if value else 0


def _delete_vectors(request: ReadRequest) -> Iterator[Remark]:
    if "indexName" not in request.value:
        yield broken("indexName.missing", "no indexName")
    keys = request.value.get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        return
    yield from _key_remarks(keys)
    yield from _long_key_remarks(request.contract, keys)
    unique = set(keys)
    most = request.contract.limit("DeleteVectors", "keys/x-oss-limits/unique-count/maximum")
    if len(unique) > most:
        yield broken("keys.unique-count.maximum", f"{len(unique)} unique keys")
    elif len(unique) == most == len(keys):
        yield touched("keys.unique-count.maximum.accepted")
    if len(keys) > most >= len(unique) > 0:
        yield touched("keys.repeated.accepted")
    # The limit of PutVectors is the only one there is for keys; this page names none.
    longest = request.contract.limit("PutVectors", "vectors/key/maxLength")
    if any(not 0 < len(key) <= longest for key in keys):
        yield open_point("a key that is empty or too long for a vector")


def _get_vectors(request: ReadRequest) -> Iterator[Remark]:
    keys = request.value.get("keys")
    if not isinstance(keys, list) or not all(isinstance(key, str) for key in keys):
        return
    yield from _key_remarks(keys)
    yield from _long_key_remarks(request.contract, keys)
    most = request.contract.limit("GetVectors", "keys/maxItems")
    if len(set(keys)) != len(keys):
        if len(keys) > most >= len(set(keys)):
            yield open_point(f"more than {most} keys, of which at most {most} are different")
        else:
            yield touched("keys.repeated.accepted")


def _list_vectors(request: ReadRequest) -> Iterator[Remark]:
    position, count = request.value.get("segmentIndex"), request.value.get("segmentCount")
    most = request.value.get("maxResults")
    if type(most) is int and most <= 0:
        yield broken("maxResults.negative", str(most)) if most else open_point("maxResults of 0")
    if type(count) is int and count < 1:
        yield broken("segmentCount.below-one", str(count))
    if type(position) is int and position < 0:
        yield broken("segmentIndex.negative", str(position))
    elif type(position) is int and position > 0:
        if count is None:
            yield open_point("segmentIndex without segmentCount")
        elif type(count) is int and position >= count:
            yield broken("segmentIndex.below-count", f"{position} of {count}")
    if "filter" in request.value:
        yield open_point("filter in ListVectors, which only the newest page has")
    yield from _first_page(request.value)


def _first_page(value: dict[str, Any]) -> Iterator[Remark]:
    """An empty token is the one of the first page (list-vector-indexes command page; sample of the ListVectors page)."""
    if value.get("nextToken") == "":
        yield touched("nextToken.empty")


def _list_vector_indexes(request: ReadRequest) -> Iterator[Remark]:
    yield from _first_page(request.value)
    prefix = request.value.get("prefix")
    if isinstance(prefix, str) and prefix and not request.contract.is_index_name(prefix):
        yield open_point("a prefix that no name of an index can have")


def _list_vector_buckets(request: ReadRequest) -> Iterator[Remark]:
    most = dict(query_parameters(request.exchange.target)).get("max-keys")
    if most is None:
        return
    schema = request.contract.parameter("ListVectorBuckets", "max-keys")
    if not most.isascii() or not most.isdigit() or not schema["minimum"] <= int(most) <= schema["maximum"]:
        yield open_point(f"max-keys={most}")
    elif int(most) == schema["minimum"]:
        yield touched("max-keys.minimum.accepted")
    elif int(most) == schema["maximum"]:
        yield touched("max-keys.maximum.accepted")


def query_parameters(target: str) -> Iterator[tuple[str, str]]:
    """Decoded query parameters of a request target, in order."""
    _, _, query = target.partition("?")
    for pair in query.split("&"):
        if pair:
            name, _, value = pair.partition("=")
            yield unquote(name), unquote(value)


def _query_vectors(request: ReadRequest) -> Iterator[Remark]:
    query = request.value.get("queryVector")
    if isinstance(query, dict) and isinstance(query.get("float32"), list):
        for remark in _vector_remarks("queryVector", query["float32"], request.index):
            if remark.clause == "queryVector.zero-under-cosine":
                yield open_point("a query vector of zeros under cosine")
            elif remark.finding is not Finding.TOUCHED:
                yield remark
    top = request.value.get("topK")
    band = request.contract.limit("QueryVectors", "topK/x-oss-contested")
    if is_number(top) and band["accepted"] < top <= band["rejected-above"]:
        yield open_point(f"topK between {band['accepted']} and {band['rejected-above']}")
    elif top == band["accepted"]:
        yield touched("topK.maximum.accepted")
    if request.value.get("filter") is not None and "filter" in request.value:
        yield from _filter_remarks(request.contract, request.value["filter"], request.index)
    elif "filter" in request.value:
        yield open_point("filter null")


def filter_limits(contract: Contract) -> FilterLimits:
    """The documented limits of one filter."""
    place = "filter/x-oss-limits"
    band = contract.limit("QueryVectors", f"{place}/size/x-oss-contested")
    return FilterLimits(
        nesting=int(contract.limit("QueryVectors", f"{place}/nesting/maximum")),
        items=int(contract.limit("QueryVectors", f"{place}/items/maximum")),
        size_accepted=int(band["accepted"]) * KB_LEAST,
        size_rejected=int(band["rejected-above"]) * KB_MOST,
    )


def _filter_remarks(contract: Contract, value: Any, index: IndexState | None) -> Iterator[Remark]:
    outside = index.non_filterable if index is not None else frozenset()
    reading = read_filter(value, filter_limits(contract), outside)
    for clause, detail in reading.broken:
        # A filter is JSON inside JSON: which of the two codes answers a bad one is not documented.
        yield broken(f"filter.{clause}", detail, (INVALID, MALFORMED))
    for detail in reading.open:
        yield open_point(detail)
    for clause in reading.touched:
        yield touched(f"filter.{clause}")


_RULES: Mapping[str, Semantics] = {
    "PutVectorBucket": _put_vector_bucket,
    "ListVectorBuckets": _list_vector_buckets,
    "DeleteVectorBucket": _delete_vector_bucket,
    "PutVectorIndex": _put_vector_index,
    "ListVectorIndexes": _list_vector_indexes,
    "PutVectors": _put_vectors,
    "GetVectors": _get_vectors,
    "ListVectors": _list_vectors,
    "DeleteVectors": _delete_vectors,
    "QueryVectors": _query_vectors,
}


def remarks_on(request: ReadRequest) -> Iterator[Remark]:
    """What no schema keyword says of a request; nothing for an operation whose schema says all."""
    rules = _RULES.get(request.exchange.operation)
    if rules is not None:
        yield from rules(request)
