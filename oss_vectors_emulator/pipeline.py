"""The order in which a request is checked: authentication, bucket, JSON, parameters, index.

Bucket before body is what the SDK live tests assert (invalid parameters sent to a missing bucket give
NoSuchBucket); authentication first follows from InvalidAccessKeyId on a deleted bucket; the rest is the
natural order and undocumented.
"""

from __future__ import annotations

import base64
import hashlib
from typing import TYPE_CHECKING, Any

from oss_vectors_emulator.addressing import Address
from oss_vectors_emulator.calls import Call
from oss_vectors_emulator.credentials import Credential
from oss_vectors_emulator.errors import ServiceError
from oss_vectors_emulator.messages import Request, Response
from oss_vectors_emulator.routing import BodyKind, Route
from oss_vectors_emulator.store import Bucket

if TYPE_CHECKING:
    from oss_vectors_emulator.behaviour import Behaviour


class Pipeline:
    """Serves requests one after the other; nothing in it waits."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.behaviour = behaviour
        self.handlers = behaviour.operations(behaviour)

    def handle(self, request: Request) -> Response:
        """The answer of the service, an error envelope for every refusal."""
        try:
            return self.serve(request)
        except ServiceError as error:
            return self.behaviour.errors.render(error, request)

    def serve(self, request: Request) -> Response:
        """The answer, or a refusal."""
        parts = self.behaviour
        address = parts.addressing.resolve(request.host, request.raw_path)
        caller = parts.authenticator.authenticate(request, address)
        route = parts.router.route(request.method, address, request.query)
        self.check_digest(request)
        parts.rates.admit(route.operation, caller.account_id)
        bucket = self.find_bucket(address, caller, route)
        body = self.read_body(request, route)
        call = Call(route.operation, request, caller.account_id, address.bucket or "", bucket, body)
        return self.handlers[route.operation](call)

    def find_bucket(self, address: Address, caller: Credential, route: Route) -> Bucket | None:
        """The addressed bucket, checked for name, owner and existence."""
        if address.bucket is None:
            return None
        name = self.behaviour.rules.bucket_name(address.bucket)
        if address.account not in (None, caller.account_id):
            raise ServiceError(self.behaviour.settings.choices.foreign_account)
        bucket = self.behaviour.store.bucket(caller.account_id, name)
        if route.bucket_must_exist and bucket is None:
            raise ServiceError("NoSuchBucket", members={"BucketName": name})
        return bucket

    def read_body(self, request: Request, route: Route) -> dict[str, Any]:
        """The JSON object an operation reads; its Content-Type does not matter, clients disagree on it."""
        if route.body is BodyKind.IGNORED or (route.body is BodyKind.JSON_OR_EMPTY and not request.body):
            return {}
        return self.behaviour.decoder.decode_object(request.body)

    def check_digest(self, request: Request) -> None:
        """A Content-MD5 that does not belong to the body: 400 InvalidDigest, as in general OSS."""
        sent = request.header("content-md5")
        if sent is None or self.behaviour.settings.choices.content_md5 == "ignore":
            return
        digest = hashlib.md5(request.body, usedforsecurity=False).digest()
        if sent.strip() != base64.b64encode(digest).decode():
            raise ServiceError("InvalidDigest")
