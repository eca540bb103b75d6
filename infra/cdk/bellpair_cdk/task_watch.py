"""Watching tasks: what Braket says of a task wakes the execution that waits for it."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from constructs import Construct

from bellpair_cdk.access import JOBS
from bellpair_cdk.function import Workbench

SOURCE = "aws.braket"
TASK_CHANGED = "Braket Task State Change"
TASK_ENDED = ["COMPLETED", "FAILED", "CANCELLED"]
"""The states that somebody waits for; the three before them would wake functions for nothing."""
DEVICE_CHANGED = ["Braket Device Status Change", "Braket QPU Status Change"]


class TaskWatch(Construct):
    """A rule for tasks that ended, and the function that answers their executions."""

    def __init__(self, scope: Construct, id: str, *, bench: Workbench) -> None:
        super().__init__(scope, id)
        complete = bench.function(
            self,
            "Complete",
            name="complete",
            accesses=[
                bench.accesses.read_ledger(JOBS),
                bench.accesses.know_results(),
                bench.accesses.note_tasks(),
                bench.accesses.answer_jobs(),
            ],
        )
        events.Rule(
            self,
            "TaskChanged",
            description="A Braket task of Bellpair's changed its state",
            event_pattern=events.EventPattern(
                source=[SOURCE], detail_type=[TASK_CHANGED], detail={"status": TASK_ENDED}
            ),
            targets=[
                targets.LambdaFunction(
                    complete.callee, retry_attempts=10, max_event_age=Duration.hours(1)
                )
            ],
        )
