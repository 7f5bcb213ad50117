"""Where a statement of the emulator has its effect: itself, or where the names it defines are used.

A table of a module and the default of a field are made when the emulator starts, for all tests alike; which
tests can tell that they were changed follows from the functions that use their names.
"""

from __future__ import annotations

import ast
from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

from tests.mutants.places import Sources

_Function = ast.FunctionDef | ast.AsyncFunctionDef


@dataclass(frozen=True, slots=True)
class Span:
    """Some lines of a module."""

    module: str
    lines: range


@dataclass(frozen=True, slots=True)
class _Statement:
    span: Span
    node: ast.stmt | ast.ExceptHandler
    in_function: bool


class Uses:
    """Statements of the package, and who uses the names that they define."""

    def __init__(self, sources: Sources) -> None:
        self._at: dict[tuple[str, int], _Statement] = {}
        self._users: dict[str, list[_Statement]] = defaultdict(list)
        for module, text in sources.texts.items():
            for statement in _statements(module, ast.parse(text), in_function=False):
                # From the outside to the inside, so that the innermost statement of a line stays.
                self._at.update({(module, line): statement for line in statement.span.lines})
            own = {id(found): found for (name, _), found in self._at.items() if name == module}
            for statement in own.values():
                for name in _names(statement):
                    self._users[name].append(statement)

    def spans(self, module: str, line: int) -> tuple[Span, ...] | None:
        """Lines of which one must run for a change at a line to have an effect, None where nobody knows."""
        statement = self._at.get((module, line))
        found: set[Span] = set()
        if statement is None or not self._collect(statement, found, set()):
            return None
        return tuple(sorted(found, key=lambda span: (span.module, span.lines.start)))

    def _collect(self, statement: _Statement, found: set[Span], seen: set[int]) -> bool:
        if id(statement) in seen:
            return True
        seen.add(id(statement))
        node, module = statement.node, statement.span.module
        if isinstance(node, _Function):
            # Decorators and defaults of arguments have no effect until the function runs.
            found.add(Span(module, range(node.body[0].lineno, (node.end_lineno or node.lineno) + 1)))
            return True
        if statement.in_function:
            found.add(statement.span)
            return True
        users = [user for name in _defined(node) for user in self._users[name] if user is not statement]
        return bool(users) and all(self._collect(user, found, seen) for user in users)


def _statements(module: str, parent: ast.AST, *, in_function: bool) -> Iterator[_Statement]:
    for node in ast.iter_child_nodes(parent):
        if isinstance(node, ast.stmt | ast.ExceptHandler):
            yield _Statement(Span(module, _lines(node)), node, in_function)
        inside = in_function or isinstance(node, _Function)
        yield from _statements(module, node, in_function=inside)


def _lines(node: ast.stmt | ast.ExceptHandler) -> range:
    """The lines of a statement; of one that holds others, only its head."""
    first = min([node.lineno, *(one.lineno for one in getattr(node, "decorator_list", []))])
    body = getattr(node, "body", None)
    last = max(first, body[0].lineno - 1) if body else node.end_lineno or first
    return range(first, last + 1)


def _names(statement: _Statement) -> set[str]:
    """Names and attributes that a statement reads, without those of statements inside."""
    found: set[str] = set()
    pending: list[ast.AST] = [statement.node]
    while pending:
        node = pending.pop()
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.add(node.id)
        elif isinstance(node, ast.Attribute):
            found.add(node.attr)
        inner = (ast.stmt, ast.ExceptHandler)
        pending.extend(child for child in ast.iter_child_nodes(node) if not isinstance(child, inner))
    return found


def _defined(node: ast.AST) -> list[str]:
    targets = node.targets if isinstance(node, ast.Assign) else [getattr(node, "target", None)]
    return [target.id for target in targets if isinstance(target, ast.Name)]
