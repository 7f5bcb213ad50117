"""PutBucketLogging, GetBucketLogging, DeleteBucketLogging in their JSON form."""

from __future__ import annotations

from typing import Any

from oss_vectors_emulator.calls import Call
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.operations.base import Operations

_OPTIONAL = ("TargetPrefix", "LoggingRole")


class LoggingOperations(Operations):
    """Keeps the logging rule; no log is ever written."""

    def put(self, call: Call) -> Response:
        """200; TargetBucket is required, prefix and role are not (PutBucketLogging page, SDK mocks)."""
        enabled = self.child(self.child(call.body, "BucketLoggingStatus"), "LoggingEnabled")
        rule = {"TargetBucket": self.text(enabled, "TargetBucket")}
        rule.update({name: self.text(enabled, name) for name in _OPTIONAL if name in enabled})
        call.bucket.logging = rule
        return self.present.empty()

    def get(self, call: Call) -> Response:
        """The rule; without one LoggingEnabled is there but empty, as a live test requires."""
        return self.present.json({"BucketLoggingStatus": {"LoggingEnabled": call.bucket.logging or {}}})

    def delete(self, call: Call) -> Response:
        """204, also when logging was never on (DeleteBucketLogging page)."""
        call.bucket.logging = None
        return self.present.no_content()

    def child(self, value: Any, name: str) -> Any:
        """A member that has to be an object; general OSS calls a bad document InvalidArgument."""
        found = value.get(name)
        if not isinstance(found, dict):
            raise ServiceError("InvalidArgument", f"{name} must be an object.")
        return found

    def text(self, value: Any, name: str) -> str:
        """A member that has to be a string, TargetBucket a non-empty one."""
        found = value.get(name)
        if not isinstance(found, str) or (name == "TargetBucket" and not found):
            raise ServiceError("InvalidArgument", f"{name} must be a string.")
        return found
