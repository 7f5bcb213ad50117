"""QueryVectors.

Covers the QueryVectors page in its editions from September 2025 to September
2026 and the Vector index user guide: order, distances of both metrics, topK,
flags, and that deleted and overwritten vectors leave the results; filters are
in ``test_query_filters.py``.  Data are chosen with margins, so that neither float32 nor
the approximation of a real index decides a test.  A query may lag behind writes
by two to three seconds (QueryVectors page, Notes); it is repeated until the
visibility timeout.
"""

from __future__ import annotations

from conformance.cases.baselines import vector
from conformance.cases.case import Case
from conformance.suite.collecting import cases_of, decides
from conformance.suite.queries import query
from conformance.suite.resources import Resources
from conformance.suite.service import Service

#: Seen from (1, 1): straight ahead but far, a little aside and near, far aside and very near.
#: Each metric ranks them differently, so that one fixture tells euclidean, squared or dot
#: product and cosine apart.
_PLANE = {
    "far-ahead": [8.0, 8.0],
    "near-aside": [2.0, 0.5],
    "close-across": [0.4, 1.6],
    "behind": [-1.0, -1.0],
}


# With the largest dimension more numbers than an index is scanned for without a second thought.
_MANY = 70


@cases_of("QueryVectors")
def test_directed_case(resources: Resources, case: Case) -> None:
    """One request that attacks one clause."""
    resources.run_case(case)


@decides(
    "QueryVectors.success.status",
    "QueryVectors.success.body",
    "QueryVectors.order",
    "QueryVectors.nearest",
    "QueryVectors.distance.euclidean",
    "QueryVectors.distance.cosine",
    "QueryVectors.topK.limits-result",
    "QueryVectors.topK.fills-result",
    "QueryVectors.only-stored",
    "QueryVectors.returnDistance.true",
    "QueryVectors.returnMetadata.true",
)
def test_each_metric_ranks_its_own_way(service: Service, resources: Resources) -> None:
    """Four points in the plane, every topK from one to more than there are, from several places."""
    for metric in ("euclidean", "cosine"):
        index = resources.index(dimension=2, metric=metric)
        resources.put(index, *(vector(name, numbers, {"name": name}) for name, numbers in _PLANE.items()))
        for point in ([1.0, 1.0], [3.0, 0.1], [-5.0, 4.0], [0.01, 0.02]):
            for top in (1, 2, 3, 4, 10):
                query(service, index, point, top)
        if metric == "euclidean":
            # The origin is a point like others, but it lies in no direction.
            query(service, index, [0.0, 0.0], 4)
        service.call("DeleteVectorIndex", {"indexName": index})


@decides("QueryVectors.distance.cosine", "QueryVectors.distance.euclidean", "QueryVectors.order")
def test_distances_of_vectors_of_any_length(service: Service, resources: Resources) -> None:
    """Twenty vectors of nine dimensions with lengths from 0.01 to 100: values and order by exact search."""
    # Nine is no multiple of anything that a processor takes at a time: the last numbers count too.
    size = 9
    directions = [
        [((3 * row + 5 * column) % 11) - 5.0 + column / 10 for column in range(size)] for row in range(20)
    ]
    for metric in ("euclidean", "cosine"):
        index = resources.index(dimension=size, metric=metric)
        entries = []
        for row, direction in enumerate(directions):
            scale = 10.0 ** ((row % 5) - 2)
            entries.append(vector(f"v{row}", [scale * value for value in direction], {"row": str(row)}))
        resources.put(index, *entries)
        mixed = [5.0, -4.0, 3.0, -2.0, 1.0, 0.5, -0.5, 2.0, -3.0]
        for point in ([1.0] * size, mixed, [1e-3, *[0.0] * (size - 2), 1e-3]):
            query(service, index, point, 20)
            query(service, index, point, 5)
        # Under cosine only the direction counts: the same query a thousand times as long.
        query(service, index, [1000.0] * size, 5)
        service.call("DeleteVectorIndex", {"indexName": index})


@decides("QueryVectors.order", "QueryVectors.nearest", "QueryVectors.topK.fills-result")
def test_order_of_more_vectors_than_a_page(service: Service, resources: Resources) -> None:
    """Six hundred points on a line, written in a scrambled order: the nearest of them, nearest first."""
    index = resources.index(dimension=1)
    numbers = [(number * 73) % 600 for number in range(600)]
    batch = service.contract.limit("PutVectors", "vectors/maxItems")
    for part in (numbers[:batch], numbers[batch:]):
        resources.put(
            index,
            *(
                vector(f"p{number}", [float(number)], {"kind": "odd" if number % 2 else "even"})
                for number in part
            ),
        )
    for point in (0.1, 299.7, 650.0):
        query(service, index, [point], service.contract.most_neighbours)
    query(service, index, [57.2], 1)
    # What was written last is filtered like what was written first.
    for number in (numbers[0], numbers[-1]):
        kind = {"kind": {"$eq": "odd" if number % 2 else "even"}}
        query(service, index, [number + 0.1], 5, filter=kind)
    service.call("DeleteVectorIndex", {"indexName": index})


@decides(
    "QueryVectors.returnDistance.true",
    "QueryVectors.returnDistance.false",
    "QueryVectors.returnMetadata.true",
    "QueryVectors.returnMetadata.false",
    "QueryVectors.return-flags.default",
)
def test_flags_decide_what_is_returned(service: Service, resources: Resources) -> None:
    """Every combination of the two flags, and neither; metadata come back whole, non-filterable ones too."""
    index = resources.index(dimension=2, non_filterable=("note",))
    resources.put(
        index,
        vector("a", [1.0, 0.0], {"title": "t", "note": "n", "tags": ["x", "y"]}),
        vector("b", [0.0, 1.0]),
    )
    body = {"indexName": index, "queryVector": {"float32": [1.0, 0.2]}, "topK": 2}
    combinations: list[dict[str, bool]] = [{}]
    combinations += [
        {"returnDistance": distance, "returnMetadata": metadata}
        for distance in (True, False)
        for metadata in (True, False)
    ]
    for flags in combinations:
        service.call("QueryVectors", {**body, **flags}, settle=True)
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("QueryVectors.empty-index")
def test_an_empty_index_has_no_results(service: Service, resources: Resources) -> None:
    """200 and no entries, with and without a filter, for both metrics."""
    for metric in ("euclidean", "cosine"):
        index = resources.index(dimension=2, metric=metric)
        service.call("GetVectorIndex", {"indexName": index})
        body = {"indexName": index, "queryVector": {"float32": [1.0, 1.0]}, "topK": 10}
        service.call("QueryVectors", body, attack="QueryVectors.empty-index", settle=True)
        query(service, index, [1.0, 1.0], 10, filter={"kind": {"$eq": "a"}})
        service.call("DeleteVectorIndex", {"indexName": index})


@decides("QueryVectors.deleted-vectors", "QueryVectors.overwritten-vectors", "QueryVectors.empty-index")
def test_results_follow_deletion_and_overwriting(service: Service, resources: Resources) -> None:
    """The nearest is deleted, then another is moved close: each query sees the state after the write."""
    index = resources.index(dimension=2)
    resources.put(
        index,
        *(vector(f"v{number}", [float(number), 0.0], {"place": str(number)}) for number in range(5)),
    )
    query(service, index, [0.1, 0.0], 5)
    service.call("DeleteVectors", {"indexName": index, "keys": ["v0"]}).need()
    query(service, index, [0.1, 0.0], 2)
    query(service, index, [0.1, 0.0], 5)
    resources.put(index, vector("v4", [0.2, 0.1], {"place": "moved"}))
    query(service, index, [0.1, 0.0], 1)
    query(service, index, [4.0, 0.0], 5)
    query(service, index, [0.1, 0.0], 5, filter={"place": {"$eq": "4"}})
    query(service, index, [0.1, 0.0], 5, filter={"place": {"$eq": "moved"}})
    resources.put(index, vector("v0", [9.0, 9.0]))
    query(service, index, [9.0, 9.0], 5)
    service.call("DeleteVectors", {"indexName": index, "keys": [f"v{number}" for number in range(5)]}).need()
    body = {"indexName": index, "queryVector": {"float32": [0.1, 0.0]}, "topK": 5}
    service.call("QueryVectors", body, attack="QueryVectors.empty-index", settle=True)
    query(service, index, [0.1, 0.0], 5, filter={"place": {"$eq": "moved"}})
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("QueryVectors.overwritten-vectors", "QueryVectors.distance.cosine", "QueryVectors.order")
def test_an_overwritten_vector_has_its_new_length(service: Service, resources: Resources) -> None:
    """Under cosine a vector is divided by its length: by that of what is stored now."""
    index = resources.index(dimension=2, metric="cosine")
    resources.put(index, vector("turned", [1.0, 0.0]), vector("still", [1.0, 1.0]))
    query(service, index, [1.0, 0.5], 2)
    for numbers in ([8.0, 6.0], [0.3, 0.1]):
        resources.put(index, vector("turned", numbers))
        query(service, index, [1.0, 0.5], 2)
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("QueryVectors.errors.VectorIndexParameterInvalid")
def test_invalid_parameters_are_named_as_such(service: Service, resources: Resources) -> None:
    """A topK of zero on an index of the test's own."""
    index = resources.index(dimension=2)
    body = {"indexName": index, "queryVector": {"float32": [1.0, 0.2]}, "topK": 0}
    service.call("QueryVectors", body)
    service.call("DeleteVectorIndex", {"indexName": index})


@decides(
    "QueryVectors.nearest",
    "QueryVectors.order",
    "QueryVectors.topK.fills-result",
)
def test_a_large_index_is_searched_like_a_small_one(service: Service, resources: Resources) -> None:
    """Vectors of the largest dimension, in such a number that a search may take a shortcut: it must not show."""
    dimension = service.contract.limit("PutVectorIndex", "dimension/maximum")
    keys = resources.keys(_MANY)
    # Distances grow by whole steps with the place in the list; small integers keep the request small.
    values = [float(place % 8 + 1) * (-1 if place % 9 == 8 else 1) for place in range(_MANY)]
    rows = [[values[place]] * (place + 1) + [0.0] * (dimension - place - 1) for place in range(_MANY)]
    order = list(range(_MANY))
    order = order[1::2] + order[::2]
    # For angles, numbers beyond the longest row would make them all nearly right ones.
    for metric, point in (("euclidean", dimension), ("cosine", _MANY)):
        index = resources.index(dimension=dimension, metric=metric)
        kinds = ["rare" if place in (0, order[-1]) else "usual" for place in range(_MANY)]
        resources.put(index, *(vector(keys[place], rows[place], {"kind": kinds[place]}) for place in order))
        from_here = [0.25] * point + [0.0] * (dimension - point)
        for top in (1, 5, 30, 100):
            query(service, index, from_here, top)
        if metric == "euclidean":
            # The origin has a distance from everything, but no direction: a shortcut may divide by its length.
            query(service, index, [0.0] * dimension, 5)
        # What is left is still more than a few, and the nearest is not among it.
        query(service, index, from_here, 5, filter={"kind": {"$eq": "usual"}})
        resources.read(index, keys[:5])
        # Something may move into the room of a long vector that is deleted: the one written last is looked for.
        service.call("DeleteVectors", {"indexName": index, "keys": [keys[63]]}).need()
        query(service, index, rows[order[-1]], 3)
        service.call("DeleteVectorIndex", {"indexName": index})


@decides("QueryVectors.success.status", "PutVectors.data.stored")
def test_every_number_of_a_long_vector_counts(service: Service, resources: Resources) -> None:
    """Fractions in all places of the largest dimension, written and queried with most digits that there are."""
    dimension = service.contract.limit("PutVectorIndex", "dimension/maximum")
    index = resources.index(dimension=dimension)
    (key,) = resources.keys(1)
    fractions = [1 / (place + 3) for place in range(dimension)]
    resources.put(index, vector(key, fractions))
    query(service, index, fractions, 2)
    resources.read(index, [key])
    service.call("DeleteVectorIndex", {"indexName": index})
