"""Workers: what runs users' functions, each by one declaration in the stage's parameters.

``[<stage>.deploy.parameters.workers.<name>]`` in ``samplesconfig.toml`` is all that a new worker
takes; what it may say is `bellpair_cdk.stage.Worker`.
"""

from __future__ import annotations

import re

from aws_cdk import Aws, Duration, Stack
from aws_cdk import aws_ecr as ecr
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct

from bellpair_cdk.access import PAIR
from bellpair_cdk.function import Build, PlatformFunction, Workbench
from bellpair_cdk.stage import Size, Worker
from bellpair_cdk.timetable import Timetable


class Workers(Construct):
    """The stage's workers, and the registrar that asks them what they can do.

    A worker serves one tenant with each of its processes, and may call the broker and write its
    log: the broker alone knows the run that is behind a call.
    """

    def __init__(self, scope: Construct, id: str, *, bench: Workbench) -> None:
        super().__init__(scope, id)
        names, accesses = bench.names, bench.accesses
        for name, worker in names.stage.workers.items():
            PlatformFunction(
                self,
                f"Worker{name.title().replace('-', '')}",
                name=names.worker(name),
                names=names,
                made_of=self._made_of(name, worker, bench),
                accesses=[accesses.ask_broker()],
                size=Size(
                    memory=worker.memory, timeout=worker.timeout, concurrency=worker.concurrency
                ),
                variables=_variables(worker),
                tenancy=lambda_.TenancyConfig.PER_TENANT,
            )
        registrar = bench.function(
            self,
            "Registrar",
            name="registrar",
            accesses=[accesses.read_ledger(PAIR), accesses.ask_workers(), accesses.write_workers()],
        )
        Timetable(self, "Timetable", every=Duration.minutes(15), wakes=registrar.callee)
        events.Rule(
            self,
            "Deployed",
            description="The workers may be others than before",
            event_pattern=events.EventPattern(
                source=["aws.cloudformation"],
                detail_type=["CloudFormation Stack Status Change"],
                detail={
                    "stack-id": [Stack.of(self).stack_id],
                    "status-details": {"status": ["CREATE_COMPLETE", "UPDATE_COMPLETE"]},
                },
            ),
            targets=[targets.LambdaFunction(registrar.callee, retry_attempts=2)],
        )

    def _made_of(self, name: str, worker: Worker, bench: Workbench) -> Build:
        if worker.image is None:
            return bench.build("worker", *worker.layers)
        image = worker.image.replace("{region}", bench.names.region)
        found = re.fullmatch(r"(\d+)\.dkr\.ecr\.[a-z0-9-]+\.amazonaws\.com/([^:@]+)[:@](.+)", image)
        assert found, "the stage has checked its form"
        account, repository, tag = found.groups()
        arn = f"arn:{Aws.PARTITION}:ecr:{bench.names.region}:{account}:repository/{repository}"
        return Build(
            code=lambda_.Code.from_ecr_image(
                ecr.Repository.from_repository_attributes(
                    self, f"Image{name}", repository_arn=arn, repository_name=repository
                ),
                tag_or_digest=tag,
            ),
            handler=lambda_.Handler.FROM_IMAGE,
            runtime=lambda_.Runtime.FROM_IMAGE,
        )


_ENGINE = "bellpair.functions.engine"
"""What every run needs."""


def _variables(worker: Worker) -> dict[str, str]:
    variables = {"BELLPAIR_WORKER_PRELOAD": ",".join((_ENGINE, *worker.preload))}
    if worker.run_seconds is not None:
        variables["BELLPAIR_RUN_SECONDS"] = str(worker.run_seconds)
    return variables
