"""What a fault is: one documented behaviour of the emulator, replaced by a wrong one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from fnmatch import fnmatchcase

from oss_vectors_emulator.app import EmulatorApp
from oss_vectors_emulator.behaviour import Behaviour

Change = Callable[[Behaviour], Behaviour]


@dataclass(frozen=True, slots=True)
class Fault:
    """One mistake an implementer could make.

    ``requirement`` is the clause it violates.  ``also`` lists ids or globs of clauses that name the same
    mistake as fairly, because the pages state one rule in two places; a report under any of them is right.
    ``addressing`` is how the suite must name buckets to be able to see it: a host name has no upper case.
    ``temporary_key`` gives the suite a key with a security token, without which it could not see it either.
    """

    name: str
    requirement: str
    summary: str
    apply: Change
    also: tuple[str, ...] = ()
    app: type[EmulatorApp] = EmulatorApp
    addressing: str = "virtual-host"
    temporary_key: bool = False

    @property
    def operation(self) -> str:
        """The operation, or common layer, whose clause is violated."""
        return self.requirement.partition(".")[0]

    def is_named_by(self, requirement: str) -> bool:
        """Whether a report under this requirement describes the fault."""
        return any(fnmatchcase(requirement, pattern) for pattern in (self.requirement, *self.also))


def unchanged(behaviour: Behaviour) -> Behaviour:
    """The behaviour as it is, for faults that sit in the application around it."""
    return behaviour
