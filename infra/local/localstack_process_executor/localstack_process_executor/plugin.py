"""What LocalStack's plug-in manager loads; it says where the rest is and imports it when needed."""

from typing import Any

from localstack.runtime import hooks
from localstack.services.lambda_.invocation.plugins import RuntimeExecutorPlugin


class ProcessExecutorPlugin(RuntimeExecutorPlugin):
    """``LAMBDA_RUNTIME_EXECUTOR=process``."""

    name = "process"

    def load(self, *args: object, **kwargs: object) -> Any:
        """Return the class of executors."""
        from localstack_process_executor.runtime_executor import ProcessRuntimeExecutor

        return ProcessRuntimeExecutor


@hooks.on_infra_shutdown()
def end_lambda_workers() -> None:
    """Leave no worker behind, whatever it is doing."""
    from localstack_process_executor.shared_host import close

    close()
