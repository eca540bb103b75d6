"""The pages state the limits that the code holds to."""

from __future__ import annotations

import pytest

from bellpair_core.model import limits
from bellpair_worker import limits as run_limits

from .test_docs import ROOT

FUNCTIONS = ROOT / "docs/functions"
KIB, MIB, HOUR = 1024, 1024 * 1024, 3600

STATED = [
    ("README.md", f"| package | {limits.PACKAGE_BYTES_MAX // MIB} MiB zipped |"),
    (
        "README.md",
        (
            f"| inputs; output; checkpoint | {limits.FUNCTION_INPUT_BYTES_MAX // KIB} KiB;"
            f" {limits.FUNCTION_OUTPUT_BYTES_MAX // MIB} MiB;"
            f" {limits.CHECKPOINT_BYTES_MAX // MIB} MiB of JSON |"
        ),
    ),
    (
        "README.md",
        (
            "| circuits in one call; calls in one job |"
            f" {limits.PROGRAMS_PER_CALL_MAX:,}; {limits.CALLS_MAX:,} |"
        ),
    ),
    ("README.md", f"{limits.FUNCTION_SECONDS_DEFAULT // HOUR} h unless `timeout=`"),
    ("README.md", f"{limits.FUNCTION_SECONDS_MAX // HOUR} h at most"),
    ("README.md", f"| output kept | {limits.OUTPUT_SHOWN_CHARACTERS_MAX:,} characters |"),
    (
        "README.md",
        (
            f"| {limits.CALL_COMPILE_TIME.seconds} s to the last but one,"
            f" {limits.BROKER_TIME.seconds} s with all"
        ),
    ),
    (
        "README.md",
        (
            f"| {limits.FUNCTIONS_OF_TENANT_AT_ONCE_MAX} of a tenant,"
            f" {limits.FUNCTIONS_AT_ONCE_MAX} in all;"
        ),
    ),
    ("README.md", f"nowhere | {limits.RUNS_WITHOUT_PROGRESS_MAX}, then the job fails |"),
    ("programming.md", f"| OpenQASM of one call | {limits.CALL_PROGRAM_BYTES_MAX // MIB} MiB |"),
    ("programming.md", f"| shots of one circuit | {limits.SHOTS_MAX:,} |"),
    ("programming.md", f"or a checkpoint | {limits.JOURNAL_LINES_MAX:,} |"),
    ("programming.md", f"returns, as JSON | {limits.JOURNAL_STEP_BYTES_MAX // KIB} KiB |"),
    ("http.md", f"and {limits.PACKAGE_FILES_MAX} files"),
    ("http.md", f"| functions | {limits.FUNCTIONS_MAX} |"),
    ("http.md", f"| versions of one function | {limits.VERSIONS_MAX:,},"),
    ("http.md", f"| aliases of one function | {limits.ALIASES_MAX} |"),
    ("http.md", f"the output | {limits.SCHEMA_BYTES_MAX // KIB} KiB of JSON each |"),
    ("http.md", f"| callbacks | {limits.CALLBACKS_MAX} |"),
    ("http.md", f"N up to {limits.PREFER_WAIT_MAX_S}"),
    ("isolation.md", f"| processes and threads | {run_limits.PROCESSES_MAX} |"),
    ("isolation.md", f"| output | {run_limits.OUTPUT_CHARACTERS_MAX:,} characters |"),
    ("isolation.md", f"| one file | {run_limits.FILE_BYTES_MAX // MIB} MB |"),
    ("isolation.md", f"| open files | {run_limits.OPEN_FILES_MAX} |"),
    (
        "isolation.md",
        (
            f"| package | {run_limits.PACKAGE_ZIP_BYTES_MAX // MIB} MiB zipped,"
            f" {run_limits.PACKAGE_BYTES_MAX // MIB} MiB and {run_limits.PACKAGE_FILES_MAX} files"
        ),
    ),
    ("isolation.md", f"to the broker | {run_limits.REQUEST_BYTES_MAX // MIB} MiB |"),
    ("isolation.md", f"is deployed | {run_limits.INSPECT_SECONDS:.0f} s |"),
    ("triggers.md", f"| triggers of a tenant | {limits.TRIGGERS_MAX} |"),
    ("triggers.md", f"template | {limits.TRIGGER_TEMPLATE_BYTES_MAX // KIB} KiB of JSON each |"),
    (
        "triggers.md",
        (
            f"| an event pattern | {limits.TRIGGER_PATTERN_LEAVES_MAX} conditions,"
            f" {limits.TRIGGER_PATTERN_DEPTH_MAX} objects deep |"
        ),
    ),
    ("triggers.md", f"| triggers that follow one from another | {limits.TRIGGER_DEPTH_MAX} |"),
    ("triggers.md", f"which a trigger made | {limits.TRIGGER_FAN_MAX}, the first by name"),
    ("triggers.md", f"| a dead letter | {limits.DEAD_LETTER_BYTES_MAX // KIB} KiB of JSON;"),
    (
        "triggers.md",
        (
            f"one request gives again | {limits.REDRIVEN_MAX} of {limits.REDRIVE_LOOKS_MAX:,}"
            f" looked at, within {limits.REDRIVE_TIME.seconds} s;"
        ),
    ),
    ("triggers.md", f"up to {limits.TRIGGER_CATCH_UP.seconds // 60}\nminutes later"),
    ("triggers.md", f"is tried {limits.TRIGGER_TRIES_MAX} times first"),
    ("triggers.md", f"up to\n{limits.TRIGGER_RATE_MAX.days} days"),
]


@pytest.mark.parametrize(("page", "words"), STATED)
def test_a_page_states_the_limit_that_holds(page: str, words: str) -> None:
    assert words in (FUNCTIONS / page).read_text()


def test_a_worker_and_the_service_hold_a_function_to_the_same_limits() -> None:
    of_the_service = (
        limits.PACKAGE_BYTES_MAX,
        limits.PACKAGE_UNZIPPED_BYTES_MAX,
        limits.PACKAGE_FILES_MAX,
        limits.OUTPUT_SHOWN_CHARACTERS_MAX,
    )
    assert of_the_service == (
        run_limits.PACKAGE_ZIP_BYTES_MAX,
        run_limits.PACKAGE_BYTES_MAX,
        run_limits.PACKAGE_FILES_MAX,
        run_limits.OUTPUT_CHARACTERS_MAX,
    )
