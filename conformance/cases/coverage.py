"""The coverage corpus: what schemathesis proposes for every keyword, frozen.

Schemathesis enumerates deterministic cases per keyword of the request schemas.
They are a safety net for members that nobody listed by hand.  The enumeration
is no documented interface and changes between versions, so it runs here only
and its result is checked in: a run reads the file and needs no engine.

Regenerate with ``python -m conformance.cases.coverage --write``, compare with ``--check``.
"""

from __future__ import annotations

import argparse
import functools
import json
import re
import sys
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import metadata, resources
from pathlib import Path
from typing import TYPE_CHECKING, Any

from conformance.cases.baselines import BASELINES, DIMENSION, baseline
from conformance.cases.boundaries import items_of
from conformance.cases.case import NO_BODY, Authentication, Case, Key, Name, Place, Slot, fill
from conformance.cases.directed import directed_cases
from conformance.cases.engine_schema import (
    engine_document,
    engine_operations,
    engine_schema,
    hypothesis_off_disk,
)
from conformance.contract.loader import load_contract

if TYPE_CHECKING:
    from schemathesis import Case as EngineCase

CORPUS = "coverage_corpus.json"

#: The version whose enumeration is frozen.
ENGINE = "4.32.5"

_JSON = "application/json"

# What the generator is told to use where it needs a valid value: telling words, so that they can be found again.
_INDEX = "corpusIndex"
_KEY = "corpusKey"
_CONDITION: Mapping[str, Any] = {"kind": {"$eq": "a"}}
_FILLED: Mapping[str, Mapping[str, Any]] = {
    "ListVectorIndexes": {"nextToken": ""},
    "ListVectors": {"nextToken": ""},
    "QueryVectors": {"filter": dict(_CONDITION)},
}
_SLOTS = {"PutVectorIndex": Slot.NEW_INDEX, "DeleteVectorIndex": Slot.MISSING_INDEX}
_COMPONENTS = [0.25, -0.5, 0.75, 1.0]
# The engine's name of an additional member, and ours: no page says that names of fields may carry hyphens.
_ADDITIONAL = "x-schemathesis-additional"
_EXTRA = "extra"
_ARRAYS = ("keys", "vectors", "nonFilterableMetadataKeys")
_SIZED = re.compile(r"'(\w+)' value: (?:Maximum|Minimum|Near-boundary) items array$")
_MEMBER = re.compile(r"'([^']+)'")
_LONG_KEY = re.compile(r"0{100,}")
_CODED_KEY = re.compile(r'\{"\$key": "[^"]*"')
# Arrays of at least this many items are written as a count in the file.
_MANY = 20


@dataclass(frozen=True, slots=True)
class CorpusCase:
    """One frozen case: a request body that differs from a valid one in one place.

    ``location`` points at the keyword of the request schema that the generator
    attacked, and is empty where it meant the body to be valid.  It is a label
    only: what has to come back is decided from the bytes that are sent.
    """

    id: str
    operation: str
    description: str
    location: str = ""
    body: Any = NO_BODY
    raw: bytes | None = None
    content_type: str | None = _JSON


@functools.cache
def load_corpus() -> tuple[CorpusCase, ...]:
    """The frozen corpus, in a fixed order."""
    text = resources.files("conformance.cases").joinpath(CORPUS).read_text(encoding="utf-8")
    return tuple(corpus_case(entry) for entry in json.loads(text)["cases"])


def generate_corpus() -> list[CorpusCase]:
    """Enumerate the corpus anew with the installed schemathesis; equal to :func:`load_corpus` by self-test.

    Cases that a directed case of the same operation sends already are left out.
    """
    require_engine(metadata.version("schemathesis"))
    seen = {(case.operation, _canonical(body)) for case in directed_cases() for body in _plain_body(case)}
    corpus = []
    for case in _proposed():
        identity = (case.operation, _canonical(case.body))
        if identity not in seen:
            seen.add(identity)
            corpus.append(case)
    return corpus


def require_engine(installed: str) -> None:
    """Refuse another engine than the one of the frozen corpus: it would propose other requests."""
    if installed != ENGINE:
        raise RuntimeError(f"the corpus is frozen against schemathesis {ENGINE}, installed is {installed}")


def _plain_body(case: Case) -> Iterator[Any]:
    """The JSON body of a directed case that differs from a usual request in nothing but its body."""
    usual = case.place is Place.BUCKET and case.authentication is Authentication.RUN
    if not usual or case.headers or case.query or case.method is not None or case.chunked:
        return
    if not case.raw:
        yield case.body
        return
    try:
        yield json.loads(case.raw)
    except (ValueError, RecursionError):
        return  # not JSON, or nested as deeply as the generator never nests


def _proposed() -> Iterator[CorpusCase]:
    """Every body the engine proposes, made ready to send, numbered per id before anything is dropped."""
    from schemathesis import GenerationMode  # noqa: PLC0415 - importing it is slow, see engine_schema

    modes = [GenerationMode.POSITIVE, GenerationMode.NEGATIVE]
    schema = engine_schema(_telling_document())
    numbers: Counter[str] = Counter()
    for name, operation in engine_operations(schema).items():
        generation = schema.config.generation_for(operation=operation, phase="coverage")
        for proposed in schema.iter_coverage_cases(
            operation, generation_modes=modes, generation_config=generation
        ):
            data = _coverage_data(proposed)
            if data is None:
                continue
            place, description = data
            stem = f"{name}:{place.replace(f'/{_ADDITIONAL}', '') or _words(description)}"
            numbers[stem] += 1
            body = _ready(name, proposed.body, place, description)
            if body is _DROPPED:
                continue
            yield CorpusCase(
                id=f"{stem}#{numbers[stem]}",
                operation=name,
                description=description,
                location=place,
                body=body,
                content_type=proposed.media_type,
            )


def _coverage_data(proposed: EngineCase[Any]) -> tuple[str, str] | None:
    """Place and description of a case about the body; ``None`` for methods and headers, which we test by hand."""
    from schemathesis.core.parameters import ParameterLocation  # noqa: PLC0415 - as above
    from schemathesis.generation.meta import CoveragePhaseData  # noqa: PLC0415 - as above

    data = proposed.meta.phase.data if proposed.meta is not None else None
    if not isinstance(data, CoveragePhaseData) or data.parameter_location is not ParameterLocation.BODY:
        return None
    return data.location or "", data.description


def _words(description: str) -> str:
    """A short label for a case that has no place: the members it is about, or what it is."""
    members = _MEMBER.findall(description)
    return "/" + "/".join(["valid", *members]) if members else "/" + description.lower().replace(" ", "-")


_DROPPED: Any = object()


def _ready(operation: str, body: Any, place: str, description: str) -> Any:
    """The body with slots for names and keys, valid everywhere but at its place, or ``_DROPPED``."""
    from schemathesis.core import NotSet  # noqa: PLC0415 - as above

    if isinstance(body, NotSet):
        return NO_BODY
    if place.endswith(("float32/items/minimum", "float32/items/maximum")):
        # A hair beyond the largest float32, which rounding brings back; a directed case goes far beyond.
        return _DROPPED
    if not isinstance(body, dict):
        return body
    template = _slotted(body, operation)
    member = _top_member(place, description)
    if not place and member is not None and member not in template:
        return _DROPPED  # the engine leaves out a member of an empty example
    for name, value in _FILLED.get(operation, {}).items():
        if name != member and template.get(name) == value:
            del template[name]
    array = _array_of_interest(place, description)
    if array is not None:
        _fill_array(template, array)
    if member == "filter" and isinstance(template.get("filter"), dict):
        steps = place.split("/") if place else _MEMBER.findall(description)
        extra = _ADDITIONAL in steps or "additional property" in description
        template["filter"] = _single_condition(template["filter"], {*steps, *([_EXTRA] if extra else [])})
        if _has_empty_condition(template["filter"]):
            return _DROPPED
    return template if _pad_vectors(template, "/float32/" in place) else _DROPPED


def _top_member(place: str, description: str) -> str | None:
    if place:
        steps = place.split("/")
        return steps[2] if steps[1] == "properties" else None
    members = _MEMBER.findall(description)
    return members[0] if members else None


def _array_of_interest(place: str, description: str) -> str | None:
    """The array whose length the case is about: its items have to be valid and distinct, which the engine's are not."""
    if place.endswith("/maxItems"):
        return place.split("/")[-2]
    sized = _SIZED.search(description)
    return sized.group(1) if sized else None


def _fill_array(node: Any, name: str) -> None:
    if name in _ARRAYS and isinstance(node, dict):
        for key, value in node.items():
            if key == name:
                node[key] = items_of(name, len(value))
            else:
                _fill_array(value, name)


def _pad_vectors(node: Any, attacked: bool) -> bool:
    """Bring an attacked vector to its dimension; false for a vector that is of a wrong length or an extreme.

    Extreme components are valid, but a vector of them in a shared index makes
    every later distance overflow.
    """
    if isinstance(node, list):
        return all(_pad_vectors(item, attacked) for item in node)
    if not isinstance(node, dict):
        return True
    numbers = node.get("float32")
    if isinstance(numbers, list) and attacked:
        node["float32"] = [*numbers, *_COMPONENTS[len(numbers) :]]
    elif isinstance(numbers, list) and len(numbers) != DIMENSION:
        return False
    return all(_pad_vectors(value, attacked) for value in node.values())


def _single_condition(node: Any, wanted: set[str]) -> Any:
    """A filter reduced to the member and the operator a case is about: several in one object are undocumented."""
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key in wanted} or node
    reduced = {key: _single_condition(value, wanted) for key, value in kept.items()}
    for key in reduced.keys() & {"$and", "$or"}:
        if isinstance(reduced[key], list):
            # An empty filter inside another is undocumented too.
            reduced[key] = [
                dict(_CONDITION) if item == {} else _single_condition(item, wanted) for item in reduced[key]
            ]
    return reduced


def _has_empty_condition(node: Any) -> bool:
    """Whether a field has no operator at all, which no page describes."""
    if isinstance(node, list):
        return any(_has_empty_condition(item) for item in node)
    if not isinstance(node, dict):
        return False
    return node.get(_EXTRA) == {} or any(_has_empty_condition(value) for value in node.values())


def _slotted(node: Any, operation: str) -> Any:
    """A copy of a generated body with slots where the generator used the words it was told to use."""
    if isinstance(node, dict):
        changed = {
            _EXTRA if key == _ADDITIONAL else key: _slotted(value, operation) for key, value in node.items()
        }
        name = changed.get("indexName")
        if operation == "PutVectorIndex" and isinstance(name, str) and load_contract().is_index_name(name):
            changed["indexName"] = Name(length=len(name))
        return changed
    if isinstance(node, list):
        return [_slotted(item, operation) for item in node]
    if node == _INDEX:
        return _SLOTS.get(operation, Slot.INDEX)
    if isinstance(node, str) and node.startswith(_KEY):
        return Key(node.removeprefix(_KEY))
    if isinstance(node, str) and _LONG_KEY.fullmatch(node) and len(node) <= _longest_key():
        return Key("k", length=len(node))
    return node


def _longest_key() -> int:
    return int(load_contract().limit("PutVectors", "vectors/key/maxLength"))


def _telling_document() -> dict[str, Any]:
    """The engine's document whose examples are our baselines, with telling words for the slots."""
    document = engine_document(load_contract().document, filter_depth=1)
    for item in document["paths"].values():
        name = item["post"]["operationId"]
        body = fill(baseline(name), lambda slot: f"{_KEY}{slot.suffix}" if isinstance(slot, Key) else _INDEX)
        media = item["post"]["requestBody"]["content"][_JSON]
        media["examples"] = {"baseline": {"value": body}}
        if name == "QueryVectors":
            # The conditions inside $and stand for those inside $or: they are the same schema.
            condition = {"type": "object", "examples": [dict(_CONDITION)]}
            media["schema"]["properties"]["filter"]["properties"]["$or"]["items"] = condition
        _tell(media["schema"], {**body, **_FILLED.get(name, {})})
    return document


def _tell(schema: dict[str, Any], value: Any) -> None:
    """Make ``value`` the only example of a schema and of everything inside it, and its default where it has one."""
    schema["examples"] = [value]
    if "default" in schema:
        schema["default"] = value  # the engine prefers defaults to examples
    for name, child in schema.get("properties", {}).items():
        if isinstance(value, dict) and name in value:
            _tell(child, value[name])
        else:
            child.pop("examples", None)
    if isinstance(schema.get("items"), dict) and isinstance(value, list):
        _tell(schema["items"], value[0])


def _canonical(body: Any) -> str:
    """A text that two bodies share if they are the same but for the names of their keys."""
    if body is NO_BODY:
        return "nothing"
    text = json.dumps(_coded(body, counted=False), sort_keys=True)
    names = dict.fromkeys(_CODED_KEY.findall(text))
    numbers = {name: f'{{"$key": {number}' for number, name in enumerate(names)}
    return _CODED_KEY.sub(lambda match: numbers[match[0]], text)


def _coded(node: Any, *, counted: bool = True) -> Any:
    """A template as JSON, slots written as objects with a ``$`` member, long arrays as a count."""
    match node:
        case Slot():
            return {"$slot": node.name}
        case Key():
            return {"$key": node.suffix, **({"length": node.length} if node.length else {})}
        case Name():
            return {"$name": node.prefix, "length": node.length}
        case dict():
            return {
                key: {"$items": key, "count": len(value)}
                if counted and _is_filled(key, value)
                else _coded(value, counted=counted)
                for key, value in node.items()
            }
        case list():
            return [_coded(item, counted=counted) for item in node]
        case _:
            return node


def _is_filled(name: str, value: Any) -> bool:
    many = name in _ARRAYS and isinstance(value, list) and len(value) >= _MANY
    return many and bool(value == items_of(name, len(value)))


def _decoded(node: Any) -> Any:
    match node:
        case {"$slot": name}:
            return Slot[name]
        case {"$key": suffix}:
            return Key(suffix, node.get("length", 0))
        case {"$name": prefix, "length": length}:
            return Name(prefix, length)
        case {"$items": name, "count": count}:
            return items_of(name, count)
        case dict():
            return {key: _decoded(value) for key, value in node.items()}
        case list():
            return [_decoded(item) for item in node]
        case _:
            return node


def corpus_entry(case: CorpusCase) -> dict[str, Any]:
    """One case as it stands in the file; an absent ``body`` is no body at all."""
    entry: dict[str, Any] = {"id": case.id, "operation": case.operation, "location": case.location}
    entry |= {"description": case.description, "content_type": case.content_type}
    if case.raw is not None:
        entry["raw"] = case.raw.decode("ascii")
    elif case.body is not NO_BODY:
        entry["body"] = _coded(case.body)
    return entry


def corpus_case(entry: Mapping[str, Any]) -> CorpusCase:
    """The inverse of :func:`corpus_entry`."""
    return CorpusCase(
        id=entry["id"],
        operation=entry["operation"],
        description=entry["description"],
        location=entry["location"],
        body=_decoded(entry["body"]) if "body" in entry else NO_BODY,
        raw=entry["raw"].encode("ascii") if "raw" in entry else None,
        content_type=entry["content_type"],
    )


def corpus_text(corpus: Sequence[CorpusCase]) -> str:
    """The file of a corpus, one case per line so that changes can be reviewed."""
    lines = ",\n".join(f"    {json.dumps(corpus_entry(case), sort_keys=False)}" for case in corpus)
    return f'{{\n  "schemathesis": "{ENGINE}",\n  "cases": [\n{lines}\n  ]\n}}\n'


def main(arguments: Sequence[str] | None = None) -> int:
    """Write the corpus or compare it with the file, and say which cases differ."""
    parser = argparse.ArgumentParser(prog="python -m conformance.cases.coverage", description=__doc__)
    action = parser.add_mutually_exclusive_group(required=True)
    action.add_argument("--write", action="store_true", help="generate the corpus and write the file")
    action.add_argument(
        "--check", action="store_true", help="generate the corpus and compare it with the file"
    )
    chosen = parser.parse_args(arguments)
    with hypothesis_off_disk():
        text = corpus_text(generate_corpus())
    file = Path(__file__).with_name(CORPUS)
    before = file.read_text(encoding="utf-8") if file.exists() else ""
    changed = sorted(set(before.splitlines()) ^ set(text.splitlines()))
    counts = Counter(re.findall(r'"operation": "(\w+)"', text))
    summary = ", ".join(f"{name} {counts[name]}" for name in BASELINES)
    if chosen.write:
        file.write_text(text, encoding="utf-8")
        sys.stdout.write(f"{file.name}: {counts.total()} cases ({summary}), {len(changed)} lines changed\n")
        return 0
    if text == before:
        sys.stdout.write(f"{file.name} is up to date: {counts.total()} cases ({summary})\n")
        return 0
    for line in changed:
        side = "only generated" if line in text.splitlines() else "only in the file"
        sys.stdout.write(f"{side}: {line.strip()[:160]}\n")
    sys.stdout.write(f"{file.name} is out of date; run: python -m conformance.cases.coverage --write\n")
    return 1


if __name__ == "__main__":
    sys.exit(main())
