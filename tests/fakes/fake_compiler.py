"""A compiler that writes down what it was asked for."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from typing import Any

from bellpair_core.logic.devices.device_use import success_by, use_of
from bellpair_core.model.device import DeviceTarget
from bellpair_core.model.errors import ErrorCode, JobFailed, NoRoom
from bellpair_core.ports import CompileRequest

Gate = tuple[str, tuple[float, ...], tuple[int, ...]]


class CompiledExample:
    """One native two-qubit gate on the device's best edge, both ends of which are measured."""

    def __init__(
        self,
        source: str,
        target: DeviceTarget,
        *,
        distrust: str | None = None,
        values: Sequence[float] = (),
        transforms: Sequence[Mapping[str, Any]] = (),
        answers: Sequence[str] = (),
    ) -> None:
        first, second = _edge(target, trusting=distrust is None)
        notes = [f"// for {target.device}", f"// {distrust}"][: 1 if distrust is None else 2]
        notes += [f"// with {json.dumps(list(values))}"] if values else []
        notes += [f"// then {json.dumps(transform)}" for transform in transforms]
        self.program = "\n".join([*notes, source])
        self.bits: tuple[int | None, ...] = (first, second)
        self.operations: list[Gate] = [("cz", (), (first, second))]
        self.calibration_id = target.calibration_id
        success = success_by(use_of(self.operations, self.bits, target), target)
        self.metrics: dict[str, Any] = {
            "depth": 3,
            "estimated_success": success,
            "candidates": [{"level": 3, "estimated_success": success, "chosen": True}],
            "fallback": distrust,
            **({"known_answers": list(answers)} if answers else {}),
        }


class TemplateExample:
    """A template of a program whose parameters are declared a line each, ``input float name;``."""

    def __init__(
        self,
        source: str,
        target: DeviceTarget,
        distrust: str | None,
        answers: Sequence[str] = (),
    ) -> None:
        declared = [line for line in source.splitlines() if line.startswith("input float ")]
        self.parameters = tuple(line.split()[2].rstrip(";") for line in declared)
        self._source = source
        self._target = target
        self._distrust = distrust
        self._answers = answers

    def bind(
        self, values: Sequence[float], transforms: Sequence[Mapping[str, Any]] = ()
    ) -> CompiledExample:
        if len(values) != len(self.parameters):
            wanted = f"{len(self.parameters)} parameters, {len(values)} values"
            raise JobFailed(ErrorCode.COMPILE_FAILED, wanted)
        if any(transform["name"] == "impossible" for transform in transforms):
            raise JobFailed(ErrorCode.PROGRAM_UNSUPPORTED, "There is no such circuit.", "None.")
        return CompiledExample(
            self._source,
            self._target,
            distrust=self._distrust,
            values=values,
            transforms=transforms,
            answers=self._answers,
        )

    def to_json(self) -> str:
        target = self._target.model_dump_json()
        return json.dumps([self._source, target, self._distrust, list(self._answers)])


class FakeCompiler:
    """`Compiler` for tests.

    Parameters
    ----------
    compiling
        Called at each compilation.

    Attributes
    ----------
    made
        How many programs and templates were compiled.
    answers
        The known answers of what is compiled from now on.
    """

    def __init__(self, compiling: Callable[[], None] = lambda: None) -> None:
        self.made = 0
        self.answers: Sequence[str] = ()
        self._compiling = compiling

    def compile(self, request: CompileRequest, target: DeviceTarget) -> CompiledExample:
        self._begin(target)
        return CompiledExample(
            request.source,
            target,
            distrust=request.distrust,
            transforms=request.transforms,
            answers=self.answers,
        )

    def template(self, request: CompileRequest, target: DeviceTarget) -> TemplateExample:
        self._begin(target)
        return TemplateExample(request.source, target, request.distrust, self.answers)

    def restored(self, text: str) -> TemplateExample:
        source, target, distrust, answers = json.loads(text)
        known = DeviceTarget.model_validate_json(target)
        return TemplateExample(source, known, distrust, answers)

    def key(self, request: CompileRequest, target: DeviceTarget, *, template: bool = False) -> str:
        named = [
            *(request.source, request.version, target.device, target.calibration_id),
            *(request.distrust is None, [] if template else list(request.transforms), template),
        ]
        return hashlib.sha256(json.dumps(named).encode()).hexdigest()

    def _begin(self, target: DeviceTarget) -> None:
        self.made += 1
        self._compiling()
        if len(target.qubits) < 2:
            raise NoRoom(f"The program needs 2 connected qubits; {target.device} lacks them.")


def _edge(target: DeviceTarget, *, trusting: bool) -> tuple[int, int]:
    edges = target.edges or ((target.qubits[0], target.qubits[1]),)
    if not trusting:
        return edges[0]
    return min(edges, key=lambda edge: target.two_qubit_error.get(f"{edge[0]}-{edge[1]}", 0.0))
