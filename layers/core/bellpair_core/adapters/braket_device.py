"""A device behind Amazon Braket."""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import Any

from botocore.exceptions import ClientError

from bellpair_core.model.device import DeviceKind, DeviceStatus, TaskPrice
from bellpair_core.model.errors import ResultMissing
from bellpair_core.model.job import Task, result_prefix
from bellpair_core.model.usage import QPU_TASK_USD
from bellpair_core.ports.devices import (
    CalibrationDocument,
    DeviceDescription,
    DeviceHealth,
    DeviceSurroundings,
)
from bellpair_core.ports.tasks import (
    LaunchRefused,
    ProgramRefused,
    ProgramSetRefused,
    TaskState,
    TaskStatus,
    TaskUnknown,
)
from bellpair_core.settings import DeviceSetting

from .aws import client, error_code, transient_faults
from .braket_program_sets import (
    action_of_set,
    culprits,
    is_set_result,
    results_of_set,
    sets_taken,
)

CALIBRATION_FORMAT = "braket.device-capabilities"
"""The capabilities document that GetDevice gives, whatever its maker has put into it."""

_FEED_FORWARD = "measure_ff("

_NO_DEVICE = {
    "DeviceOfflineException": "the device is offline",
    "DeviceRetiredException": "the device is retired",
}


class BraketDevice:
    """`DeviceAdapter` over Amazon Braket. Its tasks' ids are their ARNs, which name a region.

    Parameters
    ----------
    setting
        The device. Without a region it is asked in the caller's own; its ``url`` stands for
        Braket's endpoint, where it is given.
    surroundings
        Its result buckets are where, by region, tasks of that region's devices leave results.
    """

    def __init__(self, setting: DeviceSetting, surroundings: DeviceSurroundings) -> None:
        self._arn = setting.arn
        self._region = setting.region or surroundings.region
        self._endpoint = setting.url
        self._result_buckets = surroundings.result_buckets

    def describe(self, *, patient: bool = True) -> DeviceDescription:
        """See `DeviceAdapter.describe`."""
        with transient_faults("asking for the device"):
            answer = self._client(self._region, patient=patient).get_device(deviceArn=self._arn)
        properties = json.loads(answer["deviceCapabilities"])
        kind = DeviceKind(str(answer["deviceType"]).lower())
        service = properties.get("service") or {}
        low, high = service.get("shotsRange") or (1, 100_000)
        depths = [
            queue["queueSize"]
            for queue in answer.get("deviceQueueInfo", ())
            if queue["queue"] == "QUANTUM_TASKS_QUEUE"
            and queue.get("queuePriority", "Normal") == "Normal"
        ]
        return DeviceDescription(
            status=DeviceStatus(str(answer["deviceStatus"]).lower()),
            kind=kind,
            provider=answer["providerName"],
            # A simulator's range starts at 0, which asks for exact results and no counts.
            shots_min=max(1, int(low)),
            shots_max=int(high),
            program_sets=sets_taken(properties.get("action") or {}),
            queue_depth=int(depths[0].lstrip(">")) if depths else None,
            price=_price(kind, service.get("deviceCost") or {}),
            calibration=CalibrationDocument(format=CALIBRATION_FORMAT, content=properties),
        )

    def calibration(self) -> CalibrationDocument:
        """See `DeviceAdapter.calibration`."""
        document = self.describe().calibration
        assert document is not None
        return document

    def launch(self, task: Task, job_id: str, program: str) -> str:
        """See `DeviceAdapter.launch`."""
        action = {
            "braketSchemaHeader": {"name": "braket.ir.openqasm.program", "version": "1"},
            "source": program,
            "inputs": {},
        }
        return self._created(task, job_id, action)

    def launch_set(self, task: Task, job_id: str, programs: Sequence[str]) -> str:
        """See `TakesProgramSets.launch_set`."""
        return self._created(task, job_id, action_of_set(programs))

    def _created(self, task: Task, job_id: str, action: Mapping[str, Any]) -> str:
        written = json.dumps(action)
        with transient_faults("creating the task"):
            try:
                answer = self._client(task.region).create_quantum_task(
                    clientToken=task.client_token,
                    deviceArn=task.device_arn,
                    shots=task.shots,
                    action=written,
                    outputS3Bucket=self._result_buckets[task.region],
                    outputS3KeyPrefix=result_prefix(job_id, task.generation),
                    tags={"bellpair-job": job_id},
                    **capabilities_for(written),
                )
            except ClientError as error:
                code = error_code(error)
                sent_before = error.response.get("ResponseMetadata", {}).get("RetryAttempts", 1)
                if code == "ValidationException":
                    text = error.response.get("Error", {}).get("Message", code)
                    conclusive = sent_before == 0
                    if named := culprits(error.response):
                        first = f"{text}; the first one: {next(iter(named.values()))}"
                        raise ProgramSetRefused(
                            first, conclusive=conclusive, programs=named
                        ) from error
                    raise ProgramRefused(str(text), conclusive=conclusive) from error
                if code in _NO_DEVICE:
                    raise LaunchRefused(
                        _NO_DEVICE[code],
                        conclusive=sent_before == 0,
                        retired=code == "DeviceRetiredException",
                    ) from error
                raise
        return str(answer["quantumTaskArn"])

    def poll(self, task_id: str) -> TaskState:
        """See `DeviceAdapter.poll`."""
        with transient_faults("asking for the task"):
            try:
                answer = self._client(_region(task_id)).get_quantum_task(
                    quantumTaskArn=task_id, additionalAttributeNames=["QueueInfo"]
                )
            except ClientError as error:
                if error_code(error) != "ResourceNotFoundException":
                    raise
                raise TaskUnknown(f"the device service does not know task {task_id}") from error
        return TaskState(
            arn=task_id,
            status=TaskStatus(answer["status"]),
            failure_reason=answer.get("failureReason"),
            queue_position=(answer.get("queueInfo") or {}).get("position"),
            output_bucket=answer["outputS3Bucket"],
            output_directory=answer["outputS3Directory"],
            created_at=_time(answer.get("createdAt")),
            ended_at=_time(answer.get("endedAt")),
        )

    def cancel(self, task_id: str) -> None:
        """See `DeviceAdapter.cancel`."""
        with transient_faults("cancelling the task"):
            try:
                # Nothing depends on it, and whoever asks has others to see to.
                self._client(_region(task_id), patient=False).cancel_quantum_task(
                    quantumTaskArn=task_id, clientToken=f"cancel-{task_id.rsplit('/', 1)[-1]}"
                )
            except ClientError as error:
                if error_code(error) not in ("ConflictException", "ResourceNotFoundException"):
                    raise

    def result(self, state: TaskState) -> Mapping[str, Any]:
        """See `DeviceAdapter.result`."""
        document = self._read(state, "results.json")
        if not is_set_result(document):
            return document
        try:
            return results_of_set(document, lambda path: self._read(state, path))
        except (KeyError, TypeError, IndexError, ValueError) as error:
            text = f"the result of task {state.arn} is not that of a program set: {error!r}"
            raise ResultMissing(text) from error

    def _read(self, state: TaskState, path: str) -> Mapping[str, Any]:
        """A file of the task's directory."""
        key = f"{state.output_directory}/{path}"
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

    def health(self) -> DeviceHealth:
        """See `DeviceAdapter.health`."""
        status = self.describe(patient=False).status
        return DeviceHealth(status=status, detail="" if status == "online" else f"it is {status}")

    def queue(self) -> int | None:
        """See `DeviceAdapter.queue`."""
        return self.describe().queue_depth

    def price(self) -> TaskPrice | None:
        """See `DeviceAdapter.price`."""
        return self.describe().price

    def _client(self, region: str, *, patient: bool = True) -> Any:
        return client("braket", region, patient=patient, endpoint=self._endpoint)


def capabilities_for(action: str) -> dict[str, Any]:
    """What has to be enabled for the action: feed-forward is an experimental capability."""
    return {"experimentalCapabilities": {"enabled": "ALL"}} if _FEED_FORWARD in action else {}


def _price(kind: DeviceKind, cost: Mapping[str, Any]) -> TaskPrice:
    # The document prices shots or minutes; a task on a QPU has a price of its own besides.
    price = {"per_task_usd": QPU_TASK_USD if kind is DeviceKind.QPU else 0.0}
    price |= {f"per_{cost.get('unit', 'task')}_usd": float(cost.get("price", 0.0))}
    return TaskPrice.model_validate(price)


def _region(arn: str) -> str:
    return arn.split(":")[3]


def _time(value: Any) -> str | None:
    return value.isoformat() if value is not None else None
