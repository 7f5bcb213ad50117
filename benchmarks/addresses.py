"""Which bucket a request of the benchmark is about, told from nothing but its method and target."""

from __future__ import annotations

#: Holds the indexes.  The name is the one in the examples of the document.
MAIN_BUCKET = "examplebucket"
#: Created and deleted by plain schemathesis, which would otherwise lose its ground with the first deletion.
SPARE_BUCKET = "sparebucket"

_SERVICE_METHODS = frozenset({"GET", "HEAD", "OPTIONS", "TRACE"})
_OF_A_LISTING = frozenset({"prefix", "marker", "max-keys"})


def bucket_of(method: str, query: str) -> str | None:
    """The bucket for a request, ``None`` where it goes to the host of the service.

    Requests with a sub-resource are for the main bucket; a bare ``PUT`` or ``DELETE`` creates or deletes the
    spare one; what remains is a listing of buckets.
    """
    first = query.partition("&")[0].partition("=")[0]
    if first and first not in _OF_A_LISTING:
        return MAIN_BUCKET
    return None if method.upper() in _SERVICE_METHODS else SPARE_BUCKET
