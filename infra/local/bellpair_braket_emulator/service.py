"""The service's operations, over devices and tasks; each answers with the body to send."""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Callable, Sequence
from concurrent.futures import Executor
from datetime import UTC, datetime
from typing import Any

from .actions import read_action, read_programs, shots_of_each
from .condition import Condition, UnknownPart, read_part
from .devices import OFFLINE, ONLINE, RETIRED, Device
from .entropy import SAMPLINGS
from .errors import (
    ConflictException,
    DeviceOfflineException,
    DeviceRetiredException,
    ResourceNotFoundException,
    ServiceQuotaExceededException,
    ThrottlingException,
    ValidationException,
)
from .gates import CC_PRX, MEASURE_FF
from .openqasm import Program
from .outputs import OutputError, Outputs, OutputUnavailable
from .profile import Calibration, Profile
from .tasks import (
    CANCELLED,
    CANCELLING,
    COMPLETED,
    FINAL,
    Json,
    Task,
    TaskStore,
    timestamp,
)

logger = logging.getLogger(__name__)

MAX_TAGS = 50
MAX_HOURS = 100_000
"""How far a device's time may be put on, or a snapshot back, at once."""

_WRITERS = 4


class BraketService:
    """Amazon Braket in one region, as far as quantum tasks and devices go.

    Parameters
    ----------
    region, account
        Where its ARNs lie.
    devices
        The devices that it serves.
    outputs
        Where results go.
    executor
        Where programs are read, off the event loop.

    Attributes
    ----------
    unreachable
        Whether callers of the API get no answer, as in an outage of the region.
    """

    def __init__(
        self,
        region: str,
        account: str,
        devices: Sequence[Device],
        outputs: Outputs,
        executor: Executor,
    ) -> None:
        self.region = region
        self.account = account
        self.tasks = TaskStore()
        self._by_arn = {device.profile.arn: device for device in devices}
        self._by_name = {device.name: device for device in devices}
        self._outputs = outputs
        self._executor = executor
        self.unreachable = False

    # Devices

    def get_device(self, arn: str) -> Json:
        """GetDevice."""
        return self._device(arn).details()

    def search_devices(self, body: Json) -> Json:
        """SearchDevices: filters on the fields of the summary, by name."""
        filters, limit = _filters(body), _limit(body)
        names = {
            "deviceArn",
            "deviceName",
            "deviceType",
            "deviceStatus",
            "providerName",
        }
        summaries = [device.summary() for device in self._by_name.values()]
        for item in filters:
            name, values = item.get("name"), item.get("values")
            if not isinstance(name, str) or name not in names:
                raise ValidationException(f"unknown filter {name!r}")
            if not isinstance(values, list):
                raise ValidationException("a filter needs values")
            summaries = [s for s in summaries if s[name] in values]
        start = _offset(body)
        answer: Json = {"devices": summaries[start : start + limit]}
        if start + limit < len(summaries):
            answer["nextToken"] = str(start + limit)
        return answer

    # Tasks

    async def create_task(self, body: Json) -> Json:
        """CreateQuantumTask.

        A client token that stands for a task already answers with that task, before anything
        else is looked at: the device may have gone offline since, and the caller wants to
        know its task all the same.
        """
        token = _text(body, "clientToken", 1, 64)
        request = {key: value for key, value in body.items() if key != "clientToken"}
        if task := self._repeated(token, request):
            return {"quantumTaskArn": task.arn}
        device = self._device(_text(body, "deviceArn", 1, 256))
        self._admit(device)
        shots = _shots(body)
        bucket = _text(body, "outputS3Bucket", 3, 63)
        prefix = _text(body, "outputS3KeyPrefix", 1, 1024)
        tags = _tags(body.get("tags", {}))
        _json_text(body, "deviceParameters", required=False)
        action = _json_text(body, "action")
        executables = read_action(action)
        each = shots_of_each(executables, action, shots, device.profile)

        loop = asyncio.get_running_loop()
        programs = await loop.run_in_executor(
            self._executor, read_programs, executables, action, device.profile, device.published()
        )
        _require_enabled(programs, body)
        if not await loop.run_in_executor(self._executor, self._outputs.accessible, bucket):
            raise ValidationException(f"Caller doesn't have access to {bucket} or it doesn't exist")

        # Nothing waits from here on, so of two equal requests only one makes a task.
        if task := self._repeated(token, request):
            return {"quantumTaskArn": task.arn}
        self._admit(device)
        name = str(uuid.uuid4())
        task = Task(
            arn=f"arn:aws:braket:{self.region}:{self.account}:quantum-task/{name}",
            client_token=token,
            device_arn=device.profile.arn,
            device_name=device.name,
            entropies=device.entropies(executables, each),
            shots=shots,
            request=request,
            programs=programs,
            measured=tuple(program.measured for program in programs),
            directory=f"{prefix.rstrip('/')}/{name}",
            tags=tags,
            created_at=datetime.now(UTC),
        )
        device.tasks_taken += 1
        self.tasks.add(task)
        device.submit(task)
        return {"quantumTaskArn": task.arn}

    def get_task(self, arn: str, additional: Sequence[str]) -> Json:
        """GetQuantumTask, with its place in the queue where asked for."""
        if unknown := set(additional) - {"QueueInfo"}:
            raise ValidationException(f"unknown additionalAttributeNames {sorted(unknown)}")
        task = self.tasks.get(arn)
        body = task.details()
        if "QueueInfo" in additional:
            body["queueInfo"] = self._by_arn[task.device_arn].queue_info(task)
        return body

    def cancel_task(self, arn: str, body: Json) -> Json:
        """CancelQuantumTask: again is the same; a task that ended otherwise conflicts."""
        _text(body, "clientToken", 1, 64)
        task = self.tasks.get(arn)
        if task.status in FINAL and task.status != CANCELLED:
            raise ConflictException(f"Cannot cancel quantum task {arn}: it is {task.status}")
        if task.status not in (CANCELLING, CANCELLED):
            self._by_arn[task.device_arn].cancel(task)
        return {"quantumTaskArn": arn, "cancellationStatus": task.status}

    def search_tasks(self, body: Json) -> Json:
        """SearchQuantumTasks, newest first."""
        token = body.get("nextToken")
        if token is not None and not isinstance(token, str):
            raise ValidationException("nextToken is not valid")
        tasks, following = self.tasks.search(_filters(body), _limit(body), token)
        answer: Json = {"quantumTasks": [task.summary() for task in tasks]}
        if following is not None:
            answer["nextToken"] = following
        return answer

    # Tags

    def list_tags(self, arn: str) -> Json:
        """ListTagsForResource."""
        return {"tags": self.tasks.get(arn).tags}

    def tag(self, arn: str, body: Json) -> Json:
        """TagResource."""
        task = self.tasks.get(arn)
        task.tags = _tags(task.tags | _tags(body.get("tags", {})))
        return {}

    def untag(self, arn: str, keys: Sequence[str]) -> Json:
        """UntagResource."""
        task = self.tasks.get(arn)
        task.tags = {key: value for key, value in task.tags.items() if key not in keys}
        return {}

    # What only the emulator has

    def control_device(self, name: str, body: Json) -> Json:
        """Set a device's status, delay, sampling or faults; answers with all of them."""
        device = self._named(name)
        _check_settings(body, _SETTINGS)
        for key, value in body.items():
            if key == "status":
                device.set_status(value)
            elif key == "queue_delay_s":
                device.set_queue_delay(float(value))
            elif key == "calibration_seed":
                device.renew(value)
            elif key in ("sampling", "seed"):
                setattr(device, key, value)
            else:
                setattr(device.faults, key, value)
        return {
            "name": device.name,
            "status": device.status,
            "queue_delay_s": device.queue_delay_s,
            "sampling": device.sampling,
            "seed": device.seed,
            **vars(device.faults),
        }

    def drift(self, name: str) -> Json:
        """What a QPU truly is now, and what is published of it."""
        return _drift(self._condition(name))

    def control_drift(self, name: str, body: Json) -> Json:
        """Let a QPU's time go on, fail or mend parts of it, recalibrate it; then as ``drift``.

        All that is asked for is checked before anything is done, and done in the order of
        ``_DRIFT``.
        """
        condition = self._condition(name)
        _check_settings(body, _DRIFT)
        try:
            kill, revive = ([read_part(text) for text in body.get(k, ())] for k in _PARTS)
            condition.require([*kill, *revive])
        except UnknownPart as error:
            raise ValidationException(str(error)) from None
        if "seed" in body:
            condition.seed = body["seed"]
        if "rate" in body:
            condition.rate = float(body["rate"])
        if "publishing" in body:
            condition.publishing = body["publishing"]
        if "hours" in body:
            condition.advance(float(body["hours"]))
        condition.kill(kill)
        condition.revive(revive)
        if body.get("recalibrate"):
            condition.recalibrate()
        if "published_age_h" in body:
            condition.age(float(body["published_age_h"]))
        return _drift(condition)

    def set_outage(self, body: Json) -> Json:
        """Let callers of the API get no answer, or answers again; devices work all the same."""
        if set(body) != {"unreachable"} or not isinstance(body["unreachable"], bool):
            raise ValidationException('send {"unreachable": true} or {"unreachable": false}')
        self.unreachable = body["unreachable"]
        return self.outage()

    def outage(self) -> Json:
        """Whether callers of the API get no answer."""
        return {"unreachable": self.unreachable}

    async def write_results(self) -> Json:
        """Write the results of all completed tasks once more, for a store that has lost them.

        Results that wait for their store are tried at once, too. Where the store is away or
        refuses, the rest is left, and the answer tells why.
        """
        for device in self._by_name.values():
            device.hurry()
        completed = [task for task in self.tasks if task.status == COMPLETED]
        lost = sum(task.result_lost for task in completed)
        to_write = iter([task for task in completed if not task.result_lost])
        written, problems = 0, list[str]()

        async def write() -> None:
            nonlocal written
            for task in to_write:
                if problems:
                    return
                try:
                    await self._by_name[task.device_name].write_result(task)
                except (OutputError, OutputUnavailable) as error:
                    problems.append(str(error))
                else:
                    written += 1

        await asyncio.gather(*(write() for _ in range(_WRITERS)))
        return {
            "stored": written,
            "lost": lost,
            "left": len(completed) - lost - written,
            "problem": problems[0] if problems else None,
        }

    def all_tasks(self) -> Json:
        """Every task since the start, with what it ran and the shots really taken for it."""
        return {
            "tasks": [
                {
                    "quantumTaskArn": task.arn,
                    "clientToken": task.client_token,
                    "device": task.device_name,
                    "status": task.status,
                    "shots": task.shots,
                    "program": task.digest,
                    "executedShots": task.executed_shots,
                    "asked": task.asked,
                    "tags": task.tags,
                    "outputS3Directory": task.directory,
                    "failureReason": task.failure_reason,
                    "createdAt": timestamp(task.created_at),
                    "startedAt": task.started_at and timestamp(task.started_at),
                    "endedAt": task.ended_at and timestamp(task.ended_at),
                }
                for task in self.tasks
            ]
        }

    def health(self) -> Json:
        """Whether it works, and what it serves."""
        return {
            "status": "ok",
            "region": self.region,
            "unreachable": self.unreachable,
            "devices": {
                name: {"status": device.status, "open_tasks": device.open_tasks}
                for name, device in self._by_name.items()
            },
        }

    # Parts of the above

    def _named(self, name: str) -> Device:
        if name not in self._by_name:
            raise ResourceNotFoundException(f"no device {name}; there are {sorted(self._by_name)}")
        return self._by_name[name]

    def _condition(self, name: str) -> Condition:
        condition = self._named(name).condition
        if condition is None:
            raise ValidationException(f"{name} is a simulator, which does not drift")
        return condition

    def _device(self, arn: str) -> Device:
        if arn not in self._by_arn:
            raise ResourceNotFoundException(f"Device not found in {self.region}: {arn}")
        return self._by_arn[arn]

    def _repeated(self, token: str, request: Json) -> Task | None:
        task = self.tasks.same_request(token, request)
        if task is not None:
            task.asked += 1
        return task

    @staticmethod
    def _admit(device: Device) -> None:
        if device.faults.throttle_next > 0:
            device.faults.throttle_next -= 1
            raise ThrottlingException("Rate exceeded")
        if device.status == RETIRED:
            raise DeviceRetiredException(f"Device is retired: {device.profile.arn}")
        if device.status == OFFLINE:
            raise DeviceOfflineException(f"Device is offline: {device.profile.arn}")
        quota = device.profile.max_open_tasks
        if quota is not None and device.open_tasks >= quota:
            raise ServiceQuotaExceededException(f"{device.name} takes {quota} open tasks at most")


def _drift(condition: Condition) -> Json:
    snapshot = condition.published()
    return {
        "name": condition.profile.name,
        "hours": condition.hours,
        "rate": condition.rate,
        "seed": condition.seed,
        "publishing": condition.publishing,
        "recalibrated_h": condition.tuned_at,
        "truth": _figures(condition.truth(), condition.profile),
        "published": {
            "measured_h": snapshot.measured_h,
            "updatedAt": timestamp(snapshot.updated_at),
            **_figures(snapshot.calibration, condition.profile),
        },
    }


def _figures(calibration: Calibration, profile: Profile) -> Json:
    """Error rates by label (``"5"``) or edge (``"3-4"``), and what is missing."""
    figures: Json = {
        key: {str(label): value for label, value in getattr(calibration, key).items()}
        for key in ("one_qubit", "readout_0_to_1", "readout_1_to_0", "t1_us", "t2_us")
    }
    figures["two_qubit"] = {f"{a}-{b}": error for (a, b), error in calibration.two_qubit.items()}
    figures["dead_qubits"] = sorted(set(profile.labels) - set(calibration.labels))
    dead = sorted(set(profile.edges) - set(calibration.edges))
    figures["dead_edges"] = [f"{a}-{b}" for a, b in dead]
    return figures


def _check_settings(body: Json, settings: dict[str, Callable[[Any], bool]]) -> None:
    for key, value in body.items():
        if key not in settings:
            raise ValidationException(f"unknown setting {key!r}; there are {sorted(settings)}")
        if not settings[key](value):
            raise ValidationException(f"{key} cannot be {value!r}")


def _require_enabled(programs: Sequence[Program], body: Json) -> None:
    """Feed-forward is an experimental capability, which a request has to ask for."""
    asked = body.get("experimentalCapabilities") == {"enabled": "ALL"}
    if not asked and any(program.feeds_forward for program in programs):
        raise ValidationException(
            f"{MEASURE_FF} and {CC_PRX} are experimental: enable experimentalCapabilities"
        )


def _text(body: Json, key: str, least: int, most: int) -> str:
    value = body.get(key)
    if not isinstance(value, str) or not least <= len(value) <= most:
        raise ValidationException(f"{key} must be text of {least} to {most} characters")
    return value


def _shots(body: Json) -> int:
    shots = body.get("shots")
    if not isinstance(shots, int) or not _is_count(shots):
        raise ValidationException("shots must be a whole number of 0 or more")
    return shots


def _json_text(body: Json, key: str, *, required: bool = True) -> Json:
    """A member that is itself a JSON object, written as text."""
    if key not in body and not required:
        return {}
    try:
        value = json.loads(body.get(key, ""))
    except (TypeError, ValueError, RecursionError):
        value = None
    if not isinstance(value, dict):
        raise ValidationException(f"{key} must be a JSON object, written as text")
    return value


def _tags(tags: Any) -> dict[str, str]:
    if not isinstance(tags, dict) or len(tags) > MAX_TAGS:
        raise ValidationException(f"tags must be an object with at most {MAX_TAGS} members")
    if not all(isinstance(value, str) for value in tags.values()):
        raise ValidationException("tags must have texts as values")
    return dict(tags)


def _filters(body: Json) -> list[Json]:
    filters = body.get("filters")
    if not isinstance(filters, list) or len(filters) > 10:
        raise ValidationException("filters must be a list of at most 10")
    if not all(isinstance(item, dict) for item in filters):
        raise ValidationException("each filter must be an object")
    return filters


def _limit(body: Json) -> int:
    limit = body.get("maxResults", 100)
    if not _is_count(limit) or not 1 <= limit <= 100:
        raise ValidationException("maxResults must be between 1 and 100")
    return int(limit)


def _offset(body: Json) -> int:
    token = body.get("nextToken", "0")
    if not isinstance(token, str) or not token.isdecimal() or len(token) > 6:
        raise ValidationException("nextToken is not valid")
    return int(token)


def _is_number(value: Any) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _is_hours(value: Any) -> bool:
    return _is_number(value) and 0 <= value <= MAX_HOURS


def _is_texts(value: Any) -> bool:
    return isinstance(value, list) and all(isinstance(item, str) for item in value)


def _is_count(value: Any) -> bool:
    return isinstance(value, int) and not isinstance(value, bool) and value >= 0


_SETTINGS: dict[str, Callable[[Any], bool]] = {
    "status": lambda value: value in (ONLINE, OFFLINE, RETIRED),
    "queue_delay_s": lambda value: _is_number(value) and 0 <= value <= 3600,
    "fail_next": _is_count,
    "lose_results": _is_count,
    "throttle_next": _is_count,
    "sampling": lambda value: value in SAMPLINGS,
    "seed": _is_count,
    "calibration_seed": _is_count,
    "drop_events": lambda value: isinstance(value, bool),
    "document": lambda value: isinstance(value, dict),
}
"""What a drill may set on a device, and what values it may have."""

_PARTS = ("kill", "revive")
_DRIFT: dict[str, Callable[[Any], bool]] = {
    "seed": _is_count,
    "rate": lambda value: _is_number(value) and 0 <= value <= 10_000,
    "publishing": lambda value: isinstance(value, bool),
    "hours": _is_hours,
    "kill": _is_texts,
    "revive": _is_texts,
    "recalibrate": lambda value: isinstance(value, bool),
    "published_age_h": _is_hours,
}
"""What may be asked of a device's drift, in the order in which it is done."""
