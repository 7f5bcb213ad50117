"""State of the emulator, in memory: accounts hold buckets, buckets hold indexes, indexes hold vectors."""

from oss_vectors_emulator.store.buckets import Bucket, Store
from oss_vectors_emulator.store.indexes import Index, IndexSettings
from oss_vectors_emulator.store.vectors import VectorRecord, VectorTable

__all__ = ["Bucket", "Index", "IndexSettings", "Store", "VectorRecord", "VectorTable"]
