"""Access keys the emulator knows."""

from __future__ import annotations

from dataclasses import dataclass

DEFAULT_ACCOUNT_ID = "1234567890123456"
DEFAULT_ACCESS_KEY_ID = "emulator-access-key"
DEFAULT_ACCESS_KEY_SECRET = "emulator-access-secret"  # noqa: S105 - a documented default, no secret


@dataclass(frozen=True, slots=True)
class Credential:
    """One access key; with a security token it is a temporary (STS) key."""

    access_key_id: str
    access_key_secret: str
    account_id: str = DEFAULT_ACCOUNT_ID
    security_token: str | None = None

    def __repr__(self) -> str:
        return f"Credential({self.access_key_id!r}, account_id={self.account_id!r})"
