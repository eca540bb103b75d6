"""The HTTP API, and the authorizer that API Gateway asks before it."""

import os
from functools import cache

from bellpair_core.composition import World
from chalicelib.application import application
from chalicelib.service import Service


@cache
def service() -> Service:
    """What the views use, built once."""
    return Service(World.from_environment(os.environ))


app, authorize = application(service)

# Packaging imports this module too, and there has no environment to build from.
if "AWS_LAMBDA_FUNCTION_NAME" in os.environ:
    service()
