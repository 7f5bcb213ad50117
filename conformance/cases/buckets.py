"""Cases about bucket names and about the parameters of bucket listings."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.cases.baselines import baseline
from conformance.cases.case import BucketName, Case, Place
from conformance.contract.loader import Contract


def bucket_cases(contract: Contract) -> Iterator[Case]:
    """Naming rules on both sides, and the limits of ListVectorBuckets."""
    rule = contract.bucket_name_rule
    shortest, longest = rule["minLength"], rule["maxLength"]
    name = "PutVectorBucket.name"
    for requirement, label, bucket in (
        ("min-length.accepted", f"{shortest}", BucketName(length=shortest)),
        ("min-length.rejected", f"{shortest - 1}", BucketName(length=shortest - 1)),
        ("max-length.accepted", f"{longest}", BucketName(length=longest)),
        ("max-length.rejected", f"{longest + 1}", BucketName(length=longest + 1)),
        ("max-length.rejected", "40", BucketName(length=40)),
        ("alphabet.accepted", "inner-hyphens-and-digits", BucketName(before="0-", after="--z")),
        # In a host name the account follows the last hyphen: digits before it belong to the bucket.
        ("alphabet.accepted", "digits-at-the-end", BucketName(after="-1")),
        ("alphabet.accepted", "digits-only", BucketName(digits=True)),
        ("alphabet.rejected", "underscore", BucketName(after="_z")),
        ("alphabet.rejected", "underscore-first", BucketName(before="_")),
        ("leading-hyphen.rejected", "one", BucketName(before="-")),
        ("trailing-hyphen.rejected", "one", BucketName(after="-")),
    ):
        yield Case(f"{name}.{requirement}", "PutVectorBucket", label, bucket=bucket)
    for label, bucket in (("upper-case", BucketName(before="Z")), ("dot", BucketName(after=".z"))):
        yield Case(f"{name}.alphabet.rejected", "PutVectorBucket", label, bucket=bucket, path_only=True)
    yield Case(
        "DeleteVectorBucket.name.rejected",
        "DeleteVectorBucket",
        "too-long",
        bucket=BucketName(length=longest + 1),
    )
    most = contract.parameter("ListVectorBuckets", "max-keys")["maximum"]
    listing = "ListVectorBuckets"
    for requirement, value in (("max-keys.minimum.accepted", 1), ("max-keys.maximum.accepted", most)):
        yield Case(
            f"{listing}.{requirement}", listing, f"{value}", place=Place.SERVICE, query=f"max-keys={value}"
        )
    yield Case(f"{listing}.vector-flag", listing, "key-with-equals", place=Place.SERVICE, query="vector=")
    for value in ("0", f"{most + 1}", "-1", "abc"):
        yield Case(
            f"{listing}.max-keys.out-of-range", listing, value, place=Place.SERVICE, query=f"max-keys={value}"
        )
    # Longer than any bucket name may be: an official live test sees 400 for it, others 404 for shorter ones.
    for operation in ("ListVectorIndexes", "QueryVectors"):
        long = BucketName(length=longest + 8)
        yield Case("Http.bucket-name.invalid", operation, operation, body=baseline(operation), bucket=long)
