"""PutVectorIndex, in depth.

Covers every clause of the PutVectorIndex page (Alibaba Cloud OSS developer
reference, 2026-01-10; name rule, metrics and non-filterable names from its
2026-02-09 edition): status, error codes, every limit on both sides, existing
names, the number of indexes in a bucket, and that a refusal leaves no trace.
"""

from __future__ import annotations

from conformance.cases.case import Case, Slot
from conformance.suite.collecting import cases_of, decides, needs_bucket
from conformance.suite.resources import Resources, index_body
from conformance.suite.service import Service


@cases_of("PutVectorIndex")
def test_directed_case(resources: Resources, case: Case) -> None:
    """One request that attacks one clause; an index it names is looked for afterwards."""
    resources.run_case(case)


@decides(
    "PutVectorIndex.success.status",
    "PutVectorIndex.success.empty-body",
    "PutVectorIndex.creates",
)
def test_a_created_index_exists_with_its_settings(service: Service, resources: Resources) -> None:
    """Creation answers 200 without a body and the index is described as it was created."""
    names = (
        resources.index(dimension=3, metric="euclidean"),
        resources.index(dimension=128, metric="cosine", non_filterable=("category", "timestamp")),
    )
    for name in names:
        service.call("GetVectorIndex", {"indexName": name})
        service.call("DeleteVectorIndex", {"indexName": name})


@decides(
    "PutVectorIndex.VectorBucketIndexAlreadyExist", "PutVectorIndex.VectorBucketIndexAlreadyExist.no-trace"
)
def test_an_existing_name_is_refused(service: Service, resources: Resources) -> None:
    """The same creation again is 409, twice, and changes nothing."""
    name = resources.index(dimension=5, metric="cosine")
    body = index_body(name, dimension=5, metric="cosine")
    service.call("GetVectorIndex", {"indexName": name})
    for _ in range(2):
        service.call("PutVectorIndex", body, attack="PutVectorIndex.VectorBucketIndexAlreadyExist")
        service.call("GetVectorIndex", {"indexName": name})
    service.call("DeleteVectorIndex", {"indexName": name})


@decides(
    "PutVectorIndex.VectorBucketIndexAlreadyExist.other-settings",
    "PutVectorIndex.VectorBucketIndexAlreadyExist.no-trace",
)
def test_an_existing_name_is_refused_with_other_settings(service: Service, resources: Resources) -> None:
    """Another dimension, metric or metadata does not make the name free, and the vectors stay."""
    name = resources.index()
    keys = resources.keys(2)
    vectors = [{"key": key, "data": {"float32": [1.0, 2.0, 3.0, 4.0]}} for key in keys]
    resources.put(name, *vectors)
    for body in (
        index_body(name, dimension=7),
        index_body(name, metric="cosine"),
        index_body(name, non_filterable=("category",)),
    ):
        service.call(
            "PutVectorIndex", body, attack="PutVectorIndex.VectorBucketIndexAlreadyExist.other-settings"
        )
        service.call("GetVectorIndex", {"indexName": name})
        resources.read(name, keys)
    service.call("DeleteVectorIndex", {"indexName": name})


@decides("PutVectorIndex.name-free-in-other-bucket")
@needs_bucket
def test_a_name_is_free_in_another_bucket(service: Service, resources: Resources) -> None:
    """Names are unique in their bucket only, and the two indexes are two."""
    name = resources.index()
    other = resources.bucket()
    service.call(
        "PutVectorIndex",
        index_body(name, dimension=9),
        bucket=other,
        attack="PutVectorIndex.name-free-in-other-bucket",
    )
    service.call("GetVectorIndex", {"indexName": name})
    service.call("GetVectorIndex", {"indexName": name}, bucket=other)
    service.call("DeleteVectorIndex", {"indexName": name}, bucket=other)
    service.call("GetVectorIndex", {"indexName": name})
    service.call("DeleteVectorBucket", bucket=other)


@decides("PutVectorIndex.name-free-after-delete", "DeleteVectorIndex.deletes-vectors")
def test_the_name_of_a_deleted_index_can_be_used_again(service: Service, resources: Resources) -> None:
    """The new index has its own settings and none of the old vectors, whether its settings are like the old or not."""
    name = resources.index(dimension=4, non_filterable=("note",))
    keys = resources.keys(3)
    resources.put(name, *({"key": key, "data": {"float32": [1.0, 0.0, 0.0, 1.0]}} for key in keys))
    resources.read(name, keys)
    # Asked before and after: what was answered for the old index must not be remembered for the new one.
    query = {"indexName": name, "queryVector": {"float32": [1.0, 0.0, 0.0, 1.0]}, "topK": 3}
    service.call("ListVectors", {"indexName": name})
    service.call("QueryVectors", query, settle=True)
    service.call("DeleteVectorIndex", {"indexName": name}).need()
    service.call(
        "PutVectorIndex",
        index_body(name, dimension=4, metric="cosine"),
        attack="PutVectorIndex.name-free-after-delete",
        settle=True,
    ).need()
    service.call("GetVectorIndex", {"indexName": name})
    resources.read(name, keys)
    service.call("ListVectors", {"indexName": name})
    service.call("QueryVectors", query, settle=True)
    service.call("DeleteVectorIndex", {"indexName": name}).need()
    other = index_body(name, dimension=3, non_filterable=("origin",))
    service.call("PutVectorIndex", other, attack="PutVectorIndex.name-free-after-delete", settle=True).need()
    service.call("GetVectorIndex", {"indexName": name})
    resources.put(name, {"key": keys[0], "data": {"float32": [3.0, 2.0, 1.0]}, "metadata": {"note": "new"}})
    resources.read(name, keys)
    service.call("DeleteVectorIndex", {"indexName": name})


@decides("PutVectorIndex.rejected.no-trace")
def test_refused_creations_are_not_listed(service: Service, resources: Resources) -> None:
    """Names of refused creations are neither described nor listed."""
    resources.shared(Slot.INDEX)
    names = [service.names.index() for _ in range(3)]
    longest = service.contract.longest_field_name
    service.call("PutVectorIndex", index_body(names[0], dimension=0))
    service.call("PutVectorIndex", index_body(names[1], metric="manhattan"))
    service.call("PutVectorIndex", index_body(names[2], non_filterable=["f" * (longest + 1)]))
    for name in names:
        service.call("GetVectorIndex", {"indexName": name})
    service.call("ListVectorIndexes", {"maxResults": service.contract.largest_page("ListVectorIndexes")})


@decides("PutVectorIndex.name.case")
def test_whether_case_tells_names_apart(service: Service, resources: Resources) -> None:
    """Not documented: recorded only."""
    name = resources.index()
    other = name.upper()
    result = service.call("PutVectorIndex", index_body(other), attack="PutVectorIndex.name.case")
    if result.served:
        service.call("DeleteVectorIndex", {"indexName": other})
    service.call("DeleteVectorIndex", {"indexName": name})
