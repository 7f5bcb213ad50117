"""What the strategies find, and what is left of it after shrinking."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from typing import Any

import pytest
from hypothesis import HealthCheck, find, given, settings
from hypothesis.errors import NoSuchExample
from hypothesis.strategies import DataObject, SearchStrategy, data

from conformance.cases import strategies
from conformance.cases.baselines import DIMENSION, baseline
from conformance.cases.case import Key, Name, Slot, fill
from conformance.contract.loader import load_contract
from conformance.contract.schema import full_match

pytestmark = pytest.mark.filterwarnings("ignore:Generating overly large repr")

BODIES: dict[str, Callable[[], SearchStrategy[Any]]] = {
    "PutVectorIndex": strategies.put_vector_index_bodies,
    "DeleteVectors": strategies.delete_vectors_bodies,
    "GetVectors": strategies.get_vectors_bodies,
    "ListVectors": strategies.list_vectors_bodies,
    "PutVectors": lambda: strategies.put_vectors_bodies(DIMENSION),
    "QueryVectors": lambda: strategies.query_bodies(DIMENSION),
}
SMALLEST_INDEX = {
    "dataType": "float32",
    "dimension": 1,
    "distanceMetric": "euclidean",
    "indexName": Slot.NEW_INDEX,
}
SMALLEST_VECTOR = {"key": Key("0"), "data": {"float32": [1.0, 0.0, 0.0, 0.0]}}
SMALLEST: dict[str, dict[str, Any]] = {
    "PutVectorIndex": SMALLEST_INDEX,
    "DeleteVectors": {"indexName": Slot.INDEX, "keys": [Key("0")]},
    "GetVectors": {"indexName": Slot.INDEX, "keys": [Key("0")]},
    "ListVectors": {"indexName": Slot.INDEX},
    "PutVectors": {"indexName": Slot.INDEX, "vectors": [SMALLEST_VECTOR]},
    "QueryVectors": {"indexName": Slot.INDEX, "queryVector": {"float32": [1.0, 0.0, 0.0, 0.0]}, "topK": 1},
}
SLOW_IS_FINE = [HealthCheck.too_slow, HealthCheck.data_too_large, HealthCheck.large_base_example]


def smallest(strategy: SearchStrategy[Any], condition: Callable[[Any], bool], examples: int) -> Any:
    """What ``condition`` holds for after shrinking, found within ``examples`` draws."""
    chosen = settings(
        database=None,
        derandomize=True,
        deadline=None,
        max_examples=examples,
        suppress_health_check=SLOW_IS_FINE,
    )
    return find(strategy, condition, settings=chosen)


def member(name: str, accepts: Callable[[Any], bool]) -> Callable[[Any], bool]:
    """A condition on one member of a body."""
    return lambda body: isinstance(body, dict) and name in body and accepts(body[name])


def is_integer(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool)


def unique_keys(value: Any) -> int:
    """How many distinct valid keys a list has; 0 for anything else."""
    valid = isinstance(value, list) and all(isinstance(item, Key) for item in value)
    return len(set(value)) if valid else 0


def name_of(slot: Slot | Key | Name) -> str:
    """A name for every slot, so that what is drawn can be written as JSON."""
    return slot.name if isinstance(slot, Slot) else repr(slot)


@pytest.mark.parametrize("operation", BODIES)
def test_the_simplest_draw_is_the_smallest_valid_request(operation: str) -> None:
    assert smallest(BODIES[operation](), lambda _: True, 1) == SMALLEST[operation]


def test_a_dimension_beyond_the_maximum_shrinks_to_the_next_integer() -> None:
    body = smallest(
        strategies.put_vector_index_bodies(),
        member("dimension", lambda value: is_integer(value) and value > 4096),
        400,
    )
    assert body == {**SMALLEST_INDEX, "dimension": 4097}


def test_a_dimension_below_the_minimum_shrinks_to_zero() -> None:
    body = smallest(
        strategies.put_vector_index_bodies(),
        member("dimension", lambda value: is_integer(value) and value < 1),
        400,
    )
    assert body == {**SMALLEST_INDEX, "dimension": 0}


def test_a_numeric_string_as_dimension_is_found() -> None:
    body = smallest(
        strategies.put_vector_index_bodies(),
        member("dimension", lambda value: isinstance(value, str) and value.isdigit()),
        1000,
    )
    assert body == {**SMALLEST_INDEX, "dimension": "1"}


def test_a_name_with_an_underscore_shrinks_to_one_letter_before_it() -> None:
    body = smallest(
        strategies.put_vector_index_bodies(),
        member("indexName", lambda value: isinstance(value, str) and "_" in value),
        1500,
    )
    assert body == {**SMALLEST_INDEX, "indexName": "a_"}


def test_a_name_ending_in_a_newline_is_found() -> None:
    body = smallest(
        strategies.put_vector_index_bodies(),
        member("indexName", lambda value: isinstance(value, str) and value.endswith("\n")),
        1500,
    )
    assert body == {**SMALLEST_INDEX, "indexName": "a\n"}


def test_a_name_that_is_too_long_is_one_character_too_long() -> None:
    body = smallest(
        strategies.put_vector_index_bodies(),
        member("indexName", lambda value: isinstance(value, Name) and value.length > 63),
        400,
    )
    assert body == {**SMALLEST_INDEX, "indexName": Name(length=64)}


def test_eleven_non_filterable_fields_are_found() -> None:
    def too_many(metadata: Any) -> bool:
        keys = metadata.get("nonFilterableMetadataKeys") if isinstance(metadata, dict) else None
        return isinstance(keys, list) and len(keys) > 10

    body = smallest(strategies.put_vector_index_bodies(), member("metadata", too_many), 600)
    fields = [f"field{number}" for number in range(11)]
    assert body == {**SMALLEST_INDEX, "metadata": {"nonFilterableMetadataKeys": fields}}


@pytest.mark.parametrize(("operation", "most"), [("DeleteVectors", 500), ("GetVectors", 100)])
def test_one_unique_key_too_many_is_found_and_stays_alone(operation: str, most: int) -> None:
    body = smallest(BODIES[operation](), member("keys", lambda keys: unique_keys(keys) > most), 400)
    assert body == {"indexName": Slot.INDEX, "keys": [Key(f"{number}") for number in range(most + 1)]}


def test_more_entries_than_the_limit_on_unique_keys_are_found() -> None:
    def repeated(keys: Any) -> bool:
        return 0 < unique_keys(keys) <= 500 < len(keys)

    body = smallest(strategies.delete_vectors_bodies(), member("keys", repeated), 200)
    assert body["indexName"] is Slot.INDEX
    assert len(body["keys"]) == 501


def test_a_batch_of_501_vectors_is_found() -> None:
    body = smallest(
        strategies.put_vectors_bodies(DIMENSION),
        member("vectors", lambda vectors: isinstance(vectors, list) and len(vectors) > 500),
        600,
    )
    assert [entry["key"] for entry in body["vectors"]] == [Key(f"{number}") for number in range(501)]
    assert body["vectors"][0] == SMALLEST_VECTOR


def test_a_key_twice_in_one_batch_shrinks_to_two_equal_vectors() -> None:
    def twice(vectors: Any) -> bool:
        keys = [entry["key"] for entry in vectors] if is_batch(vectors) else []
        return len(keys) != len(set(keys))

    body = smallest(strategies.put_vectors_bodies(DIMENSION), member("vectors", twice), 600)
    assert body["vectors"] == [SMALLEST_VECTOR] * 2


def is_batch(vectors: Any) -> bool:
    return isinstance(vectors, list) and all(
        isinstance(entry, dict) and isinstance(entry.get("key"), (str, Key)) for entry in vectors
    )


def test_a_vector_of_a_wrong_dimension_is_found() -> None:
    def longer(vectors: Any) -> bool:
        lengths = (
            [len(numbers) for entry in vectors for numbers in components(entry)] if is_batch(vectors) else []
        )
        return any(length > DIMENSION for length in lengths)

    body = smallest(strategies.put_vectors_bodies(DIMENSION), member("vectors", longer), 1500)
    assert [entry["key"] for entry in body["vectors"]] == [Key("0")]
    assert [len(numbers) for entry in body["vectors"] for numbers in components(entry)] == [DIMENSION + 1]


def components(entry: dict[str, Any]) -> Iterator[list[Any]]:
    numbers = entry["data"].get("float32") if isinstance(entry.get("data"), dict) else None
    if isinstance(numbers, list):
        yield numbers


def test_topk_beyond_its_maximum_is_found() -> None:
    body = smallest(
        strategies.query_bodies(DIMENSION),
        member("topK", lambda value: is_integer(value) and value > 500),
        400,
    )
    assert body == {**SMALLEST["QueryVectors"], "topK": 501}


def test_a_body_that_is_no_json_is_found() -> None:
    def is_broken(body: Any) -> bool:
        return isinstance(body, bytes)

    for operation, bodies in BODIES.items():
        raw = smallest(bodies(), is_broken, 1500)
        with pytest.raises(ValueError, match=r"Expecting|Extra|decode|escape|control|Invalid|double quotes"):
            json.loads(raw)
        assert raw, operation


@pytest.mark.parametrize("operation", BODIES)
@given(drawn=data())
@settings(
    database=None, derandomize=True, deadline=None, max_examples=150, suppress_health_check=SLOW_IS_FINE
)
def test_every_body_can_be_filled_and_written_as_json(operation: str, drawn: DataObject) -> None:
    body = drawn.draw(BODIES[operation]())
    if isinstance(body, bytes):
        return
    text = json.dumps(fill(body, name_of), allow_nan=False)
    text.encode("utf-8")


@given(strategies.put_vector_index_bodies())
@settings(database=None, derandomize=True, deadline=None, max_examples=300)
def test_no_new_index_gets_a_name_that_another_run_could_have(body: Any) -> None:
    name = body.get("indexName") if isinstance(body, dict) else None
    pattern = load_contract().limit("PutVectorIndex", "indexName/pattern")
    assert not isinstance(name, str) or not full_match(pattern, name)


@given(strategies.vector_keys())
@settings(database=None, derandomize=True, deadline=None, max_examples=300)
def test_keys_are_valid_utf_8_of_a_documented_length(key: str) -> None:
    assert 1 <= len(key) <= 1024
    assert "\0" not in key
    assert key.encode("utf-8").decode("utf-8") == key


@pytest.mark.parametrize("dimension", [1, DIMENSION, 17, 4096])
@given(drawn=data())
@settings(database=None, derandomize=True, deadline=None, max_examples=30)
def test_vectors_have_their_dimension_and_are_not_all_zero(dimension: int, drawn: DataObject) -> None:
    numbers = drawn.draw(strategies.float32_vectors(dimension))
    assert len(numbers) == dimension
    assert any(numbers)
    assert all(abs(number) <= 1000 for number in numbers)


def depth(node: Any) -> int:
    """How many logical operators stand inside one another."""
    if isinstance(node, list):
        return max(map(depth, node))
    (word, value), *rest = node.items()
    assert rest == [], "several members in one object are undocumented"
    return 1 + depth(value) if word in ("$and", "$or") else 0


@given(strategies.filters(["f", "g"], ["x"], 3))
@settings(database=None, derandomize=True, deadline=None, max_examples=200)
def test_filters_stay_within_the_depth_that_was_asked_for(condition: dict[str, Any]) -> None:
    assert depth(condition) <= 3


def test_filters_reach_the_depth_that_was_asked_for() -> None:
    deepest = smallest(strategies.filters(["f", "g"], ["x", "y"], 2), lambda node: depth(node) == 2, 300)
    assert deepest == {"$and": [{"$and": [{"f": {"$eq": "x"}}]}]}


def test_flat_filters_have_no_logical_operator() -> None:
    with pytest.raises(NoSuchExample):
        smallest(strategies.filters(["f"], ["x"], 0), lambda node: depth(node) > 0, 200)


def test_a_mutation_shrinks_to_the_first_member_missing() -> None:
    body = {"indexName": Slot.INDEX, "keys": [Key("0"), Key("1")]}
    assert smallest(strategies.json_mutations(body), lambda _: True, 1) == {"keys": [Key("0"), Key("1")]}


@pytest.mark.parametrize("operation", BODIES)
@given(drawn=data())
@settings(database=None, derandomize=True, deadline=None, max_examples=60)
def test_a_mutation_changes_the_copy_and_not_the_body(operation: str, drawn: DataObject) -> None:
    body = baseline(operation)
    mutated = drawn.draw(strategies.json_mutations(body))
    assert body == baseline(operation)
    assert repr(mutated) != repr(body)
