"""Deploy a function: look at its package, and make a version of it that never changes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from typing import Annotated

from pydantic import AfterValidator, BaseModel, ConfigDict, Field
from pydantic_core import PydanticCustomError

from bellpair_core.logic.devices.asked_device import require_device
from bellpair_core.logic.pair.pair_gate import PairReading, require_active
from bellpair_core.model.device import Device
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.function import (
    ALIAS_PATTERN,
    FUNCTION_PATTERN,
    LATEST,
    FunctionVersion,
)
from bellpair_core.model.limits import (
    FUNCTION_SECONDS_DEFAULT,
    FUNCTION_SECONDS_MAX,
    PACKAGE_BYTES_MAX,
    SCHEMA_BYTES_MAX,
)
from bellpair_core.model.tenant import Principal
from bellpair_core.ports import (
    Blobs,
    Clock,
    FunctionEntry,
    Functions,
    Workers,
)

from .alias_function import with_alias
from .builtin_functions import require_free_name
from .change_function import change_function
from .check_inputs import schema_problem
from .check_package import check_package
from .choose_worker import WorkerChoice
from .invalid_function import invalid_function
from .store_version import Deployed, store_version

_DESCRIPTION_CHARACTERS_MAX = 2000


def _of_a_module(entry: str) -> str:
    module = entry.partition(":")[0]
    if not all(part.isidentifier() for part in module.split(".")):
        raise PydanticCustomError(
            "entry", "what is before the colon must be a module's name, such as vqe or lab.vqe"
        )
    return entry


class Deployment(BaseModel):
    """A function to deploy. Each description also tells what a wrong value should be."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    package: str = Field(
        min_length=1,
        description="a zip of the module and its local imports, at most 1 MiB, in base64",
    )
    entry: Annotated[str, AfterValidator(_of_a_module)] | None = Field(
        None,
        min_length=1,
        max_length=200,
        description='"module:attribute", or "module" where that has one function',
    )
    name: str | None = Field(
        None,
        pattern=f"^{FUNCTION_PATTERN.pattern}$",
        description="1 to 63 lower-case letters, digits and hyphens, a letter first; in place of"
        " the name that the source gives",
    )
    worker: str | None = Field(
        None, min_length=1, max_length=64, description="the name of a worker as in GET /v1/workers"
    )
    alias: str = Field(
        LATEST,
        pattern=f"^{ALIAS_PATTERN.pattern}$",
        description="1 to 32 lower-case letters, digits and hyphens, a letter first: the alias"
        " that then stands for this version",
    )


def deploy_function(
    principal: Principal,
    wanted: Deployment,
    *,
    functions: Functions,
    workers: Workers,
    worker_names: Collection[str],
    blobs: Blobs,
    clock: Clock,
    region: str,
    pair: PairReading,
    devices: Callable[[], Sequence[Device]],
) -> Deployed:
    """Make a version of what a package holds, and let an alias stand for it.

    The package is looked at here as bytes only; a worker imports it, where users' code may run.
    What was deployed before, to the last byte and under the same name, is the version that it was
    then. A deployment that was broken off is completed by its repetition.

    Parameters
    ----------
    worker_names
        The workers that the stage has.
    devices
        The catalogue's devices, a little old at most.

    Raises
    ------
    BellpairError
        ``region-passive``, ``request-invalid``, ``package-too-large``, ``function-invalid``,
        ``worker-unknown``, ``device-unknown``, ``limit-reached``, ``function-reserved`` or
        ``function-changed``.
    TransientFault
        When worker, catalogue or blobs could not be reached; a repetition is safe.
    """
    require_active(pair, region)
    package = _decoded(wanted.package)
    check_package(package)
    choice = WorkerChoice(principal.tenant, functions, workers, worker_names, clock)
    entry, worker = choice.entry_of(package, wanted.entry, wanted.worker)
    pointer = "#/name" if wanted.name is not None else "#/package"
    name = _checked_name(wanted.name or entry.name, pointer)
    require_free_name(name, pointer)
    _check_entry(entry, devices)
    now = clock()
    version = FunctionVersion(
        tenant=principal.tenant,
        name=name,
        version=0,
        digest=_digest(package, entry, worker),
        package=blobs.put(package),
        entry=entry.entry,
        worker=worker,
        device=entry.device,
        options=entry.options,
        timeout_s=entry.timeout_s or FUNCTION_SECONDS_DEFAULT,
        inputs=entry.inputs,
        output=entry.output,
        description=entry.description[:_DESCRIPTION_CHARACTERS_MAX],
        created_at=now,
        created_by=principal.key_id,
    )
    deployed = store_version(functions, version)
    number = deployed.version.version
    change_function(
        functions,
        principal.tenant,
        name,
        lambda record: with_alias(record, wanted.alias, {number: 100}, clock),
    )
    return deployed


def _decoded(text: str) -> bytes:
    if len(text) > 4 * (PACKAGE_BYTES_MAX // 3 + 2):
        raise BellpairError(
            ErrorCode.PACKAGE_TOO_LARGE,
            f"The package has more than {PACKAGE_BYTES_MAX} bytes.",
            pointer="#/package",
            limit_bytes=PACKAGE_BYTES_MAX,
        )
    try:
        return base64.b64decode(text, validate=True)
    except (binascii.Error, ValueError):
        problem = "it is not base64"
        raise BellpairError(
            ErrorCode.REQUEST_INVALID,
            f"#/package: {problem}.",
            pointer="#/package",
            errors=[{"pointer": "#/package", "detail": problem}],
        ) from None


def _checked_name(name: str | None, pointer: str) -> str:
    if name is None or not FUNCTION_PATTERN.fullmatch(name):
        said = f"is called {name[:80]!r}, which" if name is not None else "has no name, and"
        raise invalid_function(
            f"The function {said} cannot be a name: 1 to 63 lower-case letters, digits and"
            " hyphens, a letter first.",
            "Give it one with @quantum_function(name=…), or name it when you deploy it.",
            pointer=pointer,
        )
    return name


def _check_entry(entry: FunctionEntry, devices: Callable[[], Sequence[Device]]) -> None:
    for what, schema in (("inputs", entry.inputs), ("output", entry.output)):
        size = len(json.dumps(schema).encode())
        problem = schema_problem(schema)
        if size > SCHEMA_BYTES_MAX:
            problem = f"it has {size} bytes; the limit is {SCHEMA_BYTES_MAX}"
        if problem is not None:
            raise invalid_function(
                f"The schema of the function's {what} is not good: {problem}.",
                "Use simpler type hints.",
            )
    if entry.timeout_s is not None and not 1 <= entry.timeout_s <= FUNCTION_SECONDS_MAX:
        raise invalid_function(
            f"The function's timeout is {entry.timeout_s} s; it must be from 1 to"
            f" {FUNCTION_SECONDS_MAX}.",
            "Correct timeout in the function's declaration.",
        )
    if entry.device is not None:
        try:
            require_device(devices(), entry.device)
        except BellpairError as error:
            # It may be online again when the function is invoked.
            if error.code is not ErrorCode.DEVICE_OFFLINE:
                error.members["pointer"] = "#/package"
                raise


def _digest(package: bytes, entry: FunctionEntry, worker: str) -> str:
    made_of = [hashlib.sha256(package).hexdigest(), worker, entry.model_dump(mode="json")]
    return hashlib.sha256(json.dumps(made_of, sort_keys=True).encode()).hexdigest()
