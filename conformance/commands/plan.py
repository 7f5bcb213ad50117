"""``plan``: what a run would send and make, without sending anything."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

from conformance.commands.arguments import PROGRAM, Arguments, number
from conformance.commands.engine import collect_tests
from conformance.configuration import CONFIG_HELP
from conformance.contract.loader import load_contract
from conformance.contract.model import Profile
from conformance.options import UsageError
from conformance.plan import DEFAULT_LATENCY, Plan, plan_lines, plan_of, short_id
from conformance.selection import is_wanted
from conformance.suite.settings import RunSettings
from conformance.validation import settings_from

_LATENCY_MS = DEFAULT_LATENCY * 1000


def main(arguments: Sequence[str]) -> int:
    """Check the options as ``run`` does and print the plan; nothing is contacted."""
    parser = Arguments("plan", usage=f"{PROGRAM} plan [OPTIONS of run]")
    parser.add_options()
    parser.add_argument("--config", metavar="FILE", help=CONFIG_HELP)
    parser.add_argument(
        "-n", dest="workers", metavar="N", type=number(int), default=0, help="processes of the run"
    )
    parser.add_argument(
        "--latency",
        metavar="MS",
        type=number(float),
        default=_LATENCY_MS,
        help=f"milliseconds of one request (default: {_LATENCY_MS:g})",
    )
    options = parser.parse(arguments)
    if options.latency < 0:
        raise UsageError(f"--latency: {options.latency:g} is not a number of milliseconds.")
    # What a plan is for is to be seen before anything is allowed.
    settings = settings_from({**vars(options), "allow_live": True}, os.environ, load_contract())
    lines = plan_lines(
        planned(settings),
        settings,
        latency=options.latency / 1000,
        connections=max(1, options.workers),
    )
    sys.stdout.write("\n".join(lines) + "\n")
    return 0


def planned(settings: RunSettings) -> Plan:
    """The plan of the tests that a run with these settings executes."""
    wanted = (
        short_id(test.id)
        for test in collect_tests()
        if is_wanted(test.decides, test.profile, settings)
        and not (test.needs_bucket and settings.bucket is not None)
    )
    return plan_of(filter(settings.holds, wanted), Profile(settings.profile))
