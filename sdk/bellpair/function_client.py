"""What a client does with quantum functions: deploy, look, invoke; and callbacks."""

from __future__ import annotations

import re
import uuid
from base64 import b64encode
from collections.abc import Mapping
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bellpair.errors import InvalidRequest
from bellpair.function_models import (
    Callback,
    FunctionVersion,
    NewCallback,
    QuantumFunction,
    Worker,
)
from bellpair.job import Job
from bellpair.models import JobRecord

if TYPE_CHECKING:
    from bellpair.transport import Transport

LATEST = "latest"
"""The alias that a deployment moves when it is told of no other."""
WAIT_MAX = 25.0
"""Seconds that the service keeps an invocation waiting for its result at the most."""
LOOK_MAX = 25.0
"""Seconds that a worker may take to start and to import a module that is deployed."""

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_TARGET = re.compile(r"[a-z][a-z0-9-]{0,62}(:([a-z][a-z0-9-]{0,31}|[1-9][0-9]{0,8}))?")


class FunctionClient:
    """The part of a `bellpair.Client` that knows of quantum functions."""

    _transport: Transport

    def deploy_function(
        self,
        path: str | PathLike[str],
        entry: str | None = None,
        name: str | None = None,
        worker: str | None = None,
        alias: str = LATEST,
    ) -> FunctionVersion:
        """Deploy a function's module with the modules beside it that it imports.

        Deploying the same source again makes no new version.

        Parameters
        ----------
        path
            The Python file.
        entry
            Name of the class or function in it; needed where there is more than one.
        name
            The function's name, in place of the one that the source gives.
        worker
            The runtime to run on, as `workers` lists them; the source's own when not given.
        alias
            The alias that then stands for this version alone.

        Returns
        -------
        FunctionVersion
            The version, with the schemas of its inputs and output.

        Raises
        ------
        InvalidFunction
            If the module cannot be deployed, with file, line and column where there is a place.
        TooLarge
            If the zipped source exceeds 1 MiB.
        InvalidRequest
            If there is no such worker.
        """
        from bellpair.packaging import pack

        package = pack(Path(path), entry)
        body: dict[str, Any] = {
            "package": b64encode(package.content).decode(),
            "entry": package.entry,
            "alias": alias,
        }
        if name is not None:
            body["name"] = checked_name(name)
        if worker is not None:
            body["worker"] = worker
        answer = self._transport.request("POST", "/v1/functions", body=body, held=LOOK_MAX)
        return FunctionVersion.read(answer)

    def functions(self) -> list[QuantumFunction]:
        """This tenant's functions, by name."""
        found = self._transport.pages("/v1/functions", "functions", {})
        return [QuantumFunction.read(body) for body in found]

    def function(self, name: str) -> QuantumFunction:
        """One function, with its newest version, schemas and OpenAPI fragment.

        Raises
        ------
        NotFound
            If this tenant has no such function.
        """
        return QuantumFunction.read(self._transport.request("GET", _path(name)))

    def function_versions(self, name: str) -> list[FunctionVersion]:
        """All versions of a function, the newest first.

        Raises
        ------
        NotFound
            If this tenant has no such function.
        """
        found = self._transport.pages(f"{_path(name)}/versions", "versions", {})
        return [FunctionVersion.read(body) for body in found]

    def set_alias(self, name: str, alias: str, weights: Mapping[int, int]) -> QuantumFunction:
        """Let an alias stand for versions of a function.

        Parameters
        ----------
        weights
            Version -> its part of the invocations, in percent; the parts add up to 100.

        Raises
        ------
        NotFound
            If there is no such function or version.
        Conflict
            If the function was changed at the same time.
        """
        body = {"weights": {str(version): part for version, part in weights.items()}}
        answer = self._transport.request(
            "PUT", f"{_path(name)}/aliases/{checked_name(alias)}", body=body
        )
        return QuantumFunction.read(answer)

    def delete_function(self, name: str) -> None:
        """Delete a function with all versions and aliases; its running jobs go on.

        Raises
        ------
        AuthError
            If this client's key is no tenant admin's.
        NotFound
            If there is no such function.
        """
        self._transport.request("DELETE", _path(name))

    def delete_function_version(self, name: str, version: int) -> None:
        """Delete one version, so that it cannot be invoked any more.

        Raises
        ------
        AuthError
            If this client's key is no tenant admin's.
        NotFound
            If there is no such version.
        Conflict
            If an alias stands for it.
        """
        self._transport.request("DELETE", f"{_path(name)}/versions/{int(version)}")

    def delete_alias(self, name: str, alias: str) -> None:
        """Delete an alias.

        Raises
        ------
        AuthError
            If this client's key is no tenant admin's.
        NotFound
            If there is no such alias.
        """
        self._transport.request("DELETE", f"{_path(name)}/aliases/{checked_name(alias)}")

    def invoke(
        self,
        name: str,
        inputs: Mapping[str, Any] | None = None,
        *,
        device: str | None = None,
        max_cost_usd: float | None = None,
        seed: int | None = None,
        timeout_s: int | None = None,
        callback: str | None = None,
        job_name: str | None = None,
        tags: Mapping[str, str] | None = None,
        idempotency_key: str | None = None,
        wait: float | None = None,
    ) -> Job:
        """Invoke a function: make a job that runs it.

        Every attempt carries one idempotency key, so a lost answer never makes a second job.

        Parameters
        ----------
        name
            ``"name"``, ``"name:alias"`` or ``"name:version"``.
        inputs
            Arguments of the function by name; `bellpair.functions.json_forms` says how arrays and
            complex numbers are sent.
        device
            For the quantum calls that name none, in place of the function's own.
        max_cost_usd
            Cost cap, US dollars: before a task would pass it, the job is paused.
        seed
            Of the function's randomness, below 2^53; chosen by the service when not given.
        timeout_s
            Seconds within which it is to be finished, in place of the function's own.
        callback
            Id of a registered callback that is told of the job's end.
        job_name, tags
            For finding the job again; without a name it has the function's, with its version.
        idempotency_key
            Invoking again with the same key and content gives the same job.
        wait
            Seconds, 25 at most, that the service may wait for the result before it answers;
            a job that is finished by then has its output already.

        Raises
        ------
        NotFound
            If there is no such function, alias or version.
        InvalidRequest
            If the inputs do not fit the function's schema; `errors` lists them.
        Conflict
            If the idempotency key was used for another request.
        Unavailable
            If neither region accepts in time.
        """
        asked: dict[str, Any] = {
            "device": device,
            "max_cost_usd": max_cost_usd,
            "seed": seed,
            "timeout_s": timeout_s,
            "callback": callback,
            "name": job_name,
            "tags": dict(tags) if tags else None,
        }
        body: dict[str, Any] = {
            "inputs": json_inputs(inputs or {}),
            **{member: value for member, value in asked.items() if value is not None},
        }
        headers = {"Idempotency-Key": checked_key(idempotency_key)}
        held = 0.0 if wait is None else max(0.0, min(float(wait), WAIT_MAX))
        if held:
            headers["Prefer"] = f"wait={held:.0f}"
        answer = self._transport.request(
            "POST",
            f"/v1/functions/{checked_target(name)}/invocations",
            body=body,
            headers=headers,
            held=held,
        )
        result = answer.pop("result", None)
        return Job(self._transport, JobRecord.read(answer), result)

    def workers(self) -> list[Worker]:
        """The runtimes that functions can run on, by name."""
        answer = self._transport.request("GET", "/v1/workers")
        return [Worker.read(body) for body in answer.get("workers", ())]

    def add_callback(self, url: str) -> NewCallback:
        """Register a URL that can be told of a job's end.

        Parameters
        ----------
        url
            https, of a host on the public Internet.

        Returns
        -------
        NewCallback
            With the secret that calls are signed with; it is shown this once.

        Raises
        ------
        AuthError
            If this client's key is no tenant admin's.
        InvalidRequest
            If the URL cannot be called back.
        Unreachable
            If no answer came: the callback may be there, without its secret; delete it then.
        """
        answer = self._transport.request(
            "POST", "/v1/callbacks", body={"url": url}, repeatable=False
        )
        return NewCallback.read(answer)

    def callbacks(self) -> list[Callback]:
        """This tenant's callbacks, without their secrets."""
        answer = self._transport.request("GET", "/v1/callbacks")
        return [Callback.read(body) for body in answer.get("callbacks", ())]

    def delete_callback(self, callback_id: str) -> None:
        """Delete a callback; jobs that name it end without telling.

        Raises
        ------
        AuthError
            If this client's key is no tenant admin's.
        NotFound
            If there is no such callback.
        """
        if not re.fullmatch(r"[A-Za-z0-9_-]{1,128}", callback_id):
            raise InvalidRequest(
                f"{callback_id!r} is not the id of a callback.",
                remedy="`bellpair callbacks list` shows the ids.",
            )
        self._transport.request("DELETE", f"/v1/callbacks/{callback_id}")


def checked_name(name: str) -> str:
    """The name of a function or an alias, if it can be one.

    Raises
    ------
    InvalidRequest
        If it cannot.
    """
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            f"{name!r} cannot be a name.",
            remedy="Use lower-case letters, digits and hyphens, with a letter first.",
        )
    return name


def checked_target(target: str) -> str:
    """``"name"``, ``"name:alias"`` or ``"name:version"``, if it is one of these.

    Raises
    ------
    InvalidRequest
        If it is not.
    """
    if not _TARGET.fullmatch(target):
        raise InvalidRequest(
            f"{target!r} names no function.",
            remedy="Give NAME, NAME:ALIAS or NAME:VERSION; `bellpair functions list` shows them.",
        )
    return target


def checked_key(key: str | None) -> str:
    """An idempotency key that a header can carry; a random one for ``None``.

    Raises
    ------
    InvalidRequest
        If no header can carry it.
    """
    if key is None:
        return str(uuid.uuid4())
    if not (key.isascii() and key.isprintable() and key.strip()):
        raise InvalidRequest(
            f"{key!r} cannot be an idempotency key.",
            remedy="Use printable ASCII characters, such as a UUID.",
        )
    return key


def json_inputs(inputs: Mapping[str, Any]) -> dict[str, Any]:
    """Inputs as plain JSON values, in the forms of `bellpair.functions.json_forms`.

    Raises
    ------
    InvalidRequest
        If a value has no JSON form.
    """
    from bellpair.functions.errors import OutputNotJson
    from bellpair.functions.json_forms import json_form

    try:
        plain: dict[str, Any] = json_form(dict(inputs), "inputs")
    except OutputNotJson as error:
        raise InvalidRequest(
            error.detail, remedy="Give texts, finite numbers, booleans, lists, dicts or arrays."
        ) from None
    return plain


def _path(name: str) -> str:
    return f"/v1/functions/{checked_name(name)}"
