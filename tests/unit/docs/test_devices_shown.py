"""What the page for makers shows is what the models and the stage take."""

from __future__ import annotations

import json
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest
from openapi_spec_validator import validate
from pydantic import BaseModel

from bellpair_cdk.stage import Device
from bellpair_core.adapters.device_adapters import BUILT_IN
from bellpair_core.http.device_api_openapi import device_api_document
from bellpair_core.logic.devices.calibration_readers import read_document
from bellpair_core.logic.devices.findings import Findings
from bellpair_core.model.device_api import (
    PROBLEMS,
    CalibrationDocument,
    DeviceDocument,
    HealthDocument,
    ProblemCode,
    ProblemDocument,
    QueueDocument,
    ResultDocument,
    TaskDocument,
    TaskRequest,
)
from bellpair_reference_device.qpu import Kite
from bellpair_reference_device.service import DeviceService
from tests.unit.docs.shown import ROOT

PAGE = (ROOT / "docs" / "devices.md").read_text()
MODELS: dict[str, type[BaseModel]] = {
    "bellpair.device/1": DeviceDocument,
    "bellpair.calibration/1": CalibrationDocument,
    "bellpair.task-request/1": TaskRequest,
    "bellpair.task/1": TaskDocument,
    "bellpair.result/1": ResultDocument,
    "bellpair.health/1": HealthDocument,
    "bellpair.queue/1": QueueDocument,
}


def blocks(language: str) -> list[str]:
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, re.DOTALL | re.MULTILINE)


DOCUMENTS: list[dict[str, Any]] = [json.loads(block) for block in blocks("json")]


def test_a_document_of_each_form_is_shown() -> None:
    assert {document.get("schema") for document in DOCUMENTS} == {*MODELS, None}


@pytest.mark.parametrize("document", DOCUMENTS, ids=lambda document: document.get("schema"))
def test_a_document_that_is_shown_is_one(document: dict[str, Any]) -> None:
    model = MODELS.get(document.get("schema", ""), ProblemDocument)
    known = {field.alias or name for name, field in model.model_fields.items()}

    model.model_validate(document)
    assert document.keys() <= known


def test_the_calibration_that_is_shown_can_be_compiled_for() -> None:
    (document,) = (d for d in DOCUMENTS if d.get("schema") == "bellpair.calibration/1")
    findings = Findings()

    reading = read_document("bellpair.calibration/1", document, findings)

    assert findings.problems == []
    assert reading.two_qubit_error == {(1, 3): 0.008}


def test_the_program_that_is_shown_runs() -> None:
    (document,) = (d for d in DOCUMENTS if d.get("schema") == "bellpair.task-request/1")
    kite = Kite(1)

    counts = kite.run(kite.read(document["program"]), 1000)["counts"]

    assert max(counts, key=lambda text: counts[text]) == "01"


def test_each_code_is_shown_with_its_status() -> None:
    shown = re.findall(r"^\| `([a-z-]+)` \| (\d{3}) \|", PAGE, re.MULTILINE)

    assert shown == [(code.value, str(PROBLEMS[code][0])) for code in ProblemCode]


def test_each_request_is_shown() -> None:
    shown = set(re.findall(r"^\| `([A-Z]+) (/[^`]*)` \|", PAGE, re.MULTILINE))
    paths = device_api_document()["paths"]

    assert shown == {
        (method.upper(), path)
        for path, item in paths.items()
        for method in item
        if method != "parameters"
    }


def test_the_description_is_a_valid_one() -> None:
    validate(device_api_document())


def test_the_stages_table_that_is_shown_is_one() -> None:
    *tables, point = map(tomllib.loads, blocks("toml"))

    for table in tables:
        ((_, stage),) = table.items()
        device = Device.model_validate(stage["deploy"]["parameters"]["devices"]["kite-5"])
        assert device.adapter in BUILT_IN
    assert "bellpair.devices" in point["project"]["entry-points"]


def test_the_reference_device_answers_with_the_tables_status_for_each_code() -> None:
    folder = Path(ROOT, "infra/local/bellpair_reference_device")
    text = "".join(path.read_text() for path in folder.glob("*.py"))
    said = re.findall(r'Problem\((\d{3}), "([a-z-]+)"', text)

    assert said
    assert {(code, int(status)) for status, code in said} <= {
        (code.value, status) for code, (status, _) in PROBLEMS.items()
    }


def test_the_reference_device_speaks_in_documents() -> None:
    service = DeviceService(Kite(1))
    try:
        DeviceDocument.model_validate(service.device())
        CalibrationDocument.model_validate(service.calibration())
        HealthDocument.model_validate(service.health())
        QueueDocument.model_validate(service.queue())
    finally:
        service.close()
