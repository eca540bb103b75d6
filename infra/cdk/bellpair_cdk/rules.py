"""The security rules that every template is held to, and the exceptions with their reasons."""

from __future__ import annotations

from aws_cdk import Acknowledgment, App, Validations
from cdk_nag import AwsSolutionsChecks

EXCEPTIONS: dict[str, str] = {}
"""Rule -> why a finding of it stands, everywhere in the app."""


def hold_to_rules(app: App) -> None:
    """Check the app's stacks against AWS Solutions' rules when it is synthesized."""
    Validations.of(app).add_plugins(AwsSolutionsChecks(app))
    Validations.of(app).acknowledge(
        *(Acknowledgment(id=rule, reason=reason) for rule, reason in EXCEPTIONS.items())
    )
