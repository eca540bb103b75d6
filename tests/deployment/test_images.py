"""The images of workers that no layers hold: from the same lock, and built of what was checked."""

from __future__ import annotations

import re

import pytest

from bellpair_cdk.stage import Worker
from toolchain import build_layers, imports, interpreters, sizes
from toolchain.images import BASE, IMAGES, Image, function_of, main, prepare
from toolchain.layers import FUNCTION_LIMIT
from toolchain.stamp import ROOT

pytestmark = [pytest.mark.deployment, pytest.mark.timeout(300)]


@pytest.fixture(params=IMAGES, ids=lambda image: image.name)
def image(request: pytest.FixtureRequest) -> Image:
    found: Image = request.param
    return found


def instructions(image: Image) -> list[tuple[str, str]]:
    """A Dockerfile's instructions with their arguments, continued lines put together."""
    text = (ROOT / image.dockerfile).read_text().replace("\\\n", " ")
    lines = [line.strip() for line in text.splitlines()]
    split = [line.partition(" ") for line in lines if line and not line.startswith("#")]
    return [(word, arguments.strip()) for word, _, arguments in split]


def arguments_of(image: Image, instruction: str) -> list[str]:
    return [arguments for word, arguments in instructions(image) if word == instruction]


def test_an_image_is_built_of_what_was_prepared_and_fetches_nothing(image: Image) -> None:
    assert {word for word, _ in instructions(image)} == {
        *("ARG", "FROM", "COPY", "ENV", "USER", "CMD")
    }
    assert {copied.split()[0] for copied in arguments_of(image, "COPY")} == {"python/", "task/"}


def test_an_images_base_is_awss_own_for_the_python_of_its_packages(image: Image) -> None:
    assert arguments_of(image, "ARG") == [f"BASE={BASE}"]
    assert arguments_of(image, "FROM") == ["${BASE}"]
    assert f"public.ecr.aws/lambda/python:{image.content.python}" == BASE


def test_an_image_runs_its_handler_as_nobody(image: Image) -> None:
    (user,) = arguments_of(image, "USER")
    assert re.fullmatch(r"[1-9]\d*:[1-9]\d*", user)
    assert arguments_of(image, "CMD") == ['["handler.handler"]']
    assert (ROOT / image.function / "handler.py").exists()


def test_everything_in_an_image_is_pinned_by_hash(image: Image) -> None:
    listed = re.split(r"\n(?=\S)", build_layers.requirements(image.content).strip())
    assert len(listed) > 30
    assert all(re.match(r"[a-z0-9.-]+==\S+", line) and "--hash=sha256:" in line for line in listed)
    assert not any(line.startswith(("rich==", "typer==")) for line in listed)


def test_a_stage_names_such_an_image_in_place_of_layers(image: Image) -> None:
    repository = f"123456789012.dkr.ecr.{{region}}.amazonaws.com/bellpair/{image.name}"
    assert Worker(image=f"{repository}:abc", preload=image.preload).layers == ()


@pytest.mark.slow
def test_an_image_holds_what_no_layers_could_and_imports_it(image: Image) -> None:
    if interpreters.find(image.content.python) is None:
        pytest.skip(f"no Python {image.content.python} is on this machine")
    context = prepare(image)
    assert FUNCTION_LIMIT < sizes.tree_bytes(context) < image.content.budget
    assert (context / "Dockerfile").exists()
    assert list(map(str, imports.check([function_of(image)]))) == []


@pytest.mark.slow
def test_without_docker_the_image_is_prepared_and_said_not_to_be_built(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["images"])
    monkeypatch.setenv("DOCKER_HOST", "unix:///nowhere")
    assert main() == 0
    assert "not built: no Docker engine answers" in capsys.readouterr().out
