"""A program's shape, once it was read: what its expected success on a device depends on."""

from __future__ import annotations

from collections.abc import Sequence

from bellpair_core.openqasm.facts import Shape
from bellpair_core.openqasm.flat import BARRIER, MEASURE, RESET, Operation
from bellpair_core.openqasm.forms import Layers, form_of
from bellpair_core.openqasm.instances import Instances
from bellpair_core.openqasm.known_states import KnownStates


def shape_of(num_qubits: int, operations: Sequence[Operation], instances: Instances) -> Shape:
    """Count what the program does; time grows linearly with it, written out.

    A gate that the program defines begins when all its qubits are free, so that the depth is an
    upper bound where such gates could slide into each other.
    """
    layers, states, measured, needed = Layers(num_qubits), KnownStates(num_qubits), 0, 0
    for head, operands, condition in operations:
        if head is MEASURE:
            measured += operands[0].size
            states.forget(operands[0].elements)
            continue
        if head is RESET:
            # It is a measurement and a gate by its result.
            measured += operands[0].size
            for qubit in operands[0].elements:
                layers.add(form_of("reset", 1), [qubit])
                states.reset(qubit)
            continue
        if head is BARRIER:
            held = dict.fromkeys(q for register in operands for q in register.elements)
            layers.level_out(tuple(held) or range(num_qubits))
            continue
        form = instances.form(head.name, len(operands))
        for turn in range(max(register.size for register in operands)):
            qubits = [r.elements[0 if r.scalar else turn] for r in operands]
            layers.add(form, qubits)
            # What a result decides may happen or not.
            needed += form.two * states.needs(head.name if condition is None else "", qubits)
    return Shape(layers.one, layers.two, layers.depth, layers.interactions, measured, needed)
