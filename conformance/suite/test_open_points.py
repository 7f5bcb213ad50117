"""Behaviour that the documents leave open and that takes more than one request to see.

Recorded, never judged: the paging members of a complete listing (the
ListVectorBuckets page leaves them out, the official SDKs read plain values),
and the state of an index that was just created (GetVectorIndex page, Response
elements).
"""

from __future__ import annotations

from conformance.suite.collecting import decides
from conformance.suite.resources import Resources
from conformance.suite.service import Service

_PAGING = ("Prefix", "Marker", "MaxKeys", "IsTruncated", "NextMarker")


@decides("ListVectorBuckets.paging.complete-members")
def test_the_paging_members_of_a_complete_listing(service: Service) -> None:
    """A listing of one bucket, with room for more."""
    answer = service.call("ListVectorBuckets", query=f"prefix={service.home}&max-keys=10")
    if isinstance(answer.value, dict):
        listing = answer.value["ListAllMyBucketsResult"]
        found = ", ".join(name for name in _PAGING if name in listing)
        service.observe("ListVectorBuckets.paging.complete-members", found or "none of them", answer.exchange)


@decides("GetVectorIndex.status.new")
def test_the_status_of_a_new_index(service: Service, resources: Resources) -> None:
    """Described at once after it was created."""
    name = resources.index()
    answer = service.call("GetVectorIndex", {"indexName": name})
    if isinstance(answer.value, dict):
        status = answer.value["index"].get("status")
        service.observe("GetVectorIndex.status.new", f"status {status}", answer.exchange)
    service.call("DeleteVectorIndex", {"indexName": name})
