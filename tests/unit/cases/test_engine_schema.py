"""The document as the engine takes it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from conformance.cases.baselines import BASELINES
from conformance.cases.engine_schema import FILTER_DEPTH, engine_document, engine_operations, engine_schema
from conformance.contract.loader import load_contract


@pytest.fixture(scope="module")
def document() -> dict[str, Any]:
    return engine_document(load_contract().document)


def request_schema(document: dict[str, Any], query: str) -> dict[str, Any]:
    body: dict[str, Any] = document["paths"][f"/?{query}"]["post"]["requestBody"]
    schema: dict[str, Any] = body["content"]["application/json"]["schema"]
    return schema


def members(node: Any) -> Iterator[str]:
    """Every member name anywhere inside a schema."""
    if isinstance(node, dict):
        for key, value in node.items():
            yield key
            yield from members(value)
    elif isinstance(node, list):
        for item in node:
            yield from members(item)


def test_every_json_operation_has_its_wire_form(document: dict[str, Any]) -> None:
    operations = load_contract().operations
    expected = {f"/?{operations[name].query}" for name in BASELINES}
    assert set(document["paths"]) == expected
    assert all(list(item) == ["post"] for item in document["paths"].values())


def test_request_schemas_have_neither_references_nor_annotations(document: dict[str, Any]) -> None:
    for path in document["paths"]:
        inside = set(members(request_schema(document, path.removeprefix("/?"))))
        assert "$ref" not in inside
        assert not [name for name in inside if name.startswith("x-")]


def test_limits_come_through(document: dict[str, Any]) -> None:
    dimension = request_schema(document, "putVectorIndex")["properties"]["dimension"]
    assert (dimension["minimum"], dimension["maximum"]) == (1, 4096)
    assert request_schema(document, "putVectors")["properties"]["vectors"]["maxItems"] == 500


def test_contested_parts_are_left_out(document: dict[str, Any]) -> None:
    assert "filter" not in request_schema(document, "listVectors")["properties"]
    condition = request_schema(document, "queryVectors")["properties"]["filter"]["additionalProperties"]
    assert set(condition["properties"]) == {"$eq", "$ne", "$in", "$nin", "$exists"}
    assert condition["properties"]["$eq"]["type"] == "string"
    vector = request_schema(document, "putVectors")["properties"]["vectors"]["items"]
    assert vector["properties"]["metadata"]["additionalProperties"]["type"] == ["string", "array"]


def test_filters_have_an_end(document: dict[str, Any]) -> None:
    node = request_schema(document, "queryVectors")["properties"]["filter"]
    levels = 0
    while "$and" in node["properties"]:
        node = node["properties"]["$and"]["items"]
        levels += 1
    assert levels == FILTER_DEPTH


def test_the_document_of_the_contract_is_not_changed() -> None:
    before = repr(load_contract().document)
    engine_document(load_contract().document)
    assert repr(load_contract().document) == before


@pytest.mark.parametrize("seed", [None, 7])
def test_the_target_cannot_steer_generation(seed: int | None) -> None:
    schema = engine_schema(base_url="http://127.0.0.1:9000", seed=seed)
    assert set(engine_operations(schema)) == set(BASELINES)
    phases = schema.config.phases
    assert not phases.fuzzing.error_feedback.is_enabled
    assert not phases.stateful.enabled
    for phase in (phases.examples, phases.coverage, phases.fuzzing):
        assert not phase.extra_data_sources.is_enabled
    for operation in engine_operations(schema).values():
        generation = schema.config.generation_for(operation=operation, phase="fuzzing")
        assert not generation.allow_x00
        assert generation.deterministic is (seed is None)


def test_links_lead_to_operations_and_quote_requests_only() -> None:
    document = engine_document(load_contract().document, links=True)
    operations = {item["post"]["operationId"]: item["post"] for item in document["paths"].values()}
    found = 0
    for operation in operations.values():
        for response in operation["responses"].values():
            for link in response.get("links", {}).values():
                found += 1
                assert link["operationId"] in operations
                # An answer that is quoted would let the target under test decide what is sent next.
                assert "$response" not in json.dumps(link)
    assert found > len(operations)


def test_a_machine_over_the_links_starts_with_a_creation() -> None:
    machine = engine_schema(seed=0, links=True).as_state_machine()
    assert any("putVectorIndex" in name for name in machine.root_rules)


def test_the_published_document_has_no_links() -> None:
    assert '"links"' not in json.dumps(engine_document(load_contract().document))
