"""What a client does with triggers: make, list, pause, test and redrive them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from datetime import datetime
from typing import TYPE_CHECKING, Any

from pydantic import Field

from bellpair.errors import BellpairError, InvalidRequest
from bellpair.models import Answer

if TYPE_CHECKING:
    from bellpair.transport import Transport

_NAME = re.compile(r"[a-z][a-z0-9-]{0,62}")
_REDRIVE_HELD = 10.0
"""Seconds that a redrive may take beyond any other request, where queues answer slowly."""
_FRUITLESS_MAX = 10
"""Requests to redrive that found nothing, one after another, before it is given up."""


class Trigger(Answer):
    """What makes jobs by itself.

    Attributes
    ----------
    source
        What it waits for: an object with ``type`` ``"inbox"``, ``"event"``, ``"schedule"`` or
        ``"queue"``.
    function, inputs
        What it invokes, and the template of the inputs.
    circuit
        Instead of a function, ``device`` and ``shots`` of the program that it submits.
    inbox
        By region, where objects are to be put; for the source ``inbox``.
    """

    name: str
    source: dict[str, Any]
    function: str | None = None
    inputs: dict[str, Any] = Field(default_factory=dict)
    circuit: dict[str, Any] | None = None
    device: str | None = None
    max_cost_usd: float | None = None
    paused: bool = False
    created_at: datetime | None = None
    armed_at: datetime | None = None
    inbox: dict[str, str] = Field(default_factory=dict)


class TriggerTrial(Answer):
    """What a trigger would make of something; nothing was made.

    Attributes
    ----------
    waits_for_this
        Whether it waits for such a thing at all.
    paused
        Whether it is paused; it is tried as if it were resumed.
    inputs
        What the function would get, or the program as ``source``; ``None`` where that is not
        known.
    problem
        Why there would be no job: ``code``, ``message``, ``remedy``, and ``errors`` with each
        wrong place.
    makes_a_job
        Whether a job would be made.
    next_times
        When a schedule is due next.
    """

    name: str
    waits_for_this: bool
    paused: bool = False
    inputs: dict[str, Any] | None = None
    problem: dict[str, Any] | None = None
    next_times: list[datetime] = Field(default_factory=list)

    @property
    def makes_a_job(self) -> bool:
        """Whether a job would be made."""
        return self.waits_for_this and self.problem is None


class RedrivenTrigger(Answer):
    """What was given to a trigger again.

    Attributes
    ----------
    redriven
        How many happenings.
    in_flight
        Whether another redrive held failures when this one began, perhaps of this trigger; redrive
        again in a minute then.
    before
        What failed later was left alone.
    lost
        How many were too large to be kept whole, and are dropped.
    more
        Whether there may be more; redrive again then.
    regions_away
        Regions whose failures could not be looked at.
    reasons
        Why they had failed, each kind once.
    """

    name: str
    redriven: int
    lost: int = 0
    more: bool = False
    in_flight: bool = False
    before: datetime | None = None
    regions_away: list[str] = Field(default_factory=list)
    reasons: list[dict[str, Any]] = Field(default_factory=list)

    def and_then(self, later: RedrivenTrigger) -> RedrivenTrigger:
        """What this request and the one after it did together."""
        return later.model_copy(
            update={
                "redriven": self.redriven + later.redriven,
                "lost": self.lost + later.lost,
                # What was held later may only not be counted yet as put back by this one.
                "in_flight": self.in_flight,
                "reasons": [each for each in self.reasons if each not in later.reasons]
                + later.reasons,
            }
        )


class TriggerClient:
    """The part of a `bellpair.Client` that knows of triggers."""

    _transport: Transport

    def create_trigger(
        self,
        name: str,
        source: Mapping[str, Any],
        *,
        function: str | None = None,
        inputs: Mapping[str, Any] | None = None,
        circuit: Mapping[str, Any] | None = None,
        device: str | None = None,
        max_cost_usd: float | None = None,
        paused: bool = False,
    ) -> Trigger:
        """Make a trigger; asking for the same again changes nothing.

        Parameters
        ----------
        source
            ``{"type": "inbox", "prefix": …, "suffix": …}``, ``{"type": "event", "pattern": …}``
            in EventBridge's language, ``{"type": "schedule", "rate": "5 minutes"}`` or ``"cron"``
            with six fields in UTC, or ``{"type": "queue", "queue": …}``.
        function
            What is invoked: ``name``, ``name:alias`` or ``name:version``.
        inputs
            Its inputs; texts such as ``"$.detail.shots"`` give what is there in what happened.
        circuit
            Instead of a function, ``{"device": …, "shots": …}``: the object's or message's text
            is submitted as a program.
        device, max_cost_usd
            Of the function's jobs.

        Raises
        ------
        InvalidRequest
            If the trigger cannot work, with the place.
        Conflict
            If there is another trigger of this name, or there are too many.
        NotFound
            If there is no such function.
        """
        body: dict[str, Any] = {"name": name, "source": dict(source)}
        if function is not None:
            body["function"] = function
        if inputs:
            body["inputs"] = dict(inputs)
        if circuit is not None:
            body["circuit"] = dict(circuit)
        if device is not None:
            body["device"] = device
        if max_cost_usd is not None:
            body["max_cost_usd"] = max_cost_usd
        if paused:
            body["paused"] = True
        return Trigger.read(self._transport.request("POST", "/v1/triggers", body=body))

    def triggers(self) -> list[Trigger]:
        """All triggers, by name."""
        body = self._transport.request("GET", "/v1/triggers")
        return [Trigger.read(each) for each in body.get("triggers", ())]

    def trigger(self, name: str) -> Trigger:
        """One trigger.

        Raises
        ------
        NotFound
            If this tenant has no such trigger.
        """
        return Trigger.read(self._transport.request("GET", _path(name)))

    def pause_trigger(self, name: str) -> Trigger:
        """Let a trigger fire nothing; what happens meanwhile is not made up for."""
        return Trigger.read(self._transport.request("POST", _path(name, "pause"), body={}))

    def resume_trigger(self, name: str) -> Trigger:
        """Let a trigger fire again, from now on."""
        return Trigger.read(self._transport.request("POST", _path(name, "resume"), body={}))

    def delete_trigger(self, name: str) -> None:
        """Delete a trigger; jobs that it made go on."""
        self._transport.request("DELETE", _path(name))

    def try_trigger(
        self,
        name: str,
        *,
        event: Mapping[str, Any] | None = None,
        object_name: str | None = None,
        text: str | None = None,
    ) -> TriggerTrial:
        """Say what a trigger would make of something, without making it.

        Parameters
        ----------
        event
            For an event trigger: an event with ``source``, ``detail-type`` and ``detail``.
        object_name
            For an inbox trigger: the object's name in the tenant's folder.
        text
            The object's or the message's text.
        """
        given = {"event": event, "name": object_name, "text": text}
        body = {field: value for field, value in given.items() if value is not None}
        return TriggerTrial.read(self._transport.request("POST", _path(name, "test"), body=body))

    def redrive_trigger(
        self, name: str, *, on_progress: Callable[[RedrivenTrigger], None] | None = None
    ) -> RedrivenTrigger:
        """Give a trigger again what it made no job of; what made one before makes none again.

        What fails again meanwhile is left alone. Redriving again is harmless at any time.

        Parameters
        ----------
        on_progress
            Told of what was done so far after each request: one of them takes a few seconds.

        Returns
        -------
        RedrivenTrigger
            What all requests did; with ``more`` when so many of them found nothing of this
            trigger's among others' failures that it was given up.

        Raises
        ------
        Conflict
            If the trigger is paused.
        Unreachable
            When an answer is lost; its request is not repeated, for it may still hold the failures.
        """
        done = self._redrive(name, None)
        fruitless = 0
        while done.more and fruitless < _FRUITLESS_MAX:
            if on_progress is not None:
                on_progress(done)
            part = self._redrive(name, done)
            fruitless = 0 if part.redriven or part.lost else fruitless + 1
            done = done.and_then(part)
        return done

    def _redrive(self, name: str, done: RedrivenTrigger | None) -> RedrivenTrigger:
        """One request, after those that did ``done``."""
        body: dict[str, Any] = {}
        if done is not None and done.before is not None:
            body["before"] = done.before.isoformat()
        try:
            answer = self._transport.request(
                *("POST", _path(name, "redrive")), body=body, repeatable=False, held=_REDRIVE_HELD
            )
        except BellpairError as error:
            if done is not None:
                error.detail += f" Before that, {done.redriven} were given to trigger {name} again."
            if error.effect_unknown:
                error.remedy = (
                    "Redrive again in a minute: what was given to the trigger makes its job once,"
                    " however often it is given."
                )
            raise
        return RedrivenTrigger.read(answer)


def _path(name: str, *more: str) -> str:
    if not _NAME.fullmatch(name):
        raise InvalidRequest(
            f"{name!r} is not a trigger's name.",
            remedy="Names have lower-case letters, digits and hyphens; see `bellpair triggers`.",
        )
    return "/".join(("/v1/triggers", name, *more))
