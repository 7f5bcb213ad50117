"""Every operation on buckets whose names are allowed and rare.

Covers the naming rules of the PutVectorBucket page: digits, hyphens and lower
case letters, from the shortest name to the longest, are good for every
operation on a bucket, not only for its creation.
"""

from __future__ import annotations

from conformance.cases.baselines import vector
from conformance.cases.case import BucketName
from conformance.cases.documents import policy_text
from conformance.contract.model import Profile
from conformance.suite.bucket_logging import switch_on
from conformance.suite.collecting import decides, in_profile, needs_bucket
from conformance.suite.resources import Resources
from conformance.suite.service import Service


@decides(
    "PutVectorIndex.success.status",
    "GetVectorIndex.success.status",
    "ListVectorIndexes.success.status",
    "PutVectors.success.status",
    "GetVectors.success.status",
    "ListVectors.success.status",
    "QueryVectors.success.status",
    "DeleteVectors.success.status",
    "DeleteVectorIndex.success.status",
    "PutBucketPolicy.success.status",
    "GetBucketPolicy.success.status",
    "DeleteBucketPolicy.success.status",
    "PutBucketLogging.success.status",
    "GetBucketLogging.success.status",
    "DeleteBucketLogging.success.status",
    "DeleteVectorBucket.success.status",
)
@needs_bucket
@in_profile(Profile.CORE)
def test_a_bucket_of_any_name_serves_every_operation(service: Service, resources: Resources) -> None:
    """The shortest name, a number, and the longest, with hyphens inside and a digit behind the last one."""
    rule = service.contract.bucket_name_rule
    for form in (
        BucketName(length=rule["minLength"], digits=True),
        BucketName(before="0-", after="--z-1", length=rule["maxLength"]),
    ):
        bucket = resources.free_bucket_name(form)
        service.call("PutVectorBucket", bucket=bucket).need()
        index = resources.index(bucket=bucket)
        service.call("GetVectorIndex", {"indexName": index}, bucket=bucket)
        service.call("ListVectorIndexes", {}, bucket=bucket)
        keys = resources.keys(2)
        resources.put(index, *(vector(key) for key in keys), bucket=bucket)
        resources.read(index, keys, bucket=bucket)
        service.call("ListVectors", {"indexName": index}, bucket=bucket)
        query = {"indexName": index, "queryVector": {"float32": [1.0, 0.0, 0.0, 0.0]}, "topK": 2}
        service.call("QueryVectors", query, bucket=bucket, settle=True)
        service.call("DeleteVectors", {"indexName": index, "keys": keys}, bucket=bucket)
        service.call("DeleteVectorIndex", {"indexName": index}, bucket=bucket)
        service.call("PutBucketPolicy", raw=policy_text(), bucket=bucket)
        service.call("GetBucketPolicy", bucket=bucket)
        service.call("DeleteBucketPolicy", bucket=bucket)
        # Last but one: an account may have no bucket for the logs.
        try:
            switch_on(service, bucket)
            service.call("GetBucketLogging", bucket=bucket)
            service.call("DeleteBucketLogging", bucket=bucket)
        finally:
            service.call("DeleteVectorBucket", bucket=bucket)
