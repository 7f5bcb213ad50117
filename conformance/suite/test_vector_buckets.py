"""PutVectorBucket, GetVectorBucket, ListVectorBuckets and DeleteVectorBucket.

Covers the pages of the four operations (Alibaba Cloud OSS developer reference,
September 2025 to September 2026): naming rules, the ARN form of names,
descriptions, listings with prefix, marker and pages, buckets that are not
empty or do not exist.
"""

from __future__ import annotations

from conformance.cases.case import Case, Slot
from conformance.suite.collecting import cases_of, decides
from conformance.suite.resources import Resources
from conformance.suite.service import Result, Service

_MOST_PAGES = 200


@cases_of("PutVectorBucket", "GetVectorBucket", "ListVectorBuckets", "DeleteVectorBucket")
def test_directed_case(resources: Resources, case: Case) -> None:
    """One request that attacks one clause."""
    resources.run_case(case)


@decides(
    "PutVectorBucket.success.status",
    "PutVectorBucket.success.empty-body",
    "PutVectorBucket.success.location",
    "PutVectorBucket.creates",
    "GetVectorBucket.success.status",
    "GetVectorBucket.success.body",
    "GetVectorBucket.success.single-root",
    "GetVectorBucket.Name.arn",
    "GetVectorBucket.CreationDate.format",
    "GetVectorBucket.CreationDate.plausible",
    "GetVectorBucket.Location.form",
    "GetVectorBucket.Region.form",
    "GetVectorBucket.ExtranetEndpoint.form",
    "GetVectorBucket.IntranetEndpoint.form",
    "ListVectorBuckets.success.status",
    "ListVectorBuckets.success.body",
    "ListVectorBuckets.success.single-root",
    "ListVectorBuckets.lists-created",
    "ListVectorBuckets.Name.arn",
    "ListVectorBuckets.bucket-fields",
    "DeleteVectorBucket.success.status",
    "DeleteVectorBucket.success.empty-body",
    "DeleteVectorBucket.deletes",
)
def test_life_of_a_bucket(service: Service, resources: Resources) -> None:
    """Created, described, listed, deleted; then neither described nor listed nor usable."""
    bucket = resources.bucket()
    service.call("GetVectorBucket", bucket=bucket)
    service.call("ListVectorBuckets", query=f"prefix={bucket}&max-keys=1000")
    service.call("ListVectorIndexes", {}, bucket=bucket)
    service.call("DeleteVectorBucket", bucket=bucket).need()
    service.call("GetVectorBucket", bucket=bucket)
    service.call("ListVectorBuckets", query=f"prefix={bucket}&max-keys=1000")
    service.call("ListVectorIndexes", {}, bucket=bucket)
    service.call("DeleteVectorBucket", bucket=bucket)


@decides("DeleteVectorBucket.success.status", "DeleteVectorBucket.deletes")
def test_only_the_named_bucket_is_deleted(service: Service, resources: Resources) -> None:
    """A bucket whose name begins with the deleted one's stays."""
    short = resources.bucket()
    longer = f"{short}x"
    service.call("PutVectorBucket", bucket=longer).need()
    service.call("GetVectorBucket", bucket=short)
    service.call("GetVectorBucket", bucket=longer)
    service.call("GetVectorBucket", bucket=short[:-1])
    service.call("DeleteVectorBucket", bucket=short).need()
    service.call("GetVectorBucket", bucket=longer)
    service.call("GetVectorBucket", bucket=short)
    service.call("DeleteVectorBucket", bucket=longer)


@decides("PutVectorBucket.rejected.no-trace")
def test_a_refused_creation_leaves_no_bucket(service: Service, resources: Resources) -> None:
    """Names that break the rules are not listed afterwards."""
    service.home  # noqa: B018 - one bucket exists, so that the listing is not empty
    for name in (f"{service.names.bucket()}-", service.names.bucket().ljust(33, "x")):
        service.call("PutVectorBucket", bucket=name)
    service.call("ListVectorBuckets", query="max-keys=1000")
    del resources


@decides(
    "DeleteVectorBucket.VectorBucketNotEmpty",
    "DeleteVectorBucket.VectorBucketNotEmpty.no-trace",
    "DeleteVectorBucket.after-index-deleted",
)
def test_a_bucket_with_an_index_is_not_deleted(service: Service, resources: Resources) -> None:
    """409 while an index is there, with and without vectors in it; 204 right after the index is gone."""
    bucket = resources.bucket()
    index = resources.index(bucket=bucket)
    refused = "DeleteVectorBucket.VectorBucketNotEmpty"
    service.call("DeleteVectorBucket", bucket=bucket, attack=refused)
    refusal = service.call("GetVectorIndex", {"indexName": index}, bucket=bucket)
    service.check(
        "DeleteVectorBucket.VectorBucketNotEmpty.no-trace",
        refusal.served,
        refusal.exchange,
        "the index is still there",
        f"status {refusal.status}",
    )
    key = resources.keys(1)[0]
    resources.put(index, {"key": key, "data": {"float32": [1.0, 2.0, 3.0, 4.0]}}, bucket=bucket)
    service.call("DeleteVectorBucket", bucket=bucket, attack=refused)
    resources.read(index, [key], bucket=bucket)
    service.call("DeleteVectorIndex", {"indexName": index}, bucket=bucket).need()
    service.call("DeleteVectorBucket", bucket=bucket, attack="DeleteVectorBucket.after-index-deleted")


@decides("PutVectorBucket.repeat")
def test_creating_an_own_bucket_again(service: Service, resources: Resources) -> None:
    """Not documented: recorded only."""
    bucket = resources.bucket()
    service.call("PutVectorBucket", bucket=bucket, attack="PutVectorBucket.repeat")
    service.call("DeleteVectorBucket", bucket=bucket)


def walk(service: Service, prefix: str, page_size: int, marker: str = "") -> tuple[list[str], list[Result]]:
    """Follow NextMarker to the end; the names and the pages.

    The number of pages is bounded: a target that never ends its listing must
    not hold up the run.
    """
    names: list[str] = []
    pages: list[Result] = []
    while len(pages) < _MOST_PAGES:
        query = f"prefix={prefix}&max-keys={page_size}" + (f"&marker={marker}" if marker else "")
        page = service.call("ListVectorBuckets", query=query).need()
        pages.append(page)
        if page.value is None:
            break
        listing = page.value["ListAllMyBucketsResult"]
        names += [str(entry.get("Name")).rsplit(":", 1)[-1] for entry in listing["Buckets"]]
        if listing.get("IsTruncated") is not True or not listing.get("NextMarker"):
            break
        marker = str(listing["NextMarker"])
    return names, pages


@decides(
    "ListVectorBuckets.prefix.filters",
    "ListVectorBuckets.marker.after",
    "ListVectorBuckets.order",
    "ListVectorBuckets.max-keys.limits-page",
    "ListVectorBuckets.paging.truncated-members",
    "ListVectorBuckets.paging.echo",
    "ListVectorBuckets.paging.last-page",
    "ListVectorBuckets.paging.no-empty-page",
    "ListVectorBuckets.paging.complete",
)
def test_pages_of_buckets(service: Service, resources: Resources) -> None:
    """Three buckets in pages of one, two and three, after a marker, and with a prefix that fits no other."""
    stem = resources.bucket()
    names = [stem, f"{stem}a", f"{stem}b"]
    for name in names[1:]:
        service.call("PutVectorBucket", bucket=name).need()
    for page_size, page_count in ((1, 3), (2, 2), (3, 1), (1000, 1)):
        found, pages = walk(service, stem, page_size)
        last = pages[-1].exchange
        service.check("ListVectorBuckets.paging.complete", found == names, last, names, found)
        service.check(
            "ListVectorBuckets.paging.no-empty-page",
            len(pages) == page_count,
            last,
            f"{page_count} pages of {page_size}",
            f"{len(pages)} pages",
        )
        service.check(
            "ListVectorBuckets.paging.last-page",
            len(pages) <= page_count,
            last,
            f"no NextMarker after {len(names)} buckets in pages of {page_size}",
            f"{len(pages)} pages",
        )
        if page_count > 1:
            first = pages[0]
            truncated = (
                first.value is not None and first.value["ListAllMyBucketsResult"].get("IsTruncated") is True
            )
            service.check(
                "ListVectorBuckets.paging.truncated-members",
                truncated,
                first.exchange,
                "IsTruncated true while more is to come",
                "not truncated",
            )
    service.call("ListVectorBuckets", query=f"prefix={names[1]}")
    service.call("ListVectorBuckets", query=f"prefix={stem}&marker={names[0]}")
    service.call("ListVectorBuckets", query=f"prefix={stem}&marker={names[2]}")
    # A marker need not be the name of a bucket.
    service.call("ListVectorBuckets", query=f"prefix={stem}&marker={stem}aa")
    service.call("ListVectorBuckets", query=f"prefix={stem}&marker={stem[:-1]}")
    service.call("ListVectorBuckets", query=f"prefix={stem.upper()}")
    service.call("ListVectorBuckets", query=f"prefix={stem[1:]}")
    service.call("ListVectorBuckets")
    for name in names:
        service.call("DeleteVectorBucket", bucket=name)


@decides("ListVectorBuckets.paging.complete")
def test_buckets_and_their_indexes_are_listed_apart(service: Service, resources: Resources) -> None:
    """A listing of buckets does not depend on what is in them."""
    resources.shared(Slot.INDEX)
    home = service.home
    found, pages = walk(service, home, 1000)
    service.check("ListVectorBuckets.paging.complete", found == [home], pages[-1].exchange, [home], found)
