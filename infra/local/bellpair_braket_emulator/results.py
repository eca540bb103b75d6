"""Writes what a task leaves in its directory: ``braket.task_result`` documents."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping

import numpy as np

from .actions import read_action
from .documents import OPENQASM, Document
from .profile import Profile
from .sampling import Bits
from .tasks import COMPLETED, FAILED, Task, timestamp

Measured = Mapping[int, Bits]
"""What was read of each executable that was run, by its number: an array of shape (shots,
measured qubits), whose column k is the qubit ``measuredQubits[k]``."""


def result_files(task: Task, profile: Profile, measured: Measured) -> Iterator[tuple[str, bytes]]:
    """The files of a task's directory, ``results.json`` last: who finds it finds the rest.

    Names and UTF-8 JSON, with the same bytes whenever they are written.
    """
    if not task.is_set:
        yield "results.json", results_document(task, profile, measured[0])
        return
    action = task.action
    directories = [f"programs/{number}" for number in range(len(action["programs"]))]
    files: list[list[str]] = [[] for _ in directories]
    for number, executable in enumerate(read_action(action)):
        name = f"executables/{executable.inputs_index}.json"
        files[executable.program].append(name)
        body = _executable_result(task, profile, number, executable.inputs_index, measured)
        yield f"{directories[executable.program]}/{name}", body
    for directory, names, program in zip(directories, files, action["programs"], strict=True):
        document = {
            "braketSchemaHeader": _header("program_result"),
            "executableResults": names,
            "source": "program.json",
            "additionalMetadata": _simulated(task, profile),
        }
        header = {"name": OPENQASM, "version": "1"}
        yield f"{directory}/program.json", _json({"braketSchemaHeader": header} | program)
        yield f"{directory}/results.json", _json(document)
    yield "metadata.json", _json(_set_metadata(task))
    document = {
        "braketSchemaHeader": _header("program_set_task_result"),
        "programResults": [f"{directory}/results.json" for directory in directories],
        "taskMetadata": "metadata.json",
        "s3Location": [task.bucket, task.directory],
    }
    yield "results.json", _json(document)


def _executable_result(
    task: Task, profile: Profile, number: int, inputs_index: int, measured: Measured
) -> bytes:
    if number not in measured:
        document: Document = {
            "braketSchemaHeader": _header("program_set_executable_failure"),
            "inputsIndex": inputs_index,
            "failureMetadata": _failure(task, number),
        }
        return _json(document)
    document = {
        "braketSchemaHeader": _header("program_set_executable_result"),
        "inputsIndex": inputs_index,
        "measuredQubits": list(task.measured[number]),
    }
    return _with_shots(document, profile, measured[number])


def _set_metadata(task: Task) -> Document:
    programs: list[Document] = [{"executables": []} for _ in task.action["programs"]]
    for number, executable in enumerate(read_action(task.action)):
        failed = number in task.failures
        told = _failure(task, number) if failed else {}
        programs[executable.program]["executables"].append(told)
    all_failed = len(task.failures) == len(task.measured)
    return {
        "braketSchemaHeader": _header("program_set_task_metadata"),
        "id": task.arn,
        "deviceId": task.device_arn,
        "requestedShots": task.shots,
        "successfulShots": task.shots - task.shots_each * len(task.failures),
        "programMetadata": programs,
        "createdAt": timestamp(task.created_at),
        "endedAt": timestamp(task.measured_at) if task.measured_at else None,
        "status": FAILED if all_failed else COMPLETED,
        "totalFailedExecutables": len(task.failures),
    }


def _failure(task: Task, number: int) -> Document:
    # The program would fail again until it is compiled anew.
    reason = task.failures[number]
    return {"failureReason": reason, "retryable": False, "category": "DEVICE"}


def results_document(task: Task, profile: Profile, bits: Bits) -> bytes:
    """The document of a task of one program.

    Parameters
    ----------
    bits
        Shape (shots, measured qubits); column k is the qubit ``measuredQubits[k]``.
    """
    document: Document = {
        "braketSchemaHeader": _header("gate_model_task_result"),
        "measuredQubits": list(task.measured[0]),
        "taskMetadata": {
            "braketSchemaHeader": _header("task_metadata"),
            "id": task.arn,
            "shots": task.shots,
            "deviceId": task.device_arn,
            "createdAt": timestamp(task.created_at),
            "endedAt": timestamp(task.measured_at) if task.measured_at else None,
            "status": COMPLETED,
        },
        "additionalMetadata": {"action": task.action} | _simulated(task, profile),
    }
    return _with_shots(document, profile, bits)


def _simulated(task: Task, profile: Profile) -> Document:
    if profile.kind != "simulator":
        return {}
    return {
        "simulatorMetadata": {
            "braketSchemaHeader": _header("simulator_metadata"),
            "executionDuration": round(task.seconds * 1000),
        }
    }


def _with_shots(document: Document, profile: Profile, bits: Bits) -> bytes:
    """The document with what was read, in the form that the device gives."""
    values, rows, counts = np.unique(
        np.packbits(bits, axis=1), axis=0, return_inverse=True, return_counts=True
    )
    different = np.unpackbits(values, axis=1, count=bits.shape[1])
    if profile.results == "probabilities":
        keys = ("".join(map(str, row)) for row in different.tolist())
        document["measurementProbabilities"] = {
            key: count / len(bits) for key, count in zip(keys, counts.tolist(), strict=True)
        }
        return _json(document)
    # Each different outcome is written once and repeated as text: 100,000 shots of 20 qubits
    # are two million numbers.
    texts = [json.dumps(row, separators=(",", ":")) for row in different.tolist()]
    shots = ",".join(texts[row] for row in rows.reshape(-1).tolist())
    return f'{json.dumps(document)[:-1]}, "measurements": [{shots}]}}'.encode()


def _header(name: str) -> Document:
    return {"name": f"braket.task_result.{name}", "version": "1"}


def _json(document: Document) -> bytes:
    return json.dumps(document).encode()
