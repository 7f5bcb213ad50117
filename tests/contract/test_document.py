"""The OpenAPI document: complete, valid, and consistent with itself.

Linters judge its form; these tests judge what they cannot know: that the operations, limits and error codes
of the official pages are in it, and that its own extensions agree with each other and with the schemas
beside them.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import yaml
from openapi_spec_validator import validate

OPENAPI = Path(__file__).parents[2] / "openapi"

# Operation tables of the vector bucket pages: method, sub-resource, host, status of success.
OPERATIONS = {
    "PutVectorBucket": ("put", None, "bucket", "200"),
    "GetVectorBucket": ("get", "bucketInfo", "bucket", "200"),
    "ListVectorBuckets": ("get", None, "service", "200"),
    "DeleteVectorBucket": ("delete", None, "bucket", "204"),
    "PutVectorIndex": ("post", "putVectorIndex", "bucket", "200"),
    "GetVectorIndex": ("post", "getVectorIndex", "bucket", "200"),
    "ListVectorIndexes": ("post", "listVectorIndexes", "bucket", "200"),
    "DeleteVectorIndex": ("post", "deleteVectorIndex", "bucket", "204"),
    "PutVectors": ("post", "putVectors", "bucket", "200"),
    "GetVectors": ("post", "getVectors", "bucket", "200"),
    "ListVectors": ("post", "listVectors", "bucket", "200"),
    "DeleteVectors": ("post", "deleteVectors", "bucket", "204"),
    "QueryVectors": ("post", "queryVectors", "bucket", "200"),
    "PutBucketPolicy": ("put", "policy", "bucket", "200"),
    "GetBucketPolicy": ("get", "policy", "bucket", "200"),
    "DeleteBucketPolicy": ("delete", "policy", "bucket", "204"),
    "PutBucketLogging": ("put", "logging", "bucket", "200"),
    "GetBucketLogging": ("get", "logging", "bucket", "200"),
    "DeleteBucketLogging": ("delete", "logging", "bucket", "204"),
}

# Error tables of the pages, copied by hand.
DOCUMENTED_ERRORS = {
    "PutVectorBucket": {
        "InvalidVectorBucketName": 400,
        "TooManyBuckets": 400,
        "AccessDenied": 403,
        "BucketNameNotAvailable": 409,
    },
    "DeleteVectorBucket": {"InvalidVectorBucketName": 400, "AccessDenied": 403, "VectorBucketNotEmpty": 409},
    "PutVectorIndex": {
        "VectorIndexParameterInvalid": 400,
        "MalformedJson": 400,
        "VectorBucketIndexExceedLimit": 400,
        "AccessDenied": 403,
        "VectorBucketIndexAlreadyExist": 409,
    },
    "GetVectorIndex": {
        "VectorIndexParameterInvalid": 400,
        "MalformedJson": 400,
        "AccessDenied": 403,
        "NoSuchVectorIndex": 404,
    },
    "DeleteVectorIndex": {
        "VectorIndexParameterInvalid": 400,
        "MalformedJson": 400,
        "AccessDenied": 403,
        "NoSuchVectorIndex": 404,
    },
    "DeleteVectors": {
        "VectorIndexParameterInvalid": 400,
        "MalformedJson": 400,
        "AccessDenied": 403,
        "NoSuchVectorIndex": 404,
        "QpsLimitExceeded": 503,
    },
    "GetBucketPolicy": {"NoSuchBucketPolicy": 404},
}

# Codes that stand in no available table: seen in SDK tests, or inferred from that of a sibling operation.
DATA_PLANE = {
    "VectorIndexParameterInvalid",
    "MalformedJson",
    "AccessDenied",
    "NoSuchVectorIndex",
    "NoSuchBucket",
}
OTHER_ERRORS = {
    "PutVectorBucket": {"InvalidAccessKeyId", "SignatureDoesNotMatch", "BucketAlreadyExists"},
    "GetVectorBucket": {"AccessDenied", "UserDisable", "NoSuchBucket"},
    "ListVectorBuckets": {"InvalidArgument", "AccessDenied", "InvalidAccessKeyId", "SignatureDoesNotMatch"},
    "DeleteVectorBucket": {"NoSuchBucket", "BucketNotEmpty"},
    "PutVectorIndex": {"NoSuchBucket", "QpsLimitExceeded"},
    "GetVectorIndex": {"NoSuchBucket"},
    "ListVectorIndexes": {"VectorIndexParameterInvalid", "MalformedJson", "AccessDenied", "NoSuchBucket"},
    "DeleteVectorIndex": {"NoSuchBucket"},
    "PutVectors": DATA_PLANE | {"QpsLimitExceeded"},
    "GetVectors": DATA_PLANE | {"QpsLimitExceeded"},
    "ListVectors": DATA_PLANE | {"QpsLimitExceeded"},
    "DeleteVectors": {"NoSuchBucket"},
    "QueryVectors": DATA_PLANE | {"QpsLimitExceeded"},
    "PutBucketPolicy": {"AccessDenied", "UserDisable", "NoSuchBucket"},
    "GetBucketPolicy": {"AccessDenied", "UserDisable", "NoSuchBucket"},
    "DeleteBucketPolicy": {"AccessDenied", "UserDisable", "NoSuchBucket"},
    "PutBucketLogging": {"AccessDenied", "NoSuchBucket"},
    "GetBucketLogging": {"AccessDenied", "NoSuchBucket"},
    "DeleteBucketLogging": {"AccessDenied", "NoSuchBucket"},
}
COMMON_ERRORS = {
    "AccessDenied": 403,
    "InvalidAccessKeyId": 403,
    "SignatureDoesNotMatch": 403,
    "RequestTimeTooSkewed": 403,
    "UserDisable": 403,
    "InvalidArgument": 400,
    "MissingArgument": 400,
}

STRENGTHS = {"seed", "doc", "sdk", "inferred"}

# Limits of the pages and where the document must state them: pointer below components/schemas -> value.
KEYWORD_LIMITS = {
    "IndexName/minLength": 1,
    "IndexName/maxLength": 63,
    "Dimension/minimum": 1,
    "Dimension/maximum": 4096,
    "DataType/enum": ["float32"],
    "DistanceMetric/enum": ["euclidean", "cosine"],
    "NonFilterableMetadataKeys/minItems": 1,
    "NonFilterableMetadataKeys/maxItems": 10,
    "NonFilterableMetadataKeys/items/x-oss-limits/length/maximum": 63,
    "NonFilterableMetadataKeys/items/x-oss-limits/length/minimum": 1,
    "VectorKey/minLength": 1,
    "VectorKey/maxLength": 1024,
    "VectorMetadata/x-oss-limits/total-size/maximum": 40,
    "VectorMetadata/x-oss-limits/filterable-size/maximum": 2,
    "VectorMetadata/x-oss-limits/filterable-count/maximum": 10,
    "Filter/x-oss-limits/items/maximum": 1024,
    "Filter/x-oss-limits/nesting/maximum": 8,
    "Filter/x-oss-limits/size/x-oss-contested": {"accepted": 20, "rejected-above": 64},
    "ListVectorIndexesRequest/properties/maxResults/minimum": 0,
    "ListVectorIndexesRequest/properties/maxResults/maximum": 500,
    "ListVectorIndexesRequest/properties/maxResults/default": 100,
    "PutVectorsRequest/properties/vectors/minItems": 1,
    "PutVectorsRequest/properties/vectors/maxItems": 500,
    "GetVectorsRequest/properties/keys/minItems": 1,
    "GetVectorsRequest/properties/keys/maxItems": 100,
    "ListVectorsRequest/properties/maxResults/maximum": 1000,
    "ListVectorsRequest/properties/maxResults/default": 500,
    "ListVectorsRequest/properties/segmentCount/maximum": 16,
    "ListVectorsRequest/properties/segmentCount/default": 1,
    "ListVectorsRequest/properties/segmentIndex/default": 0,
    "ListVectorsRequest/properties/segmentIndex/x-oss-limits/below-segment-count/less-than": "segmentCount",
    "DeleteVectorsRequest/required": ["keys"],
    "DeleteVectorsRequest/properties/keys/minItems": 1,
    "DeleteVectorsRequest/properties/keys/x-oss-limits/unique-count/maximum": 500,
    "DeleteVectorsRequest/properties/keys/x-oss-limits/unique-count/minimum": 1,
    "ListVectorIndexesRequest/properties/nextToken/x-oss-limits/length/maximum": 512,
    "ListVectorsRequest/properties/nextToken/x-oss-limits/length/maximum": 2048,
    "QueryVectorsRequest/properties/topK/minimum": 1,
    "QueryVectorsRequest/properties/topK/x-oss-contested": {"accepted": 30, "rejected-above": 500},
    "PutVectorIndexRequest/required": ["dataType", "dimension", "distanceMetric", "indexName"],
}


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load((OPENAPI / "oss-vectors.yaml").read_text(encoding="utf-8"))
    return loaded


@pytest.fixture(scope="module")
def operations(document: dict[str, Any]) -> dict[str, dict[str, Any]]:
    return {
        operation["operationId"]: {**operation, "path": path, "method": method}
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }


def walk(node: Any, where: str = "#") -> Iterator[tuple[str, Any]]:
    """Every node of the document with its pointer, so that a failure names the place."""
    yield where, node
    children: Iterator[tuple[Any, Any]] = iter(())
    if isinstance(node, dict):
        children = iter(node.items())
    elif isinstance(node, list):
        children = iter(enumerate(node))
    for key, value in children:
        yield from walk(value, f"{where}/{key}")


def mappings(node: Any) -> Iterator[tuple[str, dict[str, Any]]]:
    return ((where, value) for where, value in walk(node) if isinstance(value, dict))


def resolve(document: dict[str, Any], node: Any) -> Any:
    """The node with every reference at its top replaced; siblings of a reference win."""
    while isinstance(node, dict) and "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def test_the_document_is_valid_openapi(document: dict[str, Any]) -> None:
    assert document["openapi"].startswith("3.1")
    validate(document)


def test_the_document_has_exactly_the_operations_of_vector_buckets(
    operations: dict[str, dict[str, Any]],
) -> None:
    assert set(operations) == set(OPERATIONS)


@pytest.mark.parametrize("name", OPERATIONS)
def test_an_operation_is_addressed_as_its_page_says(operations: dict[str, dict[str, Any]], name: str) -> None:
    operation = operations[name]
    method, query, scope, success = OPERATIONS[name]
    assert operation["path"] == f"/{name[0].lower()}{name[1:]}"
    assert operation["method"] == method
    assert operation.get("x-oss-query") == query
    assert operation["x-oss-scope"] == scope
    assert operation["x-oss-ram-action"] == f"oss:{name}"
    assert [status for status in operation["responses"] if status < "300"] == [success]


@pytest.mark.parametrize("name", OPERATIONS)
def test_bodies_are_named_after_their_operation(operations: dict[str, dict[str, Any]], name: str) -> None:
    operation = operations[name]
    request = operation.get("requestBody", {}).get("content", {})
    response = operation["responses"][OPERATIONS[name][3]].get("content", {})
    for content, suffix in ((request, "Request"), (response, "Response")):
        if content:
            assert list(content) == ["application/json"]
            expected = {"$ref": f"#/components/schemas/{name}{suffix}"}
            assert content["application/json"]["schema"] == expected
            assert content["application/json"]["examples"]


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_answer_carries_the_common_headers(
    document: dict[str, Any], operations: dict[str, dict[str, Any]], name: str
) -> None:
    for status, response in operations[name]["responses"].items():
        headers = resolve(document, response)["headers"]
        missing = {"x-oss-request-id", "Date", "Server", "Connection", "x-oss-server-time"} - set(headers)
        assert not missing, f"{name} {status} lacks {missing}"


def test_only_the_creation_of_a_bucket_answers_a_location(
    document: dict[str, Any], operations: dict[str, dict[str, Any]]
) -> None:
    with_location = {
        name
        for name, operation in operations.items()
        for response in operation["responses"].values()
        if "Location" in resolve(document, response)["headers"]
    }
    assert with_location == {"PutVectorBucket"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_error_answer_is_the_common_error_object(
    document: dict[str, Any], operations: dict[str, dict[str, Any]], name: str
) -> None:
    for status, response in operations[name]["responses"].items():
        if status >= "400":
            content = resolve(document, response)["content"]
            assert content["application/json"]["schema"] == {"$ref": "#/components/schemas/ErrorResponse"}


@pytest.mark.parametrize("name", OPERATIONS)
def test_error_codes_and_error_statuses_of_an_operation_agree(
    operations: dict[str, dict[str, Any]], name: str
) -> None:
    errors = operations[name]["x-oss-errors"]
    codes = [error["code"] for error in errors]
    assert len(codes) == len(set(codes)), "a code is listed twice"
    statuses = {status for status in operations[name]["responses"] if status >= "400"}
    assert {str(error["status"]) for error in errors} == statuses


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_error_code_names_its_source(operations: dict[str, dict[str, Any]], name: str) -> None:
    for error in operations[name]["x-oss-errors"]:
        assert error["strength"] in STRENGTHS
        assert error["when"]
        assert error["source"]["document"]
        assert error["source"]["section"]


@pytest.mark.parametrize("name", DOCUMENTED_ERRORS)
def test_the_error_table_of_a_page_is_complete(operations: dict[str, dict[str, Any]], name: str) -> None:
    stated = {
        e["code"]: e["status"] for e in operations[name]["x-oss-errors"] if e["strength"] in {"seed", "doc"}
    }
    assert stated == DOCUMENTED_ERRORS[name]


@pytest.mark.parametrize("name", OTHER_ERRORS)
def test_a_code_without_a_page_is_listed_as_such(operations: dict[str, dict[str, Any]], name: str) -> None:
    stated = {e["code"] for e in operations[name]["x-oss-errors"] if e["strength"] in {"sdk", "inferred"}}
    assert stated == OTHER_ERRORS[name]


def test_the_codes_of_the_authentication_layer_are_stated_once_for_all(document: dict[str, Any]) -> None:
    assert {e["code"]: e["status"] for e in document["x-oss-common-errors"]} == COMMON_ERRORS


@pytest.mark.parametrize("pointer", KEYWORD_LIMITS)
def test_a_limit_of_the_pages_stands_where_it_belongs(document: dict[str, Any], pointer: str) -> None:
    node: Any = document["components"]["schemas"]
    for part in pointer.split("/"):
        node = resolve(document, node[part])
    assert node == KEYWORD_LIMITS[pointer]


def test_quotas_and_rates_of_the_pages_are_stated(operations: dict[str, dict[str, Any]]) -> None:
    assert operations["PutVectorIndex"]["x-oss-rate"]["requests-per-second"] == 5
    assert operations["PutVectorIndex"]["x-oss-limits"]["indexes-per-bucket"]["maximum"] == 100
    buckets = operations["PutVectorBucket"]["x-oss-limits"]["buckets-per-region"]
    assert buckets["x-oss-contested"] == {"accepted": 10, "rejected-above": 100}
    vectors = operations["PutVectors"]["x-oss-limits"]
    assert vectors["vectors-in-flight"]["maximum"] == 2500
    assert vectors["vectors-per-index"]["maximum"] == 2_000_000_000
    assert operations["PutVectors"]["x-oss-rate"]["x-oss-contested"] == {
        "accepted": 5,
        "rejected-above": 1000,
    }


def test_a_contested_number_spans_its_history_and_its_limit_is_the_upper_edge(
    document: dict[str, Any],
) -> None:
    seen = 0
    for where, node in mappings(document):
        band = node.get("x-oss-contested", {})
        if "accepted" not in band:
            continue
        seen += 1
        values = [entry["value"] for entry in node["x-oss-history"] if entry["value"] is not None]
        assert (min(values), max(values)) == (band["accepted"], band["rejected-above"]), where
        stated = node.get("maximum", node.get("requests-per-second"))
        assert stated == band["rejected-above"], where
    assert seen >= 3, "topK, bucket quota and filter size are contested at least"


def test_a_contested_type_is_split_completely(document: dict[str, Any]) -> None:
    seen = 0
    for where, node in mappings(document):
        band = node.get("x-oss-contested", {})
        if "accepted-types" not in band:
            continue
        seen += 1
        accepted, contested = set(band["accepted-types"]), set(band["contested-types"])
        declared = {node["type"]} if isinstance(node["type"], str) else set(node["type"])
        historic = {name for entry in node["x-oss-history"] for name in entry["value"]}
        assert not accepted & contested, where
        assert accepted | contested == declared == historic, where
    assert seen >= 2, "metadata values and filter operands are contested at least"


def test_every_step_of_a_history_says_where_it_stood(document: dict[str, Any]) -> None:
    for where, node in mappings(document):
        for step in node.get("x-oss-history", []):
            assert set(step) == {"value", "from"}, where
            assert isinstance(step["from"], str), where
            assert re.search(r"\d{4}|launch version|newest version", step["from"]), where


def test_every_limit_without_a_keyword_says_what_it_counts_and_why(document: dict[str, Any]) -> None:
    for where, node in mappings(document):
        for name, limit in node.get("x-oss-limits", {}).items():
            place = f"{where} {name}"
            assert limit["unit"], place
            assert limit["x-oss-strength"] in STRENGTHS, place
            assert limit["source"]["document"], place
            assert {"minimum", "maximum", "equals", "less-than", "applies"} & set(limit), place


def test_every_field_is_described_and_says_how_firm_it_is(document: dict[str, Any]) -> None:
    # An index reference says nothing by itself, so its strength is that of the request it stands in.
    exempt = {"indexName"}
    for where, node in mappings(document["components"]["schemas"]):
        properties = node.get("properties")
        if not isinstance(properties, dict) or where.endswith("/properties"):
            continue
        for name, schema in properties.items():
            field = resolve(document, schema)
            place = f"{where}/{name}"
            assert field["description"], place
            if name not in exempt:
                assert field["x-oss-strength"] in STRENGTHS, place


def test_no_schema_forbids_what_the_pages_leave_open(document: dict[str, Any]) -> None:
    for where, node in mappings(document):
        assert "uniqueItems" not in node, f"{where}: the pages limit unique keys, repetitions are legal"
        assert node.get("additionalProperties") is not False, f"{where}: unknown members are undocumented"
    assert "maxItems" not in document["components"]["schemas"]["DeleteVectorsRequest"]["properties"]["keys"]


def test_patterns_cover_the_whole_value(document: dict[str, Any]) -> None:
    patterns = [(where, node["pattern"]) for where, node in mappings(document) if "pattern" in node]
    assert patterns
    for where, pattern in patterns:
        assert isinstance(pattern, str), where
        assert pattern.startswith("^"), where
        assert pattern.endswith("$"), where


def test_hosts_are_offered_in_public_and_internal_form_with_both_schemes(document: dict[str, Any]) -> None:
    hosts = "{bucket}-{accountId}.{region}", "{region}"
    servers = document["servers"], document["paths"]["/listVectorBuckets"]["get"]["servers"]
    for host, offered in zip(hosts, servers, strict=True):
        assert [server["url"] for server in offered] == [
            f"{{scheme}}://{host}.oss-vectors.aliyuncs.com",
            f"{{scheme}}://{host}-internal.oss-vectors.aliyuncs.com",
            "http://127.0.0.1:9000",
        ]
        assert {tuple(s["variables"]["scheme"]["enum"]) for s in offered[:2]} == {("https", "http")}


def test_the_document_has_no_links(document: dict[str, Any]) -> None:
    assert not [where for where, node in mappings(document) if "links" in node]


def test_every_operation_may_be_signed_in_header_or_url(document: dict[str, Any]) -> None:
    assert document["security"] == [{"OssV4Header": []}, {"OssV4Query": []}]
    assert not [where for where, node in mappings(document["paths"]) if "security" in node]


def test_the_readme_explains_exactly_the_extensions_in_use(document: dict[str, Any]) -> None:
    used = {key for _, node in mappings(document) for key in node if str(key).startswith("x-oss-")}
    on_the_wire = {"x-oss-request-id", "x-oss-server-time", "x-oss-ec"}
    rows = re.findall(
        r"^\| `(x-oss-[a-z-]+)` \|", (OPENAPI / "README.md").read_text(encoding="utf-8"), re.MULTILINE
    )
    assert sorted(rows) == sorted(used - on_the_wire)


def test_the_lint_tools_are_exact_and_their_lock_names_no_registry() -> None:
    package = json.loads((OPENAPI / "lint" / "package.json").read_text(encoding="utf-8"))
    lock = json.loads((OPENAPI / "lint" / "package-lock.json").read_text(encoding="utf-8"))
    for name, version in package["devDependencies"].items():
        assert re.fullmatch(r"\d+\.\d+\.\d+", version), name
        assert lock["packages"][f"node_modules/{name}"]["version"] == version
    assert not [name for name, entry in lock["packages"].items() if "resolved" in entry]
    assert all("integrity" in entry for name, entry in lock["packages"].items() if name)
