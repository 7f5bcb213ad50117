"""A directed case: one request that attacks one requirement, as data.

Names of resources are left open as slots, so that cases can be listed, counted
and compared without a network; the suite fills them in when it sends a case.
"""

from __future__ import annotations

import enum
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
    """A bucket name that no bucket has: unique characters of the run between ``before`` and ``after``."""

    before: str = ""
    after: str = ""
    length: int = 0


class Place(enum.StrEnum):
    """Where a case is sent."""

    BUCKET = "the run's bucket"
    MISSING_BUCKET = "a bucket that does not exist"
    SERVICE = "the service host"


class Authentication(enum.StrEnum):
    """How a case is signed; everything but ``RUN`` tests authentication itself."""

    RUN = "the run's signature"
    UNSIGNED = "no signature"
    UNKNOWN_KEY = "an unknown access key id"
    WRONG_SECRET = "a wrong secret"  # noqa: S105 - a label
    WRONG_REGION = "a scope of another region"
    OTHER_REGION = "a signature made for another region throughout"
    WRONG_PRODUCT = "a scope of another product"
    WRONG_SCOPE_DATE = "a scope of another day"
    OTHER_BUCKET = "a signature made for another bucket"
    STRAY_TOKEN = "a security token the key was not issued with"  # noqa: S105 - a label
    PAST_INSIDE = "a date 14 minutes ago"
    PAST_OUTSIDE = "a date 16 minutes ago"
    FUTURE_INSIDE = "a date 14 minutes ahead"
    FUTURE_OUTSIDE = "a date 16 minutes ahead"
    BLANKS = "blanks after the commas of the header"
    ADDITIONAL_HOST = "the host as an additional header"
    CONTENT_MD5 = "a signed Content-MD5"
    URL = "a signature in the URL"
    URL_EXPIRED = "a signed URL that has expired"
    TAMPERED_HEADER = "a signed header changed afterwards"
    TAMPERED_QUERY = "the query changed afterwards"
    TAMPERED_METHOD = "the method changed afterwards"
    TAMPERED_URL = "the query of a signed URL changed afterwards"
    UNREADABLE = "an Authorization header that cannot be parsed"


#: Stands for "no body at all" where ``None`` would be the JSON value null.
NO_BODY: Any = object()


@dataclass(frozen=True, slots=True)
class Case:
    """One directed request.

    ``body`` is a JSON template with slots, ``raw`` bytes to send instead.
    ``stored`` keys are written before the case is sent.  ``query`` is appended
    to the operation's own query.  ``label`` tells the cases of one requirement
    apart.  ``path_only`` cases make sense in path addressing only: a host name
    has no upper case.  ``profile`` is set where a case needs a larger one than its
    requirement.
    """

    requirement: str
    operation: str
    label: str
    body: Any = NO_BODY
    raw: bytes | None = None
    place: Place = Place.BUCKET
    bucket: BucketName | None = None
    query: str = ""
    headers: tuple[tuple[str, str], ...] = ()
    chunked: bool = False
    authentication: Authentication = Authentication.RUN
    stored: tuple[str, ...] = ()
    profile: Profile | None = None
    sub_resource: str | None = None
    path_only: bool = False
    method: str | None = None

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
