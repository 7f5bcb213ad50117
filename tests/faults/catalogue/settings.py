"""Faults of bucket policy and bucket logging."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import Any

import orjson

from oss_vectors_emulator.behaviour import Behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Response
from tests.faults import changes as c
from tests.faults.model import Change, Fault


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _policy()
    yield from _logging()


def _stored_policy(alter: Any) -> Change:
    return c.after(
        "PutBucketPolicy", lambda _p, call: setattr(call.bucket, "policy", alter(call.bucket.policy))
    )


def _dumped(policy: bytes) -> bytes:
    return orjson.dumps(orjson.loads(policy))


def _policy() -> Iterator[Fault]:
    agrees, same = "GetBucketPolicy.agrees", "GetBucketPolicy.identical"
    put, delete, get = "PutBucketPolicy", "DeleteBucketPolicy", "GetBucketPolicy"
    yield Fault(f"{get}.compacted", same, "blanks of the policy are lost", _stored_policy(_dumped))
    yield Fault(
        f"{get}.indented",
        same,
        "the policy is indented",
        _stored_policy(lambda p: orjson.dumps(orjson.loads(p), option=orjson.OPT_INDENT_2)),
    )
    yield Fault(
        f"{get}.sorted",
        same,
        "members of the policy are sorted",
        _stored_policy(lambda p: orjson.dumps(orjson.loads(p), option=orjson.OPT_SORT_KEYS)),
    )
    yield Fault(
        f"{get}.newline",
        same,
        "the policy comes back with a newline at the end",
        _stored_policy(lambda p: p + b"\n"),
    )
    yield Fault(
        f"{get}.wrapped",
        agrees,
        "the policy comes back inside a member Policy",
        _stored_policy(lambda p: b'{"Policy":' + p + b"}"),
        (same,),
    )
    yield Fault(
        f"{get}.text",
        agrees,
        "the policy comes back as JSON text",
        _stored_policy(lambda p: orjson.dumps(p.decode())),
        (same,),
    )
    yield Fault(
        f"{get}.version-changed",
        agrees,
        "the version of the policy is changed",
        _stored_policy(lambda p: orjson.dumps({**orjson.loads(p), "Version": "2"})),
        (same,),
    )
    yield Fault(
        f"{get}.first-statement", agrees, "actions are unwrapped", _stored_policy(_unwrapped), (same,)
    )
    yield Fault(
        f"{get}.empty-object",
        "GetBucketPolicy.NoSuchBucketPolicy",
        "no policy is an empty object",
        c.accept(get, lambda e, _c: e.code == "NoSuchBucketPolicy", {}),
        (f"{delete}.deletes",),
    )
    yield Fault(
        f"{get}.no-policy-204",
        "GetBucketPolicy.NoSuchBucketPolicy",
        "no policy is 204",
        c.instead(get, _none_204),
        (f"{delete}.deletes",),
    )
    yield Fault(
        f"{get}.other-code",
        "GetBucketPolicy.NoSuchBucketPolicy",
        "no policy is NoSuchPolicy",
        c.error_of("NoSuchBucketPolicy", to="NoSuchPolicy"),
        (f"{delete}.deletes",),
    )
    yield Fault(
        f"{get}.other-bucket",
        agrees,
        "the policy that was put last is returned, of whatever bucket",
        c.instead(get, _any_policy),
        ("*.*Policy*",),
    )
    yield Fault(
        f"{put}.not-stored",
        agrees,
        "200, but the policy is not stored",
        c.instead(put, lambda parts, _h, _c: parts.presenter.empty()),
        ("GetBucketPolicy.success.status", "PutBucketPolicy.*"),
    )
    yield Fault(
        f"{put}.first-stays",
        f"{put}.replaces",
        "a policy is not replaced",
        c.instead(put, _first_stays),
        (agrees, same),
    )
    yield Fault(
        f"{put}.statements-added",
        f"{put}.replaces",
        "statements are added to those before",
        c.instead(put, _added),
        (agrees, same),
    )
    yield Fault(
        f"{put}.second-409",
        f"{put}.replaces",
        "a second policy is refused",
        c.refuse(put, lambda call: call.bucket.policy is not None, "BucketAlreadyExists"),
        (f"{put}.success.status",),
    )
    yield Fault(
        f"{delete}.deletes-nothing",
        f"{delete}.deletes",
        "204, but the policy stays",
        c.instead(delete, lambda parts, _h, _c: parts.presenter.no_content()),
        ("GetBucketPolicy.NoSuchBucketPolicy",),
    )
    yield Fault(
        f"{delete}.empties",
        f"{delete}.deletes",
        "the policy becomes an empty object",
        c.after(delete, lambda _p, call: setattr(call.bucket, "policy", b"{}")),
        ("GetBucketPolicy.NoSuchBucketPolicy",),
    )
    yield Fault(
        f"{delete}.logging-too",
        "GetBucketLogging.agrees",
        "deleting the policy switches off logging",
        c.after(delete, lambda _p, call: setattr(call.bucket, "logging", None)),
    )


def _unwrapped(policy: bytes) -> bytes:
    value = orjson.loads(policy)
    for statement in value.get("Statement", []) if isinstance(value, dict) else []:
        if isinstance(statement, dict) and isinstance(statement.get("Action"), list):
            statement["Action"] = statement["Action"][0]
    return orjson.dumps(value)


def _none_204(parts: Behaviour, handler: Handler, call: Call) -> Response:
    return handler(call) if call.bucket.policy is not None else parts.presenter.no_content()


def _any_policy(parts: Behaviour, handler: Handler, call: Call) -> Response:
    found = [
        b.policy for b in parts.store.buckets(call.account) if b.policy is not None and b is not call.bucket
    ]
    return handler(replace(call, found=replace(call.bucket, policy=found[-1]))) if found else handler(call)


def _first_stays(parts: Behaviour, handler: Handler, call: Call) -> Response:
    return handler(call) if call.bucket.policy is None else parts.presenter.empty()


def _added(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    old = call.bucket.policy
    response = handler(call)
    if old is not None:
        value = orjson.loads(call.request.body)
        value["Statement"] = [*orjson.loads(old).get("Statement", []), *value.get("Statement", [])]
        call.bucket.policy = orjson.dumps(value)
    return response


def _stored_rule(alter: Any) -> Change:
    return c.after(
        "PutBucketLogging",
        lambda _p, call: setattr(call.bucket, "logging", alter(dict(call.bucket.logging or {}))),
    )


def _logging() -> Iterator[Fault]:
    agrees = "GetBucketLogging.agrees"
    put, delete, get = "PutBucketLogging", "DeleteBucketLogging", "GetBucketLogging"

    def lost(member: str) -> Change:
        return _stored_rule(lambda rule: {k: v for k, v in rule.items() if k != member})

    yield Fault(
        f"{put}.not-stored",
        agrees,
        "200, but nothing is stored",
        c.instead(put, lambda parts, _h, _c: parts.presenter.empty()),
    )
    yield Fault(f"{put}.prefix-lost", agrees, "TargetPrefix is lost", lost("TargetPrefix"))
    yield Fault(f"{put}.role-lost", agrees, "LoggingRole is lost", lost("LoggingRole"))
    yield Fault(f"{put}.bucket-lost", agrees, "TargetBucket is lost", lost("TargetBucket"))
    yield Fault(
        f"{put}.own-bucket",
        agrees,
        "TargetBucket becomes the bucket itself",
        c.after(put, _target_itself),
    )
    yield Fault(
        f"{put}.prefix-slash",
        agrees,
        "a slash is put behind the prefix",
        _stored_rule(lambda rule: {**rule, "TargetPrefix": rule.get("TargetPrefix", "") + "/"}),
    )
    yield Fault(
        f"{put}.first-stays",
        agrees,
        "settings are not replaced",
        c.instead(put, _first_rule_stays),
        ("GetBucketLogging.*",),
    )
    yield Fault(
        f"{put}.merged", agrees, "old and new settings are merged", _merged(), ("GetBucketLogging.*",)
    )
    yield Fault(
        f"{get}.bare",
        f"{get}.success.body",
        "LoggingEnabled stands at the root",
        c.answer(get, lambda v: v["BucketLoggingStatus"]),
        (agrees,),
    )
    yield Fault(
        f"{get}.lower-camel",
        f"{get}.success.body",
        "the root member is bucketLoggingStatus",
        c.answer(get, lambda v: {"bucketLoggingStatus": v["BucketLoggingStatus"]}),
        (agrees,),
    )
    yield Fault(
        f"{get}.members-lower",
        agrees,
        "members start with a lower-case letter",
        c.answer(
            get,
            lambda v: {
                "BucketLoggingStatus": {
                    "LoggingEnabled": {
                        k[0].lower() + k[1:]: x for k, x in v["BucketLoggingStatus"]["LoggingEnabled"].items()
                    }
                }
            },
        ),
    )
    yield Fault(
        f"{get}.off-404",
        f"{get}.off",
        "logging that is off is 404",
        c.instead(get, _off_404),
        (f"{get}.success.status", f"{delete}.deletes"),
    )
    yield Fault(
        f"{get}.off-null",
        f"{get}.success.body",
        "logging that is off gives null",
        c.answer(
            get, lambda v: v if v["BucketLoggingStatus"]["LoggingEnabled"] else {"BucketLoggingStatus": None}
        ),
        (f"{get}.off", f"{delete}.deletes"),
    )
    yield Fault(
        f"{get}.off-default-target",
        f"{get}.off",
        "logging that is off names a default target",
        c.answer(
            get,
            lambda v: (
                v
                if v["BucketLoggingStatus"]["LoggingEnabled"]
                else {"BucketLoggingStatus": {"LoggingEnabled": {"TargetBucket": "logs"}}}
            ),
        ),
        (f"{delete}.deletes",),
    )
    yield Fault(
        f"{delete}.deletes-nothing",
        f"{delete}.deletes",
        "204, but logging stays on",
        c.instead(delete, lambda parts, _h, _c: parts.presenter.no_content()),
        (f"{get}.off",),
    )
    yield Fault(
        f"{delete}.prefix-stays",
        f"{delete}.deletes",
        "only the prefix is deleted",
        c.instead(delete, _prefix_only),
        (f"{get}.off",),
    )
    yield Fault(
        f"{delete}.never-on-404",
        f"{delete}.never-on",
        "switching off what is off is 404",
        c.refuse(delete, lambda call: call.bucket.logging is None, "NoSuchBucketPolicy"),
        (f"{delete}.success.status",),
    )


def _target_itself(_parts: Behaviour, call: Call) -> None:
    call.bucket.logging = {**(call.bucket.logging or {}), "TargetBucket": call.bucket.name}


def _first_rule_stays(parts: Behaviour, handler: Handler, call: Call) -> Response:
    return handler(call) if call.bucket.logging is None else parts.presenter.empty()


def _merged() -> Change:
    def handle(_parts: Behaviour, handler: Handler, call: Call) -> Response:
        old: Mapping[str, str] = call.bucket.logging or {}
        response = handler(call)
        call.bucket.logging = {**old, **(call.bucket.logging or {})}
        return response

    return c.instead("PutBucketLogging", handle)


def _off_404(_parts: Behaviour, handler: Handler, call: Call) -> Response:
    if call.bucket.logging is None:
        raise ServiceError("NoSuchBucketPolicy")
    return handler(call)


def _prefix_only(parts: Behaviour, _handler: Handler, call: Call) -> Response:
    if call.bucket.logging is not None:
        call.bucket.logging = {k: v for k, v in call.bucket.logging.items() if k != "TargetPrefix"}
    return parts.presenter.no_content()
