"""What a function may reach, and how it learns where that is.

An `Access` pairs permissions with the environment variables that name the same
things, so a function cannot be told of a table that it may not read.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from aws_cdk import Aws
from aws_cdk import aws_iam as iam

from bellpair_cdk.names import Names
from bellpair_core.adapters.ledger_table import Index
from bellpair_core.model.announcement import EVENT_SOURCE

TASK_TAG = "bellpair-job"
"""The tag that every task of the platform's is made with; its value is the job's id."""


SINGLE_COPY = "single-copy/"
"""Where a region's blob bucket keeps the marks of blobs that the peer lacks."""

PAIR, BEATS, BREAKERS, JOBS, SLOTS = "PAIR", "BEAT#*", "BREAKER#*", "JOB#*", "SLOTS#*"
"""Partitions of the ledger, one kind of item in each."""

JOURNALS, SPENDING = "JOURNAL#*", "SPEND#*"
"""Partitions of the ledger that functions fill: what they did, and what they cost."""

CANARIES = "JOB#job-canary-*"
MIRRORS, QUALITIES = "JOB#job-mirror-*", "QUALITY#*"
"""The partitions of the jobs by which the platform tries itself."""


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
    also
        What is needed besides, under other conditions.
    """

    actions: tuple[str, ...] = ()
    resources: tuple[str, ...] = ()
    condition: Mapping[str, Any] = field(default_factory=dict)
    environment: Mapping[str, str] = field(default_factory=dict)
    also: tuple[Access, ...] = ()

    def statements(self) -> Iterator[iam.PolicyStatement]:
        """Yield the policy statements; an access of variables alone has none."""
        if self.actions and self.resources:
            yield iam.PolicyStatement(
                actions=list(self.actions),
                resources=list(self.resources),
                conditions=dict(self.condition) or None,
            )
        for access in self.also:
            yield from access.statements()


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

    def read_ledger(self, *partitions: str) -> Access:
        """Read items of these partitions, each by its key."""
        return self._ledger("dynamodb:GetItem", *partitions)

    def find_jobs(self, *indexes: Index) -> Access:
        """Ask these indexes of the ledger which jobs there are."""
        table = self._names.arn("dynamodb", f"table/{self._names.ledger}")
        return Access(
            actions=("dynamodb:Query",),
            resources=tuple(f"{table}/index/{index.name}" for index in indexes),
            environment={"BELLPAIR_LEDGER_TABLE": self._names.ledger},
        )

    def write_jobs(self) -> Access:
        """Write jobs, each write conditional on what was read."""
        return self._ledger("dynamodb:PutItem", JOBS)

    def write_pair(self) -> Access:
        """Write the pair record: pause, promote, hold. No other right changes who is active."""
        return self._ledger("dynamodb:PutItem", PAIR)

    def beat(self) -> Access:
        """Leave this region's sign of life."""
        return self._ledger("dynamodb:PutItem", BEATS)

    def read_journals(self) -> Access:
        """Read what functions did, line by line or a page at once."""
        return self._ledger(("dynamodb:GetItem", "dynamodb:Query"), JOURNALS)

    def write_journals(self) -> Access:
        """Add lines to what functions did."""
        return self._ledger("dynamodb:PutItem", JOURNALS)

    def note_tasks(self) -> Access:
        """Note which tasks of a function's call are over."""
        return self._ledger("dynamodb:UpdateItem", JOURNALS)

    def spend(self) -> Access:
        """Add to what a tenant's functions spend, below its cap."""
        return self._ledger("dynamodb:UpdateItem", SPENDING)

    def write_canaries(self) -> Access:
        """Write the jobs by which the platform tries itself, and no tenant's."""
        return self._ledger("dynamodb:PutItem", CANARIES)

    def write_mirrors(self) -> Access:
        """Write the jobs by which the platform tries devices, and no tenant's."""
        return self._ledger("dynamodb:PutItem", MIRRORS)

    def write_qualities(self) -> Access:
        """Write what is observed of devices."""
        return self._ledger("dynamodb:PutItem", QUALITIES)

    def try_devices(self) -> Access:
        """Know how often devices are tried, and for how much."""
        return Access(environment={"BELLPAIR_QUALITY": self._names.quality_json()})

    def write_breakers(self) -> Access:
        """Write what is known of a device's failures."""
        return self._ledger("dynamodb:PutItem", BREAKERS)

    def hold_slots(self) -> Access:
        """Take and free places on devices that have a limited number of them."""
        return self._ledger("dynamodb:UpdateItem", SLOTS)

    def read_functions(self) -> Access:
        """Read what tenants deployed."""
        return self._catalogue(_READ_MANY, "FUNCTIONS#*", "FUNCTION#*")

    def write_functions(self) -> Access:
        """Write what tenants deployed."""
        return self._catalogue("dynamodb:PutItem", "FUNCTIONS#*", "FUNCTION#*")

    def read_workers(self) -> Access:
        """Read what the workers said of themselves."""
        return self._catalogue(_READ_MANY, "WORKERS")

    def write_workers(self) -> Access:
        """Write what the workers said of themselves."""
        return self._catalogue(("dynamodb:GetItem", "dynamodb:PutItem"), "WORKERS")

    def read_callbacks(self) -> Access:
        """Read where tenants want to be told of their jobs' ends, and the keys to sign with."""
        return self._catalogue(_READ_MANY, "CALLBACKS#*")

    def write_callbacks(self) -> Access:
        """Write where tenants want to be told of their jobs' ends."""
        return self._catalogue(("dynamodb:PutItem", "dynamodb:DeleteItem"), "CALLBACKS#*")

    def read_keys(self) -> Access:
        """Look up API keys by their hash."""
        return self._catalogue("dynamodb:GetItem", "KEY#*")

    def read_tenants(self) -> Access:
        """Look up tenants by their name."""
        return self._catalogue("dynamodb:GetItem", "TENANT#*")

    def write_tenants(self) -> Access:
        """Write tenants and the hashes of their keys."""
        return self._catalogue("dynamodb:PutItem", "TENANT#*", "KEY#*")

    def read_devices_of_catalogue(self) -> Access:
        """Read the entries of the stage's devices, all at once."""
        return self._catalogue("dynamodb:BatchGetItem", "DEVICE#*")

    def write_devices_of_catalogue(self) -> Access:
        """Write the entries of devices."""
        return self._catalogue("dynamodb:PutItem", "DEVICE#*")

    def reuse_forms(self) -> Access:
        """Keep compiled forms, and find what was compiled before."""
        return self._catalogue(("dynamodb:GetItem", "dynamodb:PutItem"), "FORM#*")

    def read_calibrations(self) -> Access:
        """Read the series of devices' calibrations."""
        return self._catalogue(_READ_MANY, "CALIBRATIONS#*")

    def keep_calibrations(self) -> Access:
        """Add to the series of devices' calibrations, and take its oldest away."""
        return self._catalogue(("dynamodb:PutItem", "dynamodb:DeleteItem"), "CALIBRATIONS#*")

    def read_blobs(self) -> Access:
        """Read blobs in either region."""
        # Who may not list a bucket is told of a missing object that access is denied.
        return self._blobs("s3:GetObject", "s3:ListBucket")

    def write_blobs(self) -> Access:
        """Put blobs into both regions."""
        return self._blobs("s3:PutObject")

    def settle_blobs(self) -> Access:
        """Remove the marks of blobs that were in one region only, and no blob."""
        buckets, arns = self._blob_buckets()
        return Access(
            actions=("s3:DeleteObject",),
            resources=tuple(f"{arn}/{SINGLE_COPY}*" for arn in arns),
            environment=buckets,
        )

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
        """Make tasks on the stage's devices, at Braket each with the tag of its job."""
        tagged = {"StringLike": {f"aws:RequestTag/{TASK_TAG}": "job-*"}}
        return (
            Access(
                actions=("braket:CreateQuantumTask",),
                resources=(*self._braket_devices(), self._tasks()),
                condition=tagged,
                also=self._credentials(),
            ),
            # Braket asks for this right too when a task is made with tags.
            Access(actions=("braket:TagResource",), resources=(self._tasks(),), condition=tagged),
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
        """Ask for the state of the platform's tasks."""
        return self._own_tasks("braket:GetQuantumTask")

    def cancel_tasks(self) -> Access:
        """Cancel the platform's tasks."""
        return self._own_tasks("braket:CancelQuantumTask")

    def be_patient(self) -> Access:
        """Know how long a call's tasks are waited for while the function's process stands by."""
        patience = self._names.stage.call_patience_s
        if patience is None:
            return Access()
        return Access(environment={"BELLPAIR_CALL_PATIENCE_S": str(patience)})

    def know_devices(self) -> Access:
        """Know which devices the stage offers."""
        return Access(environment={"BELLPAIR_DEVICES": self._names.devices_json()})

    def read_devices(self) -> Access:
        """Read the devices' state and properties."""
        return Access(
            actions=("braket:GetDevice",),
            resources=self._braket_devices(),
            also=self._credentials(),
        )

    def wake_dispatcher(self) -> Access:
        """Tell the dispatcher that there may be something to start."""
        return self._wake(self._names.queue_arn)

    def wake_peers_dispatcher(self) -> Access:
        """Tell the other region's dispatcher."""
        return self._wake(self._names.peer.queue_arn)

    def start_jobs(self) -> Access:
        """Start executions of jobs, whatever they run."""
        return self._executions("states:StartExecution", *self._machines())

    def start_turns(self) -> Access:
        """Start executions of jobs that run a function."""
        return self._executions("states:StartExecution", self._names.hybrid_machine_arn)

    def follow_jobs(self) -> Access:
        """Ask for the state of executions."""
        names = self._names
        executions = (
            names.arn("states", f"execution:{machine}:*")
            for machine in (names.state_machine, names.hybrid_machine)
        )
        return self._executions("states:DescribeExecution", *executions)

    def answer_jobs(self) -> Access:
        """Answer executions that wait with a task token."""
        return self._executions("states:SendTaskSuccess", *self._machines())

    def answer_turns(self) -> Access:
        """Answer executions of functions that wait for their tasks."""
        return self._executions("states:SendTaskSuccess", self._names.hybrid_machine_arn)

    def ask_workers(self) -> Access:
        """Have workers run, look at packages or describe themselves."""
        return Access(
            actions=("lambda:InvokeFunction",),
            resources=self._names.worker_arns,
            environment=self._workers(),
        )

    def know_workers(self) -> Access:
        """Know which function is which worker."""
        return Access(environment=self._workers())

    def ask_broker(self) -> Access:
        """Have the broker make quantum calls for one run."""
        return Access(
            actions=("lambda:InvokeFunction",),
            resources=(self._names.callee_arn("broker"),),
            environment={"BELLPAIR_BROKER": self._names.callee("broker")},
        )

    def ask_for_ingestion(self) -> Access:
        """Have either region bring one of its devices in."""
        both = (self._names, self._names.peer)
        return Access(
            actions=("lambda:InvokeFunction",),
            resources=tuple(names.callee_arn("calibration") for names in both),
            environment={"BELLPAIR_CALIBRATION": self._names.callee("calibration")},
        )

    def call_back(self) -> Access:
        """Have whoever asked for it be told that a job is over."""
        return Access(
            actions=("sqs:SendMessage",),
            resources=(self._names.callback_queue_arn,),
            environment=self.know_callbacks().environment,
        )

    def know_callbacks(self) -> Access:
        """Know where word to callbacks waits."""
        both = (self._names, self._names.peer)
        urls = {names.region: names.callback_queue_url for names in both}
        return Access(environment={"BELLPAIR_CALLBACK_QUEUE_URLS": self._json(urls)})

    def read_triggers(self) -> Access:
        """Read triggers, each tenant's and all of a source."""
        return self._catalogue(_READ_MANY, "TRIGGERS#*", "TRIGGERS-OF#*")

    def write_triggers(self) -> Access:
        """Write and delete triggers."""
        return self._catalogue(
            ("dynamodb:PutItem", "dynamodb:DeleteItem"), "TRIGGERS#*", "TRIGGERS-OF#*"
        )

    def note_ticks(self) -> Access:
        """Read and note which times of a schedule are done with."""
        return self._catalogue(("dynamodb:GetItem", "dynamodb:PutItem"), "TRIGGER-TICK#*")

    def tell_triggers(self) -> Access:
        """Tell either region's triggers of something."""
        both = (self._names, self._names.peer)
        urls = {names.region: names.queue_url_of(names.trigger_queue) for names in both}
        return Access(
            actions=("sqs:SendMessage",),
            resources=tuple(names.arn("sqs", names.trigger_queue) for names in both),
            environment={"BELLPAIR_TRIGGER_QUEUE_URLS": self._json(urls)},
        )

    def keep_dead_letters(self) -> Access:
        """Keep what triggers made no job of, in this region."""
        return self._dead_letters(("sqs:SendMessage",), self._names)

    def take_dead_letters(self) -> Access:
        """Take what triggers made no job of in either region, to redrive it."""
        actions = (
            *("sqs:ReceiveMessage", "sqs:DeleteMessage", "sqs:ChangeMessageVisibility"),
            "sqs:GetQueueAttributes",
        )
        return self._dead_letters(actions, self._names, self._names.peer)

    def know_inboxes(self) -> Access:
        """Know where tenants drop objects and which queues they may use."""
        return Access(environment={**self._inboxes(), **self._declared_queues()})

    def read_inboxes(self) -> Access:
        """Read the objects that tenants dropped in either region."""
        names = self._names
        arns = [names.bucket_arn(names.inbox_bucket(region)) for region in names.stage.pair]
        return Access(
            # Who may not list a bucket is told of a missing object that access is denied.
            actions=("s3:GetObject", "s3:ListBucket"),
            resources=(*(f"{arn}/inbox/*" for arn in arns), *arns),
            environment={**self._inboxes(), **self._declared_queues()},
        )

    def tell_ends(self) -> Access:
        """Have all who are told of jobs' ends be told of one, in this region."""
        return Access(
            actions=("sqs:SendMessage",),
            resources=(self._names.arn("sqs", self._names.trigger_queue),),
            environment=self.tell_triggers().environment,
        )

    def announce_ends(self) -> Access:
        """Tell the triggers' event bus of jobs' ends, in the platform's own name."""
        return Access(
            actions=("events:PutEvents",),
            resources=(self._names.arn("events", f"event-bus/{self._names.event_bus}"),),
            condition={"StringEquals": {"events:source": EVENT_SOURCE}},
            environment={"BELLPAIR_EVENT_BUS": self._names.event_bus},
        )

    def _dead_letters(self, actions: tuple[str, ...], *regions: Names) -> Access:
        both = (self._names, self._names.peer)
        urls = {names.region: names.queue_url_of(names.dead_letter_queue) for names in both}
        return Access(
            actions=actions,
            resources=tuple(names.arn("sqs", names.dead_letter_queue) for names in regions),
            environment={"BELLPAIR_DEAD_LETTER_QUEUE_URLS": self._json(urls)},
        )

    def _inboxes(self) -> dict[str, str]:
        buckets = {region: self._names.inbox_bucket(region) for region in self._names.stage.pair}
        return {"BELLPAIR_INBOX_BUCKETS": self._json(buckets)}

    def _declared_queues(self) -> dict[str, str]:
        return {"BELLPAIR_TRIGGER_QUEUES": self._names.trigger_queues_json()}

    def operate_pair(self) -> Access:
        """Start operations on the pair, in whichever region takes over."""
        return self._failover(self._names, self._names.peer)

    def start_failover(self) -> Access:
        """Start operations on the pair in this region alone."""
        return self._failover(self._names)

    def announce(self) -> Access:
        """Tell this region's event bus of the pair, in the platform's own name."""
        return Access(
            actions=("events:PutEvents",),
            resources=(self._names.arn("events", "event-bus/default"),),
            condition={"StringEquals": {"events:source": EVENT_SOURCE}},
        )

    def know_api(self, rest_api_id: str, stage: str) -> Access:
        """Know where this region's API answers.

        An emulated cloud has its APIs under its own endpoint, which a function knows.
        """
        if self._names.stage.has_operations:
            host = f"{rest_api_id}.execute-api.{self._names.region}.{Aws.URL_SUFFIX}"
            return Access(environment={"BELLPAIR_API_ENDPOINT": f"https://{host}/{stage}"})
        path = f"/restapis/{rest_api_id}/{stage}/_user_request_"
        return Access(environment={"BELLPAIR_API_PATH": path})

    def know_watch(self) -> Access:
        """Know how closely the peer is watched, and when a promotion needs a person."""
        return Access(environment={"BELLPAIR_SENTINEL": self._names.sentinel_json()})

    def _failover(self, *regions: Names) -> Access:
        return Access(
            actions=("states:StartExecution",),
            resources=tuple(names.failover_machine_arn for names in regions),
            environment={"BELLPAIR_FAILOVER_MACHINE": self._names.failover_machine_arn},
        )

    def _wake(self, queue_arn: str) -> Access:
        both = (self._names, self._names.peer)
        urls = {names.region: names.queue_url for names in both}
        return Access(
            actions=("sqs:SendMessage",),
            resources=(queue_arn,),
            environment={"BELLPAIR_DISPATCH_QUEUE_URLS": self._json(urls)},
        )

    def _ledger(self, actions: str | tuple[str, ...], *partitions: str) -> Access:
        return Access(
            actions=_listed(actions),
            resources=(self._names.arn("dynamodb", f"table/{self._names.ledger}"),),
            condition=_within(partitions),
            environment={"BELLPAIR_LEDGER_TABLE": self._names.ledger},
        )

    def _catalogue(self, actions: str | tuple[str, ...], *partitions: str) -> Access:
        return Access(
            actions=_listed(actions),
            resources=(self._names.arn("dynamodb", f"table/{self._names.catalogue}"),),
            condition=_within(partitions),
            environment={"BELLPAIR_CATALOGUE_TABLE": self._names.catalogue},
        )

    def _blobs(self, *actions: str) -> Access:
        buckets, arns = self._blob_buckets()
        return Access(
            actions=actions,
            resources=(
                *(f"{arn}/*" for arn in arns),
                *(arns if "s3:ListBucket" in actions else ()),
            ),
            environment=buckets,
        )

    def _blob_buckets(self) -> tuple[dict[str, str], list[str]]:
        buckets = {region: self._names.blob_bucket(region) for region in self._names.stage.pair}
        arns = [self._names.bucket_arn(bucket) for bucket in buckets.values()]
        return {"BELLPAIR_BLOB_BUCKETS": self._json(buckets)}, arns

    def _result_buckets(self) -> dict[str, str]:
        buckets = {region: self._names.result_bucket(region) for region in self._names.stage.pair}
        return {"BELLPAIR_RESULT_BUCKETS": self._json(buckets)}

    def _result_arns(self) -> tuple[str, ...]:
        regions = self._names.stage.pair
        return tuple(self._names.bucket_arn(self._names.result_bucket(r)) for r in regions)

    def _result_objects(self) -> tuple[str, ...]:
        return tuple(f"{arn}/jobs/*" for arn in self._result_arns())

    def _machines(self) -> tuple[str, str]:
        return (self._names.state_machine_arn, self._names.hybrid_machine_arn)

    def _executions(self, action: str, *resources: str) -> Access:
        job, hybrid = self._machines()
        return Access(
            actions=(action,),
            resources=resources,
            environment={
                "BELLPAIR_JOB_STATE_MACHINE_ARN": job,
                "BELLPAIR_HYBRID_STATE_MACHINE_ARN": hybrid,
            },
        )

    def _workers(self) -> dict[str, str]:
        return {"BELLPAIR_WORKERS": self._names.workers_json()}

    def _braket_devices(self) -> tuple[str, ...]:
        return tuple(device.arn for device in self._names.stage.devices.values() if device.arn)

    def _credentials(self) -> tuple[Access, ...]:
        """Read what the services of devices ask for that have services of their own."""
        references = {device.credential for device in self._names.stage.devices.values()}
        found = []
        for reference in sorted(filter(None, references)):
            kind, _, name = reference.partition(":")
            if kind == "ssm":
                arn = self._names.arn("ssm", f"parameter/{name.lstrip('/')}")
                found.append(Access(actions=("ssm:GetParameter",), resources=(arn,)))
            else:
                # Secrets Manager puts a hyphen and six characters of its own behind the name.
                arn = self._names.arn("secretsmanager", f"secret:{name}-??????")
                found.append(Access(actions=("secretsmanager:GetSecretValue",), resources=(arn,)))
        return tuple(found)

    def _own_tasks(self, action: str) -> Access:
        # The account may have tasks that are none of the platform's.
        return Access(
            actions=(action,),
            resources=(self._tasks(),),
            condition={"StringLike": {f"aws:ResourceTag/{TASK_TAG}": "job-*"}},
            # A task's name may lead to a device that is no Braket one.
            environment=self.know_devices().environment,
            also=self._credentials(),
        )

    def _tasks(self) -> str:
        # A task lives in its device's region, which need not be the caller's.
        return f"arn:{Aws.PARTITION}:braket:*:{Aws.ACCOUNT_ID}:quantum-task/*"


_READ_MANY = ("dynamodb:GetItem", "dynamodb:Query")


def _listed(actions: str | tuple[str, ...]) -> tuple[str, ...]:
    return (actions,) if isinstance(actions, str) else actions


def _within(partitions: Iterable[str]) -> dict[str, Any]:
    return {"ForAllValues:StringLike": {"dynamodb:LeadingKeys": list(partitions)}}


def environment(accesses: Iterable[Access]) -> dict[str, str]:
    """Return the variables of all the accesses together."""
    return {key: value for access in accesses for key, value in access.environment.items()}
