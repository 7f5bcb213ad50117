"""Answers of GetVectorIndex and ListVectorIndexes against the settings the run created.

Source: GetVectorIndex page, Response elements; ListVectorIndexes page.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from conformance.oracle.answer import Checks
from conformance.oracle.answers_buckets import check_stable, parse_time, plausible_time, same_time
from conformance.oracle.model import Absence, BucketState, IndexState

_SETTINGS = ("dataType", "dimension", "distanceMetric")


def _settings_slips(state: IndexState, entry: Mapping[str, Any]) -> dict[str, str]:
    """Members of a description that disagree with the creation, as requirement aspect -> text."""
    slips = {}
    for name in _SETTINGS:
        wanted = state.settings.get(name)
        if wanted is not None and (entry.get(name) != wanted or isinstance(entry.get(name), bool)):
            slips[name] = f"{name} {entry.get(name)!r}, created with {wanted!r}"
    metadata = state.settings.get("metadata")
    wanted_keys = metadata.get("nonFilterableMetadataKeys") if isinstance(metadata, dict) else None
    described = entry.get("metadata")
    keys = described.get("nonFilterableMetadataKeys") if isinstance(described, dict) else None
    if set(map(str, wanted_keys or [])) != set(map(str, keys or [])):
        slips["metadata"] = f"nonFilterableMetadataKeys {keys!r}, created with {wanted_keys!r}"
    return slips


def _get_vector_index(checks: Checks) -> None:
    answer = checks.answer
    entry = answer.value["index"]
    state = answer.index
    created = entry["createTime"]
    timed = checks.check(
        "GetVectorIndex.createTime.format",
        parse_time(created) is not None,
        "a time like 2025-04-17T10:56:21.000Z",
        created,
    )
    checks.check(
        "GetVectorIndex.status.values",
        entry["status"] in _states(checks),
        " or ".join(_states(checks)),
        repr(entry["status"]),
    )
    if state is None:
        return
    name = entry["indexName"]
    checks.check("GetVectorIndex.indexName.agrees", name == state.name, state.name, repr(name))
    if timed:
        checks.check(
            "GetVectorIndex.createTime.plausible",
            plausible_time(checks, created, state.created),
            f"about {state.created.started:%Y-%m-%dT%H:%M:%SZ}, when the run created the index",
            created,
        )
        check_stable(checks, "GetVectorIndex.createTime.stable", state, created)
    if not state.settings_known:
        return
    slips = _settings_slips(state, entry)
    if slips and state.settings_disputed is not None:
        disputed = state.settings_disputed
        checks.check(
            disputed.requirement, False, "the settings as before", "; ".join(slips.values()), disputed.cause
        )
        return
    if state.settings_disputed is not None:
        checks.check(state.settings_disputed.requirement, True)
    for aspect in (*_SETTINGS, "metadata"):
        wanted = state.settings.get(aspect)
        checks.check(f"GetVectorIndex.{aspect}.agrees", aspect not in slips, repr(wanted), slips.get(aspect))
    checks.check(
        "PutVectorIndex.creates", not slips, "the settings of the creation", "; ".join(slips.values())
    )


def _list_vector_indexes(checks: Checks) -> None:
    answer = checks.answer
    bucket = answer.bucket
    entries = answer.value["indexes"]
    names = [entry["indexName"] for entry in entries]
    prefix = answer.request.get("prefix") or ""
    checks.check(
        "ListVectorIndexes.order",
        # Whether upper case sorts before lower case or beside it is not documented.
        names in (sorted(names), sorted(names, key=str.casefold)),
        "names in alphabetical order",
        ", ".join(names[:20]),
    )
    if prefix:
        others = [name for name in names if not name.startswith(prefix)]
        checks.check(
            "ListVectorIndexes.prefix.filters", not others, f"names that start with {prefix}", others
        )
    asked = answer.request.get("maxResults")
    if asked:
        checks.check(
            "ListVectorIndexes.maxResults.limits-page", len(names) <= asked, f"at most {asked}", len(names)
        )
    elif len(names) >= (most := answer.contract.limit("ListVectorIndexes", "maxResults/default")):
        # Only a listing of at least that many indexes shows the default.
        checks.check(
            "ListVectorIndexes.maxResults.default", len(names) <= most, f"at most {most}", len(names)
        )
    token = answer.value.get("nextToken")
    if token:
        checks.check(
            "ListVectorIndexes.paging.last-page", bool(names), "no empty page before the last", "empty"
        )
        checks.token(token)
    if bucket is None:
        return
    for entry in entries:
        _list_entry(checks, bucket, entry)
    if not token and not answer.request.get("nextToken") and not answer.open:
        _list_complete(checks, bucket, set(names), prefix)


def _states(checks: Checks) -> list[str]:
    described = checks.answer.contract.document["components"]["schemas"]["VectorIndex"]
    return list(described["properties"]["status"]["enum"])


def _list_entry(checks: Checks, bucket: BucketState, entry: Mapping[str, Any]) -> None:
    name = entry["indexName"]
    absence = bucket.absent.get(name)
    if absence is not None and name not in bucket.uncertain and not is_being_deleted(absence, entry):
        checks.check(absence.requirement, False, f"no index {name}", "it is listed", absence.cause)
    state = bucket.indexes.get(name)
    if state is None:
        return
    slips = list(_settings_slips(state, entry).values()) if state.settings_known else []
    if entry["status"] not in _states(checks):
        slips.append(f"status {entry['status']!r}")
    created = entry["createTime"]
    if not plausible_time(checks, created, state.created) or not same_time(state.shown_time, created):
        slips.append(f"createTime {created!r}")
    checks.check(
        "ListVectorIndexes.entries-agree", not slips, "the settings of the creation", "; ".join(slips)
    )


def is_being_deleted(absence: Absence, entry: Mapping[str, Any]) -> bool:
    """Whether a description of a deleted index says that its deletion is under way.

    The page knows the state ``deleting`` (GetVectorIndex page, Response
    elements), so for a while a deleted index may still be described with it.
    """
    return absence.requirement == "DeleteVectorIndex.deletes" and entry.get("status") == "deleting"


def _list_complete(checks: Checks, bucket: BucketState, listed: set[str], prefix: str) -> None:
    """A listing without pages must have every index of the run."""
    wanted = {name for name in bucket.indexes if name.startswith(prefix)}
    missing = sorted(wanted - listed)
    if not wanted:
        return
    unseen = [name for name in missing if not bucket.indexes[name].was_seen]
    requirement = "ListVectorIndexes.prefix.filters" if prefix else "ListVectorIndexes.lists-created"
    cause = None
    if missing and prefix:
        pass
    elif missing and len(unseen) == len(missing):
        cause = bucket.indexes[unseen[0]].created
    elif missing and bucket.last_delete is not None:
        requirement, cause = bucket.last_delete.requirement, bucket.last_delete.cause
    checks.check(
        requirement, not missing, "every index of this run", f"without {', '.join(missing[:10])}", cause
    )
    for name, absence in bucket.absent.items():
        if name not in listed and name.startswith(prefix):
            checks.check(absence.requirement, True)


HANDLERS: Mapping[str, Callable[[Checks], None]] = {
    "GetVectorIndex": _get_vector_index,
    "ListVectorIndexes": _list_vector_indexes,
}
