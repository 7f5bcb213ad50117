"""Hypothesis strategies for request bodies: what nobody thought of, in its smallest form.

Every strategy draws templates (see :mod:`conformance.cases.case`) or, rarely,
bytes that are no JSON.  They are built to shrink: the simplest draw is the
smallest valid request, the first alternative is always the simplest one, and
whatever is drawn beyond that shrinks away when it does not matter.  Big bodies
are not drawn item by item: only their sizes and a seed are, and a template
fills them, which is faster by three orders of magnitude.
"""

from __future__ import annotations

import functools
import random
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Any

from hypothesis import strategies as st
from hypothesis.strategies import DrawFn, SearchStrategy

from conformance.cases.boundaries import items_of
from conformance.cases.case import Key, Name, Slot
from conformance.cases.corpora import NOT_UTF8, OUTSIDE_ENUMERATION, TEMPTING_KEYS, WRONG_TYPES, malformed
from conformance.contract.loader import load_contract
from conformance.contract.schema import full_match

#: Fields of generated metadata and filters, all of the documented form.
FIELDS = ("kind", "_tag", "Year9")

#: Operands and values that filters can hit.
VALUES = ("a", "b", "")

# What parsers, alphabets and normalisers stumble over, the harmless first; fixed, because it is fast to draw.
_RISKY = "aZ0_-. \n\t/:\\\"'%$\u00e9e\u0301\u0430\u0664\u5411\u200b\ufeff\U0001f600"
_ABSENT: Any = object()
# Shares are set by repetition; the first is where shrinking ends.
_KINDS = ["valid"] * 7 + ["odd"] * 9 + ["twice odd"] * 2 + ["mutated"] * 3 + ["broken"]
_FLOAT_BOUND = 1000.0
# Up to this dimension components are drawn one by one, so that they shrink one by one.
_FEW = 16

_Fields = Mapping[str, SearchStrategy[Any]]


def put_vector_index_bodies() -> SearchStrategy[Any]:
    """PutVectorIndex bodies with at most two odd places; shrinks to the four required members."""
    limit = _limits("PutVectorIndex")
    least, most = limit("dimension/minimum"), limit("dimension/maximum")
    valid = {
        "dataType": st.just("float32"),
        "dimension": st.one_of(st.integers(least, least + 8), st.sampled_from([most, most - 1, 512])),
        "distanceMetric": st.sampled_from(["euclidean", "cosine"]),
        "indexName": st.one_of(
            st.just(Slot.NEW_INDEX),
            st.builds(
                Name,
                st.sampled_from(["a", "Z9", "MixedCase"]),
                st.sampled_from([0, limit("indexName/maxLength")]),
            ),
        ),
    }
    most_keys = limit("metadata/nonFilterableMetadataKeys/maxItems")
    optional = {"metadata": st.fixed_dictionaries({"nonFilterableMetadataKeys": _field_lists(1, most_keys)})}
    odd = {
        "dataType": _outside_enumeration("dataType"),
        "dimension": st.one_of(_beyond(least, most), st.sampled_from(["1", "1.0", " 1"]), _wrong("integer")),
        "distanceMetric": _outside_enumeration("distanceMetric"),
        "indexName": _odd_names(limit("indexName/maxLength"), limit("indexName/pattern")),
        "metadata": st.one_of(
            st.fixed_dictionaries({"nonFilterableMetadataKeys": _field_lists(most_keys + 1, most_keys + 2)}),
            st.fixed_dictionaries({"nonFilterableMetadataKeys": st.lists(_risky_text(3), max_size=2)}),
            st.sampled_from(
                [
                    {},
                    {"nonFilterableMetadataKeys": []},
                    {"nonFilterableMetadataKeys": None},
                    {"unknown": ["a"]},
                ]
            ),
            _wrong("object"),
        ),
    }
    return _requests(valid, optional, odd)


def delete_vectors_bodies() -> SearchStrategy[Any]:
    """DeleteVectors bodies: repeated keys, sizes on both sides of the limit; shrinks to one key of a valid index."""
    most = _limits("DeleteVectors")("keys/x-oss-limits/unique-count/maximum")
    valid = {"indexName": st.just(Slot.INDEX), "keys": _key_lists([1, most, 2, most - 1], repeats=True)}
    odd = {"indexName": _wrong_or_missing_index(), "keys": _odd_keys(most)}
    return _requests(valid, {}, odd)


def get_vectors_bodies() -> SearchStrategy[Any]:
    """GetVectors bodies, with and without data and metadata; shrinks to one key of a valid index."""
    most = _limits("GetVectors")("keys/maxItems")
    valid = {"indexName": st.just(Slot.INDEX), "keys": _key_lists([1, most, 2, most - 1], repeats=False)}
    flags = {"returnData": st.booleans(), "returnMetadata": st.booleans()}
    odd = {
        "indexName": _wrong_or_missing_index(),
        "keys": _odd_keys(most),
        "returnData": _wrong("boolean"),
        "returnMetadata": _wrong("boolean"),
    }
    return _requests(valid, flags, odd)


def put_vectors_bodies(dimension: int) -> SearchStrategy[Any]:
    """PutVectors bodies for an index of ``dimension``; shrinks to one vector without metadata.

    Batches around the limit share one vector: what matters there is the size.
    """
    most = _limits("PutVectors")("vectors/maxItems")
    vectors = _vector_lists(dimension, [1, most, most - 1])
    odd = {
        "indexName": _wrong_or_missing_index(),
        "vectors": st.one_of(
            _sized_batches(dimension, [most + 1, most + 2]),
            st.lists(_entries(dimension), min_size=2, max_size=3).map(_with_one_key),
            _entries(dimension, odd=True).map(lambda entry: [entry]),
            st.sampled_from([[], ["a"], [None], [[]], [{}]]),
            _wrong("array"),
        ),
    }
    return _requests({"indexName": st.just(Slot.INDEX), "vectors": vectors}, {}, odd)


def list_vectors_bodies() -> SearchStrategy[Any]:
    """ListVectors bodies with pages and segments; shrinks to the name of the index."""
    limit = _limits("ListVectors")
    page, segments = limit("maxResults/maximum"), limit("segmentCount/maximum")
    optional = {
        "maxResults": st.one_of(st.integers(1, 3), st.sampled_from([page, page - 1])),
        "returnData": st.booleans(),
        "returnMetadata": st.booleans(),
        "segmentCount": st.integers(1, segments),
    }
    odd = {
        "indexName": _wrong_or_missing_index(),
        "maxResults": st.one_of(_beyond(0, page), _wrong("integer")),
        "nextToken": st.one_of(st.just(""), _risky_text(4), _wrong("string")),
        "returnData": _wrong("boolean"),
        "returnMetadata": _wrong("boolean"),
        "segmentCount": st.one_of(_beyond(1, segments), _wrong("integer")),
        # Without segmentCount there is one segment, so that any index but 0 is beyond it.
        "segmentIndex": st.one_of(st.integers(0, segments + 1), st.just(-1), _wrong("integer")),
    }
    return _requests({"indexName": st.just(Slot.INDEX)}, optional, odd)


def query_bodies(dimension: int) -> SearchStrategy[Any]:
    """QueryVectors bodies for an index of ``dimension``; shrinks to query vector and topK 1."""
    most = _limits("QueryVectors")("topK/maximum")
    agreed = _limits("QueryVectors")("topK/x-oss-contested")["accepted"]
    valid = {
        "indexName": st.just(Slot.INDEX),
        "queryVector": float32_vectors(dimension).map(lambda numbers: {"float32": numbers}),
        "topK": st.sampled_from([1, 2, 3, agreed]),
    }
    optional = {
        "filter": filters(FIELDS, VALUES, 2),
        "returnDistance": st.booleans(),
        "returnMetadata": st.booleans(),
    }
    odd = {
        "indexName": _wrong_or_missing_index(),
        "queryVector": st.one_of(_odd_data(dimension), _wrong("object")),
        "topK": st.one_of(_beyond(1, most), st.sampled_from([agreed + 1, most]), _wrong("integer")),
        "filter": st.one_of(
            filters(FIELDS, VALUES, 1).flatmap(json_mutations),
            _wrong("object"),
        ),
        "returnDistance": _wrong("boolean"),
        "returnMetadata": _wrong("boolean"),
    }
    return _requests(valid, optional, odd)


def metadata_values() -> SearchStrategy[Any]:
    """A value of the types every version of the page has: a string or an array of strings; shrinks to ``""``."""
    text = st.one_of(st.sampled_from(["", "a", "b"]), _risky_text(4))
    return st.one_of(
        text, st.lists(text, max_size=3), st.sampled_from([64, 512]).map(lambda size: "x" * size)
    )


def vector_keys() -> SearchStrategy[str]:
    """Valid keys of 1 to 1024 code points, without U+0000 and surrogates; shrinks to one letter."""
    longest = _limits("PutVectors")("vectors/key/maxLength")
    sizes = st.sampled_from([longest - 1, longest])
    return st.one_of(
        _text("ab0", 1, 3),
        _text(_RISKY, 1, 5),
        st.sampled_from(sorted(TEMPTING_KEYS.values())),
        st.builds(lambda letter, size: letter * size, st.sampled_from("k\u00e9\u5411\U0001f600"), sizes),
    )


def float32_vectors(dimension: int) -> SearchStrategy[list[float]]:
    """Vectors of small float32 numbers, never all zero; shrinks to 1 followed by zeros.

    Long vectors come from a seed: drawing 4096 numbers takes seconds.
    """
    if dimension > _FEW:
        return st.integers(0, 2**16).map(lambda seed: _filled(dimension, seed))
    number = st.floats(-_FLOAT_BOUND, _FLOAT_BOUND, width=32, allow_subnormal=False)
    return st.lists(number, min_size=dimension, max_size=dimension).map(_not_zero)


def filters(fields: Sequence[str], values: Sequence[str], max_depth: int) -> SearchStrategy[dict[str, Any]]:
    """Filters in the documented form over string operands; shrinks to ``$eq`` on the first field.

    One member and one operator per object, since several are undocumented;
    ``max_depth`` is how many ``$and`` and ``$or`` stand inside one another.
    """
    operand = st.sampled_from(values)
    operands = st.lists(operand, min_size=1, max_size=3)
    condition = st.one_of(
        operand.map(lambda value: {"$eq": value}),
        operand.map(lambda value: {"$ne": value}),
        operands.map(lambda several: {"$in": several}),
        operands.map(lambda several: {"$nin": several}),
        st.booleans().map(lambda exists: {"$exists": exists}),
    )
    level: SearchStrategy[dict[str, Any]] = st.builds(
        lambda field, wanted: {field: wanted}, st.sampled_from(fields), condition
    )
    leaf = level
    for _ in range(max_depth):
        inner = st.lists(level, min_size=1, max_size=3)
        joined = st.builds(lambda word, several: {word: several}, st.sampled_from(["$and", "$or"]), inner)
        level = st.one_of(leaf, joined)
    return level


@st.composite
def json_mutations(draw: DrawFn, body: Any) -> Any:
    """A copy of a JSON template with one structural mutation anywhere; shrinks to a member missing from the top.

    Members go missing, get doubled names, other types, other depths; a
    parser of a fixed shape meets what it did not expect.
    """
    mutated = _copied(body)
    places = list(_places(mutated, []))
    if not places:
        return draw(st.sampled_from([{}, [], None, [mutated]]))
    path = draw(st.sampled_from(places))
    parent = mutated
    for step in path[:-1]:
        parent = parent[step]
    last = path[-1]
    value = parent[last]
    match draw(st.sampled_from(["remove", "replace", "wrap", "nest", "extra", "repeat"])):
        case "remove":
            del parent[last]
        case "replace":
            parent[last] = draw(st.sampled_from(_substitutes(value)))
        case "wrap":
            parent[last] = [value]
        case "nest":
            parent[last] = {"value": value}
        case "extra" if isinstance(parent, dict):
            parent["unknown"] = _copied(value)
        case "extra":
            parent.append(None)
        case _ if isinstance(parent, dict):
            parent[str(last).upper()] = parent.pop(last)
        case _:
            parent.append(_copied(value))
    return mutated


def _requests(valid: _Fields, optional: _Fields, odd: _Fields) -> SearchStrategy[Any]:
    """Bodies of one operation: mostly valid, some with odd places, few mutated at random or no JSON at all."""
    broken = [raw for _, raw in malformed('{"indexName": "conformance"}')]
    broken += [b'{"indexName": "odd' + odd + b'text"}' for odd in NOT_UTF8.values()]
    return _request(valid, optional, odd, st.sampled_from(_KINDS), st.sampled_from(broken))


@st.composite
def _request(
    draw: DrawFn,
    valid: _Fields,
    optional: _Fields,
    odd: _Fields,
    kinds: SearchStrategy[str],
    broken: SearchStrategy[bytes],
) -> Any:
    # The valid body is drawn whatever becomes of it: shrinking prefers the draw of fewest
    # choices, which has to be the plain valid body.
    body = _drawn(draw, valid, optional)
    match draw(kinds):
        case "valid":
            return body
        case "odd":
            _make_odd(draw, body, odd)
            return body
        case "twice odd":
            _make_odd(draw, body, odd)
            _make_odd(draw, body, odd)
            return body
        case "mutated":
            return draw(json_mutations(body))
        case _:
            return draw(broken)


def _drawn(draw: DrawFn, valid: _Fields, optional: _Fields) -> dict[str, Any]:
    """A valid body; one number says which optional members it has, 0 that it has none."""
    body = {name: draw(strategy) for name, strategy in valid.items()}
    chosen = draw(st.integers(0, 2 ** len(optional) - 1)) if optional else 0
    for bit, (name, strategy) in enumerate(optional.items()):
        if chosen >> bit & 1:
            body[name] = draw(strategy)
    return body


def _make_odd(draw: DrawFn, body: dict[str, Any], odd: _Fields) -> None:
    name = draw(st.sampled_from(list(odd)))
    value = draw(odd[name])
    if value is _ABSENT:
        body.pop(name, None)
    else:
        body[name] = value


@st.composite
def _objects(draw: DrawFn, valid: _Fields, optional: _Fields, odd: _Fields) -> dict[str, Any]:
    """Objects inside a body, with one odd place when there is an odd one to choose."""
    body = _drawn(draw, valid, optional)
    if odd:
        _make_odd(draw, body, odd)
    return body


def _wrong(kind: str) -> SearchStrategy[Any]:
    return st.sampled_from([_ABSENT, None, *WRONG_TYPES[kind].values()])


def _wrong_or_missing_index() -> SearchStrategy[Any]:
    return st.one_of(st.just(Slot.MISSING_INDEX), _wrong("string"))


def _outside_enumeration(member: str) -> SearchStrategy[Any]:
    return st.one_of(st.sampled_from(sorted(OUTSIDE_ENUMERATION[member].values())), _wrong("string"))


def _beyond(least: int, most: int) -> SearchStrategy[int]:
    """Integers outside a range, the nearest first."""
    return st.sampled_from(
        [most + 1, least - 1, most + 2, 2 * most, -most, 2**31, -(2**31), 2**32 + 1, 2**63, 2**64]
    )


def _risky_text(longest: int) -> SearchStrategy[str]:
    return _text(_RISKY, 0, longest)


def _text(alphabet: str, shortest: int, longest: int) -> SearchStrategy[str]:
    """Text over a few characters; ``st.text`` would first make a table of all of Unicode, a third of a second."""
    return st.lists(st.sampled_from(alphabet), min_size=shortest, max_size=longest).map("".join)


def _odd_names(longest: int, pattern: str) -> SearchStrategy[Any]:
    """Names outside the documented form; a drawn text inside it becomes the beginning of a fresh name."""

    def fresh_if_valid(text: str) -> Any:
        return Name(prefix=text) if full_match(pattern, text) else text

    # Mostly a letter before the odd characters: that is where anchors of patterns go wrong.
    head = st.sampled_from(["a", "a", ""])
    rest = st.one_of(st.sampled_from("_-\n. "), _risky_text(3))
    texts = st.builds(lambda start, end: fresh_if_valid(start + end), head, rest)
    too_long = st.sampled_from([longest + 1, 2 * longest]).map(lambda size: Name(length=size))
    return st.one_of(texts, texts, too_long, _wrong("string"))


def _field_lists(least: int, most: int) -> SearchStrategy[list[Any]]:
    return st.integers(least, most).map(lambda size: items_of("nonFilterableMetadataKeys", size))


def _key_lists(sizes: Sequence[int], *, repeats: bool) -> SearchStrategy[list[Any]]:
    """Lists of valid keys: some from a small pool, with repetitions, or as many distinct ones as a size says."""
    few = st.lists(st.sampled_from([Key("0"), Key("1"), Key("2")]), min_size=1, max_size=5)
    many = st.sampled_from(sizes).map(lambda size: items_of("keys", size))
    if not repeats:
        return st.one_of(few, many)
    again = st.sampled_from([1, 7, 600])
    repeated = st.builds(lambda keys, times: keys + [keys[0]] * times, many, again)
    return st.one_of(few, many, repeated)


def _odd_keys(most: int) -> SearchStrategy[Any]:
    too_many = st.sampled_from([most + 1, most + 2, 2 * most]).map(lambda size: items_of("keys", size))
    among = st.sampled_from([None, 7, True, ["a"], {"a": "b"}]).map(lambda item: [Key("0"), item])
    return st.one_of(too_many, st.just([]), among, vector_keys().map(lambda key: [key]), _wrong("array"))


def _entries(dimension: int, *, odd: bool = False) -> SearchStrategy[dict[str, Any]]:
    """One vector of a batch; odd ones have one odd member."""
    key = st.one_of(st.sampled_from([Key("0"), Key("1"), Key("2"), Key("3")]), vector_keys())
    data = float32_vectors(dimension).map(lambda numbers: {"float32": numbers})
    metadata = st.one_of(
        st.just({}),
        *(
            st.fixed_dictionaries(dict.fromkeys(FIELDS[:size], metadata_values()))
            for size in (1, len(FIELDS))
        ),
    )
    valid = {"key": key, "data": data}
    if not odd:
        return _objects(valid, {"metadata": metadata}, {})
    longest = _limits("PutVectors")("vectors/key/maxLength")
    odd_metadata = st.sampled_from(
        [{"kind": {"a": "b"}}, {"kind": None}, {"kind": [["a"]]}, {"kind": 1}, {"": "a"}]
    )
    strange: _Fields = {
        "key": st.one_of(st.sampled_from(["", "k" * (longest + 1)]), _wrong("string")),
        "data": st.one_of(_odd_data(dimension), _wrong("object")),
        "metadata": st.one_of(odd_metadata, _wrong("object")),
    }
    return _objects(valid, {}, strange)


def _vector_lists(dimension: int, sizes: Sequence[int]) -> SearchStrategy[list[dict[str, Any]]]:
    one = _entries(dimension).map(lambda entry: [entry])
    few = st.lists(_entries(dimension), min_size=2, max_size=3, unique_by=lambda entry: entry["key"])
    return st.one_of(one, one, few, _sized_batches(dimension, sizes))


def _sized_batches(dimension: int, sizes: Sequence[int]) -> SearchStrategy[list[dict[str, Any]]]:
    """Batches of distinct keys and one vector, as many as a size says."""
    return st.sampled_from(sizes).map(lambda size: _batch(size, _filled(dimension, 0)))


def _batch(size: int, numbers: list[float]) -> list[dict[str, Any]]:
    return [{"key": Key(f"{number}"), "data": {"float32": numbers}} for number in range(size)]


def _with_one_key(entries: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [{**entry, "key": entries[0]["key"]} for entry in entries]


def _odd_data(dimension: int) -> SearchStrategy[dict[str, Any]]:
    """Vectors of another length, with components that are no numbers or out of range, or none at all."""
    rest = _filled(dimension, 0)[:-1]
    sizes = st.sampled_from([size for size in (dimension + 1, dimension - 1, 0) if size >= 0])
    components = st.sampled_from([1e39, -1e39, None, True, "0.5", [0.5]])
    return st.one_of(
        sizes.map(lambda size: {"float32": [1.0] * size}),
        components.map(lambda component: {"float32": [*rest, component]}),
        st.just({"float32": [0.0] * dimension}),
        st.sampled_from([{}, {"float32": None}, {"float32": "AAAA"}, {"float64": [1.0] * dimension}]),
    )


def _filled(dimension: int, seed: int) -> list[float]:
    """A vector of ``dimension`` small multiples of 1/8, exact in float32; seed 0 gives 1 and zeros."""
    if seed == 0:
        return [1.0] + [0.0] * (dimension - 1)
    numbers = random.Random(seed)
    return _not_zero([numbers.randrange(-64, 64) / 8 for _ in range(dimension)])


def _not_zero(numbers: list[float]) -> list[float]:
    return numbers if any(numbers) else [1.0, *numbers[1:]]


def _places(node: Any, path: list[Any]) -> Iterator[list[Any]]:
    """Paths to everything inside a template, nearest first; of an array only its two ends."""
    if isinstance(node, dict):
        steps: list[Any] = list(node)
    elif isinstance(node, list) and node:
        steps = sorted({0, len(node) - 1})
    else:
        return
    for step in steps:
        yield [*path, step]
    for step in steps:
        yield from _places(node[step], [*path, step])


def _substitutes(there: Any) -> list[Any]:
    """Values of all JSON types, without the one that is there."""
    values: list[Any] = [None, "", "-", [], {}, 0, -1, True, 0.5, 2**64]
    return [value for value in values if repr(value) != repr(there)]


def _copied(node: Any) -> Any:
    """A copy in which nothing is shared: vectors of a filled batch are one object, which a mutation would repeat."""
    if isinstance(node, dict):
        return {key: _copied(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_copied(item) for item in node]
    return node


def _limits(operation: str) -> Callable[[str], Any]:
    """Reads limits of one operation's request schema."""
    return functools.partial(load_contract().limit, operation)
