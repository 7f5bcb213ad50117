"""Shapes of the JSON answers, by the response tables and samples of the operation pages."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import orjson

from oss_vectors_emulator.choices import Choices
from oss_vectors_emulator.clock import iso_millis
from oss_vectors_emulator.messages import Response
from oss_vectors_emulator.store import Bucket, Index, VectorTable

JsonObject = dict[str, Any]
_DOMAIN = "oss-vectors.aliyuncs.com"
OK = 200
NO_CONTENT = 204


class Presenter:
    """Builds bodies and wraps them into responses."""

    content_type = "application/json"

    def __init__(self, region: str, choices: Choices) -> None:
        self.region = region
        self.choices = choices

    def json(self, value: object) -> Response:
        """200 with a JSON body; the Go client reads no body without this Content-Type."""
        return self.json_text(orjson.dumps(value, option=orjson.OPT_SERIALIZE_NUMPY))

    def json_text(self, body: bytes) -> Response:
        """200 with a body that is JSON text already."""
        return Response(OK, (("content-type", self.content_type),), body)

    def empty(self, headers: tuple[tuple[str, str], ...] = ()) -> Response:
        """200 without a body: the Python client would read any body as a result."""
        return Response(OK, headers)

    def no_content(self) -> Response:
        """204, which ends every delete."""
        return Response(NO_CONTENT)

    def bucket(self, bucket: Bucket) -> JsonObject:
        """Members of BucketInfo (GetVectorBucket page) and of each entry of Buckets."""
        entry = {
            "Name": self.bucket_arn(bucket),
            "CreationDate": iso_millis(bucket.created),
            "Location": f"oss-{self.region}",
            "Region": self.region,
            "ExtranetEndpoint": f"{self.region}.{_DOMAIN}",
            "IntranetEndpoint": f"{self.region}-internal.{_DOMAIN}",
        }
        if bucket.resource_group is not None:
            entry["ResourceGroupId"] = bucket.resource_group
        return entry

    def bucket_arn(self, bucket: Bucket) -> str:
        """The ARN, not the bare name: the pages say so and live tests take it apart."""
        return f"acs:ossvector:{self.region}:{bucket.account}:{bucket.name}"

    def bucket_page(
        self, buckets: Sequence[Bucket], prefix: str, marker: str, max_keys: int, truncated: bool
    ) -> JsonObject:
        """ListAllMyBucketsResult; its paging members are left out when everything was returned."""
        result: JsonObject = {}
        if truncated or self.choices.list_buckets_paging_members == "always":
            next_marker = buckets[-1].name if truncated else ""
            result = {"Prefix": prefix, "Marker": marker, "MaxKeys": max_keys, "IsTruncated": truncated}
            result["NextMarker"] = next_marker
        result["Buckets"] = [self.bucket(bucket) for bucket in buckets]
        return {"ListAllMyBucketsResult": result}

    def index(self, index: Index) -> JsonObject:
        """Members of ``index`` (GetVectorIndex page) and of each entry of ``indexes``."""
        settings = index.settings
        entry: JsonObject = {
            "indexName": settings.name,
            "createTime": iso_millis(index.created),
            "dataType": settings.data_type,
            "dimension": settings.dimension,
            "distanceMetric": settings.distance_metric,
            "status": index.status,
        }
        if settings.non_filterable is not None:
            entry["metadata"] = {"nonFilterableMetadataKeys": list(settings.non_filterable)}
        return entry

    def vector(self, table: VectorTable, row: int, data: bool, metadata: bool) -> JsonObject:
        """An entry of ``vectors``: the key, and what was asked for."""
        entry: JsonObject = {"key": table.keys[row]}
        if data:
            entry["data"] = {"float32": self.numbers(table.matrix[row])}
        if metadata:
            entry.update(self.metadata(table.metadata[row]))
        return entry

    def hit(self, table: VectorTable, row: int, distance: Any, metadata: bool) -> JsonObject:
        """An entry of a query's ``vectors``; ``distance`` is None when it was not asked for."""
        entry = self.vector(table, row, False, metadata)
        return entry if distance is None else {"key": entry.pop("key"), "distance": distance, **entry}

    def metadata(self, metadata: Mapping[str, Any] | None) -> JsonObject:
        """The member ``metadata``; whether a vector without any gets one is undocumented."""
        if metadata is None:
            return {"metadata": {}} if self.choices.absent_metadata == "empty-object" else {}
        return {"metadata": metadata}

    def numbers(self, row: Any) -> Any:
        """Stored numbers for JSON: the shortest text that gives the same single-precision value back."""
        return row if self.choices.float_output == "float32" else row.astype(np.float64)

    def page(self, name: str, entries: list[JsonObject], token: str | None) -> Response:
        """A page of a listing; without a token it is the last."""
        body: JsonObject = {name: entries}
        if token is not None:
            body["nextToken"] = token
        elif self.choices.last_page_token == "empty":  # noqa: S105 - a choice, no secret
            body["nextToken"] = ""
        return self.json(body)
