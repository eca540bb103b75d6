"""Which calibration documents can be read, by their format."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from . import device_properties, documented_calibration
from .calibration_reading import Reading
from .findings import Findings

Reader = Callable[[Mapping[str, Any], Findings], Reading]

READERS: dict[str, Reader] = {
    device_properties.FORMAT: device_properties.read_properties,
    documented_calibration.FORMAT: documented_calibration.read_documented,
}


def read_document(format: str, content: Mapping[str, Any], findings: Findings) -> Reading:
    """What a device's document says.

    Parameters
    ----------
    format
        As `CalibrationDocument` has it.
    findings
        What is wrong is added to it.
    """
    reader = READERS.get(format)
    if reader is None:
        findings.problem(f"nothing reads the format {format!r}; known are {', '.join(READERS)}")
        return Reading()
    return reader(content, findings)
