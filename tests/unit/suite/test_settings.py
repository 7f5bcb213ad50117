"""The settings of a run: which requirements its access key cannot decide."""

from __future__ import annotations

import dataclasses

import pytest

from conformance.contract.loader import load_contract
from conformance.contract.model import Need
from conformance.selection import is_selected
from conformance.suite.settings import RunSettings
from tests.unit.suite.fake_session import SETTINGS


@pytest.mark.parametrize(
    ("temporary", "lacked"),
    [(None, set()), (True, {Need.PERMANENT_KEY}), (False, {Need.TEMPORARY_KEY})],
    ids=["not known", "temporary", "permanent"],
)
def test_a_key_is_of_one_kind_and_lacks_the_other(temporary: bool | None, lacked: set[Need]) -> None:
    settings = dataclasses.replace(SETTINGS, temporary_key=temporary)
    assert {need for need in Need if settings.lacks(need)} == lacked
    assert not settings.lacks(None)
    left_out = {one for one in load_contract().requirements.values() if one.needs in lacked}
    assert [one.id for one in left_out if is_selected(one, settings)] == []


def test_naming_a_requirement_does_not_make_it_decidable() -> None:
    name = "Signing.security-token.url"
    settings = dataclasses.replace(SETTINGS, temporary_key=False, requirements=(name,))
    assert not is_selected(load_contract().requirements[name], settings)


def test_a_worker_is_told_what_kind_of_key_it_has() -> None:
    settings = dataclasses.replace(SETTINGS, temporary_key=True)
    assert RunSettings.from_json(settings.to_json()) == settings
