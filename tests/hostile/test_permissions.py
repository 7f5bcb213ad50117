"""Credentials that may not call some operations: one notice instead of dozens of violations."""

from __future__ import annotations

import json
from collections.abc import Callable
from pathlib import Path

from tests.cli.harness import KEY_ID

from .endpoint import Connection, Endpoint, Received
from .harness import run
from .relay import Outage, Upstream

OPERATIONS = ("--requirement", "QueryVectors.*", "--requirement", "GetVectors.*")
NOTICE = (
    "The credentials may not call QueryVectors: every request was answered with AccessDenied, so that what needs it "
    "stays open; allow oss:QueryVectors and run again."
)


def _deny(connection: Connection) -> None:
    error = {
        "Code": "AccessDenied",
        "Message": "You have no right to access this object.",
        "RequestId": "0123456789ABCDEF01234567",
        "HostId": "127.0.0.1",
        "EC": "0003-00000001",
    }
    body = json.dumps({"Error": error}).encode()
    connection.answer("403 Forbidden", body, headers=(("x-oss-request-id", error["RequestId"]),))


def denying(
    query: str, *, but_every: int = 0
) -> Callable[[int, Received], Callable[[Connection], None] | None]:
    """Deny an operation to the run's key; ``but_every`` so many requests one is let through."""
    seen = 0

    def fate(_: int, received: Received) -> Callable[[Connection], None] | None:
        nonlocal seen
        if query not in received.target or f"Credential={KEY_ID}" not in received.header("Authorization"):
            return None
        seen += 1
        return None if but_every and seen % but_every == 0 else _deny

    return fate


def test_an_operation_that_is_always_denied_is_not_decided(upstream: Upstream, tmp_path: Path) -> None:
    with Endpoint(Outage(upstream, denying("queryVectors"))).running() as endpoint:
        told = run(endpoint.url, *OPERATIONS, cwd=tmp_path)
    assert told.ended.code == 6, told.text
    assert told.first_sentence == NOTICE
    outcomes = {entry["id"]: entry for entry in told.report["requirements"]}
    assert told.report["summary"]["outcomes"]["fail"] == 0
    assert told.report["summary"]["outcomes"]["not executed"] == 0
    assert outcomes["QueryVectors.topK.maximum.accepted"]["outcome"] == "inconclusive"
    assert "may not call QueryVectors" in outcomes["QueryVectors.topK.maximum.rejected"]["reason"]
    # What needs no permission is decided all the same.
    assert outcomes["QueryVectors.AccessDenied.unsigned"]["outcome"] == "pass"
    assert outcomes["GetVectors.returns-stored"]["outcome"] == "pass"


def test_an_operation_that_is_denied_now_and_then_is_violated(upstream: Upstream, tmp_path: Path) -> None:
    with Endpoint(Outage(upstream, denying("queryVectors", but_every=7))).running() as endpoint:
        told = run(endpoint.url, *OPERATIONS, cwd=tmp_path)
    assert told.ended.code == 1
    assert told.first_sentence == ""
    assert told.report["summary"]["outcomes"]["fail"] > 5


def test_a_run_may_do_without_the_listing_of_buckets(upstream: Upstream, tmp_path: Path) -> None:
    def fate(_: int, received: Received) -> Callable[[Connection], None] | None:
        at_service = received.method == "GET" and received.target.partition("?")[2].startswith(
            ("max-keys", "")
        )
        signed = f"Credential={KEY_ID}" in received.header("Authorization")
        return _deny if at_service and signed and "bucketInfo" not in received.target else None

    with Endpoint(Outage(upstream, fate)).running() as endpoint:
        told = run(endpoint.url, "--requirement", "GetVectors.keys.*", cwd=tmp_path)
    assert told.ended.code == 0, told.text
