"""What the faults of envelopes share."""

from __future__ import annotations

from typing import Any

from oss_vectors_emulator.messages import HeaderList, Request, Response
from oss_vectors_emulator.wire import CommonHeaders
from tests.faults import changes as c
from tests.faults.model import Change


def complete(alter: Any) -> Change:
    """Alter the headers of every answer."""

    def complete(self: Any, request: Request, response: Response, elapsed: int) -> HeaderList:
        return tuple(alter(list(CommonHeaders.complete(self, request, response, elapsed)), response))

    return c.part("headers", complete=complete)
