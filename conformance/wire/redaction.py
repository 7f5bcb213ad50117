"""Keeps secrets out of everything that is stored or printed.

Redaction works on values as well as on names, because an endpoint may echo what
it was sent: SignatureDoesNotMatch answers repeat the signature, and a debugging
proxy may repeat every header.
"""

from __future__ import annotations

import re

from conformance.wire.credentials import Credentials
from conformance.wire.exchange import Headers

MASK = "***"
# A shorter secret would also match ordinary words; its header is masked by name.
SHORTEST_VALUE = 6
SHOWN_OF_KEY_ID = 4
# Long enough to be a real access key id and not a word such as "emulator".
SHORTEST_KEY_ID = 16

_AUTHORIZATION = frozenset({"authorization", "proxy-authorization"})
_SECRET_HEADERS = frozenset({"x-oss-security-token", "cookie", "set-cookie"})
_BY_NAME = _AUTHORIZATION | _SECRET_HEADERS

_ASSIGN = r"""\\?["']?\s*(?:=|%3[dD]|:|>)\s*\\?["']?"""
_SIGNATURE = re.compile(rf"(?i)(signature(?:provided)?{_ASSIGN})[\w%+/=.~-]{{8,}}")
_TOKEN = re.compile(rf"(?i)(security-?token{_ASSIGN})[^\s\"'\\&,;<>*]+")
_KEY_ID_CHAR = r"[^\s\"'\\&,;<>/%*]"
_CREDENTIAL = re.compile(
    rf"(?i)(credential{_ASSIGN})({_KEY_ID_CHAR}{{1,{SHOWN_OF_KEY_ID}}}){_KEY_ID_CHAR}*(?:\*{{3}})?"
)
_NAMES = ("signature", "securitytoken", "security-token", "credential")


class Redactor:
    """Masks the secrets of one run, and signatures and tokens of any run.

    ``None`` as credentials leaves the recognition by name, for anonymous runs.
    """

    def __init__(self, credentials: Credentials | None) -> None:
        self._credentials = () if credentials is None else (credentials,)
        self._prepare()

    def learn(self, credentials: Credentials) -> None:
        """Mask another key as well: an endpoint may still repeat one that was renewed."""
        self._credentials = (*self._credentials, credentials)
        self._prepare()

    def _prepare(self) -> None:
        candidates = [one.access_key_secret for one in self._credentials]
        candidates += [one.security_token or "" for one in self._credentials]
        secrets = [value for value in candidates if len(value) >= SHORTEST_VALUE]
        key_ids = [
            one.access_key_id for one in self._credentials if len(one.access_key_id) >= SHORTEST_KEY_ID
        ]
        # Longest first, so that no value is masked only up to its common prefix.
        secrets.sort(key=len, reverse=True)
        pattern = "|".join(map(_any_spelling, secrets))
        self._secrets = re.compile(pattern) if pattern else None
        self._secrets_in_bytes = re.compile(pattern.encode("ascii")) if pattern else None
        plain = {spelling for value in secrets for spelling in (value, value.replace(" ", "+"))}
        self._plain = tuple(sorted(plain, key=len, reverse=True))
        self._plain_in_bytes = tuple(value.encode() for value in self._plain)
        self._key_ids = tuple((value, value[:SHOWN_OF_KEY_ID] + MASK) for value in key_ids)

    def text(self, text: str) -> str:
        """``text`` without secrets, whether raw, percent-encoded or JSON-escaped."""
        if "%" not in text and "\\" not in text:
            # Nothing in it is escaped: the fast way, every text of a report goes through here.
            for plain in self._plain:
                text = text.replace(plain, MASK)
        elif self._secrets is not None:
            text = self._secrets.sub(MASK, text)
        lowered = text.lower()
        if any(name in lowered for name in _NAMES):
            text = _SIGNATURE.sub(rf"\1{MASK}", text)
            text = _TOKEN.sub(rf"\1{MASK}", text)
            text = _CREDENTIAL.sub(rf"\1\2{MASK}", text)
        for value, shown in self._key_ids:
            text = text.replace(value, shown)
        return text

    def url(self, url: str) -> str:
        """``url`` without the signature, token and full key id of a signed URL."""
        return self.text(url)

    def headers(self, headers: Headers) -> Headers:
        """``headers`` without secrets; credentials are masked by header name whatever their form."""
        plain = "\n".join(value for name, value in headers if name.lower() not in _BY_NAME)
        # Nearly always clean, and one search is cheaper than one per header.
        clean = self.text(plain) == plain
        return tuple(
            (name, value if clean and name.lower() not in _BY_NAME else self._header(name.lower(), value))
            for name, value in headers
        )

    def known(self, data: bytes, *also: str) -> bytes:
        """``data`` without the run's own secret, token and the values in ``also``.

        Only exact values, not names: an answer is judged after this, and nothing
        but a leak may be changed in it.
        """
        if b"%" not in data and b"\\" not in data:
            # Nothing in it is escaped: the fast way, for answers of megabytes.
            for plain in self._plain_in_bytes:
                data = data.replace(plain, MASK.encode())
        elif self._secrets_in_bytes is not None:
            data = self._secrets_in_bytes.sub(MASK.encode(), data)
        for value in also:
            if value:
                data = data.replace(value.encode(), MASK.encode())
        return data

    def _header(self, name: str, value: str) -> str:
        if name in _SECRET_HEADERS:
            return MASK
        masked = self.text(value)
        if name in _AUTHORIZATION and "Signature=" + MASK not in masked:
            # Not version 4 (``OSS id:signature``, ``Bearer token``): keep only the scheme.
            scheme, blank, _ = value.partition(" ")
            return f"{self.text(scheme)} {MASK}" if blank else MASK
        return masked


def _any_spelling(value: str) -> str:
    """A pattern for ``value`` with any of its characters percent-encoded or JSON-escaped."""
    return "".join(map(_any_spelling_of_char, value))


def _any_spelling_of_char(char: str) -> str:
    # No two spellings match the same text: that would make a near miss take
    # exponential time.
    spellings = {f"(?i:{_percent(char)})"}
    if char.isascii():
        # The pattern is also used on bytes; access keys are ASCII.
        spellings.add(re.escape(char))
    units = char.encode("utf-16-be")
    code = "".join(rf"\\u{units[i : i + 2].hex()}" for i in range(0, len(units), 2))
    spellings.add(f"(?i:{code})")
    if char in '"\\/':
        spellings.add(re.escape("\\" + char))
    if char == " ":
        spellings.add(re.escape("+"))
    # Longest first: the raw "%" is also how its own encoding begins.
    return f"(?:{'|'.join(sorted(spellings, key=len, reverse=True))})"


def _percent(char: str) -> str:
    return "".join(f"%{byte:02x}" for byte in char.encode())
