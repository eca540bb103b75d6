"""The API over a world of fakes."""

from __future__ import annotations

import logging
import sys
from collections.abc import Iterator
from functools import cache
from io import StringIO
from pathlib import Path

import pytest

from bellpair_core.model.tenant import Principal, Role, hash_api_key, new_api_key
from tests.bad_input import DEVICES
from tests.examples import ACME
from tests.fakes import FakeWorld

# The function's own folder is its import root in Lambda, too.
sys.path.insert(0, str(Path(__file__).parents[3] / "functions" / "api"))

from chalicelib.answers import LOGGER
from chalicelib.application import application
from chalicelib.service import Service

from .gateway import Gateway


class Api(Gateway):
    """The API, its world, and keys to it."""

    def __init__(self, world: FakeWorld) -> None:
        self.world = world
        # The views ask for the real world's type; the fake has its shape.
        super().__init__(*application(cache(lambda: Service(world))))  # type: ignore[arg-type]

    def new_key(self, role: Role = Role.USER, tenant: str = ACME, *, disabled: bool = False) -> str:
        """A key that the catalogue knows."""
        key, key_id = new_api_key()
        bearer = Principal(tenant=tenant, key_id=key_id, role=role, disabled=disabled)
        self.world.catalogue.add_principal(hash_api_key(key), bearer)
        return key


@pytest.fixture
def world() -> FakeWorld:
    return FakeWorld.with_devices(DEVICES)


@pytest.fixture
def api(world: FakeWorld) -> Api:
    return Api(world)


@pytest.fixture
def key(api: Api) -> str:
    return api.new_key()


@pytest.fixture
def log() -> Iterator[StringIO]:
    """Everything that the API logs."""
    lines = StringIO()
    handler = LOGGER.registered_handler
    assert isinstance(handler, logging.StreamHandler)
    before = handler.setStream(lines)
    yield lines
    handler.setStream(before)
