"""The options that a request asks for."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.option import checked_options, options_of_level


def asked_options(
    primitive: str,
    options: Sequence[str | Mapping[str, Any]] | None,
    level: int | None,
    at: str = "#",
) -> tuple[dict[str, Any], ...]:
    """The stack of options, with all their parameters: those given, or a level's.

    Parameters
    ----------
    primitive
        ``"sampling"`` or ``"estimation"``.
    at
        JSON pointer to what has the members ``options`` and ``level``.

    Raises
    ------
    BellpairError
        ``option-invalid``.
    """
    try:
        if level is None:
            return checked_options(options or (), primitive)
        if options:
            raise BellpairError(
                ErrorCode.OPTION_INVALID,
                "Both options and a level are given, and a level is a stack of options itself.",
                remedy="Give one of them.",
            )
        return options_of_level(level, primitive)
    except BellpairError as error:
        error.members["pointer"] = f"{at}/{'options' if level is None else 'level'}"
        raise
