"""Options as both doors share them: what is given, what the environment fills in, what is refused."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from conformance.commands.arguments import Arguments
from conformance.contract.loader import load_contract
from conformance.options import OPTIONS, UsageError, hint
from conformance.repetition import repeating_options
from conformance.suite.settings import RunSettings
from conformance.validation import settings_from

ENDPOINT = {"endpoint": "http://127.0.0.1:9000", "account_id": "7"}


def settings(values: dict[str, Any] | None = None, **environment: str) -> RunSettings:
    return settings_from(values or {}, environment, load_contract())


def test_without_options_the_embedded_emulator_is_the_target() -> None:
    found = settings()
    assert (found.embedded, found.profile, found.seed) == (True, "core", 0)


def test_an_option_wins_over_its_environment_variable() -> None:
    names = {"OSS_ENDPOINT": "http://127.0.0.1:1", "OSS_REGION": "cn-beijing", "OSS_ACCOUNT_ID": "8"}
    found = settings(ENDPOINT, **names)
    assert (found.endpoint, found.region, found.account_id) == ("http://127.0.0.1:9000", "cn-beijing", "7")


def test_an_empty_environment_variable_counts_as_unset() -> None:
    assert settings(OSS_ENDPOINT="", OSS_REGION="").embedded


@pytest.mark.parametrize("name", ["read_timeout", "visibility_timeout", "min_recall"])
@pytest.mark.parametrize("value", [0, 0.0, -1, float("inf"), float("nan")])
def test_a_number_out_of_range_is_refused_even_when_it_is_zero(name: str, value: float) -> None:
    with pytest.raises(UsageError, match=name.replace("_", "-")):
        settings({name: value})


def test_operations_are_found_whatever_their_case_and_named_once() -> None:
    found = settings({"operation": ["deletevectors", "DeleteVectors"]})
    assert found.operations == ("DeleteVectors",)


def test_a_glob_over_requirements_is_resolved_to_ids() -> None:
    found = settings({"requirement": ["DeleteVectors.keys.unique-count.*"]})
    assert found.requirements
    assert all(name.startswith("DeleteVectors.keys.unique-count.") for name in found.requirements)


@pytest.mark.parametrize("text", ["12a", "", "-1", "\u0661"])
def test_an_account_id_is_ascii_digits(text: str) -> None:
    with pytest.raises(UsageError, match="account-id"):
        settings({**ENDPOINT, "account_id": text})


def test_settings_survive_the_way_to_a_worker() -> None:
    found = settings({"operation": ["PutVectors"], "strict": True, "seed": 3})
    assert RunSettings.from_json(found.to_json()) == found


@pytest.mark.parametrize(
    ("given", "strict"),
    [
        ({}, False),
        ({"fail_on": "must"}, False),
        ({"fail_on": "should"}, True),
        ({"strict": True}, True),
        ({"strict": True, "fail_on": "should"}, True),
    ],
)
def test_strict_is_short_for_failing_on_should(given: dict[str, Any], strict: bool) -> None:
    assert settings(given).strict is strict


def test_contradicting_levels_are_refused_wherever_they_come_from() -> None:
    with pytest.raises(UsageError, match="contradict"):
        settings({"fail_on": "must"}, OSS_VECTORS_CONFORMANCE_STRICT="true")


def test_a_shard_that_is_none_is_refused() -> None:
    with pytest.raises(UsageError, match="--shard"):
        settings({"shard": "0/2"})


def test_hints_name_near_words_only() -> None:
    assert hint("cor", ("core", "full")) == "; did you mean core?"
    assert hint("zzz", ("core", "full")) == ""


def test_a_host_of_the_real_service_needs_a_switch() -> None:
    live = {"endpoint": "https://cn-hangzhou.oss-vectors.aliyuncs.com", "account_id": "7"}
    with pytest.raises(UsageError, match="--allow-live"):
        settings(live)
    assert not settings({**live, "allow_live": True}).embedded


def test_flags_are_unique_and_secrets_are_no_options() -> None:
    flags = [option.flag for option in OPTIONS]
    assert len(flags) == len(set(flags))
    assert not any(word in flag for flag in flags for word in ("secret", "token", "access-key"))


def test_fuzz_draws_a_seed_unless_one_is_given() -> None:
    drawn = {settings({"profile": "fuzz"}).seed for _ in range(3)}
    assert len(drawn) == 3
    assert settings({"profile": "fuzz", "seed": 0}).seed == 0
    assert settings({"profile": "full"}).seed == 0
    with pytest.raises(UsageError, match="need --seed"):
        settings({"profile": "fuzz", "shard": "1/2"})


def test_the_options_of_a_run_repeat_it(tmp_path: Path) -> None:
    certificates = tmp_path / "my ca.pem"
    certificates.touch()
    values: dict[str, Any] = {
        "endpoint": "https://cn-hangzhou.oss-vectors.aliyuncs.com",
        "allow_live": True,
        "account_id": "123",
        "virtual_host": "oss-vectors.example.net",
        "ca_file": str(certificates),
        "credentials_chain": True,
        "bucket": "mine",
        "seed": 5,
        "fail_on": "should",
        "read_timeout": 2.5,
        "min_recall": 0.9,
    }
    given = dict(repeating_options(settings(values)))
    assert given == {
        "--endpoint": values["endpoint"],
        "--allow-live": None,
        "--region": "cn-hangzhou",
        "--account-id": "123",
        "--addressing": "virtual-host",
        "--virtual-host": "oss-vectors.example.net",
        "--ca-file": str(certificates),
        "--bucket": "mine",
        "--credentials-chain": None,
        "--profile": "core",
        "--seed": "5",
        "--strict": None,
        "--read-timeout": "2.5",
        "--min-recall": "0.9",
    }
    parser = Arguments("run", usage="run")
    parser.add_options()
    words = [word for option in given.items() for word in option if word is not None]
    repeated = settings(vars(parser.parse(words)))
    assert repeating_options(repeated) == tuple(given.items())


def test_the_embedded_emulator_is_repeated_without_its_address() -> None:
    assert dict(repeating_options(settings())) == {"--profile": "core", "--seed": "0"}
