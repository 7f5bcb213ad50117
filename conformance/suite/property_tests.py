"""What property tests have in common: how they fail, and how long they search."""

from __future__ import annotations

from conformance.suite.service import Result


class PropertyViolated(AssertionError):  # noqa: N818 - says what happened, to the reader of a test
    """A generated request violated a requirement; the judge has recorded which."""


def must_hold(result: Result) -> None:
    """Fail a generated example for what the judge found, so that Hypothesis shrinks it."""
    failed = result.judgement.failed
    if failed:
        first = failed[0]
        raise PropertyViolated(f"{first.requirement}: expected {first.expected}, got {first.actual}")
