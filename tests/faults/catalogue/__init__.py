"""All faults, by name."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from tests.faults.catalogue import (
    buckets,
    envelopes,
    filtering,
    indexes,
    operations,
    querying,
    reading,
    settings,
    signatures,
    writing,
)
from tests.faults.model import Fault

_MODULES = (
    operations,
    buckets,
    indexes,
    writing,
    reading,
    querying,
    filtering,
    settings,
    signatures,
    envelopes,
)


def _by_name(faults: Iterable[Fault]) -> dict[str, Fault]:
    named: dict[str, Fault] = {}
    for fault in faults:
        if fault.name in named:
            raise ValueError(f"two faults are called {fault.name}")
        named[fault.name] = fault
    return named


#: Every fault of the catalogue.
FAULTS = _by_name(chain.from_iterable(module.faults() for module in _MODULES))
