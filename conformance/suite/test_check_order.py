"""Which of two faults of one request is reported.

Covers what the integration tests of the official SDKs show about the order of
checks: authentication, then the bucket, then what the request asks for.  Where
they show nothing the answer is recorded only.
"""

from __future__ import annotations

from conformance.cases.case import Case
from conformance.suite.collecting import cases_of
from conformance.suite.resources import Resources


@cases_of("Order")
def test_directed_case(resources: Resources, case: Case) -> None:
    """One request with two faults."""
    resources.run_case(case)
