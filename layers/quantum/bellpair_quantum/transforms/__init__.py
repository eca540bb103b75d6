"""What options do to a compiled program: changes of its native operations.

A transform is a JSON object with a ``name`` and parameters. It keeps what the program means (up
to rotations about Z before a measurement, and a global phase), except where it says so:

``fold`` (``scale``, ``seed``, ``method``)
    Gates are followed by their inverse and themselves again, so that errors grow: `fold`.
``twirl`` (``seed``)
    Random Paulis around two-qubit gates, which cancel: `twirl`.
``measure-twirl`` (``seed``)
    Half of the measured qubits, at random, are flipped before they are read. `Transformed.flipped`
    names them; who reads the counts flips those bits back.
``pauli-insert`` (``draw``, ``seed``, ``gamma_max``)
    Random Paulis after gates, drawn from the quasi-probabilities that undo depolarizing errors:
    ``clear`` for the draw without any, ``struck`` for one of the others.
``decouple`` (``sequence``, ``loss_max``)
    Pulses that cancel where a qubit idles: `decouple`.
``prepare`` (``state``)
    In place of the whole program all measured qubits are prepared in ``"zeros"`` or ``"ones"``,
    which calibrates their readout.

Everything random comes from the ``seed``: equal arguments give equal programs. Pure Python: Qiskit
is not needed here.
"""

from __future__ import annotations

from bellpair_quantum.transforms.sequence import Transform, Transformed, apply, transformed

__all__ = ["Transform", "Transformed", "apply", "transformed"]
