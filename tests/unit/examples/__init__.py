"""The examples, run in this process."""
