"""Looks at a package: imports its modules and tells of the quantum functions in them."""

from __future__ import annotations

import importlib
from pathlib import Path
from typing import Any

from bellpair.functions.errors import InvalidFunction
from bellpair.functions.inspection import entry_point, entry_points, inspected


def entries_in(package: Path, entry: str | None) -> list[dict[str, Any]]:
    """The functions that a package offers, each as it would be published.

    Parameters
    ----------
    package
        The unpacked package; it is on the import path.
    entry
        ``"module"`` or ``"module:name"``, the name being the attribute's or the function's own;
        ``None`` looks into all modules at the package's root.

    Raises
    ------
    InvalidFunction
        When there is none of that name, or a function cannot be published as it is.
    """
    if entry is not None:
        module, _, name = entry.partition(":")
        if not name:
            return _offered(module)
        attribute, target = entry_point(importlib.import_module(module), name)
        return [inspected(target, f"{module}:{attribute}").to_dict()]
    modules = sorted(path.stem for path in package.glob("*.py") if path.stem.isidentifier())
    if not modules:
        raise InvalidFunction(
            "The package has no Python module at its root.",
            remedy="Deploy the .py file that defines the function.",
        )
    return [one for module in modules for one in _offered(module)]


def _offered(module: str) -> list[dict[str, Any]]:
    found = entry_points(importlib.import_module(module))
    return [
        inspected(target, f"{module}:{attribute}").to_dict() for attribute, target in found.items()
    ]
