"""Access keys of a role, found and renewed by Alibaba Cloud's credentials library (the extra ``credentials``).

The library's default chain looks at its own variables, OIDC, the profiles of the
command line tool and of its own file, the metadata service of a machine, and a
URI, in this order (credentials-python, README, Credential provider chain).  It
renews a key 15 minutes before the key expires, but only when it is asked.
"""

from __future__ import annotations

import functools
import importlib
import logging
import re
import threading
import time
from collections.abc import Callable, Iterator
from typing import Protocol

from conformance.wire.credentials import Credentials, CredentialsError, checked

PACKAGE = "alibabacloud-credentials"
INSTALL = "pip install 'alibabacloud-credentials>=1.0.12,<2'"
_MODULE = "alibabacloud_credentials.client"
_LOGGER = "credentials"
# Far more often than keys expire, far more seldom than requests are sent.
_ASK_AGAIN_AFTER = 30.0
# Its messages quote what a service answered, which may be keys: only these words of it are repeated.
_PROVIDER = re.compile(
    r"\b(EnvironmentVariable|OIDCRoleArn|CLIProfile|Profile|EcsRamRole|URL)CredentialsProvider: "
)
_STATUS = re.compile(r"http_?code\W{1,3}(\d{3})\b", re.IGNORECASE)


class Model(Protocol):
    """What the library gives: one key, all parts of which belong together."""

    @property
    def access_key_id(self) -> str | None:
        """The id."""

    @property
    def access_key_secret(self) -> str | None:
        """The secret."""

    @property
    def security_token(self) -> str | None:
        """The token of a temporary key."""


class Client(Protocol):
    """The part of the library's client that is used."""

    def get_credential(self) -> Model:
        """The key to use now; the library remembers it and renews it."""


class KeyChain:
    """The keys of the library's default chain, one after another as they expire.

    ``problem`` says why the key could not be renewed, if so; the last one is
    given until it expires, which is long enough to clean up with it.
    """

    def __init__(self, client: Client, clock: Callable[[], float] = time.monotonic) -> None:
        """Ask for the first key; raises :class:`CredentialsError` when there is none."""
        self._client = client
        self._clock = clock
        self._lock = threading.Lock()
        self.problem: str | None = None
        self._key = self._fetched()
        self._asked = clock()

    def current(self) -> Credentials:
        """The key to sign with now."""
        with self._lock:
            if self.problem is None and self._clock() - self._asked >= _ASK_AGAIN_AFTER:
                self._asked = self._clock()
                try:
                    self._key = self._fetched()
                except CredentialsError as problem:
                    self.problem = f"the access key could not be renewed: {str(problem).rstrip('.')}"
            return self._key

    def _fetched(self) -> Credentials:
        try:
            found = self._client.get_credential()
        except Exception as problem:  # noqa: BLE001 - whatever its providers raise, and they raise anything
            # Not "from problem": a traceback would quote the message.
            raise CredentialsError(f"{PACKAGE} finds no key{_tried(str(problem))}.") from None
        if not found.access_key_id or not found.access_key_secret:
            raise CredentialsError(f"{PACKAGE} gives a key that is not complete.")
        return checked(found.access_key_id, found.access_key_secret, found.security_token or "", PACKAGE)


@functools.cache
def default_chain() -> KeyChain:
    """The chain of this process: asked for once, so that a run fetches one key per process and renews it.

    Raises :class:`CredentialsError` where the library is missing or finds nothing.
    """
    try:
        client = importlib.import_module(_MODULE).Client
    except ImportError as problem:
        raise CredentialsError(
            f"The Python package {PACKAGE} is not installed; install it with: {INSTALL}"
        ) from problem
    # Its loggers write to standard error what a service answered.
    logging.getLogger(_LOGGER).disabled = True
    return KeyChain(client())


def _tried(message: str) -> str:
    """Which providers were asked in vain, without a word of theirs."""
    tried = list(_names(message))
    return f"; it looked at {', '.join(tried)}" if tried else ""


def _names(message: str) -> Iterator[str]:
    found = list(_PROVIDER.finditer(message))
    for place, one in enumerate(found):
        end = found[place + 1].start() if place + 1 < len(found) else len(message)
        status = _STATUS.search(message, one.end(), end)
        yield f"{one[1]} (HTTP {status[1]})" if status is not None else one[1]
