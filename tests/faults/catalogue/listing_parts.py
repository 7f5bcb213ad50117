"""What the faults of listings share."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from typing import Any

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response


def by_key(order: Callable[[str], str], shortened: Callable[[str], str]) -> Any:
    """ListVectors in the order of keys, continued after what the token keeps of the last one."""

    def handle(parts: Behaviour, handler: Handler, call: Call) -> Response:
        token, segments = call.body.get("nextToken"), call.body.get("segmentCount", 1)
        everything = handler(replace(call, body={k: v for k, v in call.body.items() if k != "nextToken"}))
        if segments != 1 or not isinstance(token, str | None):
            return handler(call)
        last = ""
        if token:
            try:
                last = base64.b64decode(token, validate=True).decode()
            except ValueError:
                raise ServiceError("VectorIndexParameterInvalid") from None
        table = call.index(str(call.body["indexName"])).table
        size = parts.rules.vector_page_size(call.body)
        keys = sorted((key for key in table.keys if key > last), key=order)
        flags = [call.body.get(name, False) for name in ("returnData", "returnMetadata")]
        entries = []
        for key in keys[:size]:
            row = table.row(key)
            assert row is not None, "a key of the table"
            entries.append(parts.presenter.vector(table, row, *flags))
        more = base64.b64encode(shortened(keys[size - 1]).encode()).decode() if len(keys) > size else None
        return parts.presenter.page("vectors", entries, more) if entries else everything

    return handle
