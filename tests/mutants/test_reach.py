"""A line belongs to its statement, and a mutant to the tests that run it; what starts the emulator to all."""

from __future__ import annotations

import threading
from pathlib import Path
from typing import Any

from tests.mutants.places import Identity, Mutant, Sources
from tests.mutants.reach import Reach, Tracer, fingerprint, words
from tests.mutants.uses import Span, Uses

TEXT = """def f(a, b=2):
    if a and (
        b
    ):
        return g(
            a,
            b,
        )
    try:
        h()
    except ValueError:
        return 1
    return 0
"""
REACH = Reach(
    start={"limits": frozenset({3})},
    tests={
        "broad": {"filters": frozenset(range(1, 90))},
        "narrow": {"filters": frozenset({7, 8})},
        "elsewhere": {"auth": frozenset({7})},
    },
    seconds={"broad": 2.0, "narrow": 0.1, "elsewhere": 0.01},
)


def _span(module: str, first: int, last: int) -> Span:
    return Span(module, range(first, last + 1))


def _lines(uses: Uses, line: int) -> list[tuple[int, int]] | None:
    spans = uses.spans("one", line)
    return None if spans is None else [(span.lines.start, span.lines.stop - 1) for span in spans]


def test_a_line_in_a_function_belongs_to_the_innermost_statement_whose_head_ends_before_its_body() -> None:
    uses = Uses(Sources({"one": TEXT}, {}))
    assert [_lines(uses, line) for line in (2, 4)] == [[(2, 4)]] * 2
    assert [_lines(uses, line) for line in (5, 8)] == [[(5, 8)]] * 2
    assert [_lines(uses, line) for line in range(9, 14)] == [[(line, line)] for line in range(9, 14)]


def test_decorators_and_defaults_matter_when_the_function_runs() -> None:
    uses = Uses(Sources({"one": "@a\n@b\ndef f(x=1):\n    y = x\n    return y\n"}, {}))
    assert [_lines(uses, line) for line in (1, 2, 3)] == [[(4, 5)]] * 3


def test_a_table_matters_where_its_name_is_used() -> None:
    text = (
        "T = {\n    1: 2,\n}\nclass A:\n    table = T\n    def f(self):\n        return self.table\nU = 1\n"
    )
    uses = Uses(Sources({"one": text, "two": "def g(a):\n    return a.table\n"}, {}))
    assert uses.spans("one", 2) == (Span("one", range(7, 8)), Span("two", range(2, 3)))
    # Used by nobody that can be found.
    assert uses.spans("one", 8) is None


def test_only_tests_that_run_the_lines_are_needed() -> None:
    assert REACH.needed([_span("filters", 6, 7)]) == ["broad", "narrow"]
    assert REACH.needed([_span("filters", 80, 80), _span("auth", 7, 7)]) == ["broad", "elsewhere"]
    assert REACH.needed([_span("paging", 1, 1)]) == []


def test_what_runs_at_the_start_or_is_not_known_concerns_every_test() -> None:
    assert REACH.needed([_span("filters", 6, 7), _span("limits", 2, 3)]) is None
    assert REACH.needed(None) is None
    assert Reach({}, {}, {}).needed([_span("filters", 6, 7)]) is None


def test_what_tells_soonest_comes_first() -> None:
    tests = dict.fromkeys(REACH.tests, frozenset[str]())
    mutant = Mutant(Identity("filters", "f", "AddNot", "topK", "y"), 7, "")
    assert REACH.in_order(mutant, tests, []) == ["narrow", "broad", "elsewhere"]
    assert REACH.in_order(mutant, tests, ["broad"]) == ["narrow", "broad", "elsewhere"]
    broad = REACH.tests["broad"]
    reach = Reach({}, {"broad": broad, "killer": broad, "named": broad}, {})
    known = {**dict.fromkeys(reach.tests, frozenset[str]()), "named": words("QueryVectors.topK.minimum")}
    assert reach.in_order(mutant, known, ["killer"]) == ["killer", "named", "broad"]


def test_words_are_found_in_every_spelling() -> None:
    assert words("dimension_max: int = IndexRules") == {"dimension", "max", "int", "index", "rules"}


def test_what_was_reached_survives_its_file() -> None:
    assert Reach.from_json(REACH.to_json()) == REACH


def test_a_tracer_tells_the_start_from_what_ran_since(tmp_path: Path) -> None:
    file = tmp_path / "one.py"
    file.write_text("def f(x):\n    if x:\n        return 1\n    return 2\n", encoding="utf-8")
    text = file.read_text(encoding="utf-8")
    tracer, space = Tracer(Sources({"one": text}, {"one": file})), dict[str, Any]()

    def emulator() -> None:
        tracer.begin()
        exec(compile(text, str(file), "exec"), space)
        tracer.started()
        space["f"](0)

    # In a thread, since a tracer holds for one.
    thread = threading.Thread(target=emulator)
    thread.start()
    thread.join()
    # Python says of a module that it begins before its first line.
    assert tracer.start()["one"] - {0} == {1}
    assert tracer.take() == {"one": frozenset({1, 2, 4})}
    assert tracer.take() == {}


def test_the_fingerprint_changes_with_the_emulator_and_not_with_reviews(tmp_path: Path) -> None:
    (tmp_path / "oss_vectors_emulator").mkdir()
    module = tmp_path / "oss_vectors_emulator" / "app.py"
    module.write_text("x = 1\n", encoding="utf-8")
    before = fingerprint(tmp_path)
    reviews = tmp_path / "tests" / "mutants" / "reviewed"
    reviews.mkdir(parents=True)
    (reviews / "app.yaml").write_text("[]\n", encoding="utf-8")
    assert fingerprint(tmp_path) == before
    module.write_text("x = 2\n", encoding="utf-8")
    assert fingerprint(tmp_path) != before
