"""Access keys: where they come from, and how they stay out of every output."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

ACCESS_KEY_ID = "OSS_ACCESS_KEY_ID"
ACCESS_KEY_SECRET = "OSS_ACCESS_KEY_SECRET"  # noqa: S105 - the name of a variable
SESSION_TOKEN = "OSS_SESSION_TOKEN"  # noqa: S105 - as above


class CredentialsError(ValueError):
    """A source of keys has none, half of a pair, or a value that no header can carry; says which and why."""


@dataclass(frozen=True, slots=True, repr=False)
class Credentials:
    """An access key pair, with a security token when it is temporary (STS).

    Neither ``repr`` nor ``str`` shows the secret or the token, because both end
    up in assertion messages and tracebacks.
    """

    access_key_id: str
    access_key_secret: str
    security_token: str | None = None

    def __repr__(self) -> str:
        token = "None" if self.security_token is None else "'***'"
        return (
            f"Credentials(access_key_id={self.access_key_id!r}, "
            f"access_key_secret='***', security_token={token})"
        )

    __str__ = __repr__


def from_environment(env: Mapping[str, str]) -> Credentials | None:
    """Credentials from the variables the official SDKs read, ``None`` when there are none.

    Half a pair is an error rather than ``None``: a run that silently turned
    anonymous would report every request as wrongly refused.
    """
    key_id = env.get(ACCESS_KEY_ID, "")
    secret = env.get(ACCESS_KEY_SECRET, "")
    token = env.get(SESSION_TOKEN, "")
    if not key_id and not secret:
        return None
    for name, value in ((ACCESS_KEY_ID, key_id), (ACCESS_KEY_SECRET, secret)):
        if not value:
            other = ACCESS_KEY_SECRET if name == ACCESS_KEY_ID else ACCESS_KEY_ID
            raise CredentialsError(f"{other} is set but {name} is not; set both or neither.")
    for name, value in ((ACCESS_KEY_ID, key_id), (ACCESS_KEY_SECRET, secret), (SESSION_TOKEN, token)):
        if not _is_bare(value):
            # A stray newline from a secrets file is the usual cause; signing with
            # it would fail on the server with a message that points elsewhere.
            raise CredentialsError(
                f"{name} contains a blank, a line break or a non-ASCII character; set it to the bare value."
            )
    return Credentials(key_id, secret, token or None)


def checked(key_id: str, secret: str, token: str, origin: str) -> Credentials:
    """Credentials that something else than the environment gave; raises :class:`CredentialsError`."""
    if not all(map(_is_bare, (key_id, secret, token))):
        raise CredentialsError(
            f"A key from {origin} contains a blank, a line break or a non-ASCII character."
        )
    return Credentials(key_id, secret, token or None)


def _is_bare(value: str) -> bool:
    """Whether a header can carry it as it is."""
    return all("!" <= char <= "~" for char in value)
