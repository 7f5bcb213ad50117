"""Requests as schemathesis generates them from the OpenAPI document, judged by our judge.

The engine proposes what nobody thought of; its own checks and what it learns
from answers are off, so that the target cannot steer the tests and no verdict
comes from a list of status codes.  Runs from the profile ``full`` on.
"""

from __future__ import annotations

from typing import Any

import pytest

from conformance.cases.engine_bodies import engine_bodies
from conformance.contract.model import Profile
from conformance.suite.collecting import decides, in_profile
from conformance.suite.exploring import explore, must_hold
from conformance.suite.resources import Resources
from conformance.suite.service import Service

_EXAMPLES = {
    "PutVectorIndex": 8,
    "GetVectorIndex": 5,
    "ListVectorIndexes": 10,
    "DeleteVectorIndex": 5,
    "PutVectors": 20,
    "GetVectors": 15,
    "ListVectors": 15,
    "DeleteVectors": 15,
    "QueryVectors": 20,
}


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(name, id=name, marks=(decides(f"{name}.success.status"), in_profile(Profile.FULL)))
        for name in _EXAMPLES
    ],
)
def test_generated(service: Service, resources: Resources, operation: str) -> None:
    """Valid and mutated bodies of one operation, shrunk when one fails."""

    def check(body: Any) -> None:
        filled = resources.filler().fill(body)
        call = {"raw": filled} if isinstance(filled, bytes) else {"body": filled}
        result = service.call(operation, **call, settle=operation == "QueryVectors")
        must_hold(result, *resources.look_back(result))

    bodies = engine_bodies(operation, service.settings.seed)
    explore(service, f"schemathesis {operation}", bodies, check, examples=_EXAMPLES[operation])
