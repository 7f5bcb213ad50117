"""Checks of request values: one overridable method per documented rule, all refusing with 400."""

from oss_vectors_emulator.validation.base import RuleBase
from oss_vectors_emulator.validation.indexes import IndexRules
from oss_vectors_emulator.validation.listing import ListingRules
from oss_vectors_emulator.validation.names import NameRules
from oss_vectors_emulator.validation.query import QueryRules
from oss_vectors_emulator.validation.vectors import VectorRules


class Rules(NameRules, IndexRules, VectorRules, ListingRules, QueryRules):
    """All rules together; a subclass changes one of them."""


__all__ = ["RuleBase", "Rules"]
