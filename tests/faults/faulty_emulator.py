"""An emulator with one named fault, as a process of its own.

``python -m tests.faults.faulty_emulator --fault NAME --port 0`` prints the same line as the real emulator
when it listens.  ``--list`` prints every fault.
"""

from __future__ import annotations

import argparse
import os
import sys
from collections.abc import Sequence

from oss_vectors_emulator.app import EmulatorApp
from oss_vectors_emulator.behaviour import build_behaviour
from oss_vectors_emulator.config import DEFAULT_REGION, Settings
from oss_vectors_emulator.credentials import (
    DEFAULT_ACCESS_KEY_ID,
    DEFAULT_ACCESS_KEY_SECRET,
    DEFAULT_ACCOUNT_ID,
    Credential,
)
from oss_vectors_emulator.server import bind, run
from tests.faults.catalogue import FAULTS
from tests.faults.model import Fault


def faulty_app(fault: Fault | None, settings: Settings) -> EmulatorApp:
    """The application of an emulator that makes one mistake, or none."""
    behaviour = build_behaviour(settings)
    return EmulatorApp(behaviour) if fault is None else fault.app(fault.apply(behaviour))


def main(arguments: Sequence[str] | None = None) -> int:
    """Serve until told to stop."""
    parser = argparse.ArgumentParser(
        prog="faulty-emulator", description="The reference emulator with one fault."
    )
    parser.add_argument("--fault", choices=FAULTS, metavar="NAME", help="the fault to have; none: no fault")
    parser.add_argument("--port", type=int, default=0)
    parser.add_argument("--region", default=DEFAULT_REGION)
    parser.add_argument("--account-id", default=DEFAULT_ACCOUNT_ID)
    parser.add_argument("--exit-with-parent", action="store_true")
    parser.add_argument("--list", action="store_true", help="print all faults")
    options = parser.parse_args(arguments)
    if options.list:
        for fault in FAULTS.values():
            print(f"{fault.name}  [{fault.requirement}]  {fault.summary}")
        return 0
    credential = Credential(
        os.environ.get("OSS_ACCESS_KEY_ID") or DEFAULT_ACCESS_KEY_ID,
        os.environ.get("OSS_ACCESS_KEY_SECRET") or DEFAULT_ACCESS_KEY_SECRET,
        options.account_id,
    )
    settings = Settings(region=options.region, credentials=(credential,))
    app = faulty_app(FAULTS[options.fault] if options.fault else None, settings)
    run(app, bind("127.0.0.1", options.port), options.exit_with_parent)
    return 0


if __name__ == "__main__":
    sys.exit(main())
