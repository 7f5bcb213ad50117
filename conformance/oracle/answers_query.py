"""Answers of QueryVectors against exact search over what the run stored.

Sources: QueryVectors page (request parameters, filter operators), Vector index
user guide (distance metrics).  Which vectors a query sees may lag behind writes
(QueryVectors page, Notes: two to three seconds), so checks in
:data:`LAGGING` only count once the target had time to settle.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Callable, Mapping
from typing import Any

from conformance.oracle.answer import Checks
from conformance.oracle.constraints import is_number
from conformance.oracle.filters import as_stored, documented_part, filter_requirement, matches
from conformance.oracle.model import IndexState
from conformance.oracle.nearest import check_nearest
from conformance.oracle.search import Distance, distances

#: Requirements whose violation a short delay explains: of queries behind writes, of listings
#: behind creations (the Java SDK's tests wait three seconds there), of deletions under way,
#: of settings of buckets (the Python SDK's tests wait a second before they read a policy).
LAGGING = frozenset(
    {
        "QueryVectors.nearest",
        "QueryVectors.topK.fills-result",
        "QueryVectors.deleted-vectors",
        "QueryVectors.overwritten-vectors",
        "QueryVectors.only-stored",
        "QueryVectors.order",
        "QueryVectors.distance.euclidean",
        "QueryVectors.distance.cosine",
        "QueryVectors.returnMetadata.true",
        "QueryVectors.empty-index",
        "DeleteVectorIndex.deletes-vectors",
        "PutVectorIndex.name-free-after-delete",
        "ListVectorBuckets.lists-created",
        "ListVectorBuckets.prefix.filters",
        "DeleteVectorBucket.deletes",
        "GetBucketPolicy.success.status",
        "GetBucketPolicy.agrees",
        "GetBucketPolicy.NoSuchBucketPolicy",
        "PutBucketPolicy.replaces",
        "DeleteBucketPolicy.deletes",
        "GetBucketLogging.agrees",
        "GetBucketLogging.off",
        "DeleteBucketLogging.deletes",
    }
)
LAGGING_PREFIX = "QueryVectors.filter."

# A server may rank by float32 arithmetic and print what it computes in float64.
_NOISE = 1e-6


def may_lag(requirement: str) -> bool:
    """Whether a failed check of this requirement may be cured by waiting."""
    return requirement in LAGGING or requirement.startswith(LAGGING_PREFIX)


def _query_vectors(checks: Checks) -> None:
    answer = checks.answer
    index = answer.index
    entries = answer.value["vectors"]
    top = answer.request["topK"]
    checks.check("QueryVectors.topK.limits-result", len(entries) <= top, f"at most {top}", len(entries))
    for entry in entries:
        _flags(checks, entry)
    if index is None or index.metric is None:
        return
    _known_entries(checks, index, entries)
    truth = _truth(checks, index)
    _order(checks, entries, truth)
    _distance_values(checks, index, entries, truth)
    if answer.open:
        return
    check_nearest(checks, index, entries, truth)
    _filter(checks, index, entries)
    if not index.vectors and not index.uncertain:
        checks.check("QueryVectors.empty-index", not entries, "no entries", f"{len(entries)} entries")


def _flags(checks: Checks, entry: Mapping[str, Any]) -> None:
    request = checks.answer.request
    for flag, member in (("returnDistance", "distance"), ("returnMetadata", "metadata")):
        present = entry.get(member) is not None
        if flag not in request:
            checks.check(
                "QueryVectors.return-flags.default", not present, f"no {member}", f"{member} is returned"
            )
        elif not isinstance(request[flag], bool):
            # Neither true nor false nor absent: open.
            continue
        elif request[flag] is False:
            checks.check(f"QueryVectors.{flag}.false", not present, f"no {member}", f"{member} is returned")
        elif flag == "returnDistance":
            value = entry.get("distance")
            checks.check(
                "QueryVectors.returnDistance.true",
                is_number(value) and math.isfinite(float(value or 0)),
                "a distance",
                repr(value),
            )


def _known_entries(checks: Checks, index: IndexState, entries: list[dict[str, Any]]) -> None:
    keys = [entry["key"] for entry in entries]
    repeated = sorted({key for key in keys if keys.count(key) > 1})
    checks.check("QueryVectors.only-stored", not repeated, "each vector once", f"repeated: {repeated[:5]}")
    for entry in entries:
        key = entry["key"]
        if key in index.uncertain:
            continue
        absence = index.absent.get(key)
        stored = index.vectors.get(key)
        if stored is not None and not stored.replaced:
            index.shown.add(stored.put.id)
        if absence is not None:
            requirement = absence.requirement
            if requirement == "DeleteVectors.deletes":
                requirement = "QueryVectors.deleted-vectors"
            checks.check(requirement, False, f"no vector {key!r}", "it is found", absence.cause)
        elif stored is None:
            checks.check("QueryVectors.only-stored", False, "stored vectors only", repr(key))
        elif checks.answer.request.get("returnMetadata") is True:
            returned = entry.get("metadata") or {}
            wanted = stored.metadata or {}
            requirement = "QueryVectors.returnMetadata.true"
            if stored.replaced:
                requirement = "QueryVectors.overwritten-vectors"
            same = documented_part(returned, wanted) == documented_part(wanted, wanted)
            checks.check(requirement, same, f"metadata {wanted}", returned, stored.put)
    for absence in index.absent.values():
        if absence.requirement == "DeleteVectors.deletes":
            checks.check("QueryVectors.deleted-vectors", True)
            break


def _truth(checks: Checks, index: IndexState) -> dict[str, Distance]:
    query = checks.answer.request["queryVector"]["float32"]
    keys = [key for key in index.vectors if key not in index.uncertain]
    found = distances(index.metric or "", query, [index.vectors[key].data for key in keys])
    return {key: value for key, value in zip(keys, found, strict=True) if math.isfinite(value.value)}


def _order(checks: Checks, entries: list[dict[str, Any]], truth: dict[str, Distance]) -> None:
    known = [(entry["key"], truth[entry["key"]]) for entry in entries if entry["key"] in truth]
    slip = next(
        (
            f"{near[0]!r} (distance {near[1].value:.6g}) before {far[0]!r} (distance {far[1].value:.6g})"
            for near, far in itertools.pairwise(known)
            if near[1].value - near[1].tolerance > far[1].value + far[1].tolerance
        ),
        None,
    )
    if len(known) > 1:
        checks.check("QueryVectors.order", slip is None, "the nearest first", slip)
    reported = [entry["distance"] for entry in entries if is_number(entry.get("distance"))]
    if any(near > far + _NOISE * max(1.0, abs(near)) for near, far in itertools.pairwise(reported)):
        checks.check("QueryVectors.order", False, "ascending distances", reported)


def _distance_values(
    checks: Checks, index: IndexState, entries: list[dict[str, Any]], truth: dict[str, Distance]
) -> None:
    for entry in entries:
        value, true = entry.get("distance"), truth.get(entry["key"])
        if not is_number(value) or true is None:
            continue
        assert value is not None, "numbers are not None"
        right = checks.check(
            f"QueryVectors.distance.{index.metric}",
            true.admits(float(value)),
            f"distance {true.value:.6g} of {entry['key']!r}",
            f"distance {value!r}",
        )
        if right:
            # At its new place: the write that put it there has arrived.
            index.shown.add(index.vectors[entry["key"]].put.id)


def _filter(checks: Checks, index: IndexState, entries: list[dict[str, Any]]) -> None:
    condition = checks.answer.request.get("filter")
    if not condition:
        return
    unmatched = [entry["key"] for entry in entries if _misses(entry, condition, index)]
    requirement = filter_requirement(condition, index, unmatched)
    if requirement is not None:
        checks.check(requirement, not unmatched, "vectors that satisfy the filter", f"also {unmatched[:5]}")


def _misses(entry: Mapping[str, Any], condition: Mapping[str, Any], index: IndexState) -> bool:
    """Whether the filter should have kept an entry out, by what was stored or by what the answer itself shows."""
    stored = index.vectors.get(entry["key"])
    if stored is not None and matches(condition, as_stored(stored.metadata)) is False:
        return True
    shown = entry.get("metadata")
    return isinstance(shown, dict) and matches(condition, shown) is False


HANDLERS: Mapping[str, Callable[[Checks], None]] = {"QueryVectors": _query_vectors}
