"""Jobs' executions in AWS Step Functions."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from bellpair_core.model.job import Job

from .aws import client, error_code, transient_faults


class StepFunctionsWorkflows:
    """`Workflows` over one Standard state machine."""

    def __init__(self, state_machine_arn: str, region: str) -> None:
        self._state_machine_arn = state_machine_arn
        self._sfn = client("stepfunctions", region)

    def start(self, job: Job) -> None:
        """See `Workflows.start`."""
        with transient_faults("starting the execution"):
            try:
                self._sfn.start_execution(
                    stateMachineArn=self._state_machine_arn,
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
        arn = self._state_machine_arn.replace(":stateMachine:", ":execution:")
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
