"""The refusal of a function that a package was thought to hold."""

from __future__ import annotations

from typing import Any

from bellpair_core.model.errors import BellpairError, ErrorCode


def invalid_function(detail: str, remedy: str | None = None, **members: Any) -> BellpairError:
    """``function-invalid``, which points at the package where ``members`` say nothing else."""
    return BellpairError(
        ErrorCode.FUNCTION_INVALID, detail, remedy=remedy, **{"pointer": "#/package", **members}
    )
