"""Names of buckets and indexes."""

from __future__ import annotations

import re

from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.validation.base import Body, RuleBase

_BUCKET_NAME = re.compile(r"[a-z0-9]([a-z0-9-]*[a-z0-9])?", re.ASCII)
_INDEX_NAME = re.compile(r"[A-Za-z][A-Za-z0-9]*", re.ASCII)


class NameRules(RuleBase):
    """Naming rules of the PutVectorBucket and PutVectorIndex pages."""

    def bucket_name(self, name: str) -> str:
        """3 to 32 lower-case letters, digits and hyphens, no hyphen at either end.

        Checked by every operation: an SDK live test sees 400 for a long name in ListVectorIndexes.
        """
        if not self.limits.bucket_name_min <= len(name) <= self.limits.bucket_name_max:
            raise ServiceError("InvalidVectorBucketName")
        if not self.bucket_name_characters(name):
            raise ServiceError("InvalidVectorBucketName")
        return name

    def bucket_name_characters(self, name: str) -> bool:
        """Whether every character of a bucket name stands where it may."""
        return _BUCKET_NAME.fullmatch(name) is not None

    def index_name(self, body: Body) -> str:
        """1 to 63 letters and digits, first a letter; no operation can be served without it.

        The DeleteVectors page marks indexName as not required, but names no other index to act on, so its
        absence is a bad parameter there as well.
        """
        name = self.string("indexName", self.required(body, "indexName"))
        if len(name) > self.limits.index_name_max or not self.index_name_characters(name):
            raise self.invalid("indexName must be letters and digits and start with a letter.")
        return name

    def index_name_characters(self, name: str) -> bool:
        """Whether every character of an index name is allowed, and there is one."""
        return _INDEX_NAME.fullmatch(name) is not None
