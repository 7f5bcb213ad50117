"""``emulator``: the reference emulator, as a command of its own."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence

_MODULE = "oss_vectors_emulator"


def main(arguments: Sequence[str]) -> int:
    """Become the emulator; nothing of this package stays in its process.

    The emulator is a package of its own, so it is started and never imported.
    """
    sys.stdout.flush()
    os.execv(sys.executable, [sys.executable, "-m", _MODULE, *arguments])  # noqa: S606 - this interpreter
