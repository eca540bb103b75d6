"""Values of Python and numpy have a JSON form, or are refused by the name of their part."""

from __future__ import annotations

import dataclasses
import datetime
import enum
import json
from typing import Any

import numpy as np
import pydantic
import pytest

from bellpair.functions import OutputNotJson
from bellpair.functions.json_forms import to_json
from bellpair.functions.results import Estimate


@dataclasses.dataclass
class Point:
    x: float
    z: complex


class Level(enum.IntEnum):
    HIGH = 3


class Model(pydantic.BaseModel):
    points: list[float]


VALUES: list[tuple[Any, Any]] = [
    (None, None),
    (True, True),
    (1.5, 1.5),
    ((1, 2), [1, 2]),
    (1 - 2j, {"re": 1.0, "im": -2.0}),
    (np.float32(0.5), 0.5),
    (np.int64(7), 7),
    (np.bool_(True), True),
    (np.longdouble(0.25), 0.25),
    (np.complex128(1j), {"re": 0.0, "im": 1.0}),
    (np.str_("a"), "a"),
    (np.array([[1, 2], [3, 4]]), [[1, 2], [3, 4]]),
    (np.array(5.0), 5.0),
    (np.array([1j]), [{"re": 0.0, "im": 1.0}]),
    (np.array([{"00": 1}], dtype=object), [{"00": 1}]),
    ({1: "a", "b": (2,)}, {"1": "a", "b": [2]}),
    (Point(1.0, 1j), {"x": 1.0, "z": {"re": 0.0, "im": 1.0}}),
    (Level.HIGH, 3),
    (Model(points=[1.0]), {"points": [1.0]}),
    (datetime.datetime(2026, 1, 2, tzinfo=datetime.UTC), "2026-01-02T00:00:00+00:00"),
    ("ψ", "ψ"),
]


@pytest.mark.parametrize(("value", "form"), VALUES, ids=repr)
def test_a_value_has_its_documented_form(value: Any, form: Any) -> None:
    written = json.loads(to_json(value))

    assert written == form
    assert type(written) is type(form)


def test_results_of_calls_are_objects_without_what_the_compiler_tells() -> None:
    estimate = Estimate(
        np.array([1.0]), np.array([0.5]), 0.5, 4, "d", circuits=2, metrics=({"candidates": []},)
    )

    assert json.loads(to_json({"e": estimate}))["e"] == {
        "values": [1.0],
        "standard_errors": [0.5],
        "precision": 0.5,
        "shots": 4,
        "device": "d",
        "calibration_id": None,
        "cost_usd": 0.0,
        "options": [],
        "overhead": None,
        "circuits": 2,
    }


def endless() -> list[Any]:
    value: list[Any] = []
    value.append(value)
    return value


@pytest.mark.parametrize(
    ("value", "part"),
    [
        ({"a": [1, {2}]}, r"output\['a'\]\[1\]"),
        (float("nan"), "nan"),
        (np.array([np.inf]), r"output\[0\]"),
        (complex(0, float("inf")), "inf"),
        (b"bytes", "bytes"),
        ({(1, 2): 3}, "key"),
        ({True: 3}, "key"),
        (endless(), "contains itself"),
        (lambda: 1, "function"),
        (Point, "type"),
        (range(3), "range"),
        ({"a": ["\ud800"]}, r"output\['a'\]\[0\].*surrogate"),
        ({"\udfff": 1}, "surrogate"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_has_no_json_form_is_refused_by_its_place(value: Any, part: str) -> None:
    with pytest.raises(OutputNotJson, match=part) as caught:
        to_json(value)
    assert caught.value.code == "output-invalid"
    assert caught.value.remedy
    assert len(str(caught.value)) < 300
    str(caught.value).encode()
