"""Faults of the four index operations."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from typing import Any

import orjson

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.clock import iso_millis
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.operations.index import IndexOperations
from oss_vectors_emulator.paging import Paging
from oss_vectors_emulator.pipeline import Pipeline
from oss_vectors_emulator.presenter import Presenter
from oss_vectors_emulator.store import Index, IndexSettings, Store, VectorTable
from oss_vectors_emulator.validation import Rules
from tests.faults import changes as c
from tests.faults.model import Change, Fault

_PUT, _GET, _LIST, _DELETE = "PutVectorIndex", "GetVectorIndex", "ListVectorIndexes", "DeleteVectorIndex"
_KEYS = "nonFilterableMetadataKeys"


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _names()
    yield from _settings()
    yield from _non_filterable()
    yield from _creating()
    yield from _taken()
    yield from _describing()
    yield from _listing()
    yield from _paging()
    yield from _deleting()


def _rule(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    wider = (f"{_PUT}.success.status",) if clause.endswith("accepted") else ()
    return Fault(f"{_PUT}.{name}", f"{_PUT}.{clause}", summary, change, (*also, *wider))


def _characters(pattern: str) -> Change:
    compiled = re.compile(pattern)
    return c.rules_of(_PUT, index_name_characters=lambda _s, name: compiled.fullmatch(name) is not None)


def _names() -> Iterator[Fault]:
    yield _rule(
        "name-max-64",
        "indexName.max-length.rejected",
        "64 characters are accepted",
        c.limits_of(_PUT, index_name_max=64),
    )
    yield _rule(
        "name-max-62",
        "indexName.max-length.accepted",
        "63 characters are refused",
        c.limits_of(_PUT, index_name_max=62),
    )
    yield _rule(
        "name-max-unchecked",
        "indexName.max-length.rejected",
        "names of any length",
        c.limits_of(_PUT, index_name_max=10**6),
    )
    yield _rule(
        "name-min-2",
        "indexName.min-length.accepted",
        "one character is refused",
        _characters(r"[A-Za-z][A-Za-z0-9]+"),
    )
    yield _rule(
        "name-min-3",
        "indexName.min-length.accepted",
        "two characters are refused, as for buckets",
        _characters(r"[A-Za-z][A-Za-z0-9]{2,}"),
    )
    yield _rule(
        "name-empty",
        "indexName.min-length.rejected",
        "the empty name is accepted",
        _characters(r"([A-Za-z][A-Za-z0-9]*)?"),
        f"{_PUT}.indexName.pattern.rejected",
    )
    rejected = "indexName.pattern.rejected"
    yield _rule("name-digit-first", rejected, "a digit may come first", _characters(r"[A-Za-z0-9]+"))
    yield _rule("name-hyphen", rejected, "hyphens are accepted", _characters(r"[A-Za-z][A-Za-z0-9-]*"))
    yield _rule(
        "name-underscore", rejected, "underscores are accepted", _characters(r"[A-Za-z][A-Za-z0-9_]*")
    )
    yield _rule("name-dot", rejected, "dots are accepted", _characters(r"[A-Za-z][A-Za-z0-9.]*"))
    yield _rule(
        "name-any-letter",
        rejected,
        "letters and digits of any script",
        c.rules_of(_PUT, index_name_characters=lambda _s, n: n.isalnum() and n[0].isalpha()),
    )
    yield _rule("name-fullwidth-digit", rejected, "digits of any script", _characters(r"[A-Za-z][A-Za-z\d]*"))
    yield _rule(
        "name-trailing-newline",
        rejected,
        "a newline at the end slips through",
        _characters(r"[A-Za-z][A-Za-z0-9]*\n?"),
    )
    yield _rule(
        "name-trimmed",
        rejected,
        "blanks around the name are cut off",
        c.before(
            _PUT,
            lambda b: (
                b.update(indexName=b["indexName"].strip(" ")) if isinstance(b.get("indexName"), str) else None
            ),
        ),
    )
    yield _rule(
        "name-unanchored",
        rejected,
        "only the beginning of the name is checked",
        _characters(r"[A-Za-z][A-Za-z0-9]*.*"),
    )
    yield _rule(
        "name-lower-only",
        "indexName.pattern.accepted",
        "upper case is refused",
        _characters(r"[a-z][a-z0-9]*"),
    )
    yield _rule(
        "name-no-digits", "indexName.pattern.accepted", "digits are refused", _characters(r"[A-Za-z]+")
    )
    yield _rule(
        "name-lower-first",
        "indexName.pattern.accepted",
        "the first letter must be lower case",
        _characters(r"[a-z][A-Za-z0-9]*"),
    )
    yield _rule(
        "name-folded",
        "creates",
        "names are turned to lower case",
        c.before(
            _PUT,
            lambda b: (
                b.update(indexName=b["indexName"].lower()) if isinstance(b.get("indexName"), str) else None
            ),
        ),
        f"{_GET}.indexName.agrees",
        f"{_PUT}.indexName.pattern.accepted",
        "*.NoSuchVectorIndex",
    )


def _dimension(read: Any) -> Change:
    return c.rules(dimension=lambda self, body: read(self, body))


def _settings() -> Iterator[Fault]:
    d = "dimension"
    yield _rule(
        "dimension-max-4097", f"{d}.maximum.rejected", "4097 is accepted", c.limits(dimension_max=4097)
    )
    yield _rule(
        "dimension-max-4095", f"{d}.maximum.accepted", "4096 is refused", c.limits(dimension_max=4095)
    )
    yield _rule(
        "dimension-max-2048", f"{d}.maximum.accepted", "2048 is the most", c.limits(dimension_max=2048)
    )
    yield _rule("dimension-unbounded", f"{d}.maximum.rejected", "any size", c.limits(dimension_max=10**5))
    yield _rule("dimension-min-0", f"{d}.minimum.rejected", "0 is accepted", c.limits(dimension_min=0))
    yield _rule("dimension-min-2", f"{d}.minimum.accepted", "1 is refused", c.limits(dimension_min=2))
    yield _rule(
        "dimension-negative",
        f"{d}.minimum.rejected",
        "the sign is ignored",
        _dimension(lambda s, b: Rules.dimension(s, {**b, d: abs(b[d])} if isinstance(b.get(d), int) else b)),
    )
    yield _rule(
        "dimension-zero-is-default",
        f"{d}.minimum.rejected",
        "0 means the default",
        _dimension(lambda s, b: 512 if b.get(d) == 0 and b.get(d) is not False else Rules.dimension(s, b)),
    )
    yield _rule(
        "dimension-numeric-text",
        f"{d}.type",
        "a text with digits is accepted",
        c.before(
            _PUT,
            lambda b: b.update(dimension=int(b[d])) if isinstance(b.get(d), str) and b[d].isdigit() else None,
        ),
    )
    yield _rule(
        "dimension-truncated",
        f"{d}.type",
        "a fraction is cut off",
        c.before(_PUT, lambda b: b.update(dimension=int(b[d])) if isinstance(b.get(d), float) else None),
    )
    yield _rule(
        "dimension-boolean",
        f"{d}.type",
        "true counts as 1",
        c.before(_PUT, lambda b: b.update(dimension=1) if b.get(d) is True else None),
    )
    yield _rule(
        "dimension-wraps",
        f"{d}.maximum.rejected",
        "only the low 32 bits are looked at",
        _dimension(
            lambda s, b: Rules.dimension(
                s,
                {**b, d: b[d] & 0xFFFFFFFF}
                if isinstance(b.get(d), int) and not isinstance(b[d], bool)
                else b,
            )
        ),
        f"{_PUT}.{d}.minimum.rejected",
    )
    yield _rule(
        "dimension-null",
        f"{d}.type",
        "null means the default",
        c.before(_PUT, lambda b: b.update(dimension=512) if d in b and b[d] is None else None),
    )
    t = "dataType"
    yield _rule(
        "data-type-any",
        f"{t}.enum.rejected",
        "any text is accepted",
        c.before(_PUT, lambda b: b.update(dataType="float32") if isinstance(b.get(t), str) else None),
    )
    yield _rule(
        "data-type-case",
        f"{t}.enum.rejected",
        "case is ignored",
        c.before(_PUT, lambda b: b.update(dataType=b[t].lower()) if isinstance(b.get(t), str) else None),
    )
    yield _rule(
        "data-type-float64",
        f"{t}.enum.rejected",
        "float64 is accepted too",
        c.before(_PUT, lambda b: b.update(dataType="float32") if b.get(t) == "float64" else None),
    )
    yield _rule(
        "data-type-required-upper",
        f"{t}.enum.accepted",
        "only FLOAT32 is accepted",
        c.refuse(_PUT, lambda call: call.body.get(t) == "float32"),
    )
    yield _rule(
        "data-type-any-type",
        f"{t}.type",
        "a value that is no text means float32",
        c.before(
            _PUT, lambda b: b.update(dataType="float32") if t in b and not isinstance(b[t], str) else None
        ),
    )
    m = "distanceMetric"
    yield _rule(
        "metric-any",
        f"{m}.enum.rejected",
        "an unknown metric means euclidean",
        c.before(
            _PUT,
            lambda b: (
                b.update(distanceMetric="euclidean")
                if isinstance(b.get(m), str) and b[m] != "cosine"
                else None
            ),
        ),
    )
    yield _rule(
        "metric-case",
        f"{m}.enum.rejected",
        "case is ignored",
        c.before(
            _PUT, lambda b: b.update(distanceMetric=b[m].lower()) if isinstance(b.get(m), str) else None
        ),
    )
    yield _rule(
        "metric-dot-product",
        f"{m}.enum.rejected",
        "dotproduct is accepted",
        c.before(
            _PUT,
            lambda b: (
                b.update(distanceMetric="cosine")
                if str(b.get(m)).lower().replace("_", "").replace("-", "")
                in ("dotproduct", "ip", "innerproduct", "dot")
                else None
            ),
        ),
    )
    yield _rule(
        "metric-l2",
        f"{m}.enum.rejected",
        "l2 is accepted",
        c.before(_PUT, lambda b: b.update(distanceMetric="euclidean") if b.get(m) == "l2" else None),
    )
    yield _rule(
        "metric-trimmed",
        f"{m}.enum.rejected",
        "blanks around it are cut off",
        c.before(
            _PUT, lambda b: b.update(distanceMetric=b[m].strip()) if isinstance(b.get(m), str) else None
        ),
    )
    yield _rule(
        "metric-no-cosine",
        f"{m}.enum.accepted",
        "cosine is refused",
        c.refuse(_PUT, lambda call: call.body.get(m) == "cosine"),
    )
    yield _rule(
        "metric-any-type",
        f"{m}.type",
        "a value that is no text means euclidean",
        c.before(
            _PUT,
            lambda b: b.update(distanceMetric="euclidean") if m in b and not isinstance(b[m], str) else None,
        ),
    )
    yield _rule(
        "bad-parameter-other-code",
        f"{d}.maximum.rejected",
        "a bad parameter is InvalidArgument",
        c.error_of("VectorIndexParameterInvalid", _PUT, to="InvalidArgument"),
        f"{_PUT}.*.rejected",
        f"{_PUT}.*.type",
        f"{_PUT}.*.required",
    )
    yield _rule(
        "bad-parameter-422",
        f"{d}.maximum.rejected",
        "a bad parameter is refused with 422",
        c.error_of("VectorIndexParameterInvalid", _PUT, status=422),
        f"{_PUT}.*.rejected",
        f"{_PUT}.*.type",
        f"{_PUT}.*.required",
        "Errors.code-status",
    )


def _mend_keys(change: Any) -> Change:
    """Alter the list of non-filterable names before it is checked."""

    def mend(body: c.Json) -> None:
        metadata = body.get("metadata")
        if isinstance(metadata, dict) and _KEYS in metadata:
            metadata[_KEYS] = change(metadata[_KEYS])

    return c.before(_PUT, mend)


def _non_filterable() -> Iterator[Fault]:
    k = f"metadata.{_KEYS}"
    length = f"{k}.item.length"
    yield _rule(
        "fields-max-11",
        f"{k}.max-items.rejected",
        "11 names are accepted",
        c.limits(non_filterable_keys_max=11),
    )
    yield _rule(
        "fields-unbounded",
        f"{k}.max-items.rejected",
        "any number of names",
        c.limits(non_filterable_keys_max=10**6),
    )
    yield _rule(
        "fields-max-9", f"{k}.max-items.accepted", "10 names are refused", c.limits(non_filterable_keys_max=9)
    )
    yield _rule(
        "fields-empty",
        f"{k}.min-items.rejected",
        "an empty list is accepted",
        c.rules(non_filterable_count=lambda s, n: s.within(_KEYS, len(n), 0, 10)),
    )
    yield _rule(
        "fields-min-2",
        f"{k}.min-items.accepted",
        "one name is refused",
        c.rules(non_filterable_count=lambda s, n: s.within(_KEYS, len(n), 2, 10)),
    )
    yield _rule(
        "field-max-64",
        f"{length}.maximum.rejected",
        "64 bytes are accepted",
        c.limits(non_filterable_key_bytes=64),
    )
    yield _rule(
        "field-max-62",
        f"{length}.maximum.accepted",
        "63 bytes are refused",
        c.limits(non_filterable_key_bytes=62),
    )
    yield _rule(
        "field-empty",
        f"{length}.minimum.rejected",
        "the empty name is accepted",
        _mend_keys(lambda v: [x or "a" for x in v] if isinstance(v, list) else v),
        f"{_PUT}.{k}.item.pattern.rejected",
    )
    yield _rule(
        "field-min-2",
        f"{length}.minimum.accepted",
        "one letter is refused",
        c.rules(metadata_key_characters=lambda s, n: len(n) > 1 and Rules.metadata_key_characters(s, n)),
    )
    bad = f"{k}.item.pattern.rejected"
    yield _rule(
        "field-any-character",
        bad,
        "any characters are accepted",
        c.rules(metadata_key_characters=lambda _s, _n: True),
    )
    yield _rule(
        "field-hyphen",
        bad,
        "hyphens are accepted",
        c.rules(metadata_key_characters=lambda s, n: Rules.metadata_key_characters(s, n.replace("-", "_"))),
    )
    yield _rule(
        "field-digit-first",
        bad,
        "a digit may come first",
        c.rules(metadata_key_characters=lambda s, n: Rules.metadata_key_characters(s, "_" + n)),
    )
    yield _rule(
        "field-no-underscore-first",
        f"{k}.item.pattern.accepted",
        "an underscore must not come first",
        c.rules(
            metadata_key_characters=lambda s, n: not n.startswith("_") and Rules.metadata_key_characters(s, n)
        ),
    )
    yield _rule(
        "field-no-digits",
        f"{k}.item.pattern.accepted",
        "digits are refused",
        c.rules(metadata_key_characters=lambda s, n: n.isascii() and n.replace("_", "a").isalpha()),
    )
    yield _rule(
        "fields-type-text",
        f"{k}.type",
        "a single text counts as a list",
        _mend_keys(lambda v: [v] if isinstance(v, str) else v),
    )
    yield _rule(
        "fields-type-unchecked",
        f"{k}.type",
        "what is no list is ignored",
        _mend_keys(lambda v: v if isinstance(v, list) else ["a"]),
    )
    yield _rule(
        "field-type-number",
        f"{k}.item.type",
        "numbers are taken as text",
        _mend_keys(lambda v: [x if isinstance(x, str) else f"n{x}" for x in v] if isinstance(v, list) else v),
    )
    yield _rule(
        "metadata-type-unchecked",
        "metadata.type",
        "metadata that is no object is ignored",
        c.before(
            _PUT,
            lambda b: (
                b.pop("metadata") and None
                if "metadata" in b and not isinstance(b["metadata"], dict)
                else None
            ),
        ),
    )
    yield _rule(
        "metadata-array",
        "metadata.type",
        "an array of names counts as metadata",
        c.before(_PUT, lambda b: b.pop("metadata") and None if isinstance(b.get("metadata"), list) else None),
    )


def _creating() -> Iterator[Fault]:
    yield _rule(
        "creates-nothing",
        "creates",
        "200, but no index is made",
        c.instead(_PUT, _create_nothing),
        "*.NoSuchVectorIndex",
    )
    yield _rule(
        "stores-default-metric",
        "creates",
        "the metric is always euclidean",
        _stored(distance_metric="euclidean"),
        f"{_GET}.distanceMetric.agrees",
        "QueryVectors.*",
    )
    yield _rule(
        "loses-fields",
        "creates",
        "the non-filterable names are forgotten",
        _stored(non_filterable=None),
        f"{_GET}.metadata.agrees",
    )
    yield _rule(
        "refused-but-made",
        "rejected.no-trace",
        "an index with a bad dimension is refused, but made all the same",
        _refused_but_made("dimension"),
    )
    yield _rule(
        "refused-metadata-but-made",
        "rejected.no-trace",
        "an index with bad metadata is refused, but made all the same",
        _refused_but_made("metadata"),
    )
    yield _rule(
        "name-unique-in-account",
        "name-free-in-other-bucket",
        "a name may be used in one bucket of the account only",
        c.instead(_PUT, _unique_in_account),
        f"{_PUT}.success.status",
    )
    yield _rule(
        "name-not-freed",
        "name-free-after-delete",
        "the name of a deleted index stays taken",
        _never_freed(),
        f"{_PUT}.success.status",
        "DeleteVectorIndex.deletes",
        f"{_PUT}.VectorBucketIndexAlreadyExist",
    )
    yield _rule(
        "quota-99", "indexes-per-bucket.accepted", "99 indexes are the most", c.limits(indexes_per_bucket=99)
    )
    yield _rule(
        "quota-101", "indexes-per-bucket.rejected", "101 indexes fit", c.limits(indexes_per_bucket=101)
    )
    yield _rule(
        "quota-none",
        "indexes-per-bucket.rejected",
        "any number of indexes fits",
        c.limits(indexes_per_bucket=10**6),
    )
    yield _rule(
        "quota-10", "indexes-per-bucket.accepted", "10 indexes are the most", c.limits(indexes_per_bucket=10)
    )
    yield _rule(
        "parameters-before-bucket",
        "NoSuchBucket.before-parameters",
        "parameters are checked before the bucket",
        _parameters_first(_PUT),
    )
    yield Fault(
        "PutVectors.parameters-before-bucket",
        "PutVectors.NoSuchBucket.before-parameters",
        "parameters are checked before the bucket",
        _parameters_first("PutVectors"),
    )


def _create_nothing(parts: Behaviour, _handler: Handler, call: Call) -> Response:
    IndexOperations(parts).settings(call)
    return parts.presenter.empty()


def _stored(**members: Any) -> Change:
    return c.part(
        "store", add_index=lambda s, b, settings, at: Store.add_index(s, b, replace(settings, **members), at)
    )


def _refused_but_made(member: str) -> Change:
    def handle(parts: Behaviour, handler: Handler, call: Call) -> Response:
        try:
            return handler(call)
        except ServiceError as error:
            name = call.body.get("indexName")
            if error.code == "VectorIndexParameterInvalid" and member in call.body:
                sound = (
                    {**call.body, "dimension": 4}
                    if member == "dimension"
                    else {**call.body, "metadata": None}
                )
                try:
                    settings = IndexOperations(parts).settings(replace(call, body=sound))
                except ServiceError:
                    raise error from None
                if name not in call.bucket.indexes:
                    parts.store.add_index(call.bucket, settings, parts.clock.now())
            raise

    return c.instead(_PUT, handle)


def _unique_in_account(parts: Behaviour, handler: Handler, call: Call) -> Response:
    others = [b for b in parts.store.buckets(call.account) if b is not call.bucket]
    if any(
        call.body.get("indexName") in b.indexes for b in others if isinstance(call.body.get("indexName"), str)
    ):
        raise ServiceError("VectorBucketIndexAlreadyExist")
    return handler(call)


def _never_freed() -> Change:
    taken: set[tuple[str, str]] = set()

    def remove(self: Any, bucket: Any, index: Index) -> None:
        taken.add((bucket.name, index.settings.name))
        Store.remove_index(self, bucket, index)

    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        if (call.bucket_name, str(call.body.get("indexName"))) in taken:
            raise ServiceError("VectorBucketIndexAlreadyExist")
        return handler(call)

    return c.both(c.part("store", remove_index=remove), c.instead(_PUT, handle))


def _parameters_first(name: str) -> Change:
    def find_bucket(self: Any, address: Any, caller: Any, route: Any) -> Any:
        try:
            return Pipeline.find_bucket(self, address, caller, route)
        except ServiceError as error:
            if error.code == "NoSuchBucket" and route.operation == name:
                return None
            raise

    def handle(parts: Behaviour, handler: Handler, call: Call) -> Response:
        if call.found is None:
            parts.rules.index_name(call.body)
            if name == "PutVectors":
                parts.rules.batch(call.body)
            else:
                IndexOperations(parts).settings(call)
        return handler(call)

    return c.both(c.pipeline(find_bucket=find_bucket), c.instead(name, handle))


def _taken() -> Iterator[Fault]:
    exists = "VectorBucketIndexAlreadyExist"
    yield _rule(
        "again-same-settings-ok",
        exists,
        "creating an index again with the same settings is no error",
        c.instead(_PUT, _same_again),
    )
    yield _rule(
        "again-replaces",
        f"{exists}.no-trace",
        "a refused second create has emptied the index",
        c.instead(_PUT, _again_empties),
        "PutVectors.stores",
    )
    yield _rule(
        "again-changes-settings",
        f"{exists}.no-trace",
        "a refused second create has changed the metric",
        c.instead(_PUT, _again_changes),
        f"{_GET}.*.agrees",
        f"{_LIST}.entries-agree",
    )
    yield _rule(
        "again-overwrites",
        exists,
        "a second create replaces the index",
        c.instead(_PUT, _overwrite),
        f"{_PUT}.{exists}.other-settings",
    )
    yield _rule(
        "again-other-settings-ok",
        f"{exists}.other-settings",
        "with other settings the index is altered",
        c.instead(_PUT, _alter_other),
    )
    yield _rule(
        "again-other-code",
        exists,
        "the code is VectorIndexAlreadyExist",
        c.error_of(exists, to="VectorIndexAlreadyExist"),
        f"{_PUT}.{exists}.*",
    )
    yield _rule(
        "again-400",
        exists,
        "the status is 400",
        c.error_of(exists, status=400),
        f"{_PUT}.{exists}.*",
        "Errors.code-status",
    )
    yield _rule(
        "again-404",
        f"{exists}",
        "taken is reported as VectorIndexParameterInvalid",
        c.error_of(exists, to="VectorIndexParameterInvalid", status=400),
        f"{_PUT}.{exists}.*",
    )


def _existing(parts: Behaviour, call: Call) -> tuple[IndexSettings, Index | None]:
    settings = IndexOperations(parts).settings(call)
    return settings, call.bucket.indexes.get(settings.name)


def _same_again(parts: Behaviour, handler: Handler, call: Call) -> Response:
    settings, index = _existing(parts, call)
    return parts.presenter.empty() if index is not None and index.settings == settings else handler(call)


def _again_empties(parts: Behaviour, handler: Handler, call: Call) -> Response:
    _settings_, index = _existing(parts, call)
    if index is not None:
        index.table = VectorTable(index.settings.dimension)
    return handler(call)


def _again_changes(parts: Behaviour, handler: Handler, call: Call) -> Response:
    settings, index = _existing(parts, call)
    if index is not None:
        index.settings = replace(index.settings, distance_metric=settings.distance_metric)
    return handler(call)


def _overwrite(parts: Behaviour, handler: Handler, call: Call) -> Response:
    settings, index = _existing(parts, call)
    if index is None:
        return handler(call)
    parts.store.add_index(call.bucket, settings, parts.clock.now())
    return parts.presenter.empty()


def _alter_other(parts: Behaviour, handler: Handler, call: Call) -> Response:
    settings, index = _existing(parts, call)
    return parts.presenter.empty() if index is not None and index.settings != settings else handler(call)


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
        wider = (*also, f"{_LIST}.entries-agree", f"{_LIST}.success.body")
        return Fault(
            f"{_GET}.{name}", f"{_GET}.{clause}", summary, c.only(_GET, _index_entry(**members)), wider
        )

    yield one(
        "no-name",
        "success.body",
        "indexName is missing, as in the printed sample",
        f"{_GET}.indexName.agrees",
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
        f"{_GET}.success.body",
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
            {_KEYS: list(i.settings.non_filterable[:1])} if i.settings.non_filterable else None
        ),
    )
    yield one(
        "fields-at-root",
        "metadata.agrees",
        "the names stand in metadata directly",
        f"{_GET}.success.body",
        metadata=lambda i: list(i.settings.non_filterable) if i.settings.non_filterable else None,
    )
    yield one(
        "time-epoch",
        "createTime.format",
        "createTime is a number",
        f"{_GET}.success.body",
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
        "no-status", "success.body", "status is missing", f"{_GET}.status.values", status=lambda _i: None
    )
    yield one(
        "no-create-time",
        "success.body",
        "createTime is missing",
        f"{_GET}.createTime.format",
        createTime=lambda _i: None,
    )
    yield Fault(
        f"{_GET}.bare-body",
        f"{_GET}.success.body",
        "the members stand at the root",
        c.answer(_GET, lambda v: v["index"]),
    )
    yield Fault(
        f"{_GET}.name-case-ignored",
        f"{_GET}.NoSuchVectorIndex",
        "an index is found by a prefix of its name",
        c.instead(_GET, _by_prefix),
        ("DeleteVectorIndex.deletes",),
    )
    yield Fault(
        f"{_GET}.content-type-needed",
        f"{_GET}.content-type.absent",
        "a request without Content-Type is refused",
        c.refuse(_GET, lambda call: call.request.header("content-type") is None, "InvalidArgument"),
    )
    yield Fault(
        "GetVectors.content-type-needed",
        "GetVectors.content-type.absent",
        "a request without Content-Type is refused",
        c.refuse("GetVectors", lambda call: call.request.header("content-type") is None, "InvalidArgument"),
    )
    yield Fault(
        f"{_GET}.time-at-read",
        f"{_GET}.createTime.plausible",
        "createTime is the time of reading less a day",
        c.only(_GET, _index_entry(createTime=lambda i: iso_millis(i.created - timedelta(days=1)))),
    )


def _by_prefix(parts: Behaviour, handler: Handler, call: Call) -> Response:
    name = parts.rules.index_name(call.body)
    near = [other for other in call.bucket.indexes if name.startswith(other) or other.startswith(name)]
    if name not in call.bucket.indexes and near:
        return handler(replace(call, body={"indexName": near[0]}))
    return handler(call)


def _find(select: Any) -> Change:
    return c.only(
        _LIST,
        c.part("paging", names_after=lambda _s, names, marker, prefix: select(list(names), marker, prefix)),
    )


def _each(alter: Any) -> Change:
    return c.answer(_LIST, lambda v: [alter(entry) for entry in v["indexes"]] and None)


def _listing() -> Iterator[Fault]:
    body = f"{_LIST}.success.body"
    yield Fault(
        f"{_LIST}.upper-camel",
        body,
        "the members are Indexes and NextToken",
        c.answer(_LIST, lambda v: {"Indexes": v["indexes"]}),
    )
    yield Fault(
        f"{_LIST}.names-only",
        body,
        "entries are names",
        c.answer(_LIST, lambda v: v.update(indexes=[e["indexName"] for e in v["indexes"]])),
    )
    yield Fault(
        f"{_LIST}.no-dimension",
        body,
        "entries lack dimension",
        _each(lambda e: e.pop("dimension")),
        (f"{_LIST}.entries-agree",),
    )
    yield Fault(f"{_LIST}.no-status", body, "entries lack status", _each(lambda e: e.pop("status")))
    yield Fault(
        f"{_LIST}.null-when-empty",
        body,
        "a bucket without indexes gives null",
        c.answer(_LIST, lambda v: v.update(indexes=v["indexes"] or None)),
    )
    yield Fault(
        f"{_LIST}.member-absent-when-empty",
        body,
        "a bucket without indexes gives an empty object",
        c.answer(_LIST, lambda v: v if v["indexes"] else {}),
    )
    yield Fault(
        f"{_LIST}.dimension-slip",
        f"{_LIST}.entries-agree",
        "all entries show the dimension of the first",
        c.answer(
            _LIST, lambda v: [e.update(dimension=v["indexes"][0]["dimension"]) for e in v["indexes"]] and None
        ),
    )
    yield Fault(
        f"{_LIST}.metric-slip",
        f"{_LIST}.entries-agree",
        "all entries show euclidean",
        _each(lambda e: e.update(distanceMetric="euclidean")),
    )
    yield Fault(
        f"{_LIST}.metadata-left-out",
        f"{_LIST}.entries-agree",
        "entries lack metadata",
        _each(lambda e: e.pop("metadata", None)),
    )
    yield Fault(
        f"{_LIST}.last-missing",
        f"{_LIST}.lists-created",
        "the newest index is missing",
        _find(lambda n, m, p: sorted(x for x in n[:-1] if x.startswith(p) and x > m)),
        (f"{_LIST}.paging.complete",),
    )
    yield Fault(
        f"{_LIST}.shows-all-buckets",
        f"{_LIST}.lists-created",
        "indexes of all buckets are listed",
        _all_buckets(),
        (f"{_LIST}.*", "DeleteVectorIndex.deletes"),
    )
    yield Fault(
        f"{_LIST}.creation-order",
        f"{_LIST}.order",
        "indexes come in the order of their creation",
        _find(lambda n, m, p: [x for x in n if x.startswith(p) and x > m]),
        (f"{_LIST}.paging.complete",),
    )
    yield Fault(
        f"{_LIST}.reversed",
        f"{_LIST}.order",
        "the last name comes first",
        _find(lambda n, m, p: sorted((x for x in n if x.startswith(p) and x > m), reverse=True)),
        (f"{_LIST}.paging.complete",),
    )
    yield Fault(
        f"{_LIST}.case-blind-order",
        f"{_LIST}.order",
        "the order ignores case",
        _find(
            lambda n, m, p: sorted((x for x in n if x.startswith(p) and x.lower() > m.lower()), key=str.lower)
        ),
    )
    yield Fault(
        f"{_LIST}.prefix-ignored",
        f"{_LIST}.prefix.filters",
        "prefix is ignored",
        _find(lambda n, m, _p: sorted(x for x in n if x > m)),
    )
    yield Fault(
        f"{_LIST}.prefix-contains",
        f"{_LIST}.prefix.filters",
        "prefix may stand anywhere",
        _find(lambda n, m, p: sorted(x for x in n if p in x and x > m)),
    )
    yield Fault(
        f"{_LIST}.prefix-case",
        f"{_LIST}.prefix.filters",
        "prefix ignores case",
        _find(lambda n, m, p: sorted(x for x in n if x.lower().startswith(p.lower()) and x > m)),
    )
    yield Fault(
        f"{_LIST}.prefix-exact",
        f"{_LIST}.prefix.filters",
        "prefix must be the whole name",
        _find(lambda n, m, p: sorted(x for x in n if (not p or x == p) and x > m)),
    )
    yield Fault(
        f"{_LIST}.prefix-after-cut",
        f"{_LIST}.prefix.filters",
        "pages are cut before the prefix is applied",
        c.instead(_LIST, _prefix_after_cut),
        (f"{_LIST}.paging.*",),
    )
    yield Fault(
        f"{_LIST}.bad-parameter-code",
        f"{_LIST}.errors.VectorIndexParameterInvalid",
        "a bad parameter is InvalidArgument",
        c.error_of("VectorIndexParameterInvalid", _LIST, to="InvalidArgument"),
        (f"{_LIST}.*.rejected", f"{_LIST}.*.type"),
    )


def _all_buckets() -> Change:
    def handle(parts: Behaviour, handler: Handler, call: Call) -> Response:
        every = {name: index for b in parts.store.buckets(call.account) for name, index in b.indexes.items()}
        return handler(replace(call, found=replace(call.bucket, indexes=every)))

    return c.instead(_LIST, handle)


def _prefix_after_cut(parts: Behaviour, handler: Handler, call: Call) -> Response:
    prefix = call.body.get("prefix") or ""
    response = handler(
        replace(call, body={**call.body, "prefix": ""} if isinstance(prefix, str) else call.body)
    )
    value = orjson.loads(response.body)
    value["indexes"] = [e for e in value["indexes"] if e["indexName"].startswith(prefix)]
    return parts.presenter.json(value)


def _paging() -> Iterator[Fault]:
    complete = f"{_LIST}.paging.complete"

    def cut(function: Any) -> Change:
        return c.only(_LIST, c.part("paging", cut=function))

    yield Fault(
        f"{_LIST}.max-results-ignored",
        f"{_LIST}.maxResults.limits-page",
        "maxResults is ignored",
        cut(lambda s, i, _n: Paging.cut(s, i, 100)),
        (f"{_LIST}.paging.*",),
    )
    yield Fault(
        f"{_LIST}.page-one-more",
        f"{_LIST}.maxResults.limits-page",
        "a page holds one more",
        cut(lambda s, i, n: Paging.cut(s, i, n + 1)),
    )
    yield Fault(f"{_LIST}.page-skips", complete, "the index behind a page is skipped", _skipping())
    yield Fault(
        f"{_LIST}.page-repeats",
        complete,
        "the last index of a page comes again",
        _find(lambda n, m, p: sorted(x for x in n if x.startswith(p) and x >= m)),
    )
    yield Fault(
        f"{_LIST}.token-lost",
        complete,
        "pages end without a token",
        c.answer(_LIST, lambda v: v.pop("nextToken", None) and None),
        (f"{_LIST}.lists-created", f"{_LIST}.paging.*"),
    )
    yield Fault(
        f"{_LIST}.token-on-full-last-page",
        f"{_LIST}.paging.last-page",
        "a last page that is exactly full has a token",
        cut(_full),
    )
    yield Fault(
        f"{_LIST}.token-always",
        f"{_LIST}.paging.last-page",
        "every page has a token",
        c.answer(
            _LIST,
            lambda v: (
                v.setdefault("nextToken", v["indexes"][-1]["indexName"]) and None if v["indexes"] else None
            ),
        ),
    )
    yield Fault(
        f"{_LIST}.token-ignored",
        complete,
        "nextToken is ignored",
        c.before(_LIST, lambda b: b.pop("nextToken", None)),
        (f"{_LIST}.paging.*",),
    )
    yield Fault(
        f"{_LIST}.token-forgets-prefix",
        f"{_LIST}.prefix.filters",
        "a following page forgets the prefix",
        c.before(_LIST, lambda b: b.pop("prefix", None) if b.get("nextToken") else None),
        (f"{_LIST}.paging.*",),
    )
    yield Fault(
        f"{_LIST}.default-500",
        f"{_LIST}.maxResults.default",
        "a page holds 500 when nothing is said",
        c.limits(list_indexes_default=500),
    )
    yield Fault(
        f"{_LIST}.default-zero-empty",
        f"{_LIST}.maxResults.minimum.accepted",
        "maxResults 0 is refused",
        c.refuse(
            _LIST, lambda call: call.body.get("maxResults") == 0 and call.body.get("maxResults") is not False
        ),
        (f"{_LIST}.maxResults.default", f"{_LIST}.success.status"),
    )
    yield Fault(
        f"{_LIST}.zero-empty-page",
        f"{_LIST}.maxResults.minimum.accepted",
        "maxResults 0 gives an empty page",
        c.answer_if(_LIST, lambda call: call.body.get("maxResults") == 0, {"indexes": []}),
        (f"{_LIST}.*",),
    )
    yield Fault(
        f"{_LIST}.negative-accepted",
        f"{_LIST}.maxResults.minimum.rejected",
        "a negative maxResults means the default",
        c.before(
            _LIST,
            lambda b: (
                b.pop("maxResults") and None
                if isinstance(b.get("maxResults"), int) and b["maxResults"] < 0
                else None
            ),
        ),
    )
    yield Fault(
        f"{_LIST}.max-501",
        f"{_LIST}.maxResults.maximum.rejected",
        "501 is accepted",
        c.limits(list_indexes_max=501),
    )
    yield Fault(
        f"{_LIST}.max-1000",
        f"{_LIST}.maxResults.maximum.rejected",
        "1000 is accepted",
        c.limits(list_indexes_max=1000),
    )
    yield Fault(
        f"{_LIST}.max-499",
        f"{_LIST}.maxResults.maximum.accepted",
        "500 is refused",
        c.limits(list_indexes_max=499),
    )
    yield Fault(
        f"{_LIST}.max-clamped",
        f"{_LIST}.maxResults.maximum.rejected",
        "a large maxResults is lowered to 500",
        c.before(
            _LIST,
            lambda b: (
                b.update(maxResults=min(500, b["maxResults"]))
                if isinstance(b.get("maxResults"), int) and not isinstance(b["maxResults"], bool)
                else None
            ),
        ),
    )
    yield Fault(
        f"{_LIST}.max-results-text",
        f"{_LIST}.maxResults.type",
        "a text with digits is accepted",
        c.before(
            _LIST,
            lambda b: (
                b.update(maxResults=int(b["maxResults"]))
                if isinstance(b.get("maxResults"), str) and b["maxResults"].isdigit()
                else None
            ),
        ),
    )
    yield Fault(
        f"{_LIST}.max-results-type-unchecked",
        f"{_LIST}.maxResults.type",
        "what is no number means the default",
        c.before(
            _LIST,
            lambda b: (
                b.pop("maxResults") and None
                if "maxResults" in b
                and (not isinstance(b["maxResults"], int) or isinstance(b["maxResults"], bool))
                else None
            ),
        ),
    )
    yield Fault(
        f"{_LIST}.token-type-unchecked",
        f"{_LIST}.nextToken.type",
        "a token that is no text is ignored",
        c.before(
            _LIST,
            lambda b: (
                b.pop("nextToken") and None
                if "nextToken" in b and not isinstance(b["nextToken"], str)
                else None
            ),
        ),
    )
    yield Fault(
        f"{_LIST}.prefix-type-unchecked",
        f"{_LIST}.prefix.type",
        "a prefix that is no text is ignored",
        c.before(
            _LIST,
            lambda b: (
                b.pop("prefix") and None if "prefix" in b and not isinstance(b["prefix"], str) else None
            ),
        ),
    )


def _full(paging: Any, items: Any, size: int) -> tuple[list[str], bool]:
    page, more = Paging.cut(paging, items, size)
    return page, more or len(page) == size


def _skipping() -> Change:
    def select(names: list[str], marker: str, prefix: str) -> list[str]:
        found = sorted(x for x in names if x.startswith(prefix) and x > marker)
        return found[1:] if marker and len(found) > 1 else found

    return _find(select)


def _deleting() -> Iterator[Fault]:
    yield Fault(
        f"{_DELETE}.deletes-nothing",
        f"{_DELETE}.deletes",
        "204, but the index stays",
        c.part("store", remove_index=lambda _s, _b, _i: None),
        ("*.NoSuchVectorIndex",),
    )
    yield Fault(
        f"{_DELETE}.keeps-vectors",
        f"{_DELETE}.deletes-vectors",
        "a new index of the same name has the old vectors",
        _keeping_vectors(),
    )
    yield Fault(
        f"{_DELETE}.full-index-refused",
        f"{_DELETE}.with-vectors",
        "an index with vectors cannot be deleted",
        c.refuse(_DELETE, lambda call: _count(call) > 0, "VectorBucketNotEmpty"),
        (f"{_DELETE}.success.status",),
    )
    yield Fault(
        f"{_DELETE}.deletes-namesakes",
        f"{_DELETE}.only-named",
        "indexes whose name starts alike are deleted too",
        _delete_prefix(),
        ("PutVectorIndex.creates", "*.NoSuchVectorIndex", f"{_LIST}.lists-created"),
    )
    yield Fault(
        f"{_DELETE}.deletes-in-all-buckets",
        f"{_DELETE}.only-named",
        "the index of that name goes in every bucket",
        c.after(_DELETE, _delete_everywhere),
    )
    yield Fault(
        f"{_DELETE}.case-blind",
        f"{_DELETE}.only-named",
        "an index whose name differs in case goes too",
        c.after(_DELETE, _delete_case_blind),
    )
    yield Fault(
        f"{_DELETE}.empties-others",
        f"{_DELETE}.only-named",
        "the vectors of all indexes of the bucket go",
        c.after(_DELETE, _empty_others),
        ("PutVectors.stores",),
    )
    yield Fault(
        f"{_DELETE}.still-queried",
        f"{_DELETE}.deletes",
        "QueryVectors still serves a deleted index",
        _query_deleted(),
        ("QueryVectors.NoSuchVectorIndex",),
    )
    yield Fault(
        f"{_DELETE}.still-listed",
        f"{_DELETE}.deletes",
        "a deleted index stays in the list",
        _list_deleted(),
        (f"{_LIST}.*",),
    )
    yield Fault(
        f"{_DELETE}.repeat-204",
        f"{_DELETE}.NoSuchVectorIndex",
        "deleting an index again answers 204",
        _repeat(),
        (f"{_DELETE}.deletes",),
    )


def _count(call: Call) -> int:
    index = call.bucket.indexes.get(str(call.body.get("indexName")))
    return 0 if index is None else len(index.table)


def _keeping_vectors() -> Change:
    kept: dict[tuple[str, str, int], VectorTable] = {}

    def remove(self: Any, bucket: Any, index: Index) -> None:
        kept[bucket.name, index.settings.name, index.settings.dimension] = index.table
        Store.remove_index(self, bucket, index)

    def add(self: Any, bucket: Any, settings: IndexSettings, created: Any) -> Index:
        index = Store.add_index(self, bucket, settings, created)
        index.table = kept.pop((bucket.name, settings.name, settings.dimension), index.table)
        return index

    return c.part("store", remove_index=remove, add_index=add)


def _delete_prefix() -> Change:
    def remove(_self: Any, bucket: Any, index: Index) -> None:
        for name in [n for n in bucket.indexes if n.startswith(index.settings.name)]:
            del bucket.indexes[name]

    return c.part("store", remove_index=remove)


def _delete_everywhere(parts: Behaviour, call: Call) -> None:
    for bucket in parts.store.buckets(call.account):
        bucket.indexes.pop(str(call.body["indexName"]), None)


def _delete_case_blind(_parts: Behaviour, call: Call) -> None:
    for name in [n for n in call.bucket.indexes if n.lower() == str(call.body["indexName"]).lower()]:
        del call.bucket.indexes[name]


def _empty_others(_parts: Behaviour, call: Call) -> None:
    for index in call.bucket.indexes.values():
        index.table = VectorTable(index.settings.dimension)


def _query_deleted() -> Change:
    gone: dict[tuple[str, str], Index] = {}

    def remove(self: Any, bucket: Any, index: Index) -> None:
        gone[bucket.name, index.settings.name] = index
        Store.remove_index(self, bucket, index)

    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        old = gone.get((call.bucket_name, str(call.body.get("indexName"))))
        if old is not None and old.settings.name not in call.bucket.indexes:
            return handler(replace(call, found=replace(call.bucket, indexes={old.settings.name: old})))
        return handler(call)

    return c.both(c.part("store", remove_index=remove), c.instead("QueryVectors", handle))


def _list_deleted() -> Change:
    gone: dict[tuple[str, str], Index] = {}

    def remove(self: Any, bucket: Any, index: Index) -> None:
        gone[bucket.name, index.settings.name] = index
        Store.remove_index(self, bucket, index)

    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        old = {name: index for (bucket, name), index in gone.items() if bucket == call.bucket_name}
        return handler(replace(call, found=replace(call.bucket, indexes={**old, **call.bucket.indexes})))

    return c.both(c.part("store", remove_index=remove), c.instead(_LIST, handle))


def _repeat() -> Change:
    gone: set[tuple[str, str]] = set()

    def handle(parts: Behaviour, handler: Handler, call: Call) -> Response:
        name = (call.bucket_name, str(call.body.get("indexName")))
        try:
            response = handler(call)
        except ServiceError as error:
            if error.code == "NoSuchVectorIndex" and name in gone:
                return parts.presenter.no_content()
            raise
        gone.add(name)
        return response

    return c.instead(_DELETE, handle)
