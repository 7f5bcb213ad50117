"""Which requirements a run sets out to decide, and which tests it executes for them."""

from __future__ import annotations

from collections.abc import Sequence

from conformance.contract.loader import load_contract
from conformance.contract.model import Profile, Requirement
from conformance.contract.releases import in_set
from conformance.suite.settings import RunSettings


def is_selected(requirement: Requirement, settings: RunSettings) -> bool:
    """Whether a run with these settings sets out to decide a requirement."""
    if settings.lacks(requirement.needs) or not in_set(requirement.id, settings.requirement_set):
        return False
    if settings.requirements:
        return requirement.id in settings.requirements
    if settings.operations and requirement.operation not in settings.operations:
        return False
    return requirement.profile.rank <= Profile(settings.profile).rank


def is_wanted(decides: Sequence[str], smallest: Profile, settings: RunSettings) -> bool:
    """Whether a run with these settings executes a test, by what it decides and the smallest profile it belongs to."""
    if not settings.requirements and smallest.rank > Profile(settings.profile).rank:
        return False
    return bool(selected_of(decides, settings))


def selected_of(decides: Sequence[str], settings: RunSettings) -> list[str]:
    """Those of some requirements that a run with these settings sets out to decide."""
    requirements = load_contract().requirements
    return [name for name in decides if is_selected(requirements[name], settings)]
