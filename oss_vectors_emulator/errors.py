"""Error codes, their HTTP status and the JSON envelope that carries them.

Codes and statuses come from the error tables of the operation pages (PutVectorIndex, DeleteVectors,
PutVectorBucket, DeleteVectorBucket, GetBucketPolicy) and, for the common layer, from what the official
SDKs' live tests see and the "error responses" page describes.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

import orjson

from oss_vectors_emulator.messages import Request, Response


@dataclass(frozen=True, slots=True)
class ErrorCode:
    """One documented code: status, default message and fine-grained code (EC)."""

    code: str
    status: int
    message: str
    ec: str


def _table(*rows: tuple[str, int, str, str]) -> Mapping[str, ErrorCode]:
    return MappingProxyType(
        {code: ErrorCode(code, status, message, ec) for code, status, message, ec in rows}
    )


# No document gives an EC for the vector-specific codes. The member has to be a string all the same, so
# the emulator numbers its own in the 0099 block, which no page uses.
# fmt: off
ERROR_CODES = _table(
    ("VectorIndexParameterInvalid", 400, "The vector index parameters provided in the request are invalid.",
     "0099-00000001"),
    ("MalformedJson", 400, "The JSON format in the request body is invalid.", "0099-00000002"),
    ("VectorBucketIndexExceedLimit", 400, "The number of created indexes has reached the upper limit.",
     "0099-00000003"),
    ("InvalidVectorBucketName", 400, "The specified vector bucket name is not valid.", "0099-00000004"),
    ("TooManyBuckets", 400, "The number of vector buckets has reached the upper limit.", "0099-00000005"),
    ("InvalidArgument", 400, "The request contains an invalid argument.", "0099-00000006"),
    ("InvalidDigest", 400, "The Content-MD5 you specified was invalid.", "0099-00000007"),
    ("AccessDenied", 403, "You have no right to access this object because of authentication.",
     "0003-00000201"),
    ("InvalidAccessKeyId", 403, "The OSS Access Key Id you provided does not exist in our records.",
     "0002-00000902"),
    ("SignatureDoesNotMatch", 403, ("The request signature we calculated does not match the signature you "
     "provided. Check your key and signing method."), "0002-00000201"),
    ("RequestTimeTooSkewed", 403, ("The difference between the request time and the current time is too "
     "large."), "0002-00000504"),
    ("NoSuchBucket", 404, "The specified bucket does not exist.", "0015-00000101"),
    ("NoSuchVectorIndex", 404, "The specified vector index does not exist.", "0099-00000008"),
    ("NoSuchBucketPolicy", 404, "The bucket policy does not exist.", "0099-00000009"),
    ("MethodNotAllowed", 405, "The specified method is not allowed against this resource.", "0099-00000010"),
    ("BucketAlreadyExists", 409, "The requested bucket name is not available.", "0015-00000104"),
    ("VectorBucketNotEmpty", 409, "The vector bucket you tried to delete is not empty.", "0099-00000011"),
    ("VectorBucketIndexAlreadyExist", 409, "The specified index name already exists.", "0099-00000012"),
    ("QpsLimitExceeded", 503, "QPS limit exceeded. The request rate is limited.", "0099-00000013"),
)
# fmt: on


@dataclass(eq=False)
class ServiceError(Exception):
    """A request is refused; carries the code and what is particular to this refusal."""

    code: str
    message: str | None = None
    ec: str | None = None
    members: Mapping[str, str] = field(default_factory=dict)
    status: int | None = None

    def __str__(self) -> str:
        return f"{self.code}: {self.message or ERROR_CODES[self.code].message}"


class ErrorRenderer:
    """Turns a refusal into the documented JSON envelope.

    The Content-Type is exactly ``application/json``: the official clients compare the whole header value
    and read anything else as XML. All members are strings, because the Python client drops others.
    """

    content_type = "application/json"
    codes: Mapping[str, ErrorCode] = ERROR_CODES

    def render(self, error: ServiceError, request: Request) -> Response:
        """The response for a refusal."""
        status = error.status or self.codes[error.code].status
        headers = (("content-type", self.content_type), ("x-oss-ec", self.ec(error)))
        return Response(status, headers, orjson.dumps(self.envelope(error, request)))

    def envelope(self, error: ServiceError, request: Request) -> object:
        """The body: a single root member ``Error``."""
        return {"Error": self.members(error, request)}

    def members(self, error: ServiceError, request: Request) -> dict[str, str]:
        """Members of ``Error`` (error responses page, "Error response fields")."""
        ec = self.ec(error)
        return {
            "Code": error.code,
            "Message": error.message or self.codes[error.code].message,
            "RequestId": request.request_id,
            "HostId": request.host,
            "EC": ec,
            "RecommendDoc": f"https://api.aliyun.com/troubleshoot?q={ec}",
            **error.members,
        }

    def ec(self, error: ServiceError) -> str:
        """Fine-grained code, the same in the body and in the header ``x-oss-ec``."""
        return error.ec or self.codes[error.code].ec
