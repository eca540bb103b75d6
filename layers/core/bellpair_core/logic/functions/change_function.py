"""Change a function's record, whoever else changes it meanwhile."""

from __future__ import annotations

from collections.abc import Callable

from bellpair_core.model.errors import BellpairError, ErrorCode, LedgerConflict
from bellpair_core.model.function import FunctionRecord
from bellpair_core.ports import Functions

from .builtin_functions import require_changeable
from .function_target import own_record

_TRIES = 6


def change_function(
    functions: Functions,
    tenant: str,
    name: str,
    change: Callable[[FunctionRecord], FunctionRecord],
) -> FunctionRecord:
    """Store ``change(record)``; where the record moved on, change what it is then.

    Parameters
    ----------
    change
        Gives the record as it is to be, whose revision is seen to here; the very same object
        leaves it alone. It may look at the catalogue, and raise what refuses the change.

    Returns
    -------
    FunctionRecord
        The record as it is now.

    Raises
    ------
    BellpairError
        ``function-not-found``, ``function-reserved``, or ``function-changed`` when it changed
        again at every try.
    """
    for _ in range(_TRIES):
        old = own_record(functions, tenant, name)
        require_changeable(old)
        new = change(old)
        if new is old:
            return old
        new = new.model_copy(update={"revision": old.revision + 1})
        try:
            functions.replace_record(old, new)
        except LedgerConflict:
            continue
        return new
    raise changed_meanwhile(name)


def changed_meanwhile(name: str) -> BellpairError:
    """The refusal of a change that others forestalled at every try."""
    return BellpairError(
        ErrorCode.FUNCTION_CHANGED, f"Function {name} was changed by others at every try."
    )
