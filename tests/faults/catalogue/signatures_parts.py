"""What the faults of authentication share: replacing its steps, and signatures over something else."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from oss_vectors_emulator.auth import Authenticator, Claim
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Request
from tests.faults import changes as c
from tests.faults.model import Change, Fault

_A = Authenticator


def authentication(**members: Any) -> Change:
    """Replace steps of authentication."""
    return c.part("authenticator", **members)


def signing_fault(
    name: str, clause: str, summary: str, change: Change, *also: str, temporary_key: bool = False
) -> Fault:
    """A fault that violates one clause about signing."""
    return Fault(f"Signing.{name}", f"Signing.{clause}", summary, change, also, temporary_key=temporary_key)


def computed(change: Any) -> Change:
    """Compute the signature over something else than the request; what no longer differs is unchecked."""

    def check_signature(self: Any, request: Request, address: Any, claim: Claim, credential: Any) -> None:
        try:
            _A.check_signature(self, request, address, claim, credential)
        except ServiceError:
            for other in change(self, request, address, claim, credential):
                if _A.expected_signature(self, *other) == claim.provided:
                    return
            raise

    return authentication(check_signature=check_signature)


def without_header(request: Request, name: str) -> Request:
    """The request without a header."""
    return replace(request, headers=tuple((n, v) for n, v in request.headers if n.lower() != name))


def with_header(request: Request, name: str, value: str) -> Request:
    """The request with another value of a header."""
    return replace(
        without_header(request, name), headers=(*without_header(request, name).headers, (name, value))
    )


def query_prefixes(request: Request) -> list[Request]:
    """The request with any one parameter left out."""
    pieces = request.raw_query.split("&")
    return [replace(request, raw_query="&".join(pieces[:at] + pieces[at + 1 :])) for at in range(len(pieces))]
