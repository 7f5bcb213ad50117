"""Hand-made runs to render: every outcome, and a target that tries to spoil the report."""

from __future__ import annotations

from dataclasses import replace
from types import SimpleNamespace
from typing import Any

import pytest

from conformance.contract.model import Expect, Level, Requirement, Source, Strength
from conformance.verdicts.model import (
    Deviation,
    ExitCode,
    Outcome,
    RecordedExchange,
    RequirementResult,
    RunInfo,
    RunResult,
    Violation,
)

BUCKET = "conf-7f3a-main"
HOST = f"{BUCKET}-1234567890123456.cn-hangzhou.oss-vectors.aliyuncs.com"
HOSTILE = (
    "\x1b[2J\x1b[31m[bold red]all[/] fine[/bold red]\r\n"
    "\u202egnp.exe \x00 ]]> <script>alert(1)</script> ``` |"
)
SCOPE = "20260110/cn-hangzhou/oss/aliyun_v4_request"
INDEX_BODY = '{"dataType": "float32", "dimension": 4097, "distanceMetric": "cosine", "indexName": "idx1"}'


def exchange(**changes: Any) -> RecordedExchange:
    body = changes.get("request_body", INDEX_BODY)
    answer = changes.get("response_body", "")
    values: dict[str, Any] = {
        "id": "e1",
        "operation": "PutVectorIndex",
        "bucket": BUCKET,
        "method": "POST",
        "url": "http://127.0.0.1:9000/?putVectorIndex",
        "target": "/?putVectorIndex",
        "host": HOST,
        "request_headers": (
            ("Content-Type", "application/json"),
            ("x-oss-date", "20260110T120000Z"),
            ("x-oss-content-sha256", "UNSIGNED-PAYLOAD"),
            ("Authorization", f"OSS4-HMAC-SHA256 Credential=LTAI***/{SCOPE},Signature=***"),
        ),
        "request_body": body,
        "request_body_base64": None,
        "request_size": len(body.encode(errors="surrogatepass")),
        "body_complete": True,
        "signed": True,
        "started": "2026-01-10T12:00:01Z",
        "elapsed_ms": 12.5,
        "status": 200,
        "reason": "OK",
        "response_headers": (("x-oss-request-id", "534B371674E88A4D89060001"),),
        "response_body": answer,
        "response_size": len(answer.encode(errors="surrogatepass")),
        "request_id": "534B371674E88A4D89060001",
        "error_code": None,
        "failure": None,
    }
    return RecordedExchange(**(values | changes))


def requirement(name: str, **changes: Any) -> Requirement:
    values: dict[str, Any] = {
        "id": name,
        "operation": name.partition(".")[0],
        "statement": "The dimension of an index is at most 4096.",
        "source": Source("PutVectorIndex page", "Request parameters", "2026-01-10"),
        "strength": Strength.SEED,
        "level": Level.MUST,
        "expect": Expect((400,), ("VectorIndexParameterInvalid",)),
    }
    return Requirement(**(values | changes))


def entry(name: str, outcome: Outcome, **changes: Any) -> RequirementResult:
    about = {key: changes.pop(key) for key in ("level", "statement", "strength") if key in changes}
    return RequirementResult(requirement=requirement(name, **about), outcome=outcome, checks=1, **changes)


def failed(name: str, *, outcome: Outcome = Outcome.FAIL, **changes: Any) -> RequirementResult:
    about = {key: changes.pop(key) for key in ("level", "statement", "strength") if key in changes}
    cause = changes.pop("cause", None)
    shown = exchange(**changes)
    violation = Violation(
        requirement=name,
        expected="400 VectorIndexParameterInvalid",
        actual="the index was created",
        exchange=shown,
        cause=cause,
        test=f"conformance/suite/test_put_vector_index.py::test_limits[{name}]",
        size=shown.request_size,
    )
    return entry(name, outcome, failures=1, violation=violation, exchanges=(shown.id,), **about)


INFO = RunInfo(
    run_id="7f3a",
    suite_version="0.1.0",
    contract_version="2026.11",
    endpoint="http://127.0.0.1:9000",
    embedded_emulator=False,
    region="cn-hangzhou",
    account_id="1234567890123456",
    addressing="virtual-host",
    profile="core",
    seed=42,
    strict=False,
    operations=(),
    requirements=(),
    started="2026-01-10T12:00:00Z",
    duration_seconds=31.4,
    python="3.11.9",
    versions={"schemathesis": "4.32.5", "hypothesis": "6.150"},
    command="oss-vectors-conformance run --endpoint http://127.0.0.1:9000",
    report_dir="reports/7f3a",
    options=(
        ("--endpoint", "http://127.0.0.1:9000"),
        ("--region", "cn-hangzhou"),
        ("--account-id", "1234567890123456"),
        ("--addressing", "virtual-host"),
        ("--profile", "core"),
        ("--seed", "42"),
    ),
)


def result(*results: RequirementResult, **changes: Any) -> RunResult:
    exchanges = {r.violation.exchange.id: r.violation.exchange for r in results if r.violation}
    values: dict[str, Any] = {
        "info": INFO,
        "results": results,
        "exit_code": ExitCode.NON_CONFORMANT,
        "exit_reason": "a documented requirement is violated.",
        "requests": {"PutVectorIndex": 120, "DeleteVectors": 1204},
        "exchanges": exchanges,
    }
    return RunResult(**(values | changes))


def mixed() -> RunResult:
    """One run with every outcome, a hostile answer, and a 20 MB body in both directions."""
    keys = ", ".join(f'"doc-{number:03}"' for number in range(501))
    many_keys = f'{{"indexName": "idx1", "keys": [{keys}]}}'
    deletes: dict[str, Any] = {
        "operation": "DeleteVectors",
        "target": "/?deleteVectors",
        "url": "http://127.0.0.1:9000/?deleteVectors",
        "bucket": BUCKET,
    }
    huge = "[" + "0.25," * 820
    created = exchange(id="e9", request_body='{"indexName": "idx1"}', status=200)
    return result(
        entry("PutVectorIndex.dimension.minimum.accepted", Outcome.PASS),
        failed("PutVectorIndex.dimension.maximum.rejected", cause=created),
        failed(
            "PutVectorIndex.index-name.pattern.rejected",
            id="e2",
            status=400,
            reason="Bad Request\x07",
            error_code="[link=http://evil]Oops",
            response_body=HOSTILE,
            statement="An index name has letters, digits and hyphens only.",
        ),
        failed(
            "PutVectors.body.maximum.rejected",
            id="e3",
            operation="PutVectors",
            target="/?putVectors",
            request_body=huge,
            request_size=20_971_521,
            body_complete=False,
            response_body="x" * 4096,
            response_size=20_000_000,
            status=500,
            reason="Internal Server Error",
        ),
        failed(
            "DeleteVectors.keys.unique-count.maximum.rejected",
            **deletes,
            id="e4",
            request_body=many_keys,
            status=204,
            reason="No Content",
            statement="At most 500 unique keys are deleted in one request.",
        ),
        failed(
            "DeleteVectors.timeout",
            **deletes,
            id="e5",
            status=None,
            reason=None,
            request_id=None,
            failure="timeout: no answer within 30 s",
        ),
        failed("Errors.body.ec", outcome=Outcome.WARN, id="e6", level=Level.SHOULD, strength=Strength.SDK),
        entry(
            "Errors.body.host-id", Outcome.INCONCLUSIVE, reason="throttled (503 QpsLimitExceeded) in 3 tries"
        ),
        entry("PutBucketPolicy.status", Outcome.UNSUPPORTED, reason="the target answered 501"),
        entry("GetBucketPolicy.status", Outcome.UNSUPPORTED, reason="the target answered 501"),
        entry(
            "QueryVectors.filter.nesting",
            Outcome.KNOWN_DEVIATION,
            deviation=Deviation(
                "QueryVectors.filter.*", "filters come later", "https://example.org/7", None, 3
            ),
        ),
        entry(
            "QueryVectors.top-k.minimum", Outcome.STALE_DEVIATION, reason="listed in line 9, but it passes"
        ),
        entry("GetVectors.keys.maximum", Outcome.NOT_EXECUTED, reason="no test decided it"),
        entry(
            "ListVectors.order",
            Outcome.OBSERVED,
            level=Level.PROBE,
            observations=("by key", "by \x1b[1mtime"),
        ),
        entry("Signing.region", Outcome.EXCLUDED, reason="needs a second region"),
        entry("GetVectorIndex.status", Outcome.NOT_SELECTED),
        leaks=(f"bucket {BUCKET}",),
    )


@pytest.fixture(scope="session")
def make() -> SimpleNamespace:
    """The builders above by name, for tests that need a run of their own."""
    return SimpleNamespace(
        exchange=exchange,
        entry=entry,
        failed=failed,
        info=lambda **changes: replace(INFO, **changes),
        result=result,
        mixed=mixed,
        hostile=HOSTILE,
        bucket=BUCKET,
        host=HOST,
    )
