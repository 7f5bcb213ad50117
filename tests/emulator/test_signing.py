"""Signature version 4: the canonical forms, the published vectors and every way to be refused.

Sources: Signature version 4 page; the vector signers of the official SDKs, which made the vectors below.
"""

from __future__ import annotations

import hashlib

import pytest

from oss_vectors_emulator import Credential, Settings, signing

from .client import BUCKET, ENDPOINT, OWNER, Client, FakeClock, Signer, host_of, make_client, split_query

# Access key, secret, account, bucket, date, method, query, headers, additional names, hash, signature.
VECTORS = {
    "index creation": (
        "sk", "123456", "examplebucket", "20250417T013347Z", "POST", "putVectorIndex",
        {"content-type": "application/json"}, (),
        "fdef19996325215e35e910c1767d4c581063da79be482ea1e8329f4d2f06f181",
        "8e87ca6f26c6e03f07f71220ca7733e9e2f6f8cbdc6d48bbb6180e6bb7e5a5ff",
    ),
    "service level": (
        "sk", "123456", None, "20250417T013347Z", "GET", "max-keys=10&prefix=my", {}, (),
        "7616f35c9863d7c47002596bccf72f63d551104d93a5a9a643d555b29df53fac",
        "a5859dac9b5ff2a01e47b73f61499b3cb7c23f7dbafb9d2f426ff2e9ee57a5fd",
    ),
    "token and additional host": (
        "sk", "123456", "examplebucket", "20250417T013347Z", "POST", "queryVectors",
        {
            "content-type": "application/json", "content-md5": "1B2M2Y8AsgTpgAmY7PhCfg==",
            "x-oss-security-token": "TOKEN",
            "host": "examplebucket-123456.cn-hangzhou.oss-vectors.aliyuncs.com",
        },
        ("host",),
        "3549002d9f77c902de751913129a25c6cab210f8d83bb9ef4db1e5e64222a4b5",
        "7eb2f3757a9a602c4abb644f1f88c6b39d0ef11ab08379b1d1e02c2011cbc2c8",
    ),
    "python client": (
        "SKEXAMPLE", "1234567890123456", "my-bucket", "20261121T070650Z", "POST", "putVectorIndex",
        {"content-type": "application/json", "content-md5": "diPcpSZBxSUPVP6a8Dfd8g=="}, (),
        "b9a3e3e952c54d7f65f3fd401a96f5f332c17bb39ebe4bc584df3706baedf3e2",
        "fae202ab41d5f50506c78a4b162b73ead7d81f54ef24e62f23a70a3ec4b796ad",
    ),
    "python client, service level": (
        "SKEXAMPLE", "1234567890123456", None, "20261121T070650Z", "GET",
        "marker=a%2Bb&max-keys=10&prefix=my%2F%20b",
        {
            "content-type": "application/octet-stream", "content-md5": "1B2M2Y8AsgTpgAmY7PhCfg==",
            "x-oss-resource-group-id": "rg-acfm",
        },
        (),
        "0a941eb013bd5a6924c5014682fa08fa9c5cc7744739c7f5e7f50785f384edf7",
        "346093034766718e70276a2783b5e00bb15fcd588d857dce503b66f701d5c73a",
    ),
}  # fmt: skip
URL_QUERY = (
    "bucketInfo&x-oss-credential=ak%2F20250417%2Fcn-hangzhou%2Foss%2Faliyun_v4_request"
    "&x-oss-date=20250417T013347Z&x-oss-expires=600&x-oss-signature-version=OSS4-HMAC-SHA256"
)
STS = Credential("sts-key", "sts-secret", OWNER.account_id, "the-token")


@pytest.mark.parametrize("name", VECTORS)
def test_the_published_vector_is_reproduced(name: str) -> None:
    secret, account, bucket, date, method, query, headers, additional, digest, expected = VECTORS[name]
    signed = {"x-oss-date": date, "x-oss-content-sha256": "UNSIGNED-PAYLOAD", **headers}
    canonical = signing.canonical_request(
        method,
        signing.canonical_uri("cn-hangzhou", account, bucket),
        signing.canonical_query(split_query(query)),
        signing.canonical_headers(signed, additional),
        ";".join(additional),
    )
    scope = f"{date[:8]}/cn-hangzhou/oss/aliyun_v4_request"
    assert hashlib.sha256(canonical.encode()).hexdigest() == digest
    assert signing.signature(secret, "cn-hangzhou", date, scope, canonical) == expected


def test_the_published_url_vector_is_reproduced() -> None:
    uri = signing.canonical_uri("cn-hangzhou", "123456", "examplebucket")
    query = signing.canonical_query(split_query(f"{URL_QUERY}&x-oss-signature=ignored"))
    canonical = signing.canonical_request("GET", uri, query, "", "")
    assert hashlib.sha256(canonical.encode()).hexdigest() == (
        "26f33d25d64fbf749a3e30a02e35adb94a126855cc1ffbf268da331b9606eb82"
    )
    signature = signing.signature(
        "sk", "cn-hangzhou", "20250417T013347Z", "20250417/cn-hangzhou/oss/aliyun_v4_request", canonical
    )
    assert signature == "035025e0fadb26facc8f2380662253c71c677a4a249437282004aad568da2621"


def test_the_published_signing_key_is_reproduced() -> None:
    key = signing.signing_key("SKEXAMPLE", "20261121", "cn-hangzhou")
    assert key.hex() == "991ecbafdaf12495d05a9523e21d60466d92dbe124485762e647f19864eda73a"


def test_a_plus_in_the_query_signs_like_an_encoded_blank() -> None:
    assert signing.canonical_query([("prefix", "a+b"), ("acl", "")]) == "acl&prefix=a%20b"


@pytest.mark.parametrize("separator", [",", ", ", " , "])
def test_blanks_around_the_commas_of_the_header_are_accepted(separator: str) -> None:
    client = make_client()
    client.signer = Signer(separator=separator)
    assert client.send("GET", bucket=None).status == 200


@pytest.mark.parametrize("query", ["bucketInfo", "bucketInfo="])
def test_an_empty_value_signs_like_the_bare_name(client: Client, query: str) -> None:
    assert client.send("GET", query).status == 200


def test_an_additional_host_header_is_part_of_the_signature(client: Client) -> None:
    signer = Signer(additional=("host",))
    host = host_of(BUCKET)
    moment = client.behaviour.clock.now()
    good = signer.headers("GET", "bucketInfo", moment, BUCKET, {"host": host})
    good.pop("host")
    assert client.raw("GET", host, "bucketInfo", good, b"").status == 200
    elsewhere = f"{BUCKET}-{OWNER.account_id}.example.org"
    assert client.raw("GET", elsewhere, "bucketInfo", good, b"").code == "SignatureDoesNotMatch"


def test_a_request_without_authentication_is_denied(empty: Client) -> None:
    reply = empty.raw("GET", ENDPOINT, "", {}, b"")
    assert reply.outcome == (403, "AccessDenied")
    assert reply.headers["x-oss-ec"] == "0003-00000905"


def test_an_unknown_access_key_is_named_before_anything_else(empty: Client) -> None:
    empty.signer = Signer(Credential("nobody", "secret"), region="us-west-1")
    reply = empty.send("PUT")
    assert reply.outcome == (403, "InvalidAccessKeyId")
    assert (
        reply.json["Error"]["Message"] == "The OSS Access Key Id you provided does not exist in our records."
    )


def test_a_wrong_secret_gives_a_mismatch_and_changes_nothing(empty: Client) -> None:
    empty.signer = Signer(Credential(OWNER.access_key_id, "wrong"))
    reply = empty.send("PUT")
    assert reply.outcome == (403, "SignatureDoesNotMatch")
    assert len(reply.json["Error"]["SignatureProvided"]) == 64
    assert empty.behaviour.store.buckets(OWNER.account_id) == []


@pytest.mark.parametrize("changed", ["content-type", "content-md5", "x-oss-anything"])
def test_changing_a_signed_header_breaks_the_signature(empty: Client, changed: str) -> None:
    headers = Signer().headers("GET", "", empty.behaviour.clock.now(), None, {changed: "one"})
    assert empty.raw("GET", ENDPOINT, "", {**headers, changed: "two"}, b"").code == "SignatureDoesNotMatch"


@pytest.mark.parametrize("changed", ["date", "user-agent", "accept"])
def test_other_headers_are_not_signed(empty: Client, changed: str) -> None:
    headers = Signer().headers("GET", "", empty.behaviour.clock.now(), None, {})
    assert empty.raw("GET", ENDPOINT, "", {**headers, changed: "anything"}, b"").status == 200


@pytest.mark.parametrize(
    "signer",
    [Signer(region="cn-shanghai"), Signer(product="ossvector"), Signer(day="20261120")],
    ids=["region", "product", "day"],
)
def test_a_wrong_scope_is_refused(empty: Client, signer: Signer) -> None:
    empty.signer = signer
    assert empty.send("GET", bucket=None).outcome == (400, "InvalidArgument")


@pytest.mark.parametrize(("offset", "status"), [(-900, 200), (900, 200), (-901, 403), (901, 403)])
def test_a_header_signature_may_be_fifteen_minutes_off(offset: int, status: int) -> None:
    clock = FakeClock()
    client = make_client(clock=clock)
    headers = Signer().headers("GET", "", clock.now(), None, {})
    clock.advance(offset)
    reply = client.raw("GET", ENDPOINT, "", headers, b"")
    assert reply.outcome == (status, "RequestTimeTooSkewed" if status == 403 else "")


def test_a_skewed_request_is_told_both_times() -> None:
    clock = FakeClock()
    client = make_client(clock=clock)
    headers = Signer().headers("GET", "", clock.now(), None, {})
    clock.advance(3600)
    error = client.raw("GET", ENDPOINT, "", headers, b"").json["Error"]
    assert (error["RequestTime"], error["ServerTime"]) == (
        "2026-11-21T07:06:50.000Z",
        "2026-11-21T08:06:50.000Z",
    )


@pytest.mark.parametrize(
    "authorization",
    [
        "OSS emulator-access-key:c2lnbmF0dXJl",
        "Bearer token",
        "OSS4-HMAC-SHA256",
        "OSS4-HMAC-SHA256 Credential=ak",
        "OSS4-HMAC-SHA256 Credential=ak/20261121/cn-hangzhou/oss/aliyun_v4_request",
        "OSS4-HMAC-SHA256 Credential=ak/20261121,Signature=00",
        "OSS4-HMAC-SHA256 ,,,=,=",
    ],
)
def test_a_header_of_another_form_is_a_bad_argument(empty: Client, authorization: str) -> None:
    headers = {"authorization": authorization, "x-oss-date": "20261121T070650Z"}
    assert empty.raw("GET", ENDPOINT, "", headers, b"").outcome == (400, "InvalidArgument")


@pytest.mark.parametrize(
    "date", ["20261121", "2026-11-21T07:06:50Z", "20261399T996099Z", "\u0662026112T070650Z"]
)
def test_a_date_of_another_form_is_a_bad_argument(empty: Client, date: str) -> None:
    headers = Signer(day=date[:8]).headers("GET", "", empty.behaviour.clock.now(), None, {"x-oss-date": date})
    assert empty.raw("GET", ENDPOINT, "", headers, b"").outcome == (400, "InvalidArgument")


def test_a_request_without_x_oss_date_is_denied(empty: Client) -> None:
    headers = Signer().headers("GET", "", empty.behaviour.clock.now(), None, {})
    del headers["x-oss-date"]
    assert empty.raw("GET", ENDPOINT, "", headers, b"").outcome == (403, "AccessDenied")


def test_only_an_unsigned_payload_hash_is_accepted(empty: Client) -> None:
    reply = empty.send("GET", bucket=None, headers={"x-oss-content-sha256": "0" * 64})
    assert reply.outcome == (400, "InvalidArgument")


@pytest.fixture
def sts_client() -> Client:
    return make_client(Settings(credentials=(OWNER, STS)))


@pytest.mark.parametrize(
    ("credential", "status"),
    [
        (STS, 200),
        (Credential(STS.access_key_id, STS.access_key_secret), 403),
        (Credential(STS.access_key_id, STS.access_key_secret, security_token="another"), 403),
        (Credential(OWNER.access_key_id, OWNER.access_key_secret, security_token="the-token"), 403),
    ],
    ids=["good", "token missing", "token wrong", "permanent key with a token"],
)
@pytest.mark.parametrize("in_url", [False, True], ids=["header", "url"])
def test_a_temporary_key_needs_exactly_its_token(
    sts_client: Client, credential: Credential, status: int, in_url: bool
) -> None:
    signer = Signer(credential)
    moment = sts_client.behaviour.clock.now()
    if in_url:
        reply = sts_client.raw("GET", ENDPOINT, signer.url_query("GET", "", moment, None), {}, b"")
    else:
        reply = sts_client.raw("GET", ENDPOINT, "", signer.headers("GET", "", moment, None, {}), b"")
    assert reply.outcome == (status, "AccessDenied" if status == 403 else "")


def test_a_signed_url_is_served(client: Client) -> None:
    query = Signer().url_query("GET", "bucketInfo", client.behaviour.clock.now(), BUCKET)
    assert client.raw("GET", host_of(BUCKET), query, {}, b"").status == 200


def test_a_changed_signed_url_is_refused(client: Client) -> None:
    query = Signer().url_query("GET", "bucketInfo", client.behaviour.clock.now(), BUCKET)
    reply = client.raw(
        "GET", host_of(BUCKET), query.replace("x-oss-expires=900", "x-oss-expires=901"), {}, b""
    )
    assert reply.outcome == (403, "SignatureDoesNotMatch")


@pytest.mark.parametrize(("offset", "status"), [(900, 200), (901, 403), (-900, 200), (-901, 403)])
def test_a_signed_url_lives_from_a_little_before_its_date_to_its_end(offset: int, status: int) -> None:
    clock = FakeClock()
    client = make_client(clock=clock)
    query = Signer().url_query("GET", "", clock.now(), None)
    clock.advance(offset)
    assert client.raw("GET", ENDPOINT, query, {}, b"").outcome == (
        status,
        "AccessDenied" if status == 403 else "",
    )


@pytest.mark.parametrize(
    ("expires", "status"),
    [("1", 200), ("604800", 200), ("0", 400), ("604801", 400), ("-1", 400), ("soon", 400), ("9" * 40, 400)],
)
def test_the_life_of_a_signed_url_is_one_second_to_seven_days(
    empty: Client, expires: str, status: int
) -> None:
    query = Signer().url_query("GET", "", empty.behaviour.clock.now(), None, expires)
    reply = empty.raw("GET", ENDPOINT, query, {}, b"")
    assert reply.outcome == (status, "InvalidArgument" if status == 400 else "")


@pytest.mark.parametrize("lost", ["x-oss-credential", "x-oss-date", "x-oss-expires", "x-oss-signature"])
def test_a_signed_url_without_one_of_its_parameters_is_refused(empty: Client, lost: str) -> None:
    query = Signer().url_query("GET", "", empty.behaviour.clock.now(), None)
    kept = "&".join(piece for piece in query.split("&") if not piece.startswith(f"{lost}="))
    assert empty.raw("GET", ENDPOINT, kept, {}, b"").status == 400


def test_a_security_token_added_after_signing_breaks_the_signature(sts_client: Client) -> None:
    signer = Signer(Credential(STS.access_key_id, STS.access_key_secret))
    moment = sts_client.behaviour.clock.now()
    headers = signer.headers("GET", "", moment, None, {})
    late = {**headers, "x-oss-security-token": "the-token"}
    assert sts_client.raw("GET", ENDPOINT, "", late, b"").code == "SignatureDoesNotMatch"
    query = f"{signer.url_query('GET', '', moment, None)}&x-oss-security-token=the-token"
    assert sts_client.raw("GET", ENDPOINT, query, {}, b"").code == "SignatureDoesNotMatch"
