"""Delete a function, or one of its versions."""

from __future__ import annotations

from bellpair_core.logic.pair.pair_gate import PairReading, require_active
from bellpair_core.logic.tenants.authenticate import require
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.function import FunctionRecord, FunctionVersion
from bellpair_core.model.tenant import Principal, Role
from bellpair_core.ports import Clock, Functions

from .builtin_functions import require_changeable
from .change_function import change_function
from .function_target import own_record, own_version
from .list_functions import version_number


def delete_function(
    principal: Principal,
    name: str,
    *,
    functions: Functions,
    clock: Clock,
    region: str,
    pair: PairReading,
) -> FunctionRecord:
    """Delete a function of the tenant with all its versions and aliases; for tenant admins.

    Jobs that run it go on. A later function of the name has other versions: no number is given
    twice.

    Raises
    ------
    BellpairError
        ``region-passive``, ``forbidden``, ``function-not-found`` or ``function-changed``.
    """
    require_active(pair, region)
    require(principal, Role.TENANT_ADMIN)

    def change(record: FunctionRecord) -> FunctionRecord:
        now = clock()
        gone = {"deleted_at": now, "changed_at": now, "aliases": {}, "first": record.latest + 1}
        return record.model_copy(update=gone)

    return change_function(functions, principal.tenant, name, change)


def delete_version(
    principal: Principal,
    name: str,
    number: str,
    *,
    functions: Functions,
    clock: Clock,
    region: str,
    pair: PairReading,
) -> FunctionVersion:
    """Delete a version that no alias stands for; for tenant admins. Jobs that run it go on.

    Raises
    ------
    BellpairError
        ``region-passive``, ``forbidden``, ``function-not-found``, or ``function-changed`` when
        an alias stands for it.
    """
    require_active(pair, region)
    require(principal, Role.TENANT_ADMIN)
    record = own_record(functions, principal.tenant, name)
    require_changeable(record)
    version = own_version(functions, record, version_number(record, number))
    holders = [
        alias for alias, weights in sorted(record.aliases.items()) if version.version in weights
    ]
    if holders:
        raise BellpairError(
            ErrorCode.FUNCTION_CHANGED,
            f"Version {version.version} of function {name} is what its alias"
            f" {', '.join(holders)} stands for.",
            remedy="Let the alias stand for another version first, or delete the alias.",
            aliases=holders,
        )
    deleted = version.model_copy(update={"deleted_at": clock()})
    functions.put_version(deleted)
    return deleted
