"""Loads the emulator's package with one module replaced; the emulator knows nothing of it."""

from __future__ import annotations

import sys
import warnings
from collections.abc import Sequence
from importlib.abc import Loader, MetaPathFinder
from importlib.machinery import ModuleSpec
from importlib.util import spec_from_file_location
from types import CodeType, ModuleType

from tests.mutants.places import PACKAGE, Sources


class MutatedPackage(MetaPathFinder, Loader):
    """An import hook that serves every module of the package from memory.

    All modules, not just the mutated one: they are compiled once, before processes are forked.
    """

    def __init__(self, sources: Sources) -> None:
        self._files = {_full(name): path for name, path in sources.files.items()}
        self._code: dict[str, CodeType] = {
            _full(name): compile(text, str(sources.files[name]), "exec")
            for name, text in sources.texts.items()
        }

    def replace(self, module: str, source: str) -> None:
        """Let a module, named as below the package, have another source."""
        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SyntaxWarning)
            self._code[_full(module)] = compile(source, f"<mutant of {module}>", "exec")

    def install(self) -> None:
        """Forget what is loaded of the package, and serve it from here from now on."""
        for name in [name for name in sys.modules if name == PACKAGE or name.startswith(f"{PACKAGE}.")]:
            del sys.modules[name]
        sys.meta_path.insert(0, self)

    def find_spec(
        self, fullname: str, _path: Sequence[str] | None, _target: ModuleType | None = None
    ) -> ModuleSpec | None:
        """Where a module of the package comes from."""
        file = self._files.get(fullname)
        if file is None:
            return None
        places = [str(file.parent)] if file.name == "__init__.py" else None
        return spec_from_file_location(fullname, file, loader=self, submodule_search_locations=places)

    def create_module(self, spec: ModuleSpec) -> None:
        """An ordinary module."""

    def exec_module(self, module: ModuleType) -> None:
        """Run the module's code."""
        exec(self._code[module.__name__], module.__dict__)


def _full(module: str) -> str:
    return f"{PACKAGE}.{module}" if module else PACKAGE
