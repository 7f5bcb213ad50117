"""What filters may do beyond the core: trials whose results tell which reading a service has.

The launch edition of the QueryVectors page had numbers, booleans and ranges,
the editions from November 2025 on strings only, the newest ossutil page numbers
and booleans again; two official samples write ``{field: value}``; nothing says
what several conditions in one object mean.  With editions that contradict each
other no answer is wrong, so nothing here is ever judged: a feature is offered,
refused or without effect, and where it is offered, what differs from its
definition is told.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

#: Metadata that every edition allows.
TEXTS: Mapping[str, dict[str, Any]] = {
    "text": {"word": "a"},
    "both": {"word": "b", "tags": ["a", "c"]},
    "word": {"word": "b"},
    "tags": {"word": "c", "tags": ["d"]},
    "bare": {"other": "x"},
    "note": {"note": "x"},
}
#: The field of ``note`` is non-filterable.
NON_FILTERABLE = "note"
#: Metadata with numbers and with booleans, which some editions allow.
NUMBERS: Mapping[str, dict[str, Any]] = {
    "minus": {"n": -1},
    "five": {"n": 5},
    "ten": {"n": 10},
    "hundred": {"n": 100.5},
}
BOOLEANS: Mapping[str, dict[str, Any]] = {"yes": {"b": True}, "no": {"b": False}}
#: Texts in the same fields; written last, since a service may give a field the type of its first value.
LOOKALIKES: Mapping[str, dict[str, Any]] = {"lookalike": {"n": "10", "b": "true"}}

_WITHOUT_WORD = frozenset({"bare", "note", *NUMBERS, *BOOLEANS, *LOOKALIKES})
_WITHOUT_NUMBER = frozenset({*TEXTS, *BOOLEANS, *LOOKALIKES})
_WITHOUT_BOOLEAN = frozenset({*TEXTS, *NUMBERS, *LOOKALIKES})


@dataclass(frozen=True, slots=True)
class Trial:
    """One filter and what it keeps where it means what the feature's definition says.

    Whether it keeps ``open`` vectors is no part of that definition.  ``slips``
    name other results.
    """

    words: str
    condition: Mapping[str, Any]
    keeps: frozenset[str]
    open: frozenset[str] = frozenset()
    slips: tuple[tuple[frozenset[str], str], ...] = ()

    def difference(self, kept: Collection[str], stored: Collection[str]) -> str | None:
        """How a result differs from the definition, ``None`` when it does not."""
        seen = frozenset(kept) - self.open
        expected = (self.keeps & frozenset(stored)) - self.open
        if seen == expected:
            return None
        for result, words in self.slips:
            if seen == (result & frozenset(stored)) - self.open:
                return f"{self.words} {words} (unexpected)"
        parts = [f"keeps {_names(seen - expected)} too"] if seen - expected else []
        parts += [f"leaves out {_names(expected - seen)}"] if expected - seen else []
        return f"{self.words} {' and '.join(parts)} (unexpected)"


@dataclass(frozen=True, slots=True)
class Feature:
    """One optional part of the filter language; ``needs`` are vectors without which it shows nothing."""

    requirement: str
    words: str
    trials: tuple[Trial, ...]
    needs: frozenset[str] = frozenset()


@dataclass(frozen=True, slots=True)
class Tried:
    """What came of a trial: the keys it kept, or the refusal in words."""

    trial: Trial
    kept: frozenset[str] = frozenset()
    refusal: str | None = None


def describe(feature: Feature, tried: Sequence[Tried], stored: Collection[str]) -> str:
    """One sentence on what a target does with a feature."""
    served = [one for one in tried if one.refusal is None]
    if not served:
        return f"not offered: answered {' or '.join(sorted({str(one.refusal) for one in tried}))}"
    if feature.needs and not feature.needs & frozenset(stored):
        return "cannot be told: filters are served, but no vector has such a value"
    telling = [one for one in served if one.trial.keeps & frozenset(stored)]
    if telling and all(one.kept >= frozenset(stored) for one in telling):
        return "without effect: served, but every vector comes back"
    if telling and not any(one.kept for one in telling):
        return "without effect: served, but no vector comes back"
    differences = [
        f"{one.trial.words} is answered {one.refusal}"
        if one.refusal is not None
        else one.trial.difference(one.kept, stored)
        for one in tried
    ]
    told = [difference for difference in differences if difference is not None]
    if not told:
        return f"offered: {feature.words}"
    return f"offered, but {'; '.join(told)}"


def _names(keys: Collection[str]) -> str:
    return ", ".join(sorted(keys))


def _some(*keys: str) -> frozenset[str]:
    return frozenset(keys)


_NUMBER = Feature(
    "QueryVectors.filter.number",
    "$eq, $ne, $in and $nin compare numbers by value",
    (
        Trial(
            "$eq 10",
            {"n": {"$eq": 10}},
            _some("ten"),
            slips=((_some("ten", "lookalike"), "holds for the text 10 too"),),
        ),
        Trial("$eq 100.5", {"n": {"$eq": 100.5}}, _some("hundred")),
        Trial("$ne 10", {"n": {"$ne": 10}}, _some("minus", "five", "hundred"), _WITHOUT_NUMBER),
        Trial("$in [-1, 100.5]", {"n": {"$in": [-1, 100.5]}}, _some("minus", "hundred")),
        Trial("$nin [-1, 5]", {"n": {"$nin": [-1, 5]}}, _some("ten", "hundred"), _WITHOUT_NUMBER),
    ),
    needs=frozenset(NUMBERS),
)

_BOOLEAN = Feature(
    "QueryVectors.filter.boolean",
    "$eq and $ne compare true and false",
    (
        Trial(
            "$eq true",
            {"b": {"$eq": True}},
            _some("yes"),
            slips=((_some("yes", "lookalike"), "holds for the text true too"),),
        ),
        Trial("$eq false", {"b": {"$eq": False}}, _some("no")),
        Trial("$ne true", {"b": {"$ne": True}}, _some("no"), _WITHOUT_BOOLEAN),
    ),
    needs=frozenset(BOOLEANS),
)


def _range(operator: str, *keeps: str, text: tuple[str, ...], other: tuple[str, ...], slip: str) -> Trial:
    """A comparison with 10: ``text`` is what it keeps where numbers are compared as texts."""
    return Trial(
        operator,
        {"n": {operator: 10}},
        frozenset(keeps),
        # Whether a text that looks like a number is one is not said.
        _some("lookalike"),
        ((frozenset(other), slip), (frozenset(text), "compares as text")),
    )


_RANGE = Feature(
    "QueryVectors.filter.range",
    "$gt, $gte, $lt and $lte compare numbers as the launch edition defines them",
    (
        _range(
            "$gt",
            "hundred",
            text=("five", "hundred"),
            other=("ten", "hundred"),
            slip="includes the bound",
        ),
        _range(
            "$gte",
            "ten",
            "hundred",
            text=("five", "ten", "hundred"),
            other=("hundred",),
            slip="excludes the bound",
        ),
        _range(
            "$lt", "minus", "five", text=("minus",), other=("minus", "five", "ten"), slip="includes the bound"
        ),
        _range(
            "$lte",
            "minus",
            "five",
            "ten",
            text=("minus", "ten"),
            other=("minus", "five"),
            slip="excludes the bound",
        ),
        Trial(
            "$gte 5 and $lt 100.5",
            {"$and": [{"n": {"$gte": 5}}, {"n": {"$lt": 100.5}}]},
            _some("five", "ten"),
            _some("lookalike"),
        ),
        Trial("$gte 0 on texts", {"word": {"$gte": 0}}, frozenset()),
        Trial("$lt 0 on arrays", {"tags": {"$lt": 0}}, frozenset()),
    ),
    needs=frozenset(NUMBERS),
)

_SHORTHAND = Feature(
    "QueryVectors.filter.shorthand",
    "{field: value} means $eq, any element of an array included",
    (
        Trial("{word: a}", {"word": "a"}, _some("text")),
        Trial("{tags: a}", {"tags": "a"}, _some("both")),
        Trial("{word: b} in $and", {"$and": [{"word": "b"}, {"tags": {"$exists": True}}]}, _some("both")),
    ),
)

_IMPLICIT_AND = Feature(
    "QueryVectors.filter.implicit-and",
    "several fields or operators in one object must all hold",
    (
        Trial(
            "two fields",
            {"word": {"$eq": "b"}, "tags": {"$exists": True}},
            _some("both"),
            slips=(
                (_some("both", "word"), "look at the first only"),
                (_some("both", "tags"), "look at the last only"),
                (_some("both", "word", "tags"), "mean $or"),
            ),
        ),
        Trial(
            "two operators",
            {"word": {"$ne": "a", "$in": ["a", "b"]}},
            _some("both", "word"),
            slips=(
                (_some("both", "word", "tags"), "look at the first only"),
                (_some("both", "word", "tags") | _WITHOUT_WORD, "look at the first only"),
                (_some("text", "both", "word"), "look at the last only"),
                (frozenset(TEXTS) | _WITHOUT_WORD, "mean $or"),
            ),
        ),
    ),
)

#: Optional parts of the filter language.
FEATURES: tuple[Feature, ...] = (_NUMBER, _BOOLEAN, _RANGE, _SHORTHAND, _IMPLICIT_AND)


@dataclass(frozen=True, slots=True)
class Question:
    """One filter whose result is not documented; ``answers`` are what a result says about ``about``."""

    requirement: str
    words: str
    condition: Mapping[str, Any]
    about: frozenset[str]
    kept: str
    dropped: str

    def describe(self, tried: Tried) -> str:
        """One sentence on what a target does."""
        if tried.refusal is not None:
            return f"{self.words}: answered {tried.refusal}"
        hits = tried.kept & self.about
        if hits and hits != self.about:
            return f"{self.words}: {self.kept} for {_names(hits)}, {self.dropped} for {_names(self.about - hits)}"
        return f"{self.words}: {self.kept if hits else self.dropped}"

    @property
    def trial(self) -> Trial:
        """The question as something to try."""
        return Trial(self.words, self.condition, self.about)


def _missing(operator: str, operand: Any) -> Question:
    return Question(
        "QueryVectors.filter.ne.missing-field",
        operator,
        {"word": {operator: operand}},
        _some("bare"),
        "keeps a vector that lacks the field",
        "leaves out a vector that lacks the field",
    )


def _array(operator: str, operand: Any, kept: str, dropped: str) -> Question:
    return Question(
        "QueryVectors.filter.array-field",
        operator,
        {"tags": {operator: operand}},
        _some("both"),
        kept,
        dropped,
    )


_LOOKS, _IGNORES = "looks at the elements of an array", "does not look at the elements of an array"

#: Places where the pages are silent and any answer will do.
QUESTIONS: tuple[Question, ...] = (
    _missing("$ne", "a"),
    _missing("$nin", ["a"]),
    Question(
        "QueryVectors.filter.non-filterable",
        "$eq",
        {NON_FILTERABLE: {"$eq": "x"}},
        _some("note"),
        "finds the vector, as if the field were filterable",
        "finds nothing",
    ),
    _array("$in", ["a"], _LOOKS, _IGNORES),
    # These two keep the vector where they take the array as a whole.
    _array("$nin", ["a"], _IGNORES, _LOOKS),
    _array("$ne", "a", _IGNORES, _LOOKS),
)
