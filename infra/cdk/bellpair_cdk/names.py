"""The names of a stage's resources.

Stacks know each other's resources by name, not by CloudFormation exports: both
regions are deployed on their own, and either can be replaced without the other.
"""

from __future__ import annotations

import json
from dataclasses import dataclass, replace

from aws_cdk import Aws

from bellpair_cdk.stage import ALIAS, WATCH_SECONDS, Stage


def titled(name: str) -> str:
    """Return a name with dashes as one word, as alarms have it."""
    return "".join(part.capitalize() for part in name.split("-"))


@dataclass(frozen=True)
class Names:
    """Names and ARNs, as seen from one region of a stage.

    ``account`` and ``partition`` are CloudFormation's placeholders: a template fits
    any account.
    """

    stage: Stage
    region: str
    account: str = Aws.ACCOUNT_ID
    partition: str = Aws.PARTITION

    @property
    def peer(self) -> Names:
        """The same names, as seen from the other region of the pair."""
        return replace(self, region=self.stage.peer(self.region))

    @property
    def prefix(self) -> str:
        """What every name begins with."""
        return f"bellpair-{self.stage.name}"

    @property
    def ledger(self) -> str:
        """The ledger table's name, the same in each region."""
        return f"{self.prefix}-ledger"

    @property
    def catalogue(self) -> str:
        """The catalogue table's name, the same in each region."""
        return f"{self.prefix}-catalogue"

    @property
    def queue(self) -> str:
        """The dispatch queue's name."""
        return f"{self.prefix}-dispatch"

    @property
    def state_machine(self) -> str:
        """The job state machine's name."""
        return f"{self.prefix}-job"

    @property
    def failover_machine(self) -> str:
        """The failover state machine's name, the same in each region."""
        return f"{self.prefix}-failover"

    @property
    def hybrid_machine(self) -> str:
        """The name of the state machine of jobs that run a function."""
        return f"{self.prefix}-hybrid"

    @property
    def trigger_queue(self) -> str:
        """The name of the queue of what triggers are to hear."""
        return f"{self.prefix}-triggers"

    @property
    def dead_letter_queue(self) -> str:
        """The name of the queue of what triggers made no job of."""
        return f"{self.prefix}-trigger-failures"

    def declared_queue(self, name: str) -> str:
        """Return the name of a queue whose messages triggers may take."""
        return f"{self.prefix}-queue-{name}"

    @property
    def event_bus(self) -> str:
        """The name of the event bus that triggers listen to."""
        return f"{self.prefix}-events"

    def inbox_bucket(self, region: str) -> str:
        """Return the name of the bucket into which tenants drop objects in a region."""
        return f"{self.prefix}-inbox-{self.account}-{region}"

    def queue_url_of(self, queue: str) -> str:
        """Return the address of a queue in this region."""
        return f"https://sqs.{self.region}.{Aws.URL_SUFFIX}/{self.account}/{queue}"

    def trigger_queues_json(self) -> str:
        """Return the JSON that functions read the declared queues from."""
        declared = self.stage.trigger_queues
        return json.dumps(
            {name: {"tenants": queue.tenants} for name, queue in declared.items()},
            separators=(",", ":"),
        )

    @property
    def callback_queue(self) -> str:
        """The name of the queue of what callbacks are to hear."""
        return f"{self.prefix}-callbacks"

    def function(self, name: str) -> str:
        """Return a function's full name."""
        return f"{self.prefix}-{name}"

    def callee(self, name: str) -> str:
        """Return the name by which a function is called: its alias where it is rolled out."""
        function = self.function(name)
        return f"{function}:{ALIAS}" if self.stage.rolls_out(name) else function

    def alarm(self, name: str) -> str:
        """Return an alarm's full name."""
        return f"{self.prefix}-{name}"

    def worker(self, name: str) -> str:
        """Return the name of the function that is this worker, after the stage's prefix."""
        return f"worker-{name}"

    def log(self, function: str) -> str:
        """Return the name of a function's log group."""
        return f"/aws/lambda/{self.function(function)}"

    @property
    def access_log(self) -> str:
        """The name of the log group with one line for each request to the API."""
        return f"/aws/apigateway/{self.prefix}"

    def blob_bucket(self, region: str) -> str:
        """Return the name of a region's blob bucket."""
        return f"{self.prefix}-blobs-{self.account}-{region}"

    def result_bucket(self, region: str) -> str:
        """Return the name of a region's bucket of task results; Braket asks for the prefix."""
        return f"amazon-braket-{self.prefix}-{self.account}-{region}"

    def arn(self, service: str, resource: str) -> str:
        """Return the ARN of a resource of this account and region."""
        return f"arn:{self.partition}:{service}:{self.region}:{self.account}:{resource}"

    @property
    def queue_arn(self) -> str:
        """The dispatch queue's ARN."""
        return self.arn("sqs", self.queue)

    @property
    def queue_url(self) -> str:
        """The dispatch queue's address."""
        return f"https://sqs.{self.region}.{Aws.URL_SUFFIX}/{self.account}/{self.queue}"

    @property
    def callback_queue_arn(self) -> str:
        """The ARN of the queue of what callbacks are to hear."""
        return self.arn("sqs", self.callback_queue)

    @property
    def callback_queue_url(self) -> str:
        """The address of the queue of what callbacks are to hear."""
        return f"https://sqs.{self.region}.{Aws.URL_SUFFIX}/{self.account}/{self.callback_queue}"

    def callee_arn(self, name: str) -> str:
        """Return the ARN by which a function is called."""
        return self.arn("lambda", f"function:{self.callee(name)}")

    @property
    def worker_arns(self) -> tuple[str, ...]:
        """The ARNs by which all workers are called."""
        return tuple(self.callee_arn(self.worker(name)) for name in self.stage.workers)

    @property
    def state_machine_arn(self) -> str:
        """The job state machine's ARN."""
        return self.arn("states", f"stateMachine:{self.state_machine}")

    @property
    def hybrid_machine_arn(self) -> str:
        """The ARN of the state machine of jobs that run a function."""
        return self.arn("states", f"stateMachine:{self.hybrid_machine}")

    @property
    def failover_machine_arn(self) -> str:
        """The ARN of this region's failover state machine."""
        return self.arn("states", f"stateMachine:{self.failover_machine}")

    def bucket_arn(self, bucket: str) -> str:
        """Return a bucket's ARN."""
        return f"arn:{self.partition}:s3:::{bucket}"

    def quality_json(self) -> str:
        """Return the JSON by which QPUs are tried; ``{}`` tries none."""
        quality = self.stage.quality
        return "{}" if quality is None else quality.model_dump_json()

    def sentinel_json(self) -> str:
        """Return the JSON that the sentinel reads its task from; times in seconds."""
        sentinel = self.stage.sentinel
        return json.dumps(
            {
                "interval_s": sentinel.interval_seconds,
                "confirm_n": sentinel.confirm,
                "confirm_m": sentinel.of,
                "cool_down_s": sentinel.cool_down_seconds,
                "canary_s": sentinel.canary_seconds,
                "canary_limit_s": sentinel.canary_limit_seconds,
                "watch_s": WATCH_SECONDS,
            },
            separators=(",", ":"),
        )

    def workers_json(self) -> str:
        """Return the JSON that a function reads from how the workers are called."""
        return json.dumps(
            {name: self.callee(self.worker(name)) for name in self.stage.workers},
            separators=(",", ":"),
        )

    def devices_json(self) -> str:
        """Return the JSON that a function reads the stage's devices from."""
        return json.dumps(
            [
                {
                    "name": name,
                    "arn": device.arn,
                    "region": device.region,
                    "max_in_flight": device.max_in_flight,
                }
                if device.arn
                else {"name": name, **device.model_dump(exclude_none=True)}
                for name, device in self.stage.devices.items()
            ],
            separators=(",", ":"),
        )
