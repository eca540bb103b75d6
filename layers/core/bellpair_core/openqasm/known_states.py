"""Qubits whose state is known while a program is read, and the gates that this spares.

A compiler leaves out a gate that its operands' states make idle, makes one of a single qubit of a
gate whose control is known, and renames qubits in place of swapping them. What a program comes to
on a device is nearer to what is left than to what is written.
"""

from __future__ import annotations

from collections.abc import Sequence

_H = {"0": "+", "1": "-", "+": "0", "-": "1"}
_X = {"0": "1", "1": "0", "+": "+", "-": "-"}
_Z = {"0": "0", "1": "1", "+": "-", "-": "+"}
_Y = {"0": "1", "1": "0", "+": "-", "-": "+"}
_DIAGONAL = {"0": "0", "1": "1"}
_AFTER = {
    "id": {state: state for state in "01+-"},
    "h": _H,
    "x": _X,
    "y": _Y,
    "z": _Z,
    **dict.fromkeys(("s", "sdg", "t", "tdg", "p", "phase", "rz", "u1"), _DIAGONAL),
}
"""What gates of one qubit make of states; of what others make nothing is known."""

_PHASES = frozenset({"cz", "cp", "cphase", "cu1"})
"""Act only where both qubits are 1."""

_NOTS = frozenset({"cx", "CX"})
_CONTROLLED = _NOTS | {"cy", "ch", "crx", "cry", "crz", "cu", "cu3", "csx"}
"""Act on the second qubit where the first is 1."""


class KnownStates:
    """The states of qubits that begin in 0, as far as they follow without computing.

    Parameters
    ----------
    width
        How many qubits there are.
    """

    def __init__(self, width: int) -> None:
        self._states = ["0"] * width

    @property
    def known(self) -> tuple[str, ...]:
        """For each qubit ``"0"``, ``"1"``, ``"+"`` or ``"-"``; ``""`` where nothing is known."""
        return tuple(self._states)

    def forget(self, qubits: Sequence[int]) -> None:
        """Something happens to them of which nothing is known."""
        for qubit in qubits:
            self._states[qubit] = ""

    def reset(self, qubit: int) -> None:
        """It is in 0 again."""
        self._states[qubit] = "0"

    def needs(self, name: str, qubits: Sequence[int]) -> bool:
        """Apply a gate; whether qubits have to interact for it.

        Parameters
        ----------
        name
            A gate of the standard libraries, or one of which nothing is known.
        """
        if len(qubits) == 1:
            self._apply(name, qubits[0])
            return False
        if len(qubits) == 2 and self._spared(name, *qubits):
            return False
        self.forget(qubits)
        return True

    def _apply(self, name: str, qubit: int) -> None:
        self._states[qubit] = _AFTER.get(name, {}).get(self._states[qubit], "")

    def _spared(self, name: str, first: int, second: int) -> bool:
        """Apply a gate on a pair, if their states make it no more than one on a single qubit."""
        states = self._states
        if name == "swap":
            states[first], states[second] = states[second], states[first]
            return True
        if name in _PHASES:
            if states[second] in ("0", "1"):
                first, second = second, first
            if states[first] == "1":
                self._apply("z" if name == "cz" else "p", second)
            return states[first] in ("0", "1")
        if name in _NOTS and states[second] in ("+", "-"):
            # The target stays, and the control's phase turns by its sign.
            self._apply("z" if states[second] == "-" else "id", first)
            return True
        if name in _CONTROLLED and states[first] == "1":
            self._apply(name.lower().removeprefix("c"), second)
        return name in _CONTROLLED and states[first] in ("0", "1")
