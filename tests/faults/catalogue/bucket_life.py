"""Faults of PutVectorBucket and DeleteVectorBucket."""

from __future__ import annotations

import re
from collections.abc import Iterator
from typing import Any

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Request, Response
from oss_vectors_emulator.pipeline import Pipeline
from oss_vectors_emulator.routing import Route
from oss_vectors_emulator.store import Bucket, Store
from tests.faults import changes as c
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _creating()
    yield from _names()
    yield from _deleting()


def _creating() -> Iterator[Fault]:
    put = "PutVectorBucket"
    yield Fault(
        f"{put}.no-location",
        f"{put}.success.location",
        "no Location header",
        c.respond(put, lambda r: Response(200)),
    )
    yield Fault(
        f"{put}.location-bare-name",
        f"{put}.success.location",
        "Location without the slash",
        _location(lambda call: call.bucket_name),
    )
    yield Fault(
        f"{put}.location-with-account",
        f"{put}.success.location",
        "Location has the account id behind the name",
        _location(lambda call: f"/{call.bucket_name}-{call.account}"),
    )
    yield Fault(
        f"{put}.location-url",
        f"{put}.success.location",
        "Location is a whole URL",
        _location(lambda call: f"http://{call.request.host}/"),
    )
    yield Fault(
        f"{put}.creates-nothing",
        f"{put}.creates",
        "success is answered, but no bucket is made",
        c.instead(
            put, lambda parts, _h, call: parts.presenter.empty((("location", f"/{call.bucket_name}"),))
        ),
        also=("*.NoSuchBucket",),
    )
    yield Fault(
        f"{put}.not-listed",
        f"{put}.creates",
        "a new bucket can be used but is missing from the list",
        c.part("store", buckets=lambda self, account: Store.buckets(self, account)[:0]),
        also=("ListVectorBuckets.lists-created",),
    )
    yield Fault(
        f"{put}.rejected-bucket-made",
        f"{put}.rejected.no-trace",
        "a bucket with a bad name is refused, but made all the same",
        _bad_name_made(),
    )


def _location(text: Any) -> Change:
    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        handler(call)
        return Response(200, (("location", text(call)),))

    return c.instead("PutVectorBucket", handle)


def _bad_name_made() -> Change:
    def find_bucket(self: Any, address: Any, caller: Any, route: Route) -> Bucket | None:
        parts = self.behaviour
        if route.operation == "PutVectorBucket":
            try:
                parts.rules.bucket_name(address.bucket)
            except ServiceError:
                parts.store.add_bucket(Bucket(address.bucket, caller.account_id, parts.clock.now()))
                raise
        elif address.bucket is not None:
            found = parts.store.bucket(caller.account_id, address.bucket)
            if found is not None:
                return found

        return Pipeline.find_bucket(self, address, caller, route)

    return c.pipeline(find_bucket=find_bucket)


def _names() -> Iterator[Fault]:
    put = "PutVectorBucket.name"

    def characters(pattern: str) -> Change:
        compiled = re.compile(pattern)
        return c.rules(bucket_name_characters=lambda _self, name: compiled.fullmatch(name) is not None)

    rows = (
        ("min-2", "min-length.rejected", c.limits(bucket_name_min=2), "2 characters are enough"),
        ("min-4", "min-length.accepted", c.limits(bucket_name_min=4), "4 characters are needed"),
        ("max-33", "max-length.rejected", c.limits(bucket_name_max=33), "33 characters are accepted"),
        (
            "max-63",
            "max-length.rejected",
            c.limits(bucket_name_max=63),
            "63 characters, as for object buckets",
        ),
        ("max-31", "max-length.accepted", c.limits(bucket_name_max=31), "32 characters are refused"),
        (
            "upper-case",
            "alphabet.rejected",
            characters(r"[A-Za-z0-9]([A-Za-z0-9-]*[A-Za-z0-9])?"),
            "upper case is accepted",
        ),
        (
            "underscore",
            "alphabet.rejected",
            characters(r"[a-z0-9]([a-z0-9_-]*[a-z0-9])?"),
            "underscores are accepted",
        ),
        ("dots", "alphabet.rejected", characters(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?"), "dots are accepted"),
        ("no-digits", "alphabet.accepted", characters(r"[a-z]([a-z-]*[a-z])?"), "digits are refused"),
        (
            "letter-first",
            "alphabet.accepted",
            characters(r"[a-z]([a-z0-9-]*[a-z0-9])?"),
            "a digit at the beginning is refused",
        ),
        (
            "letter-last",
            "alphabet.accepted",
            characters(r"[a-z0-9]([a-z0-9-]*[a-z])?"),
            "a digit at the end is refused",
        ),
        (
            "no-double-hyphen",
            "alphabet.accepted",
            characters(r"[a-z0-9]+(-[a-z0-9]+)*"),
            "two hyphens in a row are refused",
        ),
        ("no-hyphen", "alphabet.accepted", characters(r"[a-z0-9]+"), "hyphens are refused"),
        (
            "leading-hyphen",
            "leading-hyphen.rejected",
            characters(r"[a-z0-9-]*[a-z0-9]"),
            "a leading hyphen is accepted",
        ),
        (
            "trailing-hyphen",
            "trailing-hyphen.rejected",
            characters(r"[a-z0-9][a-z0-9-]*"),
            "a trailing hyphen is accepted",
        ),
    )
    for name, clause, change, summary in rows:
        also = ("PutVectorBucket.success.status",) if clause.endswith("accepted") else ()
        # Host names have no upper case, and a dot in one starts the next label.
        addressing = "path" if name in ("upper-case", "dots") else "virtual-host"
        yield Fault(
            f"PutVectorBucket.name-{name}", f"{put}.{clause}", summary, change, also, addressing=addressing
        )
    yield Fault(
        "PutVectorBucket.name-other-code",
        f"{put}.alphabet.rejected",
        "a bad name is InvalidBucketName, as for object buckets",
        c.error_of("InvalidVectorBucketName", "PutVectorBucket", to="InvalidBucketName"),
        (f"{put}.*.rejected",),
    )
    yield Fault(
        "PutVectorBucket.name-403",
        f"{put}.alphabet.rejected",
        "a bad name is refused with 403",
        c.error_of("InvalidVectorBucketName", "PutVectorBucket", status=403),
        (f"{put}.*.rejected", "Errors.code-status"),
    )
    yield Fault(
        "DeleteVectorBucket.name-other-code",
        "DeleteVectorBucket.name.rejected",
        "a bad name is InvalidArgument",
        c.error_of("InvalidVectorBucketName", "DeleteVectorBucket", to="InvalidArgument"),
    )
    yield Fault(
        "DeleteVectorBucket.name-unchecked",
        "DeleteVectorBucket.name.rejected",
        "deleting a bucket with a bad name answers 204",
        _delete_bad_name(),
    )


def _delete_bad_name() -> Change:

    def serve(self: Any, request: Request) -> Response:
        try:
            return Pipeline.serve(self, request)
        except ServiceError as error:
            if (
                error.code == "InvalidVectorBucketName"
                and c.operation_of(self, request) == "DeleteVectorBucket"
            ):
                return Response(204)
            raise

    return c.pipeline(serve=serve)


def _deleting() -> Iterator[Fault]:
    name = "DeleteVectorBucket"
    yield Fault(
        f"{name}.deletes-nothing",
        f"{name}.deletes",
        "204, but the bucket stays",
        c.instead(name, _delete_nothing),
        ("*.NoSuchBucket",),
    )
    yield Fault(
        f"{name}.full-bucket-deleted",
        f"{name}.VectorBucketNotEmpty",
        "a bucket with indexes is deleted",
        c.instead(name, _delete_anyway),
    )
    yield Fault(
        f"{name}.empty-index-ignored",
        f"{name}.VectorBucketNotEmpty",
        "a bucket counts as empty when its indexes hold no vectors",
        c.instead(name, _delete_without_vectors),
    )
    yield Fault(
        f"{name}.not-empty-other-code",
        f"{name}.VectorBucketNotEmpty",
        "the code is BucketNotEmpty",
        c.error_of("VectorBucketNotEmpty", to="BucketNotEmpty"),
    )
    yield Fault(
        f"{name}.not-empty-400",
        f"{name}.VectorBucketNotEmpty",
        "the status is 400",
        c.error_of("VectorBucketNotEmpty", status=400),
        ("Errors.code-status",),
    )
    yield Fault(
        f"{name}.refused-but-emptied",
        f"{name}.VectorBucketNotEmpty.no-trace",
        "a refused delete has deleted the indexes",
        c.instead(name, _empty_and_refuse),
        ("PutVectorIndex.creates", "*.NoSuchVectorIndex"),
    )
    yield Fault(
        f"{name}.never-empty-again",
        f"{name}.after-index-deleted",
        "a bucket that ever had an index can never be deleted",
        _never_empty(),
        (f"{name}.VectorBucketNotEmpty", f"{name}.success.status"),
    )
    yield Fault(
        f"{name}.still-described",
        f"{name}.deletes",
        "GetVectorBucket still describes a deleted bucket",
        _describe_deleted(),
        ("GetVectorBucket.NoSuchBucket",),
    )
    yield Fault(
        f"{name}.repeat-204",
        f"{name}.NoSuchBucket",
        "deleting a bucket again answers 204",
        _repeat_served(),
        (f"{name}.deletes",),
    )


def _delete_nothing(parts: Behaviour, _handler: Handler, call: Call) -> Response:
    if call.bucket.indexes:
        raise ServiceError("VectorBucketNotEmpty")
    return parts.presenter.no_content()


def _delete_anyway(parts: Behaviour, _handler: Handler, call: Call) -> Response:
    parts.store.remove_bucket(call.bucket)
    return parts.presenter.no_content()


def _delete_without_vectors(parts: Behaviour, handler: Handler, call: Call) -> Response:
    if any(len(index.table) for index in call.bucket.indexes.values()):
        return handler(call)
    return _delete_anyway(parts, handler, call)


def _empty_and_refuse(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    try:
        return handler(call)
    except ServiceError:
        call.bucket.indexes.clear()
        raise


def _never_empty() -> Change:
    used: set[str] = set()

    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        used.update([call.bucket.name] if call.bucket.indexes else [])
        if call.bucket.name in used:
            raise ServiceError("VectorBucketNotEmpty")
        return handler(call)

    def note(_parts: Behaviour, call: Call) -> None:
        used.add(call.bucket.name)

    return c.both(c.instead("DeleteVectorBucket", handle), c.after("PutVectorIndex", note))


def _describe_deleted() -> Change:

    gone: dict[str, Bucket] = {}

    def remove(self: Any, bucket: Bucket) -> None:
        gone[bucket.name] = bucket
        Store.remove_bucket(self, bucket)

    def find_bucket(self: Any, address: Any, caller: Any, route: Route) -> Bucket | None:
        if route.operation == "GetVectorBucket" and address.bucket in gone:
            return gone[address.bucket]
        return Pipeline.find_bucket(self, address, caller, route)

    return c.both(c.part("store", remove_bucket=remove), c.pipeline(find_bucket=find_bucket))


def _repeat_served() -> Change:

    gone: set[str] = set()

    def remove(self: Any, bucket: Bucket) -> None:
        gone.add(bucket.name)
        Store.remove_bucket(self, bucket)

    def serve(self: Any, request: Request) -> Response:
        try:
            return Pipeline.serve(self, request)
        except ServiceError as error:
            deleted = self.behaviour.addressing.resolve(request.host, request.raw_path).bucket in gone
            if (
                deleted
                and error.code == "NoSuchBucket"
                and c.operation_of(self, request) == "DeleteVectorBucket"
            ):
                return Response(204)
            raise

    return c.both(c.part("store", remove_bucket=remove), c.pipeline(serve=serve))
