"""The pytest door: options, one service per worker, records out of every test, one verdict at the end.

It stays out of the way of every other pytest run: nothing happens unless the
arguments name tests of the conformance suite.
"""

from __future__ import annotations

import gc
import json
import os
import shlex
import sys
from collections.abc import Generator, Sequence
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck
from hypothesis import settings as hypothesis_settings

from conformance.configuration import CONFIG_HELP
from conformance.contract.loader import load_contract
from conformance.contract.model import Profile
from conformance.embedded import EmulatorError
from conformance.options import OPTIONS, UsageError
from conformance.plan import plan_lines, plan_of, short_id, side_by_side
from conformance.report.terminal import render
from conformance.run import Run
from conformance.selection import is_wanted, selected_of
from conformance.suite.collecting import SERVICE_KEY, decided_by, needs_own_buckets, smallest_profile
from conformance.suite.delivery import TargetGone
from conformance.suite.events import TestRecord
from conformance.suite.exploring import PropertyViolated
from conformance.suite.names import ONLY_WORKER, worker_name
from conformance.suite.service import Blocked
from conformance.suite.settings import RunSettings
from conformance.suite.spending import BudgetSpent
from conformance.validation import process_count, settings_from
from conformance.verdicts.model import RunResult
from conformance.worker import Worker

_PACKAGE = Path(__file__).resolve().parent
_SUITE = _PACKAGE / "suite"
_RUN_KEY = pytest.StashKey[Run]()
_WORKER_KEY = pytest.StashKey[Worker]()
_SETTINGS_KEY = pytest.StashKey[RunSettings]()
_LEFT_OUT_KEY = pytest.StashKey[set[str]]()
_DECIDED_KEY = pytest.StashKey[set[str]]()
_ELSEWHERE_KEY = pytest.StashKey[set[str]]()
RESULT_KEY = pytest.StashKey[RunResult]()
_SECRETS = ("OSS_ACCESS_KEY_ID", "OSS_ACCESS_KEY_SECRET", "OSS_SESSION_TOKEN")


class PreparedRun:
    """A run that the command has prepared; given to pytest as a plugin, it replaces pytest's own options."""

    def __init__(self, run: Run) -> None:
        self.run = run


def pytest_addoption(parser: pytest.Parser) -> None:
    """Declare the options of :mod:`conformance.options`."""
    group = parser.getgroup("conformance", "OSS Vectors conformance")
    # pytest's own --config-file makes "--config" an abbreviation.
    group.addoption("--conformance-config", metavar="FILE", help=CONFIG_HELP, default=None)
    for option in OPTIONS:
        extra: dict[str, Any] = {"metavar": option.metavar} if option.metavar else {}
        if option.choices:
            extra["choices"] = option.choices
        if option.number is not None:
            extra["type"] = option.number
        action = "store_true" if option.switch else "append" if option.many else "store"
        if option.switch:
            extra = {}
        group.addoption(
            option.pytest_flag or option.flag,
            action=action,
            dest=f"conformance_{option.dest}",
            help=option.words,
            **extra,
        )


def _names_suite(config: pytest.Config) -> bool:
    """Whether the arguments of this pytest run name tests of the suite."""
    for argument in config.args:
        name = argument.partition("::")[0]
        if name.startswith("conformance.") or Path(name).resolve().is_relative_to(_PACKAGE):
            return True
        if config.option.pyargs and name == "conformance":
            return True
    return False


@pytest.hookimpl(tryfirst=True)
def pytest_configure(config: pytest.Config) -> None:
    """Prepare a run of the suite; a mistake in the options ends it here with exit code 4."""
    config.addinivalue_line("markers", "decides(*requirements): requirements that a conformance test decides")
    config.addinivalue_line("markers", "in_profile(name): smallest profile that runs a conformance test")
    config.addinivalue_line("markers", "needs_bucket: a conformance test that makes or changes buckets")
    if not _names_suite(config) or config.option.help:
        return
    config.stash[_DECIDED_KEY] = set()
    config.stash[_LEFT_OUT_KEY] = set()
    config.stash[_ELSEWHERE_KEY] = set()
    worker_input = getattr(config, "workerinput", None)
    if worker_input is not None:
        settings = RunSettings.from_json(worker_input["conformance_settings"])
        own = {name: value for name, value in os.environ.items() if name not in _SECRETS}
        environment = {**own, **worker_input["conformance_environment"]}
        name = worker_name(int(worker_input["workerid"].removeprefix("gw")))
        open_worker(config, settings, environment, name)
        return
    prepared = next((one for one in config.pluginmanager.get_plugins() if isinstance(one, PreparedRun)), None)
    if prepared is not None:
        _control(config, prepared.run)
        return
    values = {option.dest: getattr(config.option, f"conformance_{option.dest}") for option in OPTIONS}
    values["config"] = config.option.conformance_config
    try:
        process_count(getattr(config.option, "numprocesses", None) or 0)
        settings = settings_from(values, os.environ, load_contract())
        if config.option.collectonly:
            config.stash[_SETTINGS_KEY] = settings
            return
        run = Run.prepare(settings, os.environ, shlex.join(["pytest", *config.invocation_params.args]))
    except (UsageError, EmulatorError) as problem:
        raise pytest.UsageError(str(problem)) from problem
    _control(config, run)
    if settings.is_distant:
        config.pluginmanager.register(_PlanFirst(settings))


class _PlanFirst:
    """Says what the run is going to send, before the first test; the command says it on its own."""

    def __init__(self, settings: RunSettings) -> None:
        self._settings = settings
        self._said = False

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Where the tests are collected in this process."""
        self._say(session.config, [item.nodeid for item in session.items if item.path.is_relative_to(_SUITE)])

    @pytest.hookimpl(optionalhook=True)
    def pytest_xdist_node_collection_finished(self, node: Any, ids: Sequence[str]) -> None:
        """Where workers collect them, all of them the same."""
        self._say(node.config, ids)

    def _say(self, config: pytest.Config, tests: Sequence[str]) -> None:
        if self._said or not tests:
            return
        self._said = True
        settings = self._settings
        plan = plan_of(map(short_id, tests), Profile(settings.profile))
        processes = int(getattr(config.option, "numprocesses", None) or 1)
        writer = config.get_terminal_writer()
        writer.line()
        for line in plan_lines(plan, settings, connections=processes):
            writer.line(line)


def _control(config: pytest.Config, run: Run) -> None:
    config.stash[_RUN_KEY] = run
    config.stash[_SETTINGS_KEY] = run.settings
    if not _is_distributed(config):
        open_worker(config, run.settings, run.environment, ONLY_WORKER)


def _is_distributed(config: pytest.Config) -> bool:
    return bool(getattr(config.option, "numprocesses", None) or getattr(config.option, "tx", None))


def settings_of(config: pytest.Config) -> RunSettings:
    """The settings that a pytest run of the suite was configured with, also when it only collects."""
    return config.stash[_SETTINGS_KEY]


def open_worker(config: pytest.Config, settings: RunSettings, environment: dict[str, str], name: str) -> None:
    """Connect this process to the target of the settings, so that the tests collected in it can run.

    Public for measurements of the suite, which collect it once and then point it at many targets.
    """
    worker = Worker.open(settings, environment, name)
    config.stash[_SETTINGS_KEY] = settings
    config.stash[_WORKER_KEY] = worker
    config.stash[SERVICE_KEY] = worker.service
    hypothesis_settings.register_profile(
        "conformance",
        database=None,
        deadline=None,
        derandomize=False,
        print_blob=False,
        report_multiple_bugs=False,
        suppress_health_check=list(HealthCheck),
    )
    hypothesis_settings.load_profile("conformance")


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: Any) -> None:
    """Hand a parallel worker the settings of the run (with pytest-xdist)."""
    run = node.config.stash.get(_RUN_KEY, None)
    if run is not None:
        node.workerinput["conformance_settings"] = run.settings.to_json()
        secrets = {name: run.environment[name] for name in _SECRETS if name in run.environment}
        node.workerinput["conformance_environment"] = secrets
        run.connections += 1


def pytest_collection_finish(session: pytest.Session) -> None:
    """Take all that is there before the first test out of garbage collection: it stays to the end anyway."""
    if _WORKER_KEY in session.config.stash:
        gc.freeze()


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """Keep the tests that decide a selected requirement."""
    settings = config.stash.get(_SETTINGS_KEY, None)
    if settings is None:
        return
    kept: list[pytest.Item] = []
    dropped: list[pytest.Item] = []
    for item in items:
        wanted = not item.path.is_relative_to(_SUITE) or _is_wanted(item, settings)
        if wanted and item.path.is_relative_to(_SUITE) and not settings.holds(short_id(item.nodeid)):
            config.stash[_ELSEWHERE_KEY].update(decided_by(item))
            wanted = False
        if wanted and settings.bucket is not None and needs_own_buckets(item):
            config.stash[_LEFT_OUT_KEY].update(selected_of(decided_by(item), settings))
            wanted = False
        (kept if wanted else dropped).append(item)
    if dropped:
        config.hook.pytest_deselected(items=dropped)
    if settings.rates:
        names = [short_id(item.nodeid) for item in kept]
        kept = [kept[at] for at in side_by_side(names, Profile(settings.profile), settings.rates)]
    items[:] = kept


def _is_wanted(item: pytest.Item, settings: RunSettings) -> bool:
    requirements = load_contract().requirements
    decided = decided_by(item)
    unknown = [name for name in decided if name not in requirements]
    if unknown or not decided:
        raise pytest.UsageError(f"{item.nodeid} decides {unknown[0] if unknown else 'no requirement'}")
    return is_wanted(decided, smallest_profile(item), settings)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_call(item: pytest.Item) -> Generator[None, object, object]:
    """Run one test with a record of its own and fail it for what the judge found."""
    worker = item.config.stash.get(_WORKER_KEY, None)
    if worker is None or not item.path.is_relative_to(_SUITE):
        return (yield)
    recorder = worker.service.recorder
    recorder.begin(item.nodeid, decided_by(item))
    outcome: object = None
    recorder.record.blocked = _stopped(worker) or _barred(item, worker.service.settings)
    if recorder.record.blocked is not None:
        _fail_for(recorder.record)
    try:
        outcome = yield
    except (Blocked, TargetGone, BudgetSpent) as reason:
        recorder.record.blocked = worker.session.redactor.text(str(reason))
    except PropertyViolated:
        # The violation itself is in the record, at its smallest.
        pass
    # Whatever the test made of it: without a target it decided nothing to its end.
    recorder.record.blocked = _stopped(worker) or recorder.record.blocked
    _fail_for(recorder.record)
    return outcome


def _stopped(worker: Worker) -> str | None:
    """Why nothing is sent any more: the target is gone, or the user's limits are reached."""
    return worker.service.gone or worker.service.spending.spent


def _barred(item: pytest.Item, settings: RunSettings) -> str | None:
    """Why a test is not for this target: one that is no OSS Vectors gets a short run, unless the user chose tests."""
    if settings.stranger is None or settings.narrowed or _belongs_to_smoke(item):
        return None
    return "the endpoint does not look like OSS Vectors, so only the tests of the profile smoke were run"


def _belongs_to_smoke(item: pytest.Item) -> bool:
    if any(Profile(str(marker.args[0])) is not Profile.SMOKE for marker in item.iter_markers("in_profile")):
        return False
    requirements = load_contract().requirements
    return any(requirements[name].profile is Profile.SMOKE for name in decided_by(item))


def _fail_for(record: TestRecord) -> None:
    requirements = load_contract().requirements
    lines = [
        f"{event.requirement}: {requirements[event.requirement].statement}\n"
        f"  expected: {event.expected}\n  actual:   {event.actual}"
        for event in record.violations
    ]
    if record.blocked is not None:
        lines.append(f"prerequisite missing: {record.blocked}")
    if lines:
        pytest.fail("\n".join(dict.fromkeys(lines)), pytrace=False)


@pytest.hookimpl(wrapper=True)
def pytest_runtest_makereport(
    item: pytest.Item, call: pytest.CallInfo[None]
) -> Generator[None, pytest.TestReport, pytest.TestReport]:
    """Attach the record to the report, so that it reaches the controlling process."""
    report = yield
    worker = item.config.stash.get(_WORKER_KEY, None)
    if worker is None or not item.path.is_relative_to(_SUITE):
        return report
    if call.when == "call":
        # As one text: what carries reports between processes takes long for nested data.
        report.conformance = json.dumps(worker.service.recorder.end().to_json())  # type: ignore[attr-defined]
        service = worker.service
        trouble = [service.gone, service.outages, service.spending.spent]
        report.conformance_trouble = trouble  # type: ignore[attr-defined]
    raised = call.excinfo
    if raised is not None and not raised.errisinstance((pytest.fail.Exception, KeyboardInterrupt)):
        words = worker.session.redactor.text(raised.exconly())
        report.conformance_error = f"{item.nodeid}: {words}"  # type: ignore[attr-defined]
    return report


class _Collector:
    """Feeds the reports of all tests, of whatever process, into the run."""

    def __init__(self, run: Run, decided: set[str]) -> None:
        self._run = run
        self._decided = decided

    def pytest_runtest_logreport(self, report: pytest.TestReport) -> None:
        """Take up the record of one test."""
        data = getattr(report, "conformance", None)
        if data is not None:
            record = TestRecord.from_json(json.loads(data))
            self._decided.update(record.decides)
            self._run.add(record)
            self._run.note_trouble(*report.conformance_trouble)
        error = getattr(report, "conformance_error", None)
        if error is not None:
            self._run.internal_errors.append(error)

    def pytest_collectreport(self, report: pytest.CollectReport) -> None:
        """A module that cannot be collected is the suite's fault, and silence would hide it."""
        if report.failed:
            self._run.internal_errors.append(f"{report.nodeid}: {str(report.longrepr).splitlines()[-1]}")

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: Any, error: Any) -> None:
        """Take up what a parallel worker had to leave behind."""
        output = getattr(node, "workeroutput", {})
        self._run.leaks.extend(output.get("conformance_leaks", ()))
        self._run.left_out.update(output.get("conformance_left_out", ()))
        self._run.elsewhere.update(output.get("conformance_elsewhere", ()))
        if error is not None:
            self._run.internal_errors.append(f"a worker died: {error}")


def pytest_sessionstart(session: pytest.Session) -> None:
    """Start collecting records where the run is controlled."""
    run = session.config.stash.get(_RUN_KEY, None)
    if run is not None:
        session.config.pluginmanager.register(_Collector(run, session.config.stash[_DECIDED_KEY]))


@pytest.hookimpl(trylast=True)
def pytest_sessionfinish(session: pytest.Session, exitstatus: int) -> None:
    """Clean up, decide, write the reports and set the exit code."""
    config = session.config
    worker = config.stash.get(_WORKER_KEY, None)
    run = config.stash.get(_RUN_KEY, None)
    leaks: tuple[str, ...] = ()
    left_out: set[str] = config.stash.get(_LEFT_OUT_KEY, set())
    elsewhere: set[str] = config.stash.get(_ELSEWHERE_KEY, set())
    if worker is not None:
        leaks = worker.close()
    if run is None:
        output = getattr(config, "workeroutput", None)
        if output is not None and worker is not None:
            output["conformance_leaks"] = list(leaks)
            output["conformance_left_out"] = sorted(left_out)
            output["conformance_elsewhere"] = sorted(elsewhere)
        return
    run.elsewhere.update(elsewhere)
    run.leaks.extend(leaks)
    run.left_out.update(left_out)
    run.interrupted = exitstatus == pytest.ExitCode.INTERRUPTED
    if exitstatus == pytest.ExitCode.INTERNAL_ERROR:
        run.internal_errors.append("pytest reported an internal error")
    if worker is None:
        run.sweep()
    run.stop()
    if exitstatus == pytest.ExitCode.USAGE_ERROR:
        return
    decided: set[str] = config.stash[_DECIDED_KEY]
    result = run.finish(frozenset(decided))
    config.stash[RESULT_KEY] = result
    session.exitstatus = int(result.exit_code)


def pytest_terminal_summary(terminalreporter: Any, config: pytest.Config) -> None:
    """Print the conformance summary below pytest's own."""
    result = config.stash.get(RESULT_KEY, None)
    if result is not None:
        from rich.console import Console  # noqa: PLC0415 - only where something is printed

        terminalreporter.section("OSS Vectors conformance")
        render(result, Console(file=sys.stdout))
