"""Everything a run needs to know, as one immutable object that workers can be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass
from typing import Any

from conformance.contract.model import Profile
from conformance.wire.addressing import Addressing, Target
from conformance.wire.endpoint import parse_endpoint


@dataclass(frozen=True, slots=True)
class RunSettings:
    """One run: the target, what to select, and how patient to be.

    Times are in seconds.  Secrets are not in here: each process reads them from
    its environment.
    """

    endpoint: str
    region: str
    account_id: str
    run_id: str
    embedded: bool = False
    addressing: str = Addressing.VIRTUAL_HOST.value
    virtual_host: str | None = None
    profile: str = Profile.CORE.value
    operations: tuple[str, ...] = ()
    requirements: tuple[str, ...] = ()
    seed: int = 0
    strict: bool = False
    report_dir: str | None = None
    known_deviations: str | None = None
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    visibility_timeout: float = 5.0
    min_recall: float = 1.0

    @property
    def target(self) -> Target:
        """Where requests go; raises ``EndpointError`` for an endpoint that is none."""
        return Target(
            endpoint=parse_endpoint(self.endpoint),
            region=self.region,
            account_id=self.account_id,
            addressing=Addressing(self.addressing),
            virtual_host=self.virtual_host,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain data, for a worker process."""
        return asdict(self)

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> RunSettings:
        """The settings that :meth:`to_json` wrote."""
        values = dict(data)
        for name in ("operations", "requirements"):
            values[name] = tuple(values[name])
        return cls(**values)
