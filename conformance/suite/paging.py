"""Walking a listing page by page, and what every walk has to fulfil.

Three listings page in two ways: ListVectorIndexes and ListVectors by an opaque
token in the body, ListVectorBuckets by a marker in the query.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from typing import Any

from conformance.suite.service import Result, Service
from conformance.wire.exchange import Exchange

# A target that never ends its listing must not hold up the run.
_MOST_PAGES = 200
_SIZES_TOLD = 20


@dataclass(frozen=True, slots=True)
class Walk:
    """A listing followed to its end: all names in order, and the pages they came on."""

    names: tuple[str, ...]
    pages: tuple[Result, ...]
    sizes: tuple[int, ...]

    @property
    def last(self) -> Exchange:
        """The exchange of the last page."""
        return self.pages[-1].exchange

    @property
    def told(self) -> str:
        """The sizes of the pages for people; of an endless listing its start."""
        shown = ", ".join(map(str, self.sizes[:_SIZES_TOLD]))
        return shown if len(self.sizes) <= _SIZES_TOLD else f"{shown}, ..."


def _follow(
    send: Callable[[str | None], Result], read: Callable[[Result], tuple[list[str], str | None]]
) -> Walk:
    names: list[str] = []
    pages: list[Result] = []
    sizes: list[int] = []
    token: str | None = None
    while len(pages) < _MOST_PAGES:
        page = send(token)
        found, token = read(page)
        pages.append(page)
        sizes.append(len(found))
        names += found
        if not token:
            break
    return Walk(tuple(names), tuple(pages), tuple(sizes))


def _by_token(
    service: Service, operation: str, body: dict[str, Any], members: str, name: str, bucket: str | None
) -> Walk:
    def send(token: str | None) -> Result:
        request = body if token is None else {**body, "nextToken": token}
        return service.call(operation, request, bucket=bucket)

    def read(page: Result) -> tuple[list[str], str | None]:
        return [entry[name] for entry in page.members(members)], page.value.get("nextToken")

    return _follow(send, read)


def walk_indexes(service: Service, bucket: str, page_size: int | None, prefix: str = "") -> Walk:
    """Follow ListVectorIndexes; raises ``Blocked`` where a page is not served."""
    body: dict[str, Any] = {} if page_size is None else {"maxResults": page_size}
    if prefix:
        body["prefix"] = prefix
    return _by_token(service, "ListVectorIndexes", body, "indexes", "indexName", bucket)


def walk_vectors(service: Service, index: str, page_size: int | None, **more: Any) -> Walk:
    """Follow ListVectors; ``more`` are further members of each request.  Raises ``Blocked``."""
    body: dict[str, Any] = {"indexName": index, **more}
    if page_size is not None:
        body["maxResults"] = page_size
    return _by_token(service, "ListVectors", body, "vectors", "key", None)


def walk_segments(
    service: Service, index: str, page_size: int | None, count: int, **more: Any
) -> Iterator[Walk]:
    """Follow ListVectors in each of ``count`` segments; ``more`` are further members of each request."""
    for position in range(count):
        yield walk_vectors(service, index, page_size, segmentCount=count, segmentIndex=position, **more)


def walk_buckets(service: Service, prefix: str, page_size: int) -> Walk:
    """Follow ListVectorBuckets by its markers; the names are bare, without the rest of the ARN."""

    def send(marker: str | None) -> Result:
        query = f"prefix={prefix}&max-keys={page_size}" + (f"&marker={marker}" if marker else "")
        return service.call("ListVectorBuckets", query=query).need()

    def read(page: Result) -> tuple[list[str], str | None]:
        if page.value is None:
            return [], None
        listing = page.value["ListAllMyBucketsResult"]
        names = [str(entry.get("Name")).rsplit(":", 1)[-1] for entry in listing["Buckets"]]
        return names, str(listing.get("NextMarker") or "") if listing.get("IsTruncated") is True else None

    return _follow(send, read)


def has_each_once(service: Service, walk: Walk, keys: Sequence[str]) -> bool:
    """Check that a whole listing of vectors has these keys, each once.  Returns whether it has."""
    found = sorted(walk.names)
    return service.check(
        "ListVectors.paging.complete",
        found == sorted(keys),
        walk.last,
        f"{len(keys)} keys, each once",
        f"{len(found)} keys, {len(set(found))} different",
    )
