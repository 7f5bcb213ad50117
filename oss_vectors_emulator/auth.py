"""Verifies who sent a request, by header signature or by a signature in the URL.

Each step is a method of its own and refuses with its own code. Order: something to verify, its form, the
access key, the scope, the clock, the token, the signature. The documents fix the codes of an unsigned
request (AccessDenied, PutVectorIndex page, Error codes), an unknown key and a wrong signature (SDK live
tests); where only plain OSS is documented, the comment says so.
"""

from __future__ import annotations

import hmac
import re
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from oss_vectors_emulator import signing
from oss_vectors_emulator.addressing import Address
from oss_vectors_emulator.clock import Clock
from oss_vectors_emulator.credentials import Credential
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.limits import Limits
from oss_vectors_emulator.messages import Request

_DATE = re.compile(r"[0-9]{8}T[0-9]{6}Z", re.ASCII)
_EXPIRES = re.compile(r"[0-9]{1,9}", re.ASCII)
_CREDENTIAL_PARTS = 5
_TOKEN_NAME = "x-oss-security-token"  # noqa: S105 - the name of a header


@dataclass(frozen=True, slots=True)
class Claim:
    """What a request says about its signature, not yet verified."""

    access_key_id: str
    day: str
    region: str
    product: str
    terminator: str
    date: str
    additional: tuple[str, ...]
    provided: str
    token: str | None
    expires: int | None = None

    @property
    def scope(self) -> str:
        """``{day}/{region}/{product}/{terminator}``."""
        return f"{self.day}/{self.region}/{self.product}/{self.terminator}"


class Authenticator:
    """Signature version 4 for vector buckets."""

    def __init__(self, credentials: Iterable[Credential], region: str, limits: Limits, clock: Clock) -> None:
        self.credentials = {item.access_key_id: item for item in credentials}
        self.region = region
        self.limits = limits
        self.clock = clock

    def authenticate(self, request: Request, address: Address) -> Credential:
        """The credential that signed the request, or a refusal."""
        claim = self.read_claim(request)
        credential = self.look_up(claim)
        self.check_scope(claim)
        self.check_time(claim)
        self.check_payload_hash(request)
        self.check_token(claim, credential)
        self.check_signature(request, address, claim, credential)
        return credential

    def read_claim(self, request: Request) -> Claim:
        """The claim of the header, else of the URL; a request with neither is anonymous."""
        if request.header("authorization"):
            return self.read_header(request)
        if signing.SIGNATURE_PARAMETER in request.query or "x-oss-signature-version" in request.query:
            return self.read_url(request)
        raise ServiceError(
            "AccessDenied", "The request carries no authentication information.", "0003-00000905"
        )

    def read_header(self, request: Request) -> Claim:
        """``OSS4-HMAC-SHA256 Credential=...[,AdditionalHeaders=...],Signature=...``.

        Blanks after the commas are accepted: the pages print both forms.
        """
        algorithm, _, rest = (request.header("authorization") or "").partition(" ")
        fields = dict(_split_once(part.strip(), "=") for part in rest.split(",") if part.strip())
        if algorithm != signing.ALGORITHM or not {"Credential", "Signature"} <= fields.keys():
            # Not documented for vectors; general OSS answers 400 InvalidArgument.
            raise ServiceError("InvalidArgument", "The Authorization header cannot be understood.")
        date = request.header("x-oss-date")
        if date is None:
            # Not documented for vectors; plain OSS: "OSS authentication requires a valid Date."
            raise ServiceError("AccessDenied", "OSS authentication requires a valid x-oss-date.")
        additional = fields.get("AdditionalHeaders", "")
        return self.claim(
            fields["Credential"], date, additional, fields["Signature"], request.header(_TOKEN_NAME), None
        )

    def read_url(self, request: Request) -> Claim:
        """The ``x-oss-*`` query parameters of a signed URL."""
        query = request.query
        needed = ("x-oss-credential", "x-oss-date", "x-oss-expires", signing.SIGNATURE_PARAMETER)
        if query.get("x-oss-signature-version") != signing.ALGORITHM or not all(query.get(n) for n in needed):
            raise ServiceError(
                "InvalidArgument", "The signed URL lacks a parameter or names another version."
            )
        expires = self.expires(query["x-oss-expires"])
        additional = query.get("x-oss-additional-headers", "")
        return self.claim(
            query["x-oss-credential"],
            query["x-oss-date"],
            additional,
            query[signing.SIGNATURE_PARAMETER],
            query.get(_TOKEN_NAME),
            expires,
        )

    def expires(self, text: str) -> int:
        """Life of a signed URL in seconds, 1 to 604800 (plain OSS error page, EC 0002-00000232)."""
        seconds = int(text) if _EXPIRES.fullmatch(text) else 0
        if not 1 <= seconds <= self.limits.url_expires_max:
            raise ServiceError("InvalidArgument", "x-oss-expires is out of range.", "0002-00000232")
        return seconds

    def claim(
        self,
        credential: str,
        date: str,
        additional: str,
        provided: str,
        token: str | None,
        expires: int | None,
    ) -> Claim:
        """A claim whose parts have the right form."""
        parts = credential.rsplit("/", _CREDENTIAL_PARTS - 1)
        if len(parts) != _CREDENTIAL_PARTS or not _DATE.fullmatch(date):
            raise ServiceError("InvalidArgument", "The credential scope or x-oss-date cannot be understood.")
        key, day, region, product, terminator = parts
        names = {name.strip().lower() for name in additional.split(";")} - {""}
        return Claim(
            key, day, region, product, terminator, date, tuple(sorted(names)), provided, token, expires
        )

    def look_up(self, claim: Claim) -> Credential:
        """The access key, which must be known (message and code as the SDK live tests see them)."""
        credential = self.credentials.get(claim.access_key_id)
        if credential is None:
            raise ServiceError("InvalidAccessKeyId")
        return credential

    def check_scope(self, claim: Claim) -> None:
        """Region, product and terminator of the scope; its day must be that of x-oss-date.

        No vector page gives a code; plain OSS answers 400 InvalidArgument with these two ECs.
        """
        if claim.region != self.region:
            raise ServiceError(
                "InvalidArgument", "The region of the credential scope is wrong.", "0002-00000226"
            )
        if claim.product != signing.PRODUCT or claim.terminator != signing.TERMINATOR:
            raise ServiceError(
                "InvalidArgument", "The product of the credential scope is wrong.", "0002-00000227"
            )
        if claim.day != claim.date[:8]:
            raise ServiceError(
                "InvalidArgument", "The day of the credential scope is not that of x-oss-date."
            )

    def check_time(self, claim: Claim) -> None:
        """At most 15 minutes of skew for a header; start and end of life for a signed URL."""
        try:
            signed_at = _moment(claim.date)
        except ValueError:
            raise ServiceError("InvalidArgument", "x-oss-date is not a date.") from None
        now = self.clock.now()
        skew = timedelta(seconds=self.limits.clock_skew_seconds)
        if claim.expires is None:
            if abs(now - signed_at) > skew:
                members = {"RequestTime": _iso(signed_at), "ServerTime": _iso(now)}
                raise ServiceError("RequestTimeTooSkewed", members=members)
            return
        if signed_at - now > skew:
            raise ServiceError("AccessDenied", "The signed URL is not valid yet.", "0002-00000235")
        if now - signed_at > timedelta(seconds=claim.expires):
            raise ServiceError("AccessDenied", "Request has expired.")

    def check_payload_hash(self, request: Request) -> None:
        """Only UNSIGNED-PAYLOAD exists (plain OSS error page, EC 0002-00000214)."""
        value = request.header("x-oss-content-sha256")
        if value is not None and value.strip() != signing.UNSIGNED_PAYLOAD:
            raise ServiceError(
                "InvalidArgument", "x-oss-content-sha256 must be UNSIGNED-PAYLOAD.", "0002-00000214"
            )

    def check_token(self, claim: Claim, credential: Credential) -> None:
        """A temporary key needs its token and a permanent key has none (plain OSS, EC 0002-00000002)."""
        if (claim.token or None) != credential.security_token:
            raise ServiceError("AccessDenied", "The security token is missing or invalid.", "0002-00000002")

    def check_signature(
        self, request: Request, address: Address, claim: Claim, credential: Credential
    ) -> None:
        """The signature itself, over the ARN of the addressed bucket.

        In path style no part of the request names the account, so it is that of the access key.
        """
        expected = self.expected_signature(request, address, claim, credential)
        if not hmac.compare_digest(expected.encode(), claim.provided.encode("utf-8", "replace")):
            ec = "0002-00000201" if claim.expires is None else "0002-00000040"
            raise ServiceError("SignatureDoesNotMatch", ec=ec, members={"SignatureProvided": claim.provided})

    def expected_signature(
        self, request: Request, address: Address, claim: Claim, credential: Credential
    ) -> str:
        """What the client should have computed."""
        account = address.account or credential.account_id
        canonical = signing.canonical_request(
            request.method,
            signing.canonical_uri(claim.region, account, address.bucket, address.object_key),
            signing.canonical_query(request.query_pairs),
            signing.canonical_headers(request.header_map, claim.additional),
            ";".join(claim.additional),
        )
        return signing.signature(
            credential.access_key_secret, claim.region, claim.date, claim.scope, canonical
        )


def _split_once(text: str, separator: str) -> tuple[str, str]:
    name, _, value = text.partition(separator)
    return name.strip(), value.strip()


def _moment(date: str) -> datetime:
    """The time an x-oss-date of the right form names; ten times faster than strptime."""
    day = (int(date[0:4]), int(date[4:6]), int(date[6:8]))
    return datetime(*day, int(date[9:11]), int(date[11:13]), int(date[13:15]), tzinfo=UTC)


def _iso(moment: datetime) -> str:
    return moment.strftime("%Y-%m-%dT%H:%M:%S.000Z")
