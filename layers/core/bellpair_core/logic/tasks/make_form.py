"""Compiled forms: found where one was made before, made where none is."""

from __future__ import annotations

import logging
from dataclasses import dataclass

from pydantic import BaseModel, ConfigDict, ValidationError

from bellpair_core.logic.devices.device_use import use_of
from bellpair_core.model.blob import BlobRef
from bellpair_core.model.compiling import DeviceUse
from bellpair_core.model.device import DeviceKind, DeviceTarget
from bellpair_core.model.errors import TransientFault
from bellpair_core.model.job import CompiledProgram
from bellpair_core.ports import Blobs, Compiled, CompiledForms, Compiler, CompileRequest, Template

_LOG = logging.getLogger(__name__)

_ANY_ANGLE = 0.7
"""Radians; no multiple of a right angle, by which gates fall out."""


class _KeptTemplate(BaseModel):
    """A template as the cache has it."""

    model_config = ConfigDict(frozen=True)

    text: BlobRef
    calibration_id: str
    estimated_success: float
    use: DeviceUse


@dataclass(frozen=True)
class TemplateForm:
    """A template, and what is needed to judge it by later calibrations.

    Attributes
    ----------
    use
        Of the program bound to values that spare no gate.
    """

    template: Template
    calibration_id: str
    estimated_success: float
    use: DeviceUse


class FormMaker:
    """Compiles what was not compiled before with the same content address.

    Only QPUs' forms are kept: what a simulator takes is written down faster than it is fetched.

    Parameters
    ----------
    forms
        What was compiled before, by anybody, in either region.
    """

    def __init__(self, compiler: Compiler, forms: CompiledForms, blobs: Blobs) -> None:
        self._compiler = compiler
        self._forms = forms
        self._blobs = blobs

    def program(self, request: CompileRequest, target: DeviceTarget) -> CompiledProgram:
        """The program for the device, as a job's record has it.

        Raises
        ------
        JobFailed, NoRoom
            As `Compiler.compile`.
        TransientFault
            When it could not be stored.
        """
        if target.kind is DeviceKind.SIMULATOR:
            return self._stored(self._compiler.compile(request, target), target)
        key = self._compiler.key(request, target)
        form = self._found_program(key)
        if form is None:
            form = self._stored(self._compiler.compile(request, target), target)
            self._forms.put(key, form.model_dump(mode="json"))
        # How old the calibration is, and so the reason's wording, is no part of the key.
        why = {"fallback": request.distrust or form.metrics.get("fallback")}
        return form.model_copy(update={"metrics": {**form.metrics, **why}})

    def template(self, request: CompileRequest, target: DeviceTarget) -> TemplateForm:
        """The program for the device, to be bound to sets of values; raises as `program`."""
        if target.kind is DeviceKind.SIMULATOR:
            return self._measured(self._compiler.template(request, target), target)
        key = self._compiler.key(request, target, template=True)
        if (found := self._found_template(key)) is not None:
            return found
        made = self._measured(self._compiler.template(request, target), target)
        try:
            text = self._blobs.put(made.template.to_json().encode())
        except TransientFault:
            _LOG.warning("a template was not kept", exc_info=True)
            return made
        kept = _KeptTemplate(
            text=text,
            calibration_id=made.calibration_id,
            estimated_success=made.estimated_success,
            use=made.use,
        )
        self._forms.put(key, kept.model_dump(mode="json"))
        return made

    def _found_program(self, key: str) -> CompiledProgram | None:
        found = self._forms.get(key)
        if found is None:
            return None
        try:
            form = CompiledProgram.model_validate(found)
            # A job is not to be promised what cannot be read when it is launched.
            self._blobs.get(form.program)
        except (ValidationError, TransientFault):
            _LOG.warning("compiled form %s is of no use", key, exc_info=True)
            return None
        return form

    def _found_template(self, key: str) -> TemplateForm | None:
        found = self._forms.get(key)
        if found is None:
            return None
        try:
            kept = _KeptTemplate.model_validate(found)
            template = self._compiler.restored(self._blobs.get(kept.text).decode())
        except (ValueError, TransientFault):
            _LOG.warning("template %s is of no use", key, exc_info=True)
            return None
        return TemplateForm(template, kept.calibration_id, kept.estimated_success, kept.use)

    def _measured(self, template: Template, target: DeviceTarget) -> TemplateForm:
        example = template.bind([_ANY_ANGLE] * len(template.parameters))
        return TemplateForm(
            template,
            example.calibration_id,
            float(example.metrics.get("estimated_success", 1.0)),
            use_of(example.operations, example.bits, target),
        )

    def _stored(self, made: Compiled, target: DeviceTarget) -> CompiledProgram:
        return CompiledProgram(
            program=self._blobs.put(made.program.encode()),
            bits=made.bits,
            calibration_id=made.calibration_id,
            metrics=made.metrics,
            use=use_of(made.operations, made.bits, target),
        )
