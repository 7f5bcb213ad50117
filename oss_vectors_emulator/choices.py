"""Points where the documents leave a choice or contradict each other, each with every legal variation.

The first value listed is the default. A client that works with every setting relies on nothing that is
undocumented; a test suite that fails for one of them asserts too much.
"""

from __future__ import annotations

import dataclasses
from dataclasses import dataclass


def _choice(*values: str, about: str) -> str:
    chosen: str = dataclasses.field(default=values[0], metadata={"values": values, "about": about})
    return chosen


@dataclass(frozen=True, slots=True)
class Choices:
    """The variation an emulator plays at every open point."""

    recreate_bucket: str = _choice(
        "conflict", "ok", about="PutVectorBucket for a bucket one owns: 409 BucketAlreadyExists or 200"
    )
    list_buckets_paging_members: str = _choice(
        "when-truncated",
        "always",
        about="Prefix, Marker, MaxKeys, IsTruncated, NextMarker in a complete listing",
    )
    last_page_token: str = _choice(
        "omit", "empty", about="nextToken of the last page: absent or an empty string"
    )
    absent_metadata: str = _choice(
        "omit", "empty-object", about="metadata of a vector stored without any, when returnMetadata is true"
    )
    repeated_get_keys: str = _choice(
        "fold", "repeat", about="entries GetVectors returns for a key named twice"
    )
    vector_order: str = _choice("insertion", "reverse", about="order of ListVectors, which no page states")
    float_output: str = _choice(
        "float32",
        "float64",
        about="shortest text of the stored float32 (0.1), or of its double (0.10000000149)",
    )
    metadata_values: str = _choice(
        "lenient", "strict", about="numbers and booleans as metadata and in filters: the editions disagree"
    )
    missing_field_negation: str = _choice(
        "match", "no-match", about="$ne and $nin on a vector that lacks the field"
    )
    non_filterable_in_filter: str = _choice(
        "reject", "no-match", about="a filter on a field listed in nonFilterableMetadataKeys"
    )
    shorthand_equality: str = _choice(
        "accept", "reject", about='{"field": "value"} as $eq: official samples use it, no page names it'
    )
    zero_cosine_query: str = _choice("reject", "accept", about="an all-zero query vector on a cosine index")
    zero_list_vectors_page: str = _choice(
        "default", "reject", about="maxResults 0 in ListVectors (documented only for ListVectorIndexes)"
    )
    index_defaults: str = _choice(
        "reject",
        "default",
        about="dataType, dimension or distanceMetric missing: the page says required and gives a default",
    )
    duplicate_non_filterable_keys: str = _choice(
        "fold", "reject", about="the same name twice in nonFilterableMetadataKeys"
    )
    explicit_null: str = _choice("reject", "absent", about="null for an optional member of a request body")
    integral_float: str = _choice("accept", "reject", about="512.0 where an integer is expected")
    wrong_type_code: str = _choice(
        "VectorIndexParameterInvalid", "MalformedJson", about="code for a member of the wrong JSON type"
    )
    foreign_account: str = _choice(
        "AccessDenied", "NoSuchBucket", about="a bucket host that names an account other than the caller's"
    )
    content_md5: str = _choice(
        "verify", "ignore", about="a wrong Content-MD5: 400 InvalidDigest as in general OSS, or not looked at"
    )


CHOICE_VALUES: dict[str, tuple[str, ...]] = {
    item.name: item.metadata["values"] for item in dataclasses.fields(Choices)
}
