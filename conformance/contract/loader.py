"""Reads ``openapi/`` into one immutable :class:`Contract`.

The OpenAPI document gives operations, schemas, limits and error codes; the
catalogue under ``requirements/`` gives the clauses.  Both are cross-checked
here so that a slip in the data stops a run before its first request.
"""

from __future__ import annotations

import datetime
import difflib
import functools
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from importlib.resources.abc import Traversable
from typing import Any

from conformance.contract.files import DOCUMENT, REQUIREMENTS, contract_root, read_yaml
from conformance.contract.model import (
    ANY_4XX,
    ErrorCode,
    Expect,
    JsonSchema,
    Level,
    Need,
    Operation,
    Profile,
    Requirement,
    Source,
    Strength,
)
from conformance.contract.schema import LIMITS_EXTENSION, full_match, resolve, schema_at

_METHODS = ("get", "put", "post", "delete")


class ContractError(ValueError):
    """The contract's own data is inconsistent; the message names file and place."""


@dataclass(frozen=True)
class Contract:
    """The whole contract: what the documents say, as typed data."""

    document: Mapping[str, Any]
    operations: Mapping[str, Operation]
    requirements: Mapping[str, Requirement]

    @property
    def version(self) -> str:
        """Version of the contract, from ``info.version`` of the document."""
        return str(self.document["info"]["version"])

    def operation(self, name: str) -> Operation:
        """The operation called ``name``.

        Raises :class:`KeyError` for unknown names; what users type is checked before,
        with :func:`nearest` for a hint.
        """
        return self.operations[name]

    @functools.cached_property
    def claimed(self) -> Mapping[tuple[str, str, str | None], str]:
        """Requirement id by (operation, claimed place, side) so that a violated keyword finds its clause."""
        return {
            (requirement.operation, claim, requirement.side): requirement.id
            for requirement in self.requirements.values()
            for claim in requirement.claims
        }

    @functools.cached_property
    def statuses_by_code(self) -> Mapping[str, frozenset[int]]:
        """Statuses of every error code that a source names with its status; inferred pairs are left out."""
        statuses: dict[str, set[int]] = {}
        common = [_error(error) for error in self.document["x-oss-common-errors"]]
        for error in (
            *common,
            *(error for item in self.operations.values() for error in item.errors.values()),
        ):
            if error.strength is not Strength.INFERRED:
                statuses.setdefault(error.code, set()).add(error.status)
        return {code: frozenset(values) for code, values in statuses.items()}

    @functools.cached_property
    def _limits(self) -> dict[tuple[str, str], Any]:
        return {}

    def limit(self, operation: str, place: str) -> Any:
        """Value of one keyword of a request schema, e.g. ``limit("PutVectorIndex", "dimension/maximum")``."""
        found = self._limits.get((operation, place))
        if found is None:
            schema = self.operations[operation].request_schema
            if schema is None:
                raise ContractError(f"{operation} has no request schema, so no limit {place!r}")
            found = self._limits[operation, place] = schema_at(self.document, schema, place)
        return found

    def parameter(self, operation: str, name: str) -> JsonSchema:
        """Schema of a query parameter or header of an operation."""
        parameters = self.operation(operation).parameters
        schema: JsonSchema = next(found["schema"] for found in parameters if found["name"] == name)
        return schema

    def largest_page(self, operation: str) -> int:
        """The most entries that one page of a listing may have."""
        if operation == "ListVectorBuckets":
            return int(self.parameter(operation, "max-keys")["maximum"])
        return int(self.limit(operation, "maxResults/maximum"))

    @property
    def most_neighbours(self) -> int:
        """The largest topK that every version of the QueryVectors page allows."""
        return int(self.limit("QueryVectors", "topK/x-oss-contested")["accepted"])

    @property
    def bucket_name_rule(self) -> JsonSchema:
        """Naming rules of vector buckets, which are part of a host and hence of no body."""
        rule: JsonSchema = self.document["paths"]["/putVectorBucket"]["put"]["x-oss-bucket-name"]
        return rule

    def is_index_name(self, name: str) -> bool:
        """Whether a text follows the naming rules of indexes."""
        shortest, longest, pattern = (
            self.limit("PutVectorIndex", f"indexName/{keyword}")
            for keyword in ("minLength", "maxLength", "pattern")
        )
        return shortest <= len(name) <= longest and full_match(pattern, name)

    @property
    def longest_field_name(self) -> int:
        """The most characters of a name of metadata that an index has as non-filterable."""
        place = "metadata/nonFilterableMetadataKeys/item/x-oss-limits/length/maximum"
        return int(self.limit("PutVectorIndex", place))

    def is_field_name(self, name: str) -> bool:
        """Whether a text is a name of metadata that an index may have as non-filterable, the only rule for such names."""
        pattern = self.limit("PutVectorIndex", "metadata/nonFilterableMetadataKeys/item/pattern")
        return len(name) <= self.longest_field_name and full_match(pattern, name)

    def signing_limit(self, scheme: str, name: str) -> datetime.timedelta:
        """The most of a time that a security scheme limits, e.g. ``signing_limit("OssV4Header", "clock-skew")``."""
        limits = self.document["components"]["securitySchemes"][scheme][LIMITS_EXTENSION]
        return datetime.timedelta(seconds=limits[name]["maximum"])

    @property
    def clock_skew(self) -> datetime.timedelta:
        """How far the date of a request may be from the service's clock."""
        return self.signing_limit("OssV4Header", "clock-skew")


def nearest(word: str, known: Iterable[str]) -> str | None:
    """The known name most like ``word``, for messages, or ``None`` when nothing is close."""
    names = {name.lower(): name for name in known}
    close = difflib.get_close_matches(word.lower(), names, n=1, cutoff=0.5)
    return names[close[0]] if close else None


@functools.cache
def load_contract() -> Contract:
    """Read, cross-check and cache the contract; raises :class:`ContractError` on a slip in its data."""
    root = contract_root()
    document = read_yaml(root.joinpath(DOCUMENT))
    operations = {operation.name: operation for operation in _operations(document)}
    requirements: dict[str, Requirement] = {}
    for file in sorted(root.joinpath(REQUIREMENTS).iterdir(), key=lambda entry: entry.name):
        if not file.name.endswith(".yaml"):
            continue
        for requirement in _requirements(file, document, operations):
            if requirement.id in requirements:
                raise ContractError(f"{file.name}: requirement {requirement.id} is defined twice")
            requirements[requirement.id] = requirement
    return Contract(document=document, operations=operations, requirements=requirements)


def _operations(document: Mapping[str, Any]) -> Iterator[Operation]:
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                yield _operation(document, path, method, item[method])


def _operation(document: Mapping[str, Any], path: str, method: str, raw: Mapping[str, Any]) -> Operation:
    name = raw["operationId"]
    success = [int(status) for status in raw["responses"] if str(status).startswith("2")]
    if len(success) != 1:
        raise ContractError(f"{DOCUMENT}: {name} documents {len(success)} success statuses, not one")
    answer = resolve(document, raw["responses"][str(success[0])])
    request = resolve(document, raw["requestBody"]) if "requestBody" in raw else None
    media = request["content"].get("application/json") if request else None
    rate = raw.get("x-oss-rate", {}).get("requests-per-second")
    return Operation(
        name=name,
        method=method.upper(),
        query=raw.get("x-oss-query"),
        scope=raw["x-oss-scope"],
        path=path,
        success_status=success[0],
        request_schema=resolve(document, media["schema"]) if media else None,
        response_schema=_json_schema(document, answer),
        request_examples=_examples(document, media) if media else {},
        parameters=tuple(resolve(document, parameter) for parameter in raw.get("parameters", ())),
        errors={error["code"]: _error(error) for error in raw["x-oss-errors"]},
        rate=None if rate is None else float(rate),
        ram_action=raw["x-oss-ram-action"],
    )


def _json_schema(document: Mapping[str, Any], message: Mapping[str, Any]) -> JsonSchema | None:
    media = message.get("content", {}).get("application/json")
    return resolve(document, media["schema"]) if media else None


def _examples(document: Mapping[str, Any], media: Mapping[str, Any]) -> Mapping[str, Any]:
    if "example" in media:
        return {"example": media["example"]}
    named = media.get("examples", {})
    return {key: resolve(document, entry)["value"] for key, entry in named.items()}


def _error(raw: Mapping[str, Any]) -> ErrorCode:
    return ErrorCode(
        code=raw["code"],
        status=int(raw["status"]),
        strength=Strength(raw["strength"]),
    )


def _requirements(
    file: Traversable, document: Mapping[str, Any], operations: Mapping[str, Operation]
) -> Iterator[Requirement]:
    raw = read_yaml(file)
    for entry in raw["requirements"]:
        try:
            yield _requirement(entry, raw["operation"], document, operations)
        except (KeyError, ValueError) as problem:
            raise ContractError(f"{file.name}: {entry.get('id', entry)}: {problem}") from problem


def _requirement(
    raw: Mapping[str, Any],
    group: str,
    document: Mapping[str, Any],
    operations: Mapping[str, Operation],
) -> Requirement:
    claims = tuple(raw.get("claims", ()))
    statement = raw["statement"]
    if claims and "{limit}" in statement:
        schema = operations[group].request_schema
        assert schema is not None, "only operations with a request body have claims"
        statement = statement.replace("{limit}", _words(schema_at(document, schema, claims[0])))
    expect = raw.get("expect", {})
    source = raw["source"]
    return Requirement(
        id=raw["id"],
        operation=group,
        statement=statement,
        source=Source(source["document"], source["section"], _date(source.get("date"))),
        strength=Strength(raw["strength"]),
        level=Level(raw["level"]),
        expect=Expect(_statuses(expect.get("status")), tuple(expect.get("codes", ()))),
        profile=Profile(raw.get("profile", Profile.CORE)),
        claims=claims,
        excluded=raw.get("excluded"),
        needs=Need(raw["needs"]) if "needs" in raw else None,
    )


def _words(value: Any) -> str:
    return " or ".join(map(str, value)) if isinstance(value, list) else str(value)


def _date(value: datetime.date | str | None) -> str | None:
    return None if value is None else str(value)


def _statuses(value: int | str | list[int] | None) -> tuple[int, ...]:
    if value is None:
        return ()
    if value == "4xx":
        return ANY_4XX
    return tuple(value) if isinstance(value, list) else (int(value),)
