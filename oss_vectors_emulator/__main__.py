"""The command line: ``oss-vectors-emulator`` or ``python -m oss_vectors_emulator``."""

from __future__ import annotations

import argparse
import dataclasses
import math
import os
import sys
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import NoReturn

from oss_vectors_emulator.app import create_app
from oss_vectors_emulator.choices import Choices
from oss_vectors_emulator.config import (
    DEFAULT_REGION,
    ConfigurationError,
    FileSettings,
    Settings,
    check_account,
    check_region,
    parse_choices,
    parse_limits,
    read_file,
)
from oss_vectors_emulator.credentials import (
    DEFAULT_ACCESS_KEY_ID,
    DEFAULT_ACCESS_KEY_SECRET,
    DEFAULT_ACCOUNT_ID,
    Credential,
)
from oss_vectors_emulator.limits import Limits
from oss_vectors_emulator.server import bind, run

_USAGE_ERROR = 2
_LAST_PORT = 65535


class _Parser(argparse.ArgumentParser):
    """Reports a bad option in one line, without repeating the usage."""

    def error(self, message: str) -> NoReturn:
        self.exit(_USAGE_ERROR, f"{self.prog}: {message}\n")


def build_parser() -> argparse.ArgumentParser:
    """All options."""
    parser = _Parser(
        prog="oss-vectors-emulator",
        description="Reference emulator of the OSS Vectors HTTP API. Access key, secret and security token "
        "come from OSS_ACCESS_KEY_ID, OSS_ACCESS_KEY_SECRET and OSS_SESSION_TOKEN; without them the key is "
        f"{DEFAULT_ACCESS_KEY_ID} with the secret {DEFAULT_ACCESS_KEY_SECRET}.",
    )
    parser.add_argument("--host", default="127.0.0.1", help="address to listen on (default %(default)s)")
    parser.add_argument("--port", default="9000", help="port, 0 takes a free one (default %(default)s)")
    parser.add_argument("--region", default=DEFAULT_REGION, help="region id (default %(default)s)")
    parser.add_argument("--account-id", default=DEFAULT_ACCOUNT_ID, help="account (default %(default)s)")
    parser.add_argument(
        "--config", metavar="FILE", help="TOML file with [limits], [choices], [[credentials]]"
    )
    parser.add_argument("--limit", action="append", default=[], metavar="NAME=VALUE", help="change a limit")
    parser.add_argument("--choice", action="append", default=[], metavar="NAME=VALUE", help="change a choice")
    parser.add_argument("--enforce-rates", action="store_true", help="answer 503 beyond the documented rates")
    parser.add_argument("--latency-ms", default="0", metavar="MS", help="delay of every answer")
    parser.add_argument(
        "--query-visibility-ms", default="0", metavar="MS", help="how long QueryVectors misses a new vector"
    )
    parser.add_argument(
        "--recall", default="1", metavar="SHARE", help="share of the true neighbours that queries find"
    )
    parser.add_argument("--exit-with-parent", action="store_true", help="quit when standard input ends")
    parser.add_argument("--list-settings", action="store_true", help="print limits with sources and choices")
    return parser


def settings_from(options: argparse.Namespace, environment: Mapping[str, str]) -> Settings:
    """Settings from options, a file and the environment; an option wins over the file."""
    account = check_account(options.account_id)
    own = Credential(
        environment.get("OSS_ACCESS_KEY_ID") or DEFAULT_ACCESS_KEY_ID,
        environment.get("OSS_ACCESS_KEY_SECRET") or DEFAULT_ACCESS_KEY_SECRET,
        account,
        environment.get("OSS_SESSION_TOKEN") or None,
    )
    file = read_file(Path(options.config), account) if options.config else FileSettings()
    return Settings(
        region=check_region(options.region),
        credentials=(own, *file.credentials),
        limits=dataclasses.replace(Limits(), **{**file.limits, **parse_limits(options.limit)}),
        choices=dataclasses.replace(Choices(), **{**file.choices, **parse_choices(options.choice)}),
        enforce_rates=options.enforce_rates,
        latency_ms=_milliseconds("--latency-ms", options.latency_ms),
        query_visibility_ms=_milliseconds("--query-visibility-ms", options.query_visibility_ms),
        recall=_share("--recall", options.recall),
    )


def describe_settings() -> str:
    """Every limit with its source, and every choice with its values."""
    lines = ["Limits (--limit NAME=VALUE):"]
    for item in dataclasses.fields(Limits):
        note = f"; {item.metadata['note']}" if item.metadata["note"] else ""
        source = f"{item.metadata['document']}, {item.metadata['section']}{note}"
        lines.append(f"  {item.name} = {item.default}  ({source})")
    lines.append("Choices (--choice NAME=VALUE, first value is the default):")
    lines.extend(
        f"  {item.name} = {' | '.join(item.metadata['values'])}  ({item.metadata['about']})"
        for item in dataclasses.fields(Choices)
    )
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the emulator until it is told to stop."""
    parser = build_parser()
    options = parser.parse_args(arguments)
    if options.list_settings:
        print(describe_settings())
        return 0
    try:
        settings = settings_from(options, os.environ)
        port = _port(options.port)
    except ConfigurationError as error:
        parser.error(str(error))
    try:
        bound = bind(options.host, port)
    except OSError as error:
        parser.error(f"Cannot listen on {options.host} port {port}: {error.strerror or error}.")
    run(create_app(settings), bound, options.exit_with_parent)
    return 0


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= _LAST_PORT):
        raise ConfigurationError(f"--port must be a number from 0 to {_LAST_PORT}, not {text!r}.")
    return int(text)


def _milliseconds(option: str, text: str) -> float:
    value = _number(text)
    if not (math.isfinite(value) and value >= 0):
        raise ConfigurationError(f"{option} must be a number of milliseconds, not {text!r}.")
    return value


def _share(option: str, text: str) -> float:
    value = _number(text)
    if not 0 <= value <= 1:
        raise ConfigurationError(f"{option} must be a number from 0 to 1, not {text!r}.")
    return value


def _number(text: str) -> float:
    try:
        return float(text)
    except ValueError:
        return math.nan


if __name__ == "__main__":
    sys.exit(main())
