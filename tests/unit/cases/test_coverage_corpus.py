"""The frozen coverage corpus: complete, stable, and harmless to what tests share."""

from __future__ import annotations

import json
import subprocess
import sys
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.cases import coverage
from conformance.cases.baselines import BASELINES, DIMENSION
from conformance.cases.case import NO_BODY, Key, Name, Slot, fill
from conformance.cases.coverage import CorpusCase, corpus_case, corpus_entry, load_corpus
from conformance.contract.loader import load_contract
from conformance.contract.schema import full_match

MOST = 450
MOST_INDEXES = 70


@pytest.fixture(scope="module")
def generated() -> list[CorpusCase]:
    """The corpus as the installed engine proposes it now; takes about four seconds."""
    return coverage.generate_corpus()


def test_generating_anew_gives_exactly_the_frozen_corpus(generated: list[CorpusCase]) -> None:
    assert [case.id for case in generated] == [case.id for case in load_corpus()]
    assert tuple(generated) == load_corpus()


def test_the_file_is_what_the_command_writes(generated: list[CorpusCase]) -> None:
    file = Path(coverage.__file__).with_name(coverage.CORPUS)
    assert file.read_text(encoding="utf-8") == coverage.corpus_text(generated)


def test_every_case_survives_the_way_through_json() -> None:
    for case in load_corpus():
        assert corpus_case(json.loads(json.dumps(corpus_entry(case)))) == case


@pytest.mark.parametrize(
    ("body", "raw"),
    [(NO_BODY, None), (None, None), (NO_BODY, b"{"), ({"a": [Key("k", 7), Name("n", 3)]}, None)],
)
def test_kinds_of_bodies_that_the_corpus_may_get_survive_json_too(body: Any, raw: bytes | None) -> None:
    case = CorpusCase("id", "PutVectors", "description", "/type", body, raw, None)
    assert corpus_case(json.loads(json.dumps(corpus_entry(case)))) == case


def test_no_two_cases_share_an_id_or_a_request() -> None:
    repeated = [name for name, count in Counter(case.id for case in load_corpus()).items() if count > 1]
    assert repeated == []
    requests = Counter((case.operation, repr(case.body)) for case in load_corpus())
    assert [request for request, count in requests.items() if count > 1] == []


def test_the_corpus_stays_small_where_requests_are_dear() -> None:
    counts = Counter(case.operation for case in load_corpus())
    assert set(counts) == set(BASELINES)
    assert counts["PutVectorIndex"] <= MOST_INDEXES
    assert counts.total() <= MOST


def test_what_directed_cases_send_is_left_out() -> None:
    ids = {case.id for case in load_corpus()}
    assert "PutVectorIndex:/properties/dimension/maximum#1" not in ids, "a directed case sends 4097"
    assert "PutVectorIndex:/properties/dimension/type#4" in ids, "no directed case sends a word like AAA"


def names_in(body: Any) -> Iterator[Any]:
    if isinstance(body, dict) and "indexName" in body:
        yield body["indexName"]


def test_no_case_can_delete_an_index_that_exists() -> None:
    for case in load_corpus():
        if case.operation == "DeleteVectorIndex":
            for name in names_in(case.body):
                assert name in (Slot.MISSING_INDEX, "") or not isinstance(name, (str, Slot)), case.id


def test_no_case_makes_an_index_of_a_name_that_another_run_could_have() -> None:
    pattern = load_contract().limit("PutVectorIndex", "indexName/pattern")
    longest = load_contract().limit("PutVectorIndex", "indexName/maxLength")
    for case in load_corpus():
        if case.operation == "PutVectorIndex":
            for name in names_in(case.body):
                literal = isinstance(name, str) and len(name) <= longest and full_match(pattern, name)
                assert not literal, case.id


def test_a_case_that_attacks_another_place_names_the_shared_index() -> None:
    others = set(BASELINES) - {"PutVectorIndex", "DeleteVectorIndex"}
    for case in load_corpus():
        if case.operation in others and not case.location.startswith("/properties/indexName"):
            assert set(names_in(case.body)) <= {Slot.INDEX}, case.id


def arrays(node: Any, name: str) -> Iterator[list[Any]]:
    """Every array that is the value of a member called ``name``."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == name and isinstance(value, list):
                yield value
            yield from arrays(value, name)
    elif isinstance(node, list):
        for item in node:
            yield from arrays(item, name)


def test_every_vector_has_the_dimension_of_the_index_and_is_not_zero() -> None:
    for case in load_corpus():
        for numbers in arrays(case.body, "float32"):
            if "/float32/type" not in case.location:
                assert len(numbers) == DIMENSION, case.id
                assert any(numbers), case.id


def test_a_batch_has_no_key_twice() -> None:
    for case in load_corpus():
        for name in ("keys", "vectors", "nonFilterableMetadataKeys"):
            for items in arrays(case.body, name):
                keys = [
                    repr(item["key"] if name == "vectors" and isinstance(item, dict) else item)
                    for item in items
                ]
                assert len(keys) == len(set(keys)), case.id


def test_no_placeholder_of_the_generator_is_left() -> None:
    for case in load_corpus():
        text = repr(case.body)
        assert "corpusIndex" not in text
        assert "corpusKey" not in text
        assert "schemathesis" not in text


def test_every_case_can_be_filled_and_written() -> None:
    for case in load_corpus():
        if case.body is not NO_BODY:
            json.dumps(fill(case.body, repr), allow_nan=False)


def test_loading_the_corpus_does_not_load_the_engine() -> None:
    program = (
        "import sys; from conformance.cases.coverage import load_corpus; load_corpus(); "
        "sys.exit(any(name.partition('.')[0] in ('schemathesis', 'hypothesis') for name in sys.modules))"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0


def test_the_check_command_passes_and_leaves_no_files(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "conformance.cases.coverage", "--check"]
    root = str(Path(coverage.__file__).parents[2])
    done = subprocess.run(
        command, cwd=tmp_path, env={"PYTHONPATH": root}, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "up to date" in done.stdout
    assert list(tmp_path.iterdir()) == []


def test_an_engine_of_another_version_is_refused() -> None:
    coverage.require_engine(coverage.ENGINE)
    with pytest.raises(RuntimeError, match=r"frozen against schemathesis 4\.32\.5, installed is 4\.33\.0"):
        coverage.require_engine("4.33.0")
