"""Buckets of all accounts."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from oss_vectors_emulator.store.indexes import Index, IndexSettings
from oss_vectors_emulator.store.vectors import VectorTable


@dataclass(slots=True)
class Bucket:
    """A vector bucket with its indexes, policy text and logging rule."""

    name: str
    account: str
    created: datetime
    resource_group: str | None = None
    indexes: dict[str, Index] = field(default_factory=dict)
    policy: bytes | None = None
    logging: Mapping[str, str] | None = None


class Store:
    """Everything the emulator remembers; lost when it ends."""

    def __init__(self) -> None:
        self._buckets: dict[tuple[str, str], Bucket] = {}

    def bucket(self, account: str, name: str) -> Bucket | None:
        """The bucket of an account, or None."""
        return self._buckets.get((account, name))

    def buckets(self, account: str) -> list[Bucket]:
        """All buckets of an account by ascending name (ListVectorBuckets page: alphabetical order)."""
        return sorted((b for b in self._buckets.values() if b.account == account), key=lambda b: b.name)

    def add_bucket(self, bucket: Bucket) -> None:
        """Create a bucket, or replace one of the same name."""
        self._buckets[bucket.account, bucket.name] = bucket

    def remove_bucket(self, bucket: Bucket) -> None:
        """Delete a bucket."""
        del self._buckets[bucket.account, bucket.name]

    def add_index(self, bucket: Bucket, settings: IndexSettings, created: datetime) -> Index:
        """Create an index, ready at once: the pages have no fixed time between creating and enable."""
        index = Index(settings, created, VectorTable(settings.dimension))
        bucket.indexes[settings.name] = index
        return index

    def remove_index(self, bucket: Bucket, index: Index) -> None:
        """Delete an index with all its vectors (DeleteVectorIndex page)."""
        del bucket.indexes[index.settings.name]
