"""Faults of PutVectors: batches and keys."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from dataclasses import replace
from itertools import pairwise
from typing import Any

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.store import VectorRecord
from oss_vectors_emulator.validation import Rules
from tests.faults import changes as c
from tests.faults.catalogue.writing_parts import PUT, each_vector, put_fault, store_quietly
from tests.faults.model import Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _batches()
    yield from _keys()


def _batches() -> Iterator[Fault]:
    yield put_fault(
        "batch-max-501",
        "vectors.max-items.rejected",
        "501 vectors are accepted",
        c.limits(put_vectors_max=501),
    )
    yield put_fault(
        "batch-unbounded",
        "vectors.max-items.rejected",
        "any number of vectors",
        c.limits(put_vectors_max=10**6),
    )
    yield put_fault(
        "batch-max-499",
        "vectors.max-items.accepted",
        "500 vectors are refused",
        c.limits(put_vectors_max=499),
    )
    yield put_fault(
        "batch-max-100",
        "vectors.max-items.accepted",
        "100 vectors are the most",
        c.limits(put_vectors_max=100),
    )
    yield put_fault(
        "batch-truncated",
        "vectors.max-items.rejected",
        "what exceeds 500 vectors is dropped",
        c.before(
            PUT,
            lambda b: b.update(vectors=b["vectors"][:500]) if isinstance(b.get("vectors"), list) else None,
        ),
    )
    yield put_fault(
        "batch-empty",
        "vectors.min-items.rejected",
        "an empty batch is accepted",
        c.rules(batch_size=lambda s, n: s.within("vectors", n, 0, 500)),
    )
    yield put_fault(
        "batch-min-2",
        "vectors.min-items.accepted",
        "a single vector is refused",
        c.rules(batch_size=lambda s, n: s.within("vectors", n, 2, 500)),
    )
    yield put_fault(
        "batch-optional",
        "vectors.required",
        "a request without vectors is served",
        c.answer_when_missing(PUT, "vectors"),
    )
    yield put_fault(
        "batch-single-object",
        "vectors.type",
        "a single object counts as a batch",
        c.before(
            PUT, lambda b: b.update(vectors=[b["vectors"]]) if isinstance(b.get("vectors"), dict) else None
        ),
    )
    yield put_fault(
        "batch-type-unchecked",
        "vectors.type",
        "what is no array is served as an empty batch",
        c.accept(PUT, lambda e, call: not isinstance(call.body.get("vectors", []), list)),
    )
    yield put_fault(
        "duplicates-last-wins",
        "duplicate-keys.rejected",
        "of equal keys the last one is stored",
        c.rules(batch_keys=lambda _s, _k: None),
        f"{PUT}.duplicate-keys.no-trace",
    )
    yield put_fault(
        "duplicates-adjacent",
        "duplicate-keys.rejected",
        "only neighbouring equal keys are noticed",
        c.rules(batch_keys=lambda s, k: Rules.batch_keys(s, _collapsed(k))),
    )
    yield put_fault(
        "duplicates-rest-written",
        "duplicate-keys.no-trace",
        "the first of equal keys is written before the refusal",
        c.instead(PUT, _write_firsts),
        f"{PUT}.rejected.no-trace",
    )
    yield put_fault(
        "bad-parameter-other-code",
        "errors.VectorIndexParameterInvalid",
        "a bad parameter is InvalidArgument",
        c.error_of("VectorIndexParameterInvalid", PUT, to="InvalidArgument"),
        f"{PUT}.*",
    )
    yield put_fault(
        "bad-parameter-500",
        "errors.VectorIndexParameterInvalid",
        "a bad parameter gives 500",
        c.error_of("VectorIndexParameterInvalid", PUT, status=500),
        f"{PUT}.*",
        "Errors.code-status",
    )


def _collapsed(keys: Any) -> list[str]:
    if any(a == b for a, b in pairwise(keys)):
        return list(keys)
    return list(dict.fromkeys(keys))


def _write_firsts(parts: Behaviour, handler: Handler, call: Call) -> Response:
    try:
        return handler(call)
    except ServiceError:
        vectors = call.body.get("vectors")
        keys = [v.get("key") for v in vectors if isinstance(v, dict)] if isinstance(vectors, list) else []
        if len({str(k) for k in keys}) < len(keys):
            kept = {str(v["key"]): v for v in reversed(call.body["vectors"]) if isinstance(v, dict)}
            store_quietly(parts, call, list(kept.values()))
        raise


def _keys() -> Iterator[Fault]:
    k = "vectors.key"
    yield put_fault(
        "key-max-1025",
        f"{k}.max-length.rejected",
        "1025 characters are accepted",
        c.limits_of(PUT, vector_key_max=1025),
    )
    yield put_fault(
        "key-max-1023",
        f"{k}.max-length.accepted",
        "1024 characters are refused",
        c.limits_of(PUT, vector_key_max=1023),
    )
    yield put_fault(
        "key-max-255",
        f"{k}.max-length.accepted",
        "255 characters are the most",
        c.limits_of(PUT, vector_key_max=255),
    )
    yield put_fault(
        "key-unbounded",
        f"{k}.max-length.rejected",
        "keys of any length",
        c.limits_of(PUT, vector_key_max=10**6),
    )
    yield put_fault(
        "key-bytes",
        "key.characters.accepted",
        "the length of a key counts bytes",
        c.rules(key=_key_in_bytes),
        "GetVectors.keys.item.*",
        f"{PUT}.key.unicode.preserved",
    )
    yield put_fault(
        "key-utf16",
        "key.characters.accepted",
        "the length of a key counts UTF-16 units",
        c.rules(key=_key_in_utf16),
    )
    yield put_fault(
        "key-empty",
        f"{k}.min-length.rejected",
        "the empty key is accepted",
        c.rules_of(PUT, key=lambda s, v: v if v == "" else Rules.key(s, v)),
    )
    yield put_fault(
        "key-min-2", f"{k}.min-length.accepted", "one character is refused", c.rules_of(PUT, key=_key_of_two)
    )
    yield put_fault(
        "key-required",
        f"{k}.required",
        "a vector without key gets one",
        each_vector(lambda v: v.setdefault("key", "generated")),
    )
    yield put_fault(
        "key-number",
        f"{k}.type",
        "numbers are taken as text",
        each_vector(lambda v: v.update(key=str(v["key"])) if isinstance(v.get("key"), int | float) else None),
    )
    yield put_fault(
        "key-null",
        f"{k}.type",
        "null is taken as the text null",
        each_vector(lambda v: v.update(key="null") if "key" in v and v["key"] is None else None),
    )
    preserved = "key.unicode.preserved"
    for name, fold, summary in (
        ("key-trimmed", str.strip, "blanks around keys are cut off"),
        ("key-nfc", lambda t: unicodedata.normalize("NFC", t), "keys are normalised to NFC"),
        ("key-nfkc", lambda t: unicodedata.normalize("NFKC", t), "keys are normalised to NFKC"),
        ("key-lower", str.lower, "keys are turned to lower case"),
        (
            "key-ascii",
            lambda t: t.encode("ascii", "replace").decode(),
            "characters beyond ASCII become question marks",
        ),
        (
            "key-no-emoji",
            lambda t: "".join(x if ord(x) < 0x10000 else "\ufffd" for x in t),
            "characters beyond the first plane are lost",
        ),
        ("key-unquoted", lambda t: t.replace("%25", "%"), "percent signs are decoded"),
        ("key-plus", lambda t: t.replace("+", " "), "a plus becomes a blank"),
        ("key-slashes", lambda t: t.replace("//", "/").lstrip("/"), "slashes are cleaned up"),
        ("key-escaped", lambda t: t.replace("<", "&lt;").replace(">", "&gt;"), "keys are escaped for HTML"),
        ("key-at-newline", lambda t: t.partition("\n")[0] or t, "keys end at a newline"),
        ("key-at-nul", lambda t: t.partition("\0")[0] or t, "keys end at a NUL character"),
    ):
        yield put_fault(
            name,
            preserved,
            summary,
            c.part("rules", record=_folding(fold)),
            f"{PUT}.stores",
            "GetVectors.*",
            "ListVectors.*",
        )


def _folding(fold: Any) -> Any:
    def record(self: Any, vector: Any) -> VectorRecord:
        made = Rules.record(self, vector)
        return replace(made, key=fold(made.key))

    return record


def _key_in_bytes(self: Any, value: Any) -> str:
    if len(Rules.key(self, value).encode()) > self.limits.vector_key_max:
        raise self.invalid("too long")
    return str(value)


def _key_in_utf16(self: Any, value: Any) -> str:
    if len(Rules.key(self, value).encode("utf-16-le")) // 2 > self.limits.vector_key_max:
        raise self.invalid("too long")
    return str(value)


def _key_of_two(self: Any, value: Any) -> str:
    if len(Rules.key(self, value)) < 2:
        raise self.invalid("too short")
    return str(value)
