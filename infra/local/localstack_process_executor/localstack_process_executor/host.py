"""What all execution environments of one LocalStack share."""

import shutil
import tempfile
from collections import defaultdict
from collections.abc import Mapping
from pathlib import Path
from threading import Lock
from uuid import uuid4

from bellpair_lambda_host.host import SandboxFactory
from bellpair_lambda_host.workforce import Workforce
from localstack_process_executor.executor import FunctionExecutor
from localstack_process_executor.functions import (
    Fetch,
    FunctionVersion,
    python_version,
    specification,
)
from localstack_process_executor.pythons import find_python, runtime_dir
from localstack_process_executor.settings import Settings


class ProcessHost:
    """Prepares functions and makes their execution environments; for any thread.

    Parameters
    ----------
    settings
        See `Settings`.
    fetch
        Gets the archives of functions and layers.

    Raises
    ------
    RuntimeError
        When the system has no ``setpriv`` (package ``util-linux``).
    """

    def __init__(self, settings: Settings, fetch: Fetch) -> None:
        self._settings = settings
        self._fetch = fetch
        self._workforce = Workforce()
        self._sandboxes: dict[str, SandboxFactory] = {}
        self._making: defaultdict[str, Lock] = defaultdict(Lock)
        self._lock = Lock()
        settings.scratch.mkdir(parents=True, exist_ok=True)
        self._scratch = Path(tempfile.mkdtemp(prefix="lambda-", dir=settings.scratch))

    def prepare(self, version: FunctionVersion) -> None:
        """Unpack a function's code and layers, and find what it runs in.

        Raises
        ------
        FunctionRefused, InvalidArtifact
        """
        self._factory(version).make(specification(version, {}, self._fetch))

    def executor(
        self, version: FunctionVersion, variables: Mapping[str, object]
    ) -> FunctionExecutor:
        """Make an execution environment with the variables that LocalStack gives it.

        Raises
        ------
        FunctionRefused, InvalidArtifact
        """
        spec = specification(version, variables, self._fetch)
        code = version.config.code
        return FunctionExecutor(
            spec,
            self._factory(version).make(spec),
            self._workforce,
            self._scratch / uuid4().hex,
            keep=code is not None and not code.is_hot_reloading(),
        )

    def close(self) -> None:
        """Kill every worker, busy or not, wait until they are gone, and remove their files."""
        self._workforce.close()
        shutil.rmtree(self._scratch, ignore_errors=True)

    def _factory(self, version: FunctionVersion) -> SandboxFactory:
        wanted = python_version(version)
        with self._lock:
            making = self._making[wanted]
        # What one version's functions wait for may be fetched, and take minutes.
        with making:
            if wanted not in self._sandboxes:
                python = find_python(wanted, self._settings)
                self._sandboxes[wanted] = SandboxFactory(
                    self._settings.directory, python, runtime_dir(python, self._settings)
                )
            return self._sandboxes[wanted]
