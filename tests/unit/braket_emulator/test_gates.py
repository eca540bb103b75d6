"""Every gate is the one that Braket's own simulator means by its name."""

from __future__ import annotations

import numpy as np
import pytest
from braket.default_simulator.gate_operations import BRAKET_GATES

from bellpair_braket_emulator.gates import GATES

ANGLES = (0.3, -1.1, 2.4)


@pytest.mark.parametrize("name", sorted(GATES))
def test_a_gate_has_the_matrix_of_its_name(name: str) -> None:
    gate = GATES[name]
    angles = ANGLES[: gate.parameters[1]]
    theirs = BRAKET_GATES[name](range(gate.qubits), *angles).matrix
    assert np.allclose(gate.matrix(*angles), theirs)


def test_no_gate_of_the_service_is_missing_but_the_ones_left_out_on_purpose() -> None:
    assert set(BRAKET_GATES) - set(GATES) == {"unitary", "gphase"}
