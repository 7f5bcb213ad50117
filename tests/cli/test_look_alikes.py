"""Buckets of others that are named like a run's: neither a run nor a sweep touches them."""

from __future__ import annotations

import json
from pathlib import Path

from conformance.wire.addressing import Addressing, Target
from conformance.wire.credentials import Credentials
from conformance.wire.endpoint import parse_endpoint
from conformance.wire.exchange import Request
from conformance.wire.ledger import Ledger, RunIdentity
from conformance.wire.session import WireSession

from .harness import ACCOUNT, KEY_ID, KEYS, SECRET, command, emulator

RUN = "r7654321"
OWN = f"ovc-{RUN}a1"
#: Of another run, of the swept run's id but not in its ledger, with the name of a swept bucket and more.
OTHERS = ("ovc-a1b2c3d4a1", f"ovc-{RUN}a2", f"{OWN}1", f"{OWN}-copy", "ovc", f"x{OWN}")


def put(session: WireSession, bucket: str) -> None:
    response = session.send(Request("PutVectorBucket", "PUT", bucket=bucket)).response
    assert response is not None
    assert response.status == 200


def buckets(session: WireSession) -> list[dict[str, str]]:
    """Every bucket of the account, with the time of its creation."""
    response = session.send(Request("ListVectorBuckets", "GET", "max-keys=1000")).response
    assert response is not None
    listed: list[dict[str, str]] = json.loads(response.body)["ListAllMyBucketsResult"]["Buckets"]
    return listed


def test_a_run_and_a_sweep_leave_look_alikes_alone(tmp_path: Path) -> None:
    with emulator(cwd=tmp_path) as url:
        target = Target(parse_endpoint(url), "cn-hangzhou", ACCOUNT, Addressing.VIRTUAL_HOST)
        with WireSession(target, Credentials(KEY_ID, SECRET), run_id=RUN) as session:
            for name in OTHERS:
                put(session, name)
            before = buckets(session)
            selection = ("--requirement", "*VectorBucket*")
            ended = command(
                "run", "--endpoint", url, "--account-id", ACCOUNT, *selection, cwd=tmp_path, **KEYS
            )
            assert ended.code == 0, ended.out
            assert buckets(session) == before
            # What a killed run leaves: a bucket, and a ledger that names it.
            path = tmp_path / f"ledger-{RUN}-a.jsonl"
            with Ledger(path, RunIdentity.of(target, RUN)) as ledger:
                ledger.entering("bucket", OWN, OWN)
                put(session, OWN)
            swept = command("sweep", path.name, cwd=tmp_path, **KEYS)
            assert swept.code == 0, swept.err
            assert f"deleted bucket {OWN}\n" in swept.out
            assert buckets(session) == before
    assert not path.exists()
