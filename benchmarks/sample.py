"""Makes the sample report anew: ``python -m benchmarks.sample``.

Another file than what a run writes would go stale at the next change of a report; this makes it repeatable,
and refuses to keep a sample that tells something about the machine on which it was made.
"""

from __future__ import annotations

import argparse
import html
import os
import re
import socket
import subprocess
import sys
from collections.abc import Iterator, Mapping, Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
KEPT = ("report.json", "junit.xml", "summary.md", "report.html", "badge.svg")
DEVIATION = "dimension_max=4095"
OPERATION = "PutVectorIndex"
_BIN = Path(sys.executable).parent
_PORT = 9000
_VIOLATED = 1
# The documented defaults of the emulator.
_KEYS = {
    "OSS_ACCESS_KEY_ID": "emulator-access-key",
    "OSS_ACCESS_KEY_SECRET": "emulator-access-secret",
    "OSS_ACCOUNT_ID": "1234567890123456",
}
_PLACES = re.compile(r"(?<![\w.:/])/(?:home|root|tmp|usr|var|opt|work|mnt|Users|private)/[\w.-]+")
_HOSTS = re.compile(r"https?://([^/\s\"'<>:\\)]+)")
# The names of the standards that an SVG file quotes are addresses, too.
_PUBLIC = re.compile(r"127\.0\.0\.1|www\.w3\.org|([a-z0-9-]+\.)*(aliyun|alibabacloud|aliyuncs)\.com")


def problems(text: str, secrets: Sequence[str]) -> Iterator[str]:
    """What in a report must not be published: places on this machine, other hosts, secrets."""
    text = html.unescape(text)
    yield from (f"a path: {found}" for found in sorted(set(_PLACES.findall(text))))
    for host in sorted(set(_HOSTS.findall(text))):
        if not _PUBLIC.fullmatch(host):
            yield f"a host: {host}"
    yield from (f"a secret or name of this machine: {secret[:4]}..." for secret in secrets if secret in text)


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the suite against an emulator with one deviation, keep the report if there is nothing private in it."""
    parser = argparse.ArgumentParser(prog="sample", description="Make the sample report anew.")
    parser.add_argument("--report-dir", default="reports/sample", metavar="DIR", help="default: %(default)s")
    options = parser.parse_args(arguments)
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OSS_")} | _KEYS
    # By its name alone, as a reader would call it: the report quotes the command.
    environment["PATH"] = f"{_BIN}{os.pathsep}{environment.get('PATH', '')}"
    run_against_deviation(options.report_dir, environment)
    directory = ROOT / options.report_dir
    for path in directory.glob("exchanges-*.jsonl"):
        path.unlink()
    private = [_KEYS["OSS_ACCESS_KEY_SECRET"], *_name_of_this_machine()]
    found = [f"{name}: {one}" for name in KEPT for one in problems((directory / name).read_text(), private)]
    sys.stdout.write("\n".join(found or [f"{options.report_dir}: {', '.join(KEPT)}"]) + "\n")
    return 1 if found else 0


def run_against_deviation(report_dir: str, environment: Mapping[str, str]) -> None:
    """A default run of the suite; raises ``RuntimeError`` unless it says that a requirement is violated."""
    emulator = [str(_BIN / "oss-vectors-conformance"), "emulator", "--limit", DEVIATION, "--port", str(_PORT)]
    suite = [str(_BIN / "oss-vectors-conformance"), "run", "--endpoint", f"http://127.0.0.1:{_PORT}"]
    # One operation keeps the sample short enough to be read.
    suite += ["--operation", OPERATION, "--seed", "0", "--report-dir", report_dir]
    with subprocess.Popen(emulator, stdout=subprocess.PIPE, env=environment) as serving:  # noqa: S603 - made above
        try:
            assert serving.stdout is not None, "a pipe"
            if b"listening" not in serving.stdout.readline():
                raise RuntimeError(f"the emulator does not listen on port {_PORT}")
            done = subprocess.run(  # noqa: S603 - as above
                suite, cwd=ROOT, env=environment, capture_output=True, text=True, check=False
            )
        finally:
            serving.terminate()
    if done.returncode != _VIOLATED:
        raise RuntimeError(f"the run ended with {done.returncode}: {done.stdout[-500:]}{done.stderr[-500:]}")


def _name_of_this_machine() -> list[str]:
    """Its host name, where that is no common word."""
    name = socket.gethostname()
    return [name] if len(name) > len("localhost") else []


if __name__ == "__main__":
    sys.exit(main())
