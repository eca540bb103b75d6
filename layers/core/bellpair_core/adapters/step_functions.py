"""Jobs' executions in AWS Step Functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from bellpair_core.model.job import Job

from .aws import client, error_code, transient_faults


class StepFunctionsWorkflows:
    """`Workflows` over two Standard state machines.

    Parameters
    ----------
    jobs, functions
        ARNs of the machines for jobs that run a circuit, and for those that run a function.
    """

    def __init__(self, jobs: str, functions: str, region: str) -> None:
        self._jobs = jobs
        self._functions = functions
        self._sfn = client("stepfunctions", region)

    def start(self, job: Job) -> None:
        """See `Workflows.start`."""
        with transient_faults("starting the execution"):
            try:
                self._sfn.start_execution(
                    stateMachineArn=self._machine(job),
                    name=job.execution_name,
                    input=json.dumps(
                        {
                            "job_id": job.id,
                            "epoch": job.epoch,
                            "attempt": job.attempt,
                            "trace_id": job.trace_id or "",
                        }
                    ),
                )
            except ClientError as error:
                if error_code(error) != "ExecutionAlreadyExists":
                    raise

    def running(self, job: Job) -> bool:
        """See `Workflows.running`."""
        arn = self._machine(job).replace(":stateMachine:", ":execution:")
        with transient_faults("asking for the execution"):
            try:
                answer = self._sfn.describe_execution(executionArn=f"{arn}:{job.execution_name}")
            except ClientError as error:
                if error_code(error) != "ExecutionDoesNotExist":
                    raise
                return False
        return bool(answer["status"] == "RUNNING")

    def answer(self, token: str, output: Mapping[str, Any]) -> bool:
        """See `Workflows.answer`."""
        with transient_faults("answering the execution"):
            try:
                self._sfn.send_task_success(taskToken=token, output=json.dumps(output))
            except ClientError as error:
                if error_code(error) not in ("TaskTimedOut", "TaskDoesNotExist", "InvalidToken"):
                    raise
                return False
        return True

    def _machine(self, job: Job) -> str:
        return self._jobs if job.function is None else self._functions
