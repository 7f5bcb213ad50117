"""How tests say what they decide, and how directed cases become tests."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pytest

from conformance.cases.case import Case
from conformance.cases.directed import directed_cases
from conformance.contract.loader import load_contract
from conformance.contract.model import Profile
from conformance.suite.borrowed import needs_own_bucket
from conformance.suite.service import Service

#: Where the plugin leaves the service for the fixtures.
SERVICE_KEY = pytest.StashKey[Service]()


def decides(*requirements: str) -> pytest.MarkDecorator:
    """Mark a test with the requirements it decides; every conformance test has this mark or a case."""
    return pytest.mark.decides(*requirements)


#: Marks a test that makes buckets, or changes settings of one: not for a run that was given a bucket.
needs_bucket = pytest.mark.needs_bucket


def in_profile(profile: Profile) -> pytest.MarkDecorator:
    """Run a test from this profile on, whatever the profile of its requirements."""
    return pytest.mark.in_profile(profile.value)


def decided_by(item: pytest.Item) -> tuple[str, ...]:
    """The requirements that a test decides, as :func:`decides` has marked them."""
    return tuple(dict.fromkeys(str(name) for marker in item.iter_markers("decides") for name in marker.args))


def smallest_profile(item: pytest.Item) -> Profile:
    """The smallest profile that runs a test, as :func:`in_profile` has marked it."""
    profiles = (Profile(str(marker.args[0])) for marker in item.iter_markers("in_profile"))
    return max(profiles, key=lambda found: found.rank, default=Profile.SMOKE)


def needs_own_buckets(item: pytest.Item) -> bool:
    """Whether a test is marked with :data:`needs_bucket`."""
    return item.get_closest_marker("needs_bucket") is not None


def cases_of(*groups: str) -> pytest.MarkDecorator:
    """Parametrize a test with the directed cases that attack requirements of some groups.

    A group is an operation, or one of the common ones (``Errors``, ``Http``,
    ``Signing``).
    """
    return parametrize([case for case in directed_cases() if case.requirement.split(".", 1)[0] in groups])


def parametrize(cases: Sequence[Case]) -> pytest.MarkDecorator:
    """Parametrize a test with directed cases; each decides the requirement it attacks."""
    parameters: list[Any] = [pytest.param(case, id=case.id, marks=_marks(case)) for case in cases]
    return pytest.mark.parametrize("case", parameters)


def _marks(case: Case) -> list[pytest.MarkDecorator]:
    marks = [decides(case.requirement)]
    if case.profile is not None:
        marks.append(in_profile(case.profile))
    if needs_own_bucket(case, load_contract()):
        marks.append(needs_bucket)
    return marks
