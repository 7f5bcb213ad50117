"""The driver tells mutants that a run notices from those it does not, and judgements from their absence."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.mutants.places import PACKAGE, Identity, Mutant, Sources
from tests.mutants.reviewed import Review, as_entry, load_reviews, not_in_source, review_of
from tests.mutants.run import ending_of, is_judged, until
from tests.mutants.table import GOAL, render, score
from tests.mutants.trial import Ending

ROOT = Path(__file__).resolve().parents[2]
SURVIVED, REPORTED = Ending("survived"), Ending("reported", "PutVectors.stores", "test_x")

# Serves one mutant per way to end, each made by hand.
ENDINGS = """
from pathlib import Path
from tests.faults.forking import Forks, with_collected_suite
from tests.mutants.loading import MutatedPackage
from tests.mutants.places import Identity, Mutant, Sources
from tests.mutants.trial import attempt, core_tests

sources = Sources.read(Path("oss_vectors_emulator"))
package = MutatedPackage(sources)
text = sources.texts["wire"]
made = {
    "no-server": "raise RuntimeError",
    "ends": text + "\\nimport os\\nCommonHeaders.complete = lambda *_: os._exit(1)\\n",
    "wrong": text.replace("token_hex(12)", "token_hex(11)"),
}
mutants = [Mutant(Identity("wire", "", name, "", ""), 1, source) for name, source in made.items()]


def use(session):
    forks = Forks(lambda m: attempt(session, package, m, list(core_tests(session))).to_bytes(), jobs=2, deadline=60)
    for mutant, answer, _ in forks.answers(mutants):
        print(mutant.identity.operator, answer.decode())


with_collected_suite(use)
"""


def _mutant(after: str = "y") -> Mutant:
    return Mutant(Identity("filters", "f", "StringReplacer", "x", after), 3, "")


def _review(verdict: str, after: str = "y") -> Review:
    return Review(_mutant(after).identity, verdict, "because")


def test_mutants_of_a_limit_are_noticed(tmp_path: Path) -> None:
    out = tmp_path / "out.jsonl"
    command = [sys.executable, "-m", "tests.mutants.run", "--module", "validation.query", "--skip-survey"]
    ended = subprocess.run(
        [*command, "--out", str(out)], cwd=ROOT, capture_output=True, text=True, timeout=300, check=False
    )
    lines = [json.loads(line) for line in out.read_text(encoding="utf-8").splitlines()]
    assert ended.returncode == 0, ended.stdout + ended.stderr
    assert {line["verdict"] for line in lines} == {"reported"}
    assert "QueryVectors.topK.minimum.accepted" in {line["detail"] for line in lines}


def test_a_server_that_does_not_start_or_ends_is_noticed_at_once() -> None:
    ended = subprocess.run(
        [sys.executable, "-c", ENDINGS], cwd=ROOT, capture_output=True, text=True, timeout=200, check=False
    )
    found = dict(line.split(" ", 1) for line in ended.stdout.splitlines() if "verdict" in line)
    endings = {name: Ending.from_bytes(text.encode()) for name, text in found.items()}
    assert {name: ending.verdict for name, ending in endings.items()} == {
        "no-server": "died",
        "ends": "died",
        "wrong": "reported",
    }, ended.stderr


def test_a_trial_without_an_answer_was_too_slow_or_broke() -> None:
    assert ending_of(_mutant(), b"", 10_000.0).verdict == "timeout"
    with pytest.raises(RuntimeError, match="filters:3"):
        ending_of(_mutant(), b"", 1.0)


def test_an_ending_survives_its_way_between_processes() -> None:
    ending = Ending("reported", "PutVectors.stores", "test_x", 3, 1.5, ("error",))
    assert Ending.from_bytes(ending.to_bytes()) == ending


@pytest.mark.parametrize(
    ("verdict", "matters", "good"),
    [("gap", 1, False), ("equivalent", 0, True), ("undocumented", 0, True), ("outside", 0, True)],
)
def test_only_gaps_count_against_the_suite(verdict: str, matters: int, good: bool) -> None:
    total = score([(_mutant(), SURVIVED), (_mutant("z"), REPORTED)], [_review(verdict)])
    assert (len(total.gaps), total.unjudged, total.killed) == (matters, (), 1)
    assert total.good is good


def test_a_survivor_that_nobody_judged_fails_whatever_the_share() -> None:
    total = score([(_mutant("z"), REPORTED)] * 99 + [(_mutant(), SURVIVED)], [])
    assert total.share > GOAL
    assert not total.good


def test_one_gap_in_many_is_within_the_goal() -> None:
    assert score([(_mutant("z"), REPORTED)] * 99 + [(_mutant(), SURVIVED)], [_review("gap")]).good


def test_an_exact_judgement_wins_over_one_of_the_line() -> None:
    whole = Review(Identity("filters", "f", "*", "x", "*"), "equivalent", "because")
    function = Review(Identity("filters", "f", "*", "*", "*"), "outside", "because")
    assert review_of(_mutant().identity, [whole, _review("gap")]) == _review("gap")
    assert review_of(_mutant("other").identity, [function, whole, _review("gap")]) == whole
    assert review_of(Identity("filters", "f", "AddNot", "z", "y"), [function, whole]) == function
    assert review_of(Identity("filters", "g", "StringReplacer", "x", "y"), [whole]) is None


def test_a_mutant_is_tried_again_under_the_judgement_that_holds_for_it() -> None:
    whole = Review(Identity("filters", "f", "*", "x", "*"), "undocumented", "because")
    reviews = [whole, _review("equivalent")]
    assert is_judged(_mutant(), reviews, "equivalent")
    assert not is_judged(_mutant(), reviews, "undocumented")
    assert is_judged(_mutant("other"), reviews, "undocumented")
    assert not is_judged(_mutant(), [], "undocumented")


def test_an_entry_that_was_offered_can_be_read(tmp_path: Path) -> None:
    text = as_entry(_mutant('a: "b" # c').identity, "outside", "log")
    (tmp_path / "filters.yaml").write_text(text, encoding="utf-8")
    assert load_reviews(tmp_path) == (Review(_mutant('a: "b" # c').identity, "outside", "log"),)


def test_what_an_entry_leaves_out_means_all_of_it(tmp_path: Path) -> None:
    text = "- {module: filters, in: A.le*, operator: Replace*, verdict: undocumented, reason: because}\n"
    (tmp_path / "filters.yaml").write_text(text, encoding="utf-8")
    (review,) = load_reviews(tmp_path)
    assert review.concerns(Identity("filters", "A.less", "ReplaceTrueWithFalse", "x", "y"))
    assert not review.concerns(Identity("filters", "A.less", "StringReplacer", "x", "y"))
    assert not review.concerns(Identity("filters", "A.more", "ReplaceTrueWithFalse", "x", "y"))
    assert not_in_source([review], "class A:\n    async def less(self): ...\n") == []
    assert not_in_source([review], "class A:\n    def more(self): ...\n") == [review]


def test_a_judgement_stands_in_the_file_of_its_module(tmp_path: Path) -> None:
    text = as_entry(_mutant().identity, "outside", "log")
    (tmp_path / "search.yaml").write_text(text, encoding="utf-8")
    with pytest.raises(ValueError, match="wrong file"):
        load_reviews(tmp_path)


@pytest.mark.parametrize(
    ("identity", "verdict", "reason"),
    [
        (_mutant().identity, "unclear", "because"),
        (_mutant().identity, "gap", " "),
        (_mutant("*").identity, "gap", "because"),
        (Identity("filters", "<module>", "*", "*", "*"), "outside", "because"),
    ],
    ids=["verdict", "no-reason", "gap-of-a-line", "module"],
)
def test_an_incomplete_judgement_is_refused(
    tmp_path: Path, identity: Identity, verdict: str, reason: str
) -> None:
    (tmp_path / "filters.yaml").write_text(as_entry(identity, verdict, reason), encoding="utf-8")
    with pytest.raises(ValueError, match="filters"):
        load_reviews(tmp_path)


def test_the_table_counts_names_survivors_and_says_which_gaps_are_closed() -> None:
    text = render([(_mutant(), SURVIVED), (_mutant("z"), REPORTED)], [_review("gap", "z")], 1.0)
    assert ["filters", "2", "1", "0", "0", "0", "1", "0"] in [line.split() for line in text.splitlines()]
    assert 'NOT REVIEWED: filters:3 StringReplacer "x" -> "y"' in text
    assert 'closed, so remove it from the reviewed ones: filters:3 StringReplacer "x" -> "z"' in text


def test_no_trial_starts_when_the_time_is_over() -> None:
    assert list(until(iter([_mutant()]), -1.0)) == []
    assert list(until(iter([_mutant()]), None)) == [_mutant()]


def test_every_judged_line_is_still_there() -> None:
    sources, reviews = Sources.read(ROOT / PACKAGE), load_reviews()
    gone = {
        module: not_in_source([review for review in reviews if review.identity.module == module], text)
        for module, text in sources.texts.items()
    }
    unknown = {review.identity.module for review in reviews} - set(sources.texts)
    assert {module: found for module, found in gone.items() if found} == {}
    assert unknown == set()
