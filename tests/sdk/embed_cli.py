"""``oss-vectors-embed`` as its users run it: a process with environment variables and documented options.

The command has no option for a loopback address, since the SDK puts the bucket in front of whatever endpoint
it gets. It honours ``http_proxy``, as every client made of ``requests`` does, and its embedding client takes
its address from ``DASHSCOPE_HTTP_BASE_URL``; that is all it needs to stay on this machine.
"""

from __future__ import annotations

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from .conftest import OWNER, REGION
from .standins import StandIns

PROGRAM = Path(sys.executable).with_name("oss-vectors-embed")
_PATIENCE = 60


@dataclass(frozen=True)
class Ended:
    """What a command printed, and its exit code."""

    code: int
    out: str
    err: str

    @property
    def printed(self) -> Any:
        """The JSON object that the command ends with."""
        return json.loads(self.out[self.out.index("\n{\n") if not self.out.startswith("{") else 0 :])


@dataclass(frozen=True)
class EmbedCli:
    """Runs commands against one bucket, in a directory with the user's documents."""

    standins: StandIns
    bucket: str
    documents: Path

    def __call__(self, command: str, index: str, *words: str, model: str = "text-embedding-v4") -> Ended:
        """Run ``put`` or ``query``."""
        environment = {
            "http_proxy": self.standins.url,
            "https_proxy": self.standins.url,
            "DASHSCOPE_HTTP_BASE_URL": f"{self.standins.url}/api/v1",
            "DASHSCOPE_API_KEY": "embedding-key",
            "OSS_ACCESS_KEY_ID": OWNER.access_key_id,
            "OSS_ACCESS_KEY_SECRET": OWNER.access_key_secret,
            "HOME": str(self.documents),
            "COLUMNS": "200",
        }
        general = ["--account-id", OWNER.account_id, "--vectors-region", REGION]
        endpoint = ["--vectors-endpoint", f"http://{REGION}.oss-vectors.aliyuncs.com"]
        place = ["--vector-bucket-name", self.bucket, "--index-name", index, "--model-id", model]
        ended = subprocess.run(
            [PROGRAM, *general, *endpoint, command, *place, *words],
            env=environment,
            cwd=self.documents,
            capture_output=True,
            text=True,
            timeout=_PATIENCE,
            check=False,
        )
        return Ended(ended.returncode, ended.stdout, ended.stderr)
