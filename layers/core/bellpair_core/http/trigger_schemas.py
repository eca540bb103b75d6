"""The API's answers about triggers as models, from which its schema is made."""

from __future__ import annotations

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from .schemas import Place


class _Shown(BaseModel):
    model_config = ConfigDict(extra="forbid")


class TriggerCircuit(_Shown):
    """The program that becomes a job."""

    device: str
    shots: int
    source: str | None = Field(
        description="the program or its path; null for the object's or the message's text"
    )


class Trigger(_Shown):
    """What makes jobs by itself."""

    name: str
    source: dict[str, Any] = Field(description="what it waits for, by its type")
    function: str | None = Field(description="the function that it invokes")
    inputs: dict[str, Any] = Field(description="the template of the function's inputs")
    circuit: TriggerCircuit | None
    device: str | None
    max_cost_usd: float | None
    paused: bool
    created_at: datetime
    armed_at: datetime = Field(description="when it was made or resumed; schedules count from it")
    inbox: dict[str, str] = Field(description="by region, where objects are to be put")


class TriggerList(_Shown):
    """A tenant's triggers, by name."""

    triggers: list[Trigger]


class DeletedTrigger(_Shown):
    """A trigger that is gone."""

    name: str
    deleted: Literal[True]


class TriggerProblem(_Shown):
    """Why a trigger makes no job."""

    code: str
    message: str
    remedy: str


class TrialProblem(TriggerProblem):
    """Why there would be no job."""

    errors: list[Place] = Field(description="each wrong place, where there are places")


class TriggerTrial(_Shown):
    """What a trigger would make of something; nothing was made."""

    name: str
    waits_for_this: bool
    paused: bool = Field(description="then it is tried as if it were resumed")
    inputs: dict[str, Any] | None = Field(
        description="of the function, or the circuit's program as source; also with a problem,"
        " but for one by which they are not known"
    )
    problem: TrialProblem | None = Field(description="null where a job would be made")
    next_times: list[datetime] = Field(description="when a schedule is due next")


class RedrivenTrigger(_Shown):
    """What was given to a trigger again."""

    name: str
    redriven: int = Field(description="how many happenings")
    lost: int = Field(description="how many were too large to be kept, and are dropped")
    more: bool = Field(
        description="whether the request ended before it had looked at all; ask again then, with"
        " before"
    )
    in_flight: bool = Field(
        description="whether another request held failures when this one began, perhaps of this"
        " trigger; ask again in a minute then"
    )
    before: datetime = Field(
        description="what failed later was left alone; sent with the next request, that one leaves"
        " alone what failed again"
    )
    regions_away: list[str] = Field(description="regions whose failures could not be looked at")
    reasons: list[TriggerProblem] = Field(description="why they had failed, each kind once")
