"""The requirement catalogue, held against the document in both directions and against the tests that decide it.

The loader refuses plain slips (an unknown level, an id used twice); these tests
hold what no loader can know: that nothing in a schema is without its clause,
no clause without its place, and neither without a test.
"""

from __future__ import annotations

import datetime
import json
import re
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import jsonschema_rs
import pytest
import yaml

from conformance.cases.directed import directed_cases
from conformance.contract.loader import load_contract
from conformance.contract.model import Level, Requirement, Strength
from conformance.contract.schema import LIMITS_EXTENSION, constraints, join, requirement_id, schema_at

OPENAPI = Path(__file__).parents[2] / "openapi"
FILES = sorted((OPENAPI / "requirements").glob("*.yaml"))
SCHEMA = json.loads((OPENAPI / "requirements" / "catalogue.schema.json").read_text(encoding="utf-8"))
CONTRACT = load_contract()
REQUIREMENTS = tuple(CONTRACT.requirements.values())
COMMON = ("Errors", "Http", "Order", "Signing")

each_file = pytest.mark.parametrize("file", [pytest.param(file, id=file.stem) for file in FILES])

#: Ids chosen by hand for a place: the mechanical one would be long, or name a detail of the schema.
CHOSEN = {
    "ListVectorIndexes.nextToken.length": "a probe has no sides",
    "ListVectors.nextToken.length": "a probe has no sides",
    "ListVectors.filter": "one probe for all that a contested member may hold",
    "ListVectors.segmentIndex.below-count.rejected": "the limit is another member",
    "PutBucketLogging.document.invalid": "one probe for a whole document",
    "PutBucketPolicy.document.invalid": "one probe for a whole document",
    "PutVectorIndex.defaults.missing": "one probe for three members",
    "PutVectors.duplicate-keys.rejected": "the words of the page",
    "PutVectors.data.dimension.rejected": "the words of the page",
    "PutVectors.data.float32-range.rejected": "two keywords, one clause",
    "PutVectors.data.zero-under-cosine.rejected": "the words of the page",
    "PutVectors.metadata.total-size.accepted": "metadata belongs to vectors everywhere",
    "PutVectors.metadata.total-size.rejected": "metadata belongs to vectors everywhere",
    "PutVectors.metadata.filterable-size.accepted": "metadata belongs to vectors everywhere",
    "PutVectors.metadata.filterable-size.rejected": "metadata belongs to vectors everywhere",
    "PutVectors.metadata.filterable-fields.accepted": "the words of the page",
    "PutVectors.metadata.filterable-fields.rejected": "the words of the page",
    "QueryVectors.queryVector.dimension.rejected": "the words of the page",
    "QueryVectors.queryVector.zero-under-cosine": "a probe has no sides",
    "QueryVectors.queryVector.float32-range.rejected": "two keywords, one clause",
    "QueryVectors.filter.depth.accepted": "the words of the page",
    "QueryVectors.filter.depth.rejected": "the words of the page",
    "QueryVectors.filter.items.accepted": "a filter has one limit of items",
    "QueryVectors.filter.items.rejected": "a filter has one limit of items",
    "QueryVectors.filter.size.accepted": "a filter has one limit of size",
    "QueryVectors.filter.size.rejected": "a filter has one limit of size",
    "QueryVectors.filter.operand.rejected": "one clause for all operators",
    "QueryVectors.topK.maximum.accepted": "the accepted side is the lower edge of a contested band",
}

#: Clauses with one side only.
ONE_SIDED = {
    "DeleteVectorBucket.name.rejected": "a good name is every other test",
    "DeleteVectors.keys.repeated.accepted": "a documented freedom",
    "GetVectors.keys.repeated.accepted": "a documented freedom",
    "ListVectorBuckets.max-keys.minimum.accepted": "what is outside is not documented",
    "ListVectorBuckets.max-keys.maximum.accepted": "what is outside is not documented",
    "ListVectors.segmentIndex.below-count.rejected": "the other side is every listing by segments",
    "ListVectors.maxResults.negative.rejected": "whether 0 is allowed is not documented",
    "ListVectors.segmentCount.below-one.rejected": "1 is every other test",
    "ListVectors.segmentIndex.negative.rejected": "0 is every other test",
    "PutVectorBucket.name.leading-hyphen.rejected": "the other side is name.alphabet.accepted",
    "PutVectorBucket.name.trailing-hyphen.rejected": "the other side is name.alphabet.accepted",
    "PutVectorBucket.quota.maximum.rejected": "a probe",
    "PutVectors.duplicate-keys.rejected": "the other side is every batch",
    "PutVectors.data.dimension.rejected": "the other side is every batch",
    "PutVectors.data.finite.rejected": "the other side is every batch",
    "PutVectors.data.float32-range.rejected": "the largest float32 is in PutVectors.data.stored",
    "PutVectors.data.zero-under-euclidean.accepted": "the other side is zero-under-cosine",
    "PutVectors.key.characters.accepted": "a documented freedom",
    "QueryVectors.queryVector.dimension.rejected": "the other side is every query",
    "QueryVectors.queryVector.finite.rejected": "the other side is every query",
    "QueryVectors.queryVector.float32-range.rejected": "the other side is every query",
    "QueryVectors.filter.operand.rejected": "the other side is every operator's own clause",
    "Signing.url.accepted": "the other sides are url.expired and url.tampered",
}

#: Why a documented error code is provoked by no request of the suite.
REASONS = frozenset({"account", "quota", "rate", "time", "mock", "elsewhere"})
#: account: the state of an account nobody can set from outside; quota: takes more resources than a run may
#: make; rate: depends on a rate that is not documented; time: takes hours; mock: seen in a mock only, against
#: the page; elsewhere: decided on another operation, for all.
NOT_PROVOKED = {
    ("PutVectorBucket", "TooManyBuckets"): "quota",
    ("PutVectorBucket", "BucketNameNotAvailable"): "time",
    ("PutVectorBucket", "BucketAlreadyExists"): "mock",
    ("PutVectorBucket", "InvalidAccessKeyId"): "elsewhere",
    ("PutVectorBucket", "SignatureDoesNotMatch"): "elsewhere",
    ("ListVectorBuckets", "SignatureDoesNotMatch"): "elsewhere",
    ("DeleteVectorBucket", "BucketNotEmpty"): "mock",
    ("GetVectorBucket", "UserDisable"): "account",
    ("PutBucketPolicy", "UserDisable"): "account",
    ("GetBucketPolicy", "UserDisable"): "account",
    ("DeleteBucketPolicy", "UserDisable"): "account",
    ("DeleteVectors", "QpsLimitExceeded"): "rate",
    ("", "UserDisable"): "account",
    ("", "MissingArgument"): "mock",
}

#: Probes that no request can show: they need a quota, a rate or a day.
NO_TEST = {
    "DeleteVectors.QpsLimitExceeded": "the rate is not documented",
    "PutVectorBucket.quota.maximum.rejected": "a hundred buckets are more than a run may make",
    "PutVectorBucket.BucketNameNotAvailable": "names stay reserved for hours",
    "PutVectorIndex.QpsLimitExceeded": "a run keeps below the documented rate",
}


class Collected:
    """Takes down what the suite's tests say they decide, before any of them is deselected."""

    def __init__(self) -> None:
        self.decided: set[str] = set()

    @pytest.hookimpl(tryfirst=True)
    def pytest_collection_modifyitems(self, items: list[pytest.Item]) -> None:
        """Read the marks of every collected test."""
        marks = (mark for item in items for mark in item.iter_markers("decides"))
        self.decided = {name for mark in marks for name in mark.args}


@pytest.fixture(scope="module")
def decided() -> set[str]:
    """Ids of all requirements that some test of the suite decides, by its mark or its case."""
    collected = Collected()
    suite = OPENAPI.parent / "conformance" / "suite"
    code = pytest.main([str(suite), "--collect-only", "-q", "-p", "no:cacheprovider"], plugins=[collected])
    assert code == pytest.ExitCode.OK
    return collected.decided


def places(operation: str) -> Iterator[tuple[str, bool]]:
    """Every constraint of a request schema, and whether it is a limit with two sides."""
    schema = CONTRACT.operation(operation).request_schema
    if schema is None:
        return
    for path, keyword, value in constraints(CONTRACT.document, schema):
        place = join(path, keyword)
        sides = [
            side for side in ("minimum", "maximum") if keyword.startswith(LIMITS_EXTENSION) and side in value
        ]
        for side in sides:
            yield f"{place}/{side}", True
        if not sides:
            yield place, keyword in _TWO_SIDED


_TWO_SIDED = frozenset(
    {"minimum", "maximum", "minLength", "maxLength", "minItems", "maxItems", "pattern", "enum"}
)


def offenders(is_one: Callable[[Requirement], bool]) -> list[str]:
    """Ids of the requirements of which something holds."""
    return [requirement.id for requirement in REQUIREMENTS if is_one(requirement)]


def raw_entries(file: Path) -> list[dict[str, Any]]:
    entries: list[dict[str, Any]] = yaml.safe_load(file.read_text(encoding="utf-8"))["requirements"]
    return entries


@each_file
def test_every_file_has_the_documented_form(file: Path) -> None:
    # YAML has a type for dates; JSON has not.
    plain = json.loads(json.dumps(yaml.safe_load(file.read_text(encoding="utf-8")), default=str))
    problems = [
        f"{'/'.join(map(str, error.instance_path))}: {error.message}"
        for error in jsonschema_rs.validator_for(SCHEMA).iter_errors(plain)
    ]
    assert not problems


@pytest.mark.parametrize(
    "change",
    [
        {"level": "may"},
        {"strength": "sdk"},
        {"expect": {"status": 200, "codes": ["MalformedJson"]}},
        {"expect": {"codes": ["MalformedJson"]}},
        {"statement": "A sentence without its end"},
        {"source": {"document": "PutVectors"}},
        {"source": {"document": "PutVectors", "section": "Notes", "date": "10 Jan 2026"}},
        {"claims": []},
        {"note": "unknown member"},
        {"id": "dimension.maximum"},
    ],
)
def test_a_slip_in_an_entry_is_noticed_by_the_schema(change: dict[str, Any]) -> None:
    right = {
        "id": "PutVectors.stores",
        "statement": "What is written can be read.",
        "level": "must",
        "strength": "doc",
        "source": {"document": "PutVectors", "section": "Description", "date": "2026-01-10"},
    }
    validator = jsonschema_rs.validator_for(SCHEMA)
    assert validator.is_valid({"operation": "PutVectors", "requirements": [right]})
    assert not validator.is_valid({"operation": "PutVectors", "requirements": [right | change]})


@each_file
def test_every_id_begins_with_the_operation_of_its_file(file: Path) -> None:
    operation = yaml.safe_load(file.read_text(encoding="utf-8"))["operation"]
    assert operation in {*CONTRACT.operations, *COMMON}
    words = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", operation).lower()
    assert file.stem == words
    assert [entry["id"] for entry in raw_entries(file) if not entry["id"].startswith(f"{operation}.")] == []


def test_every_operation_has_its_file() -> None:
    names = {yaml.safe_load(file.read_text(encoding="utf-8"))["operation"] for file in FILES}
    assert names == {*CONTRACT.operations, *COMMON}


def test_no_id_is_used_twice_nor_differs_in_case_only() -> None:
    ids = [entry["id"].lower() for file in FILES for entry in raw_entries(file)]
    assert len(ids) == len(set(ids)) == len(REQUIREMENTS)


@pytest.mark.parametrize("operation", list(CONTRACT.operations))
def test_every_constraint_of_a_request_is_claimed_on_every_side(operation: str) -> None:
    unclaimed = []
    for place, two_sided in places(operation):
        claims = {
            side: CONTRACT.claimed.get((operation, place, side)) for side in (None, "accepted", "rejected")
        }
        whole = claims[None] is not None or (not two_sided and claims["rejected"] is not None)
        both = all(claims[side] in CONTRACT.requirements for side in ("accepted", "rejected"))
        one = any(claims[side] in ONE_SIDED for side in ("accepted", "rejected"))
        if not (whole or both or one or _is_covered_by_another(operation, place)):
            unclaimed.append(place)
    assert unclaimed == []


def _is_covered_by_another(operation: str, place: str) -> bool:
    """Places that a clause decides without naming them one by one."""
    claim = _COVERED.get((operation, place))
    return claim is not None and claim in CONTRACT.requirements


#: (operation, place) -> requirement that covers it; each with a word of why the place is not claimed itself.
_COVERED = {
    # A count of repeated keys has one side: none may be repeated.
    ("PutVectors", "vectors/x-oss-limits/repeated-keys/maximum"): "PutVectors.duplicate-keys.rejected",
    # The accepted side is the lower edge of a contested band.
    ("QueryVectors", "topK/maximum"): "QueryVectors.topK.maximum.accepted",
}


@pytest.mark.parametrize("operation", list(CONTRACT.operations))
def test_every_claim_points_at_an_existing_place_of_its_own_operation(operation: str) -> None:
    schema = CONTRACT.operation(operation).request_schema
    for requirement in offenders(lambda one: one.operation == operation and bool(one.claims)):
        assert schema is not None, requirement
        for claim in CONTRACT.requirements[requirement].claims:
            if claim.endswith("/required"):
                assert claim in {place for place, _ in places(operation)}
            else:
                assert schema_at(CONTRACT.document, schema, claim) is not None


def test_only_operations_with_a_body_claim_places() -> None:
    assert offenders(lambda one: bool(one.claims) and one.operation in COMMON) == []


def test_no_place_is_claimed_twice_for_one_side() -> None:
    claims = [
        (requirement.operation, claim, requirement.side)
        for requirement in REQUIREMENTS
        for claim in requirement.claims
    ]
    assert len(claims) == len(set(claims))


def test_the_id_of_a_claimed_place_is_the_mechanical_one_or_chosen_with_a_reason() -> None:
    assert set(offenders(lambda one: bool(one.claims) and one.id != _mechanical(one))) == set(CHOSEN)


def _mechanical(requirement: Requirement) -> str:
    place = requirement.claims[0]
    # The type of the whole body is called body.
    return requirement_id(requirement.operation, "body/type" if place == "type" else place, requirement.side)


def test_every_limit_has_both_sides_or_a_reason_why_not() -> None:
    alone = set()
    for requirement in REQUIREMENTS:
        if requirement.side is not None:
            stem = requirement.id.removesuffix(requirement.side)
            if (
                f"{stem}{'rejected' if requirement.side == 'accepted' else 'accepted'}"
                not in CONTRACT.requirements
            ):
                alone.add(requirement.id)
    assert alone == set(ONE_SIDED)


def test_lists_of_exceptions_name_requirements_that_exist() -> None:
    assert {*CHOSEN, *ONE_SIDED, *NO_TEST} <= CONTRACT.requirements.keys()
    assert set(NOT_PROVOKED.values()) <= REASONS


def test_every_requirement_is_decided_by_a_test_or_says_why_not(decided: set[str]) -> None:
    untested = {*NO_TEST, *offenders(lambda one: one.excluded is not None)}
    assert set(offenders(lambda one: one.id not in decided)) == untested


def test_only_probes_go_without_a_test_and_without_an_exclusion() -> None:
    assert {CONTRACT.requirements[identifier].level for identifier in NO_TEST} == {Level.PROBE}


def test_no_test_and_no_case_decides_a_requirement_that_does_not_exist(decided: set[str]) -> None:
    assert decided <= CONTRACT.requirements.keys()
    assert {case.requirement for case in directed_cases()} <= decided


def _documented_codes() -> Iterator[tuple[str, str]]:
    firm = {Strength.SEED, Strength.DOC, Strength.SDK}
    for operation in CONTRACT.operations.values():
        yield from (
            (operation.name, error.code) for error in operation.errors.values() if error.strength in firm
        )
    for error in CONTRACT.document["x-oss-common-errors"]:
        if Strength(error["strength"]) in firm:
            yield "", error["code"]


@pytest.mark.parametrize(("operation", "code"), list(_documented_codes()))
def test_every_documented_error_code_is_provoked_or_excluded_for_a_reason(
    operation: str, code: str, decided: set[str]
) -> None:
    provoked = any(
        code in requirement.expect.codes
        and requirement.operation == (operation or requirement.operation)
        and requirement.id in decided
        for requirement in REQUIREMENTS
    )
    assert provoked is ((operation, code) not in NOT_PROVOKED)


def test_expected_codes_are_documented_for_the_operation_with_the_expected_status() -> None:
    common = {error["code"]: error["status"] for error in CONTRACT.document["x-oss-common-errors"]}

    def strays(requirement: Requirement) -> bool:
        own = CONTRACT.operations.get(requirement.operation)
        known = common | ({error.code: error.status for error in own.errors.values()} if own else {})
        return any(known.get(code) not in requirement.expect.statuses for code in requirement.expect.codes)

    assert offenders(strays) == []


def test_only_what_a_page_states_can_fail_a_run() -> None:
    firm = (Strength.SEED, Strength.DOC)
    assert offenders(lambda one: one.level is Level.MUST and one.strength not in firm) == []


def test_a_side_expects_what_its_name_says() -> None:
    assert offenders(lambda one: one.side == "accepted" and not one.expect.is_success) == []
    assert offenders(lambda one: one.side == "rejected" and min(one.expect.statuses, default=0) < 400) == []


def test_a_probe_expects_nothing_that_could_fail_a_run() -> None:
    assert offenders(lambda one: one.level is Level.PROBE and one.expect.is_success) == []


def test_a_success_is_the_one_the_operation_documents() -> None:
    def strays(requirement: Requirement) -> bool:
        operation = CONTRACT.operations.get(requirement.operation)
        if operation is None or not requirement.expect.is_success:
            return False
        return requirement.expect.statuses != (operation.success_status,)

    assert offenders(strays) == []


def test_a_statement_is_one_sentence_with_every_placeholder_filled() -> None:
    assert offenders(lambda one: not one.statement.endswith(".") or "\n" in one.statement) == []
    assert offenders(lambda one: "{limit}" in one.statement) == []
    plural = re.compile(r"\b1 (keys|vectors|characters|bytes|fields)\b|\b1 of\b")
    assert offenders(lambda one: plural.search(one.statement) is not None) == []


def test_an_exclusion_says_why() -> None:
    assert offenders(lambda one: one.excluded is not None and not one.excluded.strip()) == []


@each_file
def test_dates_are_real_days_of_the_time_of_the_service(file: Path) -> None:
    # No page on vectors is older, and none can be cited before it is written.
    today = datetime.datetime.now(datetime.UTC).date() + datetime.timedelta(days=1)
    for entry in raw_entries(file):
        date = entry["source"].get("date")
        assert date is None or type(date) is datetime.date
        assert date is None or datetime.date(2020, 1, 1) <= date <= today


@pytest.mark.parametrize("operation", list(CONTRACT.operations))
def test_every_operation_has_a_happy_and_an_unhappy_clause_in_smoke(operation: str) -> None:
    smoke = [one for one in REQUIREMENTS if one.operation == operation and one.profile == "smoke"]
    assert any(one.expect.is_success for one in smoke)
    assert any(one.expect.statuses and not one.expect.is_success for one in smoke)
