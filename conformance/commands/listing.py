"""``list``: requirements and operations of the contract, without a network."""

from __future__ import annotations

import json
import sys
from argparse import Namespace
from collections.abc import Sequence
from typing import Any

from conformance.commands.arguments import PROGRAM, Arguments
from conformance.commands.engine import collect_tests
from conformance.contract.loader import Contract, load_contract
from conformance.contract.model import Level, Operation, Profile, Requirement
from conformance.options import option_called
from conformance.validation import one_of, operations_named, requirements_named

_LEVELS = tuple(level.value for level in Level)


def main(arguments: Sequence[str]) -> int:
    """Print one line per requirement: id, level, smallest profile that decides it, statement."""
    parser = Arguments("list", usage=f"{PROGRAM} list [OPTIONS]")
    parser.add_options(map(option_called, ("--operation", "--requirement")))
    parser.add_argument("--level", metavar=f"{{{','.join(_LEVELS)}}}", help="only requirements of this level")
    profiles = ",".join(profile.value for profile in Profile)
    parser.add_argument(
        "--profile", metavar=f"{{{profiles}}}", help="only what a run of this profile decides"
    )
    parser.add_argument("--untested", action="store_true", help="only requirements that no test decides")
    parser.add_argument("--operations", action="store_true", help="list the operations instead")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse(arguments)
    contract = load_contract()
    if options.operations:
        _print_operations(contract, as_json=options.json)
    else:
        _print_requirements(_selected(contract, options), as_json=options.json)
    return 0


def _selected(contract: Contract, options: Namespace) -> list[Requirement]:
    level = one_of("--level", options.level, _LEVELS)
    profile = one_of("--profile", options.profile, (profile.value for profile in Profile))
    operations = operations_named(options.operation or (), contract)
    named = requirements_named(options.requirement or (), contract)
    found = [
        requirement
        for requirement in contract.requirements.values()
        if (level is None or requirement.level.value == level)
        and (profile is None or requirement.profile.rank <= Profile(profile).rank)
        and (not operations or requirement.operation in operations)
        and (not named or requirement.id in named)
    ]
    if options.untested:
        tested = {identifier for test in collect_tests() for identifier in test.decides}
        found = [one for one in found if one.id not in tested and one.excluded is None]
    return found


def _print_requirements(found: Sequence[Requirement], *, as_json: bool) -> None:
    if as_json:
        _print_json([requirement_json(requirement) for requirement in found])
        return
    width = max((len(requirement.id) for requirement in found), default=0)
    for one in found:
        note = " (excluded)" if one.excluded is not None else ""
        sys.stdout.write(f"{one.id:<{width}}  {one.level:<6}  {one.profile:<5}  {one.statement}{note}\n")


def requirement_json(requirement: Requirement) -> dict[str, Any]:
    """A requirement as JSON, with the member names of ``report.json``."""
    source = requirement.source
    return {
        "id": requirement.id,
        "operation": requirement.operation,
        "level": requirement.level.value,
        "strength": requirement.strength.value,
        "profile": requirement.profile.value,
        "statement": requirement.statement,
        "source": {"document": source.document, "section": source.section, "date": source.date},
        "expect": {
            "statuses": list(requirement.expect.statuses),
            "codes": list(requirement.expect.codes),
            "description": requirement.expect.describe(),
        },
        "excluded": requirement.excluded,
    }


def _print_operations(contract: Contract, *, as_json: bool) -> None:
    numbers: dict[str, int] = {}
    for requirement in contract.requirements.values():
        numbers[requirement.operation] = numbers.get(requirement.operation, 0) + 1
    if as_json:
        _print_json([_operation_json(contract, name, count) for name, count in numbers.items()])
        return
    width = max(map(len, numbers))
    for name, count in numbers.items():
        operation = contract.operations.get(name)
        request = "rules common to all operations" if operation is None else request_line(operation)
        sys.stdout.write(f"{name:<{width}}  {count:>3} requirements  {request}\n")


def request_line(operation: Operation, query: str = "") -> str:
    """Method and target of an operation's requests, and which host they go to."""
    whole = "&".join(part for part in (operation.query, query) if part)
    host = "bucket host" if operation.on_bucket else "service host"
    return f"{operation.method} /{f'?{whole}' if whole else ''} on the {host}"


def _operation_json(contract: Contract, name: str, count: int) -> dict[str, Any]:
    operation = contract.operations.get(name)
    wire = (
        None
        if operation is None
        else {"method": operation.method, "query": operation.query, "scope": operation.scope}
    )
    return {"name": name, "requirements": count, "request": wire}


def _print_json(value: object) -> None:
    sys.stdout.write(json.dumps(value, indent=2, ensure_ascii=False) + "\n")
