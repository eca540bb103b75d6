"""Functions as LocalStack has them, as far as the executor looks at them."""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tests.unit.lambda_host.packages import package


@dataclass
class Code:
    archive: bytes = b""
    folder: Path | None = None
    fetched: int = 0

    @property
    def code_sha256(self) -> str:
        return base64.b64encode(hashlib.sha256(self.archive).digest()).decode()

    def is_hot_reloading(self) -> bool:
        return self.folder is not None

    def get_unzipped_code_location(self) -> Path:
        assert self.folder is not None
        return self.folder


def fetch(code: object) -> bytes:
    assert isinstance(code, Code)
    code.fetched += 1
    return code.archive


@dataclass
class Layer:
    code: Code | None
    layer_version_arn: str = "arn:aws:lambda:us-west-2:000000000000:layer:tested:1"


@dataclass
class Configuration:
    code: Code | None
    runtime: str | None = "python3.11"
    handler: str | None = "app.handler"
    timeout: int = 30
    memory_size: int = 128
    package_type: str = "Zip"
    environment: Mapping[str, str] | None = None
    layers: Sequence[Layer] = ()
    capacity_provider_config: object = None


@dataclass
class Identifier:
    qualifier: str = "$LATEST"

    def unqualified_arn(self) -> str:
        return "arn:aws:lambda:us-west-2:000000000000:function:tested"


@dataclass
class Version:
    config: Configuration
    id: Identifier = field(default_factory=Identifier)


def version(source: str = "", **settings: object) -> Version:
    """A function whose module is `source` and whose handler is ``handler``."""
    settings.setdefault("code", Code(package(app=source)))
    return Version(Configuration(**settings))  # type: ignore[arg-type]
