"""How tests query: with everything the judge can compare, until the answer has settled."""

from __future__ import annotations

from typing import Any

from conformance.suite.service import Result, Service


def query(service: Service, index: str, numbers: list[float], top: int, **more: Any) -> Result:
    """Query with distances and metadata until the answer has settled."""
    body = {
        "indexName": index,
        "queryVector": {"float32": numbers},
        "topK": top,
        "returnDistance": True,
        "returnMetadata": True,
        **more,
    }
    return service.call("QueryVectors", body, settle=True)
