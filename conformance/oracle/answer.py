"""A served request under examination, and the helper that collects checks on it."""

from __future__ import annotations

import json
from collections.abc import Hashable, Mapping
from dataclasses import dataclass, field
from typing import Any

from conformance.contract.loader import Contract
from conformance.contract.model import Operation
from conformance.oracle.body import read_json
from conformance.oracle.check import Check
from conformance.oracle.constraints import Finding, evaluate
from conformance.oracle.envelope import excerpt
from conformance.oracle.model import BucketState, IndexState, Model
from conformance.wire.exchange import Exchange, Response

#: What a listed bucket must have is a requirement of its own (ListVectorBuckets.bucket-fields).
_ENTRIES = "ListAllMyBucketsResult/Buckets/"


@dataclass(frozen=True, slots=True)
class Settings:
    """Facts about the target that expectations depend on.

    ``min_recall`` is the share of the true nearest neighbours that a query
    must return (1.0 for exact search).
    """

    region: str
    account_id: str
    min_recall: float = 1.0


@dataclass
class Answer:
    """One served request with its parsed answer.

    ``value`` is ``None`` until the body was read.  ``open`` says that the
    documents leave open what the request means: then nothing is said about
    what must be in the answer, only about what must not.  ``counted`` is what the
    answer added to the recall of the run, ``late`` whether some of what it misses
    may still turn up.
    """

    contract: Contract
    model: Model
    settings: Settings
    exchange: Exchange
    response: Response
    operation: Operation
    request: Mapping[str, Any]
    open: bool = False
    value: Any = None
    readable: bool = True
    counted: list[tuple[str, Hashable]] = field(default_factory=list)
    late: bool = False

    @property
    def bucket(self) -> BucketState | None:
        """State of the bucket that the request went to."""
        return self.model.bucket(self.exchange.bucket)

    @property
    def index(self) -> IndexState | None:
        """State of the index that the request names."""
        return self.model.index(self.exchange.bucket, self.request.get("indexName"))


@dataclass
class Checks:
    """Collects the checks of one answer."""

    answer: Answer
    made: list[Check] = field(default_factory=list)

    def check(
        self,
        requirement: str,
        ok: bool,
        expected: object = "",
        actual: object = "",
        cause: Exchange | None = None,
    ) -> bool:
        """Add one check; texts are only kept when it fails.  Returns ``ok``."""
        exchange = self.answer.exchange
        if ok:
            self.made.append(Check(requirement, ok=True, exchange=exchange))
        else:
            self.made.append(
                Check(
                    requirement,
                    ok=False,
                    exchange=exchange,
                    expected=_words(expected),
                    actual=_words(actual),
                    cause=cause if cause is not None and cause.id != exchange.id else None,
                )
            )
        return ok

    def token(self, token: str) -> None:
        """Check that a token of the next page is short enough to be sent as one."""
        name = self.answer.operation.name
        most = self.answer.contract.limit(name, "nextToken/x-oss-limits/length/maximum")
        size = len(token.encode("utf-8", "surrogatepass"))
        self.check(f"{name}.paging.token-length", size <= most, f"at most {most} bytes", f"{size} bytes")

    def body(self) -> None:
        """Check that the body is empty or JSON of the documented shape, and parse it."""
        answer = self.answer
        name = answer.operation.name
        raw = answer.response.body
        if answer.operation.response_schema is None:
            answer.readable = False
            # HTTP clients do not read what follows a 204; its header tells all the same.
            announced = answer.response.header("Content-Length") or "0"
            actual = f"body {excerpt(raw)!r}" if raw else f"Content-Length: {announced}"
            self.check(f"{name}.success.empty-body", not raw and announced.strip() == "0", "no body", actual)
            return
        requirement = f"{name}.success.body"
        if requirement not in answer.contract.requirements:
            answer.readable = True
            return
        try:
            answer.value = read_json(raw)
        except ValueError as problem:
            answer.readable = False
            self.check(requirement, False, "a JSON body", f"{problem}: {excerpt(raw)!r}")
            return
        slips = [
            f"{mark.path or 'body'}: {mark.keyword} {mark.detail}"
            for mark in evaluate(answer.contract.document, answer.operation.response_schema, answer.value)
            if mark.finding is Finding.BROKEN
            and (
                mark.keyword == "type" or (mark.keyword == "required" and not mark.path.startswith(_ENTRIES))
            )
        ]
        answer.readable = self.check(
            requirement, not slips, "the documented members in their documented types", "; ".join(slips[:5])
        )


def _words(value: object) -> str:
    """What was expected or found, for people: JSON as JSON."""
    if value is None:
        return "nothing"
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False, default=str)
