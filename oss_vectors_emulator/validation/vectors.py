"""Vectors, keys and metadata (PutVectors, GetVectors and DeleteVectors pages, Request parameters)."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from oss_vectors_emulator.distances import Vector
from oss_vectors_emulator.store import IndexSettings, VectorRecord
from oss_vectors_emulator.validation.base import MISSING, Body, RuleBase

DATA_MEMBER = "float32"
_NUMBER_TYPES = frozenset({int, float})


class VectorRules(RuleBase):
    """Everything a write or a read by key may be refused for."""

    def batch(self, body: Body) -> list[VectorRecord]:
        """The vectors of a PutVectors request, checked as far as that goes without the index."""
        vectors = self.array("vectors", self.required(body, "vectors"))
        self.batch_size(len(vectors))
        records = [self.record(self.object("vectors", vector)) for vector in vectors]
        self.batch_keys([record.key for record in records])
        return records

    def batch_size(self, count: int) -> None:
        """1 to 500 vectors in a request."""
        self.within("The number of vectors", count, 1, self.limits.put_vectors_max)

    def batch_keys(self, keys: Sequence[str]) -> None:
        """The same key twice fails the whole request."""
        if len(set(keys)) < len(keys):
            raise self.invalid("vectors must not repeat a key.")

    def record(self, vector: Body) -> VectorRecord:
        """One element of ``vectors``."""
        key = self.key(self.required(vector, "key"))
        data = self.vector_data("data", self.required(vector, "data"))
        metadata = self.member(vector, "metadata")
        if metadata is MISSING:
            return VectorRecord(key, data)
        return VectorRecord(key, data, self.metadata(self.object("metadata", metadata)))

    def key(self, value: Any) -> str:
        """1 to 1024 characters; that they are valid UTF-8 was checked when the body was read."""
        key = self.string("key", value)
        if not 1 <= len(key) <= self.limits.vector_key_max:
            raise self.invalid(f"A key must have 1 to {self.limits.vector_key_max} characters.")
        return key

    def vector_data(self, name: str, value: Any) -> Vector:
        """The numbers of ``{"float32": [...]}``, as single precision."""
        return self.numbers(name, self.array(name, self.required(self.object(name, value), DATA_MEMBER)))

    def numbers(self, name: str, values: list[Any]) -> Vector:
        """Finite numbers only: NaN and infinity are forbidden, also when single precision overflows."""
        if not _NUMBER_TYPES.issuperset(map(type, values)):
            raise self.wrong_type(name, "an array of numbers")
        with np.errstate(over="ignore"):
            narrow = np.array(values, dtype=np.float64).astype(np.float32)
        if not np.isfinite(narrow).all():
            raise self.invalid(f"{name} must hold finite single-precision numbers.")
        return narrow

    def metadata(self, metadata: Mapping[str, Any]) -> Mapping[str, Any]:
        """Types of the values and the size of the whole, which does not depend on the index."""
        for name, value in metadata.items():
            self.metadata_value(name, value)
        if self.size(metadata) > self.limits.metadata_bytes:
            raise self.invalid("metadata is too large.")
        return metadata

    def metadata_value(self, name: str, value: Any) -> None:
        """A string or an array of strings; numbers and booleans where the editions of the page disagree."""
        items = value if isinstance(value, list) else [value]
        if all(isinstance(item, str) for item in items):
            return
        lenient = self.choices.metadata_values == "lenient"
        if lenient and isinstance(value, bool | int | float) and math.isfinite(value):
            return
        raise self.wrong_type(f"metadata.{name}", "a string or an array of strings")

    def size(self, metadata: Mapping[str, Any]) -> int:
        """Bytes of the JSON text; the pages give sizes in KB and not what they measure."""
        return len(orjson.dumps(metadata))

    def fits_index(self, records: Sequence[VectorRecord], index: IndexSettings, zero_allowed: bool) -> None:
        """The rules that need the index: length, no zero vector under cosine, filterable metadata."""
        for record in records:
            self.vector_length("data", record.data, index)
            if not zero_allowed:
                self.not_zero("data", record.data)
            if record.metadata:
                hidden = index.non_filterable or ()
                self.filterable({n: v for n, v in record.metadata.items() if n not in hidden})

    def vector_length(self, name: str, vector: Vector, index: IndexSettings) -> None:
        """As many numbers as the index has dimensions."""
        if len(vector) != index.dimension:
            raise self.invalid(f"{name} must have {index.dimension} dimensions.")

    def not_zero(self, name: str, vector: Vector) -> None:
        """At least one number that is not zero in single precision."""
        if not vector.any():
            raise self.invalid(f"{name} must not be all zero in a cosine index.")

    def filterable(self, metadata: Mapping[str, Any]) -> None:
        """The filterable part has at most 10 fields and 2 KB."""
        if len(metadata) > self.limits.filterable_fields:
            raise self.invalid("metadata has too many filterable fields.")
        if self.size(metadata) > self.limits.filterable_bytes:
            raise self.invalid("The filterable metadata is too large.")

    def get_keys(self, body: Body) -> list[str]:
        """1 to 100 keys, duplicates allowed and counted."""
        keys = self.keys(body)
        self.within("The number of keys", len(keys), 1, self.limits.get_keys_max)
        return keys

    def delete_keys(self, body: Body) -> list[str]:
        """1 to 500 unique keys, however often they are repeated."""
        keys = list(dict.fromkeys(self.keys(body)))
        self.within("The number of unique keys", len(keys), 1, self.limits.delete_keys_max)
        return keys

    def keys(self, body: Body) -> list[str]:
        """The member ``keys``."""
        return [self.key(key) for key in self.array("keys", self.required(body, "keys"))]

    def query_vector(self, body: Body) -> Vector:
        """The member ``queryVector`` of QueryVectors, rounded like stored vectors are."""
        return self.vector_data("queryVector", self.required(body, "queryVector"))
