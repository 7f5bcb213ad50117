"""The options that repeat a run: what decides its target, and how the target is judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import fields

from conformance.suite.settings import RunSettings

#: Options that say where requests go and who sends them, with the fields of the settings.
_TARGET = (
    ("--region", "region"),
    ("--account-id", "account_id"),
    ("--credentials-profile", "credentials_profile"),
    ("--addressing", "addressing"),
    ("--virtual-host", "virtual_host"),
    ("--ca-file", "ca_file"),
    ("--bucket", "bucket"),
)
#: Options that change requests or verdicts, written only where they are not at their defaults.
_JUDGEMENT = (
    ("--requirement-set", "requirement_set"),
    ("--read-timeout", "read_timeout"),
    ("--visibility-timeout", "visibility_timeout"),
    ("--min-recall", "min_recall"),
)


def repeating_options(settings: RunSettings) -> tuple[tuple[str, str | None], ...]:
    """Flags and values, ``None`` for a switch, for a command that repeats part of a run.

    What was selected is left out, since a repetition selects for itself, and so
    are rates and budgets, which decide nothing about the target.
    """
    return tuple(_options(settings))


def _options(settings: RunSettings) -> Iterator[tuple[str, str | None]]:
    if not settings.embedded:
        yield "--endpoint", settings.endpoint
        if settings.target.endpoint.is_real_service:
            yield "--allow-live", None
        for flag, name in _TARGET:
            value = getattr(settings, name)
            if value is not None:
                yield flag, str(value)
        if settings.credentials_chain:
            yield "--credentials-chain", None
    yield "--profile", settings.profile
    yield "--seed", str(settings.seed)
    if settings.strict:
        yield "--strict", None
    defaults = {field.name: field.default for field in fields(RunSettings)}
    for flag, name in _JUDGEMENT:
        value = getattr(settings, name)
        if value != defaults[name]:
            yield flag, f"{value:g}" if isinstance(value, float) else str(value)
