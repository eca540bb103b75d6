"""Reading a cloud assembly, and zipping its directories."""

from __future__ import annotations

import json
import os
import zipfile
from pathlib import Path

import pytest

from bellpair_local.deployment import read_assembly, with_variables, zipped
from bellpair_local.failures import DeploymentFailed
from tests import small_assembly


def test_stacks_come_after_what_they_depend_on(tmp_path: Path) -> None:
    stacks = read_assembly(small_assembly.write(tmp_path), "123456789012")
    names = [stack.name for stack in stacks]
    assert set(names) == {"Small-Data-us-east-1", "Small-App-us-east-1", "Small-App-us-west-2"}
    assert names[0] == "Small-Data-us-east-1"


def test_assets_know_their_bucket_in_each_region(tmp_path: Path) -> None:
    stacks = read_assembly(small_assembly.write(tmp_path), "123456789012")
    west = next(stack for stack in stacks if stack.region == "us-west-2")
    assert {(a.bucket, a.key) for a in west.assets} == {
        ("assets-123456789012-us-west-2", f"{name}.zip") for name in ("code", "authorizer", "layer")
    }


def test_a_directory_without_an_assembly_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DeploymentFailed, match="holds no cloud assembly"):
        read_assembly(tmp_path, "123456789012")


def test_stacks_that_depend_on_each_other_are_refused(tmp_path: Path) -> None:
    file = small_assembly.write(tmp_path) / "manifest.json"
    manifest = json.loads(file.read_text())
    data = manifest["artifacts"]["Small-Data-us-east-1"]
    data["dependencies"].append("Small-App-us-east-1")
    file.write_text(json.dumps(manifest))
    with pytest.raises(DeploymentFailed, match="depend on each other"):
        read_assembly(tmp_path, "123456789012")


def files(directory: Path) -> Path:
    (directory / "package").mkdir(parents=True)
    (directory / "package" / "module.py").write_text("x = 1\n")
    (directory / "run").write_text("#!/bin/sh\n")
    (directory / "run").chmod(0o755)
    return directory


def test_the_same_files_give_the_same_archive_at_any_time_and_place(tmp_path: Path) -> None:
    one, two = files(tmp_path / "one"), files(tmp_path / "two")
    os.utime(two / "run", (0, 0))
    first = zipped(one, tmp_path / "cache-1").read_bytes()
    assert zipped(two, tmp_path / "cache-2").read_bytes() == first
    (two / "run").write_text("#!/bin/sh\necho\n")
    assert zipped(two, tmp_path / "cache-2").read_bytes() != first


def test_an_archive_holds_the_files_with_their_modes(tmp_path: Path) -> None:
    with zipfile.ZipFile(zipped(files(tmp_path / "one"), tmp_path / "cache")) as archive:
        modes = {entry.filename: entry.external_attr >> 16 for entry in archive.infolist()}
        assert modes == {"package/module.py": 0o644, "run": 0o755}
        assert archive.read("package/module.py") == b"x = 1\n"


def test_a_template_s_functions_get_the_cloud_s_own_variables_beside_theirs() -> None:
    template = {
        "Resources": {
            "Plain": {"Type": "AWS::Lambda::Function", "Properties": {}},
            "Told": {
                "Type": "AWS::Lambda::Function",
                "Properties": {"Environment": {"Variables": {"STAGE": "local"}}},
            },
            "Queue": {"Type": "AWS::SQS::Queue", "Properties": {}},
        }
    }
    source = json.dumps(template).encode()

    resources = json.loads(with_variables(source, {"WHERE": "here"}))["Resources"]

    assert resources["Plain"]["Properties"]["Environment"] == {"Variables": {"WHERE": "here"}}
    told = resources["Told"]["Properties"]["Environment"]["Variables"]
    assert told == {"STAGE": "local", "WHERE": "here"}
    assert resources["Queue"] == template["Resources"]["Queue"]
    assert with_variables(source, {}) is source


def test_members_of_an_object_go_into_the_one_that_a_function_has() -> None:
    variables = {"WATCH": json.dumps({"every_s": 1, "limit_s": 9})}
    template = {
        "Resources": {
            name: {
                "Type": "AWS::Lambda::Function",
                "Properties": {"Environment": {"Variables": own}},
            }
            for name, own in (("Watches", variables), ("Sleeps", {}))
        }
    }

    changed = with_variables(json.dumps(template).encode(), {"WATCH": '{"every_s": 5}'})

    found = {
        name: resource["Properties"]["Environment"]["Variables"]
        for name, resource in json.loads(changed)["Resources"].items()
    }
    assert json.loads(found["Watches"]["WATCH"]) == {"every_s": 5, "limit_s": 9}
    assert found["Sleeps"] == {}
