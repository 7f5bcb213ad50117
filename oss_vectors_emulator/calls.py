"""What an operation is handed: the request, already routed, authenticated and decoded."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Request, Response
from oss_vectors_emulator.store import Bucket, Index


@dataclass(frozen=True, slots=True)
class Call:
    """One call of an operation; ``body`` is empty unless the operation reads a JSON object."""

    operation: str
    request: Request
    account: str
    bucket_name: str = ""
    found: Bucket | None = None
    body: Mapping[str, Any] = field(default_factory=dict)

    @property
    def bucket(self) -> Bucket:
        """The addressed bucket (404 NoSuchBucket, as the SDK live tests see it for every operation)."""
        if self.found is None:
            raise ServiceError("NoSuchBucket", members={"BucketName": self.bucket_name})
        return self.found

    def index(self, name: str) -> Index:
        """An index of the bucket (404 NoSuchVectorIndex, DeleteVectors page, Error codes)."""
        index = self.bucket.indexes.get(name)
        if index is None:
            raise ServiceError("NoSuchVectorIndex")
        return index


Handler = Callable[[Call], Response]
