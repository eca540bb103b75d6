"""What LocalStack knows of a function, as the host wants it."""

from __future__ import annotations

from pathlib import Path

import pytest

from bellpair_lambda_host import RemoteZip
from localstack_process_executor.functions import python_version, specification
from localstack_process_executor.refusals import FunctionRefused
from tests.unit.process_executor.versions import Code, Layer, fetch, version


def test_the_runtime_says_the_version() -> None:
    assert python_version(version(runtime="python3.14")) == "3.14"


@pytest.mark.parametrize(
    ("settings", "said"),
    [
        ({"runtime": None, "package_type": "Image", "code": None}, "no container images"),
        ({"runtime": "nodejs22.x"}, "not nodejs22.x"),
        ({"runtime": "provided.al2023"}, "LAMBDA_RUNTIME_EXECUTOR=docker"),
        ({"capacity_provider_config": {"a": 1}}, "Managed Instances"),
    ],
)
def test_what_cannot_be_run_is_refused(settings: dict[str, object], said: str) -> None:
    with pytest.raises(FunctionRefused, match=said):
        python_version(version(**settings))


def test_variables_are_text_and_without_what_is_for_localstack_s_containers() -> None:
    tested = version(environment={"MINE": "1", "LOCALSTACK_USER": "me"})
    variables = {
        "MINE": "1",
        "LOCALSTACK_USER": "me",
        "LOCALSTACK_RUNTIME_ID": "abc",
        "AWS_LAMBDA_FUNCTION_MEMORY_SIZE": 128,
        "AWS_ENDPOINT_URL": "http://127.0.0.1:4566",
        "AWS_LAMBDA_LOG_STREAM_NAME": "2026/01/01/[1]abc",
        "AWS_LAMBDA_INITIALIZATION_TYPE": "provisioned-concurrency",
    }
    spec = specification(tested, variables, fetch)
    assert spec.environment["AWS_LAMBDA_FUNCTION_MEMORY_SIZE"] == "128"
    assert spec.environment["AWS_ENDPOINT_URL"] == "http://127.0.0.1:4566"
    # What the function itself sets, it gets.
    assert spec.environment["LOCALSTACK_USER"] == "me"
    assert "LOCALSTACK_RUNTIME_ID" not in spec.environment
    assert spec.log_stream == "2026/01/01/[1]abc"
    assert spec.initialization_type == "provisioned-concurrency"


def test_code_and_layers_are_named_by_their_content_and_keep_their_order() -> None:
    code, one, two = Code(b"code"), Code(b"one"), Code(b"two")
    spec = specification(version(code=code, layers=[Layer(one), Layer(two)]), {}, fetch)
    archives = [spec.code_zip, *spec.layer_zips]
    assert [each.fetch() for each in archives if isinstance(each, RemoteZip)] == [
        b"code",
        b"one",
        b"two",
    ]
    assert code.fetched == 1


def test_a_folder_is_a_folder(tmp_path: Path) -> None:
    assert specification(version(code=Code(folder=tmp_path)), {}, fetch).code_zip == tmp_path


def test_a_layer_without_content_is_refused_by_name() -> None:
    with pytest.raises(FunctionRefused, match="layer:tested:1"):
        specification(version(layers=[Layer(None)]), {}, fetch)
