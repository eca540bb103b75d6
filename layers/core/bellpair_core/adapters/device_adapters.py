"""Finds what speaks to a device's service."""

from __future__ import annotations

from importlib import import_module
from importlib.metadata import entry_points

from bellpair_core.ports.devices import ENTRY_POINT_GROUP, OpenDevice

BUILT_IN = {
    "braket": "bellpair_core.adapters.braket_device:BraketDevice",
    "http": "bellpair_core.adapters.http_device:HttpDevice",
}
"""The adapters that come with Bellpair, which are also entry points of its package. In a layer
they are found by this table: to look through all packages' entry points takes time."""


class AdapterUnknown(LookupError):
    """No such adapter is installed; says which are."""


def adapter_named(name: str) -> OpenDevice:
    """The adapter of this name: one of Bellpair's own, or another package's entry point.

    Parameters
    ----------
    name
        An entry point's name, or ``module:attribute``.

    Raises
    ------
    AdapterUnknown
        When there is none.
    """
    if name in BUILT_IN:
        return _loaded(BUILT_IN[name])
    for point in entry_points(group=ENTRY_POINT_GROUP, name=name):
        found: OpenDevice = point.load()
        return found
    if ":" in name:
        return _loaded(name)
    known = sorted({*BUILT_IN, *entry_points(group=ENTRY_POINT_GROUP).names})
    raise AdapterUnknown(
        f"no device adapter {name!r} is installed; there are {', '.join(known)}. Install the "
        f"package that has it as an entry point of {ENTRY_POINT_GROUP}, or give MODULE:ATTRIBUTE."
    )


def _loaded(place: str) -> OpenDevice:
    module, _, attribute = place.partition(":")
    try:
        found: OpenDevice = getattr(import_module(module), attribute)
    except (ImportError, AttributeError) as error:
        raise AdapterUnknown(f"there is no device adapter at {place}: {error}") from error
    return found
