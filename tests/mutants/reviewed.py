"""What people decided about mutants that survived."""

from __future__ import annotations

import ast
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from tests.mutants.places import WHOLE_MODULE, Identity

#: A file for each module or package of the emulator, named after it.
FOLDER = Path(__file__).with_name("reviewed")
#: "gap": the suite should tell.  "undocumented": no page says which of the two is right.  "equivalent": no
#: request whatever shows it.  "outside": speed, log, start and end of the process, optional settings.
JUDGEMENTS = ("gap", "undocumented", "equivalent", "outside")
ANY = "*"
_MEMBERS = frozenset({"module", "in", "operator", "before", "after", "verdict", "reason"})


@dataclass(frozen=True, slots=True)
class Review:
    """One judgement: of one mutant, of every change of a line, or of every change of a function.

    Scope, operator and ``after`` may be globs, and ``before`` may be ``*``; what an entry leaves out is ``*``.
    """

    identity: Identity
    verdict: str
    reason: str

    def is_about(self, module: str, scope: str) -> bool:
        """Whether some change in a function or class is meant."""
        own = self.identity
        return own.module == module and fnmatchcase(scope, own.scope)

    def concerns(self, identity: Identity) -> bool:
        """Whether this is the judgement of a mutant."""
        own = self.identity
        return (
            self.is_about(identity.module, identity.scope)
            and own.before in (ANY, identity.before)
            and own.after in (ANY, identity.after)
            and fnmatchcase(identity.operator, own.operator)
        )


def load_reviews(folder: Path = FOLDER) -> tuple[Review, ...]:
    """All judgements; raises ``ValueError`` for an entry that is incomplete or in the wrong file."""
    return tuple(review for file in sorted(folder.glob("*.yaml")) for review in _reviews(file))


def _reviews(file: Path) -> Iterator[Review]:
    for entry in yaml.safe_load(file.read_text(encoding="utf-8")) or []:
        if entry["module"].partition(".")[0] != file.stem or not entry.keys() <= _MEMBERS:
            raise ValueError(f"{file.name}: wrong file or a member that is none: {entry}")
        yield _review(entry)


def _review(entry: dict[str, str]) -> Review:
    identity = Identity(
        entry["module"],
        entry.get("in", WHOLE_MODULE),
        entry.get("operator", ANY),
        entry.get("before", ANY),
        entry.get("after", ANY),
    )
    if entry["verdict"] not in JUDGEMENTS or not entry.get("reason", "").strip():
        raise ValueError(f"{identity}: a verdict of {', '.join(JUDGEMENTS)} and a reason are needed")
    if identity.before == ANY and identity.scope in (WHOLE_MODULE, ANY):
        raise ValueError(f"{identity}: a whole module is a matter for the exclusions")
    if entry["verdict"] == "gap" and ANY in (identity.operator, identity.before, identity.after):
        raise ValueError(f"{identity}: a gap is one mutant, not several")
    return Review(identity, entry["verdict"], entry["reason"].strip())


def review_of(identity: Identity, reviews: Iterable[Review]) -> Review | None:
    """The judgement of a mutant, an exact one before one of its whole line."""
    found = [review for review in reviews if review.concerns(identity)]
    return min(found, key=_breadth, default=None)


def _breadth(review: Review) -> int:
    own = review.identity
    return (own.before, own.after, own.operator).count(ANY)


def as_entry(identity: Identity, verdict: str = "", reason: str = "") -> str:
    """The text of an entry, to be pasted into a file of the folder and completed."""
    entry = {
        "module": identity.module,
        **({"in": identity.scope} if identity.scope != WHOLE_MODULE else {}),
        "operator": identity.operator,
        "before": identity.before,
        "after": identity.after,
        "verdict": verdict,
        "reason": reason,
    }
    return yaml.safe_dump([entry], sort_keys=False, allow_unicode=True, width=10_000)


def not_in_source(reviews: Iterable[Review], text: str) -> list[Review]:
    """Judgements of lines and functions that are not in the text of their module any more."""
    even, scopes = " ".join(text.split()), {WHOLE_MODULE, *_scopes(ast.parse(text))}
    return [
        review
        for review in reviews
        if not any(review.is_about(review.identity.module, scope) for scope in scopes)
        or (review.identity.before != ANY and review.identity.before not in even)
    ]


def _scopes(node: ast.AST, around: str = "") -> Iterator[str]:
    for child in ast.iter_child_nodes(node):
        inner = around
        if isinstance(child, ast.ClassDef | ast.FunctionDef | ast.AsyncFunctionDef):
            inner = f"{around}.{child.name}".lstrip(".")
            yield inner
        yield from _scopes(child, inner)
