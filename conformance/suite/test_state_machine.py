"""State machine: any sequence of operations over several indexes behaves like the model.

Hypothesis draws sequences of requests; after each the judge compares the answer
with the model of everything before.  A failing sequence is shrunk to a short
script of requests, which the report prints.
"""

from __future__ import annotations

from typing import Any, ClassVar

import hypothesis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from conformance.cases.baselines import DIMENSION
from conformance.contract.model import Profile
from conformance.suite.collecting import decides, in_profile
from conformance.suite.exploring import Shrinking, explore_sequences
from conformance.suite.resources import Resources, index_body
from conformance.suite.service import Result, Service

_INDEXES = st.integers(0, 1)
_KEYS = st.integers(0, 5)
_NUMBERS = st.lists(st.sampled_from([1.0, -1.0, 0.5, 2.0, 3.0]), min_size=DIMENSION, max_size=DIMENSION)
_METADATA = st.one_of(
    st.none(),
    st.fixed_dictionaries({}, optional={"kind": st.sampled_from(["a", "b"]), "tags": st.just(["x", "y"])}),
)
_FILTERS = st.sampled_from(
    [None, {"kind": {"$eq": "a"}}, {"kind": {"$exists": False}}, {"$or": [{"kind": {"$in": ["b"]}}]}]
)
_EXAMPLES = {Profile.SMOKE: 2, Profile.CORE: 5, Profile.FULL: 30, Profile.FUZZ: 200}
_STEPS = 25


class Operations(RuleBasedStateMachine):
    """A machine over two indexes of the run's bucket, created afresh for each sequence.

    :func:`machine` binds it to a service: Hypothesis makes the instances itself.
    """

    service: ClassVar[Service]
    resources: ClassVar[Resources]
    shrinking: ClassVar[Shrinking]

    def __init__(self) -> None:
        super().__init__()
        if self.shrinking.is_over:
            hypothesis.reject()
        self.names = [self.service.names.index(), self.service.names.index()]
        self.stem = self.service.names.stem()
        self.service.recorder.start_script()
        for name, metric in zip(self.names, ("euclidean", "cosine"), strict=True):
            self.did(self.service.call("PutVectorIndex", index_body(name, metric=metric)))

    def did(self, *results: Result) -> None:
        self.shrinking.must_hold(*results)

    def key(self, number: int) -> str:
        return f"{self.stem}{number}"

    @rule(
        place=_INDEXES,
        numbers=st.dictionaries(_KEYS, st.tuples(_NUMBERS, _METADATA), min_size=1, max_size=3),
    )
    def put(self, place: int, numbers: dict[int, tuple[list[float], dict[str, Any] | None]]) -> None:
        """Write or overwrite up to three vectors."""
        entries = []
        for number, (values, metadata) in numbers.items():
            entry: dict[str, Any] = {"key": self.key(number), "data": {"float32": values}}
            if metadata is not None:
                entry["metadata"] = metadata
            entries.append(entry)
        self.did(self.service.call("PutVectors", {"indexName": self.names[place], "vectors": entries}))

    @rule(place=_INDEXES, number=_KEYS)
    def put_refused(self, place: int, number: int) -> None:
        """A batch with one vector of a wrong length: nothing of it may be written."""
        entries = [
            {"key": self.key(number), "data": {"float32": [9.0] * DIMENSION}},
            {"key": self.key(number + 1), "data": {"float32": [9.0]}},
        ]
        self.did(self.service.call("PutVectors", {"indexName": self.names[place], "vectors": entries}))

    @rule(place=_INDEXES, numbers=st.lists(_KEYS, min_size=1, max_size=4))
    def delete(self, place: int, numbers: list[int]) -> None:
        """Delete vectors, stored or not, named once or twice."""
        keys = [self.key(number) for number in numbers]
        self.did(self.service.call("DeleteVectors", {"indexName": self.names[place], "keys": keys}))

    @rule(place=_INDEXES, numbers=st.lists(_KEYS, min_size=1, max_size=6, unique=True))
    def get(self, place: int, numbers: list[int]) -> None:
        """Read by key."""
        self.did(self.resources.read(self.names[place], [self.key(number) for number in numbers]))

    @rule(place=_INDEXES)
    def list_all(self, place: int) -> None:
        """List everything with data and metadata."""
        body = {"indexName": self.names[place], "returnData": True, "returnMetadata": True}
        self.did(self.service.call("ListVectors", body))

    @rule(place=_INDEXES, point=_NUMBERS, top=st.integers(1, 8), condition=_FILTERS)
    def query(self, place: int, point: list[float], top: int, condition: dict[str, Any] | None) -> None:
        """Query with or without a filter."""
        body: dict[str, Any] = {
            "indexName": self.names[place],
            "queryVector": {"float32": point},
            "topK": top,
            "returnDistance": True,
            "returnMetadata": True,
        }
        if condition is not None:
            body["filter"] = condition
        self.did(self.service.call("QueryVectors", body, settle=True))

    @rule(place=_INDEXES)
    def describe(self, place: int) -> None:
        """Describe an index that may have been deleted."""
        self.did(self.service.call("GetVectorIndex", {"indexName": self.names[place]}))

    @rule(place=_INDEXES)
    def delete_index(self, place: int) -> None:
        """Delete an index that may have been deleted already."""
        self.did(self.service.call("DeleteVectorIndex", {"indexName": self.names[place]}))

    @rule(place=_INDEXES, metric=st.sampled_from(["euclidean", "cosine"]))
    def create_index(self, place: int, metric: str) -> None:
        """Create an index again, which may be refused because it exists."""
        self.did(
            self.service.call("PutVectorIndex", index_body(self.names[place], metric=metric), settle=True)
        )

    @invariant()
    def both_agree(self) -> None:
        """After every step each index that exists holds just what the model says."""
        for name in self.names:
            if self.service.model.index(self.service.home, name) is not None:
                keys = [self.key(number) for number in range(7)]
                self.did(self.resources.read(name, keys))

    def teardown(self) -> None:
        self.service.recorder.end_script()
        for name in self.names:
            if self.service.model.index(self.service.home, name) is not None:
                self.service.call("DeleteVectorIndex", {"indexName": name})


def machine(service: Service, resources: Resources) -> type[Operations]:
    """The machine for one service."""
    bound = {"service": service, "resources": resources, "shrinking": Shrinking()}
    return type("BoundOperations", (Operations,), bound)


@decides(
    "PutVectors.stores",
    "PutVectors.overwrite",
    "PutVectors.only-named",
    "DeleteVectors.deletes",
    "DeleteVectorIndex.deletes-vectors",
    "DeleteVectorIndex.only-named",
)
@in_profile(Profile.CORE)
def test_any_sequence_of_operations(service: Service, resources: Resources) -> None:
    """Sequences over two indexes and six keys, compared with the model after every step."""
    service.home  # noqa: B018 - a missing bucket must block the test, not each sequence
    examples = _EXAMPLES[Profile(service.settings.profile)]
    explore_sequences(service, "state machine", machine(service, resources), examples=examples, steps=_STEPS)
