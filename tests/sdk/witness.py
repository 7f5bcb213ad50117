"""Judges what official clients send and what they are answered, as a run of the suite would.

What the clients do is legal by definition, and the emulator answers as documented: a remark of the judge is
a mistake of the judge, of the contract or of the emulator.
"""

from __future__ import annotations

import re
import threading
from collections.abc import Iterable
from datetime import UTC, datetime
from functools import cache
from urllib.parse import parse_qsl, urlsplit

from conformance.contract.loader import Contract, load_contract
from conformance.oracle.answer import Settings
from conformance.oracle.check import Check
from conformance.oracle.judge import Judge
from conformance.oracle.model import Model
from conformance.wire.exchange import Exchange, Response

_BUCKET_HOST = re.compile(r"(?P<bucket>[a-z0-9-]+)-[0-9]+\..*")
_NO_SUBRESOURCES = {"prefix", "marker", "max-keys"}


@cache
def contract() -> Contract:
    """The contract, loaded once."""
    return load_contract()


@cache
def _names() -> dict[tuple[str, str | None, bool], str]:
    known = contract().operations.values()
    return {(item.method, item.query, item.on_bucket): item.name for item in known}


def operation_of(method: str, query: str, on_bucket: bool) -> str:
    """The operation that a request line and its host address; empty for one that no page has."""
    keys = [name for name, _ in parse_qsl(query, keep_blank_values=True)]
    found = [key for key in keys if key not in _NO_SUBRESOURCES and not key.startswith("x-oss-")]
    return _names().get((method, found[0] if found else None, on_bucket), "")


class Witness:
    """Sees exchanges in the order of their answers."""

    def __init__(self, region: str, account: str) -> None:
        self.exchanges: list[Exchange] = []
        self._settings = Settings(region, account)
        self._lock = threading.Lock()

    def saw(
        self,
        method: str,
        target: str,
        headers: Iterable[tuple[str, str]],
        body: bytes,
        response: Response,
        *,
        signed: bool = True,
    ) -> None:
        """Take down an exchange; ``signed`` says that the target knows the keys it was signed with."""
        sent = tuple(headers)
        host = next(value for name, value in sent if name.lower() == "host")
        address = _BUCKET_HOST.fullmatch(host)
        with self._lock:
            exchange = Exchange(
                id=f"client-{len(self.exchanges) + 1:06d}",
                operation=operation_of(method, urlsplit(target).query, address is not None),
                bucket=address["bucket"] if address else None,
                method=method,
                url=f"http://{host}{target}",
                target=target,
                host=host,
                request_headers=sent,
                request_body=body,
                signed=signed,
                started=datetime.now(UTC),
                elapsed=0.0,
                response=response,
                failure=None,
            )
            self.exchanges.append(exchange)

    def of(self, operation: str) -> list[Exchange]:
        """The exchanges of one operation."""
        return [exchange for exchange in self.exchanges if exchange.operation == operation]

    def checks(self) -> list[Check]:
        """What a judge who knows of nothing else makes of the exchanges."""
        judge = Judge(contract(), Model(), self._settings)
        return [check for exchange in self.exchanges for check in judge.judge(exchange).checks]

    def remarks(self) -> list[str]:
        """What the judge holds against the target; nothing, when all was right."""
        return [
            f"{check.requirement} in {check.exchange.method} {check.exchange.target} ({check.exchange.id}):"
            f" expected {check.expected}, got {check.actual}"
            for check in self.checks()
            if not check.ok
        ]
