"""Turns the authentication of a case into a signer and a tampering step."""

from __future__ import annotations

import dataclasses
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta

import requests
from requests.auth import AuthBase

from conformance.cases.case import Authentication
from conformance.wire.addressing import Target
from conformance.wire.credentials import Credentials
from conformance.wire.signing import Anonymous, HeaderSignature, UrlSignature

Tamper = Callable[[requests.PreparedRequest], None]

_INSIDE = timedelta(minutes=14)
_OUTSIDE = timedelta(minutes=16)
_UNKNOWN_KEY_ID = "conformanceUnknownKeyId0"


@dataclass(frozen=True, slots=True)
class Signing:
    """How one request is signed: ``None`` as auth means the run's own signature."""

    auth: AuthBase | None = None
    tamper: Tamper | None = None


def signing_for(
    authentication: Authentication,
    target: Target,
    credentials: Credentials | None,
    bucket: str | None,
    now: Callable[[], datetime],
) -> Signing:
    """The signer for a case; everything but the run's own signature is made here."""
    if authentication is Authentication.RUN:
        return Signing()
    if authentication is Authentication.UNSIGNED or credentials is None:
        return Signing(Anonymous())

    def header(**changes: object) -> HeaderSignature:
        signer = HeaderSignature(credentials, target.region, target.account_id, bucket, now=now)
        return dataclasses.replace(signer, **changes)  # type: ignore[arg-type]

    def url(**changes: object) -> UrlSignature:
        signer = UrlSignature(credentials, target.region, target.account_id, bucket, now=now)
        return dataclasses.replace(signer, **changes)  # type: ignore[arg-type]

    wrong_secret = dataclasses.replace(
        credentials, access_key_secret=credentials.access_key_secret[::-1] + "x"
    )
    unknown = dataclasses.replace(credentials, access_key_id=_UNKNOWN_KEY_ID, security_token=None)
    stray = dataclasses.replace(credentials, security_token="conformance-stray-token")  # noqa: S106 - invented
    makers: dict[Authentication, Callable[[], Signing]] = {
        Authentication.UNKNOWN_KEY: lambda: Signing(header(credentials=unknown)),
        Authentication.WRONG_SECRET: lambda: Signing(header(credentials=wrong_secret)),
        Authentication.STRAY_TOKEN: lambda: Signing(header(credentials=stray)),
        Authentication.WRONG_REGION: lambda: Signing(header(scope_region=_other_region(target.region))),
        Authentication.OTHER_REGION: lambda: Signing(header(region=_other_region(target.region))),
        Authentication.WRONG_PRODUCT: lambda: Signing(header(product="ossvector")),
        Authentication.WRONG_SCOPE_DATE: lambda: Signing(header(scope_date=_day_before(now()))),
        Authentication.OTHER_BUCKET: lambda: Signing(header(bucket=f"{bucket}x")),
        Authentication.PAST_INSIDE: lambda: Signing(header(clock_offset=-_INSIDE)),
        Authentication.PAST_OUTSIDE: lambda: Signing(header(clock_offset=-_OUTSIDE)),
        Authentication.FUTURE_INSIDE: lambda: Signing(header(clock_offset=_INSIDE)),
        Authentication.FUTURE_OUTSIDE: lambda: Signing(header(clock_offset=_OUTSIDE)),
        Authentication.BLANKS: lambda: Signing(header(separator=", ")),
        Authentication.ADDITIONAL_HOST: lambda: Signing(header(additional_headers=("host",))),
        Authentication.CONTENT_MD5: lambda: Signing(header(content_md5=True)),
        Authentication.URL: lambda: Signing(url()),
        Authentication.URL_EXPIRED: lambda: Signing(url(clock_offset=timedelta(hours=-1), expires=60)),
        Authentication.TAMPERED_HEADER: lambda: Signing(header(), _change_content_type),
        Authentication.TAMPERED_QUERY: lambda: Signing(header(), _add_parameter),
        Authentication.TAMPERED_METHOD: lambda: Signing(header(), _change_method),
        Authentication.TAMPERED_URL: lambda: Signing(url(), _add_parameter),
        Authentication.UNREADABLE: lambda: Signing(header(), _cut_authorization),
    }
    return makers[authentication]()


def _day_before(moment: datetime) -> str:
    return f"{moment - timedelta(days=1):%Y%m%d}"


def _other_region(region: str) -> str:
    return "cn-shanghai" if region != "cn-shanghai" else "cn-beijing"


def _change_content_type(prepared: requests.PreparedRequest) -> None:
    prepared.headers["Content-Type"] = "application/json; changed=after-signing"


def _add_parameter(prepared: requests.PreparedRequest) -> None:
    prepared.url = f"{prepared.url}&conformance=added"


def _change_method(prepared: requests.PreparedRequest) -> None:
    # From one documented operation to another (GetBucketPolicy to DeleteBucketPolicy), so that
    # routing has nothing to object to.
    prepared.method = "DELETE"


def _cut_authorization(prepared: requests.PreparedRequest) -> None:
    head, _, _ = str(prepared.headers["Authorization"]).partition("Signature=")
    prepared.headers["Authorization"] = head.rstrip(",")
