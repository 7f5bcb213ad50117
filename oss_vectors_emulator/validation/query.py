"""Scalar parameters of QueryVectors; its filter is checked in the filters module."""

from __future__ import annotations

from oss_vectors_emulator.validation.base import Body, RuleBase


class QueryRules(RuleBase):
    """How many results a query may ask for."""

    def top_k(self, body: Body) -> int:
        """At least 1; the maximum grew from 30 over 100 to 500 in successive editions of the page."""
        value = self.integer("topK", self.required(body, "topK"))
        return self.within("topK", value, 1, self.limits.top_k_max)
