"""What all operation classes share."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from oss_vectors_emulator.behaviour import Behaviour


class Operations:
    """Holds the parts an operation works with."""

    def __init__(self, behaviour: Behaviour) -> None:
        self.parts = behaviour
        self.rules = behaviour.rules
        self.present = behaviour.presenter
        self.store = behaviour.store
