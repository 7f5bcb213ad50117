"""Probes of QueryVectors that a single request can show; filters are in :mod:`conformance.cases.optional_filters`."""

from __future__ import annotations

from collections.abc import Iterator

from conformance.cases.baselines import DIMENSION, baseline
from conformance.cases.case import Case, Slot

_NAME = "QueryVectors"


def query_probes() -> Iterator[Case]:
    """Requests on which the pages of QueryVectors are silent or disagree."""
    body = baseline(_NAME)
    for top in (31, 100, 101, 500):
        yield Case(f"{_NAME}.topK.contested", _NAME, f"{top}", body={**body, "topK": top})
    zeros = {**body, "indexName": Slot.COSINE_INDEX, "queryVector": {"float32": [0.0] * DIMENSION}}
    yield Case(f"{_NAME}.queryVector.zero-under-cosine", _NAME, "zeros", body=zeros)
    yield Case(
        "Http.content-type.ignored",
        _NAME,
        "form",
        body=body,
        headers=(("Content-Type", "application/x-www-form-urlencoded"),),
    )
