"""One run from beginning to end, whichever door it was started through.

The controlling process prepares (target, credentials, preflight), collects the
records of all tests and writes the reports; each worker has a service of its
own and cleans up after itself.
"""

from __future__ import annotations

import os
import platform
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime
from importlib import metadata
from pathlib import Path

from conformance import __version__
from conformance.contract.loader import Contract, load_contract
from conformance.contract.model import Level
from conformance.contract.releases import at_release, in_set
from conformance.embedded import EmbeddedEmulator
from conformance.options import DEFAULT_REPORT_DIR, UsageError
from conformance.preflight import Look, look_at
from conformance.repetition import repeating_options
from conformance.report.reading import ReportError, read_baseline
from conformance.report.text import count
from conformance.report.writing import write_reports
from conformance.selection import is_selected
from conformance.suite.borrowed import NEEDS_BUCKET
from conformance.suite.events import TestRecord
from conformance.suite.settings import RunSettings
from conformance.verdicts.changes import compare, outcomes_of
from conformance.verdicts.collect import Collection
from conformance.verdicts.decide import Selection, decide, exit_code
from conformance.verdicts.deviations import DeviationError, load_deviations
from conformance.verdicts.model import (
    Baseline,
    Deviation,
    ExitCode,
    Outcome,
    RequirementResult,
    RunInfo,
    RunResult,
)
from conformance.verdicts.new_deviations import entries_for
from conformance.wire.cleanup import clean_up
from conformance.wire.credential_profiles import profile_file, read_profile
from conformance.wire.credentials import SESSION_TOKEN, CredentialsError
from conformance.wire.ledger import read_ledger
from conformance.wire.meter import Meter
from conformance.wire.pace import Bound, lower_bound
from conformance.wire.session import WireSession
from conformance.worker import cleanup_pauses, keys_of

_SHOWN_VERSIONS = ("pytest", "hypothesis", "schemathesis", "requests")


@dataclass
class Run:
    """The controlling side of a run."""

    settings: RunSettings
    contract: Contract
    command: str
    environment: dict[str, str]
    deviations: tuple[Deviation, ...] = ()
    emulator: EmbeddedEmulator | None = None
    started: datetime = field(default_factory=lambda: datetime.now(UTC))
    collection: Collection = field(default_factory=Collection)
    leaks: list[str] = field(default_factory=list)
    internal_errors: list[str] = field(default_factory=list)
    interrupted: bool = False
    #: How many workers send at the same time; the plugin counts parallel ones.
    connections: int = 0
    gone: str | None = None
    spent: str | None = None
    outages: int = 0
    result: RunResult | None = None
    baseline: Baseline | None = None
    #: Requirements that tests of other shards decide.
    elsewhere: set[str] = field(default_factory=set)
    #: Requirements of tests that a run with --bucket leaves out.
    left_out: set[str] = field(default_factory=set)
    look: Look = field(default_factory=Look)

    @classmethod
    def prepare(cls, settings: RunSettings, environment: Mapping[str, str], command: str) -> Run:
        """Check everything a user can get wrong, start the emulator if it is the target, look at the target.

        Raises :class:`UsageError`.
        """
        contract = at_release(load_contract(), settings.requirement_set)
        run = cls(settings, contract, command, dict(environment))
        if settings.baseline_report is not None:
            run.baseline = _baseline(settings.baseline_report)
        if settings.known_deviations is not None:
            run.deviations = _deviations(settings.known_deviations, contract)
        if settings.credentials_profile is not None and not settings.embedded:
            run.environment.pop(SESSION_TOKEN, None)
            run.environment.update(_profile(settings.credentials_profile, environment))
        _make_report_dir(settings)
        if settings.embedded:
            run.emulator = EmbeddedEmulator.start(
                region=settings.region,
                account_id=settings.account_id,
                temporary_key=bool(run.environment.pop(SESSION_TOKEN, "")),
            )
            run.settings = replace(settings, endpoint=run.emulator.endpoint)
            run.environment.update(run.emulator.environment)
        elif keys_of(settings, run.environment) is None:
            raise UsageError(
                "Credentials are missing: set OSS_ACCESS_KEY_ID and OSS_ACCESS_KEY_SECRET "
                "(an emulator that checks no signatures takes any value)."
            )
        with run._session() as session:
            look = look_at(session, run.settings.bucket, lambda: run._session(other_way=True))
            credentials = session.credentials
        if look.problem is not None:
            run.stop()
            raise UsageError(look.problem)
        run.look = look
        temporary_key = credentials is not None and credentials.security_token is not None
        run.settings = replace(run.settings, stranger=look.stranger, temporary_key=temporary_key)
        run._set_limits()
        return run

    def _set_limits(self) -> None:
        """Start the clock of the run, and make the figures that its workers share."""
        settings = self.settings
        if not settings.is_limited:
            return
        deadline = None if settings.max_duration is None else time.time() + settings.max_duration
        path = Path(settings.report_dir or DEFAULT_REPORT_DIR) / f"meter-{settings.run_id}.sqlite"
        Meter.create(path, settings.rates)
        self.settings = replace(settings, deadline=deadline, meter=str(path))

    def note_trouble(self, gone: str | None, outages: int, spent: str | None) -> None:
        """Note what a worker says: why its target is gone, how often it was away, which budget is used up."""
        self.gone = self.gone or gone
        self.outages = max(self.outages, outages)
        self.spent = self.spent or spent

    def _notices(self, results: Iterable[RequirementResult]) -> tuple[str, ...]:
        """What a reader has to know before anything else, in sentences."""
        notices = []
        if self.interrupted:
            left = sum(self._was_left(entry) for entry in results)
            notices.append(
                f"The run was interrupted: it had not come to {count(left, 'selected requirement')}."
            )
        notices += [self.settings.stranger] if self.settings.stranger is not None else []
        if self.look.notice is not None:
            notices.append(self.look.notice)
        restriction = self.collection.restriction
        if restriction is not None:
            notices.append(
                f"{restriction[0].upper()}{restriction[1:]}: every request was answered with AccessDenied, so that "
                f"what needs it stays open; allow {self._actions()} and run again."
            )
        if self.gone is not None:
            notices.append(f"{self.gone[0].upper()}{self.gone[1:]}; nothing was tested after that.")
        if self.spent is not None:
            notices.append(
                f"{self.spent[0].upper()}{self.spent[1:]}; nothing but the clean-up was sent after that."
            )
        if self.outages:
            times = "once" if self.outages == 1 else f"{self.outages} times"
            notices.append(
                f"The endpoint went away and came back {times} during the run: what it forgot then "
                "shows as violations."
            )
        return tuple(notices)

    def _was_left(self, entry: RequirementResult) -> bool:
        """Whether a requirement was selected, and nothing said of it since the run ended early."""
        requirement = entry.requirement
        return (
            entry.outcome is Outcome.NOT_SELECTED
            and entry.reason is None
            and requirement.level is not Level.PROBE
            and is_selected(requirement, self.settings)
        )

    def stop(self) -> None:
        """Stop the embedded emulator, if there is one."""
        if self.emulator is not None:
            self.emulator.stop()
            self.emulator = None
        if self.settings.meter is not None:
            Path(self.settings.meter).unlink(missing_ok=True)

    def sweep(self) -> None:
        """Delete what worker processes left: they may have been killed before they cleaned up.

        What they reported as left behind is in their ledgers, so it is tried again.
        """
        directory = Path(self.settings.report_dir or DEFAULT_REPORT_DIR)
        left = sorted(directory.glob(f"ledger-{self.settings.run_id}-*.jsonl"))
        if not left:
            return
        self.leaks.clear()
        with self._session() as session:
            for path in left:
                with read_ledger(path) as ledger:
                    leaked = clean_up(session, ledger, pauses=cleanup_pauses(self.gone)).leaked
                self.leaks.extend(leaked)
                if not leaked:
                    path.unlink()

    def _session(self, *, other_way: bool = False) -> WireSession:
        settings = self.settings
        timeout = (settings.connect_timeout, settings.read_timeout)
        keys = keys_of(settings, self.environment)
        target = settings.target.other_way if other_way else settings.target
        return WireSession(target, keys, run_id=settings.run_id, timeout=timeout, ca_file=settings.ca_file)

    def add(self, record: TestRecord) -> None:
        """Take up the record of one test."""
        self.collection.add(record)

    def finish(self, decided: frozenset[str]) -> RunResult:
        """Decide every requirement and write the reports; ``decided`` is what the executed tests set out to decide."""
        settings = self.settings
        self.collection.settle()
        results = decide(self.contract, self.collection, self._selection(decided), self.deviations)
        code, reason = exit_code(
            results,
            strict=settings.strict,
            interrupted=self.interrupted,
            internal_errors=self.internal_errors,
            leaks=self.leaks,
            gone=self.gone,
            spent=self.spent,
            stranger=settings.stranger is not None,
            left_to_shards=bool(self.elsewhere),
        )
        result = RunResult(
            info=self._info(),
            results=results,
            exit_code=code,
            exit_reason=reason,
            requests=dict(sorted(self.collection.requests.items())),
            leaks=tuple(self.leaks),
            internal_errors=tuple(self.internal_errors),
            notices=self._notices(results),
            is_stranger=settings.stranger is not None,
            gone=self.gone,
            spent=self.spent,
            exchanges=self.collection.recorded(),
            changes=None if self.baseline is None else compare(self.baseline, outcomes_of(results)),
        )
        try:
            self._write(result)
        except OSError as problem:
            reason = f"the reports cannot be written: {problem}"
            result = replace(result, exit_code=ExitCode.INTERNAL_ERROR, exit_reason=reason)
        self.result = result
        return result

    def _write(self, result: RunResult) -> None:
        settings = self.settings
        if settings.report_dir is not None:
            write_reports(result, Path(settings.report_dir))
        if settings.write_known_deviations is not None:
            path = Path(settings.write_known_deviations)
            path.parent.mkdir(parents=True, exist_ok=True)
            with path.open("x", encoding="utf-8") as file:
                file.write(entries_for(result.results, strict=settings.strict, today=_today()))

    def _actions(self) -> str:
        """The actions of a policy that would allow what was denied."""
        return ", ".join(self.contract.operation(name).ram_action for name in self.collection.forbidden)

    def _selection(self, decided: frozenset[str]) -> Selection:
        settings = self.settings
        requirements = self.contract.requirements
        return Selection(
            self._selected(decided),
            settings.narrowed,
            dict.fromkeys(self.left_out - decided, NEEDS_BUCKET)
            | {
                identifier: requirement.needs.reason
                for identifier, requirement in requirements.items()
                if requirement.needs is not None and settings.lacks(requirement.needs)
            },
            {
                identifier: f"not in requirement set {settings.requirement_set}"
                for identifier in requirements
                if not in_set(identifier, settings.requirement_set)
            },
            self._selected(self.elsewhere) if settings.shard is not None else None,
        )

    def _selected(self, identifiers: Iterable[str]) -> frozenset[str]:
        known = self.contract.requirements
        return frozenset(
            name for name in identifiers if name in known and is_selected(known[name], self.settings)
        )

    def _pace(self) -> Bound | None:
        """The least time for what was sent, by the rates and by the measured latency."""
        if not self.settings.rates:
            return None
        requests = self.collection.requests
        latency = _mean(self.collection.elapsed, sum(requests.values()))
        return lower_bound(
            requests, self.settings.rates, latency=latency, connections=max(1, self.connections)
        )

    def _info(self) -> RunInfo:
        settings = self.settings
        return RunInfo(
            run_id=settings.run_id,
            suite_version=__version__,
            contract_version=self.contract.version,
            endpoint=settings.endpoint,
            embedded_emulator=settings.embedded,
            region=settings.region,
            account_id=settings.account_id,
            addressing=settings.addressing,
            profile=settings.profile,
            seed=settings.seed,
            strict=settings.strict,
            operations=settings.operations,
            requirements=settings.requirements,
            started=self.started.isoformat(timespec="seconds"),
            duration_seconds=round((datetime.now(UTC) - self.started).total_seconds(), 3),
            python=platform.python_version(),
            versions={name: metadata.version(name) for name in _SHOWN_VERSIONS},
            command=self.command,
            report_dir=settings.report_dir,
            pace=self._pace(),
            configuration=settings.configuration,
            bucket=settings.bucket,
            shard=settings.shard,
            requirement_set=settings.requirement_set,
            options=repeating_options(settings),
        )


def _mean(total: float, number: int) -> float:
    return total / number if number else 0.0


def _profile(name: str, environment: Mapping[str, str]) -> dict[str, str]:
    try:
        return read_profile(name, profile_file(environment))
    except CredentialsError as problem:
        raise UsageError(f"--credentials-profile: {problem}") from problem


def _deviations(path: str, contract: Contract) -> tuple[Deviation, ...]:
    try:
        return load_deviations(Path(path), contract.requirements, _today())
    except DeviationError as problem:
        raise UsageError(f"--known-deviations: {problem}") from problem


def _baseline(path: str) -> Baseline:
    try:
        return read_baseline(Path(path))
    except ReportError as problem:
        raise UsageError(f"--baseline-report: {problem}") from problem


def _today() -> date:
    return date.today()  # noqa: DTZ011 - a user's calendar day


def _make_report_dir(settings: RunSettings) -> None:
    if settings.report_dir is None:
        return
    directory = Path(settings.report_dir)
    try:
        directory.mkdir(parents=True, exist_ok=True)
        # Named after their exchanges; a file of the user's beside them is not.
        for old in (*directory.glob("exchanges-*.jsonl"), *(directory / "bodies").glob("?-??????.json")):
            old.unlink()
    except OSError as problem:
        raise UsageError(f"--report-dir: {directory} cannot be used: {problem.strerror}.") from problem
    if not os.access(directory, os.W_OK):
        raise UsageError(f"--report-dir: {directory} is not writable.")
