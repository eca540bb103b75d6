"""The part of the API's double that knows of triggers."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from tests.unit.sdk.problems import problem

if TYPE_CHECKING:
    from tests.unit.sdk.fake_api import Seen

Answered = tuple[int, dict[str, Any]]
TIME = "2026-01-01T12:00:00.000Z"


class FakeTriggers:
    """Triggers by name; a happening that is tried gives the template back.

    Attributes
    ----------
    waits, problem
        What is said of a happening that is tried.
    redrives
        What the next requests to redrive say they did: redriven, lost, more.
    in_flight
        Whether they found letters that others held.
    """

    def __init__(self) -> None:
        self.waits = True
        self.problem: dict[str, Any] | None = None
        self.redrives: deque[tuple[int, int, bool]] = deque()
        self.in_flight = False
        self.stored: dict[str, dict[str, Any]] = {}

    def answer(self, seen: Seen) -> Answered | None:
        """What is answered, or ``None`` where the request is of something else."""
        match seen.method, seen.path.split("/")[2:]:
            case "POST", ["triggers"]:
                return self._create(seen.body)
            case "GET", ["triggers"]:
                return 200, {"triggers": list(self.stored.values())}
            case _, ["triggers", name, *_] if name not in self.stored:
                return 404, problem(404, "trigger-not-found", f"No trigger {name}.")
            case method, ["triggers", name, *rest]:
                return self._one(method, name, rest)
        return None

    def _create(self, body: dict[str, Any]) -> Answered:
        if body["source"].get("rate") == "never":
            return 422, problem(422, "trigger-invalid", "#/source/rate: no.", remedy="Say when.")
        kept = {
            "function": None, "inputs": {}, "circuit": None, "device": None,
            "max_cost_usd": None, "paused": False, "created_at": TIME, "armed_at": TIME,
            "inbox": {"us-east-1": "s3://inbox/inbox/acme/"}
            if body["source"]["type"] == "inbox" else {},
        }  # fmt: skip
        self.stored[body["name"]] = kept | body
        return 201, self.stored[body["name"]]

    def _one(self, method: str, name: str, rest: list[str]) -> Answered:
        stored = self.stored[name]
        match method, rest:
            case "GET", []:
                return 200, stored
            case "DELETE", []:
                del self.stored[name]
                return 200, {"name": name, "deleted": True}
            case "POST", [("pause" | "resume") as word]:
                stored["paused"] = word == "pause"
                return 200, stored
            case "POST", ["test"]:
                return 200, {
                    "name": name, "waits_for_this": self.waits, "paused": stored["paused"],
                    "inputs": stored["inputs"] if self.waits else None,
                    "problem": self.problem, "next_times": [TIME],
                }  # fmt: skip
        redriven, lost, more = self.redrives.popleft() if self.redrives else (2, 1, False)
        why = {"code": "trigger-failed", "message": "no n", "remedy": "send n"}
        return 200, {
            "name": name, "redriven": redriven, "lost": lost, "more": more,
            "in_flight": self.in_flight, "before": TIME,
            "regions_away": ["us-west-2"], "reasons": [why],
        }  # fmt: skip
