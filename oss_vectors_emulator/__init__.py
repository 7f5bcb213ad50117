"""A reference emulator of the OSS Vectors HTTP API, written from its public documentation.

``python -m oss_vectors_emulator --port 9000`` runs it; :class:`Emulator` runs it inside a test. Names are
loaded when first used, so that a single module, such as the signing rules, can be had without a server.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from oss_vectors_emulator.app import create_app
    from oss_vectors_emulator.behaviour import Behaviour, build_behaviour
    from oss_vectors_emulator.choices import Choices
    from oss_vectors_emulator.config import Settings
    from oss_vectors_emulator.credentials import Credential
    from oss_vectors_emulator.limits import Limits
    from oss_vectors_emulator.server import Emulator

_HOMES = {
    "Behaviour": "behaviour",
    "Choices": "choices",
    "Credential": "credentials",
    "Emulator": "server",
    "Limits": "limits",
    "Settings": "config",
    "build_behaviour": "behaviour",
    "create_app": "app",
}

__all__ = [
    "Behaviour",
    "Choices",
    "Credential",
    "Emulator",
    "Limits",
    "Settings",
    "build_behaviour",
    "create_app",
]


def __getattr__(name: str) -> Any:
    """Load a public name from its module."""
    if name not in _HOMES:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    return getattr(import_module(f"{__name__}.{_HOMES[name]}"), name)
