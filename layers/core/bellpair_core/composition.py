"""Puts the adapters behind the ports: what a function's handler builds once."""

from __future__ import annotations

import time
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from functools import cached_property
from typing import TYPE_CHECKING

from .adapters.dynamodb_catalogue import DynamoDbCatalogue
from .adapters.dynamodb_functions import DynamoDbFunctions
from .adapters.dynamodb_ledger import DynamoDbLedger
from .adapters.dynamodb_table import DynamoDbTable
from .adapters.meter import Meter
from .adapters.s3_blobs import S3Blobs
from .logic.recent import Recent
from .model.device import Device
from .model.pair import PairRecord
from .ports import (
    Announcements,
    Caller,
    Catalogue,
    CompiledForms,
    DeadLetters,
    Happenings,
    HostNames,
    Inbox,
    Ingestions,
    Journal,
    Ledger,
    Operations,
    Peers,
    TaskService,
    Triggers,
    Wakeups,
    Workers,
    Workflows,
)
from .settings import Settings

if TYPE_CHECKING:
    from .adapters.sqs_callbacks import SqsCallbacks
    from .adapters.sqs_ends import SqsEnds
    from .logic.devices.device_breaker import Breakers
    from .logic.runs.call_desk import CallDesk
    from .logic.runs.spending import Spending


class World:
    """Everything outside the logic, for one function's process.

    Each part is built when it is first used, so a function pays only for its own.
    """

    def __init__(self, settings: Settings) -> None:
        self.settings = settings
        self.meter = Meter(settings.memory_mb)

    @classmethod
    def from_environment(cls, environment: Mapping[str, str]) -> World:
        """The world that Lambda's environment variables describe."""
        return cls(Settings.from_environment(environment))

    @staticmethod
    def clock() -> datetime:
        """Now, in UTC."""
        return datetime.now(UTC)

    @staticmethod
    def sleep(seconds: float) -> None:
        """Let so many seconds pass."""
        time.sleep(seconds)

    @cached_property
    def ledger(self) -> Ledger:
        """The strongly consistent table."""
        return DynamoDbLedger(self._ledger_table, self._initial_pair)

    @cached_property
    def hasty_ledger(self) -> Ledger:
        """The same table for those who would rather know soon that it is out of reach."""
        settings = self.settings
        table = DynamoDbTable(
            "ledger", settings.ledger_table, settings.region, self.meter, hasty=True
        )
        return DynamoDbLedger(table, self._initial_pair)

    @property
    def _initial_pair(self) -> PairRecord:
        settings = self.settings
        return PairRecord(active=settings.primary_region, passive=settings.secondary_region)

    @cached_property
    def _ledger_table(self) -> DynamoDbTable:
        settings = self.settings
        return DynamoDbTable("ledger", settings.ledger_table, settings.region, self.meter)

    @cached_property
    def _catalogue_table(self) -> DynamoDbTable:
        settings = self.settings
        return DynamoDbTable("catalogue", settings.catalogue_table, settings.region, self.meter)

    @cached_property
    def catalogue(self) -> Catalogue:
        """The eventually consistent table."""
        names = [device.name for device in self.settings.devices]
        return DynamoDbCatalogue(self._catalogue_table, names)

    @cached_property
    def forms(self) -> CompiledForms:
        """What was compiled before."""
        from .adapters.dynamodb_forms import DynamoDbForms

        settings = self.settings
        table = DynamoDbTable(
            "catalogue", settings.catalogue_table, settings.region, self.meter, hasty=True
        )
        return DynamoDbForms(table, self.clock)

    @cached_property
    def functions(self) -> DynamoDbFunctions:
        """What was deployed, `Functions`, and where to tell of a job's end, `CallbackBook`."""
        return DynamoDbFunctions(self._catalogue_table)

    @cached_property
    def journal(self) -> Journal:
        """The journals of functions, in the strongly consistent table."""
        from .adapters.dynamodb_journal import DynamoDbJournal

        return DynamoDbJournal(self._ledger_table)

    @cached_property
    def workers(self) -> Workers:
        """What runs users' code."""
        from .adapters.lambda_workers import LambdaWorkers

        return LambdaWorkers(self.settings.workers, self.settings.region)

    @cached_property
    def callbacks(self) -> SqsCallbacks:
        """This region's queue of word to callbacks."""
        from .adapters.sqs_callbacks import SqsCallbacks

        here = self.settings.region
        return SqsCallbacks(self.settings.callback_queue_urls.get(here, ""), here, self.meter)

    @cached_property
    def ends(self) -> SqsEnds:
        """This region's queue of word of jobs' ends."""
        from .adapters.sqs_ends import SqsEnds

        here = self.settings.region
        return SqsEnds(self.settings.trigger_queue_urls.get(here, ""), here, self.meter)

    @cached_property
    def hosts(self) -> HostNames:
        """The system's resolver."""
        from .adapters.https_caller import SystemHostNames

        return SystemHostNames()

    @cached_property
    def caller(self) -> Caller:
        """The public Internet."""
        from .adapters.https_caller import HttpsCaller
        from .logic.callbacks.public_address import is_public

        return HttpsCaller(self.hosts, is_public)

    @cached_property
    def blobs(self) -> S3Blobs:
        """Both regions' buckets: `Blobs` for most, `BlobCopies` for who repairs."""
        return S3Blobs(self.settings.blob_buckets, self.settings.region)

    @cached_property
    def tasks(self) -> TaskService:
        """The devices' services."""
        from .adapters.device_tasks import DeviceTasks
        from .adapters.secret_references import SecretReferences
        from .logic.callbacks.public_address import is_public
        from .ports.devices import DeviceSurroundings

        settings = self.settings
        surroundings = DeviceSurroundings(
            stage=settings.stage,
            region=settings.region,
            result_buckets=settings.result_buckets,
            secrets=SecretReferences(settings.region),
            is_public=is_public,
        )
        return DeviceTasks(settings.devices, surroundings)

    @cached_property
    def ingestions(self) -> Ingestions:
        """Both regions' calibration functions."""
        from .adapters.lambda_ingestions import LambdaIngestions

        return LambdaIngestions(self.settings.calibration)

    @cached_property
    def workflows(self) -> Workflows:
        """This region's state machines."""
        from .adapters.step_functions import StepFunctionsWorkflows

        settings = self.settings
        return StepFunctionsWorkflows(
            settings.job_state_machine_arn, settings.hybrid_state_machine_arn, settings.region
        )

    @cached_property
    def wakeups(self) -> Wakeups:
        """The dispatcher's queue."""
        from .adapters.sqs_wakeups import SqsWakeups

        here = self.settings.region
        return SqsWakeups(self.settings.dispatch_queue_urls[here], here, self.meter)

    @cached_property
    def peer_wakeups(self) -> Wakeups:
        """The dispatcher's queue of the other region."""
        from .adapters.sqs_wakeups import SqsWakeups

        there = self.settings.peer_region
        return SqsWakeups(self.settings.dispatch_queue_urls[there], there, self.meter, hasty=True)

    @cached_property
    def operations(self) -> Operations:
        """Both regions' failover machines."""
        from .adapters.failover_machine import FailoverMachine

        return FailoverMachine(self.settings.failover_machine)

    @cached_property
    def peers(self) -> Peers:
        """The regions' own APIs."""
        from .adapters.http_peers import HttpPeers

        return HttpPeers(self.settings.region)

    @cached_property
    def announcements(self) -> Announcements:
        """This region's event buses."""
        from .adapters.event_announcements import EventAnnouncements

        return EventAnnouncements(self.settings.region, self.settings.event_bus)

    @cached_property
    def triggers(self) -> Triggers:
        """The triggers, in the catalogue."""
        from .adapters.dynamodb_triggers import DynamoDbTriggers

        return DynamoDbTriggers(self._catalogue_table)

    @cached_property
    def happenings(self) -> Happenings:
        """Both regions' queues of what triggers are to hear."""
        from .adapters.sqs_triggers import SqsHappenings

        return SqsHappenings(self.settings.trigger_queue_urls)

    @cached_property
    def dead_letters(self) -> DeadLetters:
        """Both regions' queues of what triggers made no job of."""
        from .adapters.sqs_triggers import SqsDeadLetters

        return SqsDeadLetters(self.settings.dead_letter_queue_urls, self.settings.region)

    @cached_property
    def inbox(self) -> Inbox:
        """Both regions' inbox buckets."""
        from .adapters.s3_inbox import S3Inbox

        return S3Inbox(self.settings.inbox_buckets)

    @cached_property
    def pair(self) -> Recent[PairRecord]:
        """The pair record, a little old at most."""
        return Recent(self.ledger.pair, self.clock)

    @cached_property
    def devices(self) -> Recent[Sequence[Device]]:
        """The devices, a little old at most."""
        return Recent(self.catalogue.devices, self.clock)

    @cached_property
    def breakers(self) -> Breakers:
        """What is held against each device, a little old at most."""
        from .logic.devices.device_breaker import Breakers

        return Breakers(self.ledger, self.clock)

    @cached_property
    def call_desk(self) -> CallDesk:
        """What looks after functions' quantum calls."""
        from .logic.devices.observe_quality import QualityWatch
        from .logic.runs.call_desk import CallDesk

        return CallDesk(
            ledger=self.ledger,
            blobs=self.blobs,
            tasks=self.tasks,
            wakeups=self.wakeups,
            clock=self.clock,
            settings=self.settings,
            devices=self.devices,
            breakers=self.breakers,
            quality=QualityWatch(self.ledger, self.clock, lambda: self.announcements),
        )

    @cached_property
    def spending(self) -> Spending:
        """What holds functions to their caps."""
        from .logic.runs.spending import Spending
        from .logic.tenants.recent_tenants import RecentTenants

        tenants = RecentTenants(self.catalogue.tenant, self.clock)
        return Spending(self.journal, self.clock, tenants)
