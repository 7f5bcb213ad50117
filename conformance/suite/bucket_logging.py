"""Switching on the logging of a bucket, which takes a second bucket that is none of the run's."""

from __future__ import annotations

from typing import Any

from conformance.cases.documents import LOGGING
from conformance.oracle.envelope import error_of
from conformance.suite.service import Blocked, Service

# The target of logging is a plain OSS bucket (PutBucketLogging page); an account without
# one cannot decide these clauses.
_NO_TARGET = frozenset({"NoSuchBucket", "InvalidTargetBucketForLogging", "AccessDenied"})


def switch_on(service: Service, bucket: str, body: dict[str, Any] = LOGGING) -> None:
    """Put logging settings; :class:`Blocked` where the account has no bucket that they can name."""
    result = service.call("PutBucketLogging", body, bucket=bucket)
    response = result.exchange.response
    error = error_of(response) if response is not None else None
    if not result.served and error is not None and error.code in _NO_TARGET:
        raise Blocked(f"logging needs a plain OSS bucket as its target: {error.code}")
    result.need()
