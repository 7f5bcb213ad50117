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
from conformance.oracle.filters import EQUALITY, LOGICAL, MEMBERSHIP, matches
from conformance.oracle.model import IndexState
from conformance.oracle.search import Distance, distances

#: Requirements whose violation a short delay explains: of queries behind writes, of listings
#: behind creations (the Java SDK's tests wait three seconds there), of deletions under way.
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
    }
)
LAGGING_PREFIX = "QueryVectors.filter."


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
    _nearest(checks, index, entries, truth)
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
            checks.check(requirement, returned == wanted, f"metadata {wanted}", returned, stored.put)
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
    if len(reported) > 1 and reported != sorted(reported):
        checks.check("QueryVectors.order", False, "ascending distances", reported)


def _distance_values(
    checks: Checks, index: IndexState, entries: list[dict[str, Any]], truth: dict[str, Distance]
) -> None:
    for entry in entries:
        value, true = entry.get("distance"), truth.get(entry["key"])
        if not is_number(value) or true is None:
            continue
        assert value is not None, "numbers are not None"
        checks.check(
            f"QueryVectors.distance.{index.metric}",
            true.admits(float(value)),
            f"distance {true.value:.6g} of {entry['key']!r}",
            f"distance {value!r}",
        )


def _nearest(
    checks: Checks, index: IndexState, entries: list[dict[str, Any]], truth: dict[str, Distance]
) -> None:
    """Every vector that is clearly among the topK nearest must be there, save what the recall setting allows."""
    request = checks.answer.request
    condition = request.get("filter")
    if condition and len(index.vectors) + len(index.uncertain) > request["topK"]:
        # The pages speak of pre- and of post-filtering: only when every vector fits
        # into topK do both give the same result.
        return
    candidates = {
        key: true
        for key, true in truth.items()
        if not condition or matches(condition, index.vectors[key].metadata or {}) is True
    }
    ranked = sorted(candidates.items(), key=lambda item: item[1].value)
    top = request["topK"]
    wanted = [key for key, _ in ranked[:top]]
    if len(ranked) > top:
        edge = ranked[top][1]
        wanted = [
            key for key, true in ranked[:top] if true.value + true.tolerance < edge.value - edge.tolerance
        ]
    returned = {entry["key"] for entry in entries}
    missing = [key for key in wanted if key not in returned]
    ok = len(missing) <= (1.0 - checks.answer.settings.min_recall) * len(wanted) + 1e-9
    requirement: str | None = "QueryVectors.nearest"
    if condition:
        requirement = filter_requirement(condition, index)
    elif any(index.vectors[key].replaced for key in missing):
        requirement = "QueryVectors.overwritten-vectors"
    if wanted and requirement is not None:
        checks.check(
            requirement,
            ok,
            f"among the results: {', '.join(map(repr, wanted[:10]))}",
            f"without {missing[:10]}",
        )
    if not condition and not index.uncertain:
        least = min(top, len(truth))
        enough = len(entries) >= math.floor(least * checks.answer.settings.min_recall)
        checks.check("QueryVectors.topK.fills-result", enough, f"{least} entries", f"{len(entries)} entries")
        if ok and any(index.vectors[key].replaced for key in wanted):
            checks.check("QueryVectors.overwritten-vectors", True)


def _filter(checks: Checks, index: IndexState, entries: list[dict[str, Any]]) -> None:
    condition = checks.answer.request.get("filter")
    requirement = filter_requirement(condition, index) if condition else None
    if condition is None or requirement is None:
        return
    strangers = [
        entry["key"]
        for entry in entries
        if entry["key"] in index.vectors
        and matches(condition, index.vectors[entry["key"]].metadata or {}) is False
    ]
    checks.check(requirement, not strangers, "vectors that satisfy the filter", f"also {strangers[:5]}")


def filter_requirement(condition: Mapping[str, Any], index: IndexState) -> str | None:
    """The requirement that a filter exercises, by its outermost form; ``None`` for one the pages don't describe."""
    name, operand = next(iter(condition.items()))
    if name in LOGICAL and isinstance(operand, list):
        inner = [key for item in operand if isinstance(item, dict) for key in item]
        form = "nested" if any(key in LOGICAL for key in inner) else name[1:]
        return f"QueryVectors.filter.{form}"
    if not isinstance(operand, dict) or not operand:
        return None
    operator, argument = next(iter(operand.items()))
    if operator not in (*EQUALITY, *MEMBERSHIP, "$exists"):
        return None
    if operator == "$exists":
        return f"QueryVectors.filter.exists.{str(argument).lower()}"
    stored = [vector.metadata or {} for vector in index.vectors.values()]
    if operator == "$eq" and any(isinstance(metadata.get(name), list) for metadata in stored):
        return "QueryVectors.filter.eq.array-field"
    return f"QueryVectors.filter.{operator[1:]}"


HANDLERS: Mapping[str, Callable[[Checks], None]] = {"QueryVectors": _query_vectors}
