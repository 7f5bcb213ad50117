"""Looks at a target before the first test: reachable, an HTTP service, credentials accepted."""

from __future__ import annotations

from conformance.oracle.envelope import error_of
from conformance.wire.exchange import FailureKind, Request
from conformance.wire.session import WireSession

_REFUSED_CREDENTIALS = {
    "InvalidAccessKeyId": "it does not know the access key id",
    "SignatureDoesNotMatch": "the signature does not match: check the secret, the region and the account id",
    "RequestTimeTooSkewed": "the clock of this machine is more than 15 minutes off",
    "AccessDenied": "access is denied",
}
_HINTS = {
    FailureKind.REFUSED: "nothing listens there",
    FailureKind.RESOLVE: "the host name does not resolve",
    FailureKind.TLS: "the TLS handshake failed",
    FailureKind.TIMEOUT: "it does not answer in time",
    FailureKind.PROTOCOL: "it does not speak HTTP",
}


def preflight_problem(session: WireSession) -> str | None:
    """One sentence on why no test can run against the target, or ``None``.

    Sends one signed ListVectorBuckets, which creates nothing.  Any other answer
    than a refusal of the credentials is for the tests to judge.
    """
    exchange = session.send(Request("ListVectorBuckets", "GET", "max-keys=1"))
    endpoint = session.target.endpoint.text
    if exchange.failure is not None:
        hint = _HINTS.get(exchange.failure.kind)
        return f"The endpoint {endpoint} cannot be used" + (
            f": {hint}." if hint else f". {exchange.failure.message}"
        )
    response = exchange.response
    error = error_of(response) if response is not None and response.status in (401, 403) else None
    if error is not None and error.code in _REFUSED_CREDENTIALS:
        return f"The endpoint {endpoint} refuses the credentials: {_REFUSED_CREDENTIALS[error.code]} ({error.code})."
    return None
