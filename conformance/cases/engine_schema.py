"""The OpenAPI document as schemathesis takes it.

The published document gives every operation a path of its own; on the wire
they share ``/`` and differ in the query.  Schemathesis sends paths literally,
so the wire form has to be the path it sees.  Only the operations with a JSON
body of their own query are kept: bucket operations without a query all share
``/``, differ by method and host alone, and their few cases are directed ones.

Importing this module costs nothing: schemathesis is imported when it is used,
because most runs never generate.
"""

from __future__ import annotations

import contextlib
import copy
import tempfile
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from conformance.contract.loader import ContractError, load_contract
from conformance.contract.schema import resolve

if TYPE_CHECKING:
    from schemathesis.schemas import APIOperation
    from schemathesis.specs.openapi.schemas import OpenApiSchema

#: A host that nothing listens on; the suite sends the cases itself.
NOWHERE = "http://127.0.0.1:9"

#: How many ``$and`` and ``$or`` stand inside one another in generated filters (the page allows 8).
FILTER_DEPTH = 2

_LOGICAL = ("$and", "$or")
_ANNOTATIONS = ("x-oss-", "description")
# Only the newest ListVectors page has this member; whether it is supported is undocumented.
_UNSUPPORTED = {"ListVectors": ("filter",)}


# What a sequence carries from one request to the next.  Only requests are quoted, never answers:
# an answer under test must not decide what is tested.
_OF_THE_INDEX = {"indexName": "$request.body#/indexName"}
_OF_THE_FIRST_VECTOR = {**_OF_THE_INDEX, "keys": ["$request.body#/vectors/0/key"]}
_LINKS: Mapping[str, Mapping[str, Mapping[str, Any]]] = {
    "PutVectorIndex": dict.fromkeys(
        (
            "GetVectorIndex",
            "PutVectors",
            "ListVectors",
            "QueryVectors",
            "DeleteVectorIndex",
            "PutVectorIndex",
        ),
        _OF_THE_INDEX,
    ),
    "PutVectors": {
        **dict.fromkeys(("PutVectors", "ListVectors", "QueryVectors", "DeleteVectorIndex"), _OF_THE_INDEX),
        **dict.fromkeys(("GetVectors", "DeleteVectors"), _OF_THE_FIRST_VECTOR),
    },
    "DeleteVectors": dict.fromkeys(
        ("PutVectors", "GetVectors", "QueryVectors", "ListVectors"), _OF_THE_INDEX
    ),
    "DeleteVectorIndex": dict.fromkeys(("PutVectorIndex", "GetVectorIndex", "PutVectors"), _OF_THE_INDEX),
}


def engine_document(
    document: Mapping[str, Any], filter_depth: int = FILTER_DEPTH, *, links: bool = False
) -> dict[str, Any]:
    """The document in wire form, with the request schemas written out and narrowed to what is documented.

    References are written out so that the place of a mutation reads
    ``/properties/dimension/maximum`` and not a path through references, and
    so that filters, which are recursive, have an end.  Parts on which the pages
    disagree are left out: an engine that believes them reports signatures that
    no reading of the documents supports.  ``links`` adds what sequences need;
    they are not part of the published document, since code generators refuse
    links with a request body.
    """
    paths: dict[str, Any] = {}
    for item in document["paths"].values():
        raw = item.get("post")
        if raw is None or "requestBody" not in raw or "x-oss-query" not in raw:
            continue
        body = resolve(document, raw["requestBody"])
        media = copy.deepcopy(body["content"]["application/json"])
        schema = _written_out(document, media["schema"], filter_depth)
        for member in _UNSUPPORTED.get(raw["operationId"], ()):
            del schema["properties"][member]
        media["schema"] = schema
        name = raw["operationId"]
        responses = copy.deepcopy(raw["responses"])
        if links and name in _LINKS:
            (success,) = (status for status in responses if str(status).startswith("2"))
            responses[success] = {
                **resolve(document, responses[success]),
                "links": {
                    target: {"operationId": target, "requestBody": dict(carried)}
                    for target, carried in _LINKS[name].items()
                },
            }
        paths[f"/?{raw['x-oss-query']}"] = {
            "post": {
                "operationId": name,
                "requestBody": {
                    "required": body.get("required", False),
                    "content": {"application/json": media},
                },
                "responses": responses,
            }
        }
    return {
        "openapi": document["openapi"],
        "info": {"title": document["info"]["title"], "version": document["info"]["version"]},
        "paths": paths,
        "components": copy.deepcopy(document["components"]),
    }


def engine_schema(
    document: dict[str, Any] | None = None,
    *,
    base_url: str = NOWHERE,
    seed: int | None = None,
    links: bool = False,
) -> OpenApiSchema:
    """The schemathesis schema of an engine document, set up so that the target cannot steer generation.

    Without ``seed`` generation is deterministic.  Everything that learns from
    answers is off, and so is everything that writes files: what is tested must
    depend on the contract alone.
    """
    import schemathesis  # noqa: PLC0415 - takes longer to import than a core run takes to start
    from schemathesis.config import SchemathesisConfig  # noqa: PLC0415 - as above

    raw = engine_document(load_contract().document, links=links) if document is None else document
    config = SchemathesisConfig.from_dict(_configuration(base_url, seed, stateful=links))
    return schemathesis.openapi.from_dict(raw, config=config)


def engine_operations(schema: OpenApiSchema) -> dict[str, APIOperation[Any, Any, Any, Any]]:
    """The operations of an engine schema by their names."""
    from schemathesis.core.result import Ok  # noqa: PLC0415 - loaded with the schema already

    operations: dict[str, APIOperation[Any, Any, Any, Any]] = {}
    for result in schema.get_all_operations():
        if not isinstance(result, Ok):
            raise ContractError(f"schemathesis cannot read an operation: {result.err()}")
        operation = result.ok()
        operations[operation.definition.raw["operationId"]] = operation
    return operations


@contextlib.contextmanager
def hypothesis_off_disk() -> Iterator[None]:
    """Send what Hypothesis caches on disk to a folder that goes away.

    Hypothesis writes ``.hypothesis`` into the working directory even without a
    database of examples.  Its home is process-wide, hence only for commands.
    """
    from hypothesis.configuration import set_hypothesis_home_dir  # noqa: PLC0415 - as slow as schemathesis

    with tempfile.TemporaryDirectory(prefix="conformance-") as folder:
        set_hypothesis_home_dir(folder)
        try:
            yield
        finally:
            set_hypothesis_home_dir(None)


def _configuration(base_url: str, seed: int | None, *, stateful: bool = False) -> dict[str, Any]:
    nothing_learned = {"extra-data-sources": {"responses": False}}
    configuration: dict[str, Any] = {
        "base-url": base_url,
        "cache": {"enabled": False},
        "analysis": {"constants": {"enabled": False}},
        # U+0000 is valid UTF-8, but no page says that names and keys may carry it.
        "generation": {"database": "none", "with-security-parameters": False, "allow-x00": False},
        "phases": {
            "examples": nothing_learned,
            "coverage": {**nothing_learned, "generate-duplicate-query-parameters": False},
            "fuzzing": {
                **nothing_learned,
                "error-feedback": {"enabled": False},
                "operation-ordering": "none",
            },
            "stateful": {"enabled": stateful, "link-calibration": False, "inference": {"algorithms": []}},
        },
    }
    if seed is None:
        configuration["generation"]["deterministic"] = True
    else:
        configuration["seed"] = seed
    return configuration


def _written_out(document: Mapping[str, Any], node: Mapping[str, Any], filter_depth: int) -> dict[str, Any]:
    """A copy of a request schema without references, annotations and contested parts."""
    if node.get("$ref", "").endswith("/Filter"):
        return _filter(document, node, filter_depth)
    schema = resolve(document, node)
    plain = {key: value for key, value in schema.items() if not key.startswith(_ANNOTATIONS)}
    if "properties" in plain:
        plain["properties"] = {
            name: _written_out(document, child, filter_depth)
            for name, child in plain["properties"].items()
            if _accepted_types(child) != []
        }
    for keyword in ("items", "additionalProperties"):
        if isinstance(plain.get(keyword), Mapping):
            plain[keyword] = _written_out(document, plain[keyword], filter_depth)
    accepted = _accepted_types(schema)
    if accepted:
        plain["type"] = accepted if len(accepted) > 1 else accepted[0]
    return plain


def _filter(document: Mapping[str, Any], node: Mapping[str, Any], depth: int) -> dict[str, Any]:
    """A filter with an end, its conditions in the documented form only."""
    schema = resolve(document, node)
    inner = {name: dict(schema["properties"][name]) for name in _LOGICAL} if depth else {}
    for name, child in inner.items():
        items = _filter(document, child["items"], depth - 1)
        inner[name] = {"type": "array", "minItems": child["minItems"], "items": items}
    condition = _written_out(document, schema["additionalProperties"], 0)
    # The bare string as a condition is in two sample repositories and on no page.
    condition["type"] = "object"
    return {"type": "object", "properties": inner, "additionalProperties": condition}


def _accepted_types(schema: Mapping[str, Any]) -> list[str] | None:
    """The types that every version of the page accepts; ``None`` where the versions agree."""
    types = schema.get("x-oss-contested", {}).get("accepted-types")
    return None if types is None else list(types)
