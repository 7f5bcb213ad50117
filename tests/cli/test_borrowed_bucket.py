"""``--bucket``, and accounts with little room: what is not the run's stays as it was, and no clause fails for it."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from conformance.suite.borrowed import NEEDS_BUCKET
from conformance.wire.addressing import Addressing, Target
from conformance.wire.credentials import Credentials
from conformance.wire.endpoint import parse_endpoint
from conformance.wire.exchange import Request
from conformance.wire.session import WireSession

from .harness import ACCOUNT, KEY_ID, KEYS, SECRET, command, emulator, read_report

BUCKET = "ovc-theirs"
#: Look-alikes of what a run makes, short ones, and one that malformed bodies mention.
FOREIGN = ("S", "conformance", "i", "ia1b2c3d4a1", "index", "jl", "x")
POLICY = {"Version": "1", "Statement": []}


@dataclass
class Owner:
    """The owner of the account, who was there before the run."""

    session: WireSession

    def ask(self, method: str, query: str, body: Any = None, bucket: str | None = BUCKET) -> bytes:
        """The answer to a request that must be served."""
        raw = None if body is None else json.dumps(body).encode()
        response = self.session.send(Request("owner", method, query, bucket, body=raw)).response
        assert response is not None
        assert response.status < 300, response
        return response.body

    def move_in(self) -> None:
        """A bucket with a policy and indexes, each with a vector."""
        self.ask("PUT", "")
        self.ask("PUT", "policy", POLICY)
        for name in FOREIGN:
            index = {"indexName": name, "dataType": "float32", "dimension": 2, "distanceMetric": "cosine"}
            self.ask("POST", "putVectorIndex", index)
            vectors = [{"key": "k", "data": {"float32": [1, 2]}}]
            self.ask("POST", "putVectors", {"indexName": name, "vectors": vectors})

    def belongings(self) -> list[bytes]:
        """Everything that can be read of the bucket."""
        seen = [self.ask("GET", "bucketInfo"), self.ask("GET", "policy")]
        seen += [self.ask("POST", "listVectorIndexes", {}), self.ask("GET", "", bucket=None)]
        for name in FOREIGN:
            seen.append(self.ask("POST", "getVectorIndex", {"indexName": name}))
            seen.append(self.ask("POST", "listVectors", {"indexName": name, "returnData": True}))
        return seen


@contextmanager
def full_account(cwd: Path, *options: str) -> Iterator[tuple[str, Owner]]:
    """An emulator whose account has room for one bucket, which is there."""
    with emulator("--limit", "buckets_per_account=1", *options, cwd=cwd) as url:
        target = Target(parse_endpoint(url), "cn-hangzhou", ACCOUNT, Addressing.VIRTUAL_HOST)
        with WireSession(target, Credentials(KEY_ID, SECRET), run_id="o1234567") as session:
            owner = Owner(session)
            owner.move_in()
            yield url, owner


def place(url: str) -> tuple[str, ...]:
    return ("--endpoint", url, "--account-id", ACCOUNT, "--report-dir", "out")


def recorded(directory: Path) -> list[dict[str, Any]]:
    """Every request of a run, of all its workers."""
    files = sorted(directory.glob("exchanges-*.jsonl"))
    return [json.loads(line) for path in files for line in path.read_text(encoding="utf-8").splitlines()]


def test_core_twice_in_a_bucket_with_foreign_indexes(tmp_path: Path) -> None:
    with full_account(tmp_path) as (url, owner):
        before = owner.belongings()
        for workers in ((), ("-n", "2")):
            ended = command("run", *place(url), "--bucket", BUCKET, *workers, cwd=tmp_path, **KEYS)
            assert ended.code == 0, ended.out
            assert NEEDS_BUCKET in " ".join(ended.out.split())
            assert owner.belongings() == before
            assert list((tmp_path / "out").glob("ledger-*")) == []
            exchanges = recorded(tmp_path / "out")
            assert len(exchanges) > 2000
            for exchange in exchanges:
                request = exchange["request"]
                assert exchange["bucket"] != BUCKET or request["method"] not in ("PUT", "DELETE")
                text = (request["body"] or {}).get("text", "")
                assert not any(f'"indexName":"{name}"' in text for name in FOREIGN)
    report = read_report(tmp_path / "out")
    left_out = [entry for entry in report["requirements"] if entry["reason"] == NEEDS_BUCKET]
    assert {"PutVectorBucket.creates", "DeleteVectorBucket.deletes", "ListVectorBuckets.marker.after"} <= {
        entry["id"] for entry in left_out
    }
    assert {entry["outcome"] for entry in left_out} == {"not selected"}
    assert report["summary"]["outcomes"]["pass"] > 400


def test_a_bucket_without_room_for_an_index_fails_nothing(tmp_path: Path) -> None:
    room = ("--limit", f"indexes_per_bucket={len(FOREIGN)}")
    words = ("--bucket", BUCKET, "--operation", "PutVectorIndex", "--operation", "GetVectors")
    with full_account(tmp_path, *room) as (url, owner):
        before = owner.belongings()
        ended = command("run", *place(url), *words, cwd=tmp_path, **KEYS)
        assert owner.belongings() == before
    assert ended.code == 6, ended.out
    outcomes = read_report(tmp_path / "out")["summary"]["outcomes"]
    assert (outcomes["fail"], outcomes["warn"]) == (0, 0)


@pytest.mark.parametrize("room", [1, 2])
def test_an_account_with_little_room_leaves_open_what_needs_more(tmp_path: Path, room: int) -> None:
    selection = [
        word for name in ("*Bucket*", "Http.*", "*-in-other-bucket") for word in ("--requirement", name)
    ]
    with emulator("--limit", f"buckets_per_account={room}", cwd=tmp_path) as url:
        ended = command("run", *place(url), *selection, cwd=tmp_path, **KEYS)
    report = read_report(tmp_path / "out")
    assert ended.code == 6, ended.out
    outcomes = report["summary"]["outcomes"]
    assert (outcomes["fail"], outcomes["warn"], outcomes["not executed"]) == (0, 0, 0)
    reasons = {
        entry["id"]: entry["reason"] for entry in report["requirements"] if entry["outcome"] == "inconclusive"
    }
    assert "TooManyBuckets" in reasons["PutVectorIndex.name-free-in-other-bucket"]
    assert report["leaks"] == []


def test_a_plan_leaves_the_same_tests_out(tmp_path: Path) -> None:
    target = ("--endpoint", "http://127.0.0.1:9", "--account-id", "1")
    whole, part = (command("plan", *target, *more, cwd=tmp_path) for more in ((), ("--bucket", BUCKET)))
    assert (whole.code, part.code) == (0, 0)
    assert "PutBucketPolicy" in whole.out

    def creations(out: str) -> int:
        line = next((line for line in out.splitlines() if "PutVectorBucket" in line), "PutVectorBucket 0")
        return int(line.split()[1])

    # The bucket of a worker was counted where the figures were measured.
    assert creations(part.out) <= 2 < creations(whole.out)


@pytest.mark.parametrize(
    ("words", "sentence"),
    [
        (("--bucket", "theirs"), "--bucket: the embedded emulator has no buckets; give --endpoint as well."),
        (("--bucket", "No/Bucket"), "--bucket: 'No/Bucket' is not the name of a bucket."),
    ],
)
def test_a_bucket_that_cannot_be_meant_is_refused(
    tmp_path: Path, words: tuple[str, ...], sentence: str
) -> None:
    ended = command("run", *words, cwd=tmp_path)
    assert (ended.code, ended.sentence) == (4, sentence)


def test_a_bucket_that_does_not_exist_ends_the_run_before_its_first_test(tmp_path: Path) -> None:
    with full_account(tmp_path) as (url, _):
        ended = command("run", *place(url), "--bucket", "no-such", cwd=tmp_path, **KEYS)
    assert ended.code == 4
    assert ended.sentence.startswith("--bucket: no-such cannot be used: 404")
    assert "NoSuchBucket" in ended.sentence
