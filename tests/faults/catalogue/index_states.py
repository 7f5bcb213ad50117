"""Faults of indexes that need a state to show: a name used before, a neighbour, another bucket, a page in between."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.clock import iso_millis
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.store import Index, IndexSettings, Store
from tests.faults import changes as c
from tests.faults.catalogue.reading_parts import empty_token_refused
from tests.faults.model import Change, Fault

PUT, GET, LIST = "PutVectorIndex", "GetVectorIndex", "ListVectorIndexes"


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _creating()
    yield from _describing()
    yield from _listing()


def _creating() -> Iterator[Fault]:
    yield Fault(
        f"{PUT}.extension-of-a-name-taken",
        f"{PUT}.success.status",
        "a name that begins with that of another index counts as taken",
        c.refuse(PUT, _extends_a_name, "VectorBucketIndexAlreadyExist"),
        also=(f"{PUT}.*",),
    )
    for name, clause, members in (
        ("dimension", "dimension.agrees", ("dimension",)),
        ("non-filterable", "metadata.agrees", ("non_filterable",)),
    ):
        yield Fault(
            f"{PUT}.again-with-the-old-{name}",
            f"{GET}.{clause}",
            f"an index of a name used before has the old {name}",
            _old_settings(members),
            also=(f"{PUT}.creates", f"{GET}.dimension.agrees", f"{LIST}.entries-agree"),
        )
    yield Fault(
        f"{PUT}.name-ignoring-case",
        f"{PUT}.indexName.pattern.rejected",
        "the pattern of names ignores case, and so lets a letter in that folds to k",
        c.rules(
            index_name_characters=lambda _s, n: re.fullmatch(r"[a-z][a-z0-9]*", n, re.IGNORECASE) is not None
        ),
    )


def _extends_a_name(call: Call) -> bool:
    name = call.body.get("indexName")
    return isinstance(name, str) and any(
        name != other and name.startswith(other) for other in call.bucket.indexes
    )


def _old_settings(members: tuple[str, ...]) -> Change:
    def change(behaviour: Behaviour) -> Behaviour:
        former: dict[tuple[int, str], IndexSettings] = {}

        def add(self: Any, bucket: Any, settings: IndexSettings, created: Any) -> Index:
            old = former.setdefault((id(bucket), settings.name), settings)
            kept = replace(settings, **{member: getattr(old, member) for member in members})
            return Store.add_index(self, bucket, kept, created)

        return c.part("store", add_index=add)(behaviour)

    return change


def _describing() -> Iterator[Fault]:
    stable = f"{GET}.createTime.stable"
    yield Fault(f"{GET}.time-of-the-call", stable, "createTime is the time of the call", c.instead(GET, _now))
    yield Fault(
        f"{GET}.time-of-the-last-write",
        stable,
        "createTime is renewed by a write",
        c.after("PutVectors", _renew),
    )
    yield Fault(
        f"{GET}.time-of-a-refused-creation",
        stable,
        "createTime is renewed by a creation that is refused because the name is taken",
        c.instead(PUT, _renew_refused),
    )
    yield Fault(
        f"{GET}.from-any-bucket",
        f"{GET}.NoSuchVectorIndex",
        "an index that the bucket does not have is described from another bucket",
        c.instead(GET, _from_any_bucket),
    )


def _now(parts: Behaviour, handler: Handler, call: Call) -> Response:
    handler(call)
    entry = parts.presenter.index(call.bucket.indexes[call.body["indexName"]])
    return parts.presenter.json({"index": {**entry, "createTime": iso_millis(parts.clock.now())}})


def _renew(parts: Behaviour, call: Call) -> None:
    call.bucket.indexes[call.body["indexName"]].created = parts.clock.now()


def _renew_refused(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    try:
        return handler(call)
    except ServiceError as error:
        if error.code == "VectorBucketIndexAlreadyExist":
            call.bucket.indexes[call.body["indexName"]].created += timedelta(seconds=5)
        raise


def _from_any_bucket(parts: Behaviour, handler: Handler, call: Call) -> Response:
    try:
        return handler(call)
    except ServiceError as error:
        if error.code != "NoSuchVectorIndex":
            raise
        for bucket in parts.store.buckets(call.account):
            if call.body["indexName"] in bucket.indexes:
                return handler(replace(call, found=bucket))
        raise


def _listing() -> Iterator[Fault]:
    yield Fault(
        f"{LIST}.of-all-buckets",
        f"{LIST}.only-own",
        "the indexes of all buckets are listed",
        c.instead(LIST, _of_all_buckets),
        also=(f"{LIST}.*", "DeleteVectorIndex.deletes"),
    )
    yield Fault(
        f"{LIST}.starts-again-after-a-deletion",
        f"{LIST}.paging.complete",
        "a token whose index was deleted leads back to the first page",
        c.part("paging", names_after=_after_a_known_name),
    )
    yield Fault(
        f"{LIST}.prefix-is-a-pattern",
        f"{LIST}.prefix.filters",
        "a prefix is a regular expression",
        c.part("paging", names_after=_matching),
        also=(f"{LIST}.*", "ListVectorBuckets.*", "Errors.*", "Http.*"),
    )
    yield empty_token_refused(LIST)
    yield Fault(
        f"{LIST}.empty-prefix-finds-nothing",
        f"{LIST}.lists-created",
        "an empty prefix finds nothing",
        c.instead(LIST, lambda parts, h, call: _nothing(parts) if call.body.get("prefix") == "" else h(call)),
    )
    yield Fault(
        f"{LIST}.nothing-without-a-body",
        f"{LIST}.lists-created",
        "without a body nothing is listed",
        c.instead(LIST, lambda parts, h, call: h(call) if call.request.body else _nothing(parts)),
        also=(f"{LIST}.body.absent", f"{PUT}.creates"),
    )


def _nothing(parts: Behaviour) -> Response:
    return parts.presenter.page("indexes", [], None)


def _of_all_buckets(parts: Behaviour, handler: Handler, call: Call) -> Response:
    everything: dict[str, Index] = {}
    for bucket in (*parts.store.buckets(call.account), call.bucket):
        everything.update(bucket.indexes)
    return handler(replace(call, found=replace(call.bucket, indexes=everything)))


def _after_a_known_name(_self: Any, names: Any, marker: str, prefix: str) -> list[str]:
    known = list(names)
    # Markers of bucket listings need not be names.
    start = marker if marker in known or "-" in marker else ""
    return sorted(name for name in known if name.startswith(prefix) and name > start)


def _matching(_self: Any, names: Any, marker: str, prefix: str) -> list[str]:
    try:
        pattern = re.compile(prefix)
    except re.error:
        return []
    return sorted(name for name in names if pattern.match(name) and name > marker)
