"""The least time that requests can take: at the rates of a service, and at its latency."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Bound:
    """The least time for some requests, in seconds, and what sets it.

    ``by_rate`` is what the most limited operation needs at its rate,
    ``by_latency`` what all requests need one after another on each of the
    ``connections``; the larger is the bound.
    """

    by_rate: float
    by_latency: float
    limited_by: str | None
    latency: float
    connections: int

    @property
    def seconds(self) -> float:
        """The larger of the two."""
        return max(self.by_rate, self.by_latency)

    def __str__(self) -> str:
        """One sentence for people."""
        parts = []
        if self.limited_by is not None:
            parts.append(f"{self.by_rate:.0f} s for {self.limited_by} at its rate")
        connections = "one connection" if self.connections == 1 else f"{self.connections} connections"
        parts.append(
            f"{self.by_latency:.0f} s for all requests at {1000 * self.latency:.0f} ms on {connections}"
        )
        return f"at least {self.seconds:.0f} s ({', '.join(parts)})"


def lower_bound(
    requests: Mapping[str, int], rates: Mapping[str, float], *, latency: float, connections: int
) -> Bound:
    """The least time for requests, planned or counted; ``rates`` in requests per second, ``latency`` in seconds."""
    needed = {name: requests.get(name, 0) / rate for name, rate in rates.items()}
    limited_by = max(needed, key=needed.__getitem__, default=None)
    return Bound(
        needed[limited_by] if limited_by is not None else 0.0,
        sum(requests.values()) * latency / connections,
        limited_by,
        latency,
        connections,
    )
