"""Everything a run needs to know, as one immutable object that workers can be sent."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from conformance.contract.model import Need, Profile
from conformance.suite.shards import Shard
from conformance.wire.addressing import Addressing, Target
from conformance.wire.endpoint import parse_endpoint


@dataclass(frozen=True, slots=True)
class RunSettings:
    """One run: the target, what to select, and how patient to be.

    Times are in seconds.  Secrets are not in here: each process reads them from
    its environment.  ``temporary_key`` says whether they are temporary; ``None``
    while nobody has looked, when nothing is left out on that account.
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
    #: Where violations are written as entries of a known-deviations file, after the run.
    write_known_deviations: str | None = None
    #: Report of an earlier run that this one is compared with.
    baseline_report: str | None = None
    connect_timeout: float = 5.0
    read_timeout: float = 30.0
    visibility_timeout: float = 5.0
    min_recall: float = 1.0
    ca_file: str | None = None
    #: Whether each process asks the default chain of the credentials library for its key.
    credentials_chain: bool = False
    #: Requests per second by operation; operations without an entry have no limit.
    rates: dict[str, float] = field(default_factory=dict)
    max_requests: int | None = None
    max_duration: float | None = None
    max_resources: int | None = None
    #: A bucket of the user's that all workers use, see :mod:`conformance.suite.borrowed`.
    bucket: str | None = None
    #: Where the keys come from, see :mod:`conformance.wire.credential_profiles`; ``None`` for the environment.
    credentials_profile: str | None = None
    #: The part of the tests to run, as :class:`conformance.suite.shards.Shard` writes it.
    shard: str | None = None
    #: Release whose requirements are selected, with the levels they had then.
    requirement_set: str | None = None
    #: The configuration file that was read.
    configuration: str | None = None
    #: Database that the workers share, see :mod:`conformance.wire.meter`; ``None`` for one process.
    meter: str | None = None
    #: End of the run by ``max_duration``, as seconds since the epoch.
    deadline: float | None = None
    #: Why the target is not taken for OSS Vectors at all, from a look at it before the first test.
    stranger: str | None = None
    temporary_key: bool | None = None

    @property
    def is_limited(self) -> bool:
        """Whether requests are paced or counted."""
        limits = (self.max_requests, self.max_duration, self.max_resources)
        return bool(self.rates) or any(limit is not None for limit in limits)

    @property
    def narrowed(self) -> bool:
        """Whether the user chose operations or requirements."""
        return bool(self.operations or self.requirements)

    def holds(self, test: str) -> bool:
        """Whether a test is in the run's shard, by its id without folders; a run that is no shard holds all."""
        return self.shard is None or Shard.parse(self.shard).holds(test)

    def lacks(self, need: Need | None) -> bool:
        """Whether the run's access key is of another kind than a requirement needs."""
        if need is None or self.temporary_key is None:
            return False
        return self.temporary_key is not (need is Need.TEMPORARY_KEY)

    @property
    def is_distant(self) -> bool:
        """Whether the target is another machine, which may cost money and has other users."""
        return not (self.embedded or self.target.endpoint.is_loopback)

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
