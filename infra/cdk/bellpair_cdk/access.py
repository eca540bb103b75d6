"""What a function may reach, and how it learns where that is.

An `Access` pairs permissions with the environment variables that name the same
things, so a function cannot be told of a table that it may not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from bellpair_cdk.names import Names
from bellpair_core.adapters import ledger_table


@dataclass(frozen=True)
class Access:
    """Permissions, and the environment variables that go with them.

    Parameters
    ----------
    actions, resources
        What is allowed on what; no actions give an access of variables alone.
    condition
        IAM's condition block, if the access is narrower than its resources.
    environment
        Variable -> value.
    """

    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    condition: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)

    def statement(self) -> iam.PolicyStatement | None:
        """Return the policy statement, or nothing if the access needs none."""
        if not self.actions:
            return None
        return iam.PolicyStatement(
            actions=list(self.actions),
            resources=list(self.resources),
            conditions=dict(self.condition) or None,
        )


class Accesses:
    """The accesses that functions of a stage may have, in one region.

    Parameters
    ----------
    names
        The names of what is reached.
    json
        Renders a dict with CDK's placeholders in it as JSON (`Stack.to_json_string`).
    """

    def __init__(self, names: Names, json: Callable[[Mapping[str, str]], str]) -> None:
        self._names = names
        self._json = json

    def read_ledger(self) -> Access:
        """Read jobs, one by one or through the indexes."""
        return self._ledger("dynamodb:GetItem", "dynamodb:Query")

    def write_ledger(self) -> Access:
        """Read jobs and write them, each write conditional on what was read."""
        return self._ledger(
            "dynamodb:GetItem", "dynamodb:Query", "dynamodb:PutItem", "dynamodb:UpdateItem"
        )

    def read_catalogue(self) -> Access:
        """Read tenants, keys, devices and calibrations."""
        return self._catalogue(("dynamodb:GetItem", "dynamodb:BatchGetItem", "dynamodb:Query"))

    def read_keys(self) -> Access:
        """Look up API keys by their hash, and nothing else of the catalogue."""
        return self._catalogue(
            ("dynamodb:GetItem",),
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": ["KEY#*"]}},
        )

    def write_catalogue(self, *partitions: str) -> Access:
        """Write the catalogue's items whose partition key fits one of the patterns."""
        return self._catalogue(
            ("dynamodb:PutItem", "dynamodb:UpdateItem"),
            {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(partitions)}},
        )

    def read_blobs(self) -> Access:
        """Read blobs in either region."""
        return self._blobs("s3:GetObject", "s3:ListBucket")

    def write_blobs(self) -> Access:
        """Read blobs and put them into both regions."""
        return self._blobs("s3:GetObject", "s3:ListBucket", "s3:PutObject")

    def know_results(self) -> Access:
        """Know where tasks leave their results, without reading them."""
        return Access(environment=self._result_buckets())

    def read_results(self) -> Access:
        """Read what tasks left."""
        return Access(
            # Who may not list a bucket is told of a missing object that access is denied.
            actions=("s3:GetObject", "s3:ListBucket"),
            resources=(*self._result_objects(), *self._result_arns()),
            environment=self._result_buckets(),
        )

    def launch_tasks(self) -> tuple[Access, ...]:
        """Make tasks on the stage's devices, and follow and cancel them."""
        return (
            Access(
                actions=("braket:CreateQuantumTask",),
                resources=(*self._device_arns(), self._tasks()),
            ),
            self.follow_tasks(),
            self.cancel_tasks(),
            # Braket writes a task's results with the rights of who made the task.
            Access(
                actions=("s3:PutObject", "s3:GetObject"),
                resources=self._result_objects(),
                environment=self._result_buckets(),
            ),
            Access(
                actions=("s3:ListBucket", "s3:GetBucketLocation"), resources=self._result_arns()
            ),
        )

    def follow_tasks(self) -> Access:
        """Ask for the state of tasks."""
        return Access(actions=("braket:GetQuantumTask",), resources=(self._tasks(),))

    def cancel_tasks(self) -> Access:
        """Cancel tasks."""
        return Access(actions=("braket:CancelQuantumTask",), resources=(self._tasks(),))

    def know_devices(self) -> Access:
        """Know which devices the stage offers."""
        return Access(environment={"BELLPAIR_DEVICES": self._names.devices_json()})

    def read_devices(self) -> Access:
        """Read the devices' state and properties."""
        return Access(actions=("braket:GetDevice",), resources=self._device_arns())

    def wake_dispatcher(self) -> Access:
        """Tell the dispatcher that there may be something to start."""
        return Access(
            actions=("sqs:SendMessage",),
            resources=(self._names.queue_arn,),
            environment={"BELLPAIR_DISPATCH_QUEUE_URL": self._names.queue_url},
        )

    def start_jobs(self) -> Access:
        """Start executions of the job state machine."""
        return self._state_machine(("states:StartExecution",), self._names.state_machine_arn)

    def follow_jobs(self) -> Access:
        """Ask for the state of executions."""
        executions = self._names.arn("states", f"execution:{self._names.state_machine}:*")
        return self._state_machine(("states:DescribeExecution",), executions)

    def answer_jobs(self) -> Access:
        """Answer executions that wait with a task token."""
        return self._state_machine(
            ("states:SendTaskSuccess", "states:SendTaskFailure"), self._names.state_machine_arn
        )

    def _ledger(self, *actions: str) -> Access:
        table = self._names.arn("dynamodb", f"table/{self._names.ledger}")
        indexes = (f"{table}/index/{index.name}" for index in ledger_table.INDEXES)
        return Access(
            actions=actions,
            resources=(table, *indexes),
            environment={"BELLPAIR_LEDGER_TABLE": self._names.ledger},
        )

    def _catalogue(
        self, actions: tuple[str, ...], condition: Mapping[str, Any] | None = None
    ) -> Access:
        return Access(
            actions=actions,
            resources=(self._names.arn("dynamodb", f"table/{self._names.catalogue}"),),
            condition=condition or {},
            environment={"BELLPAIR_CATALOGUE_TABLE": self._names.catalogue},
        )

    def _blobs(self, *actions: str) -> Access:
        buckets = {region: self._names.blob_bucket(region) for region in self._names.stage.pair}
        arns = [self._names.bucket_arn(bucket) for bucket in buckets.values()]
        return Access(
            actions=actions,
            # Who may not list a bucket is told of a missing object that access is denied.
            resources=(*(f"{arn}/*" for arn in arns), *arns),
            environment={"BELLPAIR_BLOB_BUCKETS": self._json(buckets)},
        )

    def _result_buckets(self) -> dict[str, str]:
        buckets = {region: self._names.result_bucket(region) for region in self._names.stage.pair}
        return {"BELLPAIR_RESULT_BUCKETS": self._json(buckets)}

    def _result_arns(self) -> tuple[str, ...]:
        regions = self._names.stage.pair
        return tuple(self._names.bucket_arn(self._names.result_bucket(r)) for r in regions)

    def _result_objects(self) -> tuple[str, ...]:
        return tuple(f"{arn}/jobs/*" for arn in self._result_arns())

    def _state_machine(self, actions: tuple[str, ...], resource: str) -> Access:
        return Access(
            actions=actions,
            resources=(resource,),
            environment={"BELLPAIR_JOB_STATE_MACHINE_ARN": self._names.state_machine_arn},
        )

    def _device_arns(self) -> tuple[str, ...]:
        return tuple(device.arn for device in self._names.stage.devices.values())

    def _tasks(self) -> str:
        # A task lives in its device's region, which need not be the caller's.
        return f"arn:{Aws.PARTITION}:braket:*:{Aws.ACCOUNT_ID}:quantum-task/*"


def environment(accesses: Iterable[Access]) -> dict[str, str]:
    """Return the variables of all the accesses together."""
    return {key: value for access in accesses for key, value in access.environment.items()}
