"""Deploy a function: look at its package, and make a version of it that never changes."""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Callable, Collection, Sequence
from typing import Any, NamedTuple

from pydantic import BaseModel, ConfigDict, Field

from bellpair_core.logic.devices.asked_device import require_device
from bellpair_core.logic.pair.pair_gate import PairReading, require_active
from bellpair_core.model.device import Device
from bellpair_core.model.errors import BellpairError, ErrorCode, LedgerConflict
from bellpair_core.model.function import (
    ALIAS_PATTERN,
    DEFAULT_WORKER,
    FUNCTION_PATTERN,
    LATEST,
    FunctionRecord,
    FunctionVersion,
    Worker,
)
from bellpair_core.model.limits import (
    FUNCTION_SECONDS_DEFAULT,
    FUNCTION_SECONDS_MAX,
    FUNCTIONS_MAX,
    PACKAGE_BYTES_MAX,
    SCHEMA_BYTES_MAX,
    VERSIONS_MAX,
)
from bellpair_core.model.tenant import Principal
from bellpair_core.ports import (
    Blobs,
    Clock,
    FunctionEntry,
    Functions,
    WorkerRefused,
    Workers,
)

from .alias_function import with_alias
from .change_function import change_function, changed_meanwhile
from .check_inputs import schema_problem
from .check_package import check_package
from .describe_workers import describe_workers, known_workers

_TRIES = 6
_DESCRIPTION_CHARACTERS_MAX = 2000


class Deployment(BaseModel):
    """A function to deploy. Each description also tells what a wrong value should be."""

    model_config = ConfigDict(frozen=True, extra="forbid", strict=True, hide_input_in_errors=True)

    package: str = Field(
        min_length=1,
        description="a zip of the module and its local imports, at most 1 MiB, in base64",
    )
    entry: str | None = Field(
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


class Deployed(NamedTuple):
    """The version, and whether it was there before."""

    version: FunctionVersion
    existed: bool


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
        ``worker-unknown``, ``device-unknown``, ``limit-reached`` or ``function-changed``.
    TransientFault
        When worker, catalogue or blobs could not be reached; a repetition is safe.
    """
    require_active(pair, region)
    package = _decoded(wanted.package)
    check_package(package)
    looking = _Looking(principal.tenant, functions, workers, worker_names, clock)
    entry, worker = looking.entry_of(package, wanted)
    name = _checked_name(wanted.name or entry.name, named=wanted.name is not None)
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
    deployed = _stored(functions, version)
    number = deployed.version.version
    change_function(
        functions,
        principal.tenant,
        name,
        lambda record: with_alias(record, wanted.alias, {number: 100}, clock),
    )
    return deployed


class _Looking:
    """Has a package looked at by a worker."""

    def __init__(
        self,
        tenant: str,
        functions: Functions,
        workers: Workers,
        names: Collection[str],
        clock: Clock,
    ) -> None:
        self._tenant = tenant
        self._functions = functions
        self._workers = workers
        self._names = sorted(names)
        self._clock = clock

    def entry_of(self, package: bytes, wanted: Deployment) -> tuple[FunctionEntry, str]:
        """The function that is meant, and the worker that is to run it."""
        worker = wanted.worker or self._default()
        self._require(worker, "#/worker")
        try:
            entry = self._inspected(worker, package, wanted.entry)
        except WorkerRefused as refused:
            other = self._which_has(refused.missing) if wanted.worker is None else None
            if other in (None, worker):
                raise self._refusal(worker, refused) from None
            assert other is not None
            worker, entry = other, self._again(other, package, wanted.entry)
        asked = entry.worker
        if wanted.worker is None and asked is not None and asked != worker:
            self._require(asked, "#/package")
            worker, entry = asked, self._again(asked, package, wanted.entry)
        return entry, worker

    def _again(self, worker: str, package: bytes, entry: str | None) -> FunctionEntry:
        try:
            return self._inspected(worker, package, entry)
        except WorkerRefused as refused:
            raise self._refusal(worker, refused) from None

    def _inspected(self, worker: str, package: bytes, entry: str | None) -> FunctionEntry:
        found = self._workers.inspect(worker, self._tenant, package, entry)
        if not found:
            raise _invalid(
                "The package has no entry point.",
                "Decorate a function with @quantum_function, or derive a class from"
                " RuntimeWorkerBase.",
            )
        if len(found) > 1:
            names = [one.entry for one in found]
            raise _invalid(
                f"The package has {len(found)} entry points: {', '.join(names[:10])}.",
                f"Name one of them as the entry, such as {names[0]}.",
                entries=names[:10],
            )
        return found[0]

    def _default(self) -> str:
        if DEFAULT_WORKER in self._names or not self._names:
            return DEFAULT_WORKER
        return self._names[0]

    def _require(self, worker: str, pointer: str) -> None:
        if worker not in self._names:
            raise BellpairError(
                ErrorCode.WORKER_UNKNOWN,
                f"There is no worker {worker[:64]}; the workers are"
                f" {', '.join(self._names) or 'none'}.",
                pointer=pointer,
                workers=self._names,
            )

    def _which_has(self, module: str | None) -> str | None:
        """The first worker that has a distribution of the module's name."""
        if module is None:
            return None
        wanted = _distribution(module.partition(".")[0])
        for worker in self._described():
            if wanted in map(_distribution, worker.packages):
                return worker.name
        return None

    def _described(self) -> Sequence[Worker]:
        """The workers as they describe themselves; who has not done so yet is asked now.

        Not before it matters: asking may have to wait for a worker to start, as looking at the
        package does, and one request has no time for both.
        """
        known = known_workers(self._functions, self._names)
        unknown = set(self._names) - {worker.name for worker in known}
        if not unknown:
            return known
        describe_workers(
            unknown, workers=self._workers, functions=self._functions, clock=self._clock
        )
        return known_workers(self._functions, self._names)

    def _refusal(self, worker: str, refused: WorkerRefused) -> BellpairError:
        if refused.missing is None:
            return _invalid(f"Worker {worker}: {_sentence(refused.message)}", refused.remedy)
        there = "; ".join(
            f"{known.name} (Python {known.python}, {len(known.packages)} packages)"
            for known in self._described()
        )
        other = self._which_has(refused.missing)
        advice = f"Deploy it to worker {other}" if other else "Do without it"
        return _invalid(
            f"The module needs {refused.missing[:100]}, which worker {worker} does not have. The"
            f" workers are: {there}.",
            f"{advice}, or have an operator add a worker that has it; GET /v1/workers lists what"
            " each has.",
            missing=refused.missing[:100],
            workers=self._names,
        )


def _stored(functions: Functions, version: FunctionVersion) -> Deployed:
    """The version under its number: the one that stands for its digest, or the next.

    The number is taken in the function's record first, then given to the digest, then the version
    is written. Whoever is broken off in between leaves a number that a repetition uses.
    """
    tenant, name, digest = version.tenant, version.name, version.digest
    for _ in range(_TRIES):
        record = functions.record(tenant, name)
        standing = functions.number_of(tenant, name, digest)
        if record is not None and standing is not None and standing >= record.first:
            found = functions.version(tenant, name, standing)
            if found is not None and found.digest == digest and found.deleted_at is None:
                return Deployed(found, existed=True)
            numbered = version.model_copy(update={"version": standing})
            if found is None and standing <= record.latest and functions.put_version(numbered):
                return Deployed(numbered, existed=False)
        try:
            number = _reserved(functions, record, version)
        except LedgerConflict:
            continue
        if functions.claim_number(tenant, name, digest, number, instead_of=standing) != number:
            # Another deployment of the very same was faster.
            continue
        numbered = version.model_copy(update={"version": number})
        if functions.put_version(numbered):
            return Deployed(numbered, existed=False)
    raise changed_meanwhile(name)


def _reserved(functions: Functions, record: FunctionRecord | None, version: FunctionVersion) -> int:
    """The next number of the function, taken in its record."""
    if record is None or record.deleted_at is not None:
        _require_room(functions, version.tenant)
    if record is None:
        new = FunctionRecord(
            tenant=version.tenant,
            name=version.name,
            latest=1,
            aliases={},
            created_at=version.created_at,
            changed_at=version.created_at,
        )
    else:
        if record.latest - record.first + 1 >= VERSIONS_MAX:
            raise BellpairError(
                ErrorCode.LIMIT_REACHED,
                f"Function {record.name} has had {VERSIONS_MAX} versions, which is the limit.",
                remedy="Deploy it under another name, or delete the function first.",
            )
        new = record.model_copy(
            update={
                "latest": record.latest + 1,
                "revision": record.revision + 1,
                "changed_at": version.created_at,
                "deleted_at": None,
            }
        )
    functions.replace_record(record, new)
    return new.latest


def _require_room(functions: Functions, tenant: str) -> None:
    there = sum(record.deleted_at is None for record in functions.records(tenant))
    if there >= FUNCTIONS_MAX:
        raise BellpairError(
            ErrorCode.LIMIT_REACHED,
            f"This tenant has {there} functions; the limit is {FUNCTIONS_MAX}.",
        )


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


def _checked_name(name: str | None, *, named: bool) -> str:
    if name is None or not FUNCTION_PATTERN.fullmatch(name):
        said = f"is called {name[:80]!r}, which" if name is not None else "has no name, and"
        raise _invalid(
            f"The function {said} cannot be a name: 1 to 63 lower-case letters, digits and"
            " hyphens, a letter first.",
            "Give it one with @quantum_function(name=…), or name it when you deploy it.",
            pointer="#/name" if named else "#/package",
        )
    return name


def _check_entry(entry: FunctionEntry, devices: Callable[[], Sequence[Device]]) -> None:
    for what, schema in (("inputs", entry.inputs), ("output", entry.output)):
        size = len(json.dumps(schema).encode())
        problem = schema_problem(schema)
        if size > SCHEMA_BYTES_MAX:
            problem = f"it has {size} bytes; the limit is {SCHEMA_BYTES_MAX}"
        if problem is not None:
            raise _invalid(
                f"The schema of the function's {what} is not good: {problem}.",
                "Use simpler type hints.",
            )
    if entry.timeout_s is not None and not 1 <= entry.timeout_s <= FUNCTION_SECONDS_MAX:
        raise _invalid(
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


def _distribution(name: str) -> str:
    return name.lower().replace("_", "-")


def _sentence(text: str) -> str:
    text = text.strip()[:1000]
    return text if text.endswith((".", "!", "?")) else f"{text}."


def _invalid(detail: str, remedy: str | None = None, **members: Any) -> BellpairError:
    return BellpairError(
        ErrorCode.FUNCTION_INVALID, detail, remedy=remedy, **{"pointer": "#/package", **members}
    )
