"""A worker is deployed from its file and invoked by its name."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bellpair.function_models import FunctionVersion
from bellpair.functions import Runtime, RuntimeProvider, RuntimeWorkerBase, quantum_function
from bellpair.functions.errors import InvalidFunction


class Noted:
    """A client that notes what it is told."""

    def __init__(self) -> None:
        self.told: list[Any] = []

    def deploy_function(self, path: Path, *, entry: str) -> FunctionVersion:
        self.told.append((path.name, entry))
        return FunctionVersion(name="deployed", version=4)

    def invoke(self, name: str, inputs: dict[str, Any]) -> str:
        self.told.append((name, inputs))
        return "job"


class TopLevel(RuntimeWorkerBase):
    def run(self, runtime: Runtime, x: int) -> int:
        return x


@quantum_function(name="decorated")
def top_level(runtime: Runtime) -> None: ...


@pytest.mark.parametrize(
    ("worker", "entry"),
    [(TopLevel, "TopLevel"), (TopLevel(), "TopLevel"), (top_level, "top_level")],
)
def test_a_worker_is_deployed_and_just_that_version_invoked(worker: Any, entry: str) -> None:
    client = Noted()
    job = RuntimeProvider(client).run(worker, x=3)  # type: ignore[arg-type]

    assert job == "job"
    assert client.told == [("test_provider.py", entry), ("deployed:4", {"x": 3})]


def test_a_worker_inside_of_a_function_cannot_be_deployed() -> None:
    @quantum_function
    def hidden(runtime: Runtime) -> None: ...

    with pytest.raises(InvalidFunction, match="inside"):
        RuntimeProvider(Noted()).run(hidden)  # type: ignore[arg-type]


def test_a_worker_without_a_file_cannot_be_deployed() -> None:
    names: dict[str, Any] = {"quantum_function": quantum_function}
    exec("@quantum_function\ndef typed(runtime): ...", names)

    with pytest.raises(InvalidFunction, match="not in a file"):
        RuntimeProvider(Noted()).run(names["typed"])  # type: ignore[arg-type]


def test_what_is_no_function_is_refused() -> None:
    with pytest.raises(InvalidFunction, match="not a quantum function"):
        RuntimeProvider(Noted()).run(42)  # type: ignore[arg-type]
