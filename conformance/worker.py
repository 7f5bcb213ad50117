"""One process of a run: its service, session and ledger, from opening to clean-up."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Self

from conformance.contract.loader import load_contract
from conformance.options import UsageError
from conformance.suite.service import Service
from conformance.suite.settings import RunSettings
from conformance.wire.chain import KeyChain, default_chain
from conformance.wire.cleanup import FEW_PAUSES, PAUSES, clean_up
from conformance.wire.credentials import Credentials, CredentialsError, from_environment
from conformance.wire.ledger import Ledger, RunIdentity
from conformance.wire.recorder import Recorder
from conformance.wire.session import WireSession


@dataclass
class Worker:
    """What one process of a run holds: service, ledger, recorder."""

    service: Service
    session: WireSession
    ledger: Ledger
    recorder: Recorder
    ledger_path: Path | None

    @classmethod
    def open(cls, settings: RunSettings, environment: Mapping[str, str], worker: str) -> Self:
        """Open a worker's files and session; ``worker`` is a short id such as ``a``."""
        directory = Path(settings.report_dir) if settings.report_dir else None
        recorder = Recorder(directory / f"exchanges-{worker}.jsonl" if directory else None)
        session = WireSession(
            settings.target,
            keys_of(settings, environment),
            run_id=settings.run_id,
            timeout=(settings.connect_timeout, settings.read_timeout),
            worker=worker,
            recorder=recorder,
            ca_file=settings.ca_file,
        )
        path = directory / f"ledger-{settings.run_id}-{worker}.jsonl" if directory else None
        ledger = Ledger(path, RunIdentity.of(settings.target, settings.run_id))
        service = Service(load_contract(), session, ledger, settings, worker=worker)
        return cls(service, session, ledger, recorder, path)

    def close(self) -> tuple[str, ...]:
        """Delete what the ledger lists, close everything; returns what had to be left behind.

        The ledger file stays only when something leaked, for ``sweep``.
        """
        report = clean_up(self.session, self.ledger, pauses=cleanup_pauses(self.service.gone))
        self.session.close()
        self.recorder.close()
        self.ledger.close()
        self.service.spending.close()
        if not report.leaked and self.ledger_path is not None:
            self.ledger_path.unlink(missing_ok=True)
        return report.leaked


def keys_of(settings: RunSettings, environment: Mapping[str, str]) -> Credentials | KeyChain | None:
    """What this process signs with; the embedded emulator has keys of its own, which are in ``environment``."""
    if settings.credentials_chain and not settings.embedded:
        try:
            return default_chain()
        except CredentialsError as problem:
            raise UsageError(f"--credentials-chain: {problem}") from problem
    try:
        return from_environment(environment)
    except CredentialsError as problem:
        raise UsageError(str(problem)) from problem


def cleanup_pauses(gone: str | None) -> tuple[float, ...]:
    """How patiently to delete: a target that is gone is not waited for long."""
    return PAUSES if gone is None else FEW_PAUSES
