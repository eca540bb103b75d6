"""What a level of options takes beyond the program itself."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from bellpair.errors import ConfigurationError
from bellpair.estimates import NotEstimated, Subject
from bellpair.estimates.counts import count

if TYPE_CHECKING:
    from bellpair.models import Device


def of_options(subject: Subject) -> Mapping[str, Any]:
    """Circuits and shots for each one of the program's, by the options of its level.

    Returns
    -------
    Mapping
        ``level``, ``options``, and as `bellpair.options.overhead` says; where there is a service to
        ask, also ``devices``: for each, by its median error rates, by what the shots must grow for
        the same precision (``shots_factor``), and ``cost_usd``.

    Raises
    ------
    NotEstimated
        If no level was given, or the program's gates cannot be counted.
    BellpairError
        As `Client.devices`.
    """
    if subject.level is None:
        raise NotEstimated("No level of options was given.", remedy="Give --level 0 to 3.")
    try:
        from bellpair.options import options_of_level, overhead
    except ImportError as error:
        raise NotEstimated(
            f"Options need {error.name}.",
            remedy='Install what functions need: pip install "bellpair[functions]".',
        ) from None
    stack = options_of_level(subject.level, "sampling")
    counted = count(subject)
    gates, bits = counted["two_qubit_gates"], max(1, counted["measured"])
    by_device = {}
    for device in _devices(subject):
        price = (device.model_extra or {}).get("price") or {}
        takes = overhead(
            stack,
            two_qubit_gates=gates,
            two_qubit_error=device.median_two_qubit_error or 0.0,
            bits=bits,
            readout_error=device.median_readout_error or 0.0,
            shots=subject.shots,
            per_task_usd=price.get("per_task_usd") or 0.0,
            per_shot_usd=price.get("per_shot_usd") or 0.0,
            programs_per_task=device.programs_per_task or 1,
        )
        by_device[device.name] = {
            name: takes[name] for name in ("shots_factor", "cost_usd") if name in takes
        }
    return {
        "level": subject.level,
        "options": [one["name"] for one in stack],
        **overhead(stack, two_qubit_gates=gates, bits=bits, shots=subject.shots),
        **({"devices": by_device} if by_device else {}),
    }


def _devices(subject: Subject) -> list[Device]:
    """Those that the program may run on; none where there is nobody to ask."""
    if subject.client is None:
        return []
    try:
        with subject.client() as client:
            known = client.devices()
    except ConfigurationError:
        return []
    if subject.device in ("any", "any-qpu"):
        return [one for one in known if subject.device == "any" or one.kind == "qpu"]
    return [one for one in known if one.name == subject.device]
