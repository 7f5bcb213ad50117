"""PutVectorIndex, GetVectorIndex, ListVectorIndexes, DeleteVectorIndex."""

from __future__ import annotations

from oss_vectors_emulator.calls import Call
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.operations.base import Operations
from oss_vectors_emulator.store import Bucket, IndexSettings


class IndexOperations(Operations):
    """Life of a vector index."""

    def put(self, call: Call) -> Response:
        """200 without a body (PutVectorIndex page, Sample response)."""
        settings = self.settings(call)
        self.check_name_free(call.bucket, settings.name)
        self.check_quota(call.bucket)
        self.store.add_index(call.bucket, settings, self.parts.clock.now())
        return self.present.empty()

    def settings(self, call: Call) -> IndexSettings:
        """The parameters of the request."""
        rules = self.rules
        return IndexSettings(
            rules.index_name(call.body),
            rules.data_type(call.body),
            rules.dimension(call.body),
            rules.distance_metric(call.body, self.parts.metrics.names()),
            rules.non_filterable(call.body),
        )

    def check_name_free(self, bucket: Bucket, name: str) -> None:
        """409 VectorBucketIndexAlreadyExist, also when the settings are the same."""
        if name in bucket.indexes:
            raise ServiceError("VectorBucketIndexAlreadyExist")

    def check_quota(self, bucket: Bucket) -> None:
        """At most 100 indexes in a bucket (PutVectorIndex page, Notes)."""
        if len(bucket.indexes) >= self.parts.settings.limits.indexes_per_bucket:
            raise ServiceError("VectorBucketIndexExceedLimit")

    def get(self, call: Call) -> Response:
        """The settings and status of an index."""
        index = call.index(self.rules.index_name(call.body))
        return self.present.json({"index": self.present.index(index)})

    def list(self, call: Call) -> Response:
        """Indexes in alphabetical order, page by page."""
        size = self.rules.index_page_size(call.body)
        token, prefix = self.rules.index_token(call.body), self.rules.prefix(call.body)
        paging, indexes = self.parts.paging, call.bucket.indexes
        names, more = paging.cut(paging.names_after(indexes, token, prefix), size)
        entries = [self.present.index(indexes[name]) for name in names]
        return self.present.page("indexes", entries, paging.index_token(names[-1]) if more else None)

    def delete(self, call: Call) -> Response:
        """204 and the vectors are gone too (DeleteVectorIndex page); a missing index is 404."""
        self.store.remove_index(call.bucket, call.index(self.rules.index_name(call.body)))
        return self.present.no_content()
