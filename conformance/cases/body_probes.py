"""Bodies whose treatment nobody documents: one group of requests for every operation that reads JSON.

The pages say that a body is JSON and that what is no JSON is refused.  Where
RFC 8259 itself lets parsers differ, for members that no page names, and for
encodings of content a correct service may do either; the answers are recorded.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from conformance.cases.baselines import BASELINES, baseline, with_value
from conformance.cases.case import Case, Coding, Key, Name, Slot, fill
from conformance.cases.corpora import NOT_UTF8, unusual
from conformance.cases.documents import LOGGING, policy_text

#: A member of each operation whose value may be replaced; in PutVectors and DeleteVectors it names no stored vector.
_FIELDS: Mapping[str, str] = {"ListVectorIndexes": "prefix"}

# A gzip body that is unpacked and served must not make anything that the suite cannot see.
_HARMLESS: Mapping[str, tuple[str, Any]] = {
    "PutVectorIndex": ("dimension", 0),
    "PutVectors": ("indexName", Slot.MISSING_INDEX),
    "DeleteVectors": ("indexName", Slot.MISSING_INDEX),
}


def body_probes() -> Iterator[Case]:
    """Unusual JSON, repeated and unknown members, and packed bodies, for every operation."""
    for name in BASELINES:
        yield from _json_probes(name)
        yield from _member_probes(name)
    yield from _policy_probes()
    yield from _logging_probes()


def with_slots(body: dict[str, Any]) -> dict[str, Any]:
    """A body whose slots are words that the suite replaces in the finished bytes."""
    filled: dict[str, Any] = fill(body, _token)
    return filled


def text_of(body: dict[str, Any]) -> str:
    """A body as JSON text whose slots the suite fills in."""
    return json.dumps(with_slots(body))


def _token(slot: Slot | Key | Name) -> str:
    if isinstance(slot, Slot):
        return f"%{slot.name}%"
    return slot.suffix if isinstance(slot, Key) else slot.prefix


def _json_probes(name: str) -> Iterator[Case]:
    text = text_of(baseline(name))
    for label, raw in unusual(text, _FIELDS.get(name, "indexName")):
        yield Case(f"{name}.body.unusual", name, label, raw=raw)
    yield Case(f"{name}.body.unusual", name, "utf-16", raw=text.encode(), coding=Coding.UTF_16)
    body = baseline(name)
    if name in _HARMLESS:
        member, value = _HARMLESS[name]
        body = with_value(body, member, value)
    yield Case(
        "Http.content-encoding",
        name,
        name,
        raw=text_of(body).encode(),
        headers=(("Content-Encoding", "gzip"),),
        coding=Coding.GZIP,
    )


def _member_probes(name: str) -> Iterator[Case]:
    body = baseline(name)
    if name not in ("PutVectorIndex", "DeleteVectors"):
        # Those two have theirs among the other probes of their page.
        yield Case(f"{name}.unknown-member", name, "one", body={**body, "conformanceUnknown": 1})
    if name == "PutVectors":
        yield Case(
            f"{name}.unknown-member",
            name,
            "of-a-vector",
            body=with_value(body, "vectors/conformanceUnknown", 1),
        )
    if name == "PutVectorIndex":
        return
    # The first of the two names nothing: the answer shows which one counted.
    first = '"prefix": "yy"' if name == "ListVectorIndexes" else '"indexName": "%MISSING_INDEX%"'
    raw = f"{{{first}, {text_of(body)[1:]}".encode()
    yield Case(f"{name}.duplicate-member", name, first.split('"')[1], raw=raw)


def _document_probes(name: str, text: str, field: str) -> Iterator[Case]:
    """Slips in a document for which no page names an error code."""
    raw = text.encode()
    for label, broken in (
        ("plain-text", b"no document"),
        ("empty", b""),
        ("truncated", raw[:-1]),
        ("trailing-garbage", raw + b" x"),
        ("latin-1", raw[:-1] + b', "x": "' + NOT_UTF8["latin-1"] + b'"}'),
        ("nan-token", raw[:-1] + b', "x": NaN}'),
    ):
        yield Case(f"{name}.not-json", name, label, raw=broken)
    for label, odd in unusual(text, field):
        yield Case(f"{name}.body.unusual", name, label, raw=odd)
    yield Case(f"{name}.body.unusual", name, "utf-16", raw=raw, coding=Coding.UTF_16)
    first = f'{{"{field}": null, '.encode()
    yield Case(f"{name}.body.unusual", name, "duplicate-member", raw=first + raw.lstrip()[1:])
    for label, value in (("array", []), ("null", None), ("empty-object", {})):
        yield Case(f"{name}.document.invalid", name, label, body=value)


def _policy_probes() -> Iterator[Case]:
    name = "PutBucketPolicy"
    yield from _document_probes(name, policy_text().decode(), "Version")
    for label, document in (
        ("no-statement", {"Version": "1"}),
        ("empty-statement", {"Version": "1", "Statement": []}),
        ("statement-object", {"Version": "1", "Statement": {}}),
    ):
        yield Case(f"{name}.document.invalid", name, label, body=document)


def _logging_probes() -> Iterator[Case]:
    name, root = "PutBucketLogging", "BucketLoggingStatus"
    yield from _document_probes(name, json.dumps(LOGGING), root)
    for label, status in (
        ("status-empty", {}),
        ("status-array", []),
        ("enabled-empty", {"LoggingEnabled": {}}),
        ("no-target", {"LoggingEnabled": {"TargetPrefix": "conformance-"}}),
        ("target-number", {"LoggingEnabled": {"TargetBucket": 7}}),
        ("target-empty", {"LoggingEnabled": {"TargetBucket": ""}}),
    ):
        yield Case(f"{name}.document.invalid", name, label, body={root: status})
