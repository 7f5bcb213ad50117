"""The requirements of every release: which ids it had, and at which level.

A newer suite knows more requirements, and a gate that was green with the
older one should turn red when its target changes, not when the suite does.  The
set of this version follows the catalogue until it is released; those of
earlier versions are never edited.  Ids are never renamed, so an old set can be
decided by any later suite.

``python -m conformance.contract.releases --write`` stores the set of this version.
"""

from __future__ import annotations

import functools
import json
import sys
from collections.abc import Mapping, Sequence
from dataclasses import replace
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path

from conformance import __version__
from conformance.contract.loader import Contract, load_contract
from conformance.contract.model import Level, Requirement

_FOLDER = "requirement_sets"
_SUFFIX = ".json"


def _folder() -> Traversable:
    return resources.files("conformance.contract").joinpath(_FOLDER)


def _order(name: str) -> tuple[tuple[int, str], ...]:
    """Numbers by value, so that 0.10 comes after 0.9."""
    return tuple((int(part), "") if part.isdigit() else (-1, part) for part in name.split("."))


@functools.cache
def known_sets() -> tuple[str, ...]:
    """Names of the stored sets, the oldest first."""
    names = (file.name for file in _folder().iterdir() if file.name.endswith(_SUFFIX))
    return tuple(sorted((name.removesuffix(_SUFFIX) for name in names), key=_order))


@functools.cache
def load_set(name: str) -> Mapping[str, Level]:
    """Level by requirement id of a stored set."""
    text = _folder().joinpath(name + _SUFFIX).read_text(encoding="utf-8")
    return {identifier: Level(level) for identifier, level in json.loads(text)["requirements"].items()}


def in_set(requirement: str, name: str | None) -> bool:
    """Whether a set has a requirement; without a set, every requirement is meant."""
    return name is None or requirement in load_set(name)


def at_release(contract: Contract, name: str | None) -> Contract:
    """The contract with the levels of a set; ``None`` leaves it as it is.

    A requirement that is a probe today stays one: it was found to be contested
    since, and a target must not fail for it.
    """
    if name is None:
        return contract
    levels = load_set(name)
    return replace(
        contract,
        requirements={
            identifier: _at_level(requirement, levels.get(identifier))
            for identifier, requirement in contract.requirements.items()
        },
    )


def _at_level(requirement: Requirement, level: Level | None) -> Requirement:
    if level is None or requirement.level is Level.PROBE:
        return requirement
    return replace(requirement, level=level)


def set_text(contract: Contract) -> str:
    """The set of a contract as it is stored."""
    levels = {name: contract.requirements[name].level.value for name in sorted(contract.requirements)}
    return json.dumps({"contract": contract.version, "requirements": levels}, indent=1) + "\n"


def release_name(version: str) -> str:
    """Name of the set of a version of the suite: ``0.1`` for ``0.1.3``, since patches add no requirement."""
    return ".".join(version.split(".")[:2])


def main(arguments: Sequence[str], folder: Path | None = None) -> int:
    """Store the set of this version; those of others are left alone, because people rely on them."""
    if list(arguments) != ["--write"]:
        sys.stderr.write("usage: python -m conformance.contract.releases --write\n")
        return 2
    target = folder or Path(__file__).resolve().parent / _FOLDER
    path = target / f"{release_name(__version__)}{_SUFFIX}"
    target.mkdir(exist_ok=True)
    path.write_text(set_text(load_contract()), encoding="utf-8")
    sys.stdout.write(f"{path.name} written\n")
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
