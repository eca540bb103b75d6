"""Run inside a function's own interpreter: import all that it may ever import, and say what fails.

Its text is handed to that interpreter, so it uses the standard library alone. What a module
imports only later, inside of a function, is found in its syntax tree and imported too. Its answer
goes into a file, as JSON: ``null``, or what is wrong.
"""

from __future__ import annotations

import ast
import importlib
import importlib.util
import json
import sys
import traceback
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from types import ModuleType
from typing import Any, NamedTuple

Told = dict[str, str | None]
"""What is wrong: ``importer``, ``error`` and, of a module that is not there, ``missing``."""


class NetworkAtImport(Exception):
    """An import asked for the network."""


class LaterImport(NamedTuple):
    """An import inside of a function: the module, names from it, and the line."""

    module: str
    names: tuple[str, ...]
    line: int


@dataclass(frozen=True)
class Question:
    """What is to be imported.

    Parameters
    ----------
    handler
        ``module.function``.
    code
        The folder of the function's own code.
    own
        Packages whose later imports are followed too.
    left_out
        Modules of these that a layer goes without on purpose.
    preload
        Further modules that the function loads by name.
    """

    handler: str
    code: str
    own: list[str]
    left_out: list[str]
    preload: list[str]

    def answer(self) -> Told | None:
        """Import everything; returns what is wrong."""
        module, _, name = self.handler.replace("/", ".").rpartition(".")
        for wanted in (module, *self.preload):
            if wrong := self._attempt(LaterImport(wanted, (), 0), wanted):
                return wrong
        if not callable(getattr(sys.modules[module], name, None)):
            return {"importer": module, "error": f"AttributeError: {module} has no function {name}"}
        return self._later()

    def _later(self) -> Told | None:
        """Import what our loaded modules import inside of functions, and what that loads, too."""
        seen: set[int] = set()
        while ours := [
            module
            for module in list(sys.modules.values())
            if id(module) not in seen and self._is_ours(module)
        ]:
            for module in ours:
                seen.add(id(module))
                for found in deferred(tree_of(module).body, module):
                    left_out = any(
                        f"{found.module}.".startswith(f"{out}.") for out in self.left_out
                    )
                    importer = f"{module.__name__}, line {found.line}"
                    if not left_out and (wrong := self._attempt(found, importer)):
                        return {**wrong, "importer": importer}
        return None

    def _attempt(self, wanted: LaterImport, importer: str) -> Told | None:
        try:
            found = importlib.import_module(wanted.module)
            for name in wanted.names:
                if not hasattr(found, name):
                    importlib.import_module(f"{wanted.module}.{name}")
        except BaseException as error:
            return self._told(error, importer)
        return None

    def _told(self, error: BaseException, importer: str) -> Told:
        """Return an error with the last place in our code where it came by."""
        for frame in traceback.extract_tb(error.__traceback__):
            short = frame.filename.removeprefix(self.code + "/").rpartition("/python/")[2]
            if frame.filename.startswith(self.code + "/") or short.partition("/")[0] in self.own:
                importer = f"{short}, line {frame.lineno}"
        missing = error.name if isinstance(error, ModuleNotFoundError) else None
        return {
            "importer": importer,
            "missing": missing,
            "error": f"{type(error).__name__}: {error}",
        }

    def _is_ours(self, module: ModuleType) -> bool:
        file = getattr(module, "__file__", None) or ""
        if not file.endswith(".py"):
            return False
        top = str(getattr(module, "__name__", "")).partition(".")[0]
        return file.startswith(self.code + "/") or top in self.own


def refuse_network(event: str, arguments: tuple[Any, ...]) -> None:
    """Stop whatever would leave the machine; made for `sys.addaudithook`."""
    if event in {"socket.getaddrinfo", "socket.gethostbyname"}:
        raise NetworkAtImport(f"{event} of {arguments[0]}")
    if event == "socket.connect" and isinstance(arguments[1], tuple):
        raise NetworkAtImport(f"{event} to {arguments[1]}")


def tree_of(module: ModuleType) -> ast.Module:
    """Return a module's source as a syntax tree."""
    assert module.__file__ is not None
    with open(module.__file__, "rb") as file:
        return ast.parse(file.read())


def deferred(body: Iterable[ast.AST], module: ModuleType) -> Iterator[LaterImport]:
    """Yield the imports inside of a module's functions and methods."""
    for node in body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield from imports(node.body, module)
        elif isinstance(node, ast.ClassDef):
            yield from deferred(node.body, module)


def imports(nodes: Iterable[ast.AST], module: ModuleType) -> Iterator[LaterImport]:
    """Yield every import of a piece of code that does not allow for its failing."""
    for node in nodes:
        if isinstance(node, ast.Import):
            for alias in node.names:
                yield LaterImport(alias.name, (), node.lineno)
        elif isinstance(node, ast.ImportFrom):
            package = module.__name__ if hasattr(module, "__path__") else module.__package__
            relative = "." * node.level + (node.module or "")
            names = tuple(alias.name for alias in node.names if alias.name != "*")
            yield LaterImport(importlib.util.resolve_name(relative, package), names, node.lineno)
        elif not (isinstance(node, ast.Try) and any(map(allows_for_absence, node.handlers))):
            yield from imports(ast.iter_child_nodes(node), module)


def allows_for_absence(handler: ast.ExceptHandler) -> bool:
    """Say whether an ``except`` clause is for what is not installed."""
    named = ast.unparse(handler.type) if handler.type else "ImportError"
    return "ImportError" in named or "ModuleNotFoundError" in named


if __name__ == "__main__":
    asked = json.loads(sys.argv[1])
    place = asked.pop("answer")
    sys.addaudithook(refuse_network)
    told = Question(**asked).answer()
    with open(place, "w") as file:
        json.dump(told, file)
