"""Faults of tokens that carry the name or key they continue after: too long, cut off, decoded once too often."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any
from urllib.parse import unquote

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.paging import Paging
from tests.faults import changes as c
from tests.faults.catalogue.listing_parts import by_key
from tests.faults.model import Fault

_VECTORS, _INDEXES = "ListVectors", "ListVectorIndexes"


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield Fault(
        f"{_VECTORS}.token-beyond-its-limit",
        f"{_VECTORS}.paging.token-length",
        "the token is the last key in base64, which may have 4096 bytes",
        c.instead(_VECTORS, by_key(str, str)),
    )
    yield Fault(
        f"{_INDEXES}.token-beyond-its-limit",
        f"{_INDEXES}.paging.token-length",
        "the token is filled up to 600 bytes",
        c.both(
            c.part("paging", index_token=lambda s, name: Paging.index_token(s, name).ljust(600)),
            c.member(_INDEXES, "nextToken", lambda v: isinstance(v, str), str.rstrip),
        ),
    )
    yield Fault(
        f"{_VECTORS}.own-token-refused",
        f"{_VECTORS}.success.status",
        "the token is the last key in base64, and refused where it has more than 2048 bytes",
        c.instead(_VECTORS, _refusing_long_tokens),
        (f"{_VECTORS}.paging.*",),
    )
    yield Fault(
        f"{_VECTORS}.token-unquoted",
        f"{_VECTORS}.paging.complete",
        "percent escapes in the key that a token carries are decoded",
        c.instead(_VECTORS, by_key(str, unquote)),
        (f"{_VECTORS}.paging.last-page",),
    )
    yield Fault(
        f"{_INDEXES}.token-of-32-characters",
        f"{_INDEXES}.paging.complete",
        "of a token the first 32 characters count",
        c.member(_INDEXES, "nextToken", lambda v: isinstance(v, str), lambda v: v[:32]),
        (f"{_INDEXES}.paging.last-page",),
    )


def _refusing_long_tokens(parts: Behaviour, handler: Handler, call: Call) -> Response:
    token = call.body.get("nextToken")
    if isinstance(token, str) and len(token) > 2048:
        raise ServiceError("VectorIndexParameterInvalid")
    listed: Any = by_key(str, str)
    answer: Response = listed(parts, handler, call)
    return answer
