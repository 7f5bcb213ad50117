"""Finds and reads the contract's data files, in a checkout or inside an installed wheel."""

from __future__ import annotations

from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from typing import Any

import yaml

DOCUMENT = "oss-vectors.yaml"
REQUIREMENTS = "requirements"

# The C parser is some ten times faster; PyYAML offers it wherever libyaml was there at build time.
_Loader: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)


def contract_root() -> Traversable:
    """Directory that holds ``oss-vectors.yaml``.

    A wheel carries the contract inside the package (``conformance/_openapi``);
    a checkout has it beside the package, where people edit it.
    """
    packaged = resources.files("conformance").joinpath("_openapi")
    if packaged.is_dir():
        return packaged
    return Path(__file__).resolve().parent.parent.parent / "openapi"


def read_yaml(file: Traversable) -> Any:
    """Parse one YAML file of the contract."""
    return yaml.load(file.read_text(encoding="utf-8"), Loader=_Loader)  # noqa: S506 - a safe loader
