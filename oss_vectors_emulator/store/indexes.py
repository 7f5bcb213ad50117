"""A vector index: its settings, fixed at creation, and its vectors."""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field
from datetime import datetime

from oss_vectors_emulator.store.vectors import VectorTable


@dataclass(frozen=True, slots=True)
class IndexSettings:
    """What PutVectorIndex sets and nothing changes afterwards."""

    name: str
    data_type: str
    dimension: int
    distance_metric: str
    non_filterable: tuple[str, ...] | None = None


@dataclass(slots=True)
class Index:
    """One index; ``identity`` tells it from an earlier index of the same name in list tokens."""

    settings: IndexSettings
    created: datetime
    table: VectorTable
    status: str = "enable"
    identity: bytes = field(default_factory=lambda: secrets.token_bytes(8))
