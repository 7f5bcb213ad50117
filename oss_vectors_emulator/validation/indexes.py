"""Parameters of PutVectorIndex (PutVectorIndex page, Request parameters)."""

from __future__ import annotations

import re
from collections.abc import Sequence
from typing import Any

from oss_vectors_emulator.validation.base import MISSING, Body, RuleBase

DATA_TYPE = "float32"
DEFAULT_DIMENSION = 512
DEFAULT_METRIC = "euclidean"
_METADATA_KEY = re.compile(r"[A-Za-z_][A-Za-z0-9_]*", re.ASCII)


class IndexRules(RuleBase):
    """Data type, dimension, metric and non-filterable keys of a new index."""

    def required_or_default(self, body: Body, name: str, default: Any) -> Any:
        """A member the page calls required and gives a default for: required counts, unless chosen."""
        if self.choices.index_defaults == "default" and self.member(body, name) is MISSING:
            return default
        return self.required(body, name)

    def data_type(self, body: Body) -> str:
        """``float32``, which users cannot change."""
        value = self.string("dataType", self.required_or_default(body, "dataType", DATA_TYPE))
        if value != DATA_TYPE:
            raise self.invalid(f"dataType must be {DATA_TYPE}.")
        return value

    def dimension(self, body: Body) -> int:
        """An integer from 1 to 4096."""
        value = self.integer("dimension", self.required_or_default(body, "dimension", DEFAULT_DIMENSION))
        return self.within("dimension", value, self.limits.dimension_min, self.limits.dimension_max)

    def distance_metric(self, body: Body, names: Sequence[str]) -> str:
        """``euclidean`` or ``cosine``, case-sensitive."""
        given = self.required_or_default(body, "distanceMetric", DEFAULT_METRIC)
        value = self.string("distanceMetric", given)
        if value not in names:
            raise self.invalid(f"distanceMetric must be one of {', '.join(names)}.")
        return value

    def non_filterable(self, body: Body) -> tuple[str, ...] | None:
        """The names in metadata.nonFilterableMetadataKeys, None when there is no such list.

        ``metadata`` null or empty counts as absent: the page makes it an optional container of one member.
        """
        metadata = body.get("metadata")
        if metadata is None:
            return None
        keys = self.member(self.object("metadata", metadata), "nonFilterableMetadataKeys")
        if keys is MISSING:
            return None
        name = "nonFilterableMetadataKeys"
        names = tuple(self.string(name, key) for key in self.array(name, keys))
        self.non_filterable_count(names)
        for key in names:
            self.non_filterable_key(key)
        if len(set(names)) < len(names) and self.choices.duplicate_non_filterable_keys == "reject":
            raise self.invalid("nonFilterableMetadataKeys must not repeat a name.")
        return tuple(dict.fromkeys(names))

    def non_filterable_count(self, names: Sequence[str]) -> None:
        """1 to 10 entries."""
        self.within("nonFilterableMetadataKeys", len(names), 1, self.limits.non_filterable_keys_max)

    def non_filterable_key(self, key: str) -> None:
        """1 to 63 bytes, a letter or underscore followed by letters, digits and underscores."""
        fits = 1 <= len(key.encode()) <= self.limits.non_filterable_key_bytes
        if not fits or not self.metadata_key_characters(key):
            raise self.invalid("A name in nonFilterableMetadataKeys is not valid.")

    def metadata_key_characters(self, key: str) -> bool:
        """Whether every character of a non-filterable key stands where it may."""
        return _METADATA_KEY.fullmatch(key) is not None
