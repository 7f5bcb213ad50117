"""The sample report tells nothing about the machine on which it was made."""

from __future__ import annotations

import pytest

from benchmarks.sample import KEPT, ROOT, problems

# Put together here, so that no file of the repository has a path of a machine in it.
_ABSOLUTE = "/{}/someone"


@pytest.mark.parametrize(
    "text",
    [
        f'"reportDir": "{_ABSOLUTE.format("home")}/reports"',
        f"see {_ABSOLUTE.format('tmp')}/report.json",
        "http://build.internal.example:8080/?putVectors",
        "secret-of-the-run",
    ],
)
def test_what_is_private_is_found(text: str) -> None:
    assert list(problems(text, ["secret-of-the-run"]))


@pytest.mark.parametrize(
    "text",
    [
        "http://127.0.0.1:9000/?putVectorIndex",
        "https://api.aliyun.com/troubleshoot?q=0003",
        "config.endpoint = 'http://cn-hangzhou.oss-vectors.aliyuncs.com'",
        "reports/sample and conformance/suite/test_properties.py",
    ],
)
def test_what_is_public_is_not(text: str) -> None:
    assert list(problems(text, ["secret-of-the-run"])) == []


@pytest.mark.parametrize("name", KEPT)
def test_the_sample_has_nothing_private(name: str) -> None:
    text = (ROOT / "reports" / "sample" / name).read_text(encoding="utf-8")
    assert (
        "OSS Vectors core (part)" if name == "badge.svg" else "PutVectorIndex.dimension.maximum.accepted"
    ) in text
    assert list(problems(text, ["emulator-access-secret"])) == []
