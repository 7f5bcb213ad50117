"""The same request through Alibaba Cloud's Python SDK V2, where it can express it.

An implementer often meets a violation through an SDK; seeing it there settles
whether the suite's own HTTP client is to blame.  The field names are those of
the request models in ``alibabacloud_oss_v2.vectors`` 1.4.1; a self-test holds
them against the installed package, which is not needed to run the suite.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from decimal import Decimal
from typing import Any
from urllib.parse import urlsplit

from conformance.verdicts.model import RecordedExchange, RunInfo

SNIPPET_BODY_LIMIT = 2048
_SIGNATURE_HEADERS = frozenset({"x-oss-date", "x-oss-content-sha256", "x-oss-security-token"})
# The SDK refuses other names before it sends anything (its validation module).
_SDK_BUCKET_NAME = re.compile(r"(?!-)[a-z0-9-]{3,63}(?<!-)")
_PUBLIC_HOST = re.compile(r"(?P<region>[a-z0-9-]+?)(-internal)?\.oss-vectors\.aliyuncs\.com(:\d+)?")
_SCOPE = re.compile(r"/\d{8}/(?P<region>[a-z0-9-]+)/oss/aliyun_v4_request")


@dataclass(frozen=True, slots=True)
class _Call:
    """One SDK method: its HTTP form and the Python name of each JSON member."""

    function: str
    method: str
    query: str
    fields: Mapping[str, str]

    @property
    def model(self) -> str:
        return "".join(part.capitalize() for part in self.function.split("_")) + "Request"


def _camel(name: str) -> str:
    first, *rest = name.split("_")
    return first + "".join(part.capitalize() for part in rest)


def _json_call(function: str, *fields: str) -> _Call:
    return _Call(function, "POST", _camel(function), {_camel(field): field for field in fields})


_PAGE = ("max_results", "next_token")
_RETURN = ("return_data", "return_metadata")

_CALLS = {
    "PutVectorBucket": _Call("put_vector_bucket", "PUT", "", {}),
    "GetVectorBucket": _Call("get_vector_bucket", "GET", "bucketInfo", {}),
    "DeleteVectorBucket": _Call("delete_vector_bucket", "DELETE", "", {}),
    "PutVectorIndex": _json_call(
        "put_vector_index", "data_type", "dimension", "distance_metric", "index_name", "metadata"
    ),
    "GetVectorIndex": _json_call("get_vector_index", "index_name"),
    "ListVectorIndexes": _json_call("list_vector_indexes", *_PAGE, "prefix"),
    "DeleteVectorIndex": _json_call("delete_vector_index", "index_name"),
    "PutVectors": _json_call("put_vectors", "index_name", "vectors"),
    "GetVectors": _json_call("get_vectors", "index_name", "keys", *_RETURN),
    "ListVectors": _json_call(
        "list_vectors", "index_name", *_PAGE, *_RETURN, "segment_count", "segment_index"
    ),
    "DeleteVectors": _json_call("delete_vectors", "index_name", "keys"),
    "QueryVectors": _json_call(
        "query_vectors",
        "filter",
        "index_name",
        "query_vector",
        "return_distance",
        "return_metadata",
        "top_k",
    ),
}

_SETUP = """\
import alibabacloud_oss_v2 as oss
from alibabacloud_oss_v2.vectors import Client, models

config = oss.config.load_default()
config.credentials_provider = oss.credentials.EnvironmentVariableCredentialsProvider()
config.region, config.account_id = {region}, {account}
{endpoint}
config.retry_max_attempts = 1
client = Client(config)
"""
_CALL = """\
print(client.{function}(models.{model}(
{arguments}
)))"""


class _InexpressibleError(ValueError):
    """The SDK cannot send these bytes."""


@dataclass(frozen=True, slots=True)
class Snippet:
    """Runnable code in two pieces: making the client, the same for a whole run, and the call."""

    setup: str
    call: str


def sdk_snippet(exchange: RecordedExchange, info: RunInfo | None = None) -> str | None:
    """Python code that sends the same request, or ``None`` where the SDK has no way to say it."""
    snippet = sdk_code(exchange, info)
    return None if snippet is None else snippet.setup + snippet.call


def sdk_code(exchange: RecordedExchange, info: RunInfo | None = None) -> Snippet | None:
    """The two pieces of :func:`sdk_snippet`.

    The SDK signs, sends ``application/json`` to a bucket host name, leaves out
    ``None`` members and knows a closed set of fields; anything else needs curl.
    """
    call = _CALLS.get(exchange.operation)
    if call is None or exchange.bucket is None or not _is_plain(exchange, call):
        return None
    try:
        body = _parse(exchange)
    except (_InexpressibleError, ValueError, RecursionError):
        return None
    if not set(body) <= set(call.fields) or any(value is None for value in body.values()):
        return None
    endpoint = _endpoint_line(exchange)
    if endpoint is None:
        return None
    arguments = [f"    bucket={exchange.bucket!r},"]
    arguments += [f"    {call.fields[name]}={_python(value)}," for name, value in body.items()]
    region = _region(exchange, info)
    setup = _SETUP.format(region=region, account=repr(account_of(exchange)), endpoint=endpoint)
    return Snippet(
        setup=f"import os\n{setup}" if "os.environ" in region else setup,
        call=_CALL.format(function=call.function, model=call.model, arguments="\n".join(arguments)),
    )


def account_of(exchange: RecordedExchange) -> str | None:
    """The account id in a bucket host name (``<bucket>-<account id>.<endpoint>``), if there is one."""
    if exchange.bucket is None or not exchange.host.startswith(f"{exchange.bucket}-"):
        return None
    label = exchange.host[len(exchange.bucket) + 1 :].partition(".")[0]
    return label if label.isascii() and label.isdigit() else None


def _is_plain(exchange: RecordedExchange, call: _Call) -> bool:
    headers = {name.lower(): value for name, value in exchange.request_headers}
    query = f"?{call.query}" if call.query else ""
    targets = {f"/{query}", f"/{query}="} if query else {"/"}
    return (
        exchange.signed
        and exchange.method == call.method
        and exchange.target in targets
        and account_of(exchange) is not None
        and _SDK_BUCKET_NAME.fullmatch(exchange.bucket or "") is not None
        and headers.get("content-type", "application/json") == "application/json"
        and "transfer-encoding" not in headers
        and not any(name.startswith("x-oss-") and name not in _SIGNATURE_HEADERS for name in headers)
        and exchange.body_complete
        and exchange.request_body_base64 is None
        and exchange.request_size <= SNIPPET_BODY_LIMIT
    )


def _parse(exchange: RecordedExchange) -> dict[str, Any]:
    if exchange.request_size == 0:
        return {}
    value = json.loads(
        exchange.request_body,
        object_pairs_hook=_unique_members,
        parse_int=_exact_integer,
        parse_float=_exact_float,
        parse_constant=_no_constant,
    )
    # For an empty object the SDK sends no body at all.
    if not isinstance(value, dict) or not value:
        raise _InexpressibleError
    return value


def _unique_members(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    members = dict(pairs)
    if len(members) != len(pairs):
        raise _InexpressibleError
    return members


def _exact_integer(text: str) -> int:
    if str(int(text)) != text:
        raise _InexpressibleError
    return int(text)


def _exact_float(text: str) -> float:
    value = float(text)
    if Decimal(text) != Decimal(repr(value)):
        raise _InexpressibleError
    return value


def _no_constant(text: str) -> float:
    raise _InexpressibleError(text)


def _python(value: Any) -> str:
    # ascii() and not repr(): the snippet must survive any terminal and encoding.
    return ascii(value)


def _region(exchange: RecordedExchange, info: RunInfo | None) -> str:
    if info is not None:
        return repr(info.region)
    host = exchange.host.partition(".")[2]
    found = _PUBLIC_HOST.fullmatch(host) or next(
        filter(None, (_SCOPE.search(value) for _, value in exchange.request_headers)), None
    )
    return repr(found["region"]) if found else 'os.environ["OSS_REGION"]'


def _endpoint_line(exchange: RecordedExchange) -> str | None:
    address = urlsplit(exchange.url)
    named = exchange.host.partition(".")[2]
    line = f"config.endpoint = {f'{address.scheme}://{named}'!r}"
    if address.netloc == exchange.host:
        return line
    if address.scheme != "http":
        return None  # A proxy setting for https opens a tunnel instead of sending the request.
    # The SDK has no path style and no Host override: only as a proxy does an
    # address without DNS names receive its requests.
    proxy = {"http": f"http://{address.netloc}"}
    return f"{line}\nconfig.proxy_host = {proxy!r}"
