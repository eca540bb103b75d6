"""Commands that other installed packages bring, loaded only when they are used."""

from __future__ import annotations

from functools import cached_property
from importlib.metadata import EntryPoint, entry_points
from typing import Any

import typer
from typer.core import TyperCommand, TyperGroup
from typer.main import get_command

GROUP = "bellpair.commands"

SUMMARIES = {
    "local": "Run Bellpair's two regions on this machine.",
    "drill": "Lose a region, a zone, a link or a QPU of the local cloud, and count the jobs.",
    "braket-emulator": "Serve emulated Amazon Braket devices.",
    "conformance": "Check a device's adapter and service against what Bellpair relies on.",
}
"""What the known plug-ins are for, so that listing them needn't load them."""


class PluginGroup(TyperGroup):
    """A group that also has the commands of installed packages; its own come first.

    Attributes
    ----------
    entry_point_group
        Where packages name their commands.
    """

    entry_point_group = GROUP

    def list_commands(self, ctx: typer.Context) -> list[str]:  # type: ignore[override]
        """Names of all commands."""
        own = super().list_commands(ctx)
        return own + sorted(name for name in self.plugins if name not in own)

    def get_command(self, ctx: typer.Context, cmd_name: str) -> Any:  # type: ignore[override]
        """A command of this group, or the stand-in of a plug-in."""
        own = super().get_command(ctx, cmd_name)
        if own is not None or cmd_name not in self.plugins:
            return own
        return PluginStandIn(self.plugins[cmd_name])

    @cached_property
    def plugins(self) -> dict[str, EntryPoint]:
        """The entry points of all plug-ins, by command name."""
        return {point.name: point for point in installed_plugins(self.entry_point_group)}


class PluginStandIn(TyperCommand):
    """Stands for a plug-in in lists, and gives way to it when it is called.

    Parameters
    ----------
    point
        Leads to a `typer.Typer`.
    """

    def __init__(self, point: EntryPoint) -> None:
        package = point.dist.name if point.dist else point.module
        summary = SUMMARIES.get(point.name, f"Command of the package {package}.")
        super().__init__(point.name, help=summary, short_help=summary)
        self._point = point

    def make_context(self, info_name: Any, args: Any, parent: Any = None, **extra: Any) -> Any:
        """The real command's context, which leads on to the real command."""
        try:
            command = get_command(self._point.load())
        except Exception as error:
            raise typer.BadParameter(
                f"the command {self._point.name!r} of {self._point.value} does not load: {error}"
            ) from error
        command.name = self._point.name
        return command.make_context(info_name, args, parent, **extra)


class DevicePluginGroup(PluginGroup):
    """The group ``devices``, whose plug-ins need more of the platform than its API."""

    entry_point_group = f"{GROUP}.devices"


def installed_plugins(group: str = GROUP) -> list[EntryPoint]:
    """The entry points that bring commands."""
    return list(entry_points(group=group))
