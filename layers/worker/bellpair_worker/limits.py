"""What a run may use; `docs/functions/isolation.md` shows the table."""

OUTPUT_CHARACTERS_MAX = 200_000
"""Characters of what one run prints that are handed on; the rest is counted."""

PROCESSES_MAX = 64
"""Processes and threads of one run, itself included."""

FILE_BYTES_MAX = 64 * 1024 * 1024
"""Size of any one file that a run writes."""

OPEN_FILES_MAX = 256

MEMORY_RESERVE_MB = 64
"""Kept back of the worker's memory for the supervisor."""

MEMORY_LEAST_MB = 128
"""What a run may always allocate, however small the worker."""

FRAME_BYTES_MAX = 16 * 1024 * 1024
"""One message between two processes of the worker."""

REQUEST_BYTES_MAX = 6 * 1024 * 1024
"""One request to the broker; Lambda takes no more."""

PACKAGE_ZIP_BYTES_MAX = 1024 * 1024
PACKAGE_BYTES_MAX = 16 * 1024 * 1024
"""Unpacked bytes of a package."""

PACKAGE_FILES_MAX = 500

NOTE_SECONDS = 2.0
"""How often what a function prints is handed on while it makes no call."""

LOOK_SECONDS = 15.0
"""How often a function that asks for nothing is held against its job: it may be cancelled or over.
"""

YIELD_AFTER = 0.8
"""Part of a run's time after which the next request is its last."""

MARGIN_SECONDS = 5.0
"""Kept of the invocation's time for ending a run and telling of it."""

INSPECT_SECONDS = 20.0
"""How long a package's imports may take when it is looked at."""

READY_SECONDS = 60.0
"""How long the worker's libraries may take to load, where a run waits for them."""

INIT_SECONDS = 8.0
"""How long the initialization of the function waits for that; Lambda allows ten."""

BROKER_ANSWER_SECONDS = 130
"""How long one answer is waited for: longer than the broker's own time, so that one which runs out
of it is heard of. A broker that says nothing counts as out of reach, and the same would be asked
of it for ever."""

BROKER_PATIENCE_SECONDS = 60.0
"""How long one request is repeated while the broker cannot be reached."""

FAREWELL_SECONDS = 2.0
"""How long a child may take to leave after its last word, and its pipe to run dry."""
