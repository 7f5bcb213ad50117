"""The frozen schemathesis coverage corpus, judged.

The corpus walks every keyword of every request schema of the OpenAPI document;
it catches what nobody thought of listing.  What must come back is decided by
the judge from the final bytes, not by what the generator meant.
"""

from __future__ import annotations

import pytest

from conformance.cases.baselines import baseline
from conformance.cases.coverage import load_corpus
from conformance.contract.model import Profile
from conformance.suite.collecting import decides, in_profile
from conformance.suite.resources import Resources
from conformance.suite.service import Service

_OPERATIONS = tuple(dict.fromkeys(case.operation for case in load_corpus()))


@pytest.mark.parametrize(
    "operation",
    [
        pytest.param(name, id=name, marks=(decides(f"{name}.success.status"), in_profile(Profile.CORE)))
        for name in _OPERATIONS
    ],
)
def test_corpus(service: Service, resources: Resources, operation: str) -> None:
    """Every case of one operation; each is judged, so one that fails hides no other."""
    # One valid request first: a corpus of refusals alone would be met by a service that refuses everything.
    if operation == "DeleteVectorIndex":
        service.call(operation, {"indexName": resources.index()})
    else:
        result = service.call(operation, resources.filler().fill(baseline(operation)))
        resources.look_back(result)
    for case in load_corpus():
        if case.operation != operation:
            continue
        filler = resources.filler()
        headers = () if case.content_type is None else (("Content-Type", case.content_type),)
        result = service.call(
            operation, filler.fill(case.body), raw=filler.fill_raw(case.raw), headers=headers
        )
        resources.look_back(result)
