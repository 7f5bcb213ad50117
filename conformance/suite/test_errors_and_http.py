"""What every answer has in common, and the forms of HTTP that official clients use.

Covers the Error responses page (envelope, headers), the response samples of the
PutVectorIndex and DeleteVectors pages, and forms of requests that the official
SDKs send.  The judge checks envelope and headers on every answer of every test;
here each error status is provoked once so that no run goes without them.
"""

from __future__ import annotations

from conformance.cases.baselines import vector
from conformance.cases.case import Authentication, Case, Slot
from conformance.cases.http import sub_resource
from conformance.suite.collecting import cases_of, decides
from conformance.suite.resources import Resources, index_body
from conformance.suite.service import Service


@cases_of("Http")
def test_directed_case(resources: Resources, case: Case) -> None:
    """One form of a request."""
    resources.run_case(case)


@decides(
    "Errors.content-type",
    "Errors.body.json",
    "Errors.body.code",
    "Errors.body.message",
    "Errors.body.message.non-empty",
    "Errors.body.request-id",
    "Errors.body.host-id",
    "Errors.body.ec",
    "Errors.body.strings",
    "Errors.code-status",
    "Http.request-id.present",
    "Http.request-id.length",
    "Http.date.present",
    "Http.date.format",
    "Http.date.tolerance",
    "Http.success.content-type",
    "Http.reason",
)
def test_the_envelope_of_each_status(service: Service, resources: Resources) -> None:
    """200 with and without a body, 204, 400, 403, 404 and 409."""
    index = resources.shared(Slot.INDEX)
    service.call("GetVectorIndex", {"indexName": index})
    service.call("DeleteVectors", {"indexName": index, "keys": resources.keys(1)})
    service.call("PutVectorIndex", index_body(service.names.index(), dimension=0))
    unsigned = "GetVectorIndex.AccessDenied.unsigned"
    service.call(
        "GetVectorIndex", {"indexName": index}, authentication=Authentication.UNSIGNED, attack=unsigned
    )
    service.call("GetVectorIndex", {"indexName": service.names.index()})
    service.call("PutVectorIndex", index_body(index))


@decides("Http.query.key-with-equals")
def test_index_operations_with_an_equals_sign(service: Service) -> None:
    """An index is created, described and deleted by ``putVectorIndex=`` and its siblings."""
    name = service.names.index()
    for operation, body in (
        ("PutVectorIndex", index_body(name)),
        ("GetVectorIndex", {"indexName": name}),
        ("DeleteVectorIndex", {"indexName": name}),
    ):
        key = f"{sub_resource(operation)}="
        service.call(operation, body, sub_resource=key, attack="Http.query.key-with-equals")


@decides("Http.success.empty-headers")
def test_headers_of_answers_without_a_body(service: Service, resources: Resources) -> None:
    """The samples print Content-Length: 0 for some and nothing for others; recorded only."""
    index = resources.shared(Slot.INDEX)
    key = resources.keys(1)[0]
    for operation, body in (
        ("PutVectors", {"indexName": index, "vectors": [vector(key)]}),
        ("DeleteVectors", {"indexName": index, "keys": [key]}),
    ):
        answer = service.call(operation, body)
        response = answer.exchange.response
        if response is not None and answer.served:
            found = [
                f"{name}: {value}"
                for name in ("Content-Length", "Transfer-Encoding", "Content-Type")
                if (value := response.header(name)) is not None
            ]
            text = f"{response.status}: {', '.join(found) or 'none of these headers'}"
            service.observe("Http.success.empty-headers", text, answer.exchange)


@decides("Http.server")
def test_the_server_header(service: Service) -> None:
    """The samples show AliyunOSS; recorded only."""
    answer = service.call("ListVectorBuckets", query="max-keys=1")
    response = answer.exchange.response
    server = response.header("Server") if response is not None else None
    service.observe("Http.server", f"Server: {server}" if server else "no Server header", answer.exchange)
