"""Walking the JSON Schemas of the document: references, places and constraint keywords.

A *place* names one keyword of a request schema by the fields that lead to it,
``dimension/maximum`` or ``vectors/key/maxLength``: items of an array of objects
add no step, items of an array of scalars add ``item``.  Requirement ids are
derived from places, so this module is the one definition of that rule.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

JsonSchema = Mapping[str, Any]

# The keywords that restrict a value; everything else in a schema describes it.
CONSTRAINTS = (
    "type",
    "enum",
    "const",
    "pattern",
    "minLength",
    "maxLength",
    "minimum",
    "maximum",
    "minItems",
    "maxItems",
    "minProperties",
    "maxProperties",
)
LIMITS_EXTENSION = "x-oss-limits"


def resolve(document: Mapping[str, Any], node: Mapping[str, Any]) -> Mapping[str, Any]:
    """Follow ``$ref`` until ``node`` is a node of its own.

    Siblings of a ``$ref`` (allowed since OpenAPI 3.1) override what the
    reference brings.
    """
    if "$ref" not in node:
        return node
    while "$ref" in node:
        target: Any = document
        for step in node["$ref"].removeprefix("#/").split("/"):
            target = target[step.replace("~1", "/").replace("~0", "~")]
        siblings = {key: value for key, value in node.items() if key != "$ref"}
        node = {**target, **siblings} if siblings else target
    return node


def step_into_items(path: str, items: JsonSchema) -> str:
    """Path of the items of the array at ``path``, by the rule in the module's docstring."""
    if items.get("type") == "object" or "properties" in items:
        return path
    return join(path, "item")


def join(path: str, step: str) -> str:
    """Append one step to a place."""
    return f"{path}/{step}" if path else step


def constraints(
    document: Mapping[str, Any], schema: JsonSchema, path: str = ""
) -> Iterator[tuple[str, str, Any]]:
    """Yield every constraint of a schema as (path, keyword, value), ``required`` once per member.

    Recursive schemas (filters) are entered once: a reference that is being
    walked already is not followed again.
    """
    yield from _constraints(document, schema, path, frozenset())


def _constraints(
    document: Mapping[str, Any], schema: JsonSchema, path: str, open_refs: frozenset[str]
) -> Iterator[tuple[str, str, Any]]:
    reference = schema.get("$ref")
    if reference is not None:
        if reference in open_refs:
            return
        open_refs = open_refs | {reference}
    node = resolve(document, schema)
    for keyword in CONSTRAINTS:
        if keyword in node:
            yield path, keyword, node[keyword]
    for name, limit in node.get(LIMITS_EXTENSION, {}).items():
        yield path, f"{LIMITS_EXTENSION}/{name}", limit
    required = node.get("required", ())
    for name, child in node.get("properties", {}).items():
        if name in required:
            yield join(path, name), "required", True
        yield from _constraints(document, child, join(path, name), open_refs)
    if isinstance(node.get("items"), Mapping):
        items = resolve(document, node["items"])
        yield from _constraints(document, node["items"], step_into_items(path, items), open_refs)


def schema_at(document: Mapping[str, Any], schema: JsonSchema, place: str) -> Any:
    """Value of the keyword at ``place``; raises :class:`KeyError` naming the place when there is none."""
    *steps, last = place.split("/")
    node = resolve(document, schema)
    extensions = [position for position, step in enumerate(steps) if step.startswith("x-oss-")]
    if extensions:
        value: Any = _descend(document, node, steps[: extensions[0]], place)
        for step in [*steps[extensions[0] :], last]:
            value = value[step]
        return value
    if last == "required":
        node = _descend(document, node, steps[:-1], place)
        while "properties" not in node and isinstance(node.get("items"), Mapping):
            node = resolve(document, node["items"])
        return steps[-1] in node.get("required", ())
    node = _descend(document, node, steps, place)
    if last not in node:
        raise KeyError(f"no keyword {last!r} at {place!r}")
    return node[last]


def _descend(
    document: Mapping[str, Any], node: Mapping[str, Any], steps: list[str], place: str
) -> Mapping[str, Any]:
    for step in steps:
        while "properties" not in node and isinstance(node.get("items"), Mapping) and step != "item":
            node = resolve(document, node["items"])
        if step == "item":
            node = resolve(document, node["items"])
            continue
        properties = node.get("properties", {})
        if step not in properties:
            raise KeyError(f"no field {step!r} on the way to {place!r}")
        node = resolve(document, properties[step])
    return node


def full_match(pattern: str, text: str) -> bool:
    """Whether ``text`` matches an anchored pattern as JSON Schema means it.

    Python's ``$`` also matches before a trailing newline, which would let a
    near miss such as ``"name\\n"`` pass.
    """
    return re.search(pattern.replace("$", r"\Z"), text) is not None


def requirement_id(operation: str, place: str, side: str | None) -> str:
    """Mechanical requirement id of a place, e.g. ``PutVectorIndex.dimension.maximum.rejected``."""
    steps = [_kebab(step) if keyword else step for step, keyword in _steps(place)]
    return ".".join([operation, *steps, *([side] if side else [])])


def _steps(place: str) -> Iterator[tuple[str, bool]]:
    steps = [step for step in place.split("/") if step != LIMITS_EXTENSION]
    for position, step in enumerate(steps):
        yield step, position == len(steps) - 1


def _kebab(keyword: str) -> str:
    return re.sub(r"(?<=[a-z])(?=[A-Z])", "-", keyword).lower()
