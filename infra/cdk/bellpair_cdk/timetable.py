"""A timetable: a function is woken on a schedule, whatever else does or does not happen."""

from __future__ import annotations

from aws_cdk import Duration
from aws_cdk import aws_events as events
from aws_cdk import aws_events_targets as targets
from aws_cdk import aws_lambda as lambda_
from constructs import Construct


class Timetable(Construct):
    """Wakes a function at a fixed rate; a call that comes too late is not made up for."""

    def __init__(
        self, scope: Construct, id: str, *, every: Duration, wakes: lambda_.IFunction
    ) -> None:
        super().__init__(scope, id)
        events.Rule(
            self,
            "Rule",
            schedule=events.Schedule.rate(every),
            targets=[
                targets.LambdaFunction(wakes, retry_attempts=0, max_event_age=Duration.minutes(1))
            ],
        )
