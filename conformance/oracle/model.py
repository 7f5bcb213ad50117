"""The state that the exchanges of a run have put into the service.

The model knows not only what exists but *why*: each vector remembers the write
it came from, and each name that must be absent remembers which clause says so.
A later read that disagrees is then laid at the right requirement's door.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from conformance.oracle.recall import Tally
from conformance.wire.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Absence:
    """Why something must be as it is: the requirement that says so and the exchange that brought it about.

    ``vectors`` are the keys that a deleted index held, so that they can be
    looked for when its name is used again.
    """

    requirement: str
    cause: Exchange
    vectors: frozenset[str] | None = None


@dataclass(frozen=True, slots=True)
class StoredVector:
    """One vector as it must come back; ``replaced`` is true when its key existed before."""

    data: NDArray[np.float32]
    metadata: dict[str, Any] | None
    put: Exchange
    replaced: bool


@dataclass(slots=True)
class IndexState:
    """One index with its settings and vectors.

    ``absent`` keys must not be found, ``disputed`` ones were named by a write
    that was refused and must be unchanged, ``uncertain`` ones may or may not
    exist (a write that was answered with a 5xx or not at all), so reads of them
    decide nothing.  ``settings_known`` is false for an index whose creation the
    documents leave open (a member twice, say) but the target served.  ``seen`` keys were read back correctly at least once: when
    one is wrong later, ``last_write`` is to blame, not the write it came from.
    ``shown`` are the ids of writes of which a query has found at least one vector.
    ``shown_time`` is the createTime that the first description gave.  ``seen_after`` is the
    deletion beside it after which it was last seen: only a later one can have taken it away.
    """

    name: str
    settings: dict[str, Any]
    created: Exchange
    settings_known: bool = True
    vectors: dict[str, StoredVector] = field(default_factory=dict)
    absent: dict[str, Absence] = field(default_factory=dict)
    disputed: dict[str, Absence] = field(default_factory=dict)
    seen: set[str] = field(default_factory=set)
    shown: set[str] = field(default_factory=set)
    uncertain: set[str] = field(default_factory=set)
    last_write: Absence | None = None
    settings_disputed: Absence | None = None
    was_seen: bool = False
    seen_after: Absence | None = None
    shown_time: str | None = None

    @property
    def dimension(self) -> int | None:
        """Dimension of the index, ``None`` when it is not known."""
        value = self.settings.get("dimension") if self.settings_known else None
        return int(value) if isinstance(value, (int, float)) and not isinstance(value, bool) else None

    @property
    def metric(self) -> str | None:
        """Distance metric of the index, ``None`` when it is not known."""
        value = self.settings.get("distanceMetric") if self.settings_known else None
        return value if isinstance(value, str) else None

    @property
    def non_filterable(self) -> frozenset[str]:
        """Names of the metadata fields that filters cannot use."""
        metadata = self.settings.get("metadata")
        names = metadata.get("nonFilterableMetadataKeys") if isinstance(metadata, dict) else None
        return frozenset(name for name in names or () if isinstance(name, str))


@dataclass(slots=True)
class BucketState:
    """One bucket of the run with its indexes, policy and logging settings.

    ``policy`` and ``logging`` are ``None`` while unset; ``*_known`` turns false
    when a write left them in doubt.  ``is_borrowed`` is true for a bucket that
    the run did not create: ``created`` is then the exchange that found it, and
    other indexes may be in it.  ``shown_time`` is the CreationDate that the first
    description gave.
    """

    name: str
    created: Exchange
    indexes: dict[str, IndexState] = field(default_factory=dict)
    absent: dict[str, Absence] = field(default_factory=dict)
    uncertain: set[str] = field(default_factory=set)
    last_delete: Absence | None = None
    was_seen: bool = False
    policy: bytes | None = None
    policy_before: bytes | None = None
    policy_known: bool = True
    policy_absence: Absence | None = None
    logging: dict[str, Any] | None = None
    logging_before: dict[str, Any] | None = None
    logging_known: bool = True
    logging_absence: Absence | None = None
    is_borrowed: bool = False
    shown_time: str | None = None


@dataclass(slots=True)
class Model:
    """Everything the run has created, by bucket."""

    buckets: dict[str, BucketState] = field(default_factory=dict)
    absent: dict[str, Absence] = field(default_factory=dict)
    uncertain: set[str] = field(default_factory=set)
    #: Page tokens that answers gave: what any other token does is not documented.
    tokens: set[str] = field(default_factory=set)
    #: What queries found of what they had to find, where the target is approximate.
    recall: Tally = field(default_factory=Tally)

    def bucket(self, name: str | None) -> BucketState | None:
        """The bucket called ``name`` if the run knows that it exists."""
        return self.buckets.get(name) if name is not None else None

    def borrow(self, name: str, found: Exchange) -> None:
        """Take up a bucket that was there before the run, as the exchange ``found`` shows."""
        self.buckets[name] = BucketState(
            name, found, policy_known=False, logging_known=False, is_borrowed=True
        )

    def index(self, bucket: str | None, name: Any) -> IndexState | None:
        """The index called ``name`` in ``bucket`` if the run knows that it exists."""
        state = self.bucket(bucket)
        return state.indexes.get(name) if state is not None and isinstance(name, str) else None
