"""What can go wrong around a LocalStack, each with what the person can do about it."""

from __future__ import annotations

from bellpair_local.failures import LocalCloudError


class LocalStackError(LocalCloudError):
    """LocalStack cannot be had or used."""


class PythonMissing(LocalStackError):
    """No Python on this machine can run LocalStack."""

    exit_status = 3


class EnvironmentFailed(LocalStackError):
    """The environment could not be made."""


class AddressMalformed(LocalStackError):
    """What the environment names is no address of a LocalStack."""


class Unreachable(LocalStackError):
    """Nothing that is a LocalStack answers at the address."""


class VersionRefused(LocalStackError):
    """A LocalStack answers, of a version that is known to fail."""


class PluginsMissing(LocalStackError):
    """A LocalStack answers that lacks what the platform's stacks need."""


class AlreadyRunning(LocalStackError):
    """A LocalStack runs with this state directory already."""
