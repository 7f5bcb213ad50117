"""What a run has made, written before it is made.

The ledger is what makes clean-up safe and complete: a killed run leaves a file
that names every resource it can have created, and nothing that is not in a
ledger is ever deleted.
"""

from __future__ import annotations

import json
import threading
from dataclasses import asdict, dataclass
from io import TextIOWrapper
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, Self, cast, get_args

from conformance.wire.addressing import Target

FORMAT = 1
Kind = Literal["bucket", "index"]
Event = Literal["entering", "created", "refused", "deleted"]


class LedgerError(ValueError):
    """A ledger cannot be used; the message is one sentence for the user."""


@dataclass(frozen=True, slots=True)
class RunIdentity:
    """Which run a ledger belongs to and where its resources are; no secrets."""

    run_id: str
    endpoint: str
    region: str
    account_id: str
    addressing: str
    virtual_host: str | None = None

    @classmethod
    def of(cls, target: Target, run_id: str) -> RunIdentity:
        """The identity of a run against ``target``."""
        return cls(
            run_id,
            target.endpoint.text,
            target.region,
            target.account_id,
            target.addressing.value,
            target.virtual_host,
        )


@dataclass(frozen=True, slots=True)
class Resource:
    """A bucket, or an index in a bucket, and the run that asked for it."""

    kind: Kind
    bucket: str
    name: str
    run_id: str

    def __str__(self) -> str:
        return f"bucket {self.bucket}" if self.kind == "bucket" else f"index {self.bucket}/{self.name}"


@dataclass(slots=True)
class _State:
    """Whether a resource is known to exist, and creates whose answer is not known."""

    confirmed: bool = False
    unanswered: int = 0

    @property
    def live(self) -> bool:
        return self.confirmed or self.unanswered > 0

    def apply(self, event: Event) -> None:
        if event == "entering":
            self.unanswered += 1
        elif event == "created":
            self.confirmed = True
            self.unanswered = max(0, self.unanswered - 1)
        elif event == "refused":
            # Refused as a duplicate, an existing resource goes on existing.
            self.unanswered = max(0, self.unanswered - 1)
        else:
            self.confirmed = False
            self.unanswered = 0


class Ledger:
    """An append-only file of creations and deletions; in memory when ``path`` is ``None``.

    An existing file of the same run is continued (parallel workers, a sweep
    after a kill); one of another run is refused.
    """

    def __init__(self, path: Path | None, run: RunIdentity) -> None:
        self.run = run
        self._path = path
        self._lock = threading.Lock()
        self._states: dict[Resource, _State] = {}
        self._file: TextIOWrapper | None = None
        if path is None:
            return
        open_end = False
        fresh = not path.exists() or path.stat().st_size == 0
        if not fresh:
            found, open_end = _replay(path, self._states)
            if found.run_id != run.run_id:
                raise LedgerError(f"The ledger {path} belongs to run {found.run_id}, not to {run.run_id}.")
        try:
            self._file = path.open("a", encoding="utf-8")
        except OSError as error:
            raise LedgerError(f"The ledger {path} cannot be written: {error.strerror}.") from error
        if fresh:
            self._append({"event": "run", "format": FORMAT, **asdict(run)})
        elif open_end:
            # Ends the last line, and tells the next reader that it may be cut.
            self._file.write("\n")
            self._append({"event": "resumed", "run": run.run_id})

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        self.close()

    def close(self) -> None:
        """Close the file; what is live stays readable."""
        if self._file is not None:
            self._file.close()
            self._file = None

    def entering(self, kind: Kind, bucket: str, name: str) -> None:
        """Note a create request that is about to be sent."""
        self._note("entering", kind, bucket, name)

    def created(self, kind: Kind, bucket: str, name: str) -> None:
        """Note that a create request succeeded."""
        self._note("created", kind, bucket, name)

    def refused(self, kind: Kind, bucket: str, name: str) -> None:
        """Note that a create request was answered with an error."""
        self._note("refused", kind, bucket, name)

    def deleted(self, kind: Kind, bucket: str, name: str) -> None:
        """Note that a resource is gone."""
        self._note("deleted", kind, bucket, name)

    def live(self) -> list[Resource]:
        """What may exist now, newest first; a create without an answer counts as live."""
        with self._lock:
            return [resource for resource, state in reversed(self._states.items()) if state.live]

    def _note(self, event: Event, kind: Kind, bucket: str, name: str) -> None:
        run_id = self.run.run_id
        with self._lock:
            self._append({"event": event, "run": run_id, "kind": kind, "bucket": bucket, "name": name})
            _apply(self._states, Resource(kind, bucket, name, run_id), event)

    def _append(self, entry: dict[str, Any]) -> None:
        if self._path is None:
            return
        if self._file is None:
            raise LedgerError(f"The ledger {self._path} is closed; nothing may be created without it.")
        # One write per line: parallel workers append to the same file.
        self._file.write(json.dumps(entry, separators=(",", ":")) + "\n")
        self._file.flush()


def read_ledger(path: Path) -> Ledger:
    """Open the ledger of an earlier run, to sweep what it left; deletions are appended to it.

    A cut last line is tolerated, since a killed run may leave one: its request
    was not sent yet.
    """
    run, _ = _replay(path, {})
    return Ledger(path, run)


def _apply(states: dict[Resource, _State], resource: Resource, event: Event) -> None:
    state = states.get(resource)
    if state is None or (event == "entering" and not state.live):
        # Made anew: move it to the end, where the newest resources are.
        states.pop(resource, None)
        state = states[resource] = _State()
    state.apply(event)


def _replay(path: Path, states: dict[Resource, _State]) -> tuple[RunIdentity, bool]:
    """Bring ``states`` to the end of the file; also says whether its last line has no end."""
    try:
        text = path.read_text(encoding="utf-8", errors="replace")
    except OSError as error:
        raise LedgerError(f"The ledger {path} cannot be read: {error.strerror}.") from error
    run: RunIdentity | None = None
    cut = False
    for number, line in enumerate(text.splitlines(), start=1):
        entry = _entry(line)
        if entry is None:
            cut = True
            continue
        if cut and entry.get("event") != "resumed":
            raise LedgerError(f"The ledger {path} is damaged before line {number}.")
        cut = False
        if run is None:
            run = _identity(path, entry)
        elif entry.get("event") not in {"run", "resumed"} and entry.get("run") == run.run_id:
            event, resource = _resource(path, number, entry)
            _apply(states, resource, event)
    if run is None:
        raise LedgerError(f"The ledger {path} has no complete header line.")
    return run, not text.endswith("\n")


def _entry(line: str) -> dict[str, Any] | None:
    """A line as an object, ``None`` when it is cut (a cut object is never valid JSON)."""
    try:
        entry = json.loads(line)
    except ValueError:
        return None
    return entry if isinstance(entry, dict) else None


def _identity(path: Path, entry: dict[str, Any]) -> RunIdentity:
    if entry.get("event") != "run" or entry.get("format") != FORMAT:
        raise LedgerError(f"The file {path} is not a ledger of this version of the suite.")
    try:
        return RunIdentity(**{name: entry[name] for name in RunIdentity.__dataclass_fields__})
    except KeyError as error:
        raise LedgerError(f"The header line of the ledger {path} lacks {error.args[0]!r}.") from error


def _resource(path: Path, number: int, entry: dict[str, Any]) -> tuple[Event, Resource]:
    event, kind = entry.get("event"), entry.get("kind")
    bucket, name = entry.get("bucket"), entry.get("name")
    known = event in get_args(Event) and kind in get_args(Kind)
    if not known or not isinstance(bucket, str) or not isinstance(name, str):
        raise LedgerError(f"Line {number} of the ledger {path} is not an entry.")
    return cast("Event", event), Resource(cast("Kind", kind), bucket, name, entry["run"])
