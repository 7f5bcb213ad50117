"""Connections: several requests on one, and several at once.

Covers keep-alive (response samples of the PutVectorIndex and DeleteVectors
pages show ``Connection: keep-alive``) and what simultaneous requests must not
break: an index name is taken once (PutVectorIndex page, Error codes), a stored
vector is stored (PutVectors page, Description).
"""

from __future__ import annotations

import json

from conformance.cases.baselines import vector
from conformance.cases.case import Authentication, Slot
from conformance.oracle.judge import Fate
from conformance.suite.collecting import decides
from conformance.suite.resources import Resources, index_body
from conformance.suite.service import Blocked, Result, Service

_AT_ONCE = 6
_OWN_ANSWER = "Http.keep-alive.own-answer"


@decides(_OWN_ANSWER)
def test_each_answer_is_its_own(service: Service, resources: Resources) -> None:
    """After refusals of every kind, with small and large bodies, the next answer belongs to the next request."""
    index, other = resources.shared(Slot.INDEX), resources.shared(Slot.COSINE_INDEX)
    key = resources.keys(1)[0]
    resources.put(index, vector(key))
    large = {
        "indexName": index,
        "vectors": [vector(f"{key}{n}", metadata={"t": "x" * 500}) for n in range(200)],
    }
    unsigned = "PutVectors.AccessDenied.unsigned"
    for _ in range(2):
        service.call("PutVectors", large, authentication=Authentication.UNSIGNED, attack=unsigned)
        service.call("GetVectorIndex", {"indexName": index}, attack=_OWN_ANSWER)
        service.call("PutVectors", {**large, "indexName": service.names.index()})
        service.call("GetVectorIndex", {"indexName": other}, attack=_OWN_ANSWER)
        service.call("GetVectors", {"indexName": index, "keys": []})
        service.call("GetVectors", {"indexName": index, "keys": [key]}, attack=_OWN_ANSWER)
        service.call("GetVectorIndex", raw=b"{")
        service.call("ListVectorIndexes", {"prefix": index}, attack=_OWN_ANSWER)
        service.call("GetVectorIndex", {"indexName": index}, chunked=True, attack="Http.body.chunked")
        service.call("GetVectorIndex", {"indexName": other}, attack=_OWN_ANSWER)
        service.call("DeleteVectors", {"indexName": index, "keys": resources.keys(1)})
        service.call("GetVectors", {"indexName": index, "keys": [key]}, attack=_OWN_ANSWER)


@decides("PutVectorIndex.concurrent.one-wins")
def test_one_of_several_creations_wins(service: Service) -> None:
    """The same name at once from several connections, and the index has the winner's settings."""
    requirement = "PutVectorIndex.concurrent.one-wins"
    for _ in range(2):
        name = service.names.index()
        bodies = [index_body(name, dimension=place + 1) for place in range(_AT_ONCE)]
        results = service.call_at_once("PutVectorIndex", bodies)
        statuses = sorted(result.status or 0 for result in results)
        winners = sum(result.served for result in results)
        if winners == 0 and any(map(_is_undecided, results)):
            raise Blocked(
                "none of several simultaneous creations was served, and some were not answered or throttled"
            )
        service.check(
            requirement,
            winners == 1,
            results[-1].exchange,
            f"one 200 and {_AT_ONCE - 1} times 409",
            statuses,
        )
        service.call("GetVectorIndex", {"indexName": name})
        service.call("DeleteVectorIndex", {"indexName": name})


@decides("PutVectors.concurrent.none-lost")
def test_parallel_writers_lose_nothing(service: Service, resources: Resources) -> None:
    """Several batches at once into one index: every vector is there afterwards, with its own values."""
    index = resources.index()
    keys = resources.keys(_AT_ONCE * 10)
    batches = [
        {
            "indexName": index,
            "vectors": [
                vector(key, [float(place), 1.0, 2.0, 3.0], {"n": str(place)}) for key in keys[place::_AT_ONCE]
            ],
        }
        for place in range(_AT_ONCE)
    ]
    results = service.call_at_once("PutVectors", batches)
    served = [result.exchange.request_body for result in results if result.served]
    if not served:
        raise Blocked("none of several simultaneous writes was served")
    written = {entry["key"] for body in served for entry in json.loads(body)["vectors"]}
    answer = resources.read(index, keys)
    found = {entry["key"] for entry in answer.members("vectors")}
    service.check(
        "PutVectors.concurrent.none-lost",
        found >= written,
        answer.exchange,
        f"the {len(written)} vectors of the writes that were served",
        f"without {sorted(written - found)[:5]}",
    )
    service.call("ListVectors", {"indexName": index, "returnData": True, "returnMetadata": True})
    service.call("DeleteVectorIndex", {"indexName": index})


def _is_undecided(result: Result) -> bool:
    return result.status is None or result.judgement.fate is Fate.THROTTLED
