"""Typed objects of the contract: operations, error codes and requirements.

Everything here is immutable and free of I/O; ``loader`` fills it from
``openapi/`` so that cases, oracle and reports share one reading of the
documents.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

JsonSchema = Mapping[str, Any]


class Level(enum.StrEnum):
    """What a violation of a requirement means for the run.

    ``must`` fails it, ``should`` warns (and fails under ``--strict``),
    ``probe`` never decides anything: the behaviour is recorded only.
    """

    MUST = "must"
    SHOULD = "should"
    PROBE = "probe"


class Strength(enum.StrEnum):
    """How firmly a fact is documented, strongest first."""

    SEED = "seed"
    DOC = "doc"
    SDK = "sdk"
    INFERRED = "inferred"


class Profile(enum.StrEnum):
    """The smallest profile that decides a requirement; each contains the ones before it."""

    SMOKE = "smoke"
    CORE = "core"
    FULL = "full"
    FUZZ = "fuzz"

    @property
    def rank(self) -> int:
        """Position in the order smoke < core < full < fuzz, to compare profiles."""
        return list(Profile).index(self)


class Need(enum.StrEnum):
    """What a run must have for a requirement to be decidable at all."""

    PERMANENT_KEY = "permanent-key"
    TEMPORARY_KEY = "temporary-key"

    @property
    def reason(self) -> str:
        """Why a run without it does not decide the requirement."""
        if self is Need.TEMPORARY_KEY:
            return "needs temporary credentials (OSS_SESSION_TOKEN)"
        return "needs a permanent access key (no OSS_SESSION_TOKEN)"


@dataclass(frozen=True, slots=True)
class Source:
    """Where a fact is written: the document, its section and the date it showed."""

    document: str
    section: str
    date: str | None = None

    def __str__(self) -> str:
        text = f"{self.document}, {self.section}"
        return f"{text} ({self.date})" if self.date else text


ANY_4XX = tuple(range(400, 500))


@dataclass(frozen=True, slots=True)
class Expect:
    """The admissible answer to a request that exercises a requirement.

    ``statuses`` is empty where the requirement is not about a status, and
    :data:`ANY_4XX` where the documents only say that the request is not served.
    ``codes`` is empty where they name no error code; then any code inside the
    documented envelope is admissible.
    """

    statuses: tuple[int, ...] = ()
    codes: tuple[str, ...] = ()

    @property
    def is_success(self) -> bool:
        """True when the requirement expects the request to be served."""
        return bool(self.statuses) and all(status < 300 for status in self.statuses)

    def admits(self, status: int, code: str | None) -> bool:
        """Whether an answer with this status and error code is admissible."""
        return status in self.statuses and (not self.codes or code in self.codes)

    def describe(self) -> str:
        """One phrase for people: ``400 VectorIndexParameterInvalid or MalformedJson``."""
        if not self.statuses:
            return "as stated"
        status = "any 4xx" if self.statuses == ANY_4XX else " or ".join(map(str, self.statuses))
        return f"{status} {' or '.join(self.codes)}".strip()


@dataclass(frozen=True, slots=True)
class Requirement:
    """One documented clause that an implementation can violate.

    The id is an API: it is never renamed, only retired.
    """

    id: str
    operation: str
    statement: str
    source: Source
    strength: Strength
    level: Level
    expect: Expect
    profile: Profile = Profile.CORE
    claims: tuple[str, ...] = ()
    excluded: str | None = None
    needs: Need | None = None

    @property
    def side(self) -> str | None:
        """``accepted`` or ``rejected`` for one side of a limit, else ``None``."""
        last = self.id.rsplit(".", 1)[-1]
        return last if last in ("accepted", "rejected") else None


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """A documented error code of one operation with its HTTP status."""

    code: str
    status: int
    strength: Strength


@dataclass(frozen=True, slots=True)
class Operation:
    """One API operation as the OpenAPI document describes it."""

    name: str
    method: str
    query: str | None
    scope: str
    path: str
    success_status: int
    request_schema: JsonSchema | None
    response_schema: JsonSchema | None
    request_examples: Mapping[str, Any]
    parameters: tuple[Mapping[str, Any], ...]
    errors: Mapping[str, ErrorCode]
    rate: float | None
    #: What a policy has to allow for it.
    ram_action: str

    @property
    def on_bucket(self) -> bool:
        """True when the operation addresses the bucket host, false for the service host."""
        return self.scope == "bucket"
