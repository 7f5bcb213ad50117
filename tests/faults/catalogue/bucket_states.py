"""Faults of buckets and their settings that need a state or a combination to show: a second call, a neighbour, a form."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import timedelta
from functools import partial
from typing import Any

from oss_vectors_emulator.addressing import Addressing
from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.clock import iso_millis
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.store import Bucket, Store
from tests.faults import changes as c
from tests.faults.model import Change, Fault

_AGREES = ("GetBucketPolicy.*", "GetBucketLogging.*", "PutBucketPolicy.replaces")


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _names()
    yield from _times()
    yield from _settings()
    yield from _repeating()


def _names() -> Iterator[Fault]:
    accepted = "PutVectorBucket.name.alphabet.accepted"
    yield Fault(
        "PutVectorBucket.digits-only-refused",
        accepted,
        "a name of digits only is refused",
        c.rules(bucket_name_characters=_no_digits_only),
    )
    yield Fault(
        "PutVectorBucket.digits-at-the-end-eaten",
        accepted,
        "digits behind the last hyphen of a name are taken for a part of the account",
        c.part("addressing", from_host=_account_and_more),
        also=("PutVectorBucket.success.*", "PutVectorBucket.creates"),
    )


def _no_digits_only(self: Any, name: str) -> bool:
    original: Any = type(self).__mro__[1]
    return bool(original.bucket_name_characters(self, name)) and not name.isdigit()


def _account_and_more(self: Any, host: str) -> tuple[str, str] | None:
    found = Addressing.from_host(self, host)
    if found is None:
        return None
    bucket, account = found
    return re.sub(r"(-[0-9]+)+$", "", bucket) or bucket, account


def _times() -> Iterator[Fault]:
    stable = "GetVectorBucket.CreationDate.stable"
    yield Fault(
        "GetVectorBucket.date-of-the-call",
        stable,
        "CreationDate is the time of the call",
        c.instead("GetVectorBucket", _dated_now),
    )
    yield Fault(
        "GetVectorBucket.date-of-the-last-index",
        stable,
        "CreationDate is renewed when an index is created",
        c.after("PutVectorIndex", _renew),
    )
    yield Fault(
        "ListVectorBuckets.other-date",
        "ListVectorBuckets.bucket-fields",
        "CreationDate in a listing is some seconds after that of GetVectorBucket",
        c.part("presenter", bucket_page=_later_page),
    )


def _dated_now(parts: Behaviour, _handler: Handler, call: Call) -> Response:
    entry = parts.presenter.bucket(call.bucket)
    return parts.presenter.json({"BucketInfo": {**entry, "CreationDate": iso_millis(parts.clock.now())}})


def _renew(parts: Behaviour, call: Call) -> None:
    call.bucket.created = parts.clock.now()


def _later_page(self: Any, buckets: Any, *paging: Any) -> Any:
    later = [replace(bucket, created=bucket.created + timedelta(seconds=30)) for bucket in buckets]
    original: Any = type(self).__mro__[1]
    return original.bucket_page(self, later, *paging)


def _has(kept: str, call: Call) -> bool:
    return getattr(call.bucket, kept) is not None


def _settings() -> Iterator[Fault]:
    identical = "GetBucketPolicy.identical"
    forms: tuple[tuple[str, str, Callable[[bytes], bytes]], ...] = (
        ("trimmed", "blanks around the policy are cut off", bytes.strip),
        ("line-ends", "line ends of the policy are turned into LF", lambda t: t.replace(b"\r\n", b"\n")),
        ("escapes-resolved", "escapes in the policy are resolved", _unescaped),
    )
    for name, summary, form in forms:
        yield Fault(
            f"PutBucketPolicy.{name}", identical, summary, c.after("PutBucketPolicy", _reformed(form))
        )
    yield Fault(
        "DeleteBucketPolicy.of-all-buckets",
        "GetBucketPolicy.success.status",
        "deleting a policy deletes those of all buckets",
        c.after("DeleteBucketPolicy", _forget_all_policies),
        also=_AGREES,
    )
    yield Fault(
        "PutBucketLogging.forgets-policy",
        "GetBucketPolicy.success.status",
        "setting the logging of a bucket deletes its policy",
        c.after("PutBucketLogging", _forget_policy),
        also=_AGREES,
    )
    yield Fault(
        "PutBucketLogging.prefix-needs-role",
        "GetBucketLogging.agrees",
        "without a role the prefix is not kept",
        c.after(
            "PutBucketLogging", _changed_logging(lambda r: r if "LoggingRole" in r else _without_prefix(r))
        ),
    )
    yield Fault(
        "PutBucketLogging.prefix-lower-case",
        "GetBucketLogging.agrees",
        "the prefix comes back in lower case",
        c.after(
            "PutBucketLogging",
            _changed_logging(
                lambda rule: {n: v.lower() if n == "TargetPrefix" else v for n, v in rule.items()}
            ),
        ),
    )
    yield Fault(
        "DeleteBucketLogging.second-time-404",
        "DeleteBucketLogging.never-on",
        "switching off logging that was switched off before is an error",
        _refused_the_second_time(),
    )
    for kept in ("policy", "logging"):
        yield Fault(
            f"DeleteVectorBucket.{kept}-keeps-bucket",
            "DeleteVectorBucket.success.status",
            f"a bucket with {kept} settings cannot be deleted",
            c.refuse(
                "DeleteVectorBucket",
                partial(_has, kept),
                "VectorBucketNotEmpty",
            ),
        )


def _unescaped(text: bytes) -> bytes:
    return json.dumps(json.loads(text)).encode() if b"\\u" in text else text


def _reformed(form: Callable[[bytes], bytes]) -> Callable[[Behaviour, Call], None]:
    def act(_parts: Behaviour, call: Call) -> None:
        call.bucket.policy = form(call.bucket.policy or b"")

    return act


def _forget_all_policies(parts: Behaviour, call: Call) -> None:
    for bucket in parts.store.buckets(call.account):
        bucket.policy = None


def _forget_policy(_parts: Behaviour, call: Call) -> None:
    call.bucket.policy = None


def _changed_logging(change: Callable[[dict[str, str]], dict[str, str]]) -> Callable[[Behaviour, Call], None]:
    def act(_parts: Behaviour, call: Call) -> None:
        call.bucket.logging = change(dict(call.bucket.logging or {}))

    return act


def _without_prefix(rule: dict[str, str]) -> dict[str, str]:
    return {name: value for name, value in rule.items() if name != "TargetPrefix"}


def _refused_the_second_time() -> Change:
    def change(behaviour: Behaviour) -> Behaviour:
        switched_off: set[int] = set()

        def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
            if call.bucket.logging is None and id(call.bucket) in switched_off:
                raise ServiceError("NoSuchBucket")
            if call.bucket.logging is not None:
                switched_off.add(id(call.bucket))
            return handler(call)

        return c.instead("DeleteBucketLogging", handle)(behaviour)

    return change


def _repeating() -> Iterator[Fault]:
    keeps = "PutVectorBucket.repeat.keeps-content"
    told = ("GetVectorIndex.*", "GetVectors.*", "PutVectors.*", "DeleteVectorIndex.*", "GetBucketPolicy.*")
    yield Fault(
        "PutVectorBucket.again-empties",
        keeps,
        "creating a bucket again deletes its indexes",
        c.instead("PutVectorBucket", _emptied),
        also=told,
    )
    yield Fault(
        "PutVectorBucket.again-makes-a-new-one",
        keeps,
        "creating a bucket again replaces it",
        c.instead("PutVectorBucket", _replaced),
        also=told,
    )


def _emptied(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    if call.found is not None:
        call.found.indexes.clear()
    return handler(call)


def _replaced(parts: Behaviour, handler: Handler, call: Call) -> Response:
    if call.found is None:
        return handler(call)
    Store.add_bucket(parts.store, Bucket(call.bucket_name, call.account, parts.clock.now()))
    return parts.presenter.empty((("location", f"/{call.bucket_name}"),))
