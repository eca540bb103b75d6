"""The inside of a worker: its interpreter, its import path and its environment variables."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from uuid import uuid4

from bellpair_lambda_host.function import FunctionSpec
from bellpair_lambda_host.interpreter import Interpreter


@dataclass(frozen=True)
class Sandbox:
    """Where one version of a function finds its things.

    Attributes
    ----------
    python
        What the function runs in.
    code, layers, runtime
        Stand for ``/var/task``, ``/opt`` (the function's order) and ``/var/runtime``.
    home
        An empty directory, so that the person's own settings (``~/.aws``) are out of sight.
    scratch
        Stands for ``/tmp`` for all that asks for a temporary file; the system's when ``None``.
    """

    python: Interpreter
    code: Path
    layers: tuple[Path, ...]
    runtime: Path
    home: Path
    scratch: Path | None = None

    def command(self, *arguments: str) -> Sequence[str]:
        """The interpreter with `arguments`; without site packages, writing no bytecode."""
        return (str(self.python.executable), "-S", "-B", *arguments)

    @property
    def import_path(self) -> tuple[Path, ...]:
        """Directories to import from, first match wins: the code, the layers, the runtime."""
        layers = (
            directory
            for layer in reversed(self.layers)
            for directory in (
                layer / "python" / "lib" / f"python{self.python.version}" / "site-packages",
                layer / "python",
            )
            if directory.is_dir()
        )
        return (self.code, *layers, self.runtime)

    def environment(self, spec: FunctionSpec, runtime_api: str) -> dict[str, str]:
        """The variables of a worker: Lambda's and the function's own, none of this process.

        The variables that Lambda reserves cannot be set by the function; the others can.
        """
        open_to_change = {
            "LANG": "en_US.UTF-8",
            "PATH": "/usr/local/bin:/usr/bin:/bin",
            "HOME": str(self.home),
        }
        if self.scratch is not None:
            open_to_change["TMPDIR"] = str(self.scratch)
        import_path = [str(path) for path in self.import_path]
        if extra := spec.environment.get("PYTHONPATH"):
            import_path.insert(0, extra)
        reserved = {
            "AWS_DEFAULT_REGION": spec.region,
            "AWS_EXECUTION_ENV": f"AWS_Lambda_python{self.python.version}",
            "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": str(spec.memory_mb),
            "AWS_LAMBDA_FUNCTION_NAME": spec.name,
            "AWS_LAMBDA_FUNCTION_VERSION": spec.version,
            "AWS_LAMBDA_INITIALIZATION_TYPE": spec.initialization_type,
            "AWS_LAMBDA_LOG_GROUP_NAME": spec.log_group,
            "AWS_LAMBDA_LOG_STREAM_NAME": spec.log_stream or _new_log_stream(spec),
            "AWS_LAMBDA_RUNTIME_API": runtime_api,
            "AWS_REGION": spec.region,
            "LAMBDA_RUNTIME_DIR": str(self.runtime),
            "LAMBDA_TASK_ROOT": str(self.code),
            "PYTHONPATH": ":".join(import_path),
            "TZ": ":UTC",
            "_HANDLER": spec.handler,
        }
        return {**open_to_change, **spec.environment, **reserved}


def _new_log_stream(spec: FunctionSpec) -> str:
    return f"{datetime.now(UTC):%Y/%m/%d}/[{spec.version}]{uuid4().hex}"
