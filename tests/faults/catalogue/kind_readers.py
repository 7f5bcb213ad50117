"""Faults of reading too kindly: signatures that are none, bodies that are no object, numbers that are none."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import Any

from oss_vectors_emulator.addressing import Address
from oss_vectors_emulator.auth import Authenticator, Claim
from oss_vectors_emulator.credentials import Credential
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.jsonbody import BodyDecoder
from oss_vectors_emulator.messages import Request
from oss_vectors_emulator.pipeline import Pipeline
from tests.faults import changes as c
from tests.faults.catalogue.signatures_parts import authentication, computed, signing_fault
from tests.faults.model import Change, Fault

_Unchecked = Callable[[Request, Address], bool]


def faults() -> Iterator[Fault]:
    """Every fault of this module."""
    yield from _signatures()
    yield from _bodies()


def _signatures() -> Iterator[Fault]:
    yield signing_fault(
        "last-digit-not-compared",
        "SignatureDoesNotMatch.digits",
        "the last digit of a signature is not compared",
        authentication(
            check_signature=_compared(lambda e, given: len(given) == len(e) and e[:-1] == given[:-1])
        ),
    )
    yield signing_fault(
        "beginning-is-enough",
        "authorization.signature-length",
        "any beginning of the right signature is enough",
        authentication(check_signature=_compared(lambda e, given: len(given) > 8 and e.startswith(given))),
    )
    yield signing_fault(
        "service-signature-fits-buckets",
        "SignatureDoesNotMatch.bucket",
        "a signature for the service is good for every bucket",
        computed(lambda _s, r, address, *more: [(r, replace(address, bucket=None), *more)]),
    )
    for name, clause, summary, unchecked in (
        (
            "no-signature-served",
            "authorization.unreadable",
            "a header without a signature is served",
            _unsigned,
        ),
        ("blank-header-served", "authorization.empty", "an empty header is served", _blank),
        ("version-1-served", "authorization.version-1", "any signature of version 1 is served", _version_1),
        ("no-key-served", "authorization.credential", "an empty credential is served", _keyless),
        (
            "service-unchecked",
            "SignatureDoesNotMatch.secret",
            "ListVectorBuckets checks no signature",
            _service,
        ),
        (
            "queries-unchecked",
            "SignatureDoesNotMatch.secret",
            "QueryVectors checks no signature",
            lambda request, _address: _header(request) != "" and "queryVectors" in request.query,
        ),
    ):
        also = ("*.InvalidAccessKeyId", "Order.*", "*.AccessDenied.unsigned")
        yield signing_fault(name, clause, summary, _served(unchecked), *also)
    yield signing_fault(
        "digest-of-nothing-refused",
        "header.content-md5",
        "a Content-MD5 on a request without a body is refused",
        c.pipeline(check_digest=_no_digest_of_nothing),
    )


def _compared(fits: Callable[[str, str], bool]) -> Callable[..., None]:
    def check_signature(
        self: Any, request: Request, address: Any, claim: Claim, credential: Credential
    ) -> None:
        if not fits(self.expected_signature(request, address, claim, credential), claim.provided):
            Authenticator.check_signature(self, request, address, claim, credential)

    return check_signature


def _served(unchecked: _Unchecked) -> Change:
    def authenticate(self: Any, request: Request, address: Address) -> Credential:
        if unchecked(request, address):
            return next(iter(self.credentials.values()))
        return Authenticator.authenticate(self, request, address)

    return authentication(authenticate=authenticate)


def _header(request: Request) -> str:
    return request.header("authorization") or ""


def _unsigned(request: Request, _address: Address) -> bool:
    return _header(request).startswith("OSS4") and "Signature=" not in _header(request)


def _blank(request: Request, _address: Address) -> bool:
    return request.header("authorization") is not None and not _header(request).strip()


def _version_1(request: Request, _address: Address) -> bool:
    return _header(request).startswith("OSS ")


def _keyless(request: Request, _address: Address) -> bool:
    return "Credential=," in _header(request)


def _service(request: Request, address: Address) -> bool:
    return address.bucket is None and _header(request) != ""


def _no_digest_of_nothing(self: Pipeline, request: Request) -> None:
    if not request.body and request.header("content-md5"):
        raise ServiceError("InvalidDigest")
    Pipeline.check_digest(self, request)


def _bodies() -> Iterator[Fault]:
    wide = ("*.body.*", "Order.*", "Http.*")
    yield Fault(
        "GetVectors.plus-signs",
        "GetVectors.body.malformed",
        "numbers may have a plus sign",
        c.part(
            "decoder",
            decode=lambda s, body: BodyDecoder.decode(s, re.sub(rb"([:\[,]\s*)\+(\d)", rb"\1\2", body)),
        ),
        also=wide,
    )
    yield Fault(
        "GetVectors.array-of-one",
        "GetVectors.body.type",
        "an array of one object is read as that object",
        c.part("decoder", decode=_only_element),
        also=wide,
    )
    yield Fault(
        "GetVectors.text-of-an-object",
        "GetVectors.body.type",
        "a text that holds an object is read as that object",
        c.part("decoder", decode=_object_in_text),
        also=wide,
    )
    yield Fault(
        "PutVectors.pairs-of-escapes-lost",
        "Http.body.spelling",
        "escapes of characters beyond the first 65536 are not put together",
        c.part("decoder", decode=lambda s, body: BodyDecoder.decode(s, _PAIR.sub(rb"\\ufffd\\ufffd", body))),
        also=("PutVectors.*", "GetVectors.*"),
    )


_PAIR = re.compile(rb"\\u[dD][89abAB][0-9a-fA-F]{2}\\u[dD][c-fC-F][0-9a-fA-F]{2}")


def _only_element(self: Any, body: bytes) -> Any:
    value = BodyDecoder.decode(self, body)
    return value[0] if isinstance(value, list) and len(value) == 1 else value


def _object_in_text(self: Any, body: bytes) -> Any:
    value = BodyDecoder.decode(self, body)
    return BodyDecoder.decode(self, value.encode()) if isinstance(value, str) and value[:1] == "{" else value
