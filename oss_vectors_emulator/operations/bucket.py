"""PutVectorBucket, GetVectorBucket, ListVectorBuckets, DeleteVectorBucket."""

from __future__ import annotations

from oss_vectors_emulator.calls import Call
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.operations.base import Operations
from oss_vectors_emulator.store import Bucket

_RESOURCE_GROUP = "x-oss-resource-group-id"


class BucketOperations(Operations):
    """Life of a vector bucket."""

    def put(self, call: Call) -> Response:
        """200 with ``Location: /{bucket}`` (PutVectorBucket page, Examples)."""
        if call.found is not None:
            self.put_again(call.found)
        else:
            self.check_quota(call.account)
            group = call.request.header(_RESOURCE_GROUP) or None
            created = self.parts.clock.now()
            self.store.add_bucket(Bucket(call.bucket_name, call.account, created, group))
        return self.present.empty((("location", f"/{call.bucket_name}"),))

    def put_again(self, bucket: Bucket) -> None:
        """A second PutVectorBucket by the owner is undocumented: refused, or nothing happens."""
        if self.parts.settings.choices.recreate_bucket == "conflict":
            raise ServiceError("BucketAlreadyExists", members={"BucketName": bucket.name})

    def check_quota(self, account: str) -> None:
        """At most 100 buckets per account and region, else TooManyBuckets."""
        if len(self.store.buckets(account)) >= self.parts.settings.limits.buckets_per_account:
            raise ServiceError("TooManyBuckets")

    def get(self, call: Call) -> Response:
        """BucketInfo is the only root member; the Go client fails on a second one."""
        return self.present.json({"BucketInfo": self.present.bucket(call.bucket)})

    def list(self, call: Call) -> Response:
        """Buckets after ``marker`` that start with ``prefix``, in alphabetical order."""
        query = call.request.query
        max_keys = self.rules.max_keys(query)
        prefix, marker = query.get("prefix", ""), query.get("marker", "")
        group = call.request.header(_RESOURCE_GROUP)
        known = {
            b.name: b for b in self.store.buckets(call.account) if not group or b.resource_group == group
        }
        names, truncated = self.parts.paging.cut(
            self.parts.paging.names_after(known, marker, prefix), max_keys
        )
        page = [known[name] for name in names]
        return self.present.json(self.present.bucket_page(page, prefix, marker, max_keys, truncated))

    def delete(self, call: Call) -> Response:
        """204; a bucket that still has an index, filled or not, stays (DeleteVectorBucket page)."""
        if call.bucket.indexes:
            raise ServiceError("VectorBucketNotEmpty", members={"BucketName": call.bucket_name})
        self.store.remove_bucket(call.bucket)
        return self.present.no_content()
