"""Simulated time: activities take turns, and the order follows from a seed.

The logic under test is plain synchronous code, so each activity is a greenlet, which can be
stopped inside any call it makes. Only one runs at a time, and only `Scheduler` says which.
"""

from __future__ import annotations

import heapq
from collections.abc import Callable
from typing import Any

from greenlet import getcurrent, greenlet


class Died(BaseException):
    """The process is gone. No code of a process may catch its own death.

    ``reason`` is what a state machine is told about it.
    """

    def __init__(self, reason: str = "Runtime.ExitError") -> None:
        super().__init__(reason)
        self.reason = reason


class Host:
    """What activities run on: a region's cloud or the clients' network.

    Attributes
    ----------
    frozen
        Whether its activities stand still. They go on where they were when it is thawed.
    """

    def __init__(self, scheduler: Scheduler, name: str) -> None:
        self.name = name
        self.frozen = False
        self._scheduler = scheduler
        self._running: dict[Activity, None] = {}
        self._parked: list[tuple[Activity, int]] = []

    def begin(self, activity: Activity) -> None:
        """Take the activity in."""
        self._running[activity] = None

    def leave(self, activity: Activity) -> None:
        """The activity is over."""
        self._running.pop(activity, None)

    def park(self, activity: Activity, ticket: int) -> None:
        """The activity's time has come, but the host stands still."""
        self._parked.append((activity, ticket))

    def freeze(self) -> None:
        """Stop every activity where it is."""
        self.frozen = True

    def thaw(self) -> None:
        """Let every activity go on."""
        self.frozen = False
        parked, self._parked = self._parked, []
        for activity, ticket in parked:
            self._scheduler.resume_at(self._scheduler.now, activity, ticket)

    def lose_workers(self, wanted: Callable[[], bool]) -> None:
        """End those activities that run on workers and of which ``wanted`` says so."""
        for activity in list(self._running):
            if not activity.lasting and wanted():
                activity.kill()

    def die(self) -> None:
        """End every activity at once, whatever it was doing."""
        self._parked = []
        for activity in list(self._running):
            activity.kill()


class Activity:
    """One process at work: an invocation, an execution, a client.

    Parameters
    ----------
    host
        Dies and freezes with it.
    name
        Names it in the history.
    body
        What it does; its answer or exception is for whoever waits for it.
    lasting
        Whether it is no worker's, and so outlives the loss of workers: a state machine's execution.
    """

    __slots__ = (
        "dead",
        "done",
        "error",
        "host",
        "lasting",
        "name",
        "ticket",
        "value",
        "waiters",
        "worker",
    )

    def __init__(
        self, scheduler: Scheduler, host: Host, name: str, body: Callable[[], Any], lasting: bool
    ) -> None:
        self.host = host
        self.lasting = lasting
        self.name = name
        self.dead = False
        self.done = False
        self.value: Any = None
        self.error: BaseException | None = None
        self.ticket = 0
        self.waiters: list[tuple[Activity, int]] = []
        self.worker = greenlet(self._run, parent=scheduler.hub)
        self._begin(scheduler, body)

    def _begin(self, scheduler: Scheduler, body: Callable[[], Any]) -> None:
        self.host.begin(self)
        self.value = (scheduler, body)
        scheduler.resume_at(scheduler.now, self, self.ticket)

    def _run(self) -> None:
        scheduler, body = self.value
        self.value = None
        try:
            self.value = body()
        except Died as error:
            self.dead = True
            self.error = error
        except Exception as error:
            self.error = error
            # Frames would keep this greenlet's locals, and they this activity, in a circle.
            error.__traceback__ = None if scheduler.forget_traces else error.__traceback__
        self.done = True
        self.host.leave(self)
        for waiter, ticket in self.waiters:
            scheduler.resume_at(scheduler.now, waiter, ticket)
        self.waiters = []

    def kill(self, reason: str = "Runtime.ExitError") -> None:
        """End it where it stands. Only the hub may, between two steps."""
        if self.done:
            return
        self.dead = True
        if self.worker:
            self.worker.throw(Died(reason))
        else:
            self.done = True
            self.error = Died(reason)
            self.host.leave(self)


class Scheduler:
    """Lets activities and timed happenings take place in the order of simulated time.

    Attributes
    ----------
    now
        Seconds since the schedule began.
    current
        The activity that runs, if one does.
    steps
        How many times an activity was given its turn.
    """

    def __init__(self, *, forget_traces: bool = True) -> None:
        self.now = 0.0
        self.steps = 0
        self.current: Activity | None = None
        self.hub = getcurrent()
        self.forget_traces = forget_traces
        self._queue: list[tuple[float, int, Activity | None, Any]] = []
        self._sequence = 0
        self._stopped = False
        self._until = 0.0

    def at(self, when: float, happening: Callable[[], None]) -> None:
        """Let something happen in the world, outside of any process."""
        self._sequence += 1
        heapq.heappush(self._queue, (when, self._sequence, None, happening))

    def after(self, seconds: float, happening: Callable[[], None]) -> None:
        """As `at`, that many seconds from now."""
        self.at(self.now + seconds, happening)

    def resume_at(self, when: float, activity: Activity, ticket: int) -> None:
        """Give the activity its turn then, if it still waits with this ticket."""
        self._sequence += 1
        heapq.heappush(self._queue, (when, self._sequence, activity, ticket))

    def spawn(
        self, host: Host, name: str, body: Callable[[], Any], *, lasting: bool = False
    ) -> Activity:
        """Start an activity; it gets its first turn as soon as this one gives up its own."""
        return Activity(self, host, name, body, lasting)

    def sleep(self, seconds: float) -> None:
        """Let others have their turn for so long."""
        activity = self.current
        assert activity is not None
        if activity.dead:
            raise Died
        when = self.now + seconds
        alone = not self._queue or when < self._queue[0][0]
        if alone and when <= self._until and not self._stopped:
            # Nobody else has a turn before, so nobody notices that this one kept its own.
            self.now = when
            self.steps += 1
            return
        activity.ticket += 1
        self._sequence += 1
        heapq.heappush(self._queue, (when, self._sequence, activity, activity.ticket))
        self.hub.switch()

    def wait(self, awaited: Activity, seconds: float | None = None) -> bool:
        """Stand until ``awaited`` is over, or for ``seconds``; whether it is over."""
        activity = self.current
        assert activity is not None
        if activity.dead:
            raise Died
        if not awaited.done:
            activity.ticket += 1
            awaited.waiters.append((activity, activity.ticket))
            if seconds is not None:
                self.resume_at(self.now + seconds, activity, activity.ticket)
            self.hub.switch()
        return awaited.done

    def stand(self, seconds: float) -> int:
        """Like `sleep`, but `nudge` with the ticket ends it early. Call `stood` to stand."""
        activity = self.current
        assert activity is not None
        activity.ticket += 1
        self.resume_at(self.now + seconds, activity, activity.ticket)
        return activity.ticket

    def stood(self) -> None:
        """Give up the turn until the time of `stand` is over or a nudge comes."""
        assert self.current is not None
        if self.current.dead:
            raise Died
        self.hub.switch()

    def stop(self) -> None:
        """Let `run` return after the present step."""
        self._stopped = True

    def run(self, until: float) -> None:
        """Go on until the time is reached, nothing is left, or `stop` was called."""
        queue = self._queue
        pop = heapq.heappop
        self._stopped = False
        self._until = until
        while queue and not self._stopped:
            when, _, activity, what = queue[0]
            if when > until:
                break
            pop(queue)
            if activity is None:
                self.now = when
                what()
                continue
            if activity.done or activity.ticket != what:
                continue
            self.now = when
            if activity.host.frozen:
                activity.host.park(activity, what)
                continue
            self.steps += 1
            self.current = activity
            activity.worker.switch()
            self.current = None
        if self.now < until and not self._stopped:
            self.now = until
