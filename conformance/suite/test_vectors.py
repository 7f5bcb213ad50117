"""PutVectors, GetVectors and ListVectors.

Covers the pages of the three operations (Alibaba Cloud OSS developer reference
and ossutil pages, September 2025 to September 2026): what is written is read,
overwriting replaces, batches are taken whole or not at all, keys stay as they
are, values go through float32, flags decide what is returned, pages and
segments lose and repeat nothing.
"""

from __future__ import annotations

import json
from typing import Any

from conformance.cases.baselines import vector
from conformance.cases.case import Case, Slot
from conformance.cases.corpora import TEMPTING_KEYS
from conformance.contract.model import Profile
from conformance.suite.collecting import cases_of, decides, in_profile, needs_bucket
from conformance.suite.resources import Resources, index_body
from conformance.suite.service import Service


@cases_of("PutVectors", "GetVectors", "ListVectors")
def test_directed_case(resources: Resources, case: Case) -> None:
    """One request that attacks one clause; what a write names is read afterwards."""
    resources.run_case(case)


@decides(
    "PutVectors.success.status",
    "PutVectors.success.empty-body",
    "PutVectors.stores",
    "PutVectors.data.stored",
    "PutVectors.metadata.stored",
    "GetVectors.success.status",
    "GetVectors.success.body",
    "GetVectors.returns-stored",
    "GetVectors.missing-keys.omitted",
    "GetVectors.only-requested",
    "GetVectors.returnData.true",
    "GetVectors.returnMetadata.true",
    "ListVectors.success.status",
    "ListVectors.success.body",
    "ListVectors.lists-stored",
    "ListVectors.only-stored",
    "ListVectors.returnData.true",
    "ListVectors.returnMetadata.true",
)
def test_what_is_written_is_read(service: Service, resources: Resources) -> None:
    """Vectors with and without metadata, read by key and by listing; unknown keys are left out."""
    index = resources.index(non_filterable=("note",))
    with_metadata, plain, array, tempting, named = resources.keys(5)
    resources.put(
        index,
        vector(with_metadata, metadata={"title": "one", "note": "long text", "tags": ["a", "b"]}),
        vector(plain, [-1.5, 0.0, 2.0, 1e-3]),
        vector(
            array,
            [1e10, -1e10, 1e-10, 3.4e38],
            metadata={"tags": ["x"], "note": ["m", "n", "x" * 300, *map(str, range(120))]},
        ),
        vector(
            tempting,
            metadata={
                "a": "true",
                "b": "null",
                "c": " x ",
                "d": "1e3",
                "e": "0123",
                "f": ["1", "1"],
                "g": "\u7535\u5f71 \u00e9 \U0001f600",
                "h": list(TEMPTING_KEYS.values()),
                "j": "a,b",
                "i": ["2024-01-02", "1.10", "a,b", "\r\n", "cafe\u0301", "&amp;"],
            },
        ),
        vector(
            named,
            metadata={
                "Kind": "a",
                "kind": "b",
                "key": "c",
                "data": "d",
                "metadata": "e",
                "distance": "f",
                "id": "g",
                "_x": "h",
                "float32": "i",
                "indexName": "j",
            },
        ),
    )
    resources.read(index, [with_metadata, plain, array, tempting, named, *resources.keys(2)])
    resources.read(index, [plain])
    resources.read(index, resources.keys(2))
    service.call("ListVectors", {"indexName": index, "returnData": True, "returnMetadata": True})
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("PutVectors.metadata.empty-values.stored")
def test_empty_values_that_are_accepted_come_back(service: Service, resources: Resources) -> None:
    """An empty string, an empty array and an empty string among others: a service may refuse them, not lose them."""
    index = resources.index(non_filterable=("note",))
    keys = resources.keys(4)
    values: list[Any] = ["", [], ["a", "", "b"], [""]]
    for key, value in zip(keys, values, strict=True):
        entry = vector(key, metadata={"kind": value, "note": value, "title": "full"})
        service.call("PutVectors", {"indexName": index, "vectors": [entry]})
    resources.read(index, keys)
    service.call("ListVectors", {"indexName": index, "returnMetadata": True})
    service.call("DeleteVectorIndex", {"indexName": index})


@decides(
    "GetVectors.returnData.false",
    "GetVectors.returnMetadata.false",
    "ListVectors.returnData.false",
    "ListVectors.returnMetadata.false",
)
def test_flags_decide_what_is_returned(service: Service, resources: Resources) -> None:
    """Every combination of the two flags, and neither, by key and by listing."""
    index = resources.index()
    keys = resources.keys(2)
    resources.put(index, *(vector(key, metadata={"title": "t"}) for key in keys))
    combinations: list[dict[str, bool]] = [{}]
    combinations += [
        {"returnData": data, "returnMetadata": meta} for data in (True, False) for meta in (True, False)
    ]
    combinations += [{"returnData": True}, {"returnMetadata": True}]
    for flags in combinations:
        service.call("GetVectors", {"indexName": index, "keys": keys, **flags})
        service.call("ListVectors", {"indexName": index, **flags})
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("PutVectors.overwrite", "PutVectors.overwrite.metadata", "PutVectors.only-named")
def test_overwriting_replaces(service: Service, resources: Resources) -> None:
    """Data and metadata are the new ones only, by key and in listings: fewer fields, other fields, none at all."""
    index = resources.index()
    key, other = resources.keys(2)
    # That a key was not there once must not be remembered.
    resources.read(index, [key, other])
    resources.put(
        index, vector(key, metadata={"title": "old", "tags": ["a"]}), vector(other, metadata={"a": "b"})
    )
    resources.read(index, [key, other])
    for entry in (
        vector(key, [4.0, 3.0, 2.0, 1.0], {"title": "new"}),
        vector(key, [4.0, 3.0, 2.0, 1.5], {"kind": "other"}),
        vector(key, [4.0, 3.0, 2.0, 2.0]),
        vector(key, [2.0, 3.0, 2.0, 2.0], {"kind": "again"}),
        vector(key, [2.0, 3.0, 2.0, 2.5], {}),
        vector(key, [1.0, 1.0, 1.0, 1.0], {"tags": ["x", "y"]}),
    ):
        resources.put(index, entry)
        resources.read(index, [key, other])
        service.call("ListVectors", {"indexName": index, "returnData": True, "returnMetadata": True})
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("PutVectors.data.stored")
def test_values_go_through_float32(service: Service, resources: Resources) -> None:
    """Fractions that no float32 holds, the largest, the smallest normal one, integers, negative zero."""
    # An index of its own: beside the largest numbers every distance in a shared one would overflow.
    index = resources.index()
    samples: list[list[Any]] = [
        [0.1, 0.2, 0.3, 0.4],
        [1 / 3, -2 / 3, 1e-7, 123456.789],
        [3.4028234663852886e38, -3.4028234663852886e38, 1.1754943508222875e-38, 1.0],
        [16777217, -16777217, 1, 0],
        [3000000000, -3000000000, 1000000000000, 5],
        [-0.0, 1.0, 2.0, 3.0],
        [1.00000001, 0.99999999, 1e20, 1e-20],
    ]
    keys = resources.keys(len(samples))
    resources.put(index, *(vector(key, numbers) for key, numbers in zip(keys, samples, strict=True)))
    resources.read(index, keys)
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("PutVectors.key.unicode.preserved", "PutVectors.stores")
def test_keys_stay_as_they_are(service: Service, resources: Resources) -> None:
    """Slashes, blanks, quotes, escapes, case, composed and decomposed letters: each is a key of its own."""
    index = resources.index()
    stem = resources.keys(1)[0]
    keys = [f"{text}|{stem}|{text}" for text in TEMPTING_KEYS.values()]
    keys += [f" {stem}", f"{stem} ", f"\t{stem}", f"{stem}\n"]
    # As they stand: what a careless service takes for nothing, or for each other.
    keys += [" ", "0", "00", "01", "1", "1.0", "null", "true", "-", "_", "__proto__", "constructor"]
    entries = [vector(key, [float(number), 1.0, 2.0, 3.0]) for number, key in enumerate(keys)]
    body = {"indexName": index, "vectors": entries}
    # A service that takes two of them for one key refuses them all.
    service.call("PutVectors", body, attack="PutVectors.key.unicode.preserved").need()
    resources.read(index, keys)
    service.call("ListVectors", {"indexName": index, "returnData": True})
    for key in (*keys[:3], "0", "null"):
        resources.read(index, [key])
    for half in (keys[::2], keys[1::2]):
        service.call("DeleteVectors", {"indexName": index, "keys": half})
        resources.read(index, keys)
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("PutVectors.key.unicode.preserved", "PutVectors.metadata.stored", "Http.body.spelling")
def test_escapes_mean_the_characters_they_stand_for(service: Service, resources: Resources) -> None:
    """The Python client escapes everything but ASCII, an emoji as a pair: what is stored is the text itself."""
    index = resources.shared(Slot.INDEX)
    stem = resources.keys(1)[0]
    entry = vector(
        f"{stem}\u5411\U0001f600\u00e9", metadata={"title": "\U0001f3ac \u7535\u5f71", "kind": "\u00fc"}
    )
    body = {"indexName": index, "vectors": [entry]}
    service.call("PutVectors", raw=json.dumps(body).encode(), attack="Http.body.spelling").need()
    resources.read(index, [entry["key"]])
    keys = {"indexName": index, "keys": [entry["key"]], "returnMetadata": True}
    service.call("GetVectors", raw=json.dumps(keys).encode(), attack="Http.body.spelling")


@decides("PutVectors.data.stored", "Http.body.spelling")
def test_numbers_mean_the_same_in_every_spelling(service: Service, resources: Resources) -> None:
    """Exponents of both cases and signs, minus zero, integers beyond 53 bits, an escaped slash (RFC 8259)."""
    index = resources.shared(Slot.INDEX)
    stem = resources.keys(1)[0]
    for place, numbers in enumerate(("-0, 1E2, 25e-2, 1e+2", "1.0E+1, -0.0, 9007199254740993, 0.1E-3")):
        raw = (
            f'{{"indexName": "{index}", "vectors": [{{"key": "{stem}{place}\\/", '
            f'"data": {{"float32": [{numbers}]}}}}]}}'
        )
        service.call("PutVectors", raw=raw.encode(), attack="Http.body.spelling").need()
        resources.read(index, [f"{stem}{place}/"])


@decides("PutVectors.stores")
def test_a_key_with_a_nul_is_stored_whole_or_refused(service: Service, resources: Resources) -> None:
    """Any UTF-8 may be a key (PutVectors page); of those that a service takes with a NUL nothing may be cut off."""
    index = resources.index()
    stem = resources.keys(1)[0]
    resources.put(index, vector(stem))
    service.call(
        "PutVectors", {"indexName": index, "vectors": [vector(f"{stem}\0tail", [9.0, 8.0, 7.0, 6.0])]}
    )
    service.call("ListVectors", {"indexName": index, "returnData": True})
    resources.read(index, [stem])
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("PutVectors.rejected.no-trace", "PutVectors.duplicate-keys.no-trace")
def test_a_refused_batch_writes_nothing(service: Service, resources: Resources) -> None:
    """A slip in the last of several vectors: the new ones are not written, the old ones not changed."""
    index, cosine = resources.shared(Slot.INDEX), resources.shared(Slot.COSINE_INDEX)
    for target, bad in (
        (index, {"data": {"float32": [1.0, 2.0, 3.0]}}),
        (index, {"data": {"float32": [1.0, 2.0, "x", 4.0]}}),
        (index, {"data": {"float32": [1.0, 2.0, 3.0, 4.0]}, "metadata": {"title": {"a": "b"}}}),
        (cosine, {"data": {"float32": [0.0, 0.0, 0.0, 0.0]}}),
    ):
        old, new, last = resources.keys(3)
        resources.put(target, vector(old, metadata={"title": "before"}))
        resources.read(target, [old])
        entries = [vector(new), vector(old, [9.0, 8.0, 7.0, 6.0]), {"key": last, **bad}]
        service.call("PutVectors", {"indexName": target, "vectors": entries})
        resources.read(target, [old, new, last])
    old, new = resources.keys(2)
    resources.put(index, vector(old))
    resources.read(index, [old])
    other = vector(old, [9.0, 8.0, 7.0, 6.0])
    # The key that is there twice may be a new one, or one that is stored already.
    for twice in (vector(new, [5.0, 5.0, 5.0, 5.0]), vector(old, [5.0, 5.0, 5.0, 5.0])):
        service.call("PutVectors", {"indexName": index, "vectors": [vector(new), other, twice]})
        resources.read(index, [old, new])


@decides(
    "PutVectors.only-named",
    "DeleteVectors.only-named",
    "GetVectors.only-requested",
    "ListVectors.only-stored",
    "QueryVectors.only-stored",
    "GetVectorIndex.NoSuchVectorIndex",
    "ListVectorIndexes.only-own",
    "PutVectors.NoSuchVectorIndex",
    "GetVectors.NoSuchVectorIndex",
    "ListVectors.NoSuchVectorIndex",
    "DeleteVectors.NoSuchVectorIndex",
    "QueryVectors.NoSuchVectorIndex",
)
@needs_bucket
def test_indexes_and_buckets_are_isolated(service: Service, resources: Resources) -> None:
    """Two like indexes in one bucket and one of the same name in another: reads and writes meet only their own."""
    other = resources.bucket()
    name, neighbour = resources.index(), resources.index()
    key, point = resources.keys(1)[0], {"float32": [1.0, 0.5, 0.0, 0.0]}
    resources.put(name, vector(key))
    # An empty index shows nothing of the one beside it.
    service.call("ListVectors", {"indexName": neighbour})
    resources.read(neighbour, [key])
    service.call("QueryVectors", {"indexName": neighbour, "queryVector": point, "topK": 5}, settle=True)
    # An index is in its own bucket only.
    service.call("GetVectorIndex", {"indexName": name}, bucket=other)
    listing = service.call("ListVectorIndexes", {}, bucket=other)
    service.check(
        "ListVectorIndexes.only-own",
        not listing.members("indexes"),
        listing.exchange,
        "no index in a new bucket",
        [entry.get("indexName") for entry in listing.members("indexes")],
    )
    service.call("GetVectors", {"indexName": name, "keys": [key]}, bucket=other)
    service.call("ListVectors", {"indexName": name}, bucket=other)
    service.call("QueryVectors", {"indexName": name, "queryVector": point, "topK": 1}, bucket=other)
    service.call("DeleteVectors", {"indexName": name, "keys": [key]}, bucket=other)
    service.call("PutVectors", {"indexName": name, "vectors": [vector(key)]}, bucket=other)
    service.call("PutVectorIndex", index_body(name), bucket=other).need()
    places = ((name, None), (neighbour, None), (name, other))
    common, *own = resources.keys(4)
    for number, (index, bucket) in enumerate(places):
        row = [1.0, float(number), 0.0, 0.0]
        resources.put(
            index, vector(common, row, {"place": str(number)}), vector(own[number], row), bucket=bucket
        )

    def compare() -> None:
        for index, bucket in places:
            resources.read(index, [common, *own], bucket=bucket)
            body = {"indexName": index, "returnData": True, "returnMetadata": True}
            service.call("ListVectors", body, bucket=bucket)
            query = {"indexName": index, "queryVector": point, "topK": 10, "returnMetadata": True}
            service.call("QueryVectors", query, bucket=bucket, settle=True)

    compare()
    service.call("DeleteVectors", {"indexName": neighbour, "keys": [common]})
    compare()
    service.call("DeleteVectors", {"indexName": name, "keys": [common]}, bucket=other)
    compare()
    service.call("DeleteVectorIndex", {"indexName": name}, bucket=other)
    resources.read(name, [common, own[0]])
    service.call("DeleteVectorBucket", bucket=other)
    for index in (name, neighbour):
        service.call("DeleteVectorIndex", {"indexName": index})


@decides("GetVectors.only-requested", "GetVectors.returns-stored", "GetVectors.keys.max-items.accepted")
def test_keys_are_matched_whole(service: Service, resources: Resources) -> None:
    """A key is no prefix and no pattern, and a full request of stored keys returns every one of them."""
    index = resources.index(dimension=1)
    stem = resources.keys(1)[0]
    alike = [stem, f"{stem}0", f"{stem}00", stem.upper(), f"{stem.upper()}0"]
    most = service.contract.limit("GetVectors", "keys/maxItems")
    keys = [*dict.fromkeys(alike), *resources.keys(most)][:most]
    resources.put(index, *(vector(key, [float(place)], {"n": key}) for place, key in enumerate(keys)))
    service.call("ListVectors", {"indexName": index, "returnData": True})
    absent = (stem[:-1], f"{stem}1", f"{stem.upper()}00", *(f"{stem}{sign}" for sign in "*?%_."))
    for key in (stem, f"{stem}0", stem.upper(), *absent):
        resources.read(index, [key])
    resources.read(index, keys)
    resources.read(index, keys[::-1])
    resources.read(index, [keys[0], f"{stem}-none", keys[1], f"{stem}-neither", keys[-1]])
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("GetVectors.keys.repeated", "GetVectors.order", "GetVectors.metadata.none-stored")
def test_forms_of_an_answer_that_are_open(service: Service, resources: Resources) -> None:
    """Not documented: how often a repeated key comes back, in which order, and what stands for no metadata."""
    index = resources.shared(Slot.INDEX)
    first, second = resources.keys(2)
    resources.put(index, vector(first), vector(second))
    body = {"indexName": index, "keys": [second, first, second], "returnMetadata": True}
    answer = service.call("GetVectors", body)
    entries = answer.members("vectors")
    keys = [entry["key"] for entry in entries]
    service.observe(
        "GetVectors.keys.repeated", f"{keys.count(second)} entries for a key asked twice", answer.exchange
    )
    in_order = list(dict.fromkeys(keys)) == [second, first]
    service.observe(
        "GetVectors.order", "order of the request" if in_order else "another order", answer.exchange
    )
    forms = {repr(entry.get("metadata", "absent")) for entry in entries}
    service.observe(
        "GetVectors.metadata.none-stored", f"metadata {', '.join(sorted(forms))}", answer.exchange
    )


@decides(
    "PutVectors.errors.VectorIndexParameterInvalid",
    "GetVectors.errors.VectorIndexParameterInvalid",
    "ListVectors.errors.VectorIndexParameterInvalid",
)
def test_invalid_parameters_are_named_as_such(service: Service, resources: Resources) -> None:
    """One value out of range for each operation."""
    index = resources.shared(Slot.INDEX)
    service.call("PutVectors", {"indexName": index, "vectors": []})
    service.call("GetVectors", {"indexName": index, "keys": []})
    most = service.contract.limit("ListVectors", "segmentCount/maximum")
    service.call("ListVectors", {"indexName": index, "segmentCount": most + 1, "segmentIndex": 0})


@decides(
    "PutVectors.metadata.total-size.accepted",
    "PutVectors.metadata.stored",
    "GetVectors.returns-stored",
    "QueryVectors.topK.fills-result",
)
def test_metadata_are_large_in_every_vector(service: Service, resources: Resources) -> None:
    """Limits are those of one vector: of many in one request each may reach them, in every non-filterable field."""
    index = resources.index(metric="cosine", non_filterable=("note", "remark"))
    total = service.contract.limit("PutVectors", "vectors/metadata/x-oss-limits/total-size/maximum")
    size = total * 1000 * 19 // 20
    forms: list[dict[str, Any]] = [
        {"kind": "a", "remark": "x" * size},
        {"kind": "b", "note": "y" * size},
        {"kind": "c", "note": ["z" * 1000] * (size // 1010), "remark": "r"},
        {"kind": "d", "note": ["n" * (size // 2)], "remark": ["m" * (size * 9 // 20)]},
    ]
    # More than a megabyte in all, which goes in one request and comes in one answer.
    keys = resources.keys(29)
    entries = [
        vector(key, [1.0, place / 4, 0.0, 0.5], forms[place % len(forms)]) for place, key in enumerate(keys)
    ]
    body = {"indexName": index, "vectors": entries}
    service.call("PutVectors", body, attack="PutVectors.metadata.total-size.accepted").need()
    for part in (keys[:14], keys[14:], keys):
        resources.read(index, part)
    nearest = {"indexName": index, "queryVector": {"float32": [1.0, 0.1, 0.0, 0.5]}, "topK": len(keys)}
    service.call("QueryVectors", {**nearest, "returnMetadata": True}, settle=True)
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("PutVectors.batch.large")
@in_profile(Profile.FULL)
def test_the_largest_batch(service: Service, resources: Resources) -> None:
    """The most vectors of the largest dimension in one request, spot-checked."""
    dimension = service.contract.limit("PutVectorIndex", "dimension/maximum")
    batch = service.contract.limit("PutVectors", "vectors/maxItems")
    index = resources.index(dimension=dimension)
    keys = resources.keys(batch)
    row = [number / dimension for number in range(dimension)]
    entries = [vector(key, [float(place), *row[1:]]) for place, key in enumerate(keys)]
    service.call(
        "PutVectors", {"indexName": index, "vectors": entries}, attack="PutVectors.batch.large"
    ).need()
    resources.read(index, [keys[0], keys[batch // 2], keys[-1]])
    service.call("DeleteVectorIndex", {"indexName": index})
