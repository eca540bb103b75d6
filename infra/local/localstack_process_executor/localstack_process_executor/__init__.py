"""Runs LocalStack's Lambda functions of Python runtimes in child processes, without Docker.

LocalStack finds it by its entry points and takes it where ``LAMBDA_RUNTIME_EXECUTOR=process``.
Only `plugin` and `runtime_executor` need LocalStack; all else is plain Python over
``bellpair_lambda_host``.
"""
