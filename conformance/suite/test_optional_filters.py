"""QueryVectors: what filters may do beyond the core, recorded and never judged.

Covers the editions of the QueryVectors and ossutil query-vectors pages that
contradict each other on numbers, booleans and ranges, and the official samples'
shorthand; :mod:`conformance.cases.optional_filters` has the trials.
"""

from __future__ import annotations

from conformance.cases.optional_filters import FEATURES, QUESTIONS
from conformance.suite.collecting import decides
from conformance.suite.optional_filters import survey
from conformance.suite.resources import Resources
from conformance.suite.service import Service

_PROBES = (*(one.requirement for one in FEATURES), *(one.requirement for one in QUESTIONS))


@decides(*dict.fromkeys(_PROBES))
def test_what_filters_offer_beyond_the_core(service: Service, resources: Resources) -> None:
    """Each optional part is refused, ignored or offered; offered, it shows how it compares."""
    survey(service, resources)
