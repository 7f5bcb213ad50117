"""The official command line tool for embeddings, end to end: documents in, neighbours out.

README of oss-vectors-embed-cli, Put Examples and Query Examples. The embeddings come from a stand-in, all else
is the released command; batch jobs (``--batch-text-url``) are in its README but not among its options.
"""

from __future__ import annotations

import json
import math
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import alibabacloud_oss_v2.vectors as oss_vectors
import pytest
import requests

from oss_vectors_emulator import Emulator
from tests.emulator.client import Signer, host_of

from .conftest import OWNER, REGION
from .embed_cli import EmbedCli
from .standins import StandIns, embedding, serving
from .witness import Witness

BUCKET = "embed-cli"
DIMENSION = 4
MULTIMODAL = "qwen2.5-vl-embedding"
DOCUMENTS = {"one.txt": "first", "two.md": "second", "rows.json": '{"a": 1}', "lines.jsonl": "{}\n{}"}
OBJECTS = {"papers/a.txt": "alpha", "papers/b.log": "beta", "papers/c.bin": "gamma", "other.txt": "delta"}
SOURCE = "OSSVECTORS-EMBED-SRC-"


@pytest.fixture
def standins(emulator: Emulator, witness: Witness) -> Iterator[StandIns]:
    """The proxy and the services behind it; whoever else is asked for makes the test fail."""
    host = f"general.oss-{REGION}.aliyuncs.com"
    with serving(StandIns(emulator.url, host, witness, OBJECTS)) as standins:
        yield standins
    assert standins.unexpected == []


@pytest.fixture
def cli(standins: StandIns, bucket: str, tmp_path: Path) -> EmbedCli:
    """The command, in a directory with some documents."""
    for name, text in DOCUMENTS.items():
        (tmp_path / name).write_text(text, encoding="utf-8")
    return EmbedCli(standins, bucket, tmp_path)


@pytest.fixture
def index(client: oss_vectors.Client, bucket: str) -> str:
    """An index for the embeddings of the stand-in."""
    request = oss_vectors.models.PutVectorIndexRequest(
        bucket=bucket, index_name="docs", data_type="float32", dimension=DIMENSION, distance_metric="cosine"
    )
    client.put_vector_index(request)
    return "docs"


def raw(emulator: Emulator, bucket: str, operation: str, body: dict[str, Any]) -> Any:
    """The JSON answer to a request that no official client had a hand in."""
    headers = Signer(OWNER).headers("POST", operation, datetime.now(UTC), bucket, {})
    answer = requests.post(
        f"{emulator.url}/?{operation}",
        data=json.dumps(body),
        headers={**headers, "Host": host_of(bucket)},
        timeout=10,
    )
    assert answer.status_code == 200, answer.text
    return answer.json()


def stored(emulator: Emulator, bucket: str, index: str) -> dict[str, dict[str, Any]]:
    """What the index holds: metadata and data by key."""
    body = {"indexName": index, "returnData": True, "returnMetadata": True}
    return {entry["key"]: entry for entry in raw(emulator, bucket, "listVectors", body)["vectors"]}


def cosine(left: list[float], right: list[float]) -> float:
    product = sum(a * b for a, b in zip(left, right, strict=True))
    return 1 - product / math.hypot(*left) / math.hypot(*right)


def test_a_text_is_stored_as_printed(cli: EmbedCli, index: str, emulator: Emulator) -> None:
    metadata = {"category": "technology", "tags": ["x", "电影"]}
    words = ("--text-value", "Hello, world!", "--key", "text-1", "--key-prefix", "prefix-a/")
    ended = cli("put", index, *words, "--metadata", json.dumps(metadata))
    assert ended.code == 0, ended.err
    assert ended.printed["key"] == "prefix-a/text-1"
    assert ended.printed["embeddingDimensions"] == DIMENSION
    own = {"CONTENT": "Hello, world!", "CONTENT-TYPE": "TEXT", "LOCATION": "direct_text_input"}
    found = stored(emulator, cli.bucket, index)
    assert found.keys() == {"prefix-a/text-1"}
    vector = found["prefix-a/text-1"]
    assert vector["metadata"] == {**metadata, **{SOURCE + name: value for name, value in own.items()}}
    assert ended.printed["metadata"] == vector["metadata"]
    assert vector["data"]["float32"] == pytest.approx(embedding("Hello, world!", DIMENSION), rel=1e-6)


def test_files_under_a_wildcard_become_a_vector_each(cli: EmbedCli, index: str, emulator: Emulator) -> None:
    ended = cli("put", index, "--text", "./*", "--filename-as-key", "--max-workers", "2")
    assert ended.code == 0, ended.err
    found = stored(emulator, cli.bucket, index)
    # The command takes no JSON lines; every other document is one text to it.
    assert found.keys() == DOCUMENTS.keys() - {"lines.jsonl"}
    assert set(ended.printed["vectorKeys"]) == found.keys()
    assert (ended.printed["totalVectors"], ended.printed["failedFiles"]) == (len(found), 0)
    assert {key: entry["metadata"][SOURCE + "CONTENT"] for key, entry in found.items()} == {
        key: DOCUMENTS[key] for key in found
    }


def test_objects_of_plain_oss_become_a_vector_each(cli: EmbedCli, index: str, emulator: Emulator) -> None:
    ended = cli("put", index, "--text", "oss://general/papers/*", "--output", "table")
    assert ended.code == 0, ended.err
    assert "Total Vectors" in ended.out
    sources = {
        entry["metadata"][SOURCE + "LOCATION"] for entry in stored(emulator, cli.bucket, index).values()
    }
    assert sources == {"oss://general/papers/a.txt", "oss://general/papers/b.log"}


@pytest.mark.parametrize(
    ("words", "kind", "sent"),
    [
        (("--image", "two.md"), "IMAGE", "data:image/jpeg;base64,c2Vjb25k"),
        (("--video", "oss://general/v.mp4", "--presign-url"), "VIDEO", f"http://general.oss-{REGION}.ali"),
    ],
    ids=["image", "video"],
)
def test_pictures_and_films_are_embedded_by_their_content(
    cli: EmbedCli, index: str, emulator: Emulator, words: tuple[str, ...], kind: str, sent: str
) -> None:
    ended = cli("put", index, *words, model=MULTIMODAL)
    assert ended.code == 0, ended.err
    assert stored(emulator, cli.bucket, index).keys() == {ended.printed["key"]}
    assert ended.printed["metadata"][SOURCE + "CONTENT-TYPE"] == kind
    content = cli.standins.embedded[0]["input"]["contents"][0]
    assert content[kind.lower()].startswith(sent)


@pytest.fixture
def library(client: oss_vectors.Client, bucket: str, index: str) -> dict[str, dict[str, str]]:
    """Vectors of some texts, as the command would have put them; their metadata by key."""
    metadata = {
        "docs": {"category": "docs", "version": "1.0"},
        "guides": {"category": "guides", "version": "1.0"},
        "old": {"category": "docs", "version": "0.9"},
        "bare": {"version": "1.0"},
    }
    vectors = [
        {"key": key, "data": {"float32": embedding(key, DIMENSION)}, "metadata": fields}
        for key, fields in metadata.items()
    ]
    client.put_vectors(oss_vectors.models.PutVectorsRequest(bucket=bucket, index_name=index, vectors=vectors))
    return metadata


def test_a_query_prints_what_the_service_answers(
    cli: EmbedCli, index: str, emulator: Emulator, library: dict[str, dict[str, str]]
) -> None:
    ended = cli("query", index, "--text-value", "guides", "--top-k", "3", "--return-distance")
    assert ended.code == 0, ended.err
    query = embedding("guides", DIMENSION)
    expected = sorted((cosine(query, embedding(key, DIMENSION)), key) for key in library)[:3]
    results = ended.printed["results"]
    assert [entry["Key"] for entry in results] == [key for _, key in expected]
    assert [entry["distance"] for entry in results] == pytest.approx([far for far, _ in expected], abs=1e-6)
    assert [entry["metadata"] for entry in results] == [library[key] for _, key in expected]
    body = {"indexName": index, "queryVector": {"float32": query}, "topK": 3, "returnDistance": True}
    answer = raw(emulator, cli.bucket, "queryVectors", {**body, "returnMetadata": True})["vectors"]
    assert [{"Key": entry.pop("key"), **entry} for entry in answer] == results


@pytest.mark.parametrize(
    ("expression", "keys"),
    [
        ({"category": {"$eq": "docs"}}, {"docs", "old"}),
        ({"$and": [{"category": "docs"}, {"version": {"$eq": "1.0"}}]}, {"docs"}),
        ({"$or": [{"category": "docs"}, {"category": "guides"}]}, {"docs", "old", "guides"}),
    ],
    ids=["equal", "and", "or"],
)
def test_the_filters_of_the_readme_select(
    cli: EmbedCli, index: str, library: dict[str, dict[str, str]], expression: dict[str, Any], keys: set[str]
) -> None:
    words = ("--text", "one.txt", "--filter", json.dumps(expression), "--top-k", "20", "--no-return-metadata")
    ended = cli("query", index, *words)
    assert ended.code == 0, ended.err
    assert keys < library.keys()
    assert {entry["Key"] for entry in ended.printed["results"]} == keys
    assert all(entry == {"Key": entry["Key"], "metadata": {}} for entry in ended.printed["results"])


@pytest.mark.parametrize(
    ("command", "words", "said"),
    [
        ("put", ("--text-value", "x" * 2500), "Error Code: VectorIndexParameterInvalid"),
        ("query", ("--text-value", "x", "--top-k", "0"), "Error Code: VectorIndexParameterInvalid"),
        ("query", ("--text-value", "x", "--filter", '{"a": {"$near": "b"}}'), "VectorIndexParameterInvalid"),
    ],
    ids=["metadata-size", "topk", "operator"],
)
def test_a_refusal_reaches_the_user_with_its_code(
    cli: EmbedCli, index: str, emulator: Emulator, command: str, words: tuple[str, ...], said: str
) -> None:
    ended = cli(command, index, *words)
    assert ended.code == 1
    assert "Http Status Code: 400" in ended.err
    assert said in ended.err
    assert stored(emulator, cli.bucket, index) == {}


def test_an_index_is_asked_for_before_anything_is_embedded(cli: EmbedCli, witness: Witness) -> None:
    ended = cli("put", "missing", "--text-value", "x")
    assert ended.code == 1
    assert "Failed to get index information" in ended.err
    assert "NoSuchVectorIndex" in ended.err
    assert cli.standins.embedded == []
    assert len(witness.of("GetVectorIndex")) == 1


def test_what_the_command_sends_is_what_the_suite_judges(cli: EmbedCli, index: str, witness: Witness) -> None:
    assert cli("put", index, "--text-value", "alpha", "--key", "a").code == 0
    assert cli("query", index, "--text-value", "alpha", "--return-distance").code == 0
    decided = {check.requirement for check in witness.checks()}
    assert {
        "GetVectorIndex.dimension.agrees",
        "QueryVectors.nearest",
        "QueryVectors.distance.cosine",
    } <= decided
    sender = {name.lower(): value for name, value in witness.of("QueryVectors")[0].request_headers}
    assert sender["user-agent"].endswith("/vector-client")
    assert sender["authorization"].startswith("OSS4-HMAC-SHA256 Credential=sdk-key/")
