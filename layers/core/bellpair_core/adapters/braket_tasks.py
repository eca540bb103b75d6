"""Quantum tasks at Amazon Braket."""

from __future__ import annotations

import json
from collections.abc import Mapping
from typing import Any

from botocore.exceptions import ClientError

from bellpair_core.model.errors import ErrorCode, JobFailed, ResultMissing
from bellpair_core.model.job import Task, result_prefix
from bellpair_core.ports.tasks import LaunchRefused, TaskState, TaskStatus, TaskUnknown

from .aws import client, error_code, transient_faults

_NO_DEVICE = {
    "DeviceOfflineException": "the device is offline",
    "DeviceRetiredException": "the device is retired",
}


class BraketTasks:
    """`TaskService` over Amazon Braket.

    Parameters
    ----------
    result_buckets
        By region, the bucket in which tasks of that region's devices leave their results.
    """

    def __init__(self, result_buckets: Mapping[str, str]) -> None:
        self._result_buckets = dict(result_buckets)

    def launch(self, task: Task, job_id: str, program: str) -> str:
        """See `TaskService.launch`."""
        action = {
            "braketSchemaHeader": {"name": "braket.ir.openqasm.program", "version": "1"},
            "source": program,
            "inputs": {},
        }
        with transient_faults("creating the task"):
            try:
                answer = client("braket", task.region).create_quantum_task(
                    clientToken=task.client_token,
                    deviceArn=task.device_arn,
                    shots=task.shots,
                    action=json.dumps(action),
                    outputS3Bucket=self._result_buckets[task.region],
                    outputS3KeyPrefix=result_prefix(job_id, task.generation),
                    tags={"bellpair-job": job_id},
                )
            except ClientError as error:
                code = error_code(error)
                if code == "ValidationException":
                    text = error.response.get("Error", {}).get("Message", code)
                    raise JobFailed(ErrorCode.DEVICE_REFUSED, str(text)) from error
                if code in _NO_DEVICE:
                    sent_before = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 1)
                    raise LaunchRefused(
                        _NO_DEVICE[code],
                        conclusive=sent_before == 0,
                        retired=code == "DeviceRetiredException",
                    ) from error
                raise
        return str(answer["quantumTaskArn"])

    def poll(self, task_arn: str) -> TaskState:
        """See `TaskService.poll`."""
        with transient_faults("asking for the task"):
            try:
                answer = client("braket", _region(task_arn)).get_quantum_task(
                    quantumTaskArn=task_arn, additionalAttributeNames=["QueueInfo"]
                )
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                raise TaskUnknown(f"the device service does not know task {task_arn}") from error
        return TaskState(
            arn=task_arn,
            status=TaskStatus(answer["status"]),
            failure_reason=answer.get("failureReason"),
            queue_position=(answer.get("queueInfo") or {}).get("position"),
            output_bucket=answer["outputS3Bucket"],
            output_directory=answer["outputS3Directory"],
            created_at=_time(answer.get("createdAt")),
            ended_at=_time(answer.get("endedAt")),
        )

    def cancel(self, task_arn: str) -> None:
        """See `TaskService.cancel`."""
        with transient_faults("cancelling the task"):
            try:
                # Nothing depends on it, and whoever asks has others to see to.
                client("braket", _region(task_arn), patient=False).cancel_quantum_task(
                    quantumTaskArn=task_arn, clientToken=f"cancel-{task_arn.rsplit('/', 1)[-1]}"
                )
            except ClientError as error:
                if error_code(error) not in ("ConflictException", "ResourceNotFoundException"):
                    raise

    def result(self, state: TaskState) -> dict[str, Any]:
        """See `TaskService.result`."""
        key = f"{state.output_directory}/results.json"
        with transient_faults("reading the task's result"):
            try:
                answer = client("s3", _region(state.arn)).get_object(
                    Bucket=state.output_bucket, Key=key
                )
                document: dict[str, Any] = json.loads(answer["Body"].read())
            except ClientError as error:
                # A bucket that is not there is one of a region that is not healed yet.
                if error_code(error) not in ("NoSuchKey", "404"):
                    raise
                raise ResultMissing(f"s3://{state.output_bucket}/{key} is not there") from error
            except ValueError as error:
                raise ResultMissing(f"s3://{state.output_bucket}/{key} is not JSON") from error
        return document

    def describe(self, device_arn: str, region: str, *, patient: bool = True) -> dict[str, Any]:
        """See `TaskService.describe`."""
        with transient_faults("asking for the device"):
            answer = client("braket", region, patient=patient).get_device(deviceArn=device_arn)
        depths = [
            queue["queueSize"]
            for queue in answer.get("deviceQueueInfo", ())
            if queue["queue"] == "QUANTUM_TASKS_QUEUE"
            and queue.get("queuePriority", "Normal") == "Normal"
        ]
        return {
            "status": answer["deviceStatus"],
            "type": answer["deviceType"],
            "provider": answer["providerName"],
            "queue_depth": int(depths[0].lstrip(">")) if depths else None,
            "properties": json.loads(answer["deviceCapabilities"]),
        }


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _time(value: Any) -> str | None:
    return value.isoformat() if value is not None else None
