"""Every limit that Bellpair states, in one table."""

from datetime import timedelta

SOURCE_BYTES_MAX = 1024 * 1024
"""UTF-8 bytes of one program."""

SHOTS_MIN = 1
SHOTS_MAX = 100_000
SHOTS_DEFAULT = 1024
"""Of a circuit that `sampling` is given without any."""

RESULT_BITS_MAX = 4_000_000
"""Shots times classical bits of one job: so many characters its counts may take.

A result is answered by one function, which answers at most 6 MB, quotes and escapes included.
"""

PROGRAM_SHOWN_CHARACTERS_MAX = 500_000
"""Up to which length a result shows the compiled program, for the same reason."""

PRECISION_MIN = 1e-9
PRECISION_MAX = 1e9
COEFFICIENT_MAX = 1e9
"""Magnitude of an observable's coefficient. With these bounds no number of shots is beyond what can
be counted; none of them is near what the shots allow."""

NAME_CHARACTERS_MAX = 128
TAGS_MAX = 20
TAG_KEY_CHARACTERS_MAX = 64
TAG_VALUE_CHARACTERS_MAX = 256
IDEMPOTENCY_KEY_CHARACTERS_MAX = 128

INLINE_BLOB_BYTES_MAX = 8 * 1024
"""Compressed bytes up to which a payload lives inside its ledger item."""

EVENTS_MAX = 100
"""Events kept in a job's log; when full, the middle gives way and the log says so."""

PAGE_DEFAULT = 25
PAGE_MAX = 100

QUEUE_SHARDS = 4
"""Partitions of one device's queue."""

TENANT_SHARDS = 4
"""Partitions of one tenant's list of jobs."""

WAITING_COUNT_MAX = 1_000
"""Waiting jobs counted in one partition of a queue; a place behind more is a bound."""

OPEN_SHARDS = 8
"""Partitions of the index of jobs that are not finished."""

JOB_DEADLINE = timedelta(hours=48)
"""A job that is not finished by then fails, so that none is stuck for ever."""

CHECK_AFTER = timedelta(minutes=2)
"""When the sweeper looks at a job that nothing else has moved."""

CHECK_RUNNING_AFTER = timedelta(minutes=10)
"""When the sweeper looks again at a job that it found waiting or running."""

ATTEMPTS_MAX = 12
"""Executions that one job may have, so that what always fails does not run until the deadline."""

RESTARTS_AT_ONCE = 3
"""Executions that follow one that came to nothing as soon as that is seen; then there are pauses,
each twice as long as the one before, so that `ATTEMPTS_MAX` executions outlast hours of an outage.
"""

RESTART_PAUSE_MAX = timedelta(hours=2)

SWEEP_TIME = timedelta(seconds=35)
"""How long one pass of the sweeper goes on to the next job; its function has a minute."""

DISPATCH_BATCH = 50
"""Waiting jobs that one pass of the dispatcher reads from one queue."""

DISPATCH_DEEPEST = 800
"""How many it reads where none of the first may start, but a device is free for the queue."""

NEEDS_REMEMBERED = 5_000
"""Waiting jobs of which a dispatcher remembers what they ask of a device."""

DISPATCH_TIME = timedelta(seconds=40)
"""How long one pass of the dispatcher goes on to the next job; its function has a minute."""

CACHE_SECONDS = 2.0
"""How long a warm function may trust the pair record and the devices it read."""

PAIR_REFRESH_SECONDS = 0.25
"""How old a pair record may be that a request is refused by: a promotion is noticed so soon."""

RETRY_AFTER_S = 1
"""How soon a request may be sent again that is refused for now: to the active region, when a pause
is over, or when a job has its result."""

AUDIT_MAX = 20
"""Changes of the pair that its record remembers; the log has them all."""

OPERATION_STALE_AFTER = timedelta(minutes=15)
"""After so long an operation on the pair that has not ended stands in no other's way."""

PAUSE_GRACE = timedelta(minutes=1)
"""How much longer than its drain a planned change may pause; then nobody is going to end it."""


ADOPTION_WINDOW = timedelta(minutes=15)
"""How long after a promotion each sweep looks at all unfinished jobs for late arrivals."""

OPEN_PAGE = 100
"""Unfinished jobs that one read of the index gives, and that one call of adoption claims."""

OPEN_SCAN_PAGE = 1000
"""Unfinished jobs that one read of the index gives to who only looks for some among them."""

CHECK_ADOPTED_AFTER = timedelta(seconds=10)
"""When the sweeper looks at a job that was adopted and should have an execution by then."""

CHECK_WAITING_AFTER = timedelta(minutes=1)
"""When the sweeper looks again at a job that waits for a device service out of reach."""

RECOMPILES_MAX = 3
"""Compiled forms of one job that are given up for a newer calibration; then it is launched with
what it has, if its device can still run that."""

TEMPLATE_DROP_MAX = 0.05
"""Up to which part a template's estimated success may be lower by a newer calibration before it is
compiled again: to compile costs as much as some eighty bindings."""

QUALITY_TRUSTED_MIN = 0.7
"""Below this ratio of observed to expected success a device's calibration is not compiled by."""

QUALITY_BASELINE_MIN = 8
QUALITY_BASELINE_WINDOW = 30
"""Observations of a device that a baseline needs at least, and that it is made of at most."""

QUALITY_EVERY = timedelta(minutes=1)
"""How often at most the result of a tenant's job is written down as an observation of a device."""

QUALITY_SHOTS_MIN = 50
QUALITY_SUCCESS_MIN = 0.2
"""Shots, and expected success, of a result from which something can be learnt."""

QUALITY_REBASED_AFTER = timedelta(days=7)
"""After so long below its baseline, what a device does is the new baseline."""

COMPILED_FORM_TTL = timedelta(days=2)
"""How long a compiled form is kept to be used again; no calibration is trusted for as long."""

COMPILED_FORM_BYTES_MAX = 64 * 1024
"""JSON bytes of what is kept of a compiled form, beside larger parts in blobs."""

CALL_TRANSFORMS_MAX = 16
"""Transforms of one program of a call."""

CALL_VALUES_MAX = 10_000
"""Values for the parameters of one program of a call."""

GENERATIONS_MAX = 3
"""Tasks that one job may have, each after the last is known to have failed or been cancelled."""

TASK_UNKNOWN_MAX = timedelta(minutes=30)
"""How long a task that was made is asked for of a service that does not know it: it may have been
made just now, or its region may be being restored. Then its job fails."""

TASK_ID_CHARACTERS_MAX = 256
"""Length of the id that a device's own service gives a task."""

DEVICE_ANSWER_BYTES_MAX = 32 * 1024 * 1024
"""Bytes of one answer of a device's own service: a result, or a calibration."""

DEVICE_PROBLEM_CHARACTERS_MAX = 500
"""How much of what a device's own service says to be wrong is kept."""

BREAKER_FAILURES = 3
"""Failures in a row that open a device's breaker."""

BREAKER_PAUSE = timedelta(seconds=30)
"""How long a breaker stays open before one job may try; doubled each time it opens again."""

BREAKER_PAUSE_MAX = timedelta(minutes=15)

REASON_CHARACTERS_MAX = 256
"""Length of the reason that an operator gives."""

DRAIN_SECONDS_DEFAULT = 20
DRAIN_SECONDS_MAX = 600
"""How long a planned switchover waits for running jobs before it promotes regardless."""

CANARY_DEADLINE = timedelta(hours=1)
"""A canary that is not finished by then fails; the region it was for has long been judged."""

CANARY_SHOTS = 10

BLOBS_REPAIRED_MAX = 200
"""Blobs that one call of the repair copies from region to region."""

BLOBS_COMPARED_MAX = 100_000
"""Blobs that one call of the repair compares, a thousand with each request."""

PACKAGE_BYTES_MAX = 1024 * 1024
"""Zipped bytes of one function's module and its local imports."""

PACKAGE_FILES_MAX = 500
PACKAGE_UNZIPPED_BYTES_MAX = 16 * 1024 * 1024
"""What a package may hold unzipped."""

SCHEMA_BYTES_MAX = 64 * 1024
"""UTF-8 bytes of the schema of a function's inputs, and of that of its output."""

FUNCTION_INPUT_BYTES_MAX = 256 * 1024
"""UTF-8 bytes of an invocation's inputs as JSON."""

FUNCTION_OUTPUT_BYTES_MAX = 1024 * 1024
"""UTF-8 bytes of what a function returns, as JSON."""

FUNCTION_SECONDS_DEFAULT = 6 * 3600
FUNCTION_SECONDS_MAX = 46 * 3600
"""How long a function may take from acceptance, waiting included; a job has two days."""

FUNCTIONS_MAX = 200
"""Functions of one tenant."""

VERSIONS_MAX = 1000
"""Versions of one function."""

ALIASES_MAX = 20

FUNCTIONS_AT_ONCE_MAX = 200
FUNCTIONS_OF_TENANT_AT_ONCE_MAX = 100
"""Functions that run at once, in all and of one tenant; those that wait for their tasks do not
count. Each needs a worker and, at times, the broker, and an account may have a thousand Lambda
functions at work.
"""

FUNCTION_PLACE_SHARDS = 4
"""Items that the places of functions at work are spread over; each has its part of them."""

OPTIONS_MAX = 8
"""Options of one job."""

CALLS_MAX = 10_000
"""Quantum calls of one job."""

PROGRAMS_PER_CALL_MAX = 1000
"""Circuits of one call, each one task."""

BATCH_OPERATIONS_MAX = 1_000_000
"""Gates and measurements, loops written out, of all different circuits that one invocation of
`sampling` or `estimation` brings: they are looked at while the request waits."""

CALL_PROGRAM_BYTES_MAX = 4 * 1024 * 1024
"""UTF-8 bytes of all programs of one call."""

PROGRAM_SET_BYTES_MAX = 2 * 1024 * 1024
"""UTF-8 bytes of the compiled programs that go into one device task."""

CALL_COMPILE_TIME = timedelta(seconds=60)
"""How long the circuits of one call may be compiled for, to the last but one; the broker ends at
`BROKER_TIME`."""

BROKER_TIME = timedelta(seconds=120)
"""How long the broker's function may take for one request of a run."""

CALL_GENERATIONS_MAX = 3
"""Sets of tasks that one call may have: a simulator's may be lost with its region."""

JOURNAL_LINES_MAX = 50_000
JOURNAL_STEP_BYTES_MAX = 256 * 1024
"""JSON bytes of one step's result or of one set of recorded updates."""

CHECKPOINT_BYTES_MAX = 1024 * 1024
"""JSON bytes of a function's own checkpoint."""

LOG_PAGE_LINES = 250
"""Journal lines that one page of a job's log or events reads."""

OUTPUT_SHOWN_CHARACTERS_MAX = 200_000
"""Characters of what a function prints that are kept; the rest is counted."""

RUNS_WITHOUT_PROGRESS_MAX = 3
"""Runs in a row that may come to nothing (a crash, or time that ran out) before the job fails."""

LOOPS_MAX = 400
"""Runs in one execution; the next one goes on in a new execution, so that no history is full."""

PREFER_WAIT_MAX_S = 25
"""How long a request may wait for its job's result; API Gateway answers after 29 s at last."""

CALLBACKS_MAX = 20
"""Callbacks of one tenant."""

TRIGGERS_MAX = 100
"""Triggers of one tenant."""

TRIGGER_DEPTH_MAX = 3
"""How many triggers may follow one from another before the chain is taken for a circle."""

TRIGGER_FAN_MAX = 5
"""How many of a tenant's triggers the end of one job may fire that a trigger made: with
`TRIGGER_DEPTH_MAX`, what one happening may come to."""

TRIGGER_PATTERN_DEPTH_MAX = 10
"""Objects within objects of an event pattern."""

TRIGGER_PATTERN_LEAVES_MAX = 200
"""Conditions of an event pattern."""

TRIGGER_TEMPLATE_BYTES_MAX = 16 * 1024
"""JSON bytes of a trigger's source and of its input template, each."""

TRIGGER_RATE_MAX = timedelta(days=366)
"""The longest period of a schedule's rate."""

TRIGGER_CATCH_UP = timedelta(minutes=15)
"""How late a time of a schedule is made up for; what was missed before is left out."""

TRIGGER_TRIES_MAX = 15
"""How often an event is tried that what it needs is out of reach for; then it is a dead letter."""

TRIGGER_SHARDS = 4
"""Partitions of all tenants' triggers of one kind."""

DEAD_LETTER_BYTES_MAX = 240 * 1024
"""JSON bytes of one dead letter; a queue takes messages of 256 KiB."""

REDRIVEN_MAX = 200
"""Dead letters that one request gives to a trigger again."""

REDRIVE_LOOKS_MAX = 2000
"""Dead letters of all tenants that one such request looks at: what it takes it may have to put
back."""

REDRIVE_TIME = timedelta(seconds=4)
"""When such a request takes no more letters: putting back, and queues that answer slowly, come on
top, and a client waits for 20 s, a gateway for 29."""

CALIBRATION_AGE_MAX = timedelta(hours=24)
"""Older figures of a device's errors are not compiled by: stale ones are worse than none."""

CALIBRATIONS_KEPT = 200
"""Snapshots kept of one device; the oldest give way."""

CALIBRATIONS_COMPARED = 20
"""Snapshots before it that a new one is compared with."""
