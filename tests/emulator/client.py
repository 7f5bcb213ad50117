"""A signed client without a socket: requests go straight into the emulator's pipeline."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import quote

from oss_vectors_emulator import Behaviour, Credential, Settings, build_behaviour, signing
from oss_vectors_emulator.app import create_app
from oss_vectors_emulator.clock import Clock
from oss_vectors_emulator.messages import Request

REGION = "cn-hangzhou"
OWNER = Credential("emulator-access-key", "emulator-access-secret")
ENDPOINT = f"{REGION}.oss-vectors.aliyuncs.com"
BUCKET = "test-bucket"
INDEX = "testIndex"


class FakeClock(Clock):
    """A clock that stands still until a test moves it."""

    def __init__(self) -> None:
        self.moment = datetime(2026, 11, 21, 7, 6, 50, tzinfo=UTC)
        self.seconds = 1000.0

    def now(self) -> datetime:
        return self.moment

    def monotonic(self) -> float:
        return self.seconds

    def advance(self, seconds: float) -> None:
        self.moment += timedelta(seconds=seconds)
        self.seconds += seconds


@dataclass(frozen=True)
class Reply:
    """What came back."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> Any:
        return json.loads(self.body)

    @property
    def code(self) -> str:
        """The error code, empty for a success."""
        return str(self.json["Error"]["Code"]) if self.status >= 300 else ""

    @property
    def outcome(self) -> tuple[int, str]:
        return self.status, self.code


@dataclass(frozen=True)
class Signer:
    """Signs as a client would; every part can be made wrong."""

    credential: Credential = OWNER
    region: str = REGION
    product: str = "oss"
    day: str | None = None
    separator: str = ","
    additional: tuple[str, ...] = ()

    def headers(
        self,
        method: str,
        query: str,
        moment: datetime,
        bucket: str | None,
        headers: Mapping[str, str],
        key: str = "",
    ) -> dict[str, str]:
        """The given headers plus date, payload hash, token and Authorization."""
        date = moment.strftime("%Y%m%dT%H%M%SZ")
        signed = {"x-oss-date": date, "x-oss-content-sha256": "UNSIGNED-PAYLOAD", **headers}
        if self.credential.security_token:
            signed["x-oss-security-token"] = self.credential.security_token
        scope = f"{self.day or date[:8]}/{self.region}/{self.product}/aliyun_v4_request"
        canonical = self.canonical(method, query, bucket, signed, key)
        parts = [f"Credential={self.credential.access_key_id}/{scope}"]
        if self.additional:
            parts.append(f"AdditionalHeaders={';'.join(self.additional)}")
        secret = self.credential.access_key_secret
        parts.append(
            f"Signature={signing.signature(secret, self.region, signed['x-oss-date'], scope, canonical)}"
        )
        return {**signed, "authorization": f"OSS4-HMAC-SHA256 {self.separator.join(parts)}"}

    def canonical(
        self, method: str, query: str, bucket: str | None, headers: Mapping[str, str], key: str = ""
    ) -> str:
        return signing.canonical_request(
            method,
            signing.canonical_uri(self.region, self.credential.account_id, bucket, key),
            signing.canonical_query(split_query(query)),
            signing.canonical_headers(
                {name.lower(): value for name, value in headers.items()}, self.additional
            ),
            ";".join(self.additional),
        )

    def url_query(
        self, method: str, query: str, moment: datetime, bucket: str | None, expires: str = "900"
    ) -> str:
        """The query of a signed URL."""
        date = moment.strftime("%Y%m%dT%H%M%SZ")
        scope = f"{self.day or date[:8]}/{self.region}/{self.product}/aliyun_v4_request"
        extra = {
            "x-oss-signature-version": "OSS4-HMAC-SHA256",
            "x-oss-date": date,
            "x-oss-expires": expires,
            "x-oss-credential": f"{self.credential.access_key_id}/{scope}",
        }
        if self.credential.security_token:
            extra["x-oss-security-token"] = self.credential.security_token
        pairs = [query] if query else []
        full = "&".join([*pairs, *(f"{name}={quote(value, safe='')}" for name, value in extra.items())])
        canonical = self.canonical(method, full, bucket, {})
        signature = signing.signature(self.credential.access_key_secret, self.region, date, scope, canonical)
        return f"{full}&x-oss-signature={signature}"


def split_query(query: str) -> list[tuple[str, str]]:
    pieces = [piece.partition("=") for piece in query.split("&") if piece]
    return [(name, value) for name, _, value in pieces]


def host_of(bucket: str | None, account: str = OWNER.account_id) -> str:
    return ENDPOINT if bucket is None else f"{bucket}-{account}.{ENDPOINT}"


@dataclass
class Client:
    """Sends to one emulator behaviour."""

    behaviour: Behaviour
    bucket: str = BUCKET
    signer: Signer = field(default_factory=Signer)

    def __post_init__(self) -> None:
        self.app = create_app(behaviour=self.behaviour)

    def raw(
        self, method: str, host: str, query: str, headers: Mapping[str, str], body: bytes, path: str = "/"
    ) -> Reply:
        """One exchange with exactly these parts."""
        all_headers = (("Host", host), *headers.items())
        request = Request(method, path, query, all_headers, body, self.behaviour.headers.new_request_id())
        response = self.app.answer(request)
        complete = self.behaviour.headers.complete(request, response, 0)
        self.behaviour.rates.release(request.request_id)
        return Reply(response.status, dict(complete), response.body)

    def send(
        self,
        method: str,
        query: str = "",
        body: bytes = b"",
        *,
        bucket: str | None = "",
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """A signed request in virtual-host style; ``bucket=None`` addresses the service."""
        target = self.bucket if bucket == "" else bucket
        moment = self.behaviour.clock.now()
        signed = self.signer.headers(method, query, moment, target, headers or {})
        return self.raw(method, host_of(target, self.signer.credential.account_id), query, signed, body)

    def post(self, operation: str, body: Any, bucket: str | None = "") -> Reply:
        """A POST operation with a JSON body."""
        return self.send("POST", operation, json.dumps(body).encode(), bucket=bucket)

    def make_bucket(self, name: str = "") -> Client:
        reply = self.send("PUT", bucket=name or self.bucket)
        assert reply.status == 200, reply.body
        return self

    def make_index(
        self, name: str = INDEX, dimension: int = 3, metric: str = "euclidean", keys: Any = None
    ) -> Client:
        body = index_body(indexName=name, dimension=dimension, distanceMetric=metric)
        if keys is not None:
            body["metadata"] = {"nonFilterableMetadataKeys": keys}
        reply = self.post("putVectorIndex", body)
        assert reply.status == 200, reply.body
        return self

    def put(self, *vectors: Any, index: str = INDEX) -> Reply:
        return self.post("putVectors", {"indexName": index, "vectors": list(vectors)})

    def stored(self, index: str = INDEX) -> dict[str, Any]:
        """All vectors by key, read page by page."""
        found: dict[str, Any] = {}
        token = ""
        while True:
            body = {"indexName": index, "returnData": True, "returnMetadata": True, "nextToken": token}
            page = self.post("listVectors", body).json
            found.update({entry["key"]: entry for entry in page["vectors"]})
            token = page.get("nextToken", "")
            if not token:
                return found


def index_body(**changes: Any) -> dict[str, Any]:
    """A good PutVectorIndex body; a change to ``...`` removes the member."""
    body = {
        "indexName": INDEX,
        "dataType": "float32",
        "dimension": 3,
        "distanceMetric": "euclidean",
        **changes,
    }
    return {name: value for name, value in body.items() if value is not ...}


def vector(key: str, values: Any = (1.0, 2.0, 3.0), metadata: Any = ...) -> dict[str, Any]:
    """A good vector."""
    made: dict[str, Any] = {"key": key, "data": {"float32": list(values)}}
    if metadata is not ...:
        made["metadata"] = metadata
    return made


def make_client(settings: Settings | None = None, clock: Clock | None = None) -> Client:
    """A client of a fresh emulator."""
    return Client(build_behaviour(settings or Settings(), clock or FakeClock()))
