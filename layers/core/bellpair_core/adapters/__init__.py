"""The ports answered by AWS: the only code here that knows it."""
