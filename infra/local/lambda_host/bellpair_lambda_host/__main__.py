"""``python -m bellpair_lambda_host``: the cold start of one function, as JSON."""

import argparse
import json
import tempfile
from dataclasses import asdict
from pathlib import Path

from bellpair_lambda_host.function import FunctionSpec
from bellpair_lambda_host.init_report import measure_init, slowest_imports
from bellpair_lambda_host.refusals import LambdaHostError


def main() -> None:
    """Print the report of one function as JSON."""
    parser = argparse.ArgumentParser(
        prog="bellpair_lambda_host", description="Measure the cold start of a Lambda function."
    )
    parser.add_argument("--code", type=Path, required=True, help="its deployment package (zip)")
    parser.add_argument("--handler", required=True, help="module.function")
    parser.add_argument("--layer", type=Path, action="append", default=[], help="in order")
    parser.add_argument("--env", action="append", default=[], metavar="NAME=VALUE")
    parser.add_argument("--runs", type=int, default=5)
    parser.add_argument("--cache", type=Path, help="kept between runs when given")
    options = parser.parse_args()
    spec = FunctionSpec(
        arn="arn:aws:lambda:us-east-1:000000000000:function:measured",
        handler=options.handler,
        code_zip=options.code,
        layer_zips=tuple(options.layer),
        environment=dict(pair.split("=", 1) for pair in options.env),
        timeout_s=60,
    )
    with tempfile.TemporaryDirectory() as directory:
        cache_dir = options.cache or Path(directory)
        try:
            durations = measure_init(spec, options.runs, cache_dir=cache_dir)
            imports = slowest_imports(spec, cache_dir=cache_dir)
        except LambdaHostError as error:
            parser.exit(1, f"{parser.prog}: {error}\n")
    report = {"init_ms": durations, "slowest_imports": [asdict(cost) for cost in imports]}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
