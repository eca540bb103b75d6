"""Requests that are refused, and what each refusal says; for tests in-process and over HTTP.

Each case is one request and the problem document that answers it. The devices are those of
`DEVICES`: a simulator of 34 qubits and QPUs of 11 and 20, one retired and one offline.
"""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from bellpair_core.model.device import DeviceStatus
from bellpair_core.model.job import job_id
from tests.examples import BELL, ION_11, SQUARE_20, SV1, device_example

RETIRED = device_example("sv0", status=DeviceStatus.RETIRED)
OFFLINE = device_example("dm1", status=DeviceStatus.OFFLINE, num_qubits=17)
DEVICES = (SV1, ION_11, SQUARE_20, RETIRED, OFFLINE)

UNKNOWN_KEY = f"bp_00000000_{'A' * 43}"


@dataclass(frozen=True)
class BadInput:
    """One request and its refusal.

    Attributes
    ----------
    body
        A JSON value, or the bytes themselves.
    authorization
        The header; ``None`` stands for a good key of a plain user, ``""`` for no header.
    needs_devices
        Whether the case needs a device that only `DEVICES` has.
    members
        What the problem document has besides its code and status; of a text, a part of it.
    """

    name: str
    status: int
    code: str
    method: str = "POST"
    path: str = "/v1/jobs"
    body: Any = None
    headers: Mapping[str, str] = field(default_factory=dict)
    authorization: str | None = None
    needs_devices: bool = False
    members: Mapping[str, Any] = field(default_factory=dict)

    @property
    def content(self) -> bytes:
        """The body as it is sent."""
        if isinstance(self.body, bytes):
            return self.body
        return b"" if self.body is None else json.dumps(self.body).encode()

    def __str__(self) -> str:
        return self.name.replace(" ", "-")


def submission(**changes: Any) -> dict[str, Any]:
    """A good body of POST /v1/jobs, with ``changes``; a change to ``...`` leaves a field out."""
    body = {"source": BELL, "shots": 100, "device": "sv1", **changes}
    return {name: value for name, value in body.items() if value is not ...}


def program(text: str) -> str:
    """An OpenQASM 3 program: its first line is line 3, after version and include."""
    return f'OPENQASM 3.0;\ninclude "stdgates.inc";\n{text}\n'


def _bad_program(name: str, code: str, source: str, **members: Any) -> BadInput:
    return BadInput(
        name, 422, code, body=submission(source=source), members={"pointer": "#/source", **members}
    )


def _bad_field(title: str, pointer: str, said: str, /, **changes: Any) -> BadInput:
    return BadInput(
        title,
        400,
        "request-invalid",
        body=submission(**changes),
        members={"pointer": pointer, "detail": said},
    )


def _wide(qubits: int) -> str:
    return program(f"qubit[{qubits}] q;\nbit[{qubits}] c;\nh q[0];\nc = measure q;")


def _many_bits(bits: int) -> str:
    return program(f"qubit q;\nbit[{bits}] c;\nh q;\nc[0] = measure q;")


_DEEP = program("qubit q;\nbit c;\nrz(" + "(" * 5000 + "1" + ")" * 5000 + ") q;\nc = measure q;")
_ENDLESS = program("qubit q;\nbit c;\nwhile (true) {\n  x q;\n}\nc = measure q;")
_LONG_LOOP = program(
    "qubit q;\nbit c;\nfor int i in [0:1000000000000] {\n  x q;\n}\nc = measure q;"
)

OBSTACLES: tuple[tuple[str, str, dict[str, Any]], ...] = (
    (
        "a condition",
        program("qubit[2] q;\nbit[2] c;\nc[0] = measure q[0];\nif (c[0]) x q[1];"),
        {"line": 6, "column": 1, "detail": "if"},
    ),
    (
        "a gate after measurement",
        program("qubit q;\nbit c;\nc = measure q;\nh q;"),
        {"line": 6, "column": 1, "detail": "measure"},
    ),
    (
        "a reset of a used qubit",
        program("qubit q;\nbit c;\nh q;\nreset q;\nc = measure q;"),
        {"line": 6, "column": 1, "detail": "reset"},
    ),
    (
        "physical qubits",
        program("bit c;\nh $0;\nc = measure $0;"),
        {"line": 4, "column": 3, "detail": "physical"},
    ),
    (
        "a verbatim box",
        program("bit c;\n#pragma braket verbatim\nbox { rx(1) $0; }\nc = measure $0;"),
        {"line": 4, "column": 1, "detail": "verbatim"},
    ),
)
"""Good OpenQASM that no device here runs: name, program, and what the refusal says."""

BAD_INPUTS: tuple[BadInput, ...] = (
    BadInput("no body", 400, "body-not-json", body=b""),
    BadInput("a body that is not JSON", 400, "body-not-json", body=b"shots=100&device=sv1"),
    BadInput("a body cut short", 400, "body-not-json", body=b'{"source": "OPENQ'),
    BadInput("a body nested too deep", 400, "body-not-json", body=b"[" * 20_000),
    BadInput("a list for a body", 400, "request-invalid", body=[], members={"pointer": "#"}),
    _bad_field("an unknown field", "#/shoots", "no such field", shoots=5),
    _bad_field("no source", "#/source", "missing", source=...),
    _bad_field("an empty source", "#/source", "at least 1 character", source=""),
    _bad_field("a source that is no text", "#/source", "valid string", source=7),
    _bad_field("no shots", "#/shots", "from 1 to 100000", shots=...),
    _bad_field("shots zero", "#/shots", "from 1 to 100000", shots=0),
    _bad_field("negative shots", "#/shots", "from 1 to 100000", shots=-5),
    _bad_field("too many shots", "#/shots", "from 1 to 100000", shots=100_001),
    _bad_field("fractional shots", "#/shots", "whole number", shots=10.5),
    _bad_field("shots as text", "#/shots", "whole number", shots="100"),
    _bad_field("shots true", "#/shots", "whole number", shots=True),
    _bad_field("no device", "#/device", "GET /v1/devices", device=...),
    _bad_field("another language", "#/language", "openqasm", language="quil"),
    _bad_field("a name too long", "#/name", "at most 128", name="n" * 129),
    _bad_field("a name that rings the bell", "#/name", "printable", name="\x07"),
    _bad_field("too many tags", "#/tags", "at most 20", tags={f"t{n}": "" for n in range(21)}),
    _bad_field(
        "a tag of the platform's own",
        "#/tags/bellpair:depth",
        "the platform's own",
        tags={"bellpair:depth": "0"},
    ),
    _bad_field("a tag that is no text", "#/tags/a~1b", "valid string", tags={"a/b": 1}),
    _bad_field("a tag value too long", "#/tags/t", "at most 256", tags={"t": "v" * 257}),
    BadInput(
        "an idempotency key too long",
        400,
        "request-invalid",
        body=submission(),
        headers={"Idempotency-Key": "k" * 129},
        members={"detail": "1 to 128", "errors": [{"header": "Idempotency-Key"}]},
    ),
    BadInput("no key", 401, "unauthenticated", body=submission(), authorization=""),
    BadInput(
        "an unknown key",
        401,
        "unauthenticated",
        body=submission(),
        authorization=f"Bearer {UNKNOWN_KEY}",
    ),
    BadInput(
        "a key of the wrong form",
        401,
        "unauthenticated",
        body=submission(),
        authorization="Bearer bp_0",
    ),
    BadInput(
        "another scheme",
        401,
        "unauthenticated",
        body=submission(),
        authorization="Basic YWxhZGRpbjpvcGVuc2VzYW1l",
    ),
    BadInput(
        "a tenant made by a user",
        403,
        "forbidden",
        path="/v1/tenants",
        body={"name": "blue"},
        members={"detail": "role operator"},
    ),
    BadInput(
        "a key made by a user",
        403,
        "forbidden",
        path="/v1/tenants/acme/keys",
        body={},
        members={"detail": "role tenant-admin"},
    ),
    _bad_program(
        "a syntax error",
        "program-invalid",
        program("qubit[2] q;\nbit[2] c;\nh q[0;\nc = measure q;"),
        line=5,
        column=6,
    ),
    _bad_program(
        "an include that is no standard library",
        "program-invalid",
        'OPENQASM 3.0;\ninclude "../secrets.inc";\nqubit q;\nbit c;\nc = measure q;\n',
        line=2,
        detail="include",
    ),
    _bad_program(
        "an undefined gate",
        "program-invalid",
        program("qubit q;\nbit c;\nhadamard q;\nc = measure q;"),
        line=5,
        column=1,
        detail="hadamard",
    ),
    _bad_program(
        "no measurement", "program-invalid", program("qubit q;\nbit c;\nh q;"), detail="measure"
    ),
    _bad_program("no qubits", "program-invalid", program("bit c;"), detail="qubit"),
    _bad_program(
        "zero qubits", "program-invalid", program("qubit[0] q;\nbit c;\nc = measure q;"), line=3
    ),
    *(
        _bad_program(name, "program-unsupported", source, **members, problem="unsupported")
        for name, source, members in OBSTACLES
    ),
    _bad_program("parentheses nested too deep", "program-unsupported", _DEEP, line=5),
    _bad_program("a loop that would not end", "program-unsupported", _ENDLESS, line=5),
    _bad_program("a loop that would take for ever", "program-unsupported", _LONG_LOOP, line=5),
    BadInput(
        "a source over 1 MiB",
        413,
        "source-too-large",
        body=submission(source="//" + "x" * 1024 * 1024),
        members={"limit_bytes": 1024 * 1024},
    ),
    BadInput(
        "a source whose UTF-8 is over 1 MiB",
        413,
        "source-too-large",
        body=submission(source="//" + "ü" * 600_000),
    ),
    BadInput(
        "an unknown device",
        422,
        "device-unknown",
        body=submission(device="sv9"),
        members={"pointer": "#/device", "detail": "sv1, ion-11, square-20"},
    ),
    BadInput(
        "a retired device",
        422,
        "device-retired",
        body=submission(device="sv0"),
        needs_devices=True,
        members={"pointer": "#/device", "detail": "sv0"},
    ),
    BadInput(
        "an offline device",
        409,
        "device-offline",
        body=submission(device="dm1"),
        needs_devices=True,
        members={"pointer": "#/device", "detail": "dm1"},
    ),
    BadInput(
        "more qubits than the device has",
        422,
        "program-too-wide",
        body=submission(source=_wide(12), device="ion-11"),
        members={"devices": ["sv1", "square-20"], "num_qubits": 12, "detail": "sv1, square-20"},
    ),
    BadInput(
        "more qubits than any device has",
        422,
        "program-too-wide",
        body=submission(source=_wide(40), device="any"),
        members={"devices": [], "num_qubits": 40, "remedy": "fewer qubits"},
    ),
    BadInput(
        "more qubits than a program may have",
        422,
        "program-too-wide",
        body=submission(source=_wide(5000)),
        members={"line": 3},
    ),
    BadInput(
        "more shots than the device takes",
        422,
        "shots-out-of-range",
        body=submission(device="ion-11", shots=10_001),
        needs_devices=True,
        members={"pointer": "#/shots", "shots_min": 1, "shots_max": 10_000},
    ),
    BadInput(
        "a result too large to be fetched",
        422,
        "result-too-large",
        body=submission(source=_many_bits(41), shots=100_000),
        members={
            "pointer": "#/shots",
            "detail": "100000 shots of 41 bits",
            "remedy": "at most 97560 shots",
            "limit_bits": 4_000_000,
        },
    ),
    BadInput(
        "a job that never was",
        404,
        "job-not-found",
        method="GET",
        path=f"/v1/jobs/{job_id('nobody', 'nothing')}",
    ),
    BadInput("an id of no form", 404, "job-not-found", method="GET", path="/v1/jobs/{nil}%20"),
    BadInput(
        "the result of a job that never was",
        404,
        "job-not-found",
        method="GET",
        path=f"/v1/jobs/{job_id('nobody', 'nothing')}/result",
    ),
    BadInput(
        "a cancellation of a job that never was",
        404,
        "job-not-found",
        method="DELETE",
        path=f"/v1/jobs/{job_id('nobody', 'nothing')}",
    ),
    BadInput(
        "a page token that is none",
        400,
        "page-token-invalid",
        method="GET",
        path="/v1/jobs?page_token=next",
    ),
    BadInput(
        "a page token that is JSON of another kind",
        400,
        "page-token-invalid",
        method="GET",
        path="/v1/jobs?page_token=e30",
    ),
    BadInput(
        "a page of none",
        400,
        "request-invalid",
        method="GET",
        path="/v1/jobs?limit=0",
        members={"detail": "from 1 to 100", "errors": [{"parameter": "limit"}]},
    ),
    BadInput("a page too long", 400, "request-invalid", method="GET", path="/v1/jobs?limit=101"),
    BadInput(
        "an unknown status",
        400,
        "request-invalid",
        method="GET",
        path="/v1/jobs?status=lost",
        members={"detail": "queued"},
    ),
    BadInput(
        "an unknown parameter",
        400,
        "request-invalid",
        method="GET",
        path="/v1/jobs?colour=red",
        members={"errors": [{"parameter": "colour"}]},
    ),
)


def unmet(case: BadInput, document: Mapping[str, Any]) -> list[str]:
    """What of the case's refusal the problem document does not say; empty when all is well."""
    wanted = {"status": case.status, "code": case.code, **case.members}
    missing = [name for name in ("title", "detail", "remedy", "type") if not document.get(name)]
    wrong = [
        f"{name} is {document.get(name)!r}, not {value!r}"
        for name, value in wanted.items()
        if not _says(document.get(name), value)
    ]
    return [f"{name} is missing" for name in missing] + wrong


def _says(seen: Any, wanted: Any) -> bool:
    if isinstance(wanted, str):
        return isinstance(seen, str) and wanted in seen
    if isinstance(wanted, dict):
        return isinstance(seen, dict) and all(_says(seen.get(k), v) for k, v in wanted.items())
    if isinstance(wanted, list) and any(isinstance(one, dict) for one in wanted):
        return isinstance(seen, list) and all(any(_says(one, w) for one in seen) for w in wanted)
    return bool(seen == wanted)
