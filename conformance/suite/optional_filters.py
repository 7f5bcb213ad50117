"""Finds out which optional parts of the filter language a target offers, and what they mean there.

Sends what :mod:`conformance.cases.optional_filters` lists and records one
observation per feature.  The judge sees every exchange, as always; it finds all
of these filters open, so no answer to them can be a violation.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from conformance.cases.baselines import vector
from conformance.cases.optional_filters import (
    BOOLEANS,
    FEATURES,
    LOOKALIKES,
    NON_FILTERABLE,
    NUMBERS,
    QUESTIONS,
    TEXTS,
    Feature,
    Question,
    Trial,
    Tried,
    describe,
)
from conformance.oracle.envelope import error_of
from conformance.oracle.judge import is_throttled
from conformance.suite.queries import query
from conformance.suite.resources import Resources
from conformance.suite.service import Result, Service


class Survey:
    """One index with all kinds of metadata that the target accepts, and the trials on it."""

    def __init__(self, service: Service, resources: Resources) -> None:
        self._service = service
        self._resources = resources
        self._index = resources.index(dimension=2, non_filterable=(NON_FILTERABLE,))
        self._stored: set[str] = set()

    def prepare(self) -> None:
        """Write the vectors, and wait until queries find them."""
        for values in (NUMBERS, BOOLEANS):
            self._put(values)
        self._put(TEXTS).need()
        self._put(LOOKALIKES)
        query(self._service, self._index, [1.0, 0.5], self._service.contract.most_neighbours)

    def feature(self, feature: Feature) -> None:
        """Try a feature and record what it does."""
        results = [(trial, self._try(trial)) for trial in feature.trials]
        tried = [_tried(trial, result) for trial, result in results]
        known = [one for one in tried if one is not None]
        if known:
            text = describe(feature, known, self._stored)
            self._service.observe(feature.requirement, text, results[0][1].exchange)

    def question(self, question: Question) -> None:
        """Ask what the pages do not say and record the answer."""
        result = self._try(question.trial)
        tried = _tried(question.trial, result)
        if tried is not None:
            self._service.observe(question.requirement, question.describe(tried), result.exchange)

    def close(self) -> None:
        """Delete the index."""
        self._service.call("DeleteVectorIndex", {"indexName": self._index})

    def _put(self, records: Mapping[str, dict[str, Any]]) -> Result:
        start = len(self._stored)
        entries = [
            vector(key, [1.0, float(place)], metadata)
            for place, (key, metadata) in enumerate(records.items(), start)
        ]
        result = self._service.call("PutVectors", {"indexName": self._index, "vectors": entries})
        if result.served:
            self._stored |= records.keys()
        return result

    def _try(self, trial: Trial) -> Result:
        body = {
            "indexName": self._index,
            "queryVector": {"float32": [1.0, 0.5]},
            "topK": self._service.contract.most_neighbours,
            "filter": dict(trial.condition),
        }
        return self._service.call("QueryVectors", body)


def _tried(trial: Trial, result: Result) -> Tried | None:
    """What came of a trial; ``None`` for one that was not answered or cannot be read."""
    response = result.exchange.response
    if result.served:
        value = result.value
        if value is None:
            return None
        return Tried(trial, frozenset(str(entry["key"]) for entry in value["vectors"]))
    if response is None or is_throttled(response):
        return None
    error = error_of(response)
    code = error.code if error is not None and error.code is not None else response.reason
    return Tried(trial, refusal=f"{response.status} {code}".strip())


def survey(service: Service, resources: Resources) -> None:
    """Try everything that is optional."""
    place = Survey(service, resources)
    place.prepare()
    for feature in FEATURES:
        place.feature(feature)
    for question in QUESTIONS:
        place.question(question)
    place.close()
