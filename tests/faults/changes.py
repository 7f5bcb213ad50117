"""Ways to replace one part of a behaviour, so that a fault can be written in a line or two.

Everything works from outside, on the parts the emulator hands out; its own code knows nothing of faults.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Callable, Mapping
from typing import Any

import orjson

from oss_vectors_emulator.behaviour import Behaviour, build_behaviour
from oss_vectors_emulator.calls import Call, Handler
from oss_vectors_emulator.errors import ERROR_CODES, ServiceError
from oss_vectors_emulator.messages import Request, Response
from oss_vectors_emulator.pipeline import Pipeline
from tests.faults.model import Change

Json = dict[str, Any]
Around = Callable[[Behaviour, Handler], Handler]
_NO_CONTENT = 204


def altered(part: Any, **members: Any) -> Any:
    """A copy of a part with some of its methods or attributes replaced."""
    kind = type(part)
    copy: Any = object.__new__(type(kind.__name__, (kind,), members))
    copy.__dict__.update({name: value for name, value in vars(part).items() if name not in members})
    return copy


def part(name: str, **members: Any) -> Change:
    """Replace methods of one part of the behaviour."""
    return lambda behaviour: dataclasses.replace(
        behaviour, **{name: altered(getattr(behaviour, name), **members)}
    )


def rules(**members: Any) -> Change:
    """Replace validation rules, for all operations."""
    return part("rules", **members)


def limits(**values: int) -> Change:
    """Move limits, for all operations."""

    def apply(behaviour: Behaviour) -> Behaviour:
        settings = behaviour.settings
        moved = dataclasses.replace(settings.limits, **values)
        return build_behaviour(dataclasses.replace(settings, limits=moved), behaviour.clock)

    return apply


def _limits_of_parts(behaviour: Behaviour, values: Mapping[str, int]) -> Behaviour:
    moved = dataclasses.replace(behaviour.settings.limits, **values)
    return dataclasses.replace(
        behaviour,
        settings=dataclasses.replace(behaviour.settings, limits=moved),
        rules=altered(behaviour.rules, limits=moved),
        filter_parser=altered(behaviour.filter_parser, limits=moved),
    )


def only(operation: str, change: Change) -> Change:
    """Apply a change to one operation and leave the others as they are; they share one store."""
    return around(
        lambda parts, _handler: (changed := change(parts)).operations(changed)[operation], operation
    )


def rules_of(operation: str, **members: Any) -> Change:
    """Replace validation rules of one operation."""
    return only(operation, rules(**members))


def limits_of(operation: str, **values: int) -> Change:
    """Move limits of one operation."""
    return only(operation, lambda behaviour: _limits_of_parts(behaviour, values))


def around(wrap: Around, *operations: str) -> Change:
    """Wrap the handlers of some operations."""

    def apply(behaviour: Behaviour) -> Behaviour:
        inner = behaviour.operations

        def build(parts: Behaviour) -> Mapping[str, Handler]:
            plain = dataclasses.replace(parts, operations=inner)
            handlers = dict(inner(parts))
            for operation in operations:
                handlers[operation] = wrap(plain, handlers[operation])
            return handlers

        return dataclasses.replace(behaviour, operations=build)

    return apply


def before(operation: str, mend: Callable[[Json], object]) -> Change:
    """Alter the request body in place before it is read: what is mended is not checked."""

    def wrap(_parts: Behaviour, handler: Handler) -> Handler:
        def handle(call: Call) -> Response:
            body = orjson.loads(orjson.dumps(dict(call.body)))
            mend(body)
            return handler(dataclasses.replace(call, body=body))

        return handle

    return around(wrap, operation)


def member(
    operation: str, name: str, when: Callable[[Any], object], value: Callable[[Any], Any] | None = None
) -> Change:
    """Alter one member of the request body before it is read, or leave it out."""

    def mend(body: Json) -> None:
        if name in body and when(body[name]):
            given = body.pop(name)
            if value is not None:
                body[name] = value(given)

    return before(operation, mend)


def refuse(
    operation: str, when: Callable[[Call], object], code: str = "VectorIndexParameterInvalid"
) -> Change:
    """Refuse requests that should be served."""

    def wrap(_parts: Behaviour, handler: Handler) -> Handler:
        def handle(call: Call) -> Response:
            if when(call):
                raise ServiceError(code)
            return handler(call)

        return handle

    return around(wrap, operation)


def accept(
    operation: str, when: Callable[[ServiceError, Call], object], answer: Json | None = None
) -> Change:
    """Serve requests that should be refused, without doing anything for them."""

    def wrap(parts: Behaviour, handler: Handler) -> Handler:
        def handle(call: Call) -> Response:
            try:
                return handler(call)
            except ServiceError as error:
                if not when(error, call):
                    raise
                return serve_nothing(parts, operation, answer)

        return handle

    return around(wrap, operation)


def serve_nothing(parts: Behaviour, operation: str, answer: Json | None) -> Response:
    """A success without content, in the form the operation has."""
    if answer is not None:
        return parts.presenter.json(answer)
    return parts.presenter.no_content() if operation.startswith("Delete") else parts.presenter.empty()


def answer(operation: str, alter: Callable[[Any], object]) -> Change:
    """Alter the JSON of an operation's successful answer, in place or by returning another value."""

    def wrap(_parts: Behaviour, handler: Handler) -> Handler:
        def handle(call: Call) -> Response:
            response = handler(call)
            if not response.body:
                return response
            value = orjson.loads(response.body)
            returned = alter(value)
            return dataclasses.replace(response, body=orjson.dumps(value if returned is None else returned))

        return handle

    return around(wrap, operation)


def respond(operation: str, alter: Callable[[Response], Response]) -> Change:
    """Alter an operation's successful response as a whole."""
    return around(lambda _parts, handler: lambda call: alter(handler(call)), operation)


def success_status(operation: str, status: int) -> Change:
    """Another status for a success."""
    return respond(
        operation,
        lambda r: Response(status, r.headers, r.body if status != _NO_CONTENT else b""),
    )


def with_body(operation: str, status: int = 200) -> Change:
    """A JSON body where the pages have none."""
    return respond(
        operation,
        lambda r: Response(status, (*r.headers, ("content-type", "application/json")), b'{"success":true}'),
    )


def after(operation: str, act: Callable[[Behaviour, Call], object]) -> Change:
    """Do something once a request has been served."""

    def wrap(parts: Behaviour, handler: Handler) -> Handler:
        def handle(call: Call) -> Response:
            response = handler(call)
            act(parts, call)
            return response

        return handle

    return around(wrap, operation)


def instead(operation: str, handle: Callable[[Behaviour, Handler, Call], Response]) -> Change:
    """Serve an operation in another way."""
    return around(lambda parts, handler: lambda call: handle(parts, handler, call), operation)


def pipeline(**members: Any) -> Change:
    """Replace steps of the pipeline that every request goes through."""
    return lambda behaviour: dataclasses.replace(
        behaviour, pipeline=type("FaultyPipeline", (Pipeline,), members)
    )


def error_of(code: str, *operations: str, status: int | None = None, to: str | None = None) -> Change:
    """Another status or code for one error, of all operations or of some."""

    def serve(self: Any, request: Request) -> Response:
        try:
            return Pipeline.serve(self, request)
        except ServiceError as error:
            if error.code != code or (operations and not names_operation(self, request, operations)):
                raise
            known = ERROR_CODES[code]
            raise ServiceError(
                to or code,
                error.message or known.message,
                error.ec or known.ec,
                error.members,
                status or known.status,
            ) from None

    return pipeline(serve=serve)


def names_operation(pipe: Any, request: Request, operations: tuple[str, ...]) -> bool:
    """Whether a request asks for one of some operations."""
    return operation_of(pipe, request) in operations


def operation_of(pipe: Any, request: Request) -> str:
    """The operation a request asks for, empty when it asks for none."""
    parts = pipe.behaviour
    address = parts.addressing.resolve(request.host, request.raw_path)
    try:
        return str(parts.router.route(request.method, address, request.query).operation)
    except ServiceError:
        return ""


def both(*changes: Change) -> Change:
    """Several changes that together make one mistake."""

    def apply(behaviour: Behaviour) -> Behaviour:
        for change in changes:
            behaviour = change(behaviour)
        return behaviour

    return apply


def answer_if(operation: str, when: Callable[[Call], object], value: Json) -> Change:
    """Serve some requests with a fixed answer, once they have been found to be in order."""

    def handle(parts: Behaviour, handler: Handler, call: Call) -> Response:
        response = handler(call)
        return parts.presenter.json(value) if when(call) else response

    return instead(operation, handle)


def answer_when_missing(operation: str, member: str) -> Change:
    """Serve requests that lack a required member, without doing anything for them."""
    return accept(operation, lambda _error, call: member not in call.body)
