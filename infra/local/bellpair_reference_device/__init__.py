"""A QPU's own service: the smallest one that Bellpair's device API can be spoken with.

It is written with the standard library alone, to be read and taken as a pattern: ``service.py`` is
what a maker's service has to keep, ``server.py`` its HTTP face, and ``program.py`` and ``qpu.py``
stand where real hardware would.
"""
