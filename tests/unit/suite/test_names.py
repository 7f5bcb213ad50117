"""Names carry the run id, meet no other name, and have the forms that cases ask for."""

from __future__ import annotations

import itertools
import re

import pytest

from conformance.cases.case import BucketName
from conformance.suite.names import MOST_WORKERS, ONLY_WORKER, Names, new_run_id, worker_name

RUN = "r1234567"


def test_a_run_id_fits_bucket_and_index_names() -> None:
    ids = {new_run_id() for _ in range(200)}
    assert len(ids) == 200
    assert all(re.fullmatch(r"[a-z][a-z0-9]{7}", one) for one in ids)


def test_no_name_is_given_twice_by_one_worker_or_by_two() -> None:
    workers = [Names(RUN, "a"), Names(RUN, "b")]
    made = [make() for names in workers for make in [names.bucket, names.index, names.stem] * 1500]
    assert len(set(made)) == len(made)


def test_names_of_indexes_are_letters_and_digits_and_begin_with_a_letter() -> None:
    names = Names(RUN)
    for _ in range(100):
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", names.index())
        assert len(names.index()) <= 63


def test_names_of_buckets_obey_the_naming_rules() -> None:
    names = Names(RUN)
    for _ in range(2000):
        assert re.fullmatch(r"[a-z0-9][a-z0-9-]{1,30}[a-z0-9]", names.bucket())


def test_every_name_but_a_short_one_carries_the_run_id() -> None:
    names = Names(RUN)
    assert RUN in names.bucket()
    assert RUN in names.index()
    assert RUN in names.index("Prefix")
    assert RUN in names.index(length=63)
    assert RUN in names.stem()
    assert RUN in names.odd_bucket(BucketName("0-", "--z"))


@pytest.mark.parametrize("length", [1, 2, 5, 13, 14, 62, 63, 64, 126])
def test_an_index_name_has_the_length_that_was_asked_for(length: int) -> None:
    names = Names(RUN)
    for _ in range(50):
        name = names.index(length=length)
        assert len(name) == length
        assert re.fullmatch(r"[A-Za-z][A-Za-z0-9]*", name)


def test_a_long_index_name_is_as_unique_as_any() -> None:
    names = Names(RUN)
    made = [names.index(length=63) for _ in range(500)]
    assert len(set(made)) == len(made)


def test_even_names_of_one_letter_differ_as_long_as_letters_last() -> None:
    names = Names(RUN)
    made = [names.index(length=1) for _ in range(20)]
    assert len(set(made)) == len(made)


def test_an_index_name_begins_with_its_prefix() -> None:
    assert Names(RUN).index("my-index").startswith("my-index")


@pytest.mark.parametrize("length", [2, 3, 8, 12, 31, 32, 33, 40])
def test_an_odd_bucket_name_has_the_length_that_was_asked_for(length: int) -> None:
    names = Names(RUN)
    made = [names.odd_bucket(BucketName(length=length)) for _ in range(50)]
    assert {len(name) for name in made} == {length}
    assert all(re.fullmatch(r"[a-z0-9]+", name) for name in made)


@pytest.mark.parametrize(("before", "after"), [("-", ""), ("", "-"), ("_", ""), ("0-", "--z")])
def test_an_odd_bucket_name_has_the_ends_that_were_asked_for(before: str, after: str) -> None:
    name = Names(RUN).odd_bucket(BucketName(before, after))
    assert name.startswith(before)
    assert name.endswith(after)


def test_keys_of_one_case_are_kept_apart_by_their_suffix() -> None:
    names = Names(RUN)
    stem = names.stem()
    assert names.key("a", stem=stem) == f"{stem}a"
    assert len(names.key("a", 1024, stem)) == 1024
    assert len(names.key("a", 5, stem)) == 5
    for one, other in itertools.combinations(("1", "2", "11"), 2):
        assert names.key(one, stem=stem) != names.key(other, stem=stem)


def test_every_worker_has_a_letter_of_its_own_as_long_as_there_are_letters() -> None:
    letters = [ONLY_WORKER, *map(worker_name, range(MOST_WORKERS))]
    assert len(set(letters)) == len(letters) == 26
    with pytest.raises(ValueError, match="No more than 25 workers"):
        worker_name(MOST_WORKERS)
