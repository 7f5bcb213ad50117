"""Cases about HTTP: forms of requests that official clients use, and forms that no page describes.

What official clients send is served; the rest is asked of a service once, and
its answer recorded.  None of the odd requests could make or delete anything if
a service took it for the operation it resembles.
"""

from __future__ import annotations

from collections.abc import Iterator

from conformance.cases.baselines import BASELINES, baseline
from conformance.cases.body_probes import text_of, with_slots
from conformance.cases.case import BucketName, Case, Place
from conformance.cases.corpora import escaped, respelled

#: A header value that means: do not send this header.
REMOVE = ""

_NO_TYPE = (("Content-Type", REMOVE),)
#: The index of a DeleteVectorIndex that is only looked at must not exist, so it is no example of what is served.
_SERVED = tuple(name for name in BASELINES if name != "DeleteVectorIndex")


def http_cases() -> Iterator[Case]:
    """Bodies, headers and queries as official clients send them, then as nobody does."""
    yield from _bodies()
    yield from _content_types()
    yield from _queries()
    yield from _odd_queries()
    yield from _odd_requests()


def sub_resource(operation: str) -> str:
    """The query key of a POST operation."""
    return operation[0].lower() + operation[1:]


def _bodies() -> Iterator[Case]:
    yield Case("ListVectorIndexes.body.absent", "ListVectorIndexes", "no-body")
    for name in _SERVED:
        yield Case("Http.body.chunked", name, name, body=baseline(name), chunked=True)
        raw = respelled(with_slots(baseline(name)))
        yield Case("Http.body.spelling", name, f"blanks-and-order-{name}", raw=raw)
        raw = escaped(text_of(baseline(name)))
        yield Case("Http.body.spelling", name, f"escapes-{name}", raw=raw)
    yield Case("Http.body.chunked-empty", "ListVectorIndexes", "empty", raw=b"", chunked=True)
    yield Case(
        "Http.body.chunked-empty", "PutVectorBucket", "new-bucket", bucket=BucketName(), raw=b"", chunked=True
    )


def _content_types() -> Iterator[Case]:
    for name in BASELINES:
        # The Go client sends none for these two.
        plain = name in ("GetVectorIndex", "GetVectors")
        requirement = f"{name}.content-type.absent" if plain else "Http.content-type.absent"
        label = "no-header" if plain else name
        yield Case(requirement, name, label, body=baseline(name), headers=_NO_TYPE)
    kind = "Http.content-type.bodyless"
    octets, json = (("Content-Type", "application/octet-stream"),), (("Content-Type", "application/json"),)
    yield Case(kind, "ListVectorBuckets", "octets", place=Place.SERVICE, query="max-keys=1", headers=octets)
    yield Case(kind, "GetVectorBucket", "json", headers=json)
    yield Case(kind, "PutVectorBucket", "json-of-a-new-bucket", bucket=BucketName(), headers=json)


def _queries() -> Iterator[Case]:
    for name in _SERVED:
        key = sub_resource(name)
        yield Case(
            "Http.query.key-with-equals",
            name,
            f"{key}-with-equals",
            body=baseline(name),
            sub_resource=f"{key}=",
        )
    yield Case(
        "Http.query.key-with-equals", "GetVectorBucket", "bucketInfo-with-equals", sub_resource="bucketInfo="
    )


def _odd_queries() -> Iterator[Case]:
    def odd(requirement: str, label: str, query: str, method: str = "POST", **body: object) -> Case:
        return Case(
            f"Http.{requirement}",
            "UnknownOperation",
            label,
            body=body,
            method=method,
            sub_resource=query,
        )

    index = baseline("GetVectorIndex")
    yield odd("operation.unknown", "not-an-operation", "conformanceUnknown")
    yield odd("operation.unknown", "upper-case", "GETVECTORINDEX", **index)
    yield odd("query.key-with-value", "one", "getVectorIndex=1", **index)
    yield odd("operation.none", "post-without-a-query", "", **index)
    yield odd("operation.two", "get-and-list", "getVectorIndex&listVectors", **index)
    yield odd("operation.two", "list-and-get", "listVectors&getVectorIndex", **index)
    yield odd("query.repeated-key", "list-twice", "listVectorIndexes&listVectorIndexes")
    yield odd(
        "query.unknown-parameter", "beside-the-operation", "getVectorIndex&conformanceUnknown=1", **index
    )
    yield Case(
        "Http.query.repeated-key",
        "ListVectorBuckets",
        "max-keys-twice",
        place=Place.SERVICE,
        query="max-keys=1&max-keys=2",
    )
    yield Case(
        "Http.query.unknown-parameter",
        "ListVectorBuckets",
        "beside-the-listing",
        place=Place.SERVICE,
        query="max-keys=1&conformanceUnknown=1",
    )
    for label, method, query in (
        ("get-of-a-post", "GET", "getVectorIndex"),
        ("put-of-a-post", "PUT", "listVectors"),
        ("post-of-a-get", "POST", "bucketInfo"),
        ("post-of-a-policy", "POST", "policy"),
    ):
        yield Case("Http.method.wrong", "UnknownOperation", label, method=method, sub_resource=query)
    # On a bucket that does not exist, because it could be taken for a DeleteVectorBucket.
    yield Case(
        "Http.method.wrong",
        "UnknownOperation",
        "delete-of-a-post",
        method="DELETE",
        sub_resource="listVectors",
        place=Place.MISSING_BUCKET,
    )
    for method in ("HEAD", "OPTIONS", "PATCH"):
        yield Case(
            "Http.method.unknown", "UnknownOperation", f"{method}-of-a-bucket", method=method, sub_resource=""
        )


def _odd_requests() -> Iterator[Case]:
    wrong = (("Content-MD5", "1B2M2Y8AsgTpgAmY7PhCfg=="),)
    for name in ("GetVectorIndex", "ListVectorIndexes"):
        yield Case("Http.content-md5.wrong", name, f"of-nothing-{name}", body=baseline(name), headers=wrong)
    garbled = (("Content-MD5", "not base64"),)
    yield Case(
        "Http.content-md5.wrong",
        "GetVectorIndex",
        "unreadable",
        body=baseline("GetVectorIndex"),
        headers=garbled,
    )
    body = {"conformanceUnknown": 1}
    requirement = "Http.body.unexpected"
    for name in (
        "GetVectorBucket",
        "GetBucketPolicy",
        "DeleteBucketPolicy",
        "GetBucketLogging",
        "DeleteBucketLogging",
    ):
        yield Case(requirement, name, name, body=body)
    yield Case(
        requirement,
        "ListVectorBuckets",
        "ListVectorBuckets",
        place=Place.SERVICE,
        query="max-keys=1",
        body=body,
    )
    yield Case(requirement, "PutVectorBucket", "PutVectorBucket", bucket=BucketName(), body=body)
    # Of a bucket that does not exist, because an accepted one would be gone.
    yield Case(requirement, "DeleteVectorBucket", "DeleteVectorBucket", place=Place.MISSING_BUCKET, body=body)
