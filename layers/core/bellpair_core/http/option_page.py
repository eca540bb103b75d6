"""The page of the documentation about the options of execution."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from bellpair_core.model.option import LEVELS, OPTIONS, Option, Parameter, Primitive

_HEAD = """# Options

<!-- Generated from the code by `python -m bellpair_core.http.write_docs docs`. -->

An option is a step before and after execution that makes results better. A job names its options
in a list, each once:

```json
{"options": ["readout-mitigation", {"name": "zne", "scales": [1, 3]}]}
```

**Order.** The list goes from the device outwards: what was read passes through the first option
first. So `readout-mitigation` stands before `twirling`, which averages over what was corrected, and
both before `zne`, which extrapolates the averages. Another order is refused with the right one, as
are options that are unknown, given twice, incompatible, or not for the job's function, and
parameters out of their range.

**Shots.** Options share out the shots that they are given and add none of their own, but for
calibration circuits. So a job costs what its shots cost, on devices that charge by the shot; but
fewer shots for each form of the circuit, and the arithmetic that takes errors out, make standard
errors larger. By what the shots must grow to make up for that is told before
(`bellpair.options.overhead`: `shots_factor`, next to the number of `programs`, which devices may
charge for each, and of calibration circuits), and after it by each result's standard error and by
the notes that each option leaves in the result.

**Where.** Options are decorators (`bellpair.options.EnrichedExecutionBackend`) that run where
functions run, with the compiler's transforms of native gates (`bellpair_quantum.transforms`) as
their tools. What is random comes from one seed in the job's journal, so a job that goes on
elsewhere asks for the same programs. Packages bring options of their own by two entry points of
one name:
`bellpair.options` for the decorator, `bellpair.option_descriptions` for what is checked at
submission (`bellpair_core.model.option.Option`).

**On simulators**, and wherever a device tells no error rates, options find nothing to correct, and
the result's notes say so.
"""

_NOTES: Mapping[str, str] = {
    "readout-mitigation": """Qubits are taken to be misread independently of one another. An
observable's strings are corrected one by one, by the product of the inverses of their bits'
matrices: right on average for any number of qubits. Counts are inverted as a whole up to 12 bits,
and beyond that on the bit strings that were read (up to 8,192 different ones; with more, counts
stay as they were read, and the notes say so). The result is then brought to the nearest
distribution of probabilities, by the sum of squares; the notes tell how much was `negative` before.
With `measured`, two programs are run for each different circuit, compiled to the same qubits, that
read all 0 and all 1; what these chances are uncertain by is not in the standard errors.""",
    "dynamical-decoupling": """It helps against changes that are slow in comparison with the pulses
(1/f noise, crosstalk at rest). It cannot help against errors that are random from moment to moment,
which is all that the emulated QPUs have. Verbatim programs on the devices here have no delays, so a
wait is filled from end to end with whole sequences, the longest waits first, as long as the pulses'
own errors stay within `loss_max`. Where the device takes barriers, qubits begin as late as they
can, with or without this option, and have less to wait for. Nothing is put in where the device
publishes no durations. It is part of no level: measure whether it helps on the device at hand.""",
    "twirling": """One-qubit gates take in the Paulis beside them, so the circuit hardly grows;
folded gates are twirled as one. All sixteen Paulis serve for `cz`, and for `zz` and `ms` by any
angle. Readout errors become equal for 0 and 1 on average. Standard errors are those within the
forms; what the forms differ by comes on top where errors are coherent and forms few.""",
    "zne": """Gates are folded (`G` becomes `G G† G`), one-qubit gates too, because they err as
well. Scales between odd numbers fold some gates once more, chosen at random by their share of all
errors; the notes tell the `scales` achieved. An exponential is fitted to the values that differ
from 0 by three standard errors; where there are not two of them, a line is (`models` in the notes).
Fits carry errors over, correlations between strings included. What folding cannot scale, such as
errors of preparation and readout, stays: combine it with `readout-mitigation`.""",
    "pec": """The factor `gamma` is the product over all gates, known to the compiler before
anything is run; `overhead` estimates it from the two-qubit gates. A part of the shots is for the
circuit without any Pauli, whose share is known; random forms make up for the rest. Errors that the
calibration does not tell, such as decay while qubits wait, and coherent ones, are not undone.
Standard errors are taken from the spread between the forms.""",
}


def option_page() -> str:
    """The page, in Markdown."""
    parts = [_HEAD, *_levels()]
    for option in OPTIONS.values():
        parts += _section(option)
    return "\n".join(parts)


def _levels() -> Iterator[str]:
    yield "## Levels"
    yield ""
    yield "A level stands for a stack of options; more is better and takes more."
    yield ""
    yield "| level | `sampling` | `estimation` |"
    yield "|---|---|---|"
    stacks = zip(LEVELS[Primitive.SAMPLING], LEVELS[Primitive.ESTIMATION], strict=True)
    for level, both in enumerate(stacks):
        cells = [", ".join(map(_written, stack)) or "none" for stack in both]
        yield f"| {level} | {' | '.join(cells)} |"
    yield ""


def _written(one: Mapping[str, Any]) -> str:
    given = ", ".join(f"{key} {value}" for key, value in one.items() if key != "name")
    return f"`{one['name']}`" + (f" ({given})" if given else "")


def _section(option: Option) -> Iterator[str]:
    yield f"## `{option.name}`"
    yield ""
    yield option.summary
    yield ""
    yield f"For {' and '.join(f'`{primitive}`' for primitive in sorted(option.primitives))}."
    if option.outside_of:
        yield f"Stands after {_names(option.outside_of)}."
    if option.excludes:
        yield f"Not together with {_names(option.excludes)}."
    yield ""
    yield "| parameter | may be | default | |"
    yield "|---|---|---|---|"
    for parameter in option.parameters:
        allowed = parameter.allowed.replace('"', "`")
        yield f"| `{parameter.name}` | {allowed} | {_default(parameter)} | {parameter.summary} |"
    yield ""
    yield _NOTES[option.name]
    yield ""
    yield "Sources:"
    yield ""
    yield from (f"- {source}" for source in option.sources)
    yield ""


def _names(names: frozenset[str]) -> str:
    return ", ".join(f"`{name}`" for name in sorted(names))


def _default(parameter: Parameter) -> str:
    if parameter.kind == "numbers":
        return ", ".join(f"{number:g}" for number in parameter.default)
    if parameter.kind == "boolean":
        return "true" if parameter.default else "false"
    return str(parameter.default)
