"""Looks at a target before the first test: reachable, an HTTP service, credentials accepted, OSS Vectors at all."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from conformance.contract.loader import load_contract
from conformance.oracle.body import read_json
from conformance.oracle.envelope import describe, error_of, told_time
from conformance.report.text import clip, count
from conformance.suite.delivery import PROBE, is_own_answer
from conformance.suite.events import is_denied
from conformance.suite.names import Names
from conformance.wire.addressing import Addressing, locate
from conformance.wire.exchange import Exchange, FailureKind, Request, Response
from conformance.wire.session import WireSession

_REFUSED_CREDENTIALS = {
    "InvalidAccessKeyId": "it does not know the access key id",
    "SignatureDoesNotMatch": "the signature does not match: check the secret, the region and the account id",
    "RequestTimeTooSkewed": "the clock of this machine is further off than signatures allow",
    "AccessDenied": "access is denied",
}
_HINTS = {
    FailureKind.REFUSED: "nothing listens there",
    FailureKind.RESOLVE: "the host name does not resolve",
    FailureKind.TIMEOUT: "it does not answer in time",
}
_MINUTE = timedelta(minutes=1)
_WORTH_SAYING = _MINUTE
_GATEWAY_STATUSES = frozenset({502, 503, 504})
_REDIRECTS = frozenset({301, 302, 303, 307, 308})
_NOT_OFFERED = 501
_LISTING = "ListAllMyBucketsResult"
_DESCRIPTION = "BucketInfo"
_EXCERPT = 60
_SENTENCE = 200


@dataclass(frozen=True, slots=True)
class Look:
    """What the look at a target showed.

    ``problem`` is one sentence on why no test can run against it, ``stranger``
    one on why it is not taken for OSS Vectors; both are ``None`` for a target
    that is worth all tests.  ``notice`` is for the reader of the report.
    """

    problem: str | None = None
    stranger: str | None = None
    notice: str | None = None


def look_at(
    session: WireSession, given: str | None = None, other: Callable[[], WireSession] | None = None
) -> Look:
    """Send two signed reads, which create nothing: of all buckets, and of ``given`` or a bucket that does not exist.

    ``other`` makes a session that names buckets in the other way, for a target
    whose answer to the second read fits no bucket.  Whatever is no obstacle to
    testing is for the tests to judge.
    """
    first = session.send(PROBE)
    problem = _problem(session, first)
    denied = is_denied(first)
    if problem is not None and not denied:
        return Look(session.redactor.text(problem))
    # No worker has this letter, so the bucket is not created later either.
    bucket = given or Names(session.run_id, "0").bucket()
    second = session.send(_description_of(bucket))
    if problem is not None and is_denied(second):
        # One operation may be closed to an account's user; both are hardly ever.
        return Look(session.redactor.text(problem))
    unreachable = _unreachable_bucket(session, second)
    if unreachable is not None:
        return Look(unreachable)
    misread = _misread_address(session, other, second) if other is not None else None
    if misread is not None:
        return Look(session.redactor.text(misread))
    unusable = _unusable(second) if given is not None else None
    if unusable is not None:
        return Look(session.redactor.text(unusable))
    stranger = _stranger(first, second)
    return Look(
        stranger=session.redactor.text(stranger) if stranger is not None else None,
        notice=_clock_notice(first),
    )


def preflight_problem(session: WireSession) -> str | None:
    """One sentence on why no request can be served by the target, or ``None``; sends one signed read."""
    exchange = session.send(PROBE)
    if is_denied(exchange):
        # Whether the operations that matter are allowed, only they can tell.
        return None
    problem = _problem(session, exchange)
    return session.redactor.text(problem) if problem is not None else None


def _problem(session: WireSession, exchange: Exchange) -> str | None:
    endpoint = session.target.endpoint.text
    response = exchange.response
    if response is None:
        return f"The endpoint {endpoint} cannot be used: {_why_unanswered(exchange)}."
    if response.status in _REDIRECTS:
        # Masked before it is cut, because half a secret would not be recognised.
        place = clip(session.redactor.text(response.header("Location") or "nowhere"), _EXCERPT)
        return (
            f"The endpoint {endpoint} redirects to {place} ({response.status}), and redirects are never "
            "followed, because they would carry signed requests elsewhere: give the final address."
        )
    skew, most = clock_skew(exchange), load_contract().clock_skew
    if abs(skew) > most:
        return (
            f"The clock of this machine is {_minutes(skew)} the endpoint's ({endpoint}), and signatures are valid "
            f"for {most // _MINUTE} minutes: set the clock."
        )
    if is_own_answer(response):
        error = error_of(response) if response.status in (401, 403) else None
        if error is None or error.code not in _REFUSED_CREDENTIALS:
            return None
        hint = _REFUSED_CREDENTIALS[error.code]
        return f"The endpoint {endpoint} refuses the credentials: {hint} ({error.code})."
    if response.status in _GATEWAY_STATUSES:
        return (
            f"The endpoint {endpoint} cannot be used: it answers {_shape(response)}, as a gateway does that "
            "has no service behind it."
        )
    return None


def clock_skew(exchange: Exchange) -> timedelta:
    """How far the Date of an answer is ahead of this machine's clock, at least; zero where it tells nothing.

    The answer was made some time between sending and receiving, and a Date has
    whole seconds, so only what lies outside of that is skew.
    """
    moment = told_time(exchange)
    if moment is None:
        return timedelta(0)
    latest = exchange.started + timedelta(seconds=exchange.elapsed)
    if moment > latest:
        return moment - latest
    return min(moment + timedelta(seconds=1) - exchange.started, timedelta(0))


def _minutes(skew: timedelta) -> str:
    minutes = round(abs(skew) / _MINUTE)
    return f"{count(minutes, 'minute')} {'behind' if skew > timedelta(0) else 'ahead of'}"


def _clock_notice(exchange: Exchange) -> str | None:
    skew = clock_skew(exchange)
    if abs(skew) <= _WORTH_SAYING:
        return None
    return f"The clock of this machine is about {_minutes(skew)} the endpoint's."


def _why_unanswered(exchange: Exchange) -> str:
    failure = exchange.failure
    if failure is None:
        return "it gave no answer"
    hint = _HINTS.get(failure.kind)
    if hint is not None:
        return hint
    words = clip(failure.message, _SENTENCE).rstrip(".")
    return f"{words[:1].lower()}{words[1:]}"


def _unreachable_bucket(session: WireSession, exchange: Exchange) -> str | None:
    """The service host answers, but hosts of buckets do not even exist or have no certificate."""
    failure = exchange.failure
    if failure is None or failure.kind not in (FailureKind.RESOLVE, FailureKind.TLS, FailureKind.REFUSED):
        return None
    return (
        f"The endpoint {session.target.endpoint.text} answers, but hosts of buckets such as "
        f"{clip(exchange.host, _SENTENCE)} cannot be used: {_why_unanswered(exchange)}; set up a wildcard for "
        "them, or give --addressing path."
    )


def _misread_address(
    session: WireSession, other: Callable[[], WireSession], exchange: Exchange
) -> str | None:
    """The target finds buckets where the run does not name them: in the path, or in the Host header.

    Seen from three sides, as a fault of GetVectorBucket must not look like this:
    the read fits no bucket, also when it is repeated, and it does in the other way.
    """
    bucket, target = exchange.bucket, session.target
    if exchange.response is None or bucket is None or _fits_a_bucket(exchange):
        return None
    if not locate(target.other_way, bucket).url.startswith(f"{target.endpoint.text}/"):
        # A machine of its own for each bucket, which nobody may have set up.
        return None
    if _fits_a_bucket(session.send(_description_of(bucket))):
        return None
    with other() as otherwise:
        if not _fits_a_bucket(otherwise.send(_description_of(bucket))):
            return None
    place = "Host header" if target.addressing is Addressing.VIRTUAL_HOST else "path"
    return (
        f"The endpoint {target.endpoint.text} does not find the bucket of a request in its {place}: GetVectorBucket "
        f"was answered {_shape(exchange.response)}; give --addressing {target.other_way.addressing}, which it "
        "understands."
    )


def _description_of(bucket: str) -> Request:
    return Request("GetVectorBucket", "GET", "bucketInfo", bucket)


def _fits_a_bucket(exchange: Exchange) -> bool:
    """Whether an answer of GetVectorBucket is about the bucket, there or not."""
    response = exchange.response
    if response is None:
        return False
    error = error_of(response)
    return _has(response, _DESCRIPTION) or (error is not None and error.code == "NoSuchBucket")


def _unusable(exchange: Exchange) -> str | None:
    """Why the bucket of --bucket cannot be the home of a run, from the answer of GetVectorBucket."""
    response = exchange.response
    if response is None:
        return f"--bucket: {exchange.bucket} cannot be looked at: {_why_unanswered(exchange)}."
    if response.status < 300 or response.status == _NOT_OFFERED or not is_own_answer(response):
        return None
    return f"--bucket: {exchange.bucket} cannot be used: {clip(describe(response), _SENTENCE).rstrip('.')}."


def _stranger(first: Exchange, second: Exchange) -> str | None:
    """Why the target is not taken for OSS Vectors.

    Any answer with a sign of the service is enough: its request id, its error
    envelope, a listing of buckets, the description of a bucket, or 501 for
    what an emulator does not offer yet.
    """
    answers = [exchange.response for exchange in (first, second) if exchange.response is not None]
    if second.response is not None and _is_listing(second.response):
        return (
            "The answers of the endpoint belong to other requests: GetVectorBucket was answered with a list "
            "of buckets."
        )
    if not answers or any(map(_is_sign, answers)):
        return None
    shapes = [_shape(response) for response in answers]
    if len(set(shapes)) == 1:
        return f"The endpoint does not look like OSS Vectors: it answers {shapes[0]}."
    return (
        f"The endpoint does not look like OSS Vectors: it answers ListVectorBuckets with {shapes[0]} and "
        f"GetVectorBucket with {shapes[1]}."
    )


def _is_sign(response: Response) -> bool:
    return (
        response.status == _NOT_OFFERED
        or is_own_answer(response)
        or _has(response, _LISTING)
        or _has(response, _DESCRIPTION)
    )


def _is_listing(response: Response) -> bool:
    return response.status < 300 and _has(response, _LISTING) and not _has(response, _DESCRIPTION)


def _has(response: Response, member: str) -> bool:
    try:
        value = read_json(response.body)
    except ValueError:
        return False
    return isinstance(value, dict) and member in value


def _shape(response: Response) -> str:
    """An answer in a few words: ``200 text/html (<html>)``."""
    body = response.body
    if not body:
        return f"{response.status} without a body"
    kind = (response.header("Content-Type") or "").partition(";")[0].strip() or "without a content type"
    try:
        start = clip(body.decode(), _EXCERPT)
    except UnicodeDecodeError:
        start = f"{count(len(body), 'byte')} that are no text"
    return f"{response.status} {clip(kind, _EXCERPT)} ({start})"
