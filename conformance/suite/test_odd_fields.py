"""Metadata fields come back under the names they were written with.

The PutVectors page has no rule for names of metadata; the PutVectorIndex page
has one for those that an index names as non-filterable.  What follows that rule
must be served, anything else may be refused, and what was served is stored.
"""

from __future__ import annotations

from collections.abc import Sequence

from conformance.cases.baselines import vector
from conformance.suite.collecting import decides
from conformance.suite.queries import query
from conformance.suite.resources import Resources
from conformance.suite.service import Service

# No more than ten in one vector (PutVectors page): the first names follow the rule, the last ones do not.
_GOOD = ("__proto__", "constructor", "x9", "_9", "Title", "title", f"{'n' * 40}a", f"{'n' * 40}b", "m" * 63)
_ODD = ("a.b", "a-b", " a", "a ", "a b", "1a", "$a", "caf\u00e9", "cafe\u0301", "x" * 64)


def _put(service: Service, index: str, key: str, names: Sequence[str]) -> bool:
    """Write a vector with a field of each name; the value tells the name."""
    entry = vector(key, [1.0, float(len(key))], {name: f"of {name!a}" for name in names})
    return service.call("PutVectors", {"indexName": index, "vectors": [entry]}).served


@decides("PutVectors.metadata.stored")
def test_fields_keep_their_names(service: Service, resources: Resources) -> None:
    """Long names that end differently, words that mean something to a language; dots, hyphens, blanks, accents."""
    index = resources.index(dimension=2)
    good, odd, *single = resources.keys(2 + len(_ODD))
    _put(service, index, good, _GOOD)
    if not _put(service, index, odd, _ODD):
        # Which of the names it was does not show, so each gets its chance.
        for key, name in zip(single, _ODD, strict=True):
            _put(service, index, key, [name])
    resources.read(index, [good, odd, *single])
    service.call("ListVectors", {"indexName": index, "returnMetadata": True})
    query(service, index, [1.0, 0.3], 2 + len(single))
    service.call("DeleteVectorIndex", {"indexName": index})
