"""Options of a run, shared by both doors: names, defaults, environment, validation.

The command and pytest declare the same options from here, so that they cannot
drift apart.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import Any

from conformance.contract.loader import Contract, nearest
from conformance.contract.model import Profile
from conformance.suite.names import new_run_id
from conformance.suite.settings import RunSettings
from conformance.wire.addressing import Addressing
from conformance.wire.endpoint import EndpointError, parse_endpoint

DEFAULT_REGION = "cn-hangzhou"
DEFAULT_ACCOUNT_ID = "1234567890123456"
DEFAULT_REPORT_DIR = "reports/latest"
_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")


class UsageError(ValueError):
    """The user's input cannot be used; the message is one sentence that says how to mend it."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of ``run``: its flag, help, and the environment variable that sets it too."""

    flag: str
    help: str
    environment: str | None = None
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    repeatable: bool = False
    switch: bool = False
    number: type[int] | type[float] | None = None
    pytest_flag: str | None = None

    @property
    def dest(self) -> str:
        """Name of the option's value."""
        return self.flag.removeprefix("--").replace("-", "_")

    @property
    def words(self) -> str:
        """Help text with the environment variable."""
        return f"{self.help} [env: {self.environment}]" if self.environment else self.help


OPTIONS: tuple[Option, ...] = (
    Option(
        "--endpoint",
        "address of the service under test, e.g. http://127.0.0.1:9000 (default: the embedded emulator)",
        "OSS_ENDPOINT",
        "URL",
    ),
    Option(
        "--allow-live",
        "let --endpoint be a host of the real service, where requests cost money",
        switch=True,
    ),
    Option("--region", f"region id of the target (default: {DEFAULT_REGION})", "OSS_REGION", "ID"),
    Option("--account-id", "account id (UID) that owns the credentials", "OSS_ACCOUNT_ID", "UID"),
    Option(
        "--addressing",
        "how requests name their bucket (default: virtual-host)",
        choices=tuple(addressing.value for addressing in Addressing),
    ),
    Option(
        "--virtual-host", "service name to put into the Host header instead of the endpoint's", metavar="HOST"
    ),
    Option(
        "--profile",
        "how much to test (default: core)",
        choices=tuple(profile.value for profile in Profile),
    ),
    Option("--operation", "test only this operation; may be repeated", metavar="NAME", repeatable=True),
    Option(
        "--requirement",
        "decide only this requirement (id or glob); may be repeated",
        metavar="ID",
        repeatable=True,
    ),
    Option("--seed", "seed of everything that is drawn at random (default: 0)", metavar="N", number=int),
    Option("--report-dir", f"where reports are written (default: {DEFAULT_REPORT_DIR})", metavar="DIR"),
    Option("--known-deviations", "YAML file of deviations that are known and accepted", metavar="FILE"),
    # pytest has a --strict of its own.
    Option("--strict", "warnings fail the run too", switch=True, pytest_flag="--conformance-strict"),
    Option("--read-timeout", "seconds to wait for an answer (default: 30)", metavar="SECONDS", number=float),
    Option(
        "--visibility-timeout",
        "seconds until a written vector must be found by queries (default: 5)",
        metavar="SECONDS",
        number=float,
    ),
    Option(
        "--min-recall",
        "share of the true nearest neighbours a query must return (default: 1.0)",
        metavar="SHARE",
        number=float,
    ),
)


def settings_from(
    values: Mapping[str, Any], environment: Mapping[str, str], contract: Contract
) -> RunSettings:
    """Validated settings from the options' values (``None`` where not given).

    The environment fills what the command line leaves out.  Raises
    :class:`UsageError`.
    """
    given = {
        option.dest: values[option.dest]
        if _is_given(values.get(option.dest))
        else (environment.get(option.environment) or None if option.environment else None)
        for option in OPTIONS
    }
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
    return RunSettings(
        endpoint=endpoint or "",
        embedded=endpoint is None,
        region=region_id(given["region"]),
        account_id=account_number(given["account_id"], needed=endpoint is not None),
        run_id=new_run_id(),
        addressing=_choice("--addressing", given["addressing"], Addressing.VIRTUAL_HOST.value),
        virtual_host=given["virtual_host"],
        profile=_choice("--profile", given["profile"], Profile.CORE.value),
        operations=operations_named(given["operation"] or (), contract),
        requirements=requirements_named(given["requirement"] or (), contract),
        seed=int(given["seed"] or 0),
        strict=bool(given["strict"]),
        report_dir=given["report_dir"] or DEFAULT_REPORT_DIR,
        known_deviations=given["known_deviations"],
        read_timeout=_positive("--read-timeout", given["read_timeout"], 30.0),
        visibility_timeout=_positive("--visibility-timeout", given["visibility_timeout"], 5.0),
        min_recall=_share("--min-recall", given["min_recall"]),
    )


def _is_given(value: Any) -> bool:
    # Not by truth: a timeout of 0 is given, and refused.
    return value is not None and value is not False and value != []


def _choice(flag: str, value: str | None, default: str) -> str:
    option = next(option for option in OPTIONS if option.flag == flag)
    return one_of(flag, value, option.choices) or default


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


def _positive(flag: str, value: Any, default: float) -> float:
    number = float(default if value is None else value)
    if not 0 < number < float("inf"):
        raise UsageError(f"{flag}: {value} is not a positive number of seconds.")
    return number


def _share(flag: str, value: Any) -> float:
    number = 1.0 if value is None else float(value)
    if not 0 < number <= 1:
        raise UsageError(f"{flag}: {value} is not a share above 0 and up to 1.")
    return number


def hint(word: str, known: Iterable[str]) -> str:
    """``; did you mean X?`` when a known name is near, else nothing."""
    close = nearest(word, known)
    return f"; did you mean {close}?" if close is not None else ""


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
