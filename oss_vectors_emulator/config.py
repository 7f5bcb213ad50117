"""Settings of an emulator, and how a TOML file and ``NAME=VALUE`` texts become settings."""

from __future__ import annotations

import dataclasses
import difflib
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from oss_vectors_emulator.choices import CHOICE_VALUES, Choices
from oss_vectors_emulator.credentials import (
    DEFAULT_ACCESS_KEY_ID,
    DEFAULT_ACCESS_KEY_SECRET,
    DEFAULT_ACCOUNT_ID,
    Credential,
)
from oss_vectors_emulator.limits import LIMIT_NAMES, Limits

DEFAULT_REGION = "cn-hangzhou"
_REGION = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*", re.ASCII)
_ACCOUNT = re.compile(r"[0-9]+", re.ASCII)
_WHOLE_NUMBER = re.compile(r"[0-9]{1,18}", re.ASCII)
_CREDENTIAL_KEYS = ("access-key-id", "access-key-secret", "account-id", "security-token")
_SECTIONS = ("limits", "choices", "credentials")


class ConfigurationError(ValueError):
    """An option or a configuration file cannot be used; the text says why in one sentence."""


@dataclass(frozen=True, slots=True)
class Settings:
    """Everything that can be set from outside; the defaults are the documented service."""

    region: str = DEFAULT_REGION
    credentials: tuple[Credential, ...] = (
        Credential(DEFAULT_ACCESS_KEY_ID, DEFAULT_ACCESS_KEY_SECRET, DEFAULT_ACCOUNT_ID),
    )
    limits: Limits = dataclasses.field(default_factory=Limits)
    choices: Choices = dataclasses.field(default_factory=Choices)
    enforce_rates: bool = False
    latency_ms: float = 0.0
    query_visibility_ms: float = 0.0
    recall: float = 1.0

    @property
    def account_id(self) -> str:
        """The account of the first credential."""
        return self.credentials[0].account_id


@dataclass(frozen=True, slots=True)
class FileSettings:
    """What a configuration file holds."""

    limits: Mapping[str, int] = dataclasses.field(default_factory=dict)
    choices: Mapping[str, str] = dataclasses.field(default_factory=dict)
    credentials: tuple[Credential, ...] = ()


def check_region(region: str) -> str:
    """A region id in its plain form, such as ``cn-hangzhou``."""
    if not _REGION.fullmatch(region):
        raise ConfigurationError(f"The region {region!r} is not a region id like {DEFAULT_REGION}.")
    return region


def check_account(account: str) -> str:
    """An account id: digits, because it ends the first label of a bucket host."""
    if not _ACCOUNT.fullmatch(account):
        raise ConfigurationError(f"The account id {account!r} must consist of digits.")
    return account


def read_file(path: Path, account: str) -> FileSettings:
    """Limits, choices and credentials of a TOML file; ``account`` is the default of its credentials."""
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as error:
        raise ConfigurationError(f"The configuration file {path} cannot be read: {error.strerror}.") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"The configuration file {path} is not TOML: {error}.") from None
    for name in document:
        _known(name, _SECTIONS, f"section of {path}")
    limits = {_limit_name(n): _limit_value(n, v) for n, v in _table(document, "limits").items()}
    choices = {_choice_name(n): _choice_value(n, v) for n, v in _table(document, "choices").items()}
    entries = document.get("credentials", [])
    if not isinstance(entries, list):
        raise ConfigurationError(f"credentials in {path} must be written as [[credentials]] tables.")
    return FileSettings(limits, choices, tuple(_credential(entry, account) for entry in entries))


def parse_limits(texts: Iterable[str]) -> dict[str, int]:
    """``NAME=VALUE`` texts of ``--limit``."""
    pairs = [_pair(text, "--limit") for text in texts]
    return {_limit_name(name): _limit_value(name, value) for name, value in pairs}


def parse_choices(texts: Iterable[str]) -> dict[str, str]:
    """``NAME=VALUE`` texts of ``--choice``."""
    pairs = [_pair(text, "--choice") for text in texts]
    return {_choice_name(name): _choice_value(name, value) for name, value in pairs}


def _pair(text: str, option: str) -> tuple[str, str]:
    name, separator, value = text.partition("=")
    if not separator:
        raise ConfigurationError(f"{option} {text!r} must have the form NAME=VALUE.")
    return name.strip(), value.strip()


def _table(document: Mapping[str, Any], name: str) -> Mapping[str, Any]:
    found = document.get(name, {})
    if not isinstance(found, dict):
        raise ConfigurationError(f"{name} in the configuration file must be a table.")
    return found


def _known(name: str, known: Iterable[str], what: str) -> str:
    names = list(known)
    if name not in names:
        near = difflib.get_close_matches(name, names, n=1)
        hint = f" (did you mean {near[0]}?)" if near else ""
        raise ConfigurationError(f"{name!r} is not a known {what}{hint}.")
    return name


def _limit_name(name: str) -> str:
    return _known(name.replace("-", "_"), LIMIT_NAMES, "limit")


def _limit_value(name: str, value: object) -> int:
    if isinstance(value, str) and _WHOLE_NUMBER.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool) and value >= 0:
        return value
    raise ConfigurationError(f"The limit {name} must be a whole number, not {value!r}.")


def _choice_name(name: str) -> str:
    return _known(name.replace("-", "_"), CHOICE_VALUES, "choice")


def _choice_value(name: str, value: object) -> str:
    allowed = CHOICE_VALUES[_choice_name(name)]
    if not isinstance(value, str) or value not in allowed:
        raise ConfigurationError(f"The choice {name} must be one of {', '.join(allowed)}, not {value!r}.")
    return value


def _credential(entry: object, account: str) -> Credential:
    if not isinstance(entry, dict) or not all(isinstance(value, str) for value in entry.values()):
        raise ConfigurationError("Every [[credentials]] entry must be a table of strings.")
    for name in entry:
        _known(name, _CREDENTIAL_KEYS, "member of a [[credentials]] entry")
    if not entry.get("access-key-id") or not entry.get("access-key-secret"):
        raise ConfigurationError("Every [[credentials]] entry needs access-key-id and access-key-secret.")
    return Credential(
        entry["access-key-id"],
        entry["access-key-secret"],
        check_account(entry.get("account-id", account)),
        entry.get("security-token") or None,
    )
