"""Which operation a request asks for: its method and the sub-resource named in the query."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import Enum

from oss_vectors_emulator.addressing import Address
from oss_vectors_emulator.errors import ServiceError


class BodyKind(Enum):
    """How an operation reads its body."""

    IGNORED = "ignored"
    JSON = "json"
    JSON_OR_EMPTY = "json or empty"


@dataclass(frozen=True, slots=True)
class Route:
    """An operation and how it is addressed."""

    operation: str
    method: str
    subresource: str | None = None
    body: BodyKind = BodyKind.IGNORED
    bucket_must_exist: bool = True


def _post(operation: str, body: BodyKind = BodyKind.JSON) -> Route:
    return Route(operation, "POST", operation[0].lower() + operation[1:], body)


LIST_BUCKETS = Route("ListVectorBuckets", "GET", bucket_must_exist=False)
BUCKET_ROUTES: tuple[Route, ...] = (
    Route("PutVectorBucket", "PUT", bucket_must_exist=False),
    Route("DeleteVectorBucket", "DELETE"),
    Route("GetVectorBucket", "GET", "bucketInfo"),
    _post("PutVectorIndex"),
    _post("GetVectorIndex"),
    # The Python and Go clients send no body at all when nothing is set.
    _post("ListVectorIndexes", BodyKind.JSON_OR_EMPTY),
    _post("DeleteVectorIndex"),
    _post("PutVectors"),
    _post("GetVectors"),
    _post("ListVectors"),
    _post("DeleteVectors"),
    _post("QueryVectors"),
    Route("PutBucketPolicy", "PUT", "policy", BodyKind.JSON),
    Route("GetBucketPolicy", "GET", "policy"),
    Route("DeleteBucketPolicy", "DELETE", "policy"),
    Route("PutBucketLogging", "PUT", "logging", BodyKind.JSON),
    Route("GetBucketLogging", "GET", "logging"),
    Route("DeleteBucketLogging", "DELETE", "logging"),
)


class Router:
    """Finds the route; what no page describes is refused with a 4xx of general OSS."""

    def __init__(self) -> None:
        self._routes = {(route.method, route.subresource): route for route in BUCKET_ROUTES}
        self._subresources = frozenset(route.subresource for route in BUCKET_ROUTES if route.subresource)

    def route(self, method: str, address: Address, query: Mapping[str, str]) -> Route:
        """The route of a request; sub-resources count by presence, ``?op`` and ``?op=`` alike."""
        named = [name for name in query if name in self._subresources]
        if address.object_key:
            raise ServiceError("MethodNotAllowed", "A vector bucket has no objects.")
        if len(named) > 1:
            raise ServiceError("InvalidArgument", "The request names more than one operation.")
        if address.bucket is None:
            return self.service_route(method, named)
        route = self._routes.get((method, named[0] if named else None))
        if route is None:
            if named or method not in ("GET", "POST"):
                raise ServiceError("MethodNotAllowed")
            raise ServiceError("InvalidArgument", "The request names no operation of vector buckets.")
        if not named:
            self.refuse_sub_resources(query)
        return route

    def service_route(self, method: str, named: list[str]) -> Route:
        """ListVectorBuckets is all there is; the flag ``vector`` the Java client adds means nothing."""
        if named:
            raise ServiceError("InvalidArgument", "This operation needs a bucket in the host or the path.")
        if method != LIST_BUCKETS.method:
            raise ServiceError("MethodNotAllowed")
        return LIST_BUCKETS

    def refuse_sub_resources(self, query: Mapping[str, str]) -> None:
        """``PUT /?acl`` must not create a bucket, nor ``DELETE /?lifecycle`` delete one."""
        for name in query:
            if not name.startswith("x-oss-"):
                raise ServiceError("InvalidArgument", f"The sub-resource {name} is not supported.")
