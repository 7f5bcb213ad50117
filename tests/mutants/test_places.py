"""Operators change what they say, exclusions keep to what they say, and a mutant is known by its text."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest
from cosmic_ray.mutating import mutate_code

from tests.mutants.exclusions import SYNTAX, Exclusions
from tests.mutants.operators import StatementRemover, StringReplacer, all_operators
from tests.mutants.places import (
    PACKAGE,
    WHOLE_MODULE,
    Place,
    Sources,
    changed_lines,
    find_places,
    mutants,
    sample,
)

ROOT = Path(__file__).resolve().parents[2]
NO_EXCLUSIONS = Exclusions((), {})
TEXT = '''"""Documentation."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    LIMIT = 1

__all__ = ["Rule"]


@dataclass(frozen=True)
class Rule:
    """Documentation."""

    most: int | None = 7

    def check(self, value: int | str) -> int:
        if self.choices.strict == "yes":
            raise self.invalid("value", "The value is wrong.", "0099-00000001", members={"Value": "x"})
        return self.integer("value", value)
'''


def _sources(text: str) -> Sources:
    return Sources({"rules": text}, {"rules": Path("rules.py")})


def _before_and_after(text: str, exclusions: Exclusions) -> set[tuple[str, str]]:
    sources, operators = _sources(text), all_operators()
    found = mutants(find_places(sources, operators, exclusions), sources, operators)
    return {(mutant.identity.before, mutant.identity.after) for mutant in found}


@pytest.mark.parametrize("operator", [StringReplacer, StatementRemover])
def test_an_operator_of_our_own_does_what_its_examples_show(
    operator: type[StringReplacer] | type[StatementRemover],
) -> None:
    for example in operator.examples():
        after = mutate_code(example.pre_mutation_code, operator(), example.occurrence)
        assert after == example.post_mutation_code


def test_a_local_name_and_the_last_return_stay() -> None:
    text = "def f(x):\n    y = 1\n    z: int = 2\n    if x:\n        return y\n    return z\n"
    sources, remover = _sources(text), {"StatementRemover": StatementRemover()}
    found = list(mutants(find_places(sources, remover, NO_EXCLUSIONS), sources, remover))
    assert [(mutant.line, mutant.identity.before) for mutant in found] == [(5, "return y")]


def test_only_what_a_client_can_see_is_mutated() -> None:
    listed = Exclusions((), dict.fromkeys(SYNTAX, "reason"))
    changed = {before for before, _ in _before_and_after(TEXT, listed)}
    assert changed == {
        "most: int | None = 7",
        'raise self.invalid("value", "The value is wrong.", "0099-00000001", members={"Value": "x"})',
    }


def test_what_is_named_is_left_alone(tmp_path: Path) -> None:
    file = tmp_path / "exclusions.yaml"
    kinds = "\n".join(f"  {kind}: reason" for kind in SYNTAX)
    file.write_text(f"syntax:\n{kinds}\nnamed:\n  - {{module: rules, scope: Rule.check, reason: x}}\n")
    changed = {before for before, _ in _before_and_after(TEXT, Exclusions.load(file))}
    assert changed == {"most: int | None = 7"}


def test_a_kind_of_syntax_without_a_reason_is_refused(tmp_path: Path) -> None:
    file = tmp_path / "exclusions.yaml"
    file.write_text("syntax: {message: x}\nnamed: []\n")
    with pytest.raises(ValueError, match="annotation"):
        Exclusions.load(file)


def test_every_exclusion_of_the_emulator_covers_something() -> None:
    sources, operators, exclusions = Sources.read(ROOT / PACKAGE), all_operators(), Exclusions.load()
    everything = find_places(sources, operators, NO_EXCLUSIONS)
    unused = [
        item for item in exclusions.scoped if not any(item.covers(*_name(place)) for place in everything)
    ]
    assert unused == []
    assert all(item.reason for item in exclusions.scoped)


def _name(place: Place) -> tuple[str, str, str]:
    return place.module, place.scope, place.operator


def test_a_mutant_is_the_same_when_lines_move() -> None:
    sources, operators = _sources(TEXT), all_operators()
    moved = _sources(TEXT.replace("@dataclass", "# A comment.\n\n\n@dataclass"))
    here, there = (
        list(mutants(find_places(one, operators, NO_EXCLUSIONS), one, operators)) for one in (sources, moved)
    )
    assert Counter(mutant.identity for mutant in here) == Counter(mutant.identity for mutant in there)
    assert [mutant.line for mutant in here] != [mutant.line for mutant in there]


def test_a_scope_is_the_dotted_name_of_what_is_around() -> None:
    places = find_places(_sources(TEXT), all_operators(), NO_EXCLUSIONS)
    assert {place.scope for place in places} == {WHOLE_MODULE, "Rule", "Rule.check"}


def test_a_change_over_several_lines_is_one_text() -> None:
    assert changed_lines("a\n  f(\n    1,\n  )\nb\n", "a\n  pass\nb\n") == ("f( 1, )", "pass")


def test_an_exception_with_a_dotted_name_in_a_tuple_is_left_alone() -> None:
    text = "import json\ntry:\n    pass\nexcept (json.JSONDecodeError, json.Error):\n    pass\n"
    sources, operators = _sources(text), all_operators()
    places = find_places(sources, operators, NO_EXCLUSIONS)
    assert "ExceptionReplacer" in {place.operator for place in places}
    found = {mutant.identity.operator for mutant in mutants(places, sources, operators)}
    assert "ExceptionReplacer" not in found


def test_a_sample_has_one_mutant_of_a_kind_and_place_and_repeats() -> None:
    places = find_places(_sources("def f(a, b):\n    return a == b\n"), all_operators(), NO_EXCLUSIONS)
    assert len(places) > 3
    assert len(sample(places, 100, 0)) == len({place.group for place in places}) == 1
    assert sample(places, 100, 5) == sample(places, 100, 5)
    assert sorted(map(str, sample(places, None, 0))) == sorted(map(str, places))
