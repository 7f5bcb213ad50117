"""DeleteVectors, in depth.

Covers every clause of the DeleteVectors page (Alibaba Cloud OSS developer
reference, 2026-02-11): status, error codes, the number of unique keys on both
sides, keys without a vector, and that deletion removes what it names, for good,
and nothing else.
"""

from __future__ import annotations

from conformance.cases.baselines import vector
from conformance.cases.case import Case, Slot
from conformance.suite.collecting import cases_of, decides
from conformance.suite.resources import Resources
from conformance.suite.service import Service


@cases_of("DeleteVectors")
def test_directed_case(resources: Resources, case: Case) -> None:
    """One request that attacks one clause; the keys it names are read afterwards."""
    resources.run_case(case)


@decides(
    "DeleteVectors.success.status",
    "DeleteVectors.success.empty-body",
    "DeleteVectors.deletes",
    "DeleteVectors.only-named",
    "DeleteVectors.missing-keys",
)
def test_what_is_named_is_deleted_and_nothing_else(service: Service, resources: Resources) -> None:
    """Three of six vectors go; reading by key, listing and querying agree."""
    index = resources.index()
    keys = resources.keys(6)
    resources.put(index, *(vector(key, [1.0, float(number), 2.0, 3.0]) for number, key in enumerate(keys)))
    resources.read(index, keys)
    service.call("DeleteVectors", {"indexName": index, "keys": keys[::2]})
    resources.read(index, keys)
    service.call("ListVectors", {"indexName": index, "returnData": True, "returnMetadata": True})
    query = {"indexName": index, "queryVector": {"float32": [1.0, 0.0, 2.0, 3.0]}, "topK": 6}
    service.call("QueryVectors", query, settle=True)
    service.call("DeleteVectors", {"indexName": index, "keys": [keys[0], *resources.keys(1), keys[1]]})
    resources.read(index, keys)
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("DeleteVectors.idempotent")
def test_deleting_again_changes_nothing(service: Service, resources: Resources) -> None:
    """The same call three times: 204 each time, the other vector untouched."""
    index = resources.shared(Slot.INDEX)
    kept, gone = resources.keys(2)
    resources.put(index, vector(kept), vector(gone))
    for _ in range(3):
        service.call("DeleteVectors", {"indexName": index, "keys": [gone]}, attack="DeleteVectors.idempotent")
        resources.read(index, [kept, gone])


@decides("DeleteVectors.irreversible")
def test_a_deleted_vector_does_not_come_back(service: Service, resources: Resources) -> None:
    """Other writes and deletions on the index do not bring it back; writing its key again makes a new one."""
    index = resources.shared(Slot.INDEX)
    gone, other, third = resources.keys(3)
    resources.put(index, vector(gone, metadata={"title": "old"}), vector(other), vector(third))
    deletion = service.call("DeleteVectors", {"indexName": index, "keys": [gone]}).need()
    resources.put(index, vector(other, [4.0, 3.0, 2.0, 1.0]))
    service.call("DeleteVectors", {"indexName": index, "keys": [third]})
    answer = resources.read(index, [gone, other, third])
    returned = {entry.get("key") for entry in answer.members("vectors")}
    service.check(
        "DeleteVectors.irreversible",
        gone not in returned,
        deletion.exchange,
        "the deleted vector stays away",
        "it is back after other writes",
    )
    resources.put(index, vector(gone, [9.0, 9.0, 9.0, 9.0]))
    resources.read(index, [gone])


@decides("DeleteVectors.only-named")
def test_keys_that_look_alike_are_different_keys(service: Service, resources: Resources) -> None:
    """Case, blanks, prefixes and Unicode composition tell keys apart, in this index and in others."""
    index, twin = resources.index(), resources.shared(Slot.INDEX)
    stem = resources.keys(1)[0]
    alike = [
        stem,
        stem.upper() + "A",
        stem.upper() + "a",
        f"{stem} ",
        f"{stem}/",
        f"{stem}*",
        f"{stem}%",
        f"{stem}\u00e9",
        f"{stem}e\u0301",
    ]
    resources.put(index, *(vector(key) for key in alike))
    resources.put(twin, *(vector(key) for key in alike))
    resources.read(index, alike)
    resources.read(twin, alike)
    for key in (stem, f"{stem}*", stem.upper() + "a", f"{stem}\u00e9", f"{stem}%"):
        service.call("DeleteVectors", {"indexName": index, "keys": [key]})
        resources.read(index, alike)
    resources.read(twin, alike)
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("DeleteVectors.rejected.no-trace")
def test_a_refused_deletion_deletes_nothing(service: Service, resources: Resources) -> None:
    """Too many keys, a wrong type among the keys, no index name: every vector is still there."""
    index = resources.shared(Slot.INDEX)
    keys = resources.keys(3)
    resources.put(index, *(vector(key) for key in keys))
    resources.read(index, keys)
    most = service.contract.limit("DeleteVectors", "keys/x-oss-limits/unique-count/maximum")
    for body in (
        {"indexName": index, "keys": [*keys, *resources.keys(most)]},
        {"indexName": index, "keys": [*resources.keys(most), *keys]},
        {"indexName": index, "keys": [*keys, 7]},
        {"keys": keys},
    ):
        service.call("DeleteVectors", body)
        resources.read(index, keys)


@decides(
    "DeleteVectors.keys.unique-count.maximum.accepted",
    "DeleteVectors.deletes",
    "PutVectors.overwrite",
    "PutVectors.overwrite.metadata",
)
def test_a_full_batch_is_deleted_to_the_last_key(service: Service, resources: Resources) -> None:
    """As many vectors as one call may name are written and deleted; one that was not named stays."""
    index = resources.index(dimension=1)
    most = service.contract.limit("DeleteVectors", "keys/x-oss-limits/unique-count/maximum")
    keys, (kept,) = resources.keys(most), resources.keys(1)
    resources.put(index, *(vector(key, [1.0], {"n": str(number)}) for number, key in enumerate(keys)))
    resources.put(index, vector(kept, [2.0]))
    service.call(
        "ListVectors",
        {
            "indexName": index,
            "maxResults": service.contract.largest_page("ListVectors"),
            "returnMetadata": True,
        },
    )
    # Many of them again: to the last one, data and metadata are the new ones.
    again = keys[:150]
    resources.put(index, *(vector(key, [3.0], {"n": f"new {number}"}) for number, key in enumerate(again)))
    resources.read(index, again[-100:])
    service.call(
        "DeleteVectors",
        {"indexName": index, "keys": [*keys, keys[0]]},
        attack="DeleteVectors.keys.repeated.accepted",
    )
    service.call(
        "ListVectors", {"indexName": index, "maxResults": service.contract.largest_page("ListVectors")}
    )
    resources.read(index, [keys[0], keys[-1], kept])
    service.call("DeleteVectorIndex", {"indexName": index})
