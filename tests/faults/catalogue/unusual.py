"""Faults that show only with unusual but valid names, values or sizes: everyday requests are served right."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from functools import partial
from typing import Any

import orjson

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.filters import Combination, FilterEvaluator, FilterParser
from oss_vectors_emulator.jsonbody import BodyDecoder
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.paging import Paging
from oss_vectors_emulator.presenter import Presenter
from oss_vectors_emulator.store import VectorRecord, VectorTable
from oss_vectors_emulator.validation import Rules
from tests.faults import changes as c
from tests.faults.catalogue.listing_parts import by_key
from tests.faults.catalogue.writing_parts import with_tables
from tests.faults.model import Change, Fault

_NAMED = (
    "GetVectorIndex",
    "DeleteVectorIndex",
    "PutVectors",
    "GetVectors",
    "ListVectors",
    "QueryVectors",
    "DeleteVectors",
)


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _index_names()
    yield from _bucket_names()
    yield from _keys()
    yield from _listings()
    yield from _sizes()
    yield from _metadata()
    yield from _filters()
    yield from _spellings()


def _name(call: Call) -> str:
    name = call.body.get("indexName")
    return name if isinstance(name, str) else ""


def _index_names() -> Iterator[Fault]:
    """An operation with a rule of its own for names that may be created."""
    for number, operation in enumerate(_NAMED):
        served = f"{operation}.success.status"
        yield Fault(
            f"{operation}.long-name-refused",
            served,
            "an index with a name of more than 32 characters is refused",
            c.refuse(operation, lambda call: 32 < len(_name(call)) < 64),
        )
        if number % 2:
            yield Fault(
                f"{operation}.short-name-refused",
                served,
                "an index with a name of one letter is refused",
                c.refuse(operation, lambda call: len(_name(call)) == 1),
            )
        if operation != "GetVectorIndex":
            yield Fault(
                f"{operation}.name-folded",
                served,
                "the name of the index is looked up in lower case",
                c.member(operation, "indexName", lambda v: isinstance(v, str), str.lower),
            )


def _bucket_names() -> Iterator[Fault]:
    yield Fault(
        "GetVectorBucket.digits-only-refused",
        "GetVectorBucket.success.status",
        "a bucket whose name is a number is refused",
        c.refuse("GetVectorBucket", lambda call: call.bucket_name.isdigit(), "InvalidVectorBucketName"),
    )
    yield Fault(
        "GetVectorBucket.arn-without-digits-at-the-end",
        "GetVectorBucket.Name.arn",
        "the ARN drops a group of digits at the end of the name",
        c.part(
            "presenter",
            bucket_arn=lambda s, b: Presenter.bucket_arn(
                s, replace(b, name=b.name.removesuffix("-1")) if b.name.endswith("-1") else b
            ),
        ),
    )


def _keys() -> Iterator[Fault]:
    for sign, label in (
        *((":", "colon"), ("(", "parenthesis"), ("'", "apostrophe"), ("\ue000", "private-use")),
        *(("\x7f", "delete"), ("\x1f", "control-character"), ("\ufffd", "replacement-character")),
    ):
        yield Fault(
            f"PutVectors.key-with-{label}-refused",
            "PutVectors.key.unicode.preserved",
            f"a key with the character {sign!r} is refused",
            c.rules(key=_refusing(sign)),
            ("PutVectors.success.status",),
        )
    yield Fault(
        "PutVectors.key-like-a-prototype-lost",
        "PutVectors.stores",
        "the key __proto__ is lost",
        with_tables(
            put=lambda s, records, at=0.0: VectorTable.put(
                s, [r for r in records if r.key != "__proto__"], at
            )
        ),
    )
    yield Fault(
        "DeleteVectors.keys-split-at-commas",
        "DeleteVectors.deletes",
        "a key with a comma counts as two keys",
        c.member(
            "DeleteVectors",
            "keys",
            lambda v: isinstance(v, list) and all(isinstance(k, str) for k in v),
            lambda v: [part for key in v for part in key.split(",")],
        ),
    )


def _refusing(sign: str) -> Any:
    def key(self: Any, value: Any) -> str:
        if isinstance(value, str) and sign in value:
            raise self.invalid("no such character")
        return Rules.key(self, value)

    return key


def _listings() -> Iterator[Fault]:
    lost = "ListVectors.segments.partition"
    yield Fault(
        "ListVectors.segments-of-ascii-keys",
        lost,
        "keys with characters beyond ASCII are in no segment",
        c.part("paging", segment=lambda s, key, n: Paging.segment(s, key, n) if key.isascii() else -1),
    )
    yield Fault(
        "ListVectors.segments-of-short-keys",
        lost,
        "keys of more than 255 characters are in no segment",
        c.part("paging", segment=lambda s, key, n: Paging.segment(s, key, n) if len(key) < 256 else -1),
    )
    yield Fault(
        "ListVectors.segments-without-metadata",
        "ListVectors.returnMetadata.true",
        "a listing in segments has no metadata",
        c.around(_without_metadata_in_segments, "ListVectors"),
    )
    for name, summary, order, token in (
        ("folded-order", "keys are listed without regard to case, but continued with", str.lower, str),
        ("ascii-token", "of the last key the token keeps the ASCII part only", str, _ascii),
        ("short-token", "the token has room for 100 characters of the last key", str, lambda k: k[:100]),
        ("token-ends-at-a-colon", "the token ends at a colon", str, lambda k: k.partition(":")[0]),
    ):
        yield Fault(
            f"ListVectors.{name}",
            "ListVectors.paging.complete",
            summary,
            c.instead("ListVectors", by_key(order, token)),
            ("ListVectors.paging.last-page",),
        )
    for name, summary, names_after in (
        ("folded-order", "names are listed without regard to case, but continued with", _folded_order),
        ("long-names-missing", "names of more than 32 characters are not listed", _short_names),
    ):
        yield Fault(
            f"ListVectorIndexes.{name}",
            "ListVectorIndexes.paging.complete"
            if name == "folded-order"
            else "ListVectorIndexes.prefix.filters",
            summary,
            c.part("paging", names_after=names_after),
        )


def _ascii(key: str) -> str:
    return key.encode("ascii", "ignore").decode()


def _without_metadata_in_segments(_parts: Behaviour, handler: Handler) -> Handler:
    def handle(call: Call) -> Response:
        response = handler(call)
        if call.body.get("segmentCount", 1) == 1:
            return response
        value = orjson.loads(response.body)
        for entry in value["vectors"]:
            entry.pop("metadata", None)
        return replace(response, body=orjson.dumps(value))

    return handle


def _folded_order(self: Any, names: Any, marker: str, prefix: str) -> list[str]:
    return sorted(Paging.names_after(self, names, marker, prefix), key=str.lower)


def _short_names(self: Any, names: Any, marker: str, prefix: str) -> list[str]:
    return [name for name in Paging.names_after(self, names, marker, prefix) if len(name) <= 32]


def _is_longer(most: int, call: Call) -> bool:
    return len(call.request.body) > most


def _sizes() -> Iterator[Fault]:
    """Limits of a request or an answer as a whole, which no page has."""
    for operation, most, requirement in (
        ("DeleteVectors", 256 << 10, "DeleteVectors.keys.unique-count.maximum.accepted"),
        ("GetVectors", 64 << 10, "GetVectors.keys.max-items.accepted"),
        ("QueryVectors", 32 << 10, "QueryVectors.success.status"),
    ):
        yield Fault(
            f"{operation}.body-over-{most >> 10}-kb-refused",
            requirement,
            f"a body of more than {most >> 10} KB is refused",
            c.refuse(operation, partial(_is_longer, most)),
        )
    yield Fault(
        "GetVectors.answer-cut",
        "GetVectors.returns-stored",
        "what goes beyond 1 MB of an answer is left out",
        c.respond("GetVectors", _first_megabyte),
    )
    yield Fault(
        "GetVectors.metadata-of-99",
        "GetVectors.returnMetadata.true",
        "of a hundred vectors the last comes without its metadata",
        c.answer(
            "GetVectors", lambda v: [entry.pop("metadata", None) for entry in v["vectors"][99:]] and None
        ),
    )
    yield Fault(
        "PutVectors.overwrites-a-hundred",
        "PutVectors.overwrite",
        "in a batch the first hundred known keys are overwritten",
        with_tables(put=_put_a_hundred),
    )
    yield Fault(
        "PutVectors.long-vectors-rounded",
        "PutVectors.data.stored",
        "numbers beyond the first 512 are stored as zeros",
        c.rules(record=_first_512),
        ("QueryVectors.distance.euclidean",),
    )


_MEGABYTE = 1 << 20


def _first_megabyte(response: Response) -> Response:
    if len(response.body) <= _MEGABYTE:
        return response
    entries = orjson.loads(response.body)["vectors"]
    kept = entries[: len(entries) * _MEGABYTE // len(response.body)]
    return replace(response, body=orjson.dumps({"vectors": kept}))


def _put_a_hundred(self: Any, records: Any, at: float = 0.0) -> None:
    VectorTable.put(self, [r for n, r in enumerate(records) if n < 100 or self.row(r.key) is None], at)


def _first_512(self: Any, vector: Any) -> VectorRecord:
    record = Rules.record(self, vector)
    data = record.data.copy()
    data[512:] = 0
    return replace(record, data=data)


def _metadata() -> Iterator[Fault]:
    accepted = "PutVectors.metadata.total-size.accepted"

    def fits(index_of: Callable[[Any], Any]) -> Change:
        return c.rules(
            fits_index=lambda s, records, index, zero: Rules.fits_index(s, records, index_of(index), zero)
        )

    yield Fault(
        "PutVectors.metadata-40-kb-of-a-batch",
        accepted,
        "the metadata of all vectors of a request may have 40 KB",
        c.refuse("PutVectors", _too_much_in_all),
    )
    yield Fault(
        "PutVectors.metadata-first-non-filterable",
        accepted,
        "of the non-filterable names the first counts only",
        fits(lambda index: replace(index, non_filterable=(index.non_filterable or ())[:1])),
    )
    yield Fault(
        "PutVectors.metadata-last-non-filterable",
        accepted,
        "of the non-filterable names the last counts only",
        fits(lambda index: replace(index, non_filterable=(index.non_filterable or ())[-1:])),
    )
    yield Fault(
        "PutVectors.metadata-filterable-under-cosine",
        accepted,
        "under cosine non-filterable names are measured like others",
        fits(
            lambda index: replace(index, non_filterable=None) if index.distance_metric == "cosine" else index
        ),
    )
    yield Fault(
        "PutVectors.metadata-arrays-of-fifty",
        "PutVectors.metadata.stored",
        "arrays keep fifty elements",
        c.rules(record=_arrays_of_fifty),
        ("QueryVectors.*",),
    )


def _too_much_in_all(call: Call) -> bool:
    sizes = [len(orjson.dumps(vector.get("metadata", {}))) for vector in call.body["vectors"]]
    return sum(sizes) > 40 << 10 >= max(sizes)


def _arrays_of_fifty(self: Any, vector: Any) -> VectorRecord:
    record = Rules.record(self, vector)
    if not record.metadata:
        return record
    kept = {name: v[:50] if isinstance(v, list) else v for name, v in record.metadata.items()}
    return replace(record, metadata=kept)


def _filters() -> Iterator[Fault]:
    def fault(name: str, clause: str, summary: str, **members: Any) -> Fault:
        return Fault(
            f"QueryVectors.filter-{name}",
            f"QueryVectors.filter.{clause}",
            summary,
            c.part("filter_evaluator", **members),
            ("QueryVectors.filter.nested",),
        )

    yield fault(
        "and-five-hundred",
        "and",
        "$and looks at its first five hundred parts",
        all_of=lambda s, parts: FilterEvaluator.all_of(s, parts[:500]),
    )
    yield fault(
        "or-five-hundred",
        "or",
        "$or looks at its first five hundred parts",
        any_of=lambda s, parts: FilterEvaluator.any_of(s, parts[:500]),
    )
    yield fault(
        "nin-five-hundred",
        "nin",
        "$nin looks at its first five hundred values",
        in_none=lambda s, value, operands: FilterEvaluator.in_none(s, value, operands[:500]),
    )
    yield fault(
        "array-first-hundred",
        "eq.array-field",
        "$eq looks at the first hundred elements of an array",
        equals=lambda s, v, w: FilterEvaluator.equals(s, v[:100] if isinstance(v, list) else v, w),
    )
    for name, summary, is_odd in (
        ("words", "the words true and null equal nothing", lambda w: w in ("true", "null")),
        ("quotes", "a text with a quotation mark equals nothing", lambda w: '"' in str(w)),
        ("backslashes", "a text with a backslash equals nothing", lambda w: "\\" in str(w)),
        (
            "thousands",
            "a text of more than a thousand characters equals nothing",
            lambda w: len(str(w)) > 1000,
        ),
    ):
        yield fault(
            f"eq-{name}",
            "eq",
            summary,
            equals=lambda s, v, w, is_odd=is_odd: not is_odd(w) and FilterEvaluator.equals(s, v, w),
        )
    for name, summary, is_strange in (
        ("key", "a field called key is never found", lambda field: field == "key"),
        ("underscore", "a field that begins with an underscore is never found", lambda f: f[0] == "_"),
        ("long", "a field with a name of more than 32 characters is never found", lambda f: len(f) > 32),
    ):
        yield fault(
            f"field-{name}",
            "eq",
            summary,
            condition=lambda s, item, is_strange=is_strange: (
                (lambda _m: False) if is_strange(item.field) else FilterEvaluator.condition(s, item)
            ),
        )
    yield fault(
        "like-in-like",
        "nested",
        "a combination straight inside one of its kind is overlooked",
        predicate=_without_its_own_kind,
    )
    yield Fault(
        "QueryVectors.filter-of-a-longer-name-refused",
        "QueryVectors.success.status",
        "a field whose name begins like a non-filterable one is refused",
        c.part("filter_parser", check_fields=_no_beginnings),
        ("QueryVectors.filter.eq",),
    )


def _spellings() -> Iterator[Fault]:
    for name, summary, sign in (
        ("capital-exponents-refused", "a number with a capital E is MalformedJson", rb"[0-9]E[-+]?[0-9]"),
        ("minus-zero-refused", "a minus zero without a point is MalformedJson", rb"[\[ ]-0[,\]]"),
    ):
        yield Fault(
            f"Http.{name}", "Http.body.spelling", summary, c.part("decoder", decode=_refusing_numbers(sign))
        )
    yield Fault(
        "ListVectors.of-the-former-index",
        "DeleteVectorIndex.deletes-vectors",
        "an empty index lists what the index of its name held when it was last listed",
        c.instead("ListVectors", _remembered()),
        ("ListVectors.*",),
    )


def _refusing_numbers(sign: bytes) -> Any:
    pattern = re.compile(sign)

    def decode(self: Any, body: bytes) -> Any:
        if pattern.search(re.sub(rb'"[^"]*"', b"", body)):
            raise ServiceError("MalformedJson")
        return BodyDecoder.decode(self, body)

    return decode


def _remembered() -> Any:
    answers: dict[tuple[str, bytes], Response] = {}

    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        response = handler(call)
        place = (call.bucket_name, call.request.body)
        table = call.index(_name(call)).table
        if not table.listing()[0] and place in answers:
            return answers[place]
        answers[place] = response
        return response

    return handle


def _without_its_own_kind(self: Any, parsed: Any, hidden: Any = ()) -> Any:
    if isinstance(parsed, Combination):
        kept = tuple(
            part
            for part in parsed.parts
            if not (isinstance(part, Combination) and part.operator == parsed.operator)
        )
        parsed = Combination(parsed.operator, kept)
    return FilterEvaluator.predicate(self, parsed, hidden)


def _no_beginnings(self: Any, parsed: Any, hidden: Any) -> None:
    if any(getattr(parsed, "field", "").startswith(name) for name in hidden):
        raise self.invalid("a field that cannot be used")
    FilterParser.check_fields(self, parsed, hidden)
