"""Cases about forms of HTTP that official clients use."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.cases.baselines import baseline
from conformance.cases.case import Case

#: A header value that means: do not send this header.
REMOVE = ""


def http_cases() -> Iterator[Case]:
    """Chunked and absent bodies, absent Content-Type, sub-resources written ``key=``."""
    for name in ("GetVectorIndex", "GetVectors"):
        yield Case(
            f"{name}.content-type.absent",
            name,
            "no-header",
            body=baseline(name),
            headers=(("Content-Type", REMOVE),),
        )
    yield Case("ListVectorIndexes.body.absent", "ListVectorIndexes", "no-body")
    yield Case(
        "Http.body.chunked", "GetVectorIndex", "one-chunk", body=baseline("GetVectorIndex"), chunked=True
    )
    yield Case("Http.body.chunked-empty", "ListVectorIndexes", "empty", raw=b"", chunked=True)
    for name in ("GetVectorIndex", "ListVectors"):
        operation_query = name[0].lower() + name[1:]
        yield Case(
            "Http.query.key-with-equals",
            name,
            f"{operation_query}-with-equals",
            body=baseline(name),
            sub_resource=f"{operation_query}=",
        )
    yield Case(
        "Http.query.key-with-equals", "GetVectorBucket", "bucketInfo-with-equals", sub_resource="bucketInfo="
    )
