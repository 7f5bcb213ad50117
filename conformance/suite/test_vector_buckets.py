"""PutVectorBucket, GetVectorBucket, ListVectorBuckets and DeleteVectorBucket.

Covers the pages of the four operations (Alibaba Cloud OSS developer reference,
September 2025 to September 2026): naming rules, the ARN form of names,
descriptions, listings with prefix, marker and pages, buckets that are not
empty or do not exist.
"""

from __future__ import annotations

from conformance.cases.case import Case
from conformance.cases.documents import policy_text
from conformance.suite.collecting import cases_of, decides, needs_bucket
from conformance.suite.resources import Resources
from conformance.suite.service import Service


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
    "GetVectorBucket.CreationDate.stable",
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
@needs_bucket
def test_life_of_a_bucket(service: Service, resources: Resources) -> None:
    """Created, described, listed, deleted; then neither described nor listed nor usable."""
    bucket = resources.bucket()
    listing = f"prefix={bucket}&max-keys={service.contract.largest_page('ListVectorBuckets')}"
    service.call("GetVectorBucket", bucket=bucket)
    service.call("ListVectorBuckets", query=listing)
    service.call("ListVectorIndexes", {}, bucket=bucket)
    service.call("GetVectorBucket", bucket=bucket)
    service.call("DeleteVectorBucket", bucket=bucket).need()
    service.call("GetVectorBucket", bucket=bucket)
    service.call("ListVectorBuckets", query=listing)
    service.call("ListVectorIndexes", {}, bucket=bucket)
    service.call("DeleteVectorBucket", bucket=bucket)


@decides("DeleteVectorBucket.success.status", "DeleteVectorBucket.deletes")
@needs_bucket
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
@needs_bucket
def test_a_refused_creation_leaves_no_bucket(service: Service) -> None:
    """Names that break the rules are not listed afterwards."""
    service.home  # noqa: B018 - one bucket exists, so that the listing is not empty
    longest = service.contract.bucket_name_rule["maxLength"]
    for name in (f"{service.names.bucket()}-", service.names.bucket().ljust(longest + 1, "x")):
        service.call("PutVectorBucket", bucket=name)
    service.call("ListVectorBuckets", query=f"max-keys={service.contract.largest_page('ListVectorBuckets')}")


@decides(
    "DeleteVectorBucket.VectorBucketNotEmpty",
    "DeleteVectorBucket.VectorBucketNotEmpty.no-trace",
    "DeleteVectorBucket.after-index-deleted",
)
@needs_bucket
def test_a_bucket_with_an_index_is_not_deleted(service: Service, resources: Resources) -> None:
    """409 while an index is there, with and without vectors in it; 204 right after the index is gone."""
    bucket = resources.bucket()
    service.call("GetVectorBucket", bucket=bucket)
    index = resources.index(bucket=bucket)
    # What is put into a bucket does not make it a new one.
    service.call("GetVectorBucket", bucket=bucket)
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


@decides("PutVectorBucket.repeat", "PutVectorBucket.repeat.keeps-content")
@needs_bucket
def test_creating_an_own_bucket_again(service: Service, resources: Resources) -> None:
    """Which answer it gives is not documented, and recorded only; what is in the bucket stays."""
    bucket = resources.bucket()
    service.call("PutBucketPolicy", raw=policy_text(), bucket=bucket).need()
    index = resources.index(bucket=bucket)
    key = resources.keys(1)[0]
    resources.put(index, {"key": key, "data": {"float32": [1.0, 2.0, 3.0, 4.0]}}, bucket=bucket)
    resources.read(index, [key], bucket=bucket)
    again = service.call("PutVectorBucket", bucket=bucket, attack="PutVectorBucket.repeat")
    found = service.call("GetVectorIndex", {"indexName": index}, bucket=bucket)
    service.check(
        "PutVectorBucket.repeat.keeps-content",
        found.served,
        again.exchange,
        "the index of the bucket is still there",
        f"status {found.status} for GetVectorIndex",
    )
    resources.read(index, [key], bucket=bucket)
    service.call("GetBucketPolicy", bucket=bucket)
    service.call("DeleteVectorIndex", {"indexName": index}, bucket=bucket)
    service.call("DeleteVectorBucket", bucket=bucket)
