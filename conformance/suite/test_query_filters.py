"""QueryVectors with a filter: which vectors may come back, and which must.

Covers the core of the filter language, which all editions of the QueryVectors
page agree on: seven operators and two combinations, over strings and arrays of
strings.  What only some editions have is in ``test_optional_filters.py``.
"""

from __future__ import annotations

from typing import Any

from conformance.cases.baselines import vector
from conformance.cases.queries import nested
from conformance.suite.collecting import decides
from conformance.suite.queries import query
from conformance.suite.resources import Resources
from conformance.suite.service import Service

_FILMS: dict[str, dict[str, Any] | None] = {
    "f1": {"kind": "comedy", "year": "2020", "tags": ["old", "fun"]},
    "f2": {"kind": "drama", "year": "2020", "tags": ["new"]},
    "f3": {"kind": "comedy", "year": "2021", "tags": ["fun", "new", "long"]},
    "f4": {"kind": "documentary", "year": "1999"},
    "f5": {"kind": "Comedy", "year": "2020 "},
    "f6": None,
    # Equal to nobody but itself, whatever a careless service folds, cuts off or takes for a pattern.
    "f7": {"kind": "caf\u00e9", "year": "*", "title": f"{'x' * 300}a"},
    "f8": {"kind": "cafe\u0301", "year": "%", "title": f"{'x' * 300}b"},
    "f9": {"kind": "cafe", "Kind": "comedy", "year": "$eq", "title": "\U0001f600"},
    "f10": {"kind": "\uff43afe", "year": "02020", "title": "\U0001f601"},
    # What others have as text is an array here and the reverse; one array is long, and one name begins like another.
    "f11": {"kind": ["comedy", "opera"], "tags": "fun", "year": "2020", "note": "comedy", "notes": "x"},
    "f12": {"kind": "ballet", "tags": [*(f"t{number}" for number in range(120)), "last"]},
}

_COMEDY = {"kind": {"$eq": "comedy"}}
_Y2020 = {"year": {"$eq": "2020"}}

#: Filters whose result every reading of the pages agrees on, by label.
FILTERS: dict[str, dict[str, Any]] = {
    "eq": _COMEDY,
    "eq-exact": {"year": {"$eq": "2020 "}},
    "eq-composed": {"kind": {"$eq": "caf\u00e9"}},
    "eq-decomposed": {"kind": {"$eq": "cafe\u0301"}},
    "eq-other-field": {"Kind": {"$eq": "comedy"}},
    "eq-plain": {"kind": {"$eq": "cafe"}},
    "ne-composed": {"kind": {"$ne": "caf\u00e9"}},
    "in-decomposed": {"kind": {"$in": ["cafe\u0301", "\uff43afe"]}},
    "eq-long": {"title": {"$eq": f"{'x' * 300}b"}},
    "eq-emoji": {"title": {"$eq": "\U0001f600"}},
    "in-emoji": {"title": {"$in": ["\U0001f601"]}},
    "eq-star": {"year": {"$eq": "*"}},
    "eq-percent": {"year": {"$eq": "%"}},
    "eq-operator": {"year": {"$eq": "$eq"}},
    "eq-zero-first": {"year": {"$eq": "02020"}},
    "eq-none": {"kind": {"$eq": "opera"}},
    "eq-beginning": {"kind": {"$eq": "com"}},
    "eq-inside": {"kind": {"$eq": "med"}},
    "ne-part-of-a-value": {"kind": {"$ne": "com"}},
    "eq-array": {"tags": {"$eq": "fun"}},
    "eq-array-last": {"tags": {"$eq": "long"}},
    "eq-array-none": {"tags": {"$eq": "fu"}},
    "ne": {"kind": {"$ne": "comedy"}},
    "in": {"kind": {"$in": ["comedy", "documentary"]}},
    "in-one": {"year": {"$in": ["1999"]}},
    "in-none": {"kind": {"$in": ["opera", "ballet"]}},
    "nin": {"kind": {"$nin": ["comedy", "drama"]}},
    "exists-true": {"tags": {"$exists": True}},
    "exists-false": {"tags": {"$exists": False}},
    "exists-nowhere": {"nothing": {"$exists": True}},
    "exists-false-everywhere": {"nothing": {"$exists": False}},
    "in-part-of-a-value": {"kind": {"$in": ["com", "medy", "comedyx"]}},
    "in-many": {"kind": {"$in": [*(f"x{number}" for number in range(14)), "drama"]}},
    "in-a-thousand": {"kind": {"$in": [*(f"x{number}" for number in range(999)), "drama"]}},
    "and-one-field": {"$and": [{"tags": {"$eq": "new"}}, {"tags": {"$eq": "fun"}}]},
    "and-one-field-twice": {"$and": [{"kind": {"$ne": "comedy"}}, {"kind": {"$ne": "drama"}}]},
    "or-one-field": {
        "$or": [{"kind": {"$eq": "drama"}}, {"kind": {"$eq": "comedy"}}, {"kind": {"$eq": "opera"}}]
    },
    "nin-part-of-a-value": {"kind": {"$nin": ["com", "dram"]}},
    "or-third": {"$or": [{"kind": {"$eq": "opera"}}, {"kind": {"$eq": "ballet"}}, _COMEDY]},
    "deep": nested(7, "comedy"),
    "and": {"$and": [_COMEDY, _Y2020]},
    "and-one": {"$and": [_COMEDY]},
    "and-three": {"$and": [_COMEDY, _Y2020, {"tags": {"$eq": "fun"}}]},
    "and-third-decides": {"$and": [{"kind": {"$ne": "opera"}}, _Y2020, {"kind": {"$eq": "drama"}}]},
    "eq-array-last-of-many": {"tags": {"$eq": "last"}},
    "eq-not-the-non-filterable": {"notes": {"$eq": "x"}},
    "and-many": {
        "$and": [*({"kind": {"$ne": f"x{number}"}} for number in range(550)), {"kind": {"$eq": "drama"}}]
    },
    "or-many": {
        "$or": [*({"kind": {"$eq": f"x{number}"}} for number in range(550)), {"kind": {"$eq": "drama"}}]
    },
    "nin-many": {"kind": {"$nin": [*(f"x{number}" for number in range(600)), "drama"]}},
    "and-in-and": {"$and": [_Y2020, {"$and": [{"kind": {"$eq": "drama"}}]}]},
    "or-in-or": {"$or": [{"year": {"$eq": "1999"}}, {"$or": [{"kind": {"$eq": "drama"}}]}]},
    "and-of-ten-ors": {"$and": [{"$or": [_COMEDY, {"kind": {"$eq": "drama"}}]}] * 10},
    "and-contradiction": {"$and": [_COMEDY, {"kind": {"$eq": "drama"}}]},
    "or": {"$or": [_COMEDY, {"year": {"$eq": "1999"}}]},
    "or-one": {"$or": [_COMEDY]},
    "or-overlap": {"$or": [_COMEDY, _Y2020]},
    "or-in-and": {"$and": [_Y2020, {"$or": [{"kind": {"$eq": "drama"}}, {"tags": {"$eq": "old"}}]}]},
    "and-in-or": {"$or": [{"$and": [_COMEDY, {"year": {"$eq": "2021"}}]}, {"kind": {"$eq": "drama"}}]},
    "three-levels": {
        "$or": [
            {"$and": [{"$or": [_COMEDY, {"kind": {"$eq": "drama"}}]}, _Y2020]},
            {"year": {"$in": ["1999"]}},
        ]
    },
    "and-with-exists": {"$and": [{"tags": {"$exists": True}}, {"kind": {"$in": ["comedy", "drama"]}}]},
    "empty": {},
}


@decides(
    "QueryVectors.filter.eq",
    "QueryVectors.filter.eq.array-field",
    "QueryVectors.filter.ne",
    "QueryVectors.filter.in",
    "QueryVectors.filter.nin",
    "QueryVectors.filter.exists.true",
    "QueryVectors.filter.exists.false",
    "QueryVectors.filter.and",
    "QueryVectors.filter.or",
    "QueryVectors.filter.nested",
    "QueryVectors.filter.empty",
)
def test_filters_choose_by_metadata(service: Service, resources: Resources) -> None:
    """Every core operator on strings and arrays, alone and combined, over a dozen films."""
    # Names that have those of the filters in them, at the beginning, in the middle and at the end.
    index = resources.index(dimension=2, non_filterable=("note", "kindOf", "the_year_of", "old_tags"))
    resources.put(
        index,
        *(
            vector(name, [1.0, float(place)], metadata)
            for place, (name, metadata) in enumerate(_FILMS.items())
        ),
    )
    for place, condition in enumerate(FILTERS.values()):
        # From another point each time: what an approximate index misses from one, it finds from the next.
        query(service, index, [1.0, 0.3 + place / 8], len(_FILMS), filter=condition)
    query(service, index, [1.0, 0.3], 1, filter=_COMEDY)
    service.call(
        "QueryVectors",
        {
            "indexName": index,
            "queryVector": {"float32": [1.0, 0.3]},
            "topK": 10,
            "filter": _COMEDY,
        },
        settle=True,
    )
    service.call("DeleteVectorIndex", {"indexName": index})


# Words that a service may take for something else: values of other types, operators, pieces of a query language.
_WORDS = (
    *("true", "null", "0", "1.10", "2024-01-02", "a,b", "a:b", "a/b", "a-b", "a b", "a&b", 'say "hi"'),
    *("it's", "a\\b", "a\nb", "\u7535\u5f71", "x" * 1100),
)
# Fields with the names of members, one that begins with an underscore, one with digits, and a long one.
_FIELDS = (
    *("key", "id", "data", "metadata", "distance", "type", "indexName", "float32", "_x"),
    f"field{'x' * 40}9",
)


@decides("QueryVectors.filter.eq")
def test_any_word_is_found_in_any_field(service: Service, resources: Resources) -> None:
    """What $eq compares are texts, whatever they say, in fields of whatever name that are filterable in this index."""
    other = resources.index(dimension=2, metric="cosine", non_filterable=("word", *_FIELDS[:6]))
    index = resources.index(dimension=2, metric="cosine")
    entries = [
        vector(f"w{place}", [1.0, place / 8], {"word": word, "kind": "word"})
        for place, word in enumerate(_WORDS)
    ]
    named = {name: f"of {name}" for name in _FIELDS}
    resources.put(index, *entries, vector("named", [1.0, 3.0], named))
    conditions = [{"word": {"$eq": word}} for word in _WORDS]
    conditions += [{name: {"$eq": text}} for name, text in named.items()]
    for place, condition in enumerate(conditions):
        query(service, index, [1.0, 0.3 + place / 8], len(_WORDS) + 1, filter=condition)
    for name in (index, other):
        service.call("DeleteVectorIndex", {"indexName": name})


@decides("QueryVectors.filter.unknown-field")
def test_a_filter_may_name_a_field_that_no_vector_has(service: Service, resources: Resources) -> None:
    """Among vectors with other fields the filter is no error either, and finds nothing."""
    index = resources.index(dimension=2)
    resources.put(index, vector("a", [1.0, 0.0], {"kind": "drama"}))
    for condition in (
        {"conformanceNoSuchField": {"$eq": "x"}},
        {"$and": [{"kind": {"$eq": "drama"}}, {"conformanceNoSuchField": {"$in": ["x"]}}]},
    ):
        body = {"indexName": index, "queryVector": {"float32": [1.0, 0.3]}, "topK": 5, "filter": condition}
        service.call("QueryVectors", body, attack="QueryVectors.filter.unknown-field", settle=True)
    service.call("DeleteVectorIndex", {"indexName": index})


@decides("QueryVectors.filter.exists.true", "QueryVectors.filter.exists.false")
def test_a_field_with_an_empty_value_exists_where_it_is_shown(service: Service, resources: Resources) -> None:
    """Whether values may be empty is not documented; a service that shows the field cannot say that it is missing."""
    index = resources.index(dimension=2)
    resources.put(index, vector("full", [1.0, 0.0], {"kind": "drama"}), vector("bare", [1.0, 1.0]))
    for place, value in enumerate(("", []), start=2):
        entry = vector(f"empty{place}", [1.0, float(place)], {"kind": value, "year": "2020"})
        service.call("PutVectors", {"indexName": index, "vectors": [entry]})
    for there in (True, False):
        query(service, index, [1.0, 0.3], 10, filter={"kind": {"$exists": there}})
    service.call("DeleteVectorIndex", {"indexName": index})


@decides(
    "QueryVectors.filter.eq",
    "QueryVectors.filter.ne",
    "QueryVectors.filter.in",
    "QueryVectors.filter.nin",
    "QueryVectors.filter.and",
    "QueryVectors.filter.exists.true",
    "QueryVectors.filter.exists.false",
    "QueryVectors.order",
    "QueryVectors.topK.limits-result",
)
def test_a_filter_keeps_what_matches_among_the_nearest(service: Service, resources: Resources) -> None:
    """Forty points on a line and a topK of a few: what matches among the topK nearest of all is never lost.

    Filtering before the search gives more, filtering after it just that (the
    user guide speaks of both), so more is not asked for.
    """
    index = resources.index(dimension=1)
    kinds = ("comedy", "drama", "opera")
    resources.put(
        index,
        *(
            vector(
                f"p{number}",
                [float(number)],
                {"kind": kinds[number % 3], **({"rare": "x"} if number % 5 == 0 else {})},
            )
            for number in ((number * 23) % 40 for number in range(40))
        ),
    )
    conditions: list[dict[str, Any]] = [
        {"kind": {"$eq": "drama"}},
        {"kind": {"$ne": "drama"}},
        {"kind": {"$in": ["comedy", "opera"]}},
        {"kind": {"$nin": ["comedy", "opera"]}},
        {"rare": {"$exists": True}},
        {"rare": {"$exists": False}},
        {"$and": [{"kind": {"$in": ["comedy", "drama"]}}, {"rare": {"$exists": False}}]},
    ]
    for place, condition in enumerate(conditions):
        for point, top in ((-0.3, 6), (18.2, 1), (18.2, 9), (45.0, 20)):
            query(service, index, [point - place / 64], top, filter=condition)
    service.call("DeleteVectorIndex", {"indexName": index})
