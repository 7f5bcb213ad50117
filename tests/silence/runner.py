"""Measures false alarms: ``python -m tests.silence.runner [--seeds N] [--profile P]``.

A correct server must get no fail and no warn, whatever the seed.  The reference
emulator is run with many seeds, and once for each thing in which another correct
server may differ: every choice that the documents leave open, latency, queries
that see writes late, an approximate index, temporary keys, path addressing.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

from oss_vectors_emulator.choices import CHOICE_VALUES

_ACCOUNT = "1234567890123456"
_KEYS = {"OSS_ACCESS_KEY_ID": "silence", "OSS_ACCESS_KEY_SECRET": "silence"}
_LOUD = ("fail", "warn", "inconclusive", "not executed", "unsupported", "stale deviation")


@dataclass(frozen=True, slots=True)
class Variant:
    """A correct server, and how it is run against: options of the emulator and of the suite."""

    name: str
    emulator: tuple[str, ...] = ()
    suite: tuple[str, ...] = ()
    environment: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Heard:
    """What a run said: its exit code, and every requirement that it did not pass."""

    variant: Variant
    code: int
    seconds: float
    requests: int
    loud: tuple[str, ...]

    @property
    def silent(self) -> bool:
        """Whether there was nothing to hear."""
        return self.code == 0 and not self.loud


def variants(seeds: int, profile: str) -> Iterator[Variant]:
    """Seeds first, then every legal difference, one at a time and all together."""
    chosen = ("--profile", profile)
    for seed in range(seeds):
        yield Variant(f"seed {seed}", suite=(*chosen, "--seed", str(seed)))
    others = [(name, other) for name, values in CHOICE_VALUES.items() for other in values[1:]]
    for name, other in others:
        yield Variant(f"{name}={other}", ("--choice", f"{name}={other}"))
    everything = [word for name, other in others for word in ("--choice", f"{name}={other}")]
    yield Variant("every choice at once", tuple(everything), chosen)
    yield Variant("latency 20 ms", ("--latency-ms", "20"), ("-n", "2"))
    yield Variant("queries see writes after 300 ms", ("--query-visibility-ms", "300"), ("-n", "2"))
    yield Variant("recall 0.9", ("--recall", "0.9"), (*chosen, "--min-recall", "0.85"))
    yield Variant("path addressing", (), ("--addressing", "path"))
    yield Variant(
        "temporary keys",
        suite=("--addressing", "path"),
        environment=(("OSS_SESSION_TOKEN", "silence-token"),),
    )


def listen(variant: Variant) -> Heard:
    """Run the suite against one variant."""
    environment = {**os.environ, **_KEYS, **dict(variant.environment)}
    emulator = subprocess.Popen(
        [
            sys.executable,
            "-m",
            "oss_vectors_emulator",
            "--port",
            "0",
            "--account-id",
            _ACCOUNT,
            *variant.emulator,
        ],
        stdout=subprocess.PIPE,
        text=True,
        env=environment,
    )
    started = time.monotonic()
    try:
        assert emulator.stdout is not None, "a pipe"
        endpoint = "http://" + emulator.stdout.readline().rsplit("http://", 1)[1].strip()
        with tempfile.TemporaryDirectory(prefix="silence-") as directory:
            done = subprocess.run(
                [
                    sys.executable,
                    "-m",
                    "conformance",
                    "run",
                    "--strict",
                    "--endpoint",
                    endpoint,
                    "--account-id",
                    _ACCOUNT,
                    "--report-dir",
                    directory,
                    *variant.suite,
                ],
                env=environment,
                capture_output=True,
                text=True,
                check=False,
            )
            return _heard(variant, done, Path(directory), time.monotonic() - started)
    finally:
        emulator.kill()
        emulator.wait()


def _heard(
    variant: Variant, done: subprocess.CompletedProcess[str], directory: Path, seconds: float
) -> Heard:
    path = directory / "report.json"
    if not path.exists():
        return Heard(variant, done.returncode, seconds, 0, (done.stderr.strip(),))
    report = json.loads(path.read_text(encoding="utf-8"))
    loud = tuple(
        f"{entry['outcome']} {entry['id']}: {entry['reason'] or (entry['violation'] or {}).get('actual')}"
        for entry in report["requirements"]
        if entry["outcome"] in _LOUD
    )
    return Heard(variant, done.returncode, seconds, sum(report["requests"].values()), loud)


def main(words: Sequence[str]) -> int:
    """Run all variants, print a line for each; 1 when any was not silent."""
    parser = argparse.ArgumentParser(prog="python -m tests.silence.runner", description=__doc__)
    parser.add_argument("--seeds", type=int, default=50, help="runs with different seeds (default: 50)")
    parser.add_argument("--profile", default="full", help="profile of the runs with seeds (default: full)")
    parser.add_argument("--jobs", type=int, default=2, help="runs at a time (default: 2)")
    parser.add_argument("--only", default="", help="only variants whose name contains this")
    options = parser.parse_args(words)
    chosen = [item for item in variants(options.seeds, options.profile) if options.only in item.name]
    broken = 0
    with ThreadPoolExecutor(options.jobs) as pool:
        for heard in pool.map(listen, chosen):
            broken += not heard.silent
            state = "silent" if heard.silent else f"LOUD, exit {heard.code}"
            print(
                f"{heard.variant.name:<40} {heard.requests:>6} requests {heard.seconds:>6.1f} s  {state}",
                flush=True,
            )
            for line in heard.loud:
                print(f"    {line}", flush=True)
    print(f"{len(chosen)} runs, {broken} not silent")
    return 1 if broken or not chosen else 0


if __name__ == "__main__":
    raise SystemExit(main(sys.argv[1:]))
