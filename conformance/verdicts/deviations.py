"""The implementer's own list of known deviations, read strictly.

The file lives outside the suite, so that a target's state needs no release of
the suite.  Every mistake in it is an error with a line number: an entry that
silently matches nothing would hide a regression or keep a fixed one listed.
"""

from __future__ import annotations

import re
from collections.abc import Collection, Iterable
from dataclasses import dataclass
from datetime import date
from fnmatch import fnmatchcase
from pathlib import Path
from urllib.parse import urlsplit

import yaml
from yaml.nodes import MappingNode, Node, ScalarNode, SequenceNode

from conformance.contract.loader import nearest
from conformance.verdicts.model import Deviation

_KEYS = ("requirement", "reason", "link", "expires")
_STRING_TAG = "tag:yaml.org,2002:str"
_NULL_TAG = "tag:yaml.org,2002:null"
_DATE = re.compile(r"\d{4}-\d{2}-\d{2}")
_WILDCARDS = re.compile(r"[*?\[]")


class DeviationError(ValueError):
    """A known-deviations file that cannot be used, in one sentence with file and line."""


@dataclass(frozen=True, slots=True)
class _Reader:
    """One file being read, with what is needed to judge its entries."""

    path: Path
    known_ids: Collection[str]
    today: date

    def error(self, node: Node | int, problem: str) -> DeviationError:
        line = node if isinstance(node, int) else node.start_mark.line + 1
        return DeviationError(f"{self.path}, line {line}: {problem}")

    def entry(self, node: Node) -> Deviation:
        if not isinstance(node, MappingNode):
            raise self.error(node, f"an entry must be a mapping with the keys {_spoken(_KEYS)}.")
        values = self.members(node)
        return Deviation(
            pattern=self.pattern(node, values),
            reason=self.reason(node, values),
            link=self.link(values.get("link")),
            expires=self.expires(values.get("expires")),
            line=node.start_mark.line + 1,
        )

    def members(self, node: MappingNode) -> dict[str, ScalarNode]:
        values: dict[str, ScalarNode] = {}
        for key, value in node.value:
            name = key.value if isinstance(key, ScalarNode) else "(not a name)"
            if name not in _KEYS:
                hint = _nearest(name, _KEYS)
                raise self.error(key, f"unknown key {name!r}{hint}; allowed are {_spoken(_KEYS)}.")
            if name in values:
                raise self.error(key, f"the key {name!r} stands twice in one entry.")
            if not isinstance(value, ScalarNode):
                raise self.error(value, f"{name!r} must be plain text, not a list or a mapping.")
            values[name] = value
        return values

    def pattern(self, entry: MappingNode, values: dict[str, ScalarNode]) -> str:
        node = values.get("requirement")
        if node is None or not node.value.strip():
            raise self.error(node or entry, "the entry needs a 'requirement': a requirement id or a glob.")
        pattern = str(node.value).strip()
        if not any(_matches(pattern, known) for known in self.known_ids):
            hint = _nearest(pattern, self.known_ids)
            what = "matches no requirement" if _WILDCARDS.search(pattern) else "is no requirement"
            raise self.error(node, f"{pattern!r} {what}{hint}; allowed is an id or a glob over ids.")
        return pattern

    def reason(self, entry: MappingNode, values: dict[str, ScalarNode]) -> str:
        node = values.get("reason")
        if node is None or node.tag == _NULL_TAG or not node.value.strip():
            raise self.error(node or entry, "the entry needs a 'reason' that says why the target deviates.")
        if node.tag != _STRING_TAG:
            raise self.error(node, f"'reason' must be a sentence, not {node.value!r}.")
        return " ".join(node.value.split())

    def link(self, node: ScalarNode | None) -> str | None:
        if node is None:
            return None
        if not _is_web_address(node.value):
            raise self.error(node, f"'link' must be an http or https address, not {node.value!r}.")
        return str(node.value)

    def expires(self, node: ScalarNode | None) -> str | None:
        if node is None:
            return None
        text = str(node.value)
        try:
            last_day = date.fromisoformat(text) if _DATE.fullmatch(text) else None
        except ValueError:
            last_day = None
        if last_day is None:
            raise self.error(node, f"'expires' must be a date written YYYY-MM-DD, not {text!r}.")
        if last_day < self.today:
            raise self.error(
                node, f"the entry expired on {text}; mend the target, or give a later date with a reason."
            )
        return text


def load_deviations(path: Path, known_ids: Collection[str], today: date) -> tuple[Deviation, ...]:
    """Read a known-deviations file; raise :class:`DeviationError` for anything that is not meant.

    ``expires`` names the last day an entry holds, compared with ``today``.  A
    file without entries (empty, or comments only) is the state to wish for.
    """
    reader = _Reader(path, known_ids, today)
    root = _compose(path)
    if root is None:
        return ()
    if not isinstance(root, SequenceNode):
        raise reader.error(root, "the file must be a list of entries, each starting with '- requirement:'.")
    deviations: dict[str, Deviation] = {}
    for node in root.value:
        deviation = reader.entry(node)
        earlier = deviations.get(deviation.pattern)
        if earlier is not None:
            raise reader.error(
                deviation.line, f"{deviation.pattern!r} stands in line {earlier.line} too; keep one entry."
            )
        deviations[deviation.pattern] = deviation
    return tuple(deviations.values())


def match(deviations: Iterable[Deviation], requirement_id: str) -> Deviation | None:
    """The entry for a requirement: the one naming it, else the first glob that covers it."""
    covering = None
    for deviation in deviations:
        if deviation.pattern == requirement_id:
            return deviation
        if covering is None and _matches(deviation.pattern, requirement_id):
            covering = deviation
    return covering


def _compose(path: Path) -> Node | None:
    try:
        text = path.read_text(encoding="utf-8")
    except UnicodeDecodeError as error:
        raise DeviationError(f"{path}: the file is not UTF-8 text.") from error
    except OSError as error:
        raise DeviationError(f"{path}: the file cannot be read ({error.strerror}).") from error
    try:
        return yaml.compose(text, Loader=yaml.SafeLoader)
    except yaml.MarkedYAMLError as error:
        line = error.problem_mark.line + 1 if error.problem_mark else 1
        raise DeviationError(f"{path}, line {line}: not YAML: {_one_line(error.problem)}.") from error
    except yaml.YAMLError as error:
        raise DeviationError(f"{path}: not YAML: {_one_line(str(error))}.") from error
    except RecursionError as error:
        raise DeviationError(f"{path}: the file is nested too deeply to be a list of entries.") from error


def _one_line(text: str | None) -> str:
    return " ".join((text or "cannot be parsed").split())


def _matches(pattern: str, requirement_id: str) -> bool:
    return pattern == requirement_id or fnmatchcase(requirement_id, pattern)


def _nearest(name: str, candidates: Collection[str]) -> str:
    found = nearest(name, sorted(candidates))
    return f", did you mean {found!r}?" if found is not None else ""


def _spoken(names: Iterable[str]) -> str:
    return ", ".join(repr(name) for name in names)


def _is_web_address(text: str) -> bool:
    try:
        address = urlsplit(text)
    except ValueError:
        return False
    return address.scheme in {"http", "https"} and bool(address.hostname)
