"""What the ledger and the catalogue have in common as tables."""

from __future__ import annotations

from typing import TypedDict

from aws_cdk import RemovalPolicy
from aws_cdk import aws_dynamodb as dynamodb

from bellpair_cdk.stage import Stage


class Protection(TypedDict):
    """The properties that keep a table's data."""

    deletion_protection: bool
    removal_policy: RemovalPolicy
    point_in_time_recovery_specification: dynamodb.PointInTimeRecoverySpecification


def protection(stage: Stage) -> Protection:
    """Return how much a stage does to keep its tables' data."""
    return {
        "deletion_protection": stage.retain_data,
        "removal_policy": RemovalPolicy.RETAIN if stage.retain_data else RemovalPolicy.DESTROY,
        "point_in_time_recovery_specification": dynamodb.PointInTimeRecoverySpecification(
            point_in_time_recovery_enabled=stage.retain_data
        ),
    }


def string(name: str) -> dynamodb.Attribute:
    """Return a key attribute that holds text."""
    return dynamodb.Attribute(name=name, type=dynamodb.AttributeType.STRING)
