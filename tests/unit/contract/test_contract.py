"""The contract as typed objects: looking things up, and what an expectation admits."""

from __future__ import annotations

import pytest

from conformance.contract.loader import ContractError, load_contract, nearest
from conformance.contract.model import ANY_4XX, Expect, Level, Profile, Source

CONTRACT = load_contract()


def test_the_contract_is_read_once() -> None:
    assert load_contract() is CONTRACT


def test_there_are_nineteen_operations_of_which_one_is_on_the_service_host() -> None:
    assert len(CONTRACT.operations) == 19
    assert [one.name for one in CONTRACT.operations.values() if not one.on_bucket] == ["ListVectorBuckets"]


def test_a_limit_is_looked_up_by_its_place() -> None:
    assert CONTRACT.limit("PutVectorIndex", "dimension/maximum") == 4096
    assert CONTRACT.limit("DeleteVectors", "keys/x-oss-limits/unique-count/maximum") == 500


@pytest.mark.parametrize("place", ["dimension/maxLength", "nothing/maximum", "keys/item/type"])
def test_a_place_that_does_not_exist_is_named(place: str) -> None:
    with pytest.raises(KeyError, match=place.partition("/")[0]):
        CONTRACT.limit("PutVectorIndex", place)


def test_an_operation_without_a_body_has_no_limits() -> None:
    with pytest.raises(ContractError, match="GetVectorBucket has no request schema"):
        CONTRACT.limit("GetVectorBucket", "dimension/maximum")


def test_every_claim_leads_back_to_its_requirement() -> None:
    requirement = "PutVectorIndex.dimension.maximum.rejected"
    assert CONTRACT.claimed["PutVectorIndex", "dimension/maximum", "rejected"] == requirement
    assert CONTRACT.claimed["PutVectorIndex", "dimension/type", None] == "PutVectorIndex.dimension.type"


def test_statuses_of_codes_leave_out_what_no_source_pairs() -> None:
    assert CONTRACT.statuses_by_code["NoSuchVectorIndex"] == {404}
    assert CONTRACT.statuses_by_code["AccessDenied"] == {403}
    assert CONTRACT.statuses_by_code["QpsLimitExceeded"] == {503}
    assert "InvalidArgument" not in CONTRACT.statuses_by_code


@pytest.mark.parametrize(
    ("word", "expected"),
    [
        ("putvectorindex", "PutVectorIndex"),
        ("PutVectorsIndex", "PutVectorIndex"),
        ("DeleteVector", "DeleteVectors"),
        ("frobnicate", None),
    ],
)
def test_a_slip_of_the_pen_has_a_nearest_name(word: str, expected: str | None) -> None:
    assert nearest(word, CONTRACT.operations) == expected


@pytest.mark.parametrize(
    ("expect", "status", "code", "admitted"),
    [
        (Expect((400,), ("A", "B")), 400, "B", True),
        (Expect((400,), ("A", "B")), 400, "C", False),
        (Expect((400,), ("A",)), 400, None, False),
        (Expect((400,), ("A",)), 404, "A", False),
        (Expect((400,)), 400, None, True),
        (Expect(ANY_4XX), 451, "X", True),
        (Expect(ANY_4XX), 500, "X", False),
        (Expect(), 200, None, False),
    ],
)
def test_an_expectation_admits_its_statuses_with_its_codes(
    expect: Expect, status: int, code: str | None, admitted: bool
) -> None:
    assert expect.admits(status, code) is admitted


def test_an_expectation_is_put_into_words() -> None:
    assert Expect((400,), ("A", "B")).describe() == "400 A or B"
    assert Expect((200, 409)).describe() == "200 or 409"
    assert Expect(ANY_4XX).describe() == "any 4xx"
    assert Expect().describe() == "as stated"


def test_only_a_2xx_is_a_success() -> None:
    assert [Expect(statuses).is_success for statuses in ((200,), (204,), (400,), (200, 409), ())] == [
        True,
        True,
        False,
        False,
        False,
    ]


def test_profiles_contain_the_ones_before_them() -> None:
    assert sorted(Profile, key=lambda profile: profile.rank) == ["smoke", "core", "full", "fuzz"]


def test_a_source_is_written_with_its_date_when_it_has_one() -> None:
    assert str(Source("PutVectors", "Notes", "2026-01-10")) == "PutVectors, Notes (2026-01-10)"
    assert str(Source("PutVectors", "Notes")) == "PutVectors, Notes"


def test_the_side_of_a_requirement_is_the_end_of_its_id() -> None:
    sides = {requirement.side for requirement in CONTRACT.requirements.values()}
    assert sides == {"accepted", "rejected", None}
    assert CONTRACT.requirements["PutVectorIndex.dimension.type"].side is None


def test_the_placeholder_of_a_statement_is_the_value_of_the_document() -> None:
    assert "4096" in CONTRACT.requirements["PutVectorIndex.dimension.maximum.rejected"].statement
    assert (
        "euclidean or cosine"
        in CONTRACT.requirements["PutVectorIndex.distanceMetric.enum.rejected"].statement
    )


def test_every_level_is_in_use() -> None:
    assert {requirement.level for requirement in CONTRACT.requirements.values()} == set(Level)
