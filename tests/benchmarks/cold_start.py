"""How long each deployed function takes from its process's start to being ready."""

from __future__ import annotations

import tempfile
from dataclasses import asdict
from pathlib import Path
from statistics import median
from typing import Any

import httpx

from bellpair_lambda_host import FunctionSpec, measure_init, slowest_imports
from bellpair_local.topology import ACCOUNT_ID, SECRET_ACCESS_KEY
from tests.integration.running_cloud import RunningCloud

RUNS = 5


def measure(cloud: RunningCloud) -> dict[str, Any]:
    """Median milliseconds and the ten slowest imports of each function, from its own artifacts."""
    figures = {}
    with tempfile.TemporaryDirectory() as directory:
        cache = Path(directory)
        for spec in deployed(cloud, cache):
            short = spec.name.rsplit("-", 1)[-1]
            times = measure_init(spec, RUNS, cache_dir=cache)
            figures[short] = {
                "cold_init_p50_ms": round(median(times), 1),
                "slowest_imports": [
                    asdict(cost) for cost in slowest_imports(spec, cache_dir=cache)
                ],
            }
    return figures


def deployed(cloud: RunningCloud, directory: Path) -> list[FunctionSpec]:
    """Every function of the primary region with the packages that were deployed."""
    functions = cloud.aws("lambda", "us-east-1")
    layers: dict[str, Path] = {}
    specs = []
    for listed in functions.list_functions(MaxItems=100)["Functions"]:
        if not str(listed["FunctionName"]).startswith("bellpair-"):
            continue
        found = functions.get_function(FunctionName=listed["FunctionName"])
        settings = found["Configuration"]
        for layer in settings.get("Layers", ()):
            if layer["Arn"] not in layers:
                content = functions.get_layer_version_by_arn(Arn=layer["Arn"])["Content"]
                layers[layer["Arn"]] = _fetched(content["Location"], directory)
        specs.append(
            FunctionSpec(
                arn=settings["FunctionArn"],
                handler=settings["Handler"],
                code_zip=_fetched(found["Code"]["Location"], directory),
                layer_zips=tuple(layers[layer["Arn"]] for layer in settings.get("Layers", ())),
                environment={
                    **settings.get("Environment", {}).get("Variables", {}),
                    "AWS_ACCESS_KEY_ID": ACCOUNT_ID,
                    "AWS_SECRET_ACCESS_KEY": SECRET_ACCESS_KEY,
                    "AWS_ENDPOINT_URL": f"http://127.0.0.1:{cloud.port_base}",
                },
                timeout_s=settings["Timeout"],
                memory_mb=settings["MemorySize"],
            )
        )
    return specs


def _fetched(location: str, directory: Path) -> Path:
    target = directory / f"{abs(hash(location)):x}.zip"
    if not target.exists():
        answer = httpx.get(location, timeout=60)
        answer.raise_for_status()
        target.write_bytes(answer.content)
    return target
