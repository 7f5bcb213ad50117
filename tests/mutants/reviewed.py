"""What people decided about mutants that survived."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from fnmatch import fnmatchcase
from pathlib import Path

import yaml

from tests.mutants.places import WHOLE_MODULE, Identity

FILE = Path(__file__).with_name("reviewed.yaml")
#: "gap": the suite should tell.  "undocumented": no page says which of the two is right.  "equivalent": no
#: request whatever shows it.  "outside": speed, log, start and end of the process, optional settings.
JUDGEMENTS = ("gap", "undocumented", "equivalent", "outside")
ANY = "*"


@dataclass(frozen=True, slots=True)
class Review:
    """One judgement.  ``operator`` and ``after`` may be ``*``: then every change of that line is meant.

    With ``before`` it is every change of that function, for what no page describes as a whole.
    """

    identity: Identity
    verdict: str
    reason: str

    def concerns(self, identity: Identity) -> bool:
        """Whether this is the judgement of a mutant."""
        own = self.identity
        return (
            (own.module, own.scope) == (identity.module, identity.scope)
            and own.before in (ANY, identity.before)
            and own.after in (ANY, identity.after)
            and fnmatchcase(identity.operator, own.operator)
        )


def load_reviews(file: Path = FILE) -> tuple[Review, ...]:
    """All judgements; raises ``ValueError`` for an entry that is incomplete."""
    entries = yaml.safe_load(file.read_text(encoding="utf-8")) or []
    return tuple(_review(entry) for entry in entries)


def _review(entry: dict[str, str]) -> Review:
    identity = Identity(
        entry["module"], entry.get("in", WHOLE_MODULE), entry["operator"], entry["before"], entry["after"]
    )
    if entry["verdict"] not in JUDGEMENTS or not entry.get("reason", "").strip():
        raise ValueError(f"{identity}: a verdict of {', '.join(JUDGEMENTS)} and a reason are needed")
    if identity.before == ANY and identity.scope == WHOLE_MODULE:
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
    """The text of an entry, to be pasted into the file and completed."""
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
    even = " ".join(text.split())
    return [review for review in reviews if _sign(review.identity) not in even]


def _sign(identity: Identity) -> str:
    return f"def {identity.scope.rpartition('.')[2]}(" if identity.before == ANY else identity.before
