"""``explain``: everything about one requirement, and the requests that decide it."""

from __future__ import annotations

import difflib
import json
import sys
from collections.abc import Iterator, Sequence

from conformance.cases.case import NO_BODY, Authentication, Case, Key, Name, Place, Slot, fill
from conformance.commands.arguments import PROGRAM, Arguments
from conformance.commands.engine import CollectedTest, collect_tests
from conformance.commands.listing import request_line, requirement_json
from conformance.contract.loader import Contract, load_contract
from conformance.contract.model import Level, Requirement
from conformance.options import UsageError
from conformance.report.text import count, shorten_body, visible, wrap

_WIDTH = 100
_LABEL = 10
_SLOT_NAMES = {
    Slot.NEW_INDEX: "a new name",
    Slot.INDEX: "index, dimension 4, euclidean",
    Slot.COSINE_INDEX: "index, dimension 4, cosine",
    Slot.NOTES_INDEX: "index with the non-filterable field note",
    Slot.MISSING_INDEX: "no such index",
}
_MEANING = {
    Level.MUST: "must: a violation fails the run",
    Level.SHOULD: "should: a violation warns, and fails the run under --strict",
    Level.PROBE: "probe: undocumented or contested, the behaviour is only recorded",
}


def main(arguments: Sequence[str]) -> int:
    """Print one requirement; an unknown id is answered with its neighbours."""
    parser = Arguments("explain", usage=f"{PROGRAM} explain REQUIREMENT [--json]")
    parser.add_argument("requirement", metavar="REQUIREMENT", help="id, as 'list' and the reports show it")
    parser.add_argument("--json", action="store_true", help="print JSON")
    options = parser.parse(arguments)
    contract = load_contract()
    requirement = requirement_named(options.requirement, contract)
    tests = [test for test in collect_tests() if requirement.id in test.decides]
    if options.json:
        document = {
            **requirement_json(requirement),
            "tests": [
                {"id": test.id, "request": describe_case(test.case, contract) if test.case else None}
                for test in tests
            ],
        }
        sys.stdout.write(json.dumps(document, indent=2, ensure_ascii=False) + "\n")
    else:
        sys.stdout.writelines(f"{line}\n" for line in _lines(requirement, tests, contract))
    return 0


def _lines(requirement: Requirement, tests: Sequence[CollectedTest], contract: Contract) -> Iterator[str]:
    yield requirement.id
    yield from wrap(requirement.statement, _WIDTH)
    yield ""
    yield f"{'Level':<{_LABEL}}{_MEANING[requirement.level]}"
    yield f"{'Source':<{_LABEL}}{requirement.source} (strength: {requirement.strength})"
    yield f"{'Expect':<{_LABEL}}{requirement.expect.describe()}"
    yield f"{'Profile':<{_LABEL}}{requirement.profile} and larger"
    if requirement.needs is not None:
        yield f"{'Left out':<{_LABEL}}of a run that lacks it: {requirement.needs.reason}"
    if requirement.excluded is not None:
        yield f"{'Excluded':<{_LABEL}}{requirement.excluded}"
    yield ""
    if not tests:
        yield "No test decides it."
        return
    yield f"Decided by {count(len(tests), 'test')}:"
    for test in tests:
        yield f"  {visible(test.id)}"
        if test.case is not None:
            for line in describe_case(test.case, contract):
                yield f"      {line}"
    yield ""
    yield f"Run them: {PROGRAM} run --requirement {requirement.id}"


def describe_case(case: Case, contract: Contract) -> list[str]:
    """The request of a directed case in a few lines; names of resources stand in angle brackets."""
    operation = contract.operations.get(case.operation)
    if operation is None or case.sub_resource is not None:
        target = "&".join(part for part in (case.sub_resource, case.query) if part)
        lines = [f"{case.method or 'POST'} /?{target}"]
    else:
        lines = [request_line(operation, case.query)]
        if case.method is not None:
            lines = [f"{case.method} instead of {lines[0]}"]
    if case.place is not Place.BUCKET:
        lines.append(f"sent to {case.place.value}")
    if case.bucket is not None:
        length = f", {case.bucket.length} characters" if case.bucket.length else ""
        lines.append(f"bucket name: {case.bucket.before}<unique>{case.bucket.after}{length}")
    if case.authentication is not Authentication.RUN:
        lines.append(f"signed with: {case.authentication.value}")
    lines += [f"header {name}: {value}" for name, value in case.headers]
    if case.chunked:
        lines.append("chunked transfer coding")
    if case.raw is not None:
        lines.append(shorten_body(case.raw.decode("utf-8", "backslashreplace"), len(case.raw)))
    elif case.body is not NO_BODY:
        text = json.dumps(fill(case.body, _slot_name), ensure_ascii=False)
        lines.append(shorten_body(text, len(text.encode("utf-8", "replace"))))
    return [visible(line) for line in lines]


def _slot_name(slot: Slot | Key | Name) -> str:
    if isinstance(slot, Slot):
        return f"<{_SLOT_NAMES[slot]}>"
    what = f"key {slot.suffix}".rstrip() if isinstance(slot, Key) else f"{slot.prefix}name"
    return f"<{what}, {slot.length} characters>" if slot.length else f"<{what}>"


def requirement_named(name: str, contract: Contract) -> Requirement:
    """The requirement with this id, letter case aside; raises :class:`UsageError` with its neighbours."""
    by_name = {identifier.lower(): requirement for identifier, requirement in contract.requirements.items()}
    found = by_name.get(name.lower())
    if found is None:
        near = neighbours(name, contract)
        known = f"; near it are {', '.join(near)}" if near else f"; see '{PROGRAM} list'"
        raise UsageError(f"{name!r} is not a requirement{known}.")
    return found


def neighbours(name: str, contract: Contract, most: int = 5) -> list[str]:
    """Ids that a mistyped or shortened id may have meant."""
    lowered = {identifier.lower(): identifier for identifier in contract.requirements}
    begin = [identifier for low, identifier in lowered.items() if low.startswith(name.lower())]
    close = [lowered[low] for low in difflib.get_close_matches(name.lower(), lowered, n=most, cutoff=0.5)]
    return list(dict.fromkeys([*begin, *close]))[:most]
