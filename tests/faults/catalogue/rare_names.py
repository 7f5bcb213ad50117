"""Faults that show only with rare names of fields and buckets, or where names of several indexes meet."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from oss_vectors_emulator.auth import Authenticator
from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.filters import Combination, FilterParser
from oss_vectors_emulator.paging import Paging
from oss_vectors_emulator.presenter import Presenter
from oss_vectors_emulator.store import Store, VectorRecord
from oss_vectors_emulator.validation import Rules
from tests.faults import changes as c
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _fields()
    yield from _hidden_fields()
    yield from _buckets()
    yield from _indexes()


def _fields() -> Iterator[Fault]:
    """Names of metadata that come back changed, or not at all."""
    changed: tuple[tuple[str, str, Callable[[str], str | None]], ...] = (
        ("dots-replaced", "dots in names of fields become underscores", lambda n: n.replace(".", "_")),
        ("hyphens-replaced", "hyphens in names of fields become underscores", lambda n: n.replace("-", "_")),
        ("names-trimmed", "blanks around names of fields are cut off", str.strip),
        ("names-of-32", "names of fields are cut at 32 characters", lambda n: n[:32]),
        ("names-of-63", "names of fields are cut at 63 characters", lambda n: n[:63]),
        ("names-composed", "names of fields are normalised", lambda n: unicodedata.normalize("NFC", n)),
        (
            "names-beyond-ascii-lost",
            "fields named beyond ASCII are lost",
            lambda n: n if n.isascii() else None,
        ),
        ("names-with-dollar-lost", "fields named with a dollar are lost", lambda n: None if "$" in n else n),
        ("names-with-a-digit-lost", "fields named with a digit first are lost", _without_digit),
        ("prototype-lost", "the field __proto__ is lost", lambda n: None if n == "__proto__" else n),
    )
    for name, summary, change in changed:
        yield Fault(
            f"PutVectors.fields-{name}",
            "PutVectors.metadata.stored",
            summary,
            c.rules(record=_renamed(change)),
        )


def _without_digit(name: str) -> str | None:
    return None if name[:1].isdigit() else name


def _renamed(change: Callable[[str], str | None]) -> Any:
    def record(self: Any, vector: Any) -> VectorRecord:
        found = Rules.record(self, vector)
        if not found.metadata:
            return found
        pairs = ((change(name), value) for name, value in found.metadata.items())
        return replace(found, metadata={name: value for name, value in pairs if name is not None})

    return record


def _hidden_fields() -> Iterator[Fault]:
    """A filter may not name what its index has as non-filterable, and may name anything else."""
    served, also = "QueryVectors.success.status", ("QueryVectors.filter.*",)
    yield Fault(
        "QueryVectors.filter-inside-a-hidden-name-refused",
        served,
        "a field whose name is a part of a non-filterable one is refused",
        c.part("filter_parser", check_fields=_no_parts_of_names),
        also,
    )
    yield Fault(
        "QueryVectors.filter-hidden-in-another-index-refused",
        served,
        "what one index has as non-filterable is refused in filters of all",
        _hidden_everywhere,
        also,
    )


def _fields_of(parsed: Any) -> Iterator[str]:
    if isinstance(parsed, Combination):
        for part in parsed.parts:
            yield from _fields_of(part)
    else:
        yield parsed.field


def _no_parts_of_names(self: Any, parsed: Any, hidden: Any) -> None:
    if any(field in name for field in _fields_of(parsed) for name in hidden):
        raise self.invalid("a field that cannot be used")
    FilterParser.check_fields(self, parsed, hidden)


def _hidden_everywhere(behaviour: Behaviour) -> Behaviour:
    known: set[str] = set()

    def add_index(self: Any, bucket: Any, settings: Any, created: Any) -> Any:
        known.update(settings.non_filterable or ())
        return Store.add_index(self, bucket, settings, created)

    def check_fields(self: Any, parsed: Any, _hidden: Any) -> None:
        if not known.isdisjoint(_fields_of(parsed)):
            raise self.invalid("a field that cannot be used")

    return c.both(c.part("store", add_index=add_index), c.part("filter_parser", check_fields=check_fields))(
        behaviour
    )


_FORMS: tuple[tuple[str, str, Callable[[str], object]], ...] = (
    ("number", "whose name is a number", str.isdigit),
    ("three-characters", "whose name has three characters", lambda name: len(name) == 3),
    ("32-characters", "whose name has 32 characters", lambda name: len(name) == 32),
    ("two-hyphens", "with two hyphens in a row in its name", lambda name: "--" in name),
    ("digit-at-the-end", "whose name ends in a hyphen and a digit", re.compile("-[0-9]$").search),
)
_ON_BUCKETS = (
    ("PutVectorIndex", "number"),
    ("ListVectorIndexes", "three-characters"),
    ("QueryVectors", "32-characters"),
    ("PutVectors", "two-hyphens"),
    ("GetBucketPolicy", "digit-at-the-end"),
    ("PutBucketPolicy", "number"),
    ("PutBucketLogging", "32-characters"),
    ("GetBucketLogging", "three-characters"),
)


def _buckets() -> Iterator[Fault]:
    forms = {name: (summary, is_odd) for name, summary, is_odd in _FORMS}
    for operation, form in _ON_BUCKETS:
        summary, is_odd = forms[form]
        yield Fault(
            f"{operation}.bucket-{form}-refused",
            f"{operation}.success.status",
            f"a bucket {summary} is refused",
            c.refuse(operation, _on(is_odd), "InvalidVectorBucketName"),
        )
    yield Fault(
        "ListVectorBuckets.order-of-numbers",
        "ListVectorBuckets.order",
        "9 comes before 10 in names of buckets",
        c.only("ListVectorBuckets", c.part("paging", names_after=_by_numbers)),
        ("ListVectorBuckets.paging.*",),
    )
    yield Fault(
        "Signing.url-on-the-service-host-refused",
        "Signing.url.accepted",
        "a signed URL is good on buckets only",
        _no_url_without_bucket(),
    )


def _on(is_odd: Callable[[str], object]) -> Callable[[Call], bool]:
    return lambda call: bool(is_odd(call.bucket_name))


def _by_numbers(self: Any, names: Any, marker: str, prefix: str) -> list[str]:
    def parts(name: str) -> list[tuple[int, str]]:
        return [(int(p), "") if p.isdigit() else (-1, p) for p in re.split("([0-9]+)", name)]

    return sorted(Paging.names_after(self, names, marker, prefix), key=parts)


def _no_url_without_bucket() -> Change:
    def check_signature(self: Any, request: Any, address: Any, claim: Any, credential: Any) -> None:
        if claim.expires is not None and not address.bucket:
            raise ServiceError("SignatureDoesNotMatch")
        Authenticator.check_signature(self, request, address, claim, credential)

    return c.part("authenticator", check_signature=check_signature)


def _indexes() -> Iterator[Fault]:
    """Limits that are lower in company than alone."""
    yield Fault(
        "PutVectorIndex.cosine-up-to-2048",
        "PutVectorIndex.success.status",
        "under cosine more than 2048 dimensions are refused",
        c.refuse(
            "PutVectorIndex",
            lambda call: (
                call.body.get("distanceMetric") == "cosine"
                and call.body.get("dimension") in range(2049, 4097)
            ),
        ),
        ("PutVectorIndex.dimension.maximum.accepted",),
    )
    yield Fault(
        "GetVectorIndex.hidden-names-of-32",
        "GetVectorIndex.metadata.agrees",
        "non-filterable names are shown with 32 characters",
        c.part("presenter", index=_with_short_names),
        ("ListVectorIndexes.entries-agree", "PutVectorIndex.creates"),
    )


def _with_short_names(self: Any, index: Any) -> dict[str, Any]:
    shown = Presenter.index(self, index)
    if index.settings.non_filterable:
        shown["metadata"] = {
            "nonFilterableMetadataKeys": [name[:32] for name in index.settings.non_filterable]
        }
    return shown
