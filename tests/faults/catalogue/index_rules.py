"""Faults of parameters of PutVectorIndex: name, type, dimension, metric."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from oss_vectors_emulator.validation import Rules
from tests.faults import changes as c
from tests.faults.catalogue.indexes_parts import GET, PUT, put_fault
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _names()
    yield from _settings()


def _characters(pattern: str) -> Change:
    compiled = re.compile(pattern)
    return c.rules_of(PUT, index_name_characters=lambda _s, name: compiled.fullmatch(name) is not None)


def _names() -> Iterator[Fault]:
    yield put_fault(
        "name-max-64",
        "indexName.max-length.rejected",
        "64 characters are accepted",
        c.limits_of(PUT, index_name_max=64),
    )
    yield put_fault(
        "name-max-62",
        "indexName.max-length.accepted",
        "63 characters are refused",
        c.limits_of(PUT, index_name_max=62),
    )
    yield put_fault(
        "name-max-unchecked",
        "indexName.max-length.rejected",
        "names of any length",
        c.limits_of(PUT, index_name_max=10**6),
    )
    yield put_fault(
        "name-min-2",
        "indexName.min-length.accepted",
        "one character is refused",
        _characters(r"[A-Za-z][A-Za-z0-9]+"),
    )
    yield put_fault(
        "name-min-3",
        "indexName.min-length.accepted",
        "two characters are refused, as for buckets",
        _characters(r"[A-Za-z][A-Za-z0-9]{2,}"),
    )
    yield put_fault(
        "name-empty",
        "indexName.min-length.rejected",
        "the empty name is accepted",
        _characters(r"([A-Za-z][A-Za-z0-9]*)?"),
        f"{PUT}.indexName.pattern.rejected",
    )
    rejected = "indexName.pattern.rejected"
    yield put_fault("name-digit-first", rejected, "a digit may come first", _characters(r"[A-Za-z0-9]+"))
    yield put_fault("name-hyphen", rejected, "hyphens are accepted", _characters(r"[A-Za-z][A-Za-z0-9-]*"))
    yield put_fault(
        "name-underscore", rejected, "underscores are accepted", _characters(r"[A-Za-z][A-Za-z0-9_]*")
    )
    yield put_fault("name-dot", rejected, "dots are accepted", _characters(r"[A-Za-z][A-Za-z0-9.]*"))
    yield put_fault(
        "name-any-letter",
        rejected,
        "letters and digits of any script",
        c.rules_of(PUT, index_name_characters=lambda _s, n: n.isalnum() and n[0].isalpha()),
    )
    yield put_fault(
        "name-fullwidth-digit", rejected, "digits of any script", _characters(r"[A-Za-z][A-Za-z\d]*")
    )
    yield put_fault(
        "name-trailing-newline",
        rejected,
        "a newline at the end slips through",
        _characters(r"[A-Za-z][A-Za-z0-9]*\n?"),
    )
    yield put_fault(
        "name-trimmed",
        rejected,
        "blanks around the name are cut off",
        c.before(
            PUT,
            lambda b: (
                b.update(indexName=b["indexName"].strip(" ")) if isinstance(b.get("indexName"), str) else None
            ),
        ),
    )
    yield put_fault(
        "name-unanchored",
        rejected,
        "only the beginning of the name is checked",
        _characters(r"[A-Za-z][A-Za-z0-9]*.*"),
    )
    yield put_fault(
        "name-lower-only",
        "indexName.pattern.accepted",
        "upper case is refused",
        _characters(r"[a-z][a-z0-9]*"),
    )
    yield put_fault(
        "name-no-digits", "indexName.pattern.accepted", "digits are refused", _characters(r"[A-Za-z]+")
    )
    yield put_fault(
        "name-lower-first",
        "indexName.pattern.accepted",
        "the first letter must be lower case",
        _characters(r"[a-z][A-Za-z0-9]*"),
    )
    yield put_fault(
        "name-folded",
        "creates",
        "names are turned to lower case",
        c.before(
            PUT,
            lambda b: (
                b.update(indexName=b["indexName"].lower()) if isinstance(b.get("indexName"), str) else None
            ),
        ),
        f"{GET}.indexName.agrees",
        f"{PUT}.indexName.pattern.accepted",
        "*.NoSuchVectorIndex",
    )


def _dimension(read: Any) -> Change:
    return c.rules(dimension=lambda self, body: read(self, body))


def _settings() -> Iterator[Fault]:
    d = "dimension"
    yield put_fault(
        "dimension-max-4097", f"{d}.maximum.rejected", "4097 is accepted", c.limits(dimension_max=4097)
    )
    yield put_fault(
        "dimension-max-4095", f"{d}.maximum.accepted", "4096 is refused", c.limits(dimension_max=4095)
    )
    yield put_fault(
        "dimension-max-2048", f"{d}.maximum.accepted", "2048 is the most", c.limits(dimension_max=2048)
    )
    yield put_fault("dimension-unbounded", f"{d}.maximum.rejected", "any size", c.limits(dimension_max=10**5))
    yield put_fault("dimension-min-0", f"{d}.minimum.rejected", "0 is accepted", c.limits(dimension_min=0))
    yield put_fault("dimension-min-2", f"{d}.minimum.accepted", "1 is refused", c.limits(dimension_min=2))
    yield put_fault(
        "dimension-negative",
        f"{d}.minimum.rejected",
        "the sign is ignored",
        _dimension(lambda s, b: Rules.dimension(s, {**b, d: abs(b[d])} if isinstance(b.get(d), int) else b)),
    )
    yield put_fault(
        "dimension-zero-is-default",
        f"{d}.minimum.rejected",
        "0 means the default",
        _dimension(lambda s, b: 512 if b.get(d) == 0 and b.get(d) is not False else Rules.dimension(s, b)),
    )
    yield put_fault(
        "dimension-numeric-text",
        f"{d}.type",
        "a text with digits is accepted",
        c.before(
            PUT,
            lambda b: b.update(dimension=int(b[d])) if isinstance(b.get(d), str) and b[d].isdigit() else None,
        ),
    )
    yield put_fault(
        "dimension-truncated",
        f"{d}.type",
        "a fraction is cut off",
        c.before(PUT, lambda b: b.update(dimension=int(b[d])) if isinstance(b.get(d), float) else None),
    )
    yield put_fault(
        "dimension-boolean",
        f"{d}.type",
        "true counts as 1",
        c.before(PUT, lambda b: b.update(dimension=1) if b.get(d) is True else None),
    )
    yield put_fault(
        "dimension-wraps",
        f"{d}.maximum.rejected",
        "only the low 32 bits are looked at",
        _dimension(
            lambda s, b: Rules.dimension(
                s,
                {**b, d: b[d] & 0xFFFFFFFF}
                if isinstance(b.get(d), int) and not isinstance(b[d], bool)
                else b,
            )
        ),
        f"{PUT}.{d}.minimum.rejected",
    )
    t = "dataType"
    yield put_fault(
        "data-type-any",
        f"{t}.enum.rejected",
        "any text is accepted",
        c.before(PUT, lambda b: b.update(dataType="float32") if isinstance(b.get(t), str) else None),
    )
    yield put_fault(
        "data-type-case",
        f"{t}.enum.rejected",
        "case is ignored",
        c.before(PUT, lambda b: b.update(dataType=b[t].lower()) if isinstance(b.get(t), str) else None),
    )
    yield put_fault(
        "data-type-float64",
        f"{t}.enum.rejected",
        "float64 is accepted too",
        c.before(PUT, lambda b: b.update(dataType="float32") if b.get(t) == "float64" else None),
    )
    yield put_fault(
        "data-type-required-upper",
        f"{t}.enum.accepted",
        "only FLOAT32 is accepted",
        c.refuse(PUT, lambda call: call.body.get(t) == "float32"),
    )
    yield put_fault(
        "data-type-any-type",
        f"{t}.type",
        "a value that is no text means float32",
        c.before(
            PUT, lambda b: b.update(dataType="float32") if t in b and not isinstance(b[t], str) else None
        ),
    )
    m = "distanceMetric"
    yield put_fault(
        "metric-any",
        f"{m}.enum.rejected",
        "an unknown metric means euclidean",
        c.before(
            PUT,
            lambda b: (
                b.update(distanceMetric="euclidean")
                if isinstance(b.get(m), str) and b[m] != "cosine"
                else None
            ),
        ),
    )
    yield put_fault(
        "metric-case",
        f"{m}.enum.rejected",
        "case is ignored",
        c.before(PUT, lambda b: b.update(distanceMetric=b[m].lower()) if isinstance(b.get(m), str) else None),
    )
    yield put_fault(
        "metric-dot-product",
        f"{m}.enum.rejected",
        "dotproduct is accepted",
        c.before(
            PUT,
            lambda b: (
                b.update(distanceMetric="cosine")
                if str(b.get(m)).lower().replace("_", "").replace("-", "")
                in ("dotproduct", "ip", "innerproduct", "dot")
                else None
            ),
        ),
    )
    yield put_fault(
        "metric-l2",
        f"{m}.enum.rejected",
        "l2 is accepted",
        c.before(PUT, lambda b: b.update(distanceMetric="euclidean") if b.get(m) == "l2" else None),
    )
    yield put_fault(
        "metric-trimmed",
        f"{m}.enum.rejected",
        "blanks around it are cut off",
        c.before(PUT, lambda b: b.update(distanceMetric=b[m].strip()) if isinstance(b.get(m), str) else None),
    )
    yield put_fault(
        "metric-no-cosine",
        f"{m}.enum.accepted",
        "cosine is refused",
        c.refuse(PUT, lambda call: call.body.get(m) == "cosine"),
    )
    yield put_fault(
        "metric-any-type",
        f"{m}.type",
        "a value that is no text means euclidean",
        c.before(
            PUT,
            lambda b: b.update(distanceMetric="euclidean") if m in b and not isinstance(b[m], str) else None,
        ),
    )
    yield put_fault(
        "bad-parameter-other-code",
        f"{d}.maximum.rejected",
        "a bad parameter is InvalidArgument",
        c.error_of("VectorIndexParameterInvalid", PUT, to="InvalidArgument"),
        f"{PUT}.*.rejected",
        f"{PUT}.*.type",
        f"{PUT}.*.required",
    )
    yield put_fault(
        "bad-parameter-422",
        f"{d}.maximum.rejected",
        "a bad parameter is refused with 422",
        c.error_of("VectorIndexParameterInvalid", PUT, status=422),
        f"{PUT}.*.rejected",
        f"{PUT}.*.type",
        f"{PUT}.*.required",
        "Errors.code-status",
    )
