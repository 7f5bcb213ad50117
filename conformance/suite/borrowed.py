"""A bucket that belongs to somebody: used as the home of a run, with everything in it left alone.

For an account that has no room for buckets of the run (PutVectorBucket page,
Notes: buckets per account).  The run makes indexes of its own in the bucket and
sends nothing that could change the bucket itself or an index that it did not make.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable

from conformance.cases.case import Authentication, Case, Place
from conformance.contract.loader import Contract
from conformance.contract.model import Operation
from conformance.oracle.body import read_body, read_json
from conformance.oracle.envelope import describe
from conformance.wire.exchange import Exchange, Request, Response

#: Why a run with --bucket leaves a requirement out.
NEEDS_BUCKET = "needs another bucket (--bucket was given)"
#: How the quota of indexes is refused (PutVectorIndex page, Error codes).
INDEX_QUOTA = "VectorBucketIndexExceedLimit"
_MOST_PAGES = 100
_ALTERING = frozenset({"PUT", "DELETE"})
# They send a request as DELETE, and a target that checks no signature may do what that says.
_TURNED_INTO_DELETE = frozenset({Authentication.TAMPERED_METHOD, Authentication.URL_TAMPERED_METHOD})
_NAME = re.compile(rb"indexName[^A-Za-z0-9]{1,9}([A-Za-z0-9]+)", re.IGNORECASE)


def needs_own_bucket(case: Case, contract: Contract) -> bool:
    """Whether a directed case makes a bucket, or could change the one it is sent to.

    All writes to a bucket itself (its existence, policy and logging) are PUT or
    DELETE, and no other documented request is.
    """
    if case.operation == "PutVectorBucket":
        return True
    if case.place is not Place.BUCKET or case.bucket is not None:
        return False
    operation = contract.operations.get(case.operation)
    method = case.method or (operation.method if operation is not None else "POST")
    return method in _ALTERING or case.authentication in _TURNED_INTO_DELETE


class Borrowed:
    """The bucket given with ``--bucket``, and the names of the indexes that were in it."""

    def __init__(self, bucket: str) -> None:
        self.bucket = bucket
        self._foreign: set[str] = set()

    def look_around(self, listing: Operation, send: Callable[[Request], Exchange]) -> Exchange:
        """List what is in the bucket, page by page, before a request names an index there.

        Returns the first answer; raises ``LookupError`` where no complete listing
        can be had, since nothing is safe then.
        """
        first: Exchange | None = None
        token = ""
        for _ in range(_MOST_PAGES):
            body = json.dumps({"nextToken": token} if token else {}).encode()
            exchange = send(
                Request(listing.name, listing.method, listing.query or "", self.bucket, body=body)
            )
            first = first or exchange
            names, token = _page(exchange.response)
            # The pages do not say whether case tells names apart.
            self._foreign.update(name.casefold() for name in names)
            if not token:
                return first
        raise LookupError(f"the listing of the indexes in {self.bucket} has no end")

    def is_foreign(self, index: str) -> bool:
        """Whether an index of that name was there before."""
        return index.casefold() in self._foreign

    def objection(self, request: Request, authentication: Authentication = Authentication.RUN) -> str | None:
        """Why a request must not be sent, or ``None``: it could change what is not the run's."""
        if request.operation == "PutVectorBucket":
            return NEEDS_BUCKET
        if request.bucket != self.bucket:
            return None
        if request.method in _ALTERING or authentication in _TURNED_INTO_DELETE:
            return NEEDS_BUCKET
        if self._names_foreign(request.body or b""):
            return "the name of the index is taken in the bucket of --bucket"
        return None

    def _names_foreign(self, raw: bytes) -> bool:
        value = read_body(raw).value
        name = value.get("indexName") if isinstance(value, dict) else None
        # The member may be there twice or in another case, or the body be one that only a lenient target can read.
        names = [found.decode() for found in _NAME.findall(raw.replace(b"\x00", b""))]
        return any(self.is_foreign(one) for one in [name, *names] if isinstance(one, str))


def _page(response: Response | None) -> tuple[list[str], str]:
    """Names on a page of ListVectorIndexes, and the token of the next one, which may be empty."""
    if response is None or response.status >= 300:
        answer = describe(response) if response is not None else "no answer"
        raise LookupError(f"the indexes in the bucket of --bucket cannot be listed: {answer}")
    try:
        value = read_json(response.body)
        return [str(entry["indexName"]) for entry in value["indexes"]], str(value.get("nextToken") or "")
    except (ValueError, TypeError, KeyError) as problem:
        raise LookupError("the listing of the indexes in the bucket of --bucket cannot be read") from problem
