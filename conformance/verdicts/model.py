"""What a run amounts to: one outcome per requirement, and why.

Reports are written from these objects alone, so that every format says the
same thing.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass

from conformance.contract.model import Requirement
from conformance.wire.pace import Bound


class Outcome(enum.StrEnum):
    """The outcome of one requirement in one run; every requirement has exactly one."""

    PASS = "pass"  # noqa: S105 - an outcome, not a password
    FAIL = "fail"
    WARN = "warn"
    INCONCLUSIVE = "inconclusive"
    UNSUPPORTED = "unsupported"
    KNOWN_DEVIATION = "known deviation"
    STALE_DEVIATION = "stale deviation"
    NOT_EXECUTED = "not executed"
    OBSERVED = "observed"
    EXCLUDED = "excluded"
    NOT_SELECTED = "not selected"


class ExitCode(enum.IntEnum):
    """The process exit code, the same through the command and through pytest."""

    CONFORMANT = 0
    NON_CONFORMANT = 1
    INTERRUPTED = 2
    INTERNAL_ERROR = 3
    USAGE = 4
    NOTHING_EXECUTED = 5
    INCONCLUSIVE = 6


@dataclass(frozen=True, slots=True)
class RecordedExchange:
    """One exchange as a report shows it: redacted, bodies shortened, text only.

    ``request_body`` and ``response_body`` are excerpts; the ``*_size`` fields
    are bytes on the wire.  ``request_body_base64`` is set when the bytes are
    not UTF-8.  ``body_complete`` says whether the excerpt is the whole body.
    """

    id: str
    operation: str
    bucket: str | None
    method: str
    url: str
    target: str
    host: str
    request_headers: tuple[tuple[str, str], ...]
    request_body: str
    request_body_base64: str | None
    request_size: int
    body_complete: bool
    signed: bool
    started: str
    elapsed_ms: float
    status: int | None
    reason: str | None
    response_headers: tuple[tuple[str, str], ...]
    response_body: str
    response_size: int
    request_id: str | None
    error_code: str | None
    failure: str | None


@dataclass(frozen=True, slots=True)
class Violation:
    """One failed check: what was expected, what came, and the exchange that shows it.

    ``cause`` is an earlier exchange the violation goes back to, ``steps`` the
    whole sequence before it where a sequence was tested, ``test`` the node id
    of the test that found it, ``size`` the size in bytes of what was sent (the
    smallest violation of a requirement is the one reported).
    """

    requirement: str
    expected: str
    actual: str
    exchange: RecordedExchange
    cause: RecordedExchange | None
    test: str
    size: int
    steps: tuple[RecordedExchange, ...] = ()


@dataclass(frozen=True, slots=True)
class Deviation:
    """One entry of the implementer's known-deviations file."""

    pattern: str
    reason: str
    link: str | None
    expires: str | None
    line: int


@dataclass(frozen=True, slots=True)
class RequirementResult:
    """The outcome of one requirement, with the evidence for it.

    ``checks`` counts how often it was decided, ``failures`` how often against
    the target.  ``exchanges`` are ids of recorded exchanges (the first few);
    ``violation`` is the smallest one.  ``reason`` is one sentence for every
    outcome that is not self-explanatory (inconclusive, unsupported, excluded,
    not executed, stale).  ``observations`` are the distinct behaviours seen
    for a probe.
    """

    requirement: Requirement
    outcome: Outcome
    checks: int = 0
    failures: int = 0
    reason: str | None = None
    violation: Violation | None = None
    exchanges: tuple[str, ...] = ()
    deviation: Deviation | None = None
    observations: tuple[str, ...] = ()
    tests: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class RunInfo:
    """What was run, against what: echoed into every report, without secrets."""

    run_id: str
    suite_version: str
    contract_version: str
    endpoint: str
    embedded_emulator: bool
    region: str
    account_id: str
    addressing: str
    profile: str
    seed: int | None
    strict: bool
    operations: tuple[str, ...]
    requirements: tuple[str, ...]
    started: str
    duration_seconds: float
    python: str
    versions: Mapping[str, str]
    command: str
    report_dir: str | None
    #: The least time for the run's requests, where rates were kept.
    pace: Bound | None = None
    #: The configuration file that was read.
    configuration: str | None = None
    #: The user's bucket that was used instead of own ones.
    bucket: str | None = None
    #: The part of the tests that was run, as ``2/3``; ``None`` for all of them.
    shard: str | None = None
    #: The release whose requirements were selected, with the levels they had then.
    requirement_set: str | None = None
    #: Flags and values that repeat part of the run, ``None`` for a switch.
    options: tuple[tuple[str, str | None], ...] = ()


@dataclass(frozen=True, slots=True)
class Baseline:
    """An earlier run, as far as a comparison needs it: which one, and the outcome of each requirement."""

    run_id: str
    started: str
    profile: str
    outcomes: Mapping[str, Outcome]

    def __str__(self) -> str:
        return f"run {self.run_id} of {self.started} (profile {self.profile})"


@dataclass(frozen=True, slots=True)
class Changes:
    """Ids of requirements by what happened to them since ``baseline``; each is in one list at most.

    ``failing`` are violated now and were not before, ``fixed`` the other way
    round.  ``decided`` are met, and the earlier run had not decided them;
    ``undecided`` were decided then and are left open by this run.
    """

    baseline: Baseline
    failing: tuple[str, ...] = ()
    fixed: tuple[str, ...] = ()
    decided: tuple[str, ...] = ()
    undecided: tuple[str, ...] = ()

    @property
    def groups(self) -> tuple[tuple[str, tuple[str, ...]], ...]:
        """The lists that are not empty, each with its name, in the order of their weight."""
        named = (
            ("newly failing", self.failing),
            ("fixed", self.fixed),
            ("newly decided", self.decided),
            ("not decided any more", self.undecided),
        )
        return tuple((name, ids) for name, ids in named if ids)


@dataclass(frozen=True, slots=True)
class RunResult:
    """Everything a report needs to know about one finished run.

    ``notices`` are sentences that a reader needs before anything else: the
    target is another service (then ``is_stranger`` is true), or went away (``gone``
    says how), or a limit of the user was reached (``spent`` says which).
    """

    info: RunInfo
    results: tuple[RequirementResult, ...]
    exit_code: ExitCode
    exit_reason: str
    requests: Mapping[str, int]
    leaks: tuple[str, ...] = ()
    internal_errors: tuple[str, ...] = ()
    notices: tuple[str, ...] = ()
    is_stranger: bool = False
    gone: str | None = None
    spent: str | None = None
    exchanges: Mapping[str, RecordedExchange] | None = None
    #: What happened since an earlier run, where one was named.
    changes: Changes | None = None
