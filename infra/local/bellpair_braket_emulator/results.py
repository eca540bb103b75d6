"""Writes ``results.json``: a ``braket.task_result`` GateModelTaskResult document."""

from __future__ import annotations

import json

import numpy as np

from .documents import Document
from .profile import Profile
from .sampling import Bits
from .tasks import COMPLETED, Task, timestamp


def results_document(task: Task, profile: Profile, bits: Bits) -> bytes:
    """The document as UTF-8 JSON; the same bytes whenever it is written.

    Parameters
    ----------
    bits
        Shape (shots, measured qubits); column k is the qubit ``measuredQubits[k]``.
    """
    values, rows, counts = np.unique(
        np.packbits(bits, axis=1), axis=0, return_inverse=True, return_counts=True
    )
    different = np.unpackbits(values, axis=1, count=bits.shape[1])
    metadata: Document = {"action": task.action}
    if profile.kind == "simulator":
        metadata["simulatorMetadata"] = {
            "braketSchemaHeader": {
                "name": "braket.task_result.simulator_metadata",
                "version": "1",
            },
            "executionDuration": round(task.seconds * 1000),
        }
    document: Document = {
        "braketSchemaHeader": {
            "name": "braket.task_result.gate_model_task_result",
            "version": "1",
        },
        "measuredQubits": list(task.measured),
        "taskMetadata": {
            "braketSchemaHeader": {
                "name": "braket.task_result.task_metadata",
                "version": "1",
            },
            "id": task.arn,
            "shots": task.shots,
            "deviceId": task.device_arn,
            "createdAt": timestamp(task.created_at),
            "endedAt": timestamp(task.measured_at) if task.measured_at else None,
            "status": COMPLETED,
        },
        "additionalMetadata": metadata,
    }
    if profile.results == "probabilities":
        keys = ("".join(map(str, row)) for row in different.tolist())
        document["measurementProbabilities"] = {
            key: count / task.shots for key, count in zip(keys, counts.tolist(), strict=True)
        }
        return json.dumps(document).encode()
    # Each different outcome is written once and repeated as text: 100,000 shots of 20 qubits
    # are two million numbers.
    texts = [json.dumps(row, separators=(",", ":")) for row in different.tolist()]
    shots = ",".join(texts[row] for row in rows.reshape(-1).tolist())
    return f'{json.dumps(document)[:-1]}, "measurements": [{shots}]}}'.encode()
