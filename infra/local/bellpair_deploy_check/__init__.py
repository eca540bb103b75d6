"""Does the real ``cdk`` deploy, change and destroy the platform? Tried on a cloud of its own."""
