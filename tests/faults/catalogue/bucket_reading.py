"""Faults of GetVectorBucket and ListVectorBuckets."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from datetime import timedelta
from typing import Any

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.clock import iso_millis
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.paging import Paging
from oss_vectors_emulator.presenter import Presenter
from oss_vectors_emulator.store import Bucket, Store
from tests.faults import changes as c
from tests.faults.model import Change, Fault

_FORMS = "ListVectorBuckets.bucket-fields"


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _describing()
    yield from _listing()
    yield from _paging()


def _entry(**members: Any) -> Change:
    """Replace members of every bucket entry; None leaves a member out."""

    def bucket(self: Any, given: Bucket) -> c.Json:
        entry = Presenter.bucket(self, given)
        for name, value in members.items():
            entry[name] = value(self, given) if callable(value) else value
            if entry[name] is None:
                del entry[name]
        return entry

    return c.part("presenter", bucket=bucket)


def _describing() -> Iterator[Fault]:
    get, listed = "GetVectorBucket", "ListVectorBuckets"

    def one(name: str, clause: str, summary: str, also: tuple[str, ...] = (_FORMS,), **members: Any) -> Fault:
        return Fault(f"{get}.{name}", f"{get}.{clause}", summary, _entry(**members), also)

    names = (f"{listed}.Name.arn",)
    yield one("name-bare", "Name.arn", "Name is the bare name", names, Name=lambda _s, b: b.name)
    yield one(
        "arn-without-account",
        "Name.arn",
        "the ARN has no account",
        names,
        Name=lambda s, b: f"acs:ossvector:{s.region}::{b.name}",
    )
    yield one(
        "arn-oss",
        "Name.arn",
        "the ARN is that of object storage",
        names,
        Name=lambda s, b: f"acs:oss:{s.region}:{b.account}:{b.name}",
    )
    yield one(
        "arn-oss-region",
        "Name.arn",
        "the ARN's region has the prefix oss-",
        names,
        Name=lambda s, b: f"acs:ossvector:oss-{s.region}:{b.account}:{b.name}",
    )
    yield one(
        "date-local",
        "CreationDate.format",
        "CreationDate has no time zone",
        CreationDate=lambda _s, b: iso_millis(b.created)[:-1],
    )
    yield one(
        "date-offset",
        "CreationDate.format",
        "CreationDate ends with +08:00",
        CreationDate=lambda _s, b: iso_millis(b.created + timedelta(hours=8))[:-1] + "+08:00",
    )
    yield one(
        "date-epoch",
        "CreationDate.format",
        "CreationDate is a number",
        (f"{get}.success.body", _FORMS),
        CreationDate=lambda _s, b: int(b.created.timestamp()),
    )
    yield one(
        "date-zone-slip",
        "CreationDate.plausible",
        "local time of Hangzhou printed as UTC",
        CreationDate=lambda _s, b: iso_millis(b.created + timedelta(hours=8)),
    )
    yield one(
        "location-plain", "Location.form", "Location lacks the prefix oss-", Location=lambda s, _b: s.region
    )
    yield one(
        "region-prefixed", "Region.form", "Region has the prefix oss-", Region=lambda s, _b: f"oss-{s.region}"
    )
    yield one(
        "extranet-oss",
        "ExtranetEndpoint.form",
        "the endpoint is that of object storage",
        ExtranetEndpoint=lambda s, _b: f"oss-{s.region}.aliyuncs.com",
    )
    yield one(
        "extranet-with-bucket",
        "ExtranetEndpoint.form",
        "the endpoint has the bucket in it",
        ExtranetEndpoint=lambda s, b: f"{b.name}.{s.region}.oss-vectors.aliyuncs.com",
    )
    yield one(
        "extranet-url",
        "ExtranetEndpoint.form",
        "the endpoint has a scheme",
        ExtranetEndpoint=lambda s, b: f"https://{s.region}.oss-vectors.aliyuncs.com",
    )
    yield one(
        "intranet-public",
        "IntranetEndpoint.form",
        "the internal endpoint is the public one",
        IntranetEndpoint=lambda s, _b: f"{s.region}.oss-vectors.aliyuncs.com",
    )
    yield one(
        "no-intranet",
        "success.body",
        "IntranetEndpoint is missing",
        (f"{get}.IntranetEndpoint.form", _FORMS),
        IntranetEndpoint=lambda _s, _b: None,
    )
    yield one(
        "no-region",
        "success.body",
        "Region is missing",
        (f"{get}.Region.form", _FORMS),
        Region=lambda _s, _b: None,
    )
    yield Fault(
        f"{get}.bare-body",
        f"{get}.success.body",
        "the members stand at the root, without BucketInfo",
        c.answer(get, lambda v: v["BucketInfo"]),
        (f"{get}.success.single-root",),
    )
    yield Fault(
        f"{get}.nested-bucket",
        f"{get}.success.body",
        "BucketInfo has a child Bucket, as for object buckets",
        c.answer(get, lambda v: {"BucketInfo": {"Bucket": v["BucketInfo"]}}),
    )
    yield Fault(
        f"{get}.second-root",
        f"{get}.success.single-root",
        "RequestId stands beside BucketInfo",
        c.answer(get, lambda v: v.update(RequestId="X")),
    )
    yield Fault(
        f"{get}.lower-camel",
        f"{get}.success.body",
        "members start with a lower-case letter",
        c.answer(get, lambda v: {"bucketInfo": v["BucketInfo"]}),
        (f"{get}.success.single-root",),
    )
    yield Fault(
        f"{get}.other-bucket",
        f"{get}.Name.arn",
        "the bucket that was created last is described, whichever is asked for",
        c.instead(get, _last_bucket),
        ("GetVectorBucket.CreationDate.plausible",),
    )


def _last_bucket(parts: Behaviour, _handler: Handler, call: Call) -> Response:
    latest = max(parts.store.buckets(call.account), key=lambda bucket: bucket.created)
    return parts.presenter.json({"BucketInfo": parts.presenter.bucket(latest)})


def _names_after(find: Any) -> Change:
    return c.only("ListVectorBuckets", c.part("paging", names_after=find))


def _listing() -> Iterator[Fault]:
    name = "ListVectorBuckets"

    def find(select: Any) -> Change:
        return _names_after(lambda _self, names, marker, prefix: select(names, marker, prefix))

    yield Fault(
        f"{name}.prefix-ignored",
        f"{name}.prefix.filters",
        "prefix is ignored",
        find(lambda n, m, _p: sorted(x for x in n if x > m)),
    )
    yield Fault(
        f"{name}.prefix-contains",
        f"{name}.prefix.filters",
        "prefix may stand anywhere in the name",
        find(lambda n, m, p: sorted(x for x in n if p in x and x > m)),
    )
    yield Fault(
        f"{name}.prefix-on-arn",
        f"{name}.prefix.filters",
        "prefix is compared with the ARN",
        find(
            lambda n, m, p: sorted(x for x in n if ("acs:ossvector:cn-hangzhou:" + x).startswith(p) and x > m)
        ),
        (f"{name}.lists-created",),
    )
    yield Fault(
        f"{name}.prefix-case",
        f"{name}.prefix.filters",
        "prefix ignores case",
        find(lambda n, m, p: sorted(x for x in n if x.startswith(p.lower()) and x > m)),
    )
    yield Fault(
        f"{name}.marker-ignored",
        f"{name}.marker.after",
        "marker is ignored",
        find(lambda n, _m, p: sorted(x for x in n if x.startswith(p))),
        (f"{name}.paging.complete",),
    )
    yield Fault(
        f"{name}.marker-inclusive",
        f"{name}.marker.after",
        "the listing starts with the marker",
        find(lambda n, m, p: sorted(x for x in n if x.startswith(p) and x >= m)),
        (f"{name}.paging.complete",),
    )
    yield Fault(
        f"{name}.marker-must-exist",
        f"{name}.marker.after",
        "a marker that is no bucket is ignored",
        find(lambda n, m, p: sorted(x for x in n if x.startswith(p) and (m not in n or x > m))),
    )
    yield Fault(
        f"{name}.unordered",
        f"{name}.order",
        "buckets come in the order of their creation",
        find(
            lambda n, m, p: (
                [x for x in n if x.startswith(p) and x > m][::-1] if len(list(n)) > 1 else sorted(n)
            )
        ),
        (f"{name}.paging.complete",),
    )
    yield Fault(
        f"{name}.reversed",
        f"{name}.order",
        "the last name comes first",
        find(lambda n, m, p: sorted((x for x in n if x.startswith(p) and x > m), reverse=True)),
        (f"{name}.paging.complete",),
    )
    yield Fault(f"{name}.short-entries", _FORMS, "entries have a Name only", c.answer(name, _only_names))
    yield Fault(
        f"{name}.no-location",
        _FORMS,
        "entries lack Location",
        c.answer(
            name, lambda v: [b.pop("Location") for b in v["ListAllMyBucketsResult"]["Buckets"]] and None
        ),
    )
    yield Fault(
        f"{name}.names-bare",
        f"{name}.Name.arn",
        "listed names are bare",
        c.answer(
            name,
            lambda v: (
                [b.update(Name=b["Name"].rpartition(":")[2]) for b in v["ListAllMyBucketsResult"]["Buckets"]]
                and None
            ),
        ),
    )
    yield Fault(
        f"{name}.buckets-wrapped",
        f"{name}.success.body",
        "Buckets is an object with Bucket in it, as in XML",
        c.answer(
            name,
            lambda v: v["ListAllMyBucketsResult"].update(
                Buckets={"Bucket": v["ListAllMyBucketsResult"]["Buckets"]}
            ),
        ),
    )
    yield Fault(
        f"{name}.root-missing",
        f"{name}.success.body",
        "Buckets stands at the root",
        c.answer(name, lambda v: v["ListAllMyBucketsResult"]),
        (f"{name}.success.single-root",),
    )
    yield Fault(
        f"{name}.second-root",
        f"{name}.success.single-root",
        "Owner stands beside ListAllMyBucketsResult",
        c.answer(name, lambda v: v.update(Owner={})),
    )
    yield Fault(
        f"{name}.one-short",
        f"{name}.lists-created",
        "the last bucket is never listed",
        c.answer(
            name,
            lambda v: v["ListAllMyBucketsResult"].update(Buckets=v["ListAllMyBucketsResult"]["Buckets"][:-1]),
        ),
        (f"{name}.paging.*",),
    )
    yield Fault(
        f"{name}.vector-flag-refused",
        f"{name}.vector-flag",
        "the query parameter vector is refused",
        c.refuse(name, lambda call: "vector" in call.request.query, "InvalidArgument"),
    )
    yield Fault(
        f"{name}.unknown-key-other-code",
        f"{name}.InvalidAccessKeyId",
        "an unknown access key is AccessDenied",
        c.error_of("InvalidAccessKeyId", name, to="AccessDenied"),
    )
    yield Fault(
        f"{name}.shows-deleted",
        "DeleteVectorBucket.deletes",
        "deleted buckets stay in the list",
        _keep_deleted_listed(),
        (f"{name}.*",),
    )


def _only_names(value: Any) -> None:
    for bucket in value["ListAllMyBucketsResult"]["Buckets"]:
        for member in list(bucket):
            if member != "Name":
                del bucket[member]


def _keep_deleted_listed() -> Change:
    gone: list[Bucket] = []

    def remove(self: Any, bucket: Bucket) -> None:
        gone.append(bucket)
        Store.remove_bucket(self, bucket)

    def buckets(self: Any, account: str) -> list[Bucket]:
        known = {bucket.name: bucket for bucket in (*gone, *Store.buckets(self, account))}
        return sorted(known.values(), key=lambda bucket: bucket.name)

    return c.part("store", remove_bucket=remove, buckets=buckets)


def _page(alter: Any) -> Change:
    return c.answer("ListVectorBuckets", lambda v: alter(v["ListAllMyBucketsResult"]))


def _paging() -> Iterator[Fault]:
    name = "ListVectorBuckets"

    def cut(function: Any) -> Change:
        return c.only(name, c.part("paging", cut=function))

    complete = f"{name}.paging.complete"
    yield Fault(
        f"{name}.echo-default",
        f"{name}.paging.echo",
        "MaxKeys is always 100",
        _page(lambda p: p.update(MaxKeys=100) if "MaxKeys" in p else None),
    )
    yield Fault(
        f"{name}.echo-no-prefix",
        f"{name}.paging.echo",
        "Prefix is always empty",
        _page(lambda p: p.update(Prefix="") if "Prefix" in p else None),
    )
    yield Fault(
        f"{name}.max-keys-ignored",
        f"{name}.max-keys.limits-page",
        "max-keys is ignored",
        cut(lambda _s, items, _n: (list(items), False)),
    )
    yield Fault(
        f"{name}.page-one-more",
        f"{name}.max-keys.limits-page",
        "a page holds one bucket more than max-keys",
        cut(lambda s, items, n: Paging.cut(s, items, n + 1)),
    )
    yield Fault(f"{name}.page-skips", complete, "the bucket behind a page is skipped", _page(_skip_next))
    yield Fault(
        f"{name}.page-repeats",
        complete,
        "the last bucket of a page comes again on the next",
        _page(_repeat_last),
        (f"{name}.marker.after",),
    )
    yield Fault(
        f"{name}.never-truncated",
        f"{name}.paging.truncated-members",
        "IsTruncated is false also when there is more",
        _page(lambda p: p.update(IsTruncated=False) if "NextMarker" in p else None),
        (complete,),
    )
    yield Fault(
        f"{name}.no-next-marker",
        f"{name}.paging.truncated-members",
        "a truncated page gives no NextMarker",
        _page(lambda p: p.pop("NextMarker", None) and None),
        (complete,),
    )
    yield Fault(
        f"{name}.truncated-text",
        f"{name}.paging.truncated-members",
        "IsTruncated is the text true",
        _page(lambda p: p.update(IsTruncated="true") if p.get("IsTruncated") else None),
        (f"{name}.success.body",),
    )
    yield Fault(
        f"{name}.last-page-marked",
        f"{name}.paging.last-page",
        "a last page that is exactly full says there is more",
        cut(lambda s, items, n: _full_is_more(s, items, n)),
        (f"{name}.paging.no-empty-page",),
    )
    yield Fault(
        f"{name}.prefix-after-cut",
        f"{name}.paging.no-empty-page",
        "pages are cut before the prefix is applied",
        _prefix_after_cut(),
        (complete, f"{name}.prefix.filters"),
    )
    yield Fault(
        f"{name}.empty-page-after-full",
        f"{name}.paging.no-empty-page",
        "an empty page follows a last page that is exactly full",
        cut(lambda s, items, n: _full_is_more(s, items, n)),
        (f"{name}.paging.last-page",),
    )
    yield Fault(
        f"{name}.last-page-next-marker",
        f"{name}.paging.last-page",
        "every page has IsTruncated true",
        _always_truncated(),
    )
    yield Fault(
        f"{name}.max-keys-999",
        f"{name}.max-keys.maximum.accepted",
        "max-keys may be at most 999",
        c.limits(list_buckets_max=999),
    )
    yield Fault(
        f"{name}.max-keys-100",
        f"{name}.max-keys.maximum.accepted",
        "max-keys may be at most 100",
        c.limits(list_buckets_max=100),
    )
    yield Fault(
        f"{name}.max-keys-min-2",
        f"{name}.max-keys.minimum.accepted",
        "max-keys must be at least 2",
        c.refuse(name, lambda call: call.request.query.get("max-keys") == "1", "InvalidArgument"),
        ("ListVectorBuckets.success.status",),
    )


def _prefix_after_cut() -> Change:
    def bucket_page(self: Any, buckets: Any, prefix: str, marker: str, most: int, truncated: bool) -> c.Json:
        page = Presenter.bucket_page(self, buckets, prefix, marker, most, truncated)
        inner = page["ListAllMyBucketsResult"]
        inner["Buckets"] = [b for b in inner["Buckets"] if b["Name"].rpartition(":")[2].startswith(prefix)]
        return page

    return c.both(
        _names_after(lambda s, names, marker, _prefix: Paging.names_after(s, names, marker, "")),
        c.part("presenter", bucket_page=bucket_page),
    )


def _full_is_more(paging: Any, items: Iterable[str], size: int) -> tuple[list[str], bool]:
    page, more = Paging.cut(paging, items, size)
    return page, more or len(page) == size


def _skip_next(page: c.Json) -> None:
    if page.get("NextMarker"):
        page["NextMarker"] += "~"
        page["Buckets"] = page["Buckets"][:-1] if len(page["Buckets"]) > 1 else page["Buckets"]


def _repeat_last(page: c.Json) -> None:
    if page.get("NextMarker") and len(page["Buckets"]) > 1:
        page["NextMarker"] = page["NextMarker"][:-1]


def _always_truncated() -> Change:
    def bucket_page(self: Any, buckets: Any, prefix: str, marker: str, most: int, _truncated: bool) -> c.Json:
        return Presenter.bucket_page(self, buckets, prefix, marker, most, bool(buckets))

    return c.part("presenter", bucket_page=bucket_page)
