"""Values that many tests start from."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from bellpair_core.model.blob import BlobRef
from bellpair_core.model.device import Device, DeviceKind, DeviceStatus
from bellpair_core.model.function import FunctionVersion
from bellpair_core.model.job import Job, JobEvent, job_id
from bellpair_core.model.limits import CHECK_AFTER, JOB_DEADLINE

NOON = datetime(2026, 1, 1, 12, 0, tzinfo=UTC)

BELL = """OPENQASM 3.0;
include "stdgates.inc";
qubit[2] q;
bit[2] c;
h q[0];
cx q[0], q[1];
c = measure q;
"""

ACME = "acme"


def job_example(key: str = "first", **changes: Any) -> Job:
    """A job that was accepted at `NOON`; its id follows from tenant and ``key``."""
    tenant = changes.get("tenant", ACME)
    accepted_at = changes.get("accepted_at", NOON)
    values: dict[str, Any] = {
        "id": job_id(tenant, key),
        "tenant": tenant,
        "key_id": "0a1b2c3d",
        "request_digest": "d" * 64,
        "program": BlobRef(sha256="a" * 64, size=len(BELL), inline=b"packed"),
        "language_version": "3.0",
        "num_qubits": 2,
        "num_bits": 2,
        "shots": 1000,
        "device": "sv1",
        "epoch": 1,
        "region": "us-east-1",
        "accepted_at": accepted_at,
        "deadline": accepted_at + JOB_DEADLINE,
        "check_at": accepted_at + CHECK_AFTER,
        "events": (JobEvent(at=accepted_at, type="queued", region="us-east-1", epoch=1),),
    }
    return Job(**(values | changes))


def version_example(**changes: Any) -> FunctionVersion:
    """A version of a function that takes a number ``distance`` and a whole number ``steps``."""
    values: dict[str, Any] = {
        "tenant": ACME,
        "name": "vqe-h2",
        "version": 1,
        "digest": "a" * 64,
        "package": BlobRef.within(b"zipped"),
        "entry": "vqe_h2:VqeH2",
        "timeout_s": 3600,
        "inputs": {
            "type": "object",
            "properties": {"distance": {"type": "number"}, "steps": {"type": "integer"}},
            "required": ["distance"],
            "additionalProperties": False,
        },
        "created_at": NOON,
        "created_by": "0a1b2c3d",
    }
    return FunctionVersion(**(values | changes))


def device_example(name: str = "sv1", **changes: Any) -> Device:
    """A simulator that is online, unless ``changes`` say otherwise."""
    values: dict[str, Any] = {
        "name": name,
        "arn": f"arn:aws:braket:::device/quantum-simulator/amazon/{name}",
        "region": "us-east-1",
        "kind": DeviceKind.SIMULATOR,
        "provider": "Amazon Braket",
        "status": DeviceStatus.ONLINE,
        "num_qubits": 34,
        "seen_at": NOON,
    }
    return Device(**(values | changes))


SV1 = device_example()
ION_11 = device_example(
    "ion-11",
    arn="arn:aws:braket:us-east-1::device/qpu/emulated/ion-11",
    kind=DeviceKind.QPU,
    provider="emulated",
    num_qubits=11,
    shots_max=10_000,
    max_in_flight=4,
)
SQUARE_20 = device_example(
    "square-20",
    arn="arn:aws:braket:us-west-2::device/qpu/emulated/square-20",
    region="us-west-2",
    kind=DeviceKind.QPU,
    provider="emulated",
    num_qubits=20,
    shots_max=20_000,
    max_in_flight=4,
)
