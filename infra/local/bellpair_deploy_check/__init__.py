"""Does the real ``cdk`` deploy, change and destroy the platform? Tried on a cloud of its own."""

import bellpair_localstack  # noqa: F401 -- brings the workshop's tools onto the path
