"""Suite and emulator were read out of the documents twice: neither knows the other, and they agree on every number.

A suite that shared a table with its own reference could never find a slip in
it.  Here alone the two are put side by side.
"""

from __future__ import annotations

import ast
import dataclasses
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from conformance.contract.loader import load_contract
from oss_vectors_emulator.limits import LIMIT_NAMES, Limits

ROOT = Path(__file__).parents[2]
PACKAGES = ("conformance", "oss_vectors_emulator")


def imported(file: Path) -> Iterator[str]:
    """Every module that a file imports, wherever in it."""
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.level == 0:
            yield node.module or ""


@pytest.mark.parametrize(("package", "other"), [PACKAGES, PACKAGES[::-1]])
def test_neither_package_imports_the_other(package: str, other: str) -> None:
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    found = {
        (str(file.relative_to(ROOT)), module)
        for file in files
        for module in imported(file)
        if module.split(".")[0] == other
    }
    assert found == set()


def test_the_walk_sees_imports_in_every_form(tmp_path: Path) -> None:
    file = tmp_path / "sample.py"
    file.write_text(
        "import a.b\nfrom c import d\ndef f():\n    from e.g import h\n    import i as j\nfrom . import k\n"
    )
    assert set(imported(file)) == {"a.b", "c", "e.g", "i"}


def contract_limits() -> dict[str, Any]:
    """The contract's value for each limit of the emulator; ``None`` where the contract has no number."""
    contract = load_contract()
    document = contract.document
    limit = contract.limit

    def operation(path: str, method: str) -> dict[str, Any]:
        found: dict[str, Any] = document["paths"][path][method]
        return found

    buckets = operation("/putVectorBucket", "put")
    name = buckets["x-oss-bucket-name"]
    page = next(
        parameter["schema"]
        for parameter in contract.operation("ListVectorBuckets").parameters
        if parameter["name"] == "max-keys"
    )
    keys = "metadata/nonFilterableMetadataKeys"
    metadata = "vectors/metadata/x-oss-limits"
    filters = "filter/x-oss-limits"
    return {
        "bucket_name_min": name["minLength"],
        "bucket_name_max": name["maxLength"],
        "buckets_per_account": _only(buckets["x-oss-limits"])["maximum"],
        "list_buckets_default": page["default"],
        "list_buckets_max": page["maximum"],
        "indexes_per_bucket": operation("/putVectorIndex", "post")["x-oss-limits"]["indexes-per-bucket"][
            "maximum"
        ],
        "index_name_max": limit("PutVectorIndex", "indexName/maxLength"),
        "dimension_min": limit("PutVectorIndex", "dimension/minimum"),
        "dimension_max": limit("PutVectorIndex", "dimension/maximum"),
        "non_filterable_keys_max": limit("PutVectorIndex", f"{keys}/maxItems"),
        "non_filterable_key_bytes": limit("PutVectorIndex", f"{keys}/item/x-oss-limits/length/maximum"),
        "list_indexes_default": limit("ListVectorIndexes", "maxResults/default"),
        "list_indexes_max": limit("ListVectorIndexes", "maxResults/maximum"),
        "list_indexes_token_bytes": limit("ListVectorIndexes", "nextToken/x-oss-limits/length/maximum"),
        "put_vectors_max": limit("PutVectors", "vectors/maxItems"),
        "vector_key_max": limit("PutVectors", "vectors/key/maxLength"),
        "metadata_bytes": limit("PutVectors", f"{metadata}/total-size/maximum") * 1024,
        "filterable_bytes": limit("PutVectors", f"{metadata}/filterable-size/maximum") * 1024,
        "filterable_fields": limit("PutVectors", f"{metadata}/filterable-count/maximum"),
        "get_keys_max": limit("GetVectors", "keys/maxItems"),
        "delete_keys_max": limit("DeleteVectors", "keys/x-oss-limits/unique-count/maximum"),
        "list_vectors_default": limit("ListVectors", "maxResults/default"),
        "list_vectors_max": limit("ListVectors", "maxResults/maximum"),
        "list_vectors_token_bytes": limit("ListVectors", "nextToken/x-oss-limits/length/maximum"),
        "segment_count_max": limit("ListVectors", "segmentCount/maximum"),
        "top_k_max": limit("QueryVectors", "topK/maximum"),
        "filter_bytes": limit("QueryVectors", f"{filters}/size/maximum") * 1024,
        "filter_items": limit("QueryVectors", f"{filters}/items/maximum"),
        "filter_depth": limit("QueryVectors", f"{filters}/nesting/maximum"),
        "clock_skew_seconds": contract.clock_skew.total_seconds(),
        "url_expires_max": contract.signing_limit("OssV4Query", "expires").total_seconds(),
        "put_index_per_second": operation("/putVectorIndex", "post")["x-oss-rate"]["requests-per-second"],
    }


def _only(limits: dict[str, Any]) -> dict[str, Any]:
    (found,) = limits.values()
    assert isinstance(found, dict)
    return found


#: Limits of the emulator for which the contract holds no single number.
BESIDE_THE_CONTRACT = {
    "put_vectors_per_second": "contested over time",
    "put_vectors_in_flight": "not visible from one client",
    "request_bytes": "a guard of the emulator's own",
}


@pytest.mark.parametrize("name", LIMIT_NAMES)
def test_emulator_and_contract_agree_on_every_number(name: str) -> None:
    default = {field.name: field.default for field in dataclasses.fields(Limits)}[name]
    if name in BESIDE_THE_CONTRACT:
        assert name not in contract_limits()
    else:
        assert default == contract_limits()[name]


def test_no_number_of_the_contract_is_unknown_to_the_emulator() -> None:
    assert {*contract_limits(), *BESIDE_THE_CONTRACT} == set(LIMIT_NAMES)
