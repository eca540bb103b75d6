"""Which events fit a pattern, and which patterns are refused."""

from __future__ import annotations

from typing import Any

import pytest

from bellpair_core.logic.triggers.event_patterns import ANYTHING, check_pattern, fits
from bellpair_core.model.errors import BellpairError, ErrorCode
from bellpair_core.model.limits import TRIGGER_PATTERN_LEAVES_MAX

EVENT: dict[str, Any] = {
    "source": "lab.fridge",
    "detail-type": "Measured",
    "detail": {
        "state": "cold",
        "kelvin": 0.012,
        "count": 3,
        "ready": True,
        "note": None,
        "tags": ["a", "bb"],
        "parts": [{"name": "pump", "state": "on"}, {"name": "valve", "state": "off"}],
        "empty": [],
        "inner": {"deep": {"x": 1}},
    },
}

FITTING = [
    {"source": ["lab.fridge"]},
    {"source": ["other", "lab.fridge"]},
    {"source": [{"prefix": "lab."}]},
    {"source": [{"prefix": {"equals-ignore-case": "LAB."}}]},
    {"source": [{"suffix": "fridge"}]},
    {"source": [{"equals-ignore-case": "LAB.Fridge"}]},
    {"source": [{"anything-but": "other"}]},
    {"source": [{"anything-but": ["other", "another"]}]},
    {"source": [{"anything-but": {"prefix": "aws."}}]},
    {"detail": {"count": [3]}},
    {"detail": {"count": [3.0]}},
    {"detail": {"count": [{"anything-but": [1, 2]}]}},
    {"detail": {"kelvin": [{"numeric": ["<", 0.02]}]}},
    {"detail": {"count": [{"numeric": [">", 0, "<=", 3]}]}},
    {"detail": {"ready": [True]}},
    {"detail": {"note": [None]}},
    {"detail": {"note": [{"exists": True}]}},
    {"detail": {"absent": [{"exists": False}]}},
    {"detail": {"inner": [{"exists": False}]}},
    {"detail": {"empty": [{"exists": False}]}},
    {"detail": {"inner": {"deep": {"x": [1]}}}},
    {"detail": {"inner": {"absent": {"x": [{"exists": False}]}}}},
    {"detail": {"tags": ["bb"]}},
    {"detail": {"tags": [{"anything-but": "a"}]}},
    {"detail": {"parts": {"name": ["valve"], "state": ["off"]}}},
    {"source": ["lab.fridge"], "detail": {"state": ["cold"], "count": [1, 3]}},
]
UNFITTING = [
    {"source": ["lab"]},
    {"source": ["LAB.FRIDGE"]},
    {"source": [{"prefix": "fridge"}]},
    {"source": [{"anything-but": {"suffix": "fridge"}}]},
    {"detail": {"count": ["3"]}},
    {"detail": {"count": [True]}},
    {"detail": {"ready": [1]}},
    {"detail": {"count": [{"prefix": "3"}]}},
    {"detail": {"state": [{"numeric": ["=", 0]}]}},
    {"detail": {"count": [{"numeric": [">", 3, "<", 9]}]}},
    {"detail": {"absent": [None]}},
    {"detail": {"absent": [{"anything-but": "x"}]}},
    {"detail": {"state": [{"exists": False}]}},
    {"detail": {"inner": [{"exists": True}]}},
    {"detail": {"empty": [{"exists": True}]}},
    {"detail": {"tags": ["b"]}},
    {"detail": {"parts": {"name": ["valve"], "state": ["on"]}}},
    {"source": ["lab.fridge"], "detail": {"state": ["warm"]}},
]


@pytest.mark.parametrize("pattern", FITTING, ids=str)
def test_an_event_fits(pattern: dict[str, Any]) -> None:
    check_pattern(pattern)
    assert fits(pattern, EVENT)


@pytest.mark.parametrize("pattern", UNFITTING, ids=str)
def test_an_event_does_not_fit(pattern: dict[str, Any]) -> None:
    check_pattern(pattern)
    assert not fits(pattern, EVENT)


def test_what_is_not_known_yet_may_fit_anything_but_what_is_known_decides() -> None:
    event = {"source": "bellpair", "detail": {"job_id": ANYTHING}}

    assert fits({"detail": {"job_id": ["job-1"]}}, event)
    assert fits({"detail": {"job_id": {"deeper": ["x"]}}}, event)
    assert not fits({"source": ["lab"], "detail": {"job_id": ["job-1"]}}, event)
    assert not fits({"detail": {"job_id": [{"exists": False}]}}, event)


@pytest.mark.parametrize(
    ("pattern", "pointer"),
    [
        ({}, "#/source/pattern"),
        ({"source": "lab"}, "#/source/pattern/source"),
        ({"source": []}, "#/source/pattern/source"),
        ({"detail": {}}, "#/source/pattern/detail"),
        ({"source": [["lab"]]}, "#/source/pattern/source/0"),
        ({"source": ["ok", {"wildcard": "l*b"}]}, "#/source/pattern/source/1/wildcard"),
        ({"source": [{"cidr": "10.0.0.0/8"}]}, "#/source/pattern/source/0/cidr"),
        ({"detail": {"$or": [{"a": ["b"]}]}}, "#/source/pattern/detail/$or"),
        ({"a/b": [{"prefix": 1}]}, "#/source/pattern/a~1b/0/prefix"),
        ({"a": [{"prefix": ""}]}, "#/source/pattern/a/0/prefix"),
        ({"a": [{"prefix": {"anything-but": "x"}}]}, "#/source/pattern/a/0/prefix"),
        ({"a": [{"exists": "yes"}]}, "#/source/pattern/a/0/exists"),
        ({"a": [{"anything-but": []}]}, "#/source/pattern/a/0/anything-but"),
        ({"a": [{"anything-but": ["x", 1]}]}, "#/source/pattern/a/0/anything-but"),
        ({"a": [{"anything-but": {"wildcard": "x"}}]}, "#/source/pattern/a/0/anything-but"),
        ({"a": [{"numeric": [">"]}]}, "#/source/pattern/a/0/numeric"),
        ({"a": [{"numeric": ["!", 1]}]}, "#/source/pattern/a/0/numeric"),
        ({"a": [{"numeric": [">", "1"]}]}, "#/source/pattern/a/0/numeric"),
        ({"a": [{"numeric": ["<", 1, ">", 5]}]}, "#/source/pattern/a/0/numeric"),
        ({"a": [{"prefix": "x", "suffix": "y"}]}, "#/source/pattern/a/0"),
        ({"a": list(range(TRIGGER_PATTERN_LEAVES_MAX + 1))}, "#/source/pattern"),
    ],
)
def test_a_pattern_that_is_not_understood_is_refused_at_its_place(
    pattern: dict[str, Any], pointer: str
) -> None:
    with pytest.raises(BellpairError) as refusal:
        check_pattern(pattern)

    assert refusal.value.code is ErrorCode.TRIGGER_INVALID
    assert refusal.value.members["pointer"] == pointer
    assert refusal.value.detail.startswith(pointer)


def test_a_pattern_that_is_nested_too_deeply_is_refused() -> None:
    pattern: dict[str, Any] = {"leaf": ["x"]}
    for _ in range(20):
        pattern = {"a": pattern}

    with pytest.raises(BellpairError, match="nested deeper"):
        check_pattern(pattern)
