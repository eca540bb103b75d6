"""What the service allows one function, told before anything is sent."""

CALL_PROGRAMS_MAX = 1000
"""Circuits of one call, after parameters and observables are written out."""

CALL_BYTES_MAX = 4 * 1024 * 1024
"""UTF-8 bytes of all programs of one call."""

CALL_BITS_MAX = 4_000_000
"""Bits that all circuits of one call read together, in all their shots."""

SHOTS_MAX = 100_000
"""Shots of one circuit."""

PRECISION_MIN = 1e-9
PRECISION_MAX = 1e9
COEFFICIENT_MAX = 1e9
"""Magnitude of an observable's coefficient."""

CHECKPOINT_BYTES_MAX = 1024 * 1024
"""JSON bytes of a function's checkpoint."""

OUTPUT_BYTES_MAX = 1024 * 1024
"""UTF-8 bytes of what a function returns, as JSON."""
