"""The configuration: in SAM's shape, and clear about what is wrong with it."""

from __future__ import annotations

import tomllib
from pathlib import Path
from typing import Any

import pytest

from bellpair_cdk.stage import CONFIGURATION, POLL_SECONDS_MIN, SIZES, StageUnknown, load
from toolchain.stamp import ROOT

pytestmark = pytest.mark.deployment

FILE = ROOT / CONFIGURATION
STAGES = ("local", "dev", "prod")


@pytest.fixture(scope="module")
def tables() -> dict[str, Any]:
    return tomllib.loads(FILE.read_text())


def test_it_has_sams_version(tables: dict[str, Any]) -> None:
    assert tables["version"] == 0.1


def test_every_environment_is_a_table_of_commands(tables: dict[str, Any]) -> None:
    for name, environment in tables.items():
        if name == "version":
            continue
        assert isinstance(environment, dict), name
        for command, body in environment.items():
            assert isinstance(body, dict), (name, command)


def test_a_stages_commands_hold_parameters(tables: dict[str, Any]) -> None:
    for stage in STAGES:
        parameters = tables[stage]["deploy"]["parameters"]
        assert parameters["stack_name"] == f"Bellpair-{stage}"
        assert parameters["region"] == "us-east-1"


@pytest.mark.parametrize("name", STAGES)
def test_every_stage_can_be_read(name: str) -> None:
    stage = load(name, FILE)
    assert stage.pair == ("us-east-1", "us-west-2")
    assert stage.witness_region == "us-east-2"


def test_every_sample_runs_a_program_on_a_local_device(tables: dict[str, Any]) -> None:
    local = load("local", FILE)
    assert {"bell", "ghz5", "qft5", "bernstein_vazirani", "asymmetric"} <= tables["samples"].keys()
    for name, sample in tables["samples"].items():
        assert sample.keys() == {"source", "shots", "device", "description"}, name
        assert (ROOT / sample["source"]).is_file(), name
        assert sample["device"] in local.devices, name
        assert 1 <= sample["shots"] <= 100_000, name


def test_every_function_has_a_size_and_the_api_answers_in_time() -> None:
    stage = load("prod", FILE)
    folders = {path.name for path in (ROOT / "functions").iterdir() if path.is_dir()}
    # A worker's size is part of its declaration.
    assert folders - {"worker"} <= SIZES.keys()
    assert stage.size("api").timeout + stage.size("authorizer").timeout >= 1
    assert stage.size("api").timeout < 29


def configuration(
    folder: Path, more_tables: dict[str, str] | None = None, **changes: object
) -> Path:
    """Write the local stage's configuration with other values, and tables under it."""
    whole = tomllib.loads(FILE.read_text())["local"]["deploy"]["parameters"]
    devices = whole["devices"]
    parameters = {key: value for key, value in whole.items() if not isinstance(value, dict)}
    lines = [
        f"{key} = {str(value).lower() if isinstance(value, bool) else repr(value)}"
        for key, value in {**parameters, **changes}.items()
    ]
    device = f'[local.deploy.parameters.devices.sv1]\narn = "{devices["sv1"]["arn"]}"\n'
    worker = '[local.deploy.parameters.workers.python]\nlayers = ["worker"]\n'
    tables = [
        f"[local.deploy.parameters.{name}]\n{body}\n" for name, body in (more_tables or {}).items()
    ]
    file = folder / CONFIGURATION
    file.write_text("\n".join(["[local.deploy.parameters]", *lines, "", device, worker, *tables]))
    return file


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"poll_seconds": 0}, "poll_seconds"),
        ({"cloud": "aws", "poll_seconds": 29}, "poll_seconds must be 30 or more"),
        ({"log_retention_days": 2}, "log_retention_days"),
        ({"pol_seconds": 5}, "pol_seconds"),
    ],
)
def test_a_wrong_parameter_is_named(tmp_path: Path, changes: dict, said: str) -> None:
    with pytest.raises(StageUnknown, match=said):
        load("local", configuration(tmp_path, **changes))


US = "us-east-1, us-east-2, us-west-2"


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        (
            {"secondary_region": "us-east-1"},
            ("secondary_region = 'us-east-1' is region too", "choose another secondary_region"),
        ),
        (
            {"witness_region": "us-west-2"},
            ("witness_region = 'us-west-2' is secondary_region too", US),
        ),
        (
            {"secondary_region": "ca-central-1"},
            ("secondary_region = 'ca-central-1' is in no set", US, "EU: eu-west-1"),
        ),
        (
            {"witness_region": "eu-west-1"},
            ("witness_region = 'eu-west-1' is outside the region set US", f"choose it from {US}"),
        ),
        (
            {"region": "eu-west-2"},
            ("secondary_region = 'us-west-2' is outside the region set EU", "eu-central-1"),
        ),
        (
            {"secondary_region": "us-east-2", "witness_region": "us-west-2"},
            ("secondary_region = 'us-east-2' has no Amazon Braket", "from us-east-1, us-west-2"),
        ),
        (
            {
                "region": "eu-west-2",
                "secondary_region": "eu-west-1",
                "witness_region": "eu-west-3",
            },
            ("secondary_region = 'eu-west-1' has no Amazon Braket", "from us-east-1, us-west-2"),
        ),
    ],
)
def test_regions_that_make_no_pair_are_told_with_the_key_the_value_and_what_to_do(
    tmp_path: Path, changes: dict, told: tuple[str, ...]
) -> None:
    with pytest.raises(StageUnknown) as refused:
        load("local", configuration(tmp_path, **changes))
    for words in told:
        assert words in str(refused.value)


@pytest.mark.parametrize(
    ("key", "remedy"),
    [
        ("witness_region", "name the third region"),
        ("secondary_region", "name the region that takes over"),
        ("stack_name", "stage.py says what it means"),
    ],
)
def test_a_parameter_that_is_missing_is_named_with_what_to_do(
    tmp_path: Path, key: str, remedy: str
) -> None:
    file = configuration(tmp_path)
    lines = file.read_text().splitlines()
    file.write_text("\n".join(line for line in lines if not line.startswith(f"{key} = ")))
    with pytest.raises(StageUnknown, match=rf"\n  {key} is missing: .*{remedy}"):
        load("local", file)


def test_the_other_order_of_the_pair_is_a_pair(tmp_path: Path) -> None:
    swapped = {"region": "us-west-2", "secondary_region": "us-east-1"}
    assert load("local", configuration(tmp_path, **swapped)).pair == ("us-west-2", "us-east-1")


def test_everything_that_is_wrong_is_told_at_once(tmp_path: Path) -> None:
    with pytest.raises(StageUnknown) as refused:
        load("local", configuration(tmp_path, poll_seconds=0, burst=0, pol_seconds=5))
    lines = str(refused.value).splitlines()[1:]
    assert [line.split()[0] for line in lines] == ["poll_seconds", "burst", "pol_seconds"]


@pytest.mark.parametrize(
    ("body", "said"),
    [
        ("percent = 51", "rollout.percent = 51: Input should be less than or equal to 50"),
        ("percent = 0", "rollout.percent = 0"),
        ("minutes = 2", "rollout.minutes = 2"),
        ("minutes = 121", "rollout.minutes = 121"),
        ("seconds = 300", "rollout.seconds is no parameter"),
        ('heed_alarms = "no"', "rollout.heed_alarms = 'no': Input should be a valid boolean"),
    ],
)
def test_a_rollout_that_tries_nothing_or_for_ever_is_refused(
    tmp_path: Path, body: str, said: str
) -> None:
    with pytest.raises(StageUnknown) as refused:
        load("local", configuration(tmp_path, {"rollout": body}, **ON_AWS))
    assert said in str(refused.value)


def test_a_stage_may_roll_out_more_slowly(tmp_path: Path) -> None:
    table = "percent = 5\nminutes = 30"
    stage = load("local", configuration(tmp_path, {"rollout": table}, **ON_AWS))
    assert (stage.rollout.percent, stage.rollout.minutes) == (5, 30)
    assert stage.rollout.heed_alarms


def test_a_stage_may_roll_out_while_its_alarms_ring(tmp_path: Path) -> None:
    table = "heed_alarms = false"
    stage = load("local", configuration(tmp_path, {"rollout": table}, **ON_AWS))
    assert not stage.rollout.heed_alarms


def test_only_aws_rolls_out(tmp_path: Path) -> None:
    assert not load("local", FILE).has_rollout
    assert load("prod", FILE).has_rollout
    with pytest.raises(StageUnknown, match="rollout needs cloud = 'aws'"):
        load("local", configuration(tmp_path, {"rollout": "percent = 5"}))


def test_a_queue_for_triggers_has_a_name_and_may_be_for_some_tenants(tmp_path: Path) -> None:
    stage = load("local", configuration(tmp_path, {"trigger_queues.wanted": 'tenants = ["acme"]'}))
    assert stage.trigger_queues["wanted"].tenants == ("acme",)
    with pytest.raises(StageUnknown, match="trigger_queues"):
        load("local", configuration(tmp_path, {"trigger_queues.Wanted_": ""}))


IMAGE = "123456789012.dkr.ecr.{region}.amazonaws.com/bellpair-pennylane:1"
ON_AWS = {"cloud": "aws", "poll_seconds": 60}
CERTIFICATES = "\n".join(
    f'certificates.{region} = "arn:aws:acm:{region}:123456789012:certificate/1"'
    for region in ("us-east-1", "us-west-2")
)
DOMAIN = f'name = "q.example.org"\nzone_id = "Z1"\nzone_name = "example.org"\n{CERTIFICATES}'


def test_one_declaration_makes_a_worker_of_an_image(tmp_path: Path) -> None:
    table = f'image = "{IMAGE}"\nmemory = 4096\nconcurrency = 20'
    stage = load("local", configuration(tmp_path, {"workers.pennylane": table}, **ON_AWS))
    worker = stage.workers["pennylane"]
    assert (worker.image, worker.memory, worker.concurrency) == (IMAGE, 4096, 20)


@pytest.mark.parametrize(
    ("table", "body", "said"),
    [
        ("sentinel", "confirm = 5", "confirm must not be more"),
        ("sentinel", "interval_seconds = 10", "a shorter interval_seconds"),
        ("sentinel", "canary_limit_seconds = 90", "must not exceed canary_seconds"),
        ("sentinel", "canary_limit_seconds = 10", "more than twice poll_seconds"),
        ("sentinel", "intervall_seconds = 1", "intervall_seconds"),
        ("sizes.sentinel", "timeout = 60", r"sizes\.sentinel\.timeout must be 77"),
        ("domain", DOMAIN, "domain needs cloud = 'aws'"),
        ("workers.none", "memory = 1024", "of layers or of an image"),
        ("workers.bare", 'layers = ["numeric"]', "layers must have 'worker'"),
        ("workers.odd", 'layers = ["worker", "braket"]', "no worker is made of braket"),
        ("workers.own", f'image = "{IMAGE}"', "own is an image, which needs cloud = 'aws'"),
        ("workers.else", 'image = "docker.io/somebody/else:1"', "image"),
        ("workers.Own", 'layers = ["worker"]', "'Own': begin with a letter"),
        ("workers.long", 'layers = ["worker"]\ntimeout = 901', "timeout"),
    ],
)
def test_a_wrong_table_is_told_with_what_to_do(tmp_path, table: str, body: str, said: str) -> None:
    with pytest.raises(StageUnknown, match=said):
        load("local", configuration(tmp_path, {table: body}))


@pytest.mark.parametrize(
    ("right", "wrong", "said"),
    [
        ("q.example.org", "q.example.com", "outside of its zone"),
        ("acm:us-west-2", "acm:us-east-1", "not one of that region"),
        ("certificates.us-west-2", "certificates.us-east-2", "not one of that region"),
        (CERTIFICATES.splitlines()[1], "", "one for each of us-east-1 and us-west-2"),
    ],
)
def test_a_domain_that_does_not_fit_is_refused(tmp_path, right, wrong: str, said: str) -> None:
    body = DOMAIN.replace(right, wrong)
    with pytest.raises(StageUnknown, match=said):
        load("local", configuration(tmp_path, {"domain": body}, **ON_AWS))


def test_a_stage_may_have_a_domain_and_a_sentinel_of_its_own(tmp_path: Path) -> None:
    tables = {"domain": DOMAIN, "sentinel": "interval_seconds = 2.5"}
    stage = load("local", configuration(tmp_path, tables, **ON_AWS))
    assert stage.domain is not None
    assert stage.domain.certificates.keys() == {"us-east-1", "us-west-2"}
    assert (stage.sentinel.interval_seconds, stage.sentinel.canary_seconds) == (2.5, 900)


@pytest.mark.parametrize(("cloud", "shortest"), POLL_SECONDS_MIN.items())
def test_the_shortest_poll_is_allowed(tmp_path: Path, cloud: str, shortest: int) -> None:
    file = configuration(tmp_path, cloud=cloud, poll_seconds=shortest)
    assert load("local", file).poll_seconds == shortest


def test_an_unknown_stage_is_told_with_those_that_exist() -> None:
    with pytest.raises(StageUnknown, match="local, dev, prod"):
        load("staging", FILE)


@pytest.mark.parametrize(
    "content", [b"[[[", b"\xff\xfe\x00", None], ids=["syntax", "bytes", "gone"]
)
def test_a_file_that_cannot_be_read_is_named(tmp_path: Path, content: bytes | None) -> None:
    file = tmp_path / "stages.toml"
    if content is not None:
        file.write_bytes(content)
    with pytest.raises(StageUnknown, match=r"stages\.toml (is no TOML file|cannot be read)"):
        load("local", file)


def test_a_switch_is_true_or_false_and_no_word(tmp_path: Path) -> None:
    with pytest.raises(StageUnknown, match="tracing"):
        load("local", configuration(tmp_path, tracing="yes"))
