"""Faults of GetVectorIndex and ListVectorIndexes."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.clock import iso_millis
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.presenter import Presenter
from oss_vectors_emulator.store import Index
from tests.faults import changes as c
from tests.faults.catalogue.indexes_parts import FIELDS, GET, LIST, found_by
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _describing()
    yield from _listing()


def _index_entry(**members: Any) -> Change:
    def index(self: Any, given: Index) -> c.Json:
        entry = Presenter.index(self, given)
        for name, value in members.items():
            entry[name] = value(given)
            if entry[name] is None:
                del entry[name]
        return entry

    return c.part("presenter", index=index)


def _describing() -> Iterator[Fault]:
    def one(name: str, clause: str, summary: str, *also: str, **members: Any) -> Fault:
        wider = (*also, f"{LIST}.entries-agree", f"{LIST}.success.body")
        return Fault(f"{GET}.{name}", f"{GET}.{clause}", summary, c.only(GET, _index_entry(**members)), wider)

    yield one(
        "no-name",
        "success.body",
        "indexName is missing, as in the printed sample",
        f"{GET}.indexName.agrees",
        indexName=lambda _i: None,
    )
    yield one(
        "name-upper",
        "indexName.agrees",
        "indexName comes back in upper case",
        indexName=lambda i: i.settings.name.upper(),
    )
    yield one(
        "name-arn",
        "indexName.agrees",
        "indexName is an ARN",
        indexName=lambda i: f"acs:ossvector:::{i.settings.name}",
    )
    yield one("type-float", "dataType.agrees", "dataType is float", dataType=lambda _i: "float")
    yield one(
        "dimension-text",
        "dimension.agrees",
        "dimension is a text",
        f"{GET}.success.body",
        dimension=lambda i: str(i.settings.dimension),
    )
    yield one(
        "dimension-capped",
        "dimension.agrees",
        "dimension is at most 512",
        dimension=lambda i: min(512, i.settings.dimension),
    )
    yield one("dimension-default", "dimension.agrees", "dimension is always 512", dimension=lambda _i: 512)
    yield one(
        "metric-euclidean",
        "distanceMetric.agrees",
        "the metric shown is always euclidean",
        distanceMetric=lambda _i: "euclidean",
    )
    yield one(
        "metric-upper",
        "distanceMetric.agrees",
        "the metric is shown in upper case",
        distanceMetric=lambda i: i.settings.distance_metric.upper(),
    )
    yield one(
        "fields-hidden", "metadata.agrees", "non-filterable names are not shown", metadata=lambda _i: None
    )
    yield one(
        "fields-sorted",
        "metadata.agrees",
        "only the first non-filterable name is shown",
        metadata=lambda i: (
            {FIELDS: list(i.settings.non_filterable[:1])} if i.settings.non_filterable else None
        ),
    )
    yield one(
        "fields-at-root",
        "metadata.agrees",
        "the names stand in metadata directly",
        f"{GET}.success.body",
        metadata=lambda i: list(i.settings.non_filterable) if i.settings.non_filterable else None,
    )
    yield one(
        "time-epoch",
        "createTime.format",
        "createTime is a number",
        f"{GET}.success.body",
        createTime=lambda i: int(i.created.timestamp()),
    )
    yield one(
        "time-blank",
        "createTime.format",
        "createTime has a blank instead of T",
        createTime=lambda i: iso_millis(i.created).replace("T", " "),
    )
    yield one(
        "time-without-zone",
        "createTime.format",
        "createTime has no zone",
        createTime=lambda i: iso_millis(i.created)[:-1],
    )
    yield one(
        "time-zone-slip",
        "createTime.plausible",
        "local time printed as UTC",
        createTime=lambda i: iso_millis(i.created + timedelta(hours=8)),
    )
    yield one(
        "time-fixed",
        "createTime.plausible",
        "createTime is always the same",
        createTime=lambda _i: "2025-04-17T01:33:47.000Z",
    )
    yield one("status-enabled", "status.values", "status is enabled", status=lambda _i: "enabled")
    yield one("status-active", "status.values", "status is ACTIVE", status=lambda _i: "ACTIVE")
    yield one(
        "no-status", "success.body", "status is missing", f"{GET}.status.values", status=lambda _i: None
    )
    yield one(
        "no-create-time",
        "success.body",
        "createTime is missing",
        f"{GET}.createTime.format",
        createTime=lambda _i: None,
    )
    yield Fault(
        f"{GET}.bare-body",
        f"{GET}.success.body",
        "the members stand at the root",
        c.answer(GET, lambda v: v["index"]),
    )
    yield Fault(
        f"{GET}.name-case-ignored",
        f"{GET}.NoSuchVectorIndex",
        "an index is found by a prefix of its name",
        c.instead(GET, _by_prefix),
        ("DeleteVectorIndex.deletes",),
    )
    yield Fault(
        f"{GET}.content-type-needed",
        f"{GET}.content-type.absent",
        "a request without Content-Type is refused",
        c.refuse(GET, lambda call: call.request.header("content-type") is None, "InvalidArgument"),
    )
    yield Fault(
        "GetVectors.content-type-needed",
        "GetVectors.content-type.absent",
        "a request without Content-Type is refused",
        c.refuse("GetVectors", lambda call: call.request.header("content-type") is None, "InvalidArgument"),
    )
    yield Fault(
        f"{GET}.time-at-read",
        f"{GET}.createTime.plausible",
        "createTime is the time of reading less a day",
        c.only(GET, _index_entry(createTime=lambda i: iso_millis(i.created - timedelta(days=1)))),
    )


def _by_prefix(parts: Behaviour, handler: Handler, call: Call) -> Response:
    name = parts.rules.index_name(call.body)
    near = [other for other in call.bucket.indexes if name.startswith(other) or other.startswith(name)]
    if name not in call.bucket.indexes and near:
        return handler(replace(call, body={"indexName": near[0]}))
    return handler(call)


def _each(alter: Any) -> Change:
    return c.answer(LIST, lambda v: [alter(entry) for entry in v["indexes"]] and None)


def _listing() -> Iterator[Fault]:
    body = f"{LIST}.success.body"
    yield Fault(
        f"{LIST}.upper-camel",
        body,
        "the members are Indexes and NextToken",
        c.answer(LIST, lambda v: {"Indexes": v["indexes"]}),
    )
    yield Fault(
        f"{LIST}.names-only",
        body,
        "entries are names",
        c.answer(LIST, lambda v: v.update(indexes=[e["indexName"] for e in v["indexes"]])),
    )
    yield Fault(
        f"{LIST}.no-dimension",
        body,
        "entries lack dimension",
        _each(lambda e: e.pop("dimension")),
        (f"{LIST}.entries-agree",),
    )
    yield Fault(f"{LIST}.no-status", body, "entries lack status", _each(lambda e: e.pop("status")))
    yield Fault(
        f"{LIST}.null-when-empty",
        body,
        "a bucket without indexes gives null",
        c.answer(LIST, lambda v: v.update(indexes=v["indexes"] or None)),
    )
    yield Fault(
        f"{LIST}.member-absent-when-empty",
        body,
        "a bucket without indexes gives an empty object",
        c.answer(LIST, lambda v: v if v["indexes"] else {}),
    )
    yield Fault(
        f"{LIST}.dimension-slip",
        f"{LIST}.entries-agree",
        "all entries show the dimension of the first",
        c.answer(
            LIST, lambda v: [e.update(dimension=v["indexes"][0]["dimension"]) for e in v["indexes"]] and None
        ),
    )
    yield Fault(
        f"{LIST}.metric-slip",
        f"{LIST}.entries-agree",
        "all entries show euclidean",
        _each(lambda e: e.update(distanceMetric="euclidean")),
    )
    yield Fault(
        f"{LIST}.metadata-left-out",
        f"{LIST}.entries-agree",
        "entries lack metadata",
        _each(lambda e: e.pop("metadata", None)),
    )
    yield Fault(
        f"{LIST}.last-missing",
        f"{LIST}.lists-created",
        "the newest index is missing",
        found_by(lambda n, m, p: sorted(x for x in n[:-1] if x.startswith(p) and x > m)),
        (f"{LIST}.paging.complete",),
    )
    yield Fault(
        f"{LIST}.shows-all-buckets",
        f"{LIST}.lists-created",
        "indexes of all buckets are listed",
        _all_buckets(),
        (f"{LIST}.*", "DeleteVectorIndex.deletes"),
    )
    yield Fault(
        f"{LIST}.creation-order",
        f"{LIST}.order",
        "indexes come in the order of their creation",
        found_by(lambda n, m, p: [x for x in n if x.startswith(p) and x > m]),
        (f"{LIST}.paging.complete",),
    )
    yield Fault(
        f"{LIST}.reversed",
        f"{LIST}.order",
        "the last name comes first",
        found_by(lambda n, m, p: sorted((x for x in n if x.startswith(p) and x > m), reverse=True)),
        (f"{LIST}.paging.complete",),
    )
    yield Fault(
        f"{LIST}.prefix-ignored",
        f"{LIST}.prefix.filters",
        "prefix is ignored",
        found_by(lambda n, m, _p: sorted(x for x in n if x > m)),
    )
    yield Fault(
        f"{LIST}.prefix-contains",
        f"{LIST}.prefix.filters",
        "prefix may stand anywhere",
        found_by(lambda n, m, p: sorted(x for x in n if p in x and x > m)),
    )
    yield Fault(
        f"{LIST}.prefix-case",
        f"{LIST}.prefix.filters",
        "prefix ignores case",
        found_by(lambda n, m, p: sorted(x for x in n if x.lower().startswith(p.lower()) and x > m)),
    )
    yield Fault(
        f"{LIST}.prefix-exact",
        f"{LIST}.prefix.filters",
        "prefix must be the whole name",
        found_by(lambda n, m, p: sorted(x for x in n if (not p or x == p) and x > m)),
    )
    yield Fault(
        f"{LIST}.prefix-after-cut",
        f"{LIST}.prefix.filters",
        "pages are cut before the prefix is applied",
        c.instead(LIST, _prefix_after_cut),
        (f"{LIST}.paging.*",),
    )
    yield Fault(
        f"{LIST}.bad-parameter-code",
        f"{LIST}.errors.VectorIndexParameterInvalid",
        "a bad parameter is InvalidArgument",
        c.error_of("VectorIndexParameterInvalid", LIST, to="InvalidArgument"),
        (f"{LIST}.*.rejected", f"{LIST}.*.type"),
    )


def _all_buckets() -> Change:
    def handle(parts: Behaviour, handler: Handler, call: Call) -> Response:
        every = {name: index for b in parts.store.buckets(call.account) for name, index in b.indexes.items()}
        return handler(replace(call, found=replace(call.bucket, indexes=every)))

    return c.instead(LIST, handle)


def _prefix_after_cut(parts: Behaviour, handler: Handler, call: Call) -> Response:
    prefix = call.body.get("prefix") or ""
    response = handler(
        replace(call, body={**call.body, "prefix": ""} if isinstance(prefix, str) else call.body)
    )
    value = orjson.loads(response.body)
    value["indexes"] = [e for e in value["indexes"] if e["indexName"].startswith(prefix)]
    return parts.presenter.json(value)
