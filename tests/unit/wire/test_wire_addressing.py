"""Endpoints are parsed strictly, and buckets end up on the right machine."""

from __future__ import annotations

import pytest

from conformance.wire.addressing import Addressing, Location, Target, locate
from conformance.wire.endpoint import EndpointError, parse_endpoint

ACCOUNT = "1234567890123456"
PUBLIC = "cn-hangzhou.oss-vectors.aliyuncs.com"


def target(url: str, **options: object) -> Target:
    return Target(parse_endpoint(url), "cn-hangzhou", ACCOUNT, **options)  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("text", "normal", "port"),
    [
        ("http://127.0.0.1:8080", "http://127.0.0.1:8080", 8080),
        ("http://127.0.0.1:8080/", "http://127.0.0.1:8080", 8080),
        (" https://Example.COM ", "https://example.com", 443),
        ("HTTP://example.com.:80", "http://example.com", 80),
        ("https://example.com:80", "https://example.com:80", 80),
        ("http://[::1]:9000", "http://[::1]:9000", 9000),
        ("http://[0:0:0:0:0:0:0:1]", "http://[::1]", 80),
        ("http://oss_vectors:8080", "http://oss_vectors:8080", 8080),
    ],
)
def test_endpoints_have_one_normal_form(text: str, normal: str, port: int) -> None:
    endpoint = parse_endpoint(text)
    assert (endpoint.text, endpoint.port) == (normal, port)
    assert parse_endpoint(endpoint.text) == endpoint


@pytest.mark.parametrize(
    ("text", "sentence"),
    [
        ("", "empty"),
        ("  ", "empty"),
        ("127.0.0.1:8080", "did you mean 'http://127.0.0.1:8080'"),
        ("localhost:8080", "did you mean 'http://localhost:8080'"),
        ("ftp://example.com", "not ftp://"),
        ("http://example.com/path", "path or query; give only http://example.com"),
        ("http://example.com?x=1", "path or query"),
        ("http://example.com/?", "path or query"),
        ("http://example.com#top", "path or query"),
        ("http://example.com\\x", "path or query"),
        ("http://example.com:0", "bad port"),
        ("http://example.com:65536", "bad port"),
        ("http://example.com:", "bad port"),
        ("http://example.com:80a", "bad port"),
        ("http://example.com:٨٠", "bad port"),
        ("http://", "no host"),
        ("http://:8080", "no host"),
        ("http://exa mple.com", "invalid host"),
        ("http://exa\nmple.com", "invalid host"),
        ("http://" + "a" * 64 + ".com", "invalid host"),
        ("http://[::1", "IPv6"),
        ("http://[::1]x:80", "IPv6"),
        ("http://[127.0.0.1]", "IPv6"),
        ("http://[fe80::1%eth0]", "IPv6"),
        ("http://::1", "no host"),
        ("http://example.com:80:90", "bad port"),
        ("http://example.com:" + "9" * 5000, "bad port"),
        ("http://127.1", "looks like an IP address"),
        ("http://2130706433", "looks like an IP address"),
    ],
)
def test_a_bad_endpoint_is_refused_in_one_sentence(text: str, sentence: str) -> None:
    with pytest.raises(EndpointError, match=r"^The endpoint") as caught:
        parse_endpoint(text)
    assert sentence in str(caught.value)


@pytest.mark.parametrize("text", ["http://user:hunter2@example.com", "user:hunter2@example.com"])
def test_user_information_is_refused_without_repeating_it(text: str) -> None:
    with pytest.raises(EndpointError, match="user information") as caught:
        parse_endpoint(text)
    assert "hunter2" not in str(caught.value)
    assert "user:" not in str(caught.value)


@pytest.mark.parametrize(
    ("url", "loopback", "ip"),
    [
        ("http://127.0.0.1", True, True),
        ("http://127.8.9.1", True, True),
        ("http://[::1]", True, True),
        ("http://[::ffff:127.0.0.1]", True, True),
        ("http://localhost", True, False),
        ("http://a.LOCALHOST.", True, False),
        ("http://10.0.0.1", False, True),
        ("http://[2001:db8::1]", False, True),
        ("http://notlocalhost", False, False),
        ("http://localhost.example.com", False, False),
    ],
)
def test_loopback_and_addresses_are_recognised(url: str, loopback: bool, ip: bool) -> None:
    endpoint = parse_endpoint(url)
    assert (endpoint.is_loopback, endpoint.is_ip) == (loopback, ip)


@pytest.mark.parametrize(
    ("host", "real"),
    [
        (PUBLIC, True),
        ("CN-HANGZHOU.OSS-Vectors.AliyunCS.com.", True),
        ("cn-hangzhou-internal.oss-vectors.aliyuncs.com", True),
        ("oss-vectors.aliyuncs.com", True),
        ("notoss-vectors.aliyuncs.com", False),
        ("oss-vectors.aliyuncs.com.example.com", False),
        ("127.0.0.1", False),
    ],
)
def test_the_real_service_is_recognised_however_it_is_spelled(host: str, real: bool) -> None:
    assert parse_endpoint(f"http://{host}").is_real_service is real


def test_towards_an_address_the_bucket_is_only_in_the_host_header() -> None:
    assert locate(target("http://127.0.0.1:80"), "my-bucket", "putVectorIndex") == Location(
        "http://127.0.0.1/?putVectorIndex", f"my-bucket-{ACCOUNT}.{PUBLIC}", "/?putVectorIndex"
    )


def test_towards_a_name_the_bucket_host_is_connected_to() -> None:
    assert locate(target("https://vectors.example.com:8443"), "my-bucket", "bucketInfo") == Location(
        f"https://my-bucket-{ACCOUNT}.vectors.example.com:8443/?bucketInfo",
        f"my-bucket-{ACCOUNT}.vectors.example.com:8443",
        "/?bucketInfo",
    )


def test_a_given_virtual_host_never_chooses_the_machine() -> None:
    location = locate(target("http://emulator:8080", virtual_host=PUBLIC), "my-bucket", "")
    assert location == Location("http://emulator:8080/", f"my-bucket-{ACCOUNT}.{PUBLIC}", "/")


@pytest.mark.parametrize("bucket", ["b" * 60, "a_b", "-a", "a b", "ä", "a/b"])
def test_a_bucket_that_dns_cannot_name_is_sent_to_the_endpoint_itself(bucket: str) -> None:
    location = locate(target("https://vectors.example.com"), bucket, "bucketInfo")
    assert location.url == "https://vectors.example.com/?bucketInfo"
    assert location.host.endswith(f"-{ACCOUNT}.vectors.example.com")


@pytest.mark.parametrize(
    ("bucket", "label"), [("a/b", "a%2Fb"), ("A_b", "A_b"), ("a b\r\n", "a%20b%0D%0A"), ("é", "%C3%A9")]
)
def test_only_what_a_host_cannot_hold_is_encoded(bucket: str, label: str) -> None:
    location = locate(target("http://127.0.0.1:1"), bucket, "")
    assert location.host == f"{label}-{ACCOUNT}.{PUBLIC}"


@pytest.mark.parametrize(
    ("bucket", "query", "url"),
    [
        ("my-bucket", "queryVectors", "http://127.0.0.1:1/my-bucket/?queryVectors"),
        ("my-bucket", "", "http://127.0.0.1:1/my-bucket/"),
        ("a/../b?c", "", "http://127.0.0.1:1/a%2F..%2Fb%3Fc/"),
        (None, "max-keys=1", "http://127.0.0.1:1/?max-keys=1"),
    ],
)
def test_path_style_puts_the_bucket_in_the_path(bucket: str | None, query: str, url: str) -> None:
    location = locate(target("http://127.0.0.1:1", addressing=Addressing.PATH), bucket, query)
    assert (location.url, location.host) == (url, "127.0.0.1:1")
    assert location.request_target == url.removeprefix("http://127.0.0.1:1")


def test_the_service_host_has_no_bucket_label() -> None:
    assert locate(target("http://localhost:1"), None, "") == Location("http://localhost:1/", PUBLIC, "/")
