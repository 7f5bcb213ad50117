"""Signature version 4 against fixed vectors and against the official SDK's own signer."""

from __future__ import annotations

import hashlib
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, quote, urlsplit
from zoneinfo import ZoneInfo

import pytest
import requests
from alibabacloud_oss_v2.credentials import Credentials as SdkCredentials
from alibabacloud_oss_v2.signer.vectors_v4 import VectorsSignerV4
from alibabacloud_oss_v2.types import HttpRequest, SigningContext
from hypothesis import given
from hypothesis import strategies as st
from requests.auth import AuthBase
from requests.structures import CaseInsensitiveDict

from conformance.wire import signing
from conformance.wire.credentials import Credentials
from conformance.wire.signing import Anonymous, HeaderSignature, UrlSignature

REGION = "cn-hangzhou"
NOW = datetime(2025, 4, 17, 1, 33, 47, tzinfo=UTC)
BUCKET_HOST = "examplebucket-123456.cn-hangzhou.oss-vectors.aliyuncs.com"
KEYS = Credentials("ak", "sk")


def prepared(method: str, query: str, headers: dict[str, str] | None = None) -> requests.PreparedRequest:
    request = requests.PreparedRequest()
    request.method = method
    request.url = f"http://127.0.0.1:1/{'?' if query else ''}{query}"
    request.headers = CaseInsensitiveDict({"Host": BUCKET_HOST, **(headers or {})})
    request.body = None
    return request


def apply(auth: AuthBase, request: requests.PreparedRequest) -> requests.PreparedRequest:
    return auth(request)


def header_signature(**options: object) -> HeaderSignature:
    arguments = {"bucket": "examplebucket", "credentials": KEYS, "now": lambda: NOW, **options}
    return HeaderSignature(region=REGION, account_id="123456", **arguments)  # type: ignore[arg-type]


def signature_of(request: requests.PreparedRequest) -> str:
    return request.headers["Authorization"].rpartition("Signature=")[2]


def test_vector_a_a_post_with_a_bare_subresource() -> None:
    request = apply(
        header_signature(), prepared("POST", "putVectorIndex", {"content-type": "application/json"})
    )
    expected = "8e87ca6f26c6e03f07f71220ca7733e9e2f6f8cbdc6d48bbb6180e6bb7e5a5ff"
    assert request.headers["Authorization"] == (
        "OSS4-HMAC-SHA256 Credential=ak/20250417/cn-hangzhou/oss/aliyun_v4_request,Signature=" + expected
    )
    assert request.headers["x-oss-date"] == "20250417T013347Z"
    assert request.headers["Date"] == "Thu, 17 Apr 2025 01:33:47 GMT"
    assert request.headers["x-oss-content-sha256"] == "UNSIGNED-PAYLOAD"


def test_vector_a_the_text_of_the_canonical_request() -> None:
    headers = {
        "x-oss-date": "20250417T013347Z",
        "Content-Type": " application/json ",
        "x-oss-content-sha256": "UNSIGNED-PAYLOAD",
        "Host": BUCKET_HOST,
    }
    canonical = signing.canonical_request(
        "POST", signing.canonical_uri(REGION, "123456", "examplebucket"), "putVectorIndex=", headers
    )
    assert canonical == (
        "POST\n/acs%3Aossvector%3Acn-hangzhou%3A123456%3Aexamplebucket/\nputVectorIndex\n"
        "content-type:application/json\nx-oss-content-sha256:UNSIGNED-PAYLOAD\n"
        "x-oss-date:20250417T013347Z\n\n\nUNSIGNED-PAYLOAD"
    )
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    assert digest == "fdef19996325215e35e910c1767d4c581063da79be482ea1e8329f4d2f06f181"


def test_vector_b_the_service_host_has_no_account_in_its_uri() -> None:
    request = apply(header_signature(bucket=None), prepared("GET", "max-keys=10&prefix=my"))
    assert signature_of(request) == "a5859dac9b5ff2a01e47b73f61499b3cb7c23f7dbafb9d2f426ff2e9ee57a5fd"


def test_vector_c_a_token_and_an_additional_header() -> None:
    auth = header_signature(
        credentials=Credentials("ak", "sk", "TOKEN"), additional_headers=("Host",), content_md5=True
    )
    request = apply(auth, prepared("POST", "queryVectors", {"content-type": "application/json"}))
    assert request.headers["Content-MD5"] == "1B2M2Y8AsgTpgAmY7PhCfg=="
    assert ",AdditionalHeaders=host,Signature=" in request.headers["Authorization"]
    assert signature_of(request) == "7eb2f3757a9a602c4abb644f1f88c6b39d0ef11ab08379b1d1e02c2011cbc2c8"


def test_vector_d_a_signed_url() -> None:
    auth = UrlSignature(KEYS, REGION, "123456", "examplebucket", now=lambda: NOW, expires=600)
    request = apply(auth, prepared("GET", "bucketInfo"))
    query = dict(parse_qsl(urlsplit(str(request.url)).query, keep_blank_values=True))
    assert query.pop("x-oss-signature") == "035025e0fadb26facc8f2380662253c71c677a4a249437282004aad568da2621"
    assert query == {
        "bucketInfo": "",
        "x-oss-signature-version": "OSS4-HMAC-SHA256",
        "x-oss-date": "20250417T013347Z",
        "x-oss-expires": "600",
        "x-oss-credential": "ak/20250417/cn-hangzhou/oss/aliyun_v4_request",
    }
    assert set(request.headers) == {"Host"}


SDK_KEYS = Credentials("AKIDEXAMPLE", "SKEXAMPLE")
SDK_NOW = datetime(2026, 11, 21, 7, 6, 50, tzinfo=UTC)


def test_sdk_vector_1_a_bucket_request_with_content_md5() -> None:
    auth = HeaderSignature(SDK_KEYS, REGION, "1234567890123456", "my-bucket", now=lambda: SDK_NOW)
    headers = {"content-md5": "diPcpSZBxSUPVP6a8Dfd8g==", "content-type": "application/json"}
    request = apply(auth, prepared("POST", "putVectorIndex", headers))
    assert signature_of(request) == "fae202ab41d5f50506c78a4b162b73ead7d81f54ef24e62f23a70a3ec4b796ad"


def test_sdk_vector_2_a_service_request_with_an_encoded_query() -> None:
    auth = HeaderSignature(SDK_KEYS, REGION, "1234567890123456", None, now=lambda: SDK_NOW)
    headers = {
        "content-md5": "1B2M2Y8AsgTpgAmY7PhCfg==",
        "content-type": "application/octet-stream",
        "x-oss-resource-group-id": "rg-acfm",
    }
    request = apply(auth, prepared("GET", "prefix=my%2F%20b&marker=a%2Bb&max-keys=10", headers))
    assert signature_of(request) == "346093034766718e70276a2783b5e00bb15fcd588d857dce503b66f701d5c73a"


def test_the_signing_key_of_the_sdk_vectors() -> None:
    key = signing.signing_key("SKEXAMPLE", "20261121", REGION)
    assert key.hex() == "991ecbafdaf12495d05a9523e21d60466d92dbe124485762e647f19864eda73a"


WORD = st.text("abcXYZ019-_.~", min_size=1, max_size=8)
TEXT = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x24F), max_size=8)
ENCODED = TEXT.map(lambda text: quote(text, safe=""))
# Unique keys: the SDK keeps one pair per key when it signs a URL.
PAIRS = st.lists(
    st.tuples(st.one_of(WORD, WORD.map(lambda w: f"x-oss-{w}")), ENCODED), unique_by=lambda p: p[0]
)
HEADER_VALUE = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=12)
HEADERS = st.dictionaries(
    st.one_of(
        st.sampled_from(["Content-Type", "Content-MD5", "User-Agent", "Accept", "x-custom"]),
        WORD.map(lambda w: f"x-oss-{w.lower()}"),
    ),
    HEADER_VALUE,
    max_size=5,
)


@st.composite
def cases(draw: st.DrawFn) -> dict[str, object]:
    return {
        "method": draw(st.sampled_from(["GET", "PUT", "POST", "DELETE"])),
        "query": "&".join(
            f"{key}={value}" if value or draw(st.booleans()) else key for key, value in draw(PAIRS)
        ),
        "headers": draw(HEADERS),
        "bucket": draw(st.none() | WORD),
        "token": draw(st.none() | HEADER_VALUE),
        "additional": draw(st.lists(st.sampled_from(["host", "X-Custom", "accept", "content-type", "nope"]))),
        "time": draw(st.datetimes(datetime(2024, 1, 1), datetime(2030, 1, 1), timezones=st.just(UTC))),
        "region": draw(st.sampled_from(["cn-hangzhou", "ap-southeast-5"])),
    }


def sdk_signed(case: dict[str, object], *, in_url: bool) -> HttpRequest:
    """The same request, signed by the SDK."""
    query = case["query"]
    request = HttpRequest(case["method"], f"http://127.0.0.1:1/{'?' if query else ''}{query}")
    request.headers.update({"Host": BUCKET_HOST, **case["headers"]})  # type: ignore[dict-item]
    time: datetime = case["time"]  # type: ignore[assignment]
    context = SigningContext(
        product="oss",
        region=case["region"],
        bucket=case["bucket"],
        request=request,
        credentials=SdkCredentials("ak-id", "ak-secret", case["token"]),
        signing_time=time,
        additional_headers=set(case["additional"]),  # type: ignore[call-overload]
    )
    context.auth_method_query = in_url
    context.expiration_time = time + timedelta(seconds=600)
    VectorsSignerV4("123456").sign(context)
    return request


def our_signer(kind: type, case: dict[str, object], **options: object) -> AuthBase:
    return kind(
        Credentials("ak-id", "ak-secret", case["token"]),  # type: ignore[arg-type]
        case["region"],
        "123456",
        case["bucket"],
        now=lambda: case["time"],
        additional_headers=tuple(case["additional"]),  # type: ignore[arg-type]
        **options,
    )


@given(cases())
def test_header_signatures_equal_those_of_the_official_sdk(case: dict[str, object]) -> None:
    theirs = sdk_signed(case, in_url=False)
    request = prepared(str(case["method"]), str(case["query"]), dict(case["headers"]))  # type: ignore[call-overload]
    ours = apply(our_signer(HeaderSignature, case), request)
    assert {k.lower(): v for k, v in ours.headers.items()} == {
        k.lower(): v for k, v in theirs.headers.items()
    }


@given(cases())
def test_url_signatures_equal_those_of_the_official_sdk(case: dict[str, object]) -> None:
    theirs = sdk_signed(case, in_url=True)
    request = prepared(str(case["method"]), str(case["query"]), dict(case["headers"]))  # type: ignore[call-overload]
    ours = apply(our_signer(UrlSignature, case, expires=600), request)
    assert sorted(parse_qsl(urlsplit(str(ours.url)).query, keep_blank_values=True)) == sorted(
        parse_qsl(urlsplit(str(theirs.url)).query, keep_blank_values=True)
    )


def test_a_plus_in_the_query_counts_as_an_encoded_blank() -> None:
    assert signing.canonical_query("b=x+y&a=") == signing.canonical_query("a&b=x%20y") == "a&b=x%20y"


@pytest.mark.parametrize(
    "option",
    [
        {"scope_region": "cn-beijing"},
        {"scope_date": "20250416"},
        {"product": "ossvector"},
        {"clock_offset": timedelta(seconds=1)},
        {"content_sha256": "0" * 64},
        {"bucket": "otherbucket"},
    ],
)
def test_every_deviation_changes_the_signature(option: dict[str, object]) -> None:
    request = apply(header_signature(**option), prepared("POST", "putVectorIndex"))
    plain = apply(header_signature(), prepared("POST", "putVectorIndex"))
    assert signature_of(request) != signature_of(plain)


def test_a_scope_region_shows_in_the_credential_only() -> None:
    request = apply(header_signature(scope_region="cn-beijing"), prepared("POST", "putVectorIndex"))
    assert "Credential=ak/20250417/cn-beijing/oss/" in request.headers["Authorization"]


def test_the_separator_does_not_change_the_signature() -> None:
    blank = apply(header_signature(separator=", "), prepared("GET", "bucketInfo"))
    plain = apply(header_signature(), prepared("GET", "bucketInfo"))
    assert ", Signature=" in blank.headers["Authorization"]
    assert signature_of(blank) == signature_of(plain)


def test_a_clock_offset_moves_both_dates() -> None:
    request = apply(header_signature(clock_offset=timedelta(minutes=-16)), prepared("GET", "bucketInfo"))
    assert request.headers["x-oss-date"] == "20250417T011747Z"
    assert request.headers["Date"] == "Thu, 17 Apr 2025 01:17:47 GMT"


def test_the_clock_of_another_zone_signs_the_same() -> None:
    local = NOW.astimezone(ZoneInfo("Asia/Shanghai"))
    ours = apply(header_signature(now=lambda: local), prepared("GET", "bucketInfo"))
    assert ours.headers["x-oss-date"] == "20250417T013347Z"


def test_signing_a_url_twice_replaces_the_first_signature() -> None:
    auth = UrlSignature(KEYS, REGION, "123456", "examplebucket", now=lambda: NOW)
    request = prepared("GET", "bucketInfo")
    once = apply(auth, request).url
    assert apply(auth, request).url == once


def test_anonymous_adds_nothing() -> None:
    request = apply(Anonymous(), prepared("GET", "bucketInfo"))
    assert set(request.headers) == {"Host"}
    assert request.url == "http://127.0.0.1:1/?bucketInfo"


def canonical_of(request: requests.PreparedRequest, additional: tuple[str, ...] = ()) -> str:
    """The signature of a request as it stands, worked out from its parts."""
    uri = signing.canonical_uri(REGION, "123456", "examplebucket")
    canonical = signing.canonical_request(
        "POST", uri, "putVectorIndex", request.headers, additional=additional
    )
    timestamp = request.headers.get("x-oss-date", "20250417T013347Z")
    scope = "20250417/cn-hangzhou/oss/aliyun_v4_request"
    key = signing.signing_key("sk", "20250417", REGION)
    return signing.sign(key, signing.string_to_sign(timestamp, scope, canonical))


@pytest.mark.parametrize(
    ("options", "absent"),
    [({"date_header": False}, "x-oss-date"), ({"content_sha256": None}, "x-oss-content-sha256")],
)
def test_a_header_left_out_is_not_signed_either(options: dict[str, object], absent: str) -> None:
    request = apply(header_signature(**options), prepared("POST", "putVectorIndex"))
    assert absent not in request.headers
    assert "Date" in request.headers
    assert signature_of(request) == canonical_of(request)


def test_a_text_in_place_of_the_date_is_signed_as_it_stands_on_the_day_of_the_clock() -> None:
    request = apply(header_signature(timestamp="no date"), prepared("POST", "putVectorIndex"))
    assert request.headers["x-oss-date"] == "no date"
    assert "Credential=ak/20250417/cn-hangzhou/" in request.headers["Authorization"]
    assert signature_of(request) == canonical_of(request)


@pytest.mark.parametrize("listed", [("x-own", "host"), ("Host",), ("host", "x-absent")])
def test_listed_headers_stand_as_they_were_given(listed: tuple[str, ...]) -> None:
    request = apply(
        header_signature(listed_headers=listed), prepared("POST", "putVectorIndex", {"X-Own": "1"})
    )
    assert f"AdditionalHeaders={';'.join(listed)}," in request.headers["Authorization"]
    assert signature_of(request) == canonical_of(request, listed)


def test_a_signed_url_without_a_life_has_no_such_parameter() -> None:
    options = {"bucket": "examplebucket", "credentials": KEYS, "now": lambda: NOW}
    signer = UrlSignature(region=REGION, account_id="123456", expires=None, **options)  # type: ignore[arg-type]
    query = dict(parse_qsl(urlsplit(apply(signer, prepared("GET", "bucketInfo")).url or "").query))
    assert "x-oss-expires" not in query
    assert len(query["x-oss-signature"]) == 64
