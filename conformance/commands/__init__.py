"""The subcommands of ``oss-vectors-conformance``: one module each, with a function ``main``.

Only the module of the subcommand that was asked for is imported, since ``sign``
stands in every curl line and should not wait for what ``run`` needs.
"""

from __future__ import annotations

import importlib
from collections.abc import Sequence

#: What each subcommand is for.
SUMMARIES = {
    "run": "test a target (the embedded emulator unless --endpoint names one) and report",
    "plan": "say what a run would send and make, without sending anything",
    "list": "list requirements (or operations), filtered; needs no network",
    "explain": "explain one requirement: source, expectation, and the requests that decide it",
    "emulator": "start the reference emulator (its options: emulator --help)",
    "sign": "print signature headers for a request, for curl's -H @-",
    "report": "join the reports of shards (merge), or say what changed between two reports (diff)",
    "sweep": "delete what a killed run left, as its ledger files list it",
}
_MODULES = {name: f"{__name__}.{'listing' if name == 'list' else name}" for name in SUMMARIES}


def main_of(name: str, arguments: Sequence[str]) -> int:
    """Run one subcommand; returns its exit code."""
    code: int = importlib.import_module(_MODULES[name]).main(arguments)
    return code
