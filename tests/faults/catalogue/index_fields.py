"""Faults of creating an index: non-filterable fields, quota, names that are taken."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from typing import Any

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.operations.index import IndexOperations
from oss_vectors_emulator.pipeline import Pipeline
from oss_vectors_emulator.store import Index, IndexSettings, Store, VectorTable
from oss_vectors_emulator.validation import Rules
from tests.faults import changes as c
from tests.faults.catalogue.indexes_parts import FIELDS, GET, LIST, PUT, put_fault
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _non_filterable()
    yield from _creating()
    yield from _taken()


def _mend_keys(change: Any) -> Change:
    """Alter the list of non-filterable names before it is checked."""

    def mend(body: c.Json) -> None:
        metadata = body.get("metadata")
        if isinstance(metadata, dict) and FIELDS in metadata:
            metadata[FIELDS] = change(metadata[FIELDS])

    return c.before(PUT, mend)


def _non_filterable() -> Iterator[Fault]:
    k = f"metadata.{FIELDS}"
    length = f"{k}.item.length"
    yield put_fault(
        "fields-max-11",
        f"{k}.max-items.rejected",
        "11 names are accepted",
        c.limits(non_filterable_keys_max=11),
    )
    yield put_fault(
        "fields-unbounded",
        f"{k}.max-items.rejected",
        "any number of names",
        c.limits(non_filterable_keys_max=10**6),
    )
    yield put_fault(
        "fields-max-9", f"{k}.max-items.accepted", "10 names are refused", c.limits(non_filterable_keys_max=9)
    )
    yield put_fault(
        "fields-empty",
        f"{k}.min-items.rejected",
        "an empty list is accepted",
        c.rules(non_filterable_count=lambda s, n: s.within(FIELDS, len(n), 0, 10)),
    )
    yield put_fault(
        "fields-min-2",
        f"{k}.min-items.accepted",
        "one name is refused",
        c.rules(non_filterable_count=lambda s, n: s.within(FIELDS, len(n), 2, 10)),
    )
    yield put_fault(
        "field-max-64",
        f"{length}.maximum.rejected",
        "64 bytes are accepted",
        c.limits(non_filterable_key_bytes=64),
    )
    yield put_fault(
        "field-max-62",
        f"{length}.maximum.accepted",
        "63 bytes are refused",
        c.limits(non_filterable_key_bytes=62),
    )
    yield put_fault(
        "field-empty",
        f"{length}.minimum.rejected",
        "the empty name is accepted",
        _mend_keys(lambda v: [x or "a" for x in v] if isinstance(v, list) else v),
        f"{PUT}.{k}.item.pattern.rejected",
    )
    yield put_fault(
        "field-min-2",
        f"{length}.minimum.accepted",
        "one letter is refused",
        c.rules(metadata_key_characters=lambda s, n: len(n) > 1 and Rules.metadata_key_characters(s, n)),
    )
    bad = f"{k}.item.pattern.rejected"
    yield put_fault(
        "field-any-character",
        bad,
        "any characters are accepted",
        c.rules(metadata_key_characters=lambda _s, _n: True),
    )
    yield put_fault(
        "field-hyphen",
        bad,
        "hyphens are accepted",
        c.rules(metadata_key_characters=lambda s, n: Rules.metadata_key_characters(s, n.replace("-", "_"))),
    )
    yield put_fault(
        "field-digit-first",
        bad,
        "a digit may come first",
        c.rules(metadata_key_characters=lambda s, n: Rules.metadata_key_characters(s, "_" + n)),
    )
    yield put_fault(
        "field-no-underscore-first",
        f"{k}.item.pattern.accepted",
        "an underscore must not come first",
        c.rules(
            metadata_key_characters=lambda s, n: not n.startswith("_") and Rules.metadata_key_characters(s, n)
        ),
    )
    yield put_fault(
        "field-no-digits",
        f"{k}.item.pattern.accepted",
        "digits are refused",
        c.rules(metadata_key_characters=lambda s, n: n.isascii() and n.replace("_", "a").isalpha()),
    )
    yield put_fault(
        "fields-type-text",
        f"{k}.type",
        "a single text counts as a list",
        _mend_keys(lambda v: [v] if isinstance(v, str) else v),
    )
    yield put_fault(
        "fields-type-unchecked",
        f"{k}.type",
        "what is no list is ignored",
        _mend_keys(lambda v: v if isinstance(v, list) else ["a"]),
    )
    yield put_fault(
        "field-type-number",
        f"{k}.item.type",
        "numbers are taken as text",
        _mend_keys(lambda v: [x if isinstance(x, str) else f"n{x}" for x in v] if isinstance(v, list) else v),
    )
    yield put_fault(
        "metadata-type-unchecked",
        "metadata.type",
        "metadata that is no object is ignored",
        c.before(
            PUT,
            lambda b: (
                b.pop("metadata") and None
                if "metadata" in b and not isinstance(b["metadata"], dict)
                else None
            ),
        ),
    )
    yield put_fault(
        "metadata-array",
        "metadata.type",
        "an array of names counts as metadata",
        c.before(PUT, lambda b: b.pop("metadata") and None if isinstance(b.get("metadata"), list) else None),
    )


def _creating() -> Iterator[Fault]:
    yield put_fault(
        "creates-nothing",
        "creates",
        "200, but no index is made",
        c.instead(PUT, _create_nothing),
        "*.NoSuchVectorIndex",
    )
    yield put_fault(
        "stores-default-metric",
        "creates",
        "the metric is always euclidean",
        _stored(distance_metric="euclidean"),
        f"{GET}.distanceMetric.agrees",
        "QueryVectors.*",
    )
    yield put_fault(
        "loses-fields",
        "creates",
        "the non-filterable names are forgotten",
        _stored(non_filterable=None),
        f"{GET}.metadata.agrees",
    )
    yield put_fault(
        "refused-but-made",
        "rejected.no-trace",
        "an index with a bad dimension is refused, but made all the same",
        _refused_but_made("dimension"),
    )
    yield put_fault(
        "refused-metadata-but-made",
        "rejected.no-trace",
        "an index with bad metadata is refused, but made all the same",
        _refused_but_made("metadata"),
    )
    yield put_fault(
        "name-unique-in-account",
        "name-free-in-other-bucket",
        "a name may be used in one bucket of the account only",
        c.instead(PUT, _unique_in_account),
        f"{PUT}.success.status",
    )
    yield put_fault(
        "name-not-freed",
        "name-free-after-delete",
        "the name of a deleted index stays taken",
        _never_freed(),
        f"{PUT}.success.status",
        "DeleteVectorIndex.deletes",
        f"{PUT}.VectorBucketIndexAlreadyExist",
    )
    yield put_fault(
        "quota-99", "indexes-per-bucket.accepted", "99 indexes are the most", c.limits(indexes_per_bucket=99)
    )
    yield put_fault(
        "quota-101", "indexes-per-bucket.rejected", "101 indexes fit", c.limits(indexes_per_bucket=101)
    )
    yield put_fault(
        "quota-none",
        "indexes-per-bucket.rejected",
        "any number of indexes fits",
        c.limits(indexes_per_bucket=10**6),
    )
    yield put_fault(
        "quota-10", "indexes-per-bucket.accepted", "10 indexes are the most", c.limits(indexes_per_bucket=10)
    )
    yield put_fault(
        "parameters-before-bucket",
        "NoSuchBucket.before-parameters",
        "parameters are checked before the bucket",
        _parameters_first(PUT),
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

    return c.instead(PUT, handle)


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

    return c.both(c.part("store", remove_index=remove), c.instead(PUT, handle))


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
    yield put_fault(
        "again-same-settings-ok",
        exists,
        "creating an index again with the same settings is no error",
        c.instead(PUT, _same_again),
    )
    yield put_fault(
        "again-replaces",
        f"{exists}.no-trace",
        "a refused second create has emptied the index",
        c.instead(PUT, _again_empties),
        "PutVectors.stores",
    )
    yield put_fault(
        "again-changes-settings",
        f"{exists}.no-trace",
        "a refused second create has changed the metric",
        c.instead(PUT, _again_changes),
        f"{GET}.*.agrees",
        f"{LIST}.entries-agree",
    )
    yield put_fault(
        "again-overwrites",
        exists,
        "a second create replaces the index",
        c.instead(PUT, _overwrite),
        f"{PUT}.{exists}.other-settings",
    )
    yield put_fault(
        "again-other-settings-ok",
        f"{exists}.other-settings",
        "with other settings the index is altered",
        c.instead(PUT, _alter_other),
    )
    yield put_fault(
        "again-other-code",
        exists,
        "the code is VectorIndexAlreadyExist",
        c.error_of(exists, to="VectorIndexAlreadyExist"),
        f"{PUT}.{exists}.*",
    )
    yield put_fault(
        "again-400",
        exists,
        "the status is 400",
        c.error_of(exists, status=400),
        f"{PUT}.{exists}.*",
        "Errors.code-status",
    )
    yield put_fault(
        "again-404",
        f"{exists}",
        "taken is reported as VectorIndexParameterInvalid",
        c.error_of(exists, to="VectorIndexParameterInvalid", status=400),
        f"{PUT}.{exists}.*",
    )


def _existing(parts: Behaviour, call: Call) -> tuple[IndexSettings, Index | None]:
    settings = IndexOperations(parts).settings(call)
    return settings, call.bucket.indexes.get(settings.name)


def _same_again(parts: Behaviour, handler: Handler, call: Call) -> Response:
    settings, index = _existing(parts, call)
    return parts.presenter.empty() if index is not None and index.settings == settings else handler(call)


def _again_empties(parts: Behaviour, handler: Handler, call: Call) -> Response:
    _, index = _existing(parts, call)
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
