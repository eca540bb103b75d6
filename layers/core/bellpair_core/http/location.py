"""Where something is, as an answer's header ``Location`` says it."""

from __future__ import annotations

import posixpath


def relative_location(asked: str, target: str) -> str:
    """A reference from the path that was asked for to another path of the API.

    It is relative because the API does not know what stands before its paths in the client's URL:
    API Gateway's stage, or whatever a domain of the operator's own maps to it.

    Parameters
    ----------
    asked
        The request's path as the API knows it, with the slash at its end if it had one.
    target
        The other path, such as ``/v1/jobs/job-1``.

    Examples
    --------
    >>> relative_location("/v1/jobs", "/v1/jobs/job-1")
    'jobs/job-1'
    >>> relative_location("/v1/functions/vqe-h2/invocations", "/v1/jobs/job-1")
    '../../jobs/job-1'
    """
    # RFC 3986, 5.2.3: a reference starts behind the last slash of the path it is in.
    return posixpath.relpath(target, posixpath.dirname(asked))
