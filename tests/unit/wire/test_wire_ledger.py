"""The ledger survives a kill at any byte, and clean-up touches nothing outside of it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path

import pytest

from conformance.wire.addressing import Target
from conformance.wire.cleanup import CleanupReport, clean_up
from conformance.wire.endpoint import parse_endpoint
from conformance.wire.exchange import Exchange, FailureKind, Request, Response, TransportFailure
from conformance.wire.ledger import Ledger, LedgerError, Resource, RunIdentity, read_ledger
from conformance.wire.session import WireSession

from .conftest import Peer, RawServer

TARGET = Target(parse_endpoint("http://127.0.0.1:1"), "cn-hangzhou", "123456")
RUN = RunIdentity.of(TARGET, "run0")


def names(ledger: Ledger) -> list[str]:
    return [str(resource) for resource in ledger.live()]


def fill(ledger: Ledger) -> None:
    ledger.entering("bucket", "b1", "b1")
    ledger.created("bucket", "b1", "b1")
    ledger.entering("index", "b1", "i1")
    ledger.created("index", "b1", "i1")
    ledger.entering("index", "b1", "i2")


def test_live_resources_come_newest_first() -> None:
    ledger = Ledger(None, RUN)
    fill(ledger)
    assert names(ledger) == ["index b1/i2", "index b1/i1", "bucket b1"]


def test_a_create_without_an_answer_counts_as_live() -> None:
    ledger = Ledger(None, RUN)
    ledger.entering("bucket", "b1", "b1")
    assert ledger.live() == [Resource("bucket", "b1", "b1", "run0")]


def test_refused_and_deleted_resources_are_not_live() -> None:
    ledger = Ledger(None, RUN)
    fill(ledger)
    ledger.refused("index", "b1", "i2")
    ledger.deleted("index", "b1", "i1")
    assert names(ledger) == ["bucket b1"]


def test_a_refused_duplicate_leaves_the_existing_resource_live() -> None:
    ledger = Ledger(None, RUN)
    fill(ledger)
    ledger.entering("index", "b1", "i1")
    ledger.refused("index", "b1", "i1")
    assert "index b1/i1" in names(ledger)


def test_a_refused_second_try_does_not_settle_an_unanswered_first_one() -> None:
    ledger = Ledger(None, RUN)
    ledger.entering("bucket", "b1", "b1")
    ledger.entering("bucket", "b1", "b1")
    ledger.refused("bucket", "b1", "b1")
    assert names(ledger) == ["bucket b1"]


def test_a_resource_made_anew_is_the_newest() -> None:
    ledger = Ledger(None, RUN)
    fill(ledger)
    ledger.deleted("index", "b1", "i1")
    ledger.entering("index", "b1", "i1")
    assert names(ledger)[0] == "index b1/i1"


def test_an_entry_is_in_the_file_before_the_create_is_answered(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger(path, RUN) as ledger:
        ledger.entering("bucket", "b1", "b1")
        header, entry = map(json.loads, path.read_text().splitlines())
    assert entry == {"event": "entering", "run": "run0", "kind": "bucket", "bucket": "b1", "name": "b1"}
    assert header == {
        "event": "run",
        "format": 1,
        "run_id": "run0",
        "endpoint": "http://127.0.0.1:1",
        "region": "cn-hangzhou",
        "account_id": "123456",
        "addressing": "virtual-host",
        "virtual_host": None,
    }


def test_a_ledger_can_be_read_back_and_continued(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger(path, RUN) as ledger:
        fill(ledger)
        before = ledger.live()
    with read_ledger(path) as again:
        assert again.run == RUN
        assert again.live() == before
        again.deleted("index", "b1", "i2")
    assert names(read_ledger(path)) == ["index b1/i1", "bucket b1"]


def test_two_workers_may_append_to_one_ledger(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger(path, RUN) as one, Ledger(path, RUN) as two:
        one.entering("bucket", "b1", "b1")
        two.entering("bucket", "b2", "b2")
        one.created("bucket", "b1", "b1")
    assert names(read_ledger(path)) == ["bucket b2", "bucket b1"]


def test_a_cut_at_any_byte_loses_at_most_the_last_entry(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger(path, RUN) as ledger:
        fill(ledger)
    data = path.read_bytes()
    header = data.index(b"\n") + 1
    for end in range(header, len(data) + 1):
        path.write_bytes(data[:end])
        # A line that lacks only its line break is complete.
        complete = (data[:end] + data[end : end + 1]).count(b"\n") - 1
        expected = [
            [],
            ["bucket b1"],
            ["bucket b1"],
            ["index b1/i1", "bucket b1"],
            ["index b1/i1", "bucket b1"],
        ]
        expected.append(["index b1/i2", "index b1/i1", "bucket b1"])
        with read_ledger(path) as swept:
            assert names(swept) == expected[complete]
            swept.entering("bucket", "b9", "b9")
        assert names(read_ledger(path)) == ["bucket b9", *expected[complete]]


@pytest.mark.parametrize(
    ("content", "sentence"),
    [
        ("", "no complete header line"),
        ('{"event":"run","form', "no complete header line"),
        ("hello\n", "no complete header line"),
        ('{"event":"created"}\n', "not a ledger of this version"),
        ('{"event":"run","format":2}\n', "not a ledger of this version"),
        ('{"event":"run","format":1,"run_id":"r"}\n', "lacks 'endpoint'"),
    ],
)
def test_a_file_that_is_no_ledger_is_refused(tmp_path: Path, content: str, sentence: str) -> None:
    path = tmp_path / "ledger.jsonl"
    path.write_text(content)
    with pytest.raises(LedgerError, match=sentence):
        read_ledger(path)


def test_a_damaged_middle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger(path, RUN) as ledger:
        fill(ledger)
    lines = path.read_text().splitlines(keepends=True)
    path.write_text("".join([*lines[:2], "{damaged\n", *lines[3:]]))
    with pytest.raises(LedgerError, match="damaged before line 4"):
        read_ledger(path)
    path.write_text("".join([*lines[:2], '{"event":"created","run":"run0","kind":"galaxy"}\n']))
    with pytest.raises(LedgerError, match="Line 3"):
        read_ledger(path)


def test_a_missing_file_and_another_runs_file_are_refused(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with pytest.raises(LedgerError, match="cannot be read"):
        read_ledger(path)
    Ledger(path, RUN).close()
    with pytest.raises(LedgerError, match="belongs to run run0"):
        Ledger(path, replace(RUN, run_id="run1"))
    with pytest.raises(LedgerError, match="cannot be written"):
        Ledger(tmp_path / "none" / "ledger.jsonl", RUN)


def test_a_closed_ledger_refuses_entries_so_that_nothing_is_created_unseen(tmp_path: Path) -> None:
    ledger = Ledger(tmp_path / "ledger.jsonl", RUN)
    ledger.close()
    with pytest.raises(LedgerError, match="is closed"):
        ledger.entering("bucket", "b1", "b1")


class FakeSession:
    """Answers every delete with the next of the given statuses; ``None`` is no answer."""

    run_id = "run0"
    target = TARGET

    def __init__(self, *statuses: int | None, failure: FailureKind = FailureKind.REFUSED) -> None:
        self.statuses = list(statuses)
        self.failure = failure
        self.sent: list[Request] = []

    def send(self, request: Request) -> Exchange:
        self.sent.append(request)
        status = self.statuses.pop(0) if len(self.statuses) > 1 else self.statuses[0]
        failure = TransportFailure(self.failure, "No answer.")
        return Exchange(
            id="x",
            operation=request.operation,
            bucket=request.bucket,
            method=request.method,
            url="",
            target="",
            host="",
            request_headers=(),
            request_body=b"",
            signed=True,
            started=datetime(2025, 1, 1, tzinfo=UTC),
            elapsed=0.0,
            response=None if status is None else Response(status, "", (), b""),
            failure=failure if status is None else None,
        )


def swept(session: FakeSession, ledger: Ledger) -> tuple[CleanupReport, list[float]]:
    pauses: list[float] = []
    return clean_up(session, ledger, sleep=pauses.append), pauses


def filled() -> Ledger:
    ledger = Ledger(None, RUN)
    fill(ledger)
    return ledger


def test_clean_up_deletes_newest_first_and_leaves_the_ledger_empty() -> None:
    ledger, session = filled(), FakeSession(204, 404, 204)
    report, pauses = swept(session, ledger)
    assert report == CleanupReport(("index b1/i2", "bucket b1"), ("index b1/i1",), ())
    assert [(r.operation, r.method, r.query, r.bucket, r.body) for r in session.sent] == [
        ("DeleteVectorIndex", "POST", "deleteVectorIndex", "b1", b'{"indexName": "i2"}'),
        ("DeleteVectorIndex", "POST", "deleteVectorIndex", "b1", b'{"indexName": "i1"}'),
        ("DeleteVectorBucket", "DELETE", "", "b1", None),
    ]
    assert (ledger.live(), pauses) == ([], [])


@pytest.mark.parametrize("status", [409, 429, 500, 503, None])
def test_what_may_succeed_later_is_tried_again(status: int | None) -> None:
    ledger, session = filled(), FakeSession(204, 204, status, 204)
    report, pauses = swept(session, ledger)
    assert report.leaked == ()
    assert ledger.live() == []
    assert len(pauses) == 1


@pytest.mark.parametrize("status", [200, 307, 400, 403])
def test_a_final_refusal_is_a_leak_at_once(status: int) -> None:
    ledger, session = filled(), FakeSession(status, 204)
    report, pauses = swept(session, ledger)
    assert report.leaked == (f"index b1/i2: status {status}",)
    assert names(ledger) == ["index b1/i2"]
    assert (len(session.sent), pauses) == (3, [])


def test_retries_are_bounded() -> None:
    ledger, session = filled(), FakeSession(503)
    report, pauses = swept(session, ledger)
    assert report.leaked == tuple(f"{name}: status 503" for name in names(ledger))
    assert (len(session.sent), len(pauses)) == (15, 4)


def test_a_dead_endpoint_is_given_up_without_trying_every_resource() -> None:
    ledger, session = Ledger(None, RUN), FakeSession(None)
    for number in range(100):
        ledger.entering("bucket", f"b{number}", f"b{number}")
    report, _ = swept(session, ledger)
    assert len(session.sent) == 15
    assert len(report.leaked) == len(ledger.live()) == 100


def test_a_hanging_endpoint_is_given_up_after_a_few_timeouts_in_all_passes_together() -> None:
    ledger, session = filled(), FakeSession(None, failure=FailureKind.TIMEOUT)
    report, pauses = swept(session, ledger)
    assert (len(session.sent), pauses) == (3, [])
    assert report.leaked == tuple(f"{name}: No answer." for name in names(ledger))


def test_one_timeout_does_not_end_the_clean_up() -> None:
    ledger, session = filled(), FakeSession(None, 204, failure=FailureKind.TIMEOUT)
    report, _ = swept(session, ledger)
    assert (report.leaked, ledger.live()) == ((), [])


@pytest.mark.parametrize(
    "other",
    [
        replace(RUN, run_id="run1"),
        replace(RUN, endpoint="http://127.0.0.1:2"),
        replace(RUN, account_id="999"),
        replace(RUN, region="cn-beijing"),
    ],
)
def test_a_ledger_of_another_run_or_target_is_refused_before_anything_is_sent(other: RunIdentity) -> None:
    ledger, session = Ledger(None, other), FakeSession(204)
    fill(ledger)
    with pytest.raises(LedgerError, match="cannot be used"):
        swept(session, ledger)
    assert session.sent == []


def test_entries_of_another_run_in_the_file_are_never_touched(tmp_path: Path) -> None:
    path = tmp_path / "ledger.jsonl"
    with Ledger(path, RUN) as ledger:
        fill(ledger)
    foreign = {"event": "created", "run": "run00", "kind": "bucket", "bucket": "b1-run0", "name": "b1-run0"}
    with path.open("a") as file:
        file.write(json.dumps(foreign) + "\n")
    session = FakeSession(204)
    with read_ledger(path) as again:
        assert {resource.bucket for resource in again.live()} == {"b1"}
        report, _ = swept(session, again)
    assert report.deleted == ("index b1/i2", "index b1/i1", "bucket b1")
    assert {request.bucket for request in session.sent} == {"b1"}


def test_a_foreign_bucket_that_looks_like_ours_is_never_touched(
    serve: Callable[..., RawServer], open_session: Callable[..., WireSession]
) -> None:
    buckets = {"conf-run0-a", "conf-run0-a2", "conf-run0", "conf-run0-b"}

    def service(peer: Peer) -> None:
        while head := peer.request():
            bucket = head.split(b"Host: ")[1].split(b"-1234567890123456.")[0].decode()
            if head.startswith(b"DELETE / ") and bucket in buckets:
                buckets.remove(bucket)
                peer.send(b"HTTP/1.1 204 No Content\r\n\r\n")
            else:
                peer.answer(b"", status=b"404 Not Found")

    server = serve(service)
    session = open_session(server.url)
    ledger = Ledger(None, RunIdentity.of(session.target, session.run_id))
    for bucket in ("conf-run0-a", "conf-run0-b"):
        ledger.entering("bucket", bucket, bucket)
        ledger.created("bucket", bucket, bucket)
    report = clean_up(session, ledger)
    assert report == CleanupReport(("bucket conf-run0-b", "bucket conf-run0-a"), (), ())
    assert buckets == {"conf-run0-a2", "conf-run0"}
    assert len(server.requests) == 2
    assert all(b"x-conformance-run: run0" in request for request in server.requests)
