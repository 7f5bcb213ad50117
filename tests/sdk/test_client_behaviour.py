"""What the SDK does of its own accord: it signs, names itself, retries, and reports errors.

A service that satisfies the operations but not these makes its users' clients fail in odd ways: retries that
never end, errors without a code. Sources: the SDK itself; Error responses page (members of an error).
"""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime, timedelta
from typing import Any

import alibabacloud_oss_v2 as oss
import alibabacloud_oss_v2.vectors as oss_vectors
import pytest
from alibabacloud_oss_v2.vectors import models

from conformance.wire.exchange import Exchange
from oss_vectors_emulator import Emulator, Settings, build_behaviour
from oss_vectors_emulator.clock import Clock

from .conftest import OWNER, REGION, STS, ClientFactory, make_client
from .witness import Witness

BUCKET = "behaviour"
ATTEMPTS = 3


class SteppedClock(Clock):
    """The time of day is right, or off by a given span; the other clock moves when it is told to."""

    def __init__(self) -> None:
        self.off = timedelta()
        self.seconds = 0.0

    def now(self) -> datetime:
        return datetime.now(UTC) + self.off

    def monotonic(self) -> float:
        return self.seconds


class Meanwhile(oss.retry.BackoffDelayer):
    """Does something between two attempts instead of waiting."""

    def __init__(self, action: Callable[[], None] = lambda: None) -> None:
        self.action = action

    def backoff_delay(self, attempt: int, error: Exception) -> float:
        """No delay."""
        del attempt, error
        self.action()
        return 0.0


@pytest.fixture
def clock() -> SteppedClock:
    """The clock of the throttled emulator."""
    return SteppedClock()


@pytest.fixture
def throttled(clock: SteppedClock) -> Iterator[Emulator]:
    """An emulator that keeps the documented rates."""
    settings = Settings(credentials=(OWNER,), enforce_rates=True)
    with Emulator(behaviour=build_behaviour(settings, clock)) as emulator:
        yield emulator


def header(exchange: Exchange, name: str) -> str:
    """A header of the request."""
    return next(value for key, value in exchange.request_headers if key.lower() == name.lower())


def refused(call: Callable[[], Any]) -> oss.exceptions.ServiceError:
    """The service's error that a call ends with."""
    with pytest.raises(oss.exceptions.OperationError) as caught:
        call()
    error = caught.value.unwrap()
    assert isinstance(error, oss.exceptions.ServiceError)
    return error


def put_index(client: oss_vectors.Client, name: str) -> Any:
    request = models.PutVectorIndexRequest(
        bucket=BUCKET, index_name=name, data_type="float32", dimension=3, distance_metric="cosine"
    )
    return client.put_vector_index(request)


def patient(emulator: Emulator, witness: Witness, meanwhile: Meanwhile) -> oss_vectors.Client:
    retryer = oss.retry.StandardRetryer(max_attempts=ATTEMPTS, backoff_delayer=meanwhile)
    return make_client(emulator.url, witness, retryer=retryer)


def test_a_throttled_write_is_repeated_until_it_is_let_through(
    throttled: Emulator, clock: SteppedClock, witness: Witness
) -> None:
    def a_second_passes() -> None:
        clock.seconds += 1

    client = patient(throttled, witness, Meanwhile(a_second_passes))
    client.put_vector_bucket(models.PutVectorBucketRequest(bucket=BUCKET))
    for number in range(6):
        assert put_index(client, f"index{number}").status_code == 200
    statuses = [sent.response.status for sent in witness.of("PutVectorIndex") if sent.response]
    assert statuses == [200] * 5 + [503, 200]
    listed = client.list_vector_indexes(models.ListVectorIndexesRequest(bucket=BUCKET))
    assert len(listed.indexes) == 6


def test_a_write_that_stays_throttled_ends_with_the_documented_code(
    throttled: Emulator, witness: Witness
) -> None:
    client = patient(throttled, witness, Meanwhile())
    client.put_vector_bucket(models.PutVectorBucketRequest(bucket=BUCKET))
    for number in range(5):
        put_index(client, f"index{number}")
    error = refused(lambda: put_index(client, "oneTooMany"))
    assert (error.status_code, error.code) == (503, "QpsLimitExceeded")
    assert len(witness.of("PutVectorIndex")) == 5 + ATTEMPTS


def test_a_clock_that_is_off_is_told_so_and_tried_again(throttled: Emulator, clock: SteppedClock) -> None:
    clock.off = timedelta(minutes=20)
    # A witness of its own: to the judge the service's clock is wrong, as it is here.
    witness = Witness(REGION, OWNER.account_id)
    client = patient(throttled, witness, Meanwhile())
    error = refused(lambda: client.list_vector_buckets(models.ListVectorBucketsRequest()))
    assert (error.status_code, error.code) == (403, "RequestTimeTooSkewed")
    assert len(witness.exchanges) == ATTEMPTS
    assert any("Http.date" in remark for remark in witness.remarks())


@pytest.mark.parametrize("method", ["header", "query"])
@pytest.mark.parametrize("version", [None, "v1"])
def test_every_client_signs_with_version_four(
    client_for: ClientFactory, witness: Witness, method: str, version: str | None
) -> None:
    client = client_for(STS, signature_version=version)
    options = {"auth_method": "query"} if method == "query" else {}
    client.list_vector_buckets(models.ListVectorBucketsRequest(prefix="none-such"), **options)
    sent = witness.exchanges[0]
    if method == "query":
        assert "x-oss-signature-version=OSS4-HMAC-SHA256" in sent.target
        assert f"x-oss-security-token={STS.security_token}" in sent.target
    else:
        assert header(sent, "Authorization").startswith(f"OSS4-HMAC-SHA256 Credential={STS.access_key_id}/")
        assert header(sent, "x-oss-security-token") == STS.security_token
        assert header(sent, "x-oss-content-sha256") == "UNSIGNED-PAYLOAD"


def test_a_client_names_itself_and_its_user(client_for: ClientFactory, witness: Witness) -> None:
    client_for(user_agent="my-tool/2").list_vector_buckets(models.ListVectorBucketsRequest())
    agent = header(witness.exchanges[0], "User-Agent")
    assert agent.startswith(f"alibabacloud-python-sdk-v2/{oss.__version__} ")
    assert agent.endswith("/vector-client/my-tool/2")


@pytest.mark.parametrize(
    ("options", "host"),
    [
        ({}, f"{REGION}.oss-vectors.aliyuncs.com"),
        ({"use_internal_endpoint": True}, f"{REGION}-internal.oss-vectors.aliyuncs.com"),
        ({"use_path_style": True}, f"{REGION}.oss-vectors.aliyuncs.com"),
        ({"disable_ssl": True}, f"{REGION}.oss-vectors.aliyuncs.com"),
        ({"endpoint": "http://vectors.example:8080"}, "vectors.example:8080"),
    ],
    ids=["default", "internal", "path-style", "plain", "own"],
)
def test_buckets_are_addressed_by_host_whatever_the_endpoint(
    client_for: ClientFactory, bucket: str, witness: Witness, options: dict[str, Any], host: str
) -> None:
    client = client_for(**options)
    before = len(witness.exchanges)
    assert client.get_vector_bucket(models.GetVectorBucketRequest(bucket=bucket)).status_code == 200
    assert client.list_vector_buckets(models.ListVectorBucketsRequest(prefix=bucket)).buckets
    hosts = [sent.host for sent in witness.exchanges[before:]]
    assert hosts == [f"{bucket}-{OWNER.account_id}.{host}", host]


def test_an_error_has_all_that_a_user_is_asked_for(client: oss_vectors.Client, bucket: str) -> None:
    request = models.GetVectorIndexRequest(bucket=bucket, index_name="missing")
    error = refused(lambda: client.get_vector_index(request))
    assert (error.status_code, error.code) == (404, "NoSuchVectorIndex")
    assert error.message
    assert error.request_id == error.headers["x-oss-request-id"]
    assert len(error.request_id) == 24
    assert error.ec == error.headers["x-oss-ec"]
    assert abs(error.timestamp - datetime.now(UTC)) < timedelta(minutes=15)
    assert error.request_target.startswith("POST ")
    body = json.loads(error.snapshot)["Error"]
    assert body["HostId"] == f"{bucket}-{OWNER.account_id}.{REGION}.oss-vectors.aliyuncs.com"
    assert body["RecommendDoc"].endswith(f"?q={error.ec}")


def test_a_request_made_by_hand_goes_the_same_way(client: oss_vectors.Client, bucket: str) -> None:
    """The way for what a client has no method for; the Java SDK's vector sample is written like this."""
    made = oss.OperationInput(
        op_name="ListVectorIndexes",
        method="POST",
        headers={"Content-Type": "application/json"},
        parameters={"listVectorIndexes": ""},
        body=b'{"maxResults": 1}',
        bucket=bucket,
    )
    output = client.invoke_operation(made)
    assert output.status_code == 200
    assert json.loads(output.http_response.content) == {"indexes": []}


def test_a_bucket_name_that_no_bucket_can_have_is_never_sent(
    client: oss_vectors.Client, witness: Witness
) -> None:
    for name in ("ab", "My-Bucket", "-abc", "abc-", "a_b", "x" * 64):
        with pytest.raises(oss.exceptions.OperationError):
            client.put_vector_bucket(models.PutVectorBucketRequest(bucket=name))
    assert witness.exchanges == []
