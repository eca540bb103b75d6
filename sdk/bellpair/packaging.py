"""A function's source, with what it imports from beside it, as one deterministic zip."""

from __future__ import annotations

import ast
import io
import keyword
import re
import sys
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

from bellpair.errors import InvalidFunction, TooLarge

PACKAGE_BYTES_MAX = 1024 * 1024
"""Zipped bytes of one package, as the service allows."""
LARGEST_SHOWN = 3
"""Files that are named when a package is too large."""

_LONG_AGO = (1980, 1, 1, 0, 0, 0)
_COMPILED = (".so", ".pyd", ".pyc")
# Every worker brings them, so a copy beside the file would only hide the worker's own.
_PLATFORM = frozenset({"bellpair"})


@dataclass(frozen=True)
class Package:
    """What is uploaded.

    Attributes
    ----------
    content
        The zip; the same source always gives the same bytes.
    entry
        ``"module"`` or ``"module:attribute"``.
    files
        Names in the zip, sorted.
    """

    content: bytes
    entry: str
    files: tuple[str, ...]


def split_target(text: str) -> tuple[Path, str | None]:
    """File and entry of ``FILE.py`` or ``FILE.py:name``."""
    found = re.fullmatch(r"(.+):([^:/\\]+)", text)
    if found and not Path(text).is_file():
        return Path(found[1]), found[2]
    return Path(text), None


def pack(file: Path, entry: str | None = None) -> Package:
    """Pack a module with its local imports: source only, and nothing that is installed.

    Local is what an ``import`` anywhere in the source finds beside the file, packages
    included; in a package whose modules import relatively, beside the outermost package. What
    is imported by other means (`importlib`, a name made at run time) is not seen.

    Parameters
    ----------
    file
        The module.
    entry
        Name of the class or function in it; not checked when not given.

    Raises
    ------
    InvalidFunction
        If the file is missing or does not parse, a local import leads nowhere or to compiled
        code, or there is no such entry.
    TooLarge
        If the zip exceeds 1 MiB.
    """
    if file.suffix != ".py":
        raise _refusal(f"{file} is no Python file.", "Give a FILE.py, or FILE.py:name.")
    main = _read(file)
    if entry is not None:
        _check_entry(entry, main)
    root, module, main = _home(main)
    sources = _Collector(root).collect(module, main)
    content = _zipped(sources)
    if len(content) > PACKAGE_BYTES_MAX:
        largest = sorted(sources.items(), key=lambda item: -len(item[1]))[:LARGEST_SHOWN]
        named = ", ".join(f"{name} ({len(source):,})" for name, source in largest)
        raise TooLarge(
            f"The package of {file} has {len(content):,} bytes; {PACKAGE_BYTES_MAX:,} are allowed. "
            f"Its largest files: {named}.",
            remedy="Give data as inputs, and import libraries from the worker.",
            code="package-too-large",
        )
    return Package(content, module if entry is None else f"{module}:{entry}", tuple(sources))


@dataclass(frozen=True)
class _Source:
    """A module's file, its bytes and its syntax tree."""

    file: Path
    content: bytes
    tree: ast.Module


class _Collector:
    """Follows imports from module to module, as far as they stay beside the first one."""

    def __init__(self, root: Path) -> None:
        self._root = root
        self._found: dict[str, bytes] = {}

    def collect(self, module: str, main: _Source) -> dict[str, bytes]:
        """Sources by their name in the zip, of ``module`` and all it imports; sorted."""
        waiting = [(module, main)]
        while waiting:
            name, source = waiting.pop()
            inside = source.file.relative_to(self._root).as_posix()
            if inside in self._found:
                continue
            self._found[inside] = source.content
            names = [*_parents(name), *self._imported(name, source)]
            waiting.extend(
                (each, _read(path))
                for each in dict.fromkeys(names)
                if (path := self._file_of(each)) is not None
            )
        return dict(sorted(self._found.items()))

    def _imported(self, module: str, source: _Source) -> Iterator[str]:
        """Names of modules that a source imports, or may: ``from a import b`` gives both."""
        for node in ast.walk(source.tree):
            if isinstance(node, ast.Import):
                for alias in node.names:
                    yield from self._absolute(alias.name, node, source)
            elif isinstance(node, ast.ImportFrom) and not node.level:
                yield from self._absolute(node.module or "", node, source)
                yield from self._members(node.module or "", node)
            elif isinstance(node, ast.ImportFrom):
                yield from self._relative(module, node, source)

    def _absolute(self, name: str, node: ast.stmt, source: _Source) -> Iterator[str]:
        top = name.partition(".")[0]
        if top in _PLATFORM:
            return
        if top in sys.stdlib_module_names:
            if self._file_of(top) is not None and not self._is(top, source):
                raise _at(
                    node,
                    source.file,
                    f"The module {top} beside it has the name of one of Python's own.",
                    "Rename it: a worker has imported Python's own before.",
                )
            return
        yield from _parents(name)
        yield name
        self._refuse_compiled(name, node, source)

    def _members(self, package: str, node: ast.ImportFrom) -> Iterator[str]:
        if package.partition(".")[0] in _PLATFORM | sys.stdlib_module_names:
            return
        for alias in node.names:
            if alias.name == "*":
                yield from self._exported(package)
            else:
                yield f"{package}.{alias.name}"

    def _relative(self, module: str, node: ast.ImportFrom, source: _Source) -> Iterator[str]:
        package = module if source.file.name == "__init__.py" else module.rpartition(".")[0]
        parts = package.split(".") if package else []
        if node.level > len(parts):
            raise _at(
                node,
                source.file,
                "A relative import leads out of the package.",
                "Import from beside the file, or put an __init__.py into the directory.",
            )
        base = ".".join(parts[: len(parts) - node.level + 1])
        target = f"{base}.{node.module}" if node.module else base
        self._refuse_compiled(target, node, source)
        if self._file_of(target) is None and not self._directory(target).is_dir():
            raise _at(
                node,
                source.file,
                f"There is no module {target} beside it.",
                f"Looked for {target.replace('.', '/')}.py in {self._root}.",
            )
        yield from _parents(target)
        yield target
        yield from self._members(target, node)

    def _exported(self, package: str) -> Iterator[str]:
        """What a package's own literal ``__all__`` names, for its modules are imported by it."""
        file = self._file_of(package)
        if file is None or file.name != "__init__.py":
            return
        for node in _read(file).tree.body:
            named = isinstance(node, ast.Assign) and any(
                isinstance(target, ast.Name) and target.id == "__all__" for target in node.targets
            )
            if named and isinstance(node, ast.Assign):
                for each in ast.walk(node.value):
                    if isinstance(each, ast.Constant) and isinstance(each.value, str):
                        yield f"{package}.{each.value}"

    def _file_of(self, name: str) -> Path | None:
        """The source of a local module; a package comes before a module, as in Python."""
        directory = self._directory(name)
        for file in (directory / "__init__.py", directory.with_name(f"{directory.name}.py")):
            if file.is_file():
                return file
        return None

    def _refuse_compiled(self, name: str, node: ast.stmt, source: _Source) -> None:
        directory = self._directory(name)
        if self._file_of(name) is not None or not directory.parent.is_dir():
            return
        for file in directory.parent.glob(f"{directory.name}.*"):
            if file.suffix in _COMPILED:
                raise _at(
                    node,
                    source.file,
                    f"{file.name} is compiled; only Python source can be deployed.",
                    "Deploy its source, or have it installed in a worker.",
                )

    def _directory(self, name: str) -> Path:
        return self._root.joinpath(*name.split("."))

    def _is(self, name: str, source: _Source) -> bool:
        return self._file_of(name) == source.file


def _home(main: _Source) -> tuple[Path, str, _Source]:
    """Where the file's imports begin, its module's name from there, and the file seen so."""
    name = main.file.stem
    if not name.isidentifier() or keyword.iskeyword(name) or name in sys.stdlib_module_names:
        raise _refusal(
            f"{main.file} cannot be imported by its name.",
            "Rename it: letters, digits and underscores, and none of Python's own names.",
        )
    if not any(isinstance(node, ast.ImportFrom) and node.level for node in ast.walk(main.tree)):
        return main.file.parent, name, main
    file = main.file.resolve()
    parts = [] if name == "__init__" else [name]
    root = file.parent
    while root.joinpath("__init__.py").is_file() and root.name.isidentifier():
        parts.insert(0, root.name)
        root = root.parent
    return root, ".".join(parts) or name, replace(main, file=file)


def _read(file: Path) -> _Source:
    try:
        content = file.read_bytes()
    except OSError as error:
        raise _refusal(
            f"{file} cannot be read: {error.strerror}.", "Check the file's name."
        ) from None
    try:
        return _Source(file, content, ast.parse(content, str(file)))
    except SyntaxError as error:
        raise _refusal(
            f"This is no Python: {error.msg}.",
            "Correct it; `python -m py_compile` says the same.",
            file,
            error.lineno,
            error.offset,
        ) from None
    except (ValueError, RecursionError, MemoryError) as error:
        raise _refusal(
            f"{file} does not parse: {error or type(error).__name__}.",
            "Save it as Python source in UTF-8.",
        ) from None


def _check_entry(entry: str, main: _Source) -> None:
    if entry in _bound(main.tree.body):
        return
    defined = [
        node.name
        for node in main.tree.body
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
    ]
    raise _refusal(
        f"{main.file} has no {entry!r} at its top level.",
        f"It has: {', '.join(defined)}." if defined else "It defines nothing.",
    )


def _bound(body: list[ast.stmt]) -> set[str]:
    """Names that the statements bind, those under ``if`` and ``try`` included."""
    names: set[str] = set()
    for node in body:
        match node:
            case ast.FunctionDef() | ast.AsyncFunctionDef() | ast.ClassDef():
                names.add(node.name)
            case ast.Import() | ast.ImportFrom():
                names.update(a.asname or a.name.partition(".")[0] for a in node.names)
            case ast.Assign():
                names.update(
                    each.id
                    for target in node.targets
                    for each in ast.walk(target)
                    if isinstance(each, ast.Name)
                )
            case ast.AnnAssign(target=ast.Name(id=name)):
                names.add(name)
            case ast.If():
                names |= _bound(node.body) | _bound(node.orelse)
            case ast.Try():
                handled = [each for handler in node.handlers for each in handler.body]
                names |= _bound([*node.body, *handled, *node.orelse, *node.finalbody])
    return names


def _zipped(sources: dict[str, bytes]) -> bytes:
    written = io.BytesIO()
    with zipfile.ZipFile(written, "w", zipfile.ZIP_DEFLATED, compresslevel=9) as archive:
        for name, content in sources.items():
            member = zipfile.ZipInfo(name, _LONG_AGO)
            member.compress_type = zipfile.ZIP_DEFLATED
            member.create_system = 3
            member.external_attr = 0o644 << 16
            archive.writestr(member, content)
    return written.getvalue()


def _parents(name: str) -> list[str]:
    parts = name.split(".")
    return [".".join(parts[:count]) for count in range(1, len(parts))]


def _at(node: ast.stmt, file: Path, detail: str, remedy: str) -> InvalidFunction:
    return _refusal(detail, remedy, file, node.lineno, node.col_offset + 1)


def _refusal(
    detail: str,
    remedy: str,
    file: Path | None = None,
    line: int | None = None,
    column: int | None = None,
) -> InvalidFunction:
    error = InvalidFunction(
        detail, remedy=remedy, code="function-invalid", line=line, column=column
    )
    error.file = None if file is None else str(file)
    return error
