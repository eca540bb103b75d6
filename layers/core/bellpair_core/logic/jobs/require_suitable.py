"""Refuse a job that no device can ever be given to, for what it asks of devices."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from bellpair_core.logic.devices.device_figures import expected_cost, expected_success
from bellpair_core.model.device import Device, DeviceKind, DeviceStatus
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.job import SHARED_QUEUES
from bellpair_core.openqasm import Obstacle

from .checked_program import unsupported
from .choose_device import Need, fidelity_text, unfit, unmet_constraint


def require_suitable(need: Need, devices: Sequence[Device]) -> None:
    """Let pass what some device offers that the job asks for, though it may have to be waited for.

    Who is online and how long queues are changes by the minute, and refuses nothing here. Error
    rates change by the day: a circuit that no device is expected to run well enough is refused
    with the best device's figure, so that its owner can decide.

    Raises
    ------
    BellpairError
        ``constraints-unmet``, naming the constraint.
    """
    limits = need.constraints
    if limits is None:
        return
    if limits.min_fidelity is not None and need.shape is None:
        raise _refused(
            "min_fidelity",
            "What success to expect is known of OpenQASM programs only.",
            "Leave min_fidelity out, or send the program as OpenQASM.",
        )
    able = [
        device
        for device in devices
        if device.status is not DeviceStatus.RETIRED and unfit(need, device) is None
    ]
    unmet = {device.name: unmet_constraint(need, device) for device in able}
    # Rates that are not known yet may come with the next calibration.
    unknown = limits.min_fidelity is not None and any(
        found is not None
        and found.name == "min_fidelity"
        and expected_success(need.shape, need.num_qubits, device) is None
        for device, found in zip(able, unmet.values(), strict=True)
    )
    if unknown or not able or None in unmet.values():
        return
    names = {found.name for found in unmet.values() if found is not None}
    if len(names) > 1:
        each = "; ".join(f"{name}: {found.reason}" for name, found in unmet.items() if found)
        raise _refused(
            "",
            f"No device meets all constraints. {each}.",
            "Loosen one of them.",
            devices=sorted(unmet),
        )
    raise _one_unmet(names.pop(), need, able)


def require_mid_circuit(needed: Obstacle | None, asked: str, devices: Sequence[Device]) -> None:
    """Let pass a program that measures in mid-circuit where a device that was asked for does.

    Raises
    ------
    BellpairError
        ``program-unsupported``, at the place in the source, naming devices that would do.
    """
    if needed is None:
        return
    able = [
        device.name
        for device in devices
        if device.mid_circuit and device.status is not DeviceStatus.RETIRED
    ]
    if (asked in able) or (asked in SHARED_QUEUES and able):
        return
    remedy = f"Choose a device that does: {', '.join(able)}." if able else None
    what = "no device does" if asked in SHARED_QUEUES else f"device {asked} does not"
    message = f"{needed.message}, for which {what} measure in mid-circuit"
    raise unsupported(needed._replace(message=message), remedy)


def require_own_device(native: Obstacle | None, asked: str, devices: Sequence[Device]) -> None:
    """Let pass a verbatim box where it names the QPU that it was written for.

    Whether the gates are that device's its compiler finds, by its calibration.

    Raises
    ------
    BellpairError
        ``program-unsupported``, at the place in the source.
    """
    if native is None:
        return
    kinds = {device.name: device.kind for device in devices}
    if asked in SHARED_QUEUES or kinds.get(asked) is DeviceKind.SIMULATOR:
        message = f"{native.message}, which only the QPU runs that it was written for"
        raise unsupported(
            native._replace(message=message),
            "Name that QPU as the device, or write the gates without the box.",
        )


def _one_unmet(name: str, need: Need, able: Sequence[Device]) -> BellpairError:
    """The refusal where one constraint excludes every device that fits."""
    limits = need.constraints
    assert limits is not None
    if name == "kind":
        kind = str(limits.kind)
        return _refused(
            name,
            f"No device that fits the program and was asked for is a {kind}; these fit:"
            f" {', '.join(device.name for device in able)}.",
            "Ask for the other kind, or make the program fit.",
            devices=[device.name for device in able],
        )
    right = [device for device in able if limits.kind in (None, device.kind)]
    if name == "max_cost_usd":
        best = min(right, key=lambda device: expected_cost(device, need.shots))
        cost = expected_cost(best, need.shots)
        return _refused(
            name,
            f"No device runs {need.shots} shots for {limits.max_cost_usd:g} USD: the cheapest,"
            f" {best.name}, takes {cost:.4g} USD.",
            f"Allow at least {cost:.4g} USD, or ask for fewer shots.",
            best_device=best.name,
            best_value=round(cost, 6),
        )
    figures = {
        device.name: expected_success(need.shape, need.num_qubits, device) or 0.0
        for device in right
    }
    highest = max(figures, key=lambda device: figures[device])
    return _refused(
        name,
        f"No device is expected to run the program with a success of {limits.min_fidelity:g}: the"
        f" best, {highest}, has {fidelity_text(figures[highest])}.",
        "Lower min_fidelity below that, or use fewer two-qubit gates.",
        best_device=highest,
        best_value=round(figures[highest], 6),
    )


def _refused(name: str, detail: str, remedy: str, **members: Any) -> BellpairError:
    return BellpairError(
        ErrorCode.CONSTRAINTS_UNMET,
        detail,
        remedy=remedy,
        pointer=f"#/constraints/{name}".rstrip("/"),
        **members,
    )
