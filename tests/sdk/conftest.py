"""Clients of the official Python SDK that reach an emulator on a loopback port.

The SDK puts the bucket in front of whatever endpoint it is given, so ``127.0.0.1`` cannot be its endpoint.
Two of its own settings lead it here nevertheless: a transport adapter that connects elsewhere, and an HTTP
proxy. Neither touches host or signature. Whatever goes through the adapter is judged at the end of a test.
"""

from __future__ import annotations

import zlib
from collections.abc import Callable, Iterator
from typing import Any
from urllib.parse import urlsplit, urlunsplit

import alibabacloud_oss_v2 as oss
import alibabacloud_oss_v2.vectors as oss_vectors
import pytest
import requests
from alibabacloud_oss_v2.transport import RequestsHttpClient

from conformance.wire.exchange import Response
from oss_vectors_emulator import Credential, Emulator, Settings

from .witness import Witness

OWNER = Credential("sdk-key", "sdk-secret")
STS = Credential("sts-key", "sts-secret", OWNER.account_id, "sts-token")
REGION = "cn-hangzhou"
ClientFactory = Callable[..., oss_vectors.Client]


class PinningAdapter(requests.adapters.HTTPAdapter):
    """Connects to one address, keeps the Host header the URL would have had, and shows all to a witness."""

    def __init__(self, url: str, witness: Witness, known: bool) -> None:
        self.netloc = urlsplit(url).netloc
        self.witness = witness
        self.known = known
        super().__init__()

    def send(self, request: requests.PreparedRequest, *args: Any, **options: Any) -> requests.Response:
        """Send to the pinned address."""
        parts = urlsplit(str(request.url))
        request.headers["Host"] = parts.netloc
        request.url = urlunsplit(("http", self.netloc, parts.path, parts.query, ""))
        answer = super().send(request, *args, **options)
        body = request.body or b""
        self.witness.saw(
            str(request.method),
            request.path_url,
            tuple(request.headers.items()),
            body if isinstance(body, bytes) else str(body).encode(),
            Response(answer.status_code, answer.reason, tuple(answer.headers.items()), answer.content),
            signed=self.known,
        )
        return answer


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """An emulator that knows a permanent and a temporary key."""
    with Emulator(Settings(credentials=(OWNER, STS))) as running:
        yield running


@pytest.fixture
def witness() -> Iterator[Witness]:
    """Sees what the test's clients exchange, and ends the test if the judge has a remark on it."""
    witness = Witness(REGION, OWNER.account_id)
    yield witness
    assert witness.remarks() == []


def make_client(
    url: str, witness: Witness, credential: Credential = OWNER, **options: Any
) -> oss_vectors.Client:
    """An SDK client of the emulator at ``url``; ``options`` are members of its configuration."""
    config = oss.config.load_default()
    config.credentials_provider = oss.credentials.StaticCredentialsProvider(
        credential.access_key_id, credential.access_key_secret, credential.security_token
    )
    config.region = REGION
    config.account_id = credential.account_id
    anonymous = isinstance(options.get("credentials_provider"), oss.credentials.AnonymousCredentialsProvider)
    known = credential in (OWNER, STS) and not anonymous and "region" not in options
    config.http_client = RequestsHttpClient(adapter=PinningAdapter(url, witness, known))
    for name, value in options.items():
        setattr(config, name, value)
    return oss_vectors.Client(config)


@pytest.fixture
def client_for(emulator: Emulator, witness: Witness) -> ClientFactory:
    """Makes clients with other keys or settings."""
    return lambda credential=OWNER, **options: make_client(emulator.url, witness, credential, **options)


@pytest.fixture
def client(client_for: ClientFactory) -> oss_vectors.Client:
    """A client with the permanent key."""
    return client_for()


@pytest.fixture
def proxied(client_for: ClientFactory, emulator: Emulator) -> oss_vectors.Client:
    """A client that sends absolute-form requests through an HTTP proxy setting."""
    return client_for(
        http_client=None,
        endpoint=f"http://{REGION}.oss-vectors.aliyuncs.com",
        proxy_host={"http": emulator.url},
    )


@pytest.fixture
def bucket(client: oss_vectors.Client, request: pytest.FixtureRequest) -> Iterator[str]:
    """A bucket of the test's own, removed with everything in it."""
    models = oss_vectors.models
    name = f"b-{zlib.crc32(request.node.nodeid.encode())}"
    client.put_vector_bucket(models.PutVectorBucketRequest(bucket=name))
    yield name
    for page in client.list_vector_indexes_paginator().iter_page(
        models.ListVectorIndexesRequest(bucket=name)
    ):
        for index in page.indexes or []:
            client.delete_vector_index(
                models.DeleteVectorIndexRequest(bucket=name, index_name=index["indexName"])
            )
    client.delete_vector_bucket(models.DeleteVectorBucketRequest(bucket=name))
