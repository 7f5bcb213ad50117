"""Fixtures of the conformance tests; the plugin puts the service into the session's stash."""

from __future__ import annotations

import pytest

from conformance.suite.collecting import SERVICE_KEY
from conformance.suite.resources import Resources
from conformance.suite.service import Service


@pytest.fixture(scope="session")
def service(pytestconfig: pytest.Config) -> Service:
    """The service under test, with judge, recorder and ledger."""
    return pytestconfig.stash[SERVICE_KEY]


@pytest.fixture(scope="session")
def resources(service: Service) -> Resources:
    """Indexes and keys that tests share or own."""
    return Resources(service)
