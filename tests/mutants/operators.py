"""The mutation operators: those of cosmic-ray, and two of our own in its form.

cosmic-ray changes operators, numbers, conditions and loops.  Much of an HTTP service is text (members, codes,
header names) and steps done one after the other (checks, effects); no operator of it touches those.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from typing import Any

from cosmic_ray.operators.operator import Example, Operator
from cosmic_ray.operators.provider import OperatorProvider
from parso.python.tree import Function, Name

from tests.mutants.exclusions import Node

Positions = Iterator[tuple[tuple[int, int], tuple[int, int]]]
_LITERAL = re.compile(r"""([rRbBuU]*)(\"\"\"|'''|"|')(.*)\2""", re.DOTALL)
_MARK = "XX"


class StringReplacer(Operator):
    """Puts a mark around the text of a literal, or around a constant part of an f-string."""

    def mutation_positions(self, node: Node) -> Positions:
        """One for each literal; an f-string has one for each of its constant parts."""
        if node.type in ("string", "fstring_string"):
            yield (node.start_pos, node.end_pos)

    def mutate(self, node: Node, _index: int) -> Any:
        """Change the text in place."""
        if node.type == "fstring_string":
            node.value = f"{_MARK}{node.value}{_MARK}"
            return node
        found = _LITERAL.fullmatch(node.value)
        if found is not None:
            prefix, quote, text = found.groups()
            node.value = f"{prefix}{quote}{_MARK}{text}{_MARK}{quote}"
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """Both kinds of literals."""
        return (Example('x = "a"', 'x = "XXaXX"'), Example('x = f"{b}a"', 'x = f"{b}XXaXX"'))


class StatementRemover(Operator):
    """Replaces a statement of a function by ``pass``: a call, an effect on an object, a raise, an early return.

    Assignments of local names stay, since what uses them would fail at once.
    """

    def mutation_positions(self, node: Node) -> Positions:
        """One for each such statement."""
        if node.type == "simple_stmt" and _is_removable(node.children[0]) and _is_in_function(node):
            statement = node.children[0]
            yield (statement.start_pos, statement.end_pos)

    def mutate(self, node: Node, _index: int) -> Any:
        """Put ``pass`` in its place."""
        statement = node.children[0]
        node.children[0] = Name("pass", statement.start_pos, statement.get_first_leaf().prefix)
        return node

    @classmethod
    def examples(cls) -> tuple[Example, ...]:
        """A call and an effect, but not a local name."""
        return (
            Example("def f(x):\n    x.close()\n", "def f(x):\n    pass\n"),
            Example("def f(x):\n    y = 1\n    x.y = y\n", "def f(x):\n    y = 1\n    pass\n"),
        )


def _is_removable(statement: Node) -> bool:
    if statement.type == "expr_stmt":
        target, operator = statement.children[0], statement.children[1]
        return target.type != "name" or (operator.type == "operator" and operator.value != "=")
    # In parso, a call on its own is an atom_expr, and "return" without a value a keyword.
    if statement.type == "return_stmt" or (statement.type == "keyword" and statement.value == "return"):
        return _is_early(statement)
    return statement.type in ("atom_expr", "raise_stmt", "del_stmt")


def _is_early(statement: Node) -> bool:
    """Whether a return stands in a branch; without that of the function itself, nothing works at all."""
    suite = statement.parent.parent
    return suite.parent.type != "funcdef"


def _is_in_function(node: Node) -> bool:
    parent = node.parent
    while parent is not None and parent.type != "classdef":
        if isinstance(parent, Function):
            return True
        parent = parent.parent
    return False


def all_operators() -> Mapping[str, Operator]:
    """Every operator that needs no argument, by name."""
    provider = OperatorProvider()
    classes = [provider[name] for name in provider]
    found = {cls.__name__: cls() for cls in classes if not cls.arguments()}
    return {**found, "StringReplacer": StringReplacer(), "StatementRemover": StatementRemover()}
