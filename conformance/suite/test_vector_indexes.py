"""GetVectorIndex, ListVectorIndexes and DeleteVectorIndex.

Covers the pages of the three operations (Alibaba Cloud OSS developer
reference; GetVectorIndex crawled 2026-02-27, the others 2025-09-25 and later):
descriptions agree with creations, listings in order and in pages, prefix,
deletion with and without vectors inside, isolation.
"""

from __future__ import annotations

from conformance.cases.baselines import vector
from conformance.cases.case import Case, Slot
from conformance.contract.model import Profile
from conformance.suite.collecting import cases_of, decides, in_profile
from conformance.suite.resources import Resources, index_body
from conformance.suite.service import Service


@cases_of("GetVectorIndex", "ListVectorIndexes", "DeleteVectorIndex")
def test_directed_case(resources: Resources, case: Case) -> None:
    """One request that attacks one clause."""
    resources.run_case(case)


def _longest_names(service: Service) -> list[str]:
    """As many names of metadata, and as long ones, as an index may have."""
    most = service.contract.limit("PutVectorIndex", "metadata/nonFilterableMetadataKeys/maxItems")
    longest = service.contract.longest_field_name
    return [str(number).rjust(longest, "n") for number in range(most)]


@decides(
    "GetVectorIndex.success.status",
    "GetVectorIndex.success.body",
    "GetVectorIndex.indexName.agrees",
    "GetVectorIndex.dataType.agrees",
    "GetVectorIndex.dimension.agrees",
    "GetVectorIndex.distanceMetric.agrees",
    "GetVectorIndex.metadata.agrees",
    "GetVectorIndex.createTime.format",
    "GetVectorIndex.createTime.plausible",
    "GetVectorIndex.createTime.stable",
    "GetVectorIndex.status.values",
    "ListVectorIndexes.success.status",
    "ListVectorIndexes.success.body",
    "ListVectorIndexes.lists-created",
    "ListVectorIndexes.entries-agree",
    "PutVectorIndex.success.status",
)
def test_descriptions_agree_with_creations(service: Service, resources: Resources) -> None:
    """Both metrics, small and large dimensions, with and without non-filterable names."""
    largest = service.contract.limit("PutVectorIndex", "dimension/maximum")
    names = [
        resources.index(dimension=1, metric="cosine"),
        resources.index(dimension=512, metric="euclidean", non_filterable=("_a", "B9")),
        # The most of everything at once; the names differ at their ends.
        resources.index(dimension=largest, metric="cosine", non_filterable=_longest_names(service)),
    ]
    for name in names:
        service.call("GetVectorIndex", {"indexName": name})
    service.call("ListVectorIndexes", {"maxResults": service.contract.largest_page("ListVectorIndexes")})
    service.call("ListVectorIndexes", {})
    resources.put(names[0], vector(resources.keys(1)[0], [1.0]))
    service.call("GetVectorIndex", {"indexName": names[0]})
    for name in names:
        service.call("DeleteVectorIndex", {"indexName": name})


@decides(
    "DeleteVectorIndex.success.status",
    "DeleteVectorIndex.success.empty-body",
    "DeleteVectorIndex.deletes",
    "DeleteVectorIndex.with-vectors",
    "DeleteVectorIndex.only-named",
)
def test_a_deleted_index_is_gone_and_no_other(service: Service, resources: Resources) -> None:
    """It is not described, listed, read, written or queried any more; its neighbour is untouched."""
    doomed, kept = resources.index(), resources.index()
    keys = resources.keys(2)
    for index in (doomed, kept):
        resources.put(index, *(vector(key, metadata={"title": key}) for key in keys))
        resources.read(index, keys)
    service.call("DeleteVectorIndex", {"indexName": doomed}, attack="DeleteVectorIndex.with-vectors").need()
    service.call("GetVectorIndex", {"indexName": doomed})
    service.call("ListVectorIndexes", {"maxResults": service.contract.largest_page("ListVectorIndexes")})
    resources.read(doomed, keys)
    service.call("PutVectors", {"indexName": doomed, "vectors": [vector(keys[0])]})
    service.call("ListVectors", {"indexName": doomed})
    service.call("DeleteVectors", {"indexName": doomed, "keys": keys})
    query = {"indexName": doomed, "queryVector": {"float32": [1.0, 0.0, 0.0, 0.0]}, "topK": 1}
    service.call("QueryVectors", query)
    service.call("DeleteVectorIndex", {"indexName": doomed})
    resources.read(kept, keys)
    answer = service.call("GetVectorIndex", {"indexName": kept})
    service.check(
        "DeleteVectorIndex.only-named",
        answer.served,
        answer.exchange,
        "the other index is there",
        answer.status,
    )
    service.call("DeleteVectorIndex", {"indexName": kept})


@decides(
    "GetVectorIndex.NoSuchVectorIndex",
    "DeleteVectorIndex.NoSuchVectorIndex",
    "DeleteVectorIndex.only-named",
    "PutVectorIndex.success.status",
)
def test_names_that_are_nearly_right_do_not_exist(service: Service, resources: Resources) -> None:
    """A beginning of an existing name and an extension of it name no index, and deleting them deletes nothing."""
    name = resources.index()
    service.call("GetVectorIndex", {"indexName": name})
    for near in (name[:-1], f"{name}x", f"x{name}"):
        service.call("GetVectorIndex", {"indexName": near})
        service.call("DeleteVectorIndex", {"indexName": near})
        answer = service.call("GetVectorIndex", {"indexName": name})
        service.check(
            "DeleteVectorIndex.only-named",
            answer.served,
            answer.exchange,
            "the index is there",
            answer.status,
        )
    # An extension of a name that is taken is free, and stays when the shorter one is deleted.
    longer = f"{name}x"
    service.call("PutVectorIndex", index_body(longer)).need()
    service.call("GetVectorIndex", {"indexName": longer})
    service.call("DeleteVectorIndex", {"indexName": name})
    answer = service.call("GetVectorIndex", {"indexName": longer})
    service.check(
        "DeleteVectorIndex.only-named",
        answer.served,
        answer.exchange,
        "the index with the longer name is there",
        answer.status,
    )
    service.call("DeleteVectorIndex", {"indexName": longer})


@decides(
    "GetVectorIndex.success.status",
    "DeleteVectorIndex.success.status",
    "PutVectors.success.status",
    "GetVectors.success.status",
    "ListVectors.success.status",
    "QueryVectors.success.status",
    "DeleteVectors.success.status",
    "ListVectorIndexes.prefix.filters",
)
@in_profile(Profile.CORE)
def test_every_operation_knows_every_name(service: Service, resources: Resources) -> None:
    """A name of one letter and the longest one, in both cases: what may be created can be used."""
    longest = service.contract.limit("PutVectorIndex", "indexName/maxLength")
    for length in (1, longest):
        name = service.names.index("N", length)
        service.call("PutVectorIndex", index_body(name)).need()
        service.call("GetVectorIndex", {"indexName": name})
        service.call("ListVectorIndexes", {"prefix": name})
        service.call("ListVectorIndexes", {"prefix": f"{name[:-1]}-"})
        keys = resources.keys(3)
        service.call("PutVectors", {"indexName": name, "vectors": [vector(key) for key in keys]})
        resources.read(name, keys)
        service.call("ListVectors", {"indexName": name})
        query = {"indexName": name, "queryVector": {"float32": [1.0, 0.0, 0.0, 0.0]}, "topK": 2}
        service.call("QueryVectors", query, settle=True)
        service.call("DeleteVectors", {"indexName": name, "keys": keys[:2]})
        resources.read(name, keys)
        service.call("DeleteVectorIndex", {"indexName": name})


@decides("ListVectorIndexes.errors.VectorIndexParameterInvalid")
def test_invalid_parameters_are_named_as_such(service: Service, resources: Resources) -> None:
    """A page size that is out of range, whatever else the bucket holds."""
    resources.shared(Slot.INDEX)
    most = service.contract.limit("ListVectorIndexes", "maxResults/maximum")
    service.call("ListVectorIndexes", {"maxResults": most + 1})
