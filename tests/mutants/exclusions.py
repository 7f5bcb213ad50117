"""What is not mutated, because no HTTP client could see it; the list is data, with reasons."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from fnmatch import fnmatchcase
from itertools import pairwise
from pathlib import Path
from typing import Any

import yaml

# Nodes of parso, whose attributes differ by kind and are mostly untyped.
Node = Any
FILE = Path(__file__).with_name("exclusions.yaml")
_CHOICE = re.compile(r"[\w.]*\bchoices\.\w+\s*[!=]=\s*(\"[^\"]*\"|DEFAULT)")
_SENTENCE = re.compile(r"\w\}?,? \{?\w")
_FINE_GRAINED_CODE = re.compile(r'"[0-9]{4}-[0-9]{8}"')
# Checks of the emulator whose first argument is how a message calls the value.
_NAME_IN_MESSAGE = frozenset(
    {"string", "boolean", "integer", "array", "object", "scalar", "within", "wrong_type", "numbers"}
    | {"vector_data", "vector_length", "not_zero"}
)


@dataclass(frozen=True, slots=True)
class Scoped:
    """Globs for a module, a scope in it and an operator."""

    module: str
    scope: str
    operator: str
    reason: str

    def covers(self, module: str, scope: str, operator: str) -> bool:
        """Whether a place is meant."""
        return (
            fnmatchcase(module, self.module)
            and fnmatchcase(scope, self.scope)
            and fnmatchcase(operator, self.operator)
        )


@dataclass(frozen=True, slots=True)
class Exclusions:
    """Parts of the source by name, and parts by their syntax."""

    scoped: tuple[Scoped, ...]
    syntax: Mapping[str, str]

    @classmethod
    def load(cls, file: Path = FILE) -> Exclusions:
        """The reviewed list."""
        data = yaml.safe_load(file.read_text(encoding="utf-8"))
        scoped = tuple(
            Scoped(entry["module"], entry.get("scope", "*"), entry.get("operator", "*"), entry["reason"])
            for entry in data["named"]
        )
        unknown = set(data["syntax"]) ^ set(SYNTAX)
        if unknown:
            raise ValueError(
                f"{file.name}: kinds of syntax and their reasons do not agree: {sorted(unknown)}"
            )
        return cls(scoped, data["syntax"])

    def whole_module(self, module: str) -> bool:
        """Whether nothing of a module is mutated."""
        return any(
            fnmatchcase(module, item.module)
            for item in self.scoped
            if (item.scope, item.operator) == ("*", "*")
        )

    def cover(self, module: str, scope: str, operator: str, node: Node) -> bool:
        """Whether an operator must leave a place alone."""
        named = any(item.covers(module, scope, operator) for item in self.scoped)
        return named or any(SYNTAX[kind](node) for kind in self.syntax)


def _ancestors(node: Node) -> list[Node]:
    found = [node]
    while found[-1].parent is not None:
        found.append(found[-1].parent)
    return found


def _is_annotation(node: Node) -> bool:
    line = _ancestors(node)
    for child, parent in pairwise(line):
        if parent.type in ("annassign", "tfpdef", "param") and child is _annotation_of(parent):
            return True
        if parent.type == "funcdef" and parent.annotation is child:
            return True
    return False


def _annotation_of(node: Node) -> Node | None:
    children = node.children
    at = next((i for i, child in enumerate(children) if getattr(child, "value", None) == ":"), None)
    return None if at is None else children[at + 1]


def _is_import(node: Node) -> bool:
    return any(one.type in ("import_name", "import_from") for one in _ancestors(node))


def _is_for_type_checkers(node: Node) -> bool:
    return any(
        one.type == "if_stmt" and "TYPE_CHECKING" in _code(one.children[1]) for one in _ancestors(node)
    )


def _is_docstring(node: Node) -> bool:
    return node.type == "string" and node.parent is not None and node.parent.type == "simple_stmt"


def _is_dataclass_option(node: Node) -> bool:
    return any(one.type == "decorator" and "dataclass(" in _code(one) for one in _ancestors(node))


def _is_public_list(node: Node) -> bool:
    return any(one.type == "expr_stmt" and _code(one).startswith("__all__") for one in _ancestors(node))


def _is_message(node: Node) -> bool:
    if node.type == "fstring_string" and node.parent is not None:
        node = node.parent
    if node.type not in ("string", "fstring"):
        return False
    return _SENTENCE.search(_code(node)) is not None or _called_with(node) in _NAME_IN_MESSAGE


def _called_with(node: Node) -> str | None:
    """The method whose first argument a node is."""
    arguments = node.parent
    if arguments is None or arguments.type not in ("arglist", "trailer"):
        return None
    first = arguments.children[0] if arguments.type == "arglist" else arguments.children[1]
    trailer = arguments.parent if arguments.type == "arglist" else arguments
    before = trailer.get_previous_sibling() if trailer is not None else None
    return before.get_last_leaf().value if before is not None and first is node else None


def _is_fine_grained_code(node: Node) -> bool:
    return node.type == "string" and _FINE_GRAINED_CODE.fullmatch(_code(node)) is not None


def _is_error_member(node: Node) -> bool:
    """Inside ``members=...`` of a refusal, or inside an assignment to that name."""
    return any(
        one.type in ("argument", "expr_stmt") and _code(one.children[0]) == "members"
        for one in _ancestors(node)
    )


def _is_choice(node: Node) -> bool:
    """Inside a comparison with a choice, or the negation of such a condition."""
    if node.type in ("if_stmt", "while_stmt", "test"):
        condition = node.children[2 if node.type == "test" else 1]
        return _CHOICE.fullmatch(_code(condition)) is not None
    return any(
        one.type == "comparison" and _CHOICE.fullmatch(_code(one)) is not None for one in _ancestors(node)
    )


def _code(node: Node) -> str:
    text: str = node.get_code(include_prefix=False)
    return text


SYNTAX: Mapping[str, Callable[[Node], bool]] = {
    "annotation": _is_annotation,
    "import": _is_import,
    "type-checking": _is_for_type_checkers,
    "docstring": _is_docstring,
    "dataclass-option": _is_dataclass_option,
    "public-list": _is_public_list,
    "message": _is_message,
    "fine-grained-code": _is_fine_grained_code,
    "choice": _is_choice,
    "error-member": _is_error_member,
}
