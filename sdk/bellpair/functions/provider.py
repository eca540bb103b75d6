"""Run quantum functions on the platform from where they are written."""

from __future__ import annotations

import inspect
from pathlib import Path
from typing import TYPE_CHECKING, Any

from bellpair.functions.declaration import declaration_of
from bellpair.functions.errors import InvalidFunction

if TYPE_CHECKING:
    from bellpair.client import Client
    from bellpair.job import Job


class RuntimeProvider:
    """Deploys a worker's module where that is needed, and invokes it.

    Parameters
    ----------
    client
        Whose tenant the function is to belong to.

    Examples
    --------
    >>> provider = RuntimeProvider(client)  # doctest: +SKIP
    >>> job = provider.run(VqeH2, distance=0.735)  # doctest: +SKIP
    >>> job.output()  # doctest: +SKIP
    """

    def __init__(self, client: Client) -> None:
        self._client = client

    def run(self, worker: Any, **inputs: Any) -> Job:
        """Run a quantum function; a module that is deployed as it is makes no new version.

        Parameters
        ----------
        worker
            A worker class, one of its objects, or a decorated function, in a file that can be
            imported by itself. Of an object only its class counts.
        inputs
            The function's inputs by name.

        Returns
        -------
        Job
            The accepted job.

        Raises
        ------
        InvalidFunction
            If it is no quantum function, or it is not in a file.
        """
        declaration_of(worker)
        subject = worker if hasattr(worker, "__qualname__") else type(worker)
        version = self._client.deploy_function(_file_of(subject), entry=subject.__qualname__)
        # Not by an alias, which somebody else may move in between.
        return self._client.invoke(f"{version.name}:{version.version}", inputs)


def _file_of(subject: Any) -> Path:
    if "." in subject.__qualname__:
        raise InvalidFunction(
            f"{subject.__qualname__} is defined inside of a function or class.",
            remedy="Define it at the top of a module.",
        )
    try:
        file = inspect.getsourcefile(subject)
    except TypeError:
        file = None
    if file is None or not Path(file).is_file():
        raise InvalidFunction(
            f"{subject.__qualname__} is not in a file, so it cannot be deployed.",
            remedy="Write it into a module, and import it from there.",
        )
    return Path(file)
