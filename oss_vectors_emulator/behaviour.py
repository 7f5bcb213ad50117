"""Everything the emulator does, as one value made of small replaceable objects.

``dataclasses.replace`` swaps a single part, for example a rule or the error envelope, without the rest
knowing; that is how one documented behaviour can be altered for an experiment.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

from oss_vectors_emulator.addressing import Addressing
from oss_vectors_emulator.auth import Authenticator
from oss_vectors_emulator.calls import Handler
from oss_vectors_emulator.clock import Clock
from oss_vectors_emulator.config import Settings
from oss_vectors_emulator.distances import DistanceMetrics
from oss_vectors_emulator.errors import ErrorRenderer
from oss_vectors_emulator.filters import FilterEvaluator, FilterParser
from oss_vectors_emulator.jsonbody import BodyDecoder
from oss_vectors_emulator.operations import build_operations
from oss_vectors_emulator.paging import Paging
from oss_vectors_emulator.pipeline import Pipeline
from oss_vectors_emulator.presenter import Presenter
from oss_vectors_emulator.rates import EnforcedRates, Rates
from oss_vectors_emulator.routing import Router
from oss_vectors_emulator.search import ApproximateSearcher, Searcher
from oss_vectors_emulator.store import Store
from oss_vectors_emulator.validation import Rules
from oss_vectors_emulator.wire import CommonHeaders


@dataclass(frozen=True, slots=True)
class Behaviour:
    """The parts of an emulator; :func:`build_behaviour` makes the documented set."""

    settings: Settings
    clock: Clock
    addressing: Addressing
    router: Router
    authenticator: Authenticator
    rates: Rates
    decoder: BodyDecoder
    rules: Rules
    filter_parser: FilterParser
    filter_evaluator: FilterEvaluator
    metrics: DistanceMetrics
    searcher: Searcher
    paging: Paging
    presenter: Presenter
    errors: ErrorRenderer
    headers: CommonHeaders
    store: Store
    operations: Callable[[Behaviour], Mapping[str, Handler]] = build_operations
    pipeline: Callable[[Behaviour], Pipeline] = Pipeline


def build_behaviour(settings: Settings, clock: Clock | None = None) -> Behaviour:
    """The documented behaviour for some settings, with an empty store of its own."""
    time = clock or Clock()
    limits, choices = settings.limits, settings.choices
    return Behaviour(
        settings=settings,
        clock=time,
        addressing=Addressing(settings.region),
        router=Router(),
        authenticator=Authenticator(settings.credentials, settings.region, limits, time),
        rates=EnforcedRates(limits, time) if settings.enforce_rates else Rates(),
        decoder=BodyDecoder(),
        rules=Rules(limits, choices),
        filter_parser=FilterParser(limits, choices),
        filter_evaluator=FilterEvaluator(choices),
        metrics=DistanceMetrics(),
        searcher=Searcher() if settings.recall == 1 else ApproximateSearcher(settings.recall),
        paging=Paging(),
        presenter=Presenter(settings.region, choices),
        errors=ErrorRenderer(),
        headers=CommonHeaders(time),
        store=Store(),
    )
