"""Say which versions of a function an alias stands for."""

from __future__ import annotations

from pydantic import BaseModel, ConfigDict, Field

from bellpair_core.logic.pair.pair_gate import PairReading, require_active
from bellpair_core.logic.tenants.authenticate import require
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.function import ALIAS_PATTERN, FunctionRecord
from bellpair_core.model.limits import ALIASES_MAX
from bellpair_core.model.tenant import Principal, Role
from bellpair_core.ports import Clock, Functions

from .change_function import change_function
from .function_target import is_version, own_alias, own_version

_WHOLE = 100


class AliasWeights(BaseModel):
    """What an alias is to stand for."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    weights: dict[str, int] = Field(
        min_length=1,
        max_length=10,
        description="an object of 1 to 10 versions with their parts of the invocations, whole"
        ' percents that add up to 100, such as {"3": 90, "4": 10}',
    )


def set_alias(
    principal: Principal,
    name: str,
    alias: str,
    wanted: AliasWeights,
    *,
    functions: Functions,
    clock: Clock,
    region: str,
    pair: PairReading,
) -> FunctionRecord:
    """Let an alias of the tenant's function stand for versions that there are.

    Raises
    ------
    BellpairError
        ``region-passive``, ``request-invalid``, ``function-not-found``, ``limit-reached`` or
        ``function-changed``.
    """
    require_active(pair, region)
    check_alias(alias)
    weights = _checked(wanted.weights)

    def change(record: FunctionRecord) -> FunctionRecord:
        for version in weights:
            own_version(functions, record, version)
        return with_alias(record, alias, weights, clock)

    return change_function(functions, principal.tenant, name, change)


def delete_alias(
    principal: Principal,
    name: str,
    alias: str,
    *,
    functions: Functions,
    clock: Clock,
    region: str,
    pair: PairReading,
) -> FunctionRecord:
    """Delete an alias of the tenant's function; for tenant admins.

    Raises
    ------
    BellpairError
        ``region-passive``, ``forbidden``, ``function-not-found`` or ``function-changed``.
    """
    require_active(pair, region)
    require(principal, Role.TENANT_ADMIN)

    def change(record: FunctionRecord) -> FunctionRecord:
        own_alias(record, alias)
        rest = {named: parts for named, parts in record.aliases.items() if named != alias}
        return record.model_copy(update={"aliases": rest, "changed_at": clock()})

    return change_function(functions, principal.tenant, name, change)


def with_alias(
    record: FunctionRecord, alias: str, weights: dict[int, int], clock: Clock
) -> FunctionRecord:
    """The record with the alias set; the very same where it is so already.

    Raises
    ------
    BellpairError
        ``limit-reached``.
    """
    if record.aliases.get(alias) == weights:
        return record
    aliases = {**record.aliases, alias: weights}
    if len(aliases) > ALIASES_MAX:
        raise BellpairError(
            ErrorCode.LIMIT_REACHED,
            f"Function {record.name} has {ALIASES_MAX} aliases, which is the limit.",
        )
    return record.model_copy(update={"aliases": aliases, "changed_at": clock()})


def check_alias(alias: str) -> None:
    """Let pass what may be an alias's name.

    Raises
    ------
    BellpairError
        ``request-invalid``.
    """
    if not ALIAS_PATTERN.fullmatch(alias):
        raise BellpairError(
            ErrorCode.REQUEST_INVALID,
            "An alias has 1 to 32 lower-case letters, digits and hyphens, a letter first.",
            remedy="Choose another name for the alias.",
        )


def _checked(weights: dict[str, int]) -> dict[int, int]:
    problems = [
        {"pointer": f"#/weights/{version[:16]}", "detail": "this is no version's number"}
        for version in weights
        if not is_version(version)
    ]
    problems += [
        {"pointer": f"#/weights/{version[:16]}", "detail": "it must be from 1 to 100 percent"}
        for version, part in weights.items()
        if not 1 <= part <= _WHOLE
    ]
    if (total := sum(weights.values())) != _WHOLE and not problems:
        problems = [{"pointer": "#/weights", "detail": f"they add up to {total}, not to 100"}]
    if problems:
        first = problems[0]
        raise BellpairError(
            ErrorCode.REQUEST_INVALID,
            f"{first['pointer']}: {first['detail']}.",
            pointer=first["pointer"],
            errors=problems,
        )
    return {int(version): part for version, part in weights.items()}
