"""The checks, each of one thing that Bellpair relies on."""

from __future__ import annotations

import socket
import threading
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from concurrent.futures import TimeoutError as Late
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime

from bellpair_core.model.device import DeviceStatus
from bellpair_core.model.errors import ErrorCode, JobFailed, ResultMissing, TransientFault
from bellpair_core.model.job import Task
from bellpair_core.model.limits import TASK_ID_CHARACTERS_MAX
from bellpair_core.ports.devices import DeviceAdapter, TakesProgramSets
from bellpair_core.ports.tasks import LaunchRefused, TaskState, TaskStatus, TaskUnknown

from .bench import Bench, Broken, Skipped
from .probes import NONSENSE

LAUNCHES_AT_ONCE = 8

LIKELIEST_SHARE = 0.5
"""The share of shots that the expected text must have at least: what the probe does is so little
that a device which gives it less often is of no use."""


@dataclass(frozen=True)
class Check:
    """One check.

    Attributes
    ----------
    says
        What the protocol asks for.
    run
        Raises `Broken` where the adapter does not keep it, `Skipped` where that cannot be seen.
    """

    name: str
    says: str
    run: Callable[[Bench], None]


CHECKS: list[Check] = []
"""All checks, in the order in which they are made."""


def _check(name: str, says: str) -> Callable[[Callable[[Bench], None]], Callable[[Bench], None]]:
    def add(run: Callable[[Bench], None]) -> Callable[[Bench], None]:
        CHECKS.append(Check(name, says, run))
        return run

    return add


@_check("describe", "describe() gives kind, status, provider and a range of shots.")
def _describe(bench: Bench) -> None:
    seen = bench.description
    _require(bool(seen.provider), "provider is empty")
    _require(
        1 <= seen.shots_min <= seen.shots_max,
        f"shots go from {seen.shots_min} to {seen.shots_max}",
    )
    _require(seen.status is DeviceStatus.ONLINE, f"it is {seen.status}; the checks need it online")
    _require(
        bench.device.describe(patient=False).kind is seen.kind, "asked again, it is another kind"
    )


@_check("health", "health() says the same status as describe().")
def _health(bench: Bench) -> None:
    health, seen = bench.device.health(), bench.device.describe(patient=False)
    _require(health.status is seen.status, f"health: {health.status}, describe: {seen.status}")


@_check("queue", "queue() is a number of tasks, or None.")
def _queue(bench: Bench) -> None:
    for name, depth in (
        ("queue()", bench.device.queue()),
        ("describe().queue_depth", bench.device.describe().queue_depth),
    ):
        _require(depth is None or depth >= 0, f"{name} is {depth}")


@_check("price", "price() is what a task costs in US dollars, none of it below 0, or None.")
def _price(bench: Bench) -> None:
    price, told = bench.device.price(), bench.device.describe().price
    _require(price == told, f"price() is {price}, describe() tells of {told}")
    for name, dollars in price.model_dump().items() if price else ():
        _require(0 <= dollars < float("inf"), f"{name} is {dollars}")


@_check("calibration", "calibration() makes a target to compile for, with all that it names.")
def _calibration(bench: Bench) -> None:
    _require(bool(bench.target.qubits), "the target has no qubits")
    again = bench.open().calibration()
    said = bench.description.calibration or bench.device.calibration()
    _require(again.format == said.format, f"the format was {said.format}, and is {again.format}")


@_check("completes", "A good program's task comes to its end, and poll() says so for good.")
def _completes(bench: Bench) -> None:
    state = bench.finished
    _require(bench.device.poll(state.arn).status is TaskStatus.COMPLETED, "it changed its end")
    if state.created_at is not None and state.ended_at is not None:
        began, ended = map(datetime.fromisoformat, (state.created_at, state.ended_at))
        _require(began <= ended, f"it ended at {state.ended_at}, before {state.created_at}")


@_check("task-id", "A task's id is short and printable, and poll() gives it back.")
def _task_id(bench: Bench) -> None:
    task_id = bench.launch(bench.task())
    printable = task_id.isascii() and task_id.isprintable() and " " not in task_id
    _require(printable, f"the id {task_id!r} has more than visible ASCII characters")
    _require(
        0 < len(task_id) <= TASK_ID_CHARACTERS_MAX,
        f"the id has {len(task_id)} characters, and may have {TASK_ID_CHARACTERS_MAX}",
    )
    state = bench.device.poll(task_id)
    _require(state.arn == task_id, f"poll({task_id!r}) is of {state.arn!r}")
    bench.device.cancel(task_id)


@_check("all-shots", "A result has as many shots as were asked for, each read once.")
def _all_shots(bench: Bench) -> None:
    task = bench.task()
    state = bench.until_over(bench.launch(task))
    counts = bench.counts(bench.device.result(state))
    taken = sum(counts.values())
    _require(taken == task.shots, f"{task.shots} shots were asked for, and {taken} are counted")


@_check("bit-order", "The characters of a result stand in the order of its measuredQubits.")
def _bit_order(bench: Bench) -> None:
    counts = bench.counts(bench.device.result(bench.finished))
    taken, right = sum(counts.values()), counts.get(bench.probe.expected, 0)
    likeliest = max(counts, key=lambda text: counts[text], default="nothing")
    _require(
        right >= LIKELIEST_SHARE * taken,
        f"{bench.probe.expected} is expected most, and counted {right} times of {taken}; "
        f"most was {likeliest}",
    )


@_check(
    "program-sets",
    "Where describe() tells of program sets, one task has the results of several, in order.",
)
def _program_sets(bench: Bench) -> None:
    sets = bench.description.program_sets
    if sets is None:
        return
    _require(sets.programs_max >= 1, f"a task takes {sets.programs_max} programs")
    device, probes = bench.device, (bench.probe, bench.other_probe)
    _require(isinstance(device, TakesProgramSets), "the adapter has no launch_set()")
    assert isinstance(device, TakesProgramSets)
    shots = max(bench.task().shots, sets.shots_min)
    task = bench.task(len(probes) * min(shots, sets.shots_max // len(probes)))
    programs = [probe.program for probe in probes]
    first, again = (device.launch_set(task, bench.job, programs) for _ in range(2))
    _require(first == again, f"one token made two tasks, {first} and {again}")
    documents = bench.device.result(bench.until_over(first)).get("programs") or ()
    _require(len(documents) == len(probes), f"{len(probes)} programs have {len(documents)} results")
    for number, (probe, document) in enumerate(zip(probes, documents, strict=True)):
        counts = bench.counts(document, probe)
        taken, right = sum(counts.values()), counts.get(probe.expected, 0)
        _require(
            taken == task.shots // len(probes),
            f"{task.shots} shots of {len(probes)} programs, and {taken} of program {number}",
        )
        _require(
            right >= LIKELIEST_SHARE * taken,
            f"program {number} gives {probe.expected} most, and it is counted {right} times"
            f" of {taken}",
        )


@_check("same-token", "launch() with a token sent before gives that token's task.")
def _same_token(bench: Bench) -> None:
    task = bench.task()
    first, second = bench.launch(task), bench.launch(task)
    _require(first == second, f"one token made two tasks, {first} and {second}")
    bench.until_over(first)
    third = bench.launch(task)
    _require(third == first, f"after its end, the token made another task, {third}")


@_check("same-token-at-once", "launch() with one token from many places at once makes one task.")
def _same_token_at_once(bench: Bench) -> None:
    task, job, program = bench.task(), "job-conformance-at-once", bench.probe.program
    adapters = [bench.open() for _ in range(LAUNCHES_AT_ONCE)]
    barrier = threading.Barrier(len(adapters))

    def launch(adapter: DeviceAdapter) -> str | Exception:
        barrier.wait()
        try:
            return adapter.launch(task, job, program)
        except TransientFault as fault:
            return fault

    with ThreadPoolExecutor(len(adapters)) as pool:
        answers = list(pool.map(launch, adapters))
    made = {answer for answer in answers if isinstance(answer, str)}
    # Who is told that there is too much to do repeats it, and must find the same task.
    made.add(bench.device.launch(task, job, program))
    _require(len(made) == 1, f"one token made {len(made)} tasks: {', '.join(sorted(made))}")


@_check("other-token", "launch() with another token makes another task.")
def _other_token(bench: Bench) -> None:
    first, second = (bench.launch(bench.task()) for _ in range(2))
    _require(first != second, f"two tokens made one task, {first}")


@_check("token-reused", "A token sent with another program never makes a second task.")
def _token_reused(bench: Bench) -> None:
    task = bench.task()
    first = bench.launch(task)
    changed = task.model_copy(update={"shots": max(1, task.shots - 1)})
    try:
        second = bench.launch(changed)
    except JobFailed:
        return
    _require(first == second, f"the token made a second task, {second} beside {first}")


@_check("other-process", "What one process launched, another one can follow, cancel and read.")
def _other_process(bench: Bench) -> None:
    state = bench.finished
    other = bench.open()
    _require(other.poll(state.arn).status is state.status, "the other process sees another state")
    bench.counts(other.result(other.poll(state.arn)))
    other.cancel(state.arn)


@_check("cancel", "cancel() ends a task that waits, may be repeated, and changes no task's end.")
def _cancel(bench: Bench) -> None:
    task_id = bench.launch(bench.task())
    for _ in range(2):
        _quietly(lambda: bench.device.cancel(task_id), "cancelling a task twice")
    over = bench.until_over(task_id)
    _quietly(lambda: bench.device.cancel(task_id), "cancelling a task that is over")
    _require(
        bench.device.poll(task_id).status is over.status,
        f"a task that was {over.status} became something else by being cancelled",
    )
    _quietly(lambda: bench.device.cancel(_unknown(task_id)), "cancelling a task that is not there")


@_check("unknown-task", "poll() of a task that is not there raises TaskUnknown.")
def _unknown_task(bench: Bench) -> None:
    task_id = _unknown(bench.finished.arn)
    try:
        state = bench.device.poll(task_id)
    except TaskUnknown:
        return
    except Exception as error:
        raise Broken(f"it raised {error!r}") from error
    raise Broken(f"it gave the state {state.status}")


@_check("missing-result", "result() of a task that has none raises ResultMissing.")
def _missing_result(bench: Bench) -> None:
    state = bench.finished
    nowhere = state.model_copy(
        update={
            "arn": _unknown(state.arn),
            "output_directory": state.output_directory and f"{state.output_directory}-not",
        }
    )
    try:
        bench.device.result(nowhere)
    except ResultMissing:
        return
    except Exception as error:
        raise Broken(f"it raised {error!r}") from error
    raise Broken("it gave a result")


@_check("bad-program", "A program that the device never runs is refused at once, by JobFailed.")
def _bad_program(bench: Bench) -> None:
    task = bench.task()
    for program in (NONSENSE, _with_strange_gate(bench.probe.program)):
        _refused_for_good(bench, task, program)
        # Whoever repeats the launch hears the same.
        _refused_for_good(bench, task, program)


@_check("too-many-shots", "More shots than describe() allows are refused at once, by JobFailed.")
def _too_many_shots(bench: Bench) -> None:
    task = bench.task(shots=bench.description.shots_max + 1)
    _refused_for_good(bench, task, bench.probe.program)


@_check(
    "offline",
    "While the device takes no tasks, launch() raises LaunchRefused, and health() says so.",
)
def _offline(bench: Bench) -> None:
    with bench.offline():
        status = bench.device.health().status
        _require(status is DeviceStatus.OFFLINE, f"health() says {status}")
        try:
            task_id = bench.launch(bench.task())
        except LaunchRefused as refusal:
            _require(not refusal.retired, "it says that the device is gone for good")
        except Exception as error:
            raise Broken(f"launch() raised {error!r}") from error
        else:
            raise Broken(f"launch() made task {task_id}")


@_check("found-offline", "While the device takes no tasks, a token sent before gives its task.")
def _found_offline(bench: Bench) -> None:
    task = bench.task()
    task_id = bench.launch(task)
    with bench.offline():
        try:
            found = bench.launch(task)
        except Exception as error:
            raise Broken(f"it raised {error!r}") from error
        _require(found == task_id, f"it gave {found} and not {task_id}")


@_check("nobody-there", "Where nobody listens, each method raises TransientFault.")
def _nobody_there(bench: Bench) -> None:
    with _port() as (port, _):
        pass
    _all_transient(bench, _elsewhere(bench, port))


@_check("silence", "Where nothing is answered, each method raises TransientFault in 45 s.")
def _silence(bench: Bench) -> None:
    with _port() as (port, listener):
        listener.listen(64)
        _all_transient(bench, _elsewhere(bench, port))


def _require(holds: bool, otherwise: str) -> None:
    if not holds:
        raise Broken(otherwise)


def _quietly(act: Callable[[], None], doing: str) -> None:
    try:
        act()
    except Exception as error:
        raise Broken(f"{doing} raised {error!r}") from error


def _unknown(task_id: str) -> str:
    """An id of the same form that no task has."""
    kept, changed = task_id[:-6], task_id[-6:]
    return kept + "".join("0" if letter != "0" else "1" for letter in changed)


def _with_strange_gate(program: str) -> str:
    """The program with a gate in it that no device has."""
    lines = program.splitlines()
    inside = next((i for i, line in enumerate(lines) if line.strip() == "box {"), None)
    measured = next(i for i, line in enumerate(lines) if "measure" in line)
    qubit = lines[measured].partition("measure")[2].strip(" ;")
    place = measured if inside is None else inside + 1
    return "\n".join([*lines[:place], f"bellpair_no_such_gate {qubit};", *lines[place:], ""])


def _refused_for_good(bench: Bench, task: Task, program: str) -> None:
    try:
        task_id = bench.launch(task, program=program)
    except JobFailed as failed:
        code, text, _ = JobFailed.parse(str(failed))
        _require(code is ErrorCode.DEVICE_REFUSED, f"the code is {code.value}")
        _require(bool(text.strip()), "it does not say why")
    except Exception as error:
        raise Broken(f"it raised {error!r}") from error
    else:
        raise Broken(f"it made task {task_id}")


@contextmanager
def _port() -> Iterator[tuple[int, socket.socket]]:
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        yield listener.getsockname()[1], listener


def _elsewhere(bench: Bench, port: int) -> DeviceAdapter:
    if bench.setting.url is None:
        raise Skipped("the adapter was given no URL that could be another one; give --url")
    return bench.open(url=f"http://127.0.0.1:{port}")


def _all_transient(bench: Bench, adapter: DeviceAdapter) -> None:
    known, task, program = bench.finished, bench.task(), bench.probe.program
    asked: dict[str, Callable[[], object]] = {
        "describe": adapter.describe,
        "describe(patient=False)": lambda: adapter.describe(patient=False),
        "calibration": adapter.calibration,
        "health": adapter.health,
        "queue": adapter.queue,
        "price": adapter.price,
        "poll": lambda: adapter.poll(known.arn),
        "cancel": lambda: adapter.cancel(known.arn),
        "launch": lambda: adapter.launch(task, "job-conformance-silence", program),
    }
    # A result may be elsewhere than the service.
    if not known.output_bucket:
        asked["result"] = lambda: adapter.result(TaskState(arn=known.arn, status=known.status))
    deadline = time.monotonic() + bench.answer_within_s
    answers = {name: _beside(ask) for name, ask in asked.items()}
    for name, answer in answers.items():
        _transient(name, answer, deadline)


def _beside(ask: Callable[[], object]) -> Future[object]:
    """Ask in a thread that nobody has to wait for."""
    answer: Future[object] = Future()

    def run() -> None:
        try:
            answer.set_result(ask())
        except Exception as error:
            answer.set_exception(error)

    threading.Thread(target=run, daemon=True).start()
    return answer


def _transient(name: str, answer: Future[object], deadline: float) -> None:
    try:
        given = answer.result(timeout=max(0.0, deadline - time.monotonic()))
    except TransientFault:
        return
    except Late as late:
        raise Broken(f"{name} has not come back in time") from late
    except Exception as error:
        raise Broken(f"{name} raised {error!r}") from error
    raise Broken(f"{name} gave {given!r}")
