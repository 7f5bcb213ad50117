"""Commands that repeat a request: run them, and look at what arrives."""

from __future__ import annotations

import contextlib
import io
import json
import os
import shutil
import socketserver
import subprocess
import threading
from collections.abc import Iterator
from pathlib import Path
from types import SimpleNamespace

import pytest
from alibabacloud_oss_v2.vectors import Client, models
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.report import snippet as snippet_module
from conformance.report.failure import describe
from conformance.report.reproduce import (
    body_file_for,
    curl_line,
    curl_note,
    rerun_command,
    sdk_snippet,
    write_bodies,
)

BASH = shutil.which("bash")
needs_curl = pytest.mark.skipif(
    shutil.which("curl") is None or BASH is None, reason="the lines are for bash and curl"
)
ANSWER = (
    b"HTTP/1.1 200 OK\r\nDate: Thu, 17 Apr 2025 01:33:47 GMT\r\n"
    b"Content-Length: 0\r\nConnection: close\r\n\r\n"
)


class _Handler(socketserver.StreamRequestHandler):
    def handle(self) -> None:
        head = b""
        while not head.endswith(b"\r\n\r\n"):
            head += self.rfile.readline()
        lines = head.decode("latin-1").split("\r\n")
        headers = [
            (name, value.strip()) for name, _, value in (line.partition(":") for line in lines[1:] if line)
        ]
        length = next((int(v) for k, v in headers if k.lower() == "content-length"), 0)
        self.server.seen.append((lines[0], headers, self.rfile.read(length)))  # type: ignore[attr-defined]
        self.wfile.write(ANSWER)


@pytest.fixture
def server() -> Iterator[SimpleNamespace]:
    with socketserver.ThreadingTCPServer(("127.0.0.1", 0), _Handler) as listener:
        listener.seen = []  # type: ignore[attr-defined]
        thread = threading.Thread(target=listener.serve_forever, args=(0.01,), daemon=True)
        thread.start()
        yield SimpleNamespace(netloc=f"127.0.0.1:{listener.server_address[1]}", seen=listener.seen)  # type: ignore[attr-defined]
        listener.shutdown()
        thread.join()


def run_line(line: str, directory: Path) -> str:
    assert BASH is not None
    path = f"{directory}{os.pathsep}{os.environ['PATH']}"
    done = subprocess.run(
        [BASH, "-c", f"set -o pipefail; {line}"],
        cwd=directory,
        env={"PATH": path, "LC_ALL": "C.UTF-8"},
        capture_output=True,
        text=True,
        timeout=20,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def fake_sign(directory: Path) -> Path:
    script = directory / "oss-vectors-conformance"
    script.write_text("#!/bin/sh\nprintf '%s\\n' \"$@\" > arguments\nprintf 'Authorization: signed\\n'\n")
    script.chmod(0o755)
    return directory / "arguments"


@needs_curl
@pytest.mark.parametrize(
    "body",
    [
        '{"indexName": "it\'s $HOME `id` \\" \\u00e9"}',
        "@not-a-file",
        "\x1b[31m\ttab\r\n\u202e trailing newline\n",
        "向量",
        "",
    ],
    ids=["shell-characters", "at-sign", "control-characters", "wide", "empty"],
)
def test_a_curl_line_delivers_the_very_bytes(
    make: SimpleNamespace, server: SimpleNamespace, tmp_path: Path, body: str
) -> None:
    shown = make.exchange(
        signed=False,
        request_body=body,
        url=f"http://{server.netloc}/?putVectorIndex",
        request_headers=(("Content-Type", "text/plain; a=[b]"), ("x-oss-odd", ""), ("User-Agent", "suite")),
    )
    output = run_line(curl_line(shown, body_file=None), tmp_path)
    [(line, headers, received)] = server.seen
    names = {name.lower(): value for name, value in headers}
    assert line == "POST /?putVectorIndex HTTP/1.1"
    assert received == body.encode()
    assert names["host"] == make.host
    assert names["content-type"] == "text/plain; a=[b]"
    assert names["x-oss-odd"] == ""
    assert output.startswith("HTTP/1.1 200 OK")


@needs_curl
def test_a_signed_request_takes_its_signature_from_the_sign_command(
    make: SimpleNamespace, server: SimpleNamespace, tmp_path: Path
) -> None:
    arguments = fake_sign(tmp_path)
    shown = make.exchange(url=f"http://{server.netloc}/?putVectorIndex")
    run_line(curl_line(shown, body_file=None, info=make.info()), tmp_path)
    [(_, headers, _)] = server.seen
    assert [value for name, value in headers if name.lower() == "authorization"] == ["signed"]
    assert arguments.read_text().split("\n")[:-1] == [
        "sign",
        "--method",
        "POST",
        "--bucket",
        make.bucket,
        "--query",
        "putVectorIndex",
        "--region",
        "cn-hangzhou",
        "--account-id",
        "1234567890123456",
        "--header",
        "Content-Type: application/json",
    ]


@needs_curl
def test_the_folded_line_of_a_report_runs_like_the_whole_one(
    make: SimpleNamespace, server: SimpleNamespace, tmp_path: Path
) -> None:
    fake_sign(tmp_path)
    failed = make.failed("GetVectors.rule", url=f"http://{server.netloc}/", request_body='{"a": "it\'s\n"}')
    code = describe(failed, make.info(), width=40).recipes[0].code
    run_line(code, tmp_path)
    assert code.count("\n") > 5
    assert server.seen[0][2] == failed.violation.exchange.request_body.encode()


@needs_curl
def test_a_body_that_is_not_text_is_sent_from_a_file(
    make: SimpleNamespace, server: SimpleNamespace, tmp_path: Path
) -> None:
    failed = make.failed(
        "PutVectors.body.encoding",
        signed=False,
        url=f"http://{server.netloc}/?putVectorIndex",
        request_body="?",
        request_body_base64="//4A",
        request_size=3,
    )
    assert write_bodies(make.result(failed), tmp_path) == ("bodies/e1.json",)
    shown = failed.violation.exchange
    run_line(curl_line(shown, body_file=body_file_for(shown)), tmp_path)
    assert server.seen[0][2] == b"\xff\xfe\x00"


@needs_curl
@pytest.mark.parametrize("body", ["", "{}"])
def test_curl_adds_no_content_type_of_its_own(
    make: SimpleNamespace, server: SimpleNamespace, tmp_path: Path, body: str
) -> None:
    url = f"http://{server.netloc}/?putVectorIndex"
    shown = make.exchange(signed=False, request_headers=(), request_body=body, url=url)
    run_line(curl_line(shown, body_file=None), tmp_path)
    names = {name.lower(): value for name, value in server.seen[0][1]}
    assert "content-type" not in names
    assert names["content-length"] == str(len(body))


@needs_curl
def test_an_odd_target_reaches_the_server_unchanged(
    make: SimpleNamespace, server: SimpleNamespace, tmp_path: Path
) -> None:
    target = "/../%2e/{a}[1-3]/?x[]=1&y={z}"
    shown = make.exchange(
        signed=False, method="GET", request_body="", target=target, url=f"http://{server.netloc}{target}"
    )
    run_line(curl_line(shown, body_file=None), tmp_path)
    assert server.seen[0][0] == f"GET {target} HTTP/1.1"


@given(body=st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"])))
@settings(suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_curl_line_never_contains_a_control_character(make: SimpleNamespace, body: str) -> None:
    line = curl_line(make.exchange(request_body=body), body_file=None)
    assert all(char.isprintable() for char in line)


def test_recorded_signatures_stay_out_of_the_line(make: SimpleNamespace) -> None:
    line = curl_line(make.exchange(), body_file=None)
    assert "Authorization" not in line
    assert "Credential" not in line


def test_a_lying_content_length_is_repeated(make: SimpleNamespace) -> None:
    headers = (("Content-Length", "7"),)
    assert "'Content-Length: 7'" in curl_line(make.exchange(request_headers=headers), body_file=None)


def test_a_redacted_request_is_marked_as_not_repeatable(make: SimpleNamespace) -> None:
    assert curl_note(make.exchange()) is None
    assert curl_note(make.exchange(signed=False)) is not None
    assert curl_note(make.exchange(target="/?x-oss-signature=***")) is not None


@pytest.mark.parametrize(
    ("changes", "name"),
    [
        ({"request_body": ""}, None),
        ({"request_body": "a" * 2048}, None),
        ({"request_body": "a" * 2049}, "bodies/e1.json"),
        ({"request_body": "a\0"}, "bodies/e1.json"),
        ({"request_body": "a", "body_complete": False}, "bodies/e1.json"),
    ],
)
def test_only_large_or_binary_bodies_go_to_a_file(
    make: SimpleNamespace, changes: dict[str, object], name: str | None
) -> None:
    assert body_file_for(make.exchange(**changes)) == name


def test_the_rerun_command_has_the_options_of_the_run_and_the_requirement(make: SimpleNamespace) -> None:
    options = (("--endpoint", "http://127.0.0.1:9000"), ("--strict", None), ("--ca-file", "my ca.pem"))
    assert rerun_command("Errors.body.ec", make.info(options=options)) == (
        "oss-vectors-conformance run --endpoint http://127.0.0.1:9000 --strict --ca-file 'my ca.pem' "
        "--requirement Errors.body.ec"
    )


OPERATIONS = {
    "PutVectorIndex": {
        "indexName": "idx1",
        "dataType": "float32",
        "dimension": "512",
        "distanceMetric": [1],
        "metadata": {"nonFilterableMetadataKeys": ["a", None]},
    },
    "GetVectorIndex": {"indexName": "\u202e\ud800"},
    "ListVectorIndexes": {"maxResults": 0, "nextToken": "", "prefix": "a'b\\"},
    "DeleteVectorIndex": {"indexName": 1.5},
    "PutVectors": {
        "indexName": "i",
        "vectors": [{"key": "k", "data": {"float32": [0.1, 1e30, -2]}, "extra": True}],
    },
    "GetVectors": {"indexName": "i", "keys": ["k"], "returnData": True, "returnMetadata": False},
    "ListVectors": {"indexName": "i", "maxResults": 1001, "segmentCount": 2, "segmentIndex": 2},
    "DeleteVectors": {"keys": []},
    "QueryVectors": {
        "indexName": "i",
        "queryVector": {"float32": [1]},
        "topK": 0,
        "filter": {"a": {"$in": ["x"]}},
        "returnDistance": True,
        "returnMetadata": True,
    },
}


@pytest.mark.parametrize("operation", OPERATIONS)
def test_the_sdk_snippet_sends_the_same_json(
    make: SimpleNamespace, server: SimpleNamespace, operation: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    query = operation[0].lower() + operation[1:]
    shown = make.exchange(
        operation=operation,
        target=f"/?{query}",
        url=f"http://{server.netloc}/?{query}",
        request_body=json.dumps(OPERATIONS[operation]),
    )
    code = sdk_snippet(shown)
    assert code is not None
    monkeypatch.setenv("OSS_ACCESS_KEY_ID", "id")
    monkeypatch.setenv("OSS_ACCESS_KEY_SECRET", "secret")
    with contextlib.redirect_stdout(io.StringIO()):
        exec(compile(code, "snippet", "exec"), {})
    [(line, headers, body)] = server.seen
    assert line == f"POST http://{make.host}/?{query}= HTTP/1.1"
    assert ("Host", make.host) in headers
    assert json.loads(body) == OPERATIONS[operation]


@pytest.mark.parametrize(
    ("why", "changes"),
    [
        ("unknown member", {"request_body": '{"indexName": "a", "colour": 1}'}),
        ("explicit null", {"request_body": '{"indexName": null}'}),
        ("empty object", {"request_body": "{}"}),
        ("not an object", {"request_body": "[]"}),
        ("not JSON", {"request_body": '{"indexName": "a"'}),
        ("duplicate member", {"request_body": '{"indexName": "a", "indexName": "b"}'}),
        ("nested duplicate", {"request_body": '{"metadata": {"a": 1, "a": 2}}'}),
        ("number beyond a double", {"request_body": '{"dimension": 1e999}'}),
        ("inexact number", {"request_body": '{"dimension": 0.10000000000000000001}'}),
        ("NaN", {"request_body": '{"dimension": NaN}'}),
        ("not signed", {"signed": False}),
        ("path style", {"target": "/conf-7f3a-main/?putVectorIndex", "host": "127.0.0.1:9000"}),
        (
            "bucket name the SDK refuses",
            {"bucket": "Up", "host": "Up-1.cn-hangzhou.oss-vectors.aliyuncs.com"},
        ),
        ("content type", {"request_headers": (("Content-Type", "text/plain"),)}),
        ("chunked", {"request_headers": (("Transfer-Encoding", "chunked"),)}),
        ("extra header", {"request_headers": (("x-oss-odd", "1"),)}),
        ("excerpt only", {"body_complete": False}),
        ("other query", {"target": "/?putVectorIndex&x=1"}),
        ("unknown operation", {"operation": "PutBucketPolicy"}),
        ("deep nesting", {"request_body": '{"metadata": ' + "[" * 1500}),
    ],
)
def test_there_is_no_snippet_for_what_the_sdk_cannot_send(
    make: SimpleNamespace, why: str, changes: dict[str, object]
) -> None:
    assert sdk_snippet(make.exchange(**changes)) is None, why


def test_the_field_table_is_that_of_the_installed_sdk() -> None:
    for operation, call in snippet_module._CALLS.items():
        assert callable(getattr(Client, call.function)), operation
        known = {
            about["rename"]: name
            for name, about in getattr(models, call.model)._attribute_map.items()
            if about["position"] == "body"
        }
        assert dict(call.fields) == known, operation
