"""Functions for the tests of the API: packages, and what a worker finds in them."""

from __future__ import annotations

import base64
from collections.abc import Mapping
from io import BytesIO
from typing import Any
from zipfile import ZipFile

from bellpair_core.ports import FunctionEntry
from tests.examples import version_example

from .conftest import Api
from .gateway import HttpAnswer

SOURCE = "from bellpair.functions import quantum_function\n"


def entry(**changes: Any) -> FunctionEntry:
    """A function that takes a number ``distance`` and a whole number ``steps``."""
    values: dict[str, Any] = {
        "entry": "vqe_h2:VqeH2",
        "name": "vqe-h2",
        "timeout_s": 600,
        "description": "The energy of H2",
        "inputs": version_example().inputs,
        "output": {"type": "number"},
    }
    return FunctionEntry(**(values | changes))


def package(files: Mapping[str, str] | None = None) -> bytes:
    """A zip of these files, or of one module."""
    made = BytesIO()
    with ZipFile(made, "w") as archive:
        for name, text in (files or {"vqe_h2.py": SOURCE}).items():
            archive.writestr(name, text)
    return made.getvalue()


def deployment(zipped: bytes | None = None, **changes: Any) -> dict[str, Any]:
    """A body of POST /v1/functions."""
    zipped = package() if zipped is None else zipped
    return {"package": base64.b64encode(zipped).decode(), **changes}


def deploy(api: Api, key: str, text: str = SOURCE, **changes: Any) -> HttpAnswer:
    """Deploy a package with one module of this text, in which a worker finds `entry`."""
    if not api.world.workers.entries:
        api.world.workers.entries = [entry()]
    body = deployment(package({"vqe_h2.py": text}), **changes)
    return api.request("POST", "/v1/functions", key=key, body=body)


def invoke(
    api: Api,
    key: str,
    target: str = "vqe-h2",
    idempotency_key: str | None = None,
    prefer: str | None = None,
    **changes: Any,
) -> HttpAnswer:
    """Invoke a function with good inputs, unless ``changes`` say otherwise."""
    sent = {"Idempotency-Key": idempotency_key, "Prefer": prefer}
    return api.request(
        "POST",
        f"/v1/functions/{target}/invocations",
        key=key,
        headers={name: value for name, value in sent.items() if value is not None},
        body={"inputs": {"distance": 0.74}, **changes},
    )


def own_functions(api: Api, key: str) -> list[dict[str, Any]]:
    """The listed functions that do not come with the platform."""
    listed = api.request("GET", "/v1/functions", key=key).json["functions"]
    return [function for function in listed if not function["builtin"]]
