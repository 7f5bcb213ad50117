"""Listings in pages: ListVectorBuckets, ListVectorIndexes and ListVectors.

Covers the request parameters and response elements that page (Alibaba Cloud OSS
developer reference: ListVectorBuckets, ListVectorIndexes and ListVectors,
2025-09-25 and later): any page size yields every entry once and in order, no
page is empty, none comes after the last, defaults, prefixes, segments.
"""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import strategies as st

from conformance.cases.baselines import vector
from conformance.oracle.expectation import index_quota
from conformance.suite.collecting import decides, needs_bucket
from conformance.suite.exploring import PropertyViolated, explore, must_hold
from conformance.suite.paging import (
    Walk,
    has_each_once,
    walk_buckets,
    walk_indexes,
    walk_segments,
    walk_vectors,
)
from conformance.suite.resources import Resources, index_body
from conformance.suite.service import Service

_SMALL_INDEX = {"dataType": "float32", "dimension": 2, "distanceMetric": "euclidean"}


def _pages(count: int, size: int) -> int:
    return max(1, -(-count // size))


def _check_indexes(service: Service, walk: Walk, names: Sequence[str], page_size: int) -> bool:
    complete = service.check(
        "ListVectorIndexes.paging.complete",
        walk.names in (tuple(names), tuple(sorted(names, key=str.casefold))),
        walk.last,
        names,
        walk.names,
    )
    pages = _pages(len(names), page_size)
    return (
        service.check(
            "ListVectorIndexes.paging.last-page",
            len(walk.pages) == pages,
            walk.last,
            f"{pages} pages of {page_size} for {len(names)} indexes",
            f"{len(walk.pages)} pages",
        )
        and complete
    )


@decides(
    "ListVectorIndexes.order",
    "ListVectorIndexes.prefix.filters",
    "ListVectorIndexes.maxResults.limits-page",
    "ListVectorIndexes.maxResults.default",
    "ListVectorIndexes.paging.complete",
    "ListVectorIndexes.paging.last-page",
    "ListVectorIndexes.paging.token-length",
    "ListVectorIndexes.lists-created",
)
@needs_bucket
def test_pages_of_indexes(service: Service, resources: Resources) -> None:
    """Five indexes in any pages, whole and by prefix; none twice, none missing, no page too many."""
    bucket = resources.bucket()
    # Not short: a token may be the name it starts after.
    stem = service.names.index("p", 50)
    # Upper case may stand before lower case or beside it, but on no page border may it be lost.
    names = sorted([f"{stem}b", f"{stem}B", f"{stem}a", f"{stem}ab", f"{stem}c", service.names.index("q")])
    for name in reversed(names):
        service.call("PutVectorIndex", {**_SMALL_INDEX, "indexName": name}, bucket=bucket).need()
    # The last full page is where tokens go wrong; the property below draws the rest.
    for page_size in (1, 2, 3, 5, service.contract.largest_page("ListVectorIndexes")):
        _check_indexes(service, walk_indexes(service, bucket, page_size), names, page_size)
    for default in (None, 0):
        walk = walk_indexes(service, bucket, default)
        service.check(
            "ListVectorIndexes.maxResults.default",
            sorted(walk.names) == names and len(walk.pages) == 1,
            walk.last,
            f"one page with all {len(names)} indexes",
            f"pages of {walk.told}",
        )

    def check(example: tuple[int, str]) -> None:
        page_size, prefix = example
        walk = walk_indexes(service, bucket, page_size, prefix)
        must_hold(*walk.pages)
        if not _check_indexes(service, walk, [name for name in names if name.startswith(prefix)], page_size):
            raise PropertyViolated("the pages do not add up to the listing")

    prefixes = st.sampled_from(["", stem, f"{stem}a", f"{stem}zz", stem[1:], stem.swapcase(), names[0]])
    explore(service, "pages of indexes", st.tuples(st.integers(1, 7), prefixes), check, examples=12)
    # An empty prefix, an empty token and no body at all ask for everything.
    service.call("ListVectorIndexes", {"prefix": "", "nextToken": ""}, bucket=bucket)
    service.call("ListVectorIndexes", bucket=bucket)
    for pattern in (".", "_", "%", "*"):
        # A prefix is text, no pattern.
        service.call("ListVectorIndexes", {"prefix": f"{stem}{pattern}"}, bucket=bucket)
    gone = _check_a_deletion_between_pages(service, bucket, names)
    for name in names:
        if name != gone:
            service.call("DeleteVectorIndex", {"indexName": name}, bucket=bucket)
    service.call("ListVectorIndexes", {}, bucket=bucket)
    service.call("DeleteVectorBucket", bucket=bucket)


def _check_a_deletion_between_pages(service: Service, bucket: str, names: Sequence[str]) -> str:
    """The next page starts after a name (ListVectorIndexes page, nextToken), also once that one is gone.

    Returns the name that was deleted.
    """
    first = service.call("ListVectorIndexes", {"maxResults": 2}, bucket=bucket)
    shown = [entry["indexName"] for entry in first.members("indexes")]
    gone = str(shown[-1]) if shown else names[1]
    service.call("DeleteVectorIndex", {"indexName": gone}, bucket=bucket)
    token = first.value.get("nextToken")
    if token:
        body = {"maxResults": service.contract.largest_page("ListVectorIndexes"), "nextToken": token}
        rest = service.call("ListVectorIndexes", body, bucket=bucket)
        found = sorted(entry["indexName"] for entry in rest.members("indexes"))
        wanted = [name for name in names if name not in shown]
        service.check("ListVectorIndexes.paging.complete", found == wanted, rest.exchange, wanted, found)
    return gone


@decides(
    "ListVectorIndexes.maxResults.default",
    "ListVectorIndexes.paging.complete",
    "PutVectorIndex.indexes-per-bucket.accepted",
    "PutVectorIndex.indexes-per-bucket.rejected",
)
@needs_bucket
def test_a_full_bucket_of_indexes(service: Service, resources: Resources) -> None:
    """100 indexes fit, are one page by default and two pages of 99; the next is refused, and a deletion makes room."""
    bucket = resources.bucket()
    most = service.contract.limit("ListVectorIndexes", "maxResults/default")
    quota = index_quota(service.contract)
    # At no other limit than that of their number.
    names = sorted(resources.index(bucket=bucket, dimension=2) for _ in range(quota))
    rejected, extra = "PutVectorIndex.indexes-per-bucket.rejected", service.names.index()
    service.call("PutVectorIndex", index_body(extra), bucket=bucket, attack=rejected)
    service.call("GetVectorIndex", {"indexName": extra}, bucket=bucket)
    for default in (None, 0):
        walk = walk_indexes(service, bucket, default)
        service.check(
            "ListVectorIndexes.maxResults.default",
            walk.names == tuple(names) and len(walk.pages) == 1,
            walk.last,
            f"one page of {most} indexes",
            f"pages of {walk.told}",
        )
    _check_indexes(service, walk_indexes(service, bucket, most - 1), names, most - 1)
    service.call("DeleteVectorIndex", {"indexName": names.pop()}, bucket=bucket).need()
    names.append(resources.index(bucket=bucket, dimension=2))
    service.call("PutVectorIndex", index_body(service.names.index()), bucket=bucket, attack=rejected)
    for name in names:
        service.call("DeleteVectorIndex", {"indexName": name}, bucket=bucket)
    service.call("DeleteVectorBucket", bucket=bucket)


def _check_vectors(service: Service, walk: Walk, keys: Sequence[str], page_size: int) -> bool:
    """Pages may be cut short by the size of their data, so their number is only judged when they are full."""
    good = has_each_once(service, walk, keys)
    good &= service.check(
        "ListVectors.paging.no-empty-page", 0 not in walk.sizes, walk.last, "no empty page", list(walk.sizes)
    )
    if all(size == page_size for size in walk.sizes[:-1]):
        good &= service.check(
            "ListVectors.paging.last-page",
            len(walk.pages) == _pages(len(keys), page_size),
            walk.last,
            f"no token after the last of {len(keys)} vectors in pages of {page_size}",
            f"{len(walk.pages)} pages of {walk.told}",
        )
    return good


def _odd_keys(resources: Resources, count: int) -> list[str]:
    """Keys for a listing: in an order by key, in a token and in a segment, none is like the others.

    Both cases, letters beyond ASCII and beyond the first plane, composed and decomposed, numbers of
    several lengths, the longest of all.
    """
    stem = resources.keys(1)[0]
    odd = [
        "\u5411" * 300 + stem,
        stem.ljust(resources.service.contract.limit("PutVectors", "vectors/key/maxLength"), "k"),
        f"{stem}B",
        f"{stem}a:b|c",
        f"{stem}\u00e9",
        f"{stem}e\u0301",
        f"{stem}\U0001f600",
        f"{stem}\uff5e",
        f"{stem}%7A+ ",
        stem.upper(),
        f"{stem}10",
        f"{stem}9",
    ]
    return [*odd[:count], *resources.keys(max(0, count - len(odd)))]


@decides(
    "ListVectors.maxResults.limits-page",
    "ListVectors.paging.complete",
    "ListVectors.paging.last-page",
    "ListVectors.paging.no-empty-page",
)
def test_pages_of_vectors(service: Service, resources: Resources) -> None:
    """Ten vectors in pages of any size: every vector once, no page empty, none after a full last one."""
    index = resources.index(dimension=2)
    *keys, gone, too = _odd_keys(resources, 12)
    resources.put(index, *(vector(key, [1.0, 2.0]) for key in (gone, *keys, too)))
    # What was overwritten or deleted must not be counted.
    resources.put(index, *(vector(key, [2.0, 1.0]) for key in (*keys[:3], keys[-1])))
    service.call("DeleteVectors", {"indexName": index, "keys": [gone, too]})
    for page_size in (1, len(keys), service.contract.largest_page("ListVectors")):
        walk = walk_vectors(service, index, page_size, returnData=True, returnMetadata=True)
        _check_vectors(service, walk, keys, page_size)

    def check(example: tuple[int, bool, bool]) -> None:
        page_size, data, metadata = example
        walk = walk_vectors(service, index, page_size, returnData=data, returnMetadata=metadata)
        must_hold(*walk.pages)
        if not _check_vectors(service, walk, keys, page_size):
            raise PropertyViolated("the pages do not add up to the index")

    examples = st.tuples(st.integers(1, len(keys) + 2), st.booleans(), st.booleans())
    explore(service, "pages of vectors", examples, check, examples=12)
    # What is deleted after a listing takes no room in the next one.
    service.call("DeleteVectors", {"indexName": index, "keys": keys[::2]}).need()
    _check_vectors(service, walk_vectors(service, index, 1), keys[1::2], 1)
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("ListVectors.maxResults.default", "ListVectors.paging.complete", "ListVectors.paging.last-page")
def test_the_default_page_of_vectors(service: Service, resources: Resources) -> None:
    """As many vectors as the default page holds, then more: no more at once, all of them in the end."""
    index = resources.index(dimension=1)
    batch = service.contract.limit("PutVectors", "vectors/maxItems")
    most = service.contract.limit("ListVectors", "maxResults/default")
    keys = resources.keys(most + 7)
    for start in range(0, most, batch):
        resources.put(index, *(vector(key, [1.0]) for key in keys[start : min(start + batch, most)]))
    _check_vectors(service, walk_vectors(service, index, None), keys[:most], most)
    resources.put(index, *(vector(key, [1.0]) for key in keys[most:]))
    for page_size in (100, most, most + 7, service.contract.largest_page("ListVectors")):
        _check_vectors(service, walk_vectors(service, index, page_size), keys, page_size)
    walk = walk_vectors(service, index, None)
    _check_vectors(service, walk, keys, most)
    service.check(
        "ListVectors.maxResults.default",
        walk.sizes[0] <= most,
        walk.pages[0].exchange,
        f"at most {most}",
        walk.sizes[0],
    )
    service.call("DeleteVectorIndex", {"indexName": index})


def _check_the_default_segment(service: Service, index: str) -> None:
    """Segments count from zero, and zero is meant where none is named (ListVectors page, segmentIndex)."""
    whole = service.contract.largest_page("ListVectors")
    body = {"indexName": index, "maxResults": whole, "segmentCount": 2}
    named = service.call("ListVectors", {**body, "segmentIndex": 0}).need()
    unnamed = service.call("ListVectors", body).need()
    if any(page.value.get("nextToken") for page in (named, unnamed)):
        # A page may be cut short by the size of its data.
        return
    wanted, found = (sorted(entry["key"] for entry in page.members("vectors")) for page in (named, unnamed))
    service.check(
        "ListVectors.segmentIndex.default",
        found == wanted,
        unnamed.exchange,
        f"the {len(wanted)} keys of the first segment",
        f"{len(found)} keys",
    )


@decides("ListVectors.segments.partition", "ListVectors.segmentIndex.default", "ListVectors.paging.last-page")
def test_segments_partition_an_index(service: Service, resources: Resources) -> None:
    """For any number of segments: disjoint, complete, also when each is read in pages."""
    index = resources.index(dimension=1)
    # So many that hardly any way to spread them leaves one of the most segments empty: its loss would not show.
    keys = _odd_keys(resources, 120)
    resources.put(index, *(vector(key, [1.0], {"kind": "a"}) for key in keys))
    most = service.contract.limit("ListVectors", "segmentCount/maximum")

    def partition(count: int, page_size: int) -> bool:
        # Data and metadata are returned in every segment and on every page.
        shown = count % 2 == 1
        walks = list(walk_segments(service, index, page_size, count, returnData=shown, returnMetadata=shown))
        found = [name for walk in walks for name in walk.names]
        for walk in walks:
            service.check(
                "ListVectors.paging.last-page",
                walk.sizes[-1] > 0 or len(walk.sizes) == 1,
                walk.last,
                f"no token after the last vector of one of {count} segments",
                f"pages of {walk.told}",
            )
        return service.check(
            "ListVectors.segments.partition",
            sorted(found) == sorted(keys),
            walks[-1].last,
            f"{count} segments with each of {len(keys)} keys once",
            f"{len(found)} keys, {len(set(found))} different",
        )

    whole = service.contract.largest_page("ListVectors")
    for count, page_size in ((1, whole), (2, whole), (3, 12), (most, 4)):
        partition(count, page_size)
    _check_the_default_segment(service, index)

    def check(example: tuple[int, int]) -> None:
        if not partition(*example):
            raise PropertyViolated("the segments are no partition")

    sizes = st.sampled_from([5, 9, len(keys), 500])
    explore(service, "segments", st.tuples(st.integers(1, most), sizes), check, examples=5)
    service.call("DeleteVectorIndex", {"indexName": index})


def _check_buckets(service: Service, walk: Walk, names: Sequence[str], page_size: int) -> bool:
    page_count = _pages(len(names), page_size)
    good = service.check(
        "ListVectorBuckets.paging.complete", walk.names == tuple(names), walk.last, names, walk.names
    )
    good &= service.check(
        "ListVectorBuckets.paging.no-empty-page",
        len(walk.pages) == page_count,
        walk.last,
        f"{page_count} pages of {page_size}",
        f"{len(walk.pages)} pages",
    )
    good &= service.check(
        "ListVectorBuckets.paging.last-page",
        len(walk.pages) <= page_count,
        walk.last,
        f"no NextMarker after {len(names)} buckets in pages of {page_size}",
        f"{len(walk.pages)} pages",
    )
    if page_count > 1:
        first = walk.pages[0]
        listing = first.value["ListAllMyBucketsResult"] if first.value is not None else {}
        good &= service.check(
            "ListVectorBuckets.paging.truncated-members",
            listing.get("IsTruncated") is True,
            first.exchange,
            "IsTruncated true while more is to come",
            "not truncated",
        )
    return good


@decides(
    "ListVectorBuckets.prefix.filters",
    "ListVectorBuckets.marker.after",
    "ListVectorBuckets.order",
    "ListVectorBuckets.max-keys.limits-page",
    "ListVectorBuckets.paging.truncated-members",
    "ListVectorBuckets.paging.echo",
    "ListVectorBuckets.paging.last-page",
    "ListVectorBuckets.paging.no-empty-page",
    "ListVectorBuckets.paging.complete",
)
@needs_bucket
def test_pages_of_buckets(service: Service, resources: Resources) -> None:
    """Three buckets in pages of any size, after a marker, and with a prefix that fits no other."""
    stem = resources.bucket()
    # In alphabetical order, which is not that of the numbers.
    names = [stem, f"{stem}10", f"{stem}9"]
    for name in names[1:]:
        service.call("PutVectorBucket", bucket=name).need()
    for page_size in (1, 2, 3, service.contract.largest_page("ListVectorBuckets")):
        _check_buckets(service, walk_buckets(service, stem, page_size), names, page_size)

    def check(example: tuple[int, str]) -> None:
        page_size, prefix = example
        walk = walk_buckets(service, prefix, page_size)
        must_hold(*walk.pages)
        if not _check_buckets(service, walk, [name for name in names if name.startswith(prefix)], page_size):
            raise PropertyViolated("the pages do not add up to the listing")

    prefixes = st.sampled_from([stem, f"{stem}1", f"{stem}c"])
    explore(service, "pages of buckets", st.tuples(st.integers(1, 4), prefixes), check, examples=6)
    service.call("ListVectorBuckets", query=f"prefix={names[1]}")
    service.call("ListVectorBuckets", query=f"prefix={stem}&marker={names[0]}")
    service.call("ListVectorBuckets", query=f"prefix={stem}&marker={names[2]}")
    # A marker need not be the name of a bucket.
    service.call("ListVectorBuckets", query=f"prefix={stem}&marker={stem}1a")
    service.call("ListVectorBuckets", query=f"prefix={stem}&marker={stem[:-1]}")
    service.call("ListVectorBuckets", query=f"prefix={stem.upper()}")
    service.call("ListVectorBuckets", query=f"prefix={stem[1:]}")
    service.call("ListVectorBuckets")
    for name in names:
        service.call("DeleteVectorBucket", bucket=name)


@decides("ListVectorBuckets.paging.complete")
def test_buckets_and_their_indexes_are_listed_apart(service: Service, resources: Resources) -> None:
    """A listing of buckets does not depend on what is in them."""
    index = resources.index()
    home = service.home
    whole = service.contract.largest_page("ListVectorBuckets")
    _check_buckets(service, walk_buckets(service, home, whole), [home], whole)
    service.call("DeleteVectorIndex", {"indexName": index})


@decides(
    "ListVectors.lists-stored",
    "ListVectors.only-stored",
    "ListVectorIndexes.lists-created",
    "ListVectorBuckets.lists-created",
)
@needs_bucket
def test_a_listing_follows_every_write(service: Service, resources: Resources) -> None:
    """Listed before and after each creation and deletion: no listing is an old one."""
    bucket = resources.bucket()
    service.call("ListVectorBuckets", query=f"prefix={bucket}")
    service.call("ListVectorIndexes", {}, bucket=bucket)
    index = resources.index(bucket=bucket)
    service.call("ListVectorIndexes", {}, bucket=bucket)
    first, second = resources.keys(2)
    for key in (first, second, first):
        service.call("ListVectors", {"indexName": index, "returnData": True}, bucket=bucket)
        resources.put(index, vector(key, [1.0, 2.0, float(len(key)), 4.0]), bucket=bucket)
    for key in (first, second):
        service.call("ListVectors", {"indexName": index, "returnData": True}, bucket=bucket)
        service.call("DeleteVectors", {"indexName": index, "keys": [key]}, bucket=bucket)
    service.call("ListVectors", {"indexName": index}, bucket=bucket)
    service.call("DeleteVectorIndex", {"indexName": index}, bucket=bucket)
    service.call("ListVectorIndexes", {}, bucket=bucket)
    service.call("DeleteVectorBucket", bucket=bucket)
    service.call("ListVectorBuckets", query=f"prefix={bucket}")
