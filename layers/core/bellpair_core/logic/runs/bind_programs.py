"""A call's programs from templates: compiled once, bound for each set of values."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any, Generic, TypeVar

from bellpair_core.logic.devices.device_use import lacking, rescored
from bellpair_core.logic.devices.distrust import distrust
from bellpair_core.logic.tasks.make_form import FormMaker, TemplateForm
from bellpair_core.model.device import Device, DeviceTarget
from bellpair_core.model.journal import CallProgram
from bellpair_core.model.limits import TEMPLATE_DROP_MAX
from bellpair_core.ports import Clock, CompileRequest

Value = TypeVar("Value")

_TEMPLATES_MAX = 512
_BOUND_MAX = 2048
_UNTOLD = frozenset({"digest", "layout", "versions"})
"""What the compiler tells that would only make a result of many programs large."""


@dataclass(frozen=True)
class BoundProgram:
    """A program as its device takes it, and the device qubit measured into each bit."""

    program: CallProgram
    bits: tuple[int | None, ...]

    def without(self, fact: str) -> BoundProgram:
        """The same program, whose metrics do not tell this."""
        metrics = {name: told for name, told in self.program.metrics.items() if name != fact}
        return replace(self, program=self.program.model_copy(update={"metrics": metrics}))


@dataclass(frozen=True)
class _Kept:
    """A template of this process, and whether it was made without the calibration."""

    form: TemplateForm
    distrusted: bool


class ProgramBinder:
    """Binds programs, and remembers what it did: a warm process meets the same ones again.

    A template outlives its calibration as long as it is about as good by a newer one: it is made
    anew when its estimated success would be lower by more than `TEMPLATE_DROP_MAX`, when the
    device lacks what it uses, or when the calibration is trusted no more, or again.
    """

    def __init__(self, forms: FormMaker, clock: Clock) -> None:
        self._forms = forms
        self._clock = clock
        self._templates: Remembered[_Kept] = Remembered(_TEMPLATES_MAX)
        self._bound: Remembered[BoundProgram] = Remembered(_BOUND_MAX)

    def bound(
        self,
        request: CompileRequest,
        device: Device,
        target: DeviceTarget,
        values: Sequence[float],
        transforms: Sequence[Mapping[str, Any]],
    ) -> BoundProgram:
        """The program with these values and transforms.

        Parameters
        ----------
        request
            Its source and version.
        device, target
            The device as the catalogue has it, and its newest target.

        Raises
        ------
        JobFailed, NoRoom
            As `Compiler.template` and `Template.bind`.
        """
        why = distrust(device, self._clock())
        form = self._template(replace(request, distrust=why), target)
        parts = json.dumps([list(values), list(transforms)])
        key = " ".join(
            (device.name, digest(request.source), target.calibration_id, form.calibration_id, parts)
        )
        return self._bound.get(
            f"{key} {why is None}", lambda: _bound(form, target, why, values, transforms)
        )

    def _template(self, request: CompileRequest, target: DeviceTarget) -> TemplateForm:
        key = f"{target.device} {digest(request.source)}"
        kept = self._templates.known(key)
        distrusted = request.distrust is not None
        if kept is None or kept.distrusted != distrusted or _passed(kept.form, target):
            kept = _Kept(self._forms.template(request, target), distrusted)
            self._templates.put(key, kept)
        return kept.form


def _passed(form: TemplateForm, target: DeviceTarget) -> bool:
    """Whether the template is to be made anew for a newer calibration."""
    if form.calibration_id == target.calibration_id:
        return False
    if lacking(form.use, target):
        return True
    now = rescored(form.estimated_success, form.use, target)
    return now < form.estimated_success * (1 - TEMPLATE_DROP_MAX)


def _bound(
    form: TemplateForm,
    target: DeviceTarget,
    why: str | None,
    values: Sequence[float],
    transforms: Sequence[Mapping[str, Any]],
) -> BoundProgram:
    made = form.template.bind(values, transforms)
    metrics = {name: fact for name, fact in made.metrics.items() if name not in _UNTOLD}
    estimate = metrics.get("estimated_success")
    if estimate is not None and form.calibration_id != target.calibration_id:
        metrics["estimated_success"] = rescored(estimate, form.use, target)
    if transforms:
        # What is changed on purpose tells nothing of the device.
        metrics.pop("known_answers", None)
    metrics |= {
        "calibration_id": form.calibration_id,
        "fallback": why or metrics.get("fallback"),
    }
    readout = tuple(None if qubit is None else _readout(qubit, target) for qubit in made.bits)
    known = readout if any(pair is not None for pair in readout) else None
    program = CallProgram(program=made.program, readout=known, metrics=metrics)
    return BoundProgram(program, tuple(made.bits))


def _readout(qubit: int, target: DeviceTarget) -> tuple[float, float] | None:
    """The chances that the qubit is read as 1 where it is 0, and as 0 where it is 1."""
    mean = target.readout_error.get(qubit)
    zero = target.readout_0_to_1.get(qubit, mean)
    one = target.readout_1_to_0.get(qubit, mean)
    return None if zero is None or one is None else (zero, one)


def digest(source: str) -> str:
    """SHA-256 of a text, in hex."""
    return hashlib.sha256(source.encode()).hexdigest()


class Remembered(Generic[Value]):
    """The values asked for last."""

    def __init__(self, limit: int) -> None:
        self._limit = limit
        self._values: OrderedDict[str, Value] = OrderedDict()

    def known(self, key: str) -> Value | None:
        """The value, if it is remembered."""
        if key in self._values:
            self._values.move_to_end(key)
        return self._values.get(key)

    def put(self, key: str, value: Value) -> None:
        """Remember a value, and forget the one not asked for longest if there are too many."""
        self._values[key] = value
        self._values.move_to_end(key)
        if len(self._values) > self._limit:
            self._values.popitem(last=False)

    def get(self, key: str, make: Callable[[], Value]) -> Value:
        """The value, made if it is not remembered."""
        known = self.known(key)
        if known is None:
            known = make()
            self.put(key, known)
        return known
