"""The HTML page and the badge: what they say, and that a target cannot make them say anything else."""

from __future__ import annotations

import re
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from html.parser import HTMLParser
from itertools import pairwise
from pathlib import Path
from types import SimpleNamespace
from xml.etree import ElementTree as ET

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from conformance.report import badge, html
from conformance.report.page import MAX_IN_FULL, is_link, page_of
from conformance.verdicts.model import Baseline, Changes, Deviation, ExitCode, Outcome
from conformance.wire.pace import Bound

VOID = {"meta", "br", "wbr", "rect", "link", "img", "hr", "input"}
ELEMENTS = {
    *(
        "a",
        "article",
        "body",
        "caption",
        "code",
        "dd",
        "details",
        "div",
        "dl",
        "dt",
        "footer",
        "h1",
        "h2",
        "h3",
    ),
    *(
        "h4",
        "head",
        "header",
        "html",
        "li",
        "main",
        "meta",
        "nav",
        "p",
        "pre",
        "rect",
        "section",
        "span",
        "style",
    ),
    *("summary", "svg", "table", "tbody", "td", "th", "thead", "time", "title", "tr", "ul", "wbr"),
}
anything = settings(
    suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None, max_examples=40
)


@dataclass
class Node:
    """An element with its text, as a reader of the page has it."""

    tag: str
    attributes: dict[str, str | None]
    children: list[Node] = field(default_factory=list)
    parts: list[str] = field(default_factory=list)

    def all(self, tag: str = "", **attributes: str) -> Iterator[Node]:
        """Elements below this one, in document order."""
        for child in self.children:
            wanted = {name.rstrip("_"): value for name, value in attributes.items()}
            if tag in ("", child.tag) and all(child.attributes.get(k) == v for k, v in wanted.items()):
                yield child
            yield from child.all(tag, **attributes)

    @property
    def text(self) -> str:
        """Its text with that of everything below."""
        return "".join(self.parts)


class Reader(HTMLParser):
    """Builds the tree, and insists that every element is closed in order."""

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.root = Node("", {})
        self._open = [self.root]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert len({name for name, _ in attrs}) == len(attrs), f"{tag} {attrs}"
        node = Node(tag, dict(attrs))
        self._open[-1].children.append(node)
        if tag not in VOID:
            self._open.append(node)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self._open[-1].children.append(Node(tag, dict(attrs)))

    def handle_endtag(self, tag: str) -> None:
        assert self._open.pop().tag == tag

    def handle_data(self, data: str) -> None:
        for node in self._open:
            node.parts.append(data)


def parse(text: str) -> Node:
    reader = Reader()
    reader.feed(text)
    reader.close()
    assert reader._open == [reader.root]
    return reader.root


def articles(root: Node) -> dict[str, Node]:
    return {str(one.attributes["id"]): one for one in root.all("article")}


def parts(article: Node) -> dict[str, str]:
    [listing] = article.all("dl", class_="parts")
    return {label.text: text.text for label, text in zip(listing.all("dt"), listing.all("dd"), strict=True)}


def test_the_verdict_comes_first_in_one_sentence(make: SimpleNamespace) -> None:
    root = parse(html.html(make.mixed()))
    header = next(root.all("header"))
    assert next(header.all("h1")).text == "NON-CONFORMANT"
    assert next(header.all("p", class_="lead")).text == (
        "1 of 13 requirements pass, 5 fail, 1 stale deviation, 1 warn, 1 inconclusive, 2 unsupported, "
        "1 not executed, 1 known deviation, at http://127.0.0.1:9000 with the profile core on 2026-01-10."
    )
    assert "exit 1: a documented requirement is violated" in header.text
    assert next(root.all("title")).text.startswith("NON-CONFORMANT: OSS Vectors, core, http://127.0.0.1:9000")


def test_sections_come_in_the_order_of_their_weight(make: SimpleNamespace) -> None:
    changes = Changes(Baseline("old1", "2026-01-09", "core", {}), failing=("DeleteVectors.timeout",))
    root = parse(html.html(make.result(*make.mixed().results, changes=changes)))
    found = [str(heading.attributes["id"]) for heading in root.all("h2")]
    assert found == [
        "failures",
        "warnings",
        "changes",
        "known",
        "undecided",
        "operations",
        "observed",
        "requirements",
        "traffic",
        "run",
    ]
    menu = [str(link.attributes["href"]) for link in next(root.all("nav")).all("a")]
    assert menu == [f"#{name}" for name in found]


def test_a_failure_has_clause_source_request_answer_and_commands(make: SimpleNamespace) -> None:
    article = articles(parse(html.html(make.mixed())))["f-PutVectorIndex.dimension.maximum.rejected"]
    assert next(article.all("h3")).text == "PutVectorIndex.dimension.maximum.rejected must"
    assert "The dimension of an index is at most 4096." in article.text
    assert "Source: PutVectorIndex page, Request parameters (2026-01-10) (seed)" in article.text
    told = parts(article)
    assert list(told) == ["First", "Sent", "Expected", "Actual"]
    assert told["Sent"].startswith("POST /?putVectorIndex\nHost: conf-7f3a-main-1234567890123456.")
    assert '"dimension": 4097' in told["Sent"]
    assert told["Expected"] == "400 VectorIndexParameterInvalid"
    assert told["Actual"].startswith("200 OK (request id 534B371674E88A4D89060001")
    commands = [one.text for one in article.all("div", class_="recipe")]
    assert [command.strip().split("\n")[0] for command in commands] == [
        "curl",
        "Python SDK",
        "Just this requirement",
    ]
    assert "oss-vectors-conformance sign --method POST" in commands[0]
    assert "client.put_vector_index(" in commands[1]
    assert "--requirement PutVectorIndex.dimension.maximum.rejected" in commands[2]


def test_every_requirement_is_listed_with_its_outcome(make: SimpleNamespace) -> None:
    run = make.mixed()
    root = parse(html.html(run))
    for entry in run.results:
        [row] = root.all("tr", id=f"r-{entry.requirement.id}")
        assert next(row.all("td")).text.startswith(entry.outcome.value)
        assert row.text.count(entry.requirement.id) == 1


def test_what_was_not_decided_has_its_reason_and_each_reason_stands_once(make: SimpleNamespace) -> None:
    text = parse(html.html(make.mixed())).text
    undecided = text[text.index("Open points\n") : text.rindex("Operations\n")]
    for reason in ("throttled (503 QpsLimitExceeded) in 3 tries", "no test decided it", "listed in line 9"):
        assert reason in undecided
    assert undecided.count("the target answered 501") == 1
    assert "PutBucketPolicy.status, GetBucketPolicy.status" in undecided.replace("\n", "")


def test_known_deviations_show_reason_link_expiry_and_answer(make: SimpleNamespace) -> None:
    listed = Deviation("QueryVectors.*", "filters come later", "https://example.org/7", "2027-01-31", 3)
    known = replace(
        make.failed("QueryVectors.filter", outcome=Outcome.KNOWN_DEVIATION, status=501), deviation=listed
    )
    root = parse(html.html(make.result(known)))
    [section] = root.all("section", **{"aria-labelledby": "known"})
    [_, row] = section.all("tr")
    assert "until 2027-01-31" in row.text
    assert "501" in row.text
    assert [link.attributes["href"] for link in row.all("a")][-1] == "https://example.org/7"


@pytest.mark.parametrize(
    ("link", "followed"),
    [
        ("https://example.org/7", True),
        ("javascript:alert(1)", False),
        ("data:text/html,x", False),
        ("https://example.org/\n", False),
        (" https://example.org", False),
        (None, False),
    ],
)
def test_only_links_of_the_web_can_be_followed(
    link: str | None, followed: bool, make: SimpleNamespace
) -> None:
    assert is_link(link) is followed
    listed = Deviation("QueryVectors.*", "later", link, None, 3)
    known = make.entry("QueryVectors.filter", Outcome.KNOWN_DEVIATION, deviation=listed)
    root = parse(html.html(make.result(known)))
    targets = {str(one.attributes["href"]) for one in root.all("a")}
    assert (link in targets) is followed
    assert all(target == link or target.startswith("#") for target in targets)


def must_be_harmless(text: str) -> None:
    root = parse(text)
    for node in root.all():
        assert node.tag in ELEMENTS, node.tag
        assert not any(name.startswith("on") or name in ("style", "src") for name in node.attributes)
    assert len(list(root.all("style"))) == 1
    assert all(char == "\n" or char.isprintable() for char in text)


def test_a_hostile_target_stays_text(make: SimpleNamespace) -> None:
    page = html.html(make.mixed())
    must_be_harmless(page)
    shown = parts(articles(parse(page))["f-PutVectorIndex.index-name.pattern.rejected"])["Actual"]
    assert "<script>alert(1)</script>" in shown
    assert "\\x1b[2J" in shown
    assert "\\u202egnp.exe" in shown


@given(text=st.text())
@anything
def test_the_page_stays_whole_whatever_a_target_or_a_user_writes(make: SimpleNamespace, text: str) -> None:
    failed = make.failed(
        "GetVectors.rule", response_body=text, reason=text, error_code=text, request_id=text, target=text
    )
    listed = make.entry(
        "GetVectors.known", Outcome.KNOWN_DEVIATION, deviation=Deviation("GetVectors.*", text, text, text, 1)
    )
    run = make.result(
        failed,
        listed,
        make.entry("GetVectors.other", Outcome.INCONCLUSIVE, reason=text),
        make.entry("GetVectors.probe", Outcome.OBSERVED, observations=(text,)),
        info=make.info(command=text, configuration=text, endpoint=text, started=text, region=text),
        notices=(text,),
        leaks=(text,),
        internal_errors=(text,),
        exit_reason=text,
        changes=Changes(Baseline(text, text, text, {}), failing=("GetVectors.rule",)),
    )
    must_be_harmless(html.html(run))
    ET.fromstring(badge.badge(run))


def test_the_page_needs_nothing_and_allows_nothing(make: SimpleNamespace) -> None:
    page = html.html(make.mixed())
    root = parse(page)
    [policy] = root.all("meta", **{"http-equiv": "Content-Security-Policy"})
    assert str(policy.attributes["content"]).startswith("default-src 'none'; style-src 'sha256-")
    assert not re.search(
        r"url\(|@import|<link|<script|<img", next(root.all("style")).text + page.partition("</style>")[2]
    )


def test_every_table_tells_what_its_cells_are_about(make: SimpleNamespace) -> None:
    root = parse(html.html(make.mixed()))
    assert next(root.all("html")).attributes["lang"] == "en"
    for header in root.all("th"):
        assert header.attributes["scope"] in ("col", "row")
    for row in (row for body in root.all("tbody") for row in body.all("tr")):
        assert [cell.attributes["scope"] for cell in row.all("th")] == ["row"]
    ids = [node.attributes["id"] for node in root.all() if "id" in node.attributes]
    assert len(ids) == len(set(ids))
    for link in root.all("a"):
        target = str(link.attributes["href"])
        assert not target.startswith("#") or target[1:] in ids, target
    levels = [int(node.tag[1]) for node in root.all() if re.fullmatch("h[1-6]", node.tag)]
    assert all(after <= before + 1 for before, after in pairwise(levels))


def _luminance(colour: str) -> float:
    values = [int(colour[place : place + 2], 16) / 255 for place in (1, 3, 5)]
    red, green, blue = (one / 12.92 if one <= 0.04045 else ((one + 0.055) / 1.055) ** 2.4 for one in values)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    """As the Web Content Accessibility Guidelines 2.2 compute it."""
    lighter, darker = sorted((_luminance(one), _luminance(other)), reverse=True)
    return (lighter + 0.05) / (darker + 0.05)


def test_every_colour_can_be_read_on_its_ground(make: SimpleNamespace) -> None:
    style = next(parse(html.html(make.mixed())).all("style")).text
    themes = [dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6})", block)) for block in style.split(":root {")[1:]]
    assert len(themes) == 3
    for theme in themes:
        for name in ("good", "bad", "warn", "open", "known", "none"):
            assert contrast(theme[name], theme[f"{name}-panel"]) >= 4.5, name
            assert contrast(theme[name], theme["page"]) >= 4.5, name
        for ground in ("page", "panel", "good-panel", "bad-panel", "open-panel"):
            assert contrast(theme["text"], theme[ground]) >= 4.5, ground
        assert contrast(theme["quiet"], theme["page"]) >= 4.5
        assert contrast(theme["link"], theme["page"]) >= 4.5


def test_many_failures_with_one_answer_are_told_once(make: SimpleNamespace) -> None:
    failures = [make.failed(f"GetVectors.rule-{n}", id=f"e{n}", status=599) for n in range(12)]
    others = [
        make.failed(f"GetVectors.other-{n}", id=f"o{n}", status=400 + n) for n in range(MAX_IN_FULL + 3)
    ]
    root = parse(html.html(make.result(*failures, *others)))
    assert len(articles(root)) == 1 + MAX_IN_FULL
    assert "12 requirements: every answer was 599" in root.text
    assert "3 more requirements, in full in report.json" in root.text


def test_a_target_that_is_another_service_gets_a_short_page(make: SimpleNamespace) -> None:
    failures = [make.failed(f"GetVectors.rule-{n}", id=f"e{n}", status=400 + n) for n in range(5)]
    notice = "The endpoint does not look like OSS Vectors: it answers 200 text/html."
    root = parse(html.html(make.result(*failures, is_stranger=True, notices=(notice,))))
    assert next(root.all("p", class_="notice")).text == notice
    assert len(articles(root)) == 1
    assert not list(root.all("h2", id="operations"))


def test_a_run_without_any_violation_has_no_section_for_them(make: SimpleNamespace) -> None:
    fine = make.entry("GetVectors.rule", Outcome.PASS)
    pace = Bound(2.5, 2.0, "PutVectorIndex", 0.03, 1)
    run = make.result(fine, exit_code=ExitCode.CONFORMANT, exit_reason="", info=make.info(pace=pace))
    root = parse(html.html(run))
    assert next(root.all("h1")).text == "CONFORMANT"
    assert not list(root.all("article"))
    assert str(pace) in next(root.all("section", **{"aria-labelledby": "traffic"})).text


def test_page_and_badge_are_the_same_every_time(make: SimpleNamespace, tmp_path: Path) -> None:
    for name in ("one", "two"):
        html.write(make.mixed(), tmp_path / f"{name}.html")
        badge.write(make.mixed(), tmp_path / f"{name}.svg")
    for suffix in ("html", "svg"):
        assert (tmp_path / f"one.{suffix}").read_bytes() == (tmp_path / f"two.{suffix}").read_bytes()


def test_the_bar_shows_every_outcome_and_is_full(make: SimpleNamespace) -> None:
    many = [make.entry(f"GetVectors.rule-{n}", Outcome.PASS) for n in range(999)]
    segments = page_of(make.result(*many, make.failed("GetVectors.bad"))).bar
    assert [one.tone for one in segments] == ["good", "bad"]
    assert all(one.width >= 10 for one in segments)
    assert segments[-1].start + segments[-1].width == pytest.approx(1000, abs=0.2)


@pytest.mark.parametrize(
    ("code", "changes", "text"),
    [
        (ExitCode.CONFORMANT, {}, "OSS Vectors core: 1 of 2, conformant"),
        (ExitCode.NON_CONFORMANT, {"is_stranger": True}, "OSS Vectors core: not OSS Vectors, non-conformant"),
        (ExitCode.INCONCLUSIVE, {"info": {"shard": "1/3"}}, "OSS Vectors core 1/3: 1 of 2, inconclusive"),
        (
            ExitCode.CONFORMANT,
            {"info": {"operations": ("GetVectors",)}},
            "OSS Vectors core (part): 1 of 2, conformant",
        ),
    ],
)
def test_the_badge_says_profile_numbers_and_verdict(
    code: ExitCode, changes: dict[str, object], text: str, make: SimpleNamespace
) -> None:
    info = make.info(**changes.pop("info", {}))  # type: ignore[arg-type]
    entries = (make.entry("GetVectors.rule", Outcome.PASS), make.failed("GetVectors.other"))
    root = ET.fromstring(badge.badge(make.result(*entries, exit_code=code, info=info, **changes)))
    assert root.attrib["aria-label"] == text
    assert root.findtext("{http://www.w3.org/2000/svg}title") == text
    for rectangle in root.iter("{http://www.w3.org/2000/svg}rect"):
        if "fill" in rectangle.attrib:
            assert contrast("#ffffff", rectangle.attrib["fill"]) >= 4.5


def test_the_colour_of_the_badge_is_that_of_the_verdict(make: SimpleNamespace) -> None:
    entry = make.entry("GetVectors.rule", Outcome.PASS)
    codes = (ExitCode.CONFORMANT, ExitCode.NON_CONFORMANT, ExitCode.INCONCLUSIVE, ExitCode.INTERRUPTED)
    colours = {
        re.findall('fill="(#.{6})"', badge.badge(make.result(entry, exit_code=code)))[1] for code in codes
    }
    assert len(colours) == len(codes)
