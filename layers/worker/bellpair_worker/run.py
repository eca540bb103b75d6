"""One run, from the forking of its process to its outcome."""

from __future__ import annotations

import math
import os
import select
import time
from typing import Any

from . import outcomes
from .broker import Broker, Refused, Session, Unreachable
from .faults import Fault, fault
from .frames import BrokenFrame, Frames, Message, encode
from .limits import FAREWELL_SECONDS, LOOK_SECONDS, NOTE_SECONDS, YIELD_AFTER
from .nursery import Child, Nursery
from .printed import Printed
from .told import (
    Unintelligible,
    fault_in,
    objects_in,
    output_in,
    progress_in,
    unknown_end,
    word_in,
)

_SIGNALS = {
    -6: "it aborted",
    -7: "a bus error",
    -9: "it was killed",
    -11: "a segmentation fault",
    -24: "its processor time was used up",
}
_END_LIMIT_S = 15.0


class Held:
    """A child's process while it lives: its messages, its prints, its end.

    Parameters
    ----------
    seconds
        After which it is killed.
    """

    def __init__(self, nursery: Nursery, seconds: float) -> None:
        self._nursery = nursery
        self._began = time.monotonic()
        self._deadline = self._began + seconds
        self.seconds = seconds
        self._frames = Frames()
        self._hung_up = False
        self._closed = False
        self.printed = Printed()
        self.child: Child | None = None

    @property
    def left(self) -> float:
        """Seconds until it is killed; negative afterwards."""
        return self._deadline - time.monotonic()

    @property
    def age(self) -> float:
        """Seconds since the run began, as a part of all that it has."""
        return (time.monotonic() - self._began) / self.seconds

    def begin(self) -> None:
        """Have the process made."""
        self.child = self._nursery.fork(
            cpu_seconds=math.ceil(self.seconds * (os.cpu_count() or 1)) + 1
        )

    def send(self, message: Message) -> None:
        """Send the child something, waiting while it does not read; a dead one hears nothing."""
        assert self.child is not None
        data = memoryview(encode(message))
        line = self.child.line
        while data and time.monotonic() < self._deadline:
            try:
                data = data[line.send(data) :]
            except BlockingIOError:
                self.printed.drain(self.child.output)
                select.select([], [line], [], 0.1)
            except OSError:
                return

    def next(self, wait_s: float) -> Message | None:
        """The child's next message, if one comes within `wait_s` seconds or before its end.

        Raises
        ------
        BrokenFrame, NurseryLost
        """
        assert self.child is not None
        until = min(time.monotonic() + wait_s, self._deadline)
        while True:
            if (message := self._frames.next()) is not None:
                return message
            # What it said last may still be in the socket when its end is known.
            if self.over and self._hung_up:
                return None
            left = until - time.monotonic()
            if left <= 0 and not self.over:
                return None
            self._wait(max(left, 0))

    @property
    def over(self) -> bool:
        """Whether the process has ended, with all that it started."""
        return self.child is not None and self.child.exit_code is not None

    @property
    def late(self) -> bool:
        """Whether its time is up."""
        return time.monotonic() >= self._deadline

    def listen_no_more(self) -> None:
        """Take in what was printed until now; what comes later is lost."""
        assert self.child is not None
        self.printed.drain(self.child.output)
        self.printed.close()

    def end(self, grace_s: float = 0.0) -> None:
        """Wait for the process's end; kill it when it takes longer than `grace_s` seconds.

        Raises
        ------
        NurseryLost, TimeoutError
        """
        if self.child is None or self._closed:
            return
        self._closed = True
        try:
            self._await_end(grace_s)
            self._nursery.kill(self.child)
            if not self._await_end(_END_LIMIT_S):
                raise TimeoutError("a run's processes do not end")
            self.printed.drain(self.child.output)
            self.printed.close()
        finally:
            self.child.close()

    def _await_end(self, limit_s: float) -> bool:
        until = time.monotonic() + limit_s
        while not self.over and (left := until - time.monotonic()) > 0:
            self._wait(left)
        return self.over

    def _wait(self, seconds: float) -> None:
        child = self.child
        assert child is not None
        watched: list[Any] = [self._nursery.control, child.output]
        if not self._hung_up:
            watched.append(child.line)
        ready, _, _ = select.select(watched, [], [], seconds)
        if child.output in ready and not self.printed.drain(child.output):
            # Nobody holds the other end: its end is near, and will be told by the nursery.
            select.select([self._nursery.control], [], [], 0.01)
        if child.line in ready:
            try:
                data = child.line.recv(64 * 1024)
            except BlockingIOError:
                return
            except OSError:
                data = b""
            self._hung_up = not data
            self._frames.feed(data)
        if self._nursery.control in ready:
            self._nursery.hear(child)


class Run:
    """A job's function, run once, until it ends in one way or another.

    Parameters
    ----------
    broker
        Answers the run's requests.
    nursery
        Where the process is forked.
    run
        ``job_id``, ``run`` and ``ticket``.
    seconds
        That the run may take.
    look_seconds
        After so long without a request it is asked whether the run is wanted still.
    """

    def __init__(
        self,
        broker: Broker,
        nursery: Nursery,
        run: Message,
        seconds: float,
        look_seconds: float = LOOK_SECONDS,
    ) -> None:
        self._look_seconds = look_seconds
        self._held = Held(nursery, seconds)
        self._session = Session(
            broker, run, take_news=self._take_news, time_left=lambda: self._held.left
        )
        self._progress: Message | None = None
        self._noted = time.monotonic()

    def play(self) -> Message:
        """Run the function; its outcome.

        Raises
        ------
        NurseryLost, TimeoutError
            When the process around the runs is gone.
        """
        session = self._session
        try:
            # The process is made while the broker looks up what it is to do.
            self._held.begin()
            self._held.send(_work(session.request("open"), session))
            return self._relay()
        except Refused as refusal:
            error = outcomes.failure_of(refusal)
            return outcomes.refused(refusal) if error is None else self._fail(error)
        except Unreachable as error:
            return outcomes.unanswered(error)
        finally:
            self._held.end()

    def _relay(self) -> Message:
        while True:
            try:
                message = self._held.next(NOTE_SECONDS)
                if message is not None and (outcome := self._answer(message)) is not None:
                    return outcome
            except (BrokenFrame, Unintelligible, RecursionError):
                return self._fail(unknown_end())
            if message is None and self._held.over:
                return self._ended()
            if self._held.late:
                return self._late()
            if time.monotonic() - self._noted >= NOTE_SECONDS:
                self._tell_news()
            if time.monotonic() - self._noted >= self._look_seconds:
                self._session.look()
                self._noted = time.monotonic()

    def _answer(self, message: Message) -> Message | None:
        """Relay one message; the outcome where it was the last."""
        match message.get("op"):
            case "checkpoint":
                updates = objects_in(message, "updates")
                answer = self._session.request("checkpoint", updates=updates)
            case "state":
                answer = self._session.request("state", marker=word_in(message, "marker"))
            case "progress":
                self._progress = progress_in(message)
                return None
            case "done":
                return self._done(message)
            case _:
                raise Unintelligible("op")
        if self._held.age > YIELD_AFTER:
            self._held.end()
            self._tell_news()
            return outcomes.YIELDED
        self._held.send(
            {"operations": answer.get("operations", []), "marker": answer.get("marker")}
        )
        return None

    def _done(self, message: Message) -> Message:
        # Its last word is its last print too, so nothing waits for the process to be gone.
        self._held.listen_no_more()
        match message.get("kind"):
            case "finished":
                self._session.request("finish", value=output_in(message))
                return outcomes.FINISHED
            case "suspended":
                self._tell_news()
                return outcomes.SUSPENDED
            case "failed":
                return self._fail(fault_in(message))
            case _:
                raise Unintelligible("kind")

    def _ended(self) -> Message:
        child = self._held.child
        assert child is not None and child.exit_code is not None
        self._held.end()
        if child.over_memory:
            text = "The function's processes together needed more memory than its worker has"
            return self._fail(fault("limit-exceeded", text))
        self._tell_news()
        code = child.exit_code
        how = _SIGNALS.get(code, f"signal {-code}") if code < 0 else f"exit status {code}"
        return outcomes.crashed(
            "function-crashed", f"The function's process ended before the function did: {how}"
        )

    def _late(self) -> Message:
        self._held.end()
        text = f"The function made no call for the rest of its {self._held.seconds:.0f} seconds"
        if self._session.progressed:
            self._tell_news()
            return outcomes.crashed("function-timed-out", text)
        return self._fail(fault("function-timed-out", text))

    def _fail(self, error: Fault) -> Message:
        self._held.end()
        try:
            self._session.request("fail", error=error)
        except Refused as refusal:
            if outcomes.failure_of(refusal) is None:
                return outcomes.refused(refusal)
        except Unreachable as unreachable:
            return outcomes.unanswered(unreachable)
        return outcomes.failed(error)

    def _take_news(self) -> Message:
        news: Message = {}
        if self._held.printed:
            news["output"] = self._held.printed.take()
        if self._progress is not None:
            news["progress"], self._progress = self._progress, None
        self._noted = time.monotonic()
        return news

    def _tell_news(self) -> None:
        if self._held.printed or self._progress is not None:
            self._session.request("note")


class Inspection:
    """A look at a package: its imports are the user's code, so they run like it."""

    def __init__(self, nursery: Nursery, seconds: float) -> None:
        self._held = Held(nursery, seconds)

    def look(self, package: str, entry: str | None) -> list[Message] | Fault:
        """The package's entry points, or why it has none.

        Raises
        ------
        NurseryLost, TimeoutError
        """
        held = self._held
        try:
            held.begin()
            held.send({"do": "inspect", "package": package, "entry": entry})
            message = None
            while message is None and not held.over and not held.late:
                message = held.next(NOTE_SECONDS)
            if message is not None:
                return _inspected(message)
        except (BrokenFrame, Unintelligible):
            return unknown_end("function-invalid")
        finally:
            held.end(FAREWELL_SECONDS)
        return _no_answer(held)


def _inspected(message: Message) -> list[Message] | Fault:
    if message.get("kind") == "inspected":
        return objects_in(message, "entries")
    return fault_in(message)


def _no_answer(held: Held) -> Fault:
    if held.late:
        return fault(
            "function-invalid",
            f"The module's import took more than {held.seconds:.0f} seconds.",
            "Do the work in the function, not where the module is imported.",
        )
    assert held.child is not None
    return fault(
        "function-invalid",
        f"The module's import ended its process (exit code {held.child.exit_code}).",
        "Import must not exit, nor need more memory or processes than a run may have.",
    )


def _work(opened: Message, session: Session) -> Message:
    names = ("package", "entry", "inputs", "seed", "state", "checkpoints", "device", "takes")
    return {
        "do": "run",
        "execution": session.job_id,
        "operations": opened.get("operations", []),
        "marker": opened.get("marker"),
        **{name: opened.get(name) for name in names},
        "checkpoints": opened.get("checkpoints", 0),
    }
