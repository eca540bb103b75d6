"""The command line, against two regions on real sockets."""

from __future__ import annotations

import base64
import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from bellpair.cli.exits import ExitCode
from tests.qpy_files import qpy_head_of
from tests.unit.sdk.conftest import BELL
from tests.unit.sdk.fake_api import KEY, OPERATOR_KEY, FakeLedger, FakeRegion
from tests.unit.sdk.shell import Shell


@pytest.fixture
def bell(tmp_path: Path) -> str:
    file = tmp_path / "bell.qasm"
    file.write_text(BELL)
    return str(file)


def test_run_prints_one_json_object(shell: Shell, bell: str) -> None:
    result = shell.json("run", bell, "--shots", "1000", "--device", "sv1")
    assert result["status"] == "succeeded"
    assert result["job_id"].startswith("job-")
    assert result["counts"] == {"00": 503, "11": 497}
    assert (result["device"], result["shots"]) == ("sv1", 1000)
    assert result["bit_order"] == "little-endian"
    assert result["timings"]["total"] == 0.36


def test_run_prints_a_histogram_and_is_quiet_on_standard_error(shell: Shell, bell: str) -> None:
    result = shell("run", bell, "--name", "my bell")
    assert result.exit_code == ExitCode.OK
    assert result.stderr == ""
    assert "(my bell) succeeded on sv1, 1,000 shots" in result.stdout
    lines = result.stdout.splitlines()
    first = next(i for i, line in enumerate(lines) if line.startswith("00 "))
    assert "█" in lines[first]
    assert lines[first].endswith(" 50.3%  503")
    assert lines[first + 1].startswith("11 ")


def test_run_sends_what_its_options_say(shell: Shell, bell: str, east: FakeRegion) -> None:
    shell.json(
        "run", bell, "-s", "7", "-d", "ion-11", "--name", "n", "--tag", "a=1", "--tag", "b=x=y",
        "--idempotency-key", "mine",
    )  # fmt: skip
    assert east.seen[0].body == {
        "source": BELL, "shots": 7, "device": "ion-11", "name": "n", "tags": {"a": "1", "b": "x=y"},
    }  # fmt: skip
    assert east.seen[0].headers["idempotency-key"] == "mine"


def test_run_sends_a_qpy_file_in_base64(shell: Shell, east: FakeRegion, tmp_path: Path) -> None:
    file = tmp_path / "circuit.qpy"
    file.write_bytes(qpy_head_of())
    shell.json("run", str(file))

    assert east.seen[0].body["language"] == "qpy"
    assert base64.b64decode(east.seen[0].body["source"]) == qpy_head_of()


def test_estimate_says_that_qpy_files_can_only_be_run(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "circuit.qpy"
    file.write_bytes(qpy_head_of())
    error = shell.json("estimate", str(file), code=ExitCode.REJECTED)["error"]

    assert "QPY" in error["detail"]
    assert "qasm3.dumps" in error["remedy"]


def test_run_sends_execution_options_in_their_order(
    shell: Shell, bell: str, east: FakeRegion
) -> None:
    shell.json("run", bell, "--option", "a", "--option", "b:n=4:scales=1,2.5:how=x,y:to=linear")
    shell.json("run", bell, "--level", "2")

    sent = [seen.body for seen in east.seen if seen.method == "POST"]
    assert sent[0]["options"] == [
        {"name": "a"},
        {"name": "b", "n": 4, "scales": [1, 2.5], "how": ["x", "y"], "to": "linear"},
    ]
    assert (sent[1]["level"], "options" in sent[1]) == (2, False)


@pytest.mark.parametrize("option", ["b:n", "b:=1", ":n=1", "b:n=1:n=2"])
def test_an_option_that_cannot_be_read_is_wrong_usage(
    shell: Shell, bell: str, east: FakeRegion, option: str
) -> None:
    assert shell("run", bell, "--option", option).exit_code == ExitCode.USAGE
    assert not east.seen


def test_run_reads_standard_input(shell: Shell, east: FakeRegion) -> None:
    assert shell("run", "-", input=BELL).exit_code == ExitCode.OK
    assert east.seen[0].body["source"] == BELL


def test_run_without_waiting_prints_the_id_alone(shell: Shell, bell: str) -> None:
    result = shell("run", bell, "--no-wait")
    assert result.exit_code == ExitCode.OK
    job_id = result.stdout.strip()
    assert job_id.startswith("job-")
    assert f"bellpair jobs result {job_id}" in result.stderr
    assert shell.json("jobs", "result", job_id)["status"] == "succeeded"


def test_an_error_in_the_program_is_shown_in_its_line(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "broken.qasm"
    file.write_text(BELL + "\tbad q[0];\n")
    result = shell("run", str(file))
    assert result.exit_code == ExitCode.REJECTED
    assert result.stdout == ""
    assert result.stderr.splitlines() == [
        f"{file}:8:2: error: The gate 'bad' is not defined.",
        "    8 |  bad q[0];",
        "      |  ^",
        "help: Define it, or include stdgates.inc.",
        "(program-invalid, request req-42)",
    ]


def test_an_error_from_standard_input_has_a_place_too(shell: Shell) -> None:
    assert "<stdin>:1:1: error:" in shell("run", "-", input="bad;").stderr


def test_an_error_is_one_json_object_too(shell: Shell, tmp_path: Path) -> None:
    file = tmp_path / "broken.qasm"
    file.write_text("bad;")
    error = shell.json("run", str(file), code=ExitCode.REJECTED)["error"]
    assert (error["code"], error["line"], error["column"]) == ("program-invalid", 1, 1)


def test_the_fields_of_a_refused_request_are_listed(shell: Shell, bell: str) -> None:
    result = shell("run", bell, "--shots", "0")
    assert result.exit_code == ExitCode.REJECTED
    assert "  - /shots: must be at least 1" in result.stderr


def test_a_failed_job_tells_why_and_what_to_do(shell: Shell, bell: str, ledger: FakeLedger) -> None:
    ledger.error = {"code": "task-failed", "message": "No laser.", "remedy": "Switch it on."}
    result = shell("run", bell)
    assert result.exit_code == ExitCode.JOB_FAILED
    assert "failed: No laser." in result.stderr
    assert "help: Switch it on." in result.stderr

    answer = shell.json("run", bell, code=ExitCode.JOB_FAILED)
    assert (answer["status"], answer["error"]["code"]) == ("failed", "task-failed")


def test_a_job_that_takes_too_long_can_be_come_back_to(
    shell: Shell, bell: str, ledger: FakeLedger
) -> None:
    ledger.stuck = True
    result = shell("run", bell, "--timeout", "0.05")
    assert result.exit_code == ExitCode.TIMED_OUT
    (job_id,) = ledger.jobs
    assert f"bellpair jobs result {job_id}" in result.stderr

    answer = shell.json("jobs", "result", job_id, "--timeout", "0", code=ExitCode.TIMED_OUT)
    assert (answer["job_id"], answer["error"]["code"]) == (job_id, "result-timeout")


def test_a_wrong_key_is_the_services_refusal_and_not_shown(shell: Shell, bell: str) -> None:
    shell.environ["BELLPAIR_API_KEY"] = "bp_wrong_secret"
    result = shell("run", bell)
    assert result.exit_code == ExitCode.SERVICE
    assert "unauthenticated" in result.stderr
    assert "bp_wrong_secret" not in result.output


def test_no_configuration_says_how_to_begin(bell: str, tmp_path: Path) -> None:
    blank = {"BELLPAIR_ENDPOINTS": "", "BELLPAIR_API_KEY": "", "BELLPAIR_LOCAL_NAME": ""}
    shell = Shell(blank | {"XDG_STATE_HOME": str(tmp_path), "BELLPAIR_STATE_DIR": ""})
    result = shell("run", bell)
    assert result.exit_code == ExitCode.SERVICE
    assert "bellpair local up --detach" in result.stderr


def test_global_options_choose_endpoint_and_key(east: FakeRegion, tmp_path: Path) -> None:
    (tmp_path / "key").write_text(KEY + "\n")
    shell = Shell({"BELLPAIR_ENDPOINTS": "http://127.0.0.1:1", "BELLPAIR_API_KEY": "bp_wrong"})
    result = shell("--endpoint", east.url, "--api-key-file", str(tmp_path / "key"), "devices")
    assert result.exit_code == ExitCode.OK, result.output


@pytest.mark.parametrize(
    "args",
    [
        ("run",),
        ("run", "x.qasm", "--tag", "novalue"),
        ("run", "x.qasm", "--shots", "many"),
        ("run", "x.qasm", "--plot", "picture.gif"),
        ("run", "x.qasm", "--plot", "no/such/directory/picture.png"),
        ("run", "x.qasm", "--api-key", "bp_a_b"),
        ("nonsense",),
        ("tenants", "create", "acme", "--role", "king"),
        ("pair", "failover"),
        ("pair", "hold"),
        ("pair", "switchover", "--drain", "-1"),
    ],
)
def test_wrong_usage_is_told_before_anything_is_sent(
    shell: Shell, east: FakeRegion, args: tuple[str, ...]
) -> None:
    assert shell(*args).exit_code == ExitCode.USAGE
    assert east.seen == []


def test_a_file_that_is_not_there_is_rejected_input(shell: Shell) -> None:
    result = shell("run", "missing.qasm")
    assert result.exit_code == ExitCode.REJECTED
    assert "missing.qasm cannot be read" in result.stderr


@pytest.mark.parametrize(
    ("name", "magic"), [("p.png", b"\x89PNG"), ("p.svg", b"<?xml"), ("p.pdf", b"%PDF")]
)
def test_a_picture_is_drawn_when_asked(
    shell: Shell, bell: str, tmp_path: Path, ledger: FakeLedger, name: str, magic: bytes
) -> None:
    ledger.counts = {f"{i:08b}": i + 1 for i in range(200)}
    answer = shell.json("run", bell, "--plot", str(tmp_path / name))
    assert answer["status"] == "succeeded"
    assert (tmp_path / name).read_bytes().startswith(magic)


def test_jobs_alone_lists_them(shell: Shell, bell: str) -> None:
    assert "No jobs" in shell("jobs").stderr
    shell("run", bell, "--name", "first")
    shell("run", bell, "--name", "second", "--no-wait")
    lines = shell("jobs").stdout.splitlines()
    assert lines[0].split() == ["id", "name", "status", "device", "shots", "accepted", "took"]
    assert lines[1].split()[1:3] == ["second", "queued"]
    assert lines[2].split()[1:5] == ["first", "succeeded", "sv1", "1,000"]
    assert shell("jobs", "list").stdout == shell("jobs").stdout
    assert [job["name"] for job in shell.json("jobs")["jobs"]] == ["second", "first"]
    assert len(shell.json("jobs", "list", "--limit", "1")["jobs"]) == 1


def test_a_job_shows_its_events_and_its_cost(shell: Shell, bell: str) -> None:
    job_id = shell.json("run", bell)["job_id"]
    plain = shell("jobs", "show", job_id).stdout
    assert "sv1 (asked for: any)" in plain
    assert "compiling" not in plain
    full = shell("jobs", "show", job_id, "--events", "--cost").stdout
    assert "0.13 s  compiling" in full
    assert "State transitions" in full
    assert full.splitlines()[-2].split() == ["total", "0.30015517"]
    assert "usage" not in shell.json("jobs", "show", job_id)
    assert shell.json("jobs", "show", job_id, "--cost")["usage"]["total_usd"] > 0.3


def test_a_job_is_cancelled(shell: Shell, bell: str) -> None:
    job_id = shell("run", bell, "--no-wait").stdout.strip()
    assert f"{job_id} is cancelled." in shell("jobs", "cancel", job_id).stdout
    assert shell("jobs", "result", job_id).exit_code == ExitCode.JOB_FAILED


def test_an_unknown_job_is_rejected_input(shell: Shell) -> None:
    assert shell("jobs", "show", "job-unknown").exit_code == ExitCode.REJECTED
    assert shell("jobs", "show", "../x").exit_code == ExitCode.REJECTED


def test_devices_are_listed(shell: Shell) -> None:
    lines = shell("devices").stdout.splitlines()
    assert [line.split()[:4] for line in lines[1:5]] == [
        ["ion-11", "qpu", "online", "11"],
        ["square-20", "qpu", "offline", "(snapshot"],
        ["square-54", "qpu", "online", "(5"],
        ["sv1", "simulator", "online", "34"],
    ]
    assert [device["name"] for device in shell.json("devices")["devices"]][-1] == "sv1"


def test_a_device_that_is_given_no_jobs_says_why(shell: Shell) -> None:
    (line,) = (line for line in shell("devices").stdout.splitlines() if "square-54" in line)
    assert "online (5 failures in a row)" in line


def test_a_device_whose_calibration_was_refused_is_marked(shell: Shell) -> None:
    text = shell("devices").stdout
    (line,) = (line for line in text.splitlines() if line.startswith("square-20"))
    assert "offline (snapshot refused)" in line
    assert "bellpair devices calibration square-20 says why" in text
    assert text.count("snapshot refused") == 1


def test_what_a_job_waits_for_is_shown(shell: Shell, bell: str, ledger: FakeLedger) -> None:
    ledger.stuck, ledger.waiting_for = True, "us-west-2 cannot be reached"
    late = shell("run", bell, "--timeout", "0.05")
    assert late.exit_code == ExitCode.TIMED_OUT
    assert "waiting: us-west-2 cannot be reached" in late.stderr
    (job_id,) = ledger.jobs
    assert "us-west-2 cannot be reached" in shell("jobs", "show", job_id).stdout


def test_health_tells_which_region_is_active(shell: Shell, east: FakeRegion, dead_url: str) -> None:
    shell.environ["BELLPAIR_ENDPOINTS"] = f"{east.url},{dead_url}"
    result = shell("health")
    assert result.exit_code == ExitCode.OK
    assert result.stdout.splitlines()[1].split()[1:] == ["ok", "us-east-1", "active", "1"]
    assert "unreachable" in result.stdout.splitlines()[2]
    assert shell.json("health")["endpoints"][dead_url]["status"] == "unreachable"

    shell.environ["BELLPAIR_ENDPOINTS"] = dead_url
    assert shell("health").exit_code == ExitCode.SERVICE


def test_the_local_clouds_operator_key_makes_tenants(east: FakeRegion, tmp_path: Path) -> None:
    state = tmp_path / "bellpair/local/mine"
    state.mkdir(parents=True)
    client_file = {"endpoints": [east.url], "api_key": KEY, "operator_key": OPERATOR_KEY}
    (state / "client.json").write_text(json.dumps(client_file))
    shell = Shell({"XDG_STATE_HOME": str(tmp_path), "BELLPAIR_API_KEY": ""})
    assert shell("--local-name", "mine", "tenants", "create", "acme").exit_code == ExitCode.OK
    assert shell("--local-name", "mine", "devices").exit_code == ExitCode.OK
    assert KEY in east.seen[-1].headers["authorization"]


def test_samples_are_listed_and_run(
    shell: Shell, bell: str, tmp_path: Path, east: FakeRegion
) -> None:
    config = tmp_path / "samplesconfig.toml"
    config.write_text(
        'version = 0.1\n[samples.bell]\nsource = "bell.qasm"\nshots = 50\ndevice = "sv1"\n'
        'description = "A pair"\n[samples.bell.tags]\nkind = "demo"\n'
    )
    listed = shell("samples", "--file", str(config)).stdout.splitlines()[1].split()
    assert listed[:3] == ["bell", "50", "sv1"]
    assert shell("samples", "--file", str(config), "run", "bell").exit_code == ExitCode.OK
    assert east.seen[0].body == {
        "source": BELL, "shots": 50, "device": "sv1", "name": "bell", "tags": {"kind": "demo"},
    }  # fmt: skip
    assert shell("samples", "--file", str(config), "run", "bell", "-s", "9").exit_code == 0
    missing = shell("samples", "--file", str(config), "run", "nope")
    assert missing.exit_code == ExitCode.REJECTED
    assert "It has: bell." in missing.stderr


@pytest.mark.parametrize("content", [None, "not toml", "samples = 7", "[samples.x]\nshots = 1"])
def test_samples_that_cannot_be_read_say_so(
    shell: Shell, tmp_path: Path, content: str | None
) -> None:
    file = tmp_path / "samplesconfig.toml"
    if content is not None:
        file.write_text(content)
    result = shell("samples", "--file", str(file))
    assert result.exit_code == ExitCode.SERVICE
    assert "samplesconfig.toml" in result.stderr


def test_names_cannot_rewrite_the_terminal(shell: Shell, bell: str) -> None:
    shell("run", bell, "--name", "\x1b[2Jgone[red]")
    shown = shell("jobs").stdout + shell("run", bell, "--name", "\x1b[2Jgone").stdout
    assert "\x1b[2J" not in shown
    assert "gone[red]" in shown


@pytest.mark.parametrize(
    "command",
    [
        ("run",), ("jobs",), ("jobs", "list"), ("jobs", "show"), ("jobs", "result"),
        ("jobs", "cancel"), ("devices",), ("samples",), ("samples", "run"), ("tenants",),
        ("tenants", "create"), ("tenants", "keys"), ("tenants", "keys", "disable"),
        ("tenants", "cap"), ("tenants", "spending"),
        ("health",), (), ("pair",), ("pair", "status"), ("pair", "switchover"),
        ("pair", "failover"), ("pair", "failback"), ("pair", "hold"), ("pair", "release"),
    ],
)  # fmt: skip
def test_each_help_has_examples(shell: Shell, command: tuple[str, ...]) -> None:
    result = shell(*command, "--help")
    assert result.exit_code == ExitCode.OK
    assert "Examples" in result.stdout
    assert f"$ {' '.join(('bellpair', *command))}" in result.stdout


def run_for_real(shell: Shell, *args: str) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-m", "bellpair.cli", *args],
        env=os.environ | shell.environ,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )


def test_ctrl_c_leaves_the_job_running_and_says_so(
    shell: Shell, bell: str, east: FakeRegion, ledger: FakeLedger
) -> None:
    ledger.stuck = True
    process = run_for_real(shell, "run", bell)
    try:
        east.wait_for_requests(2)
        process.send_signal(signal.SIGINT)
        stdout, stderr = process.communicate(timeout=30)
    finally:
        process.kill()
    (job_id,) = ledger.jobs
    assert process.returncode == ExitCode.INTERRUPTED
    assert stdout == ""
    assert "the job goes on" in stderr
    assert f"bellpair jobs cancel {job_id}" in stderr
    assert "Traceback" not in stderr


def test_running_loads_nothing_it_does_not_need(shell: Shell, bell: str) -> None:
    heavy = [
        "matplotlib",
        "qiskit",
        "braket",
        "boto3",
        "ministack",
        "bellpair_local",
        "bellpair_core",
    ]
    program = (
        "import sys\n"
        "from bellpair.cli import main\n"
        f"sys.argv = ['bellpair', 'run', {bell!r}, '--json']\n"
        "try:\n    main()\n"
        f"finally:\n    print([m for m in {heavy!r} if m in sys.modules], file=sys.stderr)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", program],
        env=os.environ | shell.environ, capture_output=True, text=True, timeout=60, check=True,
    )  # fmt: skip
    assert json.loads(done.stdout)["status"] == "succeeded"
    assert done.stderr.strip() == "[]"
