"""The extensions that plain schemathesis needs to talk to the service at all: a Host header and a signature.

Loaded by ``schemathesis run`` through ``SCHEMATHESIS_HOOKS``; nothing here helps it to find anything.
"""

from __future__ import annotations

import os
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import requests
import schemathesis
from requests.auth import AuthBase

from benchmarks.addresses import bucket_of
from conformance.wire.addressing import Addressing, Target, locate
from conformance.wire.credentials import Credentials, from_environment
from conformance.wire.endpoint import parse_endpoint
from conformance.wire.signing import HeaderSignature, raw_query

if TYPE_CHECKING:
    from schemathesis import Case, HookContext

ENDPOINT = "BENCHMARK_ENDPOINT"
REGION = "BENCHMARK_REGION"
ACCOUNT = "BENCHMARK_ACCOUNT"
ADDRESSING = "BENCHMARK_ADDRESSING"


@dataclass(frozen=True)
class Signature(AuthBase):
    """Signs a request as the suite signs its own."""

    target: Target
    credentials: Credentials

    def __call__(self, r: requests.PreparedRequest) -> requests.PreparedRequest:
        """Sign for the bucket that the request is about."""
        target, query = self.target, raw_query(r.url or "")
        bucket = bucket_of(r.method or "", query)
        place = locate(target, bucket, query)
        if target.addressing is Addressing.PATH:
            r.url = place.url
        return HeaderSignature(self.credentials, target.region, target.account_id, bucket)(r)


def target_from_environment() -> Target:
    """The target that the benchmark names in the environment."""
    return Target(
        parse_endpoint(os.environ[ENDPOINT]),
        os.environ[REGION],
        os.environ[ACCOUNT],
        Addressing(os.environ[ADDRESSING]),
    )


def install() -> None:
    """Register the signature and the Host header with schemathesis."""
    target = target_from_environment()
    credentials = from_environment(os.environ)
    assert credentials is not None, "set by the benchmark"
    # The attribute is there, but not in the annotations of schemathesis.
    schemathesis.auth.set_from_requests(Signature(target, credentials))  # type: ignore[attr-defined]

    # Not in the signature: a request whose authentication is left out needs its Host all the same.
    @schemathesis.hook
    def before_call(context: HookContext, case: Case[Any], kwargs: dict[str, Any]) -> None:
        del context, kwargs
        query = case.path.partition("?")[2] or "&".join(case.query or {})
        bucket = bucket_of(case.method, query)
        case.headers["Host"] = locate(target, bucket, query).host


if ENDPOINT in os.environ:
    install()
