"""Triggers and happenings that many tests start from."""

from __future__ import annotations

from typing import Any

from bellpair_core.logic.triggers.read_happening import read_object
from bellpair_core.model.trigger import CircuitTarget, Happening, SourceKind, Trigger
from tests.examples import ACME, BELL, NOON

QASM = {"type": "inbox", "prefix": "", "suffix": ".qasm"}


def trigger_example(name: str = "drop", source: Any = None, **changes: Any) -> Trigger:
    """A trigger that submits OpenQASM files of the inbox, unless told otherwise."""
    values: dict[str, Any] = {
        "tenant": ACME,
        "name": name,
        "source": source or QASM,
        "created_at": NOON,
        "created_by": "0a1b2c3d",
        "armed_at": NOON,
    }
    if "function" not in changes:
        values["circuit"] = CircuitTarget(device="sv1", shots=100)
    return Trigger(**(values | changes))


def object_example(name: str = "bell.qasm", tenant: str = ACME, mark: str = "1") -> Happening:
    """An object of the tenant's inbox in us-east-1."""
    more = {"size": len(BELL), "etag": "e"}
    return read_object(tenant, name, at=NOON, region="us-east-1", more=more, mark=mark)


def event_example(detail: Any = None, **changes: Any) -> Happening:
    """An event that every tenant may hear."""
    document = {
        "id": "e-1",
        "source": "lab",
        "detail-type": "Measured",
        "time": "2026-01-01T12:00:00Z",
        "detail": detail if detail is not None else {"shots": 10},
    }
    values: dict[str, Any] = {
        "kind": SourceKind.EVENT,
        "id": "event/e-1",
        "at": NOON,
        "document": document,
    }
    return Happening(**(values | changes))
