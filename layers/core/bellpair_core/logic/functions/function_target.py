"""Which version of a function a request means."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.function import (
    ALIAS_PATTERN,
    FUNCTION_PATTERN,
    LATEST,
    FunctionRecord,
    FunctionVersion,
)
from bellpair_core.ports import Functions

from .builtin_functions import builtin_record, builtin_version

_VERSION_DIGITS_MAX = 9


class FunctionTarget(NamedTuple):
    """A function as it is named: with an alias, or a version's number."""

    name: str
    alias: str | None = None
    version: int | None = None


def read_target(text: str) -> FunctionTarget:
    """``"name"``, which means its alias ``latest``, ``"name:alias"`` or ``"name:version"``.

    Raises
    ------
    BellpairError
        ``function-not-found``, where it is none of these.
    """
    name, colon, which = text.partition(":")
    if FUNCTION_PATTERN.fullmatch(name):
        if not colon:
            return FunctionTarget(name, alias=LATEST)
        if ALIAS_PATTERN.fullmatch(which):
            return FunctionTarget(name, alias=which)
        if is_version(which):
            return FunctionTarget(name, version=int(which))
    raise BellpairError(
        ErrorCode.FUNCTION_NOT_FOUND,
        "This names no function; a name looks like vqe-h2, vqe-h2:stable or vqe-h2:3.",
    )


def is_version(text: str) -> bool:
    """Whether the text is a version's number."""
    digits = text.isascii() and text.isdigit() and len(text) <= _VERSION_DIGITS_MAX
    return digits and not text.startswith("0")


def own_record(functions: Functions, tenant: str, name: str) -> FunctionRecord:
    """The tenant's function of this name, or the platform's own.

    What a tenant deployed before its name became the platform's goes before, until it is deleted.

    Raises
    ------
    BellpairError
        ``function-not-found``, also where it was deleted.
    """
    if not FUNCTION_PATTERN.fullmatch(name):
        raise BellpairError(
            ErrorCode.FUNCTION_NOT_FOUND,
            "This names no function; a name has lower-case letters, digits and hyphens.",
        )
    record = functions.record(tenant, name)
    if record is None or record.deleted_at is not None:
        record = builtin_record(tenant, name) or record
    if record is None:
        raise BellpairError(ErrorCode.FUNCTION_NOT_FOUND, f"This tenant has no function {name}.")
    if record.deleted_at is not None:
        raise BellpairError(
            ErrorCode.FUNCTION_NOT_FOUND,
            f"Function {name} was deleted at {record.deleted_at.isoformat(timespec='seconds')}.",
            remedy="Deploy it again, or choose another one of GET /v1/functions.",
        )
    return record


def own_version(functions: Functions, record: FunctionRecord, number: int) -> FunctionVersion:
    """A version of the function that is not deleted.

    Raises
    ------
    BellpairError
        ``function-not-found``, saying whether there never was one, or it was deleted.
    """
    name = record.name
    gone = f"GET /v1/functions/{name}/versions lists the versions there are."
    if record.builtin and number == record.latest:
        return builtin_version(record.tenant, name)
    there = number <= record.latest and not record.builtin
    version = functions.version(record.tenant, name, number) if there else None
    if number < record.first or (version is not None and version.deleted_at is not None):
        raise BellpairError(
            ErrorCode.FUNCTION_NOT_FOUND,
            f"Version {number} of function {name} was deleted.",
            remedy=f"Invoke another version, or deploy this one again. {gone}",
            deleted=True,
        )
    if version is None:
        raise BellpairError(
            ErrorCode.FUNCTION_NOT_FOUND,
            f"Function {name} has no version {number}.",
            remedy=gone,
        )
    return version


def own_alias(record: FunctionRecord, alias: str) -> Mapping[int, int]:
    """What the alias stands for: versions and their parts.

    Raises
    ------
    BellpairError
        ``function-not-found``, naming the aliases that there are.
    """
    weights = record.aliases.get(alias)
    if weights is None:
        there = ", ".join(sorted(record.aliases)) or "none"
        raise BellpairError(
            ErrorCode.FUNCTION_NOT_FOUND,
            f"Function {record.name} has no alias {alias[:32]}; its aliases are {there}.",
            remedy=f"Use one of them, or set it with PUT /v1/functions/{record.name}/aliases/…",
        )
    return weights


def find_version(
    functions: Functions, tenant: str, target: FunctionTarget, chance: str
) -> FunctionVersion:
    """The version that an invocation runs.

    Parameters
    ----------
    chance
        Chooses among the versions of a weighted alias; the same text always chooses the same.

    Raises
    ------
    BellpairError
        ``function-not-found``.
    """
    record = own_record(functions, tenant, target.name)
    number = target.version
    if number is None:
        number = chosen(own_alias(record, target.alias or LATEST), chance)
    return own_version(functions, record, number)


def chosen(weights: Mapping[int, int], chance: str) -> int:
    """One of the versions, each in as many of a hundred cases as its weight says.

    Parameters
    ----------
    weights
        They add up to 100.
    chance
        The same text always chooses the same.
    """
    drawn = int.from_bytes(hashlib.sha256(chance.encode()).digest()[:8]) % 100
    for version, weight in sorted(weights.items()):
        if drawn < weight:
            return version
        drawn -= weight
    return max(weights)
