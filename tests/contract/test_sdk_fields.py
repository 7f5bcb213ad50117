"""Every field the official SDKs know is in the OpenAPI document.

The Python SDK describes its models in attribute maps, which are read here by introspection; a field added in
a later version fails these tests instead of going unnoticed. Where the SDK hands a JSON object through
without a model, the members known to the Go and Java SDKs stand here as literals.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
import yaml
from alibabacloud_oss_v2 import serde
from alibabacloud_oss_v2.vectors import models

DOCUMENT = Path(__file__).parents[2] / "openapi" / "oss-vectors.yaml"

EXCLUDED_OPERATIONS = {
    "PutVectorIndexFusion": "invitational preview in one region",
    "QueryVectorsFusion": "invitational preview in one region, with a filter grammar of its own",
}

# Fields of the SDK that are no fields on the wire.
EXCLUDED_FIELDS = {
    ("PutBucketPolicyRequest", "nop"): "the whole body: the policy text as it is",
    ("GetBucketPolicyResult", "body"): "the whole body: the policy text as it is",
}

# Fields of the document the Python SDK does not know, so that the comparison is exact in both directions.
BEYOND_THE_SDK = {
    ("ListVectors", "filter"): "only in the newest version of the ListVectors page",
}

# Objects the Python SDK hands through as plain dictionaries: members in the Go and Java SDK models.
PASSED_THROUGH = {
    "VectorIndex": {
        "indexName", "createTime", "dataType", "dimension", "distanceMetric", "metadata", "status",
        "vectorBucketName", "bucketArn",
    },
    "StoredVector": {"key", "data", "metadata"},
    "QueryResult": {"key", "data", "metadata", "distance"},
    "Vector": {"key", "data", "metadata"},
}  # fmt: skip

JSON_TYPES = {"str": "string", "int": "integer", "bool": "boolean", "dict": "object", "datetime": "string"}


@dataclass(frozen=True)
class SdkField:
    """One entry of an attribute map: where the SDK puts the field, and as what."""

    model: str
    operation: str
    position: str
    name: str
    type: str

    def __str__(self) -> str:
        return f"{self.model}.{self.name}"


def sdk_models(base: type) -> dict[str, type]:
    """The request or result models by operation, fusion included."""
    suffix = "Request" if base is serde.RequestModel else "Result"
    found = {
        name: value
        for name, value in vars(models).items()
        if isinstance(value, type) and issubclass(value, base)
    }
    return {name.removesuffix(suffix): model for name, model in found.items() if name.endswith(suffix)}


def sdk_fields(base: type) -> list[SdkField]:
    """The fields of those models that travel as JSON members, query parameters or headers."""
    fields = []
    for operation, model in sdk_models(base).items():
        if operation in EXCLUDED_OPERATIONS:
            continue
        for attribute, entry in getattr(model, "_attribute_map", {}).items():
            name = entry.get("rename", attribute)
            position = entry.get("position", "body")
            if position in {"host", "path"} or (model.__name__, name) in EXCLUDED_FIELDS:
                continue
            fields.append(SdkField(model.__name__, operation, position, name, entry.get("type", "str")))
    return fields


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    loaded: dict[str, Any] = yaml.safe_load(DOCUMENT.read_text(encoding="utf-8"))
    return loaded


def resolve(document: Mapping[str, Any], node: Any) -> Any:
    while isinstance(node, dict) and "$ref" in node:
        target: Any = document
        for part in node["$ref"].removeprefix("#/").split("/"):
            target = target[part]
        node = {**target, **{key: value for key, value in node.items() if key != "$ref"}}
    return node


def operation_of(document: Mapping[str, Any], name: str) -> dict[str, Any]:
    item = document["paths"][f"/{name[0].lower()}{name[1:]}"]
    (operation,) = item.values()
    return dict(operation)


def members(document: Mapping[str, Any], schema: Any) -> dict[str, Any]:
    properties = resolve(document, schema).get("properties", {})
    return {name: resolve(document, value) for name, value in properties.items()}


def body_members(document: Mapping[str, Any], operation: str, side: str) -> dict[str, Any]:
    schemas = document["components"]["schemas"]
    name = f"{operation}{side}"
    return members(document, schemas[name]) if name in schemas else {}


def assert_type_agrees(document: Mapping[str, Any], field: SdkField, schema: Mapping[str, Any]) -> None:
    kind = field.type.removesuffix(",xml")
    if re.fullmatch(r"\[.*\]", kind):
        assert schema["type"] == "array", field
        kind, schema = kind[1:-1], resolve(document, schema["items"])
    assert schema["type"] == JSON_TYPES.get(kind, "object"), field


@pytest.mark.parametrize("field", sdk_fields(serde.RequestModel), ids=str)
def test_a_request_field_of_the_sdk_is_in_the_document(document: dict[str, Any], field: SdkField) -> None:
    if field.position == "body":
        known = body_members(document, field.operation, "Request")
    else:
        parameters = [
            resolve(document, p) for p in operation_of(document, field.operation).get("parameters", [])
        ]
        known = {p["name"]: p["schema"] for p in parameters if p["in"] == field.position}
    assert field.name in known
    assert_type_agrees(document, field, known[field.name])


@pytest.mark.parametrize("field", sdk_fields(serde.ResultModel), ids=str)
def test_a_result_field_of_the_sdk_is_in_the_document(document: dict[str, Any], field: SdkField) -> None:
    known = body_members(document, field.operation, "Response")
    model = getattr(models, field.model)
    root = (getattr(model, "_xml_map", None) or {}).get("name")
    if root is not None:
        known = members(document, known[root])
    assert field.name in known
    assert_type_agrees(document, field, known[field.name])


@pytest.mark.parametrize(
    ("model", "place"),
    [
        ("BucketInfo", ("VectorBucket",)),
        ("BucketProperties", ("VectorBucket",)),
        ("BucketLoggingStatus", ("PutBucketLoggingRequest", "BucketLoggingStatus")),
        ("LoggingEnabled", ("PutBucketLoggingRequest", "BucketLoggingStatus", "LoggingEnabled")),
        ("BucketLoggingStatus", ("GetBucketLoggingResponse", "BucketLoggingStatus")),
        ("LoggingEnabled", ("GetBucketLoggingResponse", "BucketLoggingStatus", "LoggingEnabled")),
    ],
)
def test_a_nested_model_of_the_sdk_is_in_the_document(
    document: dict[str, Any], model: str, place: tuple[str, ...]
) -> None:
    node = document["components"]["schemas"][place[0]]
    for member in place[1:]:
        node = members(document, node)[member]
    entries = getattr(models, model)._attribute_map.values()
    assert {entry["rename"] for entry in entries} == set(members(document, node))


@pytest.mark.parametrize("component", PASSED_THROUGH)
def test_an_object_the_python_sdk_passes_through_has_the_members_of_the_other_sdks(
    document: dict[str, Any], component: str
) -> None:
    assert set(members(document, document["components"]["schemas"][component])) == PASSED_THROUGH[component]


def test_every_nested_model_of_the_sdk_is_compared() -> None:
    nested = {
        name
        for name, value in vars(models).items()
        if isinstance(value, type)
        and issubclass(value, serde.Model)
        and not issubclass(value, serde.RequestModel | serde.ResultModel)
    }
    assert nested == {"BucketInfo", "BucketProperties", "BucketLoggingStatus", "LoggingEnabled"}


def test_every_operation_of_the_sdk_is_in_the_document_or_excluded(document: dict[str, Any]) -> None:
    documented = {op["operationId"] for item in document["paths"].values() for op in item.values()}
    assert set(sdk_models(serde.RequestModel)) == documented | set(EXCLUDED_OPERATIONS)
    assert set(sdk_models(serde.ResultModel)) == documented | set(EXCLUDED_OPERATIONS)


def test_a_request_field_the_sdk_does_not_know_is_accounted_for(document: dict[str, Any]) -> None:
    known = {(field.operation, field.name) for field in sdk_fields(serde.RequestModel)}
    policies = {"PutBucketPolicy"}
    documented = {
        (operation, name)
        for operation in sdk_models(serde.RequestModel)
        if operation not in EXCLUDED_OPERATIONS and operation not in policies
        for name in body_members(document, operation, "Request")
    }
    assert documented - known == set(BEYOND_THE_SDK)


def test_every_excluded_field_still_exists_in_the_sdk() -> None:
    for model, name in EXCLUDED_FIELDS:
        entries = getattr(models, model)._attribute_map.items()
        assert name in {entry.get("rename", attribute) for attribute, entry in entries}
