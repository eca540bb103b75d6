"""Inputs made from what happened."""

from __future__ import annotations

from typing import Any

import pytest

from bellpair_core.logic.triggers.input_templates import (
    PathMissing,
    TemplateInvalid,
    filled,
    parse_path,
    paths_of,
)

DOCUMENT: dict[str, Any] = {
    "detail-type": "Measured",
    "detail": {
        "shots": 10,
        "angles": [0.5, {"deg": 90}],
        "a.b": True,
        "none": None,
        "name": "H₂",
    },
}


@pytest.mark.parametrize(
    ("template", "value"),
    [
        ("$.detail.shots", 10),
        ("$.detail-type", "Measured"),
        ("$['detail-type']", "Measured"),
        ("$.detail.angles[0]", 0.5),
        ("$.detail.angles[1].deg", 90),
        ("$.detail['a.b']", True),
        ("$.detail.none", None),
        ("$", DOCUMENT),
        ("run {$.detail.name} with {$.detail.shots} shots", "run H₂ with 10 shots"),
        ("{$.detail.angles}", '[0.5, {"deg": 90}]'),
        ("$$.detail", "$.detail"),
        ("plain {text}", "plain {text}"),
        (
            {"n": ["$.detail.shots", 2], "x": {"y": "$.detail.none"}},
            {"n": [10, 2], "x": {"y": None}},
        ),
        (7, 7),
    ],
)
def test_a_template_is_filled_with_typed_values(template: Any, value: Any) -> None:
    assert filled(template, DOCUMENT) == value
    assert type(filled(template, DOCUMENT)) is type(value)


@pytest.mark.parametrize(
    "template",
    [
        "$.absent",
        "$.detail.shots.more",
        "$.detail.angles[9]",
        "$.detail.angles.deg",
        "$.detail[0]",
        "$.detail.name[0]",
        {"deep": ["text {$.absent}"]},
    ],
)
def test_a_path_to_nothing_is_missing(template: Any) -> None:
    with pytest.raises(PathMissing, match="has nothing at \\$"):
        filled(template, DOCUMENT)


@pytest.mark.parametrize("text", ["$detail", "$.", "$..a", "$.a[x]", "$.a b", "$.a[", "$a.b"])
def test_what_is_no_path_is_refused(text: str) -> None:
    with pytest.raises(TemplateInvalid, match="is no path"):
        parse_path(text)


def test_all_paths_of_a_template_are_known() -> None:
    template = {"a": ["$.x", {"b": "see {$.y[0]} and {$.z}"}], "c": "$$.no"}

    assert set(paths_of(template)) == {("x",), ("y", 0), ("z",)}
