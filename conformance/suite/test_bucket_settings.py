"""Bucket policy and bucket logging: set, read, replace, delete.

Covers the PutBucketPolicy, GetBucketPolicy and DeleteBucketPolicy pages (vector
bucket examples) and the PutBucketLogging, GetBucketLogging and
DeleteBucketLogging pages, with what the official SDKs' integration tests assert
on top.
"""

from __future__ import annotations

from typing import Any

from conformance.cases.case import Case
from conformance.cases.documents import LOGGING, odd_policy_text, policy, policy_text
from conformance.suite.bucket_logging import switch_on
from conformance.suite.collecting import cases_of, decides, needs_bucket
from conformance.suite.resources import Resources
from conformance.suite.service import Service

_OPERATIONS = (
    "PutBucketPolicy",
    "GetBucketPolicy",
    "DeleteBucketPolicy",
    "PutBucketLogging",
    "GetBucketLogging",
    "DeleteBucketLogging",
)


@cases_of(*_OPERATIONS)
def test_directed_case(service: Service, resources: Resources, case: Case) -> None:
    """One request that attacks one clause."""
    result = resources.run_case(case)
    if result is not None and result.served and result.exchange.bucket == service.home:
        # What a probe may have set must not stay for the tests after it.
        if case.operation == "PutBucketPolicy":
            service.call("DeleteBucketPolicy")
        elif case.operation == "PutBucketLogging":
            service.call("DeleteBucketLogging")


@decides(
    "PutBucketPolicy.success.status",
    "PutBucketPolicy.success.empty-body",
    "PutBucketPolicy.replaces",
    "GetBucketPolicy.success.status",
    "GetBucketPolicy.agrees",
    "GetBucketPolicy.identical",
    "GetBucketPolicy.NoSuchBucketPolicy",
    "DeleteBucketPolicy.success.status",
    "DeleteBucketPolicy.success.empty-body",
    "DeleteBucketPolicy.deletes",
)
@needs_bucket
def test_life_of_a_policy(service: Service, resources: Resources) -> None:
    """None at first; set, read back byte for byte, replaced, deleted; another bucket has none throughout."""
    bucket, other = resources.bucket(), service.home
    service.call("GetBucketPolicy", bucket=bucket)
    service.call("PutBucketPolicy", raw=policy_text(), bucket=bucket).need()
    service.call("GetBucketPolicy", bucket=bucket)
    service.call("GetBucketPolicy", bucket=other)
    service.call("PutBucketPolicy", raw=odd_policy_text(), bucket=bucket).need()
    service.call("GetBucketPolicy", bucket=bucket)
    service.call("DeleteBucketPolicy", bucket=bucket).need()
    service.call("GetBucketPolicy", bucket=bucket)
    service.call("DeleteBucketPolicy", bucket=bucket, attack="DeleteBucketPolicy.none-set")
    service.call("DeleteVectorBucket", bucket=bucket)


@decides("DeleteBucketPolicy.none-set")
@needs_bucket
def test_deleting_a_policy_that_was_never_set(service: Service, resources: Resources) -> None:
    """Not documented: recorded only."""
    bucket = resources.bucket()
    service.call("DeleteBucketPolicy", bucket=bucket, attack="DeleteBucketPolicy.none-set")
    service.call("DeleteVectorBucket", bucket=bucket)


@decides("PutBucketPolicy.action-prefix", "PutBucketPolicy.resource-forms")
@needs_bucket
def test_policies_as_the_official_sources_write_them(service: Service, resources: Resources) -> None:
    """Actions with both prefixes; a resource with and without bucket/, which older samples have."""
    bucket = resources.bucket()
    name = f"acs:ossvector:*:*:{bucket}"
    for action in ("ossvector:PutVectors", "oss:PutVectors"):
        service.call(
            "PutBucketPolicy", policy(action, name), bucket=bucket, attack="PutBucketPolicy.action-prefix"
        )
        service.call("GetBucketPolicy", bucket=bucket)
    service.call(
        "PutBucketPolicy",
        policy(resource=f"acs:ossvector:*:*:bucket/{bucket}"),
        bucket=bucket,
        attack="PutBucketPolicy.resource-forms",
        label="bucket/ before the name",
    )
    service.call("DeleteBucketPolicy", bucket=bucket)
    service.call("DeleteVectorBucket", bucket=bucket)


@decides(
    "PutBucketLogging.success.status",
    "PutBucketLogging.success.empty-body",
    "GetBucketLogging.success.status",
    "GetBucketLogging.success.body",
    "GetBucketLogging.agrees",
    "GetBucketLogging.off",
    "DeleteBucketLogging.success.status",
    "DeleteBucketLogging.success.empty-body",
    "DeleteBucketLogging.deletes",
    "DeleteBucketLogging.never-on",
)
@needs_bucket
def test_life_of_logging_settings(service: Service, resources: Resources) -> None:
    """Off at first; switched off without ever having been on; set, changed, deleted."""
    bucket = resources.bucket()
    service.call("GetBucketLogging", bucket=bucket)
    service.call("DeleteBucketLogging", bucket=bucket, attack="DeleteBucketLogging.never-on")
    service.call("GetBucketLogging", bucket=bucket)
    switch_on(service, bucket)
    service.call("GetBucketLogging", bucket=bucket)
    enabled = {**LOGGING["BucketLoggingStatus"]["LoggingEnabled"], "TargetPrefix": "Other/"}
    # The role is optional, and what is there without it is kept all the same.
    del enabled["LoggingRole"]
    switch_on(service, bucket, {"BucketLoggingStatus": {"LoggingEnabled": enabled}})
    service.call("GetBucketLogging", bucket=bucket)
    only_target = {"TargetBucket": enabled["TargetBucket"]}
    switch_on(service, bucket, {"BucketLoggingStatus": {"LoggingEnabled": only_target}})
    service.call("GetBucketLogging", bucket=bucket)
    service.call("DeleteBucketLogging", bucket=bucket).need()
    service.call("GetBucketLogging", bucket=bucket)
    service.call(
        "DeleteBucketLogging", bucket=bucket, attack="DeleteBucketLogging.never-on", label="off again"
    )
    service.call("DeleteVectorBucket", bucket=bucket)


@decides("Http.query.key-with-equals", "Http.content-type.bodyless")
@needs_bucket
def test_settings_addressed_as_the_clients_do(service: Service, resources: Resources) -> None:
    """``policy=`` and ``logging=`` mean ``policy`` and ``logging``; reads and deletes carry any Content-Type."""
    bucket = resources.bucket()
    equals, bodyless = "Http.query.key-with-equals", "Http.content-type.bodyless"
    xml, json = (("Content-Type", "application/xml"),), (("Content-Type", "application/json"),)

    def call(operation: str, key: str, **more: Any) -> None:
        more = {"attack": equals, "sub_resource": f"{key}=", **more}
        service.call(operation, bucket=bucket, **more)

    service.call("PutBucketPolicy", raw=policy_text(), bucket=bucket).need()
    call("PutBucketPolicy", "policy", raw=policy_text("oss:GetVectors"))
    call("GetBucketPolicy", "policy")
    call("GetBucketPolicy", "policy", sub_resource="policy", headers=xml, attack=bodyless)
    call("DeleteBucketPolicy", "policy", headers=json)
    switch_on(service, bucket)
    call("PutBucketLogging", "logging", body=LOGGING)
    call("GetBucketLogging", "logging")
    call("GetBucketLogging", "logging", sub_resource="logging", headers=json, attack=bodyless)
    call("DeleteBucketLogging", "logging", headers=json)
    call("GetBucketLogging", "logging")
    service.call("DeleteVectorBucket", bucket=bucket, headers=json, attack=bodyless)


@decides(
    "DeleteBucketPolicy.deletes",
    "DeleteBucketLogging.deletes",
    "GetBucketPolicy.agrees",
    "GetBucketLogging.agrees",
    "DeleteVectorBucket.success.status",
)
@needs_bucket
def test_policy_and_logging_are_independent(service: Service, resources: Resources) -> None:
    """Setting or deleting one leaves the other as it was, neither is another bucket's, neither keeps its bucket."""
    bucket, other, third = resources.bucket(), resources.bucket(), resources.bucket()
    service.call("PutBucketPolicy", raw=policy_text(), bucket=bucket).need()
    service.call("PutBucketPolicy", raw=policy_text("oss:ListVectors"), bucket=third).need()
    switch_on(service, bucket)
    service.call("GetBucketPolicy", bucket=bucket)
    third_logging = {**LOGGING["BucketLoggingStatus"]["LoggingEnabled"], "TargetPrefix": "third-"}
    switch_on(service, third, {"BucketLoggingStatus": {"LoggingEnabled": third_logging}})
    service.call("GetBucketLogging", bucket=bucket)
    service.call("DeleteBucketPolicy", bucket=bucket).need()
    service.call("GetBucketLogging", bucket=bucket)
    service.call("GetBucketPolicy", bucket=bucket)
    service.call("PutBucketPolicy", raw=policy_text(), bucket=bucket).need()
    service.call("DeleteBucketLogging", bucket=bucket).need()
    service.call("GetBucketPolicy", bucket=bucket)
    service.call("GetBucketLogging", bucket=bucket)
    service.call("GetBucketLogging", bucket=other)
    service.call("GetBucketPolicy", bucket=other)
    service.call("GetBucketPolicy", bucket=third)
    service.call("GetBucketLogging", bucket=third)
    # Only an index keeps its bucket (DeleteVectorBucket page): a policy and logging do not.
    for name in (bucket, other, third):
        service.call("DeleteVectorBucket", bucket=name)
