"""What can go wrong around a local cloud, each with what the person can do about it."""

from __future__ import annotations


class LocalCloudError(Exception):
    """The local cloud cannot do what was asked.

    Parameters
    ----------
    message
        What happened.
    remedy
        What to do now.

    Attributes
    ----------
    exit_status
        What a command ends with that this has befallen.
    """

    exit_status = 1

    def __init__(self, message: str, remedy: str) -> None:
        super().__init__(message)
        self.remedy = remedy


class PortsTaken(LocalCloudError):
    """Ports that the cloud needs are in use."""


class RecordsDamaged(LocalCloudError):
    """The record of the cloud's processes cannot be read."""


class StateDirectoryUnusable(LocalCloudError):
    """The cloud's records cannot be kept where they should be."""


class StartFailed(LocalCloudError):
    """A process ended or did not get ready in time."""


class SynthesisFailed(LocalCloudError):
    """The CDK app could not be synthesized."""


class DeploymentFailed(LocalCloudError):
    """A stack could not be deployed."""


class BootstrapFailed(LocalCloudError):
    """The deployed application could not be prepared for use."""
