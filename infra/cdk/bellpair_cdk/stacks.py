"""The stacks of a stage: per region data, jobs, API, failover and, on AWS, operations."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from aws_cdk import (
    App,
    CliCredentialsStackSynthesizer,
    DefaultStackSynthesizer,
    Environment,
    IReusableStackSynthesizer,
    Stack,
    Tags,
)
from constructs import Construct

from bellpair_cdk.access import Accesses
from bellpair_cdk.alarms import Alarms
from bellpair_cdk.api_name import ApiName
from bellpair_cdk.blob_store import BlobStore
from bellpair_cdk.broker import Broker
from bellpair_cdk.callbacks import Callbacks
from bellpair_cdk.canary_news import CanaryNews
from bellpair_cdk.catalogue import Catalogue
from bellpair_cdk.cost_tags import CAPABILITY, STAGE
from bellpair_cdk.device_watch import DeviceTrial, DeviceWatch
from bellpair_cdk.dispatching import Dispatching
from bellpair_cdk.event_forwarding import EventForwarding
from bellpair_cdk.failover_control import FailoverControl
from bellpair_cdk.fault_counts import FaultCounts
from bellpair_cdk.function import SharedLayers, Workbench, Workshop
from bellpair_cdk.function_workflow import FunctionWorkflow
from bellpair_cdk.job_workflow import JobWorkflow
from bellpair_cdk.jobs_api import JobsApi
from bellpair_cdk.ledger import Ledger
from bellpair_cdk.names import Names
from bellpair_cdk.pair_alarms import PairAlarms
from bellpair_cdk.sentinel import Sentinel
from bellpair_cdk.stage import Stage
from bellpair_cdk.sweeping import Sweeping
from bellpair_cdk.task_watch import TaskWatch
from bellpair_cdk.tenant_desk import TenantDesk
from bellpair_cdk.triggers import Triggers
from bellpair_cdk.workers import Workers


class RegionalStack(Stack):
    """A stack in one region of a stage, in whichever account it is deployed to."""

    def __init__(self, scope: Construct, kind: str, *, names: Names) -> None:
        stage = names.stage
        super().__init__(
            scope,
            f"{stage.stack_name}-{kind}-{names.region}",
            env=Environment(region=names.region),
            synthesizer=_synthesizer(stage),
            termination_protection=stage.retain_data,
            description=f"Bellpair {stage.name}: {kind.lower()} in {names.region}",
        )
        Tags.of(self).add(STAGE, stage.name)

    def workbench(self, names: Names, workshop: Workshop, *layers: str) -> Workbench:
        """Return what this stack's capabilities work with; makes the layers named."""

        def json(values: Mapping[str, Any]) -> str:
            return self.to_json_string(dict(values))

        return Workbench(
            names=names,
            workshop=workshop,
            layers=SharedLayers(self, "Layers", names=names, workshop=workshop, only=layers),
            accesses=Accesses(names, json),
        )


class DataStack(RegionalStack):
    """What must outlive everything else: tables (made in the first region) and buckets."""

    def __init__(self, scope: Construct, *, names: Names) -> None:
        super().__init__(scope, "Data", names=names)
        if names.region == names.stage.region:
            Ledger(self, "Ledger", names=names)
            Catalogue(self, "Catalogue", names=names)
        BlobStore(self, "BlobStore", names=names)


class JobsStack(RegionalStack):
    """What carries jobs from the ledger's queue to their end."""

    def __init__(
        self, scope: Construct, *, names: Names, workshop: Workshop, machines: Path
    ) -> None:
        super().__init__(scope, "Jobs", names=names)
        # A worker's layers are made where one of the stage's workers has them.
        layers = {"core", "quantum"}.union(*(w.layers for w in names.stage.workers.values()))
        bench = self.workbench(names, workshop, *sorted(layers))
        self.workflow = JobWorkflow(
            self,
            "JobWorkflow",
            bench=bench,
            definition=machines / "job.asl.json",
        )
        FunctionWorkflow(
            self,
            "FunctionWorkflow",
            bench=bench,
            definition=machines / "hybrid.asl.json",
            finish=self.workflow.finish,
        )
        capabilities = {
            "Broker": Broker,
            "Workers": Workers,
            "Dispatching": Dispatching,
            "Sweeping": Sweeping,
            "TaskWatch": TaskWatch,
            "DeviceWatch": DeviceWatch,
            "DeviceTrial": DeviceTrial,
            "TenantDesk": TenantDesk,
            "Triggers": Triggers,
        }
        for name, capability in capabilities.items():
            capability(self, name, bench=bench)


class ApiStack(RegionalStack):
    """The HTTP API, and what tells others of jobs instead of being asked."""

    def __init__(self, scope: Construct, *, names: Names, workshop: Workshop) -> None:
        super().__init__(scope, "Api", names=names)
        bench = self.workbench(names, workshop, "core")
        api = JobsApi(self, "JobsApi", bench=bench)
        self.rest_api_id = api.rest_api.rest_api_id
        Callbacks(self, "Callbacks", bench=bench, rest_api_id=self.rest_api_id)


class FailoverStack(RegionalStack):
    """What makes a region the active one, and what notices that it should be."""

    def __init__(
        self,
        scope: Construct,
        *,
        names: Names,
        workshop: Workshop,
        machines: Path,
        rest_api_id: str,
    ) -> None:
        super().__init__(scope, "Failover", names=names)
        bench = self.workbench(names, workshop, "core")
        FailoverControl(
            self, "FailoverControl", bench=bench, definition=machines / "failover.asl.json"
        )
        Sentinel(self, "Sentinel", bench=bench, rest_api_id=rest_api_id)


class AlarmsStack(RegionalStack):
    """Alarms, on AWS alone. They come before what they watch, whose roll-out they take back."""

    def __init__(self, scope: Construct, *, names: Names) -> None:
        super().__init__(scope, "Alarms", names=names)
        alarms = Alarms(self, "Alarms", names=names)
        PairAlarms(self, "PairAlarms", names=names, alarms=alarms)
        CanaryNews(self, "CanaryNews", names=names, alarms=alarms)


class OperationsStack(RegionalStack):
    """What only AWS has: faults counted for the alarms, events for the peer, the API's name."""

    def __init__(self, scope: Construct, *, names: Names, rest_api_id: str) -> None:
        super().__init__(scope, "Operations", names=names)
        FaultCounts(self, "FaultCounts", names=names)
        EventForwarding(self, "EventForwarding", names=names)
        if domain := names.stage.domain:
            ApiName(self, "ApiName", names=names, domain=domain, rest_api_id=rest_api_id)


def compose(app: App, stage: Stage, workshop: Workshop, machines: Path, *, active: str) -> None:
    """Put a stage's stacks into the app, in the order in which they are deployed.

    Where functions are rolled out, the passive region's come first, so that the active one runs
    nothing that its peer could not take over.

    Parameters
    ----------
    active
        The region that is active now.
    """
    here, peer = (Names(stage, region) for region in stage.pair)
    data = {names.region: DataStack(app, names=names) for names in (here, peer)}
    data[peer.region].add_stack_dependency(
        data[here.region], "the first region's tables have their replicas here"
    )
    last: dict[str, Stack] = {}
    first: dict[str, Stack] = {}
    for names in (here, peer):
        first[names.region], last[names.region] = _region(
            app, names, data[names.region], workshop, machines
        )
    for stack in app.node.children:
        for capability in stack.node.children:
            Tags.of(capability).add(CAPABILITY, capability.node.id)
    if stage.has_rollout:
        first[active].add_stack_dependency(
            last[stage.peer(active)], "a new version is tried in the passive region first"
        )


def _region(
    app: App, names: Names, data: Stack, workshop: Workshop, machines: Path
) -> tuple[Stack, Stack]:
    """Put a region's stacks into the app; returns the first with functions, and the last."""
    stage = names.stage
    jobs = JobsStack(app, names=names, workshop=workshop, machines=machines)
    jobs.add_stack_dependency(data, "functions need their tables and buckets")
    api = ApiStack(app, names=names, workshop=workshop)
    api.add_stack_dependency(jobs, "an accepted job needs what runs it")
    failover = FailoverStack(
        app, names=names, workshop=workshop, machines=machines, rest_api_id=api.rest_api_id
    )
    failover.add_stack_dependency(api, "the sentinel asks the API how it is")
    if not stage.has_operations:
        return jobs, failover
    alarms = AlarmsStack(app, names=names)
    jobs.add_stack_dependency(alarms, "what is rolled out is taken back by alarms")
    operations = OperationsStack(app, names=names, rest_api_id=api.rest_api_id)
    operations.add_stack_dependency(failover, "faults are counted in the logs that are there")
    return jobs, operations


def _synthesizer(stage: Stage) -> IReusableStackSynthesizer:
    if stage.has_bootstrap:
        return DefaultStackSynthesizer()
    return CliCredentialsStackSynthesizer()
