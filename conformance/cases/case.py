"""A directed case: one request that attacks one requirement, as data.

Names of resources are left open as slots, so that cases can be listed, counted
and compared without a network; the suite fills them in when it sends a case.
"""

from __future__ import annotations

import enum
import gzip
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from conformance.contract.model import Profile


class Slot(enum.Enum):
    """A resource name that the suite fills in."""

    NEW_INDEX = "a name that no index has"
    INDEX = "an index of dimension 4, euclidean"
    COSINE_INDEX = "an index of dimension 4, cosine"
    NOTES_INDEX = "an index of dimension 4, euclidean, with the non-filterable field note"
    MISSING_INDEX = "the name of an index that does not exist"


@dataclass(frozen=True, slots=True)
class Key:
    """A vector key of this case; ``suffix`` tells the keys of one case apart, ``length`` pads it."""

    suffix: str
    length: int = 0


@dataclass(frozen=True, slots=True)
class Name:
    """A new index name that starts with ``prefix`` and has ``length`` characters (letters and digits)."""

    prefix: str = ""
    length: int = 0


@dataclass(frozen=True, slots=True)
class BucketName:
    """A bucket name that no bucket has: unique characters of the run between ``before`` and ``after``.

    ``digits`` writes the unique part as a decimal number.
    """

    before: str = ""
    after: str = ""
    length: int = 0
    digits: bool = False


class Place(enum.StrEnum):
    """Where a case is sent."""

    BUCKET = "the run's bucket"
    MISSING_BUCKET = "a bucket that does not exist"
    SERVICE = "the service host"


class Authentication(enum.StrEnum):
    """How a case is signed; everything but ``RUN`` tests authentication itself.

    Those with ``TOKEN`` in their name, but for ``STRAY_TOKEN``, need a run with a
    temporary key.
    """

    RUN = "the run's signature"
    UNSIGNED = "no signature"
    UNKNOWN_KEY = "an unknown access key id"
    WRONG_SECRET = "a wrong secret"  # noqa: S105 - a label
    WRONG_REGION = "a scope of another region"
    OTHER_REGION = "a signature made for another region throughout"
    REGION_ABROAD = "a signature made for a region of another country throughout"
    WRONG_PRODUCT = "a scope of another product"
    PRODUCT_IN_SCOPE = "a scope of another product, signed with the key of the right one"
    OTHER_PRODUCT_IN_SCOPE = "a scope of a product unlike it, signed with the key of the right one"
    WRONG_SCOPE_DATE = "a scope of another day"
    DAY_BEFORE_IN_SCOPE = "a scope of the day before, signed with the key of the right one"
    DAY_TO_COME_IN_SCOPE = "a scope of a day to come, signed with the key of the right one"
    OTHER_BUCKET = "a signature made for another bucket"
    NO_BUCKET = "a signature made for no bucket"
    LAST_DIGIT = "a signature whose last digit is another"
    # Time.
    PAST_INSIDE = "an old date just inside the clock skew"
    PAST_OUTSIDE = "an old date just outside the clock skew"
    FUTURE_INSIDE = "a future date just inside the clock skew"
    FUTURE_OUTSIDE = "a future date just outside the clock skew"
    MALFORMED_DATE = "an x-oss-date that is no date"
    IMPOSSIBLE_DATE = "an x-oss-date in the right form, of a month that does not exist"
    REMOVED_DATE = "x-oss-date removed afterwards"
    NO_DATE = "Date instead of x-oss-date"
    # Legal forms of the header.
    BLANKS = "blanks after the commas of the header"
    ADDITIONAL_HOST = "the host as an additional header"
    ADDITIONAL_TWO = "two additional headers"
    CONTENT_MD5 = "a signed Content-MD5"
    UNSIGNED_CHANGED = "a header that is not signed changed afterwards"
    OTHER_DATE_HEADER = "Date moved by a minute beside the right x-oss-date"
    # Signed parts changed after signing.
    TAMPERED_HEADER = "a signed header changed afterwards"
    TAMPERED_QUERY = "the query changed afterwards"
    TAMPERED_METHOD = "the method changed afterwards"
    TAMPERED_DATE = "x-oss-date changed afterwards"
    TAMPERED_OSS_HEADER = "an x-oss header changed afterwards"
    ADDED_OSS_HEADER = "an x-oss header added afterwards"
    TAMPERED_HOST = "another host signed as an additional header"
    TAMPERED_ADDITIONAL = "an additional header changed afterwards"
    REMOVED_MD5 = "Content-MD5 removed afterwards"
    ADDED_MD5 = "Content-MD5 added afterwards"
    TAMPERED_MD5 = "Content-MD5 changed afterwards"
    TAMPERED_SHA256 = "x-oss-content-sha256 changed afterwards"
    # What the documents leave open.
    BODY_SHA256 = "the hash of the body as x-oss-content-sha256"
    NO_SHA256 = "no x-oss-content-sha256"
    ADDITIONAL_ABSENT = "an additional header that is not sent"
    ADDITIONAL_UNSORTED = "additional headers out of order"
    ADDITIONAL_UPPER = "an additional header in upper case"
    UNREADABLE = "an Authorization header that cannot be parsed"
    EMPTY_AUTHORIZATION = "an Authorization header of one blank"
    OTHER_ALGORITHM = "another name of the algorithm"
    VERSION_1 = "an Authorization header of signature version 1"
    EMPTY_CREDENTIAL = "an empty credential"
    EMPTY_SIGNATURE = "a signature of no digits"
    SHORT_SIGNATURE = "a signature that lacks its last digit"
    UPPER_SIGNATURE = "a signature in upper case"
    BOTH_FORMS = "a signature in the URL and one in the header"
    # Signatures in the URL.
    URL = "a signature in the URL"
    URL_EXPIRED = "a signed URL that has expired"
    URL_OLD = "a signed URL of half an hour ago that lives an hour"
    URL_LONGEST = "a signed URL of the longest life"
    URL_TOO_LONG = "a signed URL that lives a second longer"
    URL_EXPIRES_ZERO = "a signed URL with x-oss-expires 0"
    URL_EXPIRES_NEGATIVE = "a signed URL with a negative x-oss-expires"
    URL_EXPIRES_TEXT = "a signed URL whose x-oss-expires is no number"
    URL_NO_EXPIRES = "a signed URL without x-oss-expires"
    URL_FUTURE_INSIDE = "a signed URL with a future date just inside the clock skew"
    URL_FUTURE_OUTSIDE = "a signed URL with a future date just outside the clock skew"
    URL_ADDITIONAL_HOST = "a signed URL with the host as an additional header"
    URL_UNSIGNED_CHANGED = "a signed URL, and a header that is not signed changed afterwards"
    URL_UNKNOWN_KEY = "a signed URL of an unknown access key id"
    URL_WRONG_SECRET = "a signed URL made with a wrong secret"  # noqa: S105 - a label
    URL_WRONG_REGION = "a signed URL with a scope of another region"
    URL_WRONG_PRODUCT = "a signed URL with a scope of another product"
    URL_WRONG_SCOPE_DATE = "a signed URL with a scope of another day"
    URL_OTHER_BUCKET = "a signed URL made for another bucket"
    TAMPERED_URL = "the query of a signed URL changed afterwards"
    URL_TAMPERED_EXPIRES = "x-oss-expires of a signed URL changed afterwards"
    URL_TAMPERED_DATE = "x-oss-date of a signed URL changed afterwards"
    URL_TAMPERED_METHOD = "the method of a signed URL changed afterwards"
    URL_TAMPERED_HEADER = "a signed header changed after the URL was signed"
    URL_LONGER_PATH = "the path of a signed URL made longer afterwards"
    # Temporary keys.
    STRAY_TOKEN = "a security token the key was not issued with"  # noqa: S105 - a label
    STRAY_TOKEN_URL = "a signed URL with a security token the key was not issued with"  # noqa: S105 - a label
    TOKEN = "a temporary key and its security token"  # noqa: S105 - a label
    TOKEN_URL = "a signed URL of a temporary key with its security token"  # noqa: S105 - a label
    NO_TOKEN = "a temporary key without its security token"  # noqa: S105 - a label
    NO_TOKEN_URL = "a signed URL of a temporary key without its security token"  # noqa: S105 - a label
    WRONG_TOKEN = "a temporary key and another security token"  # noqa: S105 - a label
    WRONG_TOKEN_URL = "a signed URL of a temporary key with another security token"  # noqa: S105 - a label
    UNSIGNED_TOKEN = "the security token added after signing"  # noqa: S105 - a label
    UNSIGNED_TOKEN_URL = "the security token added to a signed URL afterwards"  # noqa: S105 - a label


class Coding(enum.StrEnum):
    """What is done to the bytes of a body once its slots are filled in."""

    UTF_16 = "UTF-16"
    GZIP = "gzip"

    def apply(self, raw: bytes) -> bytes:
        """The coded bytes, the same in every run."""
        return raw.decode().encode("utf-16") if self is Coding.UTF_16 else gzip.compress(raw, mtime=0)


#: Stands for "no body at all" where ``None`` would be the JSON value null.
NO_BODY: Any = object()


@dataclass(frozen=True, slots=True)
class Case:
    """One directed request.

    ``requirement`` is the clause that it attacks, ``label`` tells the cases of
    one requirement apart.  ``profile`` is set where a case needs a larger one
    than its requirement.
    """

    requirement: str
    operation: str
    label: str
    #: A JSON template with slots; :data:`NO_BODY` sends none.
    body: Any = NO_BODY
    #: Bytes to send instead of ``body``, with slots written as ``%NEW_INDEX%``.
    raw: bytes | None = None
    #: Which host it goes to, and which bucket it names.
    place: Place = Place.BUCKET
    #: A name of a given form, where the case is about names of buckets.
    bucket: BucketName | None = None
    #: Appended to the operation's own query.
    query: str = ""
    #: Instead of the usual headers of these names; an empty value leaves one out.
    headers: tuple[tuple[str, str], ...] = ()
    chunked: bool = False
    authentication: Authentication = Authentication.RUN
    #: Keys of vectors that are written before the case is sent.
    stored: tuple[str, ...] = ()
    profile: Profile | None = None
    #: The query key that selects an operation, where it is not the documented one.
    sub_resource: str | None = None
    #: Makes sense in path addressing only: a host name has no upper case.
    path_only: bool = False
    #: The HTTP method, where it is not the documented one.
    method: str | None = None
    #: What is done to ``raw`` when it is sent.
    coding: Coding | None = None

    @property
    def id(self) -> str:
        """Stable id of the case: its requirement and its label."""
        return f"{self.requirement}/{self.label}"


def fill(template: Any, name: Callable[[Slot | Key | Name], str]) -> Any:
    """Replace the slots of a template by names."""
    if isinstance(template, (Slot, Key, Name)):
        return name(template)
    if isinstance(template, dict):
        return {key: fill(value, name) for key, value in template.items()}
    if isinstance(template, list):
        return [fill(item, name) for item in template]
    return template
