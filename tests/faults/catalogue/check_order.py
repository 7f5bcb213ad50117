"""Faults of the order of checks: something else than the signature is looked at first."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Iterator
from typing import Any

from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Request, Response
from oss_vectors_emulator.pipeline import Pipeline
from tests.faults import changes as c
from tests.faults.model import Change, Fault

_ON_INDEX = (
    "GetVectorIndex",
    "DeleteVectorIndex",
    "PutVectors",
    "GetVectors",
    "ListVectors",
    "DeleteVectors",
    "QueryVectors",
)
_WITH_PARAMETERS = ("PutVectorIndex", "ListVectorIndexes", *_ON_INDEX)
_ON_BUCKET = (
    "DeleteVectorBucket",
    *_WITH_PARAMETERS,
    "PutBucketPolicy",
    "GetBucketPolicy",
    "DeleteBucketPolicy",
    "PutBucketLogging",
    "GetBucketLogging",
    "DeleteBucketLogging",
)
_BAD_PARAMETERS = ("VectorIndexParameterInvalid", "MalformedJson")


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield Fault(
        "Order.bucket-before-signature",
        "Order.signature-before-bucket",
        "a missing bucket is noticed before a wrong signature",
        _found_first("SignatureDoesNotMatch", lambda error: error.code == "NoSuchBucket"),
    )
    for name in _ON_BUCKET:
        yield Fault(
            f"Order.{name}.bucket-first",
            f"Order.authentication-before-bucket.{name}",
            "a missing bucket is noticed before an unknown key",
            _found_first("InvalidAccessKeyId", lambda error: error.code == "NoSuchBucket", name),
        )
    for name in _ON_INDEX:
        yield Fault(
            f"Order.{name}.index-first",
            f"Order.authentication-before-index.{name}",
            "a missing index is noticed before an unknown key",
            _found_first("InvalidAccessKeyId", lambda error: error.code == "NoSuchVectorIndex", name),
        )
    for name in _WITH_PARAMETERS:
        yield Fault(
            f"Order.{name}.parameters-first",
            f"Order.authentication-before-parameters.{name}",
            "a bad parameter is noticed before an unknown key",
            _found_first("InvalidAccessKeyId", lambda error: error.code in _BAD_PARAMETERS, name),
        )
    yield Fault(
        "Order.ListVectorBuckets.parameters-first",
        "Order.authentication-before-parameters.ListVectorBuckets",
        "a bad max-keys is noticed before an unknown key",
        c.pipeline(serve=_max_keys_first),
    )


def _found_first(code: str, is_first: Callable[[ServiceError], bool], *operations: str) -> Change:
    """Report what is wrong besides the signature instead of a refusal for the signature."""

    def serve(self: Any, request: Request) -> Response:
        try:
            return Pipeline.serve(self, request)
        except ServiceError as error:
            if error.code == code and (not operations or c.names_operation(self, request, operations)):
                _report(self.behaviour, request, is_first)
            raise

    return c.pipeline(serve=serve)


def _report(parts: Any, request: Request, is_first: Callable[[ServiceError], bool]) -> None:
    """Raise what the request would be refused for if it were signed well."""
    somebody = next(iter(parts.authenticator.credentials.values()))
    trusting = c.altered(parts.authenticator, authenticate=lambda _self, _request, _address: somebody)
    try:
        Pipeline(dataclasses.replace(parts, authenticator=trusting)).serve(request)
    except ServiceError as error:
        if is_first(error):
            raise


def _max_keys_first(self: Any, request: Request) -> Response:
    text = request.query.get("max-keys", "1")
    if not text.isdigit():
        raise ServiceError("InvalidArgument")
    return Pipeline.serve(self, request)
