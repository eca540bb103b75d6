"""Would what a trigger asks for become a job?"""

from __future__ import annotations

from collections.abc import Callable, Sequence

from bellpair_core.logic.devices.asked_device import require_device
from bellpair_core.logic.functions.check_inputs import checked_inputs
from bellpair_core.logic.jobs.checked_program import accepted_program
from bellpair_core.logic.jobs.require_suitable import require_mid_circuit, require_own_device
from bellpair_core.logic.jobs.submit_job import require_fetchable
from bellpair_core.model.device import Device
from bellpair_core.model.job import ANY_DEVICE
from bellpair_core.ports import Functions

from .fire_trigger import Firing
from .fitting_inputs import invoked_versions


def check_firing(
    firing: Firing, *, functions: Functions, devices: Callable[[], Sequence[Device]]
) -> None:
    """Let pass what an invocation, or a submission, of this would let pass now.

    Of an alias that stands for several versions each must take it: any may be drawn.

    Raises
    ------
    BellpairError
        As the invocation or the submission would be refused.
    """
    trigger = firing.trigger
    if trigger.circuit is not None:
        facts = accepted_program(str(firing.inputs["source"]), "openqasm")
        require_fetchable(trigger.circuit.shots, facts.num_bits)
        known = devices()
        require_own_device(facts.native, trigger.circuit.device, known)
        require_mid_circuit(facts.mid_circuit, trigger.circuit.device, known)
        require_device(
            known,
            trigger.circuit.device,
            num_qubits=facts.num_qubits,
            shots=trigger.circuit.shots,
        )
        return
    assert trigger.function is not None
    for version in invoked_versions(functions, trigger.tenant, trigger.function):
        checked_inputs(firing.inputs, version.inputs)
        require_device(devices(), trigger.device or version.device or ANY_DEVICE)
