"""Fixtures of the emulator's tests: a client without a socket, and one running emulator."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from oss_vectors_emulator import Emulator

from .client import Client, make_client


@pytest.fixture
def empty() -> Client:
    """A client of an emulator without any bucket."""
    return make_client()


@pytest.fixture
def client() -> Client:
    """A client of an emulator with a bucket."""
    return make_client().make_bucket()


@pytest.fixture
def indexed() -> Client:
    """A client of an emulator with a bucket and a three-dimensional euclidean index."""
    return make_client().make_bucket().make_index()


@pytest.fixture(scope="session")
def emulator() -> Iterator[Emulator]:
    """An emulator that listens on a free port, shared by the tests of the wire."""
    with Emulator() as running:
        yield running
