"""Runs users' functions, apart from everything else.

Three kinds of process take part. The *supervisor* is the Lambda function's own: it talks with the
broker. The *nursery* is a process that never held credentials and has loaded the worker's
libraries. Each run is a *child*, forked from the nursery and confined before it sees any of the
user's code; it reaches the world through the supervisor alone.
"""
