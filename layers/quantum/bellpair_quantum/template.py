"""Programs compiled once and given their parameters' values late."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from bellpair_quantum.program import CompiledProgram


class Template:
    """A compiled program whose rotation angles follow from values given later.

    Attributes
    ----------
    parameters
        Names of the values, in the order in which `bind` takes them: that of their
        declaration in OpenQASM, Qiskit's own (by name, vectors by index) for QPY.
    calibration_id
        The calibration that it was compiled against.
    estimated_success
        As `CompiledProgram.estimated_success`, for angles that spare no gate.
    """

    parameters: tuple[str, ...]
    calibration_id: str
    estimated_success: float

    def bind(
        self, values: Sequence[float], transforms: Sequence[Mapping[str, Any]] = ()
    ) -> CompiledProgram:
        """Give the parameters their values, in radians where they are angles.

        Raises
        ------
        CompileError
            ``parameters-invalid`` where there are too few or too many values, or one is not
            a finite number.
        """
        raise NotImplementedError

    def to_json(self) -> str:
        """Write it down, for `from_json` to read again."""
        raise NotImplementedError

    @classmethod
    def from_json(cls, text: str | bytes) -> Template:
        """Read what `to_json` wrote.

        Raises
        ------
        ValueError
            The text is no template, or one of another version.
        """
        raise NotImplementedError
