"""From what a user has given, wherever, to the validated settings of a run."""

from __future__ import annotations

import re
import secrets
from collections.abc import Iterable, Mapping
from fnmatch import fnmatchcase
from pathlib import Path
from typing import Any

from conformance.configuration import gather
from conformance.contract.loader import Contract
from conformance.contract.model import Level, Profile
from conformance.contract.releases import known_sets
from conformance.contract.schema import full_match
from conformance.options import (
    DEFAULT_ACCOUNT_ID,
    DEFAULT_REGION,
    DEFAULT_REPORT_DIR,
    FAIL_ON,
    UsageError,
    hint,
    option_called,
)
from conformance.plan import documented_rates
from conformance.suite.names import MOST_WORKERS, new_run_id
from conformance.suite.settings import RunSettings
from conformance.suite.shards import Shard
from conformance.wire.addressing import Addressing
from conformance.wire.endpoint import EndpointError, parse_endpoint

_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


def settings_from(
    values: Mapping[str, Any],
    environment: Mapping[str, str],
    contract: Contract,
    directory: Path | None = None,
) -> RunSettings:
    """Validated settings from what the command line says (``None`` where nothing), see :mod:`conformance.configuration`.

    ``directory`` is where a configuration file is looked for, by default the
    working directory.  Raises :class:`UsageError`.
    """
    given, configuration = gather(values, environment, directory or Path.cwd())
    endpoint = given["endpoint"]
    if endpoint is not None:
        try:
            live = parse_endpoint(endpoint).is_real_service
        except EndpointError as problem:
            raise UsageError(f"--endpoint: {problem}") from problem
        if live and not given["allow_live"]:
            raise UsageError(
                f"--endpoint: {endpoint} is a host of the real service, where a run costs money and counts "
                "against quotas; give --allow-live if that is meant."
            )
    profile = _choice("--profile", given["profile"], Profile.CORE.value)
    return RunSettings(
        endpoint=endpoint or "",
        embedded=endpoint is None,
        region=region_id(given["region"]),
        account_id=account_number(given["account_id"], needed=endpoint is not None),
        run_id=new_run_id(),
        addressing=_choice("--addressing", given["addressing"], Addressing.VIRTUAL_HOST.value),
        virtual_host=given["virtual_host"],
        profile=profile,
        operations=operations_named(given["operation"] or (), contract),
        requirements=requirements_named(given["requirement"] or (), contract),
        requirement_set=one_of("--requirement-set", given["requirement_set"], known_sets()),
        shard=_shard(given["shard"]),
        credentials_profile=given["credentials_profile"],
        credentials_chain=uses_chain(given["credentials_chain"], given["credentials_profile"]),
        bucket=_bucket(given["bucket"], endpoint, contract),
        seed=_seed(given["seed"], profile, is_shard=given["shard"] is not None),
        strict=_is_strict(given["fail_on"], strict=bool(given["strict"])),
        report_dir=given["report_dir"] or DEFAULT_REPORT_DIR,
        known_deviations=given["known_deviations"],
        write_known_deviations=_new_file("--write-known-deviations", given["write_known_deviations"]),
        baseline_report=given["baseline_report"],
        read_timeout=_positive("--read-timeout", given["read_timeout"], 30.0),
        visibility_timeout=_positive("--visibility-timeout", given["visibility_timeout"], 5.0),
        min_recall=_share("--min-recall", given["min_recall"]),
        ca_file=existing_file("--ca-file", given["ca_file"]),
        rates=_rates(given["rate"] or (), contract, documented=_is_distant(endpoint)),
        max_requests=_count("--max-requests", given["max_requests"]),
        max_duration=(
            None if given["max_duration"] is None else _positive("--max-duration", given["max_duration"], 0.0)
        ),
        max_resources=_count("--max-resources", given["max_resources"]),
        configuration=str(configuration) if configuration is not None else None,
    )


def _choice(flag: str, value: str | None, default: str) -> str:
    return one_of(flag, value, option_called(flag).choices) or default


def _seed(value: int | None, profile: str, *, is_shard: bool) -> int:
    """The seed that was given, else 0; ``fuzz`` draws another one for every run, which the report names."""
    if value is None and profile == Profile.FUZZ.value:
        if is_shard:
            raise UsageError("--shard: shards of the profile fuzz need --seed, the same for each of them.")
        return secrets.randbits(32)
    return int(value or 0)


def _is_strict(fail_on: str | None, *, strict: bool) -> bool:
    """Whether a violated ``should`` fails the run; raises :class:`UsageError` where two options disagree."""
    level = one_of("--fail-on", fail_on, FAIL_ON)
    if strict and level == Level.MUST.value:
        raise UsageError(
            "--strict and --fail-on must contradict each other: --strict means --fail-on should; give one of them."
        )
    return strict or level == Level.SHOULD.value


def one_of(flag: str, value: str | None, choices: Iterable[str]) -> str | None:
    """A value that must be one of some names, or ``None``; raises :class:`UsageError`."""
    names = tuple(choices)
    if value is not None and value not in names:
        raise UsageError(f"{flag}: {value!r} is not one of {', '.join(names)}{hint(value, names)}.")
    return value


def region_id(value: str | None) -> str:
    """A region id, the default one for ``None``; raises :class:`UsageError`."""
    region = DEFAULT_REGION if value is None else value
    if not _REGION.fullmatch(region):
        raise UsageError(f"--region: {region!r} is not a region id like {DEFAULT_REGION}.")
    if region.startswith("oss-"):
        raise UsageError(
            f"--region: give the plain region id, {region.removeprefix('oss-')!r}, not the OSS form."
        )
    return region


def account_number(value: str | None, *, needed: bool) -> str:
    """An account id; ``None`` is fine where none is needed.  Raises :class:`UsageError`."""
    if value is None:
        if not needed:
            return DEFAULT_ACCOUNT_ID
        raise UsageError(
            "The account id is missing: give --account-id or set OSS_ACCOUNT_ID; it is part of host names and signatures."
        )
    if not (value.isascii() and value.isdigit()):
        raise UsageError(f"--account-id: {value!r} is not a number such as {DEFAULT_ACCOUNT_ID}.")
    return value


def uses_chain(chain: bool | None, profile: str | None) -> bool:
    """Whether the credentials library is to find the key; raises :class:`UsageError` where two options disagree."""
    if chain and profile is not None:
        raise UsageError(
            "--credentials-chain and --credentials-profile exclude each other; for a profile that names a role, give "
            f"--credentials-chain and set ALIBABA_CLOUD_PROFILE={profile}."
        )
    return bool(chain)


def process_count(number: int) -> int:
    """A number of test processes; raises :class:`UsageError` for more than can have names of their own."""
    if not 0 <= number <= MOST_WORKERS:
        raise UsageError(f"-n: {number} is not a number of processes from 0 to {MOST_WORKERS}.")
    return number


def _bucket(name: str | None, endpoint: str | None, contract: Contract) -> str | None:
    if name is None:
        return None
    if not full_match(contract.bucket_name_rule["pattern"], name):
        raise UsageError(f"--bucket: {name!r} is not the name of a bucket.")
    if endpoint is None:
        raise UsageError("--bucket: the embedded emulator has no buckets; give --endpoint as well.")
    return name


def _positive(flag: str, value: Any, default: float) -> float:
    number = float(default if value is None else value)
    if not 0 < number < float("inf"):
        raise UsageError(f"{flag}: {value} is not a positive number of seconds.")
    return number


def _count(flag: str, value: Any) -> int | None:
    if value is not None and value < 1:
        raise UsageError(f"{flag}: {value} is not a number from 1 on.")
    return None if value is None else int(value)


def existing_file(flag: str, value: str | None) -> str | None:
    """The name of a file that is there, or ``None``; raises :class:`UsageError`."""
    if value is not None and not Path(value).is_file():
        raise UsageError(f"{flag}: there is no file {value}.")
    return value


def _shard(value: str | None) -> str | None:
    if value is None:
        return None
    try:
        return str(Shard.parse(value))
    except ValueError as problem:
        raise UsageError(f"--shard: {value!r} is not of the form 1/3 (the first of three).") from problem


def _new_file(flag: str, value: str | None) -> str | None:
    """A file that is going to be written and must not be there yet: people have edited an older one."""
    if value is None:
        return None
    path = Path(value)
    if path.exists() or path.is_symlink():
        raise UsageError(f"{flag}: {value} exists already, and nothing is overwritten; name another file.")
    if path.parent.exists() and not path.parent.is_dir():
        raise UsageError(f"{flag}: {path.parent} is not a directory.")
    return value


def _is_distant(endpoint: str | None) -> bool:
    """Whether the target is another machine, where rates are kept unless the user says otherwise."""
    return endpoint is not None and not parse_endpoint(endpoint).is_loopback


def _rates(items: Iterable[str], contract: Contract, *, documented: bool) -> dict[str, float]:
    """Requests per second by operation: the documented ones, then the user's, without those that are 0."""
    rates = documented_rates(contract) if documented else {}
    for item in items:
        name, equals, number = item.partition("=")
        known = {operation.lower(): operation for operation in contract.operations}
        if name.lower() not in known:
            raise UsageError(
                f"--rate: {name!r} is not an operation of OSS Vectors{hint(name, contract.operations)}."
            )
        try:
            rate = float(number)
        except ValueError:
            rate = -1.0
        if not equals or not 0 <= rate < float("inf"):
            raise UsageError(
                f"--rate: {item!r} is not of the form {known[name.lower()]}=5 (requests per second)."
            )
        rates[known[name.lower()]] = rate
    return {name: rate for name, rate in rates.items() if rate}


def _share(flag: str, value: Any) -> float:
    number = 1.0 if value is None else float(value)
    if not 0 < number <= 1:
        raise UsageError(f"{flag}: {value} is not a share above 0 and up to 1.")
    return number


def operations_named(names: Iterable[str], contract: Contract) -> tuple[str, ...]:
    """Operations by name, case-insensitive; raises :class:`UsageError` for unknown ones."""
    groups = dict.fromkeys(requirement.operation for requirement in contract.requirements.values())
    known = {name.lower(): name for name in groups}
    found = []
    for name in names:
        if name.lower() not in known:
            raise UsageError(
                f"--operation: {name!r} is not an operation of OSS Vectors{hint(name, groups)}"
                if hint(name, groups)
                else f"--operation: {name!r} is not an operation of OSS Vectors; see 'list --operations'."
            )
        found.append(known[name.lower()])
    return tuple(dict.fromkeys(found))


def requirements_named(patterns: Iterable[str], contract: Contract) -> tuple[str, ...]:
    """Requirement ids that match ids or globs; raises :class:`UsageError` for one that matches none."""
    found: dict[str, None] = {}
    for pattern in patterns:
        matched = [identifier for identifier in contract.requirements if fnmatchcase(identifier, pattern)]
        if not matched:
            raise UsageError(
                f"--requirement: {pattern!r} matches no requirement{hint(pattern, contract.requirements)}"
                if hint(pattern, contract.requirements)
                else f"--requirement: {pattern!r} matches no requirement; see 'list'."
            )
        found.update(dict.fromkeys(matched))
    return tuple(found)
