"""Answers of GetVectors and ListVectors against the vectors the run stored.

Sources: GetVectors and ListVectors pages (Response elements), PutVectors and
DeleteVectors pages for what must have been stored or deleted.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from conformance.oracle.answer import Checks
from conformance.oracle.filters import documented_part, empty_part
from conformance.oracle.model import Absence, IndexState, StoredVector
from conformance.oracle.search import as_float32

_EMPTY_VALUES = "PutVectors.metadata.empty-values.stored"


def _stored_slip(stored: StoredVector, numbers: Any) -> str | None:
    """How returned data differ from the stored float32 values, or ``None``.

    A server may print 0.1 as 0.1 or as 0.10000000149: both are the same
    float32, which is what is compared.
    """
    if not isinstance(numbers, list) or not all(isinstance(number, (int, float)) for number in numbers):
        return f"{str(numbers)[:100]} is no list of numbers"
    if len(numbers) != len(stored.data):
        return f"{len(numbers)} values, stored {len(stored.data)}"
    returned = as_float32(numbers)
    if np.array_equal(returned, stored.data):
        return None
    place = int(np.flatnonzero(returned != stored.data)[0])
    return f"value {place} is {numbers[place]!r}, stored {float(stored.data[place])!r}"


def _flag_of(checks: Checks, name: str) -> bool | None:
    value = checks.answer.request.get(name, False)
    return value if isinstance(value, bool) else None


class _EntryChecks:
    """Checks of one entry that reads a stored vector back."""

    def __init__(self, checks: Checks, index: IndexState) -> None:
        self._checks = checks
        self._index = index
        self._name = checks.answer.operation.name
        # Anything but true, false and absent is open: then the member may be there or not.
        self._with_data: bool | None = _flag_of(checks, "returnData")
        self._with_metadata: bool | None = _flag_of(checks, "returnMetadata")

    def entry(self, entry: Mapping[str, Any]) -> None:
        """Check the flags and values of one returned entry."""
        key = entry["key"]
        self._flag(entry, "data", "returnData", wanted=self._with_data)
        stored = self._index.vectors.get(key)
        if stored is None or key in self._index.uncertain:
            self._flag(entry, "metadata", "returnMetadata", wanted=self._with_metadata, optional=True)
            return
        self._flag(
            entry, "metadata", "returnMetadata", wanted=self._with_metadata, optional=not stored.metadata
        )
        if self._with_data and isinstance(entry.get("data"), dict):
            slip = _stored_slip(stored, entry["data"].get("float32"))
            self._value(
                key, stored, "PutVectors.data.stored", "PutVectors.overwrite", slip, "the stored values"
            )
        if self._with_metadata and ("metadata" in entry or not stored.metadata):
            returned = entry.get("metadata") or {}
            wanted = stored.metadata or {}
            same = documented_part(returned, wanted) == documented_part(wanted, wanted)
            slip = None if same else f"{str(returned)[:200]}"
            expected = f"metadata {str(wanted)[:200]}"
            self._value(
                key, stored, "PutVectors.metadata.stored", "PutVectors.overwrite.metadata", slip, expected
            )
            if empty := empty_part(wanted, wanted):
                found = empty_part(returned, wanted)
                self._checks.check(_EMPTY_VALUES, found == empty, f"{empty}", f"{key!r}: {found}", stored.put)

    def _flag(
        self, entry: Mapping[str, Any], member: str, flag: str, *, wanted: bool | None, optional: bool = False
    ) -> None:
        present = member in entry and entry[member] is not None
        if wanted:
            if not optional:
                self._checks.check(
                    f"{self._name}.{flag}.true", present, f"{member} of {entry['key']!r}", f"no {member}"
                )
        elif wanted is False:
            self._checks.check(
                f"{self._name}.{flag}.false", not present, f"no {member}", f"{member} is returned"
            )

    def _value(
        self, key: str, stored: StoredVector, first: str, replaced: str, slip: str | None, expected: str
    ) -> None:
        index = self._index
        disputed = index.disputed.get(key)
        requirement, cause = (replaced if stored.replaced else first), stored.put
        if slip is not None and disputed is not None:
            requirement, cause = disputed.requirement, disputed.cause
        elif slip is not None and _blames_last_write(index, key):
            assert index.last_write is not None, "it is to blame"
            requirement, cause = index.last_write.requirement, index.last_write.cause
        self._checks.check(requirement, slip is None, expected, f"{key!r}: {slip}", cause)
        if slip is None and disputed is not None:
            self._checks.check(disputed.requirement, True)


def _blames_last_write(index: IndexState, key: str) -> bool:
    """Whether a vector that was right before is wrong since a write that did not name it."""
    last = index.last_write
    return key in index.seen and last is not None and last.cause is not index.vectors[key].put


def missing_check(checks: Checks, index: IndexState, key: str, general: str) -> None:
    """A stored vector was not returned: lay it at the door of the write that explains it."""
    stored = index.vectors[key]
    disputed = index.disputed.get(key)
    requirement, cause = "PutVectors.stores", stored.put
    if disputed is not None:
        requirement, cause = disputed.requirement, disputed.cause
    elif _blames_last_write(index, key):
        assert index.last_write is not None, "it is to blame"
        requirement, cause = index.last_write.requirement, index.last_write.cause
    elif key in index.seen:
        checks.check(general, False, f"the vector {key!r}", "it is missing")
        return
    checks.check(requirement, False, f"the vector {key!r}", "it is missing", cause)


def present_checks(checks: Checks, index: IndexState, key: str, general: str) -> None:
    """A stored vector was returned: that passes the write it came from and all that left it alone."""
    checks.check("PutVectors.stores", True)
    checks.check(general, True)
    disputed = index.disputed.get(key)
    if disputed is not None:
        checks.check(disputed.requirement, True)
    if index.last_write is not None and index.last_write.cause is not index.vectors[key].put:
        checks.check(index.last_write.requirement, True)
    if not key.isascii():
        checks.check("PutVectors.key.unicode.preserved", True)
    index.seen.add(key)


def absence_check(checks: Checks, absence: Absence, *, found: bool, key: str) -> None:
    """A vector that must be absent was found, or properly not."""
    checks.check(absence.requirement, not found, f"no vector {key!r}", "it is returned", absence.cause)


def _get_vectors(checks: Checks) -> None:
    answer = checks.answer
    index = answer.index
    entries = answer.value["vectors"]
    requested = [key for key in answer.request.get("keys", []) if isinstance(key, str)]
    returned = {entry["key"] for entry in entries}
    unasked = sorted(returned - set(requested))
    checks.check("GetVectors.only-requested", not unasked, "requested keys only", f"also {unasked[:5]}")
    if index is None:
        return
    entry_checks = _EntryChecks(checks, index)
    for entry in entries:
        entry_checks.entry(entry)
    for key in dict.fromkeys(requested):
        if key in index.uncertain or (answer.open and key not in returned):
            continue
        if key in index.vectors:
            if key in returned:
                present_checks(checks, index, key, "GetVectors.returns-stored")
            else:
                missing_check(checks, index, key, "GetVectors.returns-stored")
        elif key in index.absent:
            absence_check(checks, index.absent[key], found=key in returned, key=key)
            if key not in returned:
                checks.check("GetVectors.missing-keys.omitted", True)
        else:
            checks.check(
                "GetVectors.missing-keys.omitted", key not in returned, f"no entry for {key!r}", "an entry"
            )


def _list_vectors(checks: Checks) -> None:
    answer = checks.answer
    index = answer.index
    entries = answer.value["vectors"]
    asked = answer.request.get("maxResults")
    if asked:
        checks.check(
            "ListVectors.maxResults.limits-page", len(entries) <= asked, f"at most {asked}", len(entries)
        )
    elif len(entries) >= (most := answer.contract.limit("ListVectors", "maxResults/default")):
        checks.check("ListVectors.maxResults.default", len(entries) <= most, f"at most {most}", len(entries))
    token = answer.value.get("nextToken")
    if token:
        checks.check("ListVectors.paging.no-empty-page", bool(entries), "at least one vector", "none")
        checks.token(token)
    if index is None:
        return
    entry_checks = _EntryChecks(checks, index)
    keys = [entry["key"] for entry in entries]
    for entry in entries:
        entry_checks.entry(entry)
        key = entry["key"]
        if key in index.uncertain or key in index.vectors:
            continue
        if key in index.absent:
            absence_check(checks, index.absent[key], found=True, key=key)
        else:
            checks.check("ListVectors.only-stored", False, "stored vectors only", f"{key!r}")
    if not any(key not in index.vectors for key in keys):
        checks.check("ListVectors.only-stored", True)
    whole = answer.request.get("segmentCount") in (None, 1) and not answer.request.get("nextToken")
    if whole and not token and not answer.open:
        _list_complete(checks, index, keys)


def _list_complete(checks: Checks, index: IndexState, keys: list[str]) -> None:
    """A complete listing: every stored vector once, none that must be absent."""
    repeated = sorted({key for key in keys if keys.count(key) > 1}) if len(set(keys)) != len(keys) else []
    checks.check(
        "ListVectors.paging.complete", not repeated, "every vector once", f"repeated: {repeated[:5]}"
    )
    listed = set(keys)
    for key in index.vectors:
        if key in index.uncertain:
            continue
        if key in listed:
            present_checks(checks, index, key, "ListVectors.lists-stored")
        else:
            missing_check(checks, index, key, "ListVectors.lists-stored")
    for key, absence in index.absent.items():
        if key not in listed and key not in index.uncertain:
            checks.check(absence.requirement, True)


HANDLERS: Mapping[str, Callable[[Checks], None]] = {
    "GetVectors": _get_vectors,
    "ListVectors": _list_vectors,
}
