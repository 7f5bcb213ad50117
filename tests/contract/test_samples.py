"""The schemas accept what the pages print and refuse what the pages rule out.

The samples stand here as literals, copied from the pages and not from the OpenAPI document, so that a slip in
the document cannot excuse itself. Every refused body is one step away from an accepted one, so that it is
refused for that step.
"""

from __future__ import annotations

import copy
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

DOCUMENT = Path(__file__).parents[2] / "openapi" / "oss-vectors.yaml"

PUT_INDEX = """
{
"dataType": "float32",
"dimension": 1024,
"distanceMetric": "euclidean",
"indexName": "vectorindex1",
"metadata": {
"nonFilterableMetadataKeys": ["category", "timestamp"]
}
}
"""
DELETE_VECTORS = """
{
"indexName": "vectorindex1",
"keys": ["doc-001", "doc-002", "doc-003"]
}
"""
PUT_VECTORS = (
    '{"indexName":"vectorindex1","vectors":[{"data":{"float32":[0.1,0.2,0.3]},"key":"doc-001",'
    '"metadata":{"title":"hello","tags":["news","tech"]}}]}'
)
LIST_VECTORS = (
    '{"indexName":"vectorindex1","maxResults":500,"nextToken":"","returnData":true,"returnMetadata":true,'
    '"segmentCount":2,"segmentIndex":0}'
)
QUERY = (
    '{"filter":{"$and":[{"type":{"$in":["comedy","documentary"]}},{"year":{"$eq":"2020"}}]},'
    '"indexName":"vectorindex1","queryVector":{"float32":[0.1,0.2,0.3]},"returnDistance":true,'
    '"returnMetadata":true,"topK":10}'
)

POLICY = (
    '{"Version":"1","Statement":[{"Effect":"Allow","Action":["ossvector:PutVectors","ossvector:GetVectors"],'
    '"Principal":["1234567890"],"Resource":["acs:ossvector:*:*:my-bucket"]}]}'
)

REQUESTS = [
    ("PutVectorIndex", "PutVectorIndex page, Sample request", PUT_INDEX),
    ("DeleteVectors", "DeleteVectors page, Request example", DELETE_VECTORS),
    ("GetVectorIndex", "GetVectorIndex page, Sample request", '{"indexName":"vectorindex1"}'),
    ("DeleteVectorIndex", "DeleteVectorIndex page, Sample request", '{"indexName":"vectorindex1"}'),
    ("PutVectors", "PutVectors page, Sample request", PUT_VECTORS),
    (
        "PutVectors",
        "PutVectors page, metadata sample",
        (
            '{"indexName":"vectorindex1","vectors":[{"data":{"float32":[0.1]},"key":"doc-001",'
            '"metadata":{"key1":["value1","value2"],"key2":"value2"}}]}'
        ),
    ),
    ("ListVectors", "ListVectors page, Sample request", LIST_VECTORS),
    ("QueryVectors", "QueryVectors page, Sample request", QUERY),
    (
        "QueryVectors",
        "QueryVectors page, launch version",
        QUERY.replace('{"year":{"$eq":"2020"}}', '{"year":{"$gte":2020}}'),
    ),
    ("ListVectorIndexes", "Go SDK, ListVectorIndexes without options", "{}"),
    ("ListVectorIndexes", "ListVectorIndexes page", '{"maxResults":0,"nextToken":"myindex1","prefix":"my"}'),
    (
        "GetVectors",
        "Python SDK, GetVectors",
        '{"indexName":"idx","keys":["k1","k2"],"returnData":true,"returnMetadata":false}',
    ),
    (
        "QueryVectors",
        "Python SDK, QueryVectors",
        (
            '{"filter":{"$and":[{"type":{"$nin":["comedy","documentary"]}}]},"indexName":"idx",'
            '"queryVector":{"float32":[0.1,0.2,0.3]},"returnDistance":true,"returnMetadata":true,"topK":10}'
        ),
    ),
    (
        "QueryVectors",
        "Java SDK sample",
        (
            '{"filter":{"$or":[{"category":{"$in":["technology"]}},{"year":{"$ne":"2020"}}]},"indexName":"idx",'
            '"queryVector":{"float32":[0.1]},"topK":10}'
        ),
    ),
    (
        "QueryVectors",
        "vector index demo notebook, bare value as a condition",
        '{"filter":{"city":"hangzhou"},"indexName":"idx","queryVector":{"float32":[0.1]},"topK":10}',
    ),
    ("PutBucketPolicy", "Python SDK, PutBucketPolicy", '{"Version":"1","Statement":[]}'),
    ("PutBucketPolicy", "policy with actions and ARN as in the Python SDK integration tests", POLICY),
    (
        "PutBucketLogging",
        "PutBucketLogging page, Sample request",
        (
            '{"BucketLoggingStatus":{"LoggingEnabled":{"TargetBucket":"examplebucket","TargetPrefix":"MyLog-",'
            '"LoggingRole":"AliyunOSSLoggingDefaultRole"}}}'
        ),
    ),
]

RESPONSES = [
    (
        "GetVectorBucketResponse",
        "GetVectorBucket page, Sample response",
        (
            '{"BucketInfo":{"CreationDate":"2013-07-31T10:56:21.000Z","ExtranetEndpoint":'
            '"cn-hangzhou.oss-vectors.aliyuncs.com","IntranetEndpoint":"cn-hangzhou-internal.oss-vectors.aliyuncs.com",'
            '"Location":"oss-cn-hangzhou","Name":"acs:ossvector:cn-hangzhou:123456:examplebucket",'
            '"Region":"cn-hangzhou"}}'
        ),
    ),
    (
        "ListVectorBucketsResponse",
        "ListVectorBuckets page, Sample response",
        (
            '{"ListAllMyBucketsResult":{"Prefix":"my","Marker":"mybucket","MaxKeys":10,"IsTruncated":true,'
            '"NextMarker":"mybucket10","Buckets":[{"CreationDate":"2014-02-07T18:12:43.000Z","ExtranetEndpoint":'
            '"cn-shanghai.oss-vectors.aliyuncs.com","IntranetEndpoint":"cn-shanghai-internal.oss-vectors.aliyuncs.com",'
            '"Location":"oss-cn-shanghai","Name":"acs:ossvector:cn-shanghai:103735:test-bucket-3",'
            '"Region":"cn-shanghai"}]}}'
        ),
    ),
    (
        "ListVectorBucketsResponse",
        "ListVectorBuckets page, Notes: everything was returned",
        '{"ListAllMyBucketsResult":{"Buckets":[]}}',
    ),
    (
        "GetVectorIndexResponse",
        "GetVectorIndex page, Sample response with the indexName of its table",
        (
            '{"index":{"createTime":"2025-04-17T10:56:21.000Z","dataType":"float32","dimension":1024,'
            '"distanceMetric":"euclidean","indexName":"vectorindex1","metadata":{"nonFilterableMetadataKeys":'
            '["category","timestamp"]},"status":"enable"}}'
        ),
    ),
    (
        "GetVectorIndexResponse",
        "Go SDK, creation time in nanoseconds",
        (
            '{"index":{"createTime":"2025-08-02T10:49:17.289372919Z","dataType":"float32","dimension":3,'
            '"distanceMetric":"cosine","indexName":"idx","status":"creating","vectorBucketName":"my-bucket"}}'
        ),
    ),
    (
        "ListVectorIndexesResponse",
        "ListVectorIndexes page, Sample response",
        (
            '{"indexes":[{"createTime":"2025-04-17T10:56:21.000Z","indexName":"vectorindex1","dataType":"float32",'
            '"dimension":1024,"distanceMetric":"euclidean","metadata":{"nonFilterableMetadataKeys":["category"]},'
            '"status":"enable"}],"nextToken":"vectorindex1"}'
        ),
    ),
    (
        "GetVectorsResponse",
        "GetVectors page, Sample response",
        '{"vectors":[{"key":"doc-001","data":{"float32":[0.1,0.2,0.3]},"metadata":{"title":"hello"}}]}',
    ),
    (
        "ListVectorsResponse",
        "ListVectors page, Sample response",
        (
            '{"nextToken":"CAESCG15aC2xxxxx","vectors":[{"key":"doc-001","data":{"float32":[0.1,0.2]},'
            '"metadata":{"title":"hello"}}]}'
        ),
    ),
    ("ListVectorsResponse", "ListVectors page: nothing more to list", '{"nextToken":"","vectors":[]}'),
    (
        "QueryVectorsResponse",
        "SDK result models",
        '{"vectors":[{"key":"doc-001","distance":0.12,"metadata":{"title":"hello","year":"2020"}},{"key":"doc-003"}]}',
    ),
    ("GetBucketPolicyResponse", "Python SDK integration tests: the text that was put", POLICY),
    (
        "GetBucketLoggingResponse",
        "Python SDK integration test, logging is off",
        '{"BucketLoggingStatus":{"LoggingEnabled":{}}}',
    ),
    (
        "ErrorResponse",
        "SDK tests, missing bucket",
        (
            '{"Error":{"Code":"NoSuchBucket","Message":"The specified bucket does not exist.","RequestId":'
            '"5C3D9175B6FC201293AD****","HostId":"examplebucket-123456.cn-hangzhou.oss-vectors.aliyuncs.com",'
            '"EC":"0015-00000101","RecommendDoc":"https://api.aliyun.com/troubleshoot?q=0015-00000101"}}'
        ),
    ),
]


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return loaded


Complaints = Callable[[str, Any], list[str]]


@pytest.fixture(scope="module")
def complaints(document: dict[str, Any]) -> Complaints:
    """What a named schema of the document has against a body; an empty list accepts it."""

    def judge(component: str, body: Any) -> list[str]:
        assert component in document["components"]["schemas"]
        schema = {"$ref": f"#/components/schemas/{component}", "components": document["components"]}
        validator = jsonschema_rs.Draft202012Validator(schema, validate_formats=True)
        return [error.message for error in validator.iter_errors(body)]

    return judge


def changed(sample: str, path: str, value: Any) -> Any:
    """The sample with the member at the dotted path replaced, or removed when the value is ``...``."""
    body = copy.deepcopy(json.loads(sample))
    *parents, last = [int(part) if part.isdigit() else part for part in path.split(".")]
    node = body
    for part in parents:
        node = node[part]
    if value is ...:
        del node[last]
    else:
        node[last] = value
    return body


@pytest.mark.parametrize(("operation", "source", "body"), REQUESTS, ids=[f"{r[0]}: {r[1]}" for r in REQUESTS])
def test_a_documented_request_is_accepted(
    complaints: Complaints, operation: str, source: str, body: str
) -> None:
    assert complaints(f"{operation}Request", json.loads(body)) == [], source


@pytest.mark.parametrize(
    ("component", "source", "body"), RESPONSES, ids=[f"{r[0]}: {r[1]}" for r in RESPONSES]
)
def test_a_documented_response_is_accepted(
    complaints: Complaints, component: str, source: str, body: str
) -> None:
    assert complaints(component, json.loads(body)) == [], source


def test_every_operation_with_a_body_has_a_sample(document: dict[str, Any]) -> None:
    bodies = {name for name in document["components"]["schemas"] if name.endswith("Request")}
    assert bodies == {f"{operation}Request" for operation, _, _ in REQUESTS}
    answers = {name for name in document["components"]["schemas"] if name.endswith("Response")}
    assert answers == {component for component, _, _ in RESPONSES}


def test_every_example_of_the_document_fits_its_schema(document: dict[str, Any]) -> None:
    checked = 0
    contents = [
        content
        for item in document["paths"].values()
        for operation in item.values()
        for part in [operation.get("requestBody", {}), *operation["responses"].values()]
        for content in part.get("content", {}).values()
    ]
    contents += [
        c for r in document["components"]["responses"].values() for c in r.get("content", {}).values()
    ]
    for content in contents:
        schema = {**content["schema"], "components": document["components"]}
        for name, example in content.get("examples", {}).items():
            jsonschema_rs.validate(schema, example["value"], validate_formats=True)
            assert example["summary"], name
            checked += 1
    assert checked >= len(REQUESTS)


def test_the_seed_samples_stand_in_the_document_unchanged(document: dict[str, Any]) -> None:
    for path, sample in (("/putVectorIndex", PUT_INDEX), ("/deleteVectors", DELETE_VECTORS)):
        content = document["paths"][path]["post"]["requestBody"]["content"]["application/json"]
        assert content["examples"]["page-sample"]["value"] == json.loads(sample)


EDGES_INSIDE = [
    ("PutVectorIndex", PUT_INDEX, "dimension", 1),
    ("PutVectorIndex", PUT_INDEX, "dimension", 4096),
    ("PutVectorIndex", PUT_INDEX, "distanceMetric", "cosine"),
    ("PutVectorIndex", PUT_INDEX, "indexName", "a"),
    ("PutVectorIndex", PUT_INDEX, "indexName", "A" * 63),
    ("PutVectorIndex", PUT_INDEX, "metadata", ...),
    ("PutVectorIndex", PUT_INDEX, "metadata.nonFilterableMetadataKeys", [f"_k{i}" for i in range(10)]),
    ("PutVectors", PUT_VECTORS, "vectors.0.key", "é" * 1024),
    ("PutVectors", PUT_VECTORS, "vectors.0.metadata", ...),
    ("PutVectors", PUT_VECTORS, "vectors.0.data.float32", [3.4028234663852886e38, -3.4028234663852886e38]),
    ("PutVectors", PUT_VECTORS, "vectors", json.loads(PUT_VECTORS)["vectors"] * 500),
    ("DeleteVectors", DELETE_VECTORS, "indexName", ...),
    ("DeleteVectors", DELETE_VECTORS, "keys", ["same"] * 501),
    ("DeleteVectors", DELETE_VECTORS, "unknown", 1),
    ("ListVectors", LIST_VECTORS, "maxResults", 1000),
    ("ListVectors", LIST_VECTORS, "segmentCount", 16),
    ("QueryVectors", QUERY, "topK", 1),
    ("QueryVectors", QUERY, "topK", 500),
    ("QueryVectors", QUERY, "filter", {}),
    ("QueryVectors", QUERY, "filter", {"year": {"$exists": False}}),
    ("QueryVectors", QUERY, "filter", {"year": {"$in": ["2020"]}}),
    ("QueryVectors", QUERY, "filter", {"year": {"$nin": ["2020"]}}),
    ("QueryVectors", QUERY, "filter", {"$or": [{"year": {"$ne": "2020"}}]}),
    ("GetVectors", '{"indexName":"i","keys":["k"]}', "keys", ["same"] * 100),
]

EDGES_OUTSIDE = [
    ("PutVectorIndex", PUT_INDEX, "dimension", 0),
    ("PutVectorIndex", PUT_INDEX, "dimension", 4097),
    ("PutVectorIndex", PUT_INDEX, "dimension", 1.5),
    ("PutVectorIndex", PUT_INDEX, "dimension", "512"),
    ("PutVectorIndex", PUT_INDEX, "dimension", ...),
    ("PutVectorIndex", PUT_INDEX, "dataType", "float64"),
    ("PutVectorIndex", PUT_INDEX, "dataType", ...),
    ("PutVectorIndex", PUT_INDEX, "distanceMetric", "ip"),
    ("PutVectorIndex", PUT_INDEX, "distanceMetric", ...),
    ("PutVectorIndex", PUT_INDEX, "indexName", ""),
    ("PutVectorIndex", PUT_INDEX, "indexName", "a" * 64),
    ("PutVectorIndex", PUT_INDEX, "indexName", "1index"),
    ("PutVectorIndex", PUT_INDEX, "indexName", "my_index"),
    ("PutVectorIndex", PUT_INDEX, "indexName", "my-index"),
    ("PutVectorIndex", PUT_INDEX, "indexName", "indéx"),
    ("PutVectorIndex", PUT_INDEX, "indexName", "index\n"),
    ("PutVectorIndex", PUT_INDEX, "indexName", ...),
    ("PutVectorIndex", PUT_INDEX, "metadata.nonFilterableMetadataKeys", []),
    ("PutVectorIndex", PUT_INDEX, "metadata.nonFilterableMetadataKeys", [f"k{i}" for i in range(11)]),
    ("PutVectorIndex", PUT_INDEX, "metadata.nonFilterableMetadataKeys.0", "bad-key"),
    ("PutVectorIndex", PUT_INDEX, "metadata.nonFilterableMetadataKeys.0", ""),
    ("GetVectorIndex", '{"indexName":"vectorindex1"}', "indexName", ...),
    ("DeleteVectorIndex", '{"indexName":"vectorindex1"}', "indexName", ...),
    ("ListVectorIndexes", '{"maxResults":5}', "maxResults", 501),
    ("ListVectorIndexes", '{"maxResults":5}', "maxResults", -1),
    ("PutVectors", PUT_VECTORS, "indexName", ...),
    ("PutVectors", PUT_VECTORS, "vectors", []),
    ("PutVectors", PUT_VECTORS, "vectors", json.loads(PUT_VECTORS)["vectors"] * 501),
    ("PutVectors", PUT_VECTORS, "vectors.0.key", ""),
    ("PutVectors", PUT_VECTORS, "vectors.0.key", "k" * 1025),
    ("PutVectors", PUT_VECTORS, "vectors.0.key", 7),
    ("PutVectors", PUT_VECTORS, "vectors.0.key", ...),
    ("PutVectors", PUT_VECTORS, "vectors.0.data", ...),
    ("PutVectors", PUT_VECTORS, "vectors.0.data", {"float64": [0.1]}),
    ("PutVectors", PUT_VECTORS, "vectors.0.data.float32.0", 1e39),
    ("PutVectors", PUT_VECTORS, "vectors.0.data.float32.0", "0.1"),
    ("PutVectors", PUT_VECTORS, "vectors.0.metadata.title", {"nested": "object"}),
    ("PutVectors", PUT_VECTORS, "vectors.0.metadata.title", None),
    ("PutVectors", PUT_VECTORS, "vectors.0.metadata.tags.0", 1),
    ("GetVectors", '{"indexName":"i","keys":["k"]}', "keys", []),
    ("GetVectors", '{"indexName":"i","keys":["k"]}', "keys", [f"k{i}" for i in range(101)]),
    ("GetVectors", '{"indexName":"i","keys":["k"],"returnData":true}', "returnData", "true"),
    ("ListVectors", LIST_VECTORS, "maxResults", 1001),
    ("ListVectors", LIST_VECTORS, "segmentCount", 17),
    ("ListVectors", LIST_VECTORS, "indexName", ...),
    ("DeleteVectors", DELETE_VECTORS, "keys", []),
    ("DeleteVectors", DELETE_VECTORS, "keys", ...),
    ("DeleteVectors", DELETE_VECTORS, "keys", "doc-001"),
    ("DeleteVectors", DELETE_VECTORS, "keys.0", 1),
    ("QueryVectors", QUERY, "topK", 0),
    ("QueryVectors", QUERY, "topK", 501),
    ("QueryVectors", QUERY, "topK", ...),
    ("QueryVectors", QUERY, "queryVector", ...),
    ("QueryVectors", QUERY, "indexName", ...),
    ("GetVectors", '{"indexName":"i","keys":["k"]}', "indexName", ...),
    ("GetVectors", '{"indexName":"i","keys":["k"]}', "keys", ...),
    ("PutVectors", PUT_VECTORS, "vectors", ...),
    ("QueryVectors", QUERY, "queryVector", [0.1, 0.2]),
    ("QueryVectors", QUERY, "filter", "type = comedy"),
    ("QueryVectors", QUERY, "filter.$and", []),
    ("QueryVectors", QUERY, "filter", {"$or": []}),
    ("QueryVectors", QUERY, "filter", {"year": {"$nin": []}}),
    ("QueryVectors", QUERY, "filter", {"year": {"$gt": "2020"}}),
    ("QueryVectors", QUERY, "filter", {"year": {"$eq": ["2020"]}}),
    ("QueryVectors", QUERY, "filter", {"year": {"$ne": None}}),
    ("PutBucketLogging", '{"BucketLoggingStatus":{}}', "BucketLoggingStatus", ...),
    ("PutBucketPolicy", POLICY, "Statement", "Allow"),
    ("PutBucketPolicy", POLICY, "Statement.0.Effect", "Permit"),
    ("QueryVectors", QUERY, "filter.$and", {"type": {"$eq": "comedy"}}),
    ("QueryVectors", QUERY, "filter.$and.0.type.$in", []),
    ("QueryVectors", QUERY, "filter.$and.0.type.$in", "comedy"),
    ("QueryVectors", QUERY, "filter", {"year": {"$exists": "yes"}}),
]


@pytest.mark.parametrize(("operation", "sample", "path", "value"), EDGES_INSIDE)
def test_a_request_on_the_inner_side_of_a_limit_is_accepted(
    complaints: Complaints, operation: str, sample: str, path: str, value: Any
) -> None:
    assert complaints(f"{operation}Request", changed(sample, path, value)) == []


@pytest.mark.parametrize(("operation", "sample", "path", "value"), EDGES_OUTSIDE)
def test_a_request_one_step_beyond_a_limit_is_refused(
    complaints: Complaints, operation: str, sample: str, path: str, value: Any
) -> None:
    assert complaints(f"{operation}Request", json.loads(sample)) == []
    assert len(complaints(f"{operation}Request", changed(sample, path, value))) >= 1


@pytest.mark.parametrize("name", ["abc", "a-b", "1" * 32])
def test_a_bucket_name_within_the_rules_is_accepted(document: dict[str, Any], name: str) -> None:
    for path, method in (("/putVectorBucket", "put"), ("/deleteVectorBucket", "delete")):
        assert jsonschema_rs.is_valid(document["paths"][path][method]["x-oss-bucket-name"], name)


@pytest.mark.parametrize("name", ["ab", "a" * 33, "-abc", "abc-", "Abc", "a_b", "a.b", "abc\n", ""])
def test_a_bucket_name_outside_the_rules_is_refused(document: dict[str, Any], name: str) -> None:
    for path, method in (("/putVectorBucket", "put"), ("/deleteVectorBucket", "delete")):
        assert not jsonschema_rs.is_valid(document["paths"][path][method]["x-oss-bucket-name"], name)


def test_logging_without_a_target_bucket_is_refused(complaints: Complaints) -> None:
    body = {"BucketLoggingStatus": {"LoggingEnabled": {"TargetPrefix": "MyLog-"}}}
    assert complaints("PutBucketLoggingRequest", body)


@pytest.mark.parametrize("member", ["Code", "Message", "RequestId", "HostId"])
def test_an_error_without_a_common_member_is_refused(complaints: Complaints, member: str) -> None:
    sample = next(body for component, _, body in RESPONSES if component == "ErrorResponse")
    assert complaints("ErrorResponse", changed(sample, f"Error.{member}", ...))


def test_an_error_outside_its_root_is_refused(complaints: Complaints) -> None:
    assert complaints("ErrorResponse", {"Code": "NoSuchBucket", "Message": "flat"})
