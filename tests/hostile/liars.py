"""Services that answer everything, and nothing as OSS Vectors does."""

from __future__ import annotations

import json
import threading
from collections.abc import Callable

from .endpoint import Behaviour, Connection, Received
from .relay import Upstream

PAGE = b"<!DOCTYPE html>\n<html><head><title>Welcome</title></head><body><h1>It works!</h1></body></html>\n"


def always(status: str, body: bytes = b"", content_type: str | None = "application/json") -> Behaviour:
    """One and the same answer to everything."""

    def behaviour(_: Received, connection: Connection) -> None:
        connection.answer(status, body, content_type)

    return behaviour


def echo(received: Received, connection: Connection) -> None:
    """The body of the request, sent back."""
    connection.answer("200 OK", received.body, received.header("Content-Type") or "application/json")


def other_vendor(received: Received, connection: Connection) -> None:
    """An API that names its operations in the path and its errors in ``__type``."""
    error = {"__type": "UnknownOperationException", "message": f"Unable to determine {received.target}"}
    connection.json("404 Not Found", error, ("x-amzn-RequestId", "0c2f9b1e-7a55-4c1c-a6c4-2d1bb1e0f4aa"))


def other_vendor_with_message(received: Received, connection: Connection) -> None:
    """The same with a bare message, and a listing of its own for GET."""
    if received.method == "GET":
        connection.json("200 OK", {"vectorBuckets": [], "nextToken": None})
    else:
        connection.json("400 Bad Request", {"message": "1 validation error detected"})


def odd_types(received: Received, connection: Connection) -> None:
    """A request id as OSS Vectors has one, and bodies in which every member has another type than documented."""
    body = {
        "ListAllMyBucketsResult": [None],
        "BucketInfo": "x",
        "BucketLoggingStatus": 7,
        "index": [{"indexName": 1}],
        "indexes": {"a": [[]]},
        "vectors": [None, 1, "x", {"key": 5, "data": [], "distance": "near"}],
        "nextToken": {"x": 1},
        "Error": {"Code": ["x"], "Message": 1, "RequestId": None, "HostId": {}, "EC": 3},
        "Statement": True,
    }
    dates = ("Thu, 01 Jan 2020 00:00:00 +99999999999999999999", "Fri, 31 Dec 9999 23:59:59 -2359", "x")
    date = dates[len(received.raw) % 3]
    connection.json("200 OK", body, ("x-oss-request-id", "0" * 24), ("Date", date))


def hostile_json(received: Received, connection: Connection) -> None:
    """JSON that readers stumble over: deep, huge numbers, lone surrogates, no JSON at all."""
    bodies = (
        b"[" * 200_000,
        b'{"vectors":' * 5_000 + b"1" + b"}" * 5_000,
        b'{"index":{"dimension":' + b"9" * 6_000 + b"}}",
        b'{"nextToken":"\\ud800","vectors":[{"key":"\\udfff\\u0000","distance":1e999}]}',
        b"\xff\xfe{\x00}\x00",
        b'{"Error":{"Code":"\xed\xa0\x80"}}',
    )
    body = bodies[len(received.raw) % len(bodies)]
    status = ("200 OK", "400 Bad Request")[len(received.target) % 2]
    connection.answer(status, body, headers=(("x-oss-request-id", "0" * 24),))


def previous_answer(upstream: Upstream) -> Behaviour:
    """Answers every request with what the one before it should have got; the first with an empty list."""
    lock = threading.Lock()
    empty = json.dumps({"ListAllMyBucketsResult": {}}).encode()
    pending: list[Callable[[Connection], None]] = [lambda connection: connection.answer("200 OK", empty)]

    def behaviour(received: Received, connection: Connection) -> None:
        with lock:
            pending.append(upstream.answer_to(received))
            reply = pending.pop(0)
        reply(connection)

    return behaviour
