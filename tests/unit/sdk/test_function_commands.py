"""The command line for quantum functions, against two regions on real sockets."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from bellpair.cli.exits import ExitCode
from tests.unit.sdk.fake_api import FakeLedger, FakeRegion
from tests.unit.sdk.shell import Shell


@pytest.fixture
def module(tmp_path: Path) -> str:
    file = tmp_path / "vqe_h2.py"
    file.write_text("def run(runtime, start): ...\n")
    return str(file)


@pytest.fixture
def deployed(shell: Shell, module: str) -> Shell:
    assert shell("functions", "deploy", module).exit_code == ExitCode.OK
    return shell


def invoked(shell: Shell, *args: str, code: int = 0) -> dict[str, Any]:
    return shell.json("functions", "invoke", "vqe-h2", "-i", "start=[0.1]", *args, code=code)


def test_deploying_tells_the_version_and_its_schemas(shell: Shell, module: str) -> None:
    result = shell("functions", "deploy", f"{module}:run", "--worker", "python")
    assert result.exit_code == ExitCode.OK
    lines = [" ".join(line.split()) for line in result.stdout.splitlines()]
    assert lines[:2] == ["vqe-h2 version 1", "The ground state of H2."]
    assert "entry vqe_h2:run" in lines
    assert "worker python" in lines
    assert "inputs start: array of number" in lines
    assert "shots: integer = 1000" in lines
    assert "output object with energy" in lines
    assert "bellpair functions invoke vqe-h2" in result.stderr


def test_deploying_prints_one_json_object(shell: Shell, module: str, east: FakeRegion) -> None:
    version = shell.json("functions", "deploy", module, "--name", "vqe-h2", "--alias", "canary")
    assert (version["name"], version["version"]) == ("vqe-h2", 1)
    assert east.seen[-1].body["alias"] == "canary"


def test_a_syntax_error_is_shown_in_its_line(shell: Shell, tmp_path: Path) -> None:
    (tmp_path / "vqe.py").write_text("import broken\n")
    (tmp_path / "broken.py").write_text("x = 1\ny = = 2\n")
    result = shell("functions", "deploy", str(tmp_path / "vqe.py"))
    assert result.exit_code == ExitCode.REJECTED
    lines = result.stderr.splitlines()
    assert lines[0].startswith(f"{tmp_path / 'broken.py'}:2:5: error: ")
    assert lines[1:3] == ["    2 | y = = 2", "      |     ^"]
    error = shell.json("functions", "deploy", str(tmp_path / "vqe.py"), code=ExitCode.REJECTED)
    assert error["error"]["file"] == str(tmp_path / "broken.py")


def test_a_missing_file_or_entry_is_rejected_input(
    shell: Shell, module: str, east: FakeRegion
) -> None:
    assert shell("functions", "deploy", "missing.py").exit_code == ExitCode.REJECTED
    result = shell("functions", "deploy", f"{module}:walk")
    assert result.exit_code == ExitCode.REJECTED
    assert "It has: run." in result.stderr
    assert east.seen == []


def test_functions_are_listed_and_shown(shell: Shell, module: str) -> None:
    assert "bellpair functions deploy" in shell("functions").stderr
    shell("functions", "deploy", module)
    listed = shell("functions").stdout.splitlines()
    assert listed[1].split()[:5] == ["vqe-h2", "1", "latest", "=", "version"]
    assert shell("functions", "list").stdout.splitlines() == listed
    assert shell.json("functions")["functions"][0]["name"] == "vqe-h2"
    shown = shell("functions", "show", "vqe-h2").stdout
    assert "The ground state of H2." in shown
    assert "latest = version 1" in shown
    assert "openapi" in shell.json("functions", "show", "vqe-h2")
    assert shell("functions", "show", "other").exit_code == ExitCode.REJECTED
    assert shell("functions", "versions", "vqe-h2").stdout.splitlines()[1].split()[:3] == [
        "1", "vqe_h2", "qiskit",
    ]  # fmt: skip


def test_an_alias_is_shared_between_versions_and_deleted(
    deployed: Shell, ledger: FakeLedger
) -> None:
    result = deployed("functions", "alias", "vqe-h2", "stable", "1=90", "2=10")
    assert "vqe-h2:stable stands for 90 % 1 + 10 % 2." in result.stdout
    assert ledger.functions.aliases["stable"] == {"1": 90, "2": 10}
    deployed("functions", "alias", "vqe-h2", "stable", "2")
    assert ledger.functions.aliases["stable"] == {"2": 100}
    deleted = deployed.json("functions", "alias", "vqe-h2", "stable", "--delete")
    assert deleted == {"name": "vqe-h2", "alias": "stable", "deleted": True}
    assert "stable" not in ledger.functions.aliases


def test_a_function_or_a_part_of_it_is_deleted(deployed: Shell, east: FakeRegion) -> None:
    assert deployed("functions", "delete", "vqe-h2:latest").exit_code == ExitCode.OK
    assert east.paths()[-1] == "DELETE /v1/functions/vqe-h2/aliases/latest"
    assert deployed("functions", "delete", "vqe-h2").exit_code == ExitCode.OK
    assert east.paths()[-1] == "DELETE /v1/functions/vqe-h2"
    assert deployed("functions", "delete", "vqe-h2:1").exit_code == ExitCode.REJECTED


def test_workers_are_listed(shell: Shell) -> None:
    lines = shell("functions", "workers").stdout.splitlines()
    assert lines[2].split()[:5] == ["qiskit", "3.11.9", "3,008", "MB", "15"]
    assert "  qiskit 2.6.2" in shell("functions", "workers", "--packages").stdout
    assert len(shell.json("functions", "workers")["workers"]) == 2


def test_invoking_prints_the_id_alone(deployed: Shell) -> None:
    result = deployed("functions", "invoke", "vqe-h2", "-i", "start=[0.1]")
    job_id = result.stdout.strip()
    assert job_id.startswith("job-")
    assert f"bellpair jobs events {job_id} --follow" in result.stderr
    assert invoked(deployed)["status"] == "queued"


def test_waiting_prints_progress_and_then_the_output_alone(deployed: Shell) -> None:
    result = deployed("functions", "invoke", "vqe-h2", "-i", "start=[0.1]", "--wait")
    assert result.exit_code == ExitCode.OK
    assert json.loads(result.stdout)["energy"] == -1.137
    lines = result.stderr.splitlines()
    assert [line.split()[1] for line in lines[:-1]] == [
        "queued", "executing", "50%", "100%", "processing", "succeeded",
    ]  # fmt: skip
    assert lines[2].endswith("50%         iteration 1")
    assert "vqe-h2:1, 2.00 s, 2 quantum calls, US$ 0.0200" in lines[-1]


def test_waiting_prints_one_json_object(deployed: Shell) -> None:
    told = invoked(deployed, "--wait")
    assert told["id"] == told["job_id"]
    assert (told["status"], told["output"]["energy"]) == ("succeeded", -1.137)
    assert (told["calls"], told["spent_usd"]) == (2, 0.02)


def test_inputs_are_json_where_they_parse_and_else_text(
    deployed: Shell, east: FakeRegion, tmp_path: Path
) -> None:
    (tmp_path / "inputs.json").write_text('{"start": [0.5], "shots": 7}')
    given = ["start=[0.1]", "name=H2", 'deep={"a": null}', "eq=a=b", "nan=NaN", "empty="]
    options = [part for text in given for part in ("--input", text)]
    deployed(
        "functions", "invoke", "vqe-h2:stable", "--inputs", str(tmp_path / "inputs.json"), *options,
        "-d", "ion-11", "--max-cost", "2.5", "--seed", "7", "--time-limit", "600",
        "--callback", "cb-1", "--name", "n", "--tag", "a=b", "--idempotency-key", "mine",
    )  # fmt: skip
    assert east.seen[-1].body == {
        "inputs": {
            "start": [0.1], "shots": 7, "name": "H2", "deep": {"a": None}, "eq": "a=b",
            "nan": "NaN", "empty": "",
        },
        "device": "ion-11", "max_cost_usd": 2.5, "seed": 7, "timeout_s": 600, "callback": "cb-1",
        "name": "n", "tags": {"a": "b"},
    }  # fmt: skip
    assert east.seen[-1].headers["idempotency-key"] == "mine"


def test_inputs_are_read_from_standard_input(deployed: Shell, east: FakeRegion) -> None:
    result = deployed("functions", "invoke", "vqe-h2", "--inputs", "-", input='{"start": [3]}')
    assert result.exit_code == ExitCode.OK
    assert east.seen[-1].body["inputs"] == {"start": [3]}


@pytest.mark.parametrize("content", ["[1]", "no", "", '{"start": NaN}'])
def test_inputs_that_are_no_json_object_are_rejected(
    deployed: Shell, content: str, east: FakeRegion
) -> None:
    asked = len(east.seen)
    result = deployed("functions", "invoke", "vqe-h2", "--inputs", "-", input=content)
    assert result.exit_code == ExitCode.REJECTED
    assert len(east.seen) == asked
    missing = deployed("functions", "invoke", "vqe-h2", "--inputs", "missing.json")
    assert missing.exit_code == ExitCode.REJECTED


def test_inputs_that_do_not_fit_are_listed(deployed: Shell) -> None:
    result = deployed("functions", "invoke", "vqe-h2")
    assert result.exit_code == ExitCode.REJECTED
    assert "  - /start: Field required" in result.stderr


@pytest.mark.parametrize(
    "args",
    [
        ("invoke",),
        ("invoke", "vqe-h2", "--input", "novalue"),
        ("invoke", "vqe-h2", "--input", "=1"),
        ("invoke", "vqe-h2", "--max-cost", "-1"),
        ("invoke", "vqe-h2", "--seed", "x"),
        ("invoke", "vqe-h2", "--tag", "novalue"),
        ("alias", "vqe-h2", "stable"),
        ("alias", "vqe-h2", "stable", "1", "--delete"),
        ("alias", "vqe-h2", "stable", "one"),
        ("alias", "vqe-h2", "stable", "1=50"),
        ("deploy",),
    ],
)
def test_wrong_usage_is_told_before_anything_is_sent(
    shell: Shell, east: FakeRegion, args: tuple[str, ...]
) -> None:
    assert shell("functions", *args).exit_code == ExitCode.USAGE
    assert east.seen == []


def test_a_failed_function_tells_why(deployed: Shell, ledger: FakeLedger) -> None:
    ledger.functions.error = {
        "code": "function-failed", "message": "ZeroDivisionError in ansatz.py",
        "remedy": "Correct it.",
    }  # fmt: skip
    failed = invoked(deployed, "--wait", code=ExitCode.JOB_FAILED)
    assert (failed["status"], failed["error"]["code"]) == ("failed", "function-failed")


def test_a_job_paused_at_its_cap_says_how_to_go_on(deployed: Shell, ledger: FakeLedger) -> None:
    ledger.functions.course.insert(2, "paused")
    result = deployed(
        "functions", "invoke", "vqe-h2", "-i", "start=[1]", "--max-cost", "1", "--wait"
    )
    (job_id,) = ledger.jobs
    assert result.exit_code == ExitCode.TIMED_OUT
    assert "next call 0.30" in result.stderr
    assert f"bellpair jobs resume {job_id} --max-cost" in result.stderr
    shown = deployed("jobs", "show", job_id).stdout
    assert "paused" in shown

    job = ledger.jobs[job_id]
    events = dict(job)
    unraised = deployed("jobs", "resume", job_id)
    assert unraised.exit_code == ExitCode.OK
    assert "pauses again. --max-cost raises it." in unraised.stderr
    job.update(events, status="paused")
    output = deployed("jobs", "resume", job_id, "--max-cost", "5", "--wait")
    assert output.exit_code == ExitCode.OK, output.output
    assert json.loads(output.stdout)["energy"] == -1.137
    again = deployed("jobs", "resume", job_id, "--max-cost", "5")
    assert again.exit_code == ExitCode.REJECTED


def test_a_function_that_takes_too_long_goes_on(deployed: Shell, ledger: FakeLedger) -> None:
    ledger.stuck = True
    late = invoked(deployed, "--wait", "--timeout", "0.05", code=ExitCode.TIMED_OUT)
    ledger.stuck = False
    told = deployed.json("jobs", "result", late["job_id"])
    assert told["output"]["energy"] == -1.137


def test_jobs_tell_of_functions(deployed: Shell, ledger: FakeLedger) -> None:
    job_id = invoked(deployed, "--wait")["id"]
    assert deployed("jobs").stdout.splitlines()[1].split()[:2] == [job_id, "vqe-h2:1"]
    shown = [
        " ".join(line.split()) for line in deployed("jobs", "show", job_id).stdout.splitlines()
    ]
    assert "function vqe-h2:1 (alias latest)" in shown
    assert "progress 100% iteration 2" in shown
    assert "calls 2" in shown
    assert "spent US$ 0.0200" in shown


def test_what_a_function_printed_is_shown_and_cannot_rewrite_the_terminal(
    deployed: Shell, ledger: FakeLedger
) -> None:
    job_id = invoked(deployed)["id"]
    followed = deployed("jobs", "logs", job_id, "--follow")
    assert followed.stdout == "iteration 1\niteration 2\n"
    ledger.functions.printed[job_id] = ["\x1b[2Jgone\n"]
    assert "\x1b" not in deployed("jobs", "logs", job_id).stdout
    assert deployed.json("jobs", "logs", job_id)["text"] == "\x1b[2Jgone\n"


def test_events_are_followed(deployed: Shell) -> None:
    job_id = invoked(deployed)["id"]
    told = deployed("jobs", "events", job_id).stdout.splitlines()
    assert [line.split()[1] for line in told] == ["queued", "executing"]
    followed = deployed("jobs", "events", job_id, "-f").stdout.splitlines()
    assert followed[2].split()[1:] == ["50%", "iteration", "1"]
    events = deployed.json("jobs", "events", job_id)["events"]
    assert events[-1]["type"] == "succeeded"


def test_a_new_callbacks_secret_is_printed_once_and_alone(shell: Shell) -> None:
    assert "bellpair callbacks add" in shell("callbacks").stderr
    result = shell("callbacks", "add", "https://example.org/hook")
    assert result.stdout == "cbs_once\n"
    assert "cb-1" in result.stderr
    assert "will not be shown again" in result.stderr
    assert shell("callbacks", "list").stdout.splitlines()[1].split() == [
        "cb-1", "https://example.org/hook",
    ]  # fmt: skip
    assert shell.json("callbacks")["callbacks"] == [
        {"id": "cb-1", "url": "https://example.org/hook"}
    ]
    assert shell("callbacks", "add", "http://example.org").exit_code == ExitCode.REJECTED
    assert "cb-1 is deleted" in shell("callbacks", "delete", "cb-1").stderr
    assert shell("callbacks", "delete", "cb-1").exit_code == ExitCode.REJECTED


@pytest.mark.parametrize(
    "command",
    [
        ("functions",), ("functions", "deploy"), ("functions", "list"), ("functions", "show"),
        ("functions", "versions"), ("functions", "alias"), ("functions", "delete"),
        ("functions", "invoke"), ("functions", "workers"), ("jobs", "logs"), ("jobs", "events"),
        ("jobs", "resume"), ("callbacks",), ("callbacks", "add"), ("callbacks", "list"),
        ("callbacks", "delete"),
    ],
)  # fmt: skip
def test_each_help_has_examples(shell: Shell, command: tuple[str, ...]) -> None:
    result = shell(*command, "--help")
    assert result.exit_code == ExitCode.OK
    assert "Examples" in result.stdout
    assert f"$ {' '.join(('bellpair', *command))}" in result.stdout


def test_ctrl_c_leaves_the_function_running_and_says_so(
    deployed: Shell, east: FakeRegion, ledger: FakeLedger
) -> None:
    ledger.stuck = True
    asked = len(east.seen)
    process = subprocess.Popen(
        [sys.executable, "-m", "bellpair.cli", "functions", "invoke", "vqe-h2", "-i", "start=[1]",
         "--wait"],
        env=os.environ | deployed.environ, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        text=True,
    )  # fmt: skip
    try:
        east.wait_for_requests(asked + 3)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    finally:
        process.kill()
    (job_id,) = ledger.jobs
    assert process.returncode == ExitCode.INTERRUPTED
    assert stdout == ""
    assert "the job goes on" in stderr
    assert f"bellpair jobs result {job_id}" in stderr
    assert "Traceback" not in stderr
