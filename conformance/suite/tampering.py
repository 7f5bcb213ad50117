"""What is done to a request after it was signed, to see whether the target notices.

Each function changes one place of a prepared request and nothing else, so that a
target which serves it has left just that place out of the signature (Signature
version 4 page, Canonical request).
"""

from __future__ import annotations

import base64
import hashlib
import re
from collections.abc import Callable
from datetime import datetime, timedelta
from email.utils import format_datetime, parsedate_to_datetime

import requests

Tamper = Callable[[requests.PreparedRequest], None]

#: A header of the suite's own, to be signed and changed: no official client sends one of this name.
OSS_HEADER = "x-oss-conformance"
_DATE = "%Y%m%dT%H%M%SZ"
_SIGNED_DATE = re.compile(r"(?<=x-oss-date=)[0-9]{8}T[0-9]{6}Z")
_SIGNED_EXPIRES = re.compile(r"(?<=x-oss-expires=)[0-9]+")


def header(name: str, value: str) -> Tamper:
    """Set a header, sent before or not."""

    def tamper(prepared: requests.PreparedRequest) -> None:
        prepared.headers[name] = value

    return tamper


def without(name: str) -> Tamper:
    """Leave a header out."""

    def tamper(prepared: requests.PreparedRequest) -> None:
        prepared.headers.pop(name, None)

    return tamper


def method(name: str) -> Tamper:
    """Send with another method."""

    def tamper(prepared: requests.PreparedRequest) -> None:
        prepared.method = name

    return tamper


def parameter(text: str) -> Tamper:
    """Add a query parameter."""

    def tamper(prepared: requests.PreparedRequest) -> None:
        prepared.url = f"{prepared.url}&{text}"

    return tamper


def content_md5(prepared: requests.PreparedRequest) -> None:
    """Add the right Content-MD5 of the body: nothing is wrong with it but that nobody signed it."""
    body = prepared.body if isinstance(prepared.body, bytes) else b""
    digest = hashlib.md5(body, usedforsecurity=False).digest()
    prepared.headers["Content-MD5"] = base64.b64encode(digest).decode()


def date_header(prepared: requests.PreparedRequest) -> None:
    """Move x-oss-date by a second."""
    prepared.headers["x-oss-date"] = moved(str(prepared.headers["x-oss-date"]))


def other_date(prepared: requests.PreparedRequest) -> None:
    """Move Date by a minute, as a proxy's clock may: the time that was signed is x-oss-date."""
    moment = parsedate_to_datetime(str(prepared.headers["Date"]))
    prepared.headers["Date"] = format_datetime(moment - timedelta(minutes=1), usegmt=True)


def date_parameter(prepared: requests.PreparedRequest) -> None:
    """Move x-oss-date of a signed URL by a second."""
    prepared.url = _SIGNED_DATE.sub(lambda found: moved(found[0]), prepared.url or "", count=1)


def expires_parameter(prepared: requests.PreparedRequest) -> None:
    """Let a signed URL live an hour longer."""
    prepared.url = _SIGNED_EXPIRES.sub(lambda found: str(int(found[0]) + 3600), prepared.url or "", count=1)


def moved(timestamp: str) -> str:
    """A second earlier on the same day, so that the scope goes on fitting; the first second moves ahead."""
    moment = datetime.strptime(timestamp, _DATE)  # noqa: DTZ007 - taken apart and put together again
    step = timedelta(seconds=1)
    earlier = moment - step
    return f"{(earlier if earlier.date() == moment.date() else moment + step):{_DATE}}"


def longer_path(prepared: requests.PreparedRequest) -> None:
    """Name something inside the bucket."""
    base, mark, query = (prepared.url or "").partition("?")
    prepared.url = f"{base}conformance{mark}{query}"


def authorization(change: Callable[[str], str]) -> Tamper:
    """Rewrite the Authorization header."""

    def tamper(prepared: requests.PreparedRequest) -> None:
        prepared.headers["Authorization"] = change(str(prepared.headers["Authorization"]))

    return tamper


def without_signature(text: str) -> str:
    """The header up to its signature."""
    return text.partition("Signature=")[0].rstrip(",")


def other_algorithm(text: str) -> str:
    """A name of an algorithm that no page has."""
    return f"OSS9-HMAC-SHA512 {text.partition(' ')[2]}"


def empty_credential(text: str) -> str:
    """A credential of no characters."""
    return re.sub(r"Credential=[^,]*", "Credential=", text)


def no_digits(text: str) -> str:
    """The signature's name without any digits behind it."""
    return f"{text.partition('Signature=')[0]}Signature="


def other_last_digit(text: str) -> str:
    """Sixty-three right digits and a wrong one."""
    return f"{text[:-1]}{'0' if text[-1] != '0' else '1'}"


def upper_signature(text: str) -> str:
    """The right digits in upper case."""
    head, mark, digits = text.partition("Signature=")
    return f"{head}{mark}{digits.upper()}"
