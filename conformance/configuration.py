"""Where options come from besides the command line: environment variables and one TOML file.

Precedence, first wins: the command line, the environment, the configuration
file, the default.  The file is the one given with ``--config``, else
``oss-vectors-conformance.toml`` in the working directory, else the table
``[tool.oss-vectors-conformance]`` of a ``pyproject.toml`` there.
"""

from __future__ import annotations

import json
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conformance.options import OPTIONS, VARIABLE_PREFIX, Option, UsageError, hint

FILE_NAME = "oss-vectors-conformance.toml"
PYPROJECT = "pyproject.toml"
TOOL = "oss-vectors-conformance"
CONFIG_FLAG = "--config"
CONFIG_VARIABLE = f"{VARIABLE_PREFIX}CONFIG"
CONFIG_HELP = (
    f"configuration file (default: {FILE_NAME} or [tool.{TOOL}] of {PYPROJECT}, in the working directory) "
    f"[env: {CONFIG_VARIABLE}]"
)
_TRUE = frozenset({"1", "true", "yes", "on"})
_FALSE = frozenset({"0", "false", "no", "off"})


def gather(
    given: Mapping[str, Any], environment: Mapping[str, str], directory: Path
) -> tuple[dict[str, Any], Path | None]:
    """Values of all options by their ``dest``, ``None`` where nothing sets one, and the file that was read.

    ``given`` is what the command line says.  Raises :class:`UsageError` for a
    file or variable that cannot be used.
    """
    check_variables(environment)
    path = find_configuration(given.get("config") or environment.get(CONFIG_VARIABLE) or None, directory)
    configured = read_configuration(path) if path is not None else {}
    values: dict[str, Any] = {}
    for option in OPTIONS:
        value = given.get(option.dest)
        if not _is_given(value):
            value = _from_environment(option, environment)
        if not _is_given(value):
            value = configured.get(option.dest)
        values[option.dest] = value
    return values, path


def _is_given(value: Any) -> bool:
    # Not by truth: a timeout of 0 is given, and refused.
    return value is not None and value is not False and value != []


def check_variables(environment: Mapping[str, str]) -> None:
    """Raise :class:`UsageError` for a variable that looks like one of ours and is none."""
    known = {option.environment for option in OPTIONS} | {CONFIG_VARIABLE}
    for name in environment:
        if name.startswith(VARIABLE_PREFIX) and name not in known:
            raise UsageError(f"The environment variable {name} is not one of the suite's{hint(name, known)}.")


def _from_environment(option: Option, environment: Mapping[str, str]) -> Any:
    text = environment.get(option.environment)
    if not text:
        return None
    if option.switch:
        return _switch(option.environment, text)
    if option.many:
        return [part.strip() for part in text.split(",") if part.strip()]
    if option.number is not None:
        try:
            return option.number(text)
        except ValueError as problem:
            kind = "a whole number" if option.number is int else "a number"
            raise UsageError(f"{option.environment}: {text!r} is not {kind}.") from problem
    return text


def switched_on(option: Option, environment: Mapping[str, str]) -> bool:
    """Whether the variable of a switch turns it on; raises :class:`UsageError` for neither true nor false."""
    return bool(_from_environment(option, environment))


def _switch(name: str, text: str) -> bool:
    word = text.lower()
    if word not in _TRUE | _FALSE:
        raise UsageError(f"{name}: {text!r} is neither true nor false.")
    return word in _TRUE


def find_configuration(explicit: str | None, directory: Path) -> Path | None:
    """The configuration file to read, or ``None``; raises :class:`UsageError` for one that is not there."""
    if explicit is not None:
        path = Path(explicit)
        if not path.is_file():
            raise UsageError(f"{CONFIG_FLAG}: there is no file {explicit}.")
        return path
    own = directory / FILE_NAME
    if own.is_file():
        return own
    project = directory / PYPROJECT
    if project.is_file() and TOOL in _table(_parsed(project), "tool", project):
        return project
    return None


def read_configuration(path: Path) -> dict[str, Any]:
    """Values by option, from a configuration file; raises :class:`UsageError`, naming the file and the key."""
    content = _parsed(path)
    if path.name == PYPROJECT:
        content = _table(_table(content, "tool", path), TOOL, path)
    options = {option.key: option for option in OPTIONS}
    values: dict[str, Any] = {}
    for key, value in content.items():
        if key not in options:
            raise UsageError(f"{path}: {key!r} is not a setting{hint(key, options)}.")
        values[options[key].dest] = _checked(options[key], value, path)
    return values


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except OSError as problem:
        raise UsageError(f"{path}: the file cannot be read: {problem.strerror}.") from problem
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as problem:
        raise UsageError(f"{path}: this is not TOML: {problem}.") from problem


def _table(content: Mapping[str, Any], name: str, path: Path) -> dict[str, Any]:
    table = content.get(name, {})
    if not isinstance(table, dict):
        raise UsageError(f"{path}: {name} is not a table.")
    return table


def _checked(option: Option, value: Any, path: Path) -> Any:
    if option.table:
        if isinstance(value, dict) and all(_is_number(item) for item in value.values()):
            return [f"{name}={number}" for name, number in value.items()]
    elif option.repeatable:
        if isinstance(value, str):
            return [value]
        if isinstance(value, list) and all(isinstance(item, str) for item in value):
            return value
    elif option.switch:
        if isinstance(value, bool):
            return value
    elif option.number is not None:
        if _is_number(value) and (option.number is float or isinstance(value, int)):
            return option.number(value)
    elif isinstance(value, str):
        return value
    raise UsageError(f"{path}: {option.key} is {_kind(option)}, not {value!r}.")


def _is_number(value: Any) -> bool:
    return isinstance(value, (int, float)) and not isinstance(value, bool)


def _kind(option: Option) -> str:
    if option.table:
        return "a table of numbers"
    if option.repeatable:
        return "a list of strings"
    if option.switch:
        return "true or false"
    if option.number is int:
        return "a whole number"
    if option.number is float:
        return "a number"
    return f"one of {', '.join(option.choices)}" if option.choices else "a string"


def schema() -> dict[str, Any]:
    """JSON Schema of a configuration file, for editors."""
    return {
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "title": "Configuration of oss-vectors-conformance",
        "type": "object",
        "additionalProperties": False,
        "properties": {
            option.key: {"description": option.help, **_schema_of(option)}
            for option in sorted(OPTIONS, key=lambda option: option.key)
        },
    }


def _schema_of(option: Option) -> dict[str, Any]:
    if option.table:
        return {"type": "object", "additionalProperties": {"type": "number", "minimum": 0}}
    if option.repeatable:
        return {"type": ["string", "array"], "items": {"type": "string"}}
    if option.switch:
        return {"type": "boolean"}
    if option.number is not None:
        return {"type": "integer" if option.number is int else "number"}
    return {"enum": list(option.choices)} if option.choices else {"type": "string"}


def schema_text() -> str:
    """The schema as it is stored beside the package."""
    return json.dumps(schema(), indent=2) + "\n"
