"""Functions that this executor does not run; the messages reach whoever creates them."""


class FunctionRefused(Exception):
    """The function cannot be run here; LocalStack gives it the state Failed with this reason."""


class ExecutorStopped(Exception):
    """LocalStack has given the execution environment up."""
