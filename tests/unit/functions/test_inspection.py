"""What is known of a function before it runs: entry point, name, schemas, inputs."""

from __future__ import annotations

import sys
from datetime import timedelta
from types import ModuleType
from typing import Any

import numpy as np
import pydantic
import pytest

from bellpair.functions import Runtime, RuntimeWorkerBase, quantum_function
from bellpair.functions.declaration import declaration_of, kebab_case
from bellpair.functions.errors import InvalidFunction, InvalidInputs
from bellpair.functions.inspection import arguments_of, entry_point, inspected

ONE = """
from bellpair.functions import RuntimeWorkerBase, quantum_function
from other import Imported

class VqeH2(RuntimeWorkerBase):
    '''Ground state of H2.'''
    def run(self, runtime, distance: float = 0.735, steps: int = 50) -> dict[str, float]:
        return {}
"""
TWO = (
    ONE
    + """
@quantum_function(name="second-one")
def second(runtime): ...
"""
)
OTHER = """
from bellpair.functions import RuntimeWorkerBase
class Imported(RuntimeWorkerBase):
    def run(self, runtime): ...
"""


def module(name: str, source: str) -> ModuleType:
    made = ModuleType(name)
    sys.modules[name] = made
    exec(compile(source, f"{name}.py", "exec"), vars(made))
    return made


@pytest.fixture(autouse=True)
def imported(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("other", "one", "two", "none"):
        monkeypatch.delitem(sys.modules, name, raising=False)
    module("other", OTHER)


def test_the_one_function_of_a_module_is_found_and_described() -> None:
    attribute, target = entry_point(module("one", ONE))
    described = inspected(target, f"one:{attribute}").to_dict()

    assert described["entry"] == "one:VqeH2"
    assert described["name"] == "vqe-h2"
    assert described["description"] == "Ground state of H2."
    assert described["inputs"]["properties"]["distance"] == {
        "default": 0.735,
        "title": "Distance",
        "type": "number",
    }
    assert described["inputs"]["additionalProperties"] is False
    assert described["output"]["additionalProperties"] == {"type": "number"}
    assert described["options"] == []


def test_a_module_without_a_function_is_refused() -> None:
    with pytest.raises(InvalidFunction, match="has no quantum function") as caught:
        entry_point(module("none", "from other import Imported\nx = 1"))
    assert caught.value.code == "function-invalid"
    assert "@quantum_function" in (caught.value.remedy or "")


def test_two_functions_are_refused_unless_one_is_named() -> None:
    two = module("two", TWO)

    with pytest.raises(InvalidFunction, match="VqeH2, second"):
        entry_point(two)
    assert entry_point(two, "second-one")[0] == "second"
    assert entry_point(two, "VqeH2")[0] == "VqeH2"
    with pytest.raises(InvalidFunction, match="'third'"):
        entry_point(two, "third")


@pytest.mark.parametrize(
    ("name", "kebab"),
    [("VqeH2", "vqe-h2"), ("vqe_h2", "vqe-h2"), ("VQEForH2", "vqe-for-h2"), ("_x__y_", "x-y")],
)
def test_names_are_made_from_pythons(name: str, kebab: str) -> None:
    assert kebab_case(name) == kebab


def test_the_decorator_says_everything_else() -> None:
    @quantum_function(
        device="sv1", options=["zne", "twirling"], timeout=timedelta(hours=1), worker="braket"
    )
    class Some(RuntimeWorkerBase):
        def run(self, runtime: Runtime) -> None: ...

    declared = declaration_of(Some)

    assert (declared.name, declared.device, declared.worker) == ("some", "sv1", "braket")
    assert declared.options == ("zne", "twirling")
    assert declared.timeout_s == 3600
    assert declaration_of(Some()) == declared


def test_a_derived_class_declares_itself() -> None:
    @quantum_function(name="first")
    class First(RuntimeWorkerBase):
        def run(self, runtime: Runtime) -> None: ...

    class Second(First):
        pass

    assert declaration_of(Second).name == "second"


@pytest.mark.parametrize(
    "words",
    [{"name": "Bad Name"}, {"name": ""}, {"options": "zne"}, {"timeout": 0}, {"options": [1]}],
    ids=str,
)
def test_a_bad_declaration_is_refused(words: dict[str, Any]) -> None:
    with pytest.raises(InvalidFunction):
        quantum_function(**words)(lambda runtime: None)


def no_runtime() -> None: ...
def only_keywords(**inputs: Any) -> None: ...
def unnamed(runtime: Any, *values: float) -> None: ...
def positional(runtime: Any, value: float, /) -> None: ...
def arrays(runtime: Any, values: np.ndarray) -> None: ...
async def coroutine(runtime: Any) -> None: ...
def generator(runtime: Any) -> Any:
    yield 1


@pytest.mark.parametrize(
    "function",
    [no_runtime, only_keywords, unnamed, positional, arrays, coroutine, generator],
    ids=lambda one: one.__name__,
)
def test_a_function_that_cannot_be_called_with_inputs_is_refused(function: Any) -> None:
    with pytest.raises(InvalidFunction) as caught:
        inspected(quantum_function(name="f")(function), "m:f")
    assert caught.value.remedy


def test_a_worker_with_arguments_of_its_own_is_refused() -> None:
    class Made(RuntimeWorkerBase):
        def __init__(self, size: int) -> None:
            self.size = size

        def run(self, runtime: Runtime) -> None: ...

    with pytest.raises(InvalidFunction, match="cannot be made"):
        inspected(Made, "m:Made")
    assert inspected(Made(3), "m:Made").name == "made"


class Molecule(pydantic.BaseModel):
    atoms: list[str]


@quantum_function
def mixed(
    runtime: Runtime, molecule: Molecule, shots: int = 5, schema: tuple[int, ...] = ()
) -> np.ndarray: ...  # type: ignore[return]


def test_inputs_become_what_the_hints_say() -> None:
    arguments = arguments_of(mixed, {"molecule": {"atoms": ["H", "H"]}, "schema": [1, 2]})

    assert arguments == {"molecule": Molecule(atoms=["H", "H"]), "shots": 5, "schema": (1, 2)}


def test_an_output_that_is_converted_may_be_hinted_as_it_is() -> None:
    assert inspected(mixed, "m:mixed").output == {}


def test_inputs_that_do_not_fit_are_all_named() -> None:
    with pytest.raises(InvalidInputs) as caught:
        arguments_of(mixed, {"molecule": {"atoms": 5}, "shots": "many", "bogus": 1})

    pointers = {error["pointer"] for error in caught.value.errors}
    assert pointers == {"/molecule/atoms", "/shots", "/bogus"}


def test_inputs_may_be_open_ended() -> None:
    @quantum_function
    def anything(runtime: Runtime, first: int, **more: Any) -> None: ...

    assert arguments_of(anything, {"first": 1, "x": "y"}) == {"first": 1, "x": "y"}
    with pytest.raises(InvalidInputs, match="first"):
        arguments_of(anything, {})
