"""Request rates, enforced only on request.

Sources: PutVectorIndex page, Notes (5 per second); PutVectors page, Notes (1000 per second, 2500 vectors in
flight); DeleteVectors page, Error codes (503 QpsLimitExceeded).
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import MutableMapping
from typing import Any

import pytest

from oss_vectors_emulator import Limits, Settings
from oss_vectors_emulator.rates import EnforcedRates

from .client import BUCKET, INDEX, Client, FakeClock, host_of, index_body, make_client, vector

LIMITED = (503, "QpsLimitExceeded")


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def limited(clock: FakeClock) -> Client:
    limits = Limits(put_vectors_per_second=3, put_vectors_in_flight=4)
    return make_client(Settings(enforce_rates=True, limits=limits), clock).make_bucket()


def create(client: Client, number: int) -> tuple[int, str]:
    return client.post("putVectorIndex", index_body(indexName=f"index{number}")).outcome


def test_nothing_is_limited_by_default(client: Client) -> None:
    assert {create(client, number) for number in range(50)} == {(200, "")}


def test_a_sixth_index_within_a_second_is_over_the_limit(limited: Client, clock: FakeClock) -> None:
    assert [create(limited, number) for number in range(6)] == [(200, "")] * 5 + [LIMITED]
    clock.advance(0.999)
    assert create(limited, 6) == LIMITED
    clock.advance(0.001)
    assert create(limited, 7) == (200, "")


def test_a_limited_request_leaves_no_index(limited: Client) -> None:
    for number in range(7):
        create(limited, number)
    assert len(limited.send("POST", "listVectorIndexes").json["indexes"]) == 5


def test_a_limited_request_does_not_count(limited: Client, clock: FakeClock) -> None:
    for number in range(20):
        create(limited, number)
    clock.advance(1.0)
    assert [create(limited, 100 + number) for number in range(6)] == [(200, "")] * 5 + [LIMITED]


def test_other_operations_are_not_limited(limited: Client) -> None:
    limited.make_index()
    for _ in range(50):
        assert limited.post("getVectorIndex", {"indexName": INDEX}).status == 200
        assert limited.post("deleteVectors", {"indexName": INDEX, "keys": ["k"]}).status == 204


def test_writes_have_a_rate_of_their_own(limited: Client) -> None:
    limited.make_index()
    assert [limited.put(vector(f"k{n}")).outcome for n in range(4)] == [(200, "")] * 3 + [LIMITED]
    assert limited.stored().keys() == {"k0", "k1", "k2"}


def test_more_vectors_than_may_be_in_flight_are_refused_and_not_written(limited: Client) -> None:
    limited.make_index()
    assert limited.put(*(vector(f"k{n}") for n in range(5))).outcome == LIMITED
    assert limited.stored() == {}
    assert limited.put(*(vector(f"k{n}") for n in range(4))).outcome == (200, "")


def test_vectors_are_in_flight_until_their_answer_is_sent(clock: FakeClock) -> None:
    rates = EnforcedRates(Limits(put_vectors_in_flight=10), clock)
    rates.hold("one", "account", 6)
    with pytest.raises(Exception, match="QpsLimitExceeded"):
        rates.hold("two", "account", 5)
    rates.hold("two", "another account", 5)
    rates.release("one")
    rates.hold("three", "account", 10)


def test_an_answer_that_is_still_being_sent_keeps_its_vectors_in_flight(limited: Client) -> None:
    limited.make_index()
    statuses: list[int] = []

    async def exchange(sent: asyncio.Event, finish: asyncio.Event, count: int) -> None:
        body = json.dumps({"indexName": INDEX, "vectors": [vector(f"k{n}") for n in range(count)]}).encode()
        moment = limited.behaviour.clock.now()
        headers = {
            "host": host_of(BUCKET),
            **limited.signer.headers("POST", "putVectors", moment, BUCKET, {}),
        }
        scope = {
            "type": "http",
            "method": "POST",
            "path": "/",
            "query_string": b"putVectors",
            "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        }

        async def receive() -> dict[str, Any]:
            return {"type": "http.request", "body": body}

        async def send(message: MutableMapping[str, Any]) -> None:
            if message["type"] == "http.response.start":
                statuses.append(message["status"])
                sent.set()
                await finish.wait()

        await limited.app(scope, receive, send)

    async def overlap() -> None:
        answered, slow, at_once = asyncio.Event(), asyncio.Event(), asyncio.Event()
        at_once.set()
        first = asyncio.create_task(exchange(answered, slow, 3))
        await answered.wait()
        await exchange(asyncio.Event(), at_once, 2)
        slow.set()
        await first
        await exchange(asyncio.Event(), at_once, 2)

    asyncio.run(overlap())
    assert statuses == [200, 503, 200]
