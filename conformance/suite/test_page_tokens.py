"""Tokens of pages that have to carry long keys.

Covers nextToken of the ListVectors page (Request parameters, Response
elements): at most 2048 bytes, also where the key it continues after has more.
"""

from __future__ import annotations

from conformance.cases.baselines import vector
from conformance.suite.collecting import decides
from conformance.suite.paging import has_each_once, walk_vectors
from conformance.suite.resources import Resources
from conformance.suite.service import Service


@decides("ListVectors.paging.complete", "ListVectors.paging.token-length")
def test_pages_after_the_longest_keys(service: Service, resources: Resources) -> None:
    """Four keys of the most characters, three bytes each or as many as a service takes, in pages of one."""
    index = resources.index(dimension=1)
    longest = service.contract.limit("PutVectors", "vectors/key/maxLength")
    keys = [key.ljust(longest, "\u5411") for key in resources.keys(4)]
    wide = {"indexName": index, "vectors": [vector(key, [1.0]) for key in keys]}
    if not service.call("PutVectors", wide, attack="PutVectors.key.characters.accepted").served:
        # A service that counts bytes is told so by the cases of this clause.
        keys = [key.ljust(longest, "k") for key in resources.keys(4)]
        resources.put(index, *(vector(key, [1.0]) for key in keys))
    has_each_once(service, walk_vectors(service, index, 1), keys)
    service.call("DeleteVectorIndex", {"indexName": index})
