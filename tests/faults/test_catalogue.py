"""The catalogue of faults covers the requirements, and faults change nothing but the behaviour they are given."""

from __future__ import annotations

from fnmatch import fnmatchcase
from pathlib import Path

import pytest

import oss_vectors_emulator
from conformance.contract.loader import load_contract
from conformance.contract.model import Level
from oss_vectors_emulator.behaviour import build_behaviour
from oss_vectors_emulator.config import Settings
from oss_vectors_emulator.messages import Request
from tests.faults.catalogue import FAULTS
from tests.faults.faulty_emulator import faulty_app
from tests.faults.model import Fault, unchanged

REQUIREMENTS = load_contract().requirements


def _counting() -> list[str]:
    return [r.id for r in REQUIREMENTS.values() if r.level is not Level.PROBE and r.excluded is None]


def test_every_requirement_that_can_fail_a_run_has_a_fault() -> None:
    violated = {fault.requirement for fault in FAULTS.values()}
    assert [name for name in _counting() if name not in violated] == []


def test_every_fault_violates_a_requirement_that_can_fail_a_run() -> None:
    counting = set(_counting())
    assert [fault.name for fault in FAULTS.values() if fault.requirement not in counting] == []


def test_every_other_name_of_a_fault_is_that_of_a_requirement() -> None:
    patterns = {pattern for fault in FAULTS.values() for pattern in fault.also}
    assert [p for p in sorted(patterns) if not any(fnmatchcase(name, p) for name in REQUIREMENTS)] == []


@pytest.mark.parametrize("fault", FAULTS.values(), ids=FAULTS)
def test_a_faulty_emulator_answers_an_unsigned_request(fault: Fault) -> None:
    app = faulty_app(fault, Settings())
    request = Request("GET", "/", "", (("host", "cn-hangzhou.oss-vectors.aliyuncs.com"),), b"", "0" * 24)
    assert app.answer(request).status in range(200, 600)


def test_applying_every_fault_leaves_the_emulator_as_it_was() -> None:
    behaviour = build_behaviour(Settings())
    before = {
        name: (type(part := getattr(behaviour, name)), dict(getattr(part, "__dict__", {}))) for name in _PARTS
    }
    for fault in FAULTS.values():
        fault.apply(behaviour)
    after = {
        name: (type(part := getattr(behaviour, name)), dict(getattr(part, "__dict__", {}))) for name in _PARTS
    }
    assert after == before


_PARTS = ("rules", "paging", "presenter", "errors", "headers", "authenticator", "filter_parser", "metrics")


def test_the_emulator_does_not_know_of_faults() -> None:
    package = Path(oss_vectors_emulator.__file__).parent
    knowing = [
        path.name for path in package.rglob("*.py") if "tests.faults" in path.read_text(encoding="utf-8")
    ]
    assert knowing == []


def test_a_fault_is_named_by_its_requirement_and_by_the_patterns_beside_it() -> None:
    fault = Fault("x", "PutVectors.stores", "", unchanged, also=("GetVectors.*",))
    assert fault.is_named_by("PutVectors.stores")
    assert fault.is_named_by("GetVectors.returns-stored")
    assert not fault.is_named_by("PutVectors.overwrite")
