"""Takes what triggers ask for as a client's request is taken."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from bellpair_core.logic.functions.invoke_function import InvocationRequest, invoke_function
from bellpair_core.logic.jobs.submit_job import Submission, submit_job
from bellpair_core.logic.pair.pair_gate import PairReading
from bellpair_core.model.device import Device
from bellpair_core.model.tenant import Principal, Role
from bellpair_core.model.usage import Usage
from bellpair_core.ports import Blobs, CallbackBook, Clock, Functions, Ledger, Wakeups

from .fire_trigger import Firing, Made


@dataclass(frozen=True)
class JobTargets:
    """`Targets` over the use cases behind the API.

    Attributes
    ----------
    pair, devices
        The pair record and the devices, both a little old at most.
    spent
        What this invocation consumed until now.
    trace_id
        The trace of what is heard.
    """

    ledger: Ledger
    blobs: Blobs
    functions: Functions
    callbacks: CallbackBook
    wakeups: Wakeups
    clock: Clock
    region: str
    pair: PairReading
    devices: Callable[[], Sequence[Device]]
    spent: Callable[[], Usage]
    trace_id: str | None = None

    def invoke(self, firing: Firing) -> Made:
        """See `Targets.invoke`."""
        trigger = firing.trigger
        assert trigger.function is not None
        accepted = invoke_function(
            _owner(firing),
            trigger.function,
            InvocationRequest(
                inputs=firing.inputs,
                device=trigger.device,
                name=trigger.name,
                max_cost_usd=trigger.max_cost_usd,
            ),
            firing.key,
            ledger=self.ledger,
            blobs=self.blobs,
            functions=self.functions,
            callbacks=self.callbacks,
            wakeups=self.wakeups,
            clock=self.clock,
            region=self.region,
            trace_id=self.trace_id,
            pair=self.pair,
            devices=self.devices,
            spent=self.spent,
            trigger=trigger.name,
            marks=firing.tags,
        )
        return Made(accepted.job.id, accepted.replayed)

    def submit(self, firing: Firing) -> Made:
        """See `Targets.submit`."""
        circuit = firing.trigger.circuit
        assert circuit is not None
        accepted = submit_job(
            _owner(firing),
            Submission(
                source=str(firing.inputs["source"]),
                shots=circuit.shots,
                device=circuit.device,
                name=firing.trigger.name,
            ),
            firing.key,
            ledger=self.ledger,
            blobs=self.blobs,
            wakeups=self.wakeups,
            clock=self.clock,
            region=self.region,
            trace_id=self.trace_id,
            pair=self.pair,
            devices=self.devices,
            spent=self.spent,
            marks=firing.tags,
        )
        return Made(accepted.job.id, accepted.replayed)


def _owner(firing: Firing) -> Principal:
    """The trigger acts for its tenant, in the name of the key that made it."""
    trigger = firing.trigger
    return Principal(tenant=trigger.tenant, key_id=trigger.created_by, role=Role.USER)
