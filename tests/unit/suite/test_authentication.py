"""What the authentication of a case puts on the wire: exactly one thing differs from a right signature."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta
from email.utils import format_datetime
from urllib.parse import parse_qsl, urlsplit

import pytest
import requests
from requests.structures import CaseInsensitiveDict

from conformance.cases.authentication import authentication_cases
from conformance.cases.case import Authentication
from conformance.cases.directed import directed_cases
from conformance.contract.loader import load_contract
from conformance.contract.model import Level
from conformance.suite import tampering
from conformance.suite.authentication import signing_for
from conformance.wire.addressing import Target
from conformance.wire.credentials import Credentials
from conformance.wire.endpoint import parse_endpoint
from conformance.wire.session import RUN_HEADER
from conformance.wire.signing import HeaderSignature, UrlSignature
from tests.unit.oracle.fake import MOMENT, reply
from tests.unit.suite.fake_session import SETTINGS, stage

NOW = datetime(2026, 11, 21, 7, 6, 50, tzinfo=UTC)
TARGET = Target(parse_endpoint("http://127.0.0.1:9000"), "cn-hangzhou", "123456")
KEY = Credentials("the-key", "the-secret")
STS = Credentials("the-key", "the-secret", "the-token")
HOST = "examplebucket-123456.cn-hangzhou.oss-vectors.aliyuncs.com"
QUERY = "listVectorIndexes"
BODY = b'{"maxResults":50}'

TEMPORARY = {one for one in Authentication if "TOKEN" in one.name and not one.name.startswith("STRAY")}
#: Forms that a right signature may have: the signer itself must find them right.
LEGAL = {
    Authentication.PAST_INSIDE,
    Authentication.FUTURE_INSIDE,
    Authentication.BLANKS,
    Authentication.ADDITIONAL_HOST,
    Authentication.ADDITIONAL_TWO,
    Authentication.CONTENT_MD5,
    Authentication.UNSIGNED_CHANGED,
    Authentication.OTHER_DATE_HEADER,
    Authentication.URL,
    Authentication.URL_OLD,
    Authentication.URL_LONGEST,
    Authentication.URL_FUTURE_INSIDE,
    Authentication.URL_ADDITIONAL_HOST,
    Authentication.URL_UNSIGNED_CHANGED,
    Authentication.TOKEN,
    Authentication.TOKEN_URL,
}
#: Signed parts that were changed: the signature itself must not fit any more.
TAMPERED = {
    Authentication.WRONG_SECRET,
    Authentication.OTHER_BUCKET,
    Authentication.TAMPERED_HEADER,
    Authentication.TAMPERED_QUERY,
    Authentication.TAMPERED_METHOD,
    Authentication.TAMPERED_DATE,
    Authentication.REMOVED_DATE,
    Authentication.TAMPERED_OSS_HEADER,
    Authentication.ADDED_OSS_HEADER,
    Authentication.TAMPERED_HOST,
    Authentication.TAMPERED_ADDITIONAL,
    Authentication.REMOVED_MD5,
    Authentication.ADDED_MD5,
    Authentication.TAMPERED_MD5,
    Authentication.TAMPERED_SHA256,
    Authentication.URL_WRONG_SECRET,
    Authentication.URL_OTHER_BUCKET,
    Authentication.TAMPERED_URL,
    Authentication.URL_TAMPERED_EXPIRES,
    Authentication.URL_TAMPERED_DATE,
    Authentication.URL_TAMPERED_METHOD,
    Authentication.URL_TAMPERED_HEADER,
    Authentication.UNSIGNED_TOKEN,
    Authentication.UNSIGNED_TOKEN_URL,
}


def sent(authentication: Authentication, now: datetime = NOW) -> requests.PreparedRequest:
    """A request as a case with this authentication leaves the suite."""
    request = requests.PreparedRequest()
    request.method, request.url, request.body = "POST", f"http://127.0.0.1:9000/?{QUERY}", BODY
    request.headers = CaseInsensitiveDict(
        {"Host": HOST, "Content-Type": "application/json", RUN_HEADER: "r1234567"}
    )
    credentials = STS if authentication in TEMPORARY else KEY
    signing = signing_for(authentication, TARGET, credentials, "examplebucket", lambda: now)
    assert signing.auth is not None
    request = signing.auth(request)
    if signing.tamper is not None:
        signing.tamper(request)
    return request


def parameters(request: requests.PreparedRequest) -> dict[str, str]:
    return dict(parse_qsl(urlsplit(request.url or "").query, keep_blank_values=True))


def fits(request: requests.PreparedRequest, credentials: Credentials) -> bool:
    """Whether the signature of a request is right for what is sent now, by signing it once more."""
    given = parameters(request)
    authorization = request.headers.get("Authorization", "")
    text = given.get("x-oss-date") or request.headers.get("x-oss-date", "")
    if not text:
        return False
    moment = datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    again = requests.PreparedRequest()
    again.method, again.body, again.headers = request.method, request.body, request.headers.copy()
    names = given.get("x-oss-additional-headers", "")
    if "x-oss-signature" in given:
        again.url = request.url
        token = given.get("x-oss-security-token")
        signed = Credentials(credentials.access_key_id, credentials.access_key_secret, token)
        UrlSignature(
            signed,
            TARGET.region,
            TARGET.account_id,
            "examplebucket",
            now=lambda: moment,
            additional_headers=tuple(names.split(";")),
            expires=given["x-oss-expires"],
        )(again)
        return parameters(again)["x-oss-signature"] == given["x-oss-signature"]
    found = re.search(r"AdditionalHeaders=([^,]*)", authorization)
    again.url = request.url
    HeaderSignature(
        Credentials(credentials.access_key_id, credentials.access_key_secret),
        TARGET.region,
        TARGET.account_id,
        "examplebucket",
        now=lambda: moment,
        additional_headers=tuple(found[1].split(";")) if found else (),
        content_sha256=request.headers.get("x-oss-content-sha256"),
    )(again)
    return again.headers["Authorization"][-64:] == authorization[-64:]


@pytest.mark.parametrize("authentication", sorted(LEGAL))
def test_a_legal_form_has_a_right_signature(authentication: Authentication) -> None:
    assert fits(sent(authentication), STS if authentication in TEMPORARY else KEY)


@pytest.mark.parametrize("authentication", sorted(TAMPERED))
def test_what_was_changed_after_signing_has_a_signature_that_does_not_fit(
    authentication: Authentication,
) -> None:
    assert not fits(sent(authentication), KEY)


@pytest.mark.parametrize("authentication", sorted(set(Authentication) - {Authentication.RUN}))
def test_every_authentication_can_be_made_and_is_used_by_a_case(authentication: Authentication) -> None:
    sent(authentication)
    assert authentication in {case.authentication for case in directed_cases()}


@pytest.mark.parametrize(
    ("authentication", "difference"),
    [
        (Authentication.PAST_INSIDE, -14),
        (Authentication.PAST_OUTSIDE, -16),
        (Authentication.FUTURE_INSIDE, 14),
        (Authentication.FUTURE_OUTSIDE, 16),
        (Authentication.URL_FUTURE_INSIDE, 14),
        (Authentication.URL_FUTURE_OUTSIDE, 16),
        (Authentication.URL_OLD, -30),
    ],
)
def test_dates_stand_well_beside_the_limit_of_15_minutes(
    authentication: Authentication, difference: int
) -> None:
    request = sent(authentication)
    date = request.headers.get("x-oss-date") or parameters(request)["x-oss-date"]
    assert date == f"{NOW + timedelta(minutes=difference):%Y%m%dT%H%M%SZ}"


@pytest.mark.parametrize(
    ("authentication", "expires"),
    [
        (Authentication.URL_LONGEST, "604800"),
        (Authentication.URL_TOO_LONG, "604801"),
        (Authentication.URL_EXPIRES_ZERO, "0"),
        (Authentication.URL_EXPIRES_NEGATIVE, "-900"),
        (Authentication.URL_EXPIRES_TEXT, "soon"),
        (Authentication.URL_NO_EXPIRES, None),
    ],
)
def test_the_life_of_a_signed_url_is_on_the_wire_as_named(
    authentication: Authentication, expires: str | None
) -> None:
    assert parameters(sent(authentication)).get("x-oss-expires") == expires


@pytest.mark.parametrize("at", ["000000", "000001", "235959"])
@pytest.mark.parametrize(
    "authentication", [Authentication.TAMPERED_DATE, Authentication.URL_TAMPERED_DATE], ids=["header", "url"]
)
def test_a_moved_date_stays_on_its_day(authentication: Authentication, at: str) -> None:
    now = datetime.strptime(f"20261121T{at}Z", "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    request = sent(authentication, now)
    date = request.headers.get("x-oss-date") or parameters(request)["x-oss-date"]
    assert date[:8] == "20261121"
    assert abs(int(date[9:15]) - int(at)) in (1, 41, 4041)


@pytest.mark.parametrize(
    ("authentication", "token"),
    [
        (Authentication.TOKEN, "the-token"),
        (Authentication.NO_TOKEN, None),
        (Authentication.WRONG_TOKEN, "conformance-stray-token"),
        (Authentication.UNSIGNED_TOKEN, "the-token"),
        (Authentication.TOKEN_URL, "the-token"),
        (Authentication.NO_TOKEN_URL, None),
        (Authentication.WRONG_TOKEN_URL, "conformance-stray-token"),
        (Authentication.UNSIGNED_TOKEN_URL, "the-token"),
    ],
)
def test_a_temporary_key_goes_with_the_token_that_is_named(
    authentication: Authentication, token: str | None
) -> None:
    request = sent(authentication)
    place = parameters(request) if authentication.name.endswith("URL") else request.headers
    assert place.get("x-oss-security-token") == token


def test_a_signature_in_upper_case_has_the_same_digits() -> None:
    text = "OSS4-HMAC-SHA256 Credential=k/s,Signature=ab12"
    assert tampering.upper_signature(text) == "OSS4-HMAC-SHA256 Credential=k/s,Signature=AB12"


def test_a_malformed_date_is_signed_as_it_stands_within_the_scope_of_today() -> None:
    request = sent(Authentication.MALFORMED_DATE)
    assert request.headers["x-oss-date"] == "conformance"
    assert "/20261121/cn-hangzhou/oss/" in request.headers["Authorization"]


def test_every_clause_about_signing_that_is_no_probe_has_a_case() -> None:
    contract = load_contract()
    cases = {case.requirement for case in directed_cases()}
    clauses = [one for one in contract.requirements.values() if one.operation in ("Signing", "Order")]
    assert [one.id for one in clauses if one.id not in cases] == []
    assert {case.requirement for case in authentication_cases(contract)} <= contract.requirements.keys()
    # The page says that signatures are verified; which error refuses one, only the clients show.
    assert [one.id for one in clauses if one.level is Level.MUST] == ["Signing.verified"]


@pytest.mark.parametrize(("minutes", "followed"), [(5, 5), (-14, -14), (60, 0)])
def test_signatures_of_cases_follow_the_clock_of_the_target_where_it_can_be_its_clock(
    minutes: int, followed: int
) -> None:
    there = MOMENT + timedelta(minutes=minutes)
    date = (("Date", format_datetime(there, usegmt=True)),)
    answer = reply(200, {"ListAllMyBucketsResult": {"Buckets": []}}, headers=date)
    one = stage(lambda request: answer if request.operation == "ListVectorBuckets" else None)
    one.service.call("ListVectorBuckets")
    one.service.call("ListVectorBuckets", authentication=Authentication.URL)
    signer = one.session.sent[-1].auth
    assert isinstance(signer, UrlSignature)
    assert abs(signer.now() - datetime.now(UTC) - timedelta(minutes=followed)) < timedelta(seconds=50)
    assert SETTINGS.target == one.session.target
