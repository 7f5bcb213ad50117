"""Which vectors an answer of QueryVectors must have, and whether it has them.

Source: QueryVectors page, Description and filter.  A vector is only missed
when no reading of the pages and no float32 arithmetic explains its absence;
behind a recall setting, misses are counted instead (:mod:`conformance.oracle.recall`).

Relations between queries need no checks of their own.  That the order of
writing, the length of the query vector under cosine or the flags change
nothing, and that a larger topK continues the same list, follows from each
answer being compared with exact search; what that comparison leaves open
(ties, differences below float32) the relations must leave open too.
"""

from __future__ import annotations

import bisect
import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import Any

from conformance.oracle.answer import Checks
from conformance.oracle.filters import as_stored, filter_requirement, matches
from conformance.oracle.model import IndexState
from conformance.oracle.recall import Sample
from conformance.oracle.search import Distance

Entries = Sequence[Mapping[str, Any]]

_NEAREST = "QueryVectors.nearest"
_FILLS = "QueryVectors.topK.fills-result"
_OVERWRITTEN = "QueryVectors.overwritten-vectors"
_EMPTY = "QueryVectors.filter.empty"


def certain_keys(
    index: IndexState, truth: Mapping[str, Distance], top: int, condition: Mapping[str, Any] | None
) -> list[str]:
    """Keys that every right answer has, the nearest first.

    The pages speak of pre- and of post-filtering.  Where every vector fits into
    topK both give all that match; where not, both keep what matches among the
    topK nearest of all: a place in the whole ranking is a better one among the
    matching.
    """
    # A vector of unknown distance or existence may stand before any other.
    unknown = len(index.vectors) - len(truth) + len(index.uncertain)
    certain = list(truth)
    if len(truth) + unknown > top:
        before = sorted(true.value - true.tolerance for true in truth.values())
        # Counted with the vector itself.
        certain = [
            key
            for key, true in truth.items()
            if bisect.bisect_right(before, true.value + true.tolerance) <= top - unknown
        ]
    certain.sort(key=lambda key: truth[key].value)
    if not condition:
        return certain
    return [key for key in certain if matches(condition, as_stored(index.vectors[key].metadata)) is True]


def check_nearest(checks: Checks, index: IndexState, entries: Entries, truth: Mapping[str, Distance]) -> None:
    """Every vector that is certainly among the results must be there."""
    request = checks.answer.request
    condition = request.get("filter") or None
    wanted = certain_keys(index, truth, request["topK"], condition)
    judge = _exact if checks.answer.settings.min_recall >= 1.0 else _counted
    judge(checks, index, entries, wanted, condition)
    if condition is None and not index.uncertain:
        _fills(checks, index, entries, min(request["topK"], len(truth)))


def _exact(
    checks: Checks,
    index: IndexState,
    entries: Entries,
    wanted: Sequence[str],
    condition: Mapping[str, Any] | None,
) -> None:
    returned = {entry["key"] for entry in entries}
    missing = [key for key in wanted if key not in returned]
    requirement: str | None = _NEAREST
    if condition is not None:
        requirement = filter_requirement(condition, index, missing)
    elif any(index.vectors[key].replaced for key in missing):
        requirement = _OVERWRITTEN
    elif _is_empty(checks):
        requirement = _EMPTY
    if not wanted or requirement is None:
        return
    expected = f"among the results: {', '.join(map(repr, wanted[:10]))}"
    checks.check(requirement, not missing, expected, f"without {missing[:10]}")
    if condition is None and not missing and any(index.vectors[key].replaced for key in wanted):
        checks.check(_OVERWRITTEN, True)


def _counted(
    checks: Checks,
    index: IndexState,
    entries: Entries,
    wanted: Sequence[str],
    condition: Mapping[str, Any] | None,
) -> None:
    answer = checks.answer
    returned = {entry["key"] for entry in entries}
    missing = [key for key in wanted if key not in returned]
    # A write of which nothing was ever found may still be on its way.
    answer.late = any(index.vectors[key].put.id not in index.shown for key in missing)
    query = _digest(answer.request["queryVector"]["float32"])
    samples: dict[str, list[Sample]] = {}
    for key in wanted:
        stored = index.vectors[key]
        requirement: str | None = _OVERWRITTEN if stored.replaced else _NEAREST
        if condition is not None:
            requirement = filter_requirement(condition, index, [key])
        if requirement is not None:
            sample = Sample((stored.put.id, key, query), int(key in returned))
            samples.setdefault(requirement, []).append(sample)
    for requirement, several in samples.items():
        whole = all(sample.found for sample in several)
        _judge_total(checks, requirement, several, whole, f"here without {missing[:5]}")


def _fills(checks: Checks, index: IndexState, entries: Entries, least: int) -> None:
    """As many entries as topK allows and the index holds."""
    answer = checks.answer
    whole = len(entries) >= least
    if answer.settings.min_recall >= 1.0:
        checks.check(
            _EMPTY if _is_empty(checks) else _FILLS, whole, f"{least} entries", f"{len(entries)} entries"
        )
    elif least:
        query = _digest(answer.request["queryVector"]["float32"])
        identity = (index.created.id, query, answer.request["topK"], len(index.vectors))
        sample = Sample(identity, min(len(entries), least), least)
        _judge_total(checks, _FILLS, [sample], whole, f"here {len(entries)} of {least} entries")


def _is_empty(checks: Checks) -> bool:
    """Whether the query has a filter without conditions, which the user guide allows and which filters nothing."""
    return bool(checks.answer.request.get("filter") == {})


def _judge_total(checks: Checks, requirement: str, samples: list[Sample], whole: bool, here: str) -> None:
    answer = checks.answer
    answer.counted += answer.model.recall.add(requirement, samples)
    total, least = answer.model.recall.total(requirement), answer.settings.min_recall
    # An answer that misses nothing cannot be the one to show that too much is missed.
    ok = whole or total.admits(least)
    checks.check(requirement, ok, f"at least {least:.0%} of what must be found", f"{total}; {here}")


def _digest(numbers: Sequence[float]) -> bytes:
    text = ",".join(repr(float(number)) for number in numbers if math.isfinite(number))
    return hashlib.blake2b(text.encode(), digest_size=8).digest()
