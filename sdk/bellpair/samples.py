"""Sample jobs, as the ``[samples.*]`` tables of a samplesconfig.toml describe them."""

from __future__ import annotations

import tomllib
from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from bellpair.errors import ConfigurationError


class Sample(BaseModel):
    """A job that is ready to run.

    Attributes
    ----------
    source
        File with the OpenQASM program; in the TOML file relative to it.
    shots
        Repetitions.
    device
        Name of a device, ``"any"`` or ``"any-qpu"``.
    """

    model_config = ConfigDict(frozen=True, extra="forbid", defer_build=True)

    source: Path
    shots: int = 1000
    device: str = "any"
    description: str = ""
    tags: dict[str, str] = Field(default_factory=dict)


def read_samples(file: Path) -> dict[str, Sample]:
    """The samples of a file, by name.

    Raises
    ------
    ConfigurationError
        If the file is missing, is no TOML, or a sample has a field that isn't understood.
    """
    try:
        tables = tomllib.loads(file.read_text("utf-8")).get("samples", {})
        samples = {name: Sample.model_validate(table) for name, table in tables.items()}
    except FileNotFoundError:
        raise ConfigurationError(
            f"There is no {file}.",
            remedy="Go to a directory with a samplesconfig.toml, or name one with --file.",
        ) from None
    except (OSError, AttributeError, tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"{file} cannot be read: {error}.") from None
    except ValidationError as error:
        issue = error.errors()[0]
        place = ".".join(map(str, issue["loc"]))
        raise ConfigurationError(
            f"A sample in {file} has a wrong field {place!r}: {issue['msg']}.",
            remedy="A sample has source, shots, device, description and tags.",
        ) from None
    return {
        name: sample.model_copy(update={"source": file.parent / sample.source})
        for name, sample in samples.items()
    }
