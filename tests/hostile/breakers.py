"""Endpoints that break off, hang, trickle, flood or redirect."""

from __future__ import annotations

import gzip
from collections.abc import Callable

from .endpoint import Behaviour, Connection, Hangup, Received

HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"


def raw(data: bytes) -> Behaviour:
    """These bytes, and the end of the connection."""

    def behaviour(_: Received, connection: Connection) -> None:
        connection.send(data)
        raise Hangup

    return behaviour


def raw_and_wait(data: bytes) -> Behaviour:
    """These bytes, and an open connection on which nothing follows."""

    def behaviour(_: Received, connection: Connection) -> None:
        connection.send(data)
        connection.stopped.wait(30)

    return behaviour


def reset_in_the_body(_: Received, connection: Connection) -> None:
    """Half of the promised body, then RST."""
    connection.send(HEAD + b"Content-Length: 100\r\n\r\n{")
    connection.reset()


hang: Behaviour = raw_and_wait(b"")


def trickle(_: Received, connection: Connection) -> None:
    """One byte at a time, faster than any timeout between two bytes."""
    connection.send(HEAD + b"Content-Length: 1000000\r\n\r\n")
    while not connection.stopped.wait(0.1):
        connection.send(b" ")


def endless(_: Received, connection: Connection) -> None:
    """A body without an end, as fast as it is read."""
    connection.send(HEAD + b"\r\n")
    while not connection.stopped.is_set():
        connection.send(b" " * 1_000_000)


def bomb(size: int) -> Behaviour:
    """A small compressed answer that unpacks to ``size`` bytes, to a client that asked for none."""
    packed = gzip.compress(bytes(size), 9)

    def behaviour(_: Received, connection: Connection) -> None:
        connection.answer("200 OK", packed, headers=(("Content-Encoding", "gzip"),))

    return behaviour


def redirect(status: str, place: Callable[[], str]) -> Behaviour:
    """Sends every request elsewhere."""

    def behaviour(received: Received, connection: Connection) -> None:
        connection.answer(status, headers=(("Location", place() + received.target),))

    return behaviour


def throttled(received: Received, connection: Connection) -> None:
    """The documented answer to too many requests, to every one."""
    identifier = "0123456789ABCDEF01234567"
    error = {
        "Code": "QpsLimitExceeded",
        "Message": "Please reduce your request rate.",
        "RequestId": identifier,
        "HostId": received.header("Host"),
    }
    connection.json("503 Service Unavailable", {"Error": error}, ("x-oss-request-id", identifier))
