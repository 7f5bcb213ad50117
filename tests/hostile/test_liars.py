"""Targets that are no OSS Vectors: red, short, and the first sentence says what is wrong."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from xml.etree import ElementTree

import pytest

from . import liars
from .breakers import HEAD, bomb, raw
from .endpoint import Behaviour, Endpoint
from .harness import SHORT, Told, run
from .relay import Upstream

#: Behaviour, and what the first sentence says of it.
LIARS: dict[str, tuple[Behaviour, str]] = {
    "empty-200": (liars.always("200 OK", b"", None), "it answers 200 without a body"),
    "json-200": (liars.always("200 OK", b"{}"), "it answers 200 application/json ({})"),
    "html-200": (
        liars.always("200 OK", liars.PAGE, "text/html"),
        "it answers 200 text/html (<!DOCTYPE html>",
    ),
    "always-500": (liars.always("500 Oops", b"oops", "text/plain"), "it answers 500 text/plain (oops)"),
    "echo": (liars.echo, "it answers 200 without a body"),
    "other-vendor": (liars.other_vendor, 'it answers 404 application/json ({"__type": "UnknownOperation'),
    "other-vendor-message": (liars.other_vendor_with_message, '200 application/json ({"vectorBuckets": []'),
    "compressed-bomb": (bomb(50_000_000), "bytes that are no text)"),
    "cut-by-its-length": (raw(HEAD + b'Content-Length: 2\r\n\r\n{"BucketInfo":{}}'), 'json ({")'),
}


def must_be_red_and_short(told: Told) -> None:
    assert told.ended.code == 1, told.ended
    assert told.ended.err == ""
    assert told.verdict.startswith("NON-CONFORMANT")
    assert "the endpoint does not look like OSS Vectors" in told.verdict
    assert len(told.lines) < SHORT
    assert told.report["notices"] == [told.first_sentence]
    summary = (told.report_dir / "summary.md").read_text(encoding="utf-8")
    assert len(summary.splitlines()) < SHORT
    junit = ElementTree.parse(told.report_dir / "junit.xml").getroot()
    assert [one.get("value") for one in junit.iter("property") if one.get("name") == "notice"] == [
        told.first_sentence
    ]


@pytest.mark.parametrize("name", LIARS)
def test_a_liar_is_told_from_the_service_in_the_first_sentence(name: str, tmp_path: Path) -> None:
    behaviour, words = LIARS[name]
    with Endpoint(behaviour).running() as liar:
        told = run(liar.url, cwd=tmp_path)
    must_be_red_and_short(told)
    assert told.first_sentence.startswith("The endpoint does not look like OSS Vectors: ")
    assert words in told.first_sentence
    assert len(liar.seen) < 300


def test_a_default_run_against_a_liar_sends_no_more_than_the_smallest_profile(tmp_path: Path) -> None:
    with Endpoint(liars.other_vendor).running() as liar:
        told = run(liar.url, "--profile", "core", cwd=tmp_path)
    must_be_red_and_short(told)
    assert "only the tests of the profile smoke were run" in told.text
    assert len(liar.seen) < 50


def test_a_liar_is_red_even_where_its_answer_happens_to_be_right(tmp_path: Path) -> None:
    with Endpoint(liars.always("200 OK", b"", None)).running() as liar:
        told = run(liar.url, "--requirement", "PutVectorBucket.success.status", cwd=tmp_path)
    must_be_red_and_short(told)
    assert told.report["summary"]["outcomes"]["pass"] == 1


@contextmanager
def static_files(directory: Path) -> Iterator[str]:
    handler = partial(SimpleHTTPRequestHandler, directory=str(directory))
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    threading.Thread(target=server.serve_forever, daemon=True).start()
    try:
        yield f"http://127.0.0.1:{server.server_port}"
    finally:
        server.shutdown()
        server.server_close()


def test_a_static_file_server_is_told_from_the_service(tmp_path: Path) -> None:
    (tmp_path / "files").mkdir()
    with static_files(tmp_path / "files") as url:
        told = run(url, cwd=tmp_path)
    must_be_red_and_short(told)
    assert "it answers 200 text/html (<!DOCTYPE HTML" in told.first_sentence
    assert told.ledgers == []


def test_answers_that_belong_to_the_request_before_are_noticed(tmp_path: Path, upstream: Upstream) -> None:
    with Endpoint(liars.previous_answer(upstream)).running() as proxy:
        told = run(proxy.url, cwd=tmp_path)
    must_be_red_and_short(told)
    assert told.first_sentence == (
        "The answers of the endpoint belong to other requests: GetVectorBucket was answered with a list of buckets."
    )


@pytest.mark.parametrize("liar", [liars.odd_types, liars.hostile_json])
def test_no_answer_makes_the_suite_itself_fail(liar: Behaviour, tmp_path: Path) -> None:
    with Endpoint(liar).running() as endpoint:
        told = run(endpoint.url, "--visibility-timeout", "0.1", cwd=tmp_path)
    assert told.ended.code == 1, told.ended
    assert told.report["internalErrors"] == []
    assert told.first_sentence == ""
    assert told.report["summary"]["outcomes"]["fail"] > 0
