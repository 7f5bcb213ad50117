"""Authentication with OSS signature version 4.

Covers the Signature version 4 page (header, canonical request, time, URL
signature) and the error codes that the official SDKs' tests observed: requests
that must not be served, and legal forms of a signature that must.
"""

from __future__ import annotations

from conformance.cases.case import Case
from conformance.suite.collecting import cases_of
from conformance.suite.resources import Resources


@cases_of("Signing")
def test_directed_case(resources: Resources, case: Case) -> None:
    """One way of signing."""
    resources.run_case(case)
