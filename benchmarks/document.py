"""The document that plain schemathesis gets: the published one, in the form in which operations are on the wire.

With its examples, its security scheme and the links along which sequences go: without links the stateful
phase of schemathesis has little to follow, and without the scheme its check for ignored authentication has
nothing to leave out.
"""

from __future__ import annotations

import copy
from collections.abc import Mapping
from typing import Any

from conformance.cases.engine_schema import engine_document
from conformance.contract.loader import load_contract

_METHODS = frozenset({"get", "put", "post", "delete"})


def wire_document() -> dict[str, Any]:
    """The published document with the wire's paths and the links of :func:`engine_document`.

    Everything else of :func:`engine_document` is left out: it writes recursive schemas out, which makes
    generation slower and would be a handicap.
    """
    published = load_contract().document
    linked = engine_document(published, links=True)["paths"]
    paths: dict[str, dict[str, Any]] = {}
    for item in published["paths"].values():
        for method, operation in item.items():
            if method in _METHODS:
                path = _path(operation)
                wired = _without_extensions(operation)
                if method in linked.get(path, {}):
                    wired["responses"] = linked[path][method]["responses"]
                paths.setdefault(path, {})[method] = wired
    return {
        "openapi": published["openapi"],
        "info": {name: published["info"][name] for name in ("title", "version")},
        "security": copy.deepcopy(published["security"][:1]),
        "paths": paths,
        "components": copy.deepcopy(published["components"]),
    }


def _path(operation: Mapping[str, Any]) -> str:
    query = operation.get("x-oss-query")
    return "/" if query is None else f"/?{query}"


def _without_extensions(operation: Mapping[str, Any]) -> dict[str, Any]:
    return {key: copy.deepcopy(value) for key, value in operation.items() if not key.startswith("x-oss-")}
