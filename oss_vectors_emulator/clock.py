"""The emulator's only source of time, so that tests can move it."""

from __future__ import annotations

import time
from datetime import UTC, datetime


class Clock:
    """Wall clock for dates and signatures, monotonic clock for rates and visibility."""

    def now(self) -> datetime:
        """Current UTC time."""
        return datetime.now(UTC)

    def monotonic(self) -> float:
        """Seconds on a clock that never jumps."""
        return time.monotonic()


def iso_millis(moment: datetime) -> str:
    """``2013-07-31T10:56:21.000Z``, the form of CreationDate and createTime on the pages."""
    return moment.strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
