"""The options of a run as data: names, help, environment variables, configuration keys.

The command, pytest, the environment and the configuration file all take their
names from here, so that they cannot drift apart.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from conformance.contract.loader import nearest
from conformance.contract.model import Level, Profile
from conformance.wire.addressing import Addressing

DEFAULT_REGION = "cn-hangzhou"
DEFAULT_ACCOUNT_ID = "1234567890123456"
DEFAULT_REPORT_DIR = "reports/latest"
#: Levels whose violations can fail a run, the default first.
FAIL_ON = (Level.MUST.value, Level.SHOULD.value)
#: Environment variables of options that the official SDKs have no variable for begin like this.
VARIABLE_PREFIX = "OSS_VECTORS_CONFORMANCE_"


class UsageError(ValueError):
    """The user's input cannot be used; the message is one sentence that says how to mend it."""


@dataclass(frozen=True, slots=True)
class Option:
    """One option of ``run``: its flag, its help, and what values it takes.

    ``variable`` is an environment variable of the official SDKs that means the
    same; other options have one made of their name.  ``table`` options are
    given as NAME=VALUE and may be repeated; in a configuration file they are
    tables.
    """

    flag: str
    help: str
    variable: str | None = None
    metavar: str | None = None
    choices: tuple[str, ...] = ()
    repeatable: bool = False
    table: bool = False
    switch: bool = False
    number: type[int] | type[float] | None = None
    pytest_flag: str | None = None

    @property
    def key(self) -> str:
        """Name of the option in a configuration file."""
        return self.flag.removeprefix("--")

    @property
    def dest(self) -> str:
        """Name of the option's value."""
        return self.key.replace("-", "_")

    @property
    def environment(self) -> str:
        """The environment variable that sets it too."""
        return self.variable or VARIABLE_PREFIX + self.dest.upper()

    @property
    def many(self) -> bool:
        """Whether it may be given more than once."""
        return self.repeatable or self.table

    @property
    def words(self) -> str:
        """Help text with the environment variable."""
        return f"{self.help} [env: {self.environment}]"


OPTIONS: tuple[Option, ...] = (
    Option(
        "--endpoint",
        "address of the service under test, e.g. http://127.0.0.1:9000 (default: the embedded emulator)",
        "OSS_ENDPOINT",
        "URL",
    ),
    Option(
        "--allow-live",
        "let --endpoint be a host of the real service, where requests cost money",
        switch=True,
    ),
    Option("--region", f"region id of the target (default: {DEFAULT_REGION})", "OSS_REGION", "ID"),
    Option("--account-id", "account id (UID) that owns the credentials", "OSS_ACCOUNT_ID", "UID"),
    Option(
        "--credentials-profile",
        "profile of the file that Alibaba Cloud's credentials library reads, to take the keys from",
        metavar="NAME",
    ),
    Option(
        "--credentials-chain",
        "take the keys from the default chain of alibabacloud-credentials: RAM role, OIDC, and more",
        switch=True,
    ),
    Option(
        "--addressing",
        "how requests name their bucket (default: virtual-host)",
        choices=tuple(addressing.value for addressing in Addressing),
    ),
    Option(
        "--virtual-host", "service name to put into the Host header instead of the endpoint's", metavar="HOST"
    ),
    Option("--ca-file", "certificates to trust, for a target with a private authority", metavar="FILE"),
    Option(
        "--profile",
        "how much to test (default: core)",
        choices=tuple(profile.value for profile in Profile),
    ),
    Option("--operation", "test only this operation; may be repeated", metavar="NAME", repeatable=True),
    Option(
        "--requirement",
        "decide only this requirement (id or glob); may be repeated",
        metavar="ID",
        repeatable=True,
    ),
    Option(
        "--requirement-set",
        "decide the requirements of this release of the suite, with the levels they had then",
        metavar="VERSION",
    ),
    Option(
        "--shard",
        "run only this part of the tests, e.g. 1/3; 'report merge' joins the reports",
        metavar="I/N",
    ),
    Option(
        "--bucket",
        "existing bucket to use instead of creating buckets; only indexes of the run are made in it, and deleted",
        metavar="NAME",
    ),
    Option(
        "--seed",
        "seed of everything that is drawn at random (default: 0, a new one for every run of fuzz)",
        metavar="N",
        number=int,
    ),
    Option("--report-dir", f"where reports are written (default: {DEFAULT_REPORT_DIR})", metavar="DIR"),
    Option("--known-deviations", "YAML file of deviations that are known and accepted", metavar="FILE"),
    Option(
        "--write-known-deviations",
        "write what fails as entries of such a file, to a file that does not exist yet",
        metavar="FILE",
    ),
    Option(
        "--baseline-report",
        "report.json of an earlier run; what changed since is shown, the exit code stays",
        metavar="FILE",
    ),
    Option(
        "--fail-on",
        "the mildest violation that fails the run; should is what --strict means (default: must)",
        choices=FAIL_ON,
    ),
    # pytest has a --strict of its own.
    Option("--strict", "warnings fail the run too", switch=True, pytest_flag="--conformance-strict"),
    Option("--read-timeout", "seconds to wait for an answer (default: 30)", metavar="SECONDS", number=float),
    Option(
        "--visibility-timeout",
        "seconds until a written vector must be found by queries (default: 5)",
        metavar="SECONDS",
        number=float,
    ),
    Option(
        "--min-recall",
        "share of the true nearest neighbours a query must return (default: 1.0)",
        metavar="SHARE",
        number=float,
    ),
    Option(
        "--rate",
        "requests per second of an operation, 0 for no limit (default: the documented rates, none on loopback); "
        "may be repeated",
        metavar="OPERATION=N",
        table=True,
    ),
    Option(
        "--max-requests",
        "send no more requests than so many; clean-up is not counted",
        metavar="N",
        number=int,
    ),
    Option(
        "--max-duration",
        "send nothing but the clean-up after so many seconds",
        metavar="SECONDS",
        number=float,
    ),
    Option("--max-resources", "buckets and indexes that may exist at a time", metavar="N", number=int),
)


def option_called(flag: str) -> Option:
    """The option with a flag."""
    return next(option for option in OPTIONS if option.flag == flag)


def hint(word: str, known: Iterable[str]) -> str:
    """``; did you mean X?`` when a known name is near, else nothing."""
    close = nearest(word, known)
    return f"; did you mean {close}?" if close is not None else ""
