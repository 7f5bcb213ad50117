"""PutBucketPolicy, GetBucketPolicy, DeleteBucketPolicy (their pages' vector bucket examples)."""

from __future__ import annotations

from oss_vectors_emulator.calls import Call
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.operations.base import Operations


class PolicyOperations(Operations):
    """Keeps the policy text and gives it back byte for byte; it is not evaluated.

    Every caller the emulator knows is the account itself, which has all permissions.
    """

    def put(self, call: Call) -> Response:
        """200; any JSON object is taken, since pages and live tests write actions and ARNs differently."""
        call.bucket.policy = call.request.body
        return self.present.empty()

    def get(self, call: Call) -> Response:
        """The very text that was put, else 404 NoSuchBucketPolicy."""
        policy = call.bucket.policy
        if policy is None:
            raise ServiceError("NoSuchBucketPolicy", members={"BucketName": call.bucket_name})
        return self.present.json_text(policy)

    def delete(self, call: Call) -> Response:
        """204, also without a policy: no page names an error for that."""
        call.bucket.policy = None
        return self.present.no_content()
