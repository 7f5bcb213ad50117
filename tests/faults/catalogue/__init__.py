"""All faults, by name."""

from __future__ import annotations

from collections.abc import Iterable
from itertools import chain

from tests.faults.catalogue import (
    bucket_life,
    bucket_reading,
    bucket_states,
    check_order,
    deleting,
    envelopes,
    exchanges,
    filter_grammar,
    filter_meaning,
    getting,
    index_fields,
    index_paging,
    index_reading,
    index_rules,
    index_states,
    kind_readers,
    listing,
    operations,
    page_tokens,
    put_data,
    put_effects,
    put_metadata,
    put_requests,
    query_parameters,
    query_results,
    query_states,
    rare_names,
    reading_flags,
    reading_states,
    request_forms,
    settings,
    signature_forms,
    signatures,
    unusual,
    vector_states,
)
from tests.faults.model import Fault

_MODULES = (
    bucket_life,
    bucket_reading,
    bucket_states,
    check_order,
    deleting,
    envelopes,
    exchanges,
    filter_grammar,
    filter_meaning,
    getting,
    index_fields,
    index_paging,
    index_reading,
    index_rules,
    index_states,
    kind_readers,
    listing,
    operations,
    page_tokens,
    put_data,
    put_effects,
    put_metadata,
    put_requests,
    query_parameters,
    query_results,
    query_states,
    rare_names,
    reading_flags,
    reading_states,
    request_forms,
    settings,
    signature_forms,
    signatures,
    unusual,
    vector_states,
)


def _by_name(faults: Iterable[Fault]) -> dict[str, Fault]:
    named: dict[str, Fault] = {}
    for fault in faults:
        if fault.name in named:
            raise ValueError(f"two faults are called {fault.name}")
        named[fault.name] = fault
    return named


#: Every fault of the catalogue.
FAULTS = _by_name(chain.from_iterable(module.faults() for module in _MODULES))
