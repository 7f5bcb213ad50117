"""Finds the places of the emulator's source that can be mutated, and mutates them."""

from __future__ import annotations

import difflib
import random
import warnings
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

from cosmic_ray.ast import ast_nodes, get_ast
from cosmic_ray.mutating import mutate_code
from cosmic_ray.operators.operator import Operator
from parso.python.tree import Class, Function, Lambda

from tests.mutants.exclusions import Exclusions, Node

PACKAGE = "oss_vectors_emulator"
WHOLE_MODULE = "<module>"


@dataclass(frozen=True, slots=True)
class Identity:
    """What a mutant is, whatever the number of its line: reviews refer to it."""

    module: str
    scope: str
    operator: str
    before: str
    after: str


@dataclass(frozen=True, slots=True)
class Mutant:
    """A module with one change."""

    identity: Identity
    line: int
    source: str

    def __str__(self) -> str:
        what = self.identity
        return f'{what.module}:{self.line} {what.operator} "{what.before}" -> "{what.after}"'


@dataclass(frozen=True, slots=True)
class Place:
    """Where an operator applies; ``occurrence`` is how cosmic-ray counts such places in a module."""

    module: str
    scope: str
    operator: str
    occurrence: int
    span: tuple[tuple[int, int], tuple[int, int]]

    @property
    def group(self) -> tuple[object, ...]:
        """What changes of the same kind at the same place share: ``==`` has seven replacements."""
        return (self.module, self.span, self.operator.partition("_")[0])


@dataclass(frozen=True, slots=True)
class Sources:
    """The text of every module of the package, by name below it; the package itself is the empty name."""

    texts: Mapping[str, str]
    files: Mapping[str, Path]

    @classmethod
    def read(cls, root: Path) -> Sources:
        """The package in a directory."""
        files = {_name(path.relative_to(root)): path for path in sorted(root.rglob("*.py"))}
        return cls({name: path.read_text(encoding="utf-8") for name, path in files.items()}, files)


def _name(path: Path) -> str:
    parts = path.with_suffix("").parts
    return ".".join(parts[:-1] if parts[-1] == "__init__" else parts)


def find_places(
    sources: Sources, operators: Mapping[str, Operator], exclusions: Exclusions, modules: str = "*"
) -> list[Place]:
    """Every place that is not excluded, module by module."""
    found: list[Place] = []
    for module, text in sources.texts.items():
        if not fnmatchcase(module, modules) or exclusions.whole_module(module):
            continue
        nodes = list(ast_nodes(get_ast(text)))
        for name, operator in operators.items():
            occurrence = -1
            for node in nodes:
                for span in operator.mutation_positions(node):
                    occurrence += 1
                    scope = scope_of(node)
                    if not exclusions.cover(module, scope, name, node):
                        found.append(Place(module, scope, name, occurrence, span))
    return found


def scope_of(node: Node) -> str:
    """The dotted name of the function or class around a node."""
    names: list[str] = []
    parent = node.parent
    while parent is not None:
        if isinstance(parent, Function | Class) and not isinstance(parent, Lambda):
            names.append(parent.name.value)
        parent = parent.parent
    return ".".join(reversed(names)) or WHOLE_MODULE


def sample(places: Sequence[Place], size: int | None, seed: int) -> list[Place]:
    """Places in random order, at most one for each group if only so many are wanted.

    Drawing groups first keeps operators with many replacements from filling the sample.
    """
    chance = random.Random(seed)
    if size is None:
        return chance.sample(places, len(places))
    groups: dict[tuple[object, ...], list[Place]] = defaultdict(list)
    for place in places:
        groups[place.group].append(place)
    chosen = chance.sample(sorted(groups, key=str), min(size, len(groups)))
    return [chance.choice(groups[group]) for group in chosen]


def mutate(place: Place, sources: Sources, operators: Mapping[str, Operator]) -> Mutant | None:
    """The mutant of a place, or None where the change leaves no Python or the same Python."""
    before = sources.texts[place.module]
    try:
        after: str | None = mutate_code(before, operators[place.operator], place.occurrence)
    except AttributeError:
        # cosmic-ray's ExceptionReplacer takes every exception of a tuple for a name without a dot.
        return None
    if after is None or after == before:
        return None
    try:
        with warnings.catch_warnings():
            # Python warns of comparisons by identity, which a mutation makes.
            warnings.simplefilter("ignore", SyntaxWarning)
            compile(after, place.module, "exec")
    except SyntaxError:
        return None
    old, new = changed_lines(before, after)
    return Mutant(Identity(place.module, place.scope, place.operator, old, new), place.span[0][0], after)


def changed_lines(before: str, after: str) -> tuple[str, str]:
    """The lines that differ, with their blanks made even."""
    old, new = before.splitlines(), after.splitlines()
    changes = [
        c for c in difflib.SequenceMatcher(None, old, new, autojunk=False).get_opcodes() if c[0] != "equal"
    ]
    first, last = changes[0], changes[-1]
    return _even(old[first[1] : last[2]]), _even(new[first[3] : last[4]])


def _even(lines: Sequence[str]) -> str:
    # An operator may take comments away together with what follows them.
    lines = [line for line in lines if not line.lstrip().startswith("#")]
    return " ".join(" ".join(lines).split())


def mutants(places: Sequence[Place], sources: Sources, operators: Mapping[str, Operator]) -> Iterator[Mutant]:
    """Mutants of places, made as they are needed."""
    for place in places:
        mutant = mutate(place, sources, operators)
        if mutant is not None:
            yield mutant
