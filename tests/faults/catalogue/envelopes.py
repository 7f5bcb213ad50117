"""Faults of the error envelope and the common headers."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator
from datetime import timedelta
from email.utils import format_datetime
from typing import Any

from oss_vectors_emulator.errors import ErrorRenderer, ServiceError
from oss_vectors_emulator.messages import Request, Response
from oss_vectors_emulator.wire import CommonHeaders
from tests.faults import changes as c
from tests.faults.catalogue.envelopes_parts import complete
from tests.faults.model import Change, Fault

_SHAPES = ("Errors.body.*", "Errors.code-status")


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _types()
    yield from _members()
    yield from _statuses()
    yield from _headers()


def _error(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    return Fault(f"Errors.{name}", f"Errors.{clause}", summary, change, also)


def _rendered(alter: Any) -> Change:
    """Alter the response of every refusal."""
    return c.part("errors", render=lambda s, e, r: alter(ErrorRenderer.render(s, e, r)))


def _with_type(value: str) -> Change:
    return c.part("errors", content_type=value)


def _types() -> Iterator[Fault]:
    yield _error(
        "type-charset",
        "content-type",
        "the type has a charset",
        _with_type("application/json; charset=utf-8"),
    )
    yield _error("type-xml", "content-type", "the type is application/xml", _with_type("application/xml"))
    yield _error("type-text", "content-type", "the type is text/plain", _with_type("text/plain"))
    yield _error(
        "type-problem",
        "content-type",
        "the type is application/problem+json",
        _with_type("application/problem+json"),
    )
    yield _error(
        "type-upper", "content-type", "the type is written Application/JSON", _with_type("Application/JSON")
    )
    yield _error(
        "type-missing",
        "content-type",
        "there is no type",
        _rendered(
            lambda r: dataclasses.replace(r, headers=tuple(h for h in r.headers if h[0] != "content-type"))
        ),
    )
    yield _error(
        "type-late",
        "content-type",
        "the type of 404 answers has a charset",
        c.part("errors", render=_charset_on_404),
    )


def _charset_on_404(self: Any, error: ServiceError, request: Request) -> Response:
    response = ErrorRenderer.render(self, error, request)
    if response.status != 404:
        return response
    return dataclasses.replace(
        response, headers=(("content-type", "application/json;charset=utf-8"), *response.headers[1:])
    )


def _envelope(build: Any) -> Change:
    return c.part("errors", envelope=lambda s, e, r: build(s.members(e, r)))


def _member(name: str, value: Any) -> Change:
    """Another value of one member; None leaves it out."""

    def members(self: Any, error: ServiceError, request: Request) -> dict[str, Any]:
        found: dict[str, Any] = ErrorRenderer.members(self, error, request)
        found[name] = value(found, request) if callable(value) else value
        if found[name] is None:
            del found[name]
        elif found[name] is _NULL:
            found[name] = None
        return found

    return c.part("errors", members=members)


def _members() -> Iterator[Fault]:
    yield _error(
        "bare", "body.json", "the members stand at the root, without Error", _envelope(lambda m: m), *_SHAPES
    )
    yield _error(
        "lower-camel", "body.json", "the root member is error", _envelope(lambda m: {"error": m}), *_SHAPES
    )
    yield _error(
        "message-only",
        "body.json",
        "the body is {message: ...}",
        _envelope(lambda m: {"message": m["Message"]}),
        *_SHAPES,
    )
    yield _error("array", "body.json", "Error is an array", _envelope(lambda m: {"Error": [m]}), *_SHAPES)
    yield _error(
        "xml",
        "body.json",
        "the body is XML",
        _rendered(lambda r: dataclasses.replace(r, body=b"<Error><Code>X</Code></Error>")),
        *_SHAPES,
    )
    yield _error(
        "empty",
        "body.json",
        "errors have no body",
        _rendered(lambda r: dataclasses.replace(r, body=b"")),
        *_SHAPES,
    )
    yield _error(
        "html",
        "body.json",
        "the body is an HTML page",
        _rendered(lambda r: dataclasses.replace(r, body=b"<html></html>")),
        *_SHAPES,
    )
    yield _error("code-missing", "body.code", "Code is missing", _member("Code", None))
    yield _error("code-empty", "body.code", "Code is empty", _member("Code", ""))
    yield _error(
        "code-number", "body.code", "Code is the status", _member("Code", 400), "Errors.body.strings"
    )
    yield _error(
        "code-lower-camel",
        "body.code",
        "members start with a lower-case letter",
        c.part(
            "errors",
            members=lambda s, e, r: {
                k[0].lower() + k[1:]: v for k, v in ErrorRenderer.members(s, e, r).items()
            },
        ),
        "Errors.body.*",
    )
    yield _error("message-missing", "body.message", "Message is missing", _member("Message", None))
    yield _error(
        "message-object",
        "body.message",
        "Message is an object",
        _member("Message", {}),
        "Errors.body.strings",
    )
    yield _error(
        "message-null",
        "body.message",
        "Message is null",
        _member("Message", lambda _m, _r: _NULL),
        "Errors.body.strings",
    )
    yield _error("message-empty", "body.message.non-empty", "Message is empty", _member("Message", ""))
    yield _error(
        "message-empty-on-404",
        "body.message.non-empty",
        "Message is empty where something does not exist",
        _member("Message", lambda m, _r: "" if m["Code"].startswith("NoSuch") else m["Message"]),
    )
    yield _error(
        "id-other", "body.request-id", "RequestId differs from the header", _member("RequestId", "0" * 24)
    )
    yield _error("id-missing", "body.request-id", "RequestId is missing", _member("RequestId", None))
    yield _error(
        "id-lower",
        "body.request-id",
        "RequestId is in lower case",
        _member("RequestId", lambda m, _r: m["RequestId"].lower()),
    )
    yield _error(
        "id-dashes",
        "body.request-id",
        "RequestId has dashes",
        _member("RequestId", lambda m, _r: "-".join(m["RequestId"])),
    )
    yield _error("host-missing", "body.host-id", "HostId is missing", _member("HostId", None))
    yield _error(
        "host-bucket",
        "body.host-id",
        "HostId is the first label of the host",
        _member("HostId", lambda _m, r: r.host.partition(".")[0]),
    )
    yield _error(
        "host-fixed",
        "body.host-id",
        "HostId is always the public endpoint",
        _member("HostId", "cn-hangzhou.oss-vectors.aliyuncs.com"),
    )
    yield _error("host-empty", "body.host-id", "HostId is empty", _member("HostId", ""))
    yield _error("ec-other", "body.ec", "EC differs from the header x-oss-ec", _member("EC", "0000-00000000"))
    yield _error("ec-number", "body.ec", "EC is a number", _member("EC", 7), "Errors.body.strings")
    yield _error("extra-number", "body.strings", "a member Status is a number", _member("Status", 400))
    yield _error(
        "extra-object", "body.strings", "a member Details is an object", _member("Details", {"a": "b"})
    )
    yield _error(
        "extra-null", "body.strings", "a member Resource is null", _member("Resource", lambda _m, _r: _NULL)
    )


class _Null:
    """Stands for null where None leaves a member out."""


_NULL = _Null()


def _statuses() -> Iterator[Fault]:
    status = ("*.*",)
    yield _error(
        "status-200",
        "code-status",
        "errors come with the status 200",
        _rendered(lambda r: dataclasses.replace(r, status=200)),
        *status,
    )
    yield _error(
        "status-500-for-400",
        "code-status",
        "what is 400 comes as 500",
        _rendered(lambda r: dataclasses.replace(r, status=500) if r.status == 400 else r),
        *status,
    )
    yield _error(
        "status-400-for-all",
        "code-status",
        "all errors come as 400",
        _rendered(lambda r: dataclasses.replace(r, status=400)),
        *status,
    )
    yield _error(
        "index-404-as-410",
        "code-status",
        "NoSuchVectorIndex comes as 410",
        c.error_of("NoSuchVectorIndex", status=410),
        "*.NoSuchVectorIndex",
    )
    yield _error(
        "malformed-422",
        "code-status",
        "MalformedJson comes as 422",
        c.error_of("MalformedJson", status=422),
        "*.body.*",
    )
    yield _error(
        "policy-400",
        "code-status",
        "NoSuchBucketPolicy comes as 400",
        c.error_of("NoSuchBucketPolicy", status=400),
        "GetBucketPolicy.NoSuchBucketPolicy",
    )


def _http(name: str, clause: str, summary: str, change: Change, *also: str) -> Fault:
    return Fault(f"Http.{name}", f"Http.{clause}", summary, change, also)


def _without(name: str, when: Any = lambda _r: True) -> Change:
    return complete(lambda headers, response: [h for h in headers if h[0] != name or not when(response)])


def _headers() -> Iterator[Fault]:
    yield _http(
        "id-missing",
        "request-id.present",
        "x-oss-request-id is missing",
        _without("x-oss-request-id"),
        "Errors.body.request-id",
    )
    yield _http(
        "id-missing-on-success",
        "request-id.present",
        "x-oss-request-id is missing on successes",
        _without("x-oss-request-id", lambda r: r.status < 300),
    )
    yield _http(
        "id-missing-on-204",
        "request-id.present",
        "x-oss-request-id is missing on 204",
        _without("x-oss-request-id", lambda r: r.status == 204),
    )
    yield _http(
        "id-other-name",
        "request-id.present",
        "the header is called x-request-id",
        complete(lambda hs, _r: [("x-request-id" if n == "x-oss-request-id" else n, v) for n, v in hs]),
        "Errors.body.request-id",
    )
    yield _http(
        "id-uuid",
        "request-id.length",
        "request ids are UUIDs",
        c.part(
            "headers",
            new_request_id=lambda s: (lambda i: f"{i[:8]}-{i[8:12]}-{i[12:16]}-{i[16:20]}-{i[20:]}00000000")(
                CommonHeaders.new_request_id(s)
            ),
        ),
    )
    yield _http(
        "id-short",
        "request-id.length",
        "request ids have 16 characters",
        c.part("headers", new_request_id=lambda s: CommonHeaders.new_request_id(s)[:16]),
    )
    yield _http(
        "id-empty",
        "request-id.present",
        "request ids are empty",
        c.part("headers", new_request_id=lambda _s: ""),
        "Http.request-id.length",
    )
    yield _http("date-missing", "date.present", "Date is missing", _without("date"))
    yield _http(
        "date-missing-on-errors",
        "date.present",
        "Date is missing on errors",
        _without("date", lambda r: r.status >= 400),
    )
    yield _http(
        "date-iso",
        "date.format",
        "Date is in ISO form",
        c.part("headers", date=lambda s: s.clock.now().isoformat()),
    )
    yield _http(
        "date-offset",
        "date.format",
        "Date ends with +0000",
        c.part("headers", date=lambda s: CommonHeaders.date(s).replace("GMT", "+0000")),
    )
    yield _http(
        "date-epoch",
        "date.format",
        "Date is a number",
        c.part("headers", date=lambda s: str(int(s.clock.now().timestamp()))),
    )
    yield _http(
        "date-fixed",
        "date.tolerance",
        "Date stands still",
        c.part("headers", date=lambda _s: "Thu, 17 Apr 2025 01:33:47 GMT"),
    )
    yield _http(
        "date-local", "date.tolerance", "Date is local time called GMT", c.part("headers", date=_eight_hours)
    )
    kinds = ("Http.success.content-type", "*.success.body")
    yield _http(
        "json-text",
        "success.content-type",
        "successes are text/plain",
        c.part("presenter", content_type="text/plain"),
        *kinds,
    )
    yield _http(
        "json-octets",
        "success.content-type",
        "successes are application/octet-stream",
        c.part("presenter", content_type="application/octet-stream"),
        *kinds,
    )
    yield _http(
        "json-xml",
        "success.content-type",
        "successes are application/xml",
        c.part("presenter", content_type="application/xml"),
        *kinds,
    )
    yield _http(
        "json-untyped",
        "success.content-type",
        "successes have no type",
        _without("content-type", lambda r: r.status < 300),
        *kinds,
    )


def _eight_hours(self: Any) -> str:
    return format_datetime(self.clock.now() + timedelta(hours=8), usegmt=True)
