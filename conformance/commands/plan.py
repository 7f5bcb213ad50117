"""``plan``: what a run would send and make, without sending anything."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator, Sequence

from conformance.commands.arguments import PROGRAM, Arguments, number
from conformance.commands.engine import collect_tests
from conformance.configuration import CONFIG_HELP
from conformance.contract.loader import load_contract
from conformance.contract.model import Profile
from conformance.options import UsageError
from conformance.plan import Plan, documented_rates, plan_of, short_id
from conformance.run import is_wanted
from conformance.suite.settings import RunSettings
from conformance.validation import settings_from

_LATENCY_MS = 30.0
_LABEL = 12


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
    sys.stdout.write("\n".join(plan_lines(settings, options.latency / 1000, max(1, options.workers))) + "\n")
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


def plan_lines(
    settings: RunSettings, latency: float = _LATENCY_MS / 1000, connections: int = 1
) -> Iterator[str]:
    """The plan for people; ``latency`` of one request in seconds."""
    plan = planned(settings)
    target = "the embedded reference emulator" if settings.embedded else settings.endpoint
    shard = "" if settings.shard is None else f", shard {settings.shard}"
    yield f"{'Target':<{_LABEL}}{target}"
    yield f"{'Tests':<{_LABEL}}{plan.tests:,} of the profile {settings.profile}{shard}"
    yield f"{'Requests':<{_LABEL}}about {plan.total:,}; more where answers have to be waited for"
    documented = documented_rates(load_contract())
    for operation, count in sorted(plan.requests.items(), key=lambda item: -item[1]):
        yield f"{'':<{_LABEL}}{operation:<24}{count:>7,}{_rate(operation, settings, documented)}"
    workers = "" if connections == 1 else f" in each of {connections} processes"
    yield (
        f"{'Resources':<{_LABEL}}at most {plan.buckets} buckets and {plan.indexes} indexes at a time{workers}, "
        "named ovc-<run id>..., all deleted at the end"
    )
    bound = plan.bound(settings.rates, latency=latency, connections=connections)
    yield f"{'Duration':<{_LABEL}}{bound}"
    yield f"{'Limits':<{_LABEL}}{_limits(settings)}"


def _rate(operation: str, settings: RunSettings, documented: dict[str, float]) -> str:
    if operation in settings.rates:
        return f"  at most {settings.rates[operation]:g} per second"
    return (
        f"  no limit kept; documented: {documented[operation]:g} per second"
        if operation in documented
        else ""
    )


def _limits(settings: RunSettings) -> str:
    limits = (
        ("--max-requests", settings.max_requests),
        ("--max-duration", settings.max_duration),
        ("--max-resources", settings.max_resources),
    )
    given = [f"{flag} {value:g}" for flag, value in limits if value is not None]
    return ", ".join(given) or "none (--max-requests, --max-duration, --max-resources)"
